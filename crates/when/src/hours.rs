//! When appointments may be made.

use crate::{
    Holiday, Kind, Span, slots,
    speak::{Style, list, name_date, name_time, name_weekday},
};
use jiff::{
    Span as Length, Timestamp, Zoned,
    civil::{Date, Time, Weekday, time},
    tz::TimeZone,
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
    pub holidays: Vec<Holiday>,
    /// How long an appointment lasts where nobody says otherwise. Whole minutes, not 0.
    pub slot: Duration,
    /// How far apart the starts of free slots are, from the beginning of an opening on. None: as far as a slot is long.
    pub step: Option<Duration>,
    /// Kept free before every appointment.
    pub before: Duration,
    /// Kept free after every appointment.
    pub after: Duration,
    /// An appointment begins at least this much from now.
    pub notice: Duration,
    /// An appointment is at most this many days from today.
    pub ahead_days: u16,
    /// What callers can ask for by name, each with rules of its own ([`Hours::for_kind`]). None: there is one kind, and
    /// nobody is asked.
    pub kinds: Vec<Kind>,
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
            step: None,
            before: Duration::ZERO,
            after: Duration::ZERO,
            notice: Duration::from_secs(60 * 60),
            ahead_days: 365,
            kinds: Vec::new(),
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
        Ok(Self { week: read_week(text)?, ..Self::default() })
    }

    /// The openings of this date, none on a holiday.
    pub fn openings(&self, date: Date) -> &[Opening] {
        if self.is_holiday(date) {
            return &[];
        }
        &self.week[date.weekday().to_monday_zero_offset() as usize]
    }

    pub fn is_holiday(&self, date: Date) -> bool {
        self.holidays.iter().any(|holiday| holiday.covers(date))
    }

    /// Whether an appointment of the usual length may start then, by the clock on the wall alone.
    pub fn is_open(&self, date: Date, time: Time) -> bool {
        let from = minute_of_day(time);
        let to = from + self.slot.as_secs().div_ceil(60);
        self.openings(date)
            .iter()
            .any(|opening| minute_of_day(opening.from) <= from && to <= end_minute(*opening))
    }

    /// Whether the office is open all the time from `start` to `end`, whatever the clock does meanwhile.
    pub fn is_open_from(&self, start: &Zoned, end: &Zoned) -> bool {
        let (date, zone) = (start.date(), start.time_zone());
        self.openings(date).iter().any(|opening| {
            let from = slots::first(date.to_datetime(opening.from), zone);
            from <= start.timestamp() && end.timestamp() <= self.closing(date, *opening, zone)
        })
    }

    /// When this opening ends: at the first moment at which the clock shows its end or, having skipped that, more. One
    /// that lasts until midnight goes on in an opening that begins there.
    pub(crate) fn closing(&self, date: Date, opening: Opening, zone: &TimeZone) -> Timestamp {
        let (mut date, mut to) = (date, opening.to);
        for _ in 0..7 {
            if to != Time::midnight() {
                break;
            }
            let Ok(next) = date.tomorrow() else { return Timestamp::MAX };
            date = next;
            match self.openings(date).first() {
                Some(first) if first.from == Time::midnight() => to = first.to,
                Some(_) | None => break,
            }
        }
        slots::first(date.to_datetime(to), zone)
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
        if self.is_holiday(start.date()) {
            return Err(Refusal::Holiday);
        }
        if self.openings(start.date()).is_empty() {
            return Err(Refusal::ClosedThatDay);
        }
        if !self.is_open_from(start, end) {
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
        (!openings.is_empty()).then(|| name_of(openings, style))
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

    /// When the office is open in a week, as a sentence: "We are open from Monday to Friday, from nine in the morning to five in
    /// the afternoon; and on Saturday, from ten in the morning to noon."
    pub fn name_week(&self, style: Style) -> String {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for day in (0..7).filter(|&day| !self.week[day].is_empty()) {
            match runs.last_mut() {
                Some((first, last)) if *last + 1 == day && self.week[*first] == self.week[day] => *last = day,
                _ => runs.push((day, day)),
            }
        }
        let weekday = |day: usize| {
            let day = i8::try_from(day).ok().and_then(|day| Weekday::from_monday_zero_offset(day).ok());
            name_weekday(day.expect("a week has seven days"))
        };
        let parts: Vec<String> = runs
            .iter()
            .map(|&(first, last)| {
                let open = name_of(&self.week[first], style);
                match last - first {
                    0 => format!("on {}, {open}", weekday(first)),
                    1 => format!("on {} and {}, {open}", weekday(first), weekday(last)),
                    _ => format!("from {} to {}, {open}", weekday(first), weekday(last)),
                }
            })
            .collect();
        if parts.is_empty() {
            return self.name_open_days();
        }
        format!("We are open {}.", parts.join("; and "))
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

    /// When appointments of `slot` length can begin on this date, in order, whatever "now" is and whatever is taken:
    /// every `step` from the beginning of each opening on. A time that the clock skips is left out; of one that comes
    /// twice the first counts, as the second could not be told from it by name.
    pub fn raster(&self, date: Date, zone: &TimeZone) -> Vec<Zoned> {
        let step = (self.step.unwrap_or(self.slot).as_secs() / 60).max(1);
        let mut starts = Vec::new();
        for opening in self.openings(date) {
            let closing = self.closing(date, *opening, zone);
            let minutes = (minute_of_day(opening.from)..end_minute(*opening)).step_by(step as usize);
            let placed = minutes.filter_map(|minute| slots::at(date, time_of_minute(minute), zone));
            starts.extend(placed.filter(|start| self.end_of(start).timestamp() <= closing));
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

/// "from nine in the morning to noon and from one to five in the afternoon"
fn name_of(openings: &[Opening], style: Style) -> String {
    let parts: Vec<String> = openings
        .iter()
        .map(|opening| format!("from {} to {}", name_time(opening.from, style), name_time(opening.to, style)))
        .collect();
    list(&parts, "and")
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

/// Rules such as `mon-fri 09:00-12:30 13:30-17:00; sat 10:00-13:00`; the `;` may be left out.
pub(crate) fn read_week(text: &str) -> Result<[Vec<Opening>; 7], String> {
    let mut week: [Vec<Opening>; 7] = Default::default();
    let text = text.replace(';', " ");
    let mut words = text.split_whitespace().peekable();
    while let Some(named) = words.next() {
        let days = read_days(named)?;
        let is_time = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
        let mut openings =
            std::iter::from_fn(|| words.next_if(is_time)).map(read_opening).collect::<Result<Vec<_>, _>>()?;
        if openings.is_empty() {
            return Err(format!("\"{named}\" wants times after it, such as 09:00-17:00"));
        }
        openings.sort_by_key(|opening| opening.from);
        let overlap = openings.windows(2).any(|pair| {
            let [first, second] = pair else { return false };
            second.from < first.to || first.to == Time::midnight()
        });
        if overlap {
            return Err(format!("the openings of \"{named}\" overlap"));
        }
        for day in days {
            week[day].clone_from(&openings);
        }
    }
    Ok(week)
}

/// The inverse of [`read_week`].
pub(crate) fn write_week(week: &[Vec<Opening>; 7]) -> String {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let mut text = String::new();
    for (day, openings) in DAYS.iter().zip(week).filter(|(_, openings)| !openings.is_empty()) {
        let space = if text.is_empty() { "" } else { " " };
        let _ = write!(text, "{space}{day}");
        for Opening { from, to } in openings {
            let (end, from) = (if *to == Time::midnight() { 24 } else { to.hour() }, from.strftime("%H:%M"));
            let _ = write!(text, " {from}-{end:02}:{:02}", to.minute());
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
