//! Calls for programs.
//!
//! `POST /api/v1/calls` calls somebody: `{"to": "+1…", "purpose": "…", "carrier": "twilio"}`, of which only `to` must be
//! there. 201 with the call's `id` where the carrier rings them now; 403 where they may not be called, 429 where too many were called of late, 422 where nobody
//! can be, 502 where the carrier refused, each with a sentence.

use super::{Program, refused};
use crate::{
    app::App,
    outgoing::{self, NotPlaced, Wish},
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::json;
use std::sync::Arc;

pub fn router() -> Router<Arc<App>> {
    Router::new().route("/api/v1/calls", post(place))
}

async fn place(State(app): State<Arc<App>>, program: Program, body: Bytes) -> Response {
    let wish: Wish = match serde_json::from_slice(&body) {
        Ok(wish) => wish,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &format!("The body cannot be read: {error}.")),
    };
    match outgoing::place_for_program(&app, &wish).await {
        Ok(placed) => {
            tracing::info!(by = program.user, call = %placed.id, "a call was placed by a program");
            let told = json!({
                "ok": true, "message": format!("{} is called now.", placed.to),
                "id": placed.id, "carrier": placed.carrier, "to": placed.to,
            });
            (StatusCode::CREATED, Json(told)).into_response()
        }
        Err(why) => refused(status(&why), &why.to_string()),
    }
}

fn status(why: &NotPlaced) -> StatusCode {
    match why {
        NotPlaced::MayNot(_) | NotPlaced::Quiet(_) => StatusCode::FORBIDDEN,
        NotPlaced::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        NotPlaced::NotANumber(_)
        | NotPlaced::NoSuchCarrier(_)
        | NotPlaced::NotSetUp(_)
        | NotPlaced::TooMuch => StatusCode::UNPROCESSABLE_ENTITY,
        NotPlaced::Carrier(_) => StatusCode::BAD_GATEWAY,
        NotPlaced::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
