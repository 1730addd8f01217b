//! The calendars elsewhere: connecting them, choosing what each is for, and the link by which ours is read elsewhere.

mod caldav;
mod feed;
mod google;

pub(super) use caldav::connect as connect_caldav;
pub(super) use feed::{close as close_feed, feed, make as make_feed};
pub(super) use google::{
    add as add_google, back as google_back, start as google_start, upload as google_upload,
};

use super::{Failure, Frame, origin::Origin, shown, shown_again, times};
use crate::{
    app::App,
    audit::Deed,
    calendars::{self, Kept},
    clock,
    guard::session::User,
};
use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::sync::Arc;
use store::{ConnectionRow, ConnectionState, CredentialRow, CredentialState, NewConnection, StoreError};
use tool::calendar::Books;

#[derive(Template)]
#[template(path = "calendars.html")]
struct CalendarsPage {
    frame: Frame,
    accounts: Vec<Account>,
    /// Nothing elsewhere is written to.
    here_only: bool,
    /// Google knows us: the owner can be sent there.
    google: bool,
    /// Where Google is to send the owner back to, which the client must list.
    redirect: String,
    /// Something that went wrong just now, or went well.
    wrong: Option<String>,
    done: Option<String>,
    feed: Option<String>,
    feed_since: Option<String>,
    caldav: CalDav,
}

/// An account of CalDAV as it was typed, and why it could not be connected.
#[derive(Default)]
struct CalDav {
    address: String,
    user: String,
    wrong: Option<String>,
}

struct Account {
    id: String,
    kind: &'static str,
    /// Calendars can be added by their id.
    google: bool,
    name: String,
    /// Why it is of no use any more.
    revoked: Option<String>,
    calendars: Vec<Line>,
}

struct Line {
    id: String,
    name: String,
    reads: bool,
    writes: bool,
    trouble: Option<String>,
}

/// What is told at the top of the page.
#[derive(Default)]
struct Said {
    wrong: Option<String>,
    done: Option<String>,
    feed: Option<String>,
    caldav: CalDav,
}

/// `GET /calendars`
pub(super) async fn calendars(
    State(app): State<Arc<App>>,
    _: User,
    origin: Origin,
) -> Result<Response, Failure> {
    Ok(shown(&page(&app, &origin, Said::default()).await?))
}

#[derive(Deserialize)]
pub(super) struct Purpose {
    /// `on` where it is ticked.
    reads: Option<String>,
}

/// `POST /calendars/{id}/reads`
pub(super) async fn reads(
    State(app): State<Arc<App>>,
    by: User,
    Path(id): Path<String>,
    Form(purpose): Form<Purpose>,
) -> Result<Response, Failure> {
    let known = app.store.read_from(&id, purpose.reads.is_some()).await?;
    let read = if purpose.reads.is_some() { "is read" } else { "is read no longer" };
    app.audit(&by, Deed::CalendarChanged, &format!("{id} {read}")).await;
    changed(&app, known).await
}

/// `POST /calendars/{id}/writes`: appointments are written there from now on; `none` means to our own book alone.
pub(super) async fn writes(
    State(app): State<Arc<App>>,
    by: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let known = app.store.write_to(Some(id.as_str()).filter(|id| *id != "none")).await?;
    app.audit(&by, Deed::CalendarChanged, &format!("{id} is written to")).await;
    changed(&app, known).await
}

/// `POST /calendars/accounts/{id}/forget`
pub(super) async fn forget(
    State(app): State<Arc<App>>,
    by: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let known = app.store.forget_credential(&id).await?;
    app.audit(&by, Deed::CredentialsForgotten, "calendars").await;
    changed(&app, known).await
}

