//! The front door: the owner goes through, others learn where they are. And the way out.

use super::{Failure, Frame, shown};
use crate::app::App;
use crate::guard::session::Visitor;
use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    /// There is no owner yet.
    new: bool,
}

/// `GET /`
pub(super) async fn home(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, Failure> {
    if visitor.user.is_some() {
        return Ok(Redirect::to("/calls").into_response());
    }
    let new = !app.store.owner_exists().await?;
    Ok(shown(&HomePage { frame: Frame::outside(), new }))
}

/// `POST /logout`
pub(super) async fn log_out(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, Failure> {
    let cookie = visitor.log_out(&app.store).await?;
    Ok((cookie, Redirect::to("/")).into_response())
}
