//! Zones as calendars name them, and the `VTIMEZONE` that stands beside ours.

use super::{
    Unreadable,
    lines::{Component, Line, excerpt},
    series::{Budget, Rule},
    times::{civil, date_times},
    windows,
};
use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, DateTime, Weekday},
    tz::{Offset, TimeZone},
};
use std::collections::BTreeMap;
use when::Span;

/// How local times are read.
#[derive(Clone, Debug)]
pub(super) enum Zone {
    Known(TimeZone),
    /// By a `VTIMEZONE` that no name explains: its changes, in order.
    Custom(Vec<Onset>),
}

/// A change of the clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Onset {
    /// On the clock that is changed.
    at: DateTime,
    from: Offset,
    to: Offset,
}

/// The zones of one calendar object.
pub(super) struct Zones<'a> {
    calendar: &'a Component,
    floating: Zone,
    /// The clock changes of a custom zone are computed up to here.
    until: DateTime,
    read: BTreeMap<String, Zone>,
}

impl Zone {
    /// As RFC 5545 §3.3.5 reads a written time: one that is skipped by the offset before, one that is there twice is the
    /// first.
    pub fn instant(&self, at: DateTime) -> Result<Timestamp, Unreadable> {
        let instant = match self {
            Zone::Known(zone) => zone.to_ambiguous_timestamp(at).compatible(),
            Zone::Custom(onsets) => offset_at(onsets, at).to_timestamp(at),
        };
        instant.map_err(|_| Unreadable(format!("{at} is beyond all time")))
    }

    pub fn civil(&self, at: Timestamp) -> DateTime {
        match self {
            Zone::Known(zone) => zone.to_datetime(at),
            Zone::Custom(onsets) => {
                let began = |onset: &&Onset| onset.from.to_timestamp(onset.at).is_ok_and(|began| began <= at);
                let offset = onsets.iter().rev().find(began).map(|onset| onset.to);
                offset.unwrap_or_else(|| before_all(onsets)).to_datetime(at)
            }
        }
    }

    /// The IANA name, empty where there is none.
    pub fn name(&self) -> &str {
        match self {
            Zone::Known(zone) => zone.iana_name().unwrap_or_default(),
            Zone::Custom(_) => "",
        }
    }
}

impl<'a> Zones<'a> {
    pub fn new(calendar: &'a Component, floating: &TimeZone, until: DateTime) -> Self {
        let until = until.checked_add(2.years()).unwrap_or(DateTime::MAX);
        Self { calendar, floating: Zone::Known(floating.clone()), until, read: BTreeMap::new() }
    }

    /// The zone of a line's time: its `TZID`, or what floats.
    pub fn of(&mut self, line: &Line, budget: &mut Budget) -> Result<Zone, Unreadable> {
        let Some(name) = line.param("TZID") else { return Ok(self.floating.clone()) };
        if !self.read.contains_key(name) {
            let zone = self.find(name, budget)?;
            self.read.insert(name.to_owned(), zone);
        }
        Ok(self.read[name].clone())
    }

    pub fn utc() -> Zone {
        Zone::Known(TimeZone::UTC)
    }

    fn find(&self, name: &str, budget: &mut Budget) -> Result<Zone, Unreadable> {
        if let Some(zone) = named(name) {
            return Ok(Zone::Known(zone));
        }
        let own = self.calendar.components("VTIMEZONE").find(|zone| zone.words("TZID") == name);
        let own = own.ok_or_else(|| Unreadable(format!("nobody knows the zone {}", excerpt(name))))?;
        if let Some(zone) = named(&own.words("X-LIC-LOCATION")) {
            return Ok(Zone::Known(zone));
        }
        custom(own, self.until, budget)
    }
}

