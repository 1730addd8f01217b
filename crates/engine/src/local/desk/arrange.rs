//! Arranging an appointment: what is still missing, and the next question, tool or read-back.

use super::{
    Desk, Errand, Kind, Known, Question, Which,
    answers::{MOST_KINDS, names},
    phrase,
    shift::moved_by,
};
use jiff::{
    Zoned,
    civil::{Date, DateTime},
};
use serde_json::json;
use when::{Clock, Day, Doubt, Hours, Refusal, Said, Style, Unclear};

/// How far ahead is looked where the caller names no day.
const SOON_DAYS: i64 = 14;
const MOST_NAMED: usize = 4;

/// What comes next.
impl Desk {
    /// The next question, tool or read-back for the appointment at hand.
    pub(super) fn advance(&mut self, now: &Zoned) {
        self.waiting = None;
        match self.task.as_ref().map(|task| (task.kind, task.old.is_some())) {
            None => {}
            Some((Kind::Book, _) | (Kind::Move, true)) => self.arrange(now),
            Some((Kind::Cancel, true)) => self.ask_confirm(now, None),
            Some((Kind::Move | Kind::Cancel, false)) => self.find_old(now),
        }
    }

    /// Which appointment is to be moved or cancelled?
    fn find_old(&mut self, now: &Zoned) {
        let Some(task) = &mut self.task else { return };
        let Some(known) = &task.known else {
            let until = self.setup.hours.last_date(now);
            let range = json!({ "datetime_start": local(now.datetime()), "datetime_end": local(until.at(23, 59, 0, 0)) });
            return self.want(Errand::Find, "list_appointments", &range);
        };
        if known.is_empty() {
            return self.ask_old(now);
        }
        let of_kind = |known: &&Known| task.what.is_none() || known.what == task.what;
        let fitting: Vec<Known> =
            known.iter().filter(of_kind).filter(|known| names(&task.old_said, &known.at)).cloned().collect();
        match fitting.as_slice() {
            [one] => {
                task.old = Some(one.clone());
                self.advance(now);
            }
            [] => {
                task.old_said = Said::default();
                let kind = task.what.take().map(|what| format!("{} ", a_kind(&what))).unwrap_or_default();
                let few: Vec<Known> = known.iter().take(MOST_NAMED).cloned().collect();
                let text = format!(
                    "I see {} of yours then. {}",
                    if kind.is_empty() {
                        "no appointment".into()
                    } else {
                        format!("no appointment for {}", kind.trim())
                    },
                    self.name_appointments(&few, now)
                );
                self.ask(Question::Among(few), &text);
            }
            _ => {
                let few: Vec<Known> = fitting.iter().take(MOST_NAMED).cloned().collect();
                let text = self.name_appointments(&few, now);
                self.ask(Question::Among(few), &text);
            }
        }
    }

    /// Nobody may tell this caller which appointments are theirs, so they have to.
    fn ask_old(&mut self, now: &Zoned) {
        let Some(task) = &mut self.task else { return };
        let hours = self.setup.hours.clone();
        match task.old_said.resolve(now, Some(&hours)) {
            Ok(moment) => {
                task.old = Some(Known { at: moment.at, end: None, what: task.what.clone() });
                self.advance(now);
            }
            Err(Unclear::Either(all, Doubt::Day))
                if all.iter().all(|at| at.date().weekday() == all[0].date().weekday()) =>
            {
                task.old_said.day = all.iter().map(|at| at.date()).min().map(|date| Day::Dates(vec![date]));
                self.ask_old(now);
            }
            Err(Unclear::Either(all, doubt)) => self.ask_either(now, Which::Old, &all, doubt),
            Err(Unclear::NoDay) => self.ask(Question::Day(Which::Old), "On which day is your appointment?"),
            Err(Unclear::NoTime) => self.ask(Question::Time(Which::Old), "At what time is your appointment?"),
            Err(unclear) => {
                task.old_said = Said::default();
                let why = unclear.say(now, Some(&self.setup.hours), Style::Spoken);
                self.ask(Question::Day(Which::Old), &format!("{why} On which day is your appointment?"));
            }
        }
    }

