//! What the owner set on a page. What a key means and how a value is sealed is the server's business.

use crate::{Store, StoreError, on_reader, on_tx};

/// A setting as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SettingRow {
    /// `section.name`.
    pub key: String,
    pub value: String,
    pub changed_ms: i64,
    /// The user who set it.
    pub changed_by: String,
}

impl Store {
    /// Every setting, in order of key.
    pub async fn settings(&self) -> Result<Vec<SettingRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT key, value, changed_ms, changed_by FROM settings ORDER BY key",
        )
        .fetch_all(db)
        .await)?)
    }

    /// Sets or, where there is no value, forgets each of these, all or none.
    pub async fn change_settings(
        &self,
        changes: &[(&str, Option<&str>)],
        by: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for (key, value) in changes {
            match value {
                Some(value) => on_tx!(&mut tx, db => sqlx::query(
                    "INSERT INTO settings (key, value, changed_ms, changed_by) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_ms = excluded.changed_ms, \
                     changed_by = excluded.changed_by",
                )
                .bind(*key)
                .bind(*value)
                .bind(now_ms)
                .bind(by)
                .execute(db)
                .await
                .map(|_| ()))?,
                None => on_tx!(&mut tx, db => sqlx::query("DELETE FROM settings WHERE key = $1")
                    .bind(*key)
                    .execute(db)
                    .await
                    .map(|_| ()))?,
            }
        }
        tx.commit().await?;
        Ok(())
    }
}
