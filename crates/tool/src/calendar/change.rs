//! The tools that change the calendar: book, move, cancel.

use super::{
    Booking, Contact, Moving, Wish,
    arguments::{datetime, line, text, tidy, with_kind},
    office::{Office, a_kind, nothing, read_back, title, unavailable},
};
use crate::{Class, Errand, Running, Spec, Tool, Trust};
use call::{Answer, Effect};
use jiff::Zoned;
use serde_json::{Value, json};
use std::sync::Arc;
use when::Style;

/// `create_calendar_event`.
pub(super) struct Create(pub Arc<Office>);

impl Tool for Create {
    fn spec(&self) -> Spec {
        Spec {
            name: "create_calendar_event".into(),
            description: "Books an appointment. Read back weekday, date and time and wait for a yes before you use it. \
                          Say that it is booked only after this has answered that it is."
                .into(),
            parameters: with_kind(json!({
                "type": "object",
                "properties": {
                    "summary": {
                        "type": "string", "maxLength": 200,
                        "description": "What it is about and for whom, in a few words.",
                    },
                    "datetime_start": datetime("Local start, such as 2026-11-24T10:30."),
                    "datetime_end": datetime("Local end. Left out: the usual length."),
                    "description": {"type": "string", "maxLength": 4000, "description": "Anything else worth knowing."},
                    "attendees": {
                        "type": "array", "maxItems": 20, "items": {"type": "string", "maxLength": 200},
                        "description": "Names or e-mail addresses of those who come.",
                    },
                    "confirmation": {
                        "type": "string", "enum": ["sms", "email", "none"],
                        "description": "How the caller wants it confirmed in writing, if they said so; none if they want nothing.",
                    },
                },
                "required": ["summary", "datetime_start"],
            }), &self.0.hours).into(),
        }
    }

    fn trust(&self) -> Trust {
        Trust::Stranger
    }

    fn class(&self) -> Class {
        Class::Writes
    }

    fn run<'a>(&'a self, arguments: Value, errand: &'a Errand) -> Running<'a> {
        Box::pin(async move { self.create(&arguments, errand).await.unwrap_or_else(|answer| answer) })
    }
}

impl Create {
    async fn create(&self, arguments: &Value, errand: &Errand) -> Result<Answer, Answer> {
        let office = &self.0;
        let now = office.now(errand);
        let rules = office.rules(arguments)?;
        let (start, remark) = office.required(arguments, "datetime_start", &rules, &now)?;
        let slot = office.slot(&start, arguments, "datetime_end", rules.hours.slot, &rules, errand)?;
        let end = office.local(slot.span.to);
        if let Err(refusal) = rules.hours.check(&start, &end, &now) {
            let why = rules.hours.explain(&refusal, &start, &now, Style::Spoken);
            return Err(office.instead(&why, slot, &rules, errand, &now).await);
        }
        let contact = contact(arguments, errand);
        let attendees = arguments["attendees"].as_array().map(Vec::as_slice).unwrap_or_default();
        let wish = Wish {
            slot,
            zone: office.zone.iana_name().unwrap_or("UTC").to_owned(),
            summary: title(&office.hours, &rules.kind, text(arguments, "summary").unwrap_or_default()),
            kind: rules.kind.clone(),
            description: text(arguments, "description").map(tidy).unwrap_or_default(),
            attendees: attendees
                .iter()
                .filter_map(Value::as_str)
                .map(line)
                .filter(|name| !name.is_empty())
                .collect(),
            key: key(errand, &start, &end),
            contact: contact.clone(),
        };
        let at = when::name_moment(&start, &now, Style::Spoken);
        let what = match rules.kind.as_str() {
            "" => at,
            kind => format!("{}, on {at}", a_kind(kind)),
        };
        let booking = office.calendar.book(wish, errand).await;
        let (entry, say) = match booking.map_err(|error| unavailable(&error, errand))? {
            Booking::Booked(entry) => {
                (entry, format!("{remark}It is booked: {what}.{}", unwritten(arguments, contact.as_ref())))
            }
            Booking::Same(entry) => (entry, format!("It was booked already: {what}.")),
            Booking::Taken => return Err(office.taken(slot, &rules, errand, &now).await),
            Booking::ReadBack => return Err(read_back(&start, &now, "booked", "book it")),
        };
        let effect = Effect::Booked(office.agreed(&entry));
        Ok(Answer { data: office.data(&entry).to_string(), effect, ..Answer::said(say) })
    }
}

/// Why nothing will be written, though the caller wanted it.
fn unwritten(arguments: &Value, contact: Option<&Contact>) -> &'static str {
    match (text(arguments, "confirmation"), contact) {
        (Some("sms"), None) => " I have no number to text a confirmation to.",
        (Some("email"), None) => " I have no e-mail address to send a confirmation to.",
        (Some(_) | None, _) => "",
    }
}

