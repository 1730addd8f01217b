//! When appointments may be made.

use crate::{
    Span,
    speak::{Style, list, name_date, name_time, name_weekday},
};
use jiff::{
    Span as Length, Zoned,
    civil::{Date, Time, Weekday, time},
};
use std::{fmt::Write as _, time::Duration};

/// A stretch of a day in which the office is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    pub from: Time,
    /// Midnight (00:00) means the end of the day.
    pub to: Time,
}

/// Weekly opening hours and the rules of making appointments within them, all in the office's zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Monday first; a day's openings in order, not overlapping. None: closed.
    pub week: [Vec<Opening>; 7],
    /// Closed all day.
    pub holidays: Vec<Date>,
    /// How long an appointment lasts where nobody says otherwise, and the raster of free slots. Whole minutes, not 0.
    pub slot: Duration,
    /// Kept free before every appointment.
    pub before: Duration,
    /// Kept free after every appointment.
    pub after: Duration,
    /// An appointment begins at least this much from now.
    pub notice: Duration,
    /// An appointment is at most this many days from today.
    pub ahead_days: u16,
}

/// Why an appointment cannot be at that time, whoever is free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    Past,
    TooSoon,
    TooFarAhead,
    Holiday,
    ClosedThatDay,
    /// Open that day, but not then or not for so long.
    OutsideHours,
}

impl Default for Hours {
    /// Monday to Friday, nine to five, half an hour each, an hour's notice, a year ahead.
    fn default() -> Self {
        let day = || vec![Opening { from: time(9, 0, 0, 0), to: time(17, 0, 0, 0) }];
        Self {
            week: [day(), day(), day(), day(), day(), Vec::new(), Vec::new()],
            holidays: Vec::new(),
            slot: Duration::from_secs(30 * 60),
            before: Duration::ZERO,
            after: Duration::ZERO,
            notice: Duration::from_secs(60 * 60),
            ahead_days: 365,
        }
    }
}

impl Hours {
    /// Open all day, every day: what a calendar without opening hours has.
    pub fn always() -> Self {
        let day = || vec![Opening { from: Time::midnight(), to: Time::midnight() }];
        Self { week: std::array::from_fn(|_| day()), notice: Duration::ZERO, ..Self::default() }
    }

    /// The defaults with the week read from text such as `mon-fri 09:00-12:30 13:30-17:00; sat 10:00-13:00`. Days not
    /// named are closed. The error says what could not be read.
    pub fn weekly(text: &str) -> Result<Self, String> {
        let mut week: [Vec<Opening>; 7] = Default::default();
        for rule in text.split(';').map(str::trim).filter(|rule| !rule.is_empty()) {
            let mut words = rule.split_whitespace();
            let days = words.next().map(read_days).transpose()?.unwrap_or_default();
            let mut openings = words.map(read_opening).collect::<Result<Vec<_>, _>>()?;
            openings.sort_by_key(|opening| opening.from);
            let overlap = openings.windows(2).any(|pair| {
                let [first, second] = pair else { return false };
                second.from < first.to || first.to == Time::midnight()
            });
            if overlap {
                return Err(format!("the openings of \"{rule}\" overlap"));
            }
            for day in days {
                week[day].clone_from(&openings);
            }
        }
        Ok(Self { week, ..Self::default() })
    }

    /// The openings of this date, none on a holiday.
    pub fn openings(&self, date: Date) -> &[Opening] {
        if self.holidays.contains(&date) {
            return &[];
        }
        &self.week[date.weekday().to_monday_zero_offset() as usize]
    }

    /// Whether an appointment of the usual length may start then, whatever "now" is.
    pub fn is_open(&self, date: Date, time: Time) -> bool {
        self.is_open_for(date, time, self.slot)
    }

    /// Whether the office is open from `time` on for `length`.
    pub fn is_open_for(&self, date: Date, time: Time, length: Duration) -> bool {
        let from = minute_of_day(time);
        let to = from + length.as_secs().div_ceil(60);
        self.openings(date)
            .iter()
            .any(|opening| minute_of_day(opening.from) <= from && to <= end_minute(*opening))
    }

    /// Whether an appointment from `start` to `end` may be made at `now`; looks at no calendar.
    pub fn check(&self, start: &Zoned, end: &Zoned, now: &Zoned) -> Result<(), Refusal> {
        if start <= now {
            return Err(Refusal::Past);
        }
        if start.timestamp() < now.timestamp() + self.notice {
            return Err(Refusal::TooSoon);
        }
        if start.date() > self.last_date(now) {
            return Err(Refusal::TooFarAhead);
        }
        if self.holidays.contains(&start.date()) {
            return Err(Refusal::Holiday);
        }
        if self.openings(start.date()).is_empty() {
            return Err(Refusal::ClosedThatDay);
        }
        let length =
            Duration::try_from(end.timestamp().duration_since(start.timestamp())).unwrap_or_default();
        if !self.is_open_for(start.date(), start.time(), length) {
            return Err(Refusal::OutsideHours);
        }
        Ok(())
    }

    /// The last date on which an appointment may be.
    pub fn last_date(&self, now: &Zoned) -> Date {
        now.date().checked_add(Length::new().days(self.ahead_days)).unwrap_or(Date::MAX)
    }

    /// When the office is open on this date, to say: "from nine in the morning to five in the afternoon".
    pub fn name_openings(&self, date: Date, style: Style) -> Option<String> {
        let openings = self.openings(date);
        let parts: Vec<String> = openings
            .iter()
            .map(|opening| {
                format!("from {} to {}", name_time(opening.from, style), name_time(opening.to, style))
            })
            .collect();
        (!parts.is_empty()).then(|| list(&parts, "and"))
    }

