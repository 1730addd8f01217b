//! The calendar for programs, by the same tools as callers use and under the same rules.
//!
//! | address | tool |
//! | --- | --- |
//! | `POST /calendar/check`, `POST /phone/check_availability` | `check_calendar_availability` |
//! | `POST /calendar/create`, `POST /phone/confirm_appointment` | `create_calendar_event` |
//! | `PUT /calendar/update` | `reschedule_appointment` |
//! | `DELETE /calendar/delete` | `cancel_appointment` |
//! | `POST /calendar/slots` | `find_free_slots` |
//! | `POST /calendar/list` | `list_appointments` |
//!
//! The body is the tool's arguments, one JSON object. The answer is `{"ok", "message", "data"}`: 200 where it was done, 422
//! where it was refused, with a sentence that says why and in `data` what would be possible.

use super::{Program, refused};
use crate::{app::App, audit::Deed, clock};
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{delete, post, put},
};
use call::{Answer, ToolCall, ToolCallId};
use serde_json::{Value, json};
use std::sync::Arc;
use tool::{Errand, Trust};

pub fn router() -> Router<Arc<App>> {
    let check = || post(|state, program, body| look("check_calendar_availability", state, program, body));
    let create = || post(|state, program, body| change("create_calendar_event", state, program, body));
    Router::new()
        .route("/calendar/check", check())
        .route("/calendar/create", create())
        .route("/calendar/update", put(|s, p, b| change("reschedule_appointment", s, p, b)))
        .route("/calendar/delete", delete(|s, p, b| change("cancel_appointment", s, p, b)))
        .route("/calendar/slots", post(|s, p, b| look("find_free_slots", s, p, b)))
        .route("/calendar/list", post(|s, p, b| look("list_appointments", s, p, b)))
        .route("/phone/check_availability", check())
        .route("/phone/confirm_appointment", create())
}

async fn look(tool: &'static str, State(app): State<Arc<App>>, _: Program, body: Bytes) -> Response {
    run(&app, tool, body).await.map_or_else(|refusal| refusal, |answer| answered(&answer))
}

/// The same with what changes an appointment.
async fn change(tool: &'static str, State(app): State<Arc<App>>, by: Program, body: Bytes) -> Response {
    let answer = match run(&app, tool, body).await {
        Ok(answer) => answer,
        Err(refusal) => return refusal,
    };
    if answer.ok {
        app.audit(&by, Deed::AppointmentChanged, tool).await;
    }
    answered(&answer)
}

async fn run(app: &App, tool: &str, body: Bytes) -> Result<Answer, Response> {
    let Ok(arguments) = String::from_utf8(body.into()) else {
        return Err(refused(StatusCode::BAD_REQUEST, "The body must be one JSON object."));
    };
    let call = ToolCall { id: ToolCallId(String::new()), name: tool.into(), arguments };
    Ok(app.tools.get().run(&call, &owners(clock::now_ms())).await)
}

fn answered(answer: &Answer) -> Response {
    let status = if answer.ok { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    (status, Json(told(answer))).into_response()
}

fn told(answer: &Answer) -> Value {
    let data = serde_json::from_str(&answer.data).unwrap_or(Value::Null);
    json!({"ok": answer.ok, "message": answer.say, "data": data})
}

/// What the owner does outside of any call.
pub fn owners(now_ms: i64) -> Errand {
    Errand { call_id: String::new(), caller: String::new(), trust: Trust::Owner, now_ms, began_ms: now_ms }
}
