//! Owners who were sent to another site to consent, and are expected back once.

use crate::{Store, StoreError, on_writer};

/// What is kept while the owner is away.
#[derive(Clone, Copy, Debug)]
pub struct NewOauthState<'a> {
    /// SHA-256 of the state that the owner takes along, in hex. The state itself is never stored.
    pub hash: &'a str,
    /// Names the browser session that began it, itself a hash: the way back is good in that one alone.
    pub session: &'a str,
    pub user_id: &'a str,
    /// What is needed on the way back, such as the PKCE verifier; sealed by the server.
    pub sealed: &'a str,
    pub now_ms: i64,
    pub expires_ms: i64,
}

/// An owner is back.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OauthStateRow {
    pub user_id: String,
    pub sealed: String,
}

impl Store {
    /// Expects an owner back. What expired is forgotten on the way.
    pub async fn oauth_begun(&self, new: &NewOauthState<'_>) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query("DELETE FROM oauth_states WHERE expires_ms <= $1")
            .bind(new.now_ms)
            .execute(db)
            .await
            .map(|_| ()))?;
        on_writer!(self, db => sqlx::query(
            "INSERT INTO oauth_states (hash, session, user_id, sealed, expires_ms) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(new.hash)
        .bind(new.session)
        .bind(new.user_id)
        .bind(new.sealed)
        .bind(new.expires_ms)
        .execute(db)
        .await
        .map(|_| ()))?;
        Ok(())
    }

    /// What was kept for this state, good once, in time, and in the session that began it: in another it is none and stays
    /// good where it belongs.
    pub async fn oauth_back(
        &self,
        hash: &str,
        session: &str,
        now_ms: i64,
    ) -> Result<Option<OauthStateRow>, StoreError> {
        Ok(on_writer!(self, db => sqlx::query_as(
            "DELETE FROM oauth_states WHERE hash = $1 AND session = $2 AND expires_ms > $3 \
             RETURNING user_id, sealed",
        )
        .bind(hash)
        .bind(session)
        .bind(now_ms)
        .fetch_optional(db)
        .await)?)
    }
}
