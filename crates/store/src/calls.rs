//! The calls there were and are.

use crate::{
    NewJob, Store, StoreError,
    call_words::{Beginning, beginning},
    callers::theirs,
    jobs::queue,
    new_id, on_reader, on_tx, on_writer,
};

/// A call that begins.
#[derive(Clone, Debug)]
pub struct NewCall<'a> {
    pub id: &'a str,
    /// `twilio`, `browser`, …
    pub carrier: &'a str,
    /// The carrier's name for the call.
    pub carrier_call: &'a str,
    pub from: &'a str,
    pub to: &'a str,
    /// We placed it.
    pub outbound: bool,
    pub engine: &'a str,
    /// `stranger`, `known` or `owner`.
    pub trust: &'a str,
    pub started_ms: i64,
}

impl NewCall<'_> {
    /// An id for a call that starts at `now_ms`. Later calls have greater ids.
    pub fn id(now_ms: i64) -> String {
        new_id(now_ms)
    }
}

/// Whether a call is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    New,
    /// The carrier told of this call before; it is the one with this id.
    Again {
        id: String,
    },
}

/// Which calls are asked for. What is none is no condition.
#[derive(Clone, Copy, Debug, Default)]
pub struct Which<'a> {
    /// Whom we spoke with, or tried to.
    pub number: Option<&'a str>,
    /// That started at this time or later.
    pub from_ms: Option<i64>,
    /// That started before this time.
    pub until_ms: Option<i64>,
    /// That come after the call with this start and id in the list, which begins with the latest.
    pub after: Option<(i64, &'a str)>,
    /// The other's number has this in it. No `%` and no `_`.
    pub like: Option<&'a str>,
    pub carrier: Option<&'a str>,
    pub engine: Option<&'a str>,
    /// That ended so; [`Which::NOW`]: that go on.
    pub ending: Option<&'a str>,
    /// In which an appointment was made, moved or cancelled.
    pub agreed: bool,
    /// That lasted at least so long.
    pub longer_ms: Option<i64>,
    /// In which words were said that begin with each of these, in small letters; at most [`Which::MOST_WORDS`] count.
    pub words: &'a [String],
}

impl Which<'_> {
    /// The ending of a call that goes on.
    pub const NOW: &'static str = "now";
    /// By so many words calls can be looked for at once.
    pub const MOST_WORDS: usize = 5;
}

/// A call as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CallRow {
    pub id: String,
    pub carrier: String,
    pub carrier_call: String,
    #[sqlx(rename = "from_number")]
    pub from: String,
    #[sqlx(rename = "to_number")]
    pub to: String,
    pub outbound: bool,
    pub engine: String,
    pub trust: String,
    pub started_ms: i64,
    /// When its audio stood, if ever.
    pub answered_ms: Option<i64>,
    /// Empty while it goes on.
    pub ended_ms: Option<i64>,
    pub ending: Option<String>,
    /// How many notes were written about it.
    pub notes: i64,
    /// What we called about, where we did.
    pub purpose: String,
    /// What it has cost, in millionths of the owner's currency.
    pub cost_micros: i64,
}

impl CallRow {
    /// The number of whom we spoke with.
    pub fn other(&self) -> &str {
        if self.outbound { &self.to } else { &self.from }
    }

    /// Our own number in it.
    pub fn ours(&self) -> &str {
        if self.outbound { &self.from } else { &self.to }
    }
}

macro_rules! columns {
    () => {
        "id, carrier, carrier_call, from_number, to_number, outbound <> 0 AS outbound, engine, trust, started_ms, \
         answered_ms, ended_ms, ending, notes, purpose, cost_micros"
    };
}

