//! What was said, in lines: the service sends fragments of both speakers, timed but without beginning or end.

use call::{EngineEvent, ItemId, Transcript, TurnId};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// A line longer than any, in bytes.
const LONGEST: usize = 64 * 1024;
/// How long after a turn or an item has ended words of it may still come.
const LATE: Duration = Duration::from_millis(1_000);
/// A fragment that begins so much later than the last one ended, in milliseconds, belongs to something new.
const APART: f64 = 800.0;
/// Lines that may yet be asked about.
const REMEMBERED: usize = 8;

/// What one speaker says, in lines that are named `N`.
#[derive(Debug)]
pub(super) struct Lines<N> {
    line: Option<Line<N>>,
    /// Words of a line that has no name yet, and when the last of them came.
    early: String,
    early_at: Option<Instant>,
    /// Where the last fragment ended, in the service's time.
    ended: f64,
}

#[derive(Debug)]
struct Line<N> {
    name: N,
    text: String,
    /// It is over, and told when that has passed.
    told: Option<Instant>,
}

impl<N> Default for Lines<N> {
    fn default() -> Self {
        Self { line: None, early: String::new(), early_at: None, ended: 0.0 }
    }
}

impl<N: Copy> Lines<N> {
    /// A new line begins; what was said before is told.
    fn begin(&mut self, name: N) -> Option<(N, String)> {
        let before = self.tell();
        self.early_at = None;
        self.line = Some(Line { name, text: std::mem::take(&mut self.early), told: None });
        before
    }

    fn end(&mut self, now: Instant) {
        if let Some(line) = &mut self.line {
            line.told.get_or_insert(now + LATE);
        }
    }

    /// Adds a fragment. Gives the line so far, if it has a name.
    fn add(&mut self, now: Instant, delta: &str, start: Option<f64>, end: Option<f64>) -> Option<(N, &str)> {
        let apart = start.is_some_and(|start| start >= self.ended + APART);
        if let Some(end) = end.filter(|end| end.is_finite()) {
            self.ended = end;
        }
        match &mut self.line {
            Some(line) if line.told.is_none() || line.text.is_empty() || !apart => {
                if let Some(told) = &mut line.told {
                    *told = now + LATE;
                }
                append(&mut line.text, delta).then_some((line.name, line.text.as_str()))
            }
            _ => {
                append(&mut self.early, delta);
                self.early_at = Some(now);
                None
            }
        }
    }

    /// What is known of the line that goes on.
    fn so_far(&self) -> Option<(N, Transcript)> {
        let line = self.line.as_ref().filter(|line| !line.text.trim().is_empty())?;
        Some((line.name, Transcript { text: line.text.trim().to_owned(), partial: true }))
    }

    fn due(&self) -> Option<Instant> {
        self.line.as_ref()?.told
    }

    fn expire(&mut self, now: Instant) -> Option<(N, String)> {
        self.due().filter(|due| *due <= now).and_then(|_| self.tell())
    }

    fn tell(&mut self) -> Option<(N, String)> {
        let Line { name, text, .. } = self.line.take()?;
        let text = text.trim();
        (!text.is_empty()).then(|| (name, text.to_owned()))
    }

    /// Words that no line has been begun for.
    fn has_early_words(&self) -> bool {
        self.early.chars().any(char::is_alphanumeric)
    }
}

/// Adds as much as fits, and says whether that was anything.
fn append(text: &mut String, more: &str) -> bool {
    let room = more.floor_char_boundary(LONGEST.saturating_sub(text.len()));
    text.push_str(&more[..room]);
    room > 0
}

/// Both speakers.
#[derive(Debug, Default)]
pub(super) struct Words {
    caller: Lines<TurnId>,
    assistant: Lines<ItemId>,
    /// What was said last, as far as it is known.
    spoken: VecDeque<(ItemId, String)>,
}

impl Words {
    pub(super) fn begin_turn(&mut self, turn: TurnId, events: &mut VecDeque<EngineEvent>) {
        if let Some((turn, text)) = self.caller.begin(turn) {
            events.push_back(EngineEvent::CallerSaid(turn, Transcript { text, partial: false }));
        }
    }

