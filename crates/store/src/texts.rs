//! Text messages that went out and came in, each once.

use crate::{NewJob, Store, StoreError, jobs::queue, new_id, on_reader, on_tx, on_writer};

/// Which way a text went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    In,
    Out,
}

/// A text to be remembered.
#[derive(Clone, Copy, Debug)]
pub struct NewText<'a> {
    /// Names it: the same key again is the same text. For one that came in the carrier's id, for one that goes out the key
    /// of the job that sends it.
    pub key: &'a str,
    pub direction: Direction,
    /// The other's number.
    pub number: &'a str,
    pub body: &'a str,
    /// The carrier's name for it, once it has one.
    pub carrier_id: Option<&'a str>,
    /// As the carrier says it, or as we do before the carrier knows of it.
    pub status: &'a str,
    pub at_ms: i64,
    /// The appointment that it is about.
    pub appointment_id: Option<&'a str>,
}

/// How far a text of ours has come, as its carrier told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Delivery {
    /// It told nothing yet.
    Untold,
    OnItsWay,
    Arrived,
    Lost,
}

/// A text as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TextRow {
    pub id: String,
    pub key: String,
    #[sqlx(try_from = "String")]
    pub direction: Direction,
    pub number: String,
    pub body: String,
    pub carrier_id: Option<String>,
    pub status: String,
    pub at_ms: i64,
    pub appointment_id: Option<String>,
    #[sqlx(try_from = "String")]
    pub delivery: Delivery,
    /// The carrier's code for what went wrong; may be empty.
    pub delivery_code: String,
    /// When that was told.
    pub delivery_ms: Option<i64>,
}

/// Whether a text is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Texted {
    New(TextRow),
    /// It was remembered before, as this.
    Again(TextRow),
}

macro_rules! columns {
    () => {
        "id, key, direction, number, body, carrier_id, status, at_ms, appointment_id, delivery, delivery_code, \
         delivery_ms"
    };
}

impl Store {
    /// Remembers a text, once a key. Of many that try, one is told that it is new.
    pub async fn text(&self, new: &NewText<'_>) -> Result<Texted, StoreError> {
        self.text_told(new, |_| None).await
    }

    /// The same, and queues a job with one that is new (kind, key, payload), in one step.
    pub async fn text_told(
        &self,
        new: &NewText<'_>,
        job: impl FnOnce(&TextRow) -> Option<(&'static str, String, String)>,
    ) -> Result<Texted, StoreError> {
        let mut tx = self.begin().await?;
        let row: Option<TextRow> = on_tx!(&mut tx, db => sqlx::query_as(concat!(
            "INSERT INTO texts (id, key, direction, number, body, carrier_id, status, at_ms, appointment_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING ", columns!(),
        ))
        .bind(new_id(new.at_ms))
        .bind(new.key)
        .bind(new.direction.name())
        .bind(new.number)
        .bind(new.body)
        .bind(new.carrier_id)
        .bind(new.status)
        .bind(new.at_ms)
        .bind(new.appointment_id)
        .fetch_optional(db)
        .await)?;
        let Some(row) = row else {
            let before = on_tx!(&mut tx, db => sqlx::query_as(concat!(
                "SELECT ", columns!(), " FROM texts WHERE key = $1 OR carrier_id = $2 ORDER BY id LIMIT 1",
            ))
            .bind(new.key)
            .bind(new.carrier_id)
            .fetch_one(db)
            .await)?;
            tx.commit().await?;
            return Ok(Texted::Again(before));
        };
        if let Some((kind, key, payload)) = job(&row) {
            let (due_ms, now_ms) = (new.at_ms, new.at_ms);
            queue(&mut tx, &NewJob { kind, key: &key, payload: &payload, due_ms, now_ms }).await?;
        }
        tx.commit().await?;
        Ok(Texted::New(row))
    }

    /// The carrier took a text that goes out. False: there is no text with this key.
    pub async fn text_sent(&self, key: &str, carrier_id: &str, status: &str) -> Result<bool, StoreError> {
        let done = on_writer!(self, db => sqlx::query(
            "UPDATE texts SET carrier_id = $2, status = $3 WHERE key = $1",
        )
        .bind(key)
        .bind(carrier_id)
        .bind(status)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }

    /// The carrier tells how far the text is that has this id of ours or, where we know it already, this name of the
    /// carrier's. It may tell that twice and out of order: what arrived is not on its way again, and what was lost, a
    /// part of it even, stays so. False: that is nothing new, or no text of ours.
    pub async fn text_delivery(
        &self,
        id: &str,
        carrier_id: &str,
        delivery: Delivery,
        code: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let done = on_writer!(self, db => sqlx::query(
            "UPDATE texts SET carrier_id = $2, delivery = $3, delivery_code = $4, delivery_ms = $5 \
             WHERE direction = 'out' AND (carrier_id = $2 OR (id = $1 AND carrier_id IS NULL \
             AND NOT EXISTS (SELECT 1 FROM texts AS known WHERE known.carrier_id = $2))) \
             AND CASE delivery WHEN 'lost' THEN 3 WHEN 'arrived' THEN 2 WHEN 'on_its_way' THEN 1 ELSE 0 END < $6",
        )
        .bind(id)
        .bind(carrier_id)
        .bind(delivery.name())
        .bind(code)
        .bind(now_ms)
        .bind(delivery as i64)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }

    /// At most `limit` texts of ours since `since_ms` that did not arrive, the latest first.
    pub async fn texts_lost(&self, since_ms: i64, limit: u32) -> Result<Vec<TextRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM texts WHERE delivery = 'lost' AND at_ms >= $1 \
             ORDER BY at_ms DESC, id DESC LIMIT $2",
        ))
        .bind(since_ms)
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }

