//! One calendar and what stands in it. Overlapping events are taken: Google never looks.

use super::{
    answer::Refusal,
    body::{self, READ_ONLY},
    moment::{self, Moment},
    series::Series,
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What an account may do with a calendar; more comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    FreeBusyReader,
    Reader,
    Writer,
    Owner,
}

impl Role {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::FreeBusyReader => "freeBusyReader",
            Self::Reader => "reader",
            Self::Writer => "writer",
            Self::Owner => "owner",
        }
    }
}

#[derive(Debug)]
pub(super) struct Shelf {
    pub id: String,
    pub summary: String,
    pub zone: TimeZone,
    pub roles: BTreeMap<String, Role>,
    events: BTreeMap<String, Kept>,
    /// How many writes there were.
    pub changes: u64,
}

#[derive(Clone, Debug)]
struct Kept {
    event: Map<String, Value>,
    /// The number of the write that changed it last.
    changed: u64,
}

impl Shelf {
    pub fn new(id: &str, summary: &str, zone: &str, account: &str, role: Role) -> Self {
        Self {
            id: id.to_owned(),
            summary: summary.to_owned(),
            zone: TimeZone::get(zone).unwrap_or_else(|_| panic!("the test's own zone {zone} is none")),
            roles: BTreeMap::from([(account.to_owned(), role)]),
            events: BTreeMap::new(),
            changes: 0,
        }
    }

    /// The calendar's IANA zone name.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// Makes an event. `account` is who does it.
    pub fn insert(&mut self, asked: &Value, now: Timestamp, account: &str) -> Result<Value, Refusal> {
        let mut event = settable(&body::without_nulls(asked));
        if event.contains_key("id") && event.contains_key("iCalUID") {
            return Err(Refusal::strict("An event is given either an id or an iCalUID."));
        }
        let id = match event.get("id").and_then(Value::as_str) {
            Some(id) if !is_an_id(id) => return Err(Refusal::invalid("Invalid resource id value.")),
            Some(id) => id.to_owned(),
            None => format!("sim{:023x}", self.changes + 1),
        };
        if self.events.contains_key(&id) {
            return Err(Refusal::new(409, "duplicate", "The requested identifier already exists."));
        }
        if event.get("status").is_some_and(|status| status == "cancelled") {
            return Err(Refusal::invalid("Invalid value for: cancelled is not a valid value"));
        }
        body::judge(&mut event)?;
        event.insert("id".into(), id.clone().into());
        event.entry("iCalUID").or_insert_with(|| format!("{id}@google.com").into());
        event.insert("kind".into(), "calendar#event".into());
        event.insert("htmlLink".into(), format!("https://www.google.com/calendar/event?eid={id}").into());
        event.insert("created".into(), moment::stamp(now).into());
        event.insert("creator".into(), json!({"email": account}));
        event
            .insert("organizer".into(), json!({"email": self.id, "displayName": self.summary, "self": true}));
        self.keep(event, 0, now);
        Ok(self.find(&id).expect("it is just kept"))
    }

    /// Changes what `change` names. `revives`: a deleted event may be confirmed again.
    pub fn patch(
        &mut self,
        id: &str,
        change: &Value,
        now: Timestamp,
        revives: bool,
    ) -> Result<Value, Refusal> {
        let mut event = self.to_change(id)?;
        let mut change = settable(change);
        change.remove("id");
        change.remove("iCalUID");
        let was_cancelled = is_cancelled(&event);
        if was_cancelled && change.get("status").is_some_and(|status| status != "cancelled") && !revives {
            return Err(Refusal::new(403, "forbidden", "Forbidden"));
        }
        body::merge(&mut event, &change);
        body::judge(&mut event)?;
        Ok(self.rewrite(event, now))
    }

