//! How long what is remembered of callers is kept, and what is deleted by hand.

use crate::{Store, StoreError, Tx, on_tx};

/// What is kept for so long and no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// What was recorded of calls.
    Recordings,
    /// What was said and done in calls: their notes, their words, their briefs.
    Transcripts,
    /// Messages and voicemail.
    Messages,
    /// Texts both ways. That a number wants none is kept.
    Texts,
    /// That there was a call, with all that was kept of it.
    Calls,
}

/// Letters that brought the owner what calls came to.
const BRIEFS: &str =
    "DELETE FROM jobs WHERE state <> 'waiting' AND queued_ms < $1 AND key LIKE 'owner:brief:%'";

impl Kept {
    pub const ALL: [Kept; 5] =
        [Kept::Recordings, Kept::Transcripts, Kept::Messages, Kept::Texts, Kept::Calls];
}

impl Store {
    /// Deletes what was over before this time, with the letters to the owner about it that nobody sends any more; says how
    /// many calls, messages or texts it was about.
    pub async fn retire(&self, kept: Kept, before_ms: i64) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let mut did = async |sql: &'static str| did(&mut tx, sql, before_ms).await;
        let gone = match kept {
            Kept::Recordings => {
                did("DELETE FROM recordings WHERE began_ms < $1 AND call_id IN \
                     (SELECT id FROM calls WHERE ended_ms < $1)")
                .await?
            }
            Kept::Transcripts => {
                did("DELETE FROM call_words WHERE call_id IN (SELECT id FROM calls WHERE ended_ms < $1)")
                    .await?;
                did("DELETE FROM call_briefs WHERE call_id IN (SELECT id FROM calls WHERE ended_ms < $1)")
                    .await?;
                let told = did("UPDATE calls SET words_of = notes, purpose = '' WHERE ended_ms < $1 \
                     AND (purpose <> '' OR id IN (SELECT call_id FROM notes))")
                .await?;
                did("DELETE FROM notes WHERE call_id IN (SELECT id FROM calls WHERE ended_ms < $1)").await?;
                did(BRIEFS).await?;
                told
            }
            Kept::Messages => {
                did("DELETE FROM jobs WHERE state <> 'waiting' AND queued_ms < $1 AND (key LIKE 'owner:message:%' \
                     OR key LIKE 'owner:voicemail:%' OR key LIKE 'owner:urgent:%')")
                .await?;
                did("DELETE FROM messages WHERE taken_ms < $1").await?
            }
            Kept::Texts => {
                did("DELETE FROM text_talks WHERE updated_ms < $1").await?;
                did("UPDATE texts SET body = '' WHERE at_ms < $1 AND body <> '' AND direction = 'in' \
                     AND status IN ('stop', 'start')")
                .await?;
                did("DELETE FROM texts WHERE at_ms < $1 AND NOT (direction = 'in' AND status IN ('stop', 'start'))")
                    .await?
            }
            Kept::Calls => {
                did(BRIEFS).await?;
                did("DELETE FROM calls WHERE ended_ms < $1").await?
            }
        };
        tx.commit().await?;
        Ok(gone)
    }

    /// Deletes a call that is over, with its notes, its brief and what was recorded. What was agreed, left or texted in
    /// it stays. False: there is none, or it goes on.
    pub async fn call_deleted(&self, id: &str) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let gone = on_tx!(&mut tx, db => sqlx::query(
            "DELETE FROM calls WHERE id = $1 AND ended_ms IS NOT NULL",
        )
        .bind(id)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        if gone == 0 {
            return Ok(false);
        }
        on_tx!(&mut tx, db => sqlx::query("DELETE FROM jobs WHERE key = 'owner:brief:' || $1")
            .bind(id)
            .execute(db)
            .await
            .map(|_| ()))?;
        tx.commit().await?;
        Ok(true)
    }
}

async fn did(tx: &mut Tx, sql: &'static str, before_ms: i64) -> Result<u64, sqlx::Error> {
    on_tx!(tx, db => sqlx::query(sql).bind(before_ms).execute(db).await.map(|done| done.rows_affected()))
}
