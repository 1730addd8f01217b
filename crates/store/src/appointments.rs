//! The local calendar. Looking whether a time is free and taking it is one step that two callers cannot both make.

use crate::{Store, StoreError, Tx, new_id, on_reader, on_tx};
use serde::Serialize;

/// An appointment to be made.
#[derive(Clone, Debug)]
pub struct NewAppointment<'a> {
    pub calendar: &'a str,
    pub starts_ms: i64,
    pub ends_ms: i64,
    /// How much must be free before and after it.
    pub gap_ms: i64,
    /// IANA name of the zone in which it was agreed.
    pub zone: &'a str,
    pub summary: &'a str,
    pub description: &'a str,
    /// JSON array of strings.
    pub attendees: &'a str,
    /// The caller's number, empty where it is withheld.
    pub caller: &'a str,
    /// Names the request: the same key again is the same appointment, as long as that stands where it was booked.
    pub key: &'a str,
}

/// Who changes an appointment, and when.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// The caller's number, a user's name, or whatever says who it was.
    pub who: &'a str,
    pub call_id: Option<&'a str>,
    /// The second of the call.
    pub second: Option<i64>,
    pub at_ms: i64,
    /// In the words of whoever wanted it; may be empty.
    pub reason: &'a str,
}

/// An appointment as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct AppointmentRow {
    pub id: String,
    pub calendar: String,
    pub starts_ms: i64,
    pub ends_ms: i64,
    pub zone: String,
    pub summary: String,
    pub description: String,
    /// JSON array of strings.
    pub attendees: String,
    pub caller: String,
    /// The call in which it was made.
    pub call_id: Option<String>,
    /// `booked` or `cancelled`.
    pub status: String,
    pub created_ms: i64,
}

/// A time that is taken, from `starts_ms` up to and without `ends_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Span {
    pub starts_ms: i64,
    pub ends_ms: i64,
}

/// What came of booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Booking {
    Booked(AppointmentRow),
    /// It was booked already, by the same request or by the same caller for the same time.
    Same(AppointmentRow),
    /// Something else is there, or another caller is about to book it.
    Taken(Span),
}

/// What came of moving.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one is made a request, and lives for a line")]
pub enum Moving {
    /// It stands there now, or did already.
    Moved(AppointmentRow),
    Taken(Span),
    /// There is no such appointment, or it is cancelled.
    Gone,
}

/// What came of cancelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancelling {
    Cancelled(AppointmentRow),
    /// It was cancelled before.
    Already(AppointmentRow),
    Gone,
}

/// A time to be kept for a call while it decides.
#[derive(Clone, Copy, Debug)]
pub struct Hold<'a> {
    pub calendar: &'a str,
    pub call_id: &'a str,
    pub starts_ms: i64,
    pub ends_ms: i64,
    /// How much must be free before and after it.
    pub gap_ms: i64,
    pub now_ms: i64,
    pub expires_ms: i64,
}

/// What came of holding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Until it expires, the call ends, or the call holds another time, only this call can book it.
    Held,
    Taken(Span),
}

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
}

macro_rules! columns {
    () => {
        "id, calendar, starts_ms, ends_ms, zone, summary, description, attendees, caller, call_id, status, created_ms"
    };
}

