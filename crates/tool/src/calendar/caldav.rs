//! A calendar on a CalDAV server (RFC 4791): Nextcloud, Radicale, Fastmail, iCloud and their like.
//!
//! ```text
//!   Login (address, user, app password) ── Account::new ─► Account ── calendars() ─► Collection, Collection, …
//!                                                          Account ── calendar(address, zone) ─► CalDav
//! ```
//!
//! What is taken is worked out here, from the events themselves: a server does not know in which zone an all-day or floating
//! event of this owner lies, and answers in its own (measured: Radicale takes UTC). Only where a calendar shows no more
//! than that time is taken is the server's `free-busy-query` believed.
//!
//! An event of ours is the resource `<id>.ics` with the UID `<id>@earpiece`, so that a write made twice is one event. It is
//! found by its UID where somebody has moved it to another resource.

mod answer;
mod discover;
mod object;
mod wire;
mod xml;

pub use discover::Collection;

use super::{
    ics::{self, Occurrence},
    remote::{Asking, Calendar, Event, Trouble, Written},
};
use crate::network::Network;
use jiff::{Timestamp, tz::TimeZone};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};
use when::Span;
use wire::Wire;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What the owner gives: kept sealed, as JSON, and never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// Where the server is: `https://caldav.icloud.com`, `cloud.example.org`, `https://host/remote.php/dav`, or a
    /// calendar's own address.
    pub address: String,
    pub user: String,
    /// Best one that was made for this program alone: with two-factor sign-in no other is taken.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("address", &self.address)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(15);

/// A server and who we are there. Cloning is cheap.
#[derive(Clone)]
pub struct Account {
    wire: Arc<Wire>,
    address: Url,
    clock: Clock,
}

impl Account {
    /// Checks the login as far as that is possible without asking: a wrong one is `Refused`, in a sentence for the owner.
    pub fn new(login: &Login, clock: Clock) -> Result<Self, Trouble> {
        Self::within(login, clock, Network::Any)
    }

    /// The same, where the server must be in this network.
    pub fn within(login: &Login, clock: Clock, network: Network) -> Result<Self, Trouble> {
        Self::made(login, clock, PATIENCE, network)
    }

    /// The same, waiting for no answer longer than `patience`. A write that got no answer is tried once more.
    pub fn patient(login: &Login, clock: Clock, patience: Duration) -> Result<Self, Trouble> {
        Self::made(login, clock, patience, Network::Any)
    }

    fn made(login: &Login, clock: Clock, patience: Duration, network: Network) -> Result<Self, Trouble> {
        let address = discover::address(&login.address)?;
        if login.user.is_empty() || login.user.contains(':') || login.user.chars().any(char::is_control) {
            return Err(Trouble::Refused("The user name is empty or holds what no user name can.".into()));
        }
        Ok(Self { wire: Arc::new(Wire::new(login, patience, network)?), address, clock })
    }

    /// The calendars that can hold events, as the server lists them. Asks and changes nothing.
    ///
    /// The login goes to the server that the owner named, and to where that sends us over https; never from https to
    /// plain http.
    pub async fn calendars(&self) -> Result<Vec<Collection>, Trouble> {
        discover::calendars(&self.wire, &self.address).await
    }

    /// The calendar at this address, as [`Account::calendars`] gives it. What floats or lasts all day there is in `zone`,
    /// the owner's.
    pub fn calendar(&self, address: &str, zone: TimeZone) -> Result<CalDav, Trouble> {
        let mut url = discover::address(address)?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let secure_enough = url.scheme() == "https" || wire::same_origin(&url, &self.address);
        if !secure_enough {
            return Err(Trouble::Refused(
                "The password would be sent over a line that is not encrypted to a server that was not named.".into(),
            ));
        }
        let name = url.to_string();
        Ok(CalDav { wire: self.wire.clone(), url, name, zone, clock: self.clock.clone() })
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("address", &self.address.as_str()).finish_non_exhaustive()
    }
}

