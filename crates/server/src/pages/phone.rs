//! The browser phone: a page to call the assistant from, and links by which others may.

use super::{Failure, Frame, origin::Origin, shown, shown_again, times::Moment};
use crate::{
    app::App,
    audit::Deed,
    clock,
    config::EngineKind,
    drafts,
    guard::{
        session::{User, random_token},
        token::hash,
    },
    phone::browser::{self, NoCall, Who},
};
use askama::Template;
use axum::{
    Form, Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use store::{NewPhoneLink, PhoneLinkRow, StoreError};

const HOUR_MS: i64 = 60 * 60 * 1000;
/// How long a link may be good, in hours.
const LONGEST: i64 = 7 * 24;
/// For whom a link is, in characters.
const LONGEST_NAME: usize = 40;

#[derive(Template)]
#[template(path = "phone.html")]
struct PhonePage {
    frame: Frame,
    /// Where a call is begun.
    call: String,
    links: Vec<Line>,
    /// The link that was just made, which is shown this once.
    made: Option<String>,
    made_for: String,
    /// What was typed, and what is wrong with it.
    name: String,
    wrong: Option<&'static str>,
    /// Why nobody would answer, as far as is known.
    trouble: Option<String>,
}

struct Line {
    id: String,
    name: String,
    made: String,
    until: String,
}

#[derive(Template)]
#[template(path = "talk.html")]
struct TalkPage {
    frame: Frame,
    call: String,
    business: String,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    /// The assistant that is to be tried, before it is saved.
    draft: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    name: String,
    #[serde(default)]
    hours: i64,
}

/// `GET /phone`
pub(super) async fn phone(
    State(app): State<Arc<App>>,
    user: User,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let page = page(&app, &user).await?;
    let call = match asked
        .draft
        .filter(|draft| draft.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)))
    {
        Some(draft) => format!("/phone/call?draft={draft}"),
        None => page.call,
    };
    Ok(shown(&PhonePage { call, ..page }))
}

/// `POST /phone/call`: begins a call of whoever is logged in, with their assistant or with one that is not saved yet.
pub(super) async fn call(State(app): State<Arc<App>>, user: User, Query(asked): Query<Asked>) -> Response {
    let config = match &asked.draft {
        Some(draft) => drafts::config(&app, draft).await,
        None => Ok(Some(app.config.get())),
    };
    told(match config {
        Ok(Some(config)) => browser::begin(&app, &config, Who::User(&user.user)).await,
        Ok(None) => Err(NoCall::Forgotten),
        Err(error) => Err(error.into()),
    })
}

/// `POST /phone/links`: makes a link.
pub(super) async fn make_link(
    State(app): State<Arc<App>>,
    user: User,
    origin: Origin,
    Form(wish): Form<Wish>,
) -> Result<Response, Failure> {
    let name: String = wish.name.trim().chars().filter(|letter| !letter.is_control()).collect();
    let page = page(&app, &user).await?;
    let wrong = match name.chars().count() {
        0 => Some("Say for whom it is, so that you know their calls by it."),
        1..=LONGEST_NAME => None,
        _ => Some("That is too long: 40 letters at most."),
    };
    if wrong.is_some() {
        let page = PhonePage { name, wrong, ..page };
        return Ok(shown_again(&page));
    }
    let (secret, now_ms) = (random_token(), clock::now_ms());
    let expires_ms = now_ms + wish.hours.clamp(1, LONGEST) * HOUR_MS;
    let new = NewPhoneLink { hash: &hash(&secret), user_id: &user.user.id, name: &name, now_ms, expires_ms };
    let row = app.store.phone_link_made(&new).await?;
    app.audit(&user, Deed::PhoneLinkMade, &row.id).await;
    let zone = app.config.get().calendar.zone.clone();
    let mut links = page.links;
    links.insert(0, line(row, &zone));
    let made = Some(format!("{}/talk/{secret}", origin.base()));
    Ok(shown(&PhonePage { links, made, made_for: name, ..page }))
}

/// `POST /phone/links/{id}/end`
pub(super) async fn end_link(
    State(app): State<Arc<App>>,
    user: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    if !app.store.phone_link_ended(&user.user.id, &id).await? {
        return Err(Failure::not_found());
    }
    app.audit(&user, Deed::PhoneLinkEnded, &id).await;
    Ok(Redirect::to("/phone").into_response())
}

/// `GET /talk/{token}`: the page of a guest.
pub(super) async fn talk(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
) -> Result<Response, Failure> {
    link(&app, &token).await?;
    let business = app.config.get().assistant.business.trim().to_owned();
    Ok(shown(&TalkPage {
        frame: Frame::outside(),
        call: format!("{}/talk/{token}/call", app.whose.prefix()),
        business,
    }))
}

/// `POST /talk/{token}/call`: begins a call of a guest's.
pub(super) async fn talk_call(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
) -> Result<Response, Failure> {
    let link = link(&app, &token).await?;
    Ok(told(browser::begin(&app, &app.config.get(), Who::Guest(&link)).await))
}

async fn link(app: &App, token: &str) -> Result<PhoneLinkRow, Failure> {
    let link = app.store.phone_link(&hash(token), clock::now_ms()).await?;
    link.ok_or_else(|| {
        Failure::forbidden("This link has expired, or was ended. Ask whoever gave it to you for another.")
    })
}

fn told(begun: Result<browser::Call, NoCall>) -> Response {
    match begun {
        Ok(call) => {
            Json(json!({"ok": true, "id": call.id, "call": call.name, "token": call.token})).into_response()
        }
        Err(why) => {
            let status = match why {
                NoCall::TooOften => StatusCode::TOO_MANY_REQUESTS,
                NoCall::Forgotten => StatusCode::GONE,
                NoCall::Blocked => StatusCode::FORBIDDEN,
                NoCall::Busy | NoCall::Spent | NoCall::Closed(_) => StatusCode::SERVICE_UNAVAILABLE,
                NoCall::Failed => StatusCode::INTERNAL_SERVER_ERROR,
            };
            (status, Json(json!({"ok": false, "say": why.to_string()}))).into_response()
        }
    }
}

async fn page(app: &App, user: &User) -> Result<PhonePage, StoreError> {
    let zone = app.config.get().calendar.zone.clone();
    let links = app.store.phone_links(&user.user.id, clock::now_ms()).await?;
    Ok(PhonePage {
        frame: Frame::inside("phone"),
        call: "/phone/call".to_owned(),
        links: links.into_iter().map(|row| line(row, &zone)).collect(),
        made: None,
        made_for: String::new(),
        name: String::new(),
        wrong: None,
        trouble: trouble(app),
    })
}

/// Why the engine that answers first does not work, where none of them does.
fn trouble(app: &App) -> Option<String> {
    let mut troubles = app.engines.troubles();
    let engines = &app.config.get().assistant.engines;
    let of = |kind: &EngineKind| troubles.iter().position(|(troubled, ..)| troubled == kind);
    let all: Option<Vec<usize>> = engines.iter().map(of).collect();
    let first = *all?.first()?;
    Some(troubles.swap_remove(first).1)
}

fn line(row: PhoneLinkRow, zone: &TimeZone) -> Line {
    let moment = |ms| Moment::short(ms, zone).named;
    Line { id: row.id, name: row.name, made: moment(row.made_ms), until: moment(row.expires_ms) }
}
