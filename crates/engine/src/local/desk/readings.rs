//! Two readings of the same sound: which of them was meant, where that can be known, else the question.

use super::{Act, Desk, Kind, Question, Task, Which, heard::Heard, phrase};
use jiff::{
    Zoned,
    civil::{Date, Time},
};
use std::collections::BTreeSet;
use when::{Clock, Day, Said};

/// What is to be gone by.
pub(super) enum Reading {
    First,
    Second,
    /// Neither: the caller was asked.
    Asked,
}

/// How far ahead is looked for a day on which the office is open at some time.
const WEEK: usize = 7;

/// The dates and times of day that words may mean.
type Meant = BTreeSet<(Option<Date>, Option<Time>)>;

impl Desk {
    /// Decides between the two likeliest readings, which are both possible as sounds. Of two times only one of which the
    /// office is open at, that one is meant; the read-back names it, and so asks.
    pub(super) fn reading(&mut self, now: &Zoned, first: &Heard, second: &Heard) -> Reading {
        if matches!(self.question, Question::Confirm { .. } | Question::Send(_)) && first.yes != second.yes {
            self.miss(now);
            return Reading::Asked;
        }
        let asked = [first.said(), second.said()];
        let same_act = first.act == second.act || first.act.is_none() || second.act.is_none();
        let names: Vec<String> = asked.iter().filter_map(|said| phrase::said(said, now)).collect();
        if names.len() < 2 || names[0] == names[1] || !same_act || matches!(first.act, Some(Act::Move)) {
            return Reading::First;
        }
        let kind = match (&self.task, first.act.or(second.act)) {
            (Some(task), _) => task.kind,
            (None, Some(Act::Cancel)) => Kind::Cancel,
            (None, Some(Act::Book) | None) => Kind::Book,
            (None, Some(_)) => return Reading::First,
        };
        if let Some(reading) = self.only_reading(now, kind, &asked) {
            return reading;
        }
        self.task.get_or_insert_with(|| Task::new(kind));
        let which = self.which_is_asked();
        self.waiting = None;
        self.ask(
            Question::Either { which, choices: asked.to_vec() },
            &format!("Did you say {}?", when::list(&names, "or")),
        );
        Reading::Asked
    }

    /// The reading that can be had where the other cannot, or that says more exactly what the other says, too.
    fn only_reading(&self, now: &Zoned, kind: Kind, [first, second]: &[Said; 2]) -> Option<Reading> {
        if kind == Kind::Cancel || (self.task.is_some() && self.which_is_asked() == Which::Old) {
            return None;
        }
        let (first, second) = (self.can_be_had(now, first)?, self.can_be_had(now, second)?);
        match (first.is_empty(), second.is_empty()) {
            (true, true) => None,
            (false, true) => Some(Reading::First),
            (true, false) => Some(Reading::Second),
            (false, false) if first.is_subset(&second) => Some(Reading::First),
            (false, false) => second.is_subset(&first).then_some(Reading::Second),
        }
    }

    /// What of these words, after all that was said before, is when the office is open; none where they name no dates
    /// or times.
    fn can_be_had(&self, now: &Zoned, said: &Said) -> Option<Meant> {
        let wish = self.task.as_ref().map(|task| task.wish.clone()).unwrap_or_default().then(said);
        if wish.exact.is_some() || wish.nonsense.is_some() {
            return None;
        }
        let dates = match &wish.day {
            Some(Day::Dates(dates)) => dates.iter().copied().map(Some).collect(),
            Some(Day::Span(..)) => return None,
            None => vec![None],
        };
        let times = match &wish.clock {
            Some(Clock::Times(times)) => times.iter().copied().map(Some).collect(),
            Some(Clock::Midnight | Clock::Part(_)) => return None,
            None => vec![None],
        };
        let all = dates.iter().flat_map(|date| times.iter().map(|time| (*date, *time)));
        Some(all.filter(|(date, time)| self.is_open(now, *date, *time)).collect())
    }

    fn is_open(&self, now: &Zoned, date: Option<Date>, time: Option<Time>) -> bool {
        let hours = self.hours();
        let open = |date: Date| match time {
            Some(time) => hours.is_open(date, time) && date.to_datetime(time) > now.datetime(),
            None => date >= now.date() && !hours.openings(date).is_empty(),
        };
        match date {
            Some(date) => open(date),
            None => now.date().series(jiff::Span::new().days(1)).skip(1).take(WEEK).any(open),
        }
    }
}
