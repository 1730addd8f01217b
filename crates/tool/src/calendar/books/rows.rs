//! Between what the store remembers, what the tools speak of, and what stands elsewhere.

use crate::{
    Errand,
    calendar::{Contact, Entry, Slot, Unavailable, remote::Event},
};
use jiff::Timestamp;
use std::time::Duration;
use store::{AppointmentRow, By, Gap, StoreError};
use when::Span;

impl From<StoreError> for Unavailable {
    fn from(error: StoreError) -> Self {
        Unavailable(error.to_string())
    }
}

pub(super) fn call(errand: &Errand) -> Option<&str> {
    Some(errand.call_id.as_str()).filter(|id| !id.is_empty())
}

pub(super) fn by<'a>(errand: &'a Errand, reason: &'a str) -> By<'a> {
    let who = errand.number().unwrap_or(errand.trust.name());
    By { who, call_id: call(errand), second: errand.second(), at_ms: errand.now_ms, reason, seen: None }
}

pub(super) fn entry(row: AppointmentRow) -> Result<Entry, Unavailable> {
    let span = span(row.starts_ms, row.ends_ms)?;
    let call_id = row.call_id.unwrap_or_default();
    Ok(Entry {
        id: row.id,
        span,
        kind: row.kind,
        summary: row.summary,
        caller: row.caller,
        call_id,
        elsewhere: None,
    })
}

/// Somebody else's event, or one that the owner made there.
pub(super) fn foreign(calendar: String, event: Event) -> Entry {
    Entry {
        id: event.id,
        span: event.span,
        kind: String::new(),
        summary: event.summary,
        caller: String::new(),
        call_id: String::new(),
        elsewhere: Some(calendar),
    }
}

/// An appointment as it is written elsewhere.
pub(super) fn event(row: &AppointmentRow) -> Result<Event, Unavailable> {
    Ok(Event {
        id: row.remote_id(),
        span: span(row.starts_ms, row.ends_ms)?,
        zone: row.zone.clone(),
        summary: row.summary.clone(),
        description: row.description.clone(),
        attendees: serde_json::from_str(&row.attendees).unwrap_or_default(),
        busy: true,
    })
}

/// The id of the appointment that an event with this id would be ours for: the inverse of
/// [`AppointmentRow::remote_id`].
pub(super) fn appointment_of(remote_id: &str) -> Option<String> {
    let (id, generation) = remote_id.split_at_checked(32)?;
    let hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !hex(id) || generation.is_empty() || !generation.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let parts = [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]];
    Some(parts.join("-"))
}

/// A number or an address, by which the store knows where a confirmation goes.
pub(super) fn contact(contact: Option<&Contact>) -> &str {
    match contact {
        Some(Contact::Sms(number)) => number,
        Some(Contact::Email(address)) => address,
        None => "",
    }
}

pub(super) fn gap(slot: Slot) -> Gap {
    let milliseconds = |gap: Duration| i64::try_from(gap.as_millis()).unwrap_or(i64::MAX);
    Gap { before_ms: milliseconds(slot.before), after_ms: milliseconds(slot.after) }
}

pub(super) fn milliseconds(span: Span) -> (i64, i64) {
    (span.from.as_millisecond(), span.to.as_millisecond())
}

pub(super) fn span(starts_ms: i64, ends_ms: i64) -> Result<Span, Unavailable> {
    let at = |ms| Timestamp::from_millisecond(ms).map_err(|error| Unavailable(error.to_string()));
    Ok(Span { from: at(starts_ms)?, to: at(ends_ms)? })
}

/// The time of an appointment and what it wants free around it.
pub(super) fn kept_free(row: &AppointmentRow) -> Result<Span, Unavailable> {
    span(row.starts_ms.saturating_sub(row.before_ms), row.ends_ms.saturating_add(row.after_ms))
}

#[cfg(test)]
mod tests {
    use super::appointment_of;

    #[test]
    fn an_events_id_tells_whose_it_is() {
        let of = |id: &str| appointment_of(id);
        assert_eq!(
            of("0190a1b2c3d47e8f90112233445566770").as_deref(),
            Some("0190a1b2-c3d4-7e8f-9011-223344556677")
        );
        assert_eq!(of("0190a1b2c3d47e8f901122334455667712").map(|id| id.len()), Some(36));
        for other in ["", "0190a1b2c3d47e8f9011223344556677", "0190a1b2c3d47e8f9011223344556677x", "dentist"]
        {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(of("0190A1B2c3d47e8f90112233445566770"), None);
        assert_eq!(of(&"ü".repeat(20)), None);
    }
}
