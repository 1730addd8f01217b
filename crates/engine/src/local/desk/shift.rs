//! How much later or earlier: "an hour later", "push it back by a week".

use super::words::is_one_of;
use jiff::{Span, Zoned};
use when::{Clock, Day, Said};

/// So much later or earlier than this.
pub(super) fn moved_by(at: &Zoned, by: Span) -> Option<Said> {
    let at = at.checked_add(by).ok()?;
    let (day, clock) = (Day::Dates(vec![at.date()]), Clock::Times(vec![at.time()]));
    Some(Said { day: Some(day), clock: Some(clock), ..Said::default() })
}

/// What the words say of a time by what it was before; nothing where they do not.
pub(super) fn read(words: &[&str]) -> Option<Span> {
    let unit = words.iter().position(|word| UNITS.contains(word))?;
    let (count, from) = count(words, unit)?;
    let ahead = from.checked_sub(1).map_or("", |before| words[before]);
    let after = words.get(unit + 1).copied().unwrap_or_default();
    let told = |words: &[&str], of: &str| words.iter().any(|word| is_one_of(word, of));
    // A noun may follow: "push my thirty minute appointment". And who is tied up for an hour moves nothing by it.
    let moves = ahead == "by" || told(&[after], ENDS);
    let up =
        words[..from].windows(2).any(|pair| pair[1] == "up" && !told(&pair[..1], "tied|held|caught|booked"));
    let earlier =
        told(&[after], "earlier|sooner") || (moves && (up || told(&words[..from], "forward|earlier|sooner")));
    let later = told(&[after], "later|back")
        || (moves && ahead != "in" && told(&words[..from], "back|later|push|postpone|delay"));
    let half = from.checked_sub(1).is_some_and(|before| words[before] == "half") && words[unit] == "hour";
    let span = match words[unit] {
        "week" | "weeks" => Span::new().weeks(count),
        "day" | "days" => Span::new().days(count),
        "minute" | "minutes" => Span::new().minutes(count),
        _ if half => Span::new().minutes(30),
        _ => Span::new().hours(count),
    };
    match (earlier, later) {
        (true, _) => Some(-span),
        (false, true) => Some(span),
        (false, false) => None,
    }
}

/// What may stand behind so much of time that something is pushed by; the empty word is the end of the sentence.
const ENDS: &str =
    "|earlier|sooner|later|back|please|thanks|if|or|and|then|because|as|so|to|on|at|for|from|instead";
const UNITS: [&str; 8] = ["minute", "minutes", "hour", "hours", "day", "days", "week", "weeks"];

/// How many of the unit here, and where that begins.
fn count(words: &[&str], unit: usize) -> Option<(i64, usize)> {
    let before = unit.checked_sub(1)?;
    match words[before] {
        "a" | "an" => return Some((1, before)),
        "of" if words[..before].ends_with(&["a", "couple"]) => return Some((2, before - 2)),
        figures => {
            if let Some(count) = figures.parse().ok().filter(|count| (1..=99).contains(count)) {
                return Some((count, before));
            }
        }
    }
    // "Forty five" is not five.
    [2, 1].into_iter().find_map(|length| {
        let from = unit.checked_sub(length)?;
        let said = words[from..unit].join(" ");
        let count = (1..100_u32).find(|count| when::name_number(*count).replace('-', " ") == said)?;
        Some((count.into(), from))
    })
}