    /// When shall it be?
    fn arrange(&mut self, now: &Zoned) {
        if self.needs_what() {
            return self.ask_what(false);
        }
        let hours = self.hours();
        let Some(task) = &mut self.task else { return };
        if let (Some(shift), Some(old)) = (task.shift.take(), &task.old) {
            task.wish = moved_by(&old.at, shift).unwrap_or_default();
        }
        if let (None, Some(_), Some(old)) = (&task.wish.day, &task.wish.clock, &task.old) {
            task.wish.day = Some(Day::Dates(vec![old.at.date()]));
        }
        let old = task.old.as_ref().map(|old| phrase::moment(&old.at, now));
        match task.wish.resolve(now, Some(&hours)) {
            Ok(mut moment) => match hours.check(&moment.at, &hours.end_of(&moment.at), now) {
                Ok(()) => {
                    // That opening hours chose the half of the day is plain from the read-back.
                    moment.by_hours = false;
                    if let Some(remark) = moment.remark(now, Style::Spoken) {
                        task.remark = Some(remark);
                    }
                    self.check(now, &moment.at);
                }
                Err(refusal) => self.refuse(now, &refusal, &moment.at),
            },
            Err(Unclear::NoDay) => match (&task.wish.day, old) {
                (Some(_), _) => {
                    let wish = task.wish.clone();
                    self.ask_free(now, &wish);
                }
                (None, Some(old)) => self.ask(
                    Question::Day(Which::New),
                    &format!("Your appointment is on {old}. Which day would you like instead?"),
                ),
                (None, None) => self.ask(Question::Day(Which::New), "Which day would you like?"),
            },
            Err(Unclear::NoTime) => {
                let Some(Day::Dates(dates)) = &task.wish.day else { return };
                let date = dates[0];
                task.wish.day = Some(Day::Dates(vec![date]));
                let wish = task.wish.clone();
                if let Some(refusal) = self.refused_day(now, date) {
                    return self.refuse(now, &refusal, &noon(date, now));
                }
                if wish.clock.is_some() {
                    return self.ask_free(now, &wish);
                }
                let day = phrase::date(date, now);
                self.ask(Question::Time(Which::New), &format!("{day}. What time would you like?"));
            }
            Err(Unclear::Either(all, Doubt::Day))
                if all.iter().all(|at| at.date().weekday() == all[0].date().weekday()) =>
            {
                // The read-back names the date, and so asks.
                task.wish.day = Some(Day::Dates(vec![all[0].date()]));
                self.arrange(now);
            }
            Err(Unclear::Either(all, doubt)) => self.ask_either(now, Which::New, &all, doubt),
            Err(Unclear::Closed(all)) => {
                let closed = all[0].date();
                task.wish.clock = None;
                if let Some(refusal) = self.refused_day(now, closed) {
                    return self.refuse(now, &refusal, &noon(closed, now));
                }
                let why = Unclear::Closed(all).say(now, Some(&hours), Style::Spoken);
                self.ask(Question::Time(Which::New), &format!("{why} What time would you like?"));
            }
            Err(unclear @ Unclear::Skipped(_)) => {
                task.wish.clock = None;
                let why = unclear.say(now, Some(&hours), Style::Spoken);
                self.ask(Question::Time(Which::New), &why);
            }
            Err(Unclear::Impossible(why)) => {
                task.wish.nonsense = None;
                match &task.wish.day {
                    Some(_) => {
                        self.ask(Question::Time(Which::New), &format!("{why} What time would you like?"));
                    }
                    None => self.ask(Question::Day(Which::New), &format!("{why} Which day would you like?")),
                }
            }
        }
    }

    /// Why there can be no appointment on this date, whatever the time.
    fn refused_day(&self, now: &Zoned, date: Date) -> Option<Refusal> {
        let hours = self.hours();
        if date < now.date() {
            return Some(Refusal::Past);
        }
        if date > hours.last_date(now) {
            return Some(Refusal::TooFarAhead);
        }
        if hours.is_holiday(date) {
            return Some(Refusal::Holiday);
        }
        hours.openings(date).is_empty().then_some(Refusal::ClosedThatDay)
    }

