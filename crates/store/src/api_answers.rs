//! What programs were answered that may ask again after a broken connection: each key is done once.

use crate::{Store, StoreError, on_reader, on_writer};

/// What there is under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It is new, and now being done by whoever asked.
    New,
    /// It was asked before; `answer` is empty while it is being done.
    Before { asked: String, answer: String, made_ms: i64 },
}

impl Store {
    /// Begins what was asked under this key. Of many that try one is told that it is new. `asked` says what it was, so that
    /// one key is not used for two things.
    pub async fn ask_once(&self, key: &str, asked: &str, now_ms: i64) -> Result<Asked, StoreError> {
        loop {
            let new: Option<String> = on_writer!(self, db => sqlx::query_scalar(
                "INSERT INTO api_answers (key, asked, answer, made_ms) VALUES ($1, $2, '', $3) \
                 ON CONFLICT (key) DO NOTHING RETURNING key",
            )
            .bind(key)
            .bind(asked)
            .bind(now_ms)
            .fetch_optional(db)
            .await)?;
            if new.is_some() {
                return Ok(Asked::New);
            }
            let before: Option<(String, String, i64)> = on_reader!(self, db => sqlx::query_as(
                "SELECT asked, answer, made_ms FROM api_answers WHERE key = $1",
            )
            .bind(key)
            .fetch_optional(db)
            .await)?;
            // Where there is none, whoever asked first has given up meanwhile.
            if let Some((asked, answer, made_ms)) = before {
                return Ok(Asked::Before { asked, answer, made_ms });
            }
        }
    }

    /// Keeps the answer for whoever asks again; none: nothing was done, and it may be asked anew.
    pub async fn answered_once(&self, key: &str, answer: Option<&str>) -> Result<(), StoreError> {
        match answer {
            Some(answer) => {
                on_writer!(self, db => sqlx::query("UPDATE api_answers SET answer = $2 WHERE key = $1")
                    .bind(key)
                    .bind(answer)
                    .execute(db)
                    .await
                    .map(|_| ()))
            }
            None => on_writer!(self, db => sqlx::query("DELETE FROM api_answers WHERE key = $1")
                .bind(key)
                .execute(db)
                .await
                .map(|_| ())),
        }?;
        Ok(())
    }

    /// Forgets the answers from before this time, and returns how many.
    pub async fn tidy_answers(&self, before_ms: i64) -> Result<u64, StoreError> {
        Ok(on_writer!(self, db => sqlx::query("DELETE FROM api_answers WHERE made_ms < $1")
            .bind(before_ms)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?)
    }
}
