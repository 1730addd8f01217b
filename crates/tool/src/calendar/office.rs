//! The rules by which the calendar is booked, and the sentences in which a tool says what came of it.

use super::{
    Books, Entry, Slot, Unavailable,
    arguments::{line, text},
    change, look,
};
use crate::{Errand, Tool, Trust, tools::spoken};
use call::{Agreed, Answer};
use jiff::{Timestamp, ToSpan, Zoned, civil::DateTime, tz::TimeZone};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use when::{Day, Hours, Kind, Said, Span, Style, Unclear};

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

/// What holds for one appointment.
pub(super) struct Rules {
    pub(super) hours: Hours,
    /// Which kind it is; empty: none of the office's.
    pub(super) kind: String,
    /// The appointment itself, where it is to be moved: it is not in its own way.
    pub(super) moving: Option<Entry>,
}

impl Rules {
    /// This time, with what is kept free around it.
    pub(super) fn slot(&self, span: Span) -> Slot {
        Slot { span, before: self.hours.before, after: self.hours.after }
    }

    /// These, for moving the appointment.
    pub(super) fn moving(self, entry: &Entry) -> Self {
        Self { moving: Some(entry.clone()), ..self }
    }

    pub(super) fn moved_id(&self) -> Option<&str> {
        self.moving.as_ref().map(|entry| entry.id.as_str())
    }
}

/// A refusal, or the calendar's silence, is what the assistant is told.
type Told<T> = Result<T, Answer>;

