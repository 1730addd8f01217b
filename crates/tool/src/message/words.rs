//! What is said on each occasion: the letter, its small HTML twin, and the text for telephones.

use super::{About, Occasion, plainer, segments, tame};
use jiff::Zoned;
use when::{Style, name_moment, name_time};

/// A mail's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// What of a caller's words goes into a letter, in characters,
const LONGEST_SUMMARY: usize = 120;
/// into a text,
const LONGEST_IN_TEXT: usize = 40;
/// and what of the owner's name.
const LONGEST_BUSINESS: usize = 60;
/// What a text may cost.
const MOST_SEGMENTS: usize = 2;

/// The letter for this occasion: weekday, date, time and zone in its subject and its body.
pub fn letter(occasion: Occasion, about: &About<'_>) -> Letter {
    let summary = shown(about.summary, LONGEST_SUMMARY);
    let business = tame(about.business, LONGEST_BUSINESS);
    let when = name_moment(&about.starts(), about.now, Style::Plain);
    let (head, opening) = match occasion {
        Occasion::Booked => ("Confirmed", "your appointment is confirmed."),
        Occasion::Moved => ("Changed", "your appointment has a new time."),
        Occasion::Cancelled => ("Cancelled", "your appointment is cancelled."),
        Occasion::Reminder => ("Reminder", "this is a reminder of your appointment."),
    };
    let from = if business.is_empty() { String::new() } else { format!(" - {business}") };
    let subject = format!("{head}: {when}{from}");
    let facts = [("What", summary), ("When", until(about)), ("Zone", zone(&about.starts()))];
    let mut closing = Vec::new();
    match occasion {
        Occasion::Booked | Occasion::Moved => {
            closing.push("The attached file puts it into your calendar.".to_owned());
        }
        Occasion::Cancelled => closing.push("The attached file takes it out of your calendar.".to_owned()),
        Occasion::Reminder => {}
    }
    if let Some(number) = about.number {
        let what = if occasion == Occasion::Cancelled { "For a new one" } else { "To change or cancel it" };
        closing.push(format!("{what}, call {number}."));
    }
    if !business.is_empty() {
        closing.push(business);
    }
    Letter { subject, text: text_part(opening, &facts, &closing), html: html_part(opening, &facts, &closing) }
}

/// The text for this occasion: of one segment, or two where words are long or wide.
pub fn text(occasion: Occasion, about: &About<'_>) -> String {
    let business = tame(about.business, LONGEST_IN_TEXT);
    let starts = about.starts();
    let year = if starts.year() == about.now.year() { "" } else { " %Y" };
    let when =
        starts.strftime(&format!("%a %b %-d{year}, ")).to_string() + &name_time(starts.time(), Style::Plain);
    let when = format!("{when} {}", zone_letters(&starts));
    let end = match occasion {
        Occasion::Booked | Occasion::Moved | Occasion::Reminder => {
            " Reply C to cancel, STOP for no more texts."
        }
        Occasion::Cancelled => "",
    };
    let what = |most: usize| match shown(about.summary, most) {
        summary if most == 0 || summary.is_empty() => "your appointment".to_owned(),
        summary => summary,
    };
    let written = |business: &str, most: usize| {
        let who = if business.is_empty() { String::new() } else { format!("{business}: ") };
        let what = what(most);
        let said = match occasion {
            Occasion::Booked => format!("Confirmed: {what}, {when}."),
            Occasion::Moved => format!("New time: {what}, {when}."),
            Occasion::Cancelled => format!("Cancelled: {what}, {when}."),
            Occasion::Reminder => format!("Reminder: {what}, {when}."),
        };
        plainer(&format!("{who}{said}{end}"))
    };
    let tries = [
        written(&business, LONGEST_IN_TEXT),
        written(&business, 16),
        written(&tame(&business, 20), 0),
        written("", 0),
    ];
    let fits = |text: &&String| segments(text).count <= MOST_SEGMENTS;
    // The last is all ours, and always fits.
    tries.iter().find(fits).unwrap_or(&tries[3]).clone()
}

/// "Tue Nov 24, 10:00 AM CET": for lists within texts.
pub fn short(starts: &Zoned) -> String {
    let day = starts.strftime("%a %b %-d, ").to_string();
    format!("{day}{} {}", name_time(starts.time(), Style::Plain), zone_letters(starts))
}

