//! Changes that are under way: each has a time of its own, an instance that works on it until its lease runs out, and an
//! end, whoever brings it about.
//!
//! ```text
//!   plan ─► planned ── carry_out ─► a change of the appointment           (drop_intent: nothing stands)
//!              ├────── undo_later ─► undoing ── drop_intent ─► nothing stands
//!              └────── cancel_ahead ─► a change, and removing ── drop_intent ─► its event is gone elsewhere, too
//! ```

use crate::{AppointmentRow, By, Span, Store, StoreError, on_reader, on_writer};

/// What is done to an appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Made, or made again after it was cancelled.
    Booked,
    Moved,
    Cancelled,
}

/// How far a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntentState {
    /// To be written elsewhere, then carried out.
    Planned,
    /// What may have been written elsewhere is to be taken back, then the intent dropped. Its time stays taken until then.
    Undoing,
    /// Carried out here; its event elsewhere is still to be removed, then the intent dropped. It takes no time.
    Removing,
}

/// A change of an appointment that is under way, in the hands of one instance until its lease runs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Also the id of the [change](crate::ChangeRow) that it becomes.
    pub id: String,
    pub what: What,
    pub state: IntentState,
    /// The change that it undoes.
    pub undoes: Option<String>,
    /// The appointment as it is now; none where it is yet to be made.
    pub before: Option<AppointmentRow>,
    /// As it is to be. Says which calendar elsewhere its event goes to or stands in, and under which id.
    pub after: AppointmentRow,
    pub who: String,
    pub call_id: Option<String>,
    /// The second of the call.
    pub second: Option<i64>,
    pub at_ms: i64,
    pub reason: String,
    /// Names the request from here on.
    pub(crate) key: String,
    /// How often it was tried in vain.
    pub attempts: i64,
    /// Why it is not done yet, for the owner; may be empty.
    pub why: String,
    pub lease_until_ms: i64,
    /// Which holder of the lease this is.
    pub(crate) claim: i64,
}

/// What is to be done now in the calendar elsewhere; every one of these can be done again without harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remote {
    /// Nothing: the appointment is in our own book alone.
    Nothing,
    /// Make the event `after.remote_id()` as `after` says.
    Put,
    /// Let the event `after.remote_id()` stand at this time.
    Shift(Span),
    /// Delete the event `after.remote_id()`.
    Remove,
}

/// What became of an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one is made a request, and lives for a line")]
pub enum Outcome {
    /// It is under way.
    Open(Intent),
    /// It was carried out. This is the appointment as it is now.
    Done(AppointmentRow),
    /// It was dropped, or there never was one.
    Dropped,
}

impl Intent {
    /// What is to be done in the calendar `after.elsewhere`, in the state that the intent is in.
    pub fn remote(&self) -> Remote {
        if self.after.elsewhere.is_none() {
            return Remote::Nothing;
        }
        let stays = self.before.as_ref().filter(|before| {
            (&before.elsewhere, before.generation) == (&self.after.elsewhere, self.after.generation)
        });
        match (self.state, self.what, stays) {
            (IntentState::Planned, What::Booked, _) | (IntentState::Planned, What::Moved, None) => {
                Remote::Put
            }
            (IntentState::Planned, What::Moved, Some(_)) => Remote::Shift(self.after.span()),
            (IntentState::Undoing, What::Moved, Some(before)) => Remote::Shift(before.span()),
            (IntentState::Planned, What::Cancelled, _)
            | (IntentState::Undoing, What::Booked | What::Moved | What::Cancelled, _)
            | (IntentState::Removing, _, _) => Remote::Remove,
        }
    }

    /// Who wanted it, and when.
    pub fn by(&self) -> By<'_> {
        By {
            who: &self.who,
            call_id: self.call_id.as_deref(),
            second: self.second,
            at_ms: self.at_ms,
            reason: &self.reason,
            seen: None,
        }
    }
}

macro_rules! columns {
    () => {
        "id, what, state, undoes, before_json, after_json, who, call_id, second, at_ms, reason, request_key, \
         attempts, why, claim, lease_until_ms"
    };
}
pub(crate) use columns;

