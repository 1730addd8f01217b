//! What callers and the owner are told in writing: mails and texts that confirm, change, cancel and remind.
//!
//! ```text
//!   a change ─ announce ─► store's jobs ─► server's jobs.rs ─┬─ words::letter, invite ─► mail::Postman
//!                                                                    └─ words::text ─► the carrier's API
//!   a text that came in ─ reply::read ─► what it asks for
//! ```
//!
//! Everything but [`mail`] is pure. Whatever a caller said goes through [`tame`] before anybody else reads it.

mod announce;
mod fit;
pub mod invite;
pub mod job;
pub mod mail;
mod quiet;
pub mod reply;
mod tame;
pub mod words;

pub use announce::announce;
pub use fit::{Encoding, Segments, plainer, segments};
pub use quiet::{Quiet, reminder_due};
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
    /// One: the way that they gave, or the other where we do not have that.
    #[default]
    Auto,
}

/// Where somebody can be reached: an address of each kind, where one is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    pub mail: Option<String>,
    pub text: Option<String>,
    /// What they gave for it.
    pub rather: Option<Way>,
}

impl Reach {
    /// What is known of somebody. Without a `contact` they declined, or nobody knows how to reach them: then there is none.
    /// Else the other way is by the first address among the attendees, or the number they called from.
    pub fn of(contact: &str, attendees: &[String], number: &str) -> Self {
        let contact = contact.trim();
        let (mail, text) = (mail::address(contact), texted(contact));
        let rather = match (&mail, &text) {
            (Some(_), _) => Way::Mail,
            (None, Some(_)) => Way::Text,
            (None, None) => return Self::default(),
        };
        Self {
            mail: mail.or_else(|| attendees.iter().find_map(|attendee| mail::address(attendee))),
            text: text.or_else(|| texted(number)),
            rather: Some(rather),
        }
    }
}

/// The number, where it is one that texts could be sent to: E.164, and not withheld.
fn texted(number: &str) -> Option<String> {
    let digits = number.strip_prefix('+')?;
    let fits = (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    (fits && !crate::WITHHELD.contains(&digits)).then(|| number.to_owned())
}

impl Confirmations {
    /// As the settings spell it.
    pub const NAMES: [(&'static str, Confirmations); 5] = [
        ("none", Confirmations::None),
        ("mail", Confirmations::Mail),
        ("text", Confirmations::Text),
        ("both", Confirmations::Both),
        ("auto", Confirmations::Auto),
    ];

    /// The ways to write to somebody, of those that we have.
    pub fn ways(self, we_have: &[Way], reach: &Reach) -> Vec<Way> {
        let mut ways = Vec::new();
        if we_have.contains(&Way::Mail) && reach.mail.is_some() {
            ways.push(Way::Mail);
        }
        if we_have.contains(&Way::Text) && reach.text.is_some() {
            ways.push(Way::Text);
        }
        match self {
            Confirmations::None => ways.clear(),
            Confirmations::Mail => ways.retain(|way| *way == Way::Mail),
            Confirmations::Text => ways.retain(|way| *way == Way::Text),
            Confirmations::Both => {}
            Confirmations::Auto => {
                if let Some(rather) = reach.rather.filter(|rather| ways.contains(rather)) {
                    ways = vec![rather];
                }
                ways.truncate(1);
            }
        }
        ways
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

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Way; 2] = [Way::Mail, Way::Text];

    fn reach(contact: &str) -> Reach {
        Reach::of(contact, &["Anna".into(), "Anna <anna@example.com>".into()], "+4915112345678")
    }

    #[test]
    fn whoever_declined_hears_nothing() {
        assert_eq!(reach(""), Reach::default());
        assert_eq!(reach("anonymous"), Reach::default());
        assert_eq!(Confirmations::Both.ways(&ALL, &reach("")), []);
    }

    #[test]
    fn the_way_that_was_given_is_taken_and_the_other_where_we_do_not_have_it() {
        let number = reach("+4915112345678");
        let address = reach("ben@example.com");
        assert_eq!(address.mail.as_deref(), Some("ben@example.com"));
        let auto = Confirmations::Auto;
        assert_eq!(auto.ways(&ALL, &number), [Way::Text]);
        assert_eq!(auto.ways(&ALL, &address), [Way::Mail]);
        assert_eq!(auto.ways(&[Way::Mail], &number), [Way::Mail]);
        assert_eq!(auto.ways(&[Way::Text], &address), [Way::Text]);
        assert_eq!(auto.ways(&[], &address), []);
        assert_eq!(Confirmations::Both.ways(&ALL, &address), ALL);
        assert_eq!(Confirmations::Text.ways(&ALL, &address), [Way::Text]);
        assert_eq!(Confirmations::Mail.ways(&ALL, &number), [Way::Mail]);
        assert_eq!(Confirmations::None.ways(&ALL, &number), []);
        // A number that networks spell for one that is withheld.
        assert_eq!(Reach::of("+266696687", &[], ""), Reach::default());
    }
}
