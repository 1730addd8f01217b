//! What was recorded of a call, to be played, taken along or deleted.

use super::super::Failure;
use crate::{
    app::App,
    audit::Deed,
    exports,
    guard::session::User,
    recording::{
        keep,
        wav::{self, Part, Wanted},
    },
};
use axum::{
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::sync::Arc;

/// `GET /calls/{id}/recording.wav`: the caller left, the assistant right; any part of it.
pub(in super::super) async fn recording(
    State(app): State<Arc<App>>,
    _: User,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let call = app.store.call(&id).await?.filter(|call| call.ended_ms.is_some());
    let call = call.ok_or_else(Failure::not_found)?;
    let row = keep::whole(&app.store, &app.vault, &call.id).await?.ok_or_else(Failure::not_found)?;
    let length = wav::length(row.samples);
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let (status, part) = match wav::wanted(range, length) {
        Wanted::All => (StatusCode::OK, Part { from: 0, until: length }),
        Wanted::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Wanted::Nothing => {
            let all = [(header::CONTENT_RANGE, format!("bytes */{length}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, all).into_response());
        }
    };
    let mut answer = Response::new(wav::body(app.clone(), call.id, row.samples, part));
    *answer.status_mut() = status;
    let mut put = |name, value: String| {
        let value = HeaderValue::from_str(&value).expect("numbers and letters");
        answer.headers_mut().insert(name, value);
    };
    put(header::CONTENT_TYPE, "audio/wav".into());
    put(header::ACCEPT_RANGES, "bytes".into());
    put(header::CONTENT_LENGTH, (part.until - part.from).to_string());
    // Compressed, its parts could not be asked for.
    put(header::CONTENT_ENCODING, "identity".into());
    if status == StatusCode::PARTIAL_CONTENT {
        put(header::CONTENT_RANGE, format!("bytes {}-{}/{length}", part.from, part.until - 1));
    }
    Ok(answer)
}

/// `POST /calls/{id}/recording/delete`
pub(in super::super) async fn delete_recording(
    State(app): State<Arc<App>>,
    by: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let call = app.store.call(&id).await?.ok_or_else(Failure::not_found)?;
    if !app.store.recording_deleted(&call.id).await? {
        return Err(Failure::not_found());
    }
    app.audit(&by, Deed::RecordingDeleted, &call.id).await;
    Ok(Redirect::to(&format!("/calls/{}", call.id)).into_response())
}

/// What an export is to hold.
#[derive(Deserialize)]
pub(in super::super) struct With {
    /// Anything: what was recorded, too.
    audio: Option<String>,
}

/// `GET /calls/{id}/export`: the call as one JSON file, masked.
pub(in super::super) async fn export(
    State(app): State<Arc<App>>,
    by: User,
    Path(id): Path<String>,
    Query(With { audio }): Query<With>,
) -> Result<Response, Failure> {
    let call = app.store.call(&id).await?.ok_or_else(Failure::not_found)?;
    let currency = app.config.get().cost.currency.clone();
    let bundle = exports::bundle(&app.store, &app.vault, &call, &currency, audio.is_some()).await?;
    app.audit(&by, Deed::Exported, &format!("the call {}", call.id)).await;
    let name = format!("attachment; filename=\"{}\"", exports::file_name(&call));
    let name = HeaderValue::from_str(&name).expect("ASCII");
    let kind = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], Body::from(bundle))
        .into_response())
}
