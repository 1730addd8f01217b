//! The calls there were, latest first, and those among them that somebody looks for.

mod search;

use super::{Failure, Frame, shown, shown_again, times};
use crate::{
    app::App,
    audit::Deed,
    guard::session::User,
    outgoing::{self, NotPlaced, Wish},
    retention,
};
use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use search::{Choices, Search, Wrong};
use std::{collections::BTreeMap, sync::Arc};
use store::{CallBrief, CallRow};

/// Calls a page.
const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "calls.html")]
struct CallsPage {
    frame: Frame,
    /// Somebody can be called.
    can_call: bool,
    wish: Wish,
    /// Why nobody is called.
    wrong: Option<String>,
    search: Search,
    /// Why nothing is looked for.
    unclear: Option<Wrong>,
    carriers: Choices,
    engines: Choices,
    endings: Choices,
    days: Vec<Day>,
    /// Where older ones are.
    older: Option<String>,
    /// How long calls are kept.
    kept: String,
}

impl CallsPage {
    /// What is wrong with this field.
    fn unclear(&self, field: &str) -> Option<&'static str> {
        self.unclear.filter(|wrong| wrong.field == field).map(|wrong| wrong.why)
    }
}

struct Day {
    name: String,
    calls: Vec<Line>,
}

struct Line {
    id: String,
    machine: String,
    clock: String,
    facts: Facts,
    /// What was done in it and what is left, once that is known.
    brief: Option<CallBrief>,
}

/// What a call is in a few words; the page of the call says the same.
pub(super) struct Facts {
    pub(super) who: String,
    pub(super) trust: &'static str,
    /// Empty where it never began or goes on.
    pub(super) length: String,
    pub(super) ending: &'static str,
    /// It is not over.
    pub(super) now: bool,
    /// It ended as no call should.
    pub(super) bad: bool,
}

impl Facts {
    pub(super) fn of(call: &CallRow) -> Self {
        let length = call.answered_ms.zip(call.ended_ms).map(|(from, until)| times::length(until - from));
        let (ending, bad) = told(call.ending.as_deref());
        Self {
            who: who(call.other()),
            trust: match call.trust.as_str() {
                "owner" => "owner",
                "known" => "known",
                _ => "stranger",
            },
            length: length.unwrap_or_default(),
            ending,
            now: call.ended_ms.is_none(),
            bad,
        }
    }
}

/// `GET /calls`
pub(super) async fn calls(
    State(app): State<Arc<App>>,
    _: User,
    Query(search): Query<Search>,
) -> Result<Response, Failure> {
    let page = page(&app, search, Wish::default(), None).await?;
    let status = if page.unclear.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, shown(&page)).into_response())
}

/// `POST /calls`: calls somebody.
pub(super) async fn place(
    State(app): State<Arc<App>>,
    by: User,
    Form(wish): Form<Wish>,
) -> Result<Response, Failure> {
    match outgoing::place_here(&app, &wish).await {
        Ok(placed) => {
            app.audit(&by, Deed::CallPlaced, &placed.to).await;
            Ok(Redirect::to(&format!("/calls/{}", placed.id)).into_response())
        }
        Err(NotPlaced::Store(error)) => Err(error.into()),
        Err(why) => {
            let page = page(&app, Search::default(), wish, Some(why.to_string())).await?;
            Ok(shown_again(&page))
        }
    }
}

async fn page(app: &App, search: Search, wish: Wish, wrong: Option<String>) -> Result<CallsPage, Failure> {
    let config = app.config.get();
    let (rows, unclear) = match search.asked(&config.calendar.zone) {
        Ok(asked) => {
            let asked = asked.behind(&search.before)?;
            (app.store.calls_which(&asked.which(&search), PAGE).await?, None)
        }
        Err(wrong) => (Vec::new(), Some(wrong)),
    };
    let full = rows.len() == PAGE as usize;
    let older = rows.last().filter(|_| full).map(|call| search.after(call.started_ms, &call.id));
    let ids: Vec<_> = rows.iter().map(|call| call.id.as_str()).collect();
    let briefs = app.store.briefs_of(&ids).await?;
    let days = by_day(&rows, briefs, &config.calendar.zone);
    Ok(CallsPage {
        frame: Frame::inside("calls"),
        can_call: outgoing::can_call(&config),
        wish,
        wrong,
        search,
        unclear,
        carriers: search::CARRIERS,
        engines: search::ENGINES,
        endings: search::ENDINGS,
        days,
        older,
        kept: retention::told(app),
    })
}

fn by_day(rows: &[CallRow], briefs: Vec<CallBrief>, zone: &TimeZone) -> Vec<Day> {
    let mut briefs: BTreeMap<_, _> = briefs.into_iter().map(|brief| (brief.call_id.clone(), brief)).collect();
    let mut days: Vec<Day> = Vec::new();
    for call in rows {
        let started = times::zoned(call.started_ms, zone);
        let name = times::day(&started);
        if days.last().is_none_or(|day| day.name != name) {
            days.push(Day { name, calls: Vec::new() });
        }
        let line = Line {
            id: call.id.clone(),
            machine: times::machine(&started),
            clock: times::clock(&started),
            facts: Facts::of(call),
            brief: briefs.remove(&call.id),
        };
        days.last_mut().expect("there is one now").calls.push(line);
    }
    days
}

pub(crate) fn who(number: &str) -> String {
    match number {
        "" | "anonymous" | "unknown" | "restricted" => "Number withheld".into(),
        number => match number.split_once(':') {
            Some(("browser", name)) => format!("{name}, by browser"),
            Some(("api", name)) => format!("{name}, a program"),
            Some(_) | None => number.to_owned(),
        },
    }
}

/// How a call ended, and whether something went wrong.
pub(crate) fn told(ending: Option<&str>) -> (&'static str, bool) {
    match ending {
        None => ("in progress", false),
        Some("caller_hung_up") => ("caller hung up", false),
        Some("assistant_hung_up") => ("said goodbye", false),
        Some("transferred") => ("put through", false),
        Some("dismissed") => ("ended by you", false),
        Some("too_long") => ("went on too long", false),
        Some("silent") => ("nobody spoke", false),
        Some("closed") => ("heard that we are closed", false),
        Some("busy") => ("heard that we are busy", true),
        Some("never_connected") => ("never connected", true),
        Some("too_dear") => ("may have cost no more", false),
        Some("engine_failed") => ("the engine failed", true),
        Some("callee_busy") => ("the line was busy", false),
        Some("no_answer") => ("nobody answered", false),
        Some("machine") => ("a machine answered", false),
        Some("canceled") => ("taken back", false),
        Some("failed") => ("could not be placed", true),
        Some("crashed") => ("cut off by a restart", true),
        Some(_) => ("ended", false),
    }
}
