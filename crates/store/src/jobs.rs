//! What is to be done later and must not be forgotten: confirmations, reminders, and whatever else may fail and be tried
//! again.

use crate::{Store, StoreError, Tx, new_id, on_reader, on_tx, on_writer};

/// Something to be done.
#[derive(Clone, Copy, Debug)]
pub struct NewJob<'a> {
    /// Which worker knows how.
    pub kind: &'a str,
    /// Names what is to be done: another job with this key is the same one, and queued once, even after it is done.
    pub key: &'a str,
    /// JSON.
    pub payload: &'a str,
    /// Not before.
    pub due_ms: i64,
    pub now_ms: i64,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// To be done when it is due, or being done.
    Waiting,
    Done,
    /// Given up: nobody tries again unless the owner says so.
    Dead,
}

/// A job as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct JobRow {
    pub id: String,
    pub kind: String,
    pub key: String,
    /// JSON; empty where it is done, and not about an appointment.
    pub payload: String,
    #[sqlx(try_from = "String")]
    pub state: JobState,
    pub due_ms: i64,
    /// How often it was begun, this time included.
    pub attempts: i64,
    /// Until then it is somebody's.
    pub claimed_until_ms: Option<i64>,
    /// Why the last try failed; may be empty.
    pub error: String,
    pub queued_ms: i64,
    /// When it was done or given up.
    pub ended_ms: Option<i64>,
    claim: i64,
}

macro_rules! columns {
    () => {
        "id, kind, key, payload, state, due_ms, attempts, claim, claimed_until_ms, error, queued_ms, ended_ms"
    };
}

impl Store {
    /// Queues a job. False: there is, or was, one with its key.
    pub async fn queue_job(&self, job: &NewJob<'_>) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let new = queue(&mut tx, job).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Puts this job into the place of the one with its key, which has not been begun. False: there is none such.
    pub async fn replace_job(&self, job: &NewJob<'_>) -> Result<bool, StoreError> {
        let replaced = on_writer!(self, db => sqlx::query(
            "UPDATE jobs SET kind = $2, payload = $3, due_ms = $4 WHERE key = $1 AND state = 'waiting' AND attempts = 0",
        )
        .bind(job.key)
        .bind(job.kind)
        .bind(job.payload)
        .bind(job.due_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(replaced > 0)
    }

    /// Takes at most `limit` jobs that are due, the longest due first, until `claimed_until_ms`: whoever has not said by then
    /// what came of one has lost it, and it is due again. No two instances get the same one.
    pub async fn claim_jobs(
        &self,
        now_ms: i64,
        claimed_until_ms: i64,
        limit: u32,
    ) -> Result<Vec<JobRow>, StoreError> {
        macro_rules! claiming {
            ($locking:literal) => {
                concat!(
                    "WITH due AS MATERIALIZED (SELECT id AS due_id FROM jobs WHERE state = 'waiting' AND due_ms <= $1 \
                     AND (claimed_until_ms IS NULL OR claimed_until_ms <= $1) ORDER BY due_ms, id LIMIT $3",
                    $locking,
                    ") UPDATE jobs SET claimed_until_ms = $2, claim = claim + 1, attempts = attempts + 1 \
                     WHERE id IN (SELECT due_id FROM due) RETURNING ",
                    columns!(),
                )
            };
        }
        let sql = if self.is_shared() { claiming!(" FOR UPDATE SKIP LOCKED") } else { claiming!("") };
        let mut jobs: Vec<JobRow> = on_writer!(self, db => sqlx::query_as(sql)
            .bind(now_ms)
            .bind(claimed_until_ms)
            .bind(i64::from(limit))
            .fetch_all(db)
            .await)?;
        jobs.sort_by(|a, b| (a.due_ms, &a.id).cmp(&(b.due_ms, &b.id)));
        Ok(jobs)
    }

    /// The claimed job is done, and what it carried is forgotten, but for that of letters and texts about appointments, which
    /// says what they were. False: it was lost, or given up.
    pub async fn job_done(&self, job: &JobRow, now_ms: i64) -> Result<bool, StoreError> {
        let done = on_writer!(self, db => sqlx::query(
            "UPDATE jobs SET state = 'done', claimed_until_ms = NULL, error = '', ended_ms = $3, \
             payload = CASE WHEN kind IN ('mail', 'text') THEN payload ELSE '' END \
             WHERE id = $1 AND claim = $2 AND state = 'waiting'",
        )
        .bind(&job.id)
        .bind(job.claim)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }

    /// The claimed job failed: it is due again at `again_ms` or, with none, dead. False: it was lost, or given up.
    pub async fn job_failed(
        &self,
        job: &JobRow,
        error: &str,
        again_ms: Option<i64>,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let state = if again_ms.is_some() { JobState::Waiting } else { JobState::Dead };
        let done = on_writer!(self, db => sqlx::query(
            "UPDATE jobs SET state = $3, due_ms = $4, claimed_until_ms = NULL, error = $5, ended_ms = $6 \
             WHERE id = $1 AND claim = $2 AND state = 'waiting'",
        )
        .bind(&job.id)
        .bind(job.claim)
        .bind(state.name())
        .bind(again_ms.unwrap_or(job.due_ms))
        .bind(error)
        .bind(again_ms.is_none().then_some(now_ms))
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }

    /// Takes all claims away: for a process that knows that it is the only one, and what it claims itself is yet to come.
    pub async fn release_jobs(&self) -> Result<u64, StoreError> {
        Ok(on_writer!(self, db => sqlx::query(
            "UPDATE jobs SET claimed_until_ms = NULL, claim = claim + 1 \
             WHERE state = 'waiting' AND claimed_until_ms IS NOT NULL",
        )
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?)
    }

    /// At most `limit` jobs in this state: those that wait by when they are due, the others the latest first.
    pub async fn jobs(&self, state: JobState, limit: u32) -> Result<Vec<JobRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM jobs WHERE state = $1 \
             ORDER BY CASE WHEN state = 'waiting' THEN due_ms ELSE -ended_ms END, id LIMIT $2",
        ))
        .bind(state.name())
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }

    /// How many jobs whose key begins with `prefix` were queued since then, whatever became of them.
    pub async fn jobs_queued(&self, prefix: &str, since_ms: i64) -> Result<u64, StoreError> {
        let queued: i64 = on_reader!(self, db => sqlx::query_scalar(
            "SELECT COUNT(*) FROM jobs WHERE queued_ms >= $2 AND substr(key, 1, length($1)) = $1",
        )
        .bind(prefix)
        .bind(since_ms)
        .fetch_one(db)
        .await)?;
        Ok(u64::try_from(queued).unwrap_or(0))
    }

    /// How many jobs whose key begins with `prefix` were queued since then and before this one, whatever became of them.
    pub async fn jobs_ahead(&self, job: &JobRow, prefix: &str, since_ms: i64) -> Result<u64, StoreError> {
        let ahead: i64 = on_reader!(self, db => sqlx::query_scalar(
            "SELECT COUNT(*) FROM jobs WHERE queued_ms >= $2 AND substr(key, 1, length($1)) = $1 \
             AND (queued_ms < $3 OR (queued_ms = $3 AND id < $4))",
        )
        .bind(prefix)
        .bind(since_ms)
        .bind(job.queued_ms)
        .bind(&job.id)
        .fetch_one(db)
        .await)?;
        Ok(u64::try_from(ahead).unwrap_or(0))
    }

    /// The jobs whose key begins with `prefix` that are not done, the earliest first.
    pub async fn jobs_undone(&self, prefix: &str, limit: u32) -> Result<Vec<JobRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM jobs WHERE state IN ('waiting', 'dead') AND substr(key, 1, length($1)) = $1 \
             ORDER BY queued_ms, id LIMIT $2",
        ))
        .bind(prefix)
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }

    /// What is, was or could not be sent about an appointment, the latest first: the jobs of these kinds whose key names
    /// it behind the kind.
    pub async fn jobs_about(&self, appointment: &str, limit: u32) -> Result<Vec<JobRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM jobs WHERE kind IN ('mail', 'text') \
             AND substr(key, 1, length(kind) + length($1) + 2) = kind || ':' || $1 || ':' \
             ORDER BY queued_ms DESC, id DESC LIMIT $2",
        ))
        .bind(appointment)
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }

    /// Wakes a dead job: it is due now, as if it had never been tried. False: there is no such job, or it is not dead.
    pub async fn job_retried(&self, id: &str, now_ms: i64) -> Result<bool, StoreError> {
        let done = on_writer!(self, db => sqlx::query(
            "UPDATE jobs SET state = 'waiting', due_ms = $2, attempts = 0, ended_ms = NULL \
             WHERE id = $1 AND state = 'dead'",
        )
        .bind(id)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }

    /// Gives up all waiting jobs whose key begins with `prefix`, and returns how many. They may be queued again.
    pub async fn forget_jobs(&self, prefix: &str) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let forgotten = forget_waiting(&mut tx, prefix).await?;
        tx.commit().await?;
        Ok(forgotten)
    }

    /// Forgets jobs that were done before `before_ms`; their keys may be used again. Returns how many.
    pub async fn tidy_jobs(&self, before_ms: i64) -> Result<u64, StoreError> {
        Ok(on_writer!(self, db => sqlx::query("DELETE FROM jobs WHERE state = 'done' AND ended_ms < $1")
            .bind(before_ms)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?)
    }
}

impl JobState {
    /// `waiting`, `done` or `dead`: as the records spell it.
    pub fn name(self) -> &'static str {
        match self {
            JobState::Waiting => "waiting",
            JobState::Done => "done",
            JobState::Dead => "dead",
        }
    }
}

impl TryFrom<String> for JobState {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        [JobState::Waiting, JobState::Done, JobState::Dead]
            .into_iter()
            .find(|state| state.name() == name)
            .ok_or_else(|| format!("{name:?} is no state of a job"))
    }
}

pub(crate) async fn queue(tx: &mut Tx, job: &NewJob<'_>) -> Result<bool, sqlx::Error> {
    let new = on_tx!(tx, db => sqlx::query(
        "INSERT INTO jobs (id, kind, key, payload, state, due_ms, attempts, claim, error, queued_ms) \
         VALUES ($1, $2, $3, $4, 'waiting', $5, 0, 0, '', $6) ON CONFLICT (key) DO NOTHING",
    )
    .bind(new_id(job.now_ms))
    .bind(job.kind)
    .bind(job.key)
    .bind(job.payload)
    .bind(job.due_ms)
    .bind(job.now_ms)
    .execute(db)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(new > 0)
}

pub(crate) async fn forget_waiting(tx: &mut Tx, prefix: &str) -> Result<u64, sqlx::Error> {
    on_tx!(tx, db => sqlx::query(
        "DELETE FROM jobs WHERE state = 'waiting' AND substr(key, 1, length($1)) = $1",
    )
    .bind(prefix)
    .execute(db)
    .await
    .map(|done| done.rows_affected()))
}