/// Where the confirmation goes: to the first e-mail address among those who come, else to the caller's number, unless the
/// caller wants it elsewhere or not at all.
fn contact(arguments: &Value, errand: &Errand) -> Option<Contact> {
    let attendees = arguments["attendees"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut addresses =
        attendees.iter().filter_map(Value::as_str).map(str::trim).filter(|text| is_email(text));
    let mail = addresses.next().map(|address| Contact::Email(address.to_owned()));
    let phone = errand.number().map(|number| Contact::Sms(number.to_owned()));
    match text(arguments, "confirmation") {
        Some("none") => None,
        Some("sms") => phone,
        Some("email") => mail,
        Some(_) | None => mail.or(phone),
    }
}

/// Whether it looks like an e-mail address, and like nothing that could reach into a header.
fn is_email(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "._%+-@'".contains(c);
    let Some((name, host)) = text.split_once('@') else { return false };
    text.len() <= 254
        && text.chars().all(plain)
        && !name.is_empty()
        && host.contains('.')
        && !host.contains('@')
        && !host.starts_with('.')
        && !host.ends_with('.')
}

/// The same call that asks for the same time again means the same appointment. Outside of calls there is nothing to tell
/// two wishes apart by but the moment at which they were made.
fn key(errand: &Errand, start: &Zoned, end: &Zoned) -> String {
    let span = format!("{} {}", start.timestamp(), end.timestamp());
    match errand.call_id.as_str() {
        "" => format!("{} at {}", span, errand.now_ms),
        call => format!("{span} in {call}"),
    }
}

/// `reschedule_appointment`.
pub(super) struct Reschedule(pub Arc<Office>);

impl Tool for Reschedule {
    fn spec(&self) -> Spec {
        Spec {
            name: "reschedule_appointment".into(),
            description: "Moves an appointment to another time. Read back the new weekday, date and time and wait for a \
                          yes before you use it."
                .into(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "original_datetime": datetime("When it starts now, local, such as 2026-11-24T10:30; a date alone where there is only one that day."),
                    "new_datetime_start": datetime("Its new local start."),
                    "new_datetime_end": datetime("Its new local end. Left out: it stays as long as it is."),
                    "reason": {"type": "string", "maxLength": 1000, "description": "Why, if the caller said so."},
                },
                "required": ["original_datetime", "new_datetime_start"],
            }).into(),
        }
    }

    fn trust(&self) -> Trust {
        Trust::Stranger
    }

    fn class(&self) -> Class {
        Class::Writes
    }

    fn run<'a>(&'a self, arguments: Value, errand: &'a Errand) -> Running<'a> {
        Box::pin(async move { self.reschedule(&arguments, errand).await.unwrap_or_else(|answer| answer) })
    }
}

impl Reschedule {
    async fn reschedule(&self, arguments: &Value, errand: &Errand) -> Result<Answer, Answer> {
        let office = &self.0;
        let now = office.now(errand);
        let entry = office.own(arguments, "original_datetime", errand, &now).await?;
        let length = office.length(&entry);
        let rules = office.rules_for(&entry).moving(&entry);
        let (start, remark) = office.required(arguments, "new_datetime_start", &rules, &now)?;
        let slot = office.slot(&start, arguments, "new_datetime_end", length, &rules, errand)?;
        if let Err(refusal) = rules.hours.check(&start, &office.local(slot.span.to), &now) {
            let why = rules.hours.explain(&refusal, &start, &now, Style::Spoken);
            return Err(office.instead(&why, slot, &rules, errand, &now).await);
        }
        let reason = text(arguments, "reason").map(tidy).unwrap_or_default();
        let moving = office.calendar.reschedule(&entry.id, slot, &reason, errand).await;
        match moving.map_err(|error| unavailable(&error, errand))? {
            Moving::Moved(moved) => {
                let at = when::name_moment(&start, &now, Style::Spoken);
                Ok(Answer {
                    data: office.data(&moved).to_string(),
                    effect: Effect::Moved(office.agreed(&moved)),
                    ..Answer::said(format!("{remark}It is moved to {at}."))
                })
            }
            Moving::Taken => Err(office.taken(slot, &rules, errand, &now).await),
            Moving::ReadBack => Err(read_back(&start, &now, "moved", "move it")),
            Moving::Gone => {
                let was = office.local(entry.span.from);
                Err(nothing(&when::name_moment(&was, &now, Style::Spoken), errand))
            }
        }
    }
}

/// `cancel_appointment`.
pub(super) struct Cancel(pub Arc<Office>);

impl Tool for Cancel {
    fn spec(&self) -> Spec {
        Spec {
            name: "cancel_appointment".into(),
            description: "Cancels an appointment. Read back weekday, date and time and wait for a yes before you use it."
                .into(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "datetime_start": datetime("When it starts, local, such as 2026-11-24T10:30; a date alone where there is only one that day."),
                    "reason": {"type": "string", "maxLength": 1000, "description": "Why, if the caller said so."},
                },
                "required": ["datetime_start"],
            }).into(),
        }
    }

    fn trust(&self) -> Trust {
        Trust::Stranger
    }

    fn class(&self) -> Class {
        Class::Writes
    }

    fn run<'a>(&'a self, arguments: Value, errand: &'a Errand) -> Running<'a> {
        Box::pin(async move { self.cancel(&arguments, errand).await.unwrap_or_else(|answer| answer) })
    }
}

impl Cancel {
    async fn cancel(&self, arguments: &Value, errand: &Errand) -> Result<Answer, Answer> {
        let office = &self.0;
        let now = office.now(errand);
        let entry = office.own(arguments, "datetime_start", errand, &now).await?;
        let at = when::name_moment(&office.local(entry.span.from), &now, Style::Spoken);
        let reason = text(arguments, "reason").map(tidy).unwrap_or_default();
        let cancelled = office.calendar.cancel(&entry.id, &reason, errand).await;
        if !cancelled.map_err(|error| unavailable(&error, errand))? {
            return Err(nothing(&at, errand));
        }
        Ok(Answer {
            data: office.data(&entry).to_string(),
            effect: Effect::Cancelled(office.agreed(&entry)),
            ..Answer::said(format!("The appointment on {at} is cancelled."))
        })
    }
}
