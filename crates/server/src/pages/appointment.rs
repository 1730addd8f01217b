//! One appointment: what it is, everything that was done to it, and the way back.

use super::{Failure, Frame, shown, times};
use crate::{api::calendar::owners, app::App, clock, guard::session::User};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::sync::Arc;
use store::{AppointmentRow, ChangeRow};
use tool::calendar::{Unavailable, Undoing};

#[derive(Template)]
#[template(path = "appointment.html")]
struct AppointmentPage {
    frame: Frame,
    id: String,
    summary: String,
    when: String,
    facts: Vec<(&'static str, String)>,
    call: Option<String>,
    /// It stands and is still to come.
    ahead: bool,
    cancelled: bool,
    changes: Vec<Line>,
    wrong: Option<String>,
}

/// A change, as it is told.
struct Line {
    id: String,
    at: String,
    machine: String,
    what: String,
    who: String,
    reason: String,
    call: Option<String>,
    second: Option<String>,
    /// The latest can be taken back.
    undoable: bool,
}

/// What a change remembers of the appointment.
#[derive(Deserialize)]
struct Was {
    starts_ms: i64,
    ends_ms: i64,
}

/// `GET /appointments/{id}`
pub(super) async fn appointment(
    State(app): State<Arc<App>>,
    _: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    Ok(shown(&page(&app, &id, None).await?))
}

/// `POST /appointments/{id}/undo/{change}`
pub(super) async fn undo(
    State(app): State<Arc<App>>,
    by: User,
    Path((id, change)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let undone = app.books.undo(&change, "", &owners(clock::now_ms())).await;
    let wrong = match undone {
        Ok(Undoing::Undone(_)) => {
            tracing::info!(by = by.user.id, appointment = id, "a change was undone on the page");
            return Ok(Redirect::to(&format!("/appointments/{id}")).into_response());
        }
        Ok(Undoing::Taken) => "This cannot be undone: something else is there now.".to_owned(),
        Ok(Undoing::Changed) => "This cannot be undone: the appointment was changed again since.".to_owned(),
        Ok(Undoing::Gone) => return Err(Failure::not_found()),
        Err(Unavailable(why)) => format!("This could not be undone now, and nothing was changed: {why}"),
    };
    refused(&app, &id, wrong).await
}

/// `POST /appointments/{id}/cancel`
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    by: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    match app.books.cancel(&id, "", &owners(clock::now_ms())).await {
        Ok(_) => {
            tracing::info!(by = by.user.id, appointment = id, "an appointment was cancelled on the page");
            Ok(Redirect::to(&format!("/appointments/{id}")).into_response())
        }
        Err(Unavailable(why)) => refused(&app, &id, format!("It could not be cancelled now: {why}")).await,
    }
}

async fn refused(app: &App, id: &str, why: String) -> Result<Response, Failure> {
    let page = page(app, id, Some(why)).await?;
    Ok((StatusCode::CONFLICT, shown(&page)).into_response())
}

async fn page(app: &App, id: &str, wrong: Option<String>) -> Result<AppointmentPage, Failure> {
    let row = app.store.appointment(id).await?.ok_or_else(Failure::not_found)?;
    let changes = app.store.appointment_changes(id).await?;
    let zone = app.config.get().calendar.zone.clone();
    let last = changes.last().map(|change| change.id.clone());
    let mut lines: Vec<_> = changes.into_iter().map(|change| line(change, last.as_deref(), &zone)).collect();
    lines.reverse();
    let standing = row.status == "booked";
    Ok(AppointmentPage {
        frame: Frame::inside("appointments"),
        when: span(row.starts_ms, row.ends_ms, &zone),
        ahead: standing && row.starts_ms > clock::now_ms(),
        cancelled: !standing,
        facts: facts(&row),
        call: row.call_id.clone(),
        id: row.id,
        summary: row.summary,
        changes: lines,
        wrong,
    })
}

fn facts(row: &AppointmentRow) -> Vec<(&'static str, String)> {
    let attendees: Vec<String> = serde_json::from_str(&row.attendees).unwrap_or_default();
    let facts = [
        ("Kind", row.kind.clone()),
        ("Caller", row.caller.clone()),
        ("Attendees", attendees.join(", ")),
        ("Confirmed to", row.contact.clone()),
        ("About", row.description.clone()),
        ("Also written to", row.elsewhere.clone().unwrap_or_default()),
        ("Agreed in", row.zone.clone()),
    ];
    facts.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

fn line(change: ChangeRow, last: Option<&str>, zone: &TimeZone) -> Line {
    let at = times::zoned(change.at_ms, zone);
    let was = |json: &str| serde_json::from_str::<Was>(json).ok();
    let to = was(&change.after_json).map(|was| span(was.starts_ms, was.ends_ms, zone)).unwrap_or_default();
    let from = change.before_json.as_deref().and_then(was).map(|was| span(was.starts_ms, was.ends_ms, zone));
    let what = match (change.what.as_str(), change.undoes.is_some(), from) {
        ("moved", false, Some(from)) => format!("Moved from {from} to {to}"),
        ("moved", true, Some(from)) => format!("Moved back from {from} to {to}"),
        ("cancelled", undone, _) => format!("{} ({to})", if undone { "Taken back" } else { "Cancelled" }),
        ("booked", true, _) => format!("Booked again for {to}"),
        (_, _, _) => format!("Booked for {to}"),
    };
    Line {
        at: format!("{}, {}", times::day(&at), times::clock(&at)),
        machine: times::machine(&at),
        what,
        who: change.who,
        reason: change.reason,
        second: change.second.map(|second| times::length(second.saturating_mul(1_000))),
        undoable: last == Some(change.id.as_str()),
        call: change.call_id,
        id: change.id,
    }
}

fn span(starts_ms: i64, ends_ms: i64, zone: &TimeZone) -> String {
    let (start, end) = (times::zoned(starts_ms, zone), times::zoned(ends_ms, zone));
    format!("{}, {}–{}", times::day(&start), times::clock(&start), times::clock(&end))
}
