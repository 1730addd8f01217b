//! Who has called, and what the owner decided about them.

use crate::{Store, StoreError, Tx, on_reader, on_tx, on_writer};

/// A number that has called, or that the owner has decided something about.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CallerRow {
    pub number: String,
    /// When it first called, or was decided about.
    pub first_ms: i64,
    /// When it last called, likewise.
    pub last_ms: i64,
    pub calls: i64,
    /// Is not let in.
    pub blocked: bool,
    /// Is put through at any hour.
    pub vip: bool,
    /// What the owner wants to remember.
    pub note: String,
    /// How far the owner trusts it: `known` or `stranger`; empty: as the settings say.
    pub trust: String,
    /// What the assistant remembers that they are called; empty: nothing, or it was not asked for.
    #[sqlx(default)]
    pub name: String,
}

/// What the owner decides about a caller. What is none stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallerMark<'a> {
    pub blocked: Option<bool>,
    pub vip: Option<bool>,
    pub note: Option<&'a str>,
    /// `known`, `stranger` or empty.
    pub trust: Option<&'a str>,
}

/// What was known of a caller and is no longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    pub calls: u64,
    pub texts: u64,
    pub messages: u64,
    /// Things that the assistant remembered.
    pub memories: u64,
    /// Appointments that were over, or cancelled: they stay without a word of who and what.
    pub appointments: u64,
    /// Appointments to come, which stay as they are.
    pub to_come: u64,
}

macro_rules! columns {
    () => {
        "number, first_ms, last_ms, calls, blocked <> 0 AS blocked, vip <> 0 AS vip, note, trust"
    };
}

macro_rules! named_columns {
    () => {
        concat!(
            columns!(),
            ", COALESCE((SELECT words FROM memories WHERE memories.number = callers.number AND topic = 'name' \
             ORDER BY memories.trust DESC LIMIT 1), '') AS name",
        )
    };
}

/// Of calls: that they are with the number `$1`.
macro_rules! theirs {
    () => {
        "((from_number = $1 AND outbound = 0) OR (to_number = $1 AND outbound <> 0))"
    };
}

pub(crate) use theirs;

/// Of appointments: that they are the number's `$1`, and over at `$2` or cancelled.
macro_rules! past {
    () => {
        "(caller = $1 OR contact = $1) AND (status <> 'booked' OR ends_ms <= $2)"
    };
}

/// Likewise, that they stand and are not over.
macro_rules! to_come {
    () => {
        "(caller = $1 OR contact = $1) AND status = 'booked' AND ends_ms > $2"
    };
}

impl Store {
    /// Counts a call from this number; says what is known of it, this call included.
    pub async fn caller_seen(&self, number: &str, now_ms: i64) -> Result<CallerRow, StoreError> {
        Ok(on_writer!(self, db => sqlx::query_as(concat!(
            "INSERT INTO callers (number, first_ms, last_ms, calls) VALUES ($1, $2, $2, 1) \
             ON CONFLICT (number) DO UPDATE SET last_ms = excluded.last_ms, calls = callers.calls + 1 \
             RETURNING ", columns!(),
        ))
        .bind(number)
        .bind(now_ms)
        .fetch_one(db)
        .await)?)
    }

