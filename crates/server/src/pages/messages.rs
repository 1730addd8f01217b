//! What callers left for the owner: words that the assistant wrote down, and voicemail to listen to.

use super::{Failure, Frame, shown, times};
use crate::{app::App, audit::Deed, clock, guard::session::User, voicemail};
use askama::Template;
use axum::{
    extract::{Form, Path, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::sync::Arc;
use store::MessageRow;

/// As many as are shown.
const MOST: u32 = 200;

#[derive(Template)]
#[template(path = "messages.html")]
struct MessagesPage {
    frame: Frame,
    open: Vec<Line>,
    done: Vec<Line>,
}

/// One message, here and on its caller's page.
pub(super) struct Line {
    pub(super) id: String,
    pub(super) machine: String,
    pub(super) at: String,
    /// Empty where it is withheld.
    pub(super) caller: String,
    pub(super) call: Option<String>,
    pub(super) body: String,
    pub(super) urgent: bool,
    /// How long the voicemail sounds; empty: there is none.
    pub(super) length: String,
    pub(super) done: bool,
}

#[derive(Deserialize)]
pub(super) struct Done {
    /// Whether the owner is done with it.
    done: bool,
}

/// `GET /messages`
pub(super) async fn messages(State(app): State<Arc<App>>, _: User) -> Result<Response, Failure> {
    let zone = app.config.get().calendar.zone.clone();
    let lines = app.store.messages(MOST).await?.into_iter().map(|row| line(row, &zone));
    let (done, open) = lines.partition(|line| line.done);
    Ok(shown(&MessagesPage { frame: Frame::inside("messages"), open, done }))
}

/// `POST /messages/{id}/done`
pub(super) async fn done(
    State(app): State<Arc<App>>,
    by: User,
    Path(id): Path<String>,
    Form(Done { done }): Form<Done>,
) -> Result<Response, Failure> {
    if !app.store.message_done(&id, done.then(clock::now_ms)).await? {
        return Err(Failure::not_found());
    }
    app.audit(&by, Deed::MessageDone, &id).await;
    Ok(Redirect::to("/messages").into_response())
}

/// `GET /messages/{id}/voicemail.wav`
pub(super) async fn sound(
    State(app): State<Arc<App>>,
    _: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let ulaw = app.store.voicemail(&id).await?.ok_or_else(Failure::not_found)?;
    Ok(([(header::CONTENT_TYPE, "audio/wav")], voicemail::wav(&ulaw)).into_response())
}

pub(super) fn line(row: MessageRow, zone: &TimeZone) -> Line {
    let times::Moment { named: at, machine } = times::Moment::of(row.taken_ms, zone);
    Line {
        machine,
        at,
        length: if row.sound_ms > 0 { times::length(row.sound_ms) } else { String::new() },
        id: row.id,
        caller: row.caller,
        call: row.call_id,
        body: row.body,
        urgent: row.urgent,
        done: row.done_ms.is_some(),
    }
}