/// What the owner reads when a calendar may no longer be read or written. `calendar` is its name, `why` in our words.
pub fn revoked(calendar: &str, why: &str) -> Letter {
    let calendar = tame(calendar, LONGEST_SUMMARY);
    let opening = "a calendar has to be connected again.";
    let facts = [("Calendar", calendar.clone()), ("Why", tame(why, 400))];
    let closing = [
        "Until then nobody can be given an appointment: a calendar that cannot be read is never taken for free."
            .to_owned(),
        "Open the settings page and connect it again.".to_owned(),
    ];
    Letter {
        subject: format!("Please connect your calendar again: {calendar}"),
        text: text_part(opening, &facts, &closing),
        html: html_part(opening, &facts, &closing),
    }
}

/// A program is told of nothing any more.
pub fn webhook(name: &str, why: &str) -> Letter {
    let name = tame(name, LONGEST_SUMMARY);
    let opening = "a program of yours is told of nothing any more.";
    let facts = [("Webhook", name.clone()), ("Why", tame(why, 400))];
    let closing = [
        "What happens meanwhile is not told to it later.".to_owned(),
        "Once it works again, switch it on under Webhooks.".to_owned(),
    ];
    Letter {
        subject: format!("A webhook was switched off: {name}"),
        text: text_part(opening, &facts, &closing),
        html: html_part(opening, &facts, &closing),
    }
}

/// A voicemail was taken: sound of so many seconds, or words that the carrier understood.
pub fn voicemail(caller: &str, seconds: usize, body: &str) -> Letter {
    let from = sender(caller);
    let mut facts = vec![("From", from.clone())];
    if seconds > 0 {
        facts.push(("Length", format!("{}:{:02}", seconds / 60, seconds % 60)));
    }
    if !body.is_empty() {
        facts.push(("Message", tame(body, LONGEST_MESSAGE)));
    }
    let closing = if seconds > 0 { "It can be heard on the messages page." } else { READABLE };
    left(format!("Voicemail from {from}"), &facts, closing)
}

/// The assistant wrote down a message.
pub fn message(caller: &str, body: &str, urgent: bool) -> Letter {
    let from = sender(caller);
    let facts = [("From", from.clone()), ("Message", tame(body, LONGEST_MESSAGE))];
    let what = if urgent { "Urgent message" } else { "Message" };
    left(format!("{what} from {from}"), &facts, READABLE)
}

/// The text that tells the owner of an urgent message.
pub fn urgent(caller: &str, body: &str) -> String {
    plainer(&format!("Urgent message from {}: {}", sender(caller), tame(body, LONGEST_URGENT)))
}

/// What of an urgent message goes into a text, in characters: with the rest two segments.
const LONGEST_URGENT: usize = 240;

/// What came of a tool that a caller was promised the answer of, for the owner: whether it went well, and what it said; none
/// where nothing is known.
pub fn promised(outcome: Option<(bool, &str)>) -> Letter {
    let opening = "this is what you asked for on the telephone.";
    let (subject, said) = match outcome {
        Some((true, said)) => ("Done: what you asked for", said),
        Some((false, said)) => ("Not done: what you asked for", said),
        None => ("Perhaps not done: what you asked for", NOTHING),
    };
    let facts = [("Outcome", tame(said, LONGEST_MESSAGE))];
    let closing = ["The call's page has the details.".to_owned()];
    Letter {
        subject: subject.to_owned(),
        text: text_part(opening, &facts, &closing),
        html: html_part(opening, &facts, &closing),
    }
}

/// The same as a text.
pub fn promised_text(outcome: Option<(bool, &str)>) -> String {
    let (opening, said) = match outcome {
        Some((true, said)) => ("As promised on the phone:", said),
        Some((false, said)) => ("What you asked for on the phone did not work:", said),
        None => ("About what you asked for on the phone:", NOTHING),
    };
    plainer(&format!("{opening} {}", tame(said, LONGEST_URGENT)))
}

const NOTHING: &str = "It took too long, and whether it was done is not known. Please look, or call again.";

/// What a call came to.
#[derive(Clone, Copy, Debug)]
pub struct CallBrief<'a> {
    pub who: &'a str,
    pub when: &'a str,
    pub wanted: &'a str,
    pub done: &'a str,
    /// What is left to do; may be empty.
    pub left: &'a str,
    /// Where all of it stands; may be empty.
    pub link: &'a str,
}

