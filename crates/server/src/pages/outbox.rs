//! What is still to be sent or written elsewhere, and what was given up.

use super::{Failure, Frame, calls, shown, times};
use crate::{app::App, clock, guard::session::Owner, jobs};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use std::sync::Arc;
use store::{Intent, IntentState, JobRow, JobState, TextRow, What};

/// As many of each as are shown.
const MOST: u32 = 200;
/// How long a text that did not arrive is shown.
const LOST_MS: i64 = 14 * 24 * 60 * 60 * 1_000;

#[derive(Template)]
#[template(path = "outbox.html")]
struct OutboxPage {
    frame: Frame,
    dead: Vec<Line>,
    waiting: Vec<Line>,
    open: Vec<Change>,
    lost: Vec<Lost>,
}

/// A text that a carrier took, and that never arrived.
struct Lost {
    who: String,
    body: String,
    code: String,
    at: String,
    machine: String,
}

struct Line {
    id: String,
    what: &'static str,
    /// When it is due, or was given up.
    at: String,
    machine: String,
    attempts: i64,
    error: String,
}

/// A change of an appointment that a calendar elsewhere has not taken yet.
struct Change {
    appointment: String,
    summary: String,
    what: &'static str,
    why: String,
}

/// `GET /outbox`
pub(super) async fn outbox(State(app): State<Arc<App>>, _: Owner) -> Result<Response, Failure> {
    let zone = app.config.get().calendar.zone.clone();
    let dead = app.store.jobs(JobState::Dead, MOST).await?;
    let waiting = app.store.jobs(JobState::Waiting, MOST).await?;
    let open = app.store.open_intents(MOST).await?;
    let lost = app.store.texts_lost(clock::now_ms() - LOST_MS, MOST).await?;
    Ok(shown(&OutboxPage {
        frame: Frame::inside("outbox"),
        dead: dead.into_iter().map(|job| line(job, &zone)).collect(),
        waiting: waiting.into_iter().map(|job| line(job, &zone)).collect(),
        open: open.into_iter().map(change).collect(),
        lost: lost.into_iter().map(|text| missing(text, &zone)).collect(),
    }))
}

/// `POST /outbox/{id}/retry`
pub(super) async fn retry(
    State(app): State<Arc<App>>,
    owner: Owner,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    if !app.store.job_retried(&id, clock::now_ms()).await? {
        return Err(Failure::not_found());
    }
    app.bell.ring();
    tracing::info!(by = owner.user.id, job = id, "a job that was given up is tried again");
    Ok(Redirect::to("/outbox").into_response())
}

fn line(job: JobRow, zone: &TimeZone) -> Line {
    let at = times::zoned(job.ended_ms.unwrap_or(job.due_ms), zone);
    Line {
        what: jobs::what(&job),
        at: format!("{}, {}", times::day(&at), times::clock(&at)),
        machine: times::machine(&at),
        attempts: job.attempts,
        error: job.error,
        id: job.id,
    }
}

fn missing(text: TextRow, zone: &TimeZone) -> Lost {
    let at = times::zoned(text.delivery_ms.unwrap_or(text.at_ms), zone);
    Lost {
        who: calls::who(&text.number),
        body: text.body,
        code: text.delivery_code,
        at: format!("{}, {}", times::day(&at), times::clock(&at)),
        machine: times::machine(&at),
    }
}

fn change(intent: Intent) -> Change {
    let what = match (intent.state, intent.what) {
        (IntentState::Planned, What::Booked) => "to be written",
        (IntentState::Planned, What::Moved) => "to be moved",
        (IntentState::Planned, What::Cancelled) | (IntentState::Removing, _) => "to be removed",
        (IntentState::Undoing, _) => "to be taken back",
    };
    Change { appointment: intent.after.id, summary: intent.after.summary, what, why: intent.why }
}
