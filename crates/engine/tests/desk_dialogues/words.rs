//! How callers name days and times, and how the desk names them: worked out here by itself, so that a mistake in the
//! desk's own wording is not made twice.

use fastrand::Rng;
use jiff::{Zoned, civil::Date};

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
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
const ORDINALS: [&str; 31] = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty-first",
    "twenty-second",
    "twenty-third",
    "twenty-fourth",
    "twenty-fifth",
    "twenty-sixth",
    "twenty-seventh",
    "twenty-eighth",
    "twenty-ninth",
    "thirtieth",
    "thirty-first",
];
const HOURS: [&str; 12] =
    ["twelve", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"];

fn pick<'a>(random: &mut Rng, of: &[&'a str]) -> &'a str {
    of[random.usize(0..of.len())]
}

fn weekday(date: Date) -> &'static str {
    WEEKDAYS[date.weekday().to_monday_zero_offset() as usize]
}

/// Whether the desk's words name this date and this time.
pub fn are_named(text: &str, at: &Zoned) -> bool {
    let day = format!(
        "{}, {} {}",
        weekday(at.date()),
        MONTHS[at.month() as usize - 1],
        ORDINALS[at.day() as usize - 1]
    );
    let time = time_name(at);
    text.match_indices(&day).any(|(from, _)| {
        let after = &text[from + day.len()..];
        // The time of another date is not this one's.
        let until = WEEKDAYS.iter().filter_map(|other| after.find(other)).min().unwrap_or(after.len());
        after[..until].contains(&time)
    })
}

fn time_name(at: &Zoned) -> String {
    let (hour, minute) = (at.hour() as usize, at.minute());
    let words = match (hour, minute) {
        (12, 0) => return "noon".into(),
        (_, 0) => HOURS[hour % 12].to_owned(),
        (_, 15) => format!("quarter past {}", HOURS[hour % 12]),
        (_, 30) => format!("half past {}", HOURS[hour % 12]),
        (_, 45) => format!("quarter to {}", HOURS[(hour + 1) % 12]),
        _ => panic!("the tests book on the quarter hour"),
    };
    let part = if hour < 12 { "in the morning" } else { "in the afternoon" };
    format!("{words} {part}")
}

/// One of the ways to say a day; `typed` ones are not for a recogniser.
pub fn day(random: &mut Rng, date: Date, now: &Zoned, typed: bool) -> String {
    let today = now.date();
    let ahead = today.until(date).expect("a span").get_days();
    let name = weekday(date).to_lowercase();
    let month = MONTHS[date.month() as usize - 1].to_lowercase();
    let ordinal = ORDINALS[date.day() as usize - 1].replace('-', " ");
    let monday = i32::from(today.weekday().to_monday_zero_offset());
    let mut ways = vec![
        format!("{month} {ordinal}"),
        format!("{name} the {ordinal}"),
        format!("the {ordinal} of {month}"),
        format!("{name} {month} {ordinal}"),
    ];
    match ahead {
        0 => ways.extend(["today".to_owned(), "today".to_owned()]),
        1 => ways.extend(["tomorrow".to_owned(), "tomorrow".to_owned()]),
        2 => ways.push("the day after tomorrow".to_owned()),
        _ => {}
    }
    if (1..7).contains(&ahead) {
        ways.extend([name.clone(), format!("on {name}"), format!("this {name}")]);
    }
    if (7 - monday..14 - monday).contains(&ahead) && monday != 6 {
        ways.extend([format!("next {name}"), format!("next {name}")]);
        if typed {
            ways.extend([format!("{name} next week"), format!("next week on {name}")]);
        }
    }
    if (1..25).contains(&ahead) {
        ways.push(format!("the {ordinal}"));
    }
    if typed {
        let short = &MONTHS[date.month() as usize - 1][..3];
        ways.extend([
            format!("{short} {}", date.day()),
            format!("{}/{}", date.month(), date.day()),
            format!("the {}", figure(date.day())),
            date.to_string(),
            format!("{}, {} {}", weekday(date), MONTHS[date.month() as usize - 1], figure(date.day())),
        ]);
        if ahead >= 25 {
            ways.retain(|way| *way != format!("the {}", figure(date.day())));
        }
    }
    ways[random.usize(0..ways.len())].clone()
}

fn figure(day: i8) -> String {
    let ending = match (day % 10, day) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{day}{ending}")
}

/// One of the ways to say a time within opening hours, with or without "at".
pub fn time(random: &mut Rng, at: &Zoned, typed: bool) -> String {
    let (hour, minute) = (at.hour() as usize, at.minute());
    let (this, next) = (HOURS[hour % 12], HOURS[(hour + 1) % 12]);
    let (half, part) = if hour < 12 { ("a m", "in the morning") } else { ("p m", "in the afternoon") };
    let mut ways = match minute {
        0 => vec![
            this.to_owned(),
            format!("{this} o'clock"),
            format!("{this} {half}"),
            format!("{this} {part}"),
        ],
        15 => vec![format!("quarter past {this}"), format!("{this} fifteen")],
        30 => vec![
            format!("half past {this}"),
            format!("{this} thirty"),
            format!("{this} thirty {half}"),
            format!("half past {this} {part}"),
        ],
        _ => vec![format!("quarter to {next}"), format!("{this} forty five")],
    };
    if hour == 12 && minute == 0 {
        ways = vec!["noon".into(), "twelve o'clock".into()];
    }
    if typed {
        ways.extend([
            format!("{}:{minute:02}", (hour + 11) % 12 + 1),
            format!("{}:{minute:02} {}", (hour + 11) % 12 + 1, if hour < 12 { "AM" } else { "pm" }),
            format!("{hour:02}:{minute:02}"),
        ]);
    }
    let way = &ways[random.usize(0..ways.len())];
    format!("{}{way}", pick(random, &["at ", "at ", ""]))
}

/// Replaces a day or an hour by another that sounds like it.
pub fn mishear(random: &mut Rng, text: &str) -> String {
    const ALIKE: [(&str, &str); 10] = [
        ("tuesday", "thursday"),
        ("thursday", "tuesday"),
        ("monday", "sunday"),
        ("friday", "monday"),
        ("nine", "five"),
        ("ten", "two"),
        ("eleven", "ten"),
        ("two", "three"),
        ("three", "two"),
        ("tomorrow", "today"),
    ];
    let start = random.usize(0..ALIKE.len());
    for index in 0..ALIKE.len() {
        let (said, heard) = ALIKE[(start + index) % ALIKE.len()];
        let words: Vec<&str> = text.split(' ').collect();
        if words.contains(&said) {
            return words
                .iter()
                .map(|word| if *word == said { heard } else { word })
                .collect::<Vec<_>>()
                .join(" ");
        }
    }
    text.to_owned()
}
