//! The appointments that stand, have been moved and were cancelled, and where in a calendar elsewhere they are.

use crate::{Store, StoreError, Tx, callers::like, on_reader, on_tx};
use serde::{Deserialize, Serialize};

/// An appointment as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
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
    /// Which kind of appointment it is, as the owner names them; may be empty.
    #[serde(default)]
    pub kind: String,
    /// The e-mail address or number that confirmations go to; may be empty.
    #[serde(default)]
    pub contact: String,
    /// How much is kept free before it.
    #[serde(default)]
    pub before_ms: i64,
    /// How much is kept free after it.
    #[serde(default)]
    pub after_ms: i64,
    /// The name of the calendar elsewhere that its event is in, or was when it was cancelled; none where it is in our own
    /// book alone.
    #[serde(default)]
    pub elsewhere: Option<String>,
    /// Counts the events that were made for it elsewhere: the id of a deleted one cannot be used again.
    #[serde(default)]
    pub generation: i64,
}

impl AppointmentRow {
    /// The id of its event elsewhere: the 32 hex digits of our id and the number of the generation; `0-9a-f` only.
    pub fn remote_id(&self) -> String {
        format!("{}{}", self.id.replace('-', ""), self.generation)
    }

    pub fn span(&self) -> Span {
        Span { starts_ms: self.starts_ms, ends_ms: self.ends_ms }
    }

    pub fn gap(&self) -> Gap {
        Gap { before_ms: self.before_ms, after_ms: self.after_ms }
    }
}

/// Which appointments are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    pub calendar: &'a str,
    pub state: Stands,
    /// What a name, a number, an address or the words about it hold, in whatever case (on SQLite: of ASCII
    /// letters); empty: anything.
    pub words: &'a str,
    pub now_ms: i64,
}

/// How an appointment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// It is booked, and not over.
    ToCome,
    /// It was booked, and is over.
    Over,
    Cancelled,
}

/// A time, from `starts_ms` up to and without `ends_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Span {
    pub starts_ms: i64,
    pub ends_ms: i64,
}

/// What must be free around an appointment, at most a day: of more, a day counts. Two appointments keep the greater of the
/// gaps between them, not their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gap {
    pub before_ms: i64,
    pub after_ms: i64,
}

impl Gap {
    pub const NONE: Gap = Gap { before_ms: 0, after_ms: 0 };

    /// The same before and after.
    pub fn around(ms: i64) -> Gap {
        Gap { before_ms: ms, after_ms: ms }
    }

    pub(crate) fn bounded(self) -> Gap {
        Gap { before_ms: self.before_ms.clamp(0, DAY_MS), after_ms: self.after_ms.clamp(0, DAY_MS) }
    }
}

const DAY_MS: i64 = 86_400_000;

macro_rules! columns {
    () => {
        "id, calendar, starts_ms, ends_ms, zone, summary, description, attendees, caller, call_id, status, created_ms, \
         kind, contact, before_ms, after_ms, elsewhere, generation"
    };
}

impl Store {
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

    /// At most `limit` appointments of this kind: those to come in order of start, others the latest first; `page` is the
    /// start and the id of the last one that was seen.
    pub async fn appointments_which(
        &self,
        which: &Sought<'_>,
        page: Option<(i64, &str)>,
        limit: u32,
    ) -> Result<Vec<AppointmentRow>, StoreError> {
        let (status, to_come) = match which.state {
            Stands::ToCome => ("booked", true),
            Stands::Over => ("booked", false),
            Stands::Cancelled => ("cancelled", false),
        };
        let (from_ms, before_ms) = match which.state {
            Stands::ToCome => (which.now_ms, i64::MAX),
            Stands::Over => (i64::MIN, which.now_ms),
            Stands::Cancelled => (i64::MIN, i64::MAX),
        };
        macro_rules! found {
            ($page:literal, $order:literal) => {
                concat!(
                    "SELECT ", columns!(), " FROM appointments WHERE calendar = $1 AND status = $2 AND ends_ms > $3 \
                     AND ends_ms <= $4 AND ($5 = '%%' OR LOWER(summary) LIKE LOWER($5) ESCAPE '!' \
                     OR LOWER(caller) LIKE LOWER($5) ESCAPE '!' OR LOWER(contact) LIKE LOWER($5) ESCAPE '!' \
                     OR LOWER(attendees) LIKE LOWER($5) ESCAPE '!' OR LOWER(description) LIKE LOWER($5) ESCAPE '!') AND (",
                    $page, ") ORDER BY ", $order, " LIMIT $8",
                )
            };
        }
        let sql = if to_come {
            found!("starts_ms > $6 OR (starts_ms = $6 AND id > $7)", "starts_ms, id")
        } else {
            found!("starts_ms < $6 OR (starts_ms = $6 AND id < $7)", "starts_ms DESC, id DESC")
        };
        let beginning = (if to_come { i64::MIN } else { i64::MAX }, "");
        let (seen_ms, seen) = page.unwrap_or(beginning);
        Ok(on_reader!(self, db => sqlx::query_as(sql)
            .bind(which.calendar)
            .bind(status)
            .bind(from_ms)
            .bind(before_ms)
            .bind(like(which.words))
            .bind(seen_ms)
            .bind(seen)
            .bind(i64::from(limit))
            .fetch_all(db)
            .await)?)
    }