/// `POST /calendars/{id}/test`: asks the calendar something harmless, and says what came back.
pub(super) async fn test(
    State(app): State<Arc<App>>,
    _: User,
    origin: Origin,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let row = app.store.connection(&id).await?.ok_or_else(Failure::not_found)?;
    let said = match calendars::test(&app, &row).await {
        Ok(found) => Said { done: Some(format!("{}: {found}", row.name)), ..Said::default() },
        Err(why) => Said { wrong: Some(format!("{}: {why}", row.name)), ..Said::default() },
    };
    Ok(shown(&page(&app, &origin, said).await?))
}

async fn changed(app: &Arc<App>, known: bool) -> Result<Response, Failure> {
    if !known {
        return Err(Failure::not_found());
    }
    calendars::refresh(app).await?;
    Ok(Redirect::to("/calendars").into_response())
}

async fn refused(app: &Arc<App>, origin: &Origin, why: String) -> Result<Response, Failure> {
    refused_with(app, origin, Said { wrong: Some(why), ..Said::default() }).await
}

async fn refused_with(app: &Arc<App>, origin: &Origin, said: Said) -> Result<Response, Failure> {
    Ok(shown_again(&page(app, origin, said).await?))
}

/// A calendar that an account was found to have.
struct Found {
    remote: String,
    name: String,
    writable: bool,
    /// The account's own, not one that somebody shares with it.
    main: bool,
}

/// Keeps an account and connects its calendars: all are read where there is but one or it is the account's own, and the
/// first that can be is written to, unless another is already.
async fn connect(app: &Arc<App>, kept: Kept<'_>, name: &str, found: &[Found]) -> Result<(), StoreError> {
    let credential = kept.keep(&app.store, &app.vault, name).await?;
    add_to(app, &credential, found).await
}

async fn add_to(app: &Arc<App>, credential: &str, found: &[Found]) -> Result<(), StoreError> {
    let before = app.store.connections().await?;
    let mut first = None;
    for calendar in found {
        let known =
            before.iter().find(|row| row.credential_id == credential && row.remote == calendar.remote);
        let new = NewConnection {
            credential_id: credential,
            remote: &calendar.remote,
            name: &calendar.name,
            reads: known.map_or(calendar.main || found.len() == 1, |row| row.reads),
            now_ms: clock::now_ms(),
        };
        let id = app.store.connect(&new).await?;
        if calendar.writable && (first.is_none() || calendar.main) {
            first.get_or_insert(id);
        }
    }
    if let Some(first) = first
        && !before.iter().any(|row| row.writes)
    {
        app.store.write_to(Some(&first)).await?;
    }
    calendars::refresh(app).await
}

async fn page(app: &Arc<App>, origin: &Origin, said: Said) -> Result<CalendarsPage, StoreError> {
    let (credentials, connections) = (app.store.credentials().await?, app.store.connections().await?);
    let config = app.config.get();
    let since = app.store.feed_made_ms(Books::NAME).await?;
    Ok(CalendarsPage {
        frame: Frame::inside("calendars"),
        here_only: !connections.iter().any(|row| row.writes),
        accounts: credentials.iter().map(|row| account(row, &connections)).collect(),
        google: config.google.client_id.is_some(),
        redirect: google::redirect(origin),
        wrong: said.wrong,
        done: said.done,
        feed: said.feed,
        caldav: said.caldav,
        feed_since: since.map(|ms| times::day(&times::zoned(ms, &config.calendar.zone))),
    })
}

fn account(row: &CredentialRow, connections: &[ConnectionRow]) -> Account {
    let line = |row: &ConnectionRow| Line {
        id: row.id.clone(),
        name: row.name.clone(),
        reads: row.reads,
        writes: row.writes,
        trouble: (row.state == ConnectionState::Trouble).then(|| row.why.clone()),
    };
    Account {
        id: row.id.clone(),
        google: row.kind == "google",
        kind: if row.kind == "google" { "Google" } else { "CalDAV" },
        name: row.name.clone(),
        revoked: (row.state == CredentialState::Revoked).then(|| row.why.clone()),
        calendars: connections.iter().filter(|one| one.credential_id == row.id).map(line).collect(),
    }
}
