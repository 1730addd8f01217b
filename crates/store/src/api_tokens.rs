//! The tokens by which the owner's programs prove that they are.

use crate::{Store, StoreError, new_id, on_reader, on_writer};

/// How often it is written down that a token was used.
const USED_MS: i64 = 60_000;

/// A token as it is remembered: everything but the token.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ApiTokenRow {
    pub id: String,
    /// What the owner calls it.
    pub name: String,
    /// Whether it may change anything, or only read.
    pub acts: bool,
    pub made_ms: i64,
    /// When it was last used, to the minute.
    pub used_ms: Option<i64>,
}

macro_rules! columns {
    () => {
        "id, name, acts <> 0 AS acts, made_ms, used_ms"
    };
}

impl Store {
    /// Remembers a token. `hash` is its SHA-256 in hex; the token itself is never stored.
    pub async fn api_token_made(
        &self,
        hash: &str,
        name: &str,
        acts: bool,
        now_ms: i64,
    ) -> Result<ApiTokenRow, StoreError> {
        Ok(on_writer!(self, db => sqlx::query_as(concat!(
            "INSERT INTO api_tokens (id, hash, name, acts, made_ms) VALUES ($1, $2, $3, $4, $5) RETURNING ", columns!(),
        ))
        .bind(new_id(now_ms))
        .bind(hash)
        .bind(name)
        .bind(i64::from(acts))
        .bind(now_ms)
        .fetch_one(db)
        .await)?)
    }

    /// The token with this hash, if it is one; it counts as used.
    pub async fn api_token(&self, hash: &str, now_ms: i64) -> Result<Option<ApiTokenRow>, StoreError> {
        let row: Option<ApiTokenRow> = on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM api_tokens WHERE hash = $1",
        ))
        .bind(hash)
        .fetch_optional(db)
        .await)?;
        if let Some(row) = &row
            && row.used_ms.is_none_or(|used_ms| now_ms - used_ms >= USED_MS)
        {
            on_writer!(self, db => sqlx::query("UPDATE api_tokens SET used_ms = $2 WHERE id = $1")
                .bind(&row.id)
                .bind(now_ms)
                .execute(db)
                .await
                .map(|_| ()))?;
        }
        Ok(row)
    }

    /// All tokens that are good, the latest first.
    pub async fn api_tokens(&self) -> Result<Vec<ApiTokenRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM api_tokens ORDER BY made_ms DESC, id DESC",
        ))
        .fetch_all(db)
        .await)?)
    }

    /// The token is good no longer. False: it was not before.
    pub async fn api_token_revoked(&self, id: &str) -> Result<bool, StoreError> {
        let revoked = on_writer!(self, db => sqlx::query("DELETE FROM api_tokens WHERE id = $1")
            .bind(id)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(revoked > 0)
    }
}
