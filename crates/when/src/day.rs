//! Which day is meant: the ways in which people name one.

use crate::{
    Clock, Day, Part, Piece,
    speak::{Style, name_date, name_moment, name_month, name_ordinal, name_weekday},
    words::{Kind, Token, month, number, ordinal, year},
};
use jiff::{
    Span, ToSpan, Zoned,
    civil::{Date, Weekday},
};

/// Reads a day that begins at `at`; gives its pieces and where it ends.
pub(crate) fn read(tokens: &[Token], at: usize, now: &Zoned) -> Option<(Vec<Piece>, usize)> {
    let today = now.date();
    let one = |(day, next): (Result<Day, String>, usize)| match day {
        Ok(day) => {
            let note = skipped_month(tokens, at, next, &day, today);
            (std::iter::once(Piece::Day(day)).chain(note).collect(), next)
        }
        Err(why) => (vec![Piece::Nonsense(why)], next),
    };
    written(tokens, at, now)
        .or_else(|| near(tokens, at, today))
        .or_else(|| relative(tokens, at, today).map(one))
        .or_else(|| by_weekday(tokens, at, today).map(one))
        .or_else(|| by_calendar(tokens, at, today, None).map(one))
        .or_else(|| range(tokens, at, today).map(|(day, next)| one((Ok(day), next))))
}

/// The day of the week that this word names, in full or by three letters.
pub(crate) fn weekday(word: &str) -> Option<Weekday> {
    let word = word.strip_suffix("'s").unwrap_or(word);
    Some(match word {
        "monday" | "mon" => Weekday::Monday,
        "tuesday" | "tue" | "tues" => Weekday::Tuesday,
        "wednesday" | "wed" => Weekday::Wednesday,
        "thursday" | "thu" | "thur" | "thurs" => Weekday::Thursday,
        "friday" | "fri" => Weekday::Friday,
        "saturday" | "sat" => Weekday::Saturday,
        "sunday" | "sun" => Weekday::Sunday,
        _ => return None,
    })
}

type Found = (Result<Day, String>, usize);

fn word(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.text.as_str())
}

fn plus(date: Date, days: i64) -> Date {
    date.checked_add(Span::new().try_days(days).unwrap_or_default()).unwrap_or(Date::MAX)
}

fn dates(found: impl IntoIterator<Item = Date>) -> Day {
    let mut unique = Vec::new();
    for date in found {
        if !unique.contains(&date) {
            unique.push(date);
        }
    }
    Day::Dates(unique)
}

/// ISO 8601 and figures with slashes.
fn written(tokens: &[Token], at: usize, now: &Zoned) -> Option<(Vec<Piece>, usize)> {
    let piece = match &tokens.get(at)?.kind {
        Kind::IsoDate(date) => vec![Piece::Day(dates([*date]))],
        Kind::IsoLocal(local) => {
            vec![Piece::Day(dates([local.date()])), Piece::Clock(Clock::Times(vec![local.time()]))]
        }
        Kind::IsoInstant(instant, offset) => {
            let here = instant.to_zoned(now.time_zone().clone());
            let note = (here.offset() != *offset).then(|| {
                let name = name_moment(&here, now, Style::Spoken);
                Piece::Note(format!("In our time zone that is {name}."))
            });
            std::iter::once(Piece::Exact(here)).chain(note).collect()
        }
        Kind::IsoBroken(why) => vec![Piece::Nonsense(why.clone())],
        Kind::Calendar { month, day, year } => {
            let (month, day) = if *month > 12 && *day <= 12 { (*day, *month) } else { (*month, *day) };
            // Half the world writes the day first.
            let other = if day <= 12 && month != day && tokens[at].text.contains('/') {
                dated(day as i8, month, *year, now.date()).ok()
            } else {
                None
            };
            match dated(i8::try_from(month).unwrap_or(0), day, *year, now.date()) {
                Ok(date) => vec![Piece::Day(dates(std::iter::once(date).chain(other)))],
                Err(why) => vec![Piece::Nonsense(why)],
            }
        }
        Kind::Word | Kind::Number(_) | Kind::Ordinal(_) | Kind::Clock { .. } => return None,
    };
    Some((piece, at + 1))
}

