//! Who speaks, told by a small neural network that ships inside its crate: noise, music and knocking are no speech to it,
//! however loud they are.

use super::{FRAME, FRAME_LENGTH};
use crate::local::Vad;
use earshot::Detector;
use std::{fmt, time::Duration};

/// The network listens to 16 kHz in blocks of this many samples: 16 ms.
const BLOCK: usize = 256;
/// Above this it is speech; once it is, down to the other.
const SPEECH: f32 = 0.7;
const STILL_SPEECH: f32 = 0.5;
/// Of the last eight blocks so many must be speech for speech to begin.
const BEGINNING: u32 = 5;
const LAST_EIGHT: u32 = 0xff;

/// A neural detector. What it knows of a call takes some 9 KiB, and nothing is allocated once it is made.
pub struct Neural {
    detector: Box<Detector>,
    widener: Widener,
    /// Samples of 16 kHz that are not a whole block yet.
    block: [i16; BLOCK],
    filled: usize,
    /// One bit a block, the latest lowest: was it speech?
    spoken: u32,
    /// Blocks since the last one that was.
    quiet: u32,
    /// After so many the caller has finished.
    hang_over: u32,
    speaking: bool,
}

impl Neural {
    /// `hang_over` is how long the caller must be quiet to count as quiet.
    pub fn new(hang_over: Duration) -> Self {
        let blocks = hang_over.as_micros() * 2 * FRAME as u128 / (BLOCK as u128 * FRAME_LENGTH.as_micros());
        Self {
            detector: Detector::default_boxed(),
            widener: Widener::default(),
            block: [0; BLOCK],
            filled: 0,
            spoken: 0,
            quiet: 0,
            hang_over: (blocks as u32).max(1),
            speaking: false,
        }
    }

    fn take(&mut self, sample: i16) {
        self.block[self.filled] = sample;
        self.filled += 1;
        if self.filled < BLOCK {
            return;
        }
        self.filled = 0;
        let score = self.detector.predict_i16(&self.block);
        let speech = score > if self.speaking { STILL_SPEECH } else { SPEECH };
        self.spoken = self.spoken << 1 | u32::from(speech);
        self.quiet = if speech { 0 } else { self.quiet.saturating_add(1) };
        self.speaking = if self.speaking {
            self.quiet < self.hang_over
        } else {
            (self.spoken & LAST_EIGHT).count_ones() >= BEGINNING
        };
    }
}

impl Default for Neural {
    fn default() -> Self {
        Self::new(Duration::from_millis(140))
    }
}

impl Vad for Neural {
    fn hear(&mut self, samples: &[i16]) -> bool {
        for &sample in samples {
            let [first, second] = self.widener.push(sample);
            self.take(first);
            self.take(second);
        }
        self.speaking
    }
}

impl fmt::Debug for Neural {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Neural").field("speaking", &self.speaking).finish_non_exhaustive()
    }
}

/// From 8 kHz to 16: every sample, and one between it and the next, by a windowed sinc of 12 samples.
#[derive(Clone, Debug, Default)]
struct Widener {
    last: [i16; 2 * HALF],
    at: usize,
}

const HALF: usize = 6;
/// One half of the kernel, from its middle outwards: sinc at the odd halves under a Hann window, of sum one half.
const KERNEL: [f32; HALF] = [0.62521, -0.18097, 0.08007, -0.03367, 0.01035, -0.00099];

impl Widener {
    /// The sample of six samples ago, and the one that lies behind it.
    fn push(&mut self, sample: i16) -> [i16; 2] {
        self.last[self.at] = sample;
        self.at = (self.at + 1) % (2 * HALF);
        let ago = |n: usize| self.last[(self.at + 2 * HALF - 1 - n) % (2 * HALF)];
        let between: f32 = KERNEL
            .iter()
            .enumerate()
            .map(|(n, weight)| weight * (f32::from(ago(HALF - 1 - n)) + f32::from(ago(HALF + n))))
            .sum();
        [ago(HALF), between as i16]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_widened_is_the_same_sound_and_has_none_above_the_telephone() {
        let tone = |hertz: f32, rate: f32, n: usize| (std::f32::consts::TAU * hertz * n as f32 / rate).sin();
        for hertz in [200.0, 1_000.0, 2_000.0, 3_000.0] {
            let mut widener = Widener::default();
            let samples = (0..800).map(|n| (tone(hertz, 8_000.0, n) * 10_000.0) as i16);
            let wide: Vec<i16> = samples.flat_map(|sample| widener.push(sample)).collect();
            let worst = (200..1_400)
                .map(|n| {
                    let expected = tone(hertz, 16_000.0, n - 2 * HALF) * 10_000.0;
                    (f32::from(wide[n]) - expected).abs()
                })
                .fold(0.0, f32::max);
            assert!(worst < 500.0, "{hertz} Hz is off by {worst}");
        }
    }
}
