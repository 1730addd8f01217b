//! Hearing by Deepgram's live endpoints and speaking by its Aura voices.
//!
//! Sources: <https://developers.deepgram.com/reference>, the schemas of the package `deepgram-sdk`.

mod follow;
mod listen;

use super::{
    Follower, Heard, Speech, SpeechStream, Stt, Tts,
    web::{self, Place},
    words::Evidence,
};
use crate::deepgram::hears_many;
use crate::dialect::access::escaped;
use call::Format;
use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::json;
use std::sync::Arc;

/// What hears, where nothing else is set.
pub const LISTEN: &str = "nova-3";
/// What speaks, where nothing else is set.
pub const SPEAK: &str = "aura-2-thalia-en";

/// Writes down what is said: an utterance goes over a WebSocket as fast as it is taken, and is finalised. Models named `flux-…`
/// are asked by their own endpoint: where a call is a stream they follow all of it and say themselves where turns end; else the
/// end of the utterance is forced.
#[derive(Clone, Debug)]
pub struct Listener {
    pub place: Place,
    pub model: String,
    /// BCP 47.
    pub language: String,
    /// Which may be spoken as well; a model that hears several is asked for all of them.
    pub others: Vec<String>,
    /// Names and words that are likely.
    pub keyterms: Vec<String>,
    /// Where it follows a call, it says when the caller has likely finished, too.
    pub early: bool,
}

/// Speaks: `POST /v1/speak`, heard while it is made. The voice is a model.
#[derive(Clone, Debug)]
pub struct Speaker {
    pub http: reqwest::Client,
    pub place: Place,
}

impl Stt for Listener {
    fn recognise(&self, samples: Vec<i16>, grammar: Arc<str>) -> BoxFuture<'static, Heard> {
        let listener = self.clone();
        async move {
            let evidence = Evidence::of(&samples);
            if evidence.is_silent() {
                return Ok(Vec::new());
            }
            listen::listen(&listener, &samples, &evidence, &grammar).await
        }
        .boxed()
    }

    fn follow(&self, format: Format) -> Option<Follower> {
        self.is_flux().then(|| follow::follow(self.clone(), format))
    }
}

impl Listener {
    fn is_flux(&self) -> bool {
        self.model.starts_with("flux-")
    }

    /// Whether it is asked for more than one language at once, by a model other than Flux.
    fn hears_several(&self) -> bool {
        !self.is_flux() && !self.others.is_empty() && hears_many(&self.model)
    }
}

impl Tts for Speaker {
    fn speak(&self, text: &str, voice: &str) -> BoxFuture<'static, Speech> {
        web::whole(self.stream(text, voice)).boxed()
    }

    fn stream(&self, text: &str, voice: &str) -> SpeechStream {
        let (speaker, text) = (self.clone(), text.to_owned());
        // All three are always sent: the service's documents disagree about what they are otherwise.
        let path =
            format!("/v1/speak?model={}&encoding=linear16&sample_rate=8000&container=none", escaped(voice));
        let body = json!({"text": text}).to_string().into_bytes();
        web::later(async move {
            let asked = speaker.place.post(&speaker.http, &path, "application/json", body);
            web::speech(asked, &text, 8_000, &speaker.place).await
        })
    }
}
