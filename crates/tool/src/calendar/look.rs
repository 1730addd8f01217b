//! The tools that look and change nothing: is it free, what is free, what is there.

use super::{
    Entry, Slot,
    arguments::{datetime, line, with_kind},
    office::{self, Office, Rules, a_kind, iso, name_all, unavailable},
};
use crate::{Class, Errand, Running, Spec, Tool, Trust};
use call::{Answer, Others};
use jiff::{ToSpan, Zoned};
use serde_json::{Value, json};
use std::sync::Arc;
use when::{Span, Style};

/// More free times than a conversation needs.
const MOST_SLOTS: usize = 100;
/// More appointments than one can listen to or a model should read.
const MOST_ENTRIES: usize = 100;
/// As many as one can listen to.
const SAID: usize = 3;

/// `check_calendar_availability`. A time that is free is then held for the call.
pub(super) struct Check(pub Arc<Office>);

impl Tool for Check {
    fn spec(&self) -> Spec {
        Spec {
            name: "check_calendar_availability".into(),
            description: "Whether a time is free for an appointment, and what is free close to it if not. Always check \
                          before you offer or book a time."
                .into(),
            parameters: with_kind(
                json!({
                    "type": "object",
                    "properties": {
                        "datetime_start": datetime("Local start, such as 2026-11-24T10:30."),
                        "datetime_end": datetime("Local end. Left out: the usual length."),
                        "original_datetime": datetime("Only where an appointment is to be moved: when it starts now, local."),
                    },
                    "required": ["datetime_start"],
                }),
                &self.0.hours,
            ).into(),
        }
    }

    fn trust(&self) -> Trust {
        Trust::Stranger
    }

    fn class(&self) -> Class {
        Class::Reads
    }

    fn run<'a>(&'a self, arguments: Value, errand: &'a Errand) -> Running<'a> {
        Box::pin(async move { self.check(&arguments, errand).await.unwrap_or_else(|answer| answer) })
    }
}

impl Check {
    async fn check(&self, arguments: &Value, errand: &Errand) -> Result<Answer, Answer> {
        let office = &self.0;
        let now = office.now(errand);
        let (rules, length) = match arguments["original_datetime"].as_str().map(str::trim) {
            None | Some("") => {
                let rules = office.rules(arguments)?;
                let length = rules.hours.slot;
                (rules, length)
            }
            Some(_) => {
                let entry = office.own(arguments, "original_datetime", errand, &now).await?;
                (office.rules_for(&entry).moving(&entry), office.length(&entry))
            }
        };
        let (start, remark) = office.required(arguments, "datetime_start", &rules, &now)?;
        let slot = office.slot(&start, arguments, "datetime_end", length, &rules, errand)?;
        if let Err(answer) = self.keep(slot, &rules, errand, &now).await {
            // Not free is an answer to the question, where it comes with what is free.
            let ok = !answer.data.is_empty();
            return Ok(Answer { ok, ..answer });
        }
        let say = format!("{remark}{} is free.", when::name_moment(&start, &now, Style::Spoken));
        let data = json!({"available": true, "alternatives": []}).to_string();
        Ok(Answer { data, ..Answer::said(say) })
    }

    async fn keep(&self, slot: Slot, rules: &Rules, errand: &Errand, now: &Zoned) -> Result<(), Answer> {
        let office = &self.0;
        office.free(slot, rules, errand, now).await?;
        let held = office
            .calendar
            .hold(slot, rules.moved_id(), errand)
            .await
            .map_err(|error| unavailable(&error, errand))?;
        if held { Ok(()) } else { Err(office.taken(slot, rules, errand, now).await) }
    }
}

/// `find_free_slots`.
pub(super) struct Find(pub Arc<Office>);

impl Tool for Find {
    fn spec(&self) -> Spec {
        Spec {
            name: "find_free_slots".into(),
            description: "The times that are free for an appointment of the usual length.".into(),
            parameters: with_kind(
                json!({
                    "type": "object",
                    "properties": {
                        "datetime_start": datetime("From when to look, local, such as 2026-11-24T09:00; a date alone is the whole day. Left out: from now on."),
                        "datetime_end": datetime("Until when to look, likewise. Left out: for one day."),
                    },
                }),
                &self.0.hours,
            ).into(),
        }
    }

    fn trust(&self) -> Trust {
        Trust::Stranger
    }

    fn class(&self) -> Class {
        Class::Reads
    }

    fn run<'a>(&'a self, arguments: Value, errand: &'a Errand) -> Running<'a> {
        Box::pin(async move { self.find(&arguments, errand).await.unwrap_or_else(|answer| answer) })
    }
}

impl Find {
    async fn find(&self, arguments: &Value, errand: &Errand) -> Result<Answer, Answer> {
        let office = &self.0;
        let now = office.now(errand);
        // The end is that of the search, and tells nothing about how long it takes.
        let rules = office.rules(&json!({ "kind": arguments["kind"] }))?;
        let (range, _) = office.range(arguments, 1.day(), &now)?;
        if range.to <= now.timestamp() {
            return Err(Answer::failed("That time is already over. From when on shall I look?"));
        }
        let wide = rules.slot(office::widened(rules.slot(range)));
        let busy = office
            .calendar
            .busy_beside(wide, None, errand)
            .await
            .map_err(|error| unavailable(&error, errand))?;
        let mut free = when::free_slots(&rules.hours, &busy, &range, &now);
        let more = free.len() > MOST_SLOTS;
        free.truncate(MOST_SLOTS);
        let say = match free.as_slice() {
            [] => self.nothing(range, &rules, errand, &now).await?,
            [first, ..] => {
                let day = free.iter().take_while(|at| at.date() == first.date()).count();
                let said = name_all(&free[..day.min(SAID)], "and", &now);
                let verb = if day.min(SAID) == 1 { "is" } else { "are" };
                let rest = if free.len() > day.min(SAID) { " There are more." } else { "" };
                format!("Free {verb} {said}.{rest}")
            }
        };
        let slots: Vec<String> = free.iter().map(iso).collect();
        Ok(Answer { data: json!({"slots": slots, "more": more}).to_string(), ..Answer::said(say) })
    }

