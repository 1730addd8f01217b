//! What the desk sends tools for, and what their answers mean to the conversation.

use super::{Desk, DeskOutput, Kind, Known, Question, Which, phrase};
use call::{Answer, ToolCall, ToolCallId};
use jiff::{Zoned, civil::DateTime};
use serde_json::Value;
use when::{Clock, Day, Hours, Part, Said};

/// What a tool was asked for.
#[derive(Clone, Debug)]
pub(super) enum Errand {
    /// Is this time free?
    Check(Zoned),
    Book(Zoned),
    Move(Zoned),
    Cancel,
    /// What is free then?
    Free {
        day: Option<Day>,
        part: Option<Part>,
    },
    /// What does the caller have? To be said.
    List,
    /// The same, to find out which appointment is meant.
    Find,
    Message,
    HangUp,
}

impl Errand {
    /// Whether it cannot be taken back by speaking on.
    pub(super) fn changes_something(&self) -> bool {
        match self {
            Errand::Book(_) | Errand::Move(_) | Errand::Cancel | Errand::Message => true,
            Errand::Check(_) | Errand::Free { .. } | Errand::List | Errand::Find | Errand::HangUp => false,
        }
    }
}

/// More than this of anything is never said.
const MOST_READ: usize = 200;
const MOST_OFFERED: usize = 3;
/// Who has refused so many times names a day better themselves.
const ENOUGH: usize = 9;
/// How far the search for other times goes beyond the day that was wanted.
const LATER_DAYS: i64 = 7;
/// A tool that fails this often in a row is given up.
const TOOL_PATIENCE: u32 = 2;

impl Desk {
    pub(super) fn want(&mut self, errand: Errand, name: &str, arguments: &Value) {
        self.tools_used += 1;
        let id = ToolCallId(format!("desk-{}", self.tools_used));
        self.waiting = Some((id.clone(), errand));
        self.outputs.push_back(DeskOutput::Wants(ToolCall {
            id,
            name: name.into(),
            arguments: arguments.to_string(),
        }));
    }

    pub(super) fn answered(&mut self, now: &Zoned, errand: Errand, answer: &Answer) {
        let data = Data::read(&answer.data, now, &self.setup.hours);
        self.twice &= data.read_back;
        self.tools_failed = if answer.ok || data.refused { 0 } else { self.tools_failed + 1 };
        match errand {
            Errand::Check(at) => self.checked(now, &at, answer, &data),
            Errand::Book(at) | Errand::Move(at) => self.done_or_offer(now, &at, answer, &data),
            Errand::Cancel => {
                self.latest = None;
                self.done(answer);
            }
            Errand::List if self.task.is_some() && answer.ok => {
                let ask = self.ask_again(now);
                self.ask(self.question.clone(), &format!("{} {ask}", answer.say.trim()));
            }
            Errand::Message | Errand::List => self.done(answer),
            Errand::Free { day, part } => self.offer_free(now, day.as_ref(), part, answer, &data),
            Errand::Find => self.found(now, answer, data),
            Errand::HangUp => {}
        }
    }

    fn checked(&mut self, now: &Zoned, at: &Zoned, answer: &Answer, data: &Data) {
        let Some(task) = &mut self.task else { return };
        if answer.ok && data.available != Some(false) {
            task.free = Some(at.clone());
            return self.ask_confirm(now, Some(at));
        }
        task.free = None;
        self.not_then(now, at, answer, data);
    }

    fn done_or_offer(&mut self, now: &Zoned, at: &Zoned, answer: &Answer, data: &Data) {
        if answer.ok {
            let of =
                |task: &super::Task| task.old.as_ref().and_then(|old| old.what.clone()).or(task.what.clone());
            let what = self.task.as_ref().and_then(of);
            self.latest = Some(Known { at: at.clone(), end: None, what });
            return self.done(answer);
        }
        if data.read_back && !std::mem::replace(&mut self.twice, true) {
            // The caller has heard it and said yes: only the calendar had not been asked before.
            return self.carry_out(Some(at));
        }
        if let Some(task) = &mut self.task {
            task.free = None;
        }
        self.not_then(now, at, answer, data);
    }

