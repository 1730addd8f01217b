//! The owner's programs and other assistants: the tokens they come with, and how they are told of us.

use super::{Failure, Frame, shown, times};
use crate::{
    api::{
        self,
        v1::{self, Operation},
    },
    app::App,
    clock,
    guard::session::User,
};
use askama::Template;
use axum::{
    extract::{Form, Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use std::{collections::BTreeMap, sync::Arc};
use store::{ApiTokenRow, StoreError};

#[derive(Template)]
#[template(path = "programs.html")]
struct ProgramsPage {
    frame: Frame,
    tokens: Vec<Line>,
    /// Where assistants find us, as far as it is known.
    address: String,
    /// The token that was just made, which is shown this once.
    made: Option<String>,
    /// What is wrong with the name that was typed.
    wrong: Option<&'static str>,
}

struct Line {
    id: String,
    name: String,
    acts: bool,
    made: String,
    /// Empty: never.
    used: String,
}

/// `GET /programs`
pub(super) async fn programs(State(app): State<Arc<App>>, _: User) -> Result<Response, Failure> {
    Ok(shown(&page(&app, None).await?))
}

/// `POST /programs`: makes a token.
pub(super) async fn make(
    State(app): State<Arc<App>>,
    by: User,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    let name = form.get("name").map_or("", |name| name.trim());
    if name.is_empty() {
        let wrong = Some("Give the token a name, so that you know later what it is for.");
        let page = ProgramsPage { wrong, ..page(&app, None).await? };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown(&page)).into_response());
    }
    let acts = form.get("may").is_some_and(|may| may == "act");
    let (token, row) = api::make_token(&app.store, app.whose.name(), name, acts, clock::now_ms()).await?;
    app.audit(&by, crate::audit::Deed::TokenMade, &row.name).await;
    Ok(shown(&page(&app, Some(token.expose().to_owned())).await?))
}

/// `POST /programs/{id}/revoke`
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    by: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    if !app.store.api_token_revoked(&id).await? {
        return Err(Failure::not_found());
    }
    app.audit(&by, crate::audit::Deed::TokenRevoked, &id).await;
    Ok(Redirect::to("/programs").into_response())
}

#[derive(Template)]
#[template(path = "reference.html")]
struct ReferencePage {
    frame: Frame,
    parts: Vec<(String, Vec<Operation>)>,
    base: String,
}

/// `GET /api`: what programs may ask, for people.
pub(super) async fn reference(State(app): State<Arc<App>>, _: User) -> Response {
    let mut parts: Vec<(String, Vec<Operation>)> = Vec::new();
    for operation in v1::operations() {
        match parts.iter_mut().find(|(tag, _)| *tag == operation.tag) {
            Some((_, operations)) => operations.push(operation),
            None => parts.push((operation.tag.clone(), vec![operation])),
        }
    }
    let base = app.config.get().server.public_url.clone();
    let base = base.unwrap_or_else(|| "https://your.public.address".into());
    shown(&ReferencePage { frame: Frame::inside("programs"), parts, base })
}

async fn page(app: &App, made: Option<String>) -> Result<ProgramsPage, StoreError> {
    let config = app.config.get();
    let base = config.server.public_url.clone().unwrap_or_else(|| "https://your.public.address".into());
    let tokens = app.store.api_tokens().await?;
    Ok(ProgramsPage {
        frame: Frame::inside("programs"),
        tokens: tokens.into_iter().map(|row| line(row, &config.calendar.zone)).collect(),
        address: format!("{base}/mcp"),
        made,
        wrong: None,
    })
}

fn line(row: ApiTokenRow, zone: &TimeZone) -> Line {
    let day = |ms| times::day(&times::zoned(ms, zone));
    Line {
        id: row.id,
        name: row.name,
        acts: row.acts,
        made: day(row.made_ms),
        used: row.used_ms.map(day).unwrap_or_default(),
    }
}
