//! Days on which nothing is open: a date, a stretch of dates, or the same every year.

use jiff::civil::Date;
use std::fmt;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holiday {
    /// From the first to the last, both included.
    Once { from: Date, to: Date },
    /// Likewise in every year, as month and day. The last may be in the next year: December 24 to January 6.
    Yearly { from: (i8, i8), to: (i8, i8) },
}

impl Holiday {
    /// Reads `2026-12-25`, `2026-12-24..2027-01-03`, `12-25` (every year) or `12-24..01-06`. The error says what could not
    /// be read.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let wrong = || format!("\"{text}\" is no date such as 2026-12-25, 12-25, or 2026-12-24..2027-01-03");
        if let (Ok(from), Ok(to)) = (from.parse::<Date>(), to.parse::<Date>()) {
            if to < from {
                return Err(format!("\"{text}\" ends before it begins"));
            }
            return Ok(Self::Once { from, to });
        }
        Ok(Self::Yearly { from: month_day(from).ok_or_else(wrong)?, to: month_day(to).ok_or_else(wrong)? })
    }

    pub fn covers(&self, date: Date) -> bool {
        match *self {
            Self::Once { from, to } => from <= date && date <= to,
            Self::Yearly { from, to } => {
                let day = (date.month(), date.day());
                if from <= to { from <= day && day <= to } else { from <= day || day <= to }
            }
        }
    }
}

impl From<Date> for Holiday {
    fn from(date: Date) -> Self {
        Self::Once { from: date, to: date }
    }
}

/// As [`read`](Holiday::read) takes it.
impl fmt::Display for Holiday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Once { from, to } if from == to => write!(f, "{from}"),
            Self::Once { from, to } => write!(f, "{from}..{to}"),
            Self::Yearly { from: (month, day), to } => {
                write!(f, "{month:02}-{day:02}")?;
                if (*month, *day) == *to { Ok(()) } else { write!(f, "..{:02}-{:02}", to.0, to.1) }
            }
        }
    }
}

/// `12-25`; February 29 counts, and comes every four years.
fn month_day(text: &str) -> Option<(i8, i8)> {
    let (month, day) = text.split_once('-')?;
    let digits = |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(month) || !digits(day) {
        return None;
    }
    let date = Date::new(LEAP_YEAR, month.parse().ok()?, day.parse().ok()?).ok()?;
    Some((date.month(), date.day()))
}

const LEAP_YEAR: i16 = 2024;
