//! Days on which the clock is changed, held against a second way of computing: the zones' rules as their laws have them,
//! the moments of change in UTC from counting days, and the wall clock as UTC plus an offset, minute by minute.

use fastrand::Rng;
use jiff::{
    Timestamp, Zoned,
    civil::{DateTime, date},
    tz::TimeZone,
};
use std::{collections::BTreeMap, time::Duration};
use when::{Clock, Day, Hours, Opening, Refusal, Said, Span, Style, Unclear, free_slots};

/// A zone: its offsets in minutes, and when the clock is changed.
struct Zone {
    name: &'static str,
    winter: i64,
    summer: i64,
    /// Moments at which the clock goes forward and back: month (1 to 12), which Sunday, Friday or Thursday, minute of
    /// that day in UTC, which may be before or after the day.
    forward: (i64, Nth, i64),
    back: (i64, Nth, i64),
}

#[derive(Clone, Copy)]
enum Nth {
    /// The first day of this weekday (Sunday 0) on or after this day of the month.
    From(i64, i64),
    Last(i64),
}

const SUNDAY: i64 = 0;
const THURSDAY: i64 = 4;
const FRIDAY: i64 = 5;

const ZONES: [Zone; 6] = [
    Zone {
        name: "Europe/Berlin",
        winter: 60,
        summer: 120,
        forward: (3, Nth::Last(SUNDAY), 60),
        back: (10, Nth::Last(SUNDAY), 60),
    },
    Zone {
        name: "America/New_York",
        winter: -300,
        summer: -240,
        forward: (3, Nth::From(SUNDAY, 8), 7 * 60),
        back: (11, Nth::From(SUNDAY, 1), 6 * 60),
    },
    // Half an hour.
    Zone {
        name: "Australia/Lord_Howe",
        winter: 630,
        summer: 660,
        forward: (10, Nth::From(SUNDAY, 1), 120 - 630),
        back: (4, Nth::From(SUNDAY, 1), 120 - 660),
    },
    // Midnight is skipped; the last hour of a Saturday comes twice.
    Zone {
        name: "America/Santiago",
        winter: -240,
        summer: -180,
        forward: (9, Nth::From(SUNDAY, 2), 4 * 60),
        back: (4, Nth::From(SUNDAY, 2), 3 * 60),
    },
    Zone {
        name: "Africa/Cairo",
        winter: 120,
        summer: 180,
        forward: (4, Nth::Last(FRIDAY), -120),
        back: (10, Nth::Last(THURSDAY), 24 * 60 - 180),
    },
    // Midnight is skipped, and midnight comes twice.
    Zone {
        name: "America/Havana",
        winter: -300,
        summer: -240,
        forward: (3, Nth::From(SUNDAY, 8), 5 * 60),
        back: (11, Nth::From(SUNDAY, 1), 5 * 60),
    },
];

const YEARS: std::ops::RangeInclusive<i64> = 2026..=2028;
const DAY: i64 = 24 * 60;

/// Days since 1970-01-01, by counting.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let years: i64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    years + lengths[..(month - 1) as usize].iter().sum::<i64>() + day - 1
}

/// 1970-01-01 was a Thursday.
fn weekday(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}

impl Zone {
    /// The minutes since 1970 at which the clock is changed, and the offset from then on.
    fn changes(&self) -> Vec<(i64, i64)> {
        let mut changes = Vec::new();
        for year in 2025..=2029 {
            for ((month, nth, minute), offset) in [(self.forward, self.summer), (self.back, self.winter)] {
                let day = match nth {
                    Nth::From(wanted, first) => {
                        let first = days(year, month, first);
                        first + (wanted - weekday(first)).rem_euclid(7)
                    }
                    Nth::Last(wanted) => {
                        let last =
                            if month == 12 { days(year + 1, 1, 1) } else { days(year, month + 1, 1) } - 1;
                        last - (weekday(last) - wanted).rem_euclid(7)
                    }
                };
                changes.push((day * DAY + minute, offset));
            }
        }
        changes.sort_unstable();
        changes
    }

