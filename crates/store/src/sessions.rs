//! Who is logged in, since when, and from where.

use crate::{Store, StoreError, UserRow, on_reader, on_writer, users::user_columns};

/// That a session is used is written down when this much later than the last time, or a tenth of its idle time.
const USED_MS: i64 = 60_000;

/// Somebody logs in.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// SHA-256 of the session's secret, in hex. The secret itself is never stored.
    pub hash: &'a str,
    pub user_id: &'a str,
    /// The network address it was begun from; may be empty.
    pub from: &'a str,
    /// What the browser says it is; may be empty.
    pub agent: &'a str,
    pub now_ms: i64,
    /// It ends when it was not used for this long,
    pub idle_ms: i64,
    /// and at the latest after this long.
    pub absolute_ms: i64,
}

/// A session as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SessionRow {
    pub hash: String,
    pub made_ms: i64,
    /// When it was last used, to about a minute.
    pub used_ms: i64,
    #[sqlx(rename = "from_address")]
    pub from: String,
    pub agent: String,
}

#[derive(sqlx::FromRow)]
struct Found {
    #[sqlx(flatten)]
    user: UserRow,
    idle_ms: i64,
    idle_expires_ms: i64,
}

impl Store {
    /// Logs a user in. Sessions that are over are forgotten on the way.
    pub async fn session_made(&self, new: &NewSession<'_>) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query("DELETE FROM sessions WHERE idle_expires_ms <= $1 OR expires_ms <= $1")
            .bind(new.now_ms)
            .execute(db)
            .await
            .map(|_| ()))?;
        on_writer!(self, db => sqlx::query(
            "INSERT INTO sessions (hash, user_id, made_ms, idle_ms, idle_expires_ms, expires_ms, from_address, agent) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(new.hash)
        .bind(new.user_id)
        .bind(new.now_ms)
        .bind(new.idle_ms)
        .bind(new.now_ms + new.idle_ms)
        .bind(new.now_ms + new.absolute_ms)
        .bind(new.from)
        .bind(new.agent)
        .execute(db)
        .await
        .map(|_| ()))?;
        Ok(())
    }

    /// Whose session this is, if it still lasts and they were not disabled; using it makes it last.
    pub async fn session(&self, hash: &str, now_ms: i64) -> Result<Option<UserRow>, StoreError> {
        let found: Option<Found> = on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", user_columns!(), ", idle_ms, idle_expires_ms \
             FROM sessions JOIN users ON users.id = sessions.user_id \
             WHERE hash = $1 AND idle_expires_ms > $2 AND expires_ms > $2 AND disabled_ms IS NULL",
        ))
        .bind(hash)
        .bind(now_ms)
        .fetch_optional(db)
        .await)?;
        let Some(found) = found else { return Ok(None) };
        let unwritten_ms = now_ms + found.idle_ms - found.idle_expires_ms;
        if unwritten_ms >= USED_MS.min(found.idle_ms / 10).max(1) {
            on_writer!(self, db => sqlx::query("UPDATE sessions SET idle_expires_ms = $2 + idle_ms WHERE hash = $1")
                .bind(hash)
                .bind(now_ms)
                .execute(db)
                .await
                .map(|_| ()))?;
        }
        Ok(Some(found.user))
    }

    /// A user's sessions that last, the one last used first.
    pub async fn sessions_of(&self, user_id: &str, now_ms: i64) -> Result<Vec<SessionRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT hash, made_ms, idle_expires_ms - idle_ms AS used_ms, from_address, agent FROM sessions \
             WHERE user_id = $1 AND idle_expires_ms > $2 AND expires_ms > $2 ORDER BY used_ms DESC, made_ms DESC, hash",
        )
        .bind(user_id)
        .bind(now_ms)
        .fetch_all(db)
        .await)?)
    }

    /// Logs out. A session that is not there is no error.
    pub async fn session_ended(&self, hash: &str) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query("DELETE FROM sessions WHERE hash = $1")
            .bind(hash)
            .execute(db)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Ends one of this user's sessions. False: it is none of theirs.
    pub async fn session_of_ended(&self, user_id: &str, hash: &str) -> Result<bool, StoreError> {
        let ended = on_writer!(self, db => sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND hash = $2")
            .bind(user_id)
            .bind(hash)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(ended > 0)
    }

    /// Ends all of a user's sessions but the one with the hash `but`, which may be empty. Returns how many.
    pub async fn sessions_ended(&self, user_id: &str, but: &str) -> Result<u64, StoreError> {
        Ok(on_writer!(self, db => sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND hash <> $2")
            .bind(user_id)
            .bind(but)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?)
    }
}
