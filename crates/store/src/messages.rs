//! What callers asked to be passed on.

use crate::{NewJob, Store, StoreError, jobs::queue, new_id, on_reader, on_tx, on_writer};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// A message that a caller leaves.
#[derive(Clone, Debug)]
pub struct NewMessage<'a> {
    pub call_id: Option<&'a str>,
    /// The caller's number, empty where it is withheld.
    pub caller: &'a str,
    pub body: &'a str,
    pub urgent: bool,
    pub taken_ms: i64,
}

/// A message as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct MessageRow {
    pub id: String,
    pub call_id: Option<String>,
    pub caller: String,
    pub body: String,
    pub urgent: bool,
    pub taken_ms: i64,
    /// When the owner was done with it.
    pub done_ms: Option<i64>,
    /// How long its voicemail sounds; 0: there is none.
    pub sound_ms: i64,
}

/// What somebody said onto the voicemail.
#[derive(Clone, Debug)]
pub struct NewVoicemail<'a> {
    pub call_id: &'a str,
    /// The caller's number, empty where it is withheld.
    pub caller: &'a str,
    /// G.711 µ-law, 8 kHz; may be empty where there are words.
    pub ulaw: &'a [u8],
    /// What the carrier understood of it, where it was asked to.
    pub body: &'a str,
    pub taken_ms: i64,
}

macro_rules! columns {
    () => {
        "id, call_id, caller, body, urgent <> 0 AS urgent, taken_ms, done_ms, sound_ms"
    };
}

impl Store {
    /// Keeps a message and returns its id. The same words in the same call are one message.
    pub async fn message_taken(&self, message: &NewMessage<'_>) -> Result<String, StoreError> {
        self.message_told(message, |_| Vec::new()).await
    }

    /// The same, and queues jobs with it, in one step: the kinds, keys and payloads that `jobs` makes from the message's id.
    pub async fn message_told(
        &self,
        message: &NewMessage<'_>,
        jobs: impl FnOnce(&str) -> Vec<(&'static str, String, String)>,
    ) -> Result<String, StoreError> {
        let key = message.call_id.map(|call_id| hex(&Sha256::digest(format!("{call_id}\n{}", message.body))));
        let mut tx = self.begin().await?;
        let new: Option<String> = on_tx!(&mut tx, db => sqlx::query_scalar(
            "INSERT INTO messages (id, request_key, call_id, caller, body, urgent, taken_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (request_key) DO NOTHING RETURNING id",
        )
        .bind(new_id(message.taken_ms))
        .bind(&key)
        .bind(message.call_id)
        .bind(message.caller)
        .bind(message.body)
        .bind(i64::from(message.urgent))
        .bind(message.taken_ms)
        .fetch_optional(db)
        .await)?;
        let Some(id) = new else {
            return Ok(
                on_tx!(&mut tx, db => sqlx::query_scalar("SELECT id FROM messages WHERE request_key = $1")
                .bind(&key)
                .fetch_one(db)
                .await)?,
            );
        };
        for (kind, key, payload) in jobs(&id) {
            let now_ms = message.taken_ms;
            let job = NewJob { kind, key: &key, payload: &payload, due_ms: now_ms, now_ms };
            queue(&mut tx, &job).await?;
        }
        tx.commit().await?;
        Ok(id)
    }

    /// At most `limit` messages, the latest first.
    pub async fn messages(&self, limit: u32) -> Result<Vec<MessageRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM messages ORDER BY taken_ms DESC, id DESC LIMIT $1",
        ))
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }

    /// At most `limit` urgent messages that the owner is not done with, the latest first.
    pub async fn urgent_messages(&self, limit: u32) -> Result<Vec<MessageRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM messages WHERE urgent <> 0 AND done_ms IS NULL \
             ORDER BY taken_ms DESC, id DESC LIMIT $1",
        ))
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }

    pub async fn message(&self, id: &str) -> Result<Option<MessageRow>, StoreError> {
        Ok(
            on_reader!(self, db => sqlx::query_as(concat!("SELECT ", columns!(), " FROM messages WHERE id = $1"))
            .bind(id)
            .fetch_optional(db)
            .await)?,
        )
    }

    /// At most `limit` messages of this caller, the latest first.
    pub async fn messages_from(&self, caller: &str, limit: u32) -> Result<Vec<MessageRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM messages WHERE caller = $1 ORDER BY taken_ms DESC, id DESC LIMIT $2",
        ))
        .bind(caller)
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }

    /// The messages that were left in this call, the first first.
    pub async fn messages_of_call(&self, call_id: &str) -> Result<Vec<MessageRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM messages WHERE call_id = $1 ORDER BY taken_ms, id",
        ))
        .bind(call_id)
        .fetch_all(db)
        .await)?)
    }

    /// The owner is done with a message, or (`None`) is not after all. False: there is no such message.
    pub async fn message_done(&self, id: &str, done_ms: Option<i64>) -> Result<bool, StoreError> {
        let done = on_writer!(self, db => sqlx::query("UPDATE messages SET done_ms = $2 WHERE id = $1")
            .bind(id)
            .bind(done_ms)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }

    /// Keeps a voicemail, whose message is empty where nobody understood it, and queues jobs with it (kind, key,
    /// payload), in one step. Gives the message's id, which `jobs` are made from; a call has one voicemail, and for a second one nothing is done.
    pub async fn voicemail_taken(
        &self,
        voicemail: &NewVoicemail<'_>,
        jobs: impl FnOnce(&str) -> Vec<(&'static str, String, String)>,
    ) -> Result<Option<String>, StoreError> {
        let id = new_id(voicemail.taken_ms);
        let mut tx = self.begin().await?;
        let new = on_tx!(&mut tx, db => sqlx::query(
            "INSERT INTO messages (id, request_key, call_id, caller, body, urgent, taken_ms, sound_ms) \
             VALUES ($1, $2, $3, $4, $5, 0, $6, $7) ON CONFLICT (request_key) DO NOTHING",
        )
        .bind(&id)
        .bind(format!("voicemail:{}", voicemail.call_id))
        .bind(voicemail.call_id)
        .bind(voicemail.caller)
        .bind(voicemail.body)
        .bind(voicemail.taken_ms)
        .bind(i64::try_from(voicemail.ulaw.len() / 8).unwrap_or(i64::MAX))
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        if new == 0 {
            return Ok(None);
        }
        if !voicemail.ulaw.is_empty() {
            on_tx!(&mut tx, db => sqlx::query("INSERT INTO voicemails (message_id, ulaw) VALUES ($1, $2)")
                .bind(&id)
                .bind(voicemail.ulaw)
                .execute(db)
                .await
                .map(|_| ()))?;
        }
        for (kind, key, payload) in jobs(&id) {
            let now_ms = voicemail.taken_ms;
            let job = NewJob { kind, key: &key, payload: &payload, due_ms: now_ms, now_ms };
            queue(&mut tx, &job).await?;
        }
        tx.commit().await?;
        Ok(Some(id))
    }

    /// The sound of a voicemail: G.711 µ-law, 8 kHz.
    pub async fn voicemail(&self, message: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_scalar("SELECT ulaw FROM voicemails WHERE message_id = $1")
            .bind(message)
            .fetch_optional(db)
            .await)?)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