/// One calendar. Cloning is cheap.
#[derive(Clone)]
pub struct CalDav {
    wire: Arc<Wire>,
    /// With a slash at the end.
    url: Url,
    name: String,
    zone: TimeZone,
    clock: Clock,
}

impl CalDav {
    /// Whether it can be read now, and what it says of itself. Writes nothing.
    pub async fn test(&self) -> Result<Collection, Trouble> {
        let collection = discover::collection(&self.wire, &self.url).await?;
        let now = (self.clock)();
        let day = jiff::SignedDuration::from_hours(24);
        let range = Span { from: now, to: now.checked_add(day).unwrap_or(now) };
        self.busy(range, None).await?;
        Ok(collection)
    }

    async fn read(&self, range: Span) -> Result<Vec<Occurrence>, Trouble> {
        let objects = answer::objects(&self.wire, &self.url, ics::widened(range)).await?;
        let (zone, me) = (self.zone.clone(), self.wire.me().to_owned());
        // Ten thousand events take longer to work out than other calls may be kept waiting, and nobody may wait any more.
        let wanted = Arc::new(());
        let still = Arc::downgrade(&wanted);
        let worked_out = tokio::task::spawn_blocking(move || {
            let mut out = Vec::new();
            for object in objects {
                if still.strong_count() == 0 {
                    return Err(ics::Unreadable("nobody waits for it any more".into()));
                }
                out.extend(ics::occurrences(&object.text, range, &zone, &me)?);
                if out.len() > ics::MOST {
                    return Err(ics::Unreadable(format!("there are more than {} events", ics::MOST)));
                }
            }
            out.sort_by(|a, b| (a.span, &a.uid).cmp(&(b.span, &b.uid)));
            Ok(out)
        });
        let read = worked_out.await.map_err(|_| ics::Unreadable("it breaks the reader".into())).flatten();
        drop(wanted);
        read.map_err(|why| {
            Trouble::Unreachable(format!(
                "The calendar at {} cannot be understood: {why}.",
                wire::host(&self.url)
            ))
        })
    }
}

impl fmt::Debug for CalDav {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CalDav").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Calendar for CalDav {
    /// The collection's address.
    fn name(&self) -> &str {
        &self.name
    }

    fn busy<'a>(&'a self, range: Span, except: Option<&'a str>) -> Asking<'a, Vec<Span>> {
        Box::pin(async move {
            match self.read(range).await {
                Ok(read) => {
                    let ours = except.map(ics::uid);
                    let others = read.into_iter().filter(|event| ours.as_ref() != Some(&event.uid));
                    Ok(others.filter(|event| event.busy).map(|event| event.span).collect())
                }
                // It may still say that time is taken, if not by what.
                Err(shut @ Trouble::Revoked(_)) => {
                    answer::free_busy(&self.wire, &self.url, range).await.map_err(|_| shut)
                }
                Err(trouble @ (Trouble::Unreachable(_) | Trouble::Refused(_))) => Err(trouble),
            }
        })
    }

    fn events(&self, range: Span) -> Asking<'_, Vec<Event>> {
        Box::pin(async move { Ok(self.read(range).await?.into_iter().map(event).collect()) })
    }

    fn put<'a>(&'a self, event: &'a Event) -> Asking<'a, Written> {
        Box::pin(object::put(self, event))
    }

    fn shift<'a>(&'a self, id: &'a str, span: Span, zone: &'a str) -> Asking<'a, Written> {
        Box::pin(object::shift(self, id, span, zone))
    }

    fn remove<'a>(&'a self, id: &'a str) -> Asking<'a, ()> {
        Box::pin(object::remove(self, id))
    }
}

fn event(read: Occurrence) -> Event {
    let id = match (ics::id(&read.uid), read.instance) {
        (Some(id), None) => id.to_owned(),
        (_, None) => read.uid,
        (_, Some(instance)) => format!("{}#{}", read.uid, ics::utc(instance)),
    };
    let Occurrence { span, zone, summary, description, attendees, busy, .. } = read;
    Event { id, span, zone, summary, description, attendees, busy }
}
