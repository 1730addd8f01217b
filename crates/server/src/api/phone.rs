//! The carriers for programs: whether we reach each other, and what is to be set where.
//!
//! | address | answer |
//! | --- | --- |
//! | `POST /api/phone/test-connection` (Twilio), `…/test-plivo-connection`, `…/test-telnyx-connection` | what was tried, what came back, what to do |
//! | `GET /phone/twilio` | the addresses that Twilio is to be given |
//! | `GET /phone/test_websocket` | whether streams get here |

use super::Program;
use crate::{
    app::App,
    carriers, phone,
    reach::{self, Tested},
};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use std::sync::Arc;

pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/api/phone/test-connection", post(|state, program| test("twilio", state, program)))
        .route("/api/phone/test-plivo-connection", post(|state, program| test("plivo", state, program)))
        .route("/api/phone/test-telnyx-connection", post(|state, program| test("telnyx", state, program)))
        .route("/phone/twilio", get(twilio))
        .route("/phone/test_websocket", get(websocket))
}

/// The question was answered, whatever the answer is: 200.
async fn test(name: &'static str, State(app): State<Arc<App>>, _: Program) -> Response {
    let carrier = carriers::named(name).expect("it is one of ours");
    Json(told(&reach::account(&app, carrier).await)).into_response()
}

fn told(tested: &Tested) -> Value {
    json!({
        "ok": tested.ok, "message": tested.answer, "tried": tested.tried, "to_do": tested.to_do,
        // As the systems that this one replaces said it.
        "success": tested.ok,
    })
}

async fn twilio(State(app): State<Arc<App>>, _: Program) -> Response {
    let config = app.config.get();
    let carrier = carriers::named("twilio").expect("it is one of ours");
    let mut to_do = reach::missing(&config, carrier);
    let Some(base) = config.server.public_url.as_deref() else {
        let told = json!({"ok": false, "message": "PUBLIC_URL is not set.", "to_do": to_do});
        return (StatusCode::OK, Json(told)).into_response();
    };
    let hooks = carriers::hooks(base, carrier);
    let streams = reach::streams(&app, phone::MEDIA_STREAM).await;
    to_do.extend(streams.to_do.iter().cloned());
    Json(json!({
        "ok": to_do.is_empty(),
        "message": "Give these to the number in Twilio's console, each with POST, or run: earpiece connect twilio",
        "voice_url": hooks.voice, "status_callback": hooks.status, "sms_url": hooks.text,
        "stream_url": carrier::address::stream_address(base, phone::MEDIA_STREAM),
        "reachable": streams.ok, "to_do": to_do,
    }))
    .into_response()
}

async fn websocket(State(app): State<Arc<App>>, _: Program) -> Response {
    let config = app.config.get();
    let url = config.server.public_url.as_deref();
    let url = url.map(|base| carrier::address::stream_address(base, phone::MEDIA_STREAM));
    let mut told = told(&reach::streams(&app, phone::MEDIA_STREAM).await);
    told["stream_url"] = url.into();
    Json(told).into_response()
}
