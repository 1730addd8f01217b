//! Callers, what they left, and texts with them, for programs.

use super::{
    door::Entered,
    input::{Sent, Wanted},
    problem::{OrMissing, OrRefused, Problem, Told, Usual},
};
use crate::{
    app::App,
    audit::Deed,
    clock,
    config::Number,
    programs::{
        acting::{self, SendText},
        reading::{self, ListMessages, Part, Stretch, paged},
    },
    told::{self, Page, time},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Callers and texts are listed as far as this.
const MOST: u32 = 10_000;

/// Lists callers
///
/// Who called or texted, the latest first.
#[utoipa::path(get, path = "/callers", tag = "Callers", params(Part),
    responses((status = 200, description = "A part of them.", body = Page<told::Caller>), Usual))]
pub(super) async fn callers(
    State(app): State<Arc<App>>,
    _: Entered,
    Wanted(part): Wanted<Part>,
) -> Told<Json<Page<told::Caller>>> {
    let zone = app.config.get().calendar.zone.clone();
    let stretch = Stretch::of(part.limit, part.cursor.as_deref()).map_err(Problem::wrong)?;
    let rows = app.store.callers(stretch.rows().min(MOST)).await?;
    Ok(Json(paged(&rows, stretch, |row| told::Caller::of(row, &zone))))
}

/// One caller
#[utoipa::path(get, path = "/callers/{number}", tag = "Callers",
    params(("number" = String, Path, description = "With the country code: `+15550100100`.")),
    responses((status = 200, description = "The caller.", body = told::Caller), Usual, OrMissing))]
pub(super) async fn caller(
    State(app): State<Arc<App>>,
    _: Entered,
    Path(number): Path<String>,
) -> Told<Json<told::Caller>> {
    let row = app.store.caller(&number).await?;
    let row = row.ok_or_else(|| Problem::missing("Nobody called or texted from this number."))?;
    Ok(Json(told::Caller::of(&row, &app.config.get().calendar.zone)))
}

/// Lists messages
///
/// What callers left for the owner, the latest first.
#[utoipa::path(get, path = "/messages", tag = "Messages", params(ListMessages),
    responses((status = 200, description = "The messages.", body = Page<told::Message>), Usual))]
pub(super) async fn messages(
    State(app): State<Arc<App>>,
    _: Entered,
    Wanted(wanted): Wanted<ListMessages>,
) -> Told<Json<Page<told::Message>>> {
    let zone = app.config.get().calendar.zone.clone();
    let items = reading::messages(&app.store, &zone, &wanted).await?;
    Ok(Json(Page { items, next_cursor: None }))
}

/// Marks a message as done
#[utoipa::path(post, path = "/messages/{id}/done", tag = "Messages",
    params(("id" = String, Path, description = "Of the message."),
        ("Idempotency-Key" = Option<String>, Header, description = "Under one key it is done once.")),
    responses((status = 204, description = "It is done."), Usual, OrMissing, OrRefused))]
pub(super) async fn done(
    State(app): State<Arc<App>>,
    entered: Entered,
    Path(id): Path<String>,
) -> Told<StatusCode> {
    let there = app.store.message(&id).await?;
    let there = there.ok_or_else(|| Problem::missing("There is no message with this id."))?;
    if there.done_ms.is_none() {
        app.store.message_done(&id, Some(clock::now_ms())).await?;
        app.audit(&*entered.0, Deed::MessageDone, &id).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Which texts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ListTexts {
    /// With whom, with the country code: `+15550100100`.
    number: String,
    /// At most so many; 20 where it is not said.
    #[param(minimum = 1, maximum = 100)]
    #[serde(default)]
    limit: Option<u32>,
    /// Where the last page said that it goes on.
    #[serde(default)]
    cursor: Option<String>,
}

/// Lists texts
///
/// Those with one number, the latest first.
#[utoipa::path(get, path = "/texts", tag = "Texts", params(ListTexts),
    responses((status = 200, description = "A part of them.", body = Page<told::Text>), Usual))]
pub(super) async fn texts(
    State(app): State<Arc<App>>,
    _: Entered,
    Wanted(ListTexts { number, limit, cursor }): Wanted<ListTexts>,
) -> Told<Json<Page<told::Text>>> {
    let number =
        Number::parse(&number).map_err(|why| Problem::wrong(format!("That is no number: {why}.")))?;
    let zone = app.config.get().calendar.zone.clone();
    let stretch = Stretch::of(limit, cursor.as_deref()).map_err(Problem::wrong)?;
    let rows = app.store.texts_with(number.as_str(), stretch.rows().min(MOST)).await?;
    Ok(Json(paged(&rows, stretch, |row| told::Text::of(row, &zone))))
}

/// A text that was queued.
#[derive(Serialize, ToSchema)]
pub(super) struct Queued {
    to: String,
    /// When it goes out: now, or when quiet hours are over.
    #[schema(format = "date-time")]
    goes_out: String,
}

/// Texts somebody
///
/// Only numbers that the owner allows are texted, none that has answered STOP; in quiet hours it waits for their end.
#[utoipa::path(post, path = "/texts", tag = "Texts", request_body = SendText,
    params(("Idempotency-Key" = Option<String>, Header, description = "Under one key it is done once.")),
    responses((status = 202, description = "It goes out.", body = Queued), Usual, OrRefused))]
pub(super) async fn send(
    State(app): State<Arc<App>>,
    entered: Entered,
    Sent(text): Sent<SendText>,
) -> Told<Response> {
    let config = app.config.get();
    let goes_ms = acting::send_text(&config, &app.store, &text).await?;
    app.bell.ring();
    let to = Number::parse(&text.to).map_or_else(|_| text.to.clone(), |number| number.as_str().to_owned());
    app.audit(&*entered.0, Deed::TextSent, &to).await;
    let told = Queued { to, goes_out: time(goes_ms, &config.calendar.zone) };
    Ok((StatusCode::ACCEPTED, Json(told)).into_response())
}
