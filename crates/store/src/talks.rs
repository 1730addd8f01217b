//! Conversations by text, one a number, so that any instance can go on with them.

use crate::{Store, StoreError, on_reader, on_writer};

/// A conversation as it is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct TextTalk {
    /// JSON.
    pub story: String,
    /// 0: there is none yet.
    pub version: i64,
    pub updated_ms: i64,
}

impl Store {
    /// The conversation with this number, or an empty one of version 0.
    pub async fn text_talk(&self, number: &str) -> Result<TextTalk, StoreError> {
        let talk: Option<TextTalk> = on_reader!(self, db => sqlx::query_as(
            "SELECT story, version, updated_ms FROM text_talks WHERE number = $1",
        )
        .bind(number)
        .fetch_optional(db)
        .await)?;
        Ok(talk.unwrap_or_default())
    }

    /// Keeps how the conversation with this number goes on from `version`. False: somebody else has gone on with it.
    pub async fn text_talk_kept(
        &self,
        number: &str,
        version: i64,
        story: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let kept = on_writer!(self, db => sqlx::query(
            "INSERT INTO text_talks (number, story, version, updated_ms) VALUES ($1, $2, $3 + 1, $4) \
             ON CONFLICT (number) DO UPDATE SET story = excluded.story, version = excluded.version, \
             updated_ms = excluded.updated_ms WHERE text_talks.version = $3",
        )
        .bind(number)
        .bind(story)
        .bind(version)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(kept > 0)
    }
}