    /// Says why not, forgets what cannot be, and asks for it anew.
    fn refuse(&mut self, now: &Zoned, refusal: &Refusal, at: &Zoned) {
        let why = self.hours().explain(refusal, at, now, Style::Spoken);
        let Some(task) = &mut self.task else { return };
        task.free = None;
        if let Some(exact) = task.wish.exact.take() {
            task.wish.day = Some(Day::Dates(vec![exact.date()]));
        }
        let time = match refusal {
            Refusal::OutsideHours => true,
            Refusal::Past | Refusal::TooSoon => at.date() == now.date() && task.wish.clock.is_some(),
            Refusal::TooFarAhead | Refusal::Holiday | Refusal::ClosedThatDay => false,
        };
        if time {
            task.wish.clock = None;
            self.ask(Question::Time(Which::New), &format!("{why} What time would you like?"));
        } else {
            task.wish.day = None;
            self.ask(Question::Day(Which::New), &format!("{why} Which other day would you like?"));
        }
    }

    fn ask_either(&mut self, now: &Zoned, which: Which, all: &[DateTime], doubt: Doubt) {
        let mut choices: Vec<Said> = Vec::new();
        for at in all {
            let choice = match doubt {
                Doubt::Day => Said { day: Some(Day::Dates(vec![at.date()])), ..Said::default() },
                Doubt::HalfOfDay => Said { clock: Some(Clock::Times(vec![at.time()])), ..Said::default() },
                Doubt::Midnight => Said {
                    day: Some(Day::Dates(vec![at.date()])),
                    clock: Some(Clock::Times(vec![at.time()])),
                    ..Said::default()
                },
            };
            if !choices.contains(&choice) {
                choices.push(choice);
            }
        }
        let text = match doubt {
            Doubt::Midnight => Unclear::Either(all.to_vec(), doubt).say(now, None, Style::Spoken),
            Doubt::Day | Doubt::HalfOfDay => {
                let names: Vec<String> =
                    choices.iter().filter_map(|choice| phrase::said(choice, now)).collect();
                format!("Do you mean {}?", when::list(&names, "or"))
            }
        };
        self.ask(Question::Either { which, choices }, &text);
    }

    /// Asks the calendar about this time, unless it is known to be free.
    fn check(&mut self, now: &Zoned, at: &Zoned) {
        let Some(task) = &self.task else { return };
        if task.free.as_ref() == Some(at) {
            return self.ask_confirm(now, Some(at));
        }
        let mut range = json!({ "datetime_start": local(at.datetime()) });
        match &task.old {
            // It stays as long as it is.
            Some(old) => range["original_datetime"] = local(old.at.datetime()).into(),
            None => range["datetime_end"] = local(self.end_of(at).datetime()).into(),
        }
        self.add_kind(&mut range);
        self.want(Errand::Check(at.clone()), "check_calendar_availability", &range);
    }

    /// Reads back, and asks whether that is right.
    pub(super) fn ask_confirm(&mut self, now: &Zoned, at: Option<&Zoned>) {
        let remark = self.task.as_mut().and_then(|task| task.remark.take()).unwrap_or_default();
        let text = format!("{remark} {}", self.read_back(at, now));
        self.ask(Question::Confirm { at: at.cloned() }, &text);
    }

    pub(super) fn read_back(&self, at: Option<&Zoned>, now: &Zoned) -> String {
        let old = self.task.as_ref().and_then(|task| task.old.as_ref());
        let your = old.and_then(|old| old.what.as_deref()).unwrap_or("appointment");
        let what = self.task.as_ref().and_then(|task| task.what.as_deref()).filter(|_| old.is_none());
        let what = what.map(|what| format!("{}, on ", a_kind(what))).unwrap_or_default();
        match (old.map(|old| phrase::moment(&old.at, now)), at) {
            (Some(old), Some(at)) => {
                let new = phrase::moment(at, now);
                format!("I will move your {your} from {old}, to {new}. Is that right?")
            }
            (Some(old), None) => format!("Your {your} is on {old}. Shall I cancel it?"),
            (None, Some(at)) => format!("That is {what}{}. Shall I book it?", phrase::moment(at, now)),
            (None, None) => "What can I do for you?".into(),
        }
    }

