//! Our calendar as an `.ics` feed, read by whoever has its secret link.

use super::{Said, page};
use crate::{
    app::App,
    audit::Deed,
    calendars, clock,
    guard::{
        session::{User, random_token},
        token,
    },
    pages::{Failure, origin::Origin, shown},
};
use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use jiff::{SignedDuration, Timestamp};
use std::{sync::Arc, time::Duration};
use store::AppointmentRow;
use tool::calendar::{
    Books,
    ics::{self, Appointment},
};
use when::Span;

/// How far back and ahead the feed tells.
const BACK: SignedDuration = SignedDuration::from_hours(31 * 24);
const AHEAD: SignedDuration = SignedDuration::from_hours(400 * 24);
/// How often programs are asked to look again.
const REFRESH: Duration = Duration::from_secs(15 * 60);

/// `POST /calendars/feed`: a new link, instead of the one there was. It is shown this once.
pub(in crate::pages) async fn make(
    State(app): State<Arc<App>>,
    by: User,
    origin: Origin,
) -> Result<Response, Failure> {
    let secret = random_token();
    app.store.rotate_feed(Books::NAME, &token::hash(&secret), clock::now_ms()).await?;
    app.audit(&by, Deed::FeedChanged, "made").await;
    let said = Said { feed: Some(format!("{}/feeds/{secret}.ics", origin.base())), ..Said::default() };
    Ok(shown(&page(&app, &origin, said).await?))
}

/// `POST /calendars/feed/close`
pub(in crate::pages) async fn close(State(app): State<Arc<App>>, by: User) -> Result<Response, Failure> {
    app.store.close_feed(Books::NAME).await?;
    app.audit(&by, Deed::FeedChanged, "closed").await;
    Ok(Redirect::to("/calendars").into_response())
}

/// `GET /feeds/{secret}.ics`
pub(in crate::pages) async fn feed(
    State(app): State<Arc<App>>,
    Path(file): Path<String>,
) -> Result<Response, Failure> {
    let secret = file.strip_suffix(".ics").ok_or_else(Failure::not_found)?;
    let calendar = app.store.feed(&token::hash(secret)).await?.ok_or_else(Failure::not_found)?;
    let now = calendars::now();
    let ms = |at: Result<Timestamp, jiff::Error>| at.unwrap_or(now).as_millisecond();
    let (from_ms, to_ms) = (ms(now.checked_sub(BACK)), ms(now.checked_add(AHEAD)));
    let rows = app.store.appointments_between(&calendar, from_ms, to_ms).await?;
    let appointments: Vec<_> = rows.into_iter().filter_map(told).collect();
    let business = &app.config.get().assistant.business;
    let name = if business.is_empty() { "Appointments" } else { business };
    let text = ics::feed(name, &appointments, REFRESH, now);
    Ok(([(header::CONTENT_TYPE, "text/calendar; charset=utf-8")], text).into_response())
}

fn told(row: AppointmentRow) -> Option<Appointment> {
    let at = |ms| Timestamp::from_millisecond(ms).ok();
    Some(Appointment {
        span: Span { from: at(row.starts_ms)?, to: at(row.ends_ms)? },
        changed: at(row.created_ms)?,
        id: row.id,
        zone: row.zone,
        summary: row.summary,
        description: row.description,
        place: String::new(),
        organizer: None,
        attendees: Vec::new(),
        cancelled: false,
        sequence: 0,
    })
}
