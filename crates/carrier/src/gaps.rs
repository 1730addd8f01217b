//! Silence for sound that is missing between two frames, as the carrier's timestamps tell.
//!
//! Engines measure turns in sound, not in time: where frames are lost, a pause of the caller's would be shorter than it
//! was. Timestamps are believed within bounds: a gap is filled up to ten seconds, never more silence than that without as
//! much of the caller's own sound, and none where one frame after another comes behind a gap, as they count something else
//! then.

use bytes::Bytes;
use call::{Chunk, Format};

/// What frames may be apart without anything missing, in milliseconds.
const SLACK: u64 = 20;
/// More silence than this is not put in for the caller's own sound, in milliseconds.
const MOST: u64 = 10_000;
/// So many gaps in a row are none.
const ROW: u8 = 8;
/// A clock that has gone back by more than this began anew, in milliseconds.
const ANEW: u64 = 1_000;
/// Bytes of µ-law a millisecond.
const PER_MS: u64 = 8;
/// As much as is ever put in.
static SILENCE: [u8; (MOST * PER_MS) as usize] = [0xff; (MOST * PER_MS) as usize];

/// Where in time the caller's sound has got to.
#[derive(Debug, Default)]
pub struct Gaps {
    /// When the next frame begins if nothing is missing, in milliseconds.
    due: Option<u64>,
    /// Silence that was put in, less the sound that came since, in milliseconds.
    made_up: u64,
    /// Frames behind a gap, one after the other.
    row: u8,
}

impl Gaps {
    /// Silence for what is missing before this frame of µ-law, which begins at `at`, in milliseconds.
    pub fn before(&mut self, at: Option<u64>, frame: &Chunk) -> Option<Chunk> {
        let lasts = frame.bytes.len() as u64 / PER_MS;
        self.made_up = self.made_up.saturating_sub(lasts);
        let due = std::mem::replace(&mut self.due, at.map(|at| at.saturating_add(lasts)));
        let (at, due) = (at?, due?);
        if at < due && due - at < ANEW {
            self.due = self.due.max(Some(due));
        }
        let missing = at.saturating_sub(due);
        if missing <= SLACK {
            self.row = 0;
            return None;
        }
        self.row = (self.row + 1).min(ROW);
        let silence = missing.min(MOST - self.made_up);
        if self.row == ROW || silence == 0 {
            return None;
        }
        self.made_up += silence;
        let bytes = usize::try_from(silence * PER_MS).expect("ten seconds at most");
        Some(Chunk { format: Format::Ulaw, bytes: Bytes::from_static(&SILENCE[..bytes]) })
    }
}
