//! What time it is, for the simulator; the only place in it that asks.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Now. Follows tokio's clock, which tests can stop.
#[expect(clippy::disallowed_methods, reason = "the simulator's one clock")]
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Seconds since 1970, for what carries a date.
#[expect(clippy::disallowed_methods, reason = "the simulator's one wall clock")]
pub fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Waits till `when`; at once where it has passed.
pub async fn sleep_until(when: Instant) {
    tokio::time::sleep_until(tokio::time::Instant::from_std(when)).await;
}

/// Waits till `when`, for ever where there is none.
pub async fn sleep_until_any(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => std::future::pending().await,
    }
}

/// Beats at a fixed distance from one start, so that it never drifts: a late beat is followed by an early one.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    start: Instant,
    every: Duration,
    beats: u32,
}

impl Pace {
    /// The first beat is due at `start`.
    pub fn new(start: Instant, every: Duration) -> Self {
        Self { start, every, beats: 0 }
    }

    /// When the next beat is due.
    pub fn next(&self) -> Instant {
        self.start + self.every * self.beats
    }

    /// Counts a beat.
    pub fn beat(&mut self) {
        self.beats += 1;
    }
}
