//! Which time is meant: the ways in which people tell it.

use crate::{
    Clock, Part, Piece,
    speak::{Style, name_time},
    words::{Kind, Token, number},
};
use jiff::{
    ToSpan, Zoned,
    civil::{Time, time},
    tz::TimeZone,
};

/// Reads a time that begins at `at`, after the pieces found `before` it; gives its pieces and where it ends.
pub(crate) fn read(
    tokens: &[Token],
    at: usize,
    before: &[Piece],
    now: &Zoned,
) -> Option<(Vec<Piece>, usize)> {
    if let Some((exact, next)) = from_now(tokens, at, now) {
        return Some((vec![Piece::Exact(exact)], next));
    }
    if word(tokens, at) == "midnight" {
        return Some((vec![Piece::Clock(Clock::Midnight)], at + 1));
    }
    if let Some(found) = no_time(tokens, at, before) {
        return Some(found);
    }
    if let Some(found) = elsewhere(tokens, at, before, now) {
        return Some(found);
    }
    let (clock, next) = window(tokens, at)
        .or_else(|| part(tokens, at))
        .or_else(|| told(tokens, at, before).map(|(times, next)| (Clock::Times(times), next)))?;
    let half = matches!(&clock, Clock::Times(_))
        && word(tokens, at) == "half"
        && !matches!(word(tokens, at + 1), "past" | "after");
    let note = match &clock {
        Clock::Times(times) if half => times.first().map(|time| {
            let name = name_time(*time, Style::Spoken);
            let end = name.find(" in the ").or_else(|| name.find(" at night")).unwrap_or(name.len());
            Piece::Note(format!("I take half {} as {}.", word(tokens, at + 1), &name[..end]))
        }),
        Clock::Times(_) | Clock::Midnight | Clock::Part(_) => None,
    };
    Some((std::iter::once(Piece::Clock(clock)).chain(note).collect(), next))
}

/// "25:00", "at 25", "twelve seventy five", "24:00".
fn no_time(tokens: &[Token], at: usize, before: &[Piece]) -> Option<(Vec<Piece>, usize)> {
    let why = match tokens.get(at)?.kind {
        Kind::Clock { hour: 24, minute: 0, .. } => {
            "There is no twenty-four o'clock. Please name the day that begins at that midnight.".to_owned()
        }
        Kind::Clock { hour, minute, .. } if hour > 23 || minute > 59 => {
            format!("There is no time {hour}:{minute:02}.")
        }
        Kind::Number(hour @ 25..) if matches!(before.last(), Some(Piece::Word(word)) if word == "at") => {
            let after = word(tokens, at + 1);
            if hour < 60 && matches!(after, "past" | "to" | "minutes" | "till" | "after" | "before" | "of") {
                return None;
            }
            format!("There is no time {hour}.")
        }
        _ => return None,
    };
    Some((vec![Piece::Nonsense(why)], at + 1))
}

/// "… UTC", "… Eastern time", "… `America/New_York`" after a time: a zone that is not ours.
fn elsewhere(tokens: &[Token], at: usize, before: &[Piece], now: &Zoned) -> Option<(Vec<Piece>, usize)> {
    if !matches!(before.last(), Some(Piece::Clock(_))) {
        return None;
    }
    let token = tokens.get(at)?;
    let (name, next) = match (token.text.as_str(), word(tokens, at + 1)) {
        ("eastern" | "central" | "mountain" | "pacific" | "greenwich", "time") => {
            (token.text.as_str(), at + 2)
        }
        ("eastern" | "pacific" | "greenwich", _) => (token.text.as_str(), at + 1),
        (name, _) if ZONES.contains(&name) => (name, at + 1),
        (name, _) if name.contains('/') && TimeZone::get(name).is_ok() => (name, at + 1),
        _ => return None,
    };
    let zone = now.time_zone().iana_name().unwrap_or("our own");
    let ours = name.eq_ignore_ascii_case(zone) || name.eq_ignore_ascii_case(&now.strftime("%Z").to_string());
    let why = "I take times in our own time zone only. What time is that with us?";
    Some((if ours { Vec::new() } else { vec![Piece::Nonsense(why.into())] }, next))
}

