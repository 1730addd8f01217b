//! What may answer, and how each engine and its parts are set.

use crate::secret::Secret;
use std::{path::PathBuf, time::Duration};

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EngineKind {
    OpenAi,
    OpenAiLive,
    Deepgram,
    Local,
}

impl EngineKind {
    pub const ALL: [Self; 4] = [Self::OpenAi, Self::OpenAiLive, Self::Deepgram, Self::Local];

    /// As `ENGINE` spells it.
    pub fn name(self) -> &'static str {
        match self {
            EngineKind::OpenAi => "openai",
            EngineKind::OpenAiLive => "openai-live",
            EngineKind::Deepgram => "deepgram",
            EngineKind::Local => "local",
        }
    }
}

/// `[openai]`
#[derive(Clone, Debug)]
pub struct OpenAi {
    pub api_key: Option<Secret>,
    pub model: String,
    /// What writes down what the caller says; empty: nothing does.
    pub transcription_model: String,
    pub turn: TurnDetection,
    /// `near_field` or `far_field`; none: off.
    pub noise_reduction: Option<&'static str>,
    /// After how long the service ends a session.
    pub session: Duration,
    pub realtime_url: String,
    pub live_url: String,
    /// What listens and speaks at OpenAI Live, and what works behind it.
    pub live_model: String,
    pub live_backend_model: String,
    pub base_url: String,
}

/// How it is decided that the caller has finished.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TurnDetection {
    pub by: TurnBy,
    /// `low`, `medium`, `high` or `auto`; for [`TurnBy::Meaning`].
    pub eagerness: &'static str,
    /// 0 to 1; this and the rest for [`TurnBy::Silence`].
    pub threshold: f64,
    pub prefix_ms: u32,
    pub silence_ms: u32,
}

/// What tells that the caller has finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnBy {
    /// A model that understands what is said (`semantic_vad`).
    Meaning,
    /// A pause (`server_vad`).
    Silence,
}

/// `[deepgram]`
#[derive(Clone, Debug)]
pub struct Deepgram {
    pub api_key: Option<Secret>,
    pub listen_model: String,
    pub think_provider: &'static str,
    pub think_model: String,
    pub speak_model: String,
    pub agent_url: String,
    pub base_url: String,
}

/// `[local]`: the parts of the engine `local`.
#[derive(Clone, Debug)]
pub struct Local {
    pub vad: Ear,
    pub hear: Hearing,
    /// Empty: the part's default.
    pub hear_model: String,
    /// None: `openai.base_url`.
    pub hear_url: Option<String>,
    pub hear_api_key: Option<Secret>,
    pub hear_words: String,
    pub speak: Speaking,
    pub speak_model: String,
    pub speak_voice: String,
    pub speak_manner: String,
    pub speak_url: Option<String>,
    pub speak_api_key: Option<Secret>,
    pub piper: PathBuf,
}

/// Who tells speech from other sounds in the engine `local`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ear {
    /// By loudness.
    Energy,
    /// By a small neural network.
    Neural,
}

/// Who hears in the engine `local`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearing {
    PocketSphinx,
    Whisper,
    OpenAi,
    Deepgram,
}

/// Who speaks in the engine `local`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaking {
    Flite,
    Espeak,
    Piper,
    OpenAi,
    Deepgram,
}

/// `[think]`
#[derive(Clone, Debug)]
pub struct Think {
    pub by: Thinker,
    pub model: String,
    /// None: OpenAI.
    pub url: Option<String>,
    pub api_key: Option<Secret>,
    pub early: bool,
}

/// Who thinks in the engine `local`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thinker {
    Desk,
    Ollama,
    OpenAi,
}

/// `[ollama]`
#[derive(Clone, Debug)]
pub struct Ollama {
    pub host: String,
    pub model: String,
    pub effort: engine::local::llm::ollama::Effort,
    /// In tokens.
    pub context: u32,
}
