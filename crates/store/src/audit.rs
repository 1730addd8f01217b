//! What was changed, by whom, when and from where.

use crate::{Store, StoreError, new_id, on_reader, on_writer};

/// Something that was done.
#[derive(Clone, Copy, Debug)]
pub struct NewAudit<'a> {
    pub at_ms: i64,
    /// None: somebody who was not logged in, or the program itself.
    pub user_id: Option<&'a str>,
    /// How they were called then.
    pub who: &'a str,
    /// A word of the server's for what was done.
    pub what: &'a str,
    /// To what; may be empty. Never a secret.
    pub about: &'a str,
    /// The network address it came from; may be empty.
    pub from: &'a str,
}

/// Likewise, as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditRow {
    pub id: String,
    pub at_ms: i64,
    pub user_id: Option<String>,
    pub who: String,
    pub what: String,
    pub about: String,
    #[sqlx(rename = "from_address")]
    pub from: String,
}

impl Store {
    /// Writes down what was done.
    pub async fn audited(&self, new: &NewAudit<'_>) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query(
            "INSERT INTO audit (id, at_ms, user_id, who, what, about, from_address) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(new_id(new.at_ms))
        .bind(new.at_ms)
        .bind(new.user_id)
        .bind(new.who)
        .bind(new.what)
        .bind(new.about)
        .bind(new.from)
        .execute(db)
        .await
        .map(|_| ()))?;
        Ok(())
    }

    /// At most `limit` of what was done before the entry with id `before`, the latest first; an empty `before` is the end.
    pub async fn audit(&self, limit: u32, before: &str) -> Result<Vec<AuditRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT id, at_ms, user_id, who, what, about, from_address FROM audit \
             WHERE $2 = '' OR id < $2 ORDER BY id DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .bind(before)
        .fetch_all(db)
        .await)?)
    }

    /// Forgets what was done before then. Returns how much it was.
    pub async fn tidy_audit(&self, before_ms: i64) -> Result<u64, StoreError> {
        Ok(on_writer!(self, db => sqlx::query("DELETE FROM audit WHERE at_ms < $1")
            .bind(before_ms)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?)
    }
}
