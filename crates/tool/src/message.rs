//! What callers and the owner are told in writing: mails and texts that confirm, change, cancel and remind.
//!
//! ```text
//!   a change ─ job::announcement ─► store's jobs ─► server's jobs.rs ─┬─ words::letter, invite ─► mail::Postman
//!                                                                    └─ words::text ─► the carrier's API
//!   a text that came in ─ reply::read ─► what it asks for
//! ```
//!
//! Everything but [`mail`] is pure. Whatever a caller said goes through [`tame`] before anybody else reads it.

mod fit;
pub mod invite;
pub mod job;
pub mod mail;
pub mod reply;
mod tame;
pub mod words;

pub use fit::{Encoding, Segments, plainer, segments};
pub use tame::tame;

use jiff::Zoned;
use when::Span;

/// Why somebody is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Occasion {
    Booked,
    Moved,
    Cancelled,
    Reminder,
}

impl Occasion {
    /// As records of changes and jobs spell it.
    pub fn name(self) -> &'static str {
        match self {
            Occasion::Booked => "booked",
            Occasion::Moved => "moved",
            Occasion::Cancelled => "cancelled",
            Occasion::Reminder => "reminder",
        }
    }

    /// The inverse of [`name`](Self::name).
    pub fn named(name: &str) -> Option<Self> {
        [Occasion::Booked, Occasion::Moved, Occasion::Cancelled, Occasion::Reminder]
            .into_iter()
            .find(|occasion| occasion.name() == name)
    }
}

/// How somebody is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    Mail,
    Text,
}

/// Which confirmations the owner wants to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confirmations {
    None,
    Mail,
    Text,
    Both,
    /// By mail to those whose address is known, by text to others.
    #[default]
    Auto,
}

/// Where somebody can be reached: an address of each kind, where one is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    pub mail: Option<String>,
    pub text: Option<String>,
}

impl Reach {
    /// What is known of somebody. A `contact` that they gave is the only one that counts, and [`DECLINED`] means none at
    /// all; else it is the first address among the attendees, and the number they called from.
    pub fn of(contact: &str, attendees: &[String], number: &str) -> Self {
        let contact = contact.trim();
        if contact.eq_ignore_ascii_case(DECLINED) {
            return Self::default();
        }
        if !contact.is_empty() {
            return Self { mail: mail::address(contact), text: texted(contact) };
        }
        Self { mail: attendees.iter().find_map(|attendee| mail::address(attendee)), text: texted(number) }
    }
}

/// The contact of those who want to be told nothing in writing.
pub const DECLINED: &str = "none";

/// The number, where it is one that texts could be sent to: E.164, and not withheld.
fn texted(number: &str) -> Option<String> {
    let digits = number.strip_prefix('+')?;
    let fits = (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    (fits && !crate::WITHHELD.contains(&digits)).then(|| number.to_owned())
}

impl Confirmations {
    /// The ways to write to somebody, of those that we have.
    pub fn ways(self, we_have: &[Way], reach: &Reach) -> Vec<Way> {
        let mail = we_have.contains(&Way::Mail) && reach.mail.is_some();
        let text = we_have.contains(&Way::Text) && reach.text.is_some();
        let (mail, text) = match self {
            Confirmations::None => (false, false),
            Confirmations::Mail => (mail, false),
            Confirmations::Text => (false, text),
            Confirmations::Both => (mail, text),
            Confirmations::Auto => (mail, text && !mail),
        };
        [(mail, Way::Mail), (text, Way::Text)]
            .into_iter()
            .filter_map(|(wanted, way)| wanted.then_some(way))
            .collect()
    }
}

/// An appointment as it is written about.
#[derive(Clone, Debug)]
pub struct About<'a> {
    pub id: &'a str,
    /// Counts the changes since it was booked.
    pub sequence: u32,
    pub span: Span,
    /// Now, in the owner's zone, in which everything is told.
    pub now: &'a Zoned,
    /// What the caller wants; theirs are the words.
    pub summary: &'a str,
    /// Whose telephone it is; may be empty.
    pub business: &'a str,
    /// The number to call back, where it is known.
    pub number: Option<&'a str>,
}

impl About<'_> {
    fn starts(&self) -> Zoned {
        self.span.from.to_zoned(self.now.time_zone().clone())
    }

    fn ends(&self) -> Zoned {
        self.span.to.to_zoned(self.now.time_zone().clone())
    }
}
