//! How much later or earlier: "an hour later", "push it back by a week".

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
    let told = |words: &[&str], of: &str| words.iter().any(|word| of.split('|').any(|one| one == *word));
    let earlier = told(&[after], "earlier|sooner") || told(&words[..from], "forward|up|earlier|sooner");
    let later = told(&[after], "later|back")
        || (told(&words[..from], "back|later|push|postpone|delay") && ahead != "in");
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

const UNITS: [&str; 8] = ["minute", "minutes", "hour", "hours", "day", "days", "week", "weeks"];
const NUMBERS: [&str; 11] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const LARGER: [(&str, i64); 5] =
    [("fifteen", 15), ("twenty", 20), ("thirty", 30), ("forty", 40), ("ninety", 90)];

/// How many of the unit here, and where that begins.
fn count(words: &[&str], unit: usize) -> Option<(i64, usize)> {
    let before = unit.checked_sub(1)?;
    let at = |index: usize| before.checked_sub(index).map_or("", |index| words[index]);
    let small = NUMBERS
        .iter()
        .position(|number| *number == words[before])
        .and_then(|number| i64::try_from(number).ok());
    let large = LARGER.iter().find(|(number, _)| *number == words[before]).map(|(_, number)| *number);
    let figures = words[before].parse().ok().filter(|number| (1..=99).contains(number));
    match words[before] {
        "a" | "an" => Some((1, before)),
        "of" if (at(2), at(1)) == ("a", "couple") => Some((2, before - 2)),
        _ => small.or(large).or(figures).filter(|count| *count > 0).map(|count| (count, before)),
    }
}