impl Office {
    pub(super) fn now(&self, errand: &Errand) -> Zoned {
        let now = Timestamp::from_millisecond(errand.now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        now.to_zoned(self.zone.clone())
    }

    /// The rules for what the arguments ask for: those of the kind that they name. Where the office has several kinds and
    /// neither a kind nor an end is named, nobody knows how long it takes.
    pub(super) fn rules(&self, arguments: &Value) -> Told<Rules> {
        let kinds = &self.hours.kinds;
        let names = || when::list(&kinds.iter().map(|kind| kind.name.clone()).collect::<Vec<_>>(), "or");
        if let (Some(text), false) = (text(arguments, "kind"), kinds.is_empty()) {
            let named = self.hours.kind(text).map_or_else(|| self.hours.kinds_in(text), |kind| vec![kind]);
            return match named.as_slice() {
                [kind] => Ok(self.rules_of(kind)),
                _ => Err(Answer::failed(format!(
                    "There is no such kind of appointment. What is it: {}?",
                    names()
                ))),
            };
        }
        let summed_up = text(arguments, "summary").map(|summary| self.hours.kinds_in(summary));
        match (kinds.as_slice(), summed_up.unwrap_or_default().as_slice()) {
            ([], _) => Ok(self.usual()),
            ([kind], _) => Ok(self.rules_of(kind)),
            (_, [kind]) => Ok(self.rules_of(kind)),
            _ if text(arguments, "datetime_end").is_some() => Ok(self.usual()),
            _ => Err(Answer::failed(format!("I need to know how long it takes. What is it: {}?", names()))),
        }
    }

    /// The rules by which this appointment was made.
    pub(super) fn rules_for(&self, entry: &Entry) -> Rules {
        let named = self.hours.kind(&entry.kind).map(|kind| vec![kind]);
        match named.unwrap_or_else(|| self.hours.kinds_in(&entry.summary)).as_slice() {
            [kind] => self.rules_of(kind),
            _ => self.usual(),
        }
    }

    fn rules_of(&self, kind: &Kind) -> Rules {
        Rules { hours: self.hours.for_kind(kind), kind: kind.name.clone(), moving: None }
    }

    pub(super) fn usual(&self) -> Rules {
        Rules { hours: self.hours.clone(), kind: String::new(), moving: None }
    }

    /// The moment that an argument names, and what decided where its words alone did not.
    #[expect(clippy::unused_self, reason = "asked of the office as everything else about arguments is")]
    pub(super) fn moment(
        &self,
        arguments: &Value,
        name: &str,
        rules: &Rules,
        now: &Zoned,
    ) -> Told<Option<(Zoned, String)>> {
        let Some(text) = text(arguments, name) else { return Ok(None) };
        match when::moment(text, now, Some(&rules.hours)) {
            Ok(moment) => {
                let remark = moment.remark(now, Style::Spoken);
                let remark = remark.map(|remark| format!("{remark} ")).unwrap_or_default();
                Ok(Some((moment.at, remark)))
            }
            // Not a matter of what was meant: whoever asks for it hears when it is open, and what is free.
            Err(Unclear::Closed(all)) => Ok(nearest_to_open(&all, &rules.hours, now)),
            Err(unclear) => {
                let why = unclear.say(now, Some(&rules.hours), Style::Spoken);
                let around: Vec<String> = unclear.around(now.time_zone()).iter().map(iso).collect();
                let data = if around.is_empty() {
                    String::new()
                } else {
                    json!({"available": false, "alternatives": [], "around": around}).to_string()
                };
                let got = match unclear {
                    Unclear::Skipped(_) | Unclear::Closed(_) => "",
                    Unclear::NoDay | Unclear::NoTime | Unclear::Either(..) | Unclear::Impossible(_) => {
                        "I did not get the time. "
                    }
                };
                Err(Answer { data, ..Answer::failed(format!("{got}{why}")) })
            }
        }
    }

    pub(super) fn required(
        &self,
        arguments: &Value,
        name: &str,
        rules: &Rules,
        now: &Zoned,
    ) -> Told<(Zoned, String)> {
        self.moment(arguments, name, rules, now)?.ok_or_else(|| missing(name))
    }

    /// A time for an appointment: from `start` to the moment that argument `end` names, else for `length`. How long a kind
    /// takes nobody but the owner decides, whatever end an engine thinks of.
    pub(super) fn slot(
        &self,
        start: &Zoned,
        arguments: &Value,
        end: &str,
        length: Duration,
        rules: &Rules,
        errand: &Errand,
    ) -> Told<Slot> {
        let named = self.moment(arguments, end, rules, &self.now(errand))?.map(|(end, _)| end);
        if named.as_ref().is_some_and(|end| end <= start) {
            return Err(Answer::failed("That appointment would end before it starts. When should it end?"));
        }
        let may_decide = rules.kind.is_empty() || errand.trust == Trust::Owner;
        let end = match named.filter(|_| may_decide) {
            Some(end) => end,
            None => start.checked_add(length).map_err(|_| Answer::failed("That is too far away."))?,
        };
        Ok(rules.slot(Span::new(start, &end)))
    }

    /// The stretch of time to look at: an argument without a time of day means the whole day or days, `default` is the
    /// length where there is no end. With the day to which it was cut, where it was longer than anybody could listen to.
    pub(super) fn range(
        &self,
        arguments: &Value,
        default: jiff::Span,
        now: &Zoned,
    ) -> Told<(Span, Option<Zoned>)> {
        let first = self.edge(arguments, "datetime_start", now)?;
        let start = first.as_ref().map_or(now, |(start, _)| start).clone();
        let whole_day = first.filter(|(start, end)| end > start).map(|(_, end)| end);
        let end = match self.edge(arguments, "datetime_end", now)?.map(|(_, end)| end).or(whole_day) {
            Some(end) => end,
            None => start.checked_add(default).map_err(|_| Answer::failed("That is too far away."))?,
        };
        if end <= start {
            return Err(Answer::failed(
                "That stretch of time ends before it starts. From when to when shall I look?",
            ));
        }
        let longest = start.checked_add(LONGEST_LOOK.days()).unwrap_or_else(|_| end.clone());
        let cut = (end > longest).then(|| longest.clone());
        Ok((Span::new(&start, &end.min(longest)), cut))
    }

    /// What an argument names: a moment, or a day or several from the first moment to the last.
    pub(super) fn edge(&self, arguments: &Value, name: &str, now: &Zoned) -> Told<Option<(Zoned, Zoned)>> {
        let Some(text) = text(arguments, name) else { return Ok(None) };
        if let Some(days) = whole_days(&when::read(text, now), &self.zone) {
            return Ok(Some(days));
        }
        Ok(self.moment(arguments, name, &self.usual(), now)?.map(|(at, _)| (at.clone(), at)))
    }

    /// Whether this time is within the rules and free. A refusal carries what is free instead.
    pub(super) async fn free(&self, slot: Slot, rules: &Rules, errand: &Errand, now: &Zoned) -> Told<()> {
        let (start, end) = (self.local(slot.span.from), self.local(slot.span.to));
        if let Err(refusal) = rules.hours.check(&start, &end, now) {
            let why = rules.hours.explain(&refusal, &start, now, Style::Spoken);
            return Err(self.instead(&why, slot, rules, errand, now).await);
        }
        let wide = widened(slot);
        let busy = self
            .calendar
            .busy_beside(Slot { span: wide, ..slot }, rules.moved_id(), errand)
            .await
            .map_err(|error| unavailable(&error, errand))?;
        if busy.iter().any(|busy| busy.overlaps(&wide)) {
            return Err(self.taken(slot, rules, errand, now).await);
        }
        Ok(())
    }

    pub(super) async fn taken(&self, slot: Slot, rules: &Rules, errand: &Errand, now: &Zoned) -> Answer {
        let start = self.local(slot.span.from);
        let why = format!("{} is taken.", when::name_moment(&start, now, Style::Spoken));
        self.instead(&why, slot, rules, errand, now).await
    }

    /// A refusal that offers what is free near the time that was wanted.
    pub(super) async fn instead(
        &self,
        why: &str,
        wanted: Slot,
        rules: &Rules,
        errand: &Errand,
        now: &Zoned,
    ) -> Answer {
        let length = Duration::try_from(wanted.span.to.duration_since(wanted.span.from));
        let step = Some(rules.hours.step.unwrap_or(rules.hours.slot));
        let as_long = Hours { slot: length.unwrap_or(rules.hours.slot), step, ..rules.hours.clone() };
        let start = self.local(wanted.span.from);
        let wanted = (&start).max(now);
        let day = |days: i64| wanted.checked_add(days.days()).unwrap_or_else(|_| wanted.clone());
        let near = rules.slot(Span::new(&day(-8), &day(22)));
        let busy = match self.calendar.busy_beside(near, rules.moved_id(), errand).await {
            Ok(busy) => busy,
            Err(error) => return unavailable(&error, errand),
        };
        let nearest = |hours: &Hours| {
            let count = ALTERNATIVES + usize::from(rules.moving.is_some());
            let mut free = when::nearest_free(hours, &busy, wanted, now, count);
            // Where it is already is no other time.
            free.retain(|at| rules.moving.as_ref().is_none_or(|entry| entry.span.from != at.timestamp()));
            free.truncate(ALTERNATIVES);
            free
        };
        let mut free = nearest(&as_long);
        if free.is_empty() {
            free = nearest(&rules.hours);
        }
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
            return Err(missing(name));
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

    /// How long an appointment is.
    pub(super) fn length(&self, entry: &Entry) -> Duration {
        Duration::try_from(entry.span.to.duration_since(entry.span.from)).unwrap_or(self.hours.slot)
    }

    pub(super) fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    pub(super) fn agreed(&self, entry: &Entry) -> Agreed {
        Agreed { id: entry.id.clone(), starts: iso(&self.local(entry.span.from)) }
    }

    pub(super) fn data(&self, entry: &Entry) -> Value {
        let (start, end) = (iso(&self.local(entry.span.from)), iso(&self.local(entry.span.to)));
        let mut data = json!({"id": entry.id, "start": start, "end": end, "summary": entry.summary});
        let rules = self.rules_for(entry);
        if !rules.kind.is_empty() {
            data["kind"] = rules.kind.into();
        }
        data
    }
}

/// What an appointment of this kind is called in the calendar: the words for it in one line, after the kind where they do
/// not name it. The kind may be empty.
pub fn title(hours: &Hours, kind: &str, summary: &str) -> String {
    let summary = line(summary);
    let named = hours.kinds_in(&summary).iter().any(|named| named.name == kind);
    match (kind, summary.as_str()) {
        ("", "") => "Appointment".into(),
        (kind, "") => capitalised(kind),
        (kind, _) if !kind.is_empty() && !named => format!("{}: {summary}", capitalised(kind)),
        _ => summary,
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

fn missing(name: &str) -> Answer {
    Answer::failed(format!("Something is missing for that: {}.", spoken(name)))
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
    let say = format!("Not {done} yet. Read back {at}, and {do_it} when the caller has said yes.");
    Answer { data: json!({"read_back": true}).to_string(), ..Answer::failed(say) }
}

pub(super) fn unavailable(Unavailable(why): &Unavailable, errand: &Errand) -> Answer {
    tracing::error!(call = errand.call_id, why, "the calendar cannot be asked");
    Answer::failed(
        "I cannot use the calendar right now, so nothing was changed. I can take a message instead.",
    )
}

pub(super) fn widened(slot: Slot) -> Span {
    Span {
        from: slot.span.from.checked_sub(slot.before).unwrap_or(slot.span.from),
        to: slot.span.to.checked_add(slot.after).unwrap_or(slot.span.to),
    }
}

/// Where the office is closed at every time that may be meant: the one closest to when it is open that day.
fn nearest_to_open(all: &[DateTime], hours: &Hours, now: &Zoned) -> Option<(Zoned, String)> {
    let from_noon = |at: &DateTime| at.time().duration_since(jiff::civil::time(12, 0, 0, 0)).abs();
    let away = |at: &DateTime| {
        let openings = hours.openings(at.date()).iter();
        let edges = openings.flat_map(|open| [open.from, open.to]);
        edges.map(|edge| at.time().duration_since(edge).abs()).min().unwrap_or_else(|| from_noon(at))
    };
    let nearest = all.iter().min_by_key(|at| away(at))?;
    Some((nearest.to_zoned(now.time_zone().clone()).ok()?, String::new()))
}

fn whole_days(said: &Said, zone: &TimeZone) -> Option<(Zoned, Zoned)> {
    let (Some(day), None, None, None) = (&said.day, &said.clock, &said.exact, &said.nonsense) else {
        return None;
    };
    let (first, last) = match day {
        Day::Dates(dates) => match dates.as_slice() {
            [date] => (*date, *date),
            _ => return None,
        },
        Day::Span(first, last) => (*first, *last),
    };
    let start = first.to_zoned(zone.clone()).ok()?;
    let end = last.tomorrow().ok()?.to_zoned(zone.clone()).ok()?;
    Some((start, end))
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// "a haircut", "an eye test".
pub(super) fn a_kind(name: &str) -> String {
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {name}")
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
