//! Which times are free.

use crate::Hours;
use jiff::{
    Timestamp, ToSpan, Zoned,
    civil::{Date, DateTime, Time},
    tz::{AmbiguousOffset, TimeZone},
};

/// A stretch of real time, its end not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Span {
    pub fn new(from: &Zoned, to: &Zoned) -> Self {
        Self { from: from.timestamp(), to: to.timestamp() }
    }

    /// Whether both have time in common; touching is not overlapping.
    pub fn overlaps(&self, other: &Span) -> bool {
        self.from < other.to && other.from < self.to
    }
}

/// At most this many slots are given, whatever is asked.
const MOST: usize = 2_000;

/// The starts of free appointments of `hours.slot` length within `range` (start not before its `from`, end not after
/// its `to`), in order, in the zone of `now`: on the raster of the opening hours ([`Hours::raster`]), not over anything
/// `busy` nor within the buffers beside it, with the notice that is due, and not further ahead than allowed.
pub fn free_slots(hours: &Hours, busy: &[Span], range: &Span, now: &Zoned) -> Vec<Zoned> {
    let zone = now.time_zone();
    let earliest = now.timestamp().checked_add(hours.notice).unwrap_or(now.timestamp()).max(range.from);
    let mut date = earliest.to_zoned(zone.clone()).date();
    let last = range.to.to_zoned(zone.clone()).date().min(hours.last_date(now));
    let mut taken: Vec<Span> = busy.iter().map(|span| hours.kept_free(span)).collect();
    taken.sort_unstable();
    let mut free = Vec::new();
    while date <= last && free.len() < MOST {
        for start in hours.raster(date, zone) {
            let slot = Span::new(&start, &hours.end_of(&start));
            let fits = slot.from >= earliest && slot.from > now.timestamp() && slot.to <= range.to;
            if fits && !taken.iter().any(|busy| busy.overlaps(&slot)) {
                free.push(start);
            }
        }
        let Ok(next) = date.tomorrow() else { break };
        date = next;
    }
    free
}

/// Up to `count` free slots close to `wanted` (the same day first, then the nearest time of the nearest days), in order
/// of time.
pub fn nearest_free(hours: &Hours, busy: &[Span], wanted: &Zoned, now: &Zoned, count: usize) -> Vec<Zoned> {
    let day_before = wanted.checked_sub(7.days()).unwrap_or_else(|_| wanted.clone());
    let later = wanted.checked_add(21.days()).unwrap_or_else(|_| wanted.clone());
    let mut free = free_slots(hours, busy, &Span::new(&day_before, &later), now);
    free.sort_by_key(|slot| {
        let days = wanted.date().until(slot.date()).map_or(i32::MAX, |span| span.get_days().abs());
        (days, slot.time().duration_since(wanted.time()).abs())
    });
    free.truncate(count);
    free.sort();
    free
}

/// This wall-clock time, the first of two where the clock is turned back, none where it is turned forward over it.
pub(crate) fn at(date: Date, time: Time, zone: &TimeZone) -> Option<Zoned> {
    let ambiguous = zone.to_ambiguous_zoned(date.to_datetime(time));
    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
        return None;
    }
    ambiguous.earlier().ok()
}

/// The first moment at which the clock shows this time or, having skipped it, a later one.
pub(crate) fn first(local: DateTime, zone: &TimeZone) -> Timestamp {
    let ambiguous = zone.to_ambiguous_zoned(local);
    let skipped = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
    let Ok(at) = ambiguous.compatible() else { return Timestamp::MAX };
    if !skipped {
        return at.timestamp();
    }
    // A skipped time is given as one that long after the change.
    let after = at.timestamp().checked_add(1.second()).unwrap_or(Timestamp::MAX);
    zone.preceding(after).next().map_or(at.timestamp(), |change| change.timestamp())
}
