//! Google Calendar v3: what is taken there, and what we write there.
//!
//! ```text
//!   credentials.json, token.json, a key ── Upload::read ─► Client, or Grant
//!   Client ── start ─► the owner's browser consents ── returned, finish ─► Grant
//!   Grant ── seal, unseal ─► what the server encrypts and stores
//!   Reach + Grant + Keep ─► Account (one a grant, kept fresh) ─► calendars(), Google (one a calendar)
//! ```
//!
//! The wire is that of Google's discovery document `calendar.v3`; what it does beyond that (a 409 for an id that was
//! used, free/busy that fails inside a 200) is told where it matters.

mod account;
mod api;
mod consent;
mod event;
mod fault;
mod grant;
mod list;
mod reach;
mod robot;
mod secret;
mod send;
mod token;
mod upload;
mod write;

pub use account::{Account, Keep};
pub use consent::{Started, finish, returned, start};
pub use grant::{Client, ClientKind, Grant, ROBOT_SCOPE, SCOPES};
pub use list::{Changes, Listed, Report, Role};
pub use reach::{Addresses, Clock, Pace, Reach};
pub use secret::Secret;
pub use upload::Upload;

use super::remote::{Asking, Calendar, Event, Written};
use std::sync::Arc;
use when::Span;

/// Why something that was given to us cannot be used: a sentence for the owner, without any secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub String);

/// Whom Google tells by mail of what we write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notify {
    /// Nobody: confirmations are ours.
    #[default]
    Nobody,
    /// Everyone invited.
    Everyone,
    /// Those invited who do not use Google Calendar.
    Others,
}

/// One of an account's calendars.
#[derive(Clone, Debug)]
pub struct Google {
    account: Arc<Account>,
    id: String,
    name: String,
    notify: Notify,
}

impl Google {
    /// The calendar of this id, as [`Account::calendars`] lists it, or `primary`: the account's main one. Two accounts
    /// both have a `primary`; where several are connected, the listed id tells them apart.
    pub fn new(account: Arc<Account>, id: &str) -> Result<Self, Unusable> {
        if id.is_empty() || id.len() > 1_024 || id.chars().any(char::is_control) || matches!(id, "." | "..") {
            return Err(Unusable("This is no id of a Google calendar.".into()));
        }
        Ok(Self { account, id: id.to_owned(), name: format!("google:{id}"), notify: Notify::default() })
    }

    /// The same, telling others.
    pub fn notifying(self, notify: Notify) -> Self {
        Self { notify, ..self }
    }

    /// Its id at Google.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl Calendar for Google {
    fn name(&self) -> &str {
        &self.name
    }

    fn busy<'a>(&'a self, range: Span, except: Option<&'a str>) -> Asking<'a, Vec<Span>> {
        Box::pin(self.busy_in(range, except))
    }

    fn events(&self, range: Span) -> Asking<'_, Vec<Event>> {
        Box::pin(self.events_in(range))
    }

    fn put<'a>(&'a self, event: &'a Event) -> Asking<'a, Written> {
        Box::pin(self.insert(event))
    }

    fn shift<'a>(&'a self, id: &'a str, span: Span, zone: &'a str) -> Asking<'a, Written> {
        Box::pin(self.patch(id, span, zone))
    }

    fn remove<'a>(&'a self, id: &'a str) -> Asking<'a, ()> {
        Box::pin(self.delete(id))
    }
}
