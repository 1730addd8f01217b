//! Our appointments as text: a file for a mail, a feed, and the object that stands in a calendar elsewhere.

use super::{
    Appointment, File, Person, Unreadable,
    lines::{Component, Line, Part},
    read::place,
    series::Budget,
    zone::{self, Zones},
};
use crate::calendar::remote::Event;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use std::{collections::BTreeMap, time::Duration};
use when::Span;

const PRODUCT: &str = "-//Earpiece//Earpiece//EN";

/// The file about one appointment that goes with a mail: an invitation, or its withdrawal where it is cancelled.
///
/// Without an organizer's mail address there is nobody whom a mail program could answer, and RFC 5546 forbids `REQUEST` and
/// `CANCEL`: then the file only tells (`PUBLISH`).
pub fn mail(appointment: &Appointment, now: Timestamp) -> File {
    let answerable = appointment.organizer.as_ref().is_some_and(|organizer| is_mail(&organizer.mail));
    let (method, content_type) = match (answerable, appointment.cancelled) {
        (true, false) => ("REQUEST", "text/calendar; charset=utf-8; method=REQUEST"),
        (true, true) => ("CANCEL", "text/calendar; charset=utf-8; method=CANCEL"),
        (false, _) => ("PUBLISH", "text/calendar; charset=utf-8; method=PUBLISH"),
    };
    let head = vec![Line::new("METHOD", method)];
    File { text: calendar(head, std::slice::from_ref(appointment), now), content_type }
}

/// A calendar of all these appointments, for programs that subscribe to it and ask again every `refresh`. Serve it as
/// `text/calendar; charset=utf-8`.
pub fn feed(name: &str, appointments: &[Appointment], refresh: Duration, now: Timestamp) -> String {
    let refresh = format!("PT{}M", (refresh.as_secs() / 60).max(1));
    let head = vec![
        Line::new("METHOD", "PUBLISH"),
        Line::text("NAME", name),
        Line::text("X-WR-CALNAME", name),
        Line::new("REFRESH-INTERVAL", refresh.clone()).with("VALUE", "DURATION"),
        Line::new("X-PUBLISHED-TTL", refresh),
    ];
    calendar(head, appointments, now)
}

/// Our event as it is put into a calendar elsewhere.
///
/// Those who come are `CONTACT`s: an `ATTENDEE` would make some servers (RFC 6638) send mails of their own beside ours.
pub(in crate::calendar) fn object(event: &Event, now: Timestamp) -> String {
    let zone = zone_of(&event.zone);
    let mut entry = Component::new("VEVENT", vec![Line::new("UID", uid(&event.id))]);
    entry.push(Line::new("DTSTAMP", utc(now)));
    entry.push(Line::new("CREATED", utc(now)));
    entry.push(Line::new("LAST-MODIFIED", utc(now)));
    entry.push(Line::new("SEQUENCE", "0"));
    entry.push(time("DTSTART", event.span.from, zone.as_ref()));
    entry.push(time("DTEND", event.span.to, zone.as_ref()));
    entry.push(Line::text("SUMMARY", &event.summary));
    if !event.description.is_empty() {
        entry.push(Line::text("DESCRIPTION", &event.description));
    }
    for attendee in &event.attendees {
        entry.push(Line::text("CONTACT", attendee));
    }
    entry.push(Line::new("STATUS", "CONFIRMED"));
    entry.push(Line::new("TRANSP", if event.busy { "OPAQUE" } else { "TRANSPARENT" }));
    let mut out = head();
    out.parts.extend(zone.map(|zone| Part::Component(zone::component(&zone, event.span))));
    out.parts.push(Part::Component(entry));
    text(&out)
}

/// The `UID` of what has this id.
pub(in crate::calendar) fn uid(id: &str) -> String {
    format!("{id}@earpiece")
}

/// The id of what has this `UID`, where it is ours.
pub(in crate::calendar) fn id(uid: &str) -> Option<&str> {
    uid.strip_suffix("@earpiece")
}

/// Whether an event of this `UID` is in it.
pub(in crate::calendar) fn holds(object: &str, uid: &str) -> Result<bool, Unreadable> {
    let objects = Component::read(object)?;
    Ok(objects.iter().any(|calendar| calendar.components("VEVENT").any(|event| event.words("UID") == uid)))
}

