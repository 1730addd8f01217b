//! Who is logged in.

use crate::{Store, StoreError, UserRow, on_writer};

impl Store {
    /// Logs a user in: the session lasts while it is used at least every `idle_ms`, and `absolute_ms` at most. `hash`
    /// is the SHA-256 of the session's secret, in hex. Sessions that are over are forgotten on the way.
    pub async fn session_made(
        &self,
        hash: &str,
        user_id: &str,
        now_ms: i64,
        idle_ms: i64,
        absolute_ms: i64,
    ) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query("DELETE FROM sessions WHERE idle_expires_ms <= $1 OR expires_ms <= $1")
            .bind(now_ms)
            .execute(db)
            .await
            .map(|_| ()))?;
        on_writer!(self, db => sqlx::query(
            "INSERT INTO sessions (hash, user_id, made_ms, idle_ms, idle_expires_ms, expires_ms) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(hash)
        .bind(user_id)
        .bind(now_ms)
        .bind(idle_ms)
        .bind(now_ms + idle_ms)
        .bind(now_ms + absolute_ms)
        .execute(db)
        .await
        .map(|_| ()))?;
        Ok(())
    }

    /// Whose session this is, if it still lasts; using it makes it last.
    pub async fn session(&self, hash: &str, now_ms: i64) -> Result<Option<UserRow>, StoreError> {
        let user: Option<String> = on_writer!(self, db => sqlx::query_scalar(
            "UPDATE sessions SET idle_expires_ms = $2 + idle_ms \
             WHERE hash = $1 AND idle_expires_ms > $2 AND expires_ms > $2 RETURNING user_id",
        )
        .bind(hash)
        .bind(now_ms)
        .fetch_optional(db)
        .await)?;
        let Some(user) = user else { return Ok(None) };
        Ok(
            on_writer!(self, db => sqlx::query_as("SELECT id, email, name, role, created_ms FROM users WHERE id = $1")
            .bind(user)
            .fetch_optional(db)
            .await)?,
        )
    }

    /// Logs out. A session that is not there is no error.
    pub async fn session_ended(&self, hash: &str) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query("DELETE FROM sessions WHERE hash = $1")
            .bind(hash)
            .execute(db)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}
