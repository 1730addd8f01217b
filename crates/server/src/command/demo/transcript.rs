//! The conversation as it goes on, line by line with times: the caller's words as they are said, the assistant's as the
//! server notes them.

use crate::{command::output, notes::waited};
use serde_json::Value;
use sim::caller::Told;
use std::{collections::BTreeMap, time::Duration};
use store::Store;

/// How often the server's notes are looked at.
pub const EVERY: Duration = Duration::from_millis(150);

/// Prints lines in the order in which they become known.
pub struct Transcript {
    store: Store,
    json: bool,
    seen: usize,
    call: Option<String>,
    /// What was printed of each item of the assistant.
    said: BTreeMap<u64, String>,
}

impl Transcript {
    pub fn new(store: Store, json: bool) -> Self {
        Self { store, json, seen: 0, call: None, said: BTreeMap::new() }
    }

    /// Prints what the caller did.
    pub fn told(&self, told: &Told) {
        match told {
            Told::Said { at, words } => self.line(*at, "caller", words),
            Told::Pressed { at, keys } => self.line(*at, "caller", &format!("(presses {keys})")),
            Told::HungUp { at } => self.line(*at, "caller", "(hangs up)"),
            Told::Heard { .. } => {}
        }
    }

    /// Prints what the server has noted since.
    pub async fn catch_up(&mut self) -> anyhow::Result<()> {
        if self.call.is_none() {
            self.call = self.store.calls(1, i64::MAX).await?.first().map(|call| call.id.clone());
        }
        let Some(call) = &self.call else { return Ok(()) };
        let notes = self.store.notes(call).await?;
        for note in notes.iter().skip(self.seen) {
            if self.json {
                output::line(&note.json);
                continue;
            }
            let fields: Value = serde_json::from_str(&note.json)?;
            let at = Duration::from_millis(u64::try_from(note.at_ms).unwrap_or_default());
            match note.kind.as_str() {
                "assistant_said" => {
                    let text = fields["text"].as_str().unwrap_or_default();
                    let before =
                        self.said.insert(fields["item"].as_u64().unwrap_or_default(), text.to_owned());
                    let new =
                        before.and_then(|before| text.strip_prefix(before.as_str())).unwrap_or(text).trim();
                    if !new.is_empty() {
                        self.line(at, "assistant", new);
                    }
                }
                "answered" => self.line(at, "", &format!("answered {}", waited(&fields))),
                "caller_said" => self.line(at, "", &format!("understood: {}", text(&fields))),
                "interrupted" => self.line(at, "", "the caller interrupts"),
                "tool_answered" => {
                    let name = fields["name"].as_str().unwrap_or_default();
                    self.line(at, "", &format!("{name}: {}", fields["say"].as_str().unwrap_or_default()));
                }
                "trouble" => self.line(at, "", &format!("trouble: {}", text(&fields))),
                "ended" => self.line(at, "", "the call is over"),
                _ => {}
            }
        }
        self.seen = notes.len();
        Ok(())
    }

    fn line(&self, at: Duration, who: &str, text: &str) {
        if !self.json {
            output::line(format_args!("{}  {who:<9}  {text}", output::time(at)));
        }
    }
}

fn text(fields: &Value) -> &str {
    fields["text"].as_str().unwrap_or_default()
}
