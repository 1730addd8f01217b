//! What the owner added on pages: servers of tools, tools, and secrets for them. What that is, and how it is sealed, is the
//! server's business; here it is text.

use crate::{Store, StoreError, on_reader, on_writer};

/// Something that was added.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AddedRow {
    /// What it is; `kind` and `name` together are unique.
    pub kind: String,
    pub name: String,
    pub sealed: String,
    pub changed_ms: i64,
    /// The user who did.
    pub changed_by: String,
}

impl Store {
    /// All that was added, by kind and name.
    pub async fn added(&self) -> Result<Vec<AddedRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT kind, name, sealed, changed_ms, changed_by FROM added ORDER BY kind, name",
        )
        .fetch_all(db)
        .await)?)
    }

    /// Adds it, in place of what had its kind and name.
    pub async fn add(&self, row: &AddedRow) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query(
            "INSERT INTO added (kind, name, sealed, changed_ms, changed_by) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (kind, name) DO UPDATE SET sealed = excluded.sealed, changed_ms = excluded.changed_ms, \
             changed_by = excluded.changed_by",
        )
        .bind(&row.kind)
        .bind(&row.name)
        .bind(&row.sealed)
        .bind(row.changed_ms)
        .bind(&row.changed_by)
        .execute(db)
        .await
        .map(|_| ()))?;
        Ok(())
    }

    /// Takes it away. False: it was not there.
    pub async fn take_away(&self, kind: &str, name: &str) -> Result<bool, StoreError> {
        let gone = on_writer!(self, db => sqlx::query("DELETE FROM added WHERE kind = $1 AND name = $2")
            .bind(kind)
            .bind(name)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(gone > 0)
    }
}
