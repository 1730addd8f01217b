//! The programs that are told of what happens: made, changed and tried here, with what each was told.

use super::{Failure, Frame, shown, shown_again, times::Moment};
use crate::{
    app::App,
    audit::Deed,
    guard::session::User,
    webhooks::{self, Kind, MOST, NotMade, Wish, Wrong},
};
use askama::Template;
use axum::{
    extract::{Form, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use std::{collections::BTreeMap, sync::Arc};
use store::{Handed, StoreError, WebhookDeliveryRow, WebhookRow};

/// As many deliveries as are shown.
const SHOWN: u32 = 50;

#[derive(Template)]
#[template(path = "webhooks.html")]
struct WebhooksPage {
    frame: Frame,
    hooks: Vec<Line>,
    form: Fields,
    room: bool,
    private: bool,
}

#[derive(Template)]
#[template(path = "webhook.html")]
struct WebhookPage {
    frame: Frame,
    line: Line,
    form: Fields,
    /// The secret of one that was just made, which is shown this once.
    secret: Option<String>,
    deliveries: Vec<Told>,
    waiting: bool,
}

struct Line {
    id: String,
    name: String,
    url: String,
    state: &'static str,
    tag: &'static str,
    /// What is wrong; empty: nothing.
    why: String,
    told: bool,
}

/// What a form holds, or is to hold.
struct Fields {
    url: String,
    about: String,
    /// Kinds, what each is about, and whether it is wanted.
    kinds: Vec<(&'static str, &'static str, bool)>,
    wrong: Option<Wrong>,
}

/// One event, as the program was told of it.
struct Told {
    id: String,
    kind: String,
    at: String,
    machine: String,
    state: &'static str,
    tag: &'static str,
    how: String,
    body: String,
    again: bool,
}

/// `GET /webhooks`
pub(super) async fn webhooks(State(app): State<Arc<App>>, _: User) -> Result<Response, Failure> {
    Ok(shown(&list(&app, Fields::of(&Wish::default(), None)).await?))
}

/// `POST /webhooks`: makes one.
pub(super) async fn make(
    State(app): State<Arc<App>>,
    by: User,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    let wish = wish(&form);
    match webhooks::make(&app, wish.clone()).await {
        Ok((row, secret)) => {
            app.audit(&by, Deed::WebhookChanged, &webhooks::named(&row)).await;
            Ok(shown(&page(&app, row, None, Some(secret)).await?))
        }
        Err(NotMade::Wrong(wrong)) => {
            let page = list(&app, Fields::of(&wish, Some(wrong))).await?;
            Ok(shown_again(&page))
        }
        Err(why @ NotMade::TooMany) => Err(Failure::bad_request(&why.to_string())),
        Err(NotMade::Store(error)) => Err(error.into()),
    }
}

/// `GET /webhooks/{id}`
pub(super) async fn webhook(
    State(app): State<Arc<App>>,
    _: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let row = standing(&app, &id).await?;
    Ok(shown(&page(&app, row, None, None).await?))
}

/// `POST /webhooks/{id}`: changes it, switches it off or on again.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    by: User,
    Path(id): Path<String>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    let row = standing(&app, &id).await?;
    let told = form.get("told").map_or(row.told, |told| told == "yes");
    let wish = if form.contains_key("url") { wish(&form) } else { Wish::of(&row) };
    match webhooks::change(&app, &id, wish.clone(), told).await {
        Ok(changed) => {
            let changed = changed.ok_or_else(Failure::not_found)?;
            app.audit(&by, Deed::WebhookChanged, &webhooks::named(&changed)).await;
            Ok(back(&id))
        }
        Err(NotMade::Wrong(wrong)) => {
            let page = page(&app, row, Some(Fields::of(&wish, Some(wrong))), None).await?;
            Ok(shown_again(&page))
        }
        Err(why @ NotMade::TooMany) => Err(Failure::bad_request(&why.to_string())),
        Err(NotMade::Store(error)) => Err(error.into()),
    }
}

/// `POST /webhooks/{id}/test`
pub(super) async fn test(
    State(app): State<Arc<App>>,
    _: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let row = told_now(&app, &id).await?;
    webhooks::test(&app, &row).await?;
    Ok(back(&id))
}

/// `POST /webhooks/{id}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    by: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let row = standing(&app, &id).await?;
    webhooks::remove(&app, &id).await?;
    app.audit(&by, Deed::WebhookChanged, &format!("{}, deleted", webhooks::named(&row))).await;
    Ok(Redirect::to("/webhooks").into_response())
}

