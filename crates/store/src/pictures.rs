//! Users' pictures.

use crate::{Store, StoreError, on_reader, on_writer};
use std::collections::BTreeMap;

impl Store {
    /// A user's picture, as JPEG.
    pub async fn picture(&self, user_id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_scalar("SELECT jpeg FROM pictures WHERE user_id = $1")
            .bind(user_id)
            .fetch_optional(db)
            .await)?)
    }

    /// When a user's picture was changed, where there is one.
    pub async fn picture_changed_ms(&self, user_id: &str) -> Result<Option<i64>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_scalar("SELECT changed_ms FROM pictures WHERE user_id = $1")
            .bind(user_id)
            .fetch_optional(db)
            .await)?)
    }

    /// The users who have a picture, and when it was changed last.
    pub async fn pictured(&self) -> Result<BTreeMap<String, i64>, StoreError> {
        let all: Vec<(String, i64)> = on_reader!(self, db => sqlx::query_as("SELECT user_id, changed_ms FROM pictures").fetch_all(db).await)?;
        Ok(all.into_iter().collect())
    }

    /// Gives a user this picture in place of any other.
    pub async fn picture_set(&self, user_id: &str, jpeg: &[u8], now_ms: i64) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query(
            "INSERT INTO pictures (user_id, jpeg, changed_ms) VALUES ($1, $2, $3) \
             ON CONFLICT (user_id) DO UPDATE SET jpeg = excluded.jpeg, changed_ms = excluded.changed_ms",
        )
        .bind(user_id)
        .bind(jpeg)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|_| ()))?;
        Ok(())
    }

    /// Takes a user's picture away. One that is not there is no error.
    pub async fn picture_removed(&self, user_id: &str) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query("DELETE FROM pictures WHERE user_id = $1")
            .bind(user_id)
            .execute(db)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}