    /// Replaces the event: what is not given is reset.
    pub fn update(
        &mut self,
        id: &str,
        asked: &Value,
        now: Timestamp,
        revives: bool,
    ) -> Result<Value, Refusal> {
        let old = self.to_change(id)?;
        let mut event = settable(&body::without_nulls(asked));
        for name in ["id", "iCalUID"] {
            if event.get(name).is_some_and(|given| old.get(name) != Some(given)) {
                return Err(Refusal::invalid(format!("The event's {name} cannot be changed.")));
            }
        }
        if is_cancelled(&old) && !is_cancelled(&event) && !revives {
            return Err(Refusal::new(403, "forbidden", "Forbidden"));
        }
        body::judge(&mut event)?;
        for name in READ_ONLY.into_iter().chain(["id", "iCalUID"]) {
            if let Some(value) = old.get(name) {
                event.insert(name.to_owned(), value.clone());
            }
        }
        Ok(self.rewrite(event, now))
    }

    /// Deletes the event, or one occurrence of it.
    pub fn delete(&mut self, id: &str, now: Timestamp) -> Result<(), Refusal> {
        let mut event = self.to_change(id)?;
        if is_cancelled(&event) {
            return Err(Refusal::new(410, "deleted", "Resource has been deleted"));
        }
        event.insert("status".into(), "cancelled".into());
        self.rewrite(event, now);
        let of_it = |kept: &&Kept| kept.event.get("recurringEventId").is_some_and(|master| master == id);
        let exceptions: Vec<_> = self.events.values().filter(of_it).map(|kept| kept.event.clone()).collect();
        for mut exception in exceptions {
            exception.insert("status".into(), "cancelled".into());
            self.rewrite(exception, now);
        }
        Ok(())
    }

    /// The event of this id, cancelled or not; an occurrence also where nobody has touched it.
    pub fn find(&self, id: &str) -> Option<Value> {
        if let Some(kept) = self.events.get(id) {
            return Some(kept.event.clone().into());
        }
        let (master, _) = id.rsplit_once('_')?;
        let master = &self.events.get(master)?.event;
        let untouched = self.occurrences(master, Timestamp::MAX);
        untouched.into_iter().find(|occurrence| occurrence["id"] == id)
    }

    /// Every event that is not cancelled, series as one.
    pub fn standing(&self) -> Vec<Value> {
        self.changed_since(None).into_iter().filter(|event| event["status"] != "cancelled").collect()
    }

    /// Every event, cancelled ones too, that was written after the write of this number.
    pub fn changed_since(&self, change: Option<u64>) -> Vec<Value> {
        let late = self.events.values().filter(|kept| change.is_none_or(|change| kept.changed > change));
        late.map(|kept| kept.event.clone().into()).collect()
    }

    /// The occurrences of a series that begin by `bound`, as they were changed, cancelled ones too; the event itself
    /// where it is none.
    pub fn expand(&self, event: &Value, bound: Timestamp) -> Vec<Value> {
        let fields = event.as_object().expect("an event is an object");
        if !fields.contains_key("recurrence") {
            return vec![event.clone()];
        }
        let touched = |occurrence: Value| {
            let id = occurrence["id"].as_str().expect("it has an id");
            self.events.get(id).map_or(occurrence.clone(), |kept| kept.event.clone().into())
        };
        self.occurrences(fields, bound).into_iter().map(touched).collect()
    }

    /// When an event begins and ends.
    pub fn span(&self, event: &Value) -> (Timestamp, Timestamp) {
        let read = |which: &str| Moment::read(which, &event[which]).expect("a kept event has times");
        (read("start").instant(&self.zone), read("end").instant(&self.zone))
    }

    /// Whether it blocks time.
    pub fn is_busy(&self, event: &Value) -> bool {
        let declined =
            |attendee: &Value| attendee["email"] == *self.id && attendee["responseStatus"] == "declined";
        event["status"] != "cancelled"
            && event["transparency"] != "transparent"
            && !event["attendees"].as_array().is_some_and(|all| all.iter().any(declined))
    }