/// `POST /webhooks/{id}/deliveries/{delivery}`: sends it again.
pub(super) async fn send_again(
    State(app): State<Arc<App>>,
    _: User,
    Path((id, delivery)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let there = app.store.webhook_delivery(&delivery).await?.filter(|row| row.webhook_id == id);
    there.ok_or_else(Failure::not_found)?;
    told_now(&app, &id).await?;
    webhooks::send_again(&app, &delivery).await?;
    Ok(back(&id))
}

fn back(id: &str) -> Response {
    Redirect::to(&format!("/webhooks/{id}")).into_response()
}

async fn standing(app: &App, id: &str) -> Result<WebhookRow, Failure> {
    app.store.webhook(id).await?.ok_or_else(Failure::not_found)
}

/// A webhook that is not switched off.
async fn told_now(app: &App, id: &str) -> Result<WebhookRow, Failure> {
    let row = standing(app, id).await?;
    if !row.told {
        return Err(Failure::bad_request("This webhook is switched off. Switch it on first."));
    }
    Ok(row)
}

fn wish(form: &BTreeMap<String, String>) -> Wish {
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    let events = Kind::ALL.into_iter().filter(|kind| form.contains_key(kind.name())).collect();
    Wish { url: field("url"), about: field("about"), events }
}

async fn list(app: &App, form: Fields) -> Result<WebhooksPage, StoreError> {
    let zone = app.config.get().calendar.zone.clone();
    let rows = app.store.webhooks().await?;
    Ok(WebhooksPage {
        frame: Frame::inside("programs"),
        room: rows.len() < MOST,
        hooks: rows.iter().map(|row| line(row, &zone)).collect(),
        form,
        private: app.config.get().programs.private_webhooks,
    })
}

async fn page(
    app: &App,
    row: WebhookRow,
    form: Option<Fields>,
    secret: Option<String>,
) -> Result<WebhookPage, StoreError> {
    let zone = app.config.get().calendar.zone.clone();
    let deliveries = app.store.webhook_deliveries(&row.id, None, SHOWN).await?;
    let waiting = deliveries.iter().any(|one| one.state == Handed::Waiting && one.attempts == 0);
    Ok(WebhookPage {
        frame: Frame::inside("programs"),
        line: line(&row, &zone),
        form: form.unwrap_or_else(|| Fields::of(&Wish::of(&row), None)),
        secret,
        deliveries: deliveries.into_iter().map(|one| told(one, row.told, &zone)).collect(),
        waiting,
    })
}

fn line(row: &WebhookRow, zone: &TimeZone) -> Line {
    let since = row.failing_since_ms.map(|ms| Moment::short(ms, zone).named);
    let (state, tag) = match (row.told, &since) {
        (false, _) => ("switched off", "bad"),
        (true, Some(_)) => ("in trouble", "warn"),
        (true, None) if row.delivered_ms.is_some() => ("works", "good"),
        (true, None) => ("nothing told yet", "known"),
    };
    let why = match (row.why.as_str(), since) {
        ("", Some(since)) if row.told => format!("It has taken nothing since {since}."),
        (why, _) => why.to_owned(),
    };
    let name = if row.about.is_empty() { &row.url } else { &row.about };
    Line { id: row.id.clone(), name: name.clone(), url: row.url.clone(), state, tag, why, told: row.told }
}

fn told(row: WebhookDeliveryRow, on: bool, zone: &TimeZone) -> Told {
    let (state, tag) = match (row.state, row.attempts) {
        (Handed::Delivered, _) => ("delivered", "good"),
        (Handed::Waiting, 0) => ("on its way", "known"),
        (Handed::Waiting, _) => ("tried again later", "warn"),
        (Handed::Failed, _) => ("given up", "bad"),
    };
    let times = if row.attempts == 1 { "once".to_owned() } else { format!("{} times", row.attempts) };
    let how = match (row.state, row.attempts) {
        (Handed::Waiting, 0) => String::new(),
        (Handed::Delivered, 1) => format!("answered {}", row.status),
        (Handed::Delivered, _) => format!("answered {}, tried {times}", row.status),
        (Handed::Waiting | Handed::Failed, _) => format!("{} Tried {times}.", row.why).trim().to_owned(),
    };
    let body: Option<serde_json::Value> = serde_json::from_str(&row.body).ok();
    let body = body.and_then(|body| serde_json::to_string_pretty(&body).ok()).unwrap_or(row.body);
    let Moment { named: at, machine } = Moment::short(row.queued_ms, zone);
    Told {
        id: row.id,
        kind: row.kind,
        at,
        machine,
        state,
        tag,
        how,
        body,
        again: on && row.state != Handed::Waiting,
    }
}

impl Fields {
    fn of(wish: &Wish, wrong: Option<Wrong>) -> Self {
        let wanted = |kind: &Kind| wish.events.is_empty() || wish.events.contains(kind);
        Self {
            url: wish.url.clone(),
            about: wish.about.clone(),
            kinds: Kind::ALL.iter().map(|kind| (kind.name(), kind.about(), wanted(kind))).collect(),
            wrong,
        }
    }
}