/// By IANA name, whatever stands before it (`/mozilla.org/20050126_1/Europe/Berlin`), or by Windows name.
fn named(name: &str) -> Option<TimeZone> {
    let name = name.trim();
    if name.is_empty() || name.len() > 200 {
        return None;
    }
    let iana = windows::iana(name).unwrap_or(name).trim_start_matches('/');
    let mut tails = std::iter::successors(Some(iana), |name| name.split_once('/').map(|(_, tail)| tail));
    tails.find_map(|tail| TimeZone::get(tail).ok().filter(|zone| zone.iana_name().is_some()))
}

fn custom(zone: &Component, until: DateTime, budget: &mut Budget) -> Result<Zone, Unreadable> {
    let mut onsets = Vec::new();
    for kind in ["STANDARD", "DAYLIGHT"] {
        for part in zone.components(kind) {
            let missing = || Unreadable(format!("a zone without its {kind} time"));
            let offset =
                |name: &str| part.line(name).and_then(|line| offset(&line.value)).ok_or_else(missing);
            let (from, to) = (offset("TZOFFSETFROM")?, offset("TZOFFSETTO")?);
            let start = civil(&part.line("DTSTART").ok_or_else(missing)?.value)?;
            let mut at = vec![start];
            for line in part.lines("RRULE") {
                let rule = Rule::read(&line.value)?;
                let local = |at: Timestamp| from.to_datetime(at);
                at.extend(rule.expand(start, &local, start.min(until), until, budget)?);
            }
            for line in part.lines("RDATE") {
                at.extend(date_times(line)?);
            }
            onsets.extend(at.into_iter().map(|at| Onset { at, from, to }));
        }
    }
    onsets.sort_by_key(|onset| onset.at);
    if onsets.is_empty() {
        Err(Unreadable("a zone without any time".to_owned()))
    } else {
        Ok(Zone::Custom(onsets))
    }
}

fn offset_at(onsets: &[Onset], at: DateTime) -> Offset {
    match onsets.iter().rev().find(|onset| onset.at <= at) {
        Some(onset) => {
            let skipped = SignedDuration::from_secs(i64::from(onset.to.seconds() - onset.from.seconds()));
            let resumes = onset.at.checked_add(skipped).unwrap_or(onset.at);
            if at < resumes { onset.from } else { onset.to }
        }
        None => before_all(onsets),
    }
}

fn before_all(onsets: &[Onset]) -> Offset {
    onsets.first().map_or(Offset::UTC, |onset| onset.from)
}

/// `+0100`, `-033000`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.trim().split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    if !matches!(digits.len(), 4 | 6) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let pair = |at: usize| digits.get(at..at + 2).map_or(0, |pair| pair.parse::<i32>().unwrap_or(0));
    Offset::from_seconds(sign * (pair(0) * 3600 + pair(2) * 60 + pair(4))).ok()
}

/// A `VTIMEZONE` that is right for all of `span`. Where the zone changes its clocks by the same rule every year, it has
/// one yearly rule each way, which is what Outlook can read; where it does not (Morocco), it lists the changes.
pub(super) fn component(zone: &TimeZone, span: Span) -> Component {
    let name = zone.iana_name().unwrap_or("UTC");
    let mut out = Component::new("VTIMEZONE", vec![Line::new("TZID", name)]);
    let mut changes = changes(zone, span);
    if let Some(yearly) = yearly(&changes) {
        for (change, rule) in yearly {
            out.parts.push(super::lines::Part::Component(observance(&change, Some(&rule))));
        }
        return out;
    }
    changes.retain(|change| change.kept);
    if changes.is_empty() {
        let offset = zone.to_offset(span.from);
        let at = Date::constant(1970, 1, 1).to_datetime(jiff::civil::Time::midnight());
        changes.push(Change { at, from: offset, to: offset, kept: true });
    }
    for change in &changes {
        out.parts.push(super::lines::Part::Component(observance(change, None)));
    }
    out
}

#[derive(Clone, Debug)]
struct Change {
    at: DateTime,
    from: Offset,
    to: Offset,
    /// It matters to the span itself, or to the year after it.
    kept: bool,
}

