//! The input as the session's clock: what is sent must flow as time does, without holes and without bursts.
//!
//! The service's time advances with the sound that it is sent; without any it neither speaks nor takes what it is
//! told. So a line that is still is filled up with silence, a frame a frame's time, and a burst after a gap that was
//! filled is cut, or the session would hear the caller later and later. What waits when the session begins is the
//! caller's, and nobody has heard it: that is played to the service in time, without its longer silences.

use call::{Chunk, Format};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// How long a line may be still before silence takes the place of its sound.
const STILL: Duration = Duration::from_millis(200);
/// What is made up at once.
pub(super) const FRAME: Duration = Duration::from_millis(20);
/// Further ahead of time than this, silence is left out.
const AHEAD: Duration = Duration::from_millis(60);
/// Further ahead than this, nothing is sent.
const FAR_AHEAD: Duration = Duration::from_millis(500);
/// A recording that waits to be played to the service may be as long as this, and what waits when it begins as this.
const RECORDING: Duration = Duration::from_secs(120);
const BACKLOG: Duration = Duration::from_secs(20);
/// So long after the beginning, what comes too fast has waited for it.
const BEGINNING: Duration = Duration::from_secs(1);
/// Of what has waited no silence is played that is longer than this.
const GAP: Duration = Duration::from_millis(300);

#[derive(Debug, Default)]
pub(super) struct Clock {
    /// Up to when there is sound; nothing before the session began.
    edge: Option<Instant>,
    began: Option<Instant>,
    /// What waits: a recording of a line that takes turns, or what was said before the session began.
    queue: VecDeque<Chunk>,
    queued: Duration,
    /// How much silence what waits ends with.
    silent: Duration,
}

impl Clock {
    pub(super) fn start(&mut self, now: Instant) {
        self.edge = Some(now);
        self.began = Some(now);
    }

    /// Whether what comes now has to wait, because something does already, or has waited.
    pub(super) fn is_behind(&self, now: Instant) -> bool {
        let lead = self.edge.map(|edge| edge.saturating_duration_since(now)).unwrap_or_default();
        let beginning = self.began.is_some_and(|began| now < began + BEGINNING);
        !self.queue.is_empty() || beginning && lead > AHEAD
    }

    /// Has this wait, unless it is silence of which there is enough. Says whether there was room for it.
    pub(super) fn wait(&mut self, chunk: Chunk, loud: bool) -> bool {
        self.silent = if loud { Duration::ZERO } else { self.silent + chunk.duration() };
        if self.silent > GAP {
            return true;
        }
        self.queued + chunk.duration() <= BACKLOG && self.keep(chunk)
    }

    /// How much of a chunk of this length may be sent now.
    pub(super) fn room(&mut self, now: Instant, length: Duration, loud: bool) -> Duration {
        let Some(edge) = &mut self.edge else { return Duration::ZERO };
        // What was lost for good is not waited for for ever.
        *edge = (*edge).max(now.checked_sub(STILL).unwrap_or(now));
        let lead = edge.saturating_duration_since(now);
        if loud {
            length.min(FAR_AHEAD.saturating_sub(lead))
        } else if lead > AHEAD {
            Duration::ZERO
        } else {
            // However much of it comes at once, it takes no time from what is said next.
            length.min((now + AHEAD + FRAME).saturating_duration_since(*edge))
        }
    }

    /// So much was sent.
    pub(super) fn sent(&mut self, length: Duration) {
        if let Some(edge) = &mut self.edge {
            *edge += length;
        }
    }

    /// When the next frame must be sent, if the line sends none.
    pub(super) fn due(&self) -> Option<Instant> {
        Some(if self.queue.is_empty() { self.edge? + STILL } else { self.edge? })
    }

    /// Whether a frame is due. After a pause of ours what was missed is not made up for.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let patience = if self.queue.is_empty() { STILL } else { Duration::ZERO };
        let Some(edge) = &mut self.edge else { return false };
        *edge = (*edge).max(now.checked_sub(patience + 2 * FRAME).unwrap_or(now));
        *edge + patience <= now
    }

    /// Keeps a part of a recording. Says whether there was room for it.
    pub(super) fn keep(&mut self, chunk: Chunk) -> bool {
        let room = self.queued + chunk.duration() <= RECORDING;
        if room {
            self.queued += chunk.duration();
            self.queue.push_back(chunk);
        }
        room
    }

    /// The next frame of the recording.
    pub(super) fn next(&mut self, format: Format) -> Option<Chunk> {
        let mut chunk = self.queue.pop_front()?;
        let rest = chunk.after(FRAME);
        if !rest.bytes.is_empty() {
            self.queue.push_front(rest);
        }
        chunk.bytes.truncate(format.bytes(FRAME));
        self.queued = self.queued.saturating_sub(chunk.duration());
        Some(chunk)
    }

    /// How long the recording will take that waits.
    pub(super) fn waiting(&self) -> Duration {
        self.queued
    }
}
