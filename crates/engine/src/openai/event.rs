//! What the service sends, read in one pass and without copying. Fields that we do not need, and fields that the
//! service has yet to invent, are passed over.

use crate::{Outbox, dialect::troubles::Troubles};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;
use std::{borrow::Cow, ops::Deref};

/// A text that is copied only where it has escapes.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// The text, or an empty one.
pub(crate) fn text<'t>(text: Option<&'t Text<'_>>) -> &'t str {
    text.map(|text| &**text).unwrap_or_default()
}

/// Any event. Which fields it has depends on its type.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Event<'a> {
    #[serde(rename = "type")]
    pub kind: Text<'a>,
    pub item_id: Option<Text<'a>>,
    pub response_id: Option<Text<'a>>,
    pub delta: Option<Text<'a>>,
    pub transcript: Option<Text<'a>>,
    pub text: Option<Text<'a>>,
    pub item: Option<&'a RawValue>,
    pub response: Option<&'a RawValue>,
    pub session: Option<&'a RawValue>,
    pub error: Option<&'a RawValue>,
    pub arguments: Option<Text<'a>>,
    pub usage: Option<&'a RawValue>,
    #[serde(borrow)]
    pub languages: Option<&'a RawValue>,
}

/// Counts a message that is not what its type says, or of a type that we do not know.
pub(crate) fn unreadable(
    message: &str,
    is_known: impl Fn(&str) -> bool,
    troubles: &mut Troubles,
    out: &mut Outbox,
) {
    match serde_json::from_str::<Kind>(message) {
        Ok(event) if !is_known(&event.kind) => troubles.tally.unknown += 1,
        Ok(_) | Err(_) => troubles.malformed("a message that cannot be read", out),
    }
}

/// The type alone.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Kind<'a> {
    #[serde(rename = "type")]
    kind: Text<'a>,
}

/// An item of the conversation.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(crate) struct Item<'a> {
    pub id: Option<Text<'a>>,
    #[serde(rename = "type")]
    pub kind: Text<'a>,
    pub role: Option<Text<'a>>,
    pub status: Option<Text<'a>>,
    pub name: Option<Text<'a>>,
    pub call_id: Option<Text<'a>>,
    pub arguments: Option<Text<'a>>,
    pub content: Option<Vec<Part<'a>>>,
    /// Of a tool that the service uses by itself.
    pub server_label: Option<Text<'a>>,
    pub approval_request_id: Option<Text<'a>>,
    pub output: Option<Text<'a>>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
}

impl Item<'_> {
    /// Something that the assistant says.
    pub(super) fn is_speech(&self) -> bool {
        &*self.kind == "message" && text(self.role.as_ref()) == "assistant"
    }

    /// A use of a tool that is complete: the service says so or, where it says nothing of that, all of its arguments have come.
    pub(crate) fn is_whole_call(&self) -> bool {
        let whole = |arguments: &str| serde_json::from_str::<IgnoredAny>(arguments).is_ok();
        let complete = match self.status.as_deref() {
            Some(status) => status == "completed",
            None => whole(text(self.arguments.as_ref())),
        };
        &*self.kind == "function_call" && complete
    }

    /// All of its words.
    pub(super) fn words(&self) -> String {
        let parts = self.content.iter().flatten();
        let words: Vec<&str> = parts
            .filter_map(|part| part.transcript.as_deref().or(part.text.as_deref()))
            .map(str::trim)
            .collect();
        words.join(" ").trim().to_owned()
    }
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(crate) struct Part<'a> {
    transcript: Option<Text<'a>>,
    text: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Response<'a> {
    pub id: Option<Text<'a>>,
    pub status: Option<Text<'a>>,
    pub status_details: Option<&'a RawValue>,
    pub usage: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(crate) struct StatusDetails<'a> {
    pub reason: Option<Text<'a>>,
    pub error: Option<Fault<'a>>,
}

/// What went wrong, as the service puts it.
#[derive(Debug, Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(crate) struct Fault<'a> {
    #[serde(rename = "type")]
    pub kind: Option<Text<'a>>,
    pub code: Option<Text<'a>>,
    pub message: Option<Text<'a>>,
    /// The message of ours that it is about.
    pub event_id: Option<Text<'a>>,
    /// The field of ours that it is about.
    pub param: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct UsageBody {
    input_token_details: Option<Tokens>,
    output_token_details: Option<Tokens>,
    /// A transcription has no details of what it put out: it is all text.
    output_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct Tokens {
    #[serde(rename = "audio_tokens")]
    audio: Option<u64>,
    #[serde(rename = "text_tokens")]
    text: Option<u64>,
    #[serde(rename = "cached_tokens")]
    cached: Option<u64>,
}

/// Adds what is billed, where it is told.
pub(crate) fn add(sum: &mut u64, more: Option<u64>) {
    *sum = sum.saturating_add(more.unwrap_or_default());
}

impl UsageBody {
    /// Adds what is billed here.
    pub(super) fn add_to(&self, usage: &mut call::Usage) {
        if let Some(tokens) = &self.input_token_details {
            add(&mut usage.audio_tokens_in, tokens.audio);
            add(&mut usage.text_tokens_in, tokens.text);
            add(&mut usage.cached_tokens, tokens.cached);
        }
        match &self.output_token_details {
            Some(tokens) => {
                add(&mut usage.audio_tokens_out, tokens.audio);
                add(&mut usage.text_tokens_out, tokens.text);
            }
            None => add(&mut usage.text_tokens_out, self.output_tokens),
        }
    }
}

/// A session, as far as we depend on it.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Session<'a> {
    audio: Option<Audio<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Audio<'a> {
    input: Option<End<'a>>,
    output: Option<End<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct End<'a> {
    format: Option<SessionFormat<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct SessionFormat<'a> {
    #[serde(rename = "type")]
    kind: Text<'a>,
    rate: Option<u32>,
}

impl Session<'_> {
    /// Whether both ends have the format of this name, and of this rate where it has one.
    pub(super) fn has_formats(&self, name: &str, rate: Option<u32>) -> bool {
        let same = |end: &Option<End>| {
            let format = end.as_ref().and_then(|end| end.format.as_ref());
            format.is_some_and(|f| &*f.kind == name && (rate.is_none() || f.rate.is_none() || f.rate == rate))
        };
        self.audio.as_ref().is_some_and(|audio| same(&audio.input) && same(&audio.output))
    }
}

/// Reads a part of an event; nothing, where it is not what it should be.
pub(crate) fn part<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

/// A language that words are in.
#[derive(Debug, Deserialize)]
pub(super) struct SpokenLanguage {
    pub code: String,
}
