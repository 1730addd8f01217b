//! A small calendar that answers the desk's tools, and keeps count of what was done to it.

use call::{Agreed, Answer, Effect, ToolCall};
use jiff::{Zoned, civil::DateTime};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use when::{Hours, Span, free_slots, nearest_free};

/// What a tool changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    Booked(DateTime),
    Moved(DateTime, DateTime),
    Cancelled(DateTime),
    Noted(String),
}

pub struct Calendar {
    pub hours: Hours,
    /// Other people's appointments.
    pub busy: Vec<Span>,
    /// The caller's: when each starts, and its kind or title.
    pub own: BTreeMap<DateTime, String>,
    /// What the caller was told of confirmations: those who declined one.
    pub unconfirmed: u32,
    pub deeds: Vec<Deed>,
    /// What was last offered instead of a time that is taken, or as free.
    pub offered: Vec<DateTime>,
    /// The caller's number is withheld: nothing may be told.
    pub secretive: bool,
    pub hung_up: bool,
}

impl Calendar {
    pub fn new(hours: Hours) -> Self {
        Self {
            hours,
            busy: Vec::new(),
            own: BTreeMap::new(),
            unconfirmed: 0,
            deeds: Vec::new(),
            offered: Vec::new(),
            secretive: false,
            hung_up: false,
        }
    }

    pub fn run(&mut self, call: &ToolCall, now: &Zoned) -> Answer {
        let arguments: Value = serde_json::from_str(&call.arguments).expect("a tool's arguments are JSON");
        let at = |name: &str| -> DateTime {
            let text = arguments[name].as_str().unwrap_or_else(|| panic!("{} lacks {name}", call.name));
            assert_eq!(text.len(), 16, "local time to the minute: {text}");
            text.parse().expect("a local time")
        };
        let rules = match arguments["kind"].as_str() {
            Some(kind) => self.hours.for_kind(self.hours.kind(kind).expect("one of the kinds")),
            None => self.hours.clone(),
        };
        let asks_kind = matches!(
            call.name.as_str(),
            "check_calendar_availability" | "find_free_slots" | "create_calendar_event"
        );
        assert!(!asks_kind || self.hours.kinds.is_empty() || arguments["kind"].is_string(), "{arguments}");
        match call.name.as_str() {
            "check_calendar_availability" => {
                let start = at("datetime_start");
                let old = (!arguments["original_datetime"].is_null()).then(|| at("original_datetime"));
                let rules = old.and_then(|old| self.own.get(&old)).map_or(rules, |own| self.rules_of(own));
                match self.refusal(start, old, &rules, now) {
                    None => data("It is free.", &json!({"available": true, "alternatives": []})),
                    Some(mut answer) => {
                        answer.ok = true;
                        answer
                    }
                }
            }
            "find_free_slots" => {
                let range = Span::new(&zoned(at("datetime_start"), now), &zoned(at("datetime_end"), now));
                let free = free_slots(&rules, &self.all_busy(now, None), &range, now);
                self.offered = free.iter().map(Zoned::datetime).collect();
                data("Some times are free.", &json!({"slots": texts(&free)}))
            }
            "create_calendar_event" => {
                let (start, end) = (at("datetime_start"), at("datetime_end"));
                assert_eq!(zoned(end, now), rules.end_of(&zoned(start, now)));
                assert!(!arguments["summary"].as_str().expect("a summary").is_empty());
                if let Some(refusal) = self.refusal(start, None, &rules, now) {
                    return refusal;
                }
                let kind = arguments["kind"].as_str().or(arguments["summary"].as_str());
                self.own.insert(start, kind.expect("a summary").to_owned());
                self.unconfirmed += u32::from(arguments["confirmation"] == "none");
                self.deeds.push(Deed::Booked(start));
                done("Your appointment is booked.", Effect::Booked(agreed(start)))
            }
            "reschedule_appointment" => {
                let (old, new) = (at("original_datetime"), at("new_datetime_start"));
                let Some(summary) = self.own.get(&old).cloned() else {
                    return Answer::failed("I find no appointment of yours then.");
                };
                assert!(arguments["new_datetime_end"].is_null(), "it stays as long as it is");
                let rules = self.rules_of(&summary);
                if let Some(refusal) = self.refusal(new, Some(old), &rules, now) {
                    return refusal;
                }
                self.own.remove(&old);
                self.own.insert(new, summary);
                self.deeds.push(Deed::Moved(old, new));
                done("Your appointment is moved.", Effect::Moved(agreed(new)))
            }
            "cancel_appointment" => {
                let old = at("datetime_start");
                if self.own.remove(&old).is_none() {
                    return Answer::failed("I find no appointment of yours then.");
                }
                self.deeds.push(Deed::Cancelled(old));
                done("Your appointment is cancelled.", Effect::Cancelled(agreed(old)))
            }
            "list_appointments" if self.secretive => Answer::failed("I may not tell you that."),
            "list_appointments" => {
                let (from, to) = (at("datetime_start"), at("datetime_end"));
                let entries: Vec<Value> = self
                    .own
                    .range(from..=to)
                    .map(|(start, summary)| {
                        let end = self.rules_of(summary).end_of(&zoned(*start, now));
                        let end = text(end.datetime());
                        let mut entry =
                            json!({"id": "1", "start": text(*start), "end": end, "summary": summary});
                        if self.hours.kind(summary).is_some() {
                            entry["kind"] = summary.as_str().into();
                        }
                        entry
                    })
                    .collect();
                data(
                    &format!("You have {} appointments.", entries.len()),
                    &json!({ "appointments": entries }),
                )
            }
            "take_message" => {
                self.deeds.push(Deed::Noted(arguments["message"].as_str().expect("a message").into()));
                Answer::said("I will pass it on.")
            }
            "hang_up" => {
                self.hung_up = true;
                Answer::said("")
            }
            other => panic!("there is no tool {other}"),
        }
    }

