//! The links by which somebody without an account may call from a browser, for a while and so often an hour.

use crate::{Store, StoreError, new_id, on_reader, on_writer};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// A link to be remembered.
#[derive(Clone, Copy, Debug)]
pub struct NewPhoneLink<'a> {
    /// SHA-256 of its secret, in hex. The secret itself is never stored.
    pub hash: &'a str,
    /// Whose assistant answers.
    pub user_id: &'a str,
    /// For whom it is.
    pub name: &'a str,
    pub now_ms: i64,
    pub expires_ms: i64,
}

/// A link as it is remembered: everything but its secret.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PhoneLinkRow {
    pub id: String,
    pub user_id: String,
    pub name: String,
    pub made_ms: i64,
    pub expires_ms: i64,
}

macro_rules! columns {
    () => {
        "id, user_id, name, made_ms, expires_ms"
    };
}

impl Store {
    /// Remembers a link, and forgets those that have expired.
    pub async fn phone_link_made(&self, new: &NewPhoneLink<'_>) -> Result<PhoneLinkRow, StoreError> {
        on_writer!(self, db => sqlx::query("DELETE FROM phone_links WHERE expires_ms <= $1")
            .bind(new.now_ms)
            .execute(db)
            .await
            .map(|_| ()))?;
        Ok(on_writer!(self, db => sqlx::query_as(concat!(
            "INSERT INTO phone_links (id, hash, user_id, name, made_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6) \
             RETURNING ", columns!(),
        ))
        .bind(new_id(new.now_ms))
        .bind(new.hash)
        .bind(new.user_id)
        .bind(new.name)
        .bind(new.now_ms)
        .bind(new.expires_ms)
        .fetch_one(db)
        .await)?)
    }

    /// The link with this hash, while it is good and whoever made it may log in.
    pub async fn phone_link(&self, hash: &str, now_ms: i64) -> Result<Option<PhoneLinkRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM phone_links WHERE hash = $1 AND expires_ms > $2 \
             AND EXISTS (SELECT 1 FROM users WHERE users.id = user_id AND disabled_ms IS NULL)",
        ))
        .bind(hash)
        .bind(now_ms)
        .fetch_optional(db)
        .await)?)
    }

    /// Counts a call by this link. False: it is good no longer, or has had `most` calls within the hour that its first one
    /// began. Of any number that try at once no more get through.
    pub async fn phone_link_used(&self, id: &str, most: u32, now_ms: i64) -> Result<bool, StoreError> {
        let used = on_writer!(self, db => sqlx::query(
            "UPDATE phone_links SET calls = CASE WHEN hour_ms <= $2 THEN 1 ELSE calls + 1 END, \
             hour_ms = CASE WHEN hour_ms <= $2 THEN $3 ELSE hour_ms END \
             WHERE id = $1 AND expires_ms > $3 AND (hour_ms <= $2 OR calls < $4)",
        )
        .bind(id)
        .bind(now_ms - HOUR_MS)
        .bind(now_ms)
        .bind(i64::from(most))
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(used > 0)
    }

    /// The links of this user that are good, the latest first.
    pub async fn phone_links(&self, user_id: &str, now_ms: i64) -> Result<Vec<PhoneLinkRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM phone_links WHERE user_id = $1 AND expires_ms > $2 \
             ORDER BY made_ms DESC, id DESC LIMIT 100",
        ))
        .bind(user_id)
        .bind(now_ms)
        .fetch_all(db)
        .await)?)
    }

    /// A link of this user's is good no longer. False: they have none with this id.
    pub async fn phone_link_ended(&self, user_id: &str, id: &str) -> Result<bool, StoreError> {
        let ended = on_writer!(self, db => sqlx::query("DELETE FROM phone_links WHERE id = $1 AND user_id = $2")
            .bind(id)
            .bind(user_id)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(ended > 0)
    }
}
