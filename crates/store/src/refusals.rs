//! Requests in a carrier's name that were not believed, counted by why: a few rows, however many come.

use crate::{Store, StoreError, on_reader, on_writer};

/// Why requests of a carrier's were refused, and the last of them.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RefusalRow {
    pub carrier: String,
    /// One of a few sentences of ours.
    pub why: String,
    pub times: i64,
    pub first_ms: i64,
    pub last_ms: i64,
    /// Where the last was sent to, as far as we can tell, one address a line.
    pub addresses: String,
    /// What the last was found to be, and what to do.
    pub advice: String,
}

impl Store {
    /// Counts refusals of this carrier for this reason, `times` more of them; `addresses` and `advice` are the last one's.
    pub async fn refused(&self, row: &RefusalRow) -> Result<(), StoreError> {
        Ok(on_writer!(self, db => sqlx::query(
            "INSERT INTO refusals (carrier, why, times, first_ms, last_ms, addresses, advice) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (carrier, why) DO UPDATE SET \
             times = refusals.times + excluded.times, last_ms = excluded.last_ms, \
             addresses = excluded.addresses, advice = excluded.advice",
        )
        .bind(&row.carrier)
        .bind(&row.why)
        .bind(row.times)
        .bind(row.first_ms)
        .bind(row.last_ms)
        .bind(&row.addresses)
        .bind(&row.advice)
        .execute(db)
        .await
        .map(|_| ()))?)
    }

    /// Why requests were refused since then, the latest first.
    pub async fn refusals(&self, since_ms: i64) -> Result<Vec<RefusalRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT carrier, why, times, first_ms, last_ms, addresses, advice FROM refusals WHERE last_ms >= $1 \
             ORDER BY last_ms DESC, carrier, why",
        )
        .bind(since_ms)
        .fetch_all(db)
        .await)?)
    }

    /// The owner has seen to them: what is refused from now on is counted anew.
    pub async fn forget_refusals(&self) -> Result<(), StoreError> {
        Ok(on_writer!(self, db => sqlx::query("DELETE FROM refusals").execute(db).await.map(|_| ()))?)
    }
}