impl Store {
    /// Books, unless the time is taken or the appointment is there already.
    pub async fn book(&self, new: &NewAppointment<'_>, by: &By<'_>) -> Result<Booking, StoreError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, new.calendar).await?;
        let same: Option<AppointmentRow> = on_tx!(&mut tx, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM appointments WHERE calendar = $1 AND status = 'booked' \
             AND (request_key = $2 OR (caller <> '' AND caller = $3 AND starts_ms = $4 AND ends_ms = $5)) LIMIT 1",
        ))
        .bind(new.calendar)
        .bind(new.key)
        .bind(new.caller)
        .bind(new.starts_ms)
        .bind(new.ends_ms)
        .fetch_optional(db)
        .await)?;
        if let Some(row) = same {
            return Ok(Booking::Same(row));
        }
        let span = wider(new.starts_ms, new.ends_ms, new.gap_ms);
        if let Some(taken) = taken(&mut tx, new.calendar, span, by.at_ms, by.call_id, None).await? {
            return Ok(Booking::Taken(taken));
        }
        let row = AppointmentRow {
            id: new_id(by.at_ms),
            calendar: new.calendar.to_owned(),
            starts_ms: new.starts_ms,
            ends_ms: new.ends_ms,
            zone: new.zone.to_owned(),
            summary: new.summary.to_owned(),
            description: new.description.to_owned(),
            attendees: new.attendees.to_owned(),
            caller: new.caller.to_owned(),
            call_id: by.call_id.map(str::to_owned),
            status: "booked".to_owned(),
            created_ms: by.at_ms,
        };
        insert(&mut tx, &row, new.key).await?;
        release(&mut tx, new.calendar, by.call_id).await?;
        change(&mut tx, "booked", by, None, &row).await?;
        tx.commit().await?;
        Ok(Booking::Booked(row))
    }

    /// Moves an appointment, unless something else is there or within `gap_ms` of it. Moving it to where it is changes
    /// nothing.
    pub async fn move_appointment(
        &self,
        id: &str,
        (starts_ms, ends_ms): (i64, i64),
        gap_ms: i64,
        by: &By<'_>,
    ) -> Result<Moving, StoreError> {
        let mut tx = self.begin().await?;
        let Some(before) = booked_locked(&mut tx, id).await? else { return Ok(Moving::Gone) };
        if before.status != "booked" {
            return Ok(Moving::Gone);
        }
        if (before.starts_ms, before.ends_ms) == (starts_ms, ends_ms) {
            return Ok(Moving::Moved(before));
        }
        let span = wider(starts_ms, ends_ms, gap_ms);
        if let Some(taken) = taken(&mut tx, &before.calendar, span, by.at_ms, by.call_id, Some(id)).await? {
            return Ok(Moving::Taken(taken));
        }
        // The request that booked it may be made again for the time that is free now, hence the key is given up.
        on_tx!(&mut tx, db => sqlx::query(
            "UPDATE appointments SET starts_ms = $2, ends_ms = $3, request_key = id WHERE id = $1",
        )
        .bind(id)
        .bind(starts_ms)
        .bind(ends_ms)
        .execute(db)
        .await
        .map(|_| ()))?;
        let row = AppointmentRow { starts_ms, ends_ms, ..before.clone() };
        release(&mut tx, &row.calendar, by.call_id).await?;
        change(&mut tx, "moved", by, Some(&before), &row).await?;
        tx.commit().await?;
        Ok(Moving::Moved(row))
    }

    /// Cancels an appointment. It stays in the records.
    pub async fn cancel_appointment(&self, id: &str, by: &By<'_>) -> Result<Cancelling, StoreError> {
        let mut tx = self.begin().await?;
        let Some(before) = booked_locked(&mut tx, id).await? else { return Ok(Cancelling::Gone) };
        if before.status != "booked" {
            return Ok(Cancelling::Already(before));
        }
        on_tx!(&mut tx, db => sqlx::query("UPDATE appointments SET status = 'cancelled' WHERE id = $1")
            .bind(id)
            .execute(db)
            .await
            .map(|_| ()))?;
        let row = AppointmentRow { status: "cancelled".to_owned(), ..before.clone() };
        change(&mut tx, "cancelled", by, Some(&before), &row).await?;
        tx.commit().await?;
        Ok(Cancelling::Cancelled(row))
    }

    /// Keeps a time for a call while it decides, instead of the time that it kept before.
    pub async fn hold(&self, hold: &Hold<'_>) -> Result<Held, StoreError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, hold.calendar).await?;
        let span = wider(hold.starts_ms, hold.ends_ms, hold.gap_ms);
        if let Some(taken) =
            taken(&mut tx, hold.calendar, span, hold.now_ms, Some(hold.call_id), None).await?
        {
            return Ok(Held::Taken(taken));
        }
        on_tx!(&mut tx, db => sqlx::query(
            "INSERT INTO holds (calendar, call_id, starts_ms, ends_ms, expires_ms) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (calendar, call_id) DO UPDATE SET starts_ms = excluded.starts_ms, \
             ends_ms = excluded.ends_ms, expires_ms = excluded.expires_ms",
        )
        .bind(hold.calendar)
        .bind(hold.call_id)
        .bind(hold.starts_ms)
        .bind(hold.ends_ms)
        .bind(hold.expires_ms)
        .execute(db)
        .await
        .map(|_| ()))?;
        tx.commit().await?;
        Ok(Held::Held)
    }

    /// What is taken at some time in `[from_ms, to_ms)`, in order of start: booked, or held by another call than
    /// `call_id`. Spans may touch and, where a hold is meant, overlap.
    pub async fn busy_between(
        &self,
        calendar: &str,
        from_ms: i64,
        to_ms: i64,
        now_ms: i64,
        call_id: Option<&str>,
    ) -> Result<Vec<Span>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT starts_ms, ends_ms FROM appointments \
             WHERE calendar = $1 AND status = 'booked' AND starts_ms < $3 AND ends_ms > $2 \
             UNION ALL SELECT starts_ms, ends_ms FROM holds \
             WHERE calendar = $1 AND expires_ms > $4 AND call_id <> $5 AND starts_ms < $3 AND ends_ms > $2 \
             ORDER BY 1, 2",
        )
        .bind(calendar)
        .bind(from_ms)
        .bind(to_ms)
        .bind(now_ms)
        .bind(call_id.unwrap_or_default())
        .fetch_all(db)
        .await)?)
    }

    /// The appointments that stand at some time in `[from_ms, to_ms)`, in order of start.
    pub async fn appointments_between(
        &self,
        calendar: &str,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Vec<AppointmentRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM appointments \
             WHERE calendar = $1 AND status = 'booked' AND starts_ms < $3 AND ends_ms > $2 ORDER BY starts_ms",
        ))
        .bind(calendar)
        .bind(from_ms)
        .bind(to_ms)
        .fetch_all(db)
        .await)?)
    }

    /// The appointment that stands and starts at this very time.
    pub async fn appointment_at(
        &self,
        calendar: &str,
        starts_ms: i64,
    ) -> Result<Option<AppointmentRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM appointments WHERE calendar = $1 AND status = 'booked' AND starts_ms = $2",
        ))
        .bind(calendar)
        .bind(starts_ms)
        .fetch_optional(db)
        .await)?)
    }

    /// The appointment with this id, cancelled or not.
    pub async fn appointment(&self, id: &str) -> Result<Option<AppointmentRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM appointments WHERE id = $1",
        ))
        .bind(id)
        .fetch_optional(db)
        .await)?)
    }

    /// What became of an appointment, from its booking on.
    pub async fn appointment_changes(&self, id: &str) -> Result<Vec<ChangeRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT id, appointment_id, what, who, call_id, second, at_ms, reason, before_json, after_json \
             FROM appointment_changes WHERE appointment_id = $1 ORDER BY place",
        )
        .bind(id)
        .fetch_all(db)
        .await)?)
    }
}

