//! iCalendar (RFC 5545): appointments as text that every mail program and calendar takes, and other people's calendars
//! as the times that they take.
//!
//! ```text
//!  Appointment ──mail──► a file for a confirmation     text ──occurrences──► Occurrence, Occurrence, …
//!              ──feed──► what a secret link shows      text ──free_busy────► Span, Span, …
//! ```
//!
//! Pure: the present is an argument. Words from callers are escaped, never trusted. What is read is bounded, and what
//! cannot be placed in time for certain is an error and not left out, because a time that is unknown is not free.
//!
//! Times are written as local time with `TZID`, an IANA name, and a `VTIMEZONE` beside it: so an appointment keeps its
//! hour where the law moves the clocks after it was agreed, it is shown in the zone in which it was agreed, and the
//! name is read back. Google and Apple go by the name alone; Outlook needs the `VTIMEZONE`, with yearly rules. In a
//! zone that has no IANA name the time is written in UTC, which everything takes.

mod lines;
mod read;
mod series;
#[cfg(test)]
mod tests;
mod times;
mod windows;
mod write;
mod zone;

pub use read::{MOST, Occurrence, free_busy, occurrences};
pub(super) use write::{Moved, holds, id, identify, moved, object, uid, utc, whole_seconds, widened};
pub use write::{feed, mail};

use jiff::Timestamp;
use when::Span;

/// Why a calendar cannot be believed; a fragment of a sentence for its owner, such as `a stray END:VEVENT`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// An appointment as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appointment {
    /// The store's id. The `UID` is made of it alone, so every file about the same appointment is known to be that.
    pub id: String,
    pub span: Span,
    /// IANA name of the zone in which it was agreed.
    pub zone: String,
    pub summary: String,
    /// May be empty, as may `place`.
    pub description: String,
    pub place: String,
    /// Whom the appointment is with; a calendar asks for a mail address here and ignores who has none.
    pub organizer: Option<Person>,
    /// Those who have mail addresses.
    pub attendees: Vec<Person>,
    pub cancelled: bool,
    /// How often it was changed: 0 as it was agreed, and more with every change, cancelling included. A mail program
    /// passes over a file whose number is lower than one that it has seen.
    pub sequence: u32,
    /// When it was changed last.
    pub changed: Timestamp,
}

/// Somebody with a mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// May be empty.
    pub name: String,
    pub mail: String,
}

/// A calendar file to be sent by mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// CRLF line ends, UTF-8.
    pub text: String,
    /// Such as `text/calendar; charset=utf-8; method=REQUEST`: the method there has to be the one in the text.
    pub content_type: &'static str,
}
