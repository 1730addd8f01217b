//! What was written down about a call, in the order in which it happened.

use crate::{Store, StoreError, figures::count_answers, on_reader, on_tx};

/// One note.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct NoteRow {
    /// Milliseconds since the call's start.
    pub at_ms: i64,
    pub kind: String,
    /// The whole note, one JSON object.
    pub json: String,
}

impl Store {
    /// Adds notes after those already there, all or none.
    pub async fn write_notes(&self, call_id: &str, notes: &[NoteRow]) -> Result<(), StoreError> {
        if notes.is_empty() {
            return Ok(());
        }
        let count = i64::try_from(notes.len()).expect("a slice is shorter than 2^63");
        let mut tx = self.begin().await?;
        let written: Option<(i64, i64)> = on_tx!(&mut tx, db => sqlx::query_as(
            "UPDATE calls SET notes = notes + $2 WHERE id = $1 RETURNING notes, started_ms",
        )
        .bind(call_id)
        .bind(count)
        .fetch_optional(db)
        .await)?;
        let (after, started_ms) = written.ok_or_else(|| StoreError::NoSuchCall(call_id.to_owned()))?;
        let first = after - count;
        for (place, note) in (first..).zip(notes) {
            on_tx!(&mut tx, db => sqlx::query(
                "INSERT INTO notes (call_id, place, at_ms, kind, json) VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(call_id)
            .bind(place)
            .bind(note.at_ms)
            .bind(&note.kind)
            .bind(&note.json)
            .execute(db)
            .await
            .map(|_| ()))?;
        }
        count_answers(&mut tx, started_ms, notes).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The words that were said last in a call, by whomever.
    pub async fn last_words(&self, call_id: &str) -> Result<Option<NoteRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT at_ms, kind, json FROM notes WHERE call_id = $1 AND kind IN ('caller_said', 'assistant_said') \
             ORDER BY place DESC LIMIT 1",
        )
        .bind(call_id)
        .fetch_optional(db)
        .await)?)
    }

    /// All notes of a call, in the order in which they were written.
    pub async fn notes(&self, call_id: &str) -> Result<Vec<NoteRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT at_ms, kind, json FROM notes WHERE call_id = $1 ORDER BY place",
        )
        .bind(call_id)
        .fetch_all(db)
        .await)?)
    }
}
