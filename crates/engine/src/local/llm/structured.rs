//! Structured output: a model that cannot use tools by itself writes one JSON object, held to a schema by whoever runs it, with
//! what it says and the tool that it wants.
//!
//! ```json
//! {"say": "One moment.", "use": {"name": "check_calendar_availability", "arguments": {"datetime_start": "2026-11-24T10:00"}}}
//! ```

use super::{Ask, Delta, Message};
use crate::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The longest object, in bytes.
const LONGEST: usize = 64 * 1024;

/// What every answer must be.
pub(super) fn schema(tools: &[ToolSpec]) -> Value {
    let uses = tools.iter().map(|tool| {
        json!({
            "type": "object",
            "properties": {"name": {"const": tool.name}, "arguments": *tool.parameters},
            "required": ["name", "arguments"],
            "additionalProperties": false,
        })
    });
    let uses: Vec<Value> = std::iter::once(json!({"type": "null"})).chain(uses).collect();
    json!({
        "type": "object",
        "properties": {"say": {"type": "string"}, "use": {"anyOf": uses}},
        "required": ["say", "use"],
        "additionalProperties": false,
    })
}

/// The conversation, as a model is told it that knows no tools.
pub(super) fn messages(ask: &Ask) -> Vec<Value> {
    let mut told: Vec<(&str, String)> = Vec::new();
    for message in &ask.messages {
        let (role, text) = match message {
            Message::System(text) => ("system", format!("{text}\n\n{}", manual(&ask.tools))),
            Message::Caller(text) => ("user", text.clone()),
            Message::Assistant { text, wants } => {
                let wanted = wants.first().map(|want| {
                    let arguments: Value = serde_json::from_str(&want.arguments).unwrap_or_default();
                    json!({"name": want.name, "arguments": arguments})
                });
                ("assistant", json!({"say": text, "use": wanted}).to_string())
            }
            Message::Answer { name, text, .. } => ("user", format!("[{name} answered: {text}]")),
        };
        match told.last_mut() {
            Some((last, before)) if *last == role => {
                before.push('\n');
                before.push_str(&text);
            }
            Some(_) | None => told.push((role, text)),
        }
    }
    told.into_iter().map(|(role, text)| json!({"role": role, "content": text})).collect()
}

/// How tools are used that way.
fn manual(tools: &[ToolSpec]) -> String {
    let mut manual = "Answer with one JSON object and nothing else. Its `say` is what the caller hears: plain words, or \
                      nothing while you wait for a tool. Its `use` is null, or one tool to be used now, with its \
                      arguments; what it answers is told to you in square brackets. The tools:"
        .to_owned();
    for tool in tools {
        let _ = write!(manual, "\n- {}: {} Arguments: {}", tool.name, tool.description, tool.parameters);
    }
    manual
}

/// Reads such an object as it is written: what is to be said leaves while the rest is still to come.
#[derive(Debug, Default)]
pub(super) struct Object {
    written: String,
    /// Where in it the words begin, once that is known.
    words: Option<usize>,
    /// How much of the words has left, in bytes.
    said: usize,
    over: bool,
}

#[derive(Deserialize)]
struct Whole {
    #[serde(default)]
    say: String,
    #[serde(default, rename = "use")]
    wants: Option<Use>,
}

#[derive(Deserialize)]
struct Use {
    name: String,
    #[serde(default)]
    arguments: Value,
}

impl Object {
    /// More of it; gives what more there is to say.
    pub(super) fn push(&mut self, text: &str) -> Result<Option<Delta>, String> {
        if self.written.len() + text.len() > LONGEST {
            return Err("writes without end".into());
        }
        self.written.push_str(text);
        if self.words.is_none() {
            self.words = beginning(&self.written);
        }
        let Some(begin) = self.words.filter(|_| !self.over) else { return Ok(None) };
        let (words, over) = string(&self.written[begin..]);
        self.over = over;
        Ok(self.rest_of(&words))
    }