    fn zone(&self) -> TimeZone {
        TimeZone::get(self.name).expect("a bundled zone")
    }

    /// The model of the nights around this change.
    fn around(&self, change: i64) -> Model {
        let changes = self.changes();
        let offset = |utc: i64| {
            let past = changes.iter().rev().find(|(at, _)| *at <= utc);
            past.map_or(changes[1].1, |(_, offset)| *offset)
        };
        let first = change - 3 * DAY;
        let local = (first..change + 3 * DAY).map(|utc| utc + offset(utc)).collect();
        Model { first, local, offsets: [self.summer, self.winter] }
    }
}

/// What the clock on the wall shows at each minute from `first` on, all in minutes since 1970.
struct Model {
    first: i64,
    local: Vec<i64>,
    offsets: [i64; 2],
}

impl Model {
    /// The moments at which the clock shows this.
    fn moments(&self, local: i64) -> Vec<i64> {
        let mut moments = self.offsets.map(|offset| local - offset).to_vec();
        moments.sort_unstable();
        moments.retain(|at| self.local.get((at - self.first) as usize) == Some(&local));
        moments
    }

    /// The first moment at which the clock shows this or more.
    fn first(&self, local: i64) -> i64 {
        let index =
            self.local.iter().position(|shown| *shown >= local).expect("within the days of the model");
        self.first + i64::try_from(index).expect("few days")
    }

    /// The days that it has from their first minute to their last, by their number since 1970.
    fn days(&self) -> std::ops::Range<i64> {
        self.local[0].div_euclid(DAY) + 1..self.local[self.local.len() - 1].div_euclid(DAY)
    }
}

fn timestamp(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).expect("in range")
}

fn minute(at: &Zoned) -> i64 {
    assert_eq!(at.timestamp().as_second() % 60, 0);
    at.timestamp().as_second() / 60
}

fn local(minute: i64) -> DateTime {
    timestamp(minute).to_zoned(TimeZone::UTC).datetime()
}

fn each_change(mut test: impl FnMut(&Zone, i64, &Model)) {
    let (first, last) = (days(*YEARS.start(), 1, 1) * DAY, days(*YEARS.end() + 1, 1, 1) * DAY);
    let mut tested = 0;
    for zone in &ZONES {
        for (change, _) in zone.changes().into_iter().filter(|(at, _)| (first..last).contains(at)) {
            test(zone, change, &zone.around(change));
            tested += 1;
        }
    }
    assert_eq!(tested, ZONES.len() * 6);
}

#[test]
fn the_zones_change_when_their_laws_say() {
    each_change(|zone, change, model| {
        for (index, shown) in
            (0..).zip(&model.local).filter(|(index, _)| index % 30 == 0 || *index > 3 * DAY - 60)
        {
            let at = timestamp(model.first + index).to_zoned(zone.zone());
            assert_eq!(at.datetime(), local(*shown), "{} around {}", zone.name, timestamp(change));
        }
    });
}

