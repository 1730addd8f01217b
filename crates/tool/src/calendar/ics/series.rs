//! When a rule repeats itself (RFC 5545 §3.3.10).
//!
//! The rules themselves are the `rrule` crate's. It is fed local times under the name of UTC, so that what it knows of zones,
//! which is years old, is never asked: the hour on the wall is the same before and after the clocks change.

use super::{Unreadable, lines::excerpt, times};
use jiff::{
    Timestamp, ToSpan, Unit,
    civil::{DateTime, Time},
    tz::TimeZone,
};
use rrule::RRuleSet;
use std::fmt::Write;

/// What reading one object may cost: a series that was begun long ago, or one that never ends, is given up.
#[derive(Debug)]
pub(super) struct Budget(u32);

/// A rule that was read and found bearable.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    every: Every,
    interval: i32,
    counted: bool,
    until: Option<times::At>,
    /// All of it but `UNTIL`.
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Every {
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// Times of one day that one rule may name.
const BUSIEST: usize = 288;

impl Default for Budget {
    fn default() -> Self {
        Self(60_000)
    }
}

impl Budget {
    pub fn spend(&mut self, steps: u32) -> Result<(), Unreadable> {
        let left = self.0.checked_sub(steps);
        self.0 = left.ok_or_else(|| Unreadable("a series with more times than can be read".to_owned()))?;
        Ok(())
    }
}

impl Rule {
    pub fn read(value: &str) -> Result<Self, Unreadable> {
        let strange =
            |what: &str| Unreadable(format!("a series by a rule that is not understood: {}", excerpt(what)));
        let mut every = None;
        let mut rule =
            Self { every: Every::Day, interval: 1, counted: false, until: None, text: String::new() };
        let mut times = 1;
        for part in value.trim().trim_end_matches(';').split(';') {
            let part = part.to_ascii_uppercase();
            let (key, value) = part.split_once('=').ok_or_else(|| strange(&part))?;
            if !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b",+-".contains(&byte))
                || value.is_empty()
            {
                return Err(strange(&part));
            }
            match key {
                "FREQ" => {
                    every = Some(match value {
                        "HOURLY" => Every::Hour,
                        "DAILY" => Every::Day,
                        "WEEKLY" => Every::Week,
                        "MONTHLY" => Every::Month,
                        "YEARLY" => Every::Year,
                        _ => return Err(strange(&part)),
                    });
                }
                "INTERVAL" => {
                    let many = value.parse::<u16>().ok().filter(|many| *many > 0);
                    rule.interval = i32::from(many.ok_or_else(|| strange(&part))?);
                }
                "UNTIL" => {
                    rule.until = Some(times::at(value)?);
                    continue;
                }
                "COUNT" => rule.counted = true,
                "BYHOUR" | "BYMINUTE" | "BYSECOND" => times *= value.split(',').count(),
                "BYMONTH" | "BYWEEKNO" | "BYYEARDAY" | "BYMONTHDAY" | "BYDAY" | "BYSETPOS" | "WKST" => {}
                _ => return Err(strange(&part)),
            }
            let _ = write!(rule.text, "{}{part}", if rule.text.is_empty() { "" } else { ";" });
        }
        rule.every = every.filter(|_| times <= BUSIEST).ok_or_else(|| strange(value))?;
        Ok(rule)
    }

    /// The times of the rule for what begins at `start`, from `from` to `to`, both included, on the clock of `start`.
    /// `local` says what that clock shows.
    pub fn expand(
        &self,
        start: DateTime,
        local: &dyn Fn(Timestamp) -> DateTime,
        from: DateTime,
        to: DateTime,
        budget: &mut Budget,
    ) -> Result<Vec<DateTime>, Unreadable> {
        if !(1600..2600).contains(&start.year()) {
            return Err(Unreadable(format!("a series that begins in the year {}", start.year())));
        }
        let until = self.until.map(|until| match until {
            times::At::Date(date) => date.to_datetime(Time::constant(23, 59, 59, 0)),
            times::At::Local(at) => at,
            times::At::Utc(at) => local(at),
        });
        if until.is_some_and(|until| until < start) || to < start {
            return Ok(Vec::new());
        }
        let near = if self.counted { start } else { self.near(start, from) };
        let mut text = format!("DTSTART:{}Z\nRRULE:{}", near.strftime("%Y%m%dT%H%M%S"), self.text);
        if let Some(until) = until {
            let _ = write!(text, ";UNTIL={}Z", until.strftime("%Y%m%dT%H%M%S"));
        }
        if until.is_some_and(|until| until < near) {
            return Ok(Vec::new());
        }
        let strange = |why: rrule::RRuleError| {
            Unreadable(format!("a series that makes no sense: {}", excerpt(&why.to_string())))
        };
        // A rule that never comes true costs as much as this many that do.
        budget.spend(60)?;
        let series: RRuleSet = text.parse().map_err(strange)?;
        let mut out = Vec::new();
        for at in &series.limit() {
            budget.spend(1)?;
            let Ok(at) = Timestamp::from_second(at.timestamp()) else { break };
            let at = TimeZone::UTC.to_datetime(at);
            if at > to {
                break;
            }
            if at >= from {
                out.push(at);
            }
        }
        Ok(out)
    }

    /// A later start of the same series, so that one begun long ago costs no more than a new one.
    fn near(&self, start: DateTime, from: DateTime) -> DateTime {
        let (unit, each) = match self.every {
            Every::Hour => (Unit::Hour, self.interval),
            Every::Day => (Unit::Day, self.interval),
            Every::Week => (Unit::Day, self.interval * 7),
            Every::Month => (Unit::Month, self.interval),
            Every::Year => (Unit::Year, self.interval),
        };
        let Ok(between) = start.until((unit, from)) else { return start };
        let passed = match unit {
            Unit::Hour => between.get_hours(),
            Unit::Day => between.get_days(),
            Unit::Month => between.get_months(),
            _ => i32::from(between.get_years()),
        };
        let most = passed / each - 1;
        // The 31st is not in every month, nor the 29th of February in every year.
        for times in (1..=most).rev().take(500) {
            let ahead = i64::from(times * each);
            let later = match unit {
                Unit::Hour => start.checked_add(ahead.hours()),
                Unit::Day => start.checked_add(ahead.days()),
                Unit::Month => start.checked_add(ahead.months()),
                _ => start.checked_add(ahead.years()),
            };
            if let Ok(later) = later
                && (matches!(self.every, Every::Hour | Every::Day | Every::Week)
                    || later.day() == start.day())
            {
                return later;
            }
        }
        start
    }
}
