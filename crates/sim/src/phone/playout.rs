//! What truly sounded at the telephone, to the sample, of what the server sent.
//!
//! Twilio buffers outgoing media and plays it in order; a mark comes back when everything before it has been played;
//! `clear` empties the buffer and brings every outstanding mark back at once.

use bytes::Bytes;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// One thing that happened at the telephone, in the order in which it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// This µ-law sounded, its first sample at `at`, the rest at 8 kHz after it without a gap.
    Sound { at: Instant, ulaw: Bytes },
    /// Everything before this mark had sounded at `at`.
    Mark { at: Instant, name: String },
}

/// What a `clear` threw away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Sound that nobody heard.
    pub unheard: Vec<Bytes>,
    /// Marks that nobody reached; they are returned all the same.
    pub marks: Vec<String>,
}

/// The play-out buffer of one call. [`advance`](Self::advance) it to the present before anything else is done to it.
#[derive(Debug, Default)]
pub struct Playout {
    queue: VecDeque<Piece>,
    /// When the first piece began, or will begin, to sound; of no meaning while nothing is queued.
    since: Option<Instant>,
}

#[derive(Debug)]
enum Piece {
    Sound(Bytes),
    Mark(String),
}

/// How long `samples` samples of the telephone network last.
pub fn length(samples: usize) -> Duration {
    Duration::from_micros(samples as u64 * 125)
}

impl Playout {
    /// Queues sound.
    pub fn media(&mut self, now: Instant, ulaw: Bytes) {
        self.push(now, Piece::Sound(ulaw));
    }

    /// Queues a mark.
    pub fn mark(&mut self, now: Instant, name: String) {
        self.push(now, Piece::Mark(name));
    }

    /// Throws away what has not sounded.
    pub fn clear(&mut self) -> Cleared {
        let mut cleared = Cleared::default();
        for piece in self.queue.drain(..) {
            match piece {
                Piece::Sound(ulaw) => cleared.unheard.push(ulaw),
                Piece::Mark(name) => cleared.marks.push(name),
            }
        }
        cleared
    }

    /// Plays up to `now` and adds what was heard to `heard`.
    pub fn advance(&mut self, now: Instant, heard: &mut Vec<Heard>) {
        while let (Some(piece), Some(at)) = (self.queue.front_mut(), self.since) {
            match piece {
                Piece::Mark(name) if at <= now => {
                    heard.push(Heard::Mark { at, name: std::mem::take(name) });
                    self.queue.pop_front();
                }
                Piece::Mark(_) => return,
                Piece::Sound(ulaw) => {
                    let samples = now.saturating_duration_since(at).as_micros() as usize / 125;
                    let samples = samples.min(ulaw.len());
                    if samples > 0 {
                        heard.push(Heard::Sound { at, ulaw: ulaw.split_to(samples) });
                        self.since = Some(at + length(samples));
                    }
                    if !ulaw.is_empty() {
                        return;
                    }
                    self.queue.pop_front();
                }
            }
        }
    }

    /// When the next mark will be reached, if one is queued.
    pub fn next_mark(&self) -> Option<Instant> {
        let mut before = 0;
        for piece in &self.queue {
            match piece {
                Piece::Sound(ulaw) => before += ulaw.len(),
                Piece::Mark(_) => return self.since.map(|since| since + length(before)),
            }
        }
        None
    }

    /// How much is still to sound.
    pub fn queued(&self) -> Duration {
        let samples = self.queue.iter().map(|piece| match piece {
            Piece::Sound(ulaw) => ulaw.len(),
            Piece::Mark(_) => 0,
        });
        length(samples.sum())
    }

    fn push(&mut self, now: Instant, piece: Piece) {
        if self.queue.is_empty() {
            self.since = Some(now);
        }
        self.queue.push_back(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn sound(n: usize) -> Bytes {
        Bytes::from((0..n).map(|i| i as u8).collect::<Vec<_>>())
    }

    #[test]
    fn a_mark_comes_back_when_everything_before_it_has_sounded() {
        let t = crate::clock::now();
        let (mut playout, mut heard) = (Playout::default(), Vec::new());
        playout.media(t, sound(160));
        playout.mark(t, "a".into());
        playout.media(t + ms(5), sound(80));
        playout.mark(t + ms(5), "b".into());
        assert_eq!(playout.next_mark(), Some(t + ms(20)));
        playout.advance(t + ms(25), &mut heard);
        assert_eq!(heard[0], Heard::Sound { at: t, ulaw: sound(160) });
        assert_eq!(heard[1], Heard::Mark { at: t + ms(20), name: "a".into() });
        assert_eq!(heard[2], Heard::Sound { at: t + ms(20), ulaw: sound(40) });
        heard.clear();
        playout.advance(t + ms(40), &mut heard);
        assert_eq!(heard[1], Heard::Mark { at: t + ms(30), name: "b".into() });
    }

    #[test]
    fn a_mark_on_an_empty_line_comes_back_at_once() {
        let t = crate::clock::now();
        let (mut playout, mut heard) = (Playout::default(), Vec::new());
        playout.mark(t, "a".into());
        playout.advance(t, &mut heard);
        assert_eq!(heard, [Heard::Mark { at: t, name: "a".into() }]);
    }

    #[test]
    fn a_clear_keeps_what_sounded_and_returns_every_mark() {
        let t = crate::clock::now();
        let (mut playout, mut heard) = (Playout::default(), Vec::new());
        playout.media(t, sound(160));
        playout.mark(t, "a".into());
        playout.media(t, sound(160));
        playout.mark(t, "b".into());
        playout.advance(t + Duration::from_micros(30_060), &mut heard);
        let cleared = playout.clear();
        let sounded: usize = heard
            .iter()
            .map(|h| match h {
                Heard::Sound { ulaw, .. } => ulaw.len(),
                Heard::Mark { .. } => 0,
            })
            .sum();
        assert_eq!(sounded, 240, "the sample under way has not sounded");
        assert_eq!(cleared.marks, ["b"]);
        assert_eq!(cleared.unheard, [sound(160).slice(80..)]);
    }

    #[test]
    fn sound_that_comes_late_leaves_a_gap_and_loses_nothing() {
        let t = crate::clock::now();
        let (mut playout, mut heard) = (Playout::default(), Vec::new());
        playout.media(t, sound(160));
        playout.advance(t + ms(50), &mut heard);
        playout.media(t + ms(50), sound(160));
        playout.advance(t + ms(100), &mut heard);
        assert_eq!(
            heard,
            [Heard::Sound { at: t, ulaw: sound(160) }, Heard::Sound { at: t + ms(50), ulaw: sound(160) },]
        );
    }
}
