//! Kinds of appointments and holidays: how they are written, what they change, how they are named.

use jiff::{
    Zoned,
    civil::{Date, date},
};
use std::time::Duration;
use when::{Holiday, Hours, Kind, Refusal, Span, free_slots};

const SALON: &str = "haircut 45m after 15m; colour 2h before 10m notice 1d ahead 60d open tue,thu 10:00-16:00; \
                     colour and cut 2h30m; check-up 20m";

fn salon() -> Hours {
    let hours = Hours::weekly("mon-fri 09:00-17:00").expect("hours");
    Hours { kinds: Kind::read_all(SALON).expect("kinds"), before: minutes(5), ..hours }
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

fn now() -> Zoned {
    "2026-11-20T14:30:00+01:00[Europe/Berlin]".parse().expect("a moment")
}

fn starts(hours: &Hours, day: Date) -> Vec<String> {
    let zone = now().time_zone().clone();
    let (from, to) = (day.to_zoned(zone.clone()), day.tomorrow().expect("a day").to_zoned(zone));
    let range = Span::new(&from.expect("a moment"), &to.expect("a moment"));
    free_slots(hours, &[], &range, &now()).iter().map(|at| at.strftime("%H:%M").to_string()).collect()
}

#[test]
fn a_kind_keeps_its_own_rules_and_else_the_offices() {
    let hours = salon();
    let haircut = hours.for_kind(hours.kind("Hair-cut").expect("a kind"));
    assert_eq!((haircut.slot, haircut.before, haircut.after), (minutes(45), minutes(5), minutes(15)));
    let tuesday = starts(&haircut, date(2026, 11, 24));
    assert_eq!((tuesday[0].as_str(), tuesday[1].as_str()), ("09:00", "09:30"));
    assert_eq!(tuesday.last().map(String::as_str), Some("16:00"));
    let colour = hours.for_kind(hours.kind("colour").expect("a kind"));
    assert_eq!(starts(&colour, date(2026, 11, 23)), [""; 0]);
    let tuesday = starts(&colour, date(2026, 11, 24));
    assert_eq!((tuesday.len(), tuesday[8].as_str()), (9, "14:00"));
    let monday: Zoned = "2026-11-24T10:00+01:00[Europe/Berlin]".parse().expect("a moment");
    let before = monday.checked_sub(minutes(60 * 20)).expect("a moment");
    assert_eq!(colour.check(&monday, &colour.end_of(&monday), &before), Err(Refusal::TooSoon));
    assert_eq!(haircut.check(&monday, &haircut.end_of(&monday), &before), Ok(()));
    let far = date(2027, 1, 26).at(11, 0, 0, 0).to_zoned(now().time_zone().clone()).expect("a moment");
    assert_eq!(colour.check(&far, &colour.end_of(&far), &now()), Err(Refusal::TooFarAhead));
}

#[test]
fn kinds_are_found_in_what_people_say() {
    let hours = salon();
    let named =
        |text: &str| -> Vec<String> { hours.kinds_in(text).iter().map(|kind| kind.name.clone()).collect() };
    for (text, kinds) in [
        ("I'd like a haircut on Tuesday", vec!["haircut"]),
        ("two HAIRCUTS please", vec!["haircut"]),
        ("a hair cut", vec!["haircut"]),
        ("a checkup, or a check up", vec!["check-up"]),
        ("colour and cut", vec!["colour and cut"]),
        ("the colour", vec!["colour"]),
        ("a haircut and a colour", vec!["haircut", "colour"]),
        ("a haircutter", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(named(text), kinds, "{text}");
    }
    assert!(hours.kind("massage").is_none());
}

#[test]
fn kinds_are_read_as_they_are_written_and_nonsense_is_refused() {
    let kinds = Kind::read_all(SALON).expect("kinds");
    let written: Vec<String> = kinds.iter().map(Kind::to_string).collect();
    assert_eq!(written[1], "colour 2h before 10m notice 1d ahead 60d open tue 10:00-16:00 thu 10:00-16:00");
    assert_eq!(Kind::read_all(&written.join(";")), Ok(kinds));
    assert_eq!(Kind::read_all(" ; "), Ok(Vec::new()));
    for (text, why) in [
        ("haircut", "give its length"),
        ("45m", "give a name"),
        ("hair<b> 45m", "give a name"),
        ("haircut 45", "give a name"),
        ("haircut 0m", "a length from 5m to 12h"),
        ("haircut 13h", "a length from 5m to 12h"),
        ("haircut 99999999999999999999h", "give a name"),
        ("haircut 45m after", "after wants a length"),
        ("haircut 45m after 9h", "after wants a length"),
        ("haircut 45m behind 9m", "behind is none of"),
        ("haircut 45m ahead 5h", "ahead wants days"),
        ("haircut 45m open", "open wants days and times"),
        ("haircut 45m open tue", "\"tue\" wants times"),
        ("haircut 45m open mon,tue after 5m", "\"mon,tue\" wants times"),
        ("haircut 45m open tue wed 10:00-11:00", "\"tue\" wants times"),
        ("haircut 45m open someday 10:00-11:00", "not a day of the week"),
        ("haircut 45m; hair cut 30m", "two kinds are called hair cut"),
    ] {
        match Kind::read_all(text) {
            Ok(kinds) => panic!("{text}: {kinds:?}"),
            Err(told) => assert!(told.contains(why), "{text}: {told}"),
        }
    }
}

#[test]
fn holidays_are_dates_and_stretches_of_one_year_or_of_all() {
    for (text, inside, outside) in [
        ("2026-12-25", vec![date(2026, 12, 25)], vec![date(2027, 12, 25), date(2026, 12, 24)]),
        ("12-25", vec![date(2026, 12, 25), date(2040, 12, 25)], vec![date(2026, 12, 26)]),
        (
            "2026-12-24..2027-01-03",
            vec![date(2026, 12, 24), date(2027, 1, 3)],
            vec![date(2027, 1, 4), date(2027, 12, 25)],
        ),
        (
            "12-24..01-06",
            vec![date(2026, 12, 31), date(2030, 1, 6)],
            vec![date(2030, 1, 7), date(2030, 12, 23)],
        ),
        ("02-29", vec![date(2028, 2, 29)], vec![date(2027, 2, 28), date(2027, 3, 1)]),
    ] {
        let holiday = Holiday::read(text).expect(text);
        assert_eq!(holiday.to_string(), text);
        assert!(inside.iter().all(|date| holiday.covers(*date)), "{text}");
        assert!(!outside.iter().any(|date| holiday.covers(*date)), "{text}");
    }
    for wrong in [
        "",
        "2026-02-29",
        "02-30",
        "13-01",
        "2026-12-25..2026-12-24",
        "2026-12-24..12-26",
        "christmas",
        "1-2-3",
    ] {
        assert!(Holiday::read(wrong).is_err(), "{wrong}");
    }
    let hours = Hours { holidays: vec![Holiday::read("11-24").expect("a day")], ..Hours::default() };
    assert_eq!(starts(&hours, date(2026, 11, 24)), [""; 0]);
    assert_eq!(starts(&hours, date(2026, 11, 25)).len(), 16);
}
