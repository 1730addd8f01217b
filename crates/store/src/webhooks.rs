//! The programs that are told of what happens, and what each was told.
//!
//! What touches a program and its deliveries touches the program first: so of two that do, one waits for the other.

use crate::{
    NewJob, Store, StoreError,
    jobs::{forget_waiting, queue},
    new_id, on_reader, on_tx, on_writer,
};

/// A program that is told of what happens.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct WebhookRow {
    pub id: String,
    pub url: String,
    /// What the owner says of it; may be empty.
    pub about: String,
    /// Kinds of events, with spaces between them; empty: all.
    pub events: String,
    /// Sealed.
    pub secret: String,
    pub told: bool,
    /// Why it is told no longer, where that was not the owner's wish.
    pub why: String,
    pub made_ms: i64,
    pub changed_ms: i64,
    /// Since when every delivery failed.
    pub failing_since_ms: Option<i64>,
    pub rests_until_ms: i64,
    /// When it last took something.
    pub delivered_ms: Option<i64>,
}

/// One to be told from now on.
#[derive(Clone, Copy, Debug)]
pub struct NewWebhook<'a> {
    pub id: &'a str,
    pub url: &'a str,
    pub about: &'a str,
    pub events: &'a str,
    /// Sealed.
    pub secret: &'a str,
    pub now_ms: i64,
}

/// What one of them was told, or is to be.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct WebhookDeliveryRow {
    pub id: String,
    pub webhook_id: String,
    pub event_id: String,
    pub kind: String,
    pub number: String,
    pub body: String,
    #[sqlx(try_from = "String")]
    pub state: Handed,
    /// In this round.
    pub attempts: i64,
    pub round: i64,
    /// The last answer's; 0: there was none.
    pub status: i64,
    pub why: String,
    pub queued_ms: i64,
    pub tried_ms: Option<i64>,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handed {
    Waiting,
    Delivered,
    Failed,
}

/// An event for one of them.
#[derive(Clone, Copy, Debug)]
pub struct NewWebhookDelivery<'a> {
    pub webhook_id: &'a str,
    pub event_id: &'a str,
    pub kind: &'a str,
    /// Whom it is about; may be empty.
    pub number: &'a str,
    pub body: &'a str,
    pub now_ms: i64,
}

/// What came of one try.
#[derive(Clone, Copy, Debug)]
pub struct Tried<'a> {
    /// `Waiting`: it is tried again.
    pub state: Handed,
    pub status: i64,
    pub why: &'a str,
    /// Until when the program is left alone.
    pub rests_until_ms: i64,
    pub now_ms: i64,
}

macro_rules! columns {
    () => {
        "id, url, about, events, secret, told <> 0 AS told, why, made_ms, changed_ms, failing_since_ms, rests_until_ms, \
         delivered_ms"
    };
}

macro_rules! delivery_columns {
    () => {
        "id, webhook_id, event_id, kind, number, body, state, attempts, round, status, why, queued_ms, tried_ms"
    };
}

impl Store {
    /// An id for a webhook that is made at `now_ms`: what its secret is sealed for.
    pub fn webhook_id(now_ms: i64) -> String {
        new_id(now_ms)
    }

    pub async fn webhook_made(&self, new: &NewWebhook<'_>) -> Result<WebhookRow, StoreError> {
        Ok(on_writer!(self, db => sqlx::query_as(concat!(
            "INSERT INTO webhooks (id, url, about, events, secret, told, why, made_ms, changed_ms, rests_until_ms) \
             VALUES ($1, $2, $3, $4, $5, 1, '', $6, $6, 0) RETURNING ", columns!(),
        ))
        .bind(new.id)
        .bind(new.url)
        .bind(new.about)
        .bind(new.events)
        .bind(new.secret)
        .bind(new.now_ms)
        .fetch_one(db)
        .await)?)
    }

