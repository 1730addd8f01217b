//! `Idempotency-Key`: what is asked twice under one key is done once, and answered alike.
//!
//! An answer is kept for a day, sealed. What failed on our side may be asked again. Where the process dies in the middle
//! nobody knows what was done: then that is said, rather than doing it twice.

use super::{door::Entered, problem::Problem};
use crate::{app::App, clock, guard::token::hash, router::LARGEST_BODY};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::{Asked, StoreError};

/// The longest key, in bytes.
const LONGEST: usize = 255;
/// The largest answer that is kept, in bytes.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// Has the request answered, or gives the answer that it had before.
pub(super) async fn answered(app: Arc<App>, request: Request, next: Next) -> Response {
    let key = request.headers().get("idempotency-key").filter(|_| request.method() == Method::POST);
    let Some(key) = key else { return next.run(request).await };
    let fits = |key: &&str| !key.is_empty() && key.len() <= LONGEST;
    let Some(key) = key.to_str().ok().filter(fits).map(str::to_owned) else {
        let why = "Give an Idempotency-Key of 1 to 255 plain characters, such as a UUID.";
        return Problem::wrong(why).into_response();
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large.").into_response();
    };
    // It goes on though the program hangs up: it will ask again.
    let done = app.tasks.clone().spawn(async move { once(&app, &key, parts, body, next).await });
    match done.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Problem::from(error).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn once(app: &App, key: &str, parts: Parts, body: Bytes, next: Next) -> Result<Response, StoreError> {
    let who = parts.extensions.get::<Entered>().map(|entered| entered.0.key.clone()).unwrap_or_default();
    let name = hash(&format!("{who}\0{key}"));
    let mut asked = format!("{} {}\0", parts.method, parts.uri).into_bytes();
    asked.extend_from_slice(&body);
    let asked = hash(&String::from_utf8_lossy(&asked));
    match app.store.ask_once(&name, &asked, clock::now_ms()).await? {
        Asked::New => {}
        Asked::Before { asked: other, .. } if other != asked => {
            let why = "This Idempotency-Key was used for another request. Use a new one for each.";
            return Ok(Problem::refused(why).into_response());
        }
        Asked::Before { answer, .. } if answer.is_empty() => {
            let why = "The same request is being done, or was broken off. Look whether it was done before you ask under \
                       another key.";
            return Ok(Problem::conflict(why).into_response());
        }
        Asked::Before { answer, .. } => {
            let kept = app.vault.open(&name, &answer).ok();
            let kept = kept.and_then(|kept| serde_json::from_str::<Kept>(kept.expose()).ok());
            return Ok(kept.map_or_else(
                || Problem::conflict("It was done, but its answer cannot be read any more.").into_response(),
                Kept::again,
            ));
        }
    }
    let answer = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, LARGEST_ANSWER).await.unwrap_or_default();
    let status = parts.status;
    let final_one = !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS;
    let sealed = final_one.then(|| {
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let body = String::from_utf8_lossy(&body).into_owned();
        let kept = Kept { status: status.as_u16(), kind: kind.unwrap_or_default().to_owned(), body };
        app.vault.seal(&name, &serde_json::to_string(&kept).expect("texts are JSON"))
    });
    app.store.answered_once(&name, sealed.as_deref()).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    kind: String,
    body: String,
}

impl Kept {
    fn again(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut answer = (status, self.body).into_response();
        let headers = answer.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        if let Some(kind) = HeaderValue::from_str(&self.kind).ok().filter(|kind| !kind.is_empty()) {
            headers.insert(header::CONTENT_TYPE, kind);
        }
        let replayed = HeaderName::from_static("idempotency-replayed");
        headers.insert(replayed, HeaderValue::from_static("true"));
        answer
    }
}
