//! Dates that are written with digits alone.

use super::{digits, ends};

/// A date, and perhaps a time of day, at the beginning of a text.
pub(super) struct Date<'a> {
    pub year: u64,
    /// 1 to 12.
    pub month: u64,
    /// 1 to 31.
    pub day: u64,
    /// `10:00`, as it is written.
    pub clock: Option<&'a str>,
    /// The time is of no zone that the caller is in for all we know.
    pub utc: bool,
    /// Of what is written, in bytes.
    pub length: usize,
}

/// `2026-11-27`, `2026-11-27T10:00:00+01:00`, `2026-11-27 10:00` (ISO 8601, and RFC 3339's blank).
pub(super) fn iso(text: &str) -> Option<Date<'_>> {
    let mut parts = text.get(..10)?.split('-');
    let (y, m, d) = (parts.next()?, parts.next()?, parts.next()?);
    let shaped = y.len() == 4 && m.len() == 2 && d.len() == 2;
    if !shaped || [y, m, d].iter().any(|part| digits(part) != *part) {
        return None;
    }
    let (year, month, day) = (y.parse().ok()?, m.parse().ok()?, d.parse().ok()?);
    let clock = clock(&text[10..]);
    let known = (1..=12).contains(&month) && (1..=31).contains(&day);
    if !known || (clock.is_none() && !ends(&text[10..])) {
        return None;
    }
    let (clock, utc, length) = clock.map_or((None, false, 0), |(clock, utc, at)| (Some(clock), utc, at));
    Some(Date { year, month, day, clock, utc, length: 10 + length })
}

/// `11/27/2026`, `27.11.2026`, `27-11-2026`; with a year of two digits only where its bar is one of `short`. `day_first`:
/// where both could be a month, the first is the day.
pub(super) fn numeric<'a>(text: &'a str, day_first: bool, short: &[char]) -> Option<Date<'a>> {
    let first = digits(text);
    let bar = text[first.len()..].chars().next().filter(|c| matches!(c, '/' | '.' | '-'))?;
    let second = digits(&text[first.len() + 1..]);
    let rest = text[first.len() + 1 + second.len()..].strip_prefix(bar)?;
    let third = digits(rest);
    let behind = &rest[third.len()..];
    let goes_on = behind.strip_prefix(bar).is_some_and(|behind| !digits(behind).is_empty());
    let years = third.len() == 4 || (third.len() == 2 && short.contains(&bar));
    if !years || first.len() > 2 || second.len() > 2 || goes_on || !ends(behind) {
        return None;
    }
    let (day, month) = day_and_month(first.parse().ok()?, second.parse().ok()?, day_first);
    let year: u64 = third.parse().ok()?;
    let year = if third.len() == 2 { 2000 + year } else { year };
    // Between bars and dots other numbers stand, too.
    let known = bar == '/' || (1900..2100).contains(&year);
    let fits = (1..=12).contains(&month) && (1..=31).contains(&day);
    let length = text.len() - behind.len();
    (known && fits).then_some(Date { year, month, day, clock: None, utc: false, length })
}

/// Which of two numbers is the day, and which the month.
pub(super) fn day_and_month(first: u64, second: u64, day_first: bool) -> (u64, u64) {
    if (day_first || first > 12) && second <= 12 { (first, second) } else { (second, first) }
}

/// The time of day behind a date, whether it is of UTC, and its length with seconds and zone.
fn clock(text: &str) -> Option<(&str, bool, usize)> {
    let joined = text.starts_with('T');
    let rest = text.strip_prefix(['T', ' '])?;
    let clock = hours_and_minutes(rest)?;
    let mut at = clock.len();
    if let Some(seconds) = rest[at..].strip_prefix(':').map(digits)
        && seconds.len() == 2
    {
        at += 3;
        let fraction = rest[at..].strip_prefix('.').map_or(0, |fraction| digits(fraction).len());
        at += if fraction > 0 { fraction + 1 } else { 0 };
    }
    // `10:00-11:30` behind a blank is from ten to half past eleven.
    let exact = joined || at > clock.len();
    let zone = &rest[at..];
    let offset = zone
        .strip_prefix(if exact { &['+', '-', '−'][..] } else { &['+'][..] })
        .and_then(hours_and_minutes)
        .filter(|offset| ends(&zone[zone.find(offset).unwrap_or(0) + offset.len()..]));
    let zulu = zone.starts_with('Z');
    let length = match offset {
        Some(offset) => zone.find(offset)? + offset.len(),
        None => usize::from(zulu),
    };
    let utc = zulu || offset == Some("00:00");
    let at = at + length;
    let half =
        ["am", "pm", "a.m", "p.m", "AM", "PM"].iter().any(|half| rest[at..].trim_start().starts_with(half));
    (ends(&rest[at..]) && !half).then_some((clock, utc, 1 + at))
}

fn hours_and_minutes(text: &str) -> Option<&str> {
    let clock = text.get(..5)?;
    let (hours, minutes) = clock.split_once(':')?;
    let two = |part: &str, below: u64| {
        part.len() == 2 && digits(part) == part && part.parse::<u64>().is_ok_and(|number| number < below)
    };
    (two(hours, 24) && two(minutes, 60)).then_some(clock)
}
