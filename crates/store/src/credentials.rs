//! What we were entrusted with to act elsewhere. How it is sealed is the server's business; here it is text.

use crate::{Store, StoreError, new_id, on_reader, on_writer};

/// A credential to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewCredential<'a> {
    /// `google` or `caldav`.
    pub kind: &'a str,
    /// Whose it is, such as the account's e-mail address: one credential a kind and name.
    pub name: &'a str,
    pub sealed: &'a str,
    pub now_ms: i64,
}

/// Whether a credential is of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialState {
    Good,
    /// It was taken back or has expired, until the owner gives it anew.
    Revoked,
}

/// A credential as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CredentialRow {
    pub id: String,
    pub kind: String,
    pub name: String,
    pub sealed: String,
    #[sqlx(try_from = "String")]
    pub state: CredentialState,
    /// Why it is of no use, for the owner; empty where it is good.
    pub why: String,
    /// When it was last given, sealed anew or revoked.
    pub changed_ms: i64,
}

macro_rules! columns {
    () => {
        "id, kind, name, sealed, state, why, changed_ms"
    };
}

impl Store {
    /// Keeps a credential and returns its id. One of the same kind and name is replaced and good again, with what is
    /// connected by it.
    pub async fn keep_credential(&self, new: &NewCredential<'_>) -> Result<String, StoreError> {
        Ok(on_writer!(self, db => sqlx::query_scalar(
            "INSERT INTO credentials (id, kind, name, sealed, state, why, changed_ms) \
             VALUES ($1, $2, $3, $4, 'good', '', $5) ON CONFLICT (kind, name) DO UPDATE SET \
             sealed = excluded.sealed, state = 'good', why = '', changed_ms = excluded.changed_ms RETURNING id",
        )
        .bind(new_id(new.now_ms))
        .bind(new.kind)
        .bind(new.name)
        .bind(new.sealed)
        .bind(new.now_ms)
        .fetch_one(db)
        .await)?)
    }

    /// Every credential, by kind and name.
    pub async fn credentials(&self) -> Result<Vec<CredentialRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM credentials ORDER BY kind, name",
        ))
        .fetch_all(db)
        .await)?)
    }

    pub async fn credential(&self, id: &str) -> Result<Option<CredentialRow>, StoreError> {
        Ok(
            on_reader!(self, db => sqlx::query_as(concat!("SELECT ", columns!(), " FROM credentials WHERE id = $1"))
            .bind(id)
            .fetch_optional(db)
            .await)?,
        )
    }

    /// Replaces what is sealed, after a token was refreshed or the key changed. False: it is not what was read any more, so
    /// that another instance's newer one is not overwritten, or the credential is gone.
    pub async fn reseal_credential(
        &self,
        read: &CredentialRow,
        sealed: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let done = on_writer!(self, db => sqlx::query(
            "UPDATE credentials SET sealed = $3, changed_ms = $4 WHERE id = $1 AND sealed = $2",
        )
        .bind(&read.id)
        .bind(&read.sealed)
        .bind(sealed)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }

    /// Says that the credential, as it was read, is of no use any more. True: it was good until now, and the owner is to be
    /// told; false: that was known, or it has been replaced since.
    pub async fn credential_revoked(
        &self,
        read: &CredentialRow,
        why: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let done = on_writer!(self, db => sqlx::query(
            "UPDATE credentials SET state = 'revoked', why = $3, changed_ms = $4 \
             WHERE id = $1 AND sealed = $2 AND state = 'good'",
        )
        .bind(&read.id)
        .bind(&read.sealed)
        .bind(why)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }

    /// Forgets a credential and everything that is connected by it. False: there is none.
    pub async fn forget_credential(&self, id: &str) -> Result<bool, StoreError> {
        let done = on_writer!(self, db => sqlx::query("DELETE FROM credentials WHERE id = $1")
            .bind(id)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }
}

impl CredentialState {
    /// `good` or `revoked`: as the records spell it.
    pub fn name(self) -> &'static str {
        match self {
            CredentialState::Good => "good",
            CredentialState::Revoked => "revoked",
        }
    }
}

impl TryFrom<String> for CredentialState {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        [CredentialState::Good, CredentialState::Revoked]
            .into_iter()
            .find(|state| state.name() == name)
            .ok_or_else(|| format!("{name:?} is no state of a credential"))
    }
}