    /// The caller has said yes to exactly this.
    pub(super) fn carry_out(&mut self, at: Option<&Zoned>) {
        let Some(task) = &self.task else { return };
        let old = task.old.as_ref().map(|old| local(old.at.datetime()));
        match (task.kind, old, at) {
            (Kind::Book, _, Some(at)) => {
                let (start, end) = (local(at.datetime()), local(self.end_of(at).datetime()));
                let what = task.what.as_deref().map_or_else(|| "Appointment".to_owned(), capitalised);
                let summary = match self.setup.caller.trim() {
                    "" => what,
                    caller => format!("{what}: {caller}"),
                };
                let mut arguments = json!({
                    "summary": summary, "datetime_start": start, "datetime_end": end,
                    "description": "Booked by phone.", "attendees": [],
                });
                if task.unwritten {
                    arguments["confirmation"] = "none".into();
                }
                self.add_kind(&mut arguments);
                self.want(Errand::Book(at.clone()), "create_calendar_event", &arguments);
            }
            (Kind::Move, Some(old), Some(at)) => {
                // It stays as long as it is.
                let arguments = json!({
                    "original_datetime": old, "new_datetime_start": local(at.datetime()),
                    "reason": "Asked for by phone.",
                });
                self.want(Errand::Move(at.clone()), "reschedule_appointment", &arguments);
            }
            (Kind::Cancel, Some(old), _) => {
                let arguments = json!({ "datetime_start": old, "reason": "Asked for by phone." });
                self.want(Errand::Cancel, "cancel_appointment", &arguments);
            }
            (Kind::Book | Kind::Move | Kind::Cancel, _, _) => {}
        }
    }

    /// Which times are free, as far as a day or a part of one was named.
    pub(super) fn ask_free(&mut self, now: &Zoned, said: &Said) {
        let (from, to) = match &said.day {
            Some(Day::Dates(dates)) => (dates[0], dates[0]),
            Some(Day::Span(from, to)) => (*from, *to),
            None => {
                let soon = now.date().checked_add(jiff::Span::new().days(SOON_DAYS)).unwrap_or(Date::MAX);
                (now.date(), soon)
            }
        };
        if from == to
            && let Some(refusal) = self.refused_day(now, from)
        {
            return self.refuse(now, &refusal, &noon(from, now));
        }
        let part = match &said.clock {
            Some(Clock::Part(part)) => Some(*part),
            Some(Clock::Times(_) | Clock::Midnight) | None => None,
        };
        let start = from.at(0, 0, 0, 0).max(now.datetime());
        let end = to.tomorrow().unwrap_or(to).at(0, 0, 0, 0);
        let mut range = json!({ "datetime_start": local(start), "datetime_end": local(end) });
        self.add_kind(&mut range);
        self.want(Errand::Free { day: said.day.clone(), part }, "find_free_slots", &range);
    }

    /// The caller's appointments, from now on or as far as they said.
    pub(super) fn ask_list(&mut self, now: &Zoned, said: &Said) {
        let (start, end) = match &said.day {
            Some(Day::Dates(dates)) => (dates[0].at(0, 0, 0, 0), dates[0].at(23, 59, 0, 0)),
            Some(Day::Span(from, to)) => (from.at(0, 0, 0, 0), to.at(23, 59, 0, 0)),
            None => (now.datetime(), self.setup.hours.last_date(now).at(23, 59, 0, 0)),
        };
        let range = json!({ "datetime_start": local(start), "datetime_end": local(end) });
        self.want(Errand::List, "list_appointments", &range);
    }

    pub(super) fn name_appointments(&self, appointments: &[Known], now: &Zoned) -> String {
        let names: Vec<String> = appointments
            .iter()
            .map(|known| match &known.what {
                Some(what) => format!("{}, for {}", phrase::moment(&known.at, now), a_kind(what)),
                None => phrase::moment(&known.at, now),
            })
            .collect();
        let verb = match self.task.as_ref().map(|task| task.kind) {
            Some(Kind::Cancel) => "cancel",
            Some(Kind::Book | Kind::Move) | None => "move",
        };
        match names.as_slice() {
            [one] => format!("You have an appointment on {one}. Is that the one to {verb}?"),
            _ => format!("You have appointments on {}. Which one shall I {verb}?", names.join("; and on ")),
        }
    }

