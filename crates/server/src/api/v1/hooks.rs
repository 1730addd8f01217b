//! Webhooks for programs: who is told of what happens, and what each was told.

use super::{
    door::Entered,
    input::{Sent, Wanted, there},
    problem::{OrMissing, OrRefused, Problem, Told, Usual},
};
use crate::{
    app::App,
    audit::Deed,
    programs::reading::{self, Part},
    told::{Page, time},
    webhooks::{self, Kind, Wish},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use store::{WebhookDeliveryRow, WebhookRow};
use utoipa::ToSchema;

const NONE: &str = "There is no webhook with this id.";

/// A program that is told of what happens.
#[derive(Serialize, ToSchema)]
pub(super) struct Webhook {
    id: String,
    url: String,
    about: String,
    /// What it is told of; empty: everything.
    #[schema(value_type = Vec<Kind>)]
    events: Vec<&'static str>,
    /// It is told, and not switched off.
    enabled: bool,
    /// Why it was switched off, where that was not the owner's wish.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    why: String,
    /// Since when it took nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time", nullable = false)]
    failing_since: Option<String>,
    #[schema(format = "date-time")]
    made: String,
}

impl Webhook {
    fn of(row: &WebhookRow, zone: &TimeZone) -> Self {
        Self {
            id: row.id.clone(),
            url: row.url.clone(),
            about: row.about.clone(),
            events: row.events.split(' ').filter_map(Kind::named).map(Kind::name).collect(),
            enabled: row.told,
            why: row.why.clone(),
            failing_since: row.failing_since_ms.map(|ms| time(ms, zone)),
            made: time(row.made_ms, zone),
        }
    }
}

/// Lists webhooks
#[utoipa::path(get, path = "/webhooks", tag = "Webhooks",
    responses((status = 200, description = "All of them.", body = Page<Webhook>), Usual))]
pub(super) async fn list(State(app): State<Arc<App>>, _: Entered) -> Told<Json<Page<Webhook>>> {
    let zone = app.config.get().calendar.zone.clone();
    let rows = app.store.webhooks().await?;
    Ok(Json(Page { items: rows.iter().map(|row| Webhook::of(row, &zone)).collect(), next_cursor: None }))
}

/// One webhook
#[utoipa::path(get, path = "/webhooks/{id}", tag = "Webhooks",
    params(("id" = String, Path, description = "Of the webhook.")),
    responses((status = 200, description = "The webhook.", body = Webhook), Usual, OrMissing))]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    _: Entered,
    Path(id): Path<String>,
) -> Told<Json<Webhook>> {
    Ok(Json(Webhook::of(&standing(&app, &id).await?, &app.config.get().calendar.zone)))
}

/// Who is to be told of what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWebhook {
    /// `https://…`; not in a private network, unless `PRIVATE_WEBHOOKS` allows it.
    #[schema(max_length = 500, example = "https://example.com/earpiece")]
    url: String,
    /// What it is, for the owner.
    #[serde(default)]
    #[schema(max_length = 200)]
    about: String,
    /// Left out or empty: everything.
    #[serde(default)]
    events: Vec<Kind>,
}

/// A webhook, and what its deliveries are signed with.
#[derive(Serialize, ToSchema)]
pub(super) struct Made {
    #[serde(flatten)]
    webhook: Webhook,
    /// `whsec_…`; it is told this once.
    secret: String,
}

/// Makes a webhook
///
/// From now on events are posted to its address as JSON, `{"type", "timestamp", "data"}`, signed as Standard Webhooks has it:
/// `webhook-signature` is `v1,` and the HMAC-SHA256 of `id.timestamp.body`. What is not taken with 2xx is tried again for a
/// day, under the same `webhook-id`.
#[utoipa::path(post, path = "/webhooks", tag = "Webhooks", request_body = NewWebhook,
    params(("Idempotency-Key" = Option<String>, Header, description = "Under one key it is done once.")),
    responses((status = 201, description = "It is told from now on.", body = Made), Usual, OrRefused))]
pub(super) async fn make(
    State(app): State<Arc<App>>,
    entered: Entered,
    Sent(NewWebhook { url, about, events }): Sent<NewWebhook>,
) -> Told<Response> {
    let (row, secret) = webhooks::make(&app, Wish { url, about, events }).await?;
    app.audit(&*entered.0, Deed::WebhookChanged, &webhooks::named(&row)).await;
    let made = Made { webhook: Webhook::of(&row, &app.config.get().calendar.zone), secret };
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// What is to be different; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedWebhook {
    #[serde(default, deserialize_with = "there")]
    #[schema(max_length = 500, nullable = false)]
    url: Option<String>,
    #[serde(default, deserialize_with = "there")]
    #[schema(max_length = 200, nullable = false)]
    about: Option<String>,
    #[serde(default, deserialize_with = "there")]
    #[schema(nullable = false)]
    events: Option<Vec<Kind>>,
    /// `false` switches it off, `true` on again.
    #[serde(default, deserialize_with = "there")]
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

/// Changes a webhook
#[utoipa::path(patch, path = "/webhooks/{id}", tag = "Webhooks", request_body = ChangedWebhook,
    params(("id" = String, Path, description = "Of the webhook.")),
    responses((status = 200, description = "As it is now.", body = Webhook), Usual, OrMissing, OrRefused))]
