//! The conversation as a model is told of it: what the caller said, what of the assistant they heard, and what tools did.

use super::super::llm::Message;
use call::{ItemId, ToolCall, ToolCallId};
use std::{collections::VecDeque, time::Duration};

/// No single thing that was said is longer, in bytes: somebody who talks for five minutes.
const LONGEST: usize = 6_000;
/// More than this is not told, in bytes: the oldest is forgotten. With instructions and tools it fits into the room that
/// models are given.
const ROOM: usize = 24_000;
/// More things than this are not remembered.
const ENTRIES: usize = 300;
/// What a model is told of a tool that has not answered.
const UNDER_WAY: &str =
    r#"{"state":"under way","say":"This is still being done. You will be told what came of it."}"#;

/// A bounded conversation.
#[derive(Debug)]
pub(in crate::local) struct History {
    instructions: String,
    entries: VecDeque<Entry>,
}

#[derive(Debug)]
enum Entry {
    Caller(String),
    /// Not the caller's words.
    Note(String),
    Assistant(Reply),
}

/// What the assistant said and wanted in one go.
#[derive(Debug)]
struct Reply {
    number: u32,
    item: Option<ItemId>,
    /// The model's own, not the call's.
    own: bool,
    /// Sentences that sounded, and how long each is.
    sentences: Vec<(String, Duration)>,
    /// The caller heard no more than this.
    heard: Option<Duration>,
    wants: Vec<Want>,
}

#[derive(Debug)]
struct Want {
    call: ToolCall,
    answer: Option<String>,
}

impl History {
    pub(in crate::local) fn new(instructions: String) -> Self {
        Self { instructions, entries: VecDeque::new() }
    }

    /// From now on these are the instructions.
    pub(in crate::local) fn instruct(&mut self, instructions: String) {
        self.instructions = instructions;
    }

    /// The caller said this. Square brackets are for notes alone.
    pub(in crate::local) fn caller(&mut self, words: &str) {
        let words = bounded(words).replace(['[', ']'], "");
        self.push(Entry::Caller(words));
    }

    /// Something happened that is nobody's words.
    pub(in crate::local) fn note(&mut self, what: &str) {
        self.push(Entry::Note(format!("[{}]", bounded(what))));
    }

    /// The assistant said this before, to its end.
    pub(in crate::local) fn said(&mut self, words: &str) {
        let sentences = vec![(bounded(words).to_owned(), Duration::ZERO)];
        let reply = Reply { number: 0, item: None, own: true, sentences, heard: None, wants: Vec::new() };
        self.push(Entry::Assistant(reply));
    }

    /// So much more of this sentence has left for the caller.
    pub(in crate::local) fn sounds(
        &mut self,
        number: u32,
        item: ItemId,
        own: bool,
        sentence: &str,
        length: Duration,
    ) {
        let reply = self.reply(number, own);
        reply.item = Some(item);
        match reply.sentences.last_mut() {
            Some((last, sounded)) if last == sentence => *sounded += length,
            Some(_) | None => reply.sentences.push((bounded(sentence).to_owned(), length)),
        }
    }

    /// Of this item the caller heard no more than this.
    pub(in crate::local) fn cut(&mut self, item: ItemId, heard: Duration) {
        let replies = self.entries.iter_mut().rev().filter_map(|entry| match entry {
            Entry::Assistant(reply) => Some(reply),
            Entry::Caller(_) | Entry::Note(_) => None,
        });
        if let Some(reply) = replies.into_iter().find(|reply| reply.item == Some(item)) {
            reply.heard = Some(heard);
        }
    }

    /// A tool is wanted.
    pub(in crate::local) fn wants(&mut self, number: u32, call: ToolCall) {
        self.reply(number, true).wants.push(Want { call, answer: None });
    }

    /// A tool was wanted that was not asked, for this reason.
    pub(in crate::local) fn refused(&mut self, number: u32, call: ToolCall, why: String) {
        self.reply(number, true).wants.push(Want { call, answer: Some(why) });
    }

    /// A tool has answered. Says whether it was wanted, and not answered before.
    pub(in crate::local) fn answered(&mut self, id: &ToolCallId, answer: &str) -> bool {
        let after = |entries: &VecDeque<Entry>, at: usize| entries.len() > at + 1;
        let mut late = None;
        for (at, entry) in self.entries.iter_mut().enumerate().rev() {
            let Entry::Assistant(reply) = entry else { continue };
            let Some(want) = reply.wants.iter_mut().find(|want| want.call.id == *id) else { continue };
            if want.answer.is_some() {
                return false;
            }
            want.answer = Some(bounded(answer).to_owned());
            late = Some((at, want.call.name.clone()));
            break;
        }
        let Some((at, name)) = late else { return false };
        let spoken_since = after(&self.entries, at)
            && self.entries.range(at + 1..).any(|entry| matches!(entry, Entry::Caller(_) | Entry::Note(_)));
        if spoken_since {
            self.note(&format!("The tool {name} has answered meanwhile: {}", bounded(answer)));
        }
        true
    }

