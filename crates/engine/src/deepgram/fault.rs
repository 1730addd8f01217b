//! What an error or a warning of the service means for the call.
//!
//! Source of the codes: <https://developers.deepgram.com/docs/voice-agent-errors-warnings>.

use super::event::Fault;
use crate::dialect::fault;

/// Why the session is over, and whether it will be again until the owner changes something. An error always ends it.
pub(super) fn judge(fault: &Fault, configured: bool) -> (&'static str, bool) {
    match fault.code.as_str() {
        "INVALID_SETTINGS" => ("Deepgram refused the session as it is configured", true),
        "AGENT_ID_NOT_SUPPORTED" | "INVALID_AGENT_ID" => ("Deepgram does not know this agent", true),
        "USER_AUDIO_FORMAT" => ("Deepgram cannot read the sound of the line", true),
        "FAILED_TO_START_LISTENING" => ("Deepgram could not begin to listen", false),
        "ASR_CONNECTION_CLOSED" | "ASR_DRIVER_TIMEOUT" => ("Deepgram stopped listening", false),
        "FAILED_TO_THINK" => ("The model that thinks for Deepgram failed", false),
        "FAILED_TO_SPEAK" => ("Deepgram could not speak", false),
        "SERVER_GOING_AWAY" => ("Deepgram is about to restart", false),
        "CLIENT_MESSAGE_TIMEOUT" => ("Deepgram heard nothing of us for too long", false),
        "MAXIMUM_SESSION_LENGTH_REACHED" => ("The session at Deepgram has lasted as long as any may", false),
        "INTERNAL_SERVER_ERROR" => ("Deepgram is in trouble", false),
        "UNPARSABLE_CLIENT_MESSAGE"
        | "NON_SETTINGS_MESSAGE_BEFORE_SETTINGS"
        | "SETTINGS_ALREADY_APPLIED"
        | "NON_EXISTENT_FUNCTION_CALLED" => ("Deepgram did not take a message of ours", false),
        _ if configured => ("Deepgram ended the session", false),
        // Nothing of what we asked for was taken over.
        _ => ("Deepgram refused the session", true),
    }
}

/// Whether the session is over because it was as old as any may be, or because the service restarts.
pub(super) fn is_age(code: &str) -> bool {
    ["MAXIMUM_SESSION_LENGTH_REACHED", "SERVER_GOING_AWAY"].contains(&code)
}

/// What a warning asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Warned {
    /// What was to be said was dropped.
    Injection,
    /// The model, or the voice, takes its time.
    Slow,
    Harmless,
    /// The session will end before long.
    Ending,
    /// To be told, and survived.
    Trouble,
}

pub(super) fn heed(fault: &Fault) -> Warned {
    match fault.code.as_str() {
        "INJECT_AGENT_MESSAGE_DURING_USER_SPEECH" | "INJECT_AGENT_MESSAGE_DURING_AGENT_SPEECH" => {
            Warned::Injection
        }
        "SLOW_THINK_REQUEST" | "SLOW_SPEAK_REQUEST" => Warned::Slow,
        "VOICE_PROMPT_ADDED" => Warned::Harmless,
        "MAXIMUM_SESSION_LENGTH_APPROACHING" => Warned::Ending,
        _ => Warned::Trouble,
    }
}

/// What the service says about it, fit for a log.
pub(super) fn words(about: &Fault) -> String {
    fault::words(&about.description, &about.code)
}
