//! Appointments for programs, by the same tools as callers use and under the same rules.

use super::{
    door::Entered,
    input::{Sent, Wanted, there},
    problem::{OrMissing, OrRefused, Problem, Told, Usual},
};
use crate::{
    api::calendar::owners,
    app::App,
    audit::Deed,
    clock,
    programs::reading::{self, ListAppointments},
    told::{self, Page, time},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use call::{Answer, ToolCall, ToolCallId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use store::AppointmentRow;
use utoipa::ToSchema;

const NONE: &str = "There is no appointment with this id, or it was cancelled.";

/// Lists appointments
///
/// Those that stand in a stretch of time, in order.
#[utoipa::path(get, path = "/appointments", tag = "Appointments", params(ListAppointments),
    responses((status = 200, description = "A part of them.", body = Page<told::Appointment>), Usual))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    _: Entered,
    Wanted(wanted): Wanted<ListAppointments>,
) -> Told<Json<Page<told::Appointment>>> {
    Ok(Json(reading::appointments(&app.store, &app.config.get().calendar.zone, &wanted).await?))
}

/// One appointment
#[utoipa::path(get, path = "/appointments/{id}", tag = "Appointments",
    params(("id" = String, Path, description = "Of the appointment.")),
    responses((status = 200, description = "The appointment.", body = told::Appointment), Usual, OrMissing))]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    _: Entered,
    Path(id): Path<String>,
) -> Told<Json<told::Appointment>> {
    Ok(Json(told(&app, &standing(&app, &id).await?)))
}

/// An appointment that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAppointment {
    /// What it is about and for whom, in a few words.
    #[schema(max_length = 200)]
    summary: String,
    /// `2026-11-24T10:30`, in the owner's zone, or with an offset.
    #[schema(max_length = 100)]
    starts: String,
    /// Where it is left out, it takes the usual time.
    #[serde(default, deserialize_with = "there")]
    #[schema(max_length = 100, nullable = false)]
    ends: Option<String>,
    /// Which of the office's kinds it is, where it has kinds.
    #[serde(default, deserialize_with = "there")]
    #[schema(max_length = 100, nullable = false)]
    kind: Option<String>,
    #[serde(default, deserialize_with = "there")]
    #[schema(max_length = 4000, nullable = false)]
    description: Option<String>,
    /// Names or e-mail addresses of those who come. The first address is sent a confirmation.
    #[serde(default, deserialize_with = "there")]
    #[schema(max_items = 20, nullable = false)]
    attendees: Option<Vec<String>>,
}

/// Books an appointment
///
/// What is taken or outside of the hours is refused, with what is free instead.
#[utoipa::path(post, path = "/appointments", tag = "Appointments", request_body = NewAppointment,
    params(("Idempotency-Key" = Option<String>, Header, description = "Under one key it is done once.")),
    responses((status = 201, description = "It is booked.", body = told::Appointment), Usual, OrRefused))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    entered: Entered,
    Sent(new): Sent<NewAppointment>,
) -> Told<Response> {
    let NewAppointment { summary, starts, ends, kind, description, attendees } = new;
    let arguments = [
        ("summary", Some(json!(summary))),
        ("datetime_start", Some(json!(starts))),
        ("datetime_end", ends.map(Value::from)),
        ("kind", kind.map(Value::from)),
        ("description", description.map(Value::from)),
        ("attendees", attendees.map(Value::from)),
    ];
    let answer = run(&app, "create_calendar_event", given(arguments)).await?;
    let data: Value = serde_json::from_str(&answer.data).unwrap_or_default();
    let id = data["id"].as_str().unwrap_or_default();
    app.audit(&*entered.0, Deed::AppointmentChanged, &format!("{id}, booked")).await;
    let booked = told(&app, &standing(&app, id).await?);
    Ok((StatusCode::CREATED, Json(booked)).into_response())
}

/// Where an appointment is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Elsewhen {
    /// `2026-11-24T10:30`, in the owner's zone, or with an offset.
    #[schema(max_length = 100)]
    starts: String,
    /// Where it is left out, it takes as long as before.
    #[serde(default, deserialize_with = "there")]
    #[schema(max_length = 100, nullable = false)]
    ends: Option<String>,
    /// Why, for its history.
    #[serde(default, deserialize_with = "there")]
    #[schema(max_length = 1000, nullable = false)]
    reason: Option<String>,
}

/// Moves an appointment
#[utoipa::path(patch, path = "/appointments/{id}", tag = "Appointments", request_body = Elsewhen,
    params(("id" = String, Path, description = "Of the appointment.")),
    responses((status = 200, description = "Where it is now.", body = told::Appointment), Usual, OrMissing, OrRefused))]
pub(super) async fn change(
    State(app): State<Arc<App>>,
    entered: Entered,
    Path(id): Path<String>,
    Sent(to): Sent<Elsewhen>,
) -> Told<Json<told::Appointment>> {
    let row = standing(&app, &id).await?;
    let arguments = [
        ("original_datetime", Some(json!(starts(&app, &row)))),
        ("new_datetime_start", Some(json!(to.starts))),
        ("new_datetime_end", to.ends.map(Value::from)),
        ("reason", to.reason.map(Value::from)),
    ];
    run(&app, "reschedule_appointment", given(arguments)).await?;
    app.audit(&*entered.0, Deed::AppointmentChanged, &format!("{id}, moved")).await;
    Ok(Json(told(&app, &standing(&app, &id).await?)))
}

/// Cancels an appointment
#[utoipa::path(delete, path = "/appointments/{id}", tag = "Appointments",
    params(("id" = String, Path, description = "Of the appointment.")),
    responses((status = 204, description = "It is cancelled."), Usual, OrMissing, OrRefused))]
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    entered: Entered,
    Path(id): Path<String>,
) -> Told<StatusCode> {
    let row = standing(&app, &id).await?;
    run(&app, "cancel_appointment", given([("datetime_start", Some(json!(starts(&app, &row))))])).await?;
    app.audit(&*entered.0, Deed::AppointmentChanged, &format!("{id}, cancelled")).await;
    Ok(StatusCode::NO_CONTENT)
}

/// What the tool answers where it did what was asked.
async fn run(app: &App, tool: &str, arguments: Value) -> Told<Answer> {
    let call =
        ToolCall { id: ToolCallId(String::new()), name: tool.into(), arguments: arguments.to_string() };
    let answer = app.tools.get().run(&call, &owners(clock::now_ms())).await;
    if answer.ok {
        return Ok(answer);
    }
    let data: Value = serde_json::from_str(&answer.data).unwrap_or_default();
    let others = data["alternatives"].as_array().map(Vec::as_slice).unwrap_or_default();
    let alternatives = others.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let taken = data["available"] == false;
    let status = if taken { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
    Err(Problem { alternatives, ..Problem::new(status, answer.say) })
}

/// Those that are there.
fn given<const N: usize>(arguments: [(&str, Option<Value>); N]) -> Value {
    let there = arguments.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(there.collect())
}

async fn standing(app: &App, id: &str) -> Told<AppointmentRow> {
    let row = app.store.appointment(id).await?;
    row.filter(|row| row.status == "booked").ok_or_else(|| Problem::missing(NONE))
}

/// By which it is found: no two in the book begin at the same moment.
fn starts(app: &App, row: &AppointmentRow) -> String {
    time(row.starts_ms, &app.config.get().calendar.zone)
}

fn told(app: &App, row: &AppointmentRow) -> told::Appointment {
    told::Appointment::of(row, &app.config.get().calendar.zone)
}
