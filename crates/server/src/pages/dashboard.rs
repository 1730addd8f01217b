//! What the owner looks at every day: the calls there are now, today's appointments, what needs attention, and how many
//! calls there were, how long, how dear and how quickly answered.

mod attention;
mod beginning;
mod charts;
mod figures;
mod now;

pub(super) use now::live;

use super::{Failure, Frame, appointments::Line, shown, times};
use crate::{api::Program, app::App, clock, cost, guard::session::User};
use askama::Template;
use attention::Matter;
use axum::{
    Json,
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use beginning::Beginning;
use charts::Chart;
use figures::{Figures, Part, Span};
use jiff::tz::TimeZone;
use now::Now;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use store::{AppointmentRow, StoreError};
use tool::calendar::Books;

/// Over how many days charts go where nothing else is asked for.
const DAYS: u32 = 30;

#[derive(Deserialize)]
pub(super) struct Asked {
    /// 7, 30 or 90.
    days: Option<String>,
}

impl Asked {
    /// What is nothing that is offered is what is usual.
    fn days(&self) -> u32 {
        let days = self.days.as_deref().and_then(|days| days.parse().ok());
        days.filter(|days| figures::SPANS.contains(days)).unwrap_or(DAYS)
    }
}

#[derive(Template)]
#[template(path = "dashboard.html")]
struct DashboardPage {
    frame: Frame,
    today: String,
    beginning: Beginning,
    now: Now,
    matters: Vec<Matter>,
    /// Today's, each with whether it is over.
    appointments: Vec<(Line, bool)>,
    tiles: Vec<Tile>,
    days: u32,
    spans: [u32; 3],
    charts: Vec<Chart>,
    /// There were calls in that time.
    any: bool,
}

struct Tile {
    name: &'static str,
    figure: String,
    more: String,
}

/// `GET /dashboard`
pub(super) async fn dashboard(
    State(app): State<Arc<App>>,
    _: User,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let config = app.config.get();
    let (zone, now_ms) = (&config.calendar.zone, clock::now_ms());
    let today = times::zoned(now_ms, zone);
    let span = Span::ending(today.date(), zone, asked.days()).ok_or_else(Failure::not_found)?;
    let this_day = Span::ending(today.date(), zone, 1).ok_or_else(Failure::not_found)?;
    // Side by side: the database reads for several at once.
    let (figures, current, now, matters, appointments, beginning) = tokio::try_join!(
        Figures::of(&app.store, &span),
        Figures::of(&app.store, &this_day),
        Now::of(&app),
        attention::matters(&app, now_ms),
        appointments(&app, &this_day),
        Beginning::of(&app),
    )?;
    Ok(shown(&DashboardPage {
        frame: Frame::inside("dashboard"),
        today: times::day(&today),
        beginning,
        now,
        matters,
        appointments: appointments.into_iter().map(|row| dated(row, now_ms, zone)).collect(),
        tiles: tiles(&current.sum(), &config.cost.currency),
        days: asked.days(),
        spans: figures::SPANS,
        any: figures.sum().calls > 0,
        charts: charts::of(&figures, &config.cost.currency),
    }))
}

/// `GET /dashboard/stats`: the same figures for programs, of 7, 30 or 90 `days`. Times in milliseconds, money in the owner's
/// currency.
pub(super) async fn stats(State(app): State<Arc<App>>, _: Program, Query(asked): Query<Asked>) -> Response {
    match told(&app, asked.days()).await {
        Ok(told) => Json(told).into_response(),
        Err(error) => Failure::from(error).into_response(),
    }
}

async fn told(app: &App, days: u32) -> Result<serde_json::Value, StoreError> {
    let config = app.config.get();
    let (zone, now_ms) = (&config.calendar.zone, clock::now_ms());
    let today = times::zoned(now_ms, zone).date();
    let (Some(span), Some(this_day)) = (Span::ending(today, zone, days), Span::ending(today, zone, 1)) else {
        return Ok(json!({"ok": false, "message": "There is no such time."}));
    };
    let figures = Figures::of(&app.store, &span).await?;
    let current = Figures::of(&app.store, &this_day).await?.sum();
    let sum = figures.sum();
    let matters = attention::matters(app, now_ms).await?;
    let parts = figures.parts.iter().map(|part| {
        json!({
            "from": part.first.to_string(), "calls": part.calls, "minutes": figures::minutes(part.talk_ms),
            "cost": figures::money(part.cost_micros),
            "answer_ms": {"p50": part.answers.percentile(50), "p95": part.answers.percentile(95)},
        })
    });
    Ok(json!({
        "ok": true,
        "days": span.days(),
        "zone": times::zone_name(zone),
        "currency": config.cost.currency,
        "calls_now": app.store.open_calls(now::MOST).await?.len(),
        "today": {
            "calls": current.calls, "minutes": figures::minutes(current.talk_ms),
            "cost": figures::money(current.cost_micros), "appointments": appointments(app, &this_day).await?.len(),
        },
        "total": {
            "calls": sum.calls, "answered": sum.answered, "minutes": figures::minutes(sum.talk_ms),
            "cost": figures::money(sum.cost_micros),
            "answer_ms": {"p50": sum.answers.percentile(50), "p95": sum.answers.percentile(95)},
        },
        "parts": parts.collect::<Vec<_>>(),
        "attention": matters.iter().map(|matter| json!({"what": matter.what, "why": matter.why, "at": matter.to}))
            .collect::<Vec<_>>(),
    }))
}

/// Those of this time, and those that are over, too.
async fn appointments(app: &App, span: &Span) -> Result<Vec<AppointmentRow>, StoreError> {
    let (from_ms, to_ms) = span.bounds();
    app.store.appointments_between(Books::NAME, from_ms, to_ms).await
}

/// An appointment, and whether it is over.
fn dated(row: AppointmentRow, now_ms: i64, zone: &TimeZone) -> (Line, bool) {
    let over = row.ends_ms <= now_ms;
    (Line::of(row, zone), over)
}

fn tiles(sum: &Part, currency: &str) -> Vec<Tile> {
    let percentile = |p| sum.answers.percentile(p).map(charts::waited);
    let missed = sum.calls - sum.answered;
    vec![
        Tile {
            name: "Calls today",
            figure: sum.calls.to_string(),
            more: if missed > 0 { format!("{missed} not put through") } else { String::new() },
        },
        Tile { name: "Minutes", figure: figures::minutes(sum.talk_ms).to_string(), more: String::new() },
        Tile {
            name: "Cost",
            figure: format!("{:.2}", figures::money(sum.cost_micros)),
            more: if sum.cost_micros > 0 {
                cost::shown(sum.cost_micros, currency)
            } else {
                currency.to_owned()
            },
        },
        Tile {
            name: "Answered after",
            figure: percentile(50).unwrap_or_else(|| "–".into()),
            more: percentile(95).map(|most| format!("95 of 100 within {most}")).unwrap_or_default(),
        },
    ]
}
