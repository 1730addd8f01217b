//! `calendarList`, `calendars.get` and `settings.get`: which calendars there are, and in which zone.

use super::{
    Role, State,
    answer::{Answer, Refusal},
    grant::Who,
    method::Asked,
    shelf::Shelf,
};
use serde_json::{Value, json};

impl State {
    pub(super) fn list_calendars(&self, asked: &Asked, who: &Who) -> Result<Answer, Refusal> {
        if asked.get("syncToken").is_some() {
            let message = "Sync token is no longer valid, a full sync is required.";
            return Err(Refusal { domain: "calendar", ..Refusal::new(410, "fullSyncRequired", message) });
        }
        let least = match asked.get("minAccessRole") {
            None | Some("freeBusyReader") => Role::FreeBusyReader,
            Some("reader") => Role::Reader,
            Some("owner") => Role::Owner,
            Some(_) => Role::Writer,
        };
        let seen = self.shelves.values().filter_map(|shelf| Some((shelf, *shelf.roles.get(&who.account)?)));
        let entries: Vec<_> =
            seen.filter(|(_, role)| *role >= least).map(|(shelf, role)| entry(shelf, role, who)).collect();
        let wanted = asked.get("maxResults").and_then(|most| most.parse().ok()).unwrap_or(100);
        let most = self.habits.page.min(wanted).clamp(1, 250);
        let from = match asked
            .get("pageToken")
            .map(|token| token.strip_prefix("list").and_then(|n| n.parse().ok()))
        {
            None => 0,
            Some(Some(from)) if from < entries.len() => from,
            Some(_) => return Err(Refusal::invalid("Invalid page token value.").at("parameter", "pageToken")),
        };
        let to = (from + most).min(entries.len());
        let mut list = json!({"kind": "calendar#calendarList", "etag": "\"p1\"", "items": entries[from..to]});
        if to < entries.len() {
            list["nextPageToken"] = format!("list{to}").into();
        } else {
            list["nextSyncToken"] = "list=".into();
        }
        Ok(Answer::json(200, &list))
    }

    pub(super) fn listed_calendar(&self, asked: &Asked, who: &Who) -> Result<Answer, Refusal> {
        let id = self.open(who, &asked.path[0], Role::FreeBusyReader)?;
        let shelf = &self.shelves[&id];
        Ok(Answer::json(200, &entry(shelf, shelf.roles[&who.account], who)))
    }

    pub(super) fn one_calendar(&self, asked: &Asked, who: &Who) -> Result<Answer, Refusal> {
        let id = self.open(who, &asked.path[0], Role::FreeBusyReader)?;
        let shelf = &self.shelves[&id];
        let calendar = json!({
            "kind": "calendar#calendar", "etag": "\"c1\"", "id": id, "summary": shelf.summary,
            "timeZone": shelf.zone_name(), "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
        });
        Ok(Answer::json(200, &calendar))
    }

    pub(super) fn setting(&self, asked: &Asked) -> Result<Answer, Refusal> {
        if asked.path[0] != "timezone" {
            return Err(Refusal::not_found());
        }
        let setting =
            json!({"kind": "calendar#setting", "etag": "\"s1\"", "id": "timezone", "value": self.zone});
        Ok(Answer::json(200, &setting))
    }
}

fn entry(shelf: &Shelf, role: Role, who: &Who) -> Value {
    let mut entry = json!({
        "kind": "calendar#calendarListEntry", "etag": "\"e1\"", "id": shelf.id, "summary": shelf.summary,
        "timeZone": shelf.zone_name(), "accessRole": role.name(), "selected": true, "defaultReminders": [],
        "backgroundColor": "#9fe1e7", "foregroundColor": "#000000", "colorId": "14",
    });
    if shelf.id == who.account {
        entry["primary"] = true.into();
    }
    entry
}
