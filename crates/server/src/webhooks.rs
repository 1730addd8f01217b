//! Programs of the owner's that are told of what happens, by signed requests (Standard Webhooks).
//!
//! ```text
//!   a change, a call, a message ─► a job of kind EVENT ─► jobs/event.rs: what happened, once for each program
//!                                                              │ a row and a job of kind DELIVER each
//!                                                              ▼
//!                         webhooks/sign.rs ◄── jobs/deliver.rs: one try, again for a day
//! ```
//!
//! Nothing is queued while nobody wants to be told. An event has one id wherever it is told, however often.

pub mod sign;

use crate::{app::App, clock, current::Current, jobs, vault::Vault};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::{NewWebhook, NewWebhookDelivery, Store, StoreError, WebhookRow};
use tool::{
    calendar::books::{Changed, Job},
    message::job::Planned,
};
use utoipa::ToSchema;

/// Finds out what happened, and queues it for everybody who wants to know: [`Event`].
pub const EVENT: &str = "event";
/// Tells one program of one event; the payload is the delivery's id.
pub const DELIVER: &str = "deliver";
/// What the keys of those jobs begin with, before the webhook's id.
pub const DELIVERIES: &str = "deliver:";
/// How many webhooks there may be.
pub const MOST: usize = 20;
/// The longest address, in characters.
pub const LONGEST_URL: usize = 500;
/// The longest description, in characters.
pub const LONGEST_ABOUT: usize = 200;

/// What may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum Kind {
    #[serde(rename = "call.started")]
    CallStarted,
    #[serde(rename = "call.ended")]
    CallEnded,
    #[serde(rename = "appointment.booked")]
    AppointmentBooked,
    #[serde(rename = "appointment.moved")]
    AppointmentMoved,
    #[serde(rename = "appointment.cancelled")]
    AppointmentCancelled,
    #[serde(rename = "message.taken")]
    MessageTaken,
    #[serde(rename = "text.received")]
    TextReceived,
}

impl Kind {
    pub const ALL: [Kind; 7] = [
        Kind::CallStarted,
        Kind::CallEnded,
        Kind::AppointmentBooked,
        Kind::AppointmentMoved,
        Kind::AppointmentCancelled,
        Kind::MessageTaken,
        Kind::TextReceived,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Kind::CallStarted => "call.started",
            Kind::CallEnded => "call.ended",
            Kind::AppointmentBooked => "appointment.booked",
            Kind::AppointmentMoved => "appointment.moved",
            Kind::AppointmentCancelled => "appointment.cancelled",
            Kind::MessageTaken => "message.taken",
            Kind::TextReceived => "text.received",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// When it is told, for the owner.
    pub fn about(self) -> &'static str {
        match self {
            Kind::CallStarted => "A call is answered, or somebody whom we called answers.",
            Kind::CallEnded => "A call is over, and what it came to is written down.",
            Kind::AppointmentBooked => "An appointment is made, or made again by undoing.",
            Kind::AppointmentMoved => "An appointment stands at another time.",
            Kind::AppointmentCancelled => "An appointment is cancelled.",
            Kind::MessageTaken => "A caller left a message, or spoke onto the voicemail.",
            Kind::TextReceived => "A text message came in.",
        }
    }
}

/// What a job of kind [`EVENT`] carries. Who and what it was is looked up when it is told, so that nothing is kept of
/// those who are forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub kind: Kind,
    /// The id of the call, the appointment, the message or the text.
    pub about: String,
    pub at_ms: i64,
    /// Where an appointment stands after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<(i64, i64)>,
    /// Where it stood before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<(i64, i64)>,
}

impl Event {
    pub fn new(kind: Kind, about: &str, at_ms: i64) -> Self {
        Self { kind, about: about.to_owned(), at_ms, span: None, was: None }
    }

    /// A change of an appointment.
    pub fn of_change(changed: &Changed<'_>) -> Self {
        let kind = match changed.what {
            store::What::Booked => Kind::AppointmentBooked,
            store::What::Moved => Kind::AppointmentMoved,
            store::What::Cancelled => Kind::AppointmentCancelled,
        };
        let span = |row: &store::AppointmentRow| (row.starts_ms, row.ends_ms);
        Self {
            span: Some(span(changed.after)),
            was: changed.before.map(span).filter(|_| kind == Kind::AppointmentMoved),
            ..Self::new(kind, &changed.after.id, changed.by.at_ms)
        }
    }

