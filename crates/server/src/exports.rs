//! A call as one JSON file that can be shown to others: numbers, names, addresses and secrets are masked.
//!
//! ```json
//! {"v": 1, "masked": "…", "call": {…}, "brief": {…}, "timeline": […], "notes": […], "recording": {…, "wav": "base64"}}
//! ```

mod mask;

use crate::{
    pages::timeline::timeline,
    recording::{
        keep,
        wav::{self, Part},
    },
    told,
    vault::Vault,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use mask::Mask;
use serde_json::{Value, json};
use store::{CallRow, Store, StoreError};
use tool::{Trust, memory::NAME};

const VERSION: u8 = 1;
/// What is said of it in it.
const MASKED: &str = "Numbers, mail and street addresses, links, secrets and the names that Earpiece knows are masked. What else \
                      callers said stands as it was understood: read it before you pass it on.";
const HEARD: &str = "A voice cannot be masked: whoever has the recording hears everything.";

/// The file. With `audio` the recording is in it, which nothing is masked in.
pub async fn bundle(
    store: &Store,
    vault: &Vault,
    call: &CallRow,
    currency: &str,
    audio: bool,
) -> Result<String, StoreError> {
    let notes = store.notes(&call.id).await?;
    let read: Vec<Value> =
        notes.iter().map(|note| serde_json::from_str(&note.json).unwrap_or_default()).collect();
    let mut mask = Mask::default();
    let other = call.other();
    mask.hide(other);
    for memory in store.memories(other, Trust::Owner.degree()).await? {
        if memory.topic == NAME {
            mask.name(&memory.words);
        }
    }
    for note in &read {
        mask.learn(note);
    }
    let timeline: Vec<Value> =
        timeline(&notes).entries.iter().map(|entry| mask.json(json!(told::Line::of(entry)))).collect();
    let brief = store.brief(&call.id).await?.map(|brief| {
        json!({
            "wanted": mask.text(&brief.wanted),
            "done": mask.text(&brief.done),
            "open": mask.text(&brief.left_open),
        })
    });
    let notes: Vec<Value> = read.into_iter().map(|note| mask.json(note)).collect();
    let bundle = json!({
        "v": VERSION,
        "masked": MASKED,
        "call": self::call(call, currency, &mask),
        "brief": brief,
        "timeline": timeline,
        "notes": notes,
        "recording": recording(store, vault, call, audio).await?,
    });
    Ok(format!("{bundle:#}\n"))
}

/// What the file is called.
pub fn file_name(call: &CallRow) -> String {
    let started = Timestamp::from_millisecond(call.started_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("earpiece-call-{}.json", started.strftime("%Y-%m-%d-%H%M%S"))
}

fn call(call: &CallRow, currency: &str, mask: &Mask) -> Value {
    let time = |ms: i64| Timestamp::from_millisecond(ms).map(|at| at.to_string()).unwrap_or_default();
    json!({
        "id": call.id,
        "carrier": call.carrier,
        "from": mask::number(&call.from),
        "to": mask::number(&call.to),
        "outbound": call.outbound,
        "purpose": mask.text(&call.purpose),
        "engine": call.engine,
        "trust": call.trust,
        "started": time(call.started_ms),
        "answered": call.answered_ms.map(time),
        "ended": call.ended_ms.map(time),
        "ending": call.ending,
        "cost": call.cost_micros as f64 / 1_000_000.0,
        "currency": currency,
    })
}

async fn recording(store: &Store, vault: &Vault, call: &CallRow, audio: bool) -> Result<Value, StoreError> {
    if call.ended_ms.is_none() {
        return Ok(Value::Null);
    }
    let Some(row) = keep::whole(store, vault, &call.id).await? else { return Ok(Value::Null) };
    let mut told = json!({"seconds": row.samples as f64 / 8_000.0, "gaps_ms": keep::gaps(&row)});
    if audio {
        let part = Part { from: 0, until: wav::length(row.samples) };
        let file = wav::made(store, vault, &call.id, row.samples, part).await?;
        told["masked"] = HEARD.into();
        told["wav"] = BASE64_STANDARD.encode(file).into();
    }
    Ok(told)
}
