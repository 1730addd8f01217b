//! Opening hours, free slots, and how moments are named.

use jiff::{Timestamp, ToSpan, Zoned, civil::date};
use std::time::Duration;
use when::{
    Hours, Refusal, Span, Style, free_slots, moment, name_date, name_moment, name_ordinal, name_time,
    nearest_free,
};

fn at(text: &str) -> Zoned {
    format!("{text}[Europe/Berlin]").parse().expect("a moment")
}

fn now() -> Zoned {
    at("2026-11-20T14:30:00+01:00")
}

fn span(from: &str, to: &str) -> Span {
    Span::new(&at(from), &at(to))
}

fn starts(slots: &[Zoned]) -> Vec<String> {
    slots.iter().map(|slot| slot.strftime("%d %H:%M").to_string()).collect()
}

#[test]
fn moments_are_named_in_words_and_in_figures() {
    let table = [
        (
            "2026-11-24T16:30+01:00",
            "Tuesday, November twenty-fourth, at half past four in the afternoon",
            "Tuesday, November 24 at 4:30 PM",
        ),
        (
            "2026-11-24T10:00+01:00",
            "Tuesday, November twenty-fourth, at ten in the morning",
            "Tuesday, November 24 at 10:00 AM",
        ),
        (
            "2026-12-31T12:00+01:00",
            "Thursday, December thirty-first, at noon",
            "Thursday, December 31 at 12:00 PM",
        ),
        ("2026-12-01T00:00+01:00", "Tuesday, December first, at midnight", "Tuesday, December 1 at 12:00 AM"),
        (
            "2027-01-05T09:15+01:00",
            "Tuesday, January fifth, twenty twenty-seven, at quarter past nine in the morning",
            "Tuesday, January 5, 2027 at 9:15 AM",
        ),
        (
            "2026-11-30T12:45+01:00",
            "Monday, November thirtieth, at quarter to one in the afternoon",
            "Monday, November 30 at 12:45 PM",
        ),
        (
            "2026-11-30T18:20+01:00",
            "Monday, November thirtieth, at six twenty in the evening",
            "Monday, November 30 at 6:20 PM",
        ),
        (
            "2026-11-30T23:05+01:00",
            "Monday, November thirtieth, at eleven oh five at night",
            "Monday, November 30 at 11:05 PM",
        ),
    ];
    for (moment, spoken, plain) in table {
        assert_eq!(name_moment(&at(moment), &now(), Style::Spoken), spoken);
        assert_eq!(name_moment(&at(moment), &now(), Style::Plain), plain);
    }
    assert_eq!(
        name_date(date(2005, 5, 2), date(2026, 1, 1), Style::Spoken),
        "Monday, May second, two thousand five"
    );
}

#[test]
fn what_is_named_is_read_back_as_the_same_moment() {
    let mut start = at("2026-11-20T14:31:00+01:00");
    for _ in 0..3_000 {
        for style in [Style::Spoken, Style::Plain] {
            let name = name_moment(&start, &now(), style);
            if name.contains("midnight") {
                continue;
            }
            assert_eq!(moment(&name, &now(), None).map(|m| m.at), Ok(start.clone()), "{name}");
        }
        start = &start + 187.minutes();
    }
    for day in 1..=31 {
        let name = format!("the {}", name_ordinal(day));
        assert!(when::read(&name, &now()).day.is_some(), "{name}");
    }
    assert_eq!(name_time("22:30".parse().expect("a time"), Style::Spoken), "half past ten at night");
}

#[test]
fn hours_are_read_from_text_or_refused_with_a_reason() {
    let hours =
        Hours::weekly("mon-thu 9:00-12:30 13:30-17:00; fri 09:00-12:00; sat,sun 10:00-24:00").expect("hours");
    assert_eq!(hours.week[0].len(), 2);
    assert_eq!(hours.raster(date(2026, 11, 27), now().time_zone()).len(), 6);
    assert_eq!(hours.raster(date(2026, 11, 28), now().time_zone()).len(), 28);
    assert_eq!(Hours::weekly("mon-fri 09:00-17:00").map(|hours| hours.week), Ok(Hours::default().week));
    for (text, why) in [
        ("munday 9:00-10:00", "\"munday\" is not a day of the week"),
        ("mon 9-8", "\"9-8\" ends before it begins"),
        ("mon 9:00", "\"9:00\" is not a time range such as 09:00-17:00"),
        ("mon 9:00-12:00 11:00-13:00", "the openings of \"mon\" overlap"),
        ("mon 9:00-25:00", "\"9:00-25:00\" is not a time range such as 09:00-17:00"),
    ] {
        assert_eq!(Hours::weekly(text), Err(why.to_owned()), "{text}");
    }
}