#[test]
fn a_time_that_is_skipped_is_refused_one_that_comes_twice_is_the_first_and_said_so() {
    let mut lengths = BTreeMap::<i64, u32>::new();
    each_change(|zone, _, model| {
        let now = timestamp(model.first).to_zoned(zone.zone());
        for day in model.days() {
            *lengths.entry(model.first((day + 1) * DAY) - model.first(day * DAY)).or_default() += 1;
            for minute_of_day in (0..DAY).step_by(5) {
                let wall = day * DAY + minute_of_day;
                let at = local(wall);
                let said = Said {
                    day: Some(Day::Dates(vec![at.date()])),
                    clock: Some(Clock::Times(vec![at.time()])),
                    ..Said::default()
                };
                let resolved = said.resolve(&now, None);
                let written = when::moment(&at.to_string(), &now, None);
                assert_eq!(resolved, written, "{at}");
                match (model.moments(wall).as_slice(), resolved) {
                    ([], Err(unclear @ Unclear::Skipped(skipped))) => {
                        assert_eq!(skipped, at);
                        let say = unclear.say(&now, None, Style::Spoken);
                        let around = unclear.around(now.time_zone());
                        assert_eq!(around.len(), 2, "{say}");
                        let change = model.first(wall);
                        // As far from the change as the time that was skipped is into the gap, and no less real.
                        assert!(minute(&around[0]) < change && change <= minute(&around[1]), "{say}");
                        for near in &around {
                            assert!((minute(near) - change).abs() <= 60, "{say}");
                            assert!(say.contains(&when::name_time(near.time(), Style::Spoken)), "{say}");
                        }
                    }
                    ([one], Ok(moment)) => {
                        assert_eq!((minute(&moment.at), moment.first_of_two), (*one, false), "{at}");
                    }
                    ([first, second], Ok(moment)) => {
                        assert!(first < second);
                        assert_eq!((minute(&moment.at), moment.first_of_two), (*first, true), "{at}");
                        let remark = moment.remark(&now, Style::Spoken).expect("a remark");
                        assert!(remark.contains("comes twice") && remark.contains("the first"), "{remark}");
                    }
                    (moments, resolved) => panic!("{} {at}: {moments:?} but {resolved:?}", zone.name),
                }
            }
        }
    });
    let half_hours: Vec<i64> = lengths.keys().copied().collect();
    assert_eq!(half_hours, [23 * 60, 23 * 60 + 30, 24 * 60, 24 * 60 + 30, 25 * 60]);
}

/// Opening hours of some nights, at odd times and until midnight, too.
fn some_hours(random: &mut Rng) -> Hours {
    let mut times = |most: usize| {
        let mut edges: Vec<i64> =
            (0..random.usize(1..=most) * 2).map(|_| random.i64(0..=DAY / 15) * 15).collect();
        edges.sort_unstable();
        edges.dedup();
        let time = |minute: i64| local(minute % DAY).time();
        let openings = edges.chunks_exact(2).map(|pair| Opening { from: time(pair[0]), to: time(pair[1]) });
        openings.collect::<Vec<_>>()
    };
    let mut week: [Vec<Opening>; 7] = std::array::from_fn(|_| times(3));
    if random.bool() {
        week = Hours::always().week;
    }
    Hours {
        week,
        slot: Duration::from_secs(60 * [15, 30, 45, 60, 90, 120][random.usize(0..6)]),
        step: random.bool().then(|| Duration::from_secs(60 * [10, 15, 30, 60][random.usize(0..4)])),
        before: Duration::from_secs(60 * [0, 0, 5, 15][random.usize(0..4)]),
        after: Duration::from_secs(60 * [0, 0, 10, 30][random.usize(0..4)]),
        notice: Duration::from_secs(60 * random.u64(0..600)),
        ..Hours::default()
    }
}

fn minutes(length: Duration) -> i64 {
    i64::try_from(length.as_secs() / 60).expect("few")
}

fn minute_of(time: jiff::civil::Time) -> i64 {
    i64::from(time.hour()) * 60 + i64::from(time.minute())
}

/// The real stretches in which the office is open, those that touch at midnight made one.
fn open(hours: &Hours, model: &Model) -> Vec<(i64, i64)> {
    let mut walls: Vec<(i64, i64)> = Vec::new();
    for day in model.days() {
        for opening in &hours.week[(weekday(day) + 6) as usize % 7] {
            let end = if minute_of(opening.to) == 0 { DAY } else { minute_of(opening.to) };
            let (from, to) = (day * DAY + minute_of(opening.from), day * DAY + end);
            match walls.last_mut() {
                Some(last) if last.1 == from && from % DAY == 0 => last.1 = to,
                _ => walls.push((from, to)),
            }
        }
    }
    walls.into_iter().map(|(from, to)| (model.first(from), model.first(to))).collect()
}

