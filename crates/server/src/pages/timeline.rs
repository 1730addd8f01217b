//! A call's notes as a conversation: who said what and when, what of it was heard, what was done.

use super::calls::told;
use crate::notes::{waited, waited_parts};
use call::Language;
use jiff::civil::DateTime;
use serde_json::Value;
use std::collections::BTreeMap;
use store::NoteRow;

/// One thing that happened in a call.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Milliseconds since the call's start.
    pub at_ms: i64,
    /// Until when it was to be heard, where that was noted.
    pub until_ms: Option<i64>,
    pub what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub enum What {
    Caller {
        text: String,
    },
    /// `unheard` is what the caller spoke over, as far as the time tells.
    Assistant {
        heard: String,
        unheard: String,
        /// How long the caller waited for it, and what for; empty where it answers nobody.
        waited: String,
        /// The same in parts: names and milliseconds.
        parts: Parts,
    },
    Tool(Tool),
    /// Something to know. `bad`: something went wrong.
    Remark {
        text: String,
        bad: bool,
    },
}

/// What an answer's time is made of: names and milliseconds.
pub type Parts = Vec<(&'static str, u64)>;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tool {
    pub name: String,
    /// What it was asked, as JSON; empty where it was asked nothing.
    pub arguments: String,
    /// None: it never answered.
    pub ok: Option<bool>,
    pub say: String,
    pub took_ms: u64,
    /// What changed in the world: `Booked: Tuesday, 24 November 2026, 10:30`.
    pub effect: String,
    /// The engine's service used it by itself.
    pub hosted: bool,
}

/// What an engine charged for, all in all.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Used {
    pub tokens_in: u64,
    pub tokens_out: u64,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    pub entries: Vec<Entry>,
    pub used: Used,
    pub interruptions: usize,
    /// How the call ended was noted.
    pub ended: bool,
}

