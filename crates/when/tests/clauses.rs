//! Where one time ends and the next begins, and what only looks like one.

use jiff::Zoned;
use when::{Clock, Part, Piece, pieces_and_pauses, read};

/// Friday, 20 November 2026, 14:30 in Berlin.
fn friday() -> Zoned {
    "2026-11-20T14:30:00+01:00[Europe/Berlin]".parse().expect("a moment")
}

#[test]
fn numbers_in_two_clauses_are_two_times() {
    let time = |hour| jiff::civil::time(hour, 0, 0, 0);
    let table: &[(&str, i8)] = &[
        ("not ten, eleven", 11),
        ("not nine, ten", 10),
        ("at nine, ten would also be okay", 10),
        ("ten,eleven", 11),
        ("not ten. eleven", 11),
    ];
    for (text, hour) in table {
        let said = read(text, &friday());
        let Some(Clock::Times(times)) = &said.clock else { panic!("{text}: {said:?}") };
        assert_eq!(times.first(), Some(&time(*hour)), "{text}");
    }
    let said = read("at ten fifteen", &friday());
    assert_eq!(
        said.clock,
        Some(Clock::Times(vec![jiff::civil::time(10, 15, 0, 0), jiff::civil::time(22, 15, 0, 0)]))
    );
}

#[test]
fn one_is_a_thing_unless_it_stands_like_a_time() {
    for text in ["the tuesday one", "one moment", "one second please", "just one thing"] {
        assert_eq!(read(text, &friday()).clock, None, "{text}");
    }
    assert_eq!(read("the morning one", &friday()).clock, Some(Clock::Part(Part::Morning)));
    for text in ["at one", "one", "one o'clock", "make it one", "tuesday at one"] {
        let first = match read(text, &friday()).clock {
            Some(Clock::Times(times)) => times.first().copied(),
            _ => None,
        };
        assert_eq!(first, Some(jiff::civil::time(13, 0, 0, 0)), "{text}");
    }
}

#[test]
fn from_a_time_on_in_a_part_of_the_day_is_what_is_left_of_it() {
    let time = |hour| jiff::civil::time(hour, 0, 0, 0);
    let table = [
        ("after ten in the morning", time(10), time(12)),
        ("after two in the afternoon", time(14), time(18)),
        ("before three in the afternoon", time(12), time(15)),
    ];
    for (text, from, to) in table {
        assert_eq!(read(text, &friday()).clock, Some(Clock::Part(Part::Between(from, to))), "{text}");
    }
}

#[test]
fn a_half_of_the_day_and_lunch_are_parts_of_it() {
    let noon = jiff::civil::time(12, 0, 0, 0);
    assert_eq!(read("am", &friday()).clock, Some(Clock::Part(Part::Before(noon))));
    assert_eq!(read("p.m. please", &friday()).clock, Some(Clock::Part(Part::After(noon))));
    assert_eq!(read("i am free", &friday()).clock, None);
    let lunch = Some(Clock::Part(Part::Between(noon, jiff::civil::time(14, 0, 0, 0))));
    assert_eq!(read("tuesday around lunchtime", &friday()).clock, lunch);
}

#[test]
fn how_long_somebody_is_away_is_not_added_to_the_day_that_follows() {
    let day = |text: &str| read(text, &friday()).day;
    let tuesday = day("next week tuesday");
    assert!(tuesday.is_some());
    for text in [
        "tied up for two days, tuesday please",
        "tied up for two days tuesday please",
        "busy for a week, tuesday would be good",
    ] {
        assert_eq!(day(text), tuesday, "{text}");
    }
    assert_eq!(day("a week tuesday"), day("tuesday week"));
    assert_eq!(day("two days from tuesday"), day("next week thursday"));
}

#[test]
fn pauses_are_told_with_the_pieces() {
    let (pieces, pauses) = pieces_and_pauses("How about Tuesday? I can't, sorry", &friday());
    assert_eq!(pauses, [3, 5]);
    assert!(matches!(pieces[2], Piece::Day(_)), "{pieces:?}");
    assert_eq!(pieces[3], Piece::Word("i".into()));
    assert_eq!(
        pieces_and_pauses("monday, the 23rd.", &friday()).1,
        [1],
        "what is one day has no pause in it"
    );
}
