//! `freebusy.query`: what is taken, and which calendars did not say.

use super::{
    FreeBusyFault, Role, State,
    answer::{Answer, Refusal},
    body,
    grant::Who,
    moment,
};
use crate::http::Request;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A longer range is refused.
const LONGEST: SignedDuration = SignedDuration::from_hours(92 * 24);
/// How many calendars are answered at most.
const MOST: usize = 50;

impl State {
    pub(super) fn freebusy(&self, request: &Request, who: &Who) -> Result<Answer, Refusal> {
        let asked = body::read(request, "FreeBusyRequest")?;
        let time = |name: &str| {
            let text = asked[name].as_str();
            let text = text.ok_or_else(|| {
                Refusal::required(format!("Missing {name} parameter.")).at("parameter", name)
            })?;
            moment::parameter(name, text)
        };
        let (from, to) = (time("timeMin")?, time("timeMax")?);
        if from >= to {
            return Err(Refusal::new(400, "timeRangeEmpty", "The specified time range is empty."));
        }
        if to.duration_since(from) > LONGEST {
            return Err(Refusal::new(400, "timeRangeTooLong", "The requested time range is too long."));
        }
        let zone = moment::zone(asked["timeZone"].as_str().unwrap_or("UTC"))?;
        let most = match &asked["calendarExpansionMax"] {
            Value::Null => MOST,
            given => {
                given.as_u64().map(|most| most as usize).filter(|most| *most <= MOST).ok_or_else(|| {
                    Refusal::invalid("Invalid value for calendarExpansionMax.")
                        .at("parameter", "calendarExpansionMax")
                })?
            }
        };
        let mut answer = json!({
            "kind": "calendar#freeBusy", "timeMin": moment::stamp(from), "timeMax": moment::stamp(to), "calendars": {},
        });
        let items = asked["items"].as_array().map_or(&[][..], Vec::as_slice);
        for (index, item) in items.iter().enumerate() {
            let id = item["id"].as_str().ok_or_else(|| Refusal::required("An item has no id."))?;
            let error = |reason: &str| json!([{"domain": "global", "reason": reason}]);
            let entry = match self.freebusy_faults.get(id) {
                Some(FreeBusyFault::Missing) => continue,
                Some(FreeBusyFault::Error(reason)) => json!({"errors": error(reason), "busy": []}),
                Some(FreeBusyFault::ErrorAlone(reason)) => json!({"errors": error(reason)}),
                None if index >= most => json!({"errors": error("tooManyCalendarsRequested"), "busy": []}),
                None => match self.open(who, id, Role::FreeBusyReader) {
                    Err(_) => json!({"errors": error("notFound"), "busy": []}),
                    Ok(calendar) => {
                        let write = |at: &Timestamp| moment::write(*at, &zone);
                        let busy = self.busy(&calendar, from, to);
                        let busy =
                            busy.iter().map(|(start, end)| json!({"start": write(start), "end": write(end)}));
                        json!({"busy": busy.collect::<Vec<_>>()})
                    }
                },
            };
            answer["calendars"][id] = entry;
        }
        Ok(Answer::json(200, &answer))
    }

    /// What is taken within the range, cut to it and joined where it touches.
    fn busy(&self, calendar: &str, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let shelf = &self.shelves[calendar];
        let standing = shelf.standing().into_iter().filter(|event| event["recurringEventId"].is_null());
        let events = standing.flat_map(|event| shelf.expand(&event, to));
        let spans = events.filter(|event| shelf.is_busy(event)).map(|event| shelf.span(&event));
        let mut spans: Vec<_> = spans
            .map(|(start, end)| (start.max(from), end.min(to)))
            .filter(|(start, end)| start < end)
            .collect();
        spans.sort();
        let mut busy: Vec<(Timestamp, Timestamp)> = Vec::new();
        for (start, end) in spans {
            match busy.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                Some(_) | None => busy.push((start, end)),
            }
        }
        busy
    }
}