    /// As a job: the same event is queued once.
    pub fn planned(&self) -> Planned {
        let payload = serde_json::to_string(self).expect("texts and numbers are JSON");
        let key = format!("{EVENT}:{}:{}:{}", self.kind.name(), self.about, self.at_ms);
        Planned { kind: EVENT, key, payload, due_ms: self.at_ms }
    }

    /// Likewise, to be queued with a change of an appointment.
    pub fn job(&self) -> Job {
        let Planned { kind, key, payload, due_ms } = self.planned();
        Job { kind: kind.to_owned(), key, payload, due_ms }
    }
}

/// Who wants to be told, as this instance last saw it.
pub struct Listeners(Current<Vec<WebhookRow>>);

impl Listeners {
    pub async fn open(store: &Store) -> Result<Self, StoreError> {
        Ok(Self(Current::new(store.webhooks().await?)))
    }

    /// Looks again.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        let rows = store.webhooks().await?;
        if *self.0.get() != rows {
            self.0.set(rows);
        }
        Ok(())
    }

    /// Whether anybody wants to be told of this.
    pub fn want(&self, kind: Kind) -> bool {
        self.0.get().iter().any(|row| row.told && wants(row, kind))
    }
}

/// Whether this program wants to be told of this, as far as it is told at all.
pub fn wants(row: &WebhookRow, kind: Kind) -> bool {
    row.events.is_empty() || row.events.split(' ').any(|name| name == kind.name())
}

/// What is to be queued with that which happens, in the same step; none: nobody wants to be told.
pub fn job_of(app: &App, event: &Event) -> Option<Planned> {
    app.listeners.want(event.kind).then(|| event.planned())
}

/// Something happened that a job found out, which is done again where this fails: whoever wants to is told of it.
pub async fn happened(app: &App, event: &Event) -> Result<(), StoreError> {
    match job_of(app, event) {
        Some(planned) => jobs::queue(app, &planned).await,
        None => Ok(()),
    }
}

/// What the owner wants a webhook to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    pub url: String,
    pub about: String,
    /// Empty: all.
    pub events: Vec<Kind>,
}

/// What is wrong with a wish, each with the field it is about.
pub type Wrong = (&'static str, String);

impl Wish {
    /// What this one is.
    pub fn of(row: &WebhookRow) -> Self {
        let events = row.events.split(' ').filter_map(Kind::named).collect();
        Self { url: row.url.clone(), about: row.about.clone(), events }
    }

    /// As it is kept, or what is wrong with it.
    pub fn checked(mut self) -> Result<Self, Wrong> {
        self.url = self.url.trim().into();
        self.about =
            self.about.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST_ABOUT).collect();
        self.events.sort_unstable();
        self.events.dedup();
        if self.events.len() == Kind::ALL.len() {
            self.events.clear();
        }
        let wrong = |why: &str| Err(("url", why.to_owned()));
        if self.url.chars().count() > LONGEST_URL {
            return wrong("Give an address of at most 500 characters.");
        }
        let Ok(url) = reqwest::Url::parse(&self.url) else {
            return wrong("Give an address that begins with https://.");
        };
        if !["https", "http"].contains(&url.scheme()) || url.host_str().is_none() {
            return wrong("Give an address that begins with https://.");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return wrong("Leave out the name and the password: requests are signed instead.");
        }
        Ok(self)
    }

    fn kept_events(&self) -> String {
        self.events.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" ")
    }
}

/// Why a webhook was not made.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    #[error("{}", .0.1)]
    Wrong(Wrong),
    #[error("There are {MOST} already, and no more may be. Delete one that is not needed.")]
    TooMany,
    #[error("the database failed: {0}")]
    Store(#[from] StoreError),
}

/// Makes a webhook. Its secret is told here and never again.
pub async fn make(app: &App, wish: Wish) -> Result<(WebhookRow, String), NotMade> {
    let wish = wish.checked().map_err(NotMade::Wrong)?;
    if app.store.webhooks().await?.len() >= MOST {
        return Err(NotMade::TooMany);
    }
    let now_ms = clock::now_ms();
    let (id, secret) = (Store::webhook_id(now_ms), sign::new_secret());
    let sealed = app.vault.seal(&owner(&id), &secret);
    let new = NewWebhook {
        id: &id,
        url: &wish.url,
        about: &wish.about,
        events: &wish.kept_events(),
        secret: &sealed,
        now_ms,
    };
    let row = app.store.webhook_made(&new).await?;
    app.listeners.refresh(&app.store).await?;
    Ok((row, secret))
}

