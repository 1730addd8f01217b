//! Days and times in words that a voice can say and a grammar can recognise.

use jiff::{
    Zoned,
    civil::{Date, Time, Weekday},
};

/// How to word a day or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// For the ear: "Tuesday, November twenty-fourth, at half past four in the afternoon".
    Spoken,
    /// For the eye: "Tuesday, November 24 at 4:30 PM".
    Plain,
}

/// Date and time. The year is named only where it is not this year.
pub fn name_moment(at: &Zoned, now: &Zoned, style: Style) -> String {
    let (date, time) = (name_date(at.date(), now.date(), style), name_time(at.time(), style));
    match style {
        Style::Spoken => format!("{date}, at {time}"),
        Style::Plain => format!("{date} at {time}"),
    }
}

/// "Tuesday, November twenty-fourth" or "Tuesday, November 24"; with the year where it is not that of `today`.
pub fn name_date(date: Date, today: Date, style: Style) -> String {
    let (weekday, month) = (name_weekday(date.weekday()), name_month(date.month()));
    let other_year = date.year() != today.year();
    match style {
        Style::Spoken if other_year => {
            format!("{weekday}, {month} {}, {}", name_ordinal(date.day() as u32), name_year(date.year()))
        }
        Style::Spoken => format!("{weekday}, {month} {}", name_ordinal(date.day() as u32)),
        Style::Plain if other_year => format!("{weekday}, {month} {}, {}", date.day(), date.year()),
        Style::Plain => format!("{weekday}, {month} {}", date.day()),
    }
}

/// "half past four in the afternoon" or "4:30 PM".
pub fn name_time(time: Time, style: Style) -> String {
    let (hour, minute) = (time.hour(), time.minute());
    let on_dial = |hour: i8| (hour as u32 + 11) % 12 + 1;
    match style {
        Style::Plain => format!("{}:{minute:02} {}", on_dial(hour), if hour < 12 { "AM" } else { "PM" }),
        Style::Spoken => {
            let this = name_number(on_dial(hour));
            let words = match (hour, minute) {
                (0, 0) => return "midnight".into(),
                (12, 0) => return "noon".into(),
                (_, 0) => this,
                (_, 15) => format!("quarter past {this}"),
                (_, 30) => format!("half past {this}"),
                (_, 45) => format!("quarter to {}", name_number(on_dial((hour + 1) % 24))),
                (_, 1..10) => format!("{this} oh {}", name_number(minute as u32)),
                _ => format!("{this} {}", name_number(minute as u32)),
            };
            let part = match hour {
                0..12 => "in the morning",
                12..18 => "in the afternoon",
                18..21 => "in the evening",
                _ => "at night",
            };
            format!("{words} {part}")
        }
    }
}

/// "today", "tomorrow", or nothing where no such word exists.
pub fn name_days_ahead(date: Date, today: Date) -> Option<&'static str> {
    match today.until(date).ok()?.get_days() {
        0 => Some("today"),
        1 => Some("tomorrow"),
        _ => None,
    }
}

pub fn name_weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

/// "first" to "thirty-first"; above that, the number's words with "th".
pub fn name_ordinal(number: u32) -> String {
    let small = |number: u32| match number {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        5 => "fifth".to_owned(),
        8 => "eighth".to_owned(),
        9 => "ninth".to_owned(),
        12 => "twelfth".to_owned(),
        20 => "twentieth".to_owned(),
        30 => "thirtieth".to_owned(),
        other => format!("{}th", name_number(other)),
    };
    match number {
        21..=29 => format!("twenty-{}", small(number - 20)),
        31..=39 => format!("thirty-{}", small(number - 30)),
        _ => small(number),
    }
}

/// "ten", "ten or eleven", "ten, eleven, or noon".
pub fn list(items: &[String], joint: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} {joint} {two}"),
        [most @ .., last] => format!("{}, {joint} {last}", most.join(", ")),
    }
}

pub(crate) const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];

pub(crate) const TENS: [&str; 10] =
    ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// The months, January first.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Words for a number below a hundred; digits above.
pub fn name_number(number: u32) -> String {
    match number {
        0..20 => SMALL[number as usize].to_owned(),
        20..100 if number.is_multiple_of(10) => TENS[number as usize / 10].to_owned(),
        20..100 => format!("{}-{}", TENS[number as usize / 10], SMALL[number as usize % 10]),
        _ => number.to_string(),
    }
}

pub(crate) fn name_month(month: i8) -> &'static str {
    MONTHS[(month.clamp(1, 12) - 1) as usize]
}

/// "twenty twenty-six"; "two thousand five".
fn name_year(year: i16) -> String {
    let year = year.unsigned_abs() as u32;
    match (year / 100, year % 100) {
        (20, 0) => "two thousand".into(),
        (20, rest @ 1..10) => format!("two thousand {}", name_number(rest)),
        (century, rest) => format!("{} {}", name_number(century), name_number(rest)),
    }
}