    /// Tells what is known of the turn that has just begun.
    pub(super) fn tell_turn(&self, events: &mut VecDeque<EngineEvent>) {
        events.extend(self.caller.so_far().map(|(turn, words)| EngineEvent::CallerSaid(turn, words)));
    }

    pub(super) fn end_turn(&mut self, now: Instant) {
        self.caller.end(now);
    }

    pub(super) fn begin_item(&mut self, item: ItemId, events: &mut VecDeque<EngineEvent>) {
        if let Some((item, text)) = self.assistant.begin(item) {
            self.tell_item(item, text, events);
        }
        // Words may come before their sound, and a goodbye has no others.
        events.extend(self.assistant.so_far().map(|(item, words)| EngineEvent::AssistantSaid(item, words)));
    }

    pub(super) fn end_item(&mut self, now: Instant) {
        self.assistant.end(now);
    }

    pub(super) fn caller_said(
        &mut self,
        now: Instant,
        delta: &str,
        (start, end): (Option<f64>, Option<f64>),
        events: &mut VecDeque<EngineEvent>,
    ) {
        if let Some((turn, text)) = self.caller.add(now, delta, start, end) {
            let text = text.trim().to_owned();
            events.push_back(EngineEvent::CallerSaid(turn, Transcript { text, partial: true }));
        }
    }

    pub(super) fn assistant_said(
        &mut self,
        now: Instant,
        delta: &str,
        (start, end): (Option<f64>, Option<f64>),
        events: &mut VecDeque<EngineEvent>,
    ) {
        if let Some((item, text)) = self.assistant.add(now, delta, start, end) {
            let text = text.trim().to_owned();
            events.push_back(EngineEvent::AssistantSaid(item, Transcript { text, partial: true }));
        }
    }

    /// The caller was understood although nobody heard them begin.
    pub(super) fn has_unheard_words(&self) -> bool {
        self.caller.has_early_words()
    }

    /// When such words have waited long enough for the ear to hear something, too.
    pub(super) fn unheard_due(&self) -> Option<Instant> {
        self.caller.early_at.filter(|_| self.has_unheard_words()).map(|at| at + LATE)
    }

    /// When the next line is to be told.
    pub(super) fn due(&self) -> Option<Instant> {
        self.caller.due().into_iter().chain(self.assistant.due()).min()
    }

    pub(super) fn expire(&mut self, now: Instant, events: &mut VecDeque<EngineEvent>) {
        if let Some((turn, text)) = self.caller.expire(now) {
            events.push_back(EngineEvent::CallerSaid(turn, Transcript { text, partial: false }));
        }
        if let Some((item, text)) = self.assistant.expire(now) {
            self.tell_item(item, text, events);
        }
    }

    /// Waits for nothing any more. What was being said broke off, and its words may have come before their sound.
    pub(super) fn release(&mut self, events: &mut VecDeque<EngineEvent>) {
        if let Some((turn, text)) = self.caller.tell() {
            events.push_back(EngineEvent::CallerSaid(turn, Transcript { text, partial: false }));
        }
        let partial = self.assistant.due().is_none();
        if let Some((item, text)) = self.assistant.tell() {
            events.push_back(EngineEvent::AssistantSaid(item, Transcript { text, partial }));
        }
    }

    /// The words of an item, as far as they are known.
    pub(super) fn of(&self, item: ItemId) -> &str {
        let line = self.assistant.line.as_ref().filter(|line| line.name == item).map(|line| line.text.trim());
        let spoken = || self.spoken.iter().find(|(known, _)| *known == item).map(|(_, text)| text.as_str());
        line.or_else(spoken).unwrap_or_default()
    }

    fn tell_item(&mut self, item: ItemId, text: String, events: &mut VecDeque<EngineEvent>) {
        if self.spoken.len() == REMEMBERED {
            self.spoken.pop_front();
        }
        self.spoken.push_back((item, text.clone()));
        events.push_back(EngineEvent::AssistantSaid(item, Transcript { text, partial: false }));
    }
}
