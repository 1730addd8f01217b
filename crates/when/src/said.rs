//! What someone said about a moment: a day, a time, each perhaps partial or ambiguous.

use crate::{clock, day, words};
use jiff::{
    Zoned,
    civil::{Date, Time, time},
};

/// A stretch of the day that people have a word for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Morning,
    Afternoon,
    Evening,
    /// At this time or later.
    After(Time),
    /// Before this time.
    Before(Time),
    /// From the first, before the second.
    Between(Time, Time),
}

const NOON: Time = time(12, 0, 0, 0);
const AFTERNOON_ENDS: Time = time(18, 0, 0, 0);
const EVENING_BEGINS: Time = time(17, 0, 0, 0);

impl Part {
    /// Whether an appointment that starts at `time` is in it.
    pub fn holds(self, time: Time) -> bool {
        match self {
            Part::Morning => time < NOON,
            Part::Afternoon => (NOON..AFTERNOON_ENDS).contains(&time),
            Part::Evening => time >= EVENING_BEGINS,
            Part::After(from) => time >= from,
            Part::Before(to) => time < to,
            Part::Between(from, to) => from <= time && time < to,
        }
    }

    /// What is left of a named part of the day from a time on, or before one; nothing where the time is in no such part.
    fn within(self, named: Part) -> Option<Part> {
        let (from, to) = match named {
            Part::Morning => (Time::MIN, NOON),
            Part::Afternoon => (NOON, AFTERNOON_ENDS),
            Part::Evening => (EVENING_BEGINS, Time::MAX),
            Part::After(_) | Part::Before(_) | Part::Between(..) => return None,
        };
        match self {
            Part::After(since) if named.holds(since) => Some(Part::Between(since, to)),
            Part::Before(until) if named.holds(until) => Some(Part::Between(from, until)),
            _ => None,
        }
    }
}

/// Which day was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Day {
    /// One of these, the likeliest first. More than one: it is ambiguous.
    Dates(Vec<Date>),
    /// Some day from the first to the last, both included ("next week").
    Span(Date, Date),
}

/// Which time was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clock {
    /// One of these, the likeliest first. "At ten" is 10:00 or 22:00.
    Times(Vec<Time>),
    /// Twelve at night, which belongs to two days.
    Midnight,
    /// Some time in this part of the day.
    Part(Part),
}

/// Everything that a sentence says about a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    pub day: Option<Day>,
    pub clock: Option<Clock>,
    /// An instant to the minute, where no zone or half of the day is left open ("in two hours", an ISO string with an
    /// offset).
    pub exact: Option<Zoned>,
    /// Why it cannot be, in a sentence to say ("November has only thirty days.").
    pub nonsense: Option<String>,
    /// How words were taken that others might take otherwise, as a sentence to say.
    pub note: Option<String>,
}

/// One piece of a sentence, in the order of speaking.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// A word that says nothing about time, in lower case without punctuation.
    Word(String),
    Day(Day),
    Clock(Clock),
    Exact(Zoned),
    Nonsense(String),
    /// See [`Said::note`].
    Note(String),
}

/// Takes a sentence apart: what is about time becomes days and clocks, the rest stays words. Never fails; text longer
/// than 100 words is cut there.
pub fn pieces(text: &str, now: &Zoned) -> Vec<Piece> {
    pieces_and_pauses(text, now).0
}

/// [`pieces`], and before which of them a comma or the end of a sentence stands, by their index. One after the last
/// piece may be among them.
pub fn pieces_and_pauses(text: &str, now: &Zoned) -> (Vec<Piece>, Vec<usize>) {
    let tokens = words::tokens(text);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut pauses = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if let Some((found, next)) =
            day::read(&tokens, at, now).or_else(|| clock::read(&tokens, at, &pieces, now))
        {
            pieces.extend(found);
            at = next;
        } else {
            pieces.push(Piece::Word(tokens[at].text.clone()));
            at += 1;
        }
        if tokens[at - 1].ends {
            pauses.push(pieces.len());
        }
    }
    (pieces, pauses)
}

