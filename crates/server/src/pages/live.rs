//! One call while it goes on: what is said appears as it is said, and the owner can end it. And what every page that
//! watches has in common.

mod story;
mod stream;

pub(super) use stream::{Stream, Watch, streamed};

use super::{Failure, Frame, calls::Facts, shown, times};
use crate::{app::App, audit::Deed, calls, guard::session::User, watching};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use store::{CallRow, NoteRow, StoreError};
use story::Story;

/// Notes are written some moments after they are made: when a page begins to watch, those of the last moments are looked
/// for once more.
const WRITTEN: Duration = Duration::from_millis(700);
/// How often the store is asked, whatever is heard: a call may end without a word.
const OFTEN: Duration = Duration::from_secs(10);

#[derive(Template)]
#[template(path = "live.html")]
struct LivePage {
    frame: Frame,
    id: String,
    facts: Facts,
    outbound: bool,
    machine: String,
    since: String,
    engine: String,
    story: String,
    recorded: bool,
    /// It was told to end.
    ending: bool,
}

/// What is told in place of the buttons once the call is over.
#[derive(Template)]
#[template(path = "over.html")]
struct Over {
    id: String,
    ending: &'static str,
}

#[derive(Deserialize)]
pub(super) struct Told {
    #[serde(default)]
    ending: bool,
}

/// `GET /calls/{id}/live`: a call that is over has a page of its own.
pub(super) async fn live(
    State(app): State<Arc<App>>,
    _: User,
    Path(id): Path<String>,
    Query(told): Query<Told>,
) -> Result<Response, Failure> {
    let call = app.store.call(&id).await?.ok_or_else(Failure::not_found)?;
    if call.ended_ms.is_some() {
        return Ok(Redirect::to(&format!("/calls/{id}")).into_response());
    }
    let started = times::zoned(call.started_ms, &app.config.get().calendar.zone);
    Ok(shown(&LivePage {
        frame: Frame::inside("calls"),
        facts: Facts::of(&call),
        outbound: call.outbound,
        machine: times::machine(&started),
        since: times::clock(&started),
        story: Story::of(app.store.notes(&id).await?).html(),
        recorded: app.store.recording(&id).await?.is_some(),
        engine: call.engine,
        ending: told.ending,
        id,
    }))
}

/// `GET /calls/{id}/live/notes`: what is said, as events.
pub(super) async fn notes(
    State(app): State<Arc<App>>,
    _: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    app.store.call(&id).await?.ok_or_else(Failure::not_found)?;
    let stream =
        CallStream { app: app.clone(), id, story: Story::default(), unwritten: Vec::new(), begun: false };
    Ok(streamed(&app, stream))
}

/// `POST /calls/{id}/end`: the assistant says goodbye and hangs up; a second time, it hangs up at once.
pub(super) async fn end(
    State(app): State<Arc<App>>,
    user: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let call = app.store.call(&id).await?.ok_or_else(Failure::not_found)?;
    if call.ended_ms.is_none() {
        // On no instance: it has not begun to be spoken, which the page shows.
        let _found = watching::end(&app, &id).await?;
        app.audit(&user, Deed::CallEnded, &id).await;
    }
    Ok(Redirect::to(&format!("/calls/{id}/live?ending=true")).into_response())
}

struct CallStream {
    app: Arc<App>,
    id: String,
    /// What the page shows.
    story: Story,
    /// What was heard and may not stand in the store yet.
    unwritten: Vec<NoteRow>,
    begun: bool,
}

impl Stream for CallStream {
    async fn begin(&mut self, watch: &mut Watch) -> Result<(), StoreError> {
        self.again(watch).await?;
        watch.look_again(WRITTEN);
        Ok(())
    }

    fn heard(&mut self, note: &calls::Live, watch: &mut Watch) {
        if *note.call != *self.id {
            // Something of some call was missed.
            if note.call.is_empty() {
                watch.look_again(Duration::ZERO);
            }
            return;
        }
        let Some(row) = row(&note.json) else { return watch.look_again(WRITTEN) };
        if row.kind == "ended" {
            watch.look_again(WRITTEN);
        }
        self.unwritten.push(row.clone());
        if let Some(change) = self.story.hear(row) {
            watch.send_text("line", &change);
        }
    }

    async fn again(&mut self, watch: &mut Watch) -> Result<(), StoreError> {
        let mut rows = self.app.store.notes(&self.id).await?;
        let call = self.app.store.call(&self.id).await?;
        self.unwritten.retain(|heard| !rows.iter().any(|row| row.json == heard.json));
        rows.extend(self.unwritten.iter().cloned());
        let story = Story::of(rows);
        if !std::mem::replace(&mut self.begun, true) || !self.story.is_as(&story) {
            watch.send_text("story", &story.html());
        }
        self.story = story;
        match call {
            Some(CallRow { ended_ms: None, .. }) => watch.look_again(OFTEN),
            ended => {
                let (ending, _) = super::calls::told(ended.and_then(|call| call.ending).as_deref());
                watch.send("state", &Over { id: self.id.clone(), ending });
                watch.over();
            }
        }
        Ok(())
    }
}

/// A note as the store has it.
fn row(json: &str) -> Option<NoteRow> {
    let fields: serde_json::Value = serde_json::from_str(json).ok()?;
    Some(NoteRow {
        at_ms: fields["at"].as_i64()?,
        kind: fields["kind"].as_str()?.to_owned(),
        json: json.to_owned(),
    })
}