/// The conditions of a [`Which`]. Words are asked for by `LIMIT 1` and not by `EXISTS`: of that Postgres would look at every
/// call there is that has the word, beforehand.
macro_rules! which {
    () => {
        "(started_ms < $1 OR (started_ms = $1 AND id < $2)) AND started_ms >= $3 AND started_ms < $4 \
         AND ($5 = '' OR (from_number = $5 AND outbound = 0) OR (to_number = $5 AND outbound <> 0)) \
         AND ($6 = '' OR CASE WHEN outbound = 0 THEN from_number ELSE to_number END LIKE '%' || $6 || '%') \
         AND ($7 = '' OR carrier = $7) AND ($8 = '' OR engine = $8) \
         AND ($9 = '' OR ending = $9 OR ($9 = 'now' AND ended_ms IS NULL)) \
         AND ($10 = 0 OR EXISTS (SELECT 1 FROM appointment_changes a WHERE a.call_id = calls.id)) \
         AND ($11 = 0 OR ended_ms - answered_ms >= $11) \
         AND ($13 = 0 OR (SELECT 1 FROM call_words w WHERE w.call_id = calls.id AND w.word >= $14 AND w.word < $15 LIMIT 1) IS NOT NULL) \
         AND ($16 = 0 OR (SELECT 1 FROM call_words w WHERE w.call_id = calls.id AND w.word >= $17 AND w.word < $18 LIMIT 1) IS NOT NULL) \
         AND ($19 = 0 OR (SELECT 1 FROM call_words w WHERE w.call_id = calls.id AND w.word >= $20 AND w.word < $21 LIMIT 1) IS NOT NULL) \
         AND ($22 = 0 OR (SELECT 1 FROM call_words w WHERE w.call_id = calls.id AND w.word >= $23 AND w.word < $24 LIMIT 1) IS NOT NULL) \
         AND ($25 = 0 OR (SELECT 1 FROM call_words w WHERE w.call_id = calls.id AND w.word >= $26 AND w.word < $27 LIMIT 1) IS NOT NULL)"
    };
}

macro_rules! in_order {
    () => {
        "ORDER BY started_ms DESC, id DESC LIMIT $12"
    };
}

/// A query with these conditions, and what they want to know.
macro_rules! which_bound {
    ($query:expr, $which:ident, $words:ident, $limit:ident) => {{
        let (after_ms, after) = $which.after.unwrap_or((i64::MAX, ""));
        let mut query = $query
            .bind(after_ms)
            .bind(after)
            .bind($which.from_ms.unwrap_or(i64::MIN))
            .bind($which.until_ms.unwrap_or(i64::MAX))
            .bind($which.number.unwrap_or_default())
            .bind($which.like.unwrap_or_default())
            .bind($which.carrier.unwrap_or_default())
            .bind($which.engine.unwrap_or_default())
            .bind($which.ending.unwrap_or_default())
            .bind(i64::from($which.agreed))
            .bind($which.longer_ms.unwrap_or(0))
            .bind(i64::from($limit));
        for at in 0..Which::MOST_WORDS {
            let (from, until) = $words.get(at).cloned().unwrap_or_default();
            query = query.bind(i64::from(at < $words.len())).bind(from).bind(until);
        }
        query
    }};
}

impl Store {
    /// Writes down a call, once for each call of the carrier.
    pub async fn call_begun(&self, call: &NewCall<'_>) -> Result<Begun, StoreError> {
        let new: Option<String> = on_writer!(self, db => sqlx::query_scalar(
            "INSERT INTO calls (id, carrier, carrier_call, from_number, to_number, outbound, engine, trust, started_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT (carrier, carrier_call) DO NOTHING RETURNING id",
        )
        .bind(call.id)
        .bind(call.carrier)
        .bind(call.carrier_call)
        .bind(call.from)
        .bind(call.to)
        .bind(i64::from(call.outbound))
        .bind(call.engine)
        .bind(call.trust)
        .bind(call.started_ms)
        .fetch_optional(db)
        .await)?;
        if new.is_some() {
            return Ok(Begun::New);
        }
        let id = on_writer!(self, db => sqlx::query_scalar(
            "SELECT id FROM calls WHERE carrier = $1 AND carrier_call = $2",
        )
        .bind(call.carrier)
        .bind(call.carrier_call)
        .fetch_one(db)
        .await)?;
        Ok(Begun::Again { id })
    }

