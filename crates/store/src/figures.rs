//! How many calls there were, how long they took, what they cost, and how fast callers were answered.

use crate::{NoteRow, Store, StoreError, Tx, on_reader, on_tx};

const HOUR_MS: i64 = 60 * 60 * 1_000;
/// Answer times are told apart to the eighth of an octave: a median is right to a twentieth.
const BUCKETS_AN_OCTAVE: f64 = 8.0;

/// The calls that began on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct CallsOfDay {
    /// Days since 1970, by the clock that was asked for.
    pub day: i64,
    pub calls: i64,
    /// Those that were answered.
    pub answered: i64,
    /// How long those took that are over, in milliseconds.
    pub talk_ms: i64,
    /// Millionths of the owner's currency.
    pub cost_micros: i64,
}

/// How often callers waited about so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AnswerTimes {
    /// Which part of the time that was asked for, from 0.
    pub part: i64,
    bucket: i64,
    pub answers: i64,
}

impl AnswerTimes {
    /// How long they waited, in milliseconds: from the end of what they said to the first sound.
    pub fn ms(self) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "a float becomes the nearest integer there is")]
        #[expect(clippy::cast_precision_loss, reason = "buckets are small numbers")]
        let ms = (self.bucket as f64 / BUCKETS_AN_OCTAVE).exp2().round() as i64;
        ms
    }
}

impl Store {
    /// The calls that began from `from_ms` on and before `to_ms`, by the day that a clock shows which is `offset_ms`
    /// ahead of UTC. Days without calls are left out.
    pub async fn calls_by_day(
        &self,
        from_ms: i64,
        to_ms: i64,
        offset_ms: i64,
    ) -> Result<Vec<CallsOfDay>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT (started_ms + $3) / 86400000 AS day, COUNT(*) AS calls, COUNT(answered_ms) AS answered, \
             CAST(COALESCE(SUM(ended_ms - answered_ms), 0) AS BIGINT) AS talk_ms, \
             CAST(SUM(cost_micros) AS BIGINT) AS cost_micros \
             FROM calls WHERE started_ms >= $1 AND started_ms < $2 GROUP BY 1 ORDER BY 1",
        )
        .bind(from_ms)
        .bind(to_ms)
        .bind(offset_ms)
        .fetch_all(db)
        .await)?)
    }

    /// How long callers waited for answers in calls that began from `from_ms` on and before `to_ms`, for each part of
    /// that time which is `width_ms` long, the shortest first. To the hour in which a call began.
    pub async fn answer_times(
        &self,
        from_ms: i64,
        to_ms: i64,
        width_ms: i64,
    ) -> Result<Vec<AnswerTimes>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT (hour_ms - $1) / $3 AS part, bucket, CAST(SUM(answers) AS BIGINT) AS answers \
             FROM answer_times WHERE hour_ms >= $1 AND hour_ms < $2 GROUP BY 1, 2 ORDER BY 1, 2",
        )
        .bind(from_ms)
        .bind(to_ms)
        .bind(width_ms.max(1))
        .fetch_all(db)
        .await)?)
    }
}

/// Counts the answers that these notes tell of, in a call that began then.
pub(crate) async fn count_answers(
    tx: &mut Tx,
    started_ms: i64,
    notes: &[NoteRow],
) -> Result<(), sqlx::Error> {
    for note in notes.iter().filter(|note| note.kind == "answered") {
        let Some(waited_ms) = waited_ms(&note.json) else { continue };
        on_tx!(tx, db => sqlx::query(
            "INSERT INTO answer_times (hour_ms, bucket, answers) VALUES ($1, $2, 1) \
             ON CONFLICT (hour_ms, bucket) DO UPDATE SET answers = answer_times.answers + 1",
        )
        .bind(started_ms - started_ms.rem_euclid(HOUR_MS))
        .bind(bucket(waited_ms))
        .execute(db)
        .await
        .map(|_| ()))?;
    }
    Ok(())
}

/// How long the caller waited, from when they fell silent.
fn waited_ms(json: &str) -> Option<u64> {
    let fields: serde_json::Value = serde_json::from_str(json).ok()?;
    Some(fields["after_ms"].as_u64()?.saturating_add(fields["endpoint_ms"].as_u64().unwrap_or(0)))
}

fn bucket(ms: u64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "at most eight times 64")]
    #[expect(clippy::cast_precision_loss, reason = "it is rounded anyway")]
    let bucket = ((ms.max(1) as f64).log2() * BUCKETS_AN_OCTAVE).round() as i64;
    bucket
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_time_is_told_to_the_twentieth() {
        for ms in [1, 40, 743, 1_000, 12_345, 3_600_000] {
            let told = AnswerTimes { part: 0, bucket: bucket(ms), answers: 1 }.ms();
            let ms = i64::try_from(ms).expect("small");
            assert!((told - ms).abs() <= ms / 20, "{ms} became {told}");
        }
        assert_eq!(bucket(0), 0);
    }

    #[test]
    fn what_the_caller_waited_begins_when_they_fall_silent() {
        assert_eq!(waited_ms(r#"{"after_ms":243,"endpoint_ms":500}"#), Some(743));
        assert_eq!(waited_ms(r#"{"after_ms":243}"#), Some(243));
        assert_eq!(waited_ms("{}"), None);
        assert_eq!(waited_ms("no"), None);
    }
}