/// Abbreviations that are no words of their own.
const ZONES: [&str; 24] = [
    "utc", "gmt", "est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "cet", "cest", "bst", "ist", "jst",
    "msk", "eet", "eest", "aest", "aedt", "nzst", "nzdt", "akst", "hst",
];

fn word(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.text.as_str())
}

/// "In two hours", "in half an hour", "in an hour and a half", "in twenty minutes", to the minute.
fn from_now(tokens: &[Token], at: usize, now: &Zoned) -> Option<(Zoned, usize)> {
    if word(tokens, at) != "in" {
        return None;
    }
    let (minutes, next) = match (word(tokens, at + 1), word(tokens, at + 2), word(tokens, at + 3)) {
        ("half", "an", "hour") | ("a", "half", "hour") => (30, at + 4),
        _ => {
            let (count, next) = match word(tokens, at + 1) {
                "a" | "an" => (1, at + 2),
                _ => number(tokens, at + 1)?,
            };
            let count = i64::from(count.min(100_000));
            match word(tokens, next) {
                "hour" | "hours" => {
                    let half = ["and", "a", "half"]
                        .iter()
                        .enumerate()
                        .all(|(i, w)| word(tokens, next + 1 + i) == *w);
                    (count * 60 + if half { 30 } else { 0 }, next + 1 + if half { 3 } else { 0 })
                }
                "minute" | "minutes" => (count, next + 1),
                _ => return None,
            }
        }
    };
    let minute = now.with().second(0).subsec_nanosecond(0).build().ok()?;
    Some((minute.checked_add(minutes.minutes()).ok()?, next))
}

/// "Between two and four", "from two to four", "after three", "before noon".
fn window(tokens: &[Token], at: usize) -> Option<(Clock, usize)> {
    let one = |at: usize| told(tokens, at, &[Piece::Word("at".into())]).map(|(times, next)| (times[0], next));
    let lead = word(tokens, at);
    match lead {
        "between" | "from" => {
            let (from, next) = hour_only(tokens, at + 1).or_else(|| one(at + 1))?;
            let joint = if lead == "between" { "and" } else { "to" };
            if word(tokens, next) != joint {
                return None;
            }
            let (mut to, next) = one(next + 1)?;
            if to <= from {
                to = to.checked_add(12.hours()).unwrap_or(to);
            }
            (from < to && lead == "between").then_some((Clock::Part(Part::Between(from, to)), next))
        }
        "after" => one(at + 1).map(|(from, next)| (Clock::Part(Part::After(from)), next)),
        "before" => one(at + 1).map(|(to, next)| (Clock::Part(Part::Before(to)), next)),
        _ => None,
    }
}

/// "(In the) morning".
fn part(tokens: &[Token], at: usize) -> Option<(Clock, usize)> {
    let skip = match (word(tokens, at), word(tokens, at + 1)) {
        ("in", "the") => 2,
        ("at", "night") | ("the" | "this" | "early" | "late", _) => 1,
        _ => 0,
    };
    if let Some(found) = half_alone(tokens, at) {
        return Some(found);
    }
    let lunch = Part::Between(time(12, 0, 0, 0), time(14, 0, 0, 0));
    let part = match word(tokens, at + skip) {
        "lunchtime" => lunch,
        "lunch" if word(tokens, at + skip + 1) == "time" => {
            return Some((Clock::Part(lunch), at + skip + 2));
        }
        "morning" | "mornings" | "forenoon" => Part::Morning,
        "afternoon" | "afternoons" => Part::Afternoon,
        "evening" | "evenings" | "night" => Part::Evening,
        _ => return None,
    };
    Some((Clock::Part(part), at + skip + 1))
}

