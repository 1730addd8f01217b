//! The rules by which the calendar is booked, and the sentences in which a tool says what came of it.

use super::{Books, Entry, Slot, Unavailable, change, look};
use crate::{Errand, Tool, Trust};
use call::{Agreed, Answer};
use jiff::{Timestamp, ToSpan, Zoned, tz::TimeZone};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use when::{Day, Hours, Said, Span, Style};

/// The six tools, on this book.
pub fn tools(calendar: Arc<Books>, zone: TimeZone, hours: Hours) -> Vec<Box<dyn Tool>> {
    let office = Arc::new(Office { calendar, zone, hours });
    vec![
        Box::new(look::Check(office.clone())),
        Box::new(look::Find(office.clone())),
        Box::new(look::List(office.clone())),
        Box::new(change::Create(office.clone())),
        Box::new(change::Reschedule(office.clone())),
        Box::new(change::Cancel(office)),
    ]
}

/// How many other times are offered where one is taken.
const ALTERNATIVES: usize = 3;

/// The calendar and the rules by which it is booked.
pub(super) struct Office {
    pub(super) calendar: Arc<Books>,
    pub(super) zone: TimeZone,
    pub(super) hours: Hours,
}

/// A refusal, or the calendar's silence, is what the assistant is told.
type Told<T> = Result<T, Answer>;

