//! Calls for programs: what there was and is, what was said, and calling somebody.

use super::{
    door::Entered,
    input::{Sent, Wanted},
    problem::{OrFailed, OrMissing, OrRefused, Problem, Told, Usual},
};
use crate::{
    app::App,
    audit::Deed,
    outgoing::{self, NotPlaced, Wish},
    programs::reading::{self, ListCalls, Part},
    told::{self, Page},
    watching,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;

/// Lists calls
///
/// Those that were answered or placed, the latest first.
#[utoipa::path(get, path = "/calls", tag = "Calls", params(ListCalls),
    responses((status = 200, description = "A part of them.", body = Page<told::Call>), Usual))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    _: Entered,
    Wanted(wanted): Wanted<ListCalls>,
) -> Told<Json<Page<told::Call>>> {
    Ok(Json(reading::calls(&app.store, &app.config.get().calendar.zone, &wanted).await?))
}

/// One call
#[utoipa::path(get, path = "/calls/{id}", tag = "Calls", params(("id" = String, Path, description = "Of the call.")),
    responses((status = 200, description = "The call.", body = told::Call), Usual, OrMissing))]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    _: Entered,
    Path(id): Path<String>,
) -> Told<Json<told::Call>> {
    Ok(Json(reading::call(&app.store, &app.config.get().calendar.zone, &id).await?))
}

/// A call's transcript
///
/// What was said and done, in order. What the caller spoke over and so did not hear is told apart.
#[utoipa::path(get, path = "/calls/{id}/transcript", tag = "Calls",
    params(("id" = String, Path, description = "Of the call."), Part),
    responses((status = 200, description = "A part of it.", body = Page<told::Line>), Usual, OrMissing))]
pub(super) async fn transcript(
    State(app): State<Arc<App>>,
    _: Entered,
    Path(id): Path<String>,
    Wanted(part): Wanted<Part>,
) -> Told<Json<Page<told::Line>>> {
    let zone = app.config.get().calendar.zone.clone();
    Ok(Json(reading::transcript(&app.store, &zone, &id, &part).await?.1))
}

/// A call's notes
///
/// As they were written down: one JSON object each, with `v`, `at_ms` since the call began, and `kind`.
#[utoipa::path(get, path = "/calls/{id}/notes", tag = "Calls",
    params(("id" = String, Path, description = "Of the call."), Part),
    responses((status = 200, description = "A part of them.", body = Page<Value>), Usual, OrMissing))]
pub(super) async fn notes(
    State(app): State<Arc<App>>,
    _: Entered,
    Path(id): Path<String>,
    Wanted(part): Wanted<Part>,
) -> Told<Json<Page<Value>>> {
    Ok(Json(reading::notes(&app.store, &id, &part).await?))
}

/// A call that was placed.
#[derive(Serialize, ToSchema)]
pub(super) struct Placed {
    /// The call's; its transcript tells later what came of it.
    id: String,
    to: String,
    carrier: &'static str,
}

/// Calls somebody
///
/// It rings a real person's telephone. Only numbers that the owner allows are called, and others than the owner's not in
/// quiet hours.
#[utoipa::path(post, path = "/calls", tag = "Calls", request_body = Wish,
    params(("Idempotency-Key" = Option<String>, Header, description = "Under one key it is done once.")),
    responses((status = 201, description = "It rings.", body = Placed), Usual, OrRefused, OrFailed))]
pub(super) async fn place(
    State(app): State<Arc<App>>,
    entered: Entered,
    Sent(wish): Sent<Wish>,
) -> Told<Response> {
    let placed = outgoing::place_for_program(&app, &wish).await.map_err(|why| not_placed(&why))?;
    app.audit(&*entered.0, Deed::CallPlaced, &placed.to).await;
    let told = Placed { id: placed.id, to: placed.to, carrier: placed.carrier };
    Ok((StatusCode::CREATED, Json(told)).into_response())
}

fn not_placed(why: &NotPlaced) -> Problem {
    let status = match why {
        NotPlaced::MayNot(_) | NotPlaced::Quiet(_) => StatusCode::FORBIDDEN,
        NotPlaced::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        NotPlaced::NotANumber(_)
        | NotPlaced::NoSuchCarrier(_)
        | NotPlaced::NotSetUp(_)
        | NotPlaced::TooMuch => StatusCode::UNPROCESSABLE_ENTITY,
        NotPlaced::Carrier(_) => StatusCode::BAD_GATEWAY,
        NotPlaced::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Problem::new(status, why.to_string())
}

/// Ends a call
///
/// The assistant says goodbye and hangs up, on whichever instance the call is; asked again, it hangs up at once.
#[utoipa::path(post, path = "/calls/{id}/end", tag = "Calls",
    params(("id" = String, Path, description = "Of the call."),
        ("Idempotency-Key" = Option<String>, Header, description = "Under one key it is done once.")),
    responses((status = 202, description = "It is about to end."), Usual, OrMissing, OrRefused))]
pub(super) async fn end(
    State(app): State<Arc<App>>,
    entered: Entered,
    Path(id): Path<String>,
) -> Told<StatusCode> {
    let row = app.store.call(&id).await?;
    let row = row.ok_or_else(|| Problem::missing("There is no call with this id."))?;
    if row.ended_ms.is_some() {
        return Err(Problem::conflict("This call is over."));
    }
    if !watching::end(&app, &id).await? {
        return Err(Problem::conflict("This call has not begun to be spoken. Try again in a moment."));
    }
    app.audit(&*entered.0, Deed::CallEnded, &id).await;
    Ok(StatusCode::ACCEPTED)
}
