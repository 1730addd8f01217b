//! How often a PIN was tried: across calls and instances.

use crate::{Store, StoreError, on_reader, on_tx, on_writer};

/// The first wait. Each further one is twice as long,
const WAIT_MS: i64 = 60 * 1_000;
/// up to this.
const LONGEST_WAIT_MS: i64 = 24 * 60 * 60 * 1_000;
/// After so long without a try all is forgotten.
const FORGOTTEN_MS: i64 = 48 * 60 * 60 * 1_000;

impl Store {
    /// Takes one try of each of these, a number or a group of them with the tries that are free of a wait, before the PIN is looked at, so that many calls at once
    /// get no more tries than one. False: one of them has to wait, and none was taken.
    pub async fn pin_tried(&self, who: &[(&str, i64)], now_ms: i64) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        // In one order everywhere, so that two instances never wait for each other.
        let mut who = who.to_vec();
        who.sort_unstable();
        who.dedup();
        for (who, free) in who {
            let tries: Option<i64> = on_tx!(&mut tx, db => sqlx::query_scalar(
                "INSERT INTO pin_tries (who, tries, last_ms, until_ms) VALUES ($1, 1, $2, 0) \
                 ON CONFLICT (who) DO UPDATE SET last_ms = $2, \
                 tries = CASE WHEN pin_tries.last_ms < $3 THEN 1 ELSE pin_tries.tries + 1 END \
                 WHERE pin_tries.until_ms <= $2 RETURNING tries",
            )
            .bind(who)
            .bind(now_ms)
            .bind(now_ms - FORGOTTEN_MS)
            .fetch_optional(db)
            .await)?;
            let Some(tries) = tries else { return Ok(false) };
            if tries < free {
                continue;
            }
            let doubled = u32::try_from(tries - free).unwrap_or(0).min(16);
            let until_ms = now_ms + (WAIT_MS << doubled).min(LONGEST_WAIT_MS);
            on_tx!(&mut tx, db => sqlx::query("UPDATE pin_tries SET until_ms = $2 WHERE who = $1")
                .bind(who)
                .bind(until_ms)
                .execute(db)
                .await
                .map(|_| ()))?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// How often the PIN was tried from this number lately, and until when it has to wait; 0: it need not.
    pub async fn pin_tries(&self, who: &str, now_ms: i64) -> Result<(i64, i64), StoreError> {
        let tries: Option<(i64, i64)> = on_reader!(self, db => sqlx::query_as(
            "SELECT tries, until_ms FROM pin_tries WHERE who = $1 AND last_ms >= $2",
        )
        .bind(who)
        .bind(now_ms - FORGOTTEN_MS)
        .fetch_optional(db)
        .await)?;
        Ok(tries.map_or((0, 0), |(tries, until_ms)| (tries, if until_ms > now_ms { until_ms } else { 0 })))
    }

    /// The PIN was right: this number's tries are forgotten.
    pub async fn pin_was_right(&self, who: &str) -> Result<(), StoreError> {
        Ok(on_writer!(self, db => sqlx::query("DELETE FROM pin_tries WHERE who = $1")
            .bind(who)
            .execute(db)
            .await
            .map(|_| ()))?)
    }
}