/// Reads everything that `text` says about a moment. Of two days or two times the later one counts, as people correct
/// themselves; a part of the day narrows a time ("at four … in the afternoon").
pub fn read(text: &str, now: &Zoned) -> Said {
    Said::from_pieces(&pieces(text, now))
}

impl Said {
    /// [`read`], from pieces that the caller has chosen.
    pub fn from_pieces(pieces: &[Piece]) -> Said {
        let mut said = Said::default();
        for piece in pieces {
            match piece {
                Piece::Word(_) => {}
                Piece::Day(day) => {
                    said.day = Some(narrowed(said.day.as_ref(), day));
                    said.exact = None;
                }
                Piece::Clock(clock) => said.add_clock(clock),
                Piece::Exact(exact) => said.exact = Some(exact.clone()),
                Piece::Nonsense(why) => said.nonsense = Some(why.clone()),
                Piece::Note(note) => said.note = Some(note.clone()),
            }
        }
        said
    }

    /// True where nothing about time was said.
    pub fn is_empty(&self) -> bool {
        *self == Said::default()
    }

    /// What was said first, corrected and completed by what was said `later`: a day replaces a day, a time a time.
    pub fn then(mut self, later: &Said) -> Said {
        if later.exact.is_some() {
            return later.clone();
        }
        if let (Some(exact), false) = (self.exact.take(), later.is_empty()) {
            self.day = Some(Day::Dates(vec![exact.date()]));
            self.clock = Some(Clock::Times(vec![exact.time()]));
        }
        if let Some(day) = &later.day {
            self.day = Some(narrowed(self.day.as_ref(), day));
        }
        if let Some(clock) = &later.clock {
            self.add_clock(clock);
        }
        self.nonsense.clone_from(&later.nonsense);
        if later.day.is_some() || later.note.is_some() {
            self.note.clone_from(&later.note);
        }
        self
    }

    fn add_clock(&mut self, clock: &Clock) {
        if let Some(exact) = self.exact.take() {
            self.day = Some(Day::Dates(vec![exact.date()]));
            self.clock = Some(Clock::Times(vec![exact.time()]));
        }
        let (times, part) = match (self.clock.take(), clock) {
            (Some(Clock::Times(times)), Clock::Part(part)) => (times, *part),
            (Some(Clock::Part(part)), Clock::Times(times)) => (times.clone(), part),
            // "At twelve at night", "midnight in the evening".
            (Some(Clock::Midnight), Clock::Part(_)) => {
                self.clock = Some(Clock::Midnight);
                return;
            }
            // "After two in the afternoon".
            (Some(Clock::Part(earlier)), Clock::Part(part)) => {
                self.clock = Some(Clock::Part(earlier.within(*part).unwrap_or(*part)));
                return;
            }
            (_, newer) => {
                self.clock = Some(newer.clone());
                return;
            }
        };
        let kept: Vec<Time> = times.iter().copied().filter(|&time| part.holds(time)).collect();
        self.clock = Some(match (kept.is_empty(), clock) {
            (false, _) => Clock::Times(kept),
            (true, Clock::Part(part)) => Clock::Part(*part),
            (true, Clock::Times(times)) => Clock::Times(times.clone()),
            (true, Clock::Midnight) => Clock::Midnight,
        });
    }
}

/// A later day replaces an earlier one, unless it only says which of several was meant.
fn narrowed(earlier: Option<&Day>, later: &Day) -> Day {
    if let (Some(Day::Span(from, to)), Day::Dates(dates)) = (earlier, later) {
        let inside: Vec<Date> = dates.iter().copied().filter(|date| from <= date && date <= to).collect();
        if !inside.is_empty() {
            return Day::Dates(inside);
        }
    }
    if let (Some(Day::Dates(dates)), Day::Span(from, to)) = (earlier, later) {
        let inside: Vec<Date> = dates.iter().copied().filter(|date| from <= date && date <= to).collect();
        if !inside.is_empty() {
            return Day::Dates(inside);
        }
    }
    later.clone()
}
