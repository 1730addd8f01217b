//! Hearing and speaking by OpenAI's audio endpoints, and by whoever speaks as they do: speaches, faster-whisper-server, Groq,
//! Kokoro, whisper.cpp's server.
//!
//! Sources: <https://platform.openai.com/docs/api-reference/audio>, the README of each of those projects.

use super::{
    Heard, Hypothesis, Speech, SpeechStream, Stt, Tts,
    web::{self, Place},
    words::{self, Evidence},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use call::Language;
use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::{Value, json};
use sound::wav::Wav;
use std::sync::Arc;

/// Writes down what is said: `POST …/audio/transcriptions`.
#[derive(Clone, Debug)]
pub struct Transcriber {
    pub http: reqwest::Client,
    pub place: Place,
    pub model: String,
    /// BCP 47; the service is told the language alone.
    pub language: String,
    /// Which may be spoken as well; the service is told none then, and finds out.
    pub others: Vec<String>,
    /// Names and words that are likely; empty: none.
    pub prompt: String,
}

/// Speaks: `POST …/audio/speech`.
#[derive(Clone, Debug)]
pub struct Speaker {
    pub http: reqwest::Client,
    pub place: Place,
    pub model: String,
    /// How it is to be said; empty: as the voice does. Not every model takes it.
    pub instructions: String,
}

/// The longest transcript that is read, in bytes of JSON.
const LONGEST_ANSWER: usize = 1024 * 1024;
/// What a transcript without a confidence of its own is taken for.
const USUAL: f32 = 0.9;
/// The rate of raw sound at every one of these services.
const HERTZ: u32 = 24_000;
/// The rate that every one of them hears, whisper.cpp's no other.
const HEARS: u32 = 16_000;

impl Stt for Transcriber {
    fn recognise(&self, samples: Vec<i16>, grammar: Arc<str>) -> BoxFuture<'static, Heard> {
        let transcriber = self.clone();
        async move { transcriber.transcribe(&samples, &grammar).await }.boxed()
    }
}

impl Transcriber {
    async fn transcribe(&self, samples: &[i16], grammar: &str) -> Heard {
        let evidence = Evidence::of(samples);
        if evidence.is_silent() {
            return Ok(Vec::new());
        }
        let (kind, body) = self.form(samples);
        let answer = self.place.post(&self.http, "/audio/transcriptions", &kind, body).await?;
        let peer = self.place.peer();
        let body = self.place.body_of(answer, LONGEST_ANSWER).await?;
        let answer: Value = serde_json::from_slice(&body)
            .map_err(|_| format!("{peer} answered with no JSON where a transcript was asked for."))?;
        heard(&answer, evidence, grammar).ok_or_else(|| format!("{peer} answered without a transcript."))
    }

    /// The form, and its content type.
    fn form(&self, samples: &[i16]) -> (String, Vec<u8>) {
        let wide = sound::resample::resample(samples, 8_000, HEARS);
        let file = Wav::mono(HEARS, wide).write();
        let boundary = boundary(&file);
        let language = self.language.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let mut fields = vec![
            ("model", self.model.as_str()),
            ("response_format", self.answer_format()),
            ("temperature", "0"),
        ];
        if language.len() == 2 && self.others.is_empty() {
            fields.push(("language", &language));
        }
        if !self.prompt.is_empty() {
            fields.push(("prompt", &self.prompt));
        }
        let mut body = Vec::with_capacity(file.len() + 1_024);
        for (name, value) in fields {
            body.extend(
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                    .bytes(),
            );
        }
        body.extend(
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"utterance.wav\"\r\n\
                 Content-Type: audio/wav\r\n\r\n"
            )
            .bytes(),
        );
        body.extend(file);
        body.extend(format!("\r\n--{boundary}--\r\n").bytes());
        (format!("multipart/form-data; boundary={boundary}"), body)
    }

    /// Whisper says how sure it is that anybody spoke; OpenAI's newer models answer with text alone.
    fn answer_format(&self) -> &'static str {
        if self.model.to_ascii_lowercase().contains("whisper") { "verbose_json" } else { "json" }
    }
}

/// Reads a transcript, `json` or `verbose_json`.
fn heard(answer: &Value, mut evidence: Evidence, grammar: &str) -> Option<Vec<Hypothesis>> {
    let text = answer["text"].as_str()?;
    let segments = answer["segments"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mean = |name: &str| {
        let values: Vec<f64> = segments.iter().filter_map(|segment| segment[name].as_f64()).collect();
        (!values.is_empty()).then(|| (values.iter().sum::<f64>() / values.len() as f64) as f32)
    };
    evidence.no_speech = mean("no_speech_prob");
    evidence.log_probability = mean("avg_logprob");
    let confidence = evidence.log_probability.map_or(USUAL, |log| log.exp().clamp(0.0, 1.0).sqrt());
    let language = answer["language"].as_str().and_then(|name| Language::named(name).or(Language::of(name)));
    Some(words::in_language(words::hypotheses(text, confidence, &evidence, grammar), language))
}

/// A line that does not occur in the file.
fn boundary(file: &[u8]) -> String {
    let mut seed = file.len() as u64;
    loop {
        let bytes: Vec<u8> = std::iter::repeat_with({
            let mut random = fastrand::Rng::with_seed(seed);
            move || random.u8(..)
        })
        .take(18)
        .collect();
        let boundary = format!("earpiece-{}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
        if !file.windows(boundary.len()).any(|window| window == boundary.as_bytes()) {
            return boundary;
        }
        seed += 1;
    }
}

impl Tts for Speaker {
    fn speak(&self, text: &str, voice: &str) -> BoxFuture<'static, Speech> {
        web::whole(self.stream(text, voice)).boxed()
    }

    fn stream(&self, text: &str, voice: &str) -> SpeechStream {
        let (speaker, text) = (self.clone(), text.to_owned());
        let mut body = json!({"model": self.model, "input": text, "voice": voice, "response_format": "pcm"});
        if !self.instructions.is_empty() {
            body["instructions"] = self.instructions.as_str().into();
        }
        web::later(async move {
            let body = body.to_string().into_bytes();
            let asked = speaker.place.post(&speaker.http, "/audio/speech", "application/json", body);
            web::speech(asked, &text, HERTZ, &speaker.place).await
        })
    }
}
