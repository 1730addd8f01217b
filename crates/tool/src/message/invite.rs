//! The calendar file of a letter: an invitation, or that it is off.
//!
//! Sources: RFC 5545, RFC 5546 (REQUEST, CANCEL, SEQUENCE), RFC 6047 (in mail). Times are UTC, so that no program has to
//! know our zone's rules.

use super::{About, Occasion, tame};
use jiff::Timestamp;

/// A file for calendars, with the media type that names its method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    pub content_type: &'static str,
    pub text: String,
}

/// The file for this occasion; none for a reminder, which changes nothing. `organizer` and `attendee` are addresses.
/// `written_ms` is when the change was made, and with `about.sequence` tells which of two files is newer.
pub fn invite(
    occasion: Occasion,
    about: &About<'_>,
    organizer: &str,
    attendee: &str,
    written_ms: i64,
) -> Option<Invite> {
    let (method, status, content_type) = match occasion {
        Occasion::Booked | Occasion::Moved => {
            ("REQUEST", "CONFIRMED", "text/calendar; charset=utf-8; method=REQUEST")
        }
        Occasion::Cancelled => ("CANCEL", "CANCELLED", "text/calendar; charset=utf-8; method=CANCEL"),
        Occasion::Reminder => return None,
    };
    let domain = organizer.rsplit_once('@').map_or("earpiece.invalid", |(_, domain)| domain);
    let summary = match (tame(about.summary, 120), tame(about.business, 60)) {
        (summary, business) if summary.is_empty() && business.is_empty() => "Appointment".to_owned(),
        (summary, business) if summary.is_empty() => format!("Appointment ({business})"),
        (summary, business) if business.is_empty() => summary,
        (summary, business) => format!("{summary} ({business})"),
    };
    let written = Timestamp::from_millisecond(written_ms).unwrap_or(about.span.from);
    let mut ics = String::new();
    let mut line = |text: &str| fold(text, &mut ics);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line("PRODID:-//Earpiece//Earpiece//EN");
    line("CALSCALE:GREGORIAN");
    line(&format!("METHOD:{method}"));
    line("BEGIN:VEVENT");
    line(&format!("UID:{}@{domain}", about.id));
    line(&format!("SEQUENCE:{}", about.sequence));
    line(&format!("DTSTAMP:{}", utc(written)));
    line(&format!("DTSTART:{}", utc(about.span.from)));
    line(&format!("DTEND:{}", utc(about.span.to)));
    line(&format!("SUMMARY:{}", escaped(&summary)));
    line(&format!("ORGANIZER:mailto:{organizer}"));
    // Nobody is asked for an answer: it was agreed on the telephone.
    line(&format!("ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:{attendee}"));
    line(&format!("STATUS:{status}"));
    line("TRANSP:OPAQUE");
    line("END:VEVENT");
    line("END:VCALENDAR");
    Some(Invite { content_type, text: ics })
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// Lines end with CRLF and are folded at 75 bytes, never within a letter.
fn fold(text: &str, ics: &mut String) {
    let mut used = 0;
    for letter in text.chars() {
        if used + letter.len_utf8() > 75 {
            ics.push_str("\r\n ");
            used = 1;
        }
        ics.push(letter);
        used += letter.len_utf8();
    }
    ics.push_str("\r\n");
}
