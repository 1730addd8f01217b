//! Reading: what is taken, the events, what has changed, and which calendars there are.

use super::{
    Account, Google,
    api::Call,
    event::{is_cancelled, read, span},
    fault::{Failed, Fault},
};
use crate::calendar::remote::{Event, Trouble};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use when::Span;

/// Google answers free/busy for some months at a time, not more; asked in pieces of four weeks.
const PIECE: SignedDuration = SignedDuration::from_hours(28 * 24);

/// No reading reaches further.
const FURTHEST: SignedDuration = SignedDuration::from_hours(800 * 24);

/// No answer has more pages.
const MOST_PAGES: usize = 60;

/// What an account may do with a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Nothing,
    /// Sees when it is taken.
    SeesBusy,
    Reads,
    Writes,
    Owns,
}

impl Role {
    fn named(name: &Value) -> Self {
        match name.as_str() {
            Some("freeBusyReader") => Self::SeesBusy,
            Some("reader" | "writerWithoutPrivateAccess") => Self::Reads,
            Some("writer") => Self::Writes,
            Some("owner") => Self::Owns,
            Some(_) | None => Self::Nothing,
        }
    }

    /// Whether appointments can be booked there.
    pub fn may_write(self) -> bool {
        self >= Self::Writes
    }

    /// In words for a page.
    pub fn words(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::SeesBusy => "sees only when it is taken",
            Self::Reads => "reads",
            Self::Writes => "reads and writes",
            Self::Owns => "owns",
        }
    }
}

/// A calendar that an account has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// For [`Google::new`].
    pub id: String,
    pub name: String,
    /// IANA name of its zone.
    pub zone: String,
    pub role: Role,
    /// The account's main one.
    pub primary: bool,
}

/// What a trial of a calendar found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What it is called there; the main calendar of an account is called by its e-mail address.
    pub name: String,
    /// IANA name of its zone.
    pub zone: String,
    pub role: Role,
    /// Whether guests can be invited to what we write.
    pub invites: bool,
}

/// What has changed since a token was given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Events that are new or not as they were. A series is one event, at its first time.
    pub events: Vec<Event>,
    /// The ids of those that are deleted.
    pub gone: Vec<String>,
    /// For the next time.
    pub token: String,
    /// These are all events that there are, not only the changed ones: what is missing here is gone.
    pub whole: bool,
}

impl Account {
    /// The account's calendars. A grant that may not list them gives its main one. A service account has in its list
    /// only what was put there; a calendar that was merely shared with it is named by its id instead.
    pub async fn calendars(self: &std::sync::Arc<Self>) -> Result<Vec<Listed>, Trouble> {
        let grant = self.grant().await;
        let call = || {
            Call::get("users/me/calendarList".into())
                .with("maxResults", "250")
                .expecting("kind", "calendar#calendarList")
        };
        let listed = if grant.lacks().is_empty() { Some(self.pages(call).await) } else { None };
        let items = match listed {
            Some(Ok((items, _))) => items,
            // The right to list is missing, or all rights are: then its main one cannot be read either.
            None | Some(Err(Failed { fault: Fault::Revoked(_), .. })) => {
                let main =
                    Google::new(self.clone(), "primary").map_err(|unusable| Trouble::Refused(unusable.0))?;
                let Report { name, zone, role, .. } = main.test().await?;
                return Ok(vec![Listed { id: "primary".into(), name, zone, role, primary: true }]);
            }
            Some(Err(failed)) => return Err(failed.trouble()),
        };
        let listed = |item: &Value| {
            let text = |name: &str| item[name].as_str().filter(|text| !text.is_empty());
            Some(Listed {
                id: text("id")?.to_owned(),
                name: text("summaryOverride").or(text("summary")).or(text("id"))?.to_owned(),
                zone: text("timeZone").unwrap_or_default().to_owned(),
                role: Role::named(&item["accessRole"]),
                primary: item["primary"] == true,
            })
        };
        let standing = items.iter().filter(|item| item["deleted"] != true);
        let mut calendars: Vec<_> = standing.filter_map(listed).collect();
        calendars.sort_by_key(|calendar| !calendar.primary);
        Ok(calendars)
    }

    /// All items of all pages, and the last page without them.
    async fn pages(&self, call: impl Fn() -> Call) -> Result<(Vec<Value>, Value), Failed> {
        let lost = |why: &str| Failed { fault: Fault::Lost(why.to_owned()), doubt: false };
        let mut items = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let call = match &next {
                None => call(),
                Some(token) => call().with("pageToken", token.as_str()),
            };
            let mut page = self.ask(&call).await?;
            match page["items"].take() {
                Value::Array(more) => items.extend(more),
                Value::Null => {}
                Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                    return Err(lost("Google answered nonsense."));
                }
            }
            match page["nextPageToken"].take() {
                Value::String(token) if next.as_ref() == Some(&token) => {
                    return Err(lost("Google answers with the same page again and again."));
                }
                Value::String(token) if !token.is_empty() => next = Some(token),
                _ => return Ok((items, page)),
            }
        }
        Err(lost("Google has more events than can be read."))
    }
}

