//! One call: what was said by whom, what of it was heard, what was done, and how it ended.

use super::{
    Failure, Frame,
    calls::Facts,
    shown,
    timeline::{Timeline, What, timeline},
    times,
};
use crate::app::App;
use crate::cost;
use crate::guard::session::User;
use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use std::sync::Arc;
use store::{CallBrief, NoteRow};

#[derive(Template)]
#[template(path = "call.html")]
struct CallPage {
    frame: Frame,
    facts: Facts,
    from: String,
    to: String,
    outbound: bool,
    purpose: String,
    carrier: String,
    engine: String,
    day: String,
    clock: String,
    machine: String,
    brief: Option<CallBrief>,
    story: Vec<Line>,
    used: String,
    cost: String,
    interruptions: usize,
    notes: Vec<Noted>,
}

struct Line {
    at: String,
    what: What,
}

struct Noted {
    at: String,
    json: String,
}

/// `GET /calls/{id}`
pub(super) async fn call(
    State(app): State<Arc<App>>,
    _: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let call = app.store.call(&id).await?.ok_or_else(Failure::not_found)?;
    let rows = app.store.notes(&id).await?;
    let brief = app.store.brief(&id).await?;
    let Timeline { entries, used, interruptions, ended: _ } = timeline(&rows);
    let started = times::zoned(call.started_ms, &app.config.get().calendar.zone);
    let cost = match call.cost_micros {
        0 => String::new(),
        micros => cost::shown(micros, &app.config.get().cost.currency),
    };
    let used = match (used.tokens_in, used.tokens_out) {
        (0, 0) => String::new(),
        (into, out) => format!("{into} tokens in, {out} out"),
    };
    Ok(shown(&CallPage {
        frame: Frame::inside("calls"),
        facts: Facts::of(&call),
        from: call.from,
        to: call.to,
        outbound: call.outbound,
        purpose: call.purpose,
        carrier: call.carrier,
        engine: call.engine,
        day: times::day(&started),
        clock: times::clock(&started),
        machine: times::machine(&started),
        brief,
        story: entries
            .into_iter()
            .map(|entry| Line { at: times::length(entry.at_ms), what: entry.what })
            .collect(),
        used,
        cost,
        interruptions,
        notes: rows.into_iter().map(noted).collect(),
    }))
}

fn noted(row: NoteRow) -> Noted {
    let (seconds, rest) = (row.at_ms / 1000, row.at_ms % 1000);
    Noted { at: format!("{seconds}.{rest:03}"), json: row.json }
}