/// "Am", and nothing else, to "nine in the morning or nine at night?"; in a sentence "am" is a verb.
fn half_alone(tokens: &[Token], at: usize) -> Option<(Clock, usize)> {
    let rest = tokens.iter().enumerate().filter(|(other, _)| *other != at);
    let mut rest = rest.map(|(_, token)| token.text.as_str());
    if !rest.all(|word| matches!(word, "in" | "the" | "please" | "yes" | "no")) {
        return None;
    }
    let noon = time(12, 0, 0, 0);
    match word(tokens, at) {
        "am" => Some((Clock::Part(Part::Before(noon)), at + 1)),
        "pm" => Some((Clock::Part(Part::After(noon)), at + 1)),
        _ => None,
    }
}

/// A time told by the clock, as every time of day that it may mean, the likeliest first.
fn told(tokens: &[Token], at: usize, before: &[Piece]) -> Option<(Vec<Time>, usize)> {
    if let Kind::Clock { hour, minute, certain } = tokens.get(at)?.kind {
        let (half, next) = half_of_day(tokens, at + 1);
        return Some((of_dial(hour, minute, half, certain)?, next));
    }
    if matches!(word(tokens, at), "noon" | "midday") {
        return Some((vec![time(12, 0, 0, 0)], at + 1));
    }
    if let Some(found) = past_or_to(tokens, at, before) {
        return Some(found);
    }
    let (hour, next) = number(tokens, at).filter(|(hour, _)| *hour <= 24)?;
    if word(tokens, next) == "hundred" {
        let skip = usize::from(word(tokens, next + 1) == "hours");
        return Some((of_dial(hour, 0, None, true)?, next + 1 + skip));
    }
    if let Some((minute, after)) = minutes(tokens, next) {
        let (half, after) = half_of_day(tokens, after);
        return Some((of_dial(hour, minute, half, false)?, after));
    }
    let clock = word(tokens, next) == "o'clock";
    let (half, after) = half_of_day(tokens, next + usize::from(clock));
    if hour == 0 || (!clock && half.is_none() && !sounds_like_time(tokens, at, next, before)) {
        return None;
    }
    Some((of_dial(hour, 0, half, false)?, after))
}

/// "Half past four", "quarter to ten", "twenty past two", "half four".
fn past_or_to(tokens: &[Token], at: usize, before: &[Piece]) -> Option<(Vec<Time>, usize)> {
    let (minute, next) = match word(tokens, at) {
        "half" => (30, at + 1),
        "quarter" => (15, at + 1),
        _ => number(tokens, at).filter(|(minute, _)| (1..60).contains(minute))?,
    };
    let next = next + usize::from(matches!(word(tokens, next), "minutes" | "minute"));
    let (to, next) = match word(tokens, next) {
        "past" | "after" => (false, next + 1),
        "to" | "till" | "before" | "of" if minute < 30 => (true, next + 1),
        _ if word(tokens, at) == "half" => (false, next),
        _ => return None,
    };
    if to && minute != 15 && is_move_from(before) {
        return None;
    }
    let (noon, (hour, next)) = match word(tokens, next) {
        "noon" | "midday" => (true, (12, next + 1)),
        _ => (false, number(tokens, next).filter(|(hour, _)| (1..=12).contains(hour))?),
    };
    let next = next + usize::from(word(tokens, next) == "o'clock");
    let (half, next) = half_of_day(tokens, next);
    let half = if noon { Some(Half::Pm) } else { half };
    let minutes = if to { -i64::from(minute) } else { i64::from(minute) };
    let mut times: Vec<Time> =
        of_dial(hour, 0, half, false)?.into_iter().map(|hour| hour.wrapping_add(minutes.minutes())).collect();
    times.sort_by_key(|time| !is_daytime(*time));
    Some((times, next))
}

