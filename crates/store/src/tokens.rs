//! The tokens by which a media stream proves that it belongs to a call that was let in: one a call, good once.

use crate::{Store, StoreError, on_writer};

/// A token to be remembered.
#[derive(Clone, Debug)]
pub struct NewToken<'a> {
    pub carrier: &'a str,
    /// The carrier's name for the call.
    pub carrier_call: &'a str,
    /// SHA-256 of the token, in hex. The token itself is never stored.
    pub hash: &'a str,
    pub call_id: &'a str,
    pub issued_ms: i64,
    pub expires_ms: i64,
}

/// Whether a call's token is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issued {
    New,
    /// The call was given a token before. This is it; the new one is not remembered.
    Again {
        hash: String,
        call_id: String,
        issued_ms: i64,
        expires_ms: i64,
        spent: bool,
    },
}

/// What came of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spent {
    /// It was good, and is no longer.
    Now {
        call_id: String,
    },
    /// It was used before.
    Already,
    /// It came too late.
    Stale,
    /// It is another call's, and still good there.
    OtherCall,
    Unknown,
}

impl Store {
    /// Remembers a call's token unless the call has one.
    pub async fn token_issued(&self, token: &NewToken<'_>) -> Result<Issued, StoreError> {
        let new: Option<String> = on_writer!(self, db => sqlx::query_scalar(
            "INSERT INTO stream_tokens (hash, carrier, carrier_call, call_id, issued_ms, expires_ms) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (carrier, carrier_call) DO NOTHING RETURNING hash",
        )
        .bind(token.hash)
        .bind(token.carrier)
        .bind(token.carrier_call)
        .bind(token.call_id)
        .bind(token.issued_ms)
        .bind(token.expires_ms)
        .fetch_optional(db)
        .await)?;
        if new.is_some() {
            return Ok(Issued::New);
        }
        let (hash, call_id, issued_ms, expires_ms, spent) = on_writer!(self, db => sqlx::query_as(
            "SELECT hash, call_id, issued_ms, expires_ms, spent_ms IS NOT NULL FROM stream_tokens \
             WHERE carrier = $1 AND carrier_call = $2",
        )
        .bind(token.carrier)
        .bind(token.carrier_call)
        .fetch_one(db)
        .await)?;
        Ok(Issued::Again { hash, call_id, issued_ms, expires_ms, spent })
    }

    /// Uses up the token with this hash on behalf of the carrier's call `carrier_call`. Of any number that try at
    /// once, on any number of instances, exactly one gets [`Spent::Now`].
    pub async fn token_spent(
        &self,
        hash: &str,
        carrier_call: &str,
        now_ms: i64,
    ) -> Result<Spent, StoreError> {
        let call_id: Option<String> = on_writer!(self, db => sqlx::query_scalar(
            "UPDATE stream_tokens SET spent_ms = $3 \
             WHERE hash = $1 AND carrier_call = $2 AND spent_ms IS NULL AND expires_ms > $3 RETURNING call_id",
        )
        .bind(hash)
        .bind(carrier_call)
        .bind(now_ms)
        .fetch_optional(db)
        .await)?;
        if let Some(call_id) = call_id {
            return Ok(Spent::Now { call_id });
        }
        let found: Option<(String, bool)> = on_writer!(self, db => sqlx::query_as(
            "SELECT carrier_call, spent_ms IS NOT NULL FROM stream_tokens WHERE hash = $1",
        )
        .bind(hash)
        .fetch_optional(db)
        .await)?;
        Ok(match found {
            None => Spent::Unknown,
            Some((other, _)) if other != carrier_call => Spent::OtherCall,
            Some((_, true)) => Spent::Already,
            Some((_, false)) => Spent::Stale,
        })
    }

    /// Uses up the token of the carrier's call, whatever it is, so that no stream can open with it any more. False: it was
    /// used before, or there is none. Of any number that try at once, the stream included, exactly one gets its way.
    pub async fn token_voided(
        &self,
        carrier: &str,
        carrier_call: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let voided = on_writer!(self, db => sqlx::query(
            "UPDATE stream_tokens SET spent_ms = $3 \
             WHERE carrier = $1 AND carrier_call = $2 AND spent_ms IS NULL",
        )
        .bind(carrier)
        .bind(carrier_call)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(voided > 0)
    }
}