#[test]
fn an_appointment_outside_the_rules_is_refused_with_what_would_work() {
    let mut hours = Hours { ahead_days: 60, notice: Duration::from_secs(90 * 60), ..Hours::default() };
    hours.holidays.push(date(2026, 12, 25).into());
    let table = [
        (
            "2026-11-20T14:00:00+01:00",
            Refusal::Past,
            "Friday, November twentieth, at two in the afternoon is already over.",
        ),
        (
            "2026-11-20T15:30:00+01:00",
            Refusal::TooSoon,
            "That is too soon. Appointments need one hour's and thirty minutes' notice.",
        ),
        (
            "2027-03-01T10:00:00+01:00",
            Refusal::TooFarAhead,
            "That is too far ahead. The last day for appointments is Tuesday, January nineteenth, twenty twenty-seven.",
        ),
        (
            "2026-12-25T10:00:00+01:00",
            Refusal::Holiday,
            "Friday, December twenty-fifth is a holiday; we are closed.",
        ),
        (
            "2026-11-22T10:00:00+01:00",
            Refusal::ClosedThatDay,
            "We are closed on Sundays. We are open from Monday to Friday.",
        ),
        (
            "2026-11-24T16:45:00+01:00",
            Refusal::OutsideHours,
            "On Tuesday we are open from nine in the morning to five in the afternoon.",
        ),
    ];
    for (start, refusal, says) in table {
        let start = at(start);
        assert_eq!(hours.check(&start, &hours.end_of(&start), &now()), Err(refusal.clone()), "{start}");
        assert_eq!(hours.explain(&refusal, &start, &now(), Style::Spoken), says);
    }
    let fine = at("2026-11-24T16:30:00+01:00");
    assert_eq!(hours.check(&fine, &hours.end_of(&fine), &now()), Ok(()));
}

#[test]
fn free_slots_leave_out_what_is_taken_and_its_buffer() {
    let hours = Hours {
        before: Duration::from_secs(15 * 60),
        after: Duration::from_secs(30 * 60),
        ..Hours::weekly("tue 09:00-12:00").expect("hours")
    };
    let busy = [span("2026-11-24T10:00:00+01:00", "2026-11-24T10:30:00+01:00")];
    let week = span("2026-11-23T00:00:00+01:00", "2026-11-30T00:00:00+01:00");
    assert_eq!(starts(&free_slots(&hours, &busy, &week, &now())), ["24 09:00", "24 11:00", "24 11:30"]);
    assert_eq!(
        starts(&free_slots(&hours, &[], &week, &at("2026-11-24T09:10:00+01:00"))),
        ["24 10:30", "24 11:00", "24 11:30"]
    );
    assert!(
        free_slots(&hours, &[], &span("2026-11-24T09:10:00+01:00", "2026-11-24T09:50:00+01:00"), &now())
            .is_empty()
    );
    assert!(free_slots(&Hours { ahead_days: 2, ..hours }, &[], &week, &now()).is_empty());
}

#[test]
fn the_nearest_free_slots_are_of_the_same_day_if_there_are_any() {
    let hours = Hours::default();
    let busy = [span("2026-11-24T09:30:00+01:00", "2026-11-24T11:00:00+01:00")];
    let near = nearest_free(&hours, &busy, &at("2026-11-24T10:00:00+01:00"), &now(), 3);
    assert_eq!(starts(&near), ["24 09:00", "24 11:00", "24 11:30"]);
    let all_day = [span("2026-11-24T00:00:00+01:00", "2026-11-25T00:00:00+01:00")];
    let near = nearest_free(&hours, &all_day, &at("2026-11-24T10:00:00+01:00"), &now(), 2);
    assert_eq!(starts(&near), ["23 10:00", "25 10:00"]);
}

#[test]
fn free_slots_agree_with_trying_every_minute() {
    let mut random = fastrand::Rng::with_seed(11);
    for _ in 0..200 {
        let hours = Hours {
            slot: Duration::from_secs(60 * [15, 20, 30, 45, 60][random.usize(0..5)]),
            before: Duration::from_secs(60 * random.u64(0..20)),
            after: Duration::from_secs(60 * random.u64(0..20)),
            notice: Duration::from_secs(60 * random.u64(0..300)),
            ..Hours::weekly("mon-sat 08:00-12:00 13:15-18:30; sun 00:00-24:00").expect("hours")
        };
        // Over the night in which Berlin's clocks are turned back, and that in which they are turned forward.
        let first =
            [at("2026-10-23T10:17:00+02:00"), at("2026-03-27T10:17:00+01:00")][random.usize(0..2)].clone();
        let busy: Vec<Span> = (0..random.usize(0..12))
            .map(|_| {
                let from = &first + (random.i64(0..4 * 1440)).minutes();
                let to = &from + random.i64(1..200).minutes();
                Span::new(&from, &to)
            })
            .collect();
        let range = Span::new(&first, &(&first + random.i64(1..4 * 1440).minutes()));
        let found: Vec<Timestamp> =
            free_slots(&hours, &busy, &range, &first).iter().map(Zoned::timestamp).collect();
        let mut tried = Vec::new();
        let dates = std::iter::successors(Some(first.date()), |date| date.tomorrow().ok()).take(6);
        let raster: Vec<Zoned> = dates.flat_map(|date| hours.raster(date, first.time_zone())).collect();
        let mut minute = first.with().second(0).build().expect("a minute");
        while minute.timestamp() < range.to {
            let end = hours.end_of(&minute);
            let repeated =
                minute.time_zone().to_ambiguous_zoned(minute.datetime()).earlier().expect("a moment")
                    != minute;
            let apart = |busy: &Span| {
                let gap = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs();
                let seconds = |buffer: Duration| i64::try_from(buffer.as_secs()).expect("minutes");
                gap(busy.to, minute.timestamp()) >= seconds(hours.before)
                    || gap(end.timestamp(), busy.from) >= seconds(hours.after)
            };
            if hours.check(&minute, &end, &first).is_ok()
                && raster.binary_search(&minute).is_ok()
                && end.timestamp() <= range.to
                && !repeated
                && busy.iter().all(apart)
            {
                tried.push(minute.timestamp());
            }
            minute = &minute + 1.minute();
        }
        assert_eq!(found, tried);
    }
}
