//! The days and hours that a claim names, and whether they can be those of an appointment.

use super::words::{BEFORE_DAYS, Word};
use crate::language::months;

/// What was named, nothing guessed: a list is empty where nothing certain was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// 0 is Monday.
    weekdays: Vec<u8>,
    days: Vec<u8>,
    months: Vec<u8>,
    /// Minutes since midnight, and whether the half of the day is known.
    times: Vec<(u16, bool)>,
}

/// When an appointment starts, from `2026-11-24T10:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Start {
    pub year: u16,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
}

const HALF_DAY: u16 = 12 * 60;

/// Names of the days in every language that claims are read in.
const WEEKDAYS: [&[&str]; 7] = [
    &["monday", "montag", "lunes", "lundi"],
    &["tuesday", "dienstag", "martes", "mardi"],
    &["wednesday", "mittwoch", "miércoles", "mercredi"],
    &["thursday", "donnerstag", "jueves", "jeudi"],
    &["friday", "freitag", "viernes", "vendredi"],
    &["saturday", "samstag", "sonnabend", "sábado", "samedi"],
    &["sunday", "sonntag", "domingo", "dimanche"],
];
const WEEKDAY_NAMES: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// The months in every language that claims are read in.
const MONTHS: [&[&str; 12]; 4] = [&months::ENGLISH, &months::GERMAN, &months::SPANISH, &months::FRENCH];
const NUMBERS: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const ORDINALS: [&str; 20] = [
    "",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];
/// What else tells that a time is spoken of.
const OTHERS: [&str; 15] = [
    "twenty", "thirty", "today", "tomorrow", "tonight", "noon", "midday", "next", "morgen", "heute",
    "mañana", "hoy", "demain", "half", "quarter",
];
/// What may stand behind an hour: anything else may make it a house number or a count.
const AFTER_HOUR: [&str; 23] = [
    "or", "am", "pm", "o'clock", "oclock", "sharp", "in", "on", "for", "with", "and", "to", "next", "this",
    "tomorrow", "today", "tonight", "noon", ",", ":", "-", "then", "until",
];

impl Start {
    pub(super) fn read(text: &str) -> Option<Self> {
        let (date, time) = text.split_once(['T', ' '])?;
        let mut date = date.splitn(3, '-');
        let mut time = time.splitn(3, ':');
        let (year, month, day) =
            (date.next()?.parse().ok()?, date.next()?.parse().ok()?, date.next()?.parse().ok()?);
        let (hour, minute) = (time.next()?.parse().ok()?, time.next()?.get(..2)?.parse().ok()?);
        let sane = (1_600..=9_999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=31).contains(&day)
            && hour < 24
            && minute < 60;
        sane.then_some(Self { year, month, day, hour, minute })
    }

    /// 0 is Monday. By Gauss's rule, with the year beginning in March.
    fn weekday(self) -> u8 {
        let (month, year) = match self.month {
            month @ 1..=2 => (u32::from(month) + 12, u32::from(self.year) - 1),
            month => (u32::from(month), u32::from(self.year)),
        };
        let days = u32::from(self.day) + 13 * (month + 1) / 5 + year + year / 4 + year / 400 - year / 100;
        u8::try_from((days + 5) % 7).expect("a remainder of seven is small")
    }

    /// `Tuesday, 24 November, at 10:30`.
    pub(super) fn spoken(self) -> String {
        let weekday = WEEKDAY_NAMES[usize::from(self.weekday())];
        let month = months::ENGLISH[usize::from(self.month) - 1];
        let half = if self.hour < 12 { "AM" } else { "PM" };
        let hour = if self.hour.is_multiple_of(12) { 12 } else { self.hour % 12 };
        format!("{weekday}, {} {month}, at {hour}:{:02} {half}", self.day, self.minute)
    }
}

impl Named {
    /// Whether something was named that this appointment certainly is not.
    pub(super) fn contradicts(&self, start: Start) -> bool {
        let at = u16::from(start.hour) * 60 + u16::from(start.minute);
        let is_at = |&(time, known): &(u16, bool)| time == at || !known && time % HALF_DAY == at % HALF_DAY;
        let differs = |named: &[u8], is: u8| !named.is_empty() && !named.contains(&is);
        differs(&self.weekdays, start.weekday())
            || differs(&self.days, start.day)
            || differs(&self.months, start.month)
            || !self.times.is_empty() && !self.times.iter().any(is_at)
    }

