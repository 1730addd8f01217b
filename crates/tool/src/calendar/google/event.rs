//! Events as Google writes them, and as we do.

use super::Unusable;
use crate::calendar::remote::Event;
use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::{Value, json};
use when::Span;

/// The name of our mark among an event's private properties. Its value is the event's id, so that a copy that somebody
/// makes is not taken for ours.
const MARK: &str = "earpiece";

/// More guests than this are no appointment; Google takes no more by far.
const MOST_GUESTS: usize = 200;

/// No text is longer, in characters.
const LONGEST: usize = 8_000;

/// Whether it may be the id of an event of ours: base32hex in lower case, as Google asks.
pub(super) fn is_minted(id: &str) -> bool {
    (5..=64).contains(&id.len()) && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'v'))
}

/// Whether it has the form of an e-mail address.
pub(super) fn is_address(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let plain = |text: &str, extra: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
    };
    text.len() <= 254
        && plain(name, ".!#$%&'*+/=?^_`{|}~-")
        && plain(host, ".-")
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && !host.contains("..")
}

/// What is sent to have it made. Who is named without an address cannot be invited and is left out.
pub(super) fn written(event: &Event, may_invite: bool) -> Result<Value, Unusable> {
    if !is_minted(&event.id) {
        return Err(Unusable("The event’s id is none that Google takes.".into()));
    }
    if event.attendees.len() > MOST_GUESTS {
        return Err(Unusable(format!("No event has more than {MOST_GUESTS} guests.")));
    }
    let (start, end) = times(event.span, &event.zone)?;
    let mut body = json!({
        "id": event.id,
        "summary": cut(&event.summary),
        "description": cut(&event.description),
        "start": start,
        "end": end,
        "transparency": if event.busy { "opaque" } else { "transparent" },
        "extendedProperties": { "private": { MARK: event.id } },
    });
    let mut guests: Vec<&str> =
        event.attendees.iter().map(|guest| guest.trim()).filter(|guest| is_address(guest)).collect();
    guests.sort_unstable();
    guests.dedup();
    if may_invite && !guests.is_empty() {
        body["attendees"] = guests.into_iter().map(|email| json!({ "email": email })).collect();
    }
    Ok(body)
}

/// What is sent to have an event that stands as `now` moved. An all-day event becomes a timed one.
pub(super) fn moved(now: &Value, span: Span, zone: &str) -> Result<Value, Unusable> {
    let (mut start, mut end) = times(span, zone)?;
    for (name, side) in [("start", &mut start), ("end", &mut end)] {
        if now[name]["date"].is_string() {
            side["date"] = Value::Null;
        }
    }
    Ok(json!({ "start": start, "end": end }))
}

/// Whether it carries our mark, for this id.
pub(super) fn is_ours(event: &Value, id: &str) -> bool {
    event["id"] == id && event["extendedProperties"]["private"][MARK] == id
}

pub(super) fn is_cancelled(event: &Value) -> bool {
    event["status"] == "cancelled"
}

pub(super) fn etag(event: &Value) -> Option<&str> {
    event["etag"].as_str().filter(|tag| !tag.is_empty() && tag.len() <= 256)
}

/// An event that stands. `zone` is the calendar's: days begin in it. What cannot be read is an error that says why.
pub(super) fn read(event: &Value, zone: &str) -> Result<Event, String> {
    let id = event["id"].as_str().filter(|id| !id.is_empty()).ok_or("an event without an id")?;
    let text = |name: &str| cut(event[name].as_str().unwrap_or_default());
    let own = event["start"]["timeZone"].as_str().filter(|zone| !zone.is_empty()).unwrap_or(zone);
    Ok(Event {
        id: id.to_owned(),
        span: span(event, zone)?,
        zone: own.to_owned(),
        summary: text("summary"),
        description: text("description"),
        attendees: guests(event),
        busy: takes_time(event),
    })
}

/// When it is.
pub(super) fn span(event: &Value, zone: &str) -> Result<Span, String> {
    let (from, to) = (moment(&event["start"], zone)?, moment(&event["end"], zone)?);
    if to < from {
        return Err("an event that ends before it begins".into());
    }
    Ok(Span { from, to })
}

/// Whether it blocks its time: not where it is marked as free, nor where we have declined, nor where it says from
/// where somebody works, or whose birthday it is.
fn takes_time(event: &Value) -> bool {
    let declined = event["attendees"].as_array().is_some_and(|guests| {
        guests.iter().any(|guest| guest["self"] == true && guest["responseStatus"] == "declined")
    });
    event["transparency"] != "transparent"
        && !declined
        && !matches!(event["eventType"].as_str(), Some("workingLocation" | "birthday"))
}

fn guests(event: &Value) -> Vec<String> {
    let named =
        |guest: &Value| ["email", "displayName"].into_iter().find_map(|name| guest[name].as_str()).map(cut);
    event["attendees"].as_array().into_iter().flatten().filter_map(named).take(MOST_GUESTS).collect()
}