impl Google {
    /// Whether it can be read, and what may be done with it; changes nothing.
    pub async fn test(&self) -> Result<Report, Trouble> {
        let found =
            self.account.ask(&self.listing().with("maxResults", "1")).await.map_err(Failed::trouble)?;
        let now = self.account.reach.now();
        let hour = Span { from: now, to: now.checked_add(SignedDuration::from_hours(1)).unwrap_or(now) };
        self.busy_in(hour, None).await?;
        let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
        Ok(Report {
            name: text("summary"),
            zone: text("timeZone"),
            role: Role::named(&found["accessRole"]),
            invites: self.account.grant().await.may_invite(),
        })
    }

    /// What has changed since `token` was given; everything, where there is none or it is too old.
    pub async fn changes(&self, token: Option<&str>) -> Result<Changes, Trouble> {
        let all = || self.listing().with("maxResults", "500").with("maxAttendees", "100");
        let since = match token {
            None => Err(Failed { fault: Fault::Resync, doubt: false }),
            Some(token) => self.account.pages(|| all().with("syncToken", token)).await,
        };
        let (whole, (items, last)) = match since {
            Ok(pages) => (false, pages),
            Err(Failed { fault: Fault::Resync, .. }) => {
                (true, self.account.pages(all).await.map_err(Failed::trouble)?)
            }
            Err(failed) => return Err(failed.trouble()),
        };
        let token = last["nextSyncToken"].as_str().ok_or_else(|| unbelievable("an end without a token"))?;
        let zone = last["timeZone"].as_str().unwrap_or_default();
        let mut changes = Changes { events: Vec::new(), gone: Vec::new(), token: token.to_owned(), whole };
        for item in &items {
            if is_cancelled(item) {
                changes.gone.extend(item["id"].as_str().map(str::to_owned));
            } else {
                changes.events.push(read(item, zone).map_err(|why| unbelievable(&why))?);
            }
        }
        Ok(changes)
    }

    /// A list of events. An answer that is none says nothing of what is taken, though it may look empty.
    pub(super) fn listing(&self) -> Call {
        Call::get(self.path("/events")).expecting("kind", "calendar#events")
    }

    /// By free/busy; by the events themselves where one of them is left out.
    pub(super) async fn busy_in(&self, range: Span, except: Option<&str>) -> Result<Vec<Span>, Trouble> {
        let Some(except) = except else { return self.free_busy(range).await };
        let (items, zone) = self.items(range).await?;
        let mut busy = Vec::new();
        for item in items.iter().filter(|item| item["id"] != except && item["recurringEventId"] != except) {
            let event = read(item, &zone).map_err(|why| unbelievable(&why))?;
            if event.busy && event.span.from < event.span.to {
                busy.push(event.span);
            }
        }
        Ok(busy)
    }

    pub(super) async fn events_in(&self, range: Span) -> Result<Vec<Event>, Trouble> {
        let (items, zone) = self.items(range).await?;
        let mut events = Vec::new();
        for item in &items {
            events.push(read(item, &zone).map_err(|why| unbelievable(&why))?);
        }
        events.sort_by_key(|event| event.span);
        Ok(events)
    }

    /// The events of `range` that stand, series expanded, and the calendar's zone.
    async fn items(&self, range: Span) -> Result<(Vec<Value>, String), Trouble> {
        if range.to <= range.from {
            return Ok((Vec::new(), String::new()));
        }
        bounded(range)?;
        let call = || {
            self.listing()
                .with("singleEvents", "true")
                .with("orderBy", "startTime")
                .with("timeMin", whole_second(range.from, false))
                .with("timeMax", whole_second(range.to, true))
                .with("maxResults", "250")
                .with("maxAttendees", "100")
        };
        let (mut items, mut last) = self.account.pages(call).await.map_err(Failed::trouble)?;
        items.retain(|item| !is_cancelled(item));
        let zone = match last["timeZone"].take() {
            Value::String(zone) => zone,
            _ => String::new(),
        };
        Ok((items, zone))
    }

    async fn free_busy(&self, range: Span) -> Result<Vec<Span>, Trouble> {
        if range.to <= range.from {
            return Ok(Vec::new());
        }
        bounded(range)?;
        let mut busy = Vec::new();
        let mut from = range.from;
        while from < range.to {
            let to = from.checked_add(PIECE).unwrap_or(range.to).min(range.to);
            let call = Call::query_by(
                "freeBusy".into(),
                json!({
                    "timeMin": whole_second(from, false),
                    "timeMax": whole_second(to, true),
                    "items": [{ "id": self.id }],
                }),
            );
            let answer = self.account.ask(&call).await.map_err(Failed::trouble)?;
            busy.extend(taken(&answer, &self.id)?);
            from = to;
        }
        Ok(busy)
    }
}

