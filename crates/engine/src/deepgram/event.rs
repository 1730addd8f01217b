//! What the service sends as text. Fields that we do not need, and those that it has yet to invent, are passed over.

use call::Stages;
use serde::Deserialize;
use std::time::Duration;

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
pub(super) enum Event {
    Welcome,
    SettingsApplied,
    UserStartedSpeaking,
    ConversationText {
        role: String,
        content: String,
        /// Which languages the words are in, where the model that hears tells.
        #[serde(default)]
        languages: Option<Vec<String>>,
    },
    AgentStartedSpeaking(Latencies),
    AgentAudioDone,
    AgentThinking,
    FunctionCallRequest {
        functions: Vec<Function>,
    },
    FunctionCallCancelled {
        functions: Vec<Function>,
    },
    InjectionRefused {
        #[serde(default)]
        message: String,
    },
    Error(Fault),
    Warning(Fault),
    /// What the service did at its own end, confirms, repeats or measures: nothing to a call.
    FunctionCallResponse,
    PromptUpdated,
    ThinkUpdated,
    SpeakUpdated,
    ListenUpdated,
    ThinkLiveUpdated,
    History,
    LatencyReport,
    FrustrationDetected,
    #[serde(rename = "__customFromThinkProvider")]
    FromThinkProvider,
    #[serde(other)]
    Unknown,
}

/// What an answer has taken, in seconds, as far as the service says.
#[derive(Debug, Deserialize)]
pub(super) struct Latencies {
    /// Thinking, and making the first sound.
    #[serde(default)]
    ttt_latency: Option<f64>,
    #[serde(default)]
    tts_latency: Option<f64>,
}

impl Latencies {
    pub(super) fn stages(&self) -> Stages {
        Stages { think: seconds(self.ttt_latency), speak: seconds(self.tts_latency), ..Stages::default() }
    }
}

/// No answer takes an hour.
fn seconds(seconds: Option<f64>) -> Option<Duration> {
    seconds.filter(|seconds| (0.0..3_600.0).contains(seconds)).map(Duration::from_secs_f64)
}

/// One use of a tool that the agent wants, or no longer wants.
#[derive(Debug, Deserialize)]
pub(super) struct Function {
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub name: String,
    /// JSON, as it says.
    #[serde(default)]
    pub arguments: String,
    /// Ours to do. The others the service does itself.
    #[serde(default)]
    pub client_side: bool,
}

/// What went wrong, as the service puts it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Fault {
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub description: String,
}
