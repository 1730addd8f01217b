//! When the line last made a sound, and the silence that takes its place: services that measure turns in sound and not in
//! time would never end one on a line that sends none.

use call::Chunk;
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub(crate) struct Stillness {
    heard_at: Option<Instant>,
    /// Silence made up since then.
    made_up: Duration,
}

/// What is to be done about a line on which the caller speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Still {
    /// It sounds. To be looked at again then.
    Not(Instant),
    /// Silence of this length is to be sent, and the line looked at again after as long.
    For(Duration),
    /// Enough silence was sent.
    TooLong,
}

/// How long a line may be still while the caller speaks; then silence takes the place of its sound, so much at once
/// and no more than so much.
const STILL: Duration = Duration::from_millis(750);
pub(crate) const SILENCE: Duration = Duration::from_secs(1);
const MADE_UP: Duration = Duration::from_secs(10);

impl Stillness {
    /// The line made this sound. Gives what of it is still to be sent: where frames were lost, the line itself puts silence
    /// before the next, in one piece, and what has been made up since stands for the beginning of that.
    pub(crate) fn hear(&mut self, now: Instant, chunk: &Chunk) -> Chunk {
        self.heard_at = Some(now);
        let made_up = std::mem::take(&mut self.made_up);
        if !made_up.is_zero() && chunk.bytes == chunk.format.silence(chunk.duration()) {
            return chunk.after(made_up);
        }
        chunk.clone()
    }

    /// The caller begins to speak. Gives when the line is to be looked at.
    pub(crate) fn begin(&mut self, now: Instant) -> Instant {
        self.made_up = Duration::ZERO;
        (self.heard_at.unwrap_or(now) + STILL).max(now)
    }

    /// When the line's last sound came.
    pub(crate) fn heard_at(&self) -> Option<Instant> {
        self.heard_at
    }

    /// Looks at the line while the caller speaks.
    pub(crate) fn look(&mut self, now: Instant) -> Still {
        if self.made_up >= MADE_UP {
            return Still::TooLong;
        }
        let still = self.heard_at.map_or(STILL, |at| now.saturating_duration_since(at));
        if still < STILL {
            return Still::Not(now + STILL.saturating_sub(still));
        }
        self.made_up += SILENCE;
        Still::For(SILENCE)
    }
}
