//! Other people's calendars: which times their events take, series worked out.

use super::{
    Unreadable,
    lines::{Component, Line, excerpt},
    series::{Budget, Rule},
    times::{At, Length, at, beyond, civil, duration, period},
    write::whole_seconds,
    zone::{Zone, Zones},
};
use jiff::{
    SignedDuration, Timestamp,
    civil::{DateTime, Time},
    tz::TimeZone,
};
use std::collections::{BTreeMap, BTreeSet};
use when::Span;

/// Reading gives up at more occurrences than this.
pub const MOST: usize = 20_000;

/// An event at one of its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    pub uid: String,
    /// Which one it is, where it is one of a series: the start that the series gives it.
    pub instance: Option<Timestamp>,
    pub span: Span,
    /// IANA name of the zone in which its start is written; of the owner's where it floats or lasts all day; empty where
    /// the zone has no such name.
    pub zone: String,
    pub all_day: bool,
    pub summary: String,
    pub description: String,
    /// Mail addresses, and names where there is no address.
    pub attendees: Vec<String>,
    /// It takes time: tentative events do, those marked as free do not, nor those that `me` has declined.
    pub busy: bool,
}

/// The occurrences within `range` of all events in `text`, which is one `VCALENDAR` or several, in order of start, without
/// cancelled ones. What floats and what lasts all day is in the zone `floating`; `me` is the owner's mail address as far
/// as it is known, else empty.
///
/// An event that cannot be placed in time for certain is an error that names it. So is more than [`MOST`].
pub fn occurrences(
    text: &str,
    range: Span,
    floating: &TimeZone,
    me: &str,
) -> Result<Vec<Occurrence>, Unreadable> {
    let mut out = Vec::new();
    let mut budget = Budget::default();
    let until = floating.to_datetime(range.to);
    for calendar in Component::read(text)? {
        let mut zones = Zones::new(&calendar, floating, until);
        let mut events: BTreeMap<String, Vec<&Component>> = BTreeMap::new();
        for event in calendar.components("VEVENT") {
            events.entry(event.words("UID")).or_default().push(event);
        }
        for (uid, same) in events {
            let mut reading = Reading { uid: &uid, range, me, zones: &mut zones, budget: &mut budget };
            let named = |why: Unreadable| {
                let name = same.first().map(|event| event.words("SUMMARY")).unwrap_or_default();
                Unreadable(format!("the event {:?} cannot be read: {why}", excerpt(&name)))
            };
            reading.event(&same, &mut out).map_err(named)?;
        }
    }
    out.sort_by(|a, b| (a.span, &a.uid).cmp(&(b.span, &b.uid)));
    Ok(out)
}

/// The times that a `VFREEBUSY` says are taken, for certain or tentatively.
pub fn free_busy(text: &str) -> Result<Vec<Span>, Unreadable> {
    let mut out = Vec::new();
    let mut told = false;
    for calendar in Component::read(text)? {
        for part in calendar.components("VFREEBUSY") {
            told = true;
            for line in part.lines("FREEBUSY") {
                if line.param("FBTYPE").is_some_and(|kind| kind.eq_ignore_ascii_case("FREE")) {
                    continue;
                }
                for value in line.value.split(',') {
                    let Span { from, to } = period(value)?;
                    if out.len() == MOST {
                        return Err(too_many());
                    }
                    out.extend((from < to).then_some(Span { from, to }));
                }
            }
        }
    }
    if told { Ok(out) } else { Err(Unreadable("it does not tell what is taken".to_owned())) }
}

/// Where an event begins, and how long it lasts.
pub(super) struct Placed {
    start: DateTime,
    zone: Zone,
    all_day: bool,
    length: Length,
}

struct Reading<'a, 'z> {
    uid: &'a str,
    range: Span,
    me: &'a str,
    zones: &'a mut Zones<'z>,
    budget: &'a mut Budget,
}

/// One time of a series that somebody has changed.
struct Override<'a> {
    event: &'a Component,
    placed: Placed,
    instead_of: DateTime,
    instant: Timestamp,
    date_only: bool,
    and_future: bool,
}

impl Reading<'_, '_> {
    /// All that there is about one `UID`: the event itself, and times of it that are otherwise.
    fn event(&mut self, same: &[&Component], out: &mut Vec<Occurrence>) -> Result<(), Unreadable> {
        let mut overrides = Vec::new();
        for event in same {
            if let Some(line) = event.line("RECURRENCE-ID") {
                overrides.push(self.overriding(event, line)?);
            }
        }
        for event in same.iter().filter(|event| event.line("RECURRENCE-ID").is_none()) {
            if !is_cancelled(event) {
                self.series(event, &overrides, out)?;
            }
        }
        for other in overrides.iter().filter(|other| !is_cancelled(other.event)) {
            let span = other.placed.span()?;
            self.give(other.event, &other.placed, span, Some(other.instant), out)?;
        }
        Ok(())
    }