    async fn nothing(
        &self,
        range: Span,
        rules: &Rules,
        errand: &Errand,
        now: &Zoned,
    ) -> Result<String, Answer> {
        let office = &self.0;
        let start = office.local(range.from);
        let later = start.checked_add(30.days()).unwrap_or_else(|_| start.clone());
        let after = Span { from: range.to, to: later.timestamp().max(range.to) };
        let busy = office
            .calendar
            .busy_beside(rules.slot(after), None, errand)
            .await
            .map_err(|error| unavailable(&error, errand))?;
        Ok(match when::free_slots(&rules.hours, &busy, &after, now).first() {
            Some(next) => {
                format!("Nothing is free then. The next is {}.", when::name_moment(next, now, Style::Spoken))
            }
            None => "Nothing is free then.".into(),
        })
    }
}

/// `list_appointments`: the owner's, or those that were made from the caller's number.
pub(super) struct List(pub Arc<Office>);

impl Tool for List {
    fn spec(&self) -> Spec {
        Spec {
            name: "list_appointments".into(),
            description: "The appointments in a stretch of time: all of them for your owner, for anybody else those made \
                          from their own number."
                .into(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "datetime_start": datetime("From when to look, local, such as 2026-11-24T09:00; a date alone is the whole day. Left out: from now on."),
                    "datetime_end": datetime("Until when to look, likewise. Left out: that day, or for a month from a time on."),
                },
            }).into(),
        }
    }

    fn trust(&self) -> Trust {
        Trust::Stranger
    }

    fn class(&self) -> Class {
        Class::Reads
    }

    fn run<'a>(&'a self, arguments: Value, errand: &'a Errand) -> Running<'a> {
        Box::pin(async move { self.list(&arguments, errand).await.unwrap_or_else(|answer| answer) })
    }
}

impl List {
    async fn list(&self, arguments: &Value, errand: &Errand) -> Result<Answer, Answer> {
        let office = &self.0;
        let now = office.now(errand);
        let (range, cut) = office.range(arguments, 1.month(), &now)?;
        let listed = office.calendar.list(range, errand).await;
        let mut listed = listed.map_err(|error| unavailable(&error, errand))?;
        let (count, whose) =
            (listed.len(), if errand.trust == Trust::Owner { "" } else { " from your number" });
        let say = match count {
            0 => match (errand.trust, errand.number()) {
                (Trust::Known | Trust::Stranger, None) => {
                    "Your number is withheld, so I cannot tell which appointments are yours.".into()
                }
                (Trust::Owner, _) | (_, Some(_)) => format!("There are no appointments{whose} then."),
            },
            1 => format!("There is one appointment{whose}: {}.", self.name(&listed[..1], errand, &now)),
            2..=SAID => {
                format!(
                    "There are {} appointments{whose}: {}.",
                    number(count),
                    self.name(&listed, errand, &now)
                )
            }
            _ => {
                let first = self.name(&listed[..SAID], errand, &now);
                format!("There are {} appointments{whose}. The first are {first}.", number(count))
            }
        };
        let say = match cut {
            Some(until) => {
                let until = when::name_date(until.date(), now.date(), Style::Spoken);
                format!("{say} I looked no further than {until}.")
            }
            None => say,
        };
        listed.truncate(MOST_ENTRIES);
        let entries: Vec<Value> = listed.iter().map(|entry| office.data(entry)).collect();
        let data = json!({"appointments": entries, "more": count > listed.len()}).to_string();
        // Whoever made an appointment has named it.
        let others = if errand.trust == Trust::Owner && count > 0 { Others::Within } else { Others::None };
        Ok(Answer { data, others, ..Answer::said(say) })
    }

    fn name(&self, entries: &[Entry], errand: &Errand, now: &Zoned) -> String {
        let name = |entry: &Entry| {
            let at = when::name_moment(&self.0.local(entry.span.from), now, Style::Spoken);
            match errand.trust {
                Trust::Owner if !entry.summary.is_empty() => format!("{at}: {}", short(&entry.summary)),
                Trust::Owner | Trust::Known | Trust::Stranger => {
                    match self.0.rules_for(entry).kind.as_str() {
                        "" => at,
                        kind => format!("{at}, for {}", a_kind(kind)),
                    }
                }
            }
        };
        when::list(&entries.iter().map(name).collect::<Vec<_>>(), "and")
    }
}

fn number(count: usize) -> String {
    when::name_number(u32::try_from(count).unwrap_or(u32::MAX))
}

/// So much of a title as one can listen to; in a calendar elsewhere anybody may have written it.
fn short(summary: &str) -> String {
    let summary = line(summary);
    let short: String = summary.chars().take(LONGEST_SAID).collect();
    if short.len() < summary.len() { format!("{short}…") } else { short }
}

const LONGEST_SAID: usize = 80;
