//! When not to wake anybody, and when to remind.

use jiff::{Timestamp, ToSpan, Zoned, civil::Time};
use std::time::Duration;

/// The hours of every day in which no telephone is to beep, by the owner's clock. They may go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    pub from: Time,
    pub to: Time,
}

/// How long before an appointment a text still makes sense that had to wait for the morning.
const STILL_OF_USE: Duration = Duration::from_secs(60 * 60);

impl Quiet {
    /// The quiet stretch that `at` is in: its beginning and its end.
    pub fn around(&self, at: &Zoned) -> Option<(Timestamp, Timestamp)> {
        let (time, day) = (at.time(), at.date());
        let over_midnight = self.from > self.to;
        let (first, last) = match (over_midnight, time >= self.from, time < self.to) {
            (false, true, true) => (day, day),
            (true, true, _) => (day, day.tomorrow().ok()?),
            (true, false, true) => (day.yesterday().ok()?, day),
            (false, _, _) | (true, false, false) => return None,
        };
        let zone = at.time_zone();
        let from = first.to_datetime(self.from).to_zoned(zone.clone()).ok()?;
        let to = last.to_datetime(self.to).to_zoned(zone.clone()).ok()?;
        (from.timestamp() <= at.timestamp() && at.timestamp() < to.timestamp())
            .then(|| (from.timestamp(), to.timestamp()))
    }

    /// When a text may be sent that is due at `at`, about an appointment that starts then: at once, or where it can wait,
    /// once it is no longer quiet.
    pub fn put_off(&self, at: &Zoned, starts: Timestamp) -> Timestamp {
        match self.around(at) {
            Some((_, to)) if of_use(to, starts) => to,
            Some(_) | None => at.timestamp(),
        }
    }
}

/// When to remind of an appointment that starts at `starts` and was agreed at `agreed`: `before` it, or where that is in
/// quiet hours, after them, or else before them. None where it is agreed later than that.
pub fn reminder_due(
    starts: &Zoned,
    agreed: Timestamp,
    before: Duration,
    quiet: Option<Quiet>,
) -> Option<Timestamp> {
    if before.is_zero() {
        return None;
    }
    let due = starts.checked_sub(i64::try_from(before.as_secs()).ok()?.seconds()).ok()?;
    if due.timestamp() <= agreed {
        return None;
    }
    let due = match quiet.and_then(|quiet| quiet.around(&due)) {
        Some((_, to)) if of_use(to, starts.timestamp()) => to,
        Some((from, _)) => from,
        None => due.timestamp(),
    };
    (due > agreed).then_some(due)
}

fn of_use(at: Timestamp, starts: Timestamp) -> bool {
    at.checked_add(STILL_OF_USE).is_ok_and(|at| at <= starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NIGHT: Quiet = Quiet { from: Time::constant(21, 0, 0, 0), to: Time::constant(8, 0, 0, 0) };
    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn at(text: &str) -> Zoned {
        format!("{text}[Europe/Berlin]").parse().expect("a time")
    }

    fn due(starts: &str, agreed: &str, hours: u32) -> Option<String> {
        let due = reminder_due(&at(starts), at(agreed).timestamp(), HOUR * hours, Some(NIGHT))?;
        Some(due.to_zoned(at(starts).time_zone().clone()).strftime("%d %H:%M").to_string())
    }

    #[test]
    fn a_reminder_comes_the_day_before_and_wakes_nobody() {
        assert_eq!(due("2026-11-24T10:00", "2026-11-20T10:00", 24).as_deref(), Some("23 10:00"));
        // Six in the morning is too early: at eight; but not where that leaves no hour.
        assert_eq!(due("2026-11-24T10:00", "2026-11-20T10:00", 4).as_deref(), Some("24 08:00"));
        assert_eq!(due("2026-11-24T08:30", "2026-11-20T10:00", 2).as_deref(), Some("23 21:00"));
        // Agreed too late.
        assert_eq!(due("2026-11-24T10:00", "2026-11-23T11:00", 24), None);
        assert_eq!(due("2026-11-24T08:30", "2026-11-23T22:00", 2), None);
        assert_eq!(due("2026-11-24T10:00", "2026-11-20T10:00", 0), None);
    }

    #[test]
    fn quiet_hours_go_over_midnight_and_over_clock_changes() {
        assert!(NIGHT.around(&at("2026-11-24T20:59")).is_none());
        assert!(NIGHT.around(&at("2026-11-24T08:00")).is_none());
        for inside in ["2026-11-24T21:00", "2026-11-24T23:59", "2026-11-24T00:00", "2026-11-24T07:59"] {
            assert!(NIGHT.around(&at(inside)).is_some(), "{inside}");
        }
        let (from, to) = NIGHT.around(&at("2026-03-29T04:00")).expect("the night of the change");
        assert_eq!(to.duration_since(from).as_secs(), 10 * 60 * 60);
        let noon = Quiet { from: Time::constant(12, 0, 0, 0), to: Time::constant(13, 0, 0, 0) };
        assert!(noon.around(&at("2026-11-24T12:30")).is_some());
        assert!(noon.around(&at("2026-11-24T21:30")).is_none());
    }

    #[test]
    fn a_late_text_waits_for_the_morning_where_it_can() {
        let starts = at("2026-11-24T10:00").timestamp();
        let late = at("2026-11-23T22:00");
        assert_eq!(NIGHT.put_off(&late, starts), at("2026-11-24T08:00").timestamp());
        assert_eq!(NIGHT.put_off(&late, at("2026-11-24T08:30").timestamp()), late.timestamp());
        let day = at("2026-11-23T12:00");
        assert_eq!(NIGHT.put_off(&day, starts), day.timestamp());
    }
}