/// A call is over.
pub fn brief(brief: &CallBrief<'_>, messages: &[String]) -> Letter {
    let shown = |text: &str| tame(text, LONGEST_MESSAGE);
    let mut facts = vec![
        ("Who", shown(brief.who)),
        ("When", brief.when.to_owned()),
        ("Wanted", shown(brief.wanted)),
        ("Done", shown(brief.done)),
        ("Open", if brief.left.is_empty() { "Nothing.".to_owned() } else { shown(brief.left) }),
    ];
    facts.extend(messages.iter().map(|message| ("Message", shown(message))));
    let closing = match brief.link {
        "" => "The whole conversation stands on the calls page.".to_owned(),
        link => format!("The whole conversation: {link}"),
    };
    let opening = "a call is over.";
    let closing = [closing];
    Letter {
        subject: format!("Call: {}", tame(brief.who, LONGEST_SUMMARY)),
        text: text_part(opening, &facts, &closing),
        html: html_part(opening, &facts, &closing),
    }
}

/// What of a message stands in a letter, in characters; the page has all of it.
const LONGEST_MESSAGE: usize = 2_000;
const READABLE: &str = "It stands on the messages page.";

fn sender(caller: &str) -> String {
    if caller.is_empty() { "a withheld number".to_owned() } else { tame(caller, 40) }
}

fn left(subject: String, facts: &[(&str, String)], closing: &str) -> Letter {
    let opening = "somebody has left a message.";
    let closing = [closing.to_owned()];
    Letter { subject, text: text_part(opening, facts, &closing), html: html_part(opening, facts, &closing) }
}

fn shown(summary: &str, most: usize) -> String {
    let summary = tame(summary, most);
    if summary.is_empty() { "Appointment".to_owned() } else { summary }
}

fn until(about: &About<'_>) -> String {
    let (starts, ends) = (about.starts(), about.ends());
    let end = if starts.date() == ends.date() {
        name_time(ends.time(), Style::Plain)
    } else {
        name_moment(&ends, about.now, Style::Plain)
    };
    format!("{} to {end}", name_moment(&starts, about.now, Style::Plain))
}

/// "Europe/Berlin (CET, UTC+01:00)"
fn zone(at: &Zoned) -> String {
    let offset = at.strftime("%:z");
    let name = at.time_zone().iana_name().unwrap_or_default();
    let letters = at.strftime("%Z").to_string();
    let named = !letters.starts_with(['+', '-']);
    match (name.is_empty() || name == letters, named) {
        (false, true) => format!("{name} ({letters}, UTC{offset})"),
        (false, false) => format!("{name} (UTC{offset})"),
        (true, true) if letters == "UTC" => letters,
        (true, true) => format!("{letters} (UTC{offset})"),
        (true, false) => format!("UTC{offset}"),
    }
}

/// "CET", or "UTC+03" where the zone has no letters.
fn zone_letters(at: &Zoned) -> String {
    let letters = at.strftime("%Z").to_string();
    if letters.starts_with(['+', '-']) { format!("UTC{letters}") } else { letters }
}

fn text_part(opening: &str, facts: &[(&str, String)], closing: &[String]) -> String {
    let mut text = format!("Hello,\n\n{opening}\n\n");
    for (name, fact) in facts {
        text.extend([name, ": ", fact, "\n"]);
    }
    for line in closing {
        text.extend(["\n", line, "\n"]);
    }
    text
}

fn html_part(opening: &str, facts: &[(&str, String)], closing: &[String]) -> String {
    let mut html = String::from(
        "<!doctype html>\n<html lang=\"en\"><body style=\"font-family: sans-serif\">\n<p>Hello,</p>\n",
    );
    html.extend(["<p>", &escaped(opening), "</p>\n<table>\n"]);
    for (name, fact) in facts {
        html.extend([
            "<tr><td style=\"padding-right: 1em\">",
            &escaped(name),
            "</td><td><b>",
            &escaped(fact),
        ]);
        html.push_str("</b></td></tr>\n");
    }
    html.push_str("</table>\n");
    for line in closing {
        html.extend(["<p>", &escaped(line), "</p>\n"]);
    }
    html.push_str("</body></html>\n");
    html
}

/// As it stands in HTML, in a text or between quotes.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
