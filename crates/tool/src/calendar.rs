//! Appointments: the book they stand in, the calendars elsewhere it is kept in step with, and the six tools that callers
//! and owners use it by.
//!
//! Datetimes in arguments are local in the owner's zone (`2026-11-24T10:30`) unless they carry an offset; datetimes in
//! data always are. Sentences name weekday, date and time, for the ear.

mod arguments;
pub mod books;
pub mod caldav;
mod change;
pub mod google;
pub mod ics;
mod look;
mod office;
pub mod remote;

pub use arguments::{line, tidy};
pub use books::Books;
pub use office::{title, tools};

use std::time::Duration;
use when::Span;

/// The calendar could not be asked; in words for its owner. What was to be changed is not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable(pub String);

/// A time for an appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub span: Span,
    /// What must be free before it.
    pub before: Duration,
    /// What must be free after it.
    pub after: Duration,
}

/// An appointment that somebody wants.
#[derive(Clone, Debug)]
pub struct Wish {
    pub slot: Slot,
    /// The zone in which it was agreed.
    pub zone: String,
    /// Which of the office's kinds it is; empty: none of them.
    pub kind: String,
    pub summary: String,
    pub description: String,
    pub attendees: Vec<String>,
    /// The same key again is the same wish.
    pub key: String,
    /// Where a confirmation goes; none: nobody wants one, or nobody knows where to.
    pub contact: Option<Contact>,
}

/// Where the one who has an appointment can be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contact {
    /// A number in E.164.
    Sms(String),
    /// An address, as it was given.
    Email(String),
}

/// An appointment in a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub id: String,
    pub span: Span,
    /// Which of the office's kinds it is; empty: none that is known.
    pub kind: String,
    pub summary: String,
    /// The number it was made from, empty where that is unknown.
    pub caller: String,
    /// The call it was made in, empty where that is unknown.
    pub call_id: String,
    /// The calendar elsewhere that it is in, where it is not in our book and nothing that we may change.
    pub elsewhere: Option<String>,
}

/// What came of booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Booking {
    Booked(Entry),
    /// The same wish, or one of the same caller for the same time, was granted before.
    Same(Entry),
    Taken,
    /// It is free and is now held for the call, but the caller was not told of this time before.
    ReadBack,
}

/// What came of moving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moving {
    Moved(Entry),
    Taken,
    Gone,
    /// As with booking.
    ReadBack,
}

/// What came of undoing a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undoing {
    /// The appointment is what it was, or was so already; cancelled, where the change had made it.
    Undone(Entry),
    /// Something else is where it was.
    Taken,
    /// It was changed again since.
    Changed,
    /// There is no such change.
    Gone,
}