/// What an object would be at another time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::calendar) enum Moved {
    /// It is there already.
    Same,
    /// The object, changed in its times alone.
    Text(String),
    /// Somebody has made it a series.
    Series,
    /// It is about something else.
    Other,
}

/// The object `old` with its event of this `UID` at `span`.
pub(in crate::calendar) fn moved(
    old: &str,
    uid: &str,
    span: Span,
    zone: &str,
    floating: &TimeZone,
    now: Timestamp,
) -> Result<Moved, Unreadable> {
    let mut objects = Component::read(old)?;
    let calendar = &mut objects[0];
    let ours = |part: &Part| matches!(part, Part::Component(inner) if inner.name == "VEVENT" && inner.words("UID") == uid);
    if calendar.parts.iter().filter(|part| ours(part)).count() > 1 {
        return Ok(Moved::Series);
    }
    let zone = zone_of(zone);
    let Some(Part::Component(event)) = calendar.parts.iter().find(|part| ours(part)) else {
        return Ok(Moved::Other);
    };
    if ["RRULE", "RDATE", "RECURRENCE-ID"].iter().any(|name| event.line(name).is_some()) {
        return Ok(Moved::Series);
    }
    let until = TimeZone::UTC.to_datetime(span.to);
    if span_of(calendar, event, floating, until).is_ok_and(|there| there == whole_seconds(span)) {
        return Ok(Moved::Same);
    }
    let mut event = event.clone();
    event.set(time("DTSTART", span.from, zone.as_ref()));
    event.drop_lines("DURATION");
    event.set(time("DTEND", span.to, zone.as_ref()));
    let sequence = event.line("SEQUENCE").and_then(|line| line.value.trim().parse::<u32>().ok()).unwrap_or(0);
    event.set(Line::new("SEQUENCE", sequence.saturating_add(1).to_string()));
    event.set(Line::new("DTSTAMP", utc(now)));
    event.set(Line::new("LAST-MODIFIED", utc(now)));
    if let Some(zone) = &zone {
        let name = zone.iana_name().unwrap_or_default().to_owned();
        let same = |part: &Part| matches!(part, Part::Component(inner) if inner.name == "VTIMEZONE" && inner.words("TZID") == name);
        calendar.parts.retain(|part| !same(part));
        let first = calendar.parts.iter().position(|part| matches!(part, Part::Component(_))).unwrap_or(0);
        calendar.parts.insert(first, Part::Component(zone::component(zone, span)));
    }
    if let Some(place) = calendar.parts.iter().position(ours) {
        calendar.parts[place] = Part::Component(event);
    }
    Ok(Moved::Text(text(calendar)))
}

/// The first event of an object: its `UID`, and the time that it takes.
pub(in crate::calendar) fn identify(
    object: &str,
    floating: &TimeZone,
) -> Result<Option<(String, Span)>, Unreadable> {
    let objects = Component::read(object)?;
    let Some((calendar, event)) = objects
        .iter()
        .find_map(|calendar| calendar.components("VEVENT").next().map(|event| (calendar, event)))
    else {
        return Ok(None);
    };
    let span = span_of(calendar, event, floating, jiff::civil::date(2100, 1, 1).at(0, 0, 0, 0))?;
    Ok(Some((event.words("UID"), span)))
}

/// Times in calendars have no fractions of seconds.
pub(in crate::calendar) fn whole_seconds(span: Span) -> Span {
    let whole = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
    Span { from: whole(span.from), to: whole(span.to) }
}

fn span_of(
    calendar: &Component,
    event: &Component,
    floating: &TimeZone,
    until: jiff::civil::DateTime,
) -> Result<Span, Unreadable> {
    let mut zones = Zones::new(calendar, floating, until);
    place(event, &mut zones, &mut Budget::default())?.span()
}