/// Changes a webhook; none: there is no such one.
pub async fn change(app: &App, id: &str, wish: Wish, told: bool) -> Result<Option<WebhookRow>, NotMade> {
    let wish = wish.checked().map_err(NotMade::Wrong)?;
    let (events, now_ms) = (wish.kept_events(), clock::now_ms());
    let row = app.store.webhook_changed(id, &wish.url, &wish.about, &events, told, now_ms).await?;
    app.listeners.refresh(&app.store).await?;
    Ok(row)
}

/// Removes a webhook and all that it was told. False: there was none.
pub async fn remove(app: &App, id: &str) -> Result<bool, StoreError> {
    let removed = app.store.webhook_removed(id, DELIVERIES).await?;
    app.listeners.refresh(&app.store).await?;
    Ok(removed)
}

/// A webhook as the audit log may know it: where it is, and its id. Whoever knows all of the address could often tell that program
/// things in our place.
pub fn named(row: &WebhookRow) -> String {
    format!("{}, {}", carrier::address::origin(&row.url), row.id)
}

/// Sends a program something that did not happen, so that its owner sees whether it arrives.
pub async fn test(app: &App, row: &WebhookRow) -> Result<(), StoreError> {
    let now_ms = clock::now_ms();
    let event_id = event_id(&Store::webhook_id(now_ms));
    let at = crate::told::time(now_ms, &app.config.get().calendar.zone);
    let data = serde_json::json!({"message": "This is a test. Nothing happened."});
    let body = serde_json::json!({"type": TEST, "timestamp": at, "data": data}).to_string();
    let (webhook_id, event_id) = (row.id.as_str(), event_id.as_str());
    let new = NewWebhookDelivery { webhook_id, event_id, kind: TEST, number: "", body: &body, now_ms };
    app.store.webhook_told(&new, DELIVER, DELIVERIES).await?;
    app.bell.ring();
    Ok(())
}

/// The kind of what did not happen.
pub const TEST: &str = "webhook.test";

/// Sends a delivery again that arrived, or was given up. False: there is none, or it is being tried.
pub async fn send_again(app: &App, delivery: &str) -> Result<bool, StoreError> {
    let begun = app.store.webhook_again(delivery, DELIVER, DELIVERIES, clock::now_ms()).await?;
    app.bell.ring();
    Ok(begun)
}

/// An event's id, as programs know it, made from that of the job.
pub fn event_id(job: &str) -> String {
    format!("evt_{job}")
}

/// What a delivery is signed with; none: it was sealed with another key.
pub(crate) fn secret(vault: &Vault, row: &WebhookRow) -> Option<String> {
    vault.open(&owner(&row.id), &row.secret).ok().map(|secret| secret.expose().to_owned())
}

/// What the secret is sealed for.
fn owner(id: &str) -> String {
    format!("webhook {id}")
}

/// For the closures that change appointments and take messages, which outlive no application.
pub fn of_change(listeners: &Arc<Listeners>, changed: &Changed<'_>) -> Option<Job> {
    let event = Event::of_change(changed);
    listeners.want(event.kind).then(|| event.job())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(url: &str) -> Result<Wish, Wrong> {
        Wish { url: url.into(), about: " The\u{7} CRM ".into(), events: Kind::ALL.to_vec() }.checked()
    }

    #[test]
    fn a_wish_is_kept_as_it_can_be_heeded() {
        let kept = wish(" https://hooks.example.com/in ").expect("a wish");
        assert_eq!((kept.url.as_str(), kept.about.as_str()), ("https://hooks.example.com/in", "The CRM"));
        assert!(kept.events.is_empty(), "all of them, and those to come");
        for bad in [
            "",
            "hooks",
            "ftp://x.example",
            "file:///etc/passwd",
            "https://a:b@x.example",
            "javascript:alert(1)",
            &format!("https://x.example/{}", "a".repeat(500)),
        ] {
            assert_eq!(wish(bad).expect_err(bad).0, "url");
        }
    }

    #[test]
    fn kinds_are_called_alike_in_rows_jobs_and_bodies() {
        for kind in Kind::ALL {
            assert_eq!(Kind::named(kind.name()), Some(kind));
            assert_eq!(serde_json::to_value(kind).expect("a text"), kind.name());
        }
        let event = Event::new(Kind::CallEnded, "c1", 5);
        assert_eq!(serde_json::from_str::<Event>(&event.planned().payload).expect("an event"), event);
        assert_eq!(event.planned().key, "event:call.ended:c1:5");
    }
}