    /// Tools that have not answered.
    pub(in crate::local) fn under_way(&self) -> impl Iterator<Item = &ToolCall> {
        let replies = self.entries.iter().filter_map(|entry| match entry {
            Entry::Assistant(reply) => Some(reply),
            Entry::Caller(_) | Entry::Note(_) => None,
        });
        replies.flat_map(|reply| &reply.wants).filter(|want| want.answer.is_none()).map(|want| &want.call)
    }

    /// What the caller said that nobody has answered.
    pub(in crate::local) fn unanswered(&self) -> String {
        let last = self.entries.iter().rev().take_while(|entry| !matches!(entry, Entry::Assistant(_)));
        let words = last.filter_map(|entry| match entry {
            Entry::Caller(words) => Some(words.as_str()),
            Entry::Note(_) | Entry::Assistant(_) => None,
        });
        let words: Vec<&str> = words.collect();
        words.into_iter().rev().collect::<Vec<_>>().join(" ")
    }

    /// The conversation, the caller's words `next` at its end.
    pub(in crate::local) fn messages(&self, next: Option<&str>) -> Vec<Message> {
        let mut messages = vec![Message::System(self.instructions.clone())];
        let told = self.entries.iter().rev().scan(ROOM, |room, entry| {
            let fits = entry.size() <= *room;
            *room = room.saturating_sub(entry.size());
            fits.then_some(entry)
        });
        let told: Vec<&Entry> = told.collect();
        for entry in told.into_iter().rev() {
            match entry {
                Entry::Caller(words) | Entry::Note(words) => caller(&mut messages, words),
                Entry::Assistant(reply) => assistant(&mut messages, reply),
            }
        }
        if let Some(next) = next {
            caller(&mut messages, &bounded(next).replace(['[', ']'], ""));
        }
        if let Some(Message::Assistant { .. } | Message::System(_)) = messages.last() {
            caller(&mut messages, "[Go on.]");
        }
        messages
    }

    fn reply(&mut self, number: u32, own: bool) -> &mut Reply {
        let known = |entry: &Entry| matches!(entry, Entry::Assistant(reply) if reply.number == number);
        let at = self.entries.iter().rposition(known).unwrap_or_else(|| {
            let reply =
                Reply { number, item: None, own, sentences: Vec::new(), heard: None, wants: Vec::new() };
            self.push(Entry::Assistant(reply));
            self.entries.len() - 1
        });
        match &mut self.entries[at] {
            Entry::Assistant(reply) => reply,
            Entry::Caller(_) | Entry::Note(_) => unreachable!("the assistant's were looked for"),
        }
    }

    fn push(&mut self, entry: Entry) {
        if self.entries.len() == ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }
}

impl Entry {
    fn size(&self) -> usize {
        match self {
            Entry::Caller(words) | Entry::Note(words) => words.len(),
            Entry::Assistant(reply) => {
                let words: usize = reply.sentences.iter().map(|(words, _)| words.len()).sum();
                let wants = reply.wants.iter().map(|want| {
                    want.call.arguments.len() + want.answer.as_ref().map_or(UNDER_WAY.len(), String::len)
                });
                words + wants.sum::<usize>()
            }
        }
    }
}

impl Reply {
    /// What of it was heard: a sentence that was cut off ends where the caller spoke, as exactly as time tells.
    fn text(&self) -> String {
        let mut left = self.heard.unwrap_or(Duration::MAX);
        let mut heard: Vec<String> = Vec::new();
        for (sentence, length) in &self.sentences {
            if *length <= left.saturating_add(SLACK) {
                heard.push(sentence.clone());
                left = left.saturating_sub(*length);
                continue;
            }
            let share = left.as_secs_f64() / length.as_secs_f64();
            let at = sentence.floor_char_boundary((sentence.len() as f64 * share) as usize);
            let part = sentence[..at].rfind(' ').map_or("", |blank| &sentence[..blank]);
            if !part.trim().is_empty() {
                heard.push(format!("{}—", part.trim_end_matches([',', ' '])));
            }
            break;
        }
        if self.heard.is_some_and(|heard| heard.is_zero()) { String::new() } else { heard.join(" ") }
    }
}

/// A sentence that lacks no more than this was heard: its voice ends in silence.
const SLACK: Duration = Duration::from_millis(100);

fn caller(messages: &mut Vec<Message>, words: &str) {
    match messages.last_mut() {
        Some(Message::Caller(before)) => {
            before.push('\n');
            before.push_str(words);
        }
        Some(_) | None => messages.push(Message::Caller(words.to_owned())),
    }
}