    /// A sentence for a refusal, that tells the caller what would work.
    pub fn explain(&self, refusal: &Refusal, start: &Zoned, now: &Zoned, style: Style) -> String {
        let date = start.date();
        match refusal {
            Refusal::Past => {
                format!("{} is already over.", sentence_start(&crate::name_moment(start, now, style)))
            }
            Refusal::TooSoon => {
                format!("That is too soon. Appointments need {} notice.", name_length(self.notice))
            }
            Refusal::TooFarAhead => format!(
                "That is too far ahead. The last day for appointments is {}.",
                name_date(self.last_date(now), now.date(), style)
            ),
            Refusal::Holiday => {
                format!("{} is a holiday; we are closed.", name_date(date, now.date(), style))
            }
            Refusal::ClosedThatDay => {
                format!("We are closed on {}s. {}", name_weekday(date.weekday()), self.name_open_days())
            }
            Refusal::OutsideHours => {
                let open = self.name_openings(date, style).unwrap_or_default();
                format!("On {} we are open {open}.", name_weekday(date.weekday()))
            }
        }
    }

    /// Which days of the week the office is open, as a sentence.
    pub fn name_open_days(&self) -> String {
        let open: Vec<Weekday> = (0i8..7)
            .filter(|&day| !self.week[day as usize].is_empty())
            .filter_map(|day| Weekday::from_monday_zero_offset(day).ok())
            .collect();
        let names: Vec<String> = open.iter().map(|&day| name_weekday(day).to_owned()).collect();
        let in_a_row = open.len() > 2
            && open
                .windows(2)
                .all(|pair| pair[0].to_monday_zero_offset() + 1 == pair[1].to_monday_zero_offset());
        match (names.first(), names.last()) {
            (Some(first), Some(last)) if in_a_row => format!("We are open from {first} to {last}."),
            (Some(_), Some(_)) => format!("We are open on {}.", list(&names, "and")),
            _ => "We have no opening hours.".into(),
        }
    }

    /// The slots of one date by the raster, in order, whatever "now" is: the starts of appointments of `slot` length.
    pub fn raster(&self, date: Date) -> Vec<Time> {
        let step = (self.slot.as_secs() / 60).max(1);
        let mut starts = Vec::new();
        for opening in self.openings(date) {
            let mut at = minute_of_day(opening.from);
            while at + step <= end_minute(*opening) {
                starts.push(time_of_minute(at));
                at += step;
            }
        }
        starts
    }

    /// Where no appointment may be because of `busy`: the new one's buffer after it must not reach into what follows,
    /// nor its buffer before it into what came first.
    pub(crate) fn kept_free(&self, busy: &Span) -> Span {
        Span {
            from: busy.from.checked_sub(self.after).unwrap_or(busy.from),
            to: busy.to.checked_add(self.before).unwrap_or(busy.to),
        }
    }

    /// When an appointment of the usual length that starts at `start` ends.
    pub fn end_of(&self, start: &Zoned) -> Zoned {
        start.checked_add(self.slot).unwrap_or_else(|_| start.clone())
    }
}

pub(crate) fn minute_of_day(time: Time) -> u64 {
    time.hour() as u64 * 60 + time.minute() as u64
}

fn end_minute(opening: Opening) -> u64 {
    match minute_of_day(opening.to) {
        0 => 24 * 60,
        minute => minute,
    }
}

fn time_of_minute(minute: u64) -> Time {
    time((minute / 60) as i8, (minute % 60) as i8, 0, 0)
}

fn sentence_start(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// "two hours", "thirty minutes", "three days and one hour", with an apostrophe as notice wants it left out.
fn name_length(length: Duration) -> String {
    let minutes = length.as_secs().div_ceil(60);
    let mut text = String::new();
    for (count, unit) in [(minutes / 1440, "day"), (minutes / 60 % 24, "hour"), (minutes % 60, "minute")] {
        if count > 0 {
            let and = if text.is_empty() { "" } else { " and " };
            let plural = if count == 1 { "'s" } else { "s'" };
            let _ = write!(text, "{and}{} {unit}{plural}", crate::speak::name_number(count as u32));
        }
    }
    text
}

fn read_days(text: &str) -> Result<Vec<usize>, String> {
    let mut days = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (read_day(first)?, read_day(last)?);
        let mut day = first;
        days.push(day);
        while day != last {
            day = (day + 1) % 7;
            days.push(day);
        }
    }
    Ok(days)
}

fn read_day(text: &str) -> Result<usize, String> {
    crate::day::weekday(&text.to_lowercase())
        .map(|day| day.to_monday_zero_offset() as usize)
        .ok_or_else(|| format!("\"{text}\" is not a day of the week"))
}

fn read_opening(text: &str) -> Result<Opening, String> {
    let wrong = || format!("\"{text}\" is not a time range such as 09:00-17:00");
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let opening = Opening { from: read_time(from).ok_or_else(wrong)?, to: read_time(to).ok_or_else(wrong)? };
    if minute_of_day(opening.from) >= end_minute(opening) {
        return Err(format!("\"{text}\" ends before it begins"));
    }
    Ok(opening)
}

fn read_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':').unwrap_or((text, "0"));
    let (hour, minute) = (hour.parse::<i8>().ok()?, minute.parse::<i8>().ok()?);
    if (hour, minute) == (24, 0) {
        return Some(Time::midnight());
    }
    Time::new(hour, minute, 0, 0).ok()
}