/// What a free/busy answer says of a calendar. One that failed is told inside a 200: what is taken there is unknown.
fn taken(answer: &Value, id: &str) -> Result<Vec<Span>, Trouble> {
    let calendars = answer["calendars"].as_object().ok_or_else(|| unbelievable("no calendars"))?;
    // Whether `primary` comes back as such or as its address is nowhere promised; only one was asked for.
    let only = || calendars.values().next().filter(|_| calendars.len() == 1 && id == "primary");
    let found = calendars.get(id).or_else(only);
    let found = found.ok_or_else(|| unbelievable("nothing about this calendar"))?;
    if let Some(error) = found["errors"].as_array().and_then(|errors| errors.first()) {
        return Err(match error["reason"].as_str() {
            Some("notFound") => Trouble::Refused(
                "Google finds no such calendar for this account: it was deleted, or is no longer shared."
                    .into(),
            ),
            Some(reason) => {
                let reason: String = reason.chars().filter(char::is_ascii_alphanumeric).take(60).collect();
                Trouble::Unreachable(format!("Google cannot say when the calendar is taken ({reason})."))
            }
            None => unbelievable("an error without a reason"),
        });
    }
    let busy = found["busy"].as_array().ok_or_else(|| unbelievable("neither times nor errors"))?;
    let period = |period: &Value| {
        let at = |name: &str| json!({ "dateTime": period[name] });
        span(&json!({ "start": at("start"), "end": at("end") }), "UTC").map_err(|why| unbelievable(&why))
    };
    busy.iter().map(period).collect()
}

fn bounded(range: Span) -> Result<(), Trouble> {
    if range.to.duration_since(range.from) > FURTHEST {
        return Err(Trouble::Refused("So long a time cannot be looked at in one go.".into()));
    }
    Ok(())
}

fn unbelievable(what: &str) -> Trouble {
    Trouble::Unreachable(format!("Google’s answer cannot be believed: {what}."))
}

/// Google leaves out fractions of a second; what is asked for is rather wider than narrower.
fn whole_second(moment: Timestamp, up: bool) -> String {
    let fraction = moment.subsec_nanosecond();
    let more = i64::from(up && fraction > 0) - i64::from(!up && fraction < 0);
    let second = Timestamp::from_second(moment.as_second() + more).unwrap_or(moment);
    second.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: &str, to: &str) -> Span {
        Span { from: from.parse().expect("a time"), to: to.parse().expect("a time") }
    }

    #[test]
    fn primary_may_come_back_by_its_address() {
        let busy =
            json!({ "busy": [{ "start": "2026-12-01T10:00:00+01:00", "end": "2026-12-01T10:30:00+01:00" }] });
        let answer = json!({ "calendars": { "owner@example.com": busy } });
        let taken_at = [span("2026-12-01T09:00:00Z", "2026-12-01T09:30:00Z")];
        assert_eq!(taken(&answer, "primary").expect("busy"), taken_at);
        assert_eq!(taken(&answer, "owner@example.com").expect("busy"), taken_at);
        assert!(taken(&answer, "another@example.com").is_err());
        let two = json!({ "calendars": { "a@example.com": busy, "b@example.com": busy } });
        assert!(taken(&two, "primary").is_err());
    }

    #[test]
    fn times_and_errors_together_are_an_error() {
        let answer = json!({ "calendars": { "c": { "errors": [{ "domain": "global", "reason": "internalError" }],
            "busy": [{ "start": "2026-12-01T10:00:00Z", "end": "2026-12-01T10:30:00Z" }] } } });
        assert!(matches!(taken(&answer, "c"), Err(Trouble::Unreachable(_))));
        let nameless = json!({ "calendars": { "c": { "errors": [{}], "busy": [] } } });
        assert!(matches!(taken(&nameless, "c"), Err(Trouble::Unreachable(_))));
    }

    #[test]
    fn a_fraction_of_a_second_widens_what_is_asked() {
        let told = |moment: &str, up| whole_second(moment.parse().expect("a time"), up);
        assert_eq!(told("2026-12-01T09:00:00.5Z", false), "2026-12-01T09:00:00Z");
        assert_eq!(told("2026-12-01T09:00:00.5Z", true), "2026-12-01T09:00:01Z");
        assert_eq!(told("2026-12-01T09:00:00Z", true), "2026-12-01T09:00:00Z");
        assert_eq!(told("1969-12-31T23:59:58.5Z", false), "1969-12-31T23:59:58Z");
        assert_eq!(told("1969-12-31T23:59:58.5Z", true), "1969-12-31T23:59:59Z");
    }
}