fn assistant(messages: &mut Vec<Message>, reply: &Reply) {
    let text = reply.text();
    if text.is_empty() && reply.wants.is_empty() {
        return;
    }
    if let Some(Message::System(_)) = messages.last() {
        // Many templates want the caller to be the first to speak.
        messages.push(Message::Caller("[The caller is on the line.]".into()));
    }
    // What the call itself said while a tool was under way is no answer to what the tool said.
    let before = messages.iter_mut().rev().find(|message| !matches!(message, Message::Answer { .. }));
    match before {
        Some(Message::Assistant { text: before, .. }) if !reply.own => {
            if !before.is_empty() {
                before.push(' ');
            }
            before.push_str(&text);
            return;
        }
        Some(_) | None => {}
    }
    let wants: Vec<ToolCall> = reply.wants.iter().map(|want| want.call.clone()).collect();
    match messages.last_mut() {
        Some(Message::Assistant { text: before, wants: earlier }) if earlier.is_empty() => {
            format!("{before} {text}").trim().clone_into(before);
            *earlier = wants;
        }
        Some(_) | None => messages.push(Message::Assistant { text, wants }),
    }
    for want in &reply.wants {
        let text = want.answer.clone().unwrap_or_else(|| UNDER_WAY.to_owned());
        messages.push(Message::Answer { id: want.call.id.clone(), name: want.call.name.clone(), text });
    }
}

fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(id: &str) -> ToolCall {
        ToolCall { id: ToolCallId(id.into()), name: "look".into(), arguments: "{}".into() }
    }

    fn shown(history: &History) -> Vec<String> {
        let messages = history.messages(None);
        let shown = messages[1..].iter().map(|message| match message {
            Message::System(_) => panic!("one is enough"),
            Message::Caller(text) => format!("C {text}"),
            Message::Assistant { text, wants } => format!("A {text}{}", "+".repeat(wants.len())),
            Message::Answer { id, text, .. } => format!("T {} {text}", id.0),
        });
        shown.collect()
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn only_what_was_heard_is_remembered() {
        for (heard, wanted) in [
            (Some(Duration::ZERO), vec!["C one"]),
            (Some(SECOND / 2), vec!["C one", "A You can—"]),
            (Some(SECOND), vec!["C one", "A You can come on Tuesday."]),
            (Some(SECOND * 3 / 2), vec!["C one", "A You can come on Tuesday. Or on the—"]),
            (None, vec!["C one", "A You can come on Tuesday. Or on the Monday after."]),
        ] {
            let mut history = History::new(String::new());
            history.caller("one");
            history.sounds(1, ItemId(1), true, "You can come on Tuesday.", SECOND / 2);
            history.sounds(1, ItemId(1), true, "You can come on Tuesday.", SECOND / 2);
            history.sounds(1, ItemId(1), true, "Or on the Monday after.", SECOND);
            if let Some(heard) = heard {
                history.cut(ItemId(1), heard);
            }
            let mut wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
            if wanted.len() == 2 {
                wanted.push("C [Go on.]".into());
            }
            assert_eq!(shown(&history), wanted, "{heard:?}");
        }
    }

    #[test]
    fn answers_follow_what_they_answer_whatever_is_said_meanwhile() {
        let mut history = History::new(String::new());
        history.caller("book [it]");
        history.sounds(1, ItemId(1), true, "Let me see.", SECOND);
        history.wants(1, tool("a"));
        history.wants(1, tool("b"));
        history.sounds(2, ItemId(2), false, "One moment, please.", SECOND);
        assert!(history.answered(&tool("b").id, "free"));
        assert!(!history.answered(&tool("b").id, "free"), "once");
        assert!(!history.answered(&tool("c").id, "free"), "nobody wanted it");
        history.caller("hurry up");
        assert_eq!(history.under_way().count(), 1);
        let wanted =
            ["C book it", "A Let me see. One moment, please.++", &format!("T a {UNDER_WAY}"), "T b free"];
        assert_eq!(shown(&history)[..4], wanted);
        assert_eq!(shown(&history)[4], "C hurry up");
        assert!(history.answered(&tool("a").id, "booked"));
        assert_eq!(shown(&history)[2], "T a booked");
        assert_eq!(shown(&history)[4], "C hurry up\n[The tool look has answered meanwhile: booked]");
    }

    #[test]
    fn the_caller_is_the_first_and_the_last_to_be_told_of() {
        let mut history = History::new(String::new());
        assert_eq!(shown(&history), ["C [Go on.]"]);
        history.sounds(1, ItemId(1), true, "Hello.", SECOND);
        assert_eq!(shown(&history), ["C [The caller is on the line.]", "A Hello.", "C [Go on.]"]);
        history.caller("hi");
        history.note("The caller pressed 1.");
        assert_eq!(shown(&history)[2], "C hi\n[The caller pressed 1.]");
        assert_eq!(history.unanswered(), "hi");
    }

    #[test]
    fn a_long_call_is_remembered_within_bounds_and_its_instructions_always() {
        let mut history = History::new("Be kind.".into());
        for n in 0..2_000 {
            history.caller(&format!("{n} {}", "x".repeat(10_000)));
            history.sounds(n, ItemId(n), true, "Yes.", SECOND);
            history.wants(n, tool(&n.to_string()));
            history.answered(&tool(&n.to_string()).id, &"y".repeat(10_000));
        }
        assert!(history.entries.len() <= ENTRIES);
        let messages = history.messages(Some("and now?"));
        assert_eq!(messages[0], Message::System("Be kind.".into()));
        assert_eq!(messages.last(), Some(&Message::Caller("and now?".into())));
        let size: usize = messages.iter().map(|message| format!("{message:?}").len()).sum();
        assert!(size < ROOM + 8_000, "{size}");
    }
}
