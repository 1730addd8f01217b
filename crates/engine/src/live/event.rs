//! What the service sends, read in one pass and without copying. Unknown fields and types are passed over: the
//! interface is young, and grows.

use crate::openai::event::{Text, add};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::time::Duration;

/// Any event. Which fields it has depends on its type.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Event<'a> {
    #[serde(rename = "type")]
    pub kind: Text<'a>,
    pub delta: Option<Text<'a>>,
    /// Milliseconds of the session's own time, which is that of the sound it was sent. Some senders write `1.0`.
    pub start_ms: Option<f64>,
    pub end_ms: Option<f64>,
    pub delegation_id: Option<Text<'a>>,
    pub client_event_id: Option<Text<'a>>,
    pub reason: Option<Text<'a>>,
    pub session: Option<&'a RawValue>,
    pub usage: Option<&'a RawValue>,
    pub delegation: Option<&'a RawValue>,
    #[serde(rename = "event")]
    pub inner: Option<&'a RawValue>,
    pub error: Option<&'a RawValue>,
}

/// A session, as far as we depend on it.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Session<'a> {
    /// Unix seconds.
    pub expires_at: Option<f64>,
    audio: Option<Audio<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Audio<'a> {
    format: Option<SessionFormat<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct SessionFormat<'a> {
    #[serde(rename = "type")]
    kind: Text<'a>,
    rate: Option<f64>,
}

impl Session<'_> {
    /// Whether it says that it has another format than this.
    pub(super) fn contradicts(&self, name: &str, rate: u32) -> bool {
        let format = self.audio.as_ref().and_then(|audio| audio.format.as_ref());
        format.is_some_and(|f| {
            &*f.kind != name || f.rate.is_some_and(|said| (said - f64::from(rate)).abs() > 0.5)
        })
    }
}

/// What the session has used so far, all of it.
#[derive(Debug, Deserialize)]
pub(super) struct Counted {
    seconds: Option<f64>,
}

impl Counted {
    /// The session's time, which no service counts beyond `longest`.
    pub(super) fn time(&self, longest: Duration) -> Option<Duration> {
        let seconds = self.seconds?.clamp(0.0, longest.as_secs_f64());
        Duration::try_from_secs_f64(seconds).ok()
    }
}

/// Work that the voice hands over.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Delegation<'a> {
    pub id: Option<Text<'a>>,
    pub target: Option<Text<'a>>,
    pub response_id: Option<Text<'a>>,
}

/// What the model behind the voice does: an event inside an event.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Inner<'a> {
    #[serde(rename = "type")]
    pub kind: Text<'a>,
    pub item: Option<&'a RawValue>,
    pub response: Option<&'a RawValue>,
}

/// A snapshot of a response. What it did is never in it, only how it ended.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Snapshot<'a> {
    pub id: Option<Text<'a>>,
    pub error: Option<&'a RawValue>,
    pub incomplete_details: Option<&'a RawValue>,
    pub usage: Option<Tokens>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Tokens {
    #[serde(rename = "input_tokens")]
    read: Option<u64>,
    #[serde(rename = "output_tokens")]
    written: Option<u64>,
    #[serde(rename = "input_tokens_details")]
    details: Option<Details>,
}

#[derive(Debug, Default, Deserialize)]
struct Details {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

impl Tokens {
    /// Adds what is billed here.
    pub(super) fn add_to(&self, usage: &mut call::Usage) {
        add(&mut usage.text_tokens_in, self.read);
        add(&mut usage.text_tokens_out, self.written);
        let details = self.details.as_ref();
        add(&mut usage.cached_tokens, details.and_then(|d| d.cached_tokens));
        add(&mut usage.cache_write_tokens, details.and_then(|d| d.cache_write_tokens));
    }
}

/// The error of the service's, with the message of ours that it is about.
#[derive(Debug, Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct About<'a> {
    pub client_event_id: Option<Text<'a>>,
}
