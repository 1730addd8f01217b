//! Assistants that are tried before they are saved, kept for as long as that takes.

use crate::{Store, StoreError, on_reader, on_tx};

/// More are not kept: the oldest goes.
const MOST: i64 = 100;

impl Store {
    /// Keeps a draft, JSON, under an id that nobody can guess, until `until_ms`. Drafts that are over are forgotten.
    pub async fn keep_draft(
        &self,
        id: &str,
        draft: &str,
        until_ms: i64,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        on_tx!(&mut tx, db => sqlx::query("DELETE FROM drafts WHERE until_ms <= $1")
            .bind(now_ms)
            .execute(db)
            .await
            .map(|_| ()))?;
        on_tx!(&mut tx, db => sqlx::query(
            "INSERT INTO drafts (id, draft, made_ms, until_ms) VALUES ($1, $2, $3, $4)",
        )
        .bind(id)
        .bind(draft)
        .bind(now_ms)
        .bind(until_ms)
        .execute(db)
        .await
        .map(|_| ()))?;
        on_tx!(&mut tx, db => sqlx::query(
            "DELETE FROM drafts WHERE id NOT IN (SELECT id FROM drafts ORDER BY made_ms DESC, id LIMIT $1)",
        )
        .bind(MOST)
        .execute(db)
        .await
        .map(|_| ()))?;
        tx.commit().await?;
        Ok(())
    }

    /// The draft with this id, as long as it is kept.
    pub async fn draft(&self, id: &str, now_ms: i64) -> Result<Option<String>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_scalar(
            "SELECT draft FROM drafts WHERE id = $1 AND until_ms > $2",
        )
        .bind(id)
        .bind(now_ms)
        .fetch_optional(db)
        .await)?)
    }
}