fn wider(starts_ms: i64, ends_ms: i64, gap_ms: i64) -> Span {
    Span { starts_ms: starts_ms.saturating_sub(gap_ms), ends_ms: ends_ms.saturating_add(gap_ms) }
}

/// Whoever comes second waits here until the first has committed, on both databases: writing the row locks it.
async fn lock(tx: &mut Tx, calendar: &str) -> Result<(), sqlx::Error> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO calendars (name, revision) VALUES ($1, 1) \
         ON CONFLICT (name) DO UPDATE SET revision = calendars.revision + 1",
    )
    .bind(calendar)
    .execute(db)
    .await
    .map(|_| ()))
}

/// The appointment, read after its calendar was locked.
async fn booked_locked(tx: &mut Tx, id: &str) -> Result<Option<AppointmentRow>, sqlx::Error> {
    let calendar: Option<String> = on_tx!(tx, db => sqlx::query_scalar("SELECT calendar FROM appointments WHERE id = $1")
            .bind(id)
            .fetch_optional(db)
            .await)?;
    let Some(calendar) = calendar else { return Ok(None) };
    lock(tx, &calendar).await?;
    on_tx!(tx, db => sqlx::query_as(concat!("SELECT ", columns!(), " FROM appointments WHERE id = $1"))
        .bind(id)
        .fetch_optional(db)
        .await)
}

