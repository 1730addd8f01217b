//! What an owner can choose about Deepgram Voice Agent.

use crate::ApiKey;
use call::Language;

/// Everything that does not change from call to call.
#[derive(Clone, Debug)]
pub struct Config {
    /// `wss:` address, such as [`ADDRESS`].
    pub url: String,
    pub key: ApiKey,
    /// The model that hears, such as [`LISTEN`]; one named `flux-…` also finds the end of turns by itself.
    pub listen: String,
    /// Whose model thinks, such as [`PROVIDER`].
    pub provider: String,
    /// The model that thinks, such as [`THINK`].
    pub think: String,
    /// How freely it chooses its words, 0 to 2; `None`: as the model likes.
    pub temperature: Option<f64>,
    /// The voice that speaks where a brief names none, such as [`SPEAK`].
    pub speak: String,
}

/// Where Deepgram Voice Agent is.
pub const ADDRESS: &str = "wss://agent.deepgram.com/v1/agent/converse";
pub const LISTEN: &str = "nova-3";
pub const PROVIDER: &str = "open_ai";
pub const THINK: &str = "gpt-4o-mini";
pub const SPEAK: &str = "aura-2-thalia-en";

/// Whose models Deepgram thinks with on its own account, so that no other key is needed.
pub const PROVIDERS: [&str; 5] = ["open_ai", "anthropic", "google", "groq", "deepgram"];

impl Config {
    /// What a new installation has.
    pub fn new(key: ApiKey) -> Self {
        Self {
            url: ADDRESS.into(),
            key,
            listen: LISTEN.into(),
            provider: PROVIDER.into(),
            think: THINK.into(),
            temperature: None,
            speak: SPEAK.into(),
        }
    }
}

/// Whether this is the name of a voice of Deepgram's: `aura-2-thalia-en`, `flux-kit-en`. There are new ones every few
/// months, so the family is what counts.
pub fn has_voice(name: &str) -> bool {
    let family = name.strip_prefix("aura-").or_else(|| name.strip_prefix("flux-"));
    family.is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    })
}

/// Whether this model takes a temperature: those that reason do not.
pub fn takes_temperature(model: &str) -> bool {
    !["gpt-5", "o1", "o3", "o4"].iter().any(|family| model.starts_with(family))
}

/// A voice for each of the languages that Deepgram has voices for.
///
/// Source: <https://developers.deepgram.com/docs/tts-models>, read in November 2026.
const VOICES: [(&str, &str); 7] = [
    ("en", SPEAK),
    ("es", "aura-2-celeste-es"),
    ("de", "aura-2-viktoria-de"),
    ("fr", "aura-2-agathe-fr"),
    ("it", "aura-2-livia-it"),
    ("nl", "aura-2-rhea-nl"),
    ("ja", "aura-2-izanami-ja"),
];

/// Deepgram's voice for this language, where it has one.
pub fn voice_of(language: Language) -> Option<&'static str> {
    VOICES.iter().find(|(code, _)| *code == language.code()).map(|(_, voice)| *voice)
}

/// Whether this voice of Deepgram's speaks this language: its name says so at its end.
pub fn speaks(voice: &str, language: Language) -> bool {
    voice.rsplit('-').next().and_then(Language::of) == Some(language)
}

/// Whether the model takes `multi` for a language and then hears fifty of them.
pub fn hears_many(model: &str) -> bool {
    model == "nova-3" || model == "nova-3-general"
}
