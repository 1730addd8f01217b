//! The calls there are now, with the last words of each as they are spoken.

use super::times;
use crate::{
    app::App,
    calls,
    guard::session::User,
    pages::{
        calls::Facts,
        live::{Stream, Watch, streamed},
    },
};
use askama::Template;
use axum::{extract::State, response::Response};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use store::{CallRow, StoreError};

/// As many as are shown.
pub const MOST: u32 = 100;
/// How soon after something happened to a call of which nothing is shown the list is made anew: its row is written by then,
const SOON: Duration = Duration::from_millis(400);
/// and how often, whatever happens.
const OFTEN: Duration = Duration::from_secs(5);

/// The calls.
#[derive(Template)]
#[template(path = "now.html")]
pub struct Now {
    pub calls: Vec<Line>,
}

pub struct Line {
    pub id: String,
    pub facts: Facts,
    pub machine: String,
    pub clock: String,
    pub engine: String,
    pub outbound: bool,
    /// Its audio stands.
    pub answered: bool,
    pub words: Words,
}

/// What was said last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "words.html")]
pub struct Words {
    /// Empty: nothing yet.
    pub text: String,
    pub caller: bool,
}

impl Now {
    pub async fn of(app: &App) -> Result<Self, StoreError> {
        Self::telling(app, app.store.open_calls(MOST).await?).await
    }

    /// These calls, each with what was said last in it.
    async fn telling(app: &App, rows: Vec<CallRow>) -> Result<Self, StoreError> {
        let zone = &app.config.get().calendar.zone;
        let mut calls = Vec::new();
        for call in rows {
            let words = app.store.last_words(&call.id).await?;
            let started = times::zoned(call.started_ms, zone);
            calls.push(Line {
                facts: Facts::of(&call),
                machine: times::machine(&started),
                clock: times::clock(&started),
                words: words.and_then(|note| words_of(&note.json)).unwrap_or_default(),
                answered: call.answered_ms.is_some(),
                id: call.id,
                engine: call.engine,
                outbound: call.outbound,
            });
        }
        Ok(Self { calls })
    }
}

/// `GET /dashboard/live`: the calls there are now, whenever they change, and words as they are spoken.
pub async fn live(State(app): State<Arc<App>>, _: User) -> Response {
    streamed(&app, NowStream { app: app.clone(), shown: None })
}

struct NowStream {
    app: Arc<App>,
    /// What the page shows: which calls, and which of them are answered.
    shown: Option<Vec<(String, bool)>>,
}

impl Stream for NowStream {
    async fn begin(&mut self, watch: &mut Watch) -> Result<(), StoreError> {
        self.again(watch).await
    }

    fn heard(&mut self, note: &calls::Live, watch: &mut Watch) {
        let known = self.shown.iter().flatten().any(|(id, _)| **id == *note.call);
        if !known || note.json.is_empty() {
            return watch.look_again(SOON);
        }
        if let Some(words) = words_of(&note.json) {
            watch.send(&format!("words-{}", note.call), &words);
        } else if note.json.contains("\"kind\":\"ended\"") {
            watch.look_again(SOON);
        }
    }

    async fn again(&mut self, watch: &mut Watch) -> Result<(), StoreError> {
        let calls = self.app.store.open_calls(MOST).await?;
        let shown = calls.iter().map(|call| (call.id.clone(), call.answered_ms.is_some())).collect();
        if self.shown.as_ref() != Some(&shown) {
            watch.send("calls", &Now::telling(&self.app, calls).await?);
            self.shown = Some(shown);
        }
        watch.look_again(OFTEN);
        Ok(())
    }
}

/// What this note says was said, if that is what it is.
fn words_of(json: &str) -> Option<Words> {
    let note: Value = serde_json::from_str(json).ok()?;
    let caller = match note["kind"].as_str()? {
        "caller_said" => true,
        "assistant_said" => false,
        _ => return None,
    };
    Some(Words { text: note["text"].as_str()?.to_owned(), caller })
}
