//! Moments and lengths as a person reads them, in the owner's time zone.

use jiff::{Timestamp, Zoned, tz::TimeZone};

/// Milliseconds since 1970, in this zone.
pub(super) fn zoned(ms: i64, zone: &TimeZone) -> Zoned {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone())
}

/// `Tuesday, 24 November 2026`
pub(super) fn day(time: &Zoned) -> String {
    time.strftime("%A, %-d %B %Y").to_string()
}

/// `24 Nov 2026`, for lists.
pub(super) fn short_day(time: &Zoned) -> String {
    time.strftime("%-d %b %Y").to_string()
}

/// `10:30`
pub(super) fn clock(time: &Zoned) -> String {
    time.strftime("%H:%M").to_string()
}

/// For machines: `2026-11-24T10:30:00-05:00`.
pub(super) fn machine(time: &Zoned) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// A moment, for people and for machines.
pub(super) struct Moment {
    pub(super) named: String,
    pub(super) machine: String,
}

impl Moment {
    /// Milliseconds since 1970, in this zone, as `Tuesday, 24 November 2026, 10:30`.
    pub(super) fn of(ms: i64, zone: &TimeZone) -> Self {
        Self::said(&zoned(ms, zone), day)
    }

    /// The same as `24 Nov 2026, 10:30`, for lists of what is over.
    pub(super) fn short(ms: i64, zone: &TimeZone) -> Self {
        Self::said(&zoned(ms, zone), short_day)
    }

    fn said(at: &Zoned, day: fn(&Zoned) -> String) -> Self {
        Self { named: format!("{}, {}", day(at), clock(at)), machine: machine(at) }
    }
}

/// What a time zone is called.
pub(super) fn zone_name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("local time")
}

/// `0:05`, `12:40`, `1:02:03`
pub(super) fn length(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_in_the_owners_zone_across_its_clock_changes() {
        let zone = TimeZone::get("America/New_York").expect("a zone");
        let before = zoned(1_793_511_000_000, &zone);
        assert_eq!((day(&before), clock(&before)), ("Sunday, 1 November 2026".into(), "01:30".into()));
        let hour_later = zoned(1_793_514_600_000, &zone);
        assert_eq!(clock(&hour_later), "01:30");
        assert_eq!(machine(&before), "2026-11-01T01:30:00-04:00");
        assert_eq!(machine(&hour_later), "2026-11-01T01:30:00-05:00");
    }

    #[test]
    fn lengths_are_minutes_and_seconds() {
        assert_eq!(
            [-5, 0, 5_999, 760_000, 3_723_000].map(length),
            ["0:00", "0:00", "0:05", "12:40", "1:02:03"]
        );
    }
}
