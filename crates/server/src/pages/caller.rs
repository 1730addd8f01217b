//! One caller: what they said, want and wrote, what is remembered of them, and what the owner decides about them.

use super::{
    Failure, Frame, callers, calls, messages, shown, shown_again,
    times::{self, Moment},
};
use crate::{
    app::App,
    audit::Deed,
    clock,
    config::Number,
    guard::{
        allowlist,
        session::{User, random_token},
        trust,
    },
    jobs, outgoing,
};
use askama::Template;
use axum::{
    extract::{Form, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};
use store::{
    AppointmentRow, CallRow, CallerMark, Delivery, Direction, Forgotten, JobRow, JobState, MemoryRow, TextRow,
};
use tool::{
    Trust,
    calendar::{Books, tidy},
    memory::NAME,
    message::job,
};

const SHUT_OUT: &str =
    "This number is not on the list of those who may call (ALLOWED_NUMBERS), so it is rejected.";
/// As many of each as are shown.
const MOST: u32 = 200;
/// What the owner may write about a caller, in characters.
const LONGEST_NOTE: usize = 500;

#[derive(Template)]
#[template(path = "caller.html")]
struct CallerPage {
    frame: Frame,
    number: String,
    line: callers::Line,
    /// As the settings have it, where the owner decides nothing: `owner`, `known` or `stranger`.
    by_settings: &'static str,
    /// The settings alone decide how far it is trusted.
    is_owners: bool,
    /// Why it is not let in, whatever is decided here.
    shut_out: Option<&'static str>,
    /// The settings say so, which counts before the page.
    blocked_by_settings: bool,
    vip_by_settings: bool,
    calls: Vec<Call>,
    /// What the assistant remembers: each with its topic, words and day.
    memories: Vec<Memory>,
    appointments: Vec<Appointment>,
    messages: Vec<messages::Line>,
    texts: Vec<Text>,
    /// Texts of the owner's that are not sent.
    unsent: Vec<Unsent>,
    /// Why nothing can be texted.
    mute: Option<&'static str>,
    /// The box to write in as it was sent, and what is wrong with it.
    written: String,
    wrong: Option<String>,
    /// Names what is texted from this page.
    token: String,
    pin: Option<Tries>,
}

/// What is known of tries of the PIN.
struct Tries {
    tries: i64,
    /// Until when it has to wait; empty: it need not.
    until: String,
}

struct Unsent {
    body: String,
    /// Why; empty: it is on its way.
    why: String,
    dead: bool,
}

#[derive(Template)]
#[template(path = "forget.html")]
struct ForgetPage {
    frame: Frame,
    number: String,
    who: String,
    known: Forgotten,
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
    pub(super) blocked: Option<bool>,
    pub(super) vip: Option<bool>,
    pub(super) note: Option<String>,
    /// `known`, `stranger`, or empty: as the settings say.
    pub(super) trust: Option<String>,
}

/// A text as it was written.
#[derive(Deserialize)]
pub(super) struct Written {
    #[serde(default)]
    body: String,
    /// Names it: sent twice it is one text.
    #[serde(default)]
    token: String,
}

/// `GET /callers/{number}`
pub(super) async fn caller(
    State(app): State<Arc<App>>,
    _: User,
    Path(number): Path<String>,
) -> Result<Response, Failure> {
    Ok(shown(&page(&app, &number).await?))
}

async fn page(app: &App, number: &str) -> Result<CallerPage, Failure> {
    let config = app.config.get();
    let zone = &config.calendar.zone;
    let row = app.store.caller(number).await?.ok_or_else(Failure::not_found)?;
    let calls = app.store.calls_with(number, MOST).await?;
    let now_ms = clock::now_ms();
    let appointments = app.store.appointments_of(Books::NAME, number, now_ms, MOST).await?;
    let memories = app.store.all_memories(number).await?;
    let messages = app.store.messages_from(number, MOST).await?;
    let mut texts = app.store.texts_with(number, MOST).await?;
    texts.reverse();
    let unsent = app.store.jobs_undone(&texted(number), MOST).await?;
    let known: Vec<&str> = texts.iter().map(|text| text.key.as_str()).collect();
    let unsent =
        unsent.iter().filter(|job| !known.contains(&job.key.as_str()) || job.state == JobState::Dead);
    let unsent = unsent.map(of_job).collect();
    let listed = |numbers: &[Number]| numbers.iter().any(|listed| listed.as_str() == number);
    let mut line = callers::line(row, zone);
    let name = memories.iter().find(|memory| memory.topic == NAME).map(|memory| memory.words.clone());
    line.name = name.unwrap_or_default();
    Ok(CallerPage {
        frame: Frame::inside("callers"),
        number: number.to_owned(),
        line,
        by_settings: trust::of(&config.callers, number, None).name(),
        is_owners: trust::is_owners(&config.callers, number, None),
        shut_out: (!allowlist::admits(&config.callers, number)).then_some(SHUT_OUT),
        blocked_by_settings: listed(&config.callers.blocked),
        vip_by_settings: listed(&config.callers.vips),
        calls: calls.iter().map(|call| of_call(call, zone)).collect(),
        memories: memories.into_iter().map(|row| of_memory(row, zone)).collect(),
        appointments: appointments.into_iter().map(|row| of_appointment(row, zone)).collect(),
        messages: messages.into_iter().map(|row| messages::line(row, zone)).collect(),
        texts: texts
            .into_iter()
            .filter(|text| !text.body.is_empty())
            .map(|text| of_text(text, zone))
            .collect(),
        unsent,
        mute: mute(app, number).await?,
        written: String::new(),
        wrong: None,
        token: random_token(),
        pin: if config.callers.pin.is_some() { tries(app, number, now_ms, zone).await? } else { None },
    })
}

async fn tries(app: &App, number: &str, now_ms: i64, zone: &TimeZone) -> Result<Option<Tries>, Failure> {
    let (tries, until_ms) = app.store.pin_tries(number, now_ms).await?;
    let until = if until_ms > 0 { times::clock(&times::zoned(until_ms, zone)) } else { String::new() };
    Ok((tries > 0).then_some(Tries { tries, until }))
}

/// Why nothing can be texted to this number.
async fn mute(app: &App, number: &str) -> Result<Option<&'static str>, Failure> {
    if Number::parse(number).is_err() {
        return Ok(Some("This is no number that can be texted."));
    }
    if app.store.text_stopped(number).await? {
        return Ok(Some("They have answered STOP: they are texted no more until they text START."));
    }
    let can = jobs::can_text(&app.config.get());
    Ok((!can)
        .then_some("Texts cannot be sent yet: a carrier with a number must be connected under Settings."))
}

