//! Times as claims name them, against the starts of appointments.

use super::{super::words::sentences, *};

fn start(text: &str) -> Start {
    Start::read(text).expect("it is one")
}

fn contradicts(text: &str, starts: &str) -> bool {
    let words: Vec<_> = sentences(text).into_iter().flat_map(|sentence| sentence.words).collect();
    Named::read(&words).contradicts(start(starts))
}

#[test]
fn the_weekday_of_a_date_is_right() {
    for (date, weekday) in [
        ("1970-01-01", 3),
        ("2000-02-29", 1),
        ("2024-02-29", 3),
        ("2026-11-24", 1),
        ("2026-12-31", 3),
        ("2027-01-01", 4),
        ("2027-03-01", 0),
        ("2100-02-28", 6),
        ("2100-03-01", 0),
    ] {
        assert_eq!(start(&format!("{date}T10:00")).weekday(), weekday, "{date}");
    }
}

#[test]
fn every_day_of_four_centuries_has_the_weekday_after_the_day_before() {
    let leap = |year: u16| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut expected = start("1999-12-31T00:00").weekday();
    for year in 2_000..2_400 {
        for month in 1..=12 {
            let days = match month {
                2 if leap(year) => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            for day in 1..=days {
                expected = (expected + 1) % 7;
                let is = Start { year, month, day, hour: 0, minute: 0 }.weekday();
                assert_eq!(is, expected, "{year}-{month}-{day}");
            }
        }
    }
}

#[test]
fn what_is_no_date_is_none() {
    for text in [
        "",
        "tomorrow",
        "2026-13-01T10:00",
        "2026-01-32T10:00",
        "2026-01-01T24:00",
        "0-0-0T0:0",
        "2026-01-01T10:6",
    ] {
        assert_eq!(Start::read(text), None, "{text}");
    }
    assert_eq!(start("2026-11-24T10:30:00+01:00"), start("2026-11-24T10:30"));
}

#[test]
fn a_start_is_said_with_its_weekday() {
    assert_eq!(start("2026-11-24T10:30").spoken(), "Tuesday, 24 November, at 10:30 AM");
    assert_eq!(start("2026-11-24T12:00").spoken(), "Tuesday, 24 November, at 12:00 PM");
    assert_eq!(start("2026-11-24T00:05").spoken(), "Tuesday, 24 November, at 12:05 AM");
}

#[test]
fn only_what_is_certain_contradicts() {
    let agrees = [
        "on Tuesday at ten",
        "Tuesday, November twenty-fourth, at 10",
        "the 24th of November at ten o'clock",
        "on 24 November",
        "the 24th at 10 a.m.",
        "November the 24th at ten in the morning",
        "tomorrow at ten with Dr. Lee",
        "at 10:00",
        "at 24 Main Street",
        "at 3 Market Lane on the second floor",
        "in room 12",
        "for two people",
        "on 5th Avenue",
        "you may come at any time",
        "at ten or at two",
        "Monday or Tuesday",
        "am Dienstag um zehn",
        "el martes",
        "mardi",
        "am 24.11. um 10.00",
        "am 24. November",
        "el 24 de noviembre",
        "le 24 novembre",
        "for 45 minutes",
    ];
    for text in agrees {
        assert!(!contradicts(text, "2026-11-24T10:00"), "{text}");
    }
    for before in ["am", "den", "dem", "vom", "zum"] {
        assert!(!contradicts(&format!("{before} 10.11. ist frei"), "2026-11-10T14:00"), "{before}");
    }
    let differs = [
        "on Wednesday",
        "on Tuesday at eleven",
        "Tuesday, November 25th",
        "the twenty-fifth of November",
        "October 24th",
        "the 25th at ten",
        "at 10 p.m.",
        "at 2 pm",
        "at 10:30",
        "half past ten",
        "quarter to ten",
        "a quarter past ten",
        "at ten thirty",
        "noon",
        "at 22:00",
        "eleven o'clock",
        "am Mittwoch",
        "el lunes",
        "am 3.11. um 10.00",
        "am 24. Oktober",
        "el 25 de noviembre",
        "le 24 octobre",
        "jeudi",
    ];
    for text in differs {
        assert!(contradicts(text, "2026-11-24T10:00"), "{text}");
    }
    for (text, starts) in [
        ("half past two", "2026-11-24T14:30"),
        ("quarter to ten", "2026-11-24T09:45"),
        ("quarter to one", "2026-11-24T12:45"),
        ("noon", "2026-11-24T12:00"),
        ("at two", "2026-11-24T14:00"),
        ("2 p.m.", "2026-11-24T14:00"),
        ("12 pm", "2026-11-24T12:00"),
        ("12:30 am", "2026-11-24T00:30"),
        ("at 14:00", "2026-11-24T14:00"),
        ("at 2:15", "2026-11-24T14:15"),
        ("half past two pm", "2026-11-24T14:30"),
    ] {
        assert!(!contradicts(text, starts), "{text}");
    }
}
