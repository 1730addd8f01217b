//! `events.list` and `events.instances`: ranges, searches, pages and synchronisation.

use super::{
    Role, State,
    answer::{Answer, Refusal},
    events::rendered,
    grant::Who,
    method::Asked,
    moment,
    shelf::Shelf,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The tokens that were given out.
#[derive(Debug, Default)]
pub(super) struct Listings {
    pages: BTreeMap<String, Page>,
    pub syncs: BTreeMap<String, Sync>,
    given: u64,
}

/// What is left of a list.
#[derive(Clone, Debug)]
struct Page {
    question: String,
    items: Vec<Value>,
    /// Up to which write the list is complete; none where it cannot be followed.
    sync: Option<Sync>,
}

#[derive(Clone, Debug)]
pub(super) struct Sync {
    question: String,
    changes: u64,
}

/// What a list with a sync token cannot have.
const NOT_WITH_SYNC: [&str; 8] = [
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
];

impl State {
    pub(super) fn list_events(&mut self, asked: &Asked, who: &Who) -> Result<Answer, Refusal> {
        let calendar = self.open(who, &asked.path[0], Role::Reader)?;
        let question = question(asked, &[]);
        let page = match asked.get("pageToken") {
            Some(token) => match self.listings.pages.get(token) {
                Some(page) if page.question == question => page.clone(),
                Some(_) | None => {
                    return Err(Refusal::invalid("Invalid page token value.").at("parameter", "pageToken"));
                }
            },
            None => self.first_page(asked, &calendar, question)?,
        };
        let first = asked.get("pageToken").is_none();
        let wanted = asked.get("maxResults").and_then(|most| most.parse().ok()).unwrap_or(250);
        let most = if first && self.habits.empty_first_page {
            0
        } else {
            self.habits.page.min(wanted).clamp(1, 2500)
        };
        let Page { question, mut items, sync } = page;
        let rest = items.split_off(most.min(items.len()));
        let role = self.shelves[&calendar].roles[&who.account];
        let shelf = &self.shelves[&calendar];
        let zone = asked.get("timeZone").map(moment::zone).transpose()?;
        let items: Vec<_> =
            items.iter().map(|event| rendered(event, zone.as_ref().unwrap_or(&shelf.zone))).collect();
        let mut list = json!({
            "kind": "calendar#events",
            "etag": format!("\"p{}\"", shelf.changes),
            "summary": shelf.summary,
            "updated": moment::stamp(self.now()),
            "timeZone": zone.as_ref().and_then(|zone| zone.iana_name()).unwrap_or(shelf.zone_name()),
            "accessRole": role.name(),
            "defaultReminders": [],
            "items": items,
        });
        let listings = &mut self.listings;
        listings.given += 1;
        if !rest.is_empty() || most == 0 {
            let token = format!("page{}=", listings.given);
            list["nextPageToken"] = token.clone().into();
            listings.pages.insert(token, Page { question, items: rest, sync });
        } else if let Some(sync) = sync {
            let token = format!("sync{}=", listings.given);
            list["nextSyncToken"] = token.clone().into();
            listings.syncs.insert(token, sync);
        }
        Ok(Answer::json(200, &list))
    }

    fn first_page(&self, asked: &Asked, calendar: &str, whole: String) -> Result<Page, Refusal> {
        let shelf = &self.shelves[calendar];
        // What a later list with the token must repeat.
        let initial =
            format!("{calendar} {}", question(asked, &["syncToken", "timeMin", "timeMax", "showDeleted"]));
        let sync = Sync { question: initial, changes: shelf.changes };
        if let Some(token) = asked.get("syncToken") {
            let clash = NOT_WITH_SYNC.into_iter().find(|name| asked.get(name).is_some());
            if let Some(name) = clash.or((asked.get("showDeleted") == Some("false")).then_some("showDeleted"))
            {
                let message = format!("Sync token cannot be used together with {name}.");
                return Err(Refusal::new(400, "badRequest", message).at("parameter", "syncToken"));
            }
            let Some(since) = self.listings.syncs.get(token) else {
                let message = "Sync token is no longer valid, a full sync is required.";
                let refusal =
                    Refusal { domain: "calendar", ..Refusal::new(410, "fullSyncRequired", message) };
                return Err(refusal.at("parameter", "syncToken"));
            };
            if since.question != sync.question {
                return Err(Refusal::strict("A sync token is used with the parameters of its first list."));
            }
            let changed = shelf.changed_since(Some(since.changes));
            let single = asked.is_true("singleEvents");
            let mut items = Vec::new();
            for event in changed {
                if single && event["status"] != "cancelled" {
                    items.extend(shelf.expand(&event, horizon(self.now())));
                } else {
                    items.push(event);
                }
            }
            let items = items.iter().map(bare).collect();
            return Ok(Page { question: whole, items, sync: Some(sync) });
        }
        let items = self.select(asked, shelf)?;
        let followed = asked.path.len() == 1
            && ["iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "updatedMin"]
                .into_iter()
                .all(|name| asked.get(name).is_none());
        Ok(Page { question: whole, items, sync: followed.then_some(sync) })
    }

    /// The events that a list without tokens asks for.
    fn select(&self, asked: &Asked, shelf: &Shelf) -> Result<Vec<Value>, Refusal> {
        let time = |name| asked.get(name).map(|text| moment::parameter(name, text)).transpose();
        let (from, to, updated) = (time("timeMin")?, time("timeMax")?, time("updatedMin")?);
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            return Err(Refusal::new(400, "timeRangeEmpty", "The specified time range is empty.")
                .at("parameter", "timeMax"));
        }
        let instances = asked.path.get(1);
        let single = asked.is_true("singleEvents") || instances.is_some();
        let order = asked.get("orderBy");
        if order == Some("startTime") && !single {
            let message = "The requested ordering is not available for the particular query.";
            return Err(Refusal::new(400, "badRequest", message).at("parameter", "orderBy"));
        }
        if updated
            .is_some_and(|updated| self.now().duration_since(updated) > SignedDuration::from_hours(28 * 24))
        {
            let message = "The requested minimum modification time lies too far in the past.";
            return Err(Refusal { domain: "calendar", ..Refusal::new(410, "updatedMinTooLongAgo", message) });
        }
        let bound = to.unwrap_or_else(|| horizon(self.now()));
        let mut events = match instances {
            Some(id) => vec![shelf.find(id).ok_or_else(Refusal::not_found)?],
            None => shelf.changed_since(None),
        };
        let is_series = |event: &Value| event["recurrence"].is_array() && event["status"] != "cancelled";
        if single {
            // Touched occurrences come with their series.
            let lone = |event: &Value| event["recurringEventId"].is_null() || instances.is_some();
            events.retain(lone);
            events = events
                .into_iter()
                .flat_map(|event| if is_series(&event) { shelf.expand(&event, bound) } else { vec![event] })
                .collect();
        }
        let deleted = asked.is_true("showDeleted") || updated.is_some();
        let within = |event: &Value| {
            let times = |event: &Value| {
                let (start, end) = shelf.span(event);
                from.is_none_or(|from| end > from) && to.is_none_or(|to| start < to)
            };
            if is_series(event) { shelf.expand(event, bound).iter().any(times) } else { times(event) }
        };
        events.retain(|event| {
            (deleted || event["status"] != "cancelled")
                && within(event)
                && updated.is_none_or(|updated| written(event) >= updated)
                && asked.get("iCalUID").is_none_or(|uid| event["iCalUID"] == uid)
                && asked.get("q").is_none_or(|words| mentions(event, words))
                && asked.all("privateExtendedProperty").all(|pair| has(event, "private", pair))
                && asked.all("sharedExtendedProperty").all(|pair| has(event, "shared", pair))
        });
        let types: Vec<_> = asked.all("eventTypes").collect();
        events.retain(|event| types.is_empty() || types.iter().any(|one| event["eventType"] == *one));
        match order {
            Some("startTime") => events.sort_by_key(|event| shelf.span(event).0),
            Some(_) => events.sort_by_key(written),
            None => {}
        }
        Ok(events.iter().map(bare).collect())
    }
}

/// A deleted event as a list has it: of the rest nothing is promised.
fn bare(event: &Value) -> Value {
    if event["status"] != "cancelled" {
        return event.clone();
    }
    let mut bare = json!({});
    for name in ["kind", "etag", "id", "status", "recurringEventId", "originalStartTime"] {
        if !event[name].is_null() {
            bare[name] = event[name].clone();
        }
    }
    bare
}

/// Every parameter but those of the page, in a fixed order.
fn question(asked: &Asked, without: &[&str]) -> String {
    let page = ["pageToken", "maxResults"];
    let kept =
        |(name, _): &&(String, String)| !page.contains(&name.as_str()) && !without.contains(&name.as_str());
    let mut parameters: Vec<_> = asked.query.iter().filter(kept).collect();
    parameters.sort();
    format!("{:?} {parameters:?}", asked.path)
}

fn horizon(now: Timestamp) -> Timestamp {
    now + SignedDuration::from_hours(2 * 365 * 24)
}

fn written(event: &Value) -> Timestamp {
    event["updated"].as_str().and_then(moment::instant).expect("a kept event says when it was written")
}

fn mentions(event: &Value, words: &str) -> bool {
    let texts = ["summary", "description", "location"].map(|name| event[name].as_str().unwrap_or_default());
    let guests = event["attendees"].as_array().into_iter().flatten();
    let guests = guests.flat_map(|guest| [&guest["email"], &guest["displayName"]]).filter_map(Value::as_str);
    let text = texts.into_iter().chain(guests).collect::<Vec<_>>().join(" ").to_lowercase();
    words.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

fn has(event: &Value, side: &str, pair: &str) -> bool {
    pair.split_once('=').is_some_and(|(name, value)| event["extendedProperties"][side][name] == value)
}
