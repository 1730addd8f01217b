//! Whisper, the ear for any words in a hundred languages: whisper.cpp inside of a speech worker, with a model file of the owner's.
//!
//! Built in with the feature `whisper` alone; without it, asking for it says so.

#[cfg(feature = "whisper")]
mod decoder;
pub mod file;

#[cfg(feature = "whisper")]
pub(super) use decoder::Decoder;

use super::{
    Heard, Stt,
    words::{self, Evidence},
    workers::Workers,
};
use call::Language;
use futures_util::{FutureExt as _, future::BoxFuture};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, sync::Arc};

/// Whether this program has it.
pub const BUILT_IN: bool = cfg!(feature = "whisper");
/// What the owner has to do to have it.
pub const INSTALL: &str = "this program was built without Whisper; build it with --features whisper (which needs cmake and a \
                           C++ compiler), or set HEAR to something else";

/// How it listens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ear {
    /// A `ggml-….bin` of whisper.cpp's.
    pub model: PathBuf,
    /// BCP 47; empty: it finds out.
    pub language: String,
    /// Which may be spoken as well; a model of several languages then finds out which it is.
    pub others: Vec<String>,
    /// Names and words that are likely; empty: none.
    pub prompt: String,
}

/// What it heard.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Transcript {
    pub text: String,
    /// The mean of the segments' probability that nobody spoke.
    pub no_speech: f32,
    /// The mean of the words' logarithmic probabilities.
    pub log_probability: f32,
    /// Which language it is in, where it was not given: ISO 639-1.
    pub language: Option<String>,
}

/// Hears by Whisper.
pub struct Whisper {
    pub ear: Ear,
    pub workers: Arc<Workers>,
}

impl Stt for Whisper {
    fn recognise(&self, samples: Vec<i16>, grammar: Arc<str>) -> BoxFuture<'static, Heard> {
        let (ear, workers) = (self.ear.clone(), self.workers.clone());
        async move {
            let mut evidence = Evidence::of(&samples);
            if evidence.is_silent() {
                return Ok(Vec::new());
            }
            let transcript = workers.transcribe(ear, samples).await?;
            evidence.no_speech = Some(transcript.no_speech);
            evidence.log_probability = Some(transcript.log_probability);
            let confidence = transcript.log_probability.exp().clamp(0.0, 1.0).sqrt();
            let heard = words::hypotheses(&transcript.text, confidence, &evidence, &grammar);
            Ok(words::in_language(heard, transcript.language.as_deref().and_then(Language::of)))
        }
        .boxed()
    }
}