    /// It is complete: what it says and wants beside what has left already.
    pub(super) fn finish(&mut self) -> Result<Vec<Delta>, String> {
        let whole = Some(self.written.trim()).filter(|written| written.starts_with('{'));
        let whole: Option<Whole> = whole.and_then(|written| serde_json::from_str(written).ok());
        let whole = whole.ok_or("wrote what is not the JSON object that was asked for")?;
        let wants = whole
            .wants
            .map(|wants| Delta::Wants { name: wants.name, arguments: arguments(&wants.arguments) });
        Ok(self.rest_of(&whole.say).into_iter().chain(wants).collect())
    }

    fn rest_of(&mut self, words: &str) -> Option<Delta> {
        let rest = words.get(self.said..).filter(|rest| !rest.is_empty())?.to_owned();
        self.said = words.len();
        Some(Delta::Text(rest))
    }
}

fn arguments(arguments: &Value) -> String {
    if arguments.is_null() { "{}".into() } else { arguments.to_string() }
}

/// Where the words begin, if they come first in the object.
fn beginning(written: &str) -> Option<usize> {
    let mut rest = written;
    for part in ["{", "\"say\"", ":", "\""] {
        rest = rest.trim_start().strip_prefix(part)?;
    }
    Some(written.len() - rest.len())
}

/// As much of a JSON string as is certain, and whether it has ended.
fn string(written: &str) -> (String, bool) {
    let mut escaped = false;
    let end = written.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    let mut certain = &written[..end.unwrap_or(written.len())];
    loop {
        if let Ok(words) = serde_json::from_str(&format!("\"{certain}\"")) {
            return (words, end.is_some());
        }
        // The last escape, or half of a pair, is not complete.
        match certain.rfind('\\') {
            Some(at) => certain = &certain[..at],
            None => return (String::new(), end.is_some()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that comes of an object which arrives in pieces of this many bytes or a little more.
    fn read(object: &str, size: usize) -> Result<(String, Vec<Delta>), String> {
        let (mut reader, mut said, mut wants) = (Object::default(), String::new(), Vec::new());
        let mut deltas = Vec::new();
        let mut rest = object;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.ceil_char_boundary(size));
            deltas.extend(reader.push(piece)?);
            rest = after;
        }
        deltas.extend(reader.finish()?);
        for delta in deltas {
            match delta {
                Delta::Text(text) => said += &text,
                other => wants.push(other),
            }
        }
        Ok((said, wants))
    }

    #[test]
    fn what_is_said_and_wanted_is_the_same_however_it_arrives() {
        let object = r#" { "say" : "It's \"Zoë\" \ud83d\ude00,\nat ten\\." , "use": {"name":"look","arguments":{"day":"monday"}}}"#;
        let wants = Delta::Wants { name: "look".into(), arguments: r#"{"day":"monday"}"#.into() };
        for size in 1..object.len() {
            let expected = ("It's \"Zoë\" 😀,\nat ten\\.".to_owned(), vec![wants.clone()]);
            assert_eq!(read(object, size), Ok(expected), "in pieces of {size}");
        }
        assert_eq!(read(r#"{"use":null,"say":"Yes."}"#, 3), Ok(("Yes.".into(), vec![])), "in another order");
    }

    #[test]
    fn words_leave_before_the_object_is_complete() {
        let mut object = Object::default();
        assert_eq!(object.push(r#"{"say":"One "#), Ok(Some(Delta::Text("One ".into()))));
        assert_eq!(object.push(r"moment.\"), Ok(Some(Delta::Text("moment.".into()))));
        assert_eq!(object.push(r#"n","use"#), Ok(Some(Delta::Text("\n".into()))));
        assert_eq!(object.push(r#"":null}"#), Ok(None));
        assert_eq!(object.finish(), Ok(vec![]));
    }

    #[test]
    fn what_is_no_such_object_is_refused_with_a_reason() {
        for written in ["", "Hello.", r#"{"say":"Hel"#, "[]", r#"{"say":7,"use":null}"#] {
            let refused = read(written, 4);
            assert_eq!(
                refused,
                Err("wrote what is not the JSON object that was asked for".into()),
                "{written}"
            );
        }
        let long = format!(r#"{{"say":"{}"#, "x".repeat(LONGEST));
        assert_eq!(read(&long, 1_000), Err("writes without end".into()));
    }
}
