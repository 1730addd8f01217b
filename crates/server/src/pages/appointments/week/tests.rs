use super::*;
use jiff::{civil::date, tz::TimeZone};
use when::Span;

fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").expect("a zone")
}

fn at(text: &str) -> Zoned {
    text.parse::<jiff::civil::DateTime>().expect("a time").to_zoned(zone()).expect("a moment")
}

fn entry(from: &str, to: &str) -> Entry {
    Entry {
        id: from.into(),
        span: Span::new(&at(from), &at(to)),
        kind: String::new(),
        summary: "Haircut".into(),
        caller: String::new(),
        call_id: String::new(),
        elsewhere: None,
    }
}

fn week(entries: &[Entry]) -> Week {
    let first = date(2026, 11, 23);
    Week::of(first, first, entries, &Hours::default(), &at("2026-11-24T10:32"))
}

#[test]
fn what_is_at_the_same_time_stands_side_by_side_and_what_follows_takes_the_whole_width() {
    let week = week(&[
        entry("2026-11-24T10:00", "2026-11-24T11:00"),
        entry("2026-11-24T10:30", "2026-11-24T11:30"),
        entry("2026-11-24T11:00", "2026-11-24T11:30"),
        entry("2026-11-24T11:30", "2026-11-24T12:00"),
    ]);
    let tuesday: Vec<_> = week.days[1].blocks.iter().map(|b| (b.rows.first, b.column, b.wide)).collect();
    assert_eq!(tuesday, [(24, 0, 6), (30, 6, 6), (36, 0, 6), (42, 0, 12)]);
    assert!(week.days[0].blocks.is_empty());
}

#[test]
fn as_many_hours_are_shown_as_are_needed_and_closed_ones_are_shut() {
    let plain = week(&[]);
    assert_eq!((plain.hours[0].1.as_str(), plain.rows), ("08:00", 120));
    assert_eq!(plain.days[0].shut, [Rows { first: 0, long: 12 }, Rows { first: 108, long: 12 }]);
    assert_eq!(plain.days[6].shut, [Rows { first: 0, long: 120 }], "closed on Sundays");
    let early = week(&[entry("2026-11-24T06:40", "2026-11-24T07:00")]);
    assert_eq!(early.hours[0].1, "06:00");
    assert_eq!(early.days[1].blocks[0].rows, Rows { first: 8, long: 4 });
}

#[test]
fn what_lasts_over_midnight_is_on_both_days_and_whole_days_are_apart() {
    let week = week(&[entry("2026-11-24T22:00", "2026-11-26T00:30")]);
    assert_eq!(week.days[1].blocks[0].rows.long, 24);
    assert_eq!((week.days[2].whole.len(), week.days[2].blocks.len()), (1, 0));
    assert_eq!(week.days[3].blocks[0].rows, Rows { first: 0, long: 6 });
}

#[test]
fn this_moment_is_marked_today_alone_and_only_what_is_to_come_can_be_booked() {
    let week = week(&[]);
    let now = week.days[1].now.clone().expect("today");
    assert_eq!(now, (30, "10:32".to_owned()));
    assert!(week.days.iter().filter(|day| day.now.is_some()).count() == 1);
    assert!(week.days[0].free.is_empty(), "yesterday");
    assert_eq!(week.days[1].free[0].1, "2026-11-24T11:00");
    assert_eq!(week.days[2].free[0].1, "2026-11-25T09:00");
}

#[test]
fn an_hour_that_comes_twice_or_never_still_has_its_rows() {
    let first = date(2026, 10, 19);
    let hours = Hours::default();
    let twice = Entry {
        span: Span {
            from: "2026-10-25T00:45:00Z".parse().expect("a time"),
            to: "2026-10-25T01:15:00Z".parse().expect("a time"),
        },
        ..entry("2026-10-25T02:45", "2026-10-25T03:15")
    };
    let week = Week::of(first, first, &[twice], &hours, &at("2026-10-20T10:00"));
    let block = &week.days[6].blocks[0];
    assert!(block.rows.long >= 1 && block.rows.first + block.rows.long <= week.rows);
    assert_eq!((block.from.as_str(), block.until.as_str()), ("02:45", "02:15"));
}

#[test]
fn a_week_is_named_by_what_its_ends_do_not_share() {
    assert_eq!(name(date(2026, 11, 23)), "23 to 29 November 2026");
    assert_eq!(name(date(2026, 11, 30)), "30 November to 6 December 2026");
    assert_eq!(name(date(2026, 12, 28)), "28 December 2026 to 3 January 2027");
}

#[test]
fn every_place_of_the_grid_has_a_rule() {
    let sheet = placed();
    for class in [".t0 ", ".t287 ", ".l1 ", ".l288 ", ".c0 ", ".c11 ", ".w1 ", ".w12 "] {
        assert!(sheet.contains(class), "{class}");
    }
}
