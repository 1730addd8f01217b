//! Who said what in which order. The words of the caller are written down by another model than the one that answers,
//! and often come later than the answer; the answer waits for them, but not for ever.

use call::{ItemId, TurnId};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaker {
    Caller(TurnId),
    Assistant(ItemId),
}

#[derive(Debug)]
struct Line {
    speaker: Speaker,
    /// The words, and since when they have been waiting for those before them.
    words: Option<(String, Instant)>,
}

/// The lines that are not told yet, in the order in which they were begun.
#[derive(Debug, Default)]
pub(super) struct Transcripts {
    lines: VecDeque<Line>,
    /// What comes after its time had passed; told at once.
    late: VecDeque<(Speaker, String)>,
}

/// How long words wait for those before them.
const PATIENCE: Duration = Duration::from_secs(4);
/// A line longer than any, in bytes.
const LONGEST: usize = 64 * 1024;
/// More lines than wait in any conversation.
const LINES: usize = 64;

impl Transcripts {
    /// Somebody begins to say something.
    pub(super) fn begin(&mut self, speaker: Speaker) {
        if self.lines.iter().any(|line| line.speaker == speaker) {
            return;
        }
        if self.lines.len() == LINES
            && let Some(Line { speaker, words: Some((words, _)) }) = self.lines.pop_front()
        {
            self.late.push_back((speaker, words));
        }
        self.lines.push_back(Line { speaker, words: None });
    }

    /// These are all the words of it, as many as anybody may say in one go.
    pub(super) fn say(&mut self, now: Instant, speaker: Speaker, mut words: String) {
        words.truncate(words.floor_char_boundary(LONGEST));
        match self.lines.iter_mut().find(|line| line.speaker == speaker) {
            Some(line) => line.words = Some((words, now)),
            None => self.late.push_back((speaker, words)),
        }
    }

    /// There will be no words of it.
    pub(super) fn drop(&mut self, speaker: Speaker) {
        self.lines.retain(|line| line.speaker != speaker);
    }

    /// Whether words of this would have to wait.
    pub(super) fn must_wait(&self, speaker: Speaker) -> bool {
        let index = self.lines.iter().position(|line| line.speaker == speaker);
        index.is_some_and(|index| self.lines.range(..index).any(|line| line.words.is_none()))
    }

    /// The next line to be told.
    pub(super) fn next(&mut self) -> Option<(Speaker, String)> {
        if let Some(late) = self.late.pop_front() {
            return Some(late);
        }
        let words = self.lines.front_mut()?.words.take()?;
        let line = self.lines.pop_front().expect("it has just been looked at");
        Some((line.speaker, words.0))
    }

    /// When the patience of those who wait is at its end.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.lines.iter().filter_map(|line| line.words.as_ref()).map(|(_, since)| *since + PATIENCE).min()
    }

    /// Waits no longer for what comes before words that have waited long enough.
    pub(super) fn expire(&mut self, now: Instant) {
        let overdue = |line: &Line| line.words.as_ref().is_some_and(|(_, since)| *since + PATIENCE <= now);
        if let Some(last) = self.lines.iter().rposition(overdue) {
            self.give_up(last + 1);
        }
    }

    /// Waits for nothing any more.
    pub(super) fn release(&mut self) {
        self.give_up(self.lines.len());
    }

    fn give_up(&mut self, lines: usize) {
        let lines = self.lines.drain(..lines);
        self.late.extend(lines.filter_map(|line| Some((line.speaker, line.words?.0))));
    }
}
