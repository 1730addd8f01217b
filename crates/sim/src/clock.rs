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

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the simulator's one wall clock")]
pub fn unix_milliseconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// Now as ISO 8601 in UTC, with milliseconds.
pub fn timestamp() -> String {
    let now = unix_milliseconds();
    let day = calendar_day(now / 86_400_000);
    let (hour, minute) = (now / 3_600_000 % 24, now / 60_000 % 60);
    format!("{}T{hour:02}:{minute:02}:{:02}.{:03}Z", day, now / 1_000 % 60, now % 1_000)
}

/// Now as mails write it.
pub fn mail_date() -> String {
    crate::twilio::messages::rfc_2822(unix_seconds())
}

/// `2026-01-31`, so many days after 1970 began: civil-from-days, counting years from March.
fn calendar_day(day: u64) -> String {
    let shifted = day + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    format!("{}-{month:02}-{of_month:02}", year + era * 400 + u64::from(month <= 2))
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
