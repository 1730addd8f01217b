//! What callers are played by address: kept for some minutes, under names that nobody can guess.

use crate::clock;
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long a carrier may take to fetch one, again where it must.
const KEPT: Duration = Duration::from_secs(5 * 60);
/// As many bytes as are kept at once; the oldest go first.
const MOST: usize = 64 * 1024 * 1024;
/// What stands around a name in its address.
const FOLDER: &str = "/phone/clips/";
const ENDING: &str = ".wav";

/// Sound that is waiting to be fetched.
#[derive(Default)]
pub struct Clips {
    kept: Mutex<BTreeMap<String, Clip>>,
}

struct Clip {
    /// µ-law.
    sound: Bytes,
    since: Instant,
}

impl Clips {
    /// Keeps this sound, µ-law, and says under which name.
    pub fn keep(&self, sound: Vec<u8>) -> String {
        let id = BASE64_URL_SAFE_NO_PAD.encode(crate::secret::random::<24>());
        let now = clock::now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, clip| now.saturating_duration_since(clip.since) < KEPT);
        kept.insert(id.clone(), Clip { sound: sound.into(), since: now });
        while kept.values().map(|clip| clip.sound.len()).sum::<usize>() > MOST {
            let oldest = kept.iter().min_by_key(|(_, clip)| clip.since).map(|(id, _)| id.clone());
            kept.remove(&oldest.expect("there is one"));
        }
        id
    }

    /// The address of what is kept under this name, behind `base`.
    pub fn address(base: &str, id: &str) -> String {
        format!("{base}{FOLDER}{id}{ENDING}")
    }

    /// What is kept at this address: µ-law.
    pub fn at(&self, address: &str) -> Option<Bytes> {
        self.sound(address.rsplit('/').next()?.strip_suffix(ENDING)?)
    }

    /// The file of this name: PCM at 8 kHz, which every carrier plays.
    pub fn wav(&self, id: &str) -> Option<Vec<u8>> {
        let sound = self.sound(id)?;
        Some(sound::wav::Wav::mono(8_000, sound::g711::ulaw_to_samples(&sound)).write())
    }

    fn sound(&self, id: &str) -> Option<Bytes> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(id).map(|clip| clip.sound.clone())
    }
}

/// `GET /phone/clips/{id}.wav`
pub async fn clip(State(app): State<Arc<crate::app::App>>, Path(file): Path<String>) -> Response {
    let wav = file.strip_suffix(ENDING).and_then(|id| app.clips.wav(id));
    match wav {
        Some(wav) => ([(header::CONTENT_TYPE, "audio/wav")], wav).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
