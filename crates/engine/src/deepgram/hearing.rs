//! What is heard of the caller: the service says when they begin, and our own ear when they pause.
//!
//! Deepgram says when somebody begins to speak and, at the end of a turn, what they said. It does not say when they
//! stop, and of a cough it says nothing more at all; so whether the caller still makes a sound is told by loudness.

use crate::{
    dialect::stillness::Stillness,
    local::{Vad, vad},
};
use call::{Chunk, Format, TurnId};
use sound::g711;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Caller {
    #[default]
    Quiet,
    Speaks,
    /// Has stopped, and what they said, if anything, is not written down yet.
    Paused,
}

/// What our ear makes of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    None,
    Paused,
    /// They go on in what the service takes for one turn.
    SpeaksAgain,
}

/// So long is the caller silent when they have paused.
const LULL: Duration = Duration::from_millis(400);
/// After a pause of this length the service will have noticed by itself when they speak again.
const FORGOTTEN: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(super) struct Hearing {
    pub caller: Caller,
    /// Since when they speak, or have paused.
    since: Option<Instant>,
    begun: u32,
    pub line: Stillness,
    ear: Ear,
}

impl Default for Hearing {
    fn default() -> Self {
        Self {
            caller: Caller::Quiet,
            since: None,
            begun: 0,
            line: Stillness::default(),
            ear: Ear {
                energy: vad::Energy::new(LULL),
                frame: [0; vad::FRAME],
                length: 0,
                skipped: 0,
                loud: false,
            },
        }
    }
}

impl Hearing {
    /// The caller begins a turn.
    pub(super) fn begin(&mut self, now: Instant) -> TurnId {
        self.begun += 1;
        (self.caller, self.since) = (Caller::Speaks, Some(now));
        self.turn()
    }

    /// The turn under way, or the one before.
    pub(super) fn turn(&self) -> TurnId {
        TurnId(self.begun)
    }

    pub(super) fn pause(&mut self, now: Instant) {
        (self.caller, self.since) = (Caller::Paused, Some(now));
    }

    /// The turn is over, and what was said in it is known.
    pub(super) fn end(&mut self) {
        (self.caller, self.since) = (Caller::Quiet, None);
    }

    pub(super) fn hear(&mut self, now: Instant, chunk: &Chunk) -> Change {
        self.ear.hear(chunk);
        let lasts = self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        match self.caller {
            Caller::Speaks if !self.ear.loud && lasts >= LULL => Change::Paused,
            Caller::Paused if lasts >= FORGOTTEN => {
                self.end();
                Change::None
            }
            Caller::Paused if self.ear.loud => Change::SpeaksAgain,
            Caller::Quiet | Caller::Speaks | Caller::Paused => Change::None,
        }
    }
}

/// Cuts sound into frames of 8 kHz, and tells whether there is a voice in them.
struct Ear {
    energy: vad::Energy,
    frame: [i16; vad::FRAME],
    length: usize,
    /// Samples passed over since the last that was taken, where the sound has more than 8,000 a second.
    skipped: u32,
    loud: bool,
}

impl std::fmt::Debug for Ear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ear").field("loud", &self.loud).finish_non_exhaustive()
    }
}

impl Ear {
    fn hear(&mut self, chunk: &Chunk) {
        match chunk.format {
            Format::Ulaw => chunk.bytes.iter().for_each(|&byte| self.take(g711::ULAW[usize::from(byte)])),
            Format::Alaw => chunk.bytes.iter().for_each(|&byte| self.take(g711::ALAW[usize::from(byte)])),
            Format::Pcm { hertz } => {
                let every = (hertz / 8_000).max(1);
                for sample in chunk.bytes.chunks_exact(2) {
                    self.skipped += 1;
                    if self.skipped >= every {
                        self.skipped = 0;
                        self.take(i16::from_le_bytes([sample[0], sample[1]]));
                    }
                }
            }
        }
    }

    fn take(&mut self, sample: i16) {
        self.frame[self.length] = sample;
        self.length += 1;
        if self.length == vad::FRAME {
            self.length = 0;
            self.loud = self.energy.hear(&self.frame);
        }
    }
}
