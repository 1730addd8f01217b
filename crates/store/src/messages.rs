//! What callers asked to be passed on.

use crate::{Store, StoreError, new_id, on_reader, on_writer};
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
}

impl Store {
    /// Keeps a message and returns its id. The same words in the same call are one message.
    pub async fn message_taken(&self, message: &NewMessage<'_>) -> Result<String, StoreError> {
        let key = message.call_id.map(|call_id| hex(&Sha256::digest(format!("{call_id}\n{}", message.body))));
        let new: Option<String> = on_writer!(self, db => sqlx::query_scalar(
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
        if let Some(id) = new {
            return Ok(id);
        }
        Ok(on_writer!(self, db => sqlx::query_scalar("SELECT id FROM messages WHERE request_key = $1")
            .bind(&key)
            .fetch_one(db)
            .await)?)
    }

    /// At most `limit` messages, the latest first.
    pub async fn messages(&self, limit: u32) -> Result<Vec<MessageRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT id, call_id, caller, body, urgent <> 0 AS urgent, taken_ms FROM messages \
             ORDER BY taken_ms DESC, id DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
