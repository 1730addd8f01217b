//! By what users prove who they are: passwords, the links that replace a forgotten one, second factors and recovery codes.

use crate::{Store, StoreError, on_reader, on_tx, on_writer};

/// A user's password as it is remembered.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct PasswordRow {
    /// Argon2id in the PHC string format.
    pub hash: String,
    pub changed_ms: i64,
}

impl std::fmt::Debug for PasswordRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordRow").field("changed_ms", &self.changed_ms).finish_non_exhaustive()
    }
}

/// A user's second factor as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct FactorRow {
    /// The secret, sealed by the server.
    pub sealed: String,
    /// When a first code proved that the user has it; before that it is not asked for.
    pub proven_ms: Option<i64>,
}

impl Store {
    pub async fn password(&self, user_id: &str) -> Result<Option<PasswordRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as("SELECT hash, changed_ms FROM passwords WHERE user_id = $1")
            .bind(user_id)
            .fetch_optional(db)
            .await)?)
    }

    /// Gives a user this password in place of any other. Links to replace a forgotten one are good no longer.
    pub async fn password_set(&self, user_id: &str, hash: &str, now_ms: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        on_tx!(&mut tx, db => sqlx::query(
            "INSERT INTO passwords (user_id, hash, changed_ms) VALUES ($1, $2, $3) \
             ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, changed_ms = excluded.changed_ms",
        )
        .bind(user_id)
        .bind(hash)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|_| ()))?;
        on_tx!(&mut tx, db => sqlx::query("DELETE FROM password_resets WHERE user_id = $1")
            .bind(user_id)
            .execute(db)
            .await
            .map(|_| ()))?;
        tx.commit().await?;
        Ok(())
    }

    /// Remembers a link by which a user sets a new password. `hash` is SHA-256 in hex; the same one again is the same link.
    /// Those that are over are forgotten on the way.
    pub async fn reset_made(
        &self,
        hash: &str,
        user_id: &str,
        now_ms: i64,
        expires_ms: i64,
    ) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query("DELETE FROM password_resets WHERE expires_ms <= $1")
            .bind(now_ms)
            .execute(db)
            .await
            .map(|_| ()))?;
        on_writer!(self, db => sqlx::query(
            "INSERT INTO password_resets (hash, user_id, expires_ms) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING",
        )
        .bind(hash)
        .bind(user_id)
        .bind(expires_ms)
        .execute(db)
        .await
        .map(|_| ()))?;
        Ok(())
    }

    /// Whose link this is, where it is good. Uses up nothing.
    pub async fn reset(&self, hash: &str, now_ms: i64) -> Result<Option<String>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_scalar(
            "SELECT user_id FROM password_resets WHERE hash = $1 AND used_ms IS NULL AND expires_ms > $2",
        )
        .bind(hash)
        .bind(now_ms)
        .fetch_optional(db)
        .await)?)
    }

    /// Uses up a link. Of any number that try at once, one is told that it was good.
    pub async fn reset_used(&self, hash: &str, now_ms: i64) -> Result<bool, StoreError> {
        let used = on_writer!(self, db => sqlx::query(
            "UPDATE password_resets SET used_ms = $2 WHERE hash = $1 AND used_ms IS NULL AND expires_ms > $2",
        )
        .bind(hash)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(used == 1)
    }

    pub async fn factor(&self, user_id: &str) -> Result<Option<FactorRow>, StoreError> {
        Ok(
            on_reader!(self, db => sqlx::query_as("SELECT sealed, proven_ms FROM second_factors WHERE user_id = $1")
            .bind(user_id)
            .fetch_optional(db)
            .await)?,
        )
    }

    /// Whether a second factor is asked for when this user logs in: one that is proven.
    pub async fn has_factor(&self, user_id: &str) -> Result<bool, StoreError> {
        Ok(self.factor(user_id).await?.is_some_and(|factor| factor.proven_ms.is_some()))
    }

    /// Begins to give a user this second factor. One that is proven stays: false.
    pub async fn factor_begun(&self, user_id: &str, sealed: &str) -> Result<bool, StoreError> {
        let begun = on_writer!(self, db => sqlx::query(
            "INSERT INTO second_factors (user_id, sealed, last_step) VALUES ($1, $2, 0) \
             ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, last_step = 0 \
             WHERE second_factors.proven_ms IS NULL",
        )
        .bind(user_id)
        .bind(sealed)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(begun == 1)
    }

    /// Uses the code of this step of time, with which the factor counts as proven. False: it, or a later one, was used
    /// before. Of any number that try at once, one is told that it was good.
    pub async fn factor_used(&self, user_id: &str, step: i64, now_ms: i64) -> Result<bool, StoreError> {
        let used = on_writer!(self, db => sqlx::query(
            "UPDATE second_factors SET last_step = $2, proven_ms = COALESCE(proven_ms, $3) \
             WHERE user_id = $1 AND last_step < $2",
        )
        .bind(user_id)
        .bind(step)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(used == 1)
    }

    /// Takes a user's second factor away, and its recovery codes. False: there was none that was proven.
    pub async fn factor_removed(&self, user_id: &str) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let proven: Option<Option<i64>> = on_tx!(&mut tx, db => sqlx::query_scalar(
            "DELETE FROM second_factors WHERE user_id = $1 RETURNING proven_ms",
        )
        .bind(user_id)
        .fetch_optional(db)
        .await)?;
        on_tx!(&mut tx, db => sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1")
            .bind(user_id)
            .execute(db)
            .await
            .map(|_| ()))?;
        tx.commit().await?;
        Ok(proven.flatten().is_some())
    }

    /// Gives a user these recovery codes, as hashes, in place of all others.
    pub async fn recovery_codes_made(&self, user_id: &str, hashes: &[String]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        on_tx!(&mut tx, db => sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1")
            .bind(user_id)
            .execute(db)
            .await
            .map(|_| ()))?;
        for hash in hashes {
            on_tx!(&mut tx, db => sqlx::query("INSERT INTO recovery_codes (user_id, hash) VALUES ($1, $2)")
                .bind(user_id)
                .bind(hash)
                .execute(db)
                .await
                .map(|_| ()))?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Uses up a recovery code. Of any number that try at once, one is told that it was good.
    pub async fn recovery_code_used(
        &self,
        user_id: &str,
        hash: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let used = on_writer!(self, db => sqlx::query(
            "UPDATE recovery_codes SET used_ms = $3 WHERE user_id = $1 AND hash = $2 AND used_ms IS NULL",
        )
        .bind(user_id)
        .bind(hash)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(used == 1)
    }

    /// How many recovery codes a user has left.
    pub async fn recovery_codes_left(&self, user_id: &str) -> Result<i64, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_scalar(
            "SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1 AND used_ms IS NULL",
        )
        .bind(user_id)
        .fetch_one(db)
        .await)?)
    }
}
