//! What is still to be sent or written elsewhere, and what was given up.

use super::{Failure, Frame, calls, shown, times};
use crate::{app::App, audit::Deed, clock, guard::session::User, jobs};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use std::sync::Arc;
use store::{Intent, IntentState, JobRow, JobState, TextRow, What};
use tool::message::job;

/// As many of each as are shown.
const MOST: u32 = 200;
/// How long a text that did not arrive is shown, in milliseconds.
pub(super) const LOST_MS: i64 = 14 * 24 * 60 * 60 * 1_000;

#[derive(Template)]
#[template(path = "outbox.html")]
struct OutboxPage {
    frame: Frame,
    /// Those that have rows.
    sections: Vec<Section>,
}

struct Section {
    id: &'static str,
    title: &'static str,
    aside: &'static str,
    rows: Vec<Row>,
}

#[derive(Default)]
struct Row {
    at: Option<times::Moment>,
    what: String,
    /// Where it leads.
    appointment: Option<String>,
    /// What else there is to say, for instance why it failed.
    more: Told,
    how: Told,
    /// The job that can be tried again.
    retry: Option<String>,
}

#[derive(Default)]
struct Told {
    words: String,
    bad: bool,
}

/// `GET /outbox`
pub(super) async fn outbox(State(app): State<Arc<App>>, _: User) -> Result<Response, Failure> {
    let zone = app.config.get().calendar.zone.clone();
    let dead = app.store.jobs(JobState::Dead, MOST).await?;
    let waiting = app.store.jobs(JobState::Waiting, MOST).await?;
    let open = app.store.open_intents(MOST).await?;
    let lost = app.store.texts_lost(clock::now_ms() - LOST_MS, MOST).await?;
    let mut sections = vec![
        Section {
            id: "dead",
            title: "Given up",
            aside: "",
            rows: dead.into_iter().map(|job| given_up(job, &zone)).collect(),
        },
        Section {
            id: "lost",
            title: "Texts that did not arrive",
            aside: "Their carrier took them and says that they never got there. They are not sent again by themselves.",
            rows: lost.into_iter().map(|text| missing(text, &zone)).collect(),
        },
        Section {
            id: "open",
            title: "Not yet in the calendar elsewhere",
            aside: "",
            rows: open.into_iter().map(change).collect(),
        },
        Section {
            id: "waiting",
            title: "Waiting",
            aside: "",
            // What is made for the pages themselves is nothing that is to go out.
            rows: waiting
                .into_iter()
                .filter(|job| job.kind != job::BRIEF)
                .map(|job| to_be_done(job, &zone))
                .collect(),
        },
    ];
    sections.retain(|section| !section.rows.is_empty());
    Ok(shown(&OutboxPage { frame: Frame::inside("outbox"), sections }))
}

/// `POST /outbox/{id}/retry`
pub(super) async fn retry(
    State(app): State<Arc<App>>,
    by: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    if !app.store.job_retried(&id, clock::now_ms()).await? {
        return Err(Failure::not_found());
    }
    app.bell.ring();
    app.audit(&by, Deed::JobRetried, &id).await;
    Ok(Redirect::to("/outbox").into_response())
}

fn given_up(job: JobRow, zone: &TimeZone) -> Row {
    Row {
        how: Told::plainly(format!("tried {} times", job.attempts)),
        more: Told { words: job.error.clone(), bad: true },
        retry: Some(job.id.clone()),
        ..to_be_done(job, zone)
    }
}

fn to_be_done(job: JobRow, zone: &TimeZone) -> Row {
    let tried = if job.attempts > 0 { format!("tried {} times", job.attempts) } else { String::new() };
    Row {
        at: Some(times::Moment::of(job.ended_ms.unwrap_or(job.due_ms), zone)),
        what: jobs::what(&job).to_owned(),
        how: Told::plainly(tried),
        more: Told::plainly(job.error),
        ..Row::default()
    }
}

/// A text that a carrier took, and that never arrived.
fn missing(text: TextRow, zone: &TimeZone) -> Row {
    let code = text.delivery_code;
    let how = if code.is_empty() { String::new() } else { format!("code {code}") };
    Row {
        at: Some(times::Moment::of(text.delivery_ms.unwrap_or(text.at_ms), zone)),
        what: calls::who(&text.number),
        more: Told::plainly(text.body),
        how: Told { words: how, bad: true },
        ..Row::default()
    }
}

/// A change of an appointment that a calendar elsewhere has not taken yet.
fn change(intent: Intent) -> Row {
    let how = match (intent.state, intent.what) {
        (IntentState::Planned, What::Booked) => "to be written",
        (IntentState::Planned, What::Moved) => "to be moved",
        (IntentState::Planned, What::Cancelled) | (IntentState::Removing, _) => "to be removed",
        (IntentState::Undoing, _) => "to be taken back",
    };
    Row {
        what: intent.after.summary,
        appointment: Some(intent.after.id),
        more: Told::plainly(intent.why),
        how: Told::plainly(how.to_owned()),
        ..Row::default()
    }
}

impl Told {
    fn plainly(words: String) -> Self {
        Self { words, bad: false }
    }
}
