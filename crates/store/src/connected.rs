//! Numbers whose calls were sent to us, and what they were sent to before. What that is, is the server's business.

use crate::{Store, StoreError, on_reader, on_writer};

/// A number that was connected.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ConnectedRow {
    pub carrier: String,
    /// E.164.
    pub number: String,
    /// What it was sent to before, as it was given.
    pub before: String,
    pub connected_ms: i64,
}

impl Store {
    /// Remembers what a number was sent to before. Where that is remembered already, the first memory stays: what came
    /// between was ours. Says whether it is new.
    pub async fn number_connected(&self, row: &ConnectedRow) -> Result<bool, StoreError> {
        Ok(on_writer!(self, db => sqlx::query(
            "INSERT INTO connected_numbers (carrier, number, before, connected_ms) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (carrier, number) DO NOTHING",
        )
        .bind(&row.carrier)
        .bind(&row.number)
        .bind(&row.before)
        .bind(row.connected_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected() > 0))?)
    }

    /// What is remembered of this carrier's numbers, in order of number.
    pub async fn connected_numbers(&self, carrier: &str) -> Result<Vec<ConnectedRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT carrier, number, before, connected_ms FROM connected_numbers WHERE carrier = $1 ORDER BY number",
        )
        .bind(carrier)
        .fetch_all(db)
        .await)?)
    }

    /// Forgets it: the number is as it was.
    pub async fn number_disconnected(&self, carrier: &str, number: &str) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query("DELETE FROM connected_numbers WHERE carrier = $1 AND number = $2")
            .bind(carrier)
            .bind(number)
            .execute(db)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}
