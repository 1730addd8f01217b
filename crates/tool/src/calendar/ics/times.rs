//! Times, lengths and periods as calendars write them.

use super::{
    Unreadable,
    lines::{Line, excerpt},
    zone::{Zone, Zones},
};
use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use when::Span;

/// A value of time as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Date(Date),
    Local(DateTime),
    Utc(Timestamp),
}

/// How long something lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length {
    /// By the calendar: a day is a day, however many hours it has.
    pub days: i32,
    pub exact: SignedDuration,
}

impl Length {
    pub fn between(from: Timestamp, to: Timestamp) -> Result<Self, Unreadable> {
        let exact = from.duration_until(to);
        if exact.is_negative() {
            return Err(Unreadable("it ends before it begins".to_owned()));
        }
        Ok(Self { days: 0, exact })
    }

    pub fn after(self, start: DateTime, zone: &Zone) -> Result<Timestamp, Unreadable> {
        let later = start.checked_add(i64::from(self.days).days()).map_err(|_| beyond())?;
        zone.instant(later)?.checked_add(self.exact).map_err(|_| beyond())
    }

    pub fn about(self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.days)) + self.exact
    }
}

impl At {
    pub fn instant(self, zone: &Zone) -> Result<Timestamp, Unreadable> {
        match self {
            At::Date(date) => zone.instant(date.to_datetime(Time::midnight())),
            At::Local(at) => zone.instant(at),
            At::Utc(at) => Ok(at),
        }
    }
}

/// `20261201`, `20261201T100000`, `20261201T100000Z`.
pub(super) fn at(value: &str) -> Result<At, Unreadable> {
    let value = value.trim();
    let strange = || Unreadable(format!("a time that is none: {}", excerpt(value)));
    let number = |from: usize, to: usize| -> Result<i16, Unreadable> {
        let digits = value.get(from..to).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse().ok()).ok_or_else(strange)
    };
    let small = |from: usize| number(from, from + 2).map(|number| number as i8);
    let date = Date::new(number(0, 4)?, small(4)?, small(6)?).map_err(|_| strange())?;
    if value.len() == 8 {
        return Ok(At::Date(date));
    }
    let zulu = value.len() == 16 && value.ends_with(['Z', 'z']);
    if (value.len() != 15 && !zulu) || !value[8..].starts_with(['T', 't']) {
        return Err(strange());
    }
    let second = small(13)?;
    let time =
        Time::new(small(9)?, small(11)?, if second == 60 { 59 } else { second }, 0).map_err(|_| strange())?;
    let local = date.to_datetime(time);
    if !zulu {
        return Ok(At::Local(local));
    }
    Ok(At::Utc(TimeZone::UTC.to_timestamp(local).map_err(|_| beyond())?))
}

/// `PT30M`, `P1DT2H`, `P2W`; one that runs backwards is refused.
pub(super) fn duration(value: &str) -> Result<Length, Unreadable> {
    let strange = || Unreadable(format!("a duration that is none: {}", excerpt(value)));
    let upper = value.trim().to_ascii_uppercase();
    let body = upper.strip_prefix('+').unwrap_or(&upper).strip_prefix('P').ok_or_else(strange)?;
    let (mut days, mut seconds) = (0_i64, 0_i64);
    let (mut digits, mut in_time, mut told) = (String::new(), false, false);
    for c in body.chars() {
        if c.is_ascii_digit() && digits.len() < 9 {
            digits.push(c);
            continue;
        }
        if c == 'T' && digits.is_empty() && !in_time {
            in_time = true;
            continue;
        }
        let many: i64 = digits.parse().map_err(|_| strange())?;
        match (c, in_time) {
            ('W', false) => days += many * 7,
            ('D', false) => days += many,
            ('H', true) => seconds += many * 3600,
            ('M', true) => seconds += many * 60,
            ('S', true) => seconds += many,
            _ => return Err(strange()),
        }
        digits.clear();
        told = true;
    }
    let days = i32::try_from(days).ok().filter(|days| *days <= 366_000).ok_or_else(strange)?;
    if !told || !digits.is_empty() {
        Err(strange())
    } else {
        Ok(Length { days, exact: SignedDuration::from_secs(seconds) })
    }
}

/// `20261201T080000Z/20261201T081500Z`, `20261201T090000Z/PT30M`.
pub(super) fn period(value: &str) -> Result<Span, Unreadable> {
    let strange = || Unreadable(format!("a period that is none: {}", excerpt(value)));
    let (from, to) = value.split_once('/').ok_or_else(strange)?;
    let utc = |text: &str| match at(text)? {
        At::Utc(at) => Ok(at),
        At::Date(_) | At::Local(_) => Err(strange()),
    };
    let from = utc(from)?;
    let to = if to.trim().starts_with(['P', '+', '-']) {
        duration(to)?.after(TimeZone::UTC.to_datetime(from), &Zones::utc())?
    } else {
        utc(to)?
    };
    Ok(Span { from, to })
}

/// The local times that a line lists; UTC is taken for local where a zone's own changes are listed.
pub(super) fn date_times(line: &Line) -> Result<Vec<DateTime>, Unreadable> {
    line.value.split(',').map(civil).collect()
}

/// What a clock shows, whosever it is.
pub(super) fn civil(value: &str) -> Result<DateTime, Unreadable> {
    Ok(match at(value)? {
        At::Date(date) => date.to_datetime(Time::midnight()),
        At::Local(at) => at,
        At::Utc(at) => TimeZone::UTC.to_datetime(at),
    })
}

pub(super) fn beyond() -> Unreadable {
    Unreadable("a time beyond all time".to_owned())
}
