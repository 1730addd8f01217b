//! The addresses for programs: JSON in, JSON out, for the owner's session.

pub mod calendar;
pub mod calls;
pub mod phone;
pub mod settings;

use crate::{app::App, guard::session::Visitor};
use axum::{
    Json,
    extract::{FromRef, FromRequestParts},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::sync::Arc;

/// A program that acts for the owner.
pub struct Program {
    /// The user's id.
    pub user: String,
}

impl<S> FromRequestParts<S> for Program
where
    Arc<App>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let owner = visitor.is_owner();
        match visitor.user {
            Some(user) if owner => Ok(Self { user: user.id }),
            Some(_) | None => Err(refused(StatusCode::UNAUTHORIZED, "Log in first: this is the owner's.")),
        }
    }
}

/// A refusal, as `{"ok": false, "message": …}`.
pub fn refused(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({"ok": false, "message": why}))).into_response()
}