impl Office {
    pub(super) fn now(&self, errand: &Errand) -> Zoned {
        let now = Timestamp::from_millisecond(errand.now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        now.to_zoned(self.zone.clone())
    }

    /// The moment that an argument names.
    pub(super) fn moment(&self, arguments: &Value, name: &str, now: &Zoned) -> Told<Option<Zoned>> {
        let Some(text) = text(arguments, name) else { return Ok(None) };
        match when::moment(text, now, Some(&self.hours)) {
            Ok(moment) => Ok(Some(moment.at)),
            Err(unclear) => {
                let why = unclear.say(now, Some(&self.hours), Style::Spoken);
                Err(Answer::failed(format!("I did not get the time. {why}")))
            }
        }
    }

    pub(super) fn required(&self, arguments: &Value, name: &str, now: &Zoned) -> Told<Zoned> {
        self.moment(arguments, name, now)?
            .ok_or_else(|| Answer::failed(format!("Something is missing for that: {name}.")))
    }

    /// A time for an appointment: from `start` to the moment that argument `end` names, else for `length`.
    pub(super) fn slot(
        &self,
        start: &Zoned,
        arguments: &Value,
        end: &str,
        length: Duration,
        now: &Zoned,
    ) -> Told<Slot> {
        let end = match self.moment(arguments, end, now)? {
            Some(end) => end,
            None => start.checked_add(length).map_err(|_| Answer::failed("That is too far away."))?,
        };
        if end <= *start {
            return Err(Answer::failed("That appointment would end before it starts. When should it end?"));
        }
        Ok(Slot { span: Span::new(start, &end), before: self.hours.before, after: self.hours.after })
    }

    /// The stretch of time to look at: an argument without a time of day means the whole day, `default` is the length
    /// where there is no end.
    pub(super) fn range(&self, arguments: &Value, default: jiff::Span, now: &Zoned) -> Told<Span> {
        let start = match self.edge(arguments, "datetime_start", now)? {
            Some((start, _)) => start,
            None => now.clone(),
        };
        let end = match self.edge(arguments, "datetime_end", now)? {
            Some((_, end)) => end,
            None => start.checked_add(default).map_err(|_| Answer::failed("That is too far away."))?,
        };
        if end <= start {
            return Err(Answer::failed(
                "That stretch of time ends before it starts. From when to when shall I look?",
            ));
        }
        let longest = start.checked_add(LONGEST_LOOK.days()).unwrap_or_else(|_| end.clone());
        Ok(Span::new(&start, &end.min(longest)))
    }

    /// What an argument names: a moment, or a day from its first moment to its last.
    pub(super) fn edge(&self, arguments: &Value, name: &str, now: &Zoned) -> Told<Option<(Zoned, Zoned)>> {
        let Some(text) = text(arguments, name) else { return Ok(None) };
        if let Some(day) = whole_day(&when::read(text, now), &self.zone) {
            return Ok(Some(day));
        }
        Ok(self.moment(arguments, name, now)?.map(|at| (at.clone(), at)))
    }

    /// Whether this time is within the rules and free. A refusal carries what is free instead.
    pub(super) async fn free(&self, slot: Slot, errand: &Errand, now: &Zoned) -> Told<()> {
        let (start, end) = (self.local(slot.span.from), self.local(slot.span.to));
        if let Err(refusal) = self.hours.check(&start, &end, now) {
            let why = self.hours.explain(&refusal, &start, now, Style::Spoken);
            return Err(self.instead(&why, &start, errand, now).await);
        }
        let wide = widened(slot);
        let busy = self.calendar.busy(wide, errand).await.map_err(|error| unavailable(&error, errand))?;
        if busy.iter().any(|busy| busy.overlaps(&wide)) {
            return Err(self.taken(slot, errand, now).await);
        }
        Ok(())
    }

    pub(super) async fn taken(&self, slot: Slot, errand: &Errand, now: &Zoned) -> Answer {
        let start = self.local(slot.span.from);
        let why = format!("{} is taken.", when::name_moment(&start, now, Style::Spoken));
        self.instead(&why, &start, errand, now).await
    }

    /// A refusal that offers what is free near the time that was wanted.
    pub(super) async fn instead(&self, why: &str, wanted: &Zoned, errand: &Errand, now: &Zoned) -> Answer {
        let wanted = wanted.max(now);
        let day = |days: i64| wanted.checked_add(days.days()).unwrap_or_else(|_| wanted.clone());
        let busy = match self.calendar.busy(Span::new(&day(-8), &day(22)), errand).await {
            Ok(busy) => busy,
            Err(error) => return unavailable(&error, errand),
        };
        let free = when::nearest_free(&self.hours, &busy, wanted, now, ALTERNATIVES);
        let say = match free.as_slice() {
            [] => why.to_owned(),
            [one] => format!("{why} I could offer {}.", when::name_moment(one, now, Style::Spoken)),
            several => format!("{why} I could offer {}.", name_all(several, "or", now)),
        };
        let alternatives: Vec<String> = free.iter().map(iso).collect();
        Answer {
            data: json!({"available": false, "alternatives": alternatives}).to_string(),
            ..Answer::failed(say)
        }
    }

    /// The appointment that an argument names by its start, or by its day where there is only one. Nobody but the owner
    /// learns of other people's.
    pub(super) async fn own(
        &self,
        arguments: &Value,
        name: &str,
        errand: &Errand,
        now: &Zoned,
    ) -> Told<Entry> {
        let Some((from, to)) = self.edge(arguments, name, now)? else {
            return Err(Answer::failed(format!("Something is missing for that: {name}.")));
        };
        let at = from == to;
        let to = if at { from.checked_add(1.minute()).unwrap_or_else(|_| to.clone()) } else { to };
        let found = self.calendar.appointments(Span::new(&from, &to), errand).await;
        let mut found = found.map_err(|error| unavailable(&error, errand))?;
        found.retain(|entry| {
            if at { entry.span.from == from.timestamp() } else { entry.span.from >= from.timestamp() }
        });
        let asked = if at {
            when::name_moment(&from, now, Style::Spoken)
        } else {
            when::name_date(from.date(), now.date(), Style::Spoken)
        };
        let entry = match found.as_slice() {
            [entry] => entry.clone(),
            [] => return Err(nothing(&asked, errand)),
            several => {
                let times: Vec<Zoned> = several.iter().map(|entry| self.local(entry.span.from)).collect();
                let times = name_times(&times, "or");
                return Err(Answer::failed(format!(
                    "There is more than one appointment on {asked}: {times}. Which one?"
                )));
            }
        };
        if entry.span.from <= now.timestamp() {
            return Err(Answer::failed(format!("The appointment on {asked} is already over.")));
        }
        Ok(entry)
    }

    pub(super) fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    pub(super) fn agreed(&self, entry: &Entry) -> Agreed {
        Agreed { id: entry.id.clone(), starts: iso(&self.local(entry.span.from)) }
    }

    pub(super) fn data(&self, entry: &Entry) -> Value {
        let (start, end) = (iso(&self.local(entry.span.from)), iso(&self.local(entry.span.to)));
        json!({"id": entry.id, "start": start, "end": end, "summary": entry.summary})
    }
}

/// Days that one question may span; more would be a long answer to nobody's question.
const LONGEST_LOOK: i64 = 92;

/// Whether this errand's caller may see and change the appointment.
pub(super) fn is_own(entry: &Entry, errand: &Errand) -> bool {
    match errand.trust {
        Trust::Owner => true,
        Trust::Known | Trust::Stranger => {
            errand.number().is_some_and(|number| number == entry.caller)
                || !errand.call_id.is_empty() && errand.call_id == entry.call_id
        }
    }
}

pub(super) fn nothing(asked: &str, errand: &Errand) -> Answer {
    Answer::failed(match (errand.trust, errand.number()) {
        (Trust::Owner, _) => format!("There is no appointment on {asked}."),
        (Trust::Known | Trust::Stranger, Some(_)) => {
            format!("I find no appointment on {asked} that was made from your number.")
        }
        (Trust::Known | Trust::Stranger, None) => {
            "Your number is withheld, so I cannot tell which appointment is yours. I can take a message."
                .into()
        }
    })
}

/// What is free and held, but was not read back before.
pub(super) fn read_back(start: &Zoned, now: &Zoned, done: &str, do_it: &str) -> Answer {
    let at = when::name_moment(start, now, Style::Spoken);
    Answer::failed(format!("Not {done} yet. Read back {at}, and {do_it} when the caller has said yes."))
}

pub(super) fn unavailable(Unavailable(why): &Unavailable, errand: &Errand) -> Answer {
    tracing::error!(call = errand.call_id, why, "the calendar cannot be asked");
    Answer::failed(
        "I cannot reach the calendar right now, so nothing was changed. I can take a message instead.",
    )
}

pub(super) fn widened(slot: Slot) -> Span {
    Span {
        from: slot.span.from.checked_sub(slot.before).unwrap_or(slot.span.from),
        to: slot.span.to.checked_add(slot.after).unwrap_or(slot.span.to),
    }
}

fn whole_day(said: &Said, zone: &TimeZone) -> Option<(Zoned, Zoned)> {
    let (Some(Day::Dates(dates)), None, None, None) = (&said.day, &said.clock, &said.exact, &said.nonsense)
    else {
        return None;
    };
    let [date] = dates.as_slice() else { return None };
    let start = date.to_zoned(zone.clone()).ok()?;
    let end = date.tomorrow().ok()?.to_zoned(zone.clone()).ok()?;
    Some((start, end))
}

/// An argument that has something in it.
pub(super) fn text<'a>(arguments: &'a Value, name: &str) -> Option<&'a str> {
    arguments[name].as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// Text as it may be kept: no control characters but line breaks, no space around it.
