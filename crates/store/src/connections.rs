//! Which calendars elsewhere are connected: those that are read, and the one that is written to.

use crate::{Store, StoreError, new_id, on_reader, on_writer};

/// A calendar elsewhere to be connected.
#[derive(Clone, Copy, Debug)]
pub struct NewConnection<'a> {
    pub credential_id: &'a str,
    /// Its id there (`primary`), or its address.
    pub remote: &'a str,
    /// As it is called there, for the owner.
    pub name: &'a str,
    /// What is taken there is not free here.
    pub reads: bool,
    pub now_ms: i64,
}

/// How a connected calendar does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    Good,
    /// It could not be read or written last time.
    Trouble,
}

/// A connected calendar as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ConnectionRow {
    pub id: String,
    pub credential_id: String,
    /// The credential's kind: `google` or `caldav`.
    pub kind: String,
    pub remote: String,
    pub name: String,
    pub reads: bool,
    /// New appointments are written there; true of one at most.
    pub writes: bool,
    #[sqlx(try_from = "String")]
    pub state: ConnectionState,
    /// What the trouble is, for the owner; empty where there is none.
    pub why: String,
    /// When its state last changed.
    pub changed_ms: i64,
}

macro_rules! rows {
    ($($rest:literal)?) => {
        concat!(
            "SELECT connections.id, credential_id, credentials.kind, remote, connections.name, reads <> 0 AS reads, \
             writing.one IS NOT NULL AS writes, connections.state, connections.why, connections.changed_ms \
             FROM connections JOIN credentials ON credentials.id = credential_id \
             LEFT JOIN writing ON writing.connection_id = connections.id",
            $($rest)?
        )
    };
}

impl Store {
    /// Connects a calendar and returns the connection's id. One that is connected by this credential already keeps its id
    /// and whether it is written to.
    pub async fn connect(&self, new: &NewConnection<'_>) -> Result<String, StoreError> {
        Ok(on_writer!(self, db => sqlx::query_scalar(
            "INSERT INTO connections (id, credential_id, remote, name, reads, state, why, changed_ms) \
             VALUES ($1, $2, $3, $4, $5, 'good', '', $6) ON CONFLICT (credential_id, remote) DO UPDATE SET \
             name = excluded.name, reads = excluded.reads, state = 'good', why = '', \
             changed_ms = excluded.changed_ms RETURNING id",
        )
        .bind(new_id(new.now_ms))
        .bind(new.credential_id)
        .bind(new.remote)
        .bind(new.name)
        .bind(i64::from(new.reads))
        .bind(new.now_ms)
        .fetch_one(db)
        .await)?)
    }

    /// Every connected calendar, in the order they were connected.
    pub async fn connections(&self) -> Result<Vec<ConnectionRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(rows!(" ORDER BY connections.id")).fetch_all(db).await)?)
    }

    pub async fn connection(&self, id: &str) -> Result<Option<ConnectionRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(rows!(" WHERE connections.id = $1"))
            .bind(id)
            .fetch_optional(db)
            .await)?)
    }

    /// Whether the calendar is read. False: there is no such connection.
    pub async fn read_from(&self, id: &str, reads: bool) -> Result<bool, StoreError> {
        let done = on_writer!(self, db => sqlx::query("UPDATE connections SET reads = $2 WHERE id = $1")
            .bind(id)
            .bind(i64::from(reads))
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }

    /// From now on appointments are written to this calendar instead of any other or, with none, to our own book alone.
    /// False: there is no such connection, and nothing is changed.
    pub async fn write_to(&self, id: Option<&str>) -> Result<bool, StoreError> {
        let Some(id) = id else {
            on_writer!(self, db => sqlx::query("DELETE FROM writing").execute(db).await.map(|_| ()))?;
            return Ok(true);
        };
        let done = on_writer!(self, db => sqlx::query(
            "INSERT INTO writing (one, connection_id) SELECT 1, id FROM connections WHERE id = $1 \
             ON CONFLICT (one) DO UPDATE SET connection_id = excluded.connection_id",
        )
        .bind(id)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }

    /// Says what the trouble with a calendar is; with none, that it is good. True: that is new.
    pub async fn connection_trouble(
        &self,
        id: &str,
        why: Option<&str>,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let state = if why.is_some() { ConnectionState::Trouble } else { ConnectionState::Good };
        let done = on_writer!(self, db => sqlx::query(
            "UPDATE connections SET state = $2, why = $3, changed_ms = $4 \
             WHERE id = $1 AND (state <> $2 OR why <> $3)",
        )
        .bind(id)
        .bind(state.name())
        .bind(why.unwrap_or_default())
        .bind(now_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }

    /// Disconnects a calendar. False: there is no such connection.
    pub async fn disconnect(&self, id: &str) -> Result<bool, StoreError> {
        let done = on_writer!(self, db => sqlx::query("DELETE FROM connections WHERE id = $1")
            .bind(id)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }
}

impl ConnectionState {
    /// `good` or `trouble`: as the records spell it.
    pub fn name(self) -> &'static str {
        match self {
            ConnectionState::Good => "good",
            ConnectionState::Trouble => "trouble",
        }
    }
}

impl TryFrom<String> for ConnectionState {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        [ConnectionState::Good, ConnectionState::Trouble]
            .into_iter()
            .find(|state| state.name() == name)
            .ok_or_else(|| format!("{name:?} is no state of a connection"))
    }
}
