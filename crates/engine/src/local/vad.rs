//! Who speaks, told by loudness alone: a floor that follows the line's own noise, and what stands out from it.

mod neural;

pub use neural::Neural;

use super::Vad;
use sound::level;
use std::{array, time::Duration};

/// Samples of one frame: 20 ms.
pub const FRAME: usize = 160;
const FRAME_LENGTH: Duration = Duration::from_millis(20);

/// An energy detector. Speech rises and falls many times a second, and the noise of a line does not: the quietest
/// moment of the last second and a half is the floor, and what is well above it is speech.
#[derive(Clone, Debug)]
pub struct Energy {
    /// So long must the caller be quiet to have finished.
    hang_over: u32,
    floor: Floor,
    /// One bit a frame, the latest lowest: was it loud?
    loud: u32,
    /// Frames since the last loud one.
    quiet: u32,
    speaking: bool,
}

/// What stands out from the floor by so many dB is speech; so many fewer keep it going.
const ABOVE_FLOOR: f32 = 10.0;
const HYSTERESIS: f32 = 4.0;
/// Nothing quieter is speech, however quiet the line: dBFS.
const QUIETEST_SPEECH: f32 = -48.0;
/// No line is taken to be louder by itself: dBFS.
const LOUDEST_FLOOR: f32 = -34.0;
/// Of the last eight frames so many must be loud for speech to begin: 100 ms, so that a click is none.
const BEGINNING: u32 = 5;
const LAST_EIGHT: u32 = 0xff;

impl Energy {
    /// `hang_over` is how long the caller must be quiet to count as quiet: long enough for the gaps inside words. When
    /// an utterance has ended is for the cascade to decide.
    pub fn new(hang_over: Duration) -> Self {
        let hang_over = (hang_over.as_millis() / FRAME_LENGTH.as_millis()) as u32;
        Self { hang_over: hang_over.max(1), floor: Floor::default(), loud: 0, quiet: 0, speaking: false }
    }
}

impl Default for Energy {
    fn default() -> Self {
        Self::new(Duration::from_millis(140))
    }
}

impl Vad for Energy {
    fn hear(&mut self, samples: &[i16]) -> bool {
        let level = level::dbfs(samples);
        let floor = self.floor.hear(level);
        let needed =
            (floor + ABOVE_FLOOR).max(QUIETEST_SPEECH) - if self.speaking { HYSTERESIS } else { 0.0 };
        let loud = level > needed;
        self.loud = self.loud << 1 | u32::from(loud);
        self.quiet = if loud { 0 } else { self.quiet.saturating_add(1) };
        self.speaking = if self.speaking {
            self.quiet < self.hang_over
        } else {
            (self.loud & LAST_EIGHT).count_ones() >= BEGINNING
        };
        self.speaking
    }
}

/// The quietest level of the last blocks.
#[derive(Clone, Debug)]
struct Floor {
    blocks: [f32; BLOCKS],
    frames: usize,
}

const BLOCKS: usize = 4;
const FRAMES_A_BLOCK: usize = 20;

impl Default for Floor {
    fn default() -> Self {
        Self { blocks: array::from_fn(|_| LOUDEST_FLOOR), frames: 0 }
    }
}

impl Floor {
    fn hear(&mut self, level: f32) -> f32 {
        if self.frames == FRAMES_A_BLOCK {
            self.blocks.rotate_right(1);
            self.blocks[0] = LOUDEST_FLOOR;
            self.frames = 0;
        }
        self.frames += 1;
        self.blocks[0] = self.blocks[0].min(level);
        self.blocks.iter().copied().fold(LOUDEST_FLOOR, f32::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often speech begins in this.
    fn utterances(samples: &[i16]) -> usize {
        let mut vad = Energy::default();
        let spoken: Vec<bool> = samples.chunks(FRAME).map(|frame| vad.hear(frame)).collect();
        usize::from(spoken[0]) + spoken.windows(2).filter(|w| !w[0] && w[1]).count()
    }

    fn noise(seconds: f32, size: i16, seed: u64) -> Vec<i16> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..(seconds * 8_000.0) as usize).map(|_| random.i16(-size..=size)).collect()
    }

    /// Something like a voice: bursts of 150 ms of a buzzing 120 Hz, with 60 ms between them.
    fn voice(seconds: f32, size: f32) -> Vec<i16> {
        let at = |n: usize| {
            let syllable = n % 1_680 < 1_200;
            let buzz = (n % 67) as f32 / 33.5 - 1.0;
            if syllable { (buzz * size) as i16 } else { 0 }
        };
        (0..(seconds * 8_000.0) as usize).map(at).collect()
    }

    fn mixed(a: &[i16], b: &[i16]) -> Vec<i16> {
        a.iter().zip(b).map(|(a, b)| a.saturating_add(*b)).collect()
    }

    #[test]
    fn the_noise_of_a_line_is_no_speech() {
        for (seed, size) in [0, 4, 20, 100, 400, 1_200].into_iter().enumerate() {
            assert_eq!(utterances(&noise(10.0, size, seed as u64)), 0, "noise of size {size}");
        }
    }

    #[test]
    fn noise_that_begins_in_the_middle_is_soon_the_floor() {
        let mut line = noise(3.0, 10, 1);
        line.extend(noise(10.0, 500, 2));
        let mut vad = Energy::default();
        let spoken: Vec<bool> = line.chunks(FRAME).map(|frame| vad.hear(frame)).collect();
        assert!(
            spoken.iter().rposition(|&s| s).is_none_or(|at| at < 50 * 6),
            "quiet again 3 s after it began"
        );
    }

    #[test]
    fn a_click_is_no_speech() {
        let mut line = noise(6.0, 10, 3);
        for at in (8_000..40_000).step_by(6_000) {
            for (n, sample) in line[at..at + 400].iter_mut().enumerate() {
                *sample = if n % 2 == 0 { 20_000 } else { -20_000 };
            }
        }
        assert_eq!(utterances(&line), 0);
    }

    #[test]
    fn a_voice_is_one_utterance_also_on_a_noisy_line_and_when_it_is_faint() {
        for (size, line) in [(12_000.0, 0), (12_000.0, 500), (800.0, 20), (3_000.0, 200)] {
            let mut sound = vec![0; 8_000];
            sound.extend(voice(4.0, size));
            sound.extend(vec![0; 8_000]);
            let sound = mixed(&sound, &noise(6.0, line, 5));
            assert_eq!(utterances(&sound), 1, "a voice of {size} on a line of {line}");
        }
    }

    #[test]
    fn who_speaks_from_the_first_moment_is_heard() {
        assert_eq!(utterances(&voice(3.0, 8_000.0)), 1);
    }

    #[test]
    fn the_hang_over_is_as_long_as_asked() {
        for wanted in [200, 500, 900] {
            let mut vad = Energy::new(Duration::from_millis(wanted));
            let mut sound = voice(1.05, 8_000.0);
            let speech = sound.len() / FRAME;
            sound.extend(vec![0; 16_000]);
            let last = sound.chunks(FRAME).map(|frame| vad.hear(frame)).collect::<Vec<_>>();
            let last = last.iter().rposition(|&s| s).expect("it was heard");
            let ms = (last + 1 - speech) as u64 * 20;
            assert!(ms.abs_diff(wanted) <= 60, "{ms} ms instead of {wanted}");
        }
    }
}
