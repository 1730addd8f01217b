//! The calendars elsewhere that the owner has connected: from what the database remembers of them to the book that reads
//! and writes them, and back: what goes wrong there, the owner is told.
//!
//! Connecting and disconnecting is a row in the database; every instance notices within seconds and connects the same.

mod keep;
mod open;

use crate::{app::App, clock, jobs, mcp, saved};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::{ConnectionRow, CredentialRow, CredentialState, StoreError};
use tool::{
    calendar::{
        google::{Addresses, Reach, Report, Unusable},
        remote::Trouble,
    },
    message::job,
};
use when::Span;

pub use keep::Kept;

/// How often it is looked whether something was left half done, or the owner has connected something.
const LOOK: Duration = Duration::from_secs(3);
/// How often it is asked what the owner has moved or deleted in a calendar elsewhere.
const RECONCILE: Duration = Duration::from_secs(5 * 60);
/// How far ahead that is asked.
const AHEAD: SignedDuration = SignedDuration::from_hours(60 * 24);

/// What is connected, as this instance last saw it.
#[derive(Default)]
pub struct Calendars {
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// What the calendars were opened with.
    credentials: Vec<CredentialRow>,
    connections: Vec<ConnectionRow>,
    /// The connection that a calendar of this name is.
    names: BTreeMap<String, ConnectionRow>,
    /// What the owner has been told is wrong, by the calendar's name.
    told: BTreeMap<String, Trouble>,
}

impl Calendars {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connects what is to be connected, if that has changed since the last time.
pub async fn refresh(app: &Arc<App>) -> Result<(), StoreError> {
    let (credentials, connections) = (app.store.credentials().await?, app.store.connections().await?);
    if app.calendars.seen().is_current(&credentials, &connections) {
        return Ok(());
    }
    let (connected, names) = open::all(app, &credentials, &connections);
    app.books.connect(connected);
    let mut seen = app.calendars.seen();
    seen.told.retain(|name, _| names.contains_key(name));
    (seen.credentials, seen.connections, seen.names) = (credentials, connections, names);
    Ok(())
}

impl Seen {
    /// Whether these are the rows that were connected. When something last changed, and a token that was refreshed, make
    /// no other calendar.
    fn is_current(&self, credentials: &[CredentialRow], connections: &[ConnectionRow]) -> bool {
        let credential = |row: &CredentialRow| (row.id.clone(), row.state);
        let connection = |row: &ConnectionRow| (row.id.clone(), row.reads, row.writes);
        let given_anew = credentials.iter().zip(&self.credentials).any(|(now, before)| {
            now.state == CredentialState::Good
                && now.changed_ms != before.changed_ms
                && now.sealed != before.sealed
        });
        !given_anew
            && credentials.iter().map(credential).eq(self.credentials.iter().map(credential))
            && connections.iter().map(connection).eq(self.connections.iter().map(connection))
    }
}

/// How Google is reached with the settings of this moment.
pub fn reach(app: &App) -> Result<Reach, Unusable> {
    let google = &app.config.get().google;
    let addresses = Addresses::new(&google.api_url, &google.oauth_url)?;
    let seed = u64::from_le_bytes(crate::secret::random());
    Ok(Reach::new(app.http.clone(), addresses, Arc::new(now), seed))
}

/// What calendars take for the present.
pub fn now() -> Timestamp {
    Timestamp::from_millisecond(clock::now_ms()).expect("the clock is within jiff's range")
}

/// Keeps the book and the calendars elsewhere together until the process drains.
pub async fn watch(app: Arc<App>) {
    let mut since_reconciled = RECONCILE;
    while app.draining.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
        if let Err(error) = look(&app).await {
            tracing::warn!(%error, "the calendars could not be looked after, which is tried again");
        }
        since_reconciled += LOOK;
        if since_reconciled >= RECONCILE {
            since_reconciled = Duration::ZERO;
            reconcile(&app).await;
        }
    }
}

async fn look(app: &Arc<App>) -> Result<(), StoreError> {
    if let Err(error) = saved::refresh(app).await {
        tracing::warn!(%error, "what was saved on the settings page is not heeded");
    }
    if let Err(error) = mcp::refresh(app).await {
        tracing::warn!(%error, "what was set of servers of tools is not heeded");
    }
    refresh(app).await?;
    match app.books.recover(clock::now_ms()).await {
        Ok(recovered) if recovered.is_idle() => {}
        Ok(recovered) => tracing::info!(?recovered, "what was left half done in a calendar was gone on with"),
        Err(why) => tracing::warn!(why = why.0, "what was left half done in a calendar waits"),
    }
    tell(app).await
}

async fn reconcile(app: &App) {
    let from = now();
    let to = from.checked_add(AHEAD).unwrap_or(from);
    match app.books.reconcile(Span { from, to }, clock::now_ms()).await {
        Ok(reconciled) if reconciled == tool::calendar::books::Reconciled::default() => {}
        Ok(reconciled) => tracing::info!(?reconciled, "what the owner changed elsewhere was taken over"),
        // Also in `troubles`, of which the owner is told.
        Err(why) => tracing::debug!(why = why.0, "the calendars elsewhere could not be compared"),
    }
}

/// Writes down what is wrong with which calendar, and what is well again. A grant that is gone is told by mail, too.
async fn tell(app: &Arc<App>) -> Result<(), StoreError> {
    let troubles: BTreeMap<String, Trouble> = app.books.troubles().into_iter().collect();
    let (names, told) = {
        let seen = app.calendars.seen();
        (seen.names.clone(), seen.told.clone())
    };
    if troubles == told {
        return Ok(());
    }
    let now_ms = clock::now_ms();
    for (name, connection) in &names {
        let trouble = troubles.get(name);
        if trouble == told.get(name) {
            continue;
        }
        let why = trouble.map(ToString::to_string);
        if app.store.connection_trouble(&connection.id, why.as_deref(), now_ms).await? {
            if let Some(why) = &why {
                tracing::warn!(calendar = connection.name, why, "a calendar elsewhere is in trouble");
            } else {
                tracing::info!(calendar = connection.name, "a calendar elsewhere is well again");
            }
        }
        if let Some(Trouble::Revoked(why)) = trouble {
            revoked(app, connection, why, now_ms).await?;
        }
    }
    app.calendars.seen().told = troubles;
    Ok(())
}

async fn revoked(
    app: &Arc<App>,
    connection: &ConnectionRow,
    why: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    let Some(credential) = app.store.credential(&connection.credential_id).await? else { return Ok(()) };
    if !app.store.credential_revoked(&credential, why, now_ms).await? {
        return Ok(());
    }
    let letter = job::revoked(&format!("{}:{now_ms}", credential.id), &connection.name, why, now_ms);
    jobs::queue(app, &letter).await?;
    Ok(())
}

/// Asks a calendar something that changes nothing, and says in words what came back.
pub async fn test(app: &Arc<App>, row: &ConnectionRow) -> Result<String, Trouble> {
    let refused = |error: StoreError| Trouble::Unreachable(error.to_string());
    let credential = app.store.credential(&row.credential_id).await.map_err(refused)?;
    let gone = || Trouble::Refused("its login is gone".into());
    open::test(app, &credential.ok_or_else(gone)?, row).await
}

/// A calendar of a Google account that is named by its id: what may be done with it.
pub async fn named(app: &Arc<App>, credential: &CredentialRow, id: &str) -> Result<Report, Trouble> {
    open::google(app, credential, id)?.test().await
}
