//! The front door: users go through, others learn where they are, or log in.

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
}

/// `GET /`
pub(super) async fn home(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, Failure> {
    if visitor.user.is_some() {
        return Ok(Redirect::to("/dashboard").into_response());
    }
    if app.store.owner_exists().await? {
        return Ok(Redirect::to("/login").into_response());
    }
    Ok(shown(&HomePage { frame: Frame::outside() }))
}