    /// All of them, in the order in which they were made.
    pub async fn webhooks(&self) -> Result<Vec<WebhookRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM webhooks ORDER BY made_ms, id",
        ))
        .fetch_all(db)
        .await)?)
    }

    pub async fn webhook(&self, id: &str) -> Result<Option<WebhookRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM webhooks WHERE id = $1",
        ))
        .bind(id)
        .fetch_optional(db)
        .await)?)
    }

    /// Changes what the owner may change. One that is told again begins afresh. None: there is no such webhook.
    pub async fn webhook_changed(
        &self,
        id: &str,
        url: &str,
        about: &str,
        events: &str,
        told: bool,
        now_ms: i64,
    ) -> Result<Option<WebhookRow>, StoreError> {
        Ok(on_writer!(self, db => sqlx::query_as(concat!(
            "UPDATE webhooks SET url = $2, about = $3, events = $4, told = $5, why = '', changed_ms = $6, \
             failing_since_ms = NULL, rests_until_ms = 0 WHERE id = $1 RETURNING ", columns!(),
        ))
        .bind(id)
        .bind(url)
        .bind(about)
        .bind(events)
        .bind(i64::from(told))
        .bind(now_ms)
        .fetch_optional(db)
        .await)?)
    }

    /// It is told no longer, for this reason. False: it was not told before.
    pub async fn webhook_given_up(&self, id: &str, why: &str, now_ms: i64) -> Result<bool, StoreError> {
        let done = on_writer!(self, db => sqlx::query(
            "UPDATE webhooks SET told = 0, why = $2, changed_ms = $3 WHERE id = $1 AND told <> 0",
        )
        .bind(id)
        .bind(why)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }

    /// Forgets it, and all that it was told or was to be. False: there was none.
    pub async fn webhook_removed(&self, id: &str, jobs: &str) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let gone = on_tx!(&mut tx, db => sqlx::query("DELETE FROM webhooks WHERE id = $1")
            .bind(id)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        forget_waiting(&mut tx, &format!("{jobs}{id}:")).await?;
        on_tx!(&mut tx, db => sqlx::query("DELETE FROM webhook_deliveries WHERE webhook_id = $1")
            .bind(id)
            .execute(db)
            .await
            .map(|_| ()))?;
        tx.commit().await?;
        Ok(gone > 0)
    }

    /// Queues an event for a program, with the job of this kind that delivers it; `job` is the beginning of its key. An
    /// event that was queued for it before is not queued again: then there is none, as for a program that was removed.
    pub async fn webhook_told(
        &self,
        new: &NewWebhookDelivery<'_>,
        kind: &str,
        job: &str,
    ) -> Result<Option<String>, StoreError> {
        let mut tx = self.begin().await?;
        // Whoever removes it meanwhile waits until this is there to be removed, or was faster.
        let there = on_tx!(&mut tx, db => sqlx::query("UPDATE webhooks SET told = told WHERE id = $1")
            .bind(new.webhook_id)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        if there == 0 {
            return Ok(None);
        }
        let id: Option<String> = on_tx!(&mut tx, db => sqlx::query_scalar(
            "INSERT INTO webhook_deliveries (id, webhook_id, event_id, kind, number, body, state, attempts, round, \
             status, why, queued_ms) VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, 0, 0, '', $7) \
             ON CONFLICT (webhook_id, event_id) DO NOTHING RETURNING id",
        )
        .bind(new_id(new.now_ms))
        .bind(new.webhook_id)
        .bind(new.event_id)
        .bind(new.kind)
        .bind(new.number)
        .bind(new.body)
        .bind(new.now_ms)
        .fetch_optional(db)
        .await)?;
        if let Some(id) = &id {
            let key = format!("{job}{}:{id}:0", new.webhook_id);
            let (due_ms, now_ms) = (new.now_ms, new.now_ms);
            queue(&mut tx, &NewJob { kind, key: &key, payload: id, due_ms, now_ms }).await?;
        }
        tx.commit().await?;
        Ok(id)
    }

    pub async fn webhook_delivery(&self, id: &str) -> Result<Option<WebhookDeliveryRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", delivery_columns!(), " FROM webhook_deliveries WHERE id = $1",
        ))
        .bind(id)
        .fetch_optional(db)
        .await)?)
    }

    /// What a program was told, the latest first, from before the delivery with this time and id.
    pub async fn webhook_deliveries(
        &self,
        webhook: &str,
        before: Option<(i64, &str)>,
        limit: u32,
    ) -> Result<Vec<WebhookDeliveryRow>, StoreError> {
        let (before_ms, before_id) = before.unwrap_or((i64::MAX, ""));
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", delivery_columns!(), " FROM webhook_deliveries WHERE webhook_id = $1 \
             AND (queued_ms < $2 OR (queued_ms = $2 AND id < $3)) ORDER BY queued_ms DESC, id DESC LIMIT $4",
        ))
        .bind(webhook)
        .bind(before_ms)
        .bind(before_id)
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }

    /// Writes down what came of a try, at the delivery and at the program. Returns the program as it is now; none: it is
    /// gone.
    pub async fn webhook_tried(
        &self,
        delivery: &WebhookDeliveryRow,
        tried: &Tried<'_>,
    ) -> Result<Option<WebhookRow>, StoreError> {
        let mut tx = self.begin().await?;
        let took = i64::from(tried.state == Handed::Delivered);
        let row = on_tx!(&mut tx, db => sqlx::query_as(concat!(
            "UPDATE webhooks SET rests_until_ms = $2, \
             failing_since_ms = CASE WHEN $3 = 1 THEN NULL ELSE COALESCE(failing_since_ms, $4) END, \
             delivered_ms = CASE WHEN $3 = 1 THEN $4 ELSE delivered_ms END WHERE id = $1 RETURNING ", columns!(),
        ))
        .bind(&delivery.webhook_id)
        .bind(tried.rests_until_ms)
        .bind(took)
        .bind(tried.now_ms)
        .fetch_optional(db)
        .await)?;
        on_tx!(&mut tx, db => sqlx::query(
            "UPDATE webhook_deliveries SET state = $2, attempts = attempts + 1, status = $3, why = $4, tried_ms = $5 \
             WHERE id = $1 AND round = $6",
        )
        .bind(&delivery.id)
        .bind(tried.state.name())
        .bind(tried.status)
        .bind(tried.why)
        .bind(tried.now_ms)
        .bind(delivery.round)
        .execute(db)
        .await
        .map(|_| ()))?;
        tx.commit().await?;
        Ok(row)
    }

    /// Begins a delivery anew, at once: the same event, under the same id. False: there is none, or it is being tried.
    pub async fn webhook_again(
        &self,
        id: &str,
        kind: &str,
        job: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        on_tx!(&mut tx, db => sqlx::query(
            "UPDATE webhooks SET rests_until_ms = 0 WHERE id IN \
             (SELECT webhook_id FROM webhook_deliveries WHERE id = $1 AND state <> 'waiting')",
        )
        .bind(id)
        .execute(db)
        .await
        .map(|_| ()))?;
        let begun: Option<(String, i64)> = on_tx!(&mut tx, db => sqlx::query_as(
            "UPDATE webhook_deliveries SET state = 'waiting', attempts = 0, round = round + 1 \
             WHERE id = $1 AND state <> 'waiting' RETURNING webhook_id, round",
        )
        .bind(id)
        .fetch_optional(db)
        .await)?;
        let Some((webhook, round)) = begun else { return Ok(false) };
        let key = format!("{job}{webhook}:{id}:{round}");
        queue(&mut tx, &NewJob { kind, key: &key, payload: id, due_ms: now_ms, now_ms }).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Forgets deliveries from before this time that nothing is to be done about, and returns how many.
    pub async fn tidy_deliveries(&self, before_ms: i64) -> Result<u64, StoreError> {
        Ok(on_writer!(self, db => sqlx::query(
            "DELETE FROM webhook_deliveries WHERE queued_ms < $1 AND state <> 'waiting'",
        )
        .bind(before_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?)
    }
}

impl Handed {
    /// `waiting`, `delivered` or `failed`: as the records spell it.
    pub fn name(self) -> &'static str {
        match self {
            Handed::Waiting => "waiting",
            Handed::Delivered => "delivered",
            Handed::Failed => "failed",
        }
    }
}

impl TryFrom<String> for Handed {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        [Handed::Waiting, Handed::Delivered, Handed::Failed]
            .into_iter()
            .find(|state| state.name() == name)
            .ok_or_else(|| format!("{name:?} is no state of a delivery"))
    }
}
