//! What the body of a request may say, and what makes an event a whole one.

use super::{answer::Refusal, moment::Moment, schema, series::Series};
use crate::http::Request;
use serde_json::{Map, Value};

/// What a client may send back, because it was given it, and cannot set.
pub(super) const READ_ONLY: [&str; 16] = [
    "attendeesOmitted",
    "conferenceData",
    "created",
    "creator",
    "endTimeUnspecified",
    "etag",
    "hangoutLink",
    "htmlLink",
    "kind",
    "locked",
    "organizer",
    "originalStartTime",
    "privateCopy",
    "recurringEventId",
    "sequence",
    "updated",
];

/// The JSON body of a request, which must fit this schema.
pub(super) fn read(request: &Request, name: &str) -> Result<Value, Refusal> {
    let kind = request.header("content-type").unwrap_or_default();
    if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
        return Err(Refusal::strict(format!("the body is {kind:?}, not application/json")));
    }
    let body: Value =
        serde_json::from_slice(&request.body).map_err(|_| Refusal::new(400, "parseError", "Parse Error"))?;
    if !body.is_object() {
        return Err(Refusal::new(400, "parseError", "Parse Error"));
    }
    schema::judge_request(name, &without_nulls(&body)).map_err(Refusal::invalid)?;
    Ok(body)
}

/// Without members that are null, which an insert ignores and a patch deletes.
pub(super) fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, value)| !value.is_null());
            kept.map(|(name, value)| (name.clone(), without_nulls(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(without_nulls).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}

/// Merges a patch: objects member by member, everything else whole; null deletes.
pub(super) fn merge(into: &mut Map<String, Value>, change: &Map<String, Value>) {
    for (name, value) in change {
        match (into.get_mut(name), value) {
            (_, Value::Null) => {
                into.remove(name);
            }
            (Some(Value::Object(inner)), Value::Object(change)) => merge(inner, change),
            (_, value) => {
                into.insert(name.clone(), without_nulls(value));
            }
        }
    }
}

/// Whether this event, whole, is one that Google keeps. Shortens what Google shortens without a word.
pub(super) fn judge(event: &mut Map<String, Value>) -> Result<(), Refusal> {
    let start = Moment::read("start", event.get("start").unwrap_or(&Value::Null))?;
    let end = Moment::read("end", event.get("end").unwrap_or(&Value::Null))?;
    let empty = match (&start, &end) {
        (Moment::Day(start), Moment::Day(end)) => start >= end,
        (Moment::At(start), Moment::At(end)) => start > end,
        (Moment::Day(_), Moment::At(_)) | (Moment::At(_), Moment::Day(_)) => {
            return Err(Refusal::invalid(
                "Start and end times must either both be date or both be dateTime.",
            ));
        }
    };
    if empty {
        return Err(Refusal::new(400, "timeRangeEmpty", "The specified time range is empty."));
    }
    if let Some(lines) = event.get("recurrence").and_then(Value::as_array).filter(|lines| !lines.is_empty()) {
        Series::read(lines)?;
        if matches!(start, Moment::At(_)) && event["start"]["timeZone"].is_null() {
            return Err(Refusal::required("Missing time zone definition for start time."));
        }
    } else {
        event.remove("recurrence");
    }
    one_of(event, "status", &["confirmed", "tentative", "cancelled"])?;
    one_of(event, "transparency", &["opaque", "transparent"])?;
    one_of(event, "visibility", &["default", "public", "private", "confidential"])?;
    // The others want properties of their own and cannot be booked.
    one_of(event, "eventType", &["default"])?;
    judge_attendees(event)?;
    judge_reminders(event)?;
    shorten_properties(event);
    Ok(())
}

fn one_of(event: &Map<String, Value>, name: &str, all: &[&str]) -> Result<(), Refusal> {
    match event.get(name).and_then(Value::as_str) {
        Some(value) if !all.contains(&value) => {
            Err(Refusal::invalid(format!("Invalid value for: {value} is not a valid value")))
        }
        Some(_) | None => Ok(()),
    }
}

fn judge_attendees(event: &mut Map<String, Value>) -> Result<(), Refusal> {
    let Some(attendees) = event.get_mut("attendees").and_then(Value::as_array_mut) else { return Ok(()) };
    for attendee in attendees {
        let email = attendee["email"].as_str().ok_or_else(|| Refusal::required("Missing attendee email."))?;
        let plain = email.bytes().all(|b| b.is_ascii_graphic()) && !email.contains(['<', '>', ',']);
        let parts = email.split_once('@').filter(|(name, host)| !name.is_empty() && !host.is_empty());
        if !plain || parts.is_none_or(|(_, host)| host.contains('@')) {
            return Err(Refusal::invalid("Invalid attendee email."));
        }
        let attendee = attendee.as_object_mut().expect("it has an e-mail address");
        let response = attendee.entry("responseStatus").or_insert_with(|| "needsAction".into());
        if !["needsAction", "declined", "tentative", "accepted"].iter().any(|one| *response == *one) {
            return Err(Refusal::invalid(format!("Invalid value for: {response} is not a valid value")));
        }
    }
    Ok(())
}

fn judge_reminders(event: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(reminders) = event.get("reminders") else { return Ok(()) };
    let overrides = reminders["overrides"].as_array().map_or(&[][..], Vec::as_slice);
    if reminders["useDefault"] == true && !overrides.is_empty() {
        let message = "Cannot specify both default reminders and overrides at the same time.";
        return Err(Refusal::new(400, "cannotUseDefaultRemindersAndSpecifyOverride", message));
    }
    let fits = |one: &Value| {
        let minutes = one["minutes"].as_u64().is_some_and(|minutes| minutes <= 40_320);
        minutes && matches!(one["method"].as_str(), Some("email" | "popup"))
    };
    if overrides.len() > 5 || !overrides.iter().all(fits) {
        return Err(Refusal::invalid("Invalid reminder override."));
    }
    Ok(())
}

/// Google drops a property whose key has more than 44 characters, and cuts a value to 1024, silently.
fn shorten_properties(event: &mut Map<String, Value>) {
    let Some(properties) = event.get_mut("extendedProperties").and_then(Value::as_object_mut) else { return };
    for side in ["private", "shared"] {
        let Some(side) = properties.get_mut(side).and_then(Value::as_object_mut) else { continue };
        side.retain(|key, _| key.chars().count() <= 44);
        for value in side.values_mut() {
            if let Some(text) = value.as_str().filter(|text| text.chars().count() > 1024) {
                *value = text.chars().take(1024).collect::<String>().into();
            }
        }
    }
}
