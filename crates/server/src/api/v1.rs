//! `/api/v1`: everything that the owner's programs may read and do, described by its own `OpenAPI` document.
//!
//! ```text
//!   a request ─► door.rs: who is it, how many of late ─► once.rs: was it asked before ─► calls.rs … hooks.rs
//!                                                                                          │ input.rs reads
//!                                                                    problem.rs ◄── refused ┴─► told.rs: what is said
//! ```
//!
//! What is done here is done by the same functions as by voice, under the same rules. To add something: a handler with its
//! `#[utoipa::path]`, a line in [`router`] and one in [`document`].

mod appointments;
mod calls;
mod document;
mod door;
mod hooks;
mod house;
mod input;
mod once;
mod people;
mod problem;
mod voice;

pub use document::{Operation, document, operations};
pub use door::Meter;

use crate::app::App;
use axum::{
    Json, Router, middleware,
    routing::{any, get, post},
};
use problem::Problem;
use std::sync::Arc;
use tower_http::limit::RequestBodyLimitLayer;

/// All of it.
pub fn router<S: Clone + Send + Sync + 'static>(app: &Arc<App>) -> Router<S> {
    let guarded = Router::new()
        .route("/api/v1/calls", get(calls::list).post(calls::place))
        .route("/api/v1/calls/{id}", get(calls::one))
        .route("/api/v1/calls/{id}/transcript", get(calls::transcript))
        .route("/api/v1/calls/{id}/notes", get(calls::notes))
        .route("/api/v1/calls/{id}/end", post(calls::end))
        .route("/api/v1/appointments", get(appointments::list).post(appointments::create))
        .route(
            "/api/v1/appointments/{id}",
            get(appointments::one).patch(appointments::change).delete(appointments::cancel),
        )
        .route("/api/v1/callers", get(people::callers))
        .route("/api/v1/callers/{number}", get(people::caller))
        .route("/api/v1/messages", get(people::messages))
        .route("/api/v1/messages/{id}/done", post(people::done))
        .route("/api/v1/texts", get(people::texts).post(people::send))
        .route("/api/v1/assistants", get(house::assistants))
        .route("/api/v1/settings", get(house::settings))
        .route("/api/v1/webhooks", get(hooks::list).post(hooks::make))
        .route("/api/v1/webhooks/{id}", get(hooks::one).patch(hooks::change).delete(hooks::remove))
        .route("/api/v1/webhooks/{id}/test", post(hooks::test))
        .route("/api/v1/webhooks/{id}/deliveries", get(hooks::deliveries))
        .route("/api/v1/webhooks/{id}/deliveries/{delivery}/send", post(hooks::send_again))
        .method_not_allowed_fallback(other_method)
        .with_state(app.clone())
        .route_layer(middleware::from_fn_with_state(app.clone(), door::enter));
    Router::new()
        .route("/api/v1/openapi.json", get(described))
        .method_not_allowed_fallback(other_method)
        .route("/api/v1/{*rest}", any(nowhere))
        .with_state(())
        .merge(guarded)
}

/// What takes files, which are larger than what everything else takes.
pub fn with_files<S: Clone + Send + Sync + 'static>(app: &Arc<App>) -> Router<S> {
    Router::new()
        .route("/api/v1/voice", post(voice::say))
        .method_not_allowed_fallback(other_method)
        .with_state(app.clone())
        .route_layer(middleware::from_fn_with_state(app.clone(), door::enter_each))
        .layer(RequestBodyLimitLayer::new(voice::LARGEST))
}

async fn described() -> Json<utoipa::openapi::OpenApi> {
    Json(document())
}

async fn nowhere() -> Problem {
    Problem::missing("There is nothing at this address. /api/v1/openapi.json says what there is.")
}

async fn other_method() -> Problem {
    Problem::new(
        axum::http::StatusCode::METHOD_NOT_ALLOWED,
        "This address takes other methods; the header Allow names them.",
    )
}