    fn overriding<'e>(&mut self, event: &'e Component, line: &Line) -> Result<Override<'e>, Unreadable> {
        let placed = if is_cancelled(event) && event.line("DTSTART").is_none() {
            Placed {
                start: civil(&line.value)?,
                zone: Zones::utc(),
                all_day: false,
                length: Length { days: 0, exact: SignedDuration::ZERO },
            }
        } else {
            place(event, self.zones, self.budget)?
        };
        let (zone, at) = (self.zones.of(line, self.budget)?, at(&line.value)?);
        let instant = at.instant(&zone)?;
        let and_future = line.param("RANGE").is_some_and(|range| range.eq_ignore_ascii_case("THISANDFUTURE"));
        let date_only = matches!(at, At::Date(_));
        Ok(Override { event, placed, instead_of: civil(&line.value)?, instant, date_only, and_future })
    }

    fn series(
        &mut self,
        event: &Component,
        overrides: &[Override<'_>],
        out: &mut Vec<Occurrence>,
    ) -> Result<(), Unreadable> {
        let placed = place(event, self.zones, self.budget)?;
        let repeats = ["RRULE", "RDATE"].iter().any(|name| event.line(name).is_some());
        if !repeats && overrides.is_empty() {
            return self.give(event, &placed, placed.span()?, None, out);
        }
        let mut excluded = BTreeSet::new();
        let mut excluded_dates = BTreeSet::new();
        for line in event.lines("EXDATE") {
            let zone = self.zones.of(line, self.budget)?;
            for value in line.value.split(',') {
                match at(value)? {
                    At::Date(date) => drop(excluded_dates.insert(date)),
                    at @ (At::Local(_) | At::Utc(_)) => drop(excluded.insert(at.instant(&zone)?)),
                }
            }
        }
        for (start, length) in self.starts(event, &placed, overrides)? {
            let instant = placed.zone.instant(start)?;
            let replaced = |other: &Override| {
                other.instant == instant || (other.date_only && other.instead_of.date() == start.date())
            };
            if excluded.contains(&instant)
                || excluded_dates.contains(&start.date())
                || overrides.iter().any(replaced)
            {
                continue;
            }
            let future = overrides.iter().filter(|other| other.and_future && other.instant < instant);
            match future.max_by_key(|other| other.instant) {
                Some(other) if is_cancelled(other.event) => {}
                Some(other) => {
                    let base = placed.zone.civil(other.instant);
                    let since = base.duration_until(start);
                    let start = other.placed.start.checked_add(since).map_err(|_| beyond())?;
                    let span = other.placed.span_at(start, other.placed.length)?;
                    self.give(other.event, &other.placed, span, Some(instant), out)?;
                }
                None => {
                    let span = placed.span_at(start, length)?;
                    self.give(event, &placed, span, Some(instant), out)?;
                }
            }
        }
        Ok(())
    }

    /// When the times of a series begin that could matter to the range, and how long each lasts.
    fn starts(
        &mut self,
        event: &Component,
        placed: &Placed,
        overrides: &[Override<'_>],
    ) -> Result<BTreeMap<DateTime, Length>, Unreadable> {
        // Whoever moved all future ones moved them by so much.
        let moved = overrides.iter().filter(|other| other.and_future).map(|other| {
            other.instead_of.duration_until(other.placed.start).abs() + other.placed.length.about()
        });
        let room = moved.max().unwrap_or(SignedDuration::ZERO)
            + placed.length.about()
            + SignedDuration::from_hours(48);
        let local = |at: Timestamp| placed.zone.civil(at);
        let from = local(self.range.from).checked_sub(room).unwrap_or(DateTime::MIN);
        let to = local(self.range.to).checked_add(room).unwrap_or(DateTime::MAX);
        let mut starts = BTreeMap::from([(placed.start, placed.length)]);
        for line in event.lines("RRULE") {
            let rule = Rule::read(&line.value)?;
            for start in rule.expand(placed.start, &local, from, to, self.budget)? {
                starts.insert(start, placed.length);
            }
        }
        for line in event.lines("RDATE") {
            let zone = self.zones.of(line, self.budget)?;
            for value in line.value.split(',') {
                self.budget.spend(1)?;
                let (start, end) =
                    value.split_once('/').map_or((value, None), |(start, end)| (start, Some(end)));
                let instant = at(start)?.instant(&zone)?;
                let length = match end {
                    None => placed.length,
                    Some(end) if end.starts_with(['P', '+', '-']) => duration(end)?,
                    Some(end) => Length::between(instant, at(end)?.instant(&zone)?)?,
                };
                starts.insert(local(instant), length);
            }
        }
        Ok(starts)
    }

    fn give(
        &mut self,
        event: &Component,
        placed: &Placed,
        span: Span,
        instance: Option<Timestamp>,
        out: &mut Vec<Occurrence>,
    ) -> Result<(), Unreadable> {
        let within = span.overlaps(&self.range)
            || (span.from == span.to && self.range.from <= span.from && span.from < self.range.to);
        if !within {
            return Ok(());
        }
        if out.len() == MOST {
            return Err(too_many());
        }
        let transparent = event.words("TRANSP").trim().eq_ignore_ascii_case("TRANSPARENT");
        out.push(Occurrence {
            uid: self.uid.to_owned(),
            instance,
            span,
            zone: placed.zone.name().to_owned(),
            all_day: placed.all_day,
            summary: event.words("SUMMARY"),
            description: event.words("DESCRIPTION"),
            attendees: attendees(event),
            busy: !transparent && !self.has_declined(event) && span.from < span.to,
        });
        Ok(())
    }

    fn has_declined(&self, event: &Component) -> bool {
        !self.me.is_empty()
            && event.lines("ATTENDEE").any(|line| {
                mail_of(line).is_some_and(|mail| mail.eq_ignore_ascii_case(self.me))
                    && line.param("PARTSTAT").is_some_and(|said| said.eq_ignore_ascii_case("DECLINED"))
            })
    }
}

impl Placed {
    pub fn span(&self) -> Result<Span, Unreadable> {
        self.span_at(self.start, self.length)
    }

    fn span_at(&self, start: DateTime, length: Length) -> Result<Span, Unreadable> {
        let from = self.zone.instant(start)?;
        let to = if length.days == 0 {
            from.checked_add(length.exact).map_err(|_| beyond())?
        } else {
            length.after(start, &self.zone)?
        };
        Ok(whole_seconds(Span { from, to }))
    }
}

/// Where an event stands in time.
pub(super) fn place(
    event: &Component,
    zones: &mut Zones<'_>,
    budget: &mut Budget,
) -> Result<Placed, Unreadable> {
    let line = event.line("DTSTART").ok_or_else(|| Unreadable("it has no start".to_owned()))?;
    let written = at(&line.value)?;
    let zone = if matches!(written, At::Utc(_)) { Zones::utc() } else { zones.of(line, budget)? };
    let start = match written {
        At::Date(date) => date.to_datetime(Time::midnight()),
        At::Local(at) => at,
        At::Utc(at) => zone.civil(at),
    };
    let all_day = matches!(written, At::Date(_));
    let instant = written.instant(&zone)?;
    let length = match (event.line("DTEND"), event.line("DURATION")) {
        (Some(end), _) => {
            let value = at(&end.value)?;
            let end_zone = zones.of(end, budget)?;
            match (written, value) {
                // A day is meant even where it is said to end on the day on which it begins.
                (At::Date(from), At::Date(to)) if from == to => {
                    Length { days: 1, exact: SignedDuration::ZERO }
                }
                (At::Date(from), At::Date(to)) => {
                    let days = from.duration_until(to).as_hours() / 24;
                    let days = i32::try_from(days).ok().filter(|days| *days > 0);
                    let days = days.ok_or_else(|| Unreadable("it ends before it begins".to_owned()))?;
                    Length { days, exact: SignedDuration::ZERO }
                }
                _ => Length::between(instant, value.instant(&end_zone)?)?,
            }
        }
        (None, Some(line)) => duration(&line.value)?,
        (None, None) => Length { days: i32::from(all_day), exact: SignedDuration::ZERO },
    };
    Ok(Placed { start, zone, all_day, length })
}

fn attendees(event: &Component) -> Vec<String> {
    let contacts = event.lines("CONTACT").map(Line::words);
    let invited = event
        .lines("ATTENDEE")
        .filter_map(|line| mail_of(line).or_else(|| line.param("CN")).map(str::to_owned));
    contacts.chain(invited).take(1_000).collect()
}

fn mail_of(line: &Line) -> Option<&str> {
    let scheme = line.value.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"))?;
    Some(line.value[scheme.len()..].trim())
}

fn is_cancelled(event: &Component) -> bool {
    event.words("STATUS").trim().eq_ignore_ascii_case("CANCELLED")
}

fn too_many() -> Unreadable {
    Unreadable(format!("there are more than {MOST} events"))
}