/// A time of Google's: a day, which begins in the calendar's zone; or a moment with its offset, or in the zone that it
/// names.
fn moment(time: &Value, zone: &str) -> Result<Timestamp, String> {
    let wrong = || "an event whose time cannot be read".to_owned();
    if let Some(moment) = time["dateTime"].as_str() {
        if let Ok(moment) = moment.parse::<Timestamp>() {
            return Ok(moment);
        }
        let civil: civil::DateTime = moment.parse().map_err(|_| wrong())?;
        let zone = TimeZone::get(time["timeZone"].as_str().unwrap_or(zone)).map_err(|_| wrong())?;
        return Ok(civil.to_zoned(zone).map_err(|_| wrong())?.timestamp());
    }
    let day: civil::Date = time["date"].as_str().ok_or_else(wrong)?.parse().map_err(|_| wrong())?;
    let zone = TimeZone::get(zone).map_err(|_| format!("a calendar in the unknown zone “{}”", cut(zone)))?;
    Ok(day.to_zoned(zone).map_err(|_| wrong())?.timestamp())
}

/// Start and end, with the offset of the zone and its name; in UTC where it is unknown.
fn times(span: Span, zone: &str) -> Result<(Value, Value), Unusable> {
    if span.to <= span.from {
        return Err(Unusable("The event would end before it begins.".into()));
    }
    let known = TimeZone::get(zone).ok().filter(|_| !zone.is_empty());
    let side = |moment: Timestamp| match &known {
        Some(known) => json!({
            "dateTime": moment.to_zoned(known.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            "timeZone": zone,
        }),
        None => json!({ "dateTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string() }),
    };
    Ok((side(span.from), side(span.to)))
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form_that_google_allows() {
        let at = |time: Value| moment(&time, "Europe/Berlin").map(|moment| moment.to_string());
        let told = |text: &str| Ok(text.to_owned());
        assert_eq!(at(json!({ "dateTime": "2026-12-01T10:00:00+01:00" })), told("2026-12-01T09:00:00Z"));
        assert_eq!(at(json!({ "dateTime": "2026-12-01T09:00:00.000Z" })), told("2026-12-01T09:00:00Z"));
        let elsewhere = json!({ "dateTime": "2026-12-01T10:00:00", "timeZone": "America/New_York" });
        assert_eq!(at(elsewhere), told("2026-12-01T15:00:00Z"));
        assert_eq!(at(json!({ "dateTime": "2026-12-01T10:00:00" })), told("2026-12-01T09:00:00Z"));
        assert_eq!(at(json!({ "date": "2026-12-01" })), told("2026-11-30T23:00:00Z"));
        for wrong in [
            json!(null),
            json!({}),
            json!({ "date": "2026-02-30" }),
            json!({ "date": 20_261_201 }),
            json!({ "dateTime": "noon" }),
            json!({ "dateTime": "2026-12-01T10:00:00", "timeZone": "Mars/Olympus" }),
        ] {
            assert!(at(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_addresses_are_invited() {
        for address in ["anna@example.com", "a.b+c@sub.example.co.uk", "o'neil@example.org"] {
            assert!(is_address(address), "{address}");
        }
        for other in [
            "Anna",
            "a@b",
            "@example.com",
            "a@@example.com",
            "a b@example.com",
            "a@example..com",
            "<a@example.com>",
            "",
        ] {
            assert!(!is_address(other), "{other}");
        }
    }

    #[test]
    fn what_takes_no_time_is_told_from_what_does() {
        let busy = |change: Value| {
            let mut event = json!({ "id": "x", "start": { "dateTime": "2026-12-01T10:00:00Z" },
                "end": { "dateTime": "2026-12-01T10:30:00Z" } });
            for (name, value) in change.as_object().expect("members") {
                event[name] = value.clone();
            }
            read(&event, "UTC").expect("an event").busy
        };
        let guest =
            |own: bool, response: &str| json!({ "attendees": [{ "self": own, "responseStatus": response }] });
        assert!(busy(json!({})));
        assert!(busy(json!({ "status": "tentative", "eventType": "outOfOffice" })));
        assert!(busy(guest(true, "accepted")) && busy(guest(false, "declined")));
        assert!(!busy(guest(true, "declined")));
        assert!(!busy(json!({ "transparency": "transparent" })));
        assert!(
            !busy(json!({ "eventType": "workingLocation" })) && !busy(json!({ "eventType": "birthday" }))
        );
    }

    #[test]
    fn a_copy_of_our_event_is_not_ours() {
        let event = json!({ "id": "a1b2c3", "extendedProperties": { "private": { MARK: "a1b2c3" } } });
        assert!(is_ours(&event, "a1b2c3"));
        let copy = json!({ "id": "d4e5f6", "extendedProperties": { "private": { MARK: "a1b2c3" } } });
        assert!(!is_ours(&copy, "d4e5f6") && !is_ours(&copy, "a1b2c3"));
    }
}