#[test]
fn free_slots_agree_with_counting_minutes_around_every_change() {
    let mut random = Rng::with_seed(2026);
    let mut found_altogether = 0;
    each_change(|zone, change, model| {
        for _ in 0..12 {
            let hours = some_hours(&mut random);
            let now = model.first(model.days().start * DAY);
            let (from, to) = (now + random.i64(0..DAY), change + random.i64(-60..DAY));
            let busy: Vec<(i64, i64)> = (0..random.usize(0..6))
                .map(|_| {
                    let at = change + random.i64(-DAY..DAY);
                    (at, at + random.i64(5..200))
                })
                .collect();
            let spans: Vec<Span> =
                busy.iter().map(|(from, to)| Span { from: timestamp(*from), to: timestamp(*to) }).collect();
            let range = Span { from: timestamp(from), to: timestamp(to) };
            let start = timestamp(now).to_zoned(zone.zone());
            let found: Vec<i64> = free_slots(&hours, &spans, &range, &start).iter().map(minute).collect();

            let open = open(&hours, model);
            let (slot, step) = (minutes(hours.slot), minutes(hours.step.unwrap_or(hours.slot)));
            let mut counted = Vec::new();
            for day in model.days() {
                for opening in &hours.week[(weekday(day) + 6) as usize % 7] {
                    let end = if minute_of(opening.to) == 0 { DAY } else { minute_of(opening.to) };
                    let mut wall = minute_of(opening.from);
                    while wall < end {
                        let moments = model.moments(day * DAY + wall);
                        wall += step;
                        let Some(&at) = moments.first() else { continue };
                        let done = at + slot;
                        let is_open = open.iter().any(|(from, to)| *from <= at && done <= *to);
                        let clear = busy.iter().all(|(from, to)| {
                            done + minutes(hours.after) <= *from || at - minutes(hours.before) >= *to
                        });
                        let due = at > now && at >= now + minutes(hours.notice) && at >= from && done <= to;
                        if is_open && clear && due {
                            counted.push(at);
                        }
                    }
                }
            }
            assert_eq!(found, counted, "{} around {}: {hours:?}", zone.name, timestamp(change));
            found_altogether += found.len();
        }
    });
    assert!(found_altogether > 10_000, "{found_altogether}");
}

#[test]
fn what_is_refused_for_the_hours_is_closed_at_some_minute() {
    let mut random = Rng::with_seed(2027);
    each_change(|zone, change, model| {
        for _ in 0..6 {
            let hours = Hours { notice: Duration::ZERO, ..some_hours(&mut random) };
            let open = open(&hours, model);
            let now = timestamp(model.first(model.days().start * DAY)).to_zoned(zone.zone());
            for _ in 0..60 {
                let from = change + random.i64(-DAY / 5..DAY / 5) * 5 / 2;
                let to = from + random.i64(1..40) * 5;
                let [start, end] = [from, to].map(|at| timestamp(at).to_zoned(zone.zone()));
                let is_open = open.iter().any(|(first, last)| *first <= from && to <= *last);
                match hours.check(&start, &end, &now) {
                    Ok(()) => assert!(is_open, "{start} to {end}: {hours:?}"),
                    Err(Refusal::OutsideHours | Refusal::ClosedThatDay) => {
                        assert!(!is_open, "{start} to {end}: {hours:?}");
                    }
                    Err(other) => panic!("{start}: {other:?}"),
                }
            }
        }
    });
}

#[test]
fn a_day_on_which_midnight_is_skipped_begins_at_one() {
    let zone = TimeZone::get("America/Santiago").expect("a zone");
    let hours = Hours { slot: Duration::from_secs(3600), ..Hours::always() };
    let day = hours.raster(date(2026, 9, 6), &zone);
    assert_eq!(day.len(), 23);
    assert_eq!(day[0].time().to_string(), "01:00:00");
    let twice = hours.raster(date(2026, 4, 4), &zone);
    assert_eq!(twice.len(), 24, "the second eleven at night cannot be told from the first");
    assert_eq!(twice[23].offset(), jiff::tz::offset(-3));
}
