//! The desk: a deterministic appointment dialogue that needs no model, only words in and words out.

use super::Hypothesis;
use call::{Answer, ToolCall, ToolCallId};
use jiff::Zoned;
use std::collections::VecDeque;
use when::Hours;

/// What a desk must know before it opens.
#[derive(Clone, Debug)]
pub struct DeskSetup {
    /// The wall clock in the office's zone as the call begins.
    pub now: Zoned,
    pub hours: Hours,
    /// The first words, as they stand; empty: the desk words its own.
    pub greeting: String,
    /// Whose desk it is, as it is spoken: "the practice of Doctor Lovelace". May be empty.
    pub business: String,
    /// Who is calling, for the appointment's summary: a name or a number. Empty: unknown.
    pub caller: String,
}

/// What the desk asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum DeskOutput {
    /// Say this: one or more whole sentences.
    Say(String),
    Wants(ToolCall),
}

/// One caller's conversation with the desk. Pure; every method takes the wall clock in the office's zone.
pub struct Desk {
    setup: DeskSetup,
    outputs: VecDeque<DeskOutput>,
}

impl Desk {
    /// Opens the desk; the greeting is the first output.
    pub fn new(setup: DeskSetup) -> Self {
        Self { setup, outputs: VecDeque::new() }
    }

    /// The wall clock as the call began.
    pub fn opened(&self) -> &Zoned {
        &self.setup.now
    }

    /// The caller said one of these, the likeliest first; none: something that could not be understood.
    pub fn hear(&mut self, now: &Zoned, hypotheses: &[Hypothesis]) {
        let _ = (now, hypotheses);
    }

    /// A tool answered. Answers to unknown calls are ignored.
    pub fn answer(&mut self, now: &Zoned, id: &ToolCallId, answer: &Answer) {
        let _ = (now, id, answer);
    }

    /// The caller pressed a key: 1 is yes, 2 is no, 0 help, or the number of what was offered.
    pub fn key(&mut self, now: &Zoned, key: char) {
        let _ = (now, key);
    }

    /// Nobody has spoken for a while: ask whether the caller is there, and repeat what was asked.
    pub fn nudge(&mut self, now: &Zoned) {
        let _ = now;
    }

    /// What the desk wants next.
    pub fn poll(&mut self) -> Option<DeskOutput> {
        self.outputs.pop_front()
    }

    /// The JSGF grammar of what can be answered now, in lower-case words of the CMU dictionary.
    pub fn grammar(&self) -> String {
        String::new()
    }
}
