//! The calendar file of a letter: an invitation, or that it is off.

use super::{About, Occasion, tame};
use crate::calendar::ics::{self, Appointment, File, Person};
use jiff::Timestamp;

/// The file for this occasion; none for a reminder, which changes nothing. `organizer` and `attendee` are addresses.
/// `changed` is when what is told was done: the same change gives the same file.
pub fn invite(
    occasion: Occasion,
    about: &About<'_>,
    organizer: &str,
    attendee: &str,
    changed: Timestamp,
) -> Option<File> {
    let cancelled = match occasion {
        Occasion::Booked | Occasion::Moved => false,
        Occasion::Cancelled => true,
        Occasion::Reminder => return None,
    };
    let business = tame(about.business, 60);
    let summary = match tame(about.summary, 120) {
        summary if summary.is_empty() => "Appointment".to_owned(),
        summary => summary,
    };
    let summary = if business.is_empty() { summary } else { format!("{summary} ({business})") };
    let appointment = Appointment {
        id: about.id.to_owned(),
        span: about.span,
        zone: about.now.time_zone().iana_name().unwrap_or("UTC").to_owned(),
        summary,
        description: String::new(),
        place: String::new(),
        organizer: Some(Person { name: business, mail: organizer.to_owned() }),
        attendees: vec![Person { name: String::new(), mail: attendee.to_owned() }],
        cancelled,
        sequence: about.sequence,
        changed,
    };
    Some(ics::mail(&appointment, changed))
}
