//! When a repeated event takes place: DAILY, WEEKLY and MONTHLY rules with INTERVAL, COUNT, UNTIL, BYDAY and WKST, and
//! EXDATE.

use super::{answer::Refusal, moment::Moment};
use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, DateTime, Weekday},
    tz::TimeZone,
};
use serde_json::Value;

/// A rule and its exceptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Series {
    every: Every,
    interval: i32,
    count: Option<usize>,
    until: Option<Until>,
    days: Vec<Weekday>,
    week_starts: Weekday,
    without: Vec<Until>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Every {
    Day,
    Week,
    Month,
}

/// A day, a time on the wall, or an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Until {
    Day(Date),
    Wall(DateTime),
    At(Timestamp),
}

/// No series is followed further than this.
const MOST_DAYS: i32 = 3660;

impl Series {
    /// Reads the lines of `recurrence`.
    pub fn read(lines: &[Value]) -> Result<Self, Refusal> {
        let wrong = || Refusal::invalid("Invalid recurrence rule.");
        let mut series = None;
        let mut without = Vec::new();
        for line in lines {
            let line = line.as_str().ok_or_else(wrong)?;
            if let Some(rule) = line.strip_prefix("RRULE:") {
                let read = Self::rule(rule).ok_or_else(wrong)?;
                if series.replace(read).is_some() {
                    return Err(wrong());
                }
            } else if line.starts_with("EXDATE") {
                // A TZID in it is the event's own zone in all that is written here.
                let (_, days) = line.split_once(':').ok_or_else(wrong)?;
                for day in days.split(',') {
                    without.push(Until::read(day).ok_or_else(wrong)?);
                }
            } else {
                return Err(wrong());
            }
        }
        let series = series.ok_or_else(wrong)?;
        Ok(Self { without, ..series })
    }

    /// Every beginning up to `bound`, in order. `first` is the beginning of the first; `zone` that of the event.
    pub fn starts(&self, first: &Moment, zone: &TimeZone, bound: Timestamp) -> Vec<Moment> {
        let wall = match first {
            Moment::Day(day) => day.at(0, 0, 0, 0),
            Moment::At(at) => at.to_zoned(zone.clone()).datetime(),
        };
        let mut starts = Vec::new();
        let mut counted = 0;
        for offset in 0..MOST_DAYS {
            let date = wall.date().saturating_add(offset.days());
            if !self.falls_on(wall.date(), date, offset) {
                continue;
            }
            let here = date.to_datetime(wall.time());
            let at = zone.to_timestamp(here).expect("the years to come have timestamps");
            let over = match &self.until {
                Some(Until::Day(day)) => date > *day,
                Some(Until::Wall(last)) => here > *last,
                Some(Until::At(last)) => at > *last,
                None => false,
            };
            if over || at > bound || self.count.is_some_and(|count| counted >= count) {
                break;
            }
            counted += 1;
            let left_out = self.without.iter().any(|without| match without {
                Until::Day(day) => *day == date,
                Until::Wall(wall) => *wall == here,
                Until::At(instant) => *instant == at,
            });
            if !left_out {
                starts.push(match first {
                    Moment::Day(_) => Moment::Day(date),
                    Moment::At(_) => Moment::At(at),
                });
            }
        }
        starts
    }

    fn falls_on(&self, first: Date, date: Date, offset: i32) -> bool {
        match self.every {
            Every::Day => {
                offset % self.interval == 0 && (self.days.is_empty() || self.days.contains(&date.weekday()))
            }
            Every::Week => {
                let since = i32::from(self.week_starts.until(first.weekday()));
                let weeks = (offset + since) / 7;
                let meant = if self.days.is_empty() {
                    date.weekday() == first.weekday()
                } else {
                    self.days.contains(&date.weekday())
                };
                weeks % self.interval == 0 && meant
            }
            Every::Month => {
                let months = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
                date.day() == first.day() && (months(date) - months(first)) % self.interval == 0
            }
        }
    }

    fn rule(text: &str) -> Option<Self> {
        let mut every = None;
        let mut rule = Self {
            every: Every::Day,
            interval: 1,
            count: None,
            until: None,
            days: Vec::new(),
            week_starts: Weekday::Monday,
            without: Vec::new(),
        };
        for part in text.split(';') {
            let (name, value) = part.split_once('=')?;
            match name {
                "FREQ" => {
                    every = Some(match value {
                        "DAILY" => Every::Day,
                        "WEEKLY" => Every::Week,
                        "MONTHLY" => Every::Month,
                        _ => return None,
                    });
                }
                "INTERVAL" => rule.interval = value.parse().ok().filter(|n| *n > 0)?,
                "COUNT" => rule.count = Some(value.parse().ok().filter(|n| *n > 0)?),
                "UNTIL" => rule.until = Some(Until::read(value)?),
                "BYDAY" => rule.days = value.split(',').map(weekday).collect::<Option<_>>()?,
                "WKST" => rule.week_starts = weekday(value)?,
                _ => return None,
            }
        }
        rule.every = every?;
        let both = rule.count.is_some() && rule.until.is_some();
        let by_day_of_month = rule.every == Every::Month && !rule.days.is_empty();
        (!both && !by_day_of_month).then_some(rule)
    }
}

impl Until {
    fn read(text: &str) -> Option<Self> {
        Some(match text.len() {
            8 => Self::Day(Date::strptime("%Y%m%d", text).ok()?),
            15 => Self::Wall(DateTime::strptime("%Y%m%dT%H%M%S", text).ok()?),
            16 => {
                let wall = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
                Self::At(TimeZone::UTC.to_timestamp(wall).ok()?)
            }
            _ => return None,
        })
    }
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}
