//! Our own ear: the service says nothing about who speaks when, so we listen, too.

use super::level;
use crate::local::{
    Vad,
    vad::{Energy, FRAME},
};
use call::Format;
use std::time::Duration;

/// So long must a caller be quiet to have stopped speaking.
const PAUSE: Duration = Duration::from_millis(500);
/// What the detector hears, in samples a second.
const HERTZ: u32 = 8_000;

#[derive(Debug)]
pub(super) struct Ear {
    detector: Energy,
    frame: [i16; FRAME],
    filled: usize,
    /// Samples that one of the detector's is made of, and those so far.
    step: i32,
    sum: i32,
    summed: i32,
    speaks: bool,
}

impl Ear {
    /// An ear for this format, of 8 kHz or a multiple of that.
    pub(super) fn new(format: Format) -> Self {
        let step = (format.hertz() / HERTZ).max(1).cast_signed();
        Self {
            detector: Energy::new(PAUSE),
            frame: [0; FRAME],
            filled: 0,
            step,
            sum: 0,
            summed: 0,
            speaks: false,
        }
    }

    /// Hears a stretch, which is at most a few frames long. Says whether the caller has begun or stopped to speak.
    pub(super) fn hear(&mut self, format: Format, bytes: &[u8]) -> Option<bool> {
        let before = self.speaks;
        level::each_sample(format, bytes, |sample| self.take(sample));
        (before != self.speaks).then_some(self.speaks)
    }

    fn take(&mut self, sample: i16) {
        self.sum += i32::from(sample);
        self.summed += 1;
        if self.summed < self.step {
            return;
        }
        self.frame[self.filled] = (self.sum / self.step) as i16;
        (self.sum, self.summed) = (0, 0);
        self.filled += 1;
        if self.filled == FRAME {
            self.filled = 0;
            self.speaks = self.detector.hear(&self.frame);
        }
    }

    /// The caller speaks.
    pub(super) fn hears_speech(&self) -> bool {
        self.speaks
    }
}
