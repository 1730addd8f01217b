//! Which times are taken: by an appointment, by a change of one that is under way, or for a call that is deciding.

use crate::{Gap, Span, Store, StoreError, Tx, appointments::lock, on_reader, on_tx};

/// A time to be kept for a call while it decides.
#[derive(Clone, Copy, Debug)]
pub struct Hold<'a> {
    pub calendar: &'a str,
    pub call_id: &'a str,
    pub starts_ms: i64,
    pub ends_ms: i64,
    /// How much must be free around it.
    pub gap: Gap,
    /// The appointment that is to be moved there: it is not in its own way.
    pub moving: Option<&'a str>,
    pub now_ms: i64,
    pub expires_ms: i64,
}

/// What came of holding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Until it expires, the call ends, or the call holds another time, only this call can book it.
    Held,
    Taken(Span),
}

impl Store {
    /// Keeps a time for a call while it decides, instead of the time that it kept before.
    pub async fn hold(&self, hold: &Hold<'_>) -> Result<Held, StoreError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, hold.calendar).await?;
        let span = Span { starts_ms: hold.starts_ms, ends_ms: hold.ends_ms };
        let gap = hold.gap.bounded();
        let asking = Asking { now_ms: hold.now_ms, call_id: Some(hold.call_id), moving: hold.moving };
        if let Some(taken) = taken(&mut tx, hold.calendar, span, gap, &asking).await? {
            return Ok(Held::Taken(taken));
        }
        on_tx!(&mut tx, db => sqlx::query(
            "INSERT INTO holds (calendar, call_id, starts_ms, ends_ms, before_ms, after_ms, expires_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (calendar, call_id) DO UPDATE SET starts_ms = excluded.starts_ms, \
             ends_ms = excluded.ends_ms, before_ms = excluded.before_ms, after_ms = excluded.after_ms, \
             expires_ms = excluded.expires_ms",
        )
        .bind(hold.calendar)
        .bind(hold.call_id)
        .bind(hold.starts_ms)
        .bind(hold.ends_ms)
        .bind(gap.before_ms)
        .bind(gap.after_ms)
        .bind(hold.expires_ms)
        .execute(db)
        .await
        .map(|_| ()))?;
        tx.commit().await?;
        Ok(Held::Held)
    }

    /// The time that this call keeps, where that has not expired.
    pub async fn held_by(
        &self,
        calendar: &str,
        call_id: &str,
        now_ms: i64,
    ) -> Result<Option<Span>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT starts_ms, ends_ms FROM holds WHERE calendar = $1 AND call_id = $2 AND expires_ms > $3",
        )
        .bind(calendar)
        .bind(call_id)
        .bind(now_ms)
        .fetch_optional(db)
        .await)?)
    }

    /// What is taken at some time in `range`, in order of start: booked, about to be booked or moved there, or held by
    /// another call than the one that asks. Spans may touch and overlap.
    ///
    /// It is told for somebody who wants `gap` around a time: each span is widened by what its appointment wants free around
    /// it, as far as that is more. A time that, widened by `gap`, overlaps none of these spans is one that can be
    /// [planned](Store::plan).
    pub async fn taken_between(
        &self,
        calendar: &str,
        range: Span,
        gap: Gap,
        asking: &Asking<'_>,
    ) -> Result<Vec<Span>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT starts_ms, ends_ms FROM ( \
                 SELECT starts_ms - CASE WHEN before_ms > $7 THEN before_ms - $7 ELSE 0 END AS starts_ms, \
                        ends_ms + CASE WHEN after_ms > $6 THEN after_ms - $6 ELSE 0 END AS ends_ms \
                 FROM (SELECT starts_ms, ends_ms, before_ms, after_ms FROM appointments \
                       WHERE calendar = $1 AND status = 'booked' AND ends_ms > $2 - 86400000 AND id <> $8 \
                       UNION ALL SELECT starts_ms, ends_ms, before_ms, after_ms FROM intents \
                       WHERE calendar = $1 AND what <> 'cancelled' AND state <> 'removing' AND appointment_id <> $8 \
                       UNION ALL SELECT starts_ms, ends_ms, before_ms, after_ms FROM holds \
                       WHERE calendar = $1 AND expires_ms > $4 AND call_id <> $5) AS every_one \
             ) AS widened WHERE starts_ms < $3 AND ends_ms > $2 ORDER BY 1, 2",
        )
        .bind(calendar)
        .bind(range.starts_ms)
        .bind(range.ends_ms)
        .bind(asking.now_ms)
        .bind(asking.call_id.unwrap_or_default())
        .bind(gap.before_ms)
        .bind(gap.after_ms)
        .bind(asking.moving.unwrap_or_default())
        .fetch_all(db)
        .await)?)
    }
}

/// For whom a time is to be free.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    pub now_ms: i64,
    /// Its own hold does not stand in its way.
    pub call_id: Option<&'a str>,
    /// Nor does the appointment that moves.
    pub moving: Option<&'a str>,
}

/// What stands in the way of `span` with `gap` around it. No gap is longer than a day, so what ended a day before is not
/// looked at.
pub(crate) async fn taken(
    tx: &mut Tx,
    calendar: &str,
    span: Span,
    gap: Gap,
    asking: &Asking<'_>,
) -> Result<Option<Span>, sqlx::Error> {
    on_tx!(tx, db => sqlx::query_as(
        "SELECT starts_ms, ends_ms FROM ( \
             SELECT starts_ms, ends_ms, before_ms, after_ms FROM appointments \
             WHERE calendar = $1 AND status = 'booked' AND ends_ms > $2 - 86400000 AND id <> $8 \
             UNION ALL SELECT starts_ms, ends_ms, before_ms, after_ms FROM intents \
             WHERE calendar = $1 AND what <> 'cancelled' AND state <> 'removing' AND appointment_id <> $8 \
             UNION ALL SELECT starts_ms, ends_ms, before_ms, after_ms FROM holds \
             WHERE calendar = $1 AND expires_ms > $6 AND call_id <> $7) AS every_one \
         WHERE (starts_ms < $5 AND ends_ms > $4) \
            OR (starts_ms - before_ms < $3 AND ends_ms + after_ms > $2) \
         ORDER BY 1, 2 LIMIT 1",
    )
    .bind(calendar)
    .bind(span.starts_ms)
    .bind(span.ends_ms)
    .bind(span.starts_ms.saturating_sub(gap.before_ms))
    .bind(span.ends_ms.saturating_add(gap.after_ms))
    .bind(asking.now_ms)
    .bind(asking.call_id.unwrap_or_default())
    .bind(asking.moving.unwrap_or_default())
    .fetch_optional(db)
    .await)
}

/// What this call held has become an appointment.
pub(crate) async fn release(tx: &mut Tx, calendar: &str, call_id: Option<&str>) -> Result<(), sqlx::Error> {
    on_tx!(tx, db => sqlx::query("DELETE FROM holds WHERE calendar = $1 AND call_id = $2")
        .bind(calendar)
        .bind(call_id.unwrap_or_default())
        .execute(db)
        .await
        .map(|_| ()))
}
