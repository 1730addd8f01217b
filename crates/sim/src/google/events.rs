//! `events.insert`, `get`, `patch`, `update` and `delete`: one event at a time.

use super::{
    Role, State,
    answer::{Answer, Refusal},
    body,
    grant::Who,
    method::{Asked, Method},
    moment,
};
use crate::http::Request;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

impl State {
    pub(super) fn one_event(
        &mut self,
        method: Method,
        asked: &Asked,
        request: &Request,
        who: &Who,
        now: Timestamp,
    ) -> Result<Answer, Refusal> {
        let reads = method == Method::EventsGet;
        let calendar = self.open(who, &asked.path[0], if reads { Role::Reader } else { Role::Writer })?;
        let revives = self.habits.revives;
        let shelf = self.shelf(&calendar);
        if method == Method::EventsInsert {
            let asked_event = body::read(request, "EventInsert").map_err(name_the_missing)?;
            forbid_guests(who, &asked_event)?;
            let event = shelf.insert(&asked_event, now, &who.account)?;
            return Ok(Answer::json(200, &rendered(&event, &shelf.zone)));
        }
        let id = &asked.path[1];
        let found = shelf.find(id).ok_or_else(Refusal::not_found)?;
        let etag = found["etag"].as_str().expect("a kept event has a version");
        if reads {
            if request.header("if-none-match") == Some(etag) {
                return Ok(Answer::empty(304));
            }
            let zone = asked.get("timeZone").map(moment::zone).transpose()?;
            return Ok(Answer::json(200, &rendered(&found, zone.as_ref().unwrap_or(&shelf.zone))));
        }
        // A deletion says that it was one before it compares versions.
        let deleted = found["status"] == "cancelled" && method == Method::EventsDelete;
        if let Some(wanted) = request.header("if-match")
            && wanted != "*"
            && wanted != etag
            && !deleted
        {
            let refusal = Refusal::new(412, "conditionNotMet", "Precondition Failed");
            return Err(refusal.at("header", "If-Match"));
        }
        let event = match method {
            Method::EventsPatch => {
                let change = body::read(request, "Event")?;
                forbid_guests(who, &change)?;
                shelf.patch(id, &change, now, revives)?
            }
            Method::EventsUpdate => {
                let event = body::read(request, "EventInsert").map_err(name_the_missing)?;
                forbid_guests(who, &event)?;
                shelf.update(id, &event, now, revives)?
            }
            _ => {
                if !request.body.is_empty() {
                    return Err(Refusal::strict("A deletion has no body."));
                }
                shelf.delete(id, now)?;
                return Ok(Answer::empty(204));
            }
        };
        Ok(Answer::json(200, &rendered(&event, &shelf.zone)))
    }

    /// The id of a calendar that this account may use so.
    pub(super) fn open(&self, who: &Who, asked: &str, role: Role) -> Result<String, Refusal> {
        let id = if asked == "primary" { &who.account } else { asked };
        let has = self.shelves.get(id).and_then(|shelf| shelf.roles.get(&who.account));
        match has {
            None => Err(Refusal::not_found()),
            Some(has) if *has < role => {
                let message = format!("You need to have {} access to this calendar.", role.name());
                Err(Refusal { domain: "calendar", ..Refusal::new(403, "requiredAccessLevel", message) })
            }
            Some(_) => Ok(id.to_owned()),
        }
    }
}

/// An event as it is answered, its times in this zone.
pub(super) fn rendered(event: &Value, zone: &TimeZone) -> Value {
    let mut event = event.clone();
    for which in ["start", "end", "originalStartTime"] {
        let Some(at) = event[which]["dateTime"].as_str().and_then(moment::instant) else { continue };
        event[which]["dateTime"] = moment::write(at, zone).into();
    }
    event
}

fn forbid_guests(who: &Who, event: &Value) -> Result<(), Refusal> {
    let guests = event["attendees"].as_array().is_some_and(|guests| !guests.is_empty());
    if who.is_service_account && guests {
        let message = "Service accounts cannot invite attendees without Domain-Wide Delegation of Authority.";
        return Err(Refusal {
            domain: "calendar",
            ..Refusal::new(403, "forbiddenForServiceAccounts", message)
        });
    }
    Ok(())
}

/// What Google says where an event has no times.
fn name_the_missing(refusal: Refusal) -> Refusal {
    let missing = |which: &str| refusal.message.contains(&format!("\"{which}\" is a required property"));
    match ["end", "start"].into_iter().find(|which| missing(which)) {
        Some(which) => Refusal::required(format!("Missing {which} time.")),
        None => refusal,
    }
}
