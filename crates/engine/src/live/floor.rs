//! Who speaks, as the call is to see it: what the model has decided, and what our ear hears.

use super::{FOLLOWS, FROZEN, Live, level, voice::Piece};
use crate::{Outbox, openai::event::text, openai::speaking::decode};
use bytes::Bytes;
use call::{Chunk, EngineEvent, Manner, TurnId};
use std::time::{Duration, Instant};

/// So quiet must the assistant have been for what it says to be over; while the caller speaks less will do; of what is
/// not wanted, even less. Lines that take turns play all of it at once, so there is time.
const QUIET: Duration = Duration::from_millis(800);
const YIELDS: Duration = Duration::from_millis(500);
const STOPS: Duration = Duration::from_millis(300);
const QUIET_BETWEEN_TURNS: Duration = Duration::from_millis(1_500);
/// How long nothing at all may come of what is being said; longer where the call is to end with it.
const GONE: Duration = Duration::from_millis(1_200);
const GOODBYE_GONE: Duration = Duration::from_millis(2_500);
/// What goes before the assistant's voice after silence: as much as its pieces may be late.
const CUSHION: Duration = Duration::from_millis(40);
/// What is not wanted is over after so long at the latest: then the model says something else.
const MUTED: Duration = Duration::from_secs(3);

#[derive(Debug, Default)]
pub(super) struct Floor {
    /// The caller has it, and the call knows.
    taken: bool,
    pub(super) turns: u32,
    /// The caller has spoken while the assistant did.
    overlapped: bool,
    /// The assistant has said something since the caller had the floor.
    pub answered: bool,
    /// The uses of a tool that ask for the end of the call or its transfer.
    pub leaving: Vec<String>,
}

/// What the caller does.
impl Live {
    /// Our ear hears the caller begin or stop.
    pub(super) fn on_ear(&mut self, now: Instant, speaks: bool, out: &mut Outbox) {
        if self.manner == Manner::Turns {
            return;
        }
        let theirs = self.voice.ordered || !self.floor.leaving.is_empty();
        if !speaks {
            self.pause(now, out);
        } else if !self.voice.open || theirs {
            self.speak_up(out);
        } else {
            self.floor.overlapped = true;
            self.close_if_quiet(now, out);
        }
    }

    /// The caller takes the floor, unless they have it.
    pub(super) fn speak_up(&mut self, out: &mut Outbox) {
        if std::mem::replace(&mut self.floor.taken, true) {
            return;
        }
        // Whatever is still to be said of what was asked before, it is no reply that the caller could interrupt; but
        // where the call means to end with it, it is.
        let ends_with_it = self.ordered || !self.floor.leaving.is_empty();
        if self.replying && !self.voice.open && !ends_with_it && self.manner == Manner::Duplex {
            self.done(out);
        }
        self.floor.turns += 1;
        self.floor.answered = false;
        self.words.begin_turn(TurnId(self.floor.turns), &mut out.events);
        out.events.push_back(EngineEvent::CallerSpeaks);
        self.words.tell_turn(&mut out.events);
    }

    /// The caller gives the floor back, if they have it.
    pub(super) fn pause(&mut self, now: Instant, out: &mut Outbox) {
        if std::mem::take(&mut self.floor.taken) {
            self.words.end_turn(now);
            out.events.push_back(EngineEvent::CallerPauses);
        }
    }

    /// A recording is complete; it will have been heard by then.
    pub(super) fn end_recording(&mut self, heard: Instant) {
        self.floor.taken = false;
        self.words.end_turn(heard);
    }

    /// When words of the caller count that our ear did not hear.
    pub(super) fn unheard_due(&self) -> Option<Instant> {
        let quiet = !self.voice.open && !self.floor.taken && self.manner == Manner::Duplex;
        self.words.unheard_due().filter(|_| quiet)
    }

    pub(super) fn on_unheard_words(&mut self, now: Instant, out: &mut Outbox) {
        self.speak_up(out);
        if !self.ear.hears_speech() {
            self.pause(now, out);
        }
    }
}