/// Today, tomorrow, tonight, the day after tomorrow, this morning.
fn near(tokens: &[Token], at: usize, today: Date) -> Option<(Vec<Piece>, usize)> {
    let day = |days| Piece::Day(dates([plus(today, days)]));
    let evening = Piece::Clock(Clock::Part(Part::Evening));
    let skip = usize::from(word(tokens, at) == "the");
    let at = at + skip;
    match (word(tokens, at), word(tokens, at + 1), word(tokens, at + 2)) {
        ("day", "after", "tomorrow") => return Some((vec![day(2)], at + 3)),
        ("day", "before", "yesterday") => return Some((vec![day(-2)], at + 3)),
        _ => {}
    }
    if skip > 0 {
        return None;
    }
    Some(match (word(tokens, at), word(tokens, at + 1)) {
        ("yesterday", _) => (vec![day(-1)], at + 1),
        ("today", "week") => (vec![day(7)], at + 2),
        ("today", _) | ("this", "morning" | "afternoon" | "evening") => (vec![day(0)], at + 1),
        ("tomorrow", "week") => (vec![day(8)], at + 2),
        ("tomorrow", "fortnight") => (vec![day(15)], at + 2),
        ("tomorrow", "night") => (vec![day(1), evening], at + 2),
        ("tomorrow", _) => (vec![day(1)], at + 1),
        ("tonight", _) => (vec![day(0), evening], at + 1),
        _ => return None,
    })
}

