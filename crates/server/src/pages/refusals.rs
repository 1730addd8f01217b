//! Requests in a carrier's name that were not believed: which addresses were tried, what was found, what to do.

use super::{Failure, Frame, shown, times};
use crate::{app::App, audit::Deed, guard::session::User, refusals};
use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "refusals.html")]
struct RefusalsPage {
    frame: Frame,
    rows: Vec<Line>,
    /// What `PUBLIC_URL` is; empty: it is not set.
    public: String,
}

struct Line {
    carrier: String,
    name: String,
    why: String,
    times: i64,
    first: String,
    machine: String,
    last: String,
    addresses: Vec<String>,
    advice: String,
}

/// `GET /refusals`
pub(super) async fn refusals(State(app): State<Arc<App>>, _: User) -> Result<Response, Failure> {
    app.refusals.write(&app.store).await?;
    let config = app.config.get();
    let told = |ms| times::Moment::of(ms, &config.calendar.zone);
    let rows = app.store.refusals(0).await?.into_iter().map(|row| {
        let times::Moment { named: last, machine } = told(row.last_ms);
        Line {
            carrier: refusals::title(&row.carrier).to_owned(),
            name: row.carrier,
            why: row.why,
            times: row.times,
            first: told(row.first_ms).named,
            machine,
            last,
            addresses: row.addresses.lines().map(str::to_owned).collect(),
            advice: row.advice,
        }
    });
    Ok(shown(&RefusalsPage {
        frame: Frame::inside("carriers"),
        rows: rows.collect(),
        public: config.server.public_url.clone().unwrap_or_default(),
    }))
}

/// `POST /refusals/forget`: the owner has seen to them.
pub(super) async fn forget(State(app): State<Arc<App>>, by: User) -> Result<Response, Failure> {
    app.refusals.write(&app.store).await?;
    app.store.forget_refusals().await?;
    app.audit(&by, Deed::RefusalsForgotten, "").await;
    Ok(Redirect::to("/refusals").into_response())
}