    /// That time cannot be had: what else?
    fn not_then(&mut self, now: &Zoned, at: &Zoned, answer: &Answer, data: &Data) {
        if let Some(task) = &mut self.task {
            task.wish = Said { day: Some(Day::Dates(vec![at.date()])), ..Said::default() };
        }
        let can = |slot: &&Zoned| self.task.as_ref().is_none_or(|task| !task.is_ruled_out(slot));
        let others: Vec<Zoned> = data.slots.iter().filter(|slot| *slot != at).filter(can).cloned().collect();
        if others.is_empty() {
            if self.tools_failed >= TOOL_PATIENCE {
                self.tools_failed = 0;
                return self
                    .ask(Question::Leave, &format!("{} Would you like to leave a message?", answer.say));
            }
            let why = if answer.say.trim().is_empty() { "That time is not free." } else { answer.say.trim() };
            return self.ask(Question::Time(Which::New), &format!("{why} What other time would you like?"));
        }
        let few: Vec<Zoned> = others.iter().take(MOST_OFFERED).cloned().collect();
        if let Some(task) = &mut self.task {
            task.offered.extend_from_slice(&few);
        }
        let text = format!(
            "I am sorry, {} is not free. {} Which would you like?",
            phrase::moment(at, now),
            phrase::offer(&few, now)
        );
        self.ask(Question::Offer(few), &text);
    }

    /// Says what the tool says, whatever it did.
    fn done(&mut self, answer: &Answer) {
        let say = match (answer.say.trim(), answer.ok) {
            ("", true) => "That is done.",
            ("", false) => "I am sorry, that did not work.",
            (say, _) => say,
        };
        let say = say.to_owned();
        if self.leaving && answer.ok {
            self.leave_with(&say);
        } else {
            self.finish(&say);
        }
        self.news = Some(say);
    }

    /// Tells a caller who has said goodbye already what was done, and leaves.
    fn leave_with(&mut self, news: &str) {
        (self.task, self.leaving) = (None, false);
        self.say(news);
        let told = std::mem::take(&mut self.reply);
        self.goodbye();
        self.reply.splice(0..0, told);
        self.needed = self.reply.len().saturating_sub(1);
    }

    fn offer_free(
        &mut self,
        now: &Zoned,
        day: Option<&Day>,
        part: Option<Part>,
        answer: &Answer,
        data: &Data,
    ) {
        if !answer.ok {
            return self.done(answer);
        }
        let fitting: Vec<Zoned> = data
            .slots
            .iter()
            .filter(|slot| part.is_none_or(|part| part.holds(slot.time())))
            .filter(|slot| self.task.as_ref().is_none_or(|task| task.may_be_offered(slot)))
            .cloned()
            .collect();
        if fitting.is_empty() {
            let again = self.task.as_mut().is_some_and(|task| {
                task.wish.day = None;
                !std::mem::take(&mut task.offered).is_empty()
            });
            let nothing =
                if again { "That is all I have then." } else { "I am sorry, nothing is free then." };
            return self
                .ask(Question::Day(Which::New), &format!("{nothing} Which other day would you like?"));
        }
        let one_day = matches!(day, Some(Day::Dates(_)));
        let few = if one_day {
            phrase::a_few(&fitting, MOST_OFFERED)
        } else {
            first_of_each_day(&fitting, MOST_OFFERED)
        };
        if let Some(task) = &mut self.task {
            task.offered.extend_from_slice(&few);
        }
        let text = format!("{} Which would you like?", phrase::offer(&few, now));
        self.ask(Question::Offer(few), &text);
    }

