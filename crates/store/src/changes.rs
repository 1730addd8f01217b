//! What became of appointments: carrying out what was planned, and the record of every change.

use crate::{
    AppointmentRow, Intent, NewJob, Store, StoreError, Tx, What,
    appointments::{lock, read, write},
    holds::release,
    intents::{IntentRow, columns, json},
    jobs::{forget_waiting, queue},
    on_reader, on_tx,
};

/// One change of an appointment.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ChangeRow {
    pub id: String,
    pub appointment_id: String,
    /// `booked`, `moved` or `cancelled`.
    pub what: String,
    pub who: String,
    pub call_id: Option<String>,
    /// The second of the call.
    pub second: Option<i64>,
    pub at_ms: i64,
    pub reason: String,
    /// The appointment as JSON before the change; nothing where it did not exist.
    pub before_json: Option<String>,
    pub after_json: String,
    /// The change that this one undoes.
    pub undoes: Option<String>,
}

/// What is to be done after a change, and no longer, decided in the same step as the change.
#[derive(Clone, Copy, Debug, Default)]
pub struct Followup<'a> {
    /// Waiting jobs whose key begins with one of these are given up, such as all reminders of an appointment.
    pub forget: &'a [&'a str],
    /// Jobs to be queued, unless there is one with the same key.
    pub queue: &'a [NewJob<'a>],
}

/// What came of carrying out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one is made a request, and lives for a line")]
pub enum Carried {
    /// It stands so, by this or by an earlier try.
    Done(AppointmentRow),
    /// Nothing was changed: another instance claimed the intent since, or it was dropped. [`Store::outcome`] tells.
    Lost,
}

macro_rules! change_columns {
    () => {
        "id, appointment_id, what, who, call_id, second, at_ms, reason, before_json, after_json, undoes"
    };
}

impl Store {
    /// Carries out what was planned, once: the appointment, the record of the change, what the call held and the jobs are
    /// one step. The intent is gone then.
    pub async fn carry_out(&self, intent: &Intent, followup: &Followup<'_>) -> Result<Carried, StoreError> {
        self.carry(intent, None, followup).await
    }

    /// Carries a cancellation out although its event elsewhere could not be removed yet: the intent stays, as one that
    /// removes it from `retry_ms` on.
    ///
    /// # Panics
    ///
    /// If the intent is none that cancels.
    pub async fn cancel_ahead(
        &self,
        intent: &Intent,
        retry_ms: i64,
        why: &str,
        followup: &Followup<'_>,
    ) -> Result<Carried, StoreError> {
        assert_eq!(
            intent.what,
            What::Cancelled,
            "only a cancellation can run ahead of the calendar elsewhere"
        );
        self.carry(intent, Some((retry_ms, why)), followup).await
    }

    async fn carry(
        &self,
        intent: &Intent,
        removing: Option<(i64, &str)>,
        followup: &Followup<'_>,
    ) -> Result<Carried, StoreError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, &intent.after.calendar).await?;
        let Some(intent) = spend(&mut tx, intent, removing).await? else {
            let done = change(&mut tx, &intent.id).await?;
            let row = if done.is_some() { read(&mut tx, &intent.after.id).await? } else { None };
            return Ok(row.map_or(Carried::Lost, Carried::Done));
        };
        write(&mut tx, &intent.after, &intent.key).await?;
        match intent.what {
            What::Booked | What::Moved => {
                release(&mut tx, &intent.after.calendar, intent.call_id.as_deref()).await?;
            }
            What::Cancelled => {}
        }
        record(&mut tx, &intent).await?;
        for prefix in followup.forget {
            forget_waiting(&mut tx, prefix).await?;
        }
        for job in followup.queue {
            queue(&mut tx, job).await?;
        }
        tx.commit().await?;
        Ok(Carried::Done(intent.after))
    }

    /// What became of an appointment, from its booking on.
    pub async fn appointment_changes(&self, id: &str) -> Result<Vec<ChangeRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", change_columns!(), " FROM appointment_changes WHERE appointment_id = $1 ORDER BY place",
        ))
        .bind(id)
        .fetch_all(db)
        .await)?)
    }

    /// At most `limit` changes of all appointments, the latest first.
    pub async fn changes(&self, limit: u32) -> Result<Vec<ChangeRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", change_columns!(), " FROM appointment_changes ORDER BY at_ms DESC, id DESC LIMIT $1",
        ))
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }
}

/// Takes the planned intent away from everybody, as the database has it; none where this is not its holder any more.
async fn spend(
    tx: &mut Tx,
    intent: &Intent,
    removing: Option<(i64, &str)>,
) -> Result<Option<Intent>, sqlx::Error> {
    let row: Option<IntentRow> = match removing {
        None => on_tx!(tx, db => sqlx::query_as(concat!(
            "DELETE FROM intents WHERE id = $1 AND claim = $2 AND state = 'planned' RETURNING ", columns!(),
        ))
        .bind(&intent.id)
        .bind(intent.claim)
        .fetch_optional(db)
        .await)?,
        Some((retry_ms, why)) => on_tx!(tx, db => sqlx::query_as(concat!(
            "UPDATE intents SET state = 'removing', lease_until_ms = $3, why = $4, attempts = attempts + 1 \
             WHERE id = $1 AND claim = $2 AND state = 'planned' RETURNING ", columns!(),
        ))
        .bind(&intent.id)
        .bind(intent.claim)
        .bind(retry_ms)
        .bind(why)
        .fetch_optional(db)
        .await)?,
    };
    row.map(Intent::try_from).transpose()
}

async fn record(tx: &mut Tx, intent: &Intent) -> Result<(), sqlx::Error> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO appointment_changes (id, appointment_id, place, what, who, call_id, second, at_ms, reason, \
         before_json, after_json, undoes) \
         SELECT $1, $2, count(*), $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM appointment_changes \
         WHERE appointment_id = $2",
    )
    .bind(&intent.id)
    .bind(&intent.after.id)
    .bind(intent.what.name())
    .bind(&intent.who)
    .bind(&intent.call_id)
    .bind(intent.second)
    .bind(intent.at_ms)
    .bind(&intent.reason)
    .bind(intent.before.as_ref().map(json))
    .bind(json(&intent.after))
    .bind(&intent.undoes)
    .execute(db)
    .await
    .map(|_| ()))
}

/// The change with this id.
pub(crate) async fn change(tx: &mut Tx, id: &str) -> Result<Option<ChangeRow>, sqlx::Error> {
    on_tx!(tx, db => sqlx::query_as(concat!(
        "SELECT ", change_columns!(), " FROM appointment_changes WHERE id = $1",
    ))
    .bind(id)
    .fetch_optional(db)
    .await)
}

pub(crate) async fn latest_change(
    tx: &mut Tx,
    appointment_id: &str,
) -> Result<Option<ChangeRow>, sqlx::Error> {
    on_tx!(tx, db => sqlx::query_as(concat!(
        "SELECT ", change_columns!(), " FROM appointment_changes WHERE appointment_id = $1 \
         ORDER BY place DESC LIMIT 1",
    ))
    .bind(appointment_id)
    .fetch_optional(db)
    .await)
}