fn calendar(head_lines: Vec<Line>, appointments: &[Appointment], now: Timestamp) -> String {
    let mut zones: BTreeMap<String, (TimeZone, Span)> = BTreeMap::new();
    for appointment in appointments {
        let Some(zone) = zone_of(&appointment.zone) else { continue };
        let name = zone.iana_name().unwrap_or_default().to_owned();
        let (_, span) = zones.entry(name).or_insert((zone, appointment.span));
        *span = Span { from: span.from.min(appointment.span.from), to: span.to.max(appointment.span.to) };
    }
    let mut out = head();
    out.parts.extend(head_lines.into_iter().map(Part::Line));
    out.parts.extend(zones.into_values().map(|(zone, span)| Part::Component(zone::component(&zone, span))));
    out.parts.extend(appointments.iter().map(|appointment| Part::Component(entry(appointment, now))));
    text(&out)
}

fn entry(appointment: &Appointment, now: Timestamp) -> Component {
    let zone = zone_of(&appointment.zone);
    let mut out = Component::new("VEVENT", vec![Line::new("UID", uid(&appointment.id))]);
    out.push(Line::new("DTSTAMP", utc(now)));
    out.push(Line::new("LAST-MODIFIED", utc(appointment.changed)));
    out.push(Line::new("SEQUENCE", appointment.sequence.to_string()));
    out.push(time("DTSTART", appointment.span.from, zone.as_ref()));
    out.push(time("DTEND", appointment.span.to, zone.as_ref()));
    out.push(Line::text("SUMMARY", &appointment.summary));
    for (name, words) in [("DESCRIPTION", &appointment.description), ("LOCATION", &appointment.place)] {
        if !words.is_empty() {
            out.push(Line::text(name, words));
        }
    }
    if let Some(line) = appointment.organizer.as_ref().and_then(|organizer| person("ORGANIZER", organizer)) {
        out.push(line);
    }
    for attendee in &appointment.attendees {
        // They have said yes on the phone.
        let line = person("ATTENDEE", attendee);
        out.parts
            .extend(line.map(|line| Part::Line(line.with("PARTSTAT", "ACCEPTED").with("RSVP", "FALSE"))));
    }
    out.push(Line::new("STATUS", if appointment.cancelled { "CANCELLED" } else { "CONFIRMED" }));
    out.push(Line::new("TRANSP", if appointment.cancelled { "TRANSPARENT" } else { "OPAQUE" }));
    out
}

fn head() -> Component {
    Component::new(
        "VCALENDAR",
        vec![Line::new("VERSION", "2.0"), Line::new("PRODID", PRODUCT), Line::new("CALSCALE", "GREGORIAN")],
    )
}

fn person(role: &str, person: &Person) -> Option<Line> {
    let line = Line::new(role, format!("mailto:{}", person.mail));
    let named = !person.name.trim().is_empty();
    is_mail(&person.mail).then(|| if named { line.with("CN", person.name.trim()) } else { line })
}

/// Enough of an address to stand in a `mailto:`; whether somebody reads it is not for us to say.
fn is_mail(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && !"\"(),:;<>[\\]?#%".contains(c);
    text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        && text.len() <= 254
        && text.chars().all(plain)
}

/// None is UTC.
fn zone_of(name: &str) -> Option<TimeZone> {
    let zone = TimeZone::get(name).ok()?;
    let iana = zone.iana_name()?;
    (!["UTC", "Etc/UTC", "Etc/Unknown"].contains(&iana)).then_some(zone)
}

fn time(name: &str, at: Timestamp, zone: Option<&TimeZone>) -> Line {
    let at = Timestamp::from_second(at.as_second()).unwrap_or(at);
    if let Some(zone) = zone {
        let civil = zone.to_datetime(at);
        // The second of two equal hours has no local name.
        if zone.to_ambiguous_timestamp(civil).compatible().is_ok_and(|read| read == at) {
            let value = civil.strftime("%Y%m%dT%H%M%S").to_string();
            return Line::new(name, value).with("TZID", zone.iana_name().unwrap_or_default());
        }
    }
    Line::new(name, utc(at))
}

pub(in crate::calendar) fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn text(calendar: &Component) -> String {
    let mut out = String::new();
    calendar.write(&mut out);
    out
}

/// A day more on each side than asked: what floats or lasts all day has no place in UTC, where servers filter.
pub(in crate::calendar) fn widened(range: Span) -> Span {
    let day = SignedDuration::from_hours(24);
    Span {
        from: range.from.checked_sub(day).unwrap_or(range.from),
        to: range.to.checked_add(day).unwrap_or(range.to),
    }
}