    /// Says which appointment a text turned out to be about. False: there is no text with this id.
    pub async fn text_about(&self, id: &str, appointment_id: &str) -> Result<bool, StoreError> {
        let done = on_writer!(self, db => sqlx::query("UPDATE texts SET appointment_id = $2 WHERE id = $1")
            .bind(id)
            .bind(appointment_id)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }

    /// At most `limit` texts to and from a number, the latest first.
    pub async fn texts_with(&self, number: &str, limit: u32) -> Result<Vec<TextRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM texts WHERE number = $1 ORDER BY at_ms DESC, id DESC LIMIT $2",
        ))
        .bind(number)
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }

    /// The text with this id.
    pub async fn text_by_id(&self, id: &str) -> Result<Option<TextRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!("SELECT ", columns!(), " FROM texts WHERE id = $1"))
            .bind(id)
            .fetch_optional(db)
            .await)?)
    }

    /// Whether this number wants no more texts: of the words that it texted, kept with the status `stop` or `start`, the
    /// latest counts.
    pub async fn text_stopped(&self, number: &str) -> Result<bool, StoreError> {
        let word: Option<String> = on_reader!(self, db => sqlx::query_scalar(
            "SELECT status FROM texts WHERE number = $1 AND direction = 'in' AND status IN ('stop', 'start') \
             ORDER BY at_ms DESC, id DESC LIMIT 1",
        )
        .bind(number)
        .fetch_optional(db)
        .await)?;
        Ok(word.as_deref() == Some("stop"))
    }

    /// The appointment that the latest text to this number was about: what an answer means.
    pub async fn last_texted_about(&self, number: &str) -> Result<Option<String>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_scalar(
            "SELECT appointment_id FROM texts WHERE number = $1 AND direction = 'out' AND appointment_id IS NOT NULL \
             ORDER BY at_ms DESC, id DESC LIMIT 1",
        )
        .bind(number)
        .fetch_optional(db)
        .await)?)
    }
}

impl Delivery {
    /// As the records spell it.
    pub fn name(self) -> &'static str {
        match self {
            Delivery::Untold => "",
            Delivery::OnItsWay => "on_its_way",
            Delivery::Arrived => "arrived",
            Delivery::Lost => "lost",
        }
    }
}

impl TryFrom<String> for Delivery {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        [Delivery::Untold, Delivery::OnItsWay, Delivery::Arrived, Delivery::Lost]
            .into_iter()
            .find(|delivery| delivery.name() == name)
            .ok_or_else(|| format!("{name:?} is no delivery of a text"))
    }
}

impl Direction {
    /// `in` or `out`: as the records spell it.
    pub fn name(self) -> &'static str {
        match self {
            Direction::In => "in",
            Direction::Out => "out",
        }
    }
}

impl TryFrom<String> for Direction {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        [Direction::In, Direction::Out]
            .into_iter()
            .find(|direction| direction.name() == name)
            .ok_or_else(|| format!("{name:?} is no direction of a text"))
    }
}