    /// None of those: what else is free then and in the days after, which was not offered yet?
    pub(super) fn offer_others(&mut self, now: &Zoned) {
        let Some(task) = &mut self.task else { return };
        let first = task.offered.iter().map(Zoned::date).min();
        let Some(first) = first.filter(|_| task.offered.len() < ENOUGH) else {
            (task.wish, task.offered) = (Said::default(), Vec::new());
            return self.ask(
                Question::Day(Which::New),
                "Which day would you like instead? You can also say never mind.",
            );
        };
        let last = first.checked_add(jiff::Span::new().days(LATER_DAYS)).unwrap_or(first);
        let clock = match &task.wish.clock {
            Some(Clock::Part(part)) => Some(Clock::Part(*part)),
            Some(Clock::Times(_) | Clock::Midnight) | None => None,
        };
        let wish = Said { day: Some(Day::Span(first, last)), clock, ..Said::default() };
        self.ask_free(now, &wish);
    }

    /// The caller's appointments are known, or may not be told.
    fn found(&mut self, now: &Zoned, answer: &Answer, data: Data) {
        let appointments: Vec<Known> =
            data.appointments.into_iter().filter(|known| known.at > *now).collect();
        if answer.ok && appointments.is_empty() {
            return self.finish("I find no appointment under your number.");
        }
        let Some(task) = &mut self.task else { return };
        task.known = Some(if answer.ok { appointments } else { Vec::new() });
        debug_assert!(task.kind != Kind::Book, "only moving and cancelling look for an appointment");
        self.advance(now);
    }
}

fn first_of_each_day(slots: &[Zoned], most: usize) -> Vec<Zoned> {
    let mut first: Vec<Zoned> = Vec::new();
    for slot in slots {
        if first.last().is_none_or(|last| last.date() != slot.date()) && first.len() < most {
            first.push(slot.clone());
        }
    }
    if first.len() < 2 { phrase::a_few(slots, most) } else { first }
}

/// What a tool's JSON says, as far as the desk understands it; nothing of it is taken on trust.
#[derive(Debug, Default)]
struct Data {
    available: Option<bool>,
    /// Free times, in order.
    slots: Vec<Zoned>,
    appointments: Vec<Known>,
    /// The calendar wants it read back first.
    read_back: bool,
    /// It is no failure of the tool that the answer is no.
    refused: bool,
}

impl Data {
    fn read(text: &str, now: &Zoned, hours: &Hours) -> Self {
        let Ok(value) = serde_json::from_str::<Value>(text) else { return Self::default() };
        let moments = |name: &str| -> Vec<Zoned> {
            let list = value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let mut moments: Vec<Zoned> =
                list.iter().take(MOST_READ).filter_map(|entry| moment(entry, now)).collect();
            moments.sort();
            moments
        };
        let slots = [moments("alternatives"), moments("slots")].concat();
        let available = value.get("available").and_then(Value::as_bool);
        Self {
            available,
            refused: available.is_some() || !slots.is_empty(),
            slots,
            appointments: appointments(&value, now, hours),
            read_back: value.get("read_back").and_then(Value::as_bool) == Some(true),
        }
    }
}

fn appointments(value: &Value, now: &Zoned, hours: &Hours) -> Vec<Known> {
    let list = value.get("appointments").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let known = |entry: &Value| {
        let at = moment(entry, now)?;
        let end = entry.get("end").and_then(|end| moment(end, now)).filter(|end| *end > at);
        let text = |name: &str| entry.get(name).and_then(Value::as_str);
        let what = text("kind").and_then(|kind| hours.kind(kind)).map(|kind| kind.name.clone());
        Some(Known { at, end, what })
    };
    let mut known: Vec<Known> = list.iter().take(MOST_READ).filter_map(known).collect();
    known.sort_by(|a, b| a.at.cmp(&b.at));
    known
}

/// `"2026-11-24T11:00"`, or an object with that as its `start`.
fn moment(entry: &Value, now: &Zoned) -> Option<Zoned> {
    let text = entry.as_str().or_else(|| entry.get("start")?.as_str())?;
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(instant.to_zoned(now.time_zone().clone()));
    }
    text.parse::<DateTime>().ok()?.to_zoned(now.time_zone().clone()).ok()
}
