//! The appointments there are, day by day.

use super::{Failure, Frame, shown, times};
use crate::{app::App, clock, guard::session::User};
use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde::Deserialize;
use std::sync::Arc;
use store::AppointmentRow;
use tool::calendar::Books;

/// Days a page.
const DAYS: i64 = 28;

#[derive(Deserialize)]
pub(super) struct Range {
    /// The first day, `2026-11-24`.
    from: Option<String>,
}

#[derive(Template)]
#[template(path = "appointments.html")]
struct AppointmentsPage {
    frame: Frame,
    days: Vec<Day>,
    span: String,
    zone: String,
    /// The page begins today.
    present: bool,
    earlier: String,
    later: String,
}

struct Day {
    name: String,
    today: bool,
    appointments: Vec<Line>,
}

struct Line {
    id: String,
    machine: String,
    from: String,
    until: String,
    summary: String,
    description: String,
    caller: String,
    call: Option<String>,
}

/// `GET /appointments`
pub(super) async fn appointments(
    State(app): State<Arc<App>>,
    _: User,
    Query(range): Query<Range>,
) -> Result<Response, Failure> {
    let zone = &app.config.get().calendar.zone;
    let today = times::zoned(clock::now_ms(), zone).date();
    let wrong = || Failure::bad_request("That is no date. A date looks like 2026-11-24.");
    let first = match &range.from {
        Some(text) => text.parse().map_err(|_| wrong())?,
        None => today,
    };
    let shifted = |days: i64| first.checked_add(days.days()).map_err(|_| wrong());
    let (end, earlier) = (shifted(DAYS)?, shifted(-DAYS)?);
    let (from_ms, to_ms) = (start_of(first, zone).ok_or_else(wrong)?, start_of(end, zone).ok_or_else(wrong)?);
    let rows = app.store.appointments_between(Books::NAME, from_ms, to_ms).await?;
    Ok(shown(&AppointmentsPage {
        frame: Frame::inside("appointments"),
        days: by_day(rows, today, zone),
        span: format!("{} to {}", first.strftime("%-d %B"), shifted(DAYS - 1)?.strftime("%-d %B %Y")),
        zone: zone.iana_name().unwrap_or("local time").to_owned(),
        present: first == today,
        earlier: earlier.to_string(),
        later: end.to_string(),
    }))
}

fn start_of(date: Date, zone: &TimeZone) -> Option<i64> {
    Some(date.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond())
}

fn by_day(rows: Vec<AppointmentRow>, today: Date, zone: &TimeZone) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for row in rows {
        let starts = times::zoned(row.starts_ms, zone);
        let name = times::day(&starts);
        if days.last().is_none_or(|day| day.name != name) {
            days.push(Day { name, today: starts.date() == today, appointments: Vec::new() });
        }
        days.last_mut().expect("there is one now").appointments.push(Line {
            id: row.id,
            machine: times::machine(&starts),
            from: times::clock(&starts),
            until: times::clock(&times::zoned(row.ends_ms, zone)),
            summary: row.summary,
            description: row.description,
            caller: row.caller,
            call: row.call_id,
        });
    }
    days
}
