//! The appointments there are: a week of them as a grid, or a list that can be searched.

mod list;
pub(super) mod new;
mod week;
pub(super) mod wish;

pub(super) use list::Line;
pub(super) use week::placed;

use super::{Failure, Frame, shown, times};
use crate::{api::calendar::owners, app::App, clock, guard::session::User};
use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use store::{Sought, Stands};
use tool::calendar::{Books, Entry, Unavailable};
use week::Week;
use when::Span;

/// So long a page waits for calendars elsewhere.
const PATIENCE: Duration = Duration::from_secs(3);
/// Rows of a list.
const ROWS: u32 = 50;
/// The longest text that is looked for, in characters.
const LONGEST_WORDS: usize = 100;

/// What of the appointments is to be seen.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    /// A day of the week that is shown, `2026-11-24`.
    from: Option<String>,
    /// `list` instead of the week.
    view: Option<String>,
    /// What a list shows: `to_come`, `over`, `cancelled`.
    state: Option<String>,
    /// What is looked for.
    q: Option<String>,
    /// The last one that was seen of a list: its start and its id.
    after: Option<i64>,
    id: Option<String>,
}

#[derive(Template)]
#[template(path = "appointments.html")]
struct WeekPage {
    frame: Frame,
    week: Week,
    name: String,
    zone: String,
    /// The day that a narrow page shows.
    chosen: String,
    earlier: String,
    later: String,
    /// Today is not in this week.
    away: bool,
    /// Why what stands elsewhere is not shown.
    missing: Option<String>,
    /// The next that is agreed, where it is in none of the days that are shown and today is: its day, and when.
    next: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "appointments_list.html")]
struct ListPage {
    frame: Frame,
    zone: String,
    words: String,
    state: &'static str,
    days: Vec<list::Day>,
    /// Where it goes on.
    more: Option<(i64, String)>,
}

/// `GET /appointments`
pub(super) async fn appointments(
    State(app): State<Arc<App>>,
    _: User,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    match asked.view.as_deref() {
        Some("list") => listed(&app, &asked).await,
        Some(_) | None => weekly(&app, &asked).await,
    }
}

async fn weekly(app: &App, asked: &Asked) -> Result<Response, Failure> {
    let config = app.config.get();
    let zone = &config.calendar.zone;
    let now = times::zoned(clock::now_ms(), zone);
    let wrong = || Failure::bad_request("That is no date. A date looks like 2026-11-24.");
    let chosen: Date = match &asked.from {
        Some(text) => text.parse().map_err(|_| wrong())?,
        None => now.date(),
    };
    let days = i64::from(chosen.weekday().to_monday_zero_offset());
    let first = chosen.checked_sub(days.days()).map_err(|_| wrong())?;
    let shifted = |days: i64| chosen.checked_add(days.days()).map_err(|_| wrong());
    let (earlier, later) = (shifted(-7)?, shifted(7)?);
    let span = span_of(first, zone).ok_or_else(wrong)?;
    let (entries, missing) = entries(app, span).await?;
    let away = !(first..first.saturating_add(7.days())).contains(&now.date());
    let next = if away { None } else { next(app, first.saturating_add(7.days()), zone).await? };
    Ok(shown(&WeekPage {
        frame: Frame::inside("appointments"),
        week: Week::of(first, chosen, &entries, &config.calendar.hours, &now),
        name: week::name(first),
        zone: times::zone_name(zone).to_owned(),
        chosen: chosen.to_string(),
        earlier: earlier.to_string(),
        later: later.to_string(),
        away,
        missing,
        next,
    }))
}

/// The next appointment to come, if there is none before this day.
async fn next(app: &App, before: Date, zone: &TimeZone) -> Result<Option<(String, String)>, Failure> {
    let to_come = Sought { calendar: Books::NAME, state: Stands::ToCome, words: "", now_ms: clock::now_ms() };
    let row = app.store.appointments_which(&to_come, None, 1).await?.pop();
    let day = row.as_ref().map(|row| times::zoned(row.starts_ms, zone).date()).filter(|day| *day >= before);
    Ok(row.zip(day).map(|(row, day)| (day.to_string(), times::Moment::of(row.starts_ms, zone).named)))
}

/// What stands within the span, ours and elsewhere; or ours alone, and why.
async fn entries(app: &App, span: Span) -> Result<(Vec<Entry>, Option<String>), Failure> {
    let errand = owners(clock::now_ms());
    let why = match tokio::time::timeout(PATIENCE, app.books.list(span, &errand)).await {
        Ok(Ok(entries)) => return Ok((entries, None)),
        Ok(Err(Unavailable(why))) => why,
        Err(_) => format!("there was no answer within {} seconds", PATIENCE.as_secs()),
    };
    let ours = app.books.appointments(span, &errand).await.map_err(|Unavailable(why)| unreadable(&why))?;
    Ok((ours, Some(why)))
}

fn unreadable(why: &str) -> Failure {
    tracing::error!(why, "the appointments cannot be read");
    Failure::unavailable(
        "The appointments cannot be read now. The log says more; please try again in a moment.",
    )
}

async fn listed(app: &App, asked: &Asked) -> Result<Response, Failure> {
    let zone = &app.config.get().calendar.zone;
    let (state, name) = match asked.state.as_deref() {
        Some("over") => (Stands::Over, "over"),
        Some("cancelled") => (Stands::Cancelled, "cancelled"),
        Some(_) | None => (Stands::ToCome, "to_come"),
    };
    let words: String = asked.q.as_deref().unwrap_or_default().trim().chars().take(LONGEST_WORDS).collect();
    let sought = Sought { calendar: Books::NAME, state, words: &words, now_ms: clock::now_ms() };
    let page = asked.after.zip(asked.id.as_deref());
    let rows = app.store.appointments_which(&sought, page, ROWS).await?;
    let full = rows.len() == ROWS as usize;
    let more = rows.last().filter(|_| full).map(|row| (row.starts_ms, row.id.clone()));
    Ok(shown(&ListPage {
        frame: Frame::inside("appointments"),
        zone: times::zone_name(zone).to_owned(),
        days: list::by_day(rows, times::zoned(clock::now_ms(), zone).date(), zone),
        state: name,
        words,
        more,
    }))
}

/// The week that begins with this day.
fn span_of(first: Date, zone: &TimeZone) -> Option<Span> {
    let last = first.checked_add(7.days()).ok()?;
    let (from, to) = (first.to_zoned(zone.clone()).ok()?, last.to_zoned(zone.clone()).ok()?);
    Some(Span::new(&from, &to))
}
