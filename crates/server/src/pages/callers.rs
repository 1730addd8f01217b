//! The callers there are, and one caller: what they said, want and wrote, and what the owner decided about them.

use super::{Failure, Frame, calls, messages, shown, times};
use crate::{app::App, audit::Deed, clock, config::Number, guard::session::User};
use askama::Template;
use axum::{
    extract::{Form, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};
use store::{AppointmentRow, CallRow, CallerMark, CallerRow, Delivery, Direction, MemoryRow, TextRow};
use tool::{Trust, calendar::Books};

/// As many of each as are shown.
const MOST: u32 = 200;
/// What the owner may write about a caller, in characters.
const LONGEST_NOTE: usize = 500;

#[derive(Template)]
#[template(path = "callers.html")]
struct CallersPage {
    frame: Frame,
    callers: Vec<Line>,
}

struct Line {
    number: String,
    who: String,
    calls: i64,
    at: String,
    machine: String,
    blocked: bool,
    vip: bool,
    note: String,
}

#[derive(Template)]
#[template(path = "caller.html")]
struct CallerPage {
    frame: Frame,
    line: Line,
    /// The settings say so, which counts before the page.
    blocked_by_settings: bool,
    vip_by_settings: bool,
    calls: Vec<Call>,
    /// What the assistant remembers: each with its topic, words and day.
    memories: Vec<Memory>,
    appointments: Vec<Appointment>,
    messages: Vec<messages::Line>,
    texts: Vec<Text>,
}

struct Call {
    id: String,
    machine: String,
    at: String,
    facts: calls::Facts,
}

struct Appointment {
    id: String,
    machine: String,
    at: String,
    summary: String,
}

struct Memory {
    topic: String,
    words: String,
    call: Option<String>,
    machine: String,
    at: String,
}

struct Text {
    ours: bool,
    machine: String,
    at: String,
    body: String,
    status: String,
}

/// What a form on the caller's page decides; what it does not say stays.
#[derive(Deserialize)]
pub(super) struct Decision {
    blocked: Option<bool>,
    vip: Option<bool>,
    note: Option<String>,
    trust: Option<String>,
}

/// `GET /callers`
pub(super) async fn callers(State(app): State<Arc<App>>, _: User) -> Result<Response, Failure> {
    let zone = app.config.get().calendar.zone.clone();
    let callers = app.store.callers(MOST).await?.into_iter().map(|row| line(row, &zone)).collect();
    Ok(shown(&CallersPage { frame: Frame::inside("callers"), callers }))
}

/// `GET /callers/{number}`
pub(super) async fn caller(
    State(app): State<Arc<App>>,
    _: User,
    Path(number): Path<String>,
) -> Result<Response, Failure> {
    let config = app.config.get();
    let zone = &config.calendar.zone;
    let row = app.store.caller(&number).await?.ok_or_else(Failure::not_found)?;
    let calls = app.store.calls_with(&number, MOST).await?;
    let appointments = app.store.appointments_of(Books::NAME, &number, clock::now_ms(), MOST).await?;
    let memories = app.store.all_memories(&number).await?;
    let messages = app.store.messages_from(&number, MOST).await?;
    let mut texts = app.store.texts_with(&number, MOST).await?;
    texts.reverse();
    let listed = |numbers: &[Number]| numbers.iter().any(|listed| listed.as_str() == number);
    Ok(shown(&CallerPage {
        frame: Frame::inside("callers"),
        line: line(row, zone),
        blocked_by_settings: listed(&config.callers.blocked),
        vip_by_settings: listed(&config.callers.vips),
        calls: calls.iter().map(|call| of_call(call, zone)).collect(),
        memories: memories.into_iter().map(|row| of_memory(row, zone)).collect(),
        appointments: appointments.into_iter().map(|row| of_appointment(row, zone)).collect(),
        messages: messages.into_iter().map(|row| messages::line(row, zone)).collect(),
        texts: texts.into_iter().map(|text| of_text(text, zone)).collect(),
    }))
}

/// `POST /callers/{number}`: blocks or lets in, makes a VIP or none, and keeps what the owner wants to remember.
pub(super) async fn decide(
    State(app): State<Arc<App>>,
    by: User,
    Path(number): Path<String>,
    Form(decision): Form<Decision>,
) -> Result<Response, Failure> {
    app.store.caller(&number).await?.ok_or_else(Failure::not_found)?;
    marked(&app, &by, &number, &decision).await
}

/// `POST /callers`: the same about a number that need not have called.
pub(super) async fn add(
    State(app): State<Arc<App>>,
    by: User,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    let written = form.get("number").map_or("", String::as_str);
    let number = Number::parse(written).map_err(|why| Failure::bad_request(&why))?;
    let what = form.get("what").map_or("", String::as_str);
    let decision = Decision {
        blocked: (what == "block").then_some(true),
        vip: (what == "vip").then_some(true),
        note: None,
        trust: None,
    };
    marked(&app, &by, number.as_str(), &decision).await
}

/// `POST /callers/{number}/memory`: the assistant forgets one thing about the caller, or all of them.
pub(super) async fn forget_memory(
    State(app): State<Arc<App>>,
    by: User,
    Path(number): Path<String>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    let topic = form.get("topic").map(String::as_str);
    let gone = app.store.forget_memories(&number, topic, Trust::Owner.degree()).await?;
    let what = topic.unwrap_or("everything remembered");
    app.audit(&by, Deed::Forgotten, &format!("{number}, {what}, {gone}")).await;
    Ok(Redirect::to(&format!("/callers/{}", escaped(&number))).into_response())
}

/// `POST /callers/{number}/forget`
pub(super) async fn forget(
    State(app): State<Arc<App>>,
    by: User,
    Path(number): Path<String>,
) -> Result<Response, Failure> {
    let forgotten = app.store.forget_caller(&number, clock::now_ms()).await?;
    tracing::info!(by = by.user.id, ?forgotten, "a caller was forgotten");
    app.audit(&by, Deed::Forgotten, &number).await;
    Ok(Redirect::to("/callers").into_response())
}

async fn marked(app: &App, by: &User, number: &str, decision: &Decision) -> Result<Response, Failure> {
    let note = decision.note.as_ref().map(|note| note.trim().chars().take(LONGEST_NOTE).collect::<String>());
    let mark = CallerMark {
        blocked: decision.blocked,
        vip: decision.vip,
        note: note.as_deref(),
        trust: decision.trust.as_deref(),
    };
    app.store.mark_caller(number, mark, clock::now_ms()).await?;
    let (blocked, vip) = (decision.blocked, decision.vip);
    tracing::info!(by = by.user.id, ?blocked, ?vip, "something was decided about a caller");
    app.audit(by, Deed::CallerChanged, number).await;
    Ok(Redirect::to(&format!("/callers/{}", escaped(number))).into_response())
}

fn line(row: CallerRow, zone: &TimeZone) -> Line {
    let at = times::zoned(row.last_ms, zone);
    Line {
        who: calls::who(&row.number),
        number: escaped(&row.number),
        calls: row.calls,
        at: times::day(&at),
        machine: times::machine(&at),
        blocked: row.blocked,
        vip: row.vip,
        note: row.note,
    }
}

fn of_call(call: &CallRow, zone: &TimeZone) -> Call {
    let at = times::zoned(call.started_ms, zone);
    Call {
        id: call.id.clone(),
        machine: times::machine(&at),
        at: format!("{}, {}", times::day(&at), times::clock(&at)),
        facts: calls::Facts::of(call),
    }
}

fn of_appointment(row: AppointmentRow, zone: &TimeZone) -> Appointment {
    let at = times::zoned(row.starts_ms, zone);
    Appointment {
        id: row.id,
        machine: times::machine(&at),
        at: format!("{}, {}", times::day(&at), times::clock(&at)),
        summary: row.summary,
    }
}

fn of_memory(row: MemoryRow, zone: &TimeZone) -> Memory {
    let at = times::zoned(row.at_ms, zone);
    Memory {
        topic: row.topic,
        words: row.words,
        call: row.call_id,
        machine: times::machine(&at),
        at: times::day(&at),
    }
}

fn of_text(text: TextRow, zone: &TimeZone) -> Text {
    let at = times::zoned(text.at_ms, zone);
    Text {
        ours: text.direction == Direction::Out,
        machine: times::machine(&at),
        at: format!("{}, {}", times::day(&at), times::clock(&at)),
        status: how(&text),
        body: text.body,
    }
}

/// What became of a text: as the carrier told, or as far as we know where it told nothing.
fn how(text: &TextRow) -> String {
    match text.delivery {
        Delivery::Untold => text.status.clone(),
        Delivery::OnItsWay => "on its way".into(),
        Delivery::Arrived => "arrived".into(),
        Delivery::Lost if text.delivery_code.is_empty() => "did not arrive".into(),
        Delivery::Lost => format!("did not arrive, code {}", text.delivery_code),
    }
}

/// A number, or whatever the carrier called the caller, as one part of an address.
fn escaped(number: &str) -> String {
    use std::fmt::Write;
    number.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"+-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("a String takes everything");
        }
        text
    })
}
