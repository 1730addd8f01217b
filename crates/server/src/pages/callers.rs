//! The callers there are: who they are, what the owner decided about them, and who is looked for.

use super::{
    Failure, Frame,
    caller::{Decision, decided, escaped},
    calls, shown, shown_again, times,
};
use crate::{app::App, config::Number, guard::session::User};
use askama::Template;
use axum::{
    extract::{Form, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::sync::Arc;
use store::CallerRow;

/// As many as are shown.
const MOST: u32 = 200;
/// The longest text that is looked for, in characters.
const LONGEST_WORDS: usize = 100;

#[derive(Template)]
#[template(path = "callers.html")]
struct CallersPage {
    frame: Frame,
    callers: Vec<Line>,
    /// What was looked for.
    words: String,
    /// There are more than are shown.
    full: bool,
    /// The form for a number as it was sent, and what is wrong with it.
    number: String,
    wrong: Option<String>,
}

pub(super) struct Line {
    /// As a part of an address.
    pub(super) number: String,
    pub(super) who: String,
    /// What they are called; empty: nobody knows.
    pub(super) name: String,
    pub(super) calls: i64,
    pub(super) at: String,
    pub(super) machine: String,
    pub(super) blocked: bool,
    pub(super) vip: bool,
    pub(super) trust: String,
    pub(super) note: String,
}

#[derive(Default, Deserialize)]
pub(super) struct Looked {
    q: Option<String>,
}

/// The form for a number that need not have called.
#[derive(Deserialize)]
pub(super) struct Added {
    number: String,
    #[serde(default)]
    what: String,
}

/// `GET /callers`
pub(super) async fn callers(
    State(app): State<Arc<App>>,
    _: User,
    Query(Looked { q }): Query<Looked>,
) -> Result<Response, Failure> {
    Ok(shown(&page(&app, q.unwrap_or_default().trim(), String::new(), None).await?))
}

/// `POST /callers`: decides something about a number, or only gives it a page.
pub(super) async fn add(
    State(app): State<Arc<App>>,
    by: User,
    Form(Added { number, what }): Form<Added>,
) -> Result<Response, Failure> {
    let parsed = match Number::parse(&number) {
        Ok(parsed) => parsed,
        Err(why) => {
            let page = page(&app, "", number, Some(why)).await?;
            return Ok(shown_again(&page));
        }
    };
    let decision = Decision {
        blocked: (what == "block").then_some(true),
        vip: (what == "vip").then_some(true),
        note: None,
        trust: (what == "known").then(|| "known".to_owned()),
    };
    decided(&app, &by, parsed.as_str(), &decision).await?;
    Ok(Redirect::to(&format!("/callers/{}", escaped(parsed.as_str()))).into_response())
}

async fn page(app: &App, words: &str, number: String, wrong: Option<String>) -> Result<CallersPage, Failure> {
    let zone = app.config.get().calendar.zone.clone();
    let words: String = words.chars().take(LONGEST_WORDS).collect();
    let rows = match words.as_str() {
        "" => app.store.callers(MOST).await?,
        words => app.store.callers_found(words, MOST).await?,
    };
    Ok(CallersPage {
        frame: Frame::inside("callers"),
        full: rows.len() == MOST as usize,
        callers: rows.into_iter().map(|row| line(row, &zone)).collect(),
        words,
        number,
        wrong,
    })
}

pub(super) fn line(row: CallerRow, zone: &TimeZone) -> Line {
    let at = times::zoned(row.last_ms, zone);
    Line {
        who: calls::who(&row.number),
        number: escaped(&row.number),
        name: row.name,
        calls: row.calls,
        at: times::short_day(&at),
        machine: times::machine(&at),
        blocked: row.blocked,
        vip: row.vip,
        trust: row.trust,
        note: row.note,
    }
}
