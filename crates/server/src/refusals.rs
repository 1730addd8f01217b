//! Requests in a carrier's name that were not believed, and why: counted here, written down when somebody looks, and
//! explained once in a while, as anybody may send them.

use crate::carriers;
use carrier::{Carrier, Request};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};
use store::{RefusalRow, Store, StoreError};

/// How often a refusal of one kind is explained: that takes a hundred signatures, and whoever is refused may try often.
const EXPLAINED_MS: i64 = 10_000;
/// The most that is kept of an address or an explanation, in characters,
const LONGEST: usize = 600;
/// of how many addresses,
const MOST_ADDRESSES: usize = 8;
/// and of how many kinds of refusal.
const MOST_KINDS: usize = 32;

/// What was refused and has not been written down yet.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<BTreeMap<(&'static str, String), Pending>>);

#[derive(Debug)]
struct Pending {
    row: RefusalRow,
    explained_ms: i64,
}

impl Refusals {
    /// Counts one: who is said to have sent it, to which addresses it may have been sent, what it should have been signed
    /// by, where that is known, and why it is refused.
    pub fn note(
        &self,
        carrier: &dyn Carrier,
        request: &Request<'_>,
        addresses: &[String],
        secret: Option<&str>,
        why: &str,
        now_ms: i64,
    ) {
        let explained = |row: &mut RefusalRow| {
            row.addresses = addresses
                .iter()
                .take(MOST_ADDRESSES)
                .map(|url| shortened(url))
                .collect::<Vec<_>>()
                .join("\n");
            let likeliest = addresses.first().map_or("", |url| url);
            row.advice = match secret {
                Some(secret) => advice(carrier, request, likeliest, secret, now_ms),
                None => String::new(),
            };
        };
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = carrier.name();
        let kind = why.split([':', ';']).next().unwrap_or_default();
        let key = (name, shortened(kind));
        if pending.len() >= MOST_KINDS && !pending.contains_key(&key) {
            return;
        }
        let one = pending.entry(key).or_insert_with(|| Pending {
            row: RefusalRow {
                carrier: name.to_owned(),
                why: shortened(kind),
                times: 0,
                first_ms: now_ms,
                last_ms: now_ms,
                addresses: String::new(),
                advice: String::new(),
            },
            explained_ms: i64::MIN,
        });
        if one.row.times == 0 {
            one.row.first_ms = now_ms;
        }
        one.row.times += 1;
        one.row.last_ms = now_ms;
        if now_ms.saturating_sub(one.explained_ms) >= EXPLAINED_MS {
            one.explained_ms = now_ms;
            explained(&mut one.row);
        }
    }

    /// Writes down what was counted since the last time.
    pub async fn write(&self, store: &Store) -> Result<(), StoreError> {
        let rows: Vec<RefusalRow> = {
            let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let counted = pending.values_mut().filter(|one| one.row.times > 0);
            counted
                .map(|one| {
                    let row = one.row.clone();
                    one.row.times = 0;
                    row
                })
                .collect()
        };
        for row in rows {
            store.refused(&row).await?;
        }
        Ok(())
    }
}

/// What `earpiece explain` says of it.
fn advice(carrier: &dyn Carrier, request: &Request<'_>, url: &str, secret: &str, now_ms: i64) -> String {
    let headers: BTreeMap<&str, &str> =
        request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let case = serde_json::json!({
        "method": request.method,
        "url": url,
        "headers": headers,
        "body": String::from_utf8_lossy(request.body),
        "auth_token": secret,
        "public_key": secret,
        "now_unix": now_ms / 1_000,
    })
    .to_string();
    let judged = match carrier.name() {
        "twilio" => carrier::explain::twilio(&case),
        "plivo" => carrier::explain::plivo(&case),
        "telnyx" => carrier::explain::telnyx(&case),
        _ => return String::new(),
    };
    judged.map(|verdict| shortened(&verdict.reason.replace(secret, "…"))).unwrap_or_default()
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// What the owner calls the carrier of this name.
pub fn title(name: &str) -> &str {
    match carriers::named(name) {
        Some(carrier) => carriers::title(carrier),
        None => name,
    }
}
