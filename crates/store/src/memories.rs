//! What the assistant remembers of callers between calls.

use crate::{Store, StoreError, on_reader, on_writer};

/// Something to be remembered of a caller.
#[derive(Clone, Copy, Debug)]
pub struct NewMemory<'a> {
    pub number: &'a str,
    /// What it is about; of one topic one thing is remembered.
    pub topic: &'a str,
    pub words: &'a str,
    /// How far whoever says it is trusted: greater is further. Nobody less trusted reads it, changes it or has it forgotten.
    pub trust: i64,
    pub call_id: Option<&'a str>,
    pub at_ms: i64,
}

/// Something that is remembered of a caller.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct MemoryRow {
    pub topic: String,
    pub words: String,
    pub trust: i64,
    pub call_id: Option<String>,
    pub at_ms: i64,
}

impl Store {
    /// Remembers something, in place of what was remembered of the same topic. False: `most` things are remembered of this
    /// number already, and this would be one more.
    pub async fn remembered(&self, new: &NewMemory<'_>, most: u32) -> Result<bool, StoreError> {
        let kept = on_writer!(self, db => sqlx::query(
            "INSERT INTO memories (number, topic, trust, words, call_id, at_ms) SELECT $1, $2, $3, $4, $5, $6 \
             WHERE (SELECT COUNT(*) FROM memories WHERE number = $1 AND NOT (topic = $2 AND trust = $3)) < $7 \
             ON CONFLICT (number, topic, trust) DO UPDATE SET words = excluded.words, call_id = excluded.call_id, \
             at_ms = excluded.at_ms",
        )
        .bind(new.number)
        .bind(new.topic)
        .bind(new.trust)
        .bind(new.words)
        .bind(new.call_id)
        .bind(new.at_ms)
        .bind(i64::from(most))
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(kept > 0)
    }

    /// What somebody who calls from this number and is trusted so may be told of what is remembered, by topic. Of a topic
    /// that was spoken of under several degrees of trust the most trusted word counts.
    pub async fn memories(&self, number: &str, trust: i64) -> Result<Vec<MemoryRow>, StoreError> {
        let mut rows = self.all_memories(number).await?;
        rows.retain(|row| row.trust <= trust);
        rows.dedup_by(|later, first| later.topic == first.topic);
        Ok(rows)
    }

    /// Everything that is remembered of a number, by topic, the most trusted word first.
    pub async fn all_memories(&self, number: &str) -> Result<Vec<MemoryRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT topic, words, trust, call_id, at_ms FROM memories WHERE number = $1 ORDER BY topic, trust DESC",
        )
        .bind(number)
        .fetch_all(db)
        .await)?)
    }

    /// Forgets what is remembered of a number under this trust or less: of one topic, or all of it. Says how much it was.
    pub async fn forget_memories(
        &self,
        number: &str,
        topic: Option<&str>,
        trust: i64,
    ) -> Result<u64, StoreError> {
        Ok(on_writer!(self, db => sqlx::query(
            "DELETE FROM memories WHERE number = $1 AND trust <= $2 AND topic = COALESCE($3, topic)",
        )
        .bind(number)
        .bind(trust)
        .bind(topic)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?)
    }
}
