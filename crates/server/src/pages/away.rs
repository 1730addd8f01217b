//! The owner at another site, to consent to something there: what is kept meanwhile, sealed, and found again once, in the
//! browser that left.

use super::Failure;
use crate::{
    app::App,
    clock,
    guard::{
        session::{User, Visitor},
        token,
    },
};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Serialize, de::DeserializeOwned};
use store::NewOauthState;

/// How long the owner may stay away.
const AWAY_MS: i64 = 20 * 60 * 1000;

/// Sends the owner to `url` with this `state`, by which they are known again. What is kept is sealed for `purpose` alone.
pub(super) async fn send<T: Serialize>(
    app: &App,
    by: &User,
    visitor: &Visitor,
    purpose: &str,
    (url, state): (&str, &str),
    kept: &T,
) -> Result<Response, Failure> {
    let now_ms = clock::now_ms();
    let new = NewOauthState {
        hash: &token::hash(state),
        session: visitor.session().unwrap_or_default(),
        user_id: &by.user.id,
        sealed: &app.vault.seal(purpose, &serde_json::to_string(kept).expect("texts are JSON")),
        now_ms,
        expires_ms: now_ms + AWAY_MS,
    };
    app.store.oauth_begun(&new).await?;
    Ok(Redirect::to(url).into_response())
}

/// What was kept for the owner who comes back with this query; nothing where they never left for this, left another
/// browser, or stayed too long.
pub(super) async fn back<T: DeserializeOwned>(
    app: &App,
    visitor: &Visitor,
    purpose: &str,
    query: &str,
) -> Result<Option<T>, Failure> {
    let pairs = reqwest::Url::parse(&format!("http://localhost/?{query}")).ok();
    let state =
        pairs.and_then(|url| Some(url.query_pairs().find(|(name, _)| name == "state")?.1.into_owned()));
    let Some(state) = state else { return Ok(None) };
    let session = visitor.session().unwrap_or_default();
    let row = app.store.oauth_back(&token::hash(&state), session, clock::now_ms()).await?;
    let opened = row.and_then(|row| app.vault.open(purpose, &row.sealed).ok());
    Ok(opened.and_then(|text| serde_json::from_str(text.expose()).ok()))
}
