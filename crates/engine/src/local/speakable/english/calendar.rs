//! Dates and times of day.

use super::{Said, digit_behind, digits, ends, first_word, is_named_by_a_number};
use crate::local::speakable::{
    date,
    number::{cardinal, ordinal, year},
    telephone::is_amount,
};
use when::MONTHS;

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// How weekdays are written shorter, and which they are.
const SHORT_WEEKDAYS: [(&str, usize); 11] = [
    ("Mon", 0),
    ("Tue", 1),
    ("Tues", 1),
    ("Wed", 2),
    ("Weds", 2),
    ("Thu", 3),
    ("Thur", 3),
    ("Thurs", 3),
    ("Fri", 4),
    ("Sat", 5),
    ("Sun", 6),
];

pub(super) fn date(text: &str, day_first: bool) -> Said {
    date::iso(text)
        .or_else(|| date::numeric(text, day_first, &['/']))
        .and_then(|date| numeric(&date))
        .or_else(|| month_then_day(text))
        .or_else(|| day_then_month(text))
        .or_else(|| weekday(text))
}

/// `14:30`, `9:05 a.m.`, `10am`.
pub(super) fn time(text: &str) -> Said {
    let hours = digits(text);
    let hour: u64 = hours.parse().ok().filter(|_| hours.len() <= 2)?;
    let mut at = hours.len();
    let minutes = text[at..].strip_prefix(':').map(digits);
    let minute: u64 = match minutes {
        Some(minutes) if minutes.len() == 2 => minutes.parse().ok()?,
        Some(_) => return None,
        None => 0,
    };
    at += minutes.map_or(0, |_| 3);
    if let Some(seconds) = text[at..].strip_prefix(':').map(digits)
        && minutes.is_some()
        && seconds.len() == 2
    {
        at += 3;
    }
    let half = half_of_day(&text[at..]);
    if minute > 59 || hour > 24 || (hour == 24 && minute > 0) {
        return None;
    }
    if let Some((half, length)) = half.filter(|_| (1..=12).contains(&hour)) {
        return Some((format!("{}{} {half}", cardinal(hour), past(minute)), at + length));
    }
    if minutes.is_none() || !ends(&text[at..]) {
        return None;
    }
    let said = match (hour, minute) {
        (0 | 24, 0) => "midnight".to_owned(),
        (12, 0) => "noon".to_owned(),
        (0, _) => format!("twelve{} a.m.", past(minute)),
        (13.., _) => format!("{}{} p.m.", cardinal(hour - 12), past(minute)),
        (_, 0) => format!("{} o'clock", cardinal(hour)),
        _ => format!("{}{}", cardinal(hour), past(minute)),
    };
    Some((said, at))
}

fn past(minute: u64) -> String {
    match minute {
        0 => String::new(),
        1..=9 => format!(" oh {}", cardinal(minute)),
        _ => format!(" {}", cardinal(minute)),
    }
}

/// `am`, `p.m.`, `PM`, also after a blank.
fn half_of_day(text: &str) -> Option<(&'static str, usize)> {
    let word = text.strip_prefix(' ').unwrap_or(text);
    let blank = text.len() - word.len();
    let lower: String = word.chars().take(4).collect::<String>().to_ascii_lowercase();
    for (written, said) in
        [("a.m.", "a.m."), ("p.m.", "p.m."), ("a.m", "a.m."), ("p.m", "p.m."), ("am", "a.m."), ("pm", "p.m.")]
    {
        if lower.starts_with(written) && ends(&word[written.len()..]) {
            return Some((said, blank + written.len()));
        }
    }
    None
}

/// `10.30` behind `before`, where it is a time: "at 10.30", "10.30 pm"; and those that go on: "at 10.30 or 11.15".
pub(super) fn time_with_a_dot(text: &str, before: &str) -> Said {
    let at_a_time = ["at", "until", "till"].iter().any(|word| before.eq_ignore_ascii_case(word));
    let (mut said, mut at) = dotted_time(text, at_a_time)?;
    while let Some((word, between, (next, length))) = JOINING.iter().find_map(|(between, word)| {
        let rest = text[at..].strip_prefix(between)?;
        Some((word, between, dotted_time(rest, true)?))
    }) {
        said.extend([" ", word, " ", &next]);
        at += between.len() + length;
    }
    Some((said, at))
}

/// What stands between two times, and how it is said.
const JOINING: [(&str, &str); 5] =
    [(" or ", "or"), (" and ", "and"), (" to ", "to"), ("-", "to"), ("–", "to")];

