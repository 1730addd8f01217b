//! What was recorded of calls: pieces of either side, sealed before they come here.

use crate::{Store, StoreError, on_reader, on_tx, on_writer};

/// Whose voice it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Caller,
    Assistant,
}

impl Side {
    /// As it stands in the database.
    pub fn number(self) -> i64 {
        match self {
            Side::Caller => 0,
            Side::Assistant => 1,
        }
    }
}

/// A stretch of one side. Where there is none, that side was silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub side: Side,
    /// Its first sample, counted from the call's start at 8 kHz.
    pub place: i64,
    pub samples: i64,
    pub sealed: Vec<u8>,
}

/// What is known of a recording without opening it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RecordingRow {
    pub call_id: String,
    pub began_ms: i64,
    /// How long it is, in samples at 8 kHz; 0: nobody has ended it.
    pub samples: i64,
    /// How loud each side was, as whoever ended it wrote it.
    pub peaks: Vec<u8>,
    /// JSON, likewise: what is missing.
    pub gaps: String,
}

impl Store {
    /// A call is recorded from now on. Only the first time counts.
    pub async fn recording_begun(&self, call_id: &str, now_ms: i64) -> Result<(), StoreError> {
        Ok(on_writer!(self, db => sqlx::query(
            "INSERT INTO recordings (call_id, began_ms, peaks) VALUES ($1, $2, $3) ON CONFLICT (call_id) DO NOTHING",
        )
        .bind(call_id)
        .bind(now_ms)
        .bind(Vec::<u8>::new())
        .execute(db)
        .await
        .map(|_| ()))?)
    }

    /// Adds pieces, all or none; one that is there already stays as it is. Fails where the recording was deleted.
    pub async fn recording_written(&self, call_id: &str, pieces: &[Piece]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for piece in pieces {
            on_tx!(&mut tx, db => sqlx::query(
                "INSERT INTO recording_pieces (call_id, side, place, samples, sealed) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (call_id, side, place) DO NOTHING",
            )
            .bind(call_id)
            .bind(piece.side.number())
            .bind(piece.place)
            .bind(piece.samples)
            .bind(&piece.sealed)
            .execute(db)
            .await
            .map(|_| ()))?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The recording is as long as this and as loud as this, and lacks this.
    pub async fn recording_ended(
        &self,
        call_id: &str,
        samples: i64,
        peaks: &[u8],
        gaps: &str,
    ) -> Result<(), StoreError> {
        Ok(on_writer!(self, db => sqlx::query(
            "UPDATE recordings SET samples = $2, peaks = $3, gaps = $4 WHERE call_id = $1",
        )
        .bind(call_id)
        .bind(samples)
        .bind(peaks)
        .bind(gaps)
        .execute(db)
        .await
        .map(|_| ()))?)
    }

    pub async fn recording(&self, call_id: &str) -> Result<Option<RecordingRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT call_id, began_ms, samples, peaks, gaps FROM recordings WHERE call_id = $1",
        )
        .bind(call_id)
        .fetch_optional(db)
        .await)?)
    }

    /// The pieces that sound between these samples, `until` left out, the first first.
    pub async fn recording_pieces(
        &self,
        call_id: &str,
        from: i64,
        until: i64,
    ) -> Result<Vec<Piece>, StoreError> {
        let rows: Vec<(i64, i64, i64, Vec<u8>)> = on_reader!(self, db => sqlx::query_as(
            "SELECT side, place, samples, sealed FROM recording_pieces \
             WHERE call_id = $1 AND place < $3 AND place + samples > $2 ORDER BY place, side",
        )
        .bind(call_id)
        .bind(from)
        .bind(until)
        .fetch_all(db)
        .await)?;
        let side = |number| if number == Side::Caller.number() { Side::Caller } else { Side::Assistant };
        Ok(rows
            .into_iter()
            .map(|(number, place, samples, sealed)| Piece { side: side(number), place, samples, sealed })
            .collect())
    }

    /// Where the last piece of a recording ends, in samples; 0 where there is none.
    pub async fn recording_reaches(&self, call_id: &str) -> Result<i64, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_scalar(
            "SELECT CAST(COALESCE(MAX(place + samples), 0) AS BIGINT) FROM recording_pieces WHERE call_id = $1",
        )
        .bind(call_id)
        .fetch_one(db)
        .await)?)
    }

    /// Deletes what was recorded of a call. False: there was nothing.
    pub async fn recording_deleted(&self, call_id: &str) -> Result<bool, StoreError> {
        let gone = on_writer!(self, db => sqlx::query("DELETE FROM recordings WHERE call_id = $1")
            .bind(call_id)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(gone > 0)
    }
}