    /// Writes down a call that we are about to place, about `purpose`. Until the carrier [names](Self::call_named) it, it
    /// goes by its own id there: give that as `carrier_call`.
    pub async fn call_placed(&self, call: &NewCall<'_>, purpose: &str) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query(
            "INSERT INTO calls (id, carrier, carrier_call, from_number, to_number, outbound, engine, trust, started_ms, \
             purpose) VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9)",
        )
        .bind(call.id)
        .bind(call.carrier)
        .bind(call.carrier_call)
        .bind(call.from)
        .bind(call.to)
        .bind(call.engine)
        .bind(call.trust)
        .bind(call.started_ms)
        .bind(purpose)
        .execute(db)
        .await
        .map(|_| ()))?;
        Ok(())
    }

    /// The carrier says what it calls a call that we placed. Only the first name counts; says whether the call goes by
    /// this one.
    pub async fn call_named(&self, id: &str, carrier_call: &str) -> Result<bool, StoreError> {
        on_writer!(self, db => sqlx::query(
            "UPDATE calls SET carrier_call = $2 WHERE id = $1 AND carrier_call = id",
        )
        .bind(id)
        .bind(carrier_call)
        .execute(db)
        .await
        .map(|_| ()))?;
        let named: Option<String> = on_writer!(self, db => sqlx::query_scalar(
            "SELECT carrier_call FROM calls WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(db)
        .await)?;
        Ok(named.as_deref() == Some(carrier_call))
    }

    /// The call's audio stands. Only the first time counts.
    pub async fn call_answered(&self, id: &str, now_ms: i64) -> Result<(), StoreError> {
        self.call_taken_up(id, now_ms, None).await
    }

    /// The same, and queues a job with the first time, in one step.
    pub async fn call_taken_up(
        &self,
        id: &str,
        now_ms: i64,
        job: Option<&NewJob<'_>>,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let first = on_tx!(&mut tx, db => sqlx::query(
            "UPDATE calls SET answered_ms = $2 WHERE id = $1 AND answered_ms IS NULL",
        )
        .bind(id)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        if first > 0
            && let Some(job) = job
        {
            queue(&mut tx, job).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The call is over; what it held in a calendar is free again. Only the first ending counts.
    pub async fn call_ended(&self, id: &str, ended_ms: i64, ending: &str) -> Result<(), StoreError> {
        self.call_over(id, ended_ms, ending, None).await
    }

    /// The same, and queues a job with the first ending, in one step.
    pub async fn call_over(
        &self,
        id: &str,
        ended_ms: i64,
        ending: &str,
        job: Option<&NewJob<'_>>,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let ended = on_tx!(&mut tx, db => sqlx::query(
            "UPDATE calls SET ended_ms = $2, ending = $3 WHERE id = $1 AND ended_ms IS NULL",
        )
        .bind(id)
        .bind(ended_ms)
        .bind(ending)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        if ended > 0
            && let Some(job) = job
        {
            queue(&mut tx, job).await?;
        }
        on_tx!(&mut tx, db => sqlx::query("DELETE FROM holds WHERE call_id = $1")
            .bind(id)
            .execute(db)
            .await
            .map(|_| ()))?;
        tx.commit().await?;
        Ok(())
    }

    /// A call that ended so goes on after all, as its caller is still there. False: it has not ended so, or somebody else
    /// goes on with it.
    pub async fn call_goes_on(&self, id: &str, ending: &str) -> Result<bool, StoreError> {
        let goes_on = on_writer!(self, db => sqlx::query(
            "UPDATE calls SET ended_ms = NULL, ending = NULL WHERE id = $1 AND ending = $2",
        )
        .bind(id)
        .bind(ending)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(goes_on > 0)
    }

    /// Ends, as `crashed`, the calls that started before `before_ms` and never ended; says how many. Called when the
    /// server starts: with `now_ms` where it is alone, with what is older than the longest call where other instances
    /// may have calls in progress ([`Store::is_shared`]).
    pub async fn close_open_calls(&self, now_ms: i64, before_ms: i64) -> Result<u64, StoreError> {
        let closed = on_writer!(self, db => sqlx::query(
            "UPDATE calls SET ended_ms = $1, ending = 'crashed' WHERE ended_ms IS NULL AND started_ms < $2",
        )
        .bind(now_ms)
        .bind(before_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(closed)
    }

    /// At most `limit` calls that started before `before_ms`, the latest first.
    pub async fn calls(&self, limit: u32, before_ms: i64) -> Result<Vec<CallRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM calls WHERE started_ms < $2 ORDER BY started_ms DESC, id DESC LIMIT $1",
        ))
        .bind(i64::from(limit))
        .bind(before_ms)
        .fetch_all(db)
        .await)?)
    }

    /// At most `limit` calls that are not over, the latest first.
    pub async fn open_calls(&self, limit: u32) -> Result<Vec<CallRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM calls WHERE ended_ms IS NULL ORDER BY started_ms DESC, id DESC LIMIT $1",
        ))
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }

    /// At most `limit` of these calls, the latest first.
    pub async fn calls_which(&self, which: &Which<'_>, limit: u32) -> Result<Vec<CallRow>, StoreError> {
        let words: Vec<_> = which.words.iter().take(Which::MOST_WORDS).map(|word| beginning(word)).collect();
        match self.rarest(&words).await? {
            Some(rarest) => self.calls_among(which, &words, &words[rarest], limit).await,
            None => self.calls_throughout(which, &words, limit).await,
        }
    }

    /// Looks at one call after the other until there are enough.
    async fn calls_throughout(
        &self,
        which: &Which<'_>,
        words: &[Beginning],
        limit: u32,
    ) -> Result<Vec<CallRow>, StoreError> {
        Ok(on_reader!(self, db => which_bound!(
            sqlx::query_as(concat!("SELECT ", columns!(), " FROM calls WHERE ", which!(), " ", in_order!())),
            which, words, limit
        )
        .fetch_all(db)
        .await)?)
    }

    /// Looks at the calls alone in which a rare word was said.
    async fn calls_among(
        &self,
        which: &Which<'_>,
        words: &[Beginning],
        (from, until): &Beginning,
        limit: u32,
    ) -> Result<Vec<CallRow>, StoreError> {
        Ok(on_reader!(self, db => which_bound!(
            sqlx::query_as(concat!(
                "SELECT ", columns!(), " FROM calls WHERE ", which!(),
                " AND id IN (SELECT call_id FROM call_words WHERE word >= $28 AND word < $29) ", in_order!(),
            )),
            which, words, limit
        )
        .bind(from)
        .bind(until)
        .fetch_all(db)
        .await)?)
    }

    /// At most `limit` calls from or to this number, the latest first.
    pub async fn calls_with(&self, number: &str, limit: u32) -> Result<Vec<CallRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM calls WHERE ", theirs!(), " ORDER BY started_ms DESC, id DESC LIMIT $2",
        ))
        .bind(number)
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }

    /// The caller turned out to be trusted so.
    pub async fn call_trusted(&self, id: &str, trust: &str) -> Result<(), StoreError> {
        Ok(on_writer!(self, db => sqlx::query("UPDATE calls SET trust = $2 WHERE id = $1")
            .bind(id)
            .bind(trust)
            .execute(db)
            .await
            .map(|_| ()))?)
    }

    /// The call has cost so much so far. A lower sum that comes late changes nothing.
    pub async fn call_cost(&self, id: &str, micros: i64) -> Result<(), StoreError> {
        Ok(on_writer!(self, db => sqlx::query(
            "UPDATE calls SET cost_micros = $2 WHERE id = $1 AND cost_micros < $2",
        )
        .bind(id)
        .bind(micros)
        .execute(db)
        .await
        .map(|_| ()))?)
    }

    /// What calls that began since then have cost, all of them and those with this number.
    pub async fn spent_since(&self, from_ms: i64, number: &str) -> Result<(i64, i64), StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT CAST(COALESCE(SUM(cost_micros), 0) AS BIGINT), \
             CAST(COALESCE(SUM(CASE WHEN from_number = $2 OR to_number = $2 THEN cost_micros ELSE 0 END), 0) AS BIGINT) \
             FROM calls WHERE started_ms >= $1",
        )
        .bind(from_ms)
        .bind(number)
        .fetch_one(db)
        .await)?)
    }

    /// The call that a carrier calls so.
    pub async fn carriers_call(
        &self,
        carrier: &str,
        carrier_call: &str,
    ) -> Result<Option<CallRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM calls WHERE carrier = $1 AND carrier_call = $2",
        ))
        .bind(carrier)
        .bind(carrier_call)
        .fetch_optional(db)
        .await)?)
    }

    pub async fn call(&self, id: &str) -> Result<Option<CallRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!("SELECT ", columns!(), " FROM calls WHERE id = $1"))
            .bind(id)
            .fetch_optional(db)
            .await)?)
    }
}