    /// Reads what these words name.
    pub(super) fn read(words: &[Word]) -> Self {
        let mut named = Self::default();
        let mut at = 0;
        while at < words.len() {
            at += named
                .weekday(words, at)
                .or_else(|| named.date(words, at))
                .or_else(|| named.time(words, at))
                .unwrap_or(1);
        }
        named
    }

    fn weekday(&mut self, words: &[Word], at: usize) -> Option<usize> {
        let weekday = WEEKDAYS.iter().position(|names| words[at].is(names))?;
        self.weekdays.push(u8::try_from(weekday).expect("a week has seven days"));
        Some(1)
    }

    /// "November 24th", "November twenty-fourth", "the 24th of November", "24 November", "the 24th".
    fn date(&mut self, words: &[Word], at: usize) -> Option<usize> {
        if let Some(month) = month(&words[at]) {
            let skip = usize::from(words.get(at + 1).is_some_and(|word| word.is(&["the"])));
            let (day, taken) = day(words, at + 1 + skip)?;
            self.months.push(month);
            self.days.push(day);
            return Some(1 + skip + taken);
        }
        if let Some((day, month)) = german_date(words, at) {
            self.days.push(day);
            self.months.push(month);
            return Some(1);
        }
        let (number, taken) = day(words, at)?;
        let of = usize::from(words.get(at + taken).is_some_and(|word| word.is(&["of", "de"])));
        if let Some(month) = words.get(at + taken + of).and_then(month) {
            self.months.push(month);
            self.days.push(number);
            return Some(taken + of + 1);
        }
        // "The 24th" by itself, but no street and no floor.
        let digits =
            words[at].text.starts_with(|char: char| char.is_ascii_digit()) && ordinal(&words[at]).is_some();
        let the = at > 0 && words[at - 1].is(&["the"]);
        let last = words.get(at + taken).is_none_or(|next| next.is(&AFTER_HOUR) || next.is(&["at"]));
        (digits && the && last).then(|| {
            self.days.push(number);
            taken
        })
    }

    /// "at ten", "10:30", "2 pm", "half past ten", "a quarter to three", "ten o'clock", "ten thirty", "noon".
    fn time(&mut self, words: &[Word], at: usize) -> Option<usize> {
        let text = words[at].text.as_str();
        let before = |wanted: &[&str]| at > 0 && words[at - 1].is(wanted);
        if matches!(text, "noon" | "midday") && !before(&["after", "before"]) {
            self.times.push((HALF_DAY, true));
            return Some(1);
        }
        if let Some((past, word)) = parted(words, at) {
            let hour = hour(words.get(word)?)?;
            return Some(self.clock(words, word, hour * 60 + past, 1) + word - at);
        }
        if let Some((hour, minute)) = text.split_once(':') {
            let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
            if hour >= 24 || minute >= 60 {
                return None;
            }
            return Some(self.clock(words, at, hour * 60 + minute, 1));
        }
        let hour = hour(&words[at])?;
        let next = words.get(at + 1);
        let named = next.is_some_and(|next| next.is(&["am", "pm", "o'clock", "oclock"]));
        let (minutes, taken) = match next.and_then(minutes) {
            Some(minutes) if before(&["at"]) => (minutes, 2),
            Some(_) | None => (0, 1),
        };
        let last = words
            .get(at + taken)
            .is_none_or(|next| next.is(&AFTER_HOUR) || weekday(next) || month(next).is_some());
        (named || before(&["at"]) && last).then(|| self.clock(words, at, hour * 60 + minutes, taken))
    }