pub(super) async fn change(
    State(app): State<Arc<App>>,
    entered: Entered,
    Path(id): Path<String>,
    Sent(to): Sent<ChangedWebhook>,
) -> Told<Json<Webhook>> {
    let row = standing(&app, &id).await?;
    let kept = Wish::of(&row);
    let wish = Wish {
        url: to.url.unwrap_or(kept.url),
        about: to.about.unwrap_or(kept.about),
        events: to.events.unwrap_or(kept.events),
    };
    let changed = webhooks::change(&app, &id, wish, to.enabled.unwrap_or(row.told)).await?;
    let row = changed.ok_or_else(|| Problem::missing(NONE))?;
    app.audit(&*entered.0, Deed::WebhookChanged, &webhooks::named(&row)).await;
    Ok(Json(Webhook::of(&row, &app.config.get().calendar.zone)))
}

/// Deletes a webhook
///
/// And all that it was told.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "Webhooks",
    params(("id" = String, Path, description = "Of the webhook.")),
    responses((status = 204, description = "It is gone."), Usual, OrMissing))]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    entered: Entered,
    Path(id): Path<String>,
) -> Told<StatusCode> {
    if !webhooks::remove(&app, &id).await? {
        return Err(Problem::missing(NONE));
    }
    app.audit(&*entered.0, Deed::WebhookChanged, &format!("{id}, deleted")).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Tests a webhook
///
/// It is sent `webhook.test`; its deliveries tell whether that arrived.
#[utoipa::path(post, path = "/webhooks/{id}/test", tag = "Webhooks",
    params(("id" = String, Path, description = "Of the webhook."),
        ("Idempotency-Key" = Option<String>, Header, description = "Under one key it is done once.")),
    responses((status = 202, description = "It is sent."), Usual, OrMissing, OrRefused))]
pub(super) async fn test(
    State(app): State<Arc<App>>,
    _: Entered,
    Path(id): Path<String>,
) -> Told<StatusCode> {
    let row = standing(&app, &id).await?;
    if !row.told {
        return Err(Problem::conflict("This webhook is switched off. Switch it on first."));
    }
    webhooks::test(&app, &row).await?;
    Ok(StatusCode::ACCEPTED)
}

/// One event, as one program was told of it.
#[derive(Serialize, ToSchema)]
pub(super) struct Delivery {
    id: String,
    /// `webhook-id`: the same wherever and however often it is told.
    event_id: String,
    r#type: String,
    state: Stage,
    /// How often it was tried.
    attempts: i64,
    /// The last answer's HTTP status; 0: there was none.
    status: i64,
    /// Why it was not taken; empty where it was.
    why: String,
    #[schema(format = "date-time")]
    queued: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time", nullable = false)]
    tried: Option<String>,
    /// What was posted, or is to be.
    #[schema(value_type = Object)]
    body: Value,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = DeliveryState)]
enum Stage {
    Waiting,
    Delivered,
    Failed,
}

impl Delivery {
    fn of(row: WebhookDeliveryRow, zone: &TimeZone) -> Self {
        Self {
            id: row.id,
            event_id: row.event_id,
            r#type: row.kind,
            state: match row.state {
                store::Handed::Waiting => Stage::Waiting,
                store::Handed::Delivered => Stage::Delivered,
                store::Handed::Failed => Stage::Failed,
            },
            attempts: row.attempts,
            status: row.status,
            why: row.why,
            queued: time(row.queued_ms, zone),
            tried: row.tried_ms.map(|ms| time(ms, zone)),
            body: serde_json::from_str(&row.body).unwrap_or_default(),
        }
    }
}

/// Lists a webhook's deliveries
///
/// The latest first; they are kept for a month.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", tag = "Webhooks",
    params(("id" = String, Path, description = "Of the webhook."), Part),
    responses((status = 200, description = "A part of them.", body = Page<Delivery>), Usual, OrMissing))]
pub(super) async fn deliveries(
    State(app): State<Arc<App>>,
    _: Entered,
    Path(id): Path<String>,
    Wanted(part): Wanted<Part>,
) -> Told<Json<Page<Delivery>>> {
    standing(&app, &id).await?;
    let limit = reading::bounded(part.limit).map_err(Problem::wrong)?;
    let before = part.cursor.as_deref().map(reading::after).transpose().map_err(Problem::wrong)?;
    let rows = app.store.webhook_deliveries(&id, before, limit + 1).await?;
    let (rows, next_cursor) = reading::keyed(rows, limit, |row| (row.queued_ms, &row.id));
    let zone = app.config.get().calendar.zone.clone();
    Ok(Json(Page { items: rows.into_iter().map(|row| Delivery::of(row, &zone)).collect(), next_cursor }))
}

/// Sends a delivery again
///
/// At once, under the same `webhook-id`.
#[utoipa::path(post, path = "/webhooks/{id}/deliveries/{delivery}/send", tag = "Webhooks",
    params(("id" = String, Path, description = "Of the webhook."),
        ("delivery" = String, Path, description = "Of the delivery."),
        ("Idempotency-Key" = Option<String>, Header, description = "Under one key it is done once.")),
    responses((status = 202, description = "It is sent."), Usual, OrMissing, OrRefused))]
pub(super) async fn send_again(
    State(app): State<Arc<App>>,
    _: Entered,
    Path((id, delivery)): Path<(String, String)>,
) -> Told<StatusCode> {
    let row = app.store.webhook_delivery(&delivery).await?.filter(|row| row.webhook_id == id);
    row.ok_or_else(|| Problem::missing("There is no delivery with this id. They are kept for a month."))?;
    if !standing(&app, &id).await?.told {
        return Err(Problem::conflict("This webhook is switched off. Switch it on first."));
    }
    if !webhooks::send_again(&app, &delivery).await? {
        return Err(Problem::conflict("It is waiting to be sent already."));
    }
    Ok(StatusCode::ACCEPTED)
}

async fn standing(app: &App, id: &str) -> Told<WebhookRow> {
    app.store.webhook(id).await?.ok_or_else(|| Problem::missing(NONE))
}
