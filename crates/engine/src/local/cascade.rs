//! The cascade: what is heard becomes utterances, utterances words, words the desk's answers, and those sentences to speak.

use super::{Hypothesis, Vad, desk::Desk};
use crate::Brief;
use call::{Chunk, EngineCommand, EngineEvent};
use std::{collections::VecDeque, time::Instant};

/// Everything that can happen to a cascade.
#[derive(Debug)]
pub enum CascadeInput {
    Command(EngineCommand),
    /// The answer to [`CascadeOutput::Recognise`]; an error is a sentence for the owner.
    Recognised {
        utterance: u32,
        result: Result<Vec<Hypothesis>, String>,
    },
    /// The answer to [`CascadeOutput::Speak`], in as many pieces as suits; no chunk: this sentence is complete, or has
    /// `failed` for a reason meant for the owner.
    Spoken {
        sentence: u32,
        chunk: Option<Chunk>,
        failed: Option<String>,
    },
}

/// Everything a cascade asks for.
#[derive(Debug, PartialEq)]
pub enum CascadeOutput {
    Event(EngineEvent),
    /// Recognise this utterance (8 kHz, at most 30 s) with this JSGF grammar.
    Recognise {
        utterance: u32,
        samples: Vec<i16>,
        grammar: String,
    },
    /// Speak this after what was asked before. Sentences of a call only ever grow.
    Speak {
        sentence: u32,
        text: String,
    },
    /// Drop all speech under way or queued.
    Hush,
}

/// One conversation held by the parts of this machine. Pure: [`handle`](Self::handle), then [`poll`](Self::poll) until
/// nothing is left; [`wake`](Self::wake) at the [`deadline`](Self::deadline).
pub struct Cascade {
    brief: Brief,
    desk: Desk,
    vad: Box<dyn Vad>,
    begun: Instant,
    outputs: VecDeque<CascadeOutput>,
}

impl Cascade {
    /// Begins a conversation: [`EngineEvent::Ready`], then the greeting.
    pub fn new(now: Instant, brief: Brief, desk: Desk, vad: Box<dyn Vad>) -> Self {
        Self { brief, desk, vad, begun: now, outputs: VecDeque::new() }
    }

    pub fn handle(&mut self, now: Instant, input: CascadeInput) {
        let _ = (now, input, &self.brief, &self.desk, &self.vad, self.begun);
    }

    pub fn poll(&mut self) -> Option<CascadeOutput> {
        self.outputs.pop_front()
    }

    /// When [`wake`](Self::wake) is due, if ever.
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    pub fn wake(&mut self, now: Instant) {
        let _ = now;
    }
}