    /// Keeps a time of day, with the half of the day that is named behind it. Says how many words it took.
    fn clock(&mut self, words: &[Word], at: usize, minutes: u16, taken: usize) -> usize {
        let next = words.get(at + taken);
        let (hour, minute) = (minutes / 60 % 24, minutes % 60);
        let half = |half: u16| ((hour % 12 + half) * 60 + minute, true);
        let time = match next.map(|next| next.text.as_str()) {
            Some("am") if hour <= 12 => half(0),
            Some("pm") => half(12),
            _ => (hour * 60 + minute, hour > 12),
        };
        self.times.push(time);
        taken
    }
}

/// Whether a word speaks of a time.
pub(super) fn is_time(word: &Word) -> bool {
    weekday(word)
        || month(word).is_some()
        || ordinal(word).is_some()
        || word.is(&NUMBERS)
        || word.is(&OTHERS)
        || word.is(&["am", "pm", "o'clock", "oclock"])
        || word.text.starts_with(|char: char| char.is_ascii_digit())
}

fn weekday(word: &Word) -> bool {
    WEEKDAYS.iter().any(|names| word.is(names))
}

fn month(word: &Word) -> Option<u8> {
    let at =
        MONTHS.iter().find_map(|names| names.iter().position(|name| word.text.eq_ignore_ascii_case(name)))?;
    u8::try_from(at + 1).ok()
}

/// "am 24.11.", which is no time of day: that is "um 10.30".
fn german_date(words: &[Word], at: usize) -> Option<(u8, u8)> {
    let (day, month) = words[at].text.split_once(':')?;
    let (day, month) = (day.parse().ok()?, month.parse().ok()?);
    let is_date =
        at > 0 && words[at - 1].is(&BEFORE_DAYS) && (1..=31).contains(&day) && (1..=12).contains(&month);
    is_date.then_some((day, month))
}

/// "24", "24th", "twenty-fourth", with the number of words.
fn day(words: &[Word], at: usize) -> Option<(u8, usize)> {
    let word = words.get(at)?;
    if let tens @ ("twenty" | "thirty") = word.text.as_str() {
        let ones = words.get(at + 1).and_then(ordinal).filter(|ones| *ones < 10)?;
        let day = if tens == "twenty" { 20 } else { 30 } + ones;
        return (day <= 31).then_some((day, 2));
    }
    let day = ordinal(word).or_else(|| word.text.parse().ok())?;
    (1..=31).contains(&day).then_some((day, 1))
}

fn ordinal(word: &Word) -> Option<u8> {
    let spelled = match word.text.as_str() {
        "twentieth" => Some(20),
        "thirtieth" => Some(30),
        "" => None,
        text => ORDINALS.iter().position(|name| *name == text),
    };
    let digits = || {
        let text = &word.text;
        let number = text.strip_suffix("st").or(text.strip_suffix("nd")).or(text.strip_suffix("rd"));
        number.or(text.strip_suffix("th"))?.parse().ok()
    };
    spelled.and_then(|day| u8::try_from(day).ok()).or_else(digits)
}

/// 1 to 12 as a word, 0 to 23 as a number.
fn hour(word: &Word) -> Option<u16> {
    let spelled = NUMBERS.iter().position(|name| word.is(&[name])).filter(|hour| (1..=12).contains(hour));
    let hour = spelled.and_then(|hour| u16::try_from(hour).ok()).or_else(|| word.text.parse().ok())?;
    (hour < 24).then_some(hour)
}

/// The minutes of "ten thirty".
fn minutes(word: &Word) -> Option<u16> {
    match word.text.as_str() {
        "fifteen" | "15" => Some(15),
        "thirty" | "30" => Some(30),
        "45" => Some(45),
        _ => None,
    }
}

/// "half past", "a quarter past", "a quarter to": the minutes to add, in a day that goes round, and where the hour
/// stands.
fn parted(words: &[Word], at: usize) -> Option<(u16, usize)> {
    let is = |at: usize, text: &str| words.get(at).is_some_and(|word| word.is(&[text]));
    if is(at, "half") && is(at + 1, "past") {
        return Some((30, at + 2));
    }
    if !is(at, "quarter") {
        return None;
    }
    match words.get(at + 1)?.text.as_str() {
        "past" | "after" => Some((15, at + 2)),
        "to" | "before" => Some((24 * 60 - 15, at + 2)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