    /// The appointments that stand, end after `from_ms` and were made from this number or are confirmed to it, in order of
    /// start; at most `limit`. Nobody's where the number is empty.
    pub async fn appointments_of(
        &self,
        calendar: &str,
        number: &str,
        from_ms: i64,
        limit: u32,
    ) -> Result<Vec<AppointmentRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM appointments WHERE calendar = $1 AND status = 'booked' AND ends_ms > $3 \
             AND $2 <> '' AND (caller = $2 OR contact = $2) ORDER BY starts_ms LIMIT $4",
        ))
        .bind(calendar)
        .bind(number)
        .bind(from_ms)
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }

    /// The appointment that stood last before `before_ms` and was made from this number, or is confirmed to it. Nobody's
    /// where the number is empty.
    pub async fn last_appointment_of(
        &self,
        calendar: &str,
        number: &str,
        before_ms: i64,
    ) -> Result<Option<AppointmentRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM appointments WHERE calendar = $1 AND status = 'booked' AND ends_ms <= $3 \
             AND $2 <> '' AND (caller = $2 OR contact = $2) ORDER BY starts_ms DESC LIMIT 1",
        ))
        .bind(calendar)
        .bind(number)
        .bind(before_ms)
        .fetch_optional(db)
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
}

/// Whoever comes second waits here until the first has committed, on both databases: writing the row locks it.
pub(crate) async fn lock(tx: &mut Tx, calendar: &str) -> Result<(), sqlx::Error> {
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
pub(crate) async fn locked(tx: &mut Tx, id: &str) -> Result<Option<AppointmentRow>, sqlx::Error> {
    let Some(row) = read(tx, id).await? else { return Ok(None) };
    lock(tx, &row.calendar).await?;
    read(tx, id).await
}

pub(crate) async fn read(tx: &mut Tx, id: &str) -> Result<Option<AppointmentRow>, sqlx::Error> {
    on_tx!(tx, db => sqlx::query_as(concat!("SELECT ", columns!(), " FROM appointments WHERE id = $1"))
        .bind(id)
        .fetch_optional(db)
        .await)
}

/// The one that stands already for this request, or for this caller at this time.
pub(crate) async fn same(
    tx: &mut Tx,
    wanted: &AppointmentRow,
    key: &str,
) -> Result<Option<AppointmentRow>, sqlx::Error> {
    on_tx!(tx, db => sqlx::query_as(concat!(
        "SELECT ", columns!(), " FROM appointments WHERE calendar = $1 AND status = 'booked' \
         AND (request_key = $2 OR (caller <> '' AND caller = $3 AND starts_ms = $4 AND ends_ms = $5)) LIMIT 1",
    ))
    .bind(&wanted.calendar)
    .bind(key)
    .bind(&wanted.caller)
    .bind(wanted.starts_ms)
    .bind(wanted.ends_ms)
    .fetch_optional(db)
    .await)
}

/// Makes the appointment be as this says.
pub(crate) async fn write(tx: &mut Tx, row: &AppointmentRow, key: &str) -> Result<(), sqlx::Error> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO appointments (id, calendar, starts_ms, ends_ms, zone, summary, description, attendees, caller, \
         call_id, status, created_ms, request_key, kind, contact, before_ms, after_ms, elsewhere, generation) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) \
         ON CONFLICT (id) DO UPDATE SET starts_ms = excluded.starts_ms, ends_ms = excluded.ends_ms, \
         status = excluded.status, request_key = excluded.request_key, before_ms = excluded.before_ms, \
         after_ms = excluded.after_ms, elsewhere = excluded.elsewhere, generation = excluded.generation",
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
    .bind(&row.kind)
    .bind(&row.contact)
    .bind(row.before_ms)
    .bind(row.after_ms)
    .bind(&row.elsewhere)
    .bind(row.generation)
    .execute(db)
    .await
    .map(|_| ()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_before_there_were_kinds_and_calendars_elsewhere_is_read() {
        let recorded = r#"{"id":"a","calendar":"main","starts_ms":1,"ends_ms":2,"zone":"UTC","summary":"","description":"",
            "attendees":"[]","caller":"","call_id":null,"status":"booked","created_ms":0}"#;
        let row: AppointmentRow = serde_json::from_str(recorded).expect("read");
        assert_eq!((row.gap(), row.elsewhere, row.generation), (Gap::NONE, None, 0));
        assert_eq!((row.kind.as_str(), row.contact.as_str()), ("", ""));
    }
}