pub(crate) fn tidy(text: &str) -> String {
    let kept = |&character: &char| character == '\n' || !character.is_control();
    text.trim().chars().filter(kept).collect()
}

pub(super) fn iso(at: &Zoned) -> String {
    at.strftime("%Y-%m-%dT%H:%M").to_string()
}

/// "Tuesday, …, at ten, or Wednesday, …, at noon"; the date once where all are on the same.
pub(super) fn name_all(times: &[Zoned], joint: &str, now: &Zoned) -> String {
    match times {
        [first, rest @ ..] if rest.iter().all(|at| at.date() == first.date()) => {
            let date = when::name_date(first.date(), now.date(), Style::Spoken);
            format!("{} on {date}", name_times(times, joint))
        }
        _ => {
            let names: Vec<String> =
                times.iter().map(|at| when::name_moment(at, now, Style::Spoken)).collect();
            when::list(&names, joint)
        }
    }
}

fn name_times(times: &[Zoned], joint: &str) -> String {
    let names: Vec<String> = times.iter().map(|at| when::name_time(at.time(), Style::Spoken)).collect();
    when::list(&names, joint)
}

/// The schema of a datetime.
pub(super) fn datetime(description: &str) -> Value {
    json!({"type": "string", "maxLength": 100, "description": description})
}
