//! What programs send, read or refused with a reason.

use super::problem::Problem;
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{StatusCode, request::Parts},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

/// One JSON object.
pub(super) struct Sent<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, state).await.map_err(|error| {
            let why = "The body could not be read; it may be too large.";
            Problem::new(
                Some(error.status()).filter(StatusCode::is_client_error).unwrap_or(StatusCode::BAD_REQUEST),
                why,
            )
        })?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| Problem::wrong(format!("The body cannot be read: {error}.")))
    }
}

/// What stands behind the question mark.
pub(super) struct Wanted<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Wanted<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri).map(|Query(wanted)| Self(wanted)).map_err(|error| {
            let why =
                std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            Problem::wrong(format!("The query cannot be read: {why}."))
        })
    }
}

/// A field that may be left out, but is nothing else than it says: no `null`.
pub(super) fn there<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}