/// Enough years to tell a fourth Sunday from a last one.
const YEARS: i16 = 12;

fn changes(zone: &TimeZone, span: Span) -> Vec<Change> {
    // The two before make sure that both kinds of a yearly rule began before the span does.
    let first = zone.preceding(span.from).take(2).last().map_or(span.from, |change| change.timestamp());
    let since = first.checked_sub(SignedDuration::from_secs(1)).unwrap_or(first);
    let in_force = zone.preceding(span.from).next().map(|change| change.timestamp());
    let year_after = span.to.checked_add(SignedDuration::from_hours(24 * 366)).unwrap_or(span.to);
    let mut out = Vec::new();
    let mut from = zone.to_offset(since);
    let last_year = span.to.to_zoned(TimeZone::UTC).year().saturating_add(YEARS);
    for change in zone.following(since) {
        let (instant, to) = (change.timestamp(), change.offset());
        let at = from.to_datetime(instant);
        if at.year() > last_year || out.len() > 200 {
            break;
        }
        if to != from {
            let kept = in_force.is_none_or(|in_force| instant >= in_force) && instant <= year_after;
            out.push(Change { at, from, to, kept });
        }
        from = to;
    }
    out
}

/// The yearly rule of each of both changes, where there is one, and the first change that it makes.
fn yearly(changes: &[Change]) -> Option<Vec<(Change, String)>> {
    let mut out = Vec::new();
    for forward in [false, true] {
        let these: Vec<&Change> =
            changes.iter().filter(|change| (change.to > change.from) == forward).collect();
        let first = *these.first()?;
        let alike = |change: &&Change| {
            (change.at.month(), change.at.weekday(), change.at.time(), change.from, change.to)
                == (first.at.month(), first.at.weekday(), first.at.time(), first.from, first.to)
        };
        let every_year = these.windows(2).all(|pair| pair[1].at.year() == pair[0].at.year() + 1);
        if these.len() < usize::from(YEARS.unsigned_abs()) || !every_year || !these.iter().all(alike) {
            return None;
        }
        let nth = |change: &&Change| (change.at.day() - 1) / 7 + 1;
        let is_last = |change: &&Change| change.at.day() + 7 > change.at.date().days_in_month();
        let n = match nth(&first) {
            n if these.iter().all(|change| nth(change) == n) => n,
            _ if these.iter().all(is_last) => -1,
            _ => return None,
        };
        let (month, day) = (first.at.month(), weekday(first.at.weekday()));
        out.push((first.clone(), format!("FREQ=YEARLY;BYMONTH={month};BYDAY={n}{day}")));
    }
    Some(out)
}

fn observance(change: &Change, rule: Option<&str>) -> Component {
    let kind = if change.to > change.from { "DAYLIGHT" } else { "STANDARD" };
    let mut lines = vec![Line::new("DTSTART", change.at.strftime("%Y%m%dT%H%M%S").to_string())];
    lines.extend(rule.map(|rule| Line::new("RRULE", rule)));
    lines.push(Line::new("TZOFFSETFROM", signed(change.from)));
    lines.push(Line::new("TZOFFSETTO", signed(change.to)));
    Component::new(kind, lines)
}

fn signed(offset: Offset) -> String {
    let seconds = offset.seconds();
    let (sign, seconds) = (if seconds < 0 { '-' } else { '+' }, seconds.abs());
    let odd = if seconds % 60 == 0 { String::new() } else { format!("{:02}", seconds % 60) };
    format!("{sign}{:02}{:02}{odd}", seconds / 3600, seconds / 60 % 60)
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "MO",
        Weekday::Tuesday => "TU",
        Weekday::Wednesday => "WE",
        Weekday::Thursday => "TH",
        Weekday::Friday => "FR",
        Weekday::Saturday => "SA",
        Weekday::Sunday => "SU",
    }
}
