//! What the service sends, read in one pass and without copying. Fields that we do not need, and fields that the
//! service has yet to invent, are passed over.

use serde::Deserialize;
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
pub(super) struct Event<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub item_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub response_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub delta: Option<Text<'a>>,
    #[serde(borrow)]
    pub transcript: Option<Text<'a>>,
    #[serde(borrow)]
    pub text: Option<Text<'a>>,
    #[serde(borrow)]
    pub item: Option<&'a RawValue>,
    #[serde(borrow)]
    pub response: Option<&'a RawValue>,
    #[serde(borrow)]
    pub session: Option<&'a RawValue>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
    #[serde(borrow)]
    pub usage: Option<&'a RawValue>,
}

/// The type alone, of an event that is otherwise not what we know.
#[derive(Debug, Deserialize)]
pub(crate) struct Kind<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Text<'a>,
}

/// An item of the conversation.
#[derive(Debug, Deserialize)]
pub(crate) struct Item<'a> {
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    #[serde(rename = "type", borrow)]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub role: Option<Text<'a>>,
    #[serde(borrow)]
    pub status: Option<Text<'a>>,
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    #[serde(borrow)]
    pub call_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub arguments: Option<Text<'a>>,
    #[serde(borrow)]
    pub content: Option<Vec<Part<'a>>>,
}

impl Item<'_> {
    /// Something that the assistant says.
    pub(super) fn is_speech(&self) -> bool {
        &*self.kind == "message" && text(self.role.as_ref()) == "assistant"
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
pub(crate) struct Part<'a> {
    #[serde(borrow)]
    transcript: Option<Text<'a>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Response<'a> {
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    #[serde(borrow)]
    pub status: Option<Text<'a>>,
    #[serde(borrow)]
    pub status_details: Option<&'a RawValue>,
    #[serde(borrow)]
    pub usage: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct StatusDetails<'a> {
    #[serde(borrow)]
    pub reason: Option<Text<'a>>,
    #[serde(borrow)]
    pub error: Option<Fault<'a>>,
}

/// What went wrong, as the service puts it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Fault<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub code: Option<Text<'a>>,
    #[serde(borrow)]
    pub message: Option<Text<'a>>,
    /// The message of ours that it is about.
    #[serde(borrow)]
    pub event_id: Option<Text<'a>>,
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

impl UsageBody {
    /// Adds what is billed here.
    pub(super) fn add_to(&self, usage: &mut call::Usage) {
        let add = |sum: &mut u64, more: Option<u64>| *sum = sum.saturating_add(more.unwrap_or_default());
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
pub(super) struct Session<'a> {
    #[serde(borrow)]
    audio: Option<Audio<'a>>,
}

#[derive(Debug, Deserialize)]
struct Audio<'a> {
    #[serde(borrow)]
    input: Option<End<'a>>,
    #[serde(borrow)]
    output: Option<End<'a>>,
}

#[derive(Debug, Deserialize)]
struct End<'a> {
    #[serde(borrow)]
    format: Option<SessionFormat<'a>>,
}

#[derive(Debug, Deserialize)]
struct SessionFormat<'a> {
    #[serde(rename = "type", borrow)]
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
