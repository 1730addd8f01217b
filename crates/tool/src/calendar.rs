//! Appointments: what any calendar must be able to do, and the six tools that callers and owners use it by.
//!
//! Datetimes in arguments are local in the owner's zone (`2026-11-24T10:30`) unless they carry an offset; datetimes in
//! data always are. Sentences name weekday, date and time, for the ear.

mod change;
pub mod ics;
mod local;
mod look;
mod office;
pub mod remote;

pub use local::Local;
pub(crate) use office::tidy;
pub use office::tools;

use crate::Errand;
use std::{pin::Pin, time::Duration};
use when::Span;

/// A calendar's answer on its way.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, Unavailable>> + Send + 'a>>;

/// The calendar could not be asked; in words for its owner. What was to be changed is not changed.
#[derive(Debug)]
pub struct Unavailable(pub String);

/// Where appointments are kept.
pub trait Calendar: Send + Sync {
    /// What is taken within `range`, as far as this errand is concerned: its own holds are not.
    fn busy<'a>(&'a self, range: Span, errand: &'a Errand) -> Pending<'a, Vec<Span>>;
    /// Keeps a time for the errand's call for some minutes, instead of the one that it kept before. False: it is taken.
    fn hold<'a>(&'a self, slot: Slot, errand: &'a Errand) -> Pending<'a, bool>;
    /// Books, once, in one step with looking whether the time is free.
    fn book<'a>(&'a self, wish: Wish, errand: &'a Errand) -> Pending<'a, Booking>;
    /// Moves the appointment with this id, in one step with looking whether the time is free.
    fn reschedule<'a>(
        &'a self,
        id: &'a str,
        slot: Slot,
        reason: &'a str,
        errand: &'a Errand,
    ) -> Pending<'a, Moving>;
    /// Cancels the appointment with this id. False: it is gone already.
    fn cancel<'a>(&'a self, id: &'a str, reason: &'a str, errand: &'a Errand) -> Pending<'a, bool>;
    /// The appointments that stand at some time within `range`, in order of start.
    fn list<'a>(&'a self, range: Span, errand: &'a Errand) -> Pending<'a, Vec<Entry>>;
}

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
    pub summary: String,
    /// The number it was made from, empty where that is unknown.
    pub caller: String,
    /// The call it was made in, empty where that is unknown.
    pub call_id: String,
}

/// What came of booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Booking {
    Booked(Entry),
    /// The same wish, or one of the same caller for the same time, was granted before.
    Same(Entry),
    Taken,
}

/// What came of moving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moving {
    Moved(Entry),
    Taken,
    Gone,
}
