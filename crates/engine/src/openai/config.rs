//! What an owner can choose about OpenAI Realtime.

use crate::ApiKey;
use std::time::Duration;

/// Everything that does not change from call to call.
#[derive(Clone, Debug)]
pub struct Config {
    /// `wss:` address without the model, such as [`ADDRESS`].
    pub url: String,
    pub key: ApiKey,
    /// Such as [`MODEL`].
    pub model: String,
    pub turns: TurnDetection,
    /// The model that writes down what the caller says, such as [`TRANSCRIPTION`]; `None`: nobody does, and an
    /// interruption is told from a cough by its length alone.
    pub transcription: Option<String>,
    pub noise_reduction: Option<NoiseReduction>,
    /// After how long the service ends a session, such as [`LONGEST`].
    pub longest: Duration,
}

/// After how long OpenAI ends a session (<https://platform.openai.com/docs/guides/realtime-conversations>).
pub const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Where OpenAI is.
pub const ADDRESS: &str = "wss://api.openai.com/v1/realtime";

/// The model that a new installation talks to. `gpt-realtime` and `gpt-realtime-mini` are shut down on 2027-01-20.
pub const MODEL: &str = "gpt-realtime-2.1";

/// The model that writes down what callers say. The `whisper-1` and `gpt-4o-…transcribe` models are shut down on
/// 2027-02-26; `gpt-live-transcribe` and `gpt-realtime-whisper` refuse a session that detects turns, and a refused
/// session would still have the wrong audio formats.
pub const TRANSCRIPTION: &str = "gpt-transcribe";

impl Config {
    /// What a new installation has.
    pub fn new(key: ApiKey) -> Self {
        Self {
            url: ADDRESS.into(),
            key,
            model: MODEL.into(),
            turns: TurnDetection::default(),
            transcription: Some(TRANSCRIPTION.into()),
            noise_reduction: None,
            longest: LONGEST,
        }
    }
}

/// How the service finds out that the caller has finished.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TurnDetection {
    /// A model judges whether the sentence is finished.
    Semantic(Eagerness),
    /// A silence of this length is the end.
    Server {
        /// How loud speech is, 0 to 1. Higher in a noisy place.
        threshold: f64,
        /// How much from before the first loud sound belongs to the turn.
        prefix: Duration,
        silence: Duration,
    },
}

impl TurnDetection {
    /// Server VAD as the service has it where nothing is said, but with the documented silence of 500 ms: what the
    /// service really takes differs.
    pub const SERVER: TurnDetection = TurnDetection::Server {
        threshold: 0.5,
        prefix: Duration::from_millis(300),
        silence: Duration::from_millis(500),
    };
}

impl Default for TurnDetection {
    fn default() -> Self {
        TurnDetection::Semantic(Eagerness::Auto)
    }
}

/// How soon semantic turn detection takes a pause for the end: at the latest after 8, 4 or 2 seconds; `Auto` is
/// `Medium`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Eagerness {
    Low,
    Medium,
    High,
    #[default]
    Auto,
}

/// Where the caller's microphone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoiseReduction {
    /// A handset or headset.
    Near,
    /// A room.
    Far,
}

/// The voices that OpenAI has. A custom one, named `voice_…`, is taken as well.
pub const VOICES: &[&str] =
    &["marin", "cedar", "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse"];

/// The voice that takes the place of one which OpenAI does not have.
pub const VOICE: &str = VOICES[0];

/// Every voice by name; the first is the default.
pub fn voices() -> &'static [&'static str] {
    VOICES
}

/// Whether OpenAI has this voice. A `VOICE` that it does not have is replaced by [`VOICE`].
pub fn has_voice(name: &str) -> bool {
    VOICES.contains(&name) || name.strip_prefix("voice_").is_some_and(|rest| !rest.is_empty())
}
