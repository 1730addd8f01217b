//! The addresses for programs: JSON in, JSON out, for a user's session or a token of theirs.

pub mod calendar;
pub mod phone;
pub mod settings;
pub mod v1;

use crate::{
    app::App,
    clock,
    guard::{
        session::{self, Visitor, random_token},
        token::hash,
    },
    secret::Secret,
};
use axum::{
    Json,
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::sync::Arc;
use store::{ApiTokenRow, Store, StoreError, UserRow};

/// What tokens begin with, so that whoever finds one knows what it is.
const PREFIX: &str = "ep_";
/// How long a token's name may be, in characters.
const LONGEST_NAME: usize = 60;

/// A program that acts for a user.
pub struct Program {
    /// What tells it from all others: the id of its token, or of the user whose session it comes in.
    pub key: String,
    /// The id of the user whose session it comes in.
    pub id: Option<String>,
    /// What its token is called, or its user.
    pub name: String,
    /// The network address it came from; empty where it cannot be known.
    pub from: String,
    /// It may change something, and not only read.
    pub acts: bool,
}

/// Why a program is not let in; a sentence.
#[derive(Clone, Copy, Debug)]
pub struct NotLetIn {
    pub status: StatusCode,
    pub why: &'static str,
}

/// Why a token is not heeded.
#[derive(Debug)]
pub enum Denied {
    /// It is none, was revoked, or its user may log in no longer.
    Unknown,
    Store(StoreError),
}

/// The name of the house whose token came with a request, if one came: what stands in it before its dot; of the first owner's
/// there is none.
pub fn house_of_token(headers: &HeaderMap) -> Option<&str> {
    let token = bearer(headers)?.strip_prefix(PREFIX)?;
    Some(token.split_once('.').map_or("", |(name, _)| name))
}

/// The token that came with a request; none: none came.
pub async fn token(app: &App, headers: &HeaderMap) -> Result<Option<ApiTokenRow>, Denied> {
    if !headers.contains_key(header::AUTHORIZATION) {
        return Ok(None);
    }
    let token = bearer(headers).filter(|token| token.starts_with(PREFIX)).ok_or(Denied::Unknown)?;
    if app.whose.is_shut().await.map_err(Denied::Store)? {
        return Err(Denied::Unknown);
    }
    let row = app.store.api_token(&hash(token), clock::now_ms()).await.map_err(Denied::Store)?;
    row.map(Some).ok_or(Denied::Unknown)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Makes a token of the house of this name; it says so, so that it leads there. It is told here and never again: what is
/// remembered is its hash.
pub async fn make_token(
    store: &Store,
    house: &str,
    name: &str,
    acts: bool,
    now_ms: i64,
) -> Result<(Secret, ApiTokenRow), StoreError> {
    let dot = if house.is_empty() { "" } else { "." };
    let token = format!("{PREFIX}{house}{dot}{}", random_token());
    let name: String = name.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect();
    let name = if name.is_empty() { "unnamed" } else { &name };
    let row = store.api_token_made(&hash(&token), name, acts, now_ms).await?;
    Ok((Secret::new(token), row))
}

impl Program {
    /// Who sent this request: the token that came with it, or the session.
    pub async fn of(parts: &mut Parts, app: &Arc<App>) -> Result<Self, NotLetIn> {
        let refused = |status, why| Err(NotLetIn { status, why });
        match token(app, &parts.headers).await {
            Ok(Some(ApiTokenRow { id, name, acts, .. })) => {
                let from = session::came_from(parts, &app.config.get());
                return Ok(Self { key: id, id: None, name, from, acts });
            }
            Ok(None) => {}
            Err(Denied::Unknown) => {
                return refused(StatusCode::UNAUTHORIZED, "This token is none that is good.");
            }
            Err(Denied::Store(error)) => {
                tracing::error!(%error, "a token could not be looked at");
                return refused(StatusCode::INTERNAL_SERVER_ERROR, "The database did not answer.");
            }
        }
        let Ok(visitor) = Visitor::from_request_parts(parts, app).await else {
            return refused(StatusCode::INTERNAL_SERVER_ERROR, "The database did not answer.");
        };
        match visitor.user {
            Some(UserRow { id, name, .. }) => {
                Ok(Self { key: id.clone(), id: Some(id), name, from: visitor.from, acts: true })
            }
            None => refused(StatusCode::UNAUTHORIZED, "Log in first, or send a token."),
        }
    }
}

/// What a token is told that may only read.
pub const READS: NotLetIn = NotLetIn { status: StatusCode::FORBIDDEN, why: "This token may only read." };

impl<S> FromRequestParts<S> for Program
where
    Arc<App>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let program = Self::of(parts, &Arc::<App>::from_ref(state)).await;
        match program {
            Ok(program) if program.acts || parts.method == Method::GET => Ok(program),
            Ok(_) => Err(refused(READS.status, READS.why)),
            Err(NotLetIn { status, why }) => Err(refused(status, why)),
        }
    }
}

/// A refusal, as `{"ok": false, "message": …}`.
pub fn refused(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({"ok": false, "message": why}))).into_response()
}