    /// Whether what the caller says next is about the appointment they have or the one they want.
    pub(super) fn which_is_asked(&self) -> Which {
        let old_is_open =
            self.task.as_ref().is_some_and(|task| task.kind != Kind::Book && task.old.is_none());
        match &self.question {
            Question::Day(which) | Question::Time(which) | Question::Either { which, .. } => *which,
            Question::Open { .. }
            | Question::What
            | Question::Offer(_)
            | Question::Among(_)
            | Question::Confirm { .. }
            | Question::Change
            | Question::Leave
            | Question::Message
            | Question::Send(_) => {
                if old_is_open {
                    Which::Old
                } else {
                    Which::New
                }
            }
        }
    }
}

/// Kinds of appointments.
impl Desk {
    /// The rules for the appointment at hand: those of its kind, where it has one.
    pub(super) fn hours(&self) -> Hours {
        let hours = &self.setup.hours;
        let Some(task) = &self.task else { return hours.clone() };
        let what = task.old.as_ref().and_then(|old| old.what.as_ref()).or(task.what.as_ref());
        let mut rules =
            what.and_then(|what| hours.kind(what)).map_or_else(|| hours.clone(), |kind| hours.for_kind(kind));
        // An appointment that is moved stays as long as it is.
        if let Some(old) = &task.old
            && let Some(end) = &old.end
        {
            let length = end.timestamp().duration_since(old.at.timestamp());
            rules.slot = std::time::Duration::try_from(length).unwrap_or(rules.slot);
        }
        rules
    }

    fn end_of(&self, at: &Zoned) -> Zoned {
        self.hours().end_of(at)
    }

    /// Tells a tool which kind is meant.
    fn add_kind(&self, arguments: &mut serde_json::Value) {
        let Some(task) = &self.task else { return };
        if let Some(what) = task.old.as_ref().and_then(|old| old.what.as_ref()).or(task.what.as_ref()) {
            arguments["kind"] = what.as_str().into();
        }
    }

    /// Whether there are several kinds and none was said; where there is only one, it is that.
    pub(super) fn needs_what(&mut self) -> bool {
        let kinds = &self.setup.hours.kinds;
        match (&mut self.task, kinds.as_slice()) {
            (Some(task), [only]) if task.kind == Kind::Book => {
                task.what = Some(only.name.clone());
                false
            }
            (Some(task), [_, _, ..]) => task.kind == Kind::Book && task.what.is_none(),
            (Some(_) | None, _) => false,
        }
    }

    /// For what shall it be? Where two were named at once, says that it is one at a time.
    pub(super) fn ask_what(&mut self, several: bool) {
        let first = if several { "I can book one at a time. " } else { "" };
        let text = format!("{first}{}", self.what_kinds());
        self.ask(Question::What, &text);
    }

    pub(super) fn what_kinds(&self) -> String {
        let kinds = &self.setup.hours.kinds;
        let names: Vec<String> = kinds.iter().take(MOST_KINDS).map(|kind| a_kind(&kind.name)).collect();
        let some = if kinds.len() > MOST_KINDS { "for example " } else { "" };
        let names = when::list(&names, "or");
        match &self.usual {
            Some(usual) => format!("Is it for {} again? There is: {some}{names}.", a_kind(usual)),
            None => format!("What is it for: {some}{names}?"),
        }
    }
}

/// "a haircut", "an eye test".
pub(super) fn a_kind(name: &str) -> String {
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {name}")
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Local time as the tools take it: `2026-11-24T10:30`.
pub(super) fn local(at: DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M").to_string()
}

fn noon(date: Date, now: &Zoned) -> Zoned {
    date.at(12, 0, 0, 0).to_zoned(now.time_zone().clone()).unwrap_or_else(|_| now.clone())
}
