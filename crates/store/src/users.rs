//! Who may log in, and the one-time link by which the first owner does.

use crate::{Store, StoreError, new_id, on_reader, on_writer};

/// Someone who can log in.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct UserRow {
    pub id: String,
    /// Lower case.
    pub email: Option<String>,
    pub name: String,
    /// `owner` or a lesser one.
    pub role: String,
    pub created_ms: i64,
}

impl Store {
    pub async fn owner_exists(&self) -> Result<bool, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_scalar("SELECT count(*) > 0 FROM users WHERE role = 'owner'")
            .fetch_one(db)
            .await)?)
    }

    /// The owner; the first where there are several.
    pub async fn owner(&self) -> Result<Option<UserRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT id, email, name, role, created_ms FROM users WHERE role = 'owner' ORDER BY created_ms, id LIMIT 1",
        )
        .fetch_optional(db)
        .await)?)
    }

    /// Makes a user. An address (in any case) that another user has is an error.
    pub async fn create_user(
        &self,
        email: Option<&str>,
        name: &str,
        role: &str,
        now_ms: i64,
    ) -> Result<UserRow, StoreError> {
        Ok(on_writer!(self, db => sqlx::query_as(
            "INSERT INTO users (id, email, name, role, created_ms) VALUES ($1, $2, $3, $4, $5) \
             RETURNING id, email, name, role, created_ms",
        )
        .bind(new_id(now_ms))
        .bind(email.map(|email| email.trim().to_lowercase()))
        .bind(name)
        .bind(role)
        .bind(now_ms)
        .fetch_one(db)
        .await)?)
    }

    /// Remembers a link by which, once and until `expires_ms`, somebody becomes the owner. `hash` is SHA-256 in hex.
    pub async fn owner_link_made(&self, hash: &str, expires_ms: i64) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query("INSERT INTO owner_links (hash, expires_ms) VALUES ($1, $2)")
            .bind(hash)
            .bind(expires_ms)
            .execute(db)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Uses up a link. Of any number that try at once, one is told that it was good.
    pub async fn owner_link_used(&self, hash: &str, now_ms: i64) -> Result<bool, StoreError> {
        let used = on_writer!(self, db => sqlx::query(
            "UPDATE owner_links SET used_ms = $2 WHERE hash = $1 AND used_ms IS NULL AND expires_ms > $2",
        )
        .bind(hash)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(used == 1)
    }
}