/// What the keys of texts begin with that the owner writes to this number.
fn texted(number: &str) -> String {
    format!("owner:text:{number}:")
}

/// `POST /callers/{number}/text`
pub(super) async fn text(
    State(app): State<Arc<App>>,
    by: User,
    Path(number): Path<String>,
    Form(Written { body, token }): Form<Written>,
) -> Result<Response, Failure> {
    app.store.caller(&number).await?.ok_or_else(Failure::not_found)?;
    let refused = match mute(&app, &number).await? {
        Some(why) => Err(why.to_owned()),
        None => outgoing::text_body(&body),
    };
    let text = match refused {
        Ok(text) => text,
        Err(why) => {
            let page = CallerPage { written: body, wrong: Some(why), ..page(&app, &number).await? };
            return Ok(shown_again(&page));
        }
    };
    let token: String = token.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    let token = if token.is_empty() { random_token() } else { token };
    let words = job::Words { to: number.clone(), body: text, at_ms: clock::now_ms(), at_any_hour: true };
    jobs::queue(&app, &job::words(&format!("{}{token}", texted(&number)), &words)).await?;
    app.audit(&by, Deed::TextSent, &number).await;
    Ok(Redirect::to(&format!("/callers/{}#texts", escaped(&number))).into_response())
}

/// `POST /callers/{number}/pin`: the number need not wait to try the PIN again.
pub(super) async fn let_try(
    State(app): State<Arc<App>>,
    by: User,
    Path(number): Path<String>,
) -> Result<Response, Failure> {
    app.store.pin_was_right(&number).await?;
    app.audit(&by, Deed::CallerChanged, &format!("{number} may try the PIN again")).await;
    Ok(back(&number))
}

