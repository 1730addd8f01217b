//! Dates and times of day.

use super::{Said, digits, ends};
use crate::local::speakable::number::{cardinal, ordinal, year};
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
    iso(text)
        .or_else(|| with_slashes(text, day_first))
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

fn iso(text: &str) -> Said {
    let whole = text.get(..10)?;
    let mut parts = whole.split('-');
    let (y, m, d) = (parts.next()?, parts.next()?, parts.next()?);
    if y.len() != 4 || m.len() != 2 || d.len() != 2 || !ends(&text[10..]) {
        return None;
    }
    Some((spoken(d.parse().ok()?, m.parse().ok()?, Some(y.parse().ok()?))?, 10))
}

fn with_slashes(text: &str, day_first: bool) -> Said {
    let first = digits(text);
    let rest = text[first.len()..].strip_prefix('/')?;
    let second = digits(rest);
    let rest = rest[second.len()..].strip_prefix('/')?;
    let third = digits(rest);
    if !matches!(third.len(), 2 | 4) || first.len() > 2 || second.len() > 2 || !ends(&rest[third.len()..]) {
        return None;
    }
    let (first_number, second_number): (u64, u64) = (first.parse().ok()?, second.parse().ok()?);
    let year: u64 = third.parse().ok()?;
    let year = if third.len() == 2 { 2000 + year } else { year };
    let day_first = (day_first || first_number > 12) && second_number <= 12;
    let (day, month) = if day_first { (first_number, second_number) } else { (second_number, first_number) };
    Some((spoken(day, month, Some(year))?, first.len() + second.len() + third.len() + 2))
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
    let word = &text[..text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len())];
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
    let word = &text[..text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len())];
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
