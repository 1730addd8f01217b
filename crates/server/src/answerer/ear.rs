//! What the caller has just said, kept for an engine that takes over in the middle of it.

use bytes::Bytes;
use call::{Chunk, EngineEvent, Format, ItemId, Manner};
use std::{collections::VecDeque, time::Duration};

/// Speech begins before anybody notices.
const BEFORE: Duration = Duration::from_millis(800);
/// No more of one turn is kept.
const LONGEST: Duration = Duration::from_secs(15);
/// In such pieces it is given away.
const PIECE: Duration = Duration::from_millis(200);

/// The caller's sound since they began to say what nobody has written down yet. It is copied here, so that the line may
/// use its buffers again.
#[derive(Debug)]
pub(super) struct Ear {
    manner: Manner,
    format: Format,
    kept: VecDeque<u8>,
    /// They are speaking, or have spoken, and the words are not known.
    open: bool,
    /// The engine's number of the turn.
    turn: u32,
    /// What the assistant began to say last, and what it had begun before the caller spoke.
    latest: Option<ItemId>,
    before: Option<ItemId>,
}

impl Ear {
    pub(super) fn new(manner: Manner, format: Format) -> Self {
        // With room for the frame that comes before the oldest goes.
        let kept = VecDeque::with_capacity(format.bytes(BEFORE + PIECE));
        Self { manner, format, kept, open: false, turn: 0, latest: None, before: None }
    }

    pub(super) fn hear(&mut self, chunk: &Chunk) {
        if chunk.format != self.format {
            self.kept.clear();
            self.format = chunk.format;
        }
        self.kept.extend(chunk.bytes.iter());
        // Of whoever is recorded it is not told before the end that they have begun.
        let longest = if self.open || self.manner == Manner::Turns { LONGEST } else { BEFORE };
        let most = self.format.bytes(longest);
        let surplus = self.kept.len().saturating_sub(most);
        self.kept.drain(..surplus.next_multiple_of(self.format.sample_size()).min(self.kept.len()));
    }

    /// Learns from what the engine says of the caller.
    pub(super) fn heed(&mut self, event: &EngineEvent) {
        match event {
            EngineEvent::CallerSpeaks => {
                self.open = true;
                self.turn += 1;
                self.before = self.latest;
            }
            EngineEvent::Voice(item, _) => self.latest = self.latest.max(Some(*item)),
            EngineEvent::CallerSaid(turn, said) if !said.partial && turn.0 >= self.turn => self.close(),
            // Words of what was said before the caller spoke answer nothing.
            EngineEvent::AssistantSaid(item, _) if Some(*item) > self.before => self.close(),
            EngineEvent::Ready
            | EngineEvent::CallerPauses
            | EngineEvent::CallerSpoke(..)
            | EngineEvent::CallerSaid(..)
            | EngineEvent::AssistantSaid(..)
            | EngineEvent::Wants(_)
            | EngineEvent::Withdraws(_)
            | EngineEvent::MayUse(_)
            | EngineEvent::Uses(_)
            | EngineEvent::Used(..)
            | EngineEvent::Took(_)
            | EngineEvent::Done(_)
            | EngineEvent::Charged(_)
            | EngineEvent::Trouble(_)
            | EngineEvent::Failed(_) => {}
        }
    }

    /// Another engine counts turns and items from the beginning.
    pub(super) fn next_engine(&mut self) {
        self.turn = 0;
        (self.latest, self.before) = (None, None);
    }

    /// What is kept, oldest first.
    pub(super) fn kept(&self) -> Vec<Chunk> {
        let kept: Vec<u8> = self.kept.iter().copied().collect();
        let kept = Bytes::from(kept);
        let piece = self.format.bytes(PIECE).max(1);
        let starts = (0..kept.len()).step_by(piece);
        let part = |from: usize| kept.slice(from..(from + piece).min(kept.len()));
        starts.map(|from| Chunk { format: self.format, bytes: part(from) }).collect()
    }

    fn close(&mut self) {
        self.open = false;
        if self.manner == Manner::Turns {
            self.kept.clear();
        }
        let most = self.format.bytes(BEFORE);
        self.kept.drain(..self.kept.len().saturating_sub(most));
        self.kept.shrink_to(2 * most);
    }
}
