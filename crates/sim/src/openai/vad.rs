//! When the caller speaks, by how loud the appended audio is. Counts the time of the audio, as the service does.

use sound::level;

/// Above this a stretch is taken for speech, in dBFS.
const LOUD: f32 = -40.0;
/// What is judged at once, in milliseconds.
const BLOCK: u64 = 20;
/// Speech shorter than this is taken for noise.
const LEAST: u64 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Speech began at this millisecond of all audio.
    Started(u64),
    /// It ended, and the silence that ends a turn has passed.
    Stopped(u64),
}

/// Listens to one session.
#[derive(Debug, Default)]
pub(crate) struct Vad {
    pending: Vec<i16>,
    /// How much audio has been judged, in milliseconds.
    now: u64,
    loud_for: u64,
    quiet_for: u64,
    speaking: bool,
}

impl Vad {
    /// Judges more samples at `per_ms` samples a millisecond; `silence` milliseconds of quiet end a turn.
    pub(crate) fn push(&mut self, samples: &[i16], per_ms: usize, silence: u64, changes: &mut Vec<Change>) {
        self.pending.extend_from_slice(samples);
        let block = BLOCK as usize * per_ms;
        let whole = self.pending.len() / block * block;
        for samples in self.pending[..whole].chunks_exact(block) {
            self.now += BLOCK;
            if level::is_silent(samples, LOUD) {
                self.quiet_for += BLOCK;
                self.loud_for = 0;
                if self.speaking && self.quiet_for >= silence {
                    self.speaking = false;
                    changes.push(Change::Stopped(self.now));
                }
            } else {
                self.loud_for += BLOCK;
                self.quiet_for = 0;
                if !self.speaking && self.loud_for >= LEAST {
                    self.speaking = true;
                    changes.push(Change::Started(self.now - self.loud_for));
                }
            }
        }
        self.pending.drain(..whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_begins_and_ends_a_turn_and_a_click_does_not() {
        let (mut vad, mut changes) = (Vad::default(), Vec::new());
        let mut sound = vec![0i16; 800];
        sound.extend([9_000; 160]);
        sound.extend([0; 800]);
        sound.extend([9_000; 1600]);
        sound.extend([0; 8000]);
        for piece in sound.chunks(100) {
            vad.push(piece, 8, 500, &mut changes);
        }
        assert_eq!(changes, [Change::Started(220), Change::Stopped(920)]);
    }
}
