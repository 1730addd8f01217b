//! What an owner can choose about OpenAI Live.

use crate::ApiKey;

/// Everything that does not change from call to call.
#[derive(Clone, Debug)]
pub struct Config {
    /// `wss:` address, such as [`ADDRESS`]. The service takes no query.
    pub url: String,
    pub key: ApiKey,
    /// The model that listens and speaks, such as [`MODEL`].
    pub model: String,
    /// The model that does what the voice hands over, and uses the tools, such as [`BACKEND`].
    pub backend: String,
}

/// Where OpenAI Live is.
pub const ADDRESS: &str = "wss://api.openai.com/v1/live/sessions";

/// The only model that listens and speaks at the same time, as of November 2026.
pub const MODEL: &str = "gpt-live-1";

/// The model behind the voice: the cheaper of those that OpenAI's guide names.
pub const BACKEND: &str = "gpt-5.6-luna";

/// The voice where none is chosen.
pub const VOICE: &str = "marin";

/// The voices that the package `openai` 3.52.0 lists, and those that the guide adds for some languages.
const VOICES: [&str; 31] = [
    "marin", "alloy", "ash", "ballad", "beacon", "bossa", "cedar", "cinder", "coral", "delta", "echo",
    "gleam", "meridian", "quartz", "ripple", "sage", "shida", "shimmer", "stone", "tempo", "verse", "vesper",
    "willow", "nuri", "juni", "flitz", "brise", "sillage", "nira", "harema", "noeul",
];

impl Config {
    /// What a new installation has.
    pub fn new(key: ApiKey) -> Self {
        Self { url: ADDRESS.into(), key, model: MODEL.into(), backend: BACKEND.into() }
    }
}

/// The voices' names, the default first. Own voices come beside them.
pub fn voices() -> &'static [&'static str] {
    &VOICES
}

/// Whether the service has a voice of this name; own ones are named `voice_…`.
pub fn has_voice(name: &str) -> bool {
    VOICES.contains(&name) || name.strip_prefix("voice_").is_some_and(|rest| !rest.is_empty())
}
