//! The one-time link by which somebody becomes the owner, or comes back as the owner.

use super::{Failure, Frame, shown};
use crate::{
    app::App,
    clock,
    guard::{
        session::{Visitor, random_token},
        token,
    },
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use std::sync::Arc;
use store::{Store, StoreError};

/// How long a link can be used.
pub const GOOD_FOR_MS: i64 = 24 * 60 * 60 * 1000;

/// Makes a link that works once, for [`GOOD_FOR_MS`]: the token to put after `/welcome/`. Whoever has it becomes the
/// owner; where there is an owner, whoever has it is logged in as that owner.
pub async fn make_link(store: &Store, now_ms: i64) -> Result<String, StoreError> {
    let secret = random_token();
    store.login_link_made(&token::hash(&secret), None, now_ms + GOOD_FOR_MS).await?;
    Ok(secret)
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomePage {
    frame: Frame,
    /// There is no owner yet.
    new: bool,
}

/// `GET /welcome/{token}`: asks, and uses up nothing, since whatever previews links opens them, too.
pub(super) async fn show(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    let new = !app.store.owner_exists().await?;
    Ok(shown(&WelcomePage { frame: Frame::outside(), new }))
}

/// `POST /welcome/{token}`
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(secret): Path<String>,
) -> Result<Response, Failure> {
    let now_ms = clock::now_ms();
    if !app.store.login_link_used(&token::hash(&secret), now_ms).await? {
        tracing::warn!("a link that was used, too old or never made was tried");
        return Err(Failure::forbidden(
            "This link was used already, or is older than a day. Ask the program for a new one.",
        ));
    }
    let owner = match app.store.owner().await? {
        Some(owner) => owner,
        None => app.store.create_user(None, "Owner", "owner", now_ms).await?,
    };
    tracing::info!(user = %owner.id, "the owner logged in by a link");
    let cookie = visitor.log_in(&app.store, &owner).await?;
    Ok((cookie, Redirect::to("/calls")).into_response())
}
