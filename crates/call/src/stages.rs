//! What an answer's time is made of: from when the caller fell silent to the first sound that they hear.

use crate::{ItemId, Note, TurnId};
use std::time::{Duration, Instant};

/// What the time before an answer's first sound was spent on, as far as an engine tells. None of them overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// From when the caller fell silent to when that was taken for the end of their turn.
    pub endpoint: Option<Duration>,
    /// Finding the words, from the end of the turn on.
    pub hear: Option<Duration>,
    /// Finding an answer, from the words on.
    pub think: Option<Duration>,
    /// Waiting for tools that the answer depends on.
    pub tools: Option<Duration>,
    /// Making its first sound.
    pub speak: Option<Duration>,
}

impl Stages {
    /// What is left of the time since the turn's end for our own part, where the engine tells all the others.
    pub fn own(&self, after: Duration) -> Option<Duration> {
        let parts = self.hear? + self.think? + self.speak? + self.tools.unwrap_or_default();
        Some(after.saturating_sub(parts))
    }
}

/// Takes the time of every answer.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch {
    /// When the turn ended that is to be answered.
    ended: Option<Instant>,
    /// The latest turn that was.
    answered: TurnId,
    told: Stages,
}

impl Stopwatch {
    /// The caller's turn is over. Where that is said twice, the first time counts.
    pub(crate) fn start(&mut self, now: Instant) {
        self.ended.get_or_insert(now);
    }

    /// The caller goes on, or the assistant does.
    pub(crate) fn stop(&mut self) {
        (self.ended, self.told) = (None, Stages::default());
    }

    /// The engine says what the answer took that comes next.
    pub(crate) fn told(&mut self, stages: Stages) {
        self.told = stages;
    }

    /// This item begins to sound, after this turn of the caller's.
    pub(crate) fn sounds(&mut self, now: Instant, turn: TurnId, item: ItemId) -> Option<Note> {
        let stages = std::mem::take(&mut self.told);
        let ended = self.ended.take()?;
        if turn <= self.answered {
            return None;
        }
        self.answered = turn;
        Some(Note::Answered { turn, item, after: now.saturating_duration_since(ended), stages })
    }
}