    /// At most `limit` callers, who called last first.
    pub async fn callers(&self, limit: u32) -> Result<Vec<CallerRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", named_columns!(), " FROM callers ORDER BY last_ms DESC, number LIMIT $1",
        ))
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }

    /// Likewise, of those whose number, note or what is remembered of them holds these words, in whatever case (on
    /// SQLite: of ASCII letters).
    pub async fn callers_found(&self, words: &str, limit: u32) -> Result<Vec<CallerRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", named_columns!(), " FROM callers WHERE LOWER(number) LIKE LOWER($1) ESCAPE '!' \
             OR LOWER(note) LIKE LOWER($1) ESCAPE '!' \
             OR number IN (SELECT number FROM memories WHERE LOWER(words) LIKE LOWER($1) ESCAPE '!') \
             ORDER BY last_ms DESC, number LIMIT $2",
        ))
        .bind(like(words))
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }

    /// What is known of this number, but for its name: this is asked of every one that rings.
    pub async fn caller(&self, number: &str) -> Result<Option<CallerRow>, StoreError> {
        Ok(
            on_reader!(self, db => sqlx::query_as(concat!("SELECT ", columns!(), " FROM callers WHERE number = $1"))
            .bind(number)
            .fetch_optional(db)
            .await)?,
        )
    }

    /// Remembers what the owner decided about a number, which need not have called.
    pub async fn mark_caller(
        &self,
        number: &str,
        mark: CallerMark<'_>,
        now_ms: i64,
    ) -> Result<CallerRow, StoreError> {
        Ok(on_writer!(self, db => sqlx::query_as(concat!(
            "INSERT INTO callers (number, first_ms, last_ms, calls, blocked, vip, note, trust) \
             VALUES ($1, $2, $2, 0, COALESCE($3, 0), COALESCE($4, 0), COALESCE($5, ''), COALESCE($6, '')) \
             ON CONFLICT (number) DO UPDATE SET blocked = COALESCE($3, callers.blocked), \
             vip = COALESCE($4, callers.vip), note = COALESCE($5, callers.note), \
             trust = COALESCE($6, callers.trust) RETURNING ", columns!(),
        ))
        .bind(number)
        .bind(now_ms)
        .bind(mark.blocked.map(i64::from))
        .bind(mark.vip.map(i64::from))
        .bind(mark.note)
        .bind(mark.trust)
        .fetch_one(db)
        .await)?)
    }

    /// What [`forget_caller`](Self::forget_caller) would forget now.
    pub async fn known_of_caller(&self, number: &str, now_ms: i64) -> Result<Forgotten, StoreError> {
        let counted = async |sql: &'static str| -> Result<u64, sqlx::Error> {
            let count: i64 = on_reader!(self, db => sqlx::query_scalar(sql)
                .bind(number)
                .bind(now_ms)
                .fetch_one(db)
                .await)?;
            Ok(u64::try_from(count).unwrap_or(0))
        };
        Ok(Forgotten {
            calls: counted(concat!("SELECT COUNT(*) FROM calls WHERE ", theirs!(), " AND ended_ms <= $2"))
                .await?,
            texts: counted("SELECT COUNT(*) FROM texts WHERE number = $1 AND at_ms <= $2").await?,
            messages: counted("SELECT COUNT(*) FROM messages WHERE caller = $1 AND taken_ms <= $2").await?,
            memories: counted("SELECT COUNT(*) FROM memories WHERE number = $1 AND at_ms <= $2").await?,
            appointments: counted(concat!("SELECT COUNT(*) FROM appointments WHERE ", past!())).await?,
            to_come: counted(concat!("SELECT COUNT(*) FROM appointments WHERE ", to_come!())).await?,
        })
    }

    /// Forgets a caller: calls that are over with their notes, briefs and recordings, texts, messages, voicemail, letters
    /// about them and texts to them that were to be sent, what programs were told of them, what the assistant remembers,
    /// tries of the PIN, what was decided about the number, and what the audit log says of it beside that something was done.
    /// Appointments that are over or cancelled lose every word that says whose they were; those to come stay. That the number
    /// wants no texts is kept: it is asked for by the one who is forgotten.
    pub async fn forget_caller(&self, number: &str, now_ms: i64) -> Result<Forgotten, StoreError> {
        let mut tx = self.begin().await?;
        let stopped: Option<String> = on_tx!(&mut tx, db => sqlx::query_scalar(
            "SELECT status FROM texts WHERE number = $1 AND direction = 'in' AND status IN ('stop', 'start') \
             ORDER BY at_ms DESC, id DESC LIMIT 1",
        )
        .bind(number)
        .fetch_optional(db)
        .await)?;
        let stopped = stopped.as_deref() == Some("stop");
        let to_come: i64 = on_tx!(&mut tx, db => sqlx::query_scalar(
            concat!("SELECT COUNT(*) FROM appointments WHERE ", to_come!()),
        )
        .bind(number)
        .bind(now_ms)
        .fetch_one(db)
        .await)?;
        let mut did = async |sql: &'static str| did(&mut tx, sql, number, now_ms).await;
        did(concat!(
            "DELETE FROM appointment_changes WHERE appointment_id IN (SELECT id FROM appointments WHERE ",
            past!(),
            ")",
        ))
        .await?;
        let appointments = did(concat!(
            "UPDATE appointments SET summary = 'Forgotten', description = '', attendees = '[]', \
             caller = '', contact = '', call_id = NULL, request_key = 'forgotten:' || id WHERE ",
            past!(),
        ))
        .await?;
        let texts = did("DELETE FROM texts WHERE number = $1 AND at_ms <= $2").await?;
        did(concat!(
            "DELETE FROM jobs WHERE queued_ms <= $2 AND key IN (SELECT 'owner:message:' || id FROM messages WHERE caller = $1 \
             UNION SELECT 'owner:voicemail:' || id FROM messages WHERE caller = $1 \
             UNION SELECT 'owner:urgent:' || id FROM messages WHERE caller = $1 \
             UNION SELECT 'owner:brief:' || id FROM calls WHERE ", theirs!(), ")",
        ))
        .await?;
        // Keys that only begin with the number, or with a call of theirs.
        did("DELETE FROM jobs WHERE queued_ms <= $2 AND (substr(key, 1, length($1) + 12) = 'owner:text:' || $1 || ':' \
             OR substr(key, 1, length($1) + 9) = 'program:' || $1 || ':')")
            .await?;
        did(concat!(
            "DELETE FROM jobs WHERE queued_ms <= $2 AND (key LIKE 'promised:%' OR key LIKE 'owner:promised:%') \
             AND EXISTS (SELECT 1 FROM calls WHERE ", theirs!(), " AND ended_ms <= $2 \
             AND (substr(jobs.key, 1, length(calls.id) + 10) = 'promised:' || calls.id || ':' \
             OR substr(jobs.key, 1, length(calls.id) + 16) = 'owner:promised:' || calls.id || ':'))",
        ))
        .await?;
        let memories = did("DELETE FROM memories WHERE number = $1 AND at_ms <= $2").await?;
        let messages = did("DELETE FROM messages WHERE caller = $1 AND taken_ms <= $2").await?;
        did(concat!(
            "DELETE FROM stream_tokens WHERE issued_ms <= $2 AND call_id IN (SELECT id FROM calls WHERE ",
            theirs!(),
            " AND ended_ms IS NOT NULL)",
        ))
        .await?;
        did(concat!(
            "DELETE FROM notes WHERE call_id IN (SELECT id FROM calls WHERE ",
            theirs!(),
            " AND ended_ms <= $2)",
        ))
        .await?;
        let calls = did(concat!("DELETE FROM calls WHERE ", theirs!(), " AND ended_ms <= $2")).await?;
        did("DELETE FROM webhook_deliveries WHERE number = $1 AND queued_ms <= $2").await?;
        did("DELETE FROM text_talks WHERE number = $1 AND updated_ms <= $2").await?;
        did("DELETE FROM pin_tries WHERE who = $1 AND last_ms <= $2").await?;
        did("DELETE FROM callers WHERE number = $1 AND first_ms <= $2").await?;
        // As a word of its own: another number may begin with this one.
        did("UPDATE audit SET about = '' WHERE at_ms <= $2 AND $1 <> '' \
             AND REPLACE(' ' || REPLACE(about, ',', ' ') || ' ', ' ' || REPLACE($1, ',', ' ') || ' ', '') \
             <> ' ' || REPLACE(about, ',', ' ') || ' '")
        .await?;
        if stopped {
            on_tx!(&mut tx, db => sqlx::query(
                "INSERT INTO texts (id, key, direction, number, body, carrier_id, status, at_ms, appointment_id) \
                 VALUES ($1, $2, 'in', $3, '', NULL, 'stop', $4, NULL)",
            )
            .bind(crate::new_id(now_ms))
            .bind(format!("forgotten:{number}:{now_ms}"))
            .bind(number)
            .bind(now_ms)
            .execute(db)
            .await
            .map(|_| ()))?;
        }
        tx.commit().await?;
        let to_come = u64::try_from(to_come).unwrap_or(0);
        Ok(Forgotten { calls, texts, messages, memories, appointments, to_come })
    }
}

/// These words anywhere, for `LOWER(…) LIKE LOWER($1) ESCAPE '!'`: the database makes both sides small, as SQLite's `LOWER`
/// knows none but ASCII letters.
pub(crate) fn like(words: &str) -> String {
    let mut pattern = String::from("%");
    for letter in words.chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern + "%"
}

async fn did(tx: &mut Tx, sql: &'static str, number: &str, now_ms: i64) -> Result<u64, sqlx::Error> {
    on_tx!(tx, db => sqlx::query(sql)
        .bind(number)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))
}