/// What the assistant says.
impl Live {
    pub(super) fn on_voice(
        &mut self,
        now: Instant,
        delta: Option<&crate::openai::event::Text>,
        out: &mut Outbox,
    ) {
        let Ok(mut bytes) = decode(&mut self.blocks, text(delta)) else {
            return self.troubles.malformed("sound that cannot be decoded", out);
        };
        let odd = bytes.len() % self.format.sample_size();
        if odd > 0 {
            self.troubles.malformed("half a sample", out);
            bytes.truncate(bytes.len() - odd);
        }
        self.sounded = Some(now);
        if bytes.is_empty() {
            return;
        }
        if self.voice.muted.is_some_and(|since| since + MUTED <= now) {
            self.close_item(now, out);
        }
        match self.voice.hear(now, self.format, &bytes) {
            Piece::Silence => self.continuous = true,
            Piece::Begins => {
                self.begin_item(now, out);
                self.hand_on(silence(self.format), out);
                self.hand_on(bytes, out);
            }
            Piece::Resumes => {
                self.hand_on(silence(self.format), out);
                self.hand_on(bytes, out);
            }
            Piece::More => self.hand_on(bytes, out),
        }
        self.close_if_quiet(now, out);
    }

    fn hand_on(&mut self, bytes: Bytes, out: &mut Outbox) {
        if self.voice.muted.is_some() {
            self.troubles.tally.late_voice += bytes.len() as u64;
            return;
        }
        let chunk = Chunk { format: self.format, bytes };
        self.voice.handed_on(chunk.duration());
        out.events.push_back(EngineEvent::Voice(self.voice.item(), chunk));
    }

    fn begin_item(&mut self, now: Instant, out: &mut Outbox) {
        if self.manner == Manner::Duplex {
            // The model has decided: it is its turn.
            self.pause(now, out);
        }
        self.floor.overlapped = self.ear.hears_speech();
        self.floor.answered = true;
        self.voice.ordered = std::mem::take(&mut self.ordered);
        self.replying = true;
        self.waits = None;
        self.words.begin_item(self.voice.item(), &mut out.events);
    }

    fn close_if_quiet(&mut self, now: Instant, out: &mut Outbox) {
        let quiet = match self.manner {
            Manner::Duplex if self.voice.muted.is_some() => STOPS,
            Manner::Duplex if self.ear.hears_speech() => YIELDS,
            Manner::Duplex => QUIET,
            Manner::Turns => QUIET_BETWEEN_TURNS,
        };
        if self.voice.has_been_quiet_for(quiet) {
            self.close_item(now, out);
            self.go_on(now, out);
        }
    }

    /// When the item under way is over because nothing more comes, not even silence.
    pub(super) fn gone(&self) -> Option<Instant> {
        let patience = match self.manner {
            Manner::Duplex if self.floor.leaving.is_empty() && !self.voice.ordered => GONE,
            Manner::Duplex | Manner::Turns => GOODBYE_GONE,
        };
        self.voice.gone(patience)
    }

    /// The assistant has finished, or has yielded.
    pub(super) fn close_item(&mut self, now: Instant, out: &mut Outbox) {
        self.voice.close();
        self.words.end_item(now);
        self.waits = self.waits.map(|waits| waits.min(now + FOLLOWS));
        let overlapped = std::mem::take(&mut self.floor.overlapped);
        if self.manner == Manner::Turns {
            return;
        }
        if self.ear.hears_speech() {
            self.speak_up(out);
        } else if overlapped && self.words.has_unheard_words() {
            self.speak_up(out);
            self.pause(now, out);
        }
    }

    /// What was asked for was not said.
    pub(super) fn on_silence(&mut self, now: Instant, out: &mut Outbox) {
        self.waits = None;
        self.ordered = false;
        let frozen = |at: Instant| self.continuous && now.saturating_duration_since(at) >= FROZEN;
        if self.sounded.is_none_or(frozen) {
            self.fail("OpenAI Live was asked to speak, and makes no sound at all.", false, out);
        }
    }
}

fn silence(format: call::Format) -> Bytes {
    Bytes::from_static(level::silence(format, CUSHION))
}