    /// Other people's time, and the caller's own but for the appointment that is being moved.
    fn all_busy(&self, now: &Zoned, but: Option<DateTime>) -> Vec<Span> {
        let own = self.own.iter().filter(|(start, _)| Some(**start) != but).map(|(start, what)| {
            let start = zoned(*start, now);
            Span::new(&start, &self.rules_of(what).end_of(&start))
        });
        self.busy.iter().copied().chain(own).collect()
    }

    /// The rules of the kind that is called so, else the usual ones.
    fn rules_of(&self, what: &str) -> Hours {
        self.hours.kind(what).map_or_else(|| self.hours.clone(), |kind| self.hours.for_kind(kind))
    }

    fn refusal(
        &mut self,
        start: DateTime,
        but: Option<DateTime>,
        rules: &Hours,
        now: &Zoned,
    ) -> Option<Answer> {
        let start = zoned(start, now);
        let end = rules.end_of(&start);
        let slot = Span::new(&start, &end);
        let busy = self.all_busy(now, but);
        let free = rules.check(&start, &end, now).is_ok() && !busy.iter().any(|busy| busy.overlaps(&slot));
        if free {
            return None;
        }
        let others = nearest_free(rules, &busy, &start, now, 3);
        self.offered = others.iter().map(Zoned::datetime).collect();
        let mut answer = Answer::failed("That time is taken.");
        answer.data = json!({"available": false, "alternatives": texts(&others)}).to_string();
        Some(answer)
    }

    pub fn take(&mut self, start: &Zoned) {
        self.busy.push(Span::new(start, &self.hours.end_of(start)));
    }
}

pub fn zoned(at: DateTime, now: &Zoned) -> Zoned {
    at.to_zoned(now.time_zone().clone()).expect("a moment")
}

fn texts(moments: &[Zoned]) -> Vec<String> {
    moments.iter().map(|at| text(at.datetime())).collect()
}

fn text(at: DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M").to_string()
}

fn agreed(start: DateTime) -> Agreed {
    Agreed { id: "1".into(), starts: text(start) }
}

fn data(say: &str, data: &Value) -> Answer {
    Answer { data: data.to_string(), ..Answer::said(say) }
}

fn done(say: &str, effect: Effect) -> Answer {
    Answer { effect, ..Answer::said(say) }
}