/// What stands in the way of `span`: another appointment than `moving`, or what another call holds.
async fn taken(
    tx: &mut Tx,
    calendar: &str,
    span: Span,
    now_ms: i64,
    call_id: Option<&str>,
    moving: Option<&str>,
) -> Result<Option<Span>, sqlx::Error> {
    on_tx!(tx, db => sqlx::query_as(
        "SELECT starts_ms, ends_ms FROM appointments \
         WHERE calendar = $1 AND status = 'booked' AND starts_ms < $3 AND ends_ms > $2 AND id <> $6 \
         UNION ALL SELECT starts_ms, ends_ms FROM holds \
         WHERE calendar = $1 AND expires_ms > $4 AND call_id <> $5 AND starts_ms < $3 AND ends_ms > $2 \
         ORDER BY 1, 2 LIMIT 1",
    )
    .bind(calendar)
    .bind(span.starts_ms)
    .bind(span.ends_ms)
    .bind(now_ms)
    .bind(call_id.unwrap_or_default())
    .bind(moving.unwrap_or_default())
    .fetch_optional(db)
    .await)
}

async fn insert(tx: &mut Tx, row: &AppointmentRow, key: &str) -> Result<(), sqlx::Error> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO appointments (id, calendar, starts_ms, ends_ms, zone, summary, description, attendees, caller, \
         call_id, status, created_ms, request_key) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(&row.id)
    .bind(&row.calendar)
    .bind(row.starts_ms)
    .bind(row.ends_ms)
    .bind(&row.zone)
    .bind(&row.summary)
    .bind(&row.description)
    .bind(&row.attendees)
    .bind(&row.caller)
    .bind(&row.call_id)
    .bind(&row.status)
    .bind(row.created_ms)
    .bind(key)
    .execute(db)
    .await
    .map(|_| ()))
}

/// What this call held has become an appointment.
async fn release(tx: &mut Tx, calendar: &str, call_id: Option<&str>) -> Result<(), sqlx::Error> {
    on_tx!(tx, db => sqlx::query("DELETE FROM holds WHERE calendar = $1 AND call_id = $2")
        .bind(calendar)
        .bind(call_id.unwrap_or_default())
        .execute(db)
        .await
        .map(|_| ()))
}

async fn change(
    tx: &mut Tx,
    what: &str,
    by: &By<'_>,
    before: Option<&AppointmentRow>,
    after: &AppointmentRow,
) -> Result<(), sqlx::Error> {
    let json =
        |row: &AppointmentRow| serde_json::to_string(row).expect("a row of strings and numbers is JSON");
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO appointment_changes (id, appointment_id, place, what, who, call_id, second, at_ms, reason, \
         before_json, after_json) \
         SELECT $1, $2, count(*), $3, $4, $5, $6, $7, $8, $9, $10 FROM appointment_changes WHERE appointment_id = $2",
    )
    .bind(new_id(by.at_ms))
    .bind(&after.id)
    .bind(what)
    .bind(by.who)
    .bind(by.call_id)
    .bind(by.second)
    .bind(by.at_ms)
    .bind(by.reason)
    .bind(before.map(json))
    .bind(json(after))
    .execute(db)
    .await
    .map(|_| ()))
}