/// Of the functions that change an intent, each does so only for whoever holds its lease: false means that another
/// instance claimed it since, or that it is gone.
impl Store {
    /// Ends the leases of those who were working on a change for the first time: for a process that knows that it is the
    /// only one, and what it plans itself is yet to come. Says how many there were.
    pub async fn release_intents(&self, now_ms: i64) -> Result<u64, StoreError> {
        Ok(on_writer!(self, db => sqlx::query(
            "UPDATE intents SET lease_until_ms = $1 WHERE state = 'planned' AND attempts = 0 AND lease_until_ms > $1",
        )
        .bind(now_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?)
    }

    /// Takes over, until `lease_until_ms`, at most `limit` intents whose lease has run out, the longest idle first. No two
    /// instances get the same one.
    pub async fn claim_intents(
        &self,
        now_ms: i64,
        lease_until_ms: i64,
        limit: u32,
    ) -> Result<Vec<Intent>, StoreError> {
        macro_rules! claiming {
            ($locking:literal) => {
                concat!(
                    "WITH due AS MATERIALIZED (SELECT id AS due_id FROM intents WHERE lease_until_ms <= $1 \
                     ORDER BY lease_until_ms, id LIMIT $3",
                    $locking,
                    ") UPDATE intents SET lease_until_ms = $2, claim = claim + 1 \
                     WHERE id IN (SELECT due_id FROM due) RETURNING ",
                    columns!(),
                )
            };
        }
        let sql = if self.is_shared() { claiming!(" FOR UPDATE SKIP LOCKED") } else { claiming!("") };
        let rows: Vec<IntentRow> = on_writer!(self, db => sqlx::query_as(sql)
            .bind(now_ms)
            .bind(lease_until_ms)
            .bind(i64::from(limit))
            .fetch_all(db)
            .await)?;
        let mut intents = rows.into_iter().map(Intent::try_from).collect::<Result<Vec<_>, _>>()?;
        intents.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(intents)
    }

    /// Makes the lease last until `lease_until_ms`, before more is written elsewhere.
    pub async fn renew_intent(&self, intent: &Intent, lease_until_ms: i64) -> Result<bool, StoreError> {
        let done = on_writer!(self, db => sqlx::query(
            "UPDATE intents SET lease_until_ms = $3 WHERE id = $1 AND claim = $2",
        )
        .bind(&intent.id)
        .bind(intent.claim)
        .bind(lease_until_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }

    /// Has the event made anew, under an id that this intent has not used, in the calendar `elsewhere` or, with none, in
    /// our own book alone: after somebody deleted the event there, or after that calendar was disconnected. None where the
    /// lease is lost, or the intent is none that is planned to book or move.
    pub async fn intent_anew(
        &self,
        intent: &Intent,
        elsewhere: Option<&str>,
    ) -> Result<Option<Intent>, StoreError> {
        if intent.state != IntentState::Planned || intent.what == What::Cancelled {
            return Ok(None);
        }
        let after = AppointmentRow {
            elsewhere: elsewhere.map(str::to_owned),
            generation: intent.after.generation + 1,
            ..intent.after.clone()
        };
        let done = on_writer!(self, db => sqlx::query(
            "UPDATE intents SET after_json = $3 WHERE id = $1 AND claim = $2 AND state = 'planned'",
        )
        .bind(&intent.id)
        .bind(intent.claim)
        .bind(json(&after))
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok((done > 0).then(|| Intent { after, ..intent.clone() }))
    }

    /// Forgets an intent: a planned one of which nothing was written elsewhere, or one whose undoing or removing is done.
    pub async fn drop_intent(&self, intent: &Intent) -> Result<bool, StoreError> {
        let done = on_writer!(self, db => sqlx::query("DELETE FROM intents WHERE id = $1 AND claim = $2")
            .bind(&intent.id)
            .bind(intent.claim)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }

    /// Turns a planned intent into one that is undone, from `retry_ms` on by whoever claims it. One that cancels stays
    /// planned: what may be removed elsewhere cannot be brought back, so it is tried again.
    pub async fn undo_later(&self, intent: &Intent, retry_ms: i64, why: &str) -> Result<bool, StoreError> {
        let state = match intent.what {
            What::Booked | What::Moved => IntentState::Undoing,
            What::Cancelled => IntentState::Planned,
        };
        self.put_back(intent, state, retry_ms, why).await
    }

    /// Gives an intent up until `retry_ms`, when whoever claims it tries again to do what its state says.
    pub async fn retry_later(&self, intent: &Intent, retry_ms: i64, why: &str) -> Result<bool, StoreError> {
        self.put_back(intent, intent.state, retry_ms, why).await
    }

    async fn put_back(
        &self,
        intent: &Intent,
        state: IntentState,
        retry_ms: i64,
        why: &str,
    ) -> Result<bool, StoreError> {
        let done = on_writer!(self, db => sqlx::query(
            "UPDATE intents SET state = $3, lease_until_ms = $4, why = $5, attempts = attempts + 1 \
             WHERE id = $1 AND claim = $2 AND (state = $3 OR state = 'planned')",
        )
        .bind(&intent.id)
        .bind(intent.claim)
        .bind(state.name())
        .bind(retry_ms)
        .bind(why)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }

    /// At most `limit` of the changes that are under way, the oldest first.
    pub async fn open_intents(&self, limit: u32) -> Result<Vec<Intent>, StoreError> {
        let rows: Vec<IntentRow> = on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM intents ORDER BY at_ms, id LIMIT $1",
        ))
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?;
        Ok(rows.into_iter().map(Intent::try_from).collect::<Result<_, _>>()?)
    }

    /// What became of the intent with this id. One that is carried out here but still removes its event elsewhere is done.
    pub async fn outcome(&self, intent_id: &str) -> Result<Outcome, StoreError> {
        let open: Option<IntentRow> = on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM intents WHERE id = $1 AND state <> 'removing'",
        ))
        .bind(intent_id)
        .fetch_optional(db)
        .await)?;
        if let Some(row) = open {
            return Ok(Outcome::Open(row.try_into()?));
        }
        let appointment: Option<String> = on_reader!(self, db => sqlx::query_scalar(
            "SELECT appointment_id FROM appointment_changes WHERE id = $1",
        )
        .bind(intent_id)
        .fetch_optional(db)
        .await)?;
        let Some(appointment) = appointment else { return Ok(Outcome::Dropped) };
        Ok(self.appointment(&appointment).await?.map_or(Outcome::Dropped, Outcome::Done))
    }
}

/// An intent as the database has it.
#[derive(sqlx::FromRow)]
pub(crate) struct IntentRow {
    id: String,
    what: String,
    state: String,
    undoes: Option<String>,
    before_json: Option<String>,
    after_json: String,
    who: String,
    call_id: Option<String>,
    second: Option<i64>,
    at_ms: i64,
    reason: String,
    request_key: String,
    attempts: i64,
    why: String,
    claim: i64,
    lease_until_ms: i64,
}

impl TryFrom<IntentRow> for Intent {
    type Error = sqlx::Error;

    fn try_from(row: IntentRow) -> Result<Self, sqlx::Error> {
        Ok(Intent {
            what: What::named(&row.what).ok_or_else(|| unread(&row.what))?,
            state: IntentState::named(&row.state).ok_or_else(|| unread(&row.state))?,
            before: row.before_json.as_deref().map(from_json).transpose()?,
            after: from_json(&row.after_json)?,
            id: row.id,
            undoes: row.undoes,
            who: row.who,
            call_id: row.call_id,
            second: row.second,
            at_ms: row.at_ms,
            reason: row.reason,
            key: row.request_key,
            attempts: row.attempts,
            why: row.why,
            claim: row.claim,
            lease_until_ms: row.lease_until_ms,
        })
    }
}

impl What {
    /// `booked`, `moved` or `cancelled`: as the records spell it.
    pub fn name(self) -> &'static str {
        match self {
            What::Booked => "booked",
            What::Moved => "moved",
            What::Cancelled => "cancelled",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [What::Booked, What::Moved, What::Cancelled].into_iter().find(|what| what.name() == name)
    }
}

impl IntentState {
    /// `planned`, `undoing` or `removing`: as the records spell it.
    pub fn name(self) -> &'static str {
        match self {
            IntentState::Planned => "planned",
            IntentState::Undoing => "undoing",
            IntentState::Removing => "removing",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [IntentState::Planned, IntentState::Undoing, IntentState::Removing]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

pub(crate) fn json(row: &AppointmentRow) -> String {
    serde_json::to_string(row).expect("a row of strings and numbers is JSON")
}

pub(crate) fn from_json(text: &str) -> Result<AppointmentRow, sqlx::Error> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

fn unread(word: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("{word:?} is no word of an intent").into())
}