/// "From ten to eleven" are two times, not ten minutes before eleven.
fn is_move_from(before: &[Piece]) -> bool {
    let position = |word: &str| before.iter().rposition(|piece| *piece == Piece::Word(word.into()));
    match (position("from"), position("to")) {
        (Some(from), Some(to)) => to < from,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// The hour of "from ten to eleven".
fn hour_only(tokens: &[Token], at: usize) -> Option<(Time, usize)> {
    let (hour, next) = number(tokens, at).filter(|(hour, _)| (1..=24).contains(hour))?;
    if !matches!(word(tokens, next), "to" | "and") {
        return None;
    }
    Some((*of_dial(hour, 0, None, false)?.first()?, next))
}

/// "Thirty", "oh five", "fifteen", after an hour; "nine, ten" are two hours.
fn minutes(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    if at.checked_sub(1).and_then(|hour| tokens.get(hour)).is_some_and(|hour| hour.ends) {
        return None;
    }
    if matches!(word(tokens, at), "oh" | "o") {
        return number(tokens, at + 1).filter(|(minute, _)| (1..10).contains(minute));
    }
    let (minute, next) = number(tokens, at).filter(|(minute, _)| (10..60).contains(minute))?;
    let counts = matches!(word(tokens, next), "past" | "to" | "days" | "weeks" | "minutes" | "hours");
    (!counts).then_some((minute, next))
}

#[derive(Clone, Copy, PartialEq)]
enum Half {
    Am,
    Pm,
}

fn half_of_day(tokens: &[Token], at: usize) -> (Option<Half>, usize) {
    match word(tokens, at) {
        "am" => (Some(Half::Am), at + 1),
        "pm" => (Some(Half::Pm), at + 1),
        _ => (None, at),
    }
}

/// A lone number is a time where it stands like one; "one" also stands for a thing.
fn sounds_like_time(tokens: &[Token], at: usize, next: usize, before: &[Piece]) -> bool {
    let after = word(tokens, next);
    let counts = matches!(
        after,
        "day"
            | "days"
            | "week"
            | "weeks"
            | "month"
            | "months"
            | "hour"
            | "hours"
            | "minute"
            | "minutes"
            | "moment"
            | "moments"
            | "second"
            | "seconds"
            | "sec"
            | "thing"
            | "things"
            | "question"
            | "questions"
            | "person"
            | "people"
            | "persons"
            | "of"
            | "times"
            | "appointments"
            | "slots"
            | "options"
            | "more"
            | "percent"
            | "thousand"
            | "hundred"
    );
    let led = match before.last() {
        Some(Piece::Word(word)) => matches!(
            word.as_str(),
            "at" | "around"
                | "about"
                | "by"
                | "till"
                | "until"
                | "from"
                | "to"
                | "or"
                | "and"
                | "it"
                | "no"
                | "say"
                | "for"
        ),
        // "The tuesday one", "the morning one".
        Some(Piece::Day(_) | Piece::Clock(_) | Piece::Exact(_) | Piece::Nonsense(_) | Piece::Note(_)) => {
            false
        }
        None => tokens.len() - next <= 1,
    };
    !counts && (led || word(tokens, at) != "one")
}

/// What the dial shows as times of day: two, unless the half of the day is known.
fn of_dial(hour: u32, minute: u32, half: Option<Half>, certain: bool) -> Option<Vec<Time>> {
    let (hour, minute) = (i8::try_from(hour).ok()?, i8::try_from(minute).ok()?);
    let hour = if hour == 24 && minute == 0 { 0 } else { hour };
    let at = |hour: i8| Time::new(hour, minute, 0, 0).ok();
    if certain || hour == 0 || hour > 12 {
        return Some(vec![at(hour)?]);
    }
    let (am, pm) = (at(hour % 12)?, at(hour % 12 + 12)?);
    Some(match half {
        Some(Half::Am) => vec![am],
        Some(Half::Pm) => vec![pm],
        None if is_daytime(am) => vec![am, pm],
        None => vec![pm, am],
    })
}

fn is_daytime(time: Time) -> bool {
    (8..20).contains(&time.hour())
}
