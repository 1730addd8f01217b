//! The secret links by which a calendar of ours is read elsewhere: one a calendar.

use crate::{Store, StoreError, on_reader, on_writer};

impl Store {
    /// Gives a calendar's feed a new secret; the one before is good no longer. `hash` is its SHA-256, in hex.
    pub async fn rotate_feed(&self, calendar: &str, hash: &str, now_ms: i64) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query(
            "INSERT INTO feeds (calendar, hash, made_ms) VALUES ($1, $2, $3) \
             ON CONFLICT (calendar) DO UPDATE SET hash = excluded.hash, made_ms = excluded.made_ms",
        )
        .bind(calendar)
        .bind(hash)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|_| ()))?;
        Ok(())
    }

    /// Closes a calendar's feed: its secret is good no longer.
    pub async fn close_feed(&self, calendar: &str) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query("DELETE FROM feeds WHERE calendar = $1")
            .bind(calendar)
            .execute(db)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// The calendar that is read by this secret.
    pub async fn feed(&self, hash: &str) -> Result<Option<String>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_scalar("SELECT calendar FROM feeds WHERE hash = $1")
            .bind(hash)
            .fetch_optional(db)
            .await)?)
    }

    /// When the calendar's feed got its secret; none where it is closed.
    pub async fn feed_made_ms(&self, calendar: &str) -> Result<Option<i64>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_scalar("SELECT made_ms FROM feeds WHERE calendar = $1")
            .bind(calendar)
            .fetch_optional(db)
            .await)?)
    }
}
