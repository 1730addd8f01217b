//! What calls came to, in a few lines for the owner.

use crate::{NewJob, Store, StoreError, jobs::queue, on_reader, on_tx};

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CallBrief {
    pub call_id: String,
    pub who: String,
    pub wanted: String,
    pub done: String,
    /// What is left to do; empty: nothing is.
    pub left_open: String,
    pub made_ms: i64,
}

/// A call that is over and of which there is no brief.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Unbriefed {
    pub call_id: String,
    pub ended_ms: i64,
}

macro_rules! columns {
    () => {
        "call_id, who, wanted, done, left_open, made_ms"
    };
}

/// Briefs that one query looks for.
const AT_ONCE: usize = 50;

impl Store {
    /// Keeps the brief of a call, in place of an earlier one, and queues a job with it, in one step. A job whose key is
    /// known is not queued again. False: the call is gone.
    pub async fn brief_made(&self, brief: &CallBrief, job: Option<&NewJob<'_>>) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let made = on_tx!(&mut tx, db => sqlx::query(
            "INSERT INTO call_briefs (call_id, who, wanted, done, left_open, made_ms) \
             SELECT id, $2, $3, $4, $5, $6 FROM calls WHERE id = $1 \
             ON CONFLICT (call_id) DO UPDATE SET who = excluded.who, wanted = excluded.wanted, done = excluded.done, \
             left_open = excluded.left_open, made_ms = excluded.made_ms",
        )
        .bind(&brief.call_id)
        .bind(&brief.who)
        .bind(&brief.wanted)
        .bind(&brief.done)
        .bind(&brief.left_open)
        .bind(brief.made_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        if made > 0
            && let Some(job) = job
        {
            queue(&mut tx, job).await?;
        }
        tx.commit().await?;
        Ok(made > 0)
    }

    pub async fn brief(&self, call_id: &str) -> Result<Option<CallBrief>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM call_briefs WHERE call_id = $1",
        ))
        .bind(call_id)
        .fetch_optional(db)
        .await)?)
    }

    /// The briefs of these calls, of those that have one, in any order.
    pub async fn briefs_of(&self, calls: &[&str]) -> Result<Vec<CallBrief>, StoreError> {
        let mut briefs = Vec::new();
        for some in calls.chunks(AT_ONCE) {
            briefs.extend(self.briefs_of_some(some).await?);
        }
        Ok(briefs)
    }

    async fn briefs_of_some(&self, calls: &[&str]) -> Result<Vec<CallBrief>, StoreError> {
        Ok(on_reader!(self, db => {
            let mut query = sqlx::query_as(concat!(
                "SELECT ", columns!(), " FROM call_briefs WHERE call_id IN \
                 ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, \
                 $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50)",
            ));
            // No call has an empty id: places that are left over find nothing.
            for place in 0..AT_ONCE {
                query = query.bind(calls.get(place).copied().unwrap_or_default());
            }
            query.fetch_all(db).await
        })?)
    }

    /// At most `limit` calls that ended since `since_ms` and have neither a brief nor a job whose key is made of `prefix`, the
    /// call's id, a colon and when it ended; the latest first.
    pub async fn calls_unbriefed(
        &self,
        since_ms: i64,
        prefix: &str,
        limit: u32,
    ) -> Result<Vec<Unbriefed>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT id AS call_id, ended_ms FROM calls WHERE ended_ms >= $1 \
             AND NOT EXISTS (SELECT 1 FROM call_briefs WHERE call_id = calls.id) \
             AND NOT EXISTS (SELECT 1 FROM jobs WHERE key = $2 || calls.id || ':' || CAST(calls.ended_ms AS TEXT)) \
             ORDER BY ended_ms DESC LIMIT $3",
        )
        .bind(since_ms)
        .bind(prefix)
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }
}
