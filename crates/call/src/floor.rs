//! Who may speak now.
//!
//! The caller takes the floor by making a sound. Whether they meant to is in doubt until their words are known or
//! they have spoken for a while; until then the assistant is silent but forgets nothing.

use crate::{Chunk, Cut, Ending, ItemId, LineCommand, ToolCallId, TurnId};
use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

/// What the assistant was about to do when the caller spoke up: leave.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Leave {
    pub ending: Ending,
    pub command: LineCommand,
    /// The uses of a tool that asked for it, to be answered should the call go on.
    pub asked_by: Vec<ToolCallId>,
}

impl Leave {
    /// Whether the caller cannot change it by speaking.
    pub(crate) fn is_final(&self) -> bool {
        match self.ending {
            Ending::TooLong | Ending::TooDear | Ending::Dismissed | Ending::EngineFailed => true,
            Ending::CallerHungUp | Ending::AssistantHungUp | Ending::Transferred | Ending::Silent => false,
        }
    }
}

/// The caller has the floor.
#[derive(Debug)]
pub(crate) struct Taken {
    pub since: Instant,
    /// The turn that took it.
    pub turn: TurnId,
    /// They meant it: what they cut off is forgotten.
    pub certain: bool,
    /// They have stopped, and nobody knows yet whether they meant it.
    pub paused: bool,
    /// How far the caller got into what they cut off.
    cuts: Vec<Cut>,
    /// What they have not heard, and what came since.
    pub held: VecDeque<(ItemId, Chunk)>,
    held_for: Duration,
    /// A departure that waits for the verdict.
    pub leave: Option<Leave>,
}

/// Held sound beyond this is more than any engine says in one go.
const HELD: Duration = Duration::from_secs(5 * 60);

impl Taken {
    pub(crate) fn new(
        since: Instant,
        turn: TurnId,
        cuts: Vec<Cut>,
        held: Vec<(ItemId, Chunk)>,
        leave: Option<Leave>,
    ) -> Self {
        let held_for = held.iter().map(|(_, chunk)| chunk.duration()).sum();
        Self { since, turn, certain: false, paused: false, cuts, held: held.into(), held_for, leave }
    }

    /// Keeps late sound. Says whether there was room for it.
    pub(crate) fn hold(&mut self, item: ItemId, chunk: Chunk) -> bool {
        let length = chunk.duration();
        let room = self.held_for + length <= HELD;
        if room {
            self.held_for += length;
            self.held.push_back((item, chunk));
        }
        room
    }

    /// Whether there is anything to go on with, should it have been a cough.
    pub(crate) fn has_cut_anything(&self) -> bool {
        !self.cuts.is_empty() || !self.held.is_empty() || self.leave.is_some()
    }

    /// Lets go of what is held, and says of which items and how much of each.
    pub(crate) fn forget(&mut self) -> Vec<Cut> {
        let cuts = self.all_cuts();
        self.cuts.clear();
        self.held.clear();
        cuts
    }

    /// The caller means it and speaks on, whatever was thought. Gives what they cut off.
    pub(crate) fn mean_it(&mut self) -> Vec<Cut> {
        (self.certain, self.paused, self.leave) = (true, false, None);
        self.forget()
    }

    /// Every item that the caller cut off or never got to hear, in order, with how much of it was made.
    fn all_cuts(&self) -> Vec<Cut> {
        let mut cuts: BTreeMap<ItemId, Cut> = self.cuts.iter().map(|cut| (cut.item, *cut)).collect();
        let mut made: BTreeMap<ItemId, Duration> = cuts.values().map(|cut| (cut.item, cut.heard)).collect();
        for (item, chunk) in &self.held {
            let made = made.entry(*item).or_default();
            *made += chunk.duration();
            let cut =
                cuts.entry(*item).or_insert(Cut { item: *item, heard: Duration::ZERO, sent: Duration::ZERO });
            cut.sent = cut.sent.max(*made);
        }
        cuts.into_values().collect()
    }
}

/// Who has the floor, and what was decided about it before.
#[derive(Debug, Default)]
pub(crate) struct Floor {
    /// The caller's turn, the one under way or the one before.
    pub turn: TurnId,
    pub taken: Option<Taken>,
    /// A turn that seemed to be no interruption.
    pub misjudged: Option<TurnId>,
    /// Sound of this item and older is unwanted: the caller spoke over it.
    pub cut_off: Option<ItemId>,
}

impl Floor {
    pub(crate) fn is_unwanted(&self, item: ItemId) -> bool {
        self.cut_off.is_some_and(|cut| item <= cut)
    }

    /// Whether the caller has the floor and nobody knows yet whether they meant to take it.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.taken.as_ref().is_some_and(|taken| !taken.certain)
    }
}