/// `GET /callers/{number}/forget`: what would be gone.
pub(super) async fn ask_to_forget(
    State(app): State<Arc<App>>,
    _: User,
    Path(number): Path<String>,
) -> Result<Response, Failure> {
    app.store.caller(&number).await?.ok_or_else(Failure::not_found)?;
    let known = app.store.known_of_caller(&number, clock::now_ms()).await?;
    let (frame, who) = (Frame::inside("callers"), calls::who(&number));
    Ok(shown(&ForgetPage { frame, number: escaped(&number), who, known }))
}

/// `POST /callers/{number}`: blocks or lets in, makes a VIP or none, and keeps what the owner wants to remember.
pub(super) async fn decide(
    State(app): State<Arc<App>>,
    by: User,
    Path(number): Path<String>,
    Form(decision): Form<Decision>,
) -> Result<Response, Failure> {
    app.store.caller(&number).await?.ok_or_else(Failure::not_found)?;
    decided(&app, &by, &number, &decision).await?;
    Ok(back(&number))
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
    Ok(back(&number))
}

/// `POST /callers/{number}/forget`
pub(super) async fn forget(
    State(app): State<Arc<App>>,
    by: User,
    Path(number): Path<String>,
) -> Result<Response, Failure> {
    let forgotten = app.store.forget_caller(&number, clock::now_ms()).await?;
    tracing::info!(by = by.user.id, ?forgotten, "a caller was forgotten");
    // Not the number: it is forgotten.
    app.audit(&by, Deed::Forgotten, "a caller").await;
    Ok(Redirect::to("/callers").into_response())
}

/// Keeps what the owner decides about a number, which need not have called.
pub(super) async fn decided(app: &App, by: &User, number: &str, decision: &Decision) -> Result<(), Failure> {
    let known = ["", "known", "stranger"];
    if decision.trust.as_deref().is_some_and(|trust| !known.contains(&trust)) {
        return Err(Failure::bad_request("A caller is known, a stranger, or what the settings say."));
    }
    let note = decision.note.as_ref().map(|note| tidy(note).chars().take(LONGEST_NOTE).collect::<String>());
    let mark = CallerMark {
        blocked: decision.blocked,
        vip: decision.vip,
        note: note.as_deref(),
        trust: decision.trust.as_deref(),
    };
    app.store.mark_caller(number, mark, clock::now_ms()).await?;
    app.audit(by, Deed::CallerChanged, number).await;
    Ok(())
}

fn back(number: &str) -> Response {
    Redirect::to(&format!("/callers/{}", escaped(number))).into_response()
}

fn of_call(call: &CallRow, zone: &TimeZone) -> Call {
    let Moment { named: at, machine } = Moment::short(call.started_ms, zone);
    Call { id: call.id.clone(), machine, at, facts: calls::Facts::of(call) }
}

fn of_appointment(row: AppointmentRow, zone: &TimeZone) -> Appointment {
    let Moment { named: at, machine } = Moment::of(row.starts_ms, zone);
    Appointment { id: row.id, machine, at, summary: row.summary }
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
    let Moment { named: at, machine } = Moment::of(text.at_ms, zone);
    Text { ours: text.direction == Direction::Out, machine, at, status: how(&text), body: text.body }
}

fn of_job(row: &JobRow) -> Unsent {
    let words = serde_json::from_str::<job::Words>(&row.payload);
    Unsent {
        body: words.map(|words| words.body).unwrap_or_default(),
        why: row.error.clone(),
        dead: row.state == JobState::Dead,
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

/// A number, or whatever the carrier called the caller, as one part of a path, where a plus is nothing but a plus.
pub(super) fn escaped(number: &str) -> String {
    super::escaped(number).replace("%2B", "+")
}
