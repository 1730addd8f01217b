//! From the desk's sentences to the voice of one reply after the other, and what of it the caller may have heard.

use call::{Chunk, ItemId, ToolCall};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// One thing the assistant says and does: its sentences and tools in their order.
#[derive(Debug)]
pub(super) struct Reply {
    /// Counted over all replies.
    pub(super) number: u32,
    /// The assistant's own, not the call's.
    pub(super) own: bool,
    /// More of it is still being thought.
    pub(super) open: bool,
    /// None where nothing is said.
    pub(super) item: Option<ItemId>,
    /// The caller's turn when it was begun.
    pub(super) turn: u32,
    pub(super) parts: VecDeque<Part>,
    /// Sentences that have begun to sound, in order.
    pub(super) said: Vec<String>,
}

#[derive(Debug)]
pub(super) enum Part {
    Sentence { number: u32, text: String },
    Wants(ToolCall),
}

impl Reply {
    /// Whether nothing of it has sounded, and nothing is about to.
    pub(super) fn is_silent(&self) -> bool {
        self.item.is_none() && self.parts.is_empty()
    }

    /// The sentence that is to sound next.
    pub(super) fn awaits(&self, sentence: u32) -> bool {
        matches!(self.parts.front(), Some(Part::Sentence { number, .. }) if *number == sentence)
    }
}

/// How far the sound of the last reply of the desk goes, and where in time it is believed to be played.
#[derive(Debug)]
pub(super) struct Told {
    item: ItemId,
    from: Instant,
    length: Duration,
    /// Where each sentence ends.
    ends: Vec<Duration>,
    /// How many sentences the reply has.
    sentences: usize,
    /// How many of them the call says were heard.
    heard: Option<usize>,
}

impl Told {
    /// How many sentences were heard to their end at `at`.
    fn heard_at(&self, at: Instant) -> usize {
        self.heard.unwrap_or_else(|| self.heard_after(at.saturating_duration_since(self.from)))
    }

    fn heard_after(&self, length: Duration) -> usize {
        self.ends.iter().filter(|end| **end <= length + SLACK).count().min(self.sentences)
    }
}

/// A sentence that lacks no more than this was heard: its voice ends in silence.
const SLACK: Duration = Duration::from_millis(100);

/// What was sent, as a telephone would play it.
#[derive(Debug)]
pub(super) struct Playing {
    begun: Instant,
    /// The line listens: audio comes from it. Until then nothing that was sent is played.
    open: bool,
    until: Instant,
    told: Option<Told>,
}

impl Playing {
    pub(super) fn new(now: Instant) -> Self {
        Self { begun: now, open: false, until: now, told: None }
    }

    /// The line is open: what was sent before begins to play.
    pub(super) fn open(&mut self, now: Instant) {
        if !std::mem::replace(&mut self.open, true) {
            self.shift(now.saturating_duration_since(self.begun));
        }
    }

    /// The desk begins a reply.
    pub(super) fn begin(&mut self, now: Instant, item: ItemId, sentences: usize) {
        let from = self.next(now);
        self.told =
            Some(Told { item, from, length: Duration::ZERO, ends: Vec::new(), sentences, heard: None });
    }

    /// The reply has one more sentence.
    pub(super) fn goes_on(&mut self, item: ItemId) {
        if let Some(told) = self.told.as_mut().filter(|told| told.item == item) {
            told.sentences += 1;
        }
    }

    /// Of which item the sound was playing at this time, and how much of it had been heard.
    pub(super) fn reached(&self, at: Instant) -> Option<(ItemId, Duration)> {
        let told = self.told.as_ref()?;
        Some((told.item, at.saturating_duration_since(told.from).min(told.length)))
    }

    pub(super) fn sent(&mut self, now: Instant, item: ItemId, chunk: &Chunk) {
        let start = self.next(now);
        let length = chunk.duration();
        self.until = start + length;
        if let Some(told) = self.told.as_mut().filter(|told| told.item == item) {
            if told.length.is_zero() {
                told.from = start;
            }
            told.length += length;
        }
    }

    /// A sentence of the item is complete.
    pub(super) fn sentence_ends(&mut self, item: ItemId) {
        if let Some(told) = self.told.as_mut().filter(|told| told.item == item) {
            told.ends.push(told.length);
        }
    }

    /// Whether something is still to be heard.
    pub(super) fn is_sounding(&self, now: Instant) -> bool {
        self.open && now < self.until
    }

    /// Of the desk's last reply, how many sentences were heard at this time.
    pub(super) fn heard_at(&self, at: Instant) -> Option<usize> {
        self.told.as_ref().map(|told| told.heard_at(at))
    }

    /// The call says how much of an item was heard.
    pub(super) fn cut(&mut self, item: ItemId, heard: Duration) {
        if let Some(told) = self.told.as_mut().filter(|told| told.item == item) {
            told.heard = Some(if heard.is_zero() { 0 } else { told.heard_after(heard) });
        }
    }

    /// What was not yet played was dropped.
    pub(super) fn stop(&mut self, now: Instant) {
        self.until = self.until.min(now);
    }

    /// Playing stood still for so long, and goes on.
    pub(super) fn shift(&mut self, by: Duration) {
        self.until += by;
        if let Some(told) = &mut self.told {
            told.from += by;
        }
    }

    fn next(&self, now: Instant) -> Instant {
        if self.open { self.until.max(now) } else { self.until }
    }
}
