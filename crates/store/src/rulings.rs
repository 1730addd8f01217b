//! What the owner says of tools.

use crate::{Store, StoreError, on_reader, on_writer};

/// What the owner says of one tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct RulingRow {
    pub name: String,
    /// `reads`, `writes` or `final`; empty: nothing.
    pub class: String,
    /// `known` or `owner`; empty: nothing.
    pub trust: String,
    /// 1: nobody may use it.
    pub withheld: i64,
}

impl Store {
    /// All that was said of tools, by their names.
    pub async fn rulings(&self) -> Result<Vec<RulingRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT name, class, trust, withheld FROM tools ORDER BY name",
        )
        .fetch_all(db)
        .await)?)
    }

    /// Says this of a tool from now on. Saying nothing forgets what was said.
    pub async fn rule(&self, ruling: &RulingRow, now_ms: i64) -> Result<(), StoreError> {
        let nothing = ruling.class.is_empty() && ruling.trust.is_empty() && ruling.withheld == 0;
        if nothing {
            on_writer!(self, db => sqlx::query("DELETE FROM tools WHERE name = $1")
                .bind(&ruling.name)
                .execute(db)
                .await
                .map(|_| ()))?;
            return Ok(());
        }
        on_writer!(self, db => sqlx::query(
            "INSERT INTO tools (name, class, trust, withheld, changed_ms) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (name) DO UPDATE SET class = excluded.class, trust = excluded.trust, \
             withheld = excluded.withheld, changed_ms = excluded.changed_ms",
        )
        .bind(&ruling.name)
        .bind(&ruling.class)
        .bind(&ruling.trust)
        .bind(ruling.withheld)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|_| ()))?;
        Ok(())
    }
}
