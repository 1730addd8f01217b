//! Who has called.

use crate::{Store, StoreError, on_reader, on_writer};

/// A number that has called.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CallerRow {
    pub number: String,
    /// When it first called.
    pub first_ms: i64,
    /// When it last called.
    pub last_ms: i64,
    pub calls: i64,
}

impl Store {
    /// Counts a call from this number; says what is known of it, this call included.
    pub async fn caller_seen(&self, number: &str, now_ms: i64) -> Result<CallerRow, StoreError> {
        Ok(on_writer!(self, db => sqlx::query_as(
            "INSERT INTO callers (number, first_ms, last_ms, calls) VALUES ($1, $2, $2, 1) \
             ON CONFLICT (number) DO UPDATE SET last_ms = excluded.last_ms, calls = callers.calls + 1 \
             RETURNING number, first_ms, last_ms, calls",
        )
        .bind(number)
        .bind(now_ms)
        .fetch_one(db)
        .await)?)
    }

    /// At most `limit` callers, who called last first.
    pub async fn callers(&self, limit: u32) -> Result<Vec<CallerRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT number, first_ms, last_ms, calls FROM callers ORDER BY last_ms DESC, number LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }
}