fn dotted_time(text: &str, at_a_time: bool) -> Said {
    let (hour, minute, at) = dotted(text)?;
    let half = half_of_day(&text[at..]);
    if half.is_none() && (!at_a_time || is_amount(&text[at..])) {
        return None;
    }
    let (half, length) = half.unwrap_or_default();
    let (said, _) = time(&format!("{hour}:{minute} {half}"))?;
    Some((said, at + length))
}

/// Hour and minute as they are written, and their length.
fn dotted(text: &str) -> Option<(&str, &str, usize)> {
    let hour = digits(text);
    let minute = text[hour.len()..].strip_prefix('.').map(digits)?;
    let at = hour.len() + 1 + minute.len();
    let rest = &text[at..];
    let goes_on = digit_behind(rest, &['.', ',', ':', '/']);
    let fits = matches!(hour.len(), 1 | 2) && minute.len() == 2 && !goes_on;
    (fits && hour.parse::<u64>().is_ok_and(|hour| hour < 24)).then_some((hour, minute, at))
}

/// Words behind which two numbers with a stroke between them are a date, whatever else they could be.
const DATED: [&str; 11] =
    ["on", "by", "until", "till", "since", "from", "through", "before", "after", "date", "dated"];
/// And those behind which they are none, beside what is named by a number.
const UNDATED: [&str; 16] = [
    "slash", "page", "part", "step", "size", "score", "scored", "rated", "rating", "grade", "route", "lot",
    "question", "ratio", "times", "over",
];
/// Words before which they are none: `4/5 stars`.
const COUNTED: [&str; 20] = [
    "of",
    "out",
    "star",
    "stars",
    "point",
    "points",
    "cup",
    "cups",
    "inch",
    "inches",
    "mile",
    "miles",
    "teaspoon",
    "tablespoon",
    "done",
    "complete",
    "full",
    "majority",
    "scale",
    "people",
];
/// How many days a month has at most, January first.
const LENGTHS: [u64; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// `11/24` behind `before`, where month and day fit. A half and its like are none but behind "on" or a weekday.
pub(super) fn day_of_year(text: &str, before: &str, day_first: bool) -> Said {
    let first = digits(text);
    let second = text[first.len()..].strip_prefix('/').map(digits)?;
    let at = first.len() + 1 + second.len();
    if !matches!((first.len(), second.len()), (1 | 2, 1 | 2)) {
        return None;
    }
    let rest = &text[at..];
    let goes_on = rest.starts_with('/') || digit_behind(rest, &['.', ',', ':']);
    let after = first_word(rest.strip_prefix([' ', '-']).unwrap_or(rest));
    if goes_on || !ends(rest) || is_amount(rest) || COUNTED.contains(&after) {
        return None;
    }
    let (first_number, second_number) = (first.parse().ok()?, second.parse().ok()?);
    let word = before.to_ascii_lowercase();
    let dated = DATED.contains(&word.as_str()) || is_day(before) || is_weekday_short(before);
    let fraction = super::quantity::fraction(text, before).is_some() || first_number == second_number;
    if (fraction && !dated) || UNDATED.contains(&word.as_str()) || is_named_by_a_number(before) {
        return None;
    }
    let (day, month) = date::day_and_month(first_number, second_number, day_first);
    let fits = LENGTHS.get((month as usize).checked_sub(1)?).is_some_and(|length| day <= *length);
    Some((spoken(day, month, None).filter(|_| fits)?, at))
}

fn is_weekday_short(word: &str) -> bool {
    SHORT_WEEKDAYS.iter().any(|(short, _)| *short == word)
}

fn numeric(date: &date::Date<'_>) -> Said {
    let mut said = spoken(date.day, date.month, Some(date.year))?;
    if let Some((clock, _)) = date.clock.and_then(time) {
        said.push_str(" at ");
        said.push_str(&clock);
        said.push_str(if date.utc { " UTC" } else { "" });
    }
    Some((said, date.length))
}

/// `November 27th, 2026`, `Nov. 27`.
fn month_then_day(text: &str) -> Said {
    let (month, length) = month(text)?;
    let rest = &text[length..];
    let rest = rest.strip_prefix(' ')?;
    let (day, day_length) = day(rest)?;
    let mut at = length + 1 + day_length;
    let year = year_after(&text[at..]);
    at += year.map_or(0, |(_, length)| length);
    Some((spoken(day, month, year.map(|(year, _)| year))?, at))
}

/// `27 November 2026`, `27th of November`.
fn day_then_month(text: &str) -> Said {
    let (day, length) = day(text)?;
    let rest = text[length..].strip_prefix(' ')?;
    let (of, rest) = rest.strip_prefix("of ").map_or(("", rest), |rest| ("of ", rest));
    let (month, month_length) = month(rest)?;
    let mut at = length + 1 + of.len() + month_length;
    let year = year_after(&text[at..]);
    at += year.map_or(0, |(_, length)| length);
    Some((spoken(day, month, year.map(|(year, _)| year))?, at))
}

fn spoken(day: u64, month: u64, when: Option<u64>) -> Option<String> {
    let name = MONTHS.get((month as usize).checked_sub(1)?)?;
    if !(1..=31).contains(&day) {
        return None;
    }
    let day = ordinal(day);
    Some(match when {
        Some(when) => format!("{name} {day}, {}", year(when)),
        None => format!("{name} {day}"),
    })
}

fn month(text: &str) -> Option<(u64, usize)> {
    let word = first_word(text);
    let full = MONTHS.iter().position(|month| *month == word);
    let at = full.or_else(|| {
        let short = word.len() == 3 || word == "Sept";
        MONTHS.iter().position(|month| short && month.starts_with(word))
    })?;
    let dot = full.is_none() && text[word.len()..].starts_with('.');
    Some((at as u64 + 1, word.len() + usize::from(dot)))
}

/// A day of the month, `27` or `27th`.
fn day(text: &str) -> Option<(u64, usize)> {
    let written = digits(text);
    let day = written.parse().ok().filter(|day| written.len() <= 2 && (1..=31).contains(day))?;
    let rest = &text[written.len()..];
    let suffix = ["st", "nd", "rd", "th"].iter().find(|suffix| rest.starts_with(**suffix));
    let length = written.len() + suffix.map_or(0, |suffix| suffix.len());
    // `May 5:30` and `March 3.5` are no days.
    let after = &text[length..];
    let goes_on = after.starts_with([':', '.', ',', '-', '/', '%'])
        && after[1..].starts_with(|c: char| c.is_ascii_digit());
    (ends(after) && !goes_on).then_some((day, length))
}

fn year_after(text: &str) -> Option<(u64, usize)> {
    let rest = text.strip_prefix(", ").or_else(|| text.strip_prefix(' '))?;
    let year = digits(rest);
    let goes_on = rest[year.len()..].starts_with([':', '%', '-', '/']);
    let number = year.parse().ok().filter(|number| year.len() == 4 && (1900..2100).contains(number))?;
    (ends(&rest[year.len()..]) && !goes_on).then_some((number, text.len() - rest.len() + year.len()))
}

/// Whether these words are a date.
pub(super) fn is_dated(words: &str) -> bool {
    MONTHS.iter().any(|month| words.starts_with(month))
}

/// The name of a weekday or a month, written out or short, and its length.
pub(super) fn name(text: &str) -> Option<(&'static str, usize)> {
    if let Some((number, length)) = month(text) {
        return Some((MONTHS[number as usize - 1], length));
    }
    let word = first_word(text);
    if let Some(day) = WEEKDAYS.iter().find(|day| **day == word) {
        return Some((day, word.len()));
    }
    let (_, day) = SHORT_WEEKDAYS.iter().find(|(short, _)| *short == word)?;
    Some((WEEKDAYS[*day], word.len() + usize::from(text[word.len()..].starts_with('.'))))
}

/// Whether a word is a weekday, however it is written.
pub(super) fn is_day(word: &str) -> bool {
    let word = word.strip_suffix('s').unwrap_or(word);
    WEEKDAYS.iter().any(|day| day.eq_ignore_ascii_case(word))
}

pub(super) fn is_weekday(name: &str) -> bool {
    WEEKDAYS.contains(&name)
}

/// `Mon`, `Tue.` before a date or a time.
fn weekday(text: &str) -> Said {
    let (name, at) = name(text).filter(|(name, length)| is_weekday(name) && *length < name.len())?;
    let rest = text[at..].strip_prefix(',').unwrap_or(&text[at..]).strip_prefix(' ')?;
    let dated = rest.starts_with(|c: char| c.is_ascii_digit()) || month_then_day(rest).is_some();
    dated.then(|| (name.to_owned(), at))
}
