//! Every address, on one page.

use crate::{
    app::App,
    houses::{self, Houses},
    line::clips,
    pages, phone, programs, texts,
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    routing::{any, get, post},
};
use std::sync::Arc;
use tower_http::{catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer};

/// The largest body that an address takes; some pages, to which files are sent, take a larger one and say so themselves.
pub const LARGEST_BODY: usize = 64 * 1024;

/// The installation's own addresses and those of the first owner's house; whatever is none of them is somebody's house's.
pub fn router(houses: &Arc<Houses>) -> Router {
    let app = houses.first();
    let probes = Router::new().route("/healthz", get(healthy)).route("/readyz", get(ready));
    let enter = {
        let houses = houses.clone();
        move |request| houses::enter(houses.clone(), request)
    };
    Router::new()
        .merge(phone().merge(probes).layer(RequestBodyLimitLayer::new(LARGEST_BODY)))
        .merge(pages::of_the_installation(app))
        .fallback(enter)
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::new())
        .with_state(app.clone())
}

/// Every address of one house: what carriers, programs and whoever lives there come to.
pub fn house(app: &Arc<App>) -> Router {
    // Programs come there, no browsers: it has guards of its own.
    let inside = Router::new().route("/mcp", any(programs::endpoint));
    // Whoever is logged in calls their own assistant.
    let inside = inside.route("/browser/stream", any(phone::browser::stream));
    let outside = phone().merge(inside).layer(RequestBodyLimitLayer::new(LARGEST_BODY));
    outside.merge(pages::of_a_house(app)).with_state(app.clone())
}

/// What carriers call.
fn phone() -> Router<Arc<App>> {
    Router::new()
        // Twilio; the second and third address are those of the systems that this one replaces.
        .route("/incoming-call", get(phone::incoming_call).post(phone::incoming_call))
        .route("/phone/incoming-call", get(phone::incoming_call).post(phone::incoming_call))
        .route("/phone/webhook", get(phone::incoming_call).post(phone::incoming_call))
        .route(phone::MEDIA_STREAM, any(phone::media_stream))
        .route("/ws", any(phone::media_stream))
        .route("/phone/process-voice/{call}", post(phone::turn))
        // Every carrier, Twilio too.
        .route("/phone/{carrier}/incoming-call", get(phone::incoming_call).post(phone::incoming_call))
        .route("/phone/{carrier}/media-stream", any(phone::media_stream))
        .route("/phone/{carrier}/process-voice/{call}", post(phone::turn))
        .route("/phone/{carrier}/outgoing/{call}", post(phone::answered))
        .route("/phone/{carrier}/outgoing/{call}/{when}", post(phone::leave_message))
        .route("/phone/{carrier}/status", get(phone::fares_of).post(phone::fares_of))
        .route("/phone/{carrier}/status/{call}", post(phone::fares))
        .route("/phone/{carrier}/after-stream/{call}", post(phone::after_stream))
        .route("/phone/{carrier}/briefing/{proof}", post(phone::briefing))
        .route("/phone/{carrier}/transfer/{proof}", get(phone::transfer).post(phone::transfer))
        .route("/phone/clips/{file}", get(clips::clip))
        .route("/phone/{carrier}/sms", post(texts::incoming_text))
        .route("/phone/{carrier}/sms/status/{text}", post(texts::delivery))
}

/// The second listener, `WS_PORT`: media streams at `/`.
pub fn streams(app: Arc<App>) -> Router {
    Router::new().route("/", any(phone::media_stream)).with_state(app)
}

/// The process runs.
async fn healthy() -> &'static str {
    "ok\n"
}

/// New calls are taken. Engines that do not work are named, and callers are answered all the same.
async fn ready(State(app): State<Arc<App>>) -> (StatusCode, String) {
    if app.draining.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n".into());
    }
    match app.store.health().await {
        Ok(()) => {
            let engines = app.engines.troubles().into_iter();
            let engines = engines.map(|(kind, ..)| format!("the engine {} does not work\n", kind.name()));
            (StatusCode::OK, format!("ok\n{}", engines.collect::<String>()))
        }
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n".into())
        }
    }
}
