//! Where recordings are kept: sealed, piece by piece, in the database, so that any instance plays what another recorded, a
//! crash loses no more than seconds, and whoever is forgotten is forgotten here, too.

use super::{
    peaks::Peaks,
    tape::{PER_MS, Stretch},
};
use crate::{
    app::App,
    insist::insist,
    vault::{Vault, WrongKey},
};
use sound::g711::ULAW_SILENCE;
use std::sync::{Arc, Mutex, PoisonError};
use store::{Piece, RecordingRow, Side, Store, StoreError};
use tokio::sync::mpsc;

/// As many stretches are written at once where they wait.
const AT_ONCE: usize = 8;
/// So many samples are opened at a time: half a minute.
const AT_A_TIME: i64 = 30 * 8_000;

/// What is missing from a recording, and where it ends; told by whoever records to whoever writes.
#[derive(Debug, Default)]
pub(super) struct Told {
    inner: Mutex<(Vec<(u64, u64)>, u64)>,
}

impl Told {
    /// These samples are lost.
    pub(super) fn lost(&self, from: u64, until: u64) {
        let mut told = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        match told.0.last_mut() {
            Some((_, last)) if from <= *last => *last = until.max(*last),
            Some(_) | None => told.0.push((from, until)),
        }
    }

    pub(super) fn ended(&self, samples: u64) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).1 = samples;
    }

    fn get(&self) -> (Vec<(u64, u64)>, u64) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Writes down what comes until nobody records any more, then ends the recording.
pub(super) async fn write_down(
    app: Arc<App>,
    call: String,
    mut stretches: mpsc::Receiver<Stretch>,
    told: Arc<Told>,
) {
    let mut waiting = Vec::new();
    while stretches.recv_many(&mut waiting, AT_ONCE).await > 0 {
        let pieces: Vec<_> = waiting.iter().map(|stretch| sealed(&app.vault, &call, stretch)).collect();
        let written = std::mem::take(&mut waiting);
        if app.store.recording_written(&call, &pieces).await.is_ok() {
            continue;
        }
        if matches!(app.store.recording(&call).await, Ok(None)) {
            tracing::info!(%call, "the recording was deleted while the call was recorded");
            return;
        }
        let insisted = insist(&app.draining, "a recording", || app.store.recording_written(&call, &pieces));
        if let Err(error) = insisted.await {
            for stretch in written {
                told.lost(stretch.place, stretch.place + stretch.ulaw.len() as u64);
            }
            tracing::error!(%call, %error, "pieces of a recording could not be written");
        }
    }
    let (lost, samples) = told.get();
    let ended = insist(&app.draining, "the end of a recording", || {
        ended(&app.store, &app.vault, &call, &lost, samples)
    });
    if let Err(error) = ended.await {
        tracing::error!(%call, %error, "the end of a recording could not be written");
    }
}

fn sealed(vault: &Vault, call: &str, stretch: &Stretch) -> Piece {
    let Stretch { side, place, ulaw } = stretch;
    let place = i64::try_from(*place).unwrap_or(i64::MAX);
    let sealed = vault.seal_bytes(&owner(call, *side, place), ulaw);
    Piece { side: *side, place, samples: i64::try_from(ulaw.len()).unwrap_or(0), sealed }
}

/// Only in its own place a piece can be opened.
fn owner(call: &str, side: Side, place: i64) -> String {
    format!("recording {call} {} {place}", side.number())
}

/// Looks once at the whole, and writes down how long and how loud it is.
async fn ended(
    store: &Store,
    vault: &Vault,
    call: &str,
    lost: &[(u64, u64)],
    samples: u64,
) -> Result<(), StoreError> {
    let Some(row) = store.recording(call).await? else { return Ok(()) };
    let length = store.recording_reaches(call).await?.max(i64::try_from(samples).unwrap_or(0));
    let mut peaks = Peaks::default();
    let mut from = 0;
    while from < length {
        for piece in store.recording_pieces(call, from, from + AT_A_TIME).await? {
            // The others were looked at before.
            if piece.place >= from
                && let Ok(ulaw) = opened(vault, call, &piece)
            {
                peaks.add(piece.side, u64::try_from(piece.place).unwrap_or(0), &ulaw);
            }
        }
        from += AT_A_TIME;
    }
    let mut gaps = gaps(&row);
    gaps.extend(lost.iter().map(|(from, until)| {
        let ms = |samples: u64| i64::try_from(samples / PER_MS).unwrap_or(i64::MAX);
        (ms(*from), ms(*until))
    }));
    let gaps = serde_json::to_string(&gaps).expect("numbers are JSON");
    store.recording_ended(call, length, peaks.bytes(), &gaps).await
}

fn opened(vault: &Vault, call: &str, piece: &Piece) -> Result<Vec<u8>, WrongKey> {
    vault.open_bytes(&owner(call, piece.side, piece.place), &piece.sealed)
}

/// What is missing: each from when until when, in milliseconds since the call's start.
pub fn gaps(row: &RecordingRow) -> Vec<(i64, i64)> {
    serde_json::from_str(&row.gaps).unwrap_or_default()
}

/// The recording of a call that is over; ended now where the process that made it died before it could. None: there is
/// none, or nothing is on it.
pub async fn whole(store: &Store, vault: &Vault, call: &str) -> Result<Option<RecordingRow>, StoreError> {
    let Some(row) = store.recording(call).await? else { return Ok(None) };
    if row.samples == 0 {
        ended(store, vault, call, &[], 0).await?;
        return Ok(store.recording(call).await?.filter(|row| !row.peaks.is_empty()));
    }
    Ok(Some(row).filter(|row| !row.peaks.is_empty()))
}

/// Both sides between these samples, in µ-law, each as long as was asked for. What cannot be opened is silent.
pub async fn between(
    store: &Store,
    vault: &Vault,
    call: &str,
    from: i64,
    until: i64,
) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
    let length = usize::try_from(until - from).unwrap_or(0);
    let (mut caller, mut assistant) = (vec![ULAW_SILENCE; length], vec![ULAW_SILENCE; length]);
    for piece in store.recording_pieces(call, from, until).await? {
        let Ok(ulaw) = opened(vault, call, &piece) else {
            tracing::warn!(call, "a piece of a recording was sealed with another key");
            continue;
        };
        let side = match piece.side {
            Side::Caller => &mut caller,
            Side::Assistant => &mut assistant,
        };
        let skipped = usize::try_from(from - piece.place).unwrap_or(0).min(ulaw.len());
        let place = usize::try_from(piece.place - from).unwrap_or(0);
        let room = length.saturating_sub(place);
        let sound = &ulaw[skipped..];
        let sound = &sound[..sound.len().min(room)];
        side[place..place + sound.len()].copy_from_slice(sound);
    }
    Ok((caller, assistant))
}