    fn occurrences(&self, master: &Map<String, Value>, bound: Timestamp) -> Vec<Value> {
        let Some(lines) = master.get("recurrence").and_then(Value::as_array) else { return Vec::new() };
        let series = Series::read(lines).expect("a kept series was read before");
        let read = |which: &str| Moment::read(which, &master[which]).expect("a kept event has times");
        let (start, end) = (read("start"), read("end"));
        let named = master["start"]["timeZone"].as_str();
        let zone =
            named.map_or_else(|| self.zone.clone(), |name| moment::zone(name).expect("it was read before"));
        let id = master["id"].as_str().expect("a kept event has an id");
        let occurrence = |at: Moment| {
            let mut event = master.clone();
            event.remove("recurrence");
            let (suffix, end) = match (&at, &start, &end) {
                (Moment::At(at), Moment::At(first), Moment::At(end)) => {
                    (at.strftime("%Y%m%dT%H%M%SZ").to_string(), Moment::At(*at + end.duration_since(*first)))
                }
                (Moment::Day(day), Moment::Day(first), Moment::Day(end)) => {
                    (day.strftime("%Y%m%d").to_string(), Moment::Day(*day + (*end - *first)))
                }
                _ => unreachable!("start and end are of one kind"),
            };
            event.insert("id".into(), format!("{id}_{suffix}").into());
            event.insert("recurringEventId".into(), id.into());
            let at = at.write(&self.zone, named);
            event.insert("originalStartTime".into(), at.clone());
            event.insert("start".into(), at);
            event.insert("end".into(), end.write(&self.zone, named));
            event.into()
        };
        series.starts(&start, &zone, bound).into_iter().map(occurrence).collect()
    }

    fn to_change(&self, id: &str) -> Result<Map<String, Value>, Refusal> {
        let found = self.find(id).ok_or_else(Refusal::not_found)?;
        Ok(found.as_object().expect("an event is an object").clone())
    }

    fn rewrite(&mut self, event: Map<String, Value>, now: Timestamp) -> Value {
        let sequence = event.get("sequence").and_then(Value::as_u64).unwrap_or_default() + 1;
        let id = event["id"].as_str().expect("a kept event has an id").to_owned();
        self.keep(event, sequence, now);
        self.find(&id).expect("it is just kept")
    }

    fn keep(&mut self, mut event: Map<String, Value>, sequence: u64, now: Timestamp) {
        self.changes += 1;
        for which in ["start", "end"] {
            let named = event[which]["timeZone"].as_str().map(str::to_owned);
            let moment = Moment::read(which, &event[which]).expect("it was judged before");
            event.insert(which.into(), moment.write(&self.zone, named.as_deref()));
        }
        event.entry("status").or_insert_with(|| "confirmed".into());
        event.entry("reminders").or_insert_with(|| json!({"useDefault": true}));
        event.entry("eventType").or_insert_with(|| "default".into());
        event.insert("sequence".into(), sequence.into());
        event.insert("updated".into(), moment::stamp(now).into());
        // The quotation marks are part of it.
        event.insert("etag".into(), format!("\"{}\"", 3_500_000_000_000_000 + 2 * self.changes).into());
        let id = event["id"].as_str().expect("it is given before").to_owned();
        self.events.insert(id, Kept { event, changed: self.changes });
    }
}

/// What of a body is heeded.
fn settable(asked: &Value) -> Map<String, Value> {
    let mut fields = asked.as_object().cloned().unwrap_or_default();
    fields.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    fields
}

fn is_cancelled(event: &Map<String, Value>) -> bool {
    event.get("status").is_some_and(|status| status == "cancelled")
}

fn is_an_id(id: &str) -> bool {
    (5..=1024).contains(&id.len()) && id.bytes().all(|b| matches!(b, b'a'..=b'v' | b'0'..=b'9'))
}