/// "In two weeks", "a week from monday", "ten days from now", "in a fortnight".
fn relative(tokens: &[Token], at: usize, today: Date) -> Option<Found> {
    let led = word(tokens, at) == "in";
    let start = at + usize::from(led);
    let (count, next) = count(tokens, start)?;
    // "In three weeks on thursday" is the thursday of that week.
    if let Some((weeks, after)) = weeks_ahead(tokens, at) {
        let on = after + usize::from(word(tokens, after) == "on");
        if let Some(day) = weekday(word(tokens, on)) {
            return Some((Ok(dates(by_week(day, Which::Week(weeks), today))), on + 1));
        }
    }
    let days = match word(tokens, next) {
        "day" | "days" => i64::from(count),
        "week" | "weeks" => i64::from(count) * 7,
        "fortnight" | "fortnights" => i64::from(count) * 14,
        "month" | "months" if led => {
            let date = today.checked_add(i64::from(count.min(1_200)).months()).unwrap_or(Date::MAX);
            return Some((Ok(dates([date])), next + 1));
        }
        _ => return None,
    };
    if days > 36_500 {
        return Some((Err("That is too far ahead.".into()), next + 1));
    }
    if led {
        return Some((Ok(dates([plus(today, days)])), next + 1));
    }
    let joint = matches!(word(tokens, next + 1), "from" | "after" | "on");
    // "A week tomorrow", "a fortnight on tuesday", "two weeks today"; not "busy for two weeks, tuesday is fine".
    let named = || {
        weekday(word(tokens, next + 1)).is_some() || matches!(word(tokens, next + 1), "today" | "tomorrow")
    };
    let in_days = matches!(word(tokens, next), "day" | "days");
    if !joint && (in_days || tokens[next].ends || !named()) {
        return None;
    }
    let base = next + 1 + usize::from(joint);
    match word(tokens, base) {
        "now" | "today" => Some((Ok(dates([plus(today, days)])), base + 1)),
        "tomorrow" => Some((Ok(dates([plus(today, days + 1)])), base + 1)),
        _ => {
            let (base, next) = by_weekday(tokens, base, today)?;
            let Ok(Day::Dates(bases)) = base else { return Some((base, next)) };
            Some((Ok(dates(bases.into_iter().map(|date| plus(date, days)))), next))
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Which {
    Bare,
    This,
    Next,
    /// The one before today.
    Last,
    Week(i64),
}

/// "Tuesday", "next tuesday", "tuesday next week", "tuesday the twenty fourth", "the first monday in january".
fn by_weekday(tokens: &[Token], at: usize, today: Date) -> Option<Found> {
    if let Some(found) = nth_weekday(tokens, at, today) {
        return Some(found);
    }
    let (mut which, mut next) = match (word(tokens, at), word(tokens, at + 1)) {
        ("next", "week") => (Which::Week(1), at + 2 + usize::from(word(tokens, at + 2) == "on")),
        ("this", "week") => (Which::Week(0), at + 2 + usize::from(word(tokens, at + 2) == "on")),
        ("this", "coming" | "next") | ("the", "coming") => (Which::This, at + 2),
        ("the", "next" | "following") => (Which::Next, at + 2),
        ("this" | "coming", _) => (Which::This, at + 1),
        ("next" | "following", _) => (Which::Next, at + 1),
        ("last" | "past" | "previous", _) => (Which::Last, at + 1),
        ("the", "last" | "past" | "previous") => (Which::Last, at + 2),
        _ => (Which::Bare, at),
    };
    let day = weekday(word(tokens, next))?;
    next += 1;
    let of = usize::from(matches!(word(tokens, next), "of" | "in"));
    match (word(tokens, next + of), word(tokens, next + of + 1)) {
        ("next", "week") => (which, next) = (Which::Week(1), next + of + 2),
        ("this", "week") => (which, next) = (Which::Week(0), next + of + 2),
        ("after", "next") => {
            let following = by_week(day, Which::Next, today).into_iter().map(|date| plus(date, 7));
            return Some((Ok(dates(following)), next + of + 2));
        }
        _ => {}
    }
    let the = next + of + usize::from(word(tokens, next + of) == "the");
    if (word(tokens, the), word(tokens, the + 1), word(tokens, the + 2)) == ("week", "after", "next") {
        return Some((Ok(dates(by_week(day, Which::Week(2), today))), the + 3));
    }
    // "Thursday in three weeks".
    if let Some((weeks, after)) = weeks_ahead(tokens, next) {
        return Some((Ok(dates(by_week(day, Which::Week(weeks), today))), after));
    }
    let skip = usize::from(word(tokens, next) == "on");
    if let Some((calendar, after)) = by_calendar(tokens, next + skip, today, Some(day)) {
        return Some((calendar, after));
    }
    // "Tuesday week" is a week after the coming Tuesday.
    let later = match word(tokens, next) {
        "week" if which != Which::Next => 7,
        "fortnight" if which != Which::Next => 14,
        _ => 0,
    };
    if later > 0 {
        let coming = by_week(day, Which::Bare, today).into_iter().next();
        return Some((Ok(dates(coming.map(|date| plus(date, later)))), next + 1));
    }
    Some((Ok(dates(by_week(day, which, today))), next))
}

/// "Three", "a", "a couple of".
fn count(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    match (word(tokens, at), word(tokens, at + 1), word(tokens, at + 2)) {
        ("a", "couple", "of") => Some((2, at + 3)),
        ("a" | "an" | "one", _, _) => Some((1, at + 1)),
        _ => number(tokens, at),
    }
}

/// "In three weeks", "in a fortnight", as a number of weeks.
fn weeks_ahead(tokens: &[Token], at: usize) -> Option<(i64, usize)> {
    if word(tokens, at) != "in" {
        return None;
    }
    let (count, next) = count(tokens, at + 1)?;
    let count = i64::from(count.min(1_000));
    match word(tokens, next) {
        "week" | "weeks" => Some((count, next + 1)),
        "fortnight" | "fortnights" => Some((count * 2, next + 1)),
        _ => None,
    }
}

/// Which dates this weekday may mean, the likeliest first. "Next friday", said before friday of the same week, is the
/// one of the following week to most people and the coming one to many.
fn by_week(day: Weekday, which: Which, today: Date) -> Vec<Date> {
    let weekday = i64::from(today.weekday().to_monday_zero_offset());
    let target = i64::from(day.to_monday_zero_offset());
    let ahead = (target - weekday).rem_euclid(7);
    let days = match which {
        Which::Last => vec![ahead - 7],
        Which::Bare if ahead == 0 => vec![7, 0],
        Which::Next if ahead == 0 => vec![7],
        Which::Next if weekday == 6 => vec![ahead, ahead + 7],
        Which::Next if weekday + ahead <= 6 => vec![ahead + 7, ahead],
        Which::Bare | Which::This | Which::Next => vec![ahead],
        Which::Week(weeks) => vec![target - weekday + 7 * weeks],
    };
    days.into_iter().map(|days| plus(today, days)).collect()
}

/// "The first monday in january".
fn nth_weekday(tokens: &[Token], at: usize, today: Date) -> Option<Found> {
    let start = at + usize::from(word(tokens, at) == "the");
    let last = (word(tokens, start) == "last").then_some((0, start + 1));
    let (nth, next) = last.or_else(|| ordinal(tokens, start))?;
    let day = weekday(word(tokens, next))?;
    if !matches!(word(tokens, next + 1), "in" | "of") {
        return None;
    }
    let name = month(word(tokens, next + 2))?;
    let nth_or_last = if last.is_some() { -1 } else { i8::try_from(nth).ok()? };
    let find = |year: i16| Date::new(year, name, 1).ok()?.nth_weekday_of_month(nth_or_last, day).ok();
    let date = find(today.year()).filter(|date| *date >= today).or_else(|| find(today.year() + 1));
    let found = date
        .map(|date| dates([date]))
        .ok_or_else(|| format!("{} has no {} {}.", name_month(name), name_ordinal(nth), name_weekday(day)));
    Some((found, next + 3))
}

/// "November twenty fourth", "the 24th of november 2026", "the thirty first". A weekday said with it must fit;
/// where it does not, both what the weekday and what the date says are possible.
fn by_calendar(tokens: &[Token], at: usize, today: Date, day: Option<Weekday>) -> Option<Found> {
    let the = word(tokens, at) == "the";
    let start = at + usize::from(the);
    if let Some(name) = month(word(tokens, start)).filter(|_| !the) {
        let skip = usize::from(word(tokens, start + 1) == "the");
        let (date, next) = ordinal(tokens, start + 1 + skip).or_else(|| number(tokens, start + 1))?;
        return Some(with_year(tokens, next, name, date, day, today));
    }
    if let Some((date, next)) = ordinal(tokens, start) {
        let of = usize::from(word(tokens, next) == "of");
        if let Some(name) = month(word(tokens, next + of)) {
            return Some(with_year(tokens, next + of + 1, name, date, day, today));
        }
        let spelled = next == start + 2 || matches!(tokens[start].kind, Kind::Ordinal(_));
        let counted = matches!(
            word(tokens, next),
            "one"
                | "slot"
                | "option"
                | "choice"
                | "appointment"
                | "time"
                | "available"
                | "thing"
                | "two"
                | "free"
        );
        if (the || spelled || day.is_some()) && !counted && (1..=31).contains(&date) {
            return Some((of_any_month(date, day, today), next));
        }
        return None;
    }
    if let Some((date, next)) = number(tokens, start) {
        let of = usize::from(word(tokens, next) == "of");
        let name = month(word(tokens, next + of))?;
        return Some(with_year(tokens, next + of + 1, name, date, day, today));
    }
    None
}

fn with_year(tokens: &[Token], at: usize, month: i8, date: u32, day: Option<Weekday>, today: Date) -> Found {
    let (said, next) = year(tokens, at).map_or((None, at), |(year, next)| (Some(year), next));
    let found = dated(month, date, said, today).map(|date| fitting(date, day, today));
    (found, next)
}

/// The date of this month and day; without a year the next one that is not over.
fn dated(month: i8, day: u32, year: Option<u32>, today: Date) -> Result<Date, String> {
    let missing = |year: i16| match Date::new(year, month, 1) {
        Ok(first) if (1..=31).contains(&day) => match (month, day) {
            (2, 29) => format!("There is no February twenty-ninth in {year}."),
            _ => format!("{} has only {} days.", name_month(month), first.days_in_month()),
        },
        _ => "There is no such date.".to_owned(),
    };
    let make = |year: i16| {
        let day = i8::try_from(day).unwrap_or(-1);
        Date::new(year, month, day).map_err(|_| missing(year))
    };
    match year {
        Some(year) => make(i16::try_from(year).unwrap_or(i16::MAX)),
        None => {
            make(today.year()).and_then(|date| if date < today { make(today.year() + 1) } else { Ok(date) })
        }
    }
}

/// "The 31st", said in a month that has none: which month it is taken for.
fn skipped_month(tokens: &[Token], at: usize, next: usize, day: &Day, today: Date) -> Option<Piece> {
    let Day::Dates(found) = day else { return None };
    let [date] = found.as_slice() else { return None };
    let words = tokens.get(at..next)?;
    let named = words.iter().any(|token| month(&token.text).is_some() || weekday(&token.text).is_some());
    let lone = (0..words.len()).any(|at| ordinal(words, at).is_some());
    let skips = date.day() > today.days_in_month() && date.first_of_month() != today.first_of_month();
    (lone && !named && skips).then(|| {
        let (short, days) = (name_month(today.month()), today.days_in_month());
        let name = name_date(*date, today, Style::Spoken);
        Piece::Note(format!("{short} has only {days} days, so I take that as {name}."))
    })
}

/// The next date with this day of the month, and on this weekday where one was said.
fn of_any_month(number: u32, day: Option<Weekday>, today: Date) -> Result<Day, String> {
    let coming: Vec<Date> =
        (0..=92).map(|days| plus(today, days)).filter(|date| date.day() as u32 == number).take(2).collect();
    let fits: Vec<Date> =
        coming.iter().copied().filter(|date| day.is_none_or(|day| date.weekday() == day)).take(2).collect();
    match (coming.first(), fits.as_slice(), day) {
        (None, ..) => Err("There is no such day of the month.".into()),
        (Some(&first), [], Some(day)) => Ok(fitting(first, Some(day), today)),
        (Some(&first), [found, rest @ ..], None) if *found == today && first == today => {
            Ok(dates([*found].into_iter().chain(rest.iter().copied())))
        }
        (_, [found, ..], _) => Ok(dates([*found])),
        (Some(&first), [], None) => Ok(dates([first])),
    }
}

fn fitting(date: Date, day: Option<Weekday>, today: Date) -> Day {
    match day {
        Some(day) if day != date.weekday() => {
            dates(std::iter::once(date).chain(by_week(day, Which::This, today)))
        }
        _ => dates([date]),
    }
}

/// "Next week", "this weekend", "in december", "the next three days".
fn range(tokens: &[Token], at: usize, today: Date) -> Option<(Day, usize)> {
    let weekday = i64::from(today.weekday().to_monday_zero_offset());
    let week = |weeks: i64| Day::Span(plus(today, 7 * weeks - weekday), plus(today, 7 * weeks - weekday + 6));
    let the = usize::from(word(tokens, at) == "the");
    let first = word(tokens, at + the);
    if (first, word(tokens, at + the + 1), word(tokens, at + the + 2)) == ("week", "after", "next") {
        return Some((week(2), at + the + 3));
    }
    if matches!(first, "next" | "coming" | "following") {
        let counted = at + the + 1;
        let (days, next) = match (word(tokens, counted), word(tokens, counted + 1)) {
            ("few" | "couple", "days") => (3, counted + 2),
            ("couple", "of") if word(tokens, counted + 2) == "days" => (3, counted + 3),
            _ => match number(tokens, counted) {
                Some((days, next)) if word(tokens, next) == "days" => (i64::from(days.min(366)), next + 1),
                Some((weeks, next)) if word(tokens, next) == "weeks" => {
                    (i64::from(weeks.min(53)) * 7, next + 1)
                }
                _ => (0, 0),
            },
        };
        if days > 0 {
            return Some((Day::Span(today, plus(today, days)), next));
        }
    }
    let weekend = plus(today, (5 - weekday).max(0));
    match (first, word(tokens, at + the + 1)) {
        ("this", "week") => return Some((Day::Span(today, plus(today, 6 - weekday)), at + 2)),
        ("next" | "following", "week") => return Some((week(1), at + the + 2)),
        ("this", "weekend") => {
            return Some((Day::Span(weekend.max(today), plus(today, 6 - weekday)), at + 2));
        }
        ("weekend", _) if the > 0 => {
            return Some((Day::Span(weekend.max(today), plus(today, 6 - weekday)), at + 2));
        }
        ("this", "month") => return Some((Day::Span(today, today.last_of_month()), at + 2)),
        ("next", "month") => {
            let first = plus(today.last_of_month(), 1);
            return Some((Day::Span(first, first.last_of_month()), at + the + 2));
        }
        _ => {}
    }
    let led = matches!(word(tokens, at), "in" | "this" | "next");
    let name = word(tokens, at + usize::from(led));
    let named = month(name).filter(|_| led || !matches!(name, "may" | "march" | "mar"))?;
    let of = |year: i16| Date::new(year, named, 1).ok();
    let first =
        of(today.year()).filter(|first| first.last_of_month() >= today).or_else(|| of(today.year() + 1))?;
    Some((Day::Span(first.max(today), first.last_of_month()), at + usize::from(led) + 1))
}
