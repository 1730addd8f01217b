//! What the assistant says, found in one track of sound that never ends, silence included.
//!
//! The service has no items and says neither when it begins nor when it has finished. An item is what sounds until it
//! has been quiet for a while. Silence is not handed on: the track runs as time does, so a pause is one on the line,
//! too, and whatever delay there was is gone after it.

use super::level;
use call::{Format, ItemId};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Louder than this begins an item (RMS of 32,768), less loud than the other is silence. The service's silence is
/// digital, with tails whose peaks reach 45.
const BEGINS: u32 = 60;
const GOES_ON: u32 = 35;
/// So much silence belongs to what was said before it, so that nothing is clipped.
const TAIL: Duration = Duration::from_millis(100);
/// Items that may yet be asked about.
const REMEMBERED: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Voice {
    /// The item under way, or the last.
    number: u32,
    pub open: bool,
    /// The call gave the words: whoever speaks over them interrupts the call, not the model.
    pub ordered: bool,
    /// Nothing of it is wanted any more, since then.
    pub muted: Option<Instant>,
    /// Silence in the track since it was last audible.
    quiet: Duration,
    /// What came last was not handed on.
    idle: bool,
    /// When what was audible has sounded, on a line without delay.
    until: Option<Instant>,
    /// How much of each item was handed on, to its last audible moment.
    made: VecDeque<(ItemId, Duration)>,
}

/// What to do with a piece of the track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Silence,
    /// The first of a new item.
    Begins,
    /// More of it, after a pause that was not handed on.
    Resumes,
    More,
}

impl Voice {
    pub(super) fn hear(&mut self, now: Instant, format: Format, bytes: &[u8]) -> Piece {
        let length = format.duration(bytes.len());
        let threshold = if self.open { GOES_ON } else { BEGINS };
        let Some(end) = level::last_loud(format, bytes, threshold) else {
            let tail = self.open && self.quiet < TAIL && !self.idle;
            self.quiet += length;
            self.idle = !tail;
            if tail {
                self.sounds(now, length);
            }
            return if tail { Piece::More } else { Piece::Silence };
        };
        self.quiet = format.duration(bytes.len() - end);
        let idle = std::mem::take(&mut self.idle);
        self.sounds(now, length);
        if self.open {
            return if idle { Piece::Resumes } else { Piece::More };
        }
        self.open = true;
        self.ordered = false;
        self.muted = None;
        self.number += 1;
        if self.made.len() == REMEMBERED {
            self.made.pop_front();
        }
        self.made.push_back((self.item(), Duration::ZERO));
        Piece::Begins
    }

    fn sounds(&mut self, now: Instant, length: Duration) {
        self.until = Some(self.until.map_or(now, |until| until.max(now)) + length);
    }

    /// So much of the item was handed on.
    pub(super) fn handed_on(&mut self, length: Duration) {
        if let Some((_, made)) = self.made.back_mut() {
            *made += length;
        }
    }

    pub(super) fn item(&self) -> ItemId {
        ItemId(self.number)
    }

    /// Whether the item under way has been quiet for so long.
    pub(super) fn has_been_quiet_for(&self, length: Duration) -> bool {
        self.open && self.quiet >= length
    }

    /// When the item under way is over for want of anything more.
    pub(super) fn gone(&self, patience: Duration) -> Option<Instant> {
        self.until.filter(|_| self.open).map(|until| until + patience)
    }

    pub(super) fn close(&mut self) {
        self.open = false;
        self.ordered = false;
        self.muted = None;
    }

    /// How much there is of an item.
    pub(super) fn made(&self, item: ItemId) -> Option<Duration> {
        self.made.iter().find(|(known, _)| *known == item).map(|(_, made)| *made)
    }
}
