//! What the agent says: our numbers for it, and what of it is still wanted.
//!
//! Deepgram names nothing that it says. An item begins with the first sign of it (words, a notice, sound) and ends when
//! the service says that all sound was sent, or something else shows that no more will come. Sound has no name either:
//! after the caller has spoken up, what still comes belongs to the item that they spoke over, until there is a sign of
//! another.

use call::{Format, ItemId};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, learned at its own time")]
#[derive(Debug)]
pub(super) struct Item {
    pub number: ItemId,
    /// Its words so far.
    pub words: String,
    /// Sound received, in bytes.
    pub received: usize,
    /// The caller spoke over it: with the next sign of anything said another item begins.
    pub over: bool,
    /// No more of its sound is wanted.
    pub unwanted: bool,
    /// Its last words were told.
    pub said: bool,
    /// The agent was told how much of it was heard.
    pub accounted: bool,
    /// When the last of its words came that came behind all of its sound.
    pub late: Option<Instant>,
}

/// A sentence longer than any, in bytes.
const WORDS: usize = 64 * 1024;
/// Sentences of one answer that come behind its sound come one right after the other.
const TOGETHER: Duration = Duration::from_secs(1);
/// Nobody interrupts what was said so long ago.
const REMEMBERED: usize = 16;

impl Item {
    /// Adds a sentence, as long as anybody may say in one go.
    pub(super) fn say(&mut self, sentence: &str) {
        let sentence = bounded(sentence.trim());
        if !sentence.is_empty() && self.words.len() + sentence.len() < WORDS {
            if !self.words.is_empty() {
                self.words.push(' ');
            }
            self.words.push_str(sentence);
        }
    }

    /// Whether words that come now, after all of its sound, may be its own: none has come yet, or one just before.
    pub(super) fn lacks_words(&self, now: Instant) -> bool {
        let just = self.late.is_some_and(|late| now.saturating_duration_since(late) < TOGETHER);
        self.has_sounded() && !self.unwanted && (self.words.is_empty() || just)
    }

    pub(super) fn has_sounded(&self) -> bool {
        self.received > 0
    }

    /// The words that were heard in this time, as far as time tells, and the rest.
    pub(super) fn parted(&self, heard: Duration, format: Format) -> (&str, &str) {
        let all = format.duration(self.received).as_millis().max(1);
        let letters = self.words.len() as u128 * heard.as_millis().min(all) / all;
        let mut at = usize::try_from(letters).unwrap_or(self.words.len()).min(self.words.len());
        // A word that was begun was not heard.
        while at > 0 && at < self.words.len() && !self.words[..at].ends_with(char::is_whitespace) {
            at = self.words.floor_char_boundary(at - 1);
        }
        let (heard, rest) = self.words.split_at(at);
        (heard.trim(), rest.trim())
    }
}

/// At most as much of a text as anybody may say in one go.
pub(super) fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(WORDS)]
}

#[derive(Debug, Default)]
pub(super) struct Speech {
    /// The oldest first; the last may be under way.
    items: VecDeque<Item>,
    newest: u32,
    under_way: bool,
}

impl Speech {
    /// Begins another item.
    pub(super) fn begin(&mut self) -> &mut Item {
        if self.items.len() == REMEMBERED {
            self.items.pop_front();
        }
        self.newest += 1;
        self.under_way = true;
        self.items.push_back(Item {
            number: ItemId(self.newest),
            words: String::new(),
            received: 0,
            over: false,
            unwanted: false,
            said: false,
            accounted: false,
            late: None,
        });
        self.items.back_mut().expect("it has just been added")
    }

    /// The item that is being said.
    pub(super) fn current(&mut self) -> Option<&mut Item> {
        if self.under_way { self.items.back_mut() } else { None }
    }

    /// The item that was said last, now that it is over.
    pub(super) fn last(&mut self) -> Option<&mut Item> {
        if self.under_way { None } else { self.items.back_mut() }
    }

    /// Nothing more comes of the item that was being said.
    pub(super) fn end(&mut self) -> Option<&mut Item> {
        if std::mem::take(&mut self.under_way) { self.items.back_mut() } else { None }
    }

    pub(super) fn numbered(&mut self, number: ItemId) -> Option<&mut Item> {
        self.items.iter_mut().rev().find(|item| item.number == number)
    }
}