/// Reads notes in the order in which they were written. Kinds and fields that are not known are passed over.
pub fn timeline(notes: &[NoteRow]) -> Timeline {
    let mut reader = Reader::default();
    for note in notes {
        let fields = serde_json::from_str(&note.json).unwrap_or_default();
        reader.read(note.at_ms, &note.kind, &fields);
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    timeline: Timeline,
    /// When each turn and item began to be heard.
    spoke: BTreeMap<u64, i64>,
    sounding: BTreeMap<u64, i64>,
    /// When each turn was last over.
    paused: BTreeMap<u64, i64>,
    /// Where each is told, by turn, item and tool call.
    turns: BTreeMap<u64, usize>,
    items: BTreeMap<u64, usize>,
    tools: BTreeMap<String, usize>,
    /// What was heard of each item that was spoken over, and what had been sent.
    cut: BTreeMap<u64, (u64, u64)>,
    /// What the caller waited for, by item.
    waits: BTreeMap<u64, (String, Parts)>,
}

impl Reader {
    fn read(&mut self, at_ms: i64, kind: &str, fields: &Value) {
        let number = |name: &str| fields[name].as_u64().unwrap_or_default();
        let text = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
        match kind {
            "caller_spoke" => {
                self.spoke.entry(number("turn")).or_insert(at_ms);
            }
            "caller_paused" => {
                self.paused.insert(number("turn"), at_ms);
            }
            "sounding" => {
                self.sounding.entry(number("item")).or_insert(at_ms);
            }
            "answered" => {
                self.waits.insert(number("item"), (waited(fields), waited_parts(fields)));
            }
            "caller_said" => self.caller_said(at_ms, number("turn"), text("text")),
            "assistant_said" => self.assistant_said(at_ms, number("item"), text("text")),
            "interrupted" => {
                self.timeline.interruptions += 1;
                self.cut.insert(number("item"), (number("heard_ms"), number("sent_ms")));
            }
            "tool_asked" => {
                let place = self.push(
                    at_ms,
                    What::Tool(Tool { name: text("name"), arguments: arguments(fields), ..Tool::default() }),
                );
                self.tools.insert(text("id"), place);
            }
            "tool_hosted" => {
                let place = self.tools.get(&text("id")).copied();
                if let Some(What::Tool(tool)) = place.map(|place| &mut self.timeline.entries[place].what) {
                    tool.hosted = true;
                }
            }
            "tool_answered" => self.tool_answered(at_ms, fields),
            "used" => {
                self.timeline.used.tokens_in += number("audio_tokens_in") + number("text_tokens_in");
                self.timeline.used.tokens_out += number("audio_tokens_out") + number("text_tokens_out");
            }
            "false_interruption" => {
                self.remark(at_ms, "A sound, but no words: the assistant went on.", false);
            }
            "key_pressed" => self.remark(at_ms, "The caller pressed a key.", false),
            "trust_raised" => self.remark(at_ms, "The caller typed the PIN, and is you from here on.", false),
            "pin_refused" => self.remark(at_ms, "A PIN was typed that was not right.", true),
            "transfer_refused" => {
                self.remark(at_ms, "The caller could not be connected, and was told so.", true);
            }
            "relieved" => self.remark(at_ms, "The engine failed, and another went on.", true),
            "language_changed" => self.remark(at_ms, &language_changed(fields), false),
            "renewed" => self.remark(at_ms, "The engine went on in a new session, unheard.", false),
            "asked_if_there" => self.remark(at_ms, "Nobody spoke, and the caller was asked.", false),
            "consent_asked" => {
                let words = text("text");
                self.remark(at_ms, &format!("Not done yet: the caller is asked first. “{words}”"), false);
            }
            "consent_given" => self.remark(at_ms, "The caller said yes, and it is done.", false),
            "consent_refused" => self.remark(at_ms, "The caller did not agree, and it is not done.", false),
            "filler" => self.remark(at_ms, "A tool took long, and the caller was asked to wait.", false),
            "false_claim" => self.remark(at_ms, &false_claim(fields), true),
            "trouble" => self.remark(at_ms, &text("text"), true),
            "ended" => {
                self.timeline.ended = true;
                let (how, bad) = told(fields["ending"].as_str());
                self.remark(at_ms, &format!("The call ended: {how}."), bad);
            }
            _ => {}
        }
    }

    fn caller_said(&mut self, at_ms: i64, turn: u64, text: String) {
        let what = What::Caller { text };
        if let Some(&place) = self.turns.get(&turn) {
            self.timeline.entries[place].what = what;
            return;
        }
        let at_ms = self.spoke.get(&turn).copied().unwrap_or(at_ms);
        let place = self.push(at_ms, what);
        self.turns.insert(turn, place);
    }

    fn assistant_said(&mut self, at_ms: i64, item: u64, text: String) {
        let what =
            What::Assistant { heard: text, unheard: String::new(), waited: String::new(), parts: Vec::new() };
        if let Some(&place) = self.items.get(&item) {
            self.timeline.entries[place].what = what;
            return;
        }
        let place = self.push(at_ms, what);
        self.items.insert(item, place);
    }

    fn tool_answered(&mut self, at_ms: i64, fields: &Value) {
        let asked = fields["id"].as_str().and_then(|id| self.tools.get(id));
        let (arguments, hosted) = match asked.map(|&place| &self.timeline.entries[place].what) {
            Some(What::Tool(tool)) => (tool.arguments.clone(), tool.hosted),
            Some(What::Caller { .. } | What::Assistant { .. } | What::Remark { .. }) | None => {
                (String::new(), false)
            }
        };
        let tool = Tool {
            arguments,
            hosted,
            name: fields["name"].as_str().unwrap_or_default().to_owned(),
            ok: Some(fields["ok"].as_bool().unwrap_or_default()),
            say: fields["say"].as_str().unwrap_or_default().to_owned(),
            took_ms: fields["took_ms"].as_u64().unwrap_or_default(),
            effect: effect(&fields["effect"]),
        };
        match asked {
            Some(&place) => self.timeline.entries[place].what = What::Tool(tool),
            None => {
                self.push(at_ms, What::Tool(tool));
            }
        }
    }

    fn remark(&mut self, at_ms: i64, text: &str, bad: bool) {
        self.push(at_ms, What::Remark { text: text.to_owned(), bad });
    }

    fn push(&mut self, at_ms: i64, what: What) -> usize {
        self.timeline.entries.push(Entry { at_ms, until_ms: None, what });
        self.timeline.entries.len() - 1
    }

    /// An item is told when it began to sound, which its text may have come long before or after.
    fn finish(mut self) -> Timeline {
        for (item, &place) in &self.items {
            let entry = &mut self.timeline.entries[place];
            if let Some(&at_ms) = self.sounding.get(item) {
                entry.at_ms = at_ms;
            }
            let began_ms = entry.at_ms;
            let What::Assistant { heard, unheard, waited, parts } = &mut entry.what else { continue };
            (*waited, *parts) = self.waits.remove(item).unwrap_or_default();
            if let Some(&(heard_ms, sent_ms)) = self.cut.get(item) {
                let at = heard_until(heard, heard_ms, sent_ms);
                *unheard = heard.split_off(at);
                entry.until_ms = i64::try_from(heard_ms).ok().map(|heard_ms| began_ms + heard_ms);
            }
        }
        for (turn, &place) in &self.turns {
            let entry = &mut self.timeline.entries[place];
            entry.until_ms = self.paused.get(turn).copied().filter(|until| *until > entry.at_ms);
        }
        self.timeline.entries.sort_by_key(|entry| entry.at_ms);
        self.timeline
    }
}

/// Where in the text the caller was after `heard_ms` of `sent_ms`, if it was spoken evenly: before a word.
fn heard_until(text: &str, heard_ms: u64, sent_ms: u64) -> usize {
    if heard_ms >= sent_ms {
        return text.len();
    }
    let letters = u128::try_from(text.chars().count()).unwrap_or(u128::MAX);
    let heard = usize::try_from(letters * u128::from(heard_ms) / u128::from(sent_ms)).unwrap_or(usize::MAX);
    let at = text.char_indices().nth(heard).map_or(text.len(), |(at, _)| at);
    text[..at].rfind(' ').map_or(0, |blank| blank + 1)
}

/// One line, as it was asked; empty for nothing.
fn arguments(fields: &Value) -> String {
    match &fields["arguments"] {
        Value::Null => String::new(),
        Value::Object(none) if none.is_empty() => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn language_changed(fields: &Value) -> String {
    let code = fields["to"].as_str().unwrap_or_default();
    let to = Language::of(code).map_or_else(|| code.to_owned(), |language| language.name().to_owned());
    match fields["why"].as_str() {
        Some("asked") => format!("The caller asked for {to}: the call went on in it."),
        Some(_) | None => format!("The caller spoke {to}: the call went on in it."),
    }
}

/// What was claimed, what is so, and what came of it.
fn false_claim(fields: &Value) -> String {
    let (claimed, done) = match fields["deed"].as_str() {
        Some("booked") => ("an appointment was booked", "booked it"),
        Some("moved") => ("an appointment was moved", "moved it"),
        Some("cancelled") => ("an appointment was cancelled", "cancelled it"),
        Some("sent") => ("a message was sent", "sent it"),
        Some("listed") => ("there is an appointment", "looked it up"),
        _ => ("something was done", "done it"),
    };
    let truth = match fields["agreed"]["starts"].as_str() {
        Some(starts) => format!("it is the one on {}", day_and_time(starts)),
        None => format!("no tool had {done}"),
    };
    let told = if fields["corrected"] == true { " It was told to take that back." } else { "" };
    format!("The assistant said that {claimed}, but {truth}.{told}")
}

fn effect(effect: &Value) -> String {
    let named = |name: &str, word: &str| {
        let starts = effect.get(name)?["starts"].as_str()?;
        Some(format!("{word}: {}", day_and_time(starts)))
    };
    let sent = || Some(format!("Sent to {}", effect.get("sent")?.as_str()?));
    let changed = || Some(format!("Done elsewhere, by {}", effect.get("changed")?.as_str()?));
    named("booked", "Booked")
        .or_else(|| named("moved", "Moved"))
        .or_else(|| named("cancelled", "Cancelled"))
        .or_else(sent)
        .or_else(changed)
        .unwrap_or_default()
}

fn day_and_time(starts: &str) -> String {
    let told = starts.parse::<DateTime>().map(|time| time.strftime("%A, %-d %B %Y, %H:%M").to_string());
    told.unwrap_or_else(|_| starts.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notes;
    use call::{Agreed, Deed, Effect, Ending, ItemId, Note, Stages, ToolCallId, TurnId};
    use std::time::Duration;

    fn told(notes: &[(u64, Note)]) -> Timeline {
        let rows: Vec<_> = notes
            .iter()
            .map(|(at, note)| {
                let (kind, json) = notes::to_json(*at, note, notes::Numbers::default());
                NoteRow { at_ms: i64::try_from(*at).expect("short"), kind: kind.into(), json }
            })
            .collect();
        timeline(&rows)
    }

    #[test]
    fn what_the_caller_spoke_over_is_told_as_unheard() {
        let story = told(&[
            (0, Note::AssistantSaid(ItemId(1), "We are open from nine to five today".into())),
            (100, Note::Sounding(ItemId(1))),
            (1100, Note::CallerSpoke(TurnId(1))),
            (1500, Note::CallerSaid(TurnId(1), "Tomorrow".into())),
            (
                1500,
                Note::Interrupted {
                    item: ItemId(1),
                    heard: Duration::from_millis(1000),
                    sent: Duration::from_millis(2000),
                },
            ),
            (1600, Note::CallerSaid(TurnId(1), "Tomorrow, please.".into())),
        ]);
        assert_eq!(story.interruptions, 1);
        assert_eq!(
            story.entries,
            [
                Entry {
                    at_ms: 100,
                    until_ms: Some(1_100),
                    what: What::Assistant {
                        heard: "We are open from ".into(),
                        unheard: "nine to five today".into(),
                        waited: String::new(),
                        parts: Vec::new(),
                    },
                },
                Entry {
                    at_ms: 1100,
                    until_ms: None,
                    what: What::Caller { text: "Tomorrow, please.".into() }
                },
            ]
        );
    }

    #[test]
    fn an_answer_says_what_the_caller_waited_for() {
        let answered = |item, after, stages| Note::Answered {
            turn: TurnId(item),
            item: ItemId(item),
            after: Duration::from_millis(after),
            stages,
        };
        let ms = |n| Some(Duration::from_millis(n));
        let all = Stages { endpoint: ms(500), hear: ms(120), think: ms(40), tools: None, speak: ms(80) };
        let some = Stages { think: ms(880), speak: ms(310), ..Stages::default() };
        let story = told(&[
            (0, Note::AssistantSaid(ItemId(1), "Hello.".into())),
            (10, answered(2, 243, all)),
            (20, Note::AssistantSaid(ItemId(2), "Yes.".into())),
            (30, Note::AssistantSaid(ItemId(3), "No.".into())),
            (40, answered(3, 1_420, some)),
            (50, Note::AssistantSaid(ItemId(4), "Maybe.".into())),
            (50, answered(4, 700, Stages::default())),
        ]);
        let waited = story.entries.iter().map(|entry| match &entry.what {
            What::Assistant { waited, .. } => waited.as_str(),
            What::Caller { .. } | What::Tool(_) | What::Remark { .. } => panic!("{entry:?}"),
        });
        assert_eq!(
            waited.collect::<Vec<_>>(),
            [
                "",
                "after 743 ms: 500 until the turn was over, 120 hearing, 40 thinking, 80 speaking, 3 our own",
                "after 1420 ms: 880 thinking, 310 speaking",
                "after 700 ms",
            ]
        );
    }

    #[test]
    fn a_tool_is_one_entry_with_its_answer_and_what_it_changed() {
        let id = || ToolCallId("c1".into());
        let story = told(&[
            (10, Note::ToolAsked { id: id(), name: "book".into(), arguments: "{}".into() }),
            (
                30,
                Note::ToolAnswered {
                    id: id(),
                    name: "book".into(),
                    ok: true,
                    say: "It is booked.".into(),
                    effect: Effect::Booked(Agreed { id: "a".into(), starts: "2026-11-24T10:30".into() }),
                    took: Duration::from_millis(20),
                },
            ),
            (40, Note::Ended(Ending::EngineFailed)),
        ]);
        let tool = Tool {
            name: "book".into(),
            arguments: String::new(),
            ok: Some(true),
            say: "It is booked.".into(),
            took_ms: 20,
            hosted: false,
            effect: "Booked: Tuesday, 24 November 2026, 10:30".into(),
        };
        assert_eq!(story.entries[0], Entry { at_ms: 10, until_ms: None, what: What::Tool(tool) });
        let ended = What::Remark { text: "The call ended: the engine failed.".into(), bad: true };
        assert_eq!(story.entries[1].what, ended);
    }

    #[test]
    fn a_false_claim_is_told_with_what_is_so() {
        let claim = |agreed: Option<Agreed>, corrected| Note::FalseClaim {
            item: ItemId(1),
            deed: Deed::Booked,
            said: "You're booked for Friday".into(),
            agreed,
            corrected,
        };
        let agreed = Agreed { id: "a".into(), starts: "2026-11-24T10:30".into() };
        let story = told(&[(10, claim(None, true)), (20, claim(Some(agreed), false))]);
        let remark = |text: &str| What::Remark { text: text.into(), bad: true };
        assert_eq!(
            story.entries[0].what,
            remark(
                "The assistant said that an appointment was booked, but no tool had booked it. It was told to take \
                 that back."
            )
        );
        assert_eq!(
            story.entries[1].what,
            remark(
                "The assistant said that an appointment was booked, but it is the one on Tuesday, 24 November 2026, \
                 10:30."
            )
        );
    }

    #[test]
    fn nothing_and_everything_heard_are_the_ends_of_the_text() {
        assert_eq!(heard_until("one two", 0, 500), 0);
        assert_eq!(heard_until("one two", 500, 500), 7);
        assert_eq!(heard_until("one two", 0, 0), 7);
        assert_eq!(heard_until("größer über", 499, 500), 9);
        assert_eq!(heard_until("", 1, 2), 0);
    }

    #[test]
    fn notes_that_cannot_be_read_are_passed_over() {
        let rows = [
            NoteRow { at_ms: 0, kind: "from_the_future".into(), json: "{}".into() },
            NoteRow { at_ms: 1, kind: "caller_said".into(), json: "not json".into() },
            NoteRow { at_ms: 2, kind: "interrupted".into(), json: "{\"item\":\"x\"}".into() },
        ];
        assert_eq!(timeline(&rows).entries.len(), 1);
    }
}
