//! What an error of the service means for the call. Codes come first and types second; messages change.

use super::event::{Fault, text};
use crate::dialect::fault;

/// What to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The owner has to change something, in these words.
    Lasting(&'static str),
    /// This session is as old as any may be; another would go on.
    Aged(&'static str),
    /// The service is in trouble: once more, then elsewhere.
    Retry,
    /// Too much at once: later.
    Rest,
    /// A response was already under way.
    Collision,
    Harmless,
    /// To be told, and survived.
    Trouble,
}

pub(crate) fn judge(fault: &Fault) -> Verdict {
    let verdict = by_name(text(fault.code.as_ref()));
    if verdict == Verdict::Trouble { by_name(text(fault.kind.as_ref())) } else { verdict }
}

fn by_name(name: &str) -> Verdict {
    match name {
        "model_not_found" => Verdict::Lasting("OpenAI does not have this model, or not for this key"),
        "invalid_api_key" => Verdict::Lasting("OpenAI does not accept the key"),
        "account_deactivated" => Verdict::Lasting("The account at OpenAI is deactivated"),
        "beta_api_shape_disabled" => {
            Verdict::Lasting("OpenAI no longer has the beta interface or this preview model")
        }
        "insufficient_quota" | "credit_balance_exhausted" | "billing_hard_limit_reached" => {
            Verdict::Lasting("The credit at OpenAI is used up")
        }
        "session_expired" => Verdict::Aged("The session at OpenAI has lasted as long as any may"),
        "server_error" => Verdict::Retry,
        "rate_limit_exceeded" | "inference_rate_limit_exceeded" | "rate_limit_error" => Verdict::Rest,
        "conversation_already_has_active_response" => Verdict::Collision,
        "response_cancel_not_active" | "input_audio_buffer_commit_empty" => Verdict::Harmless,
        _ => Verdict::Trouble,
    }
}

/// Whether an error that does not say which message it is about may be about a request for a response: not where it
/// speaks of something that only other messages have.
pub(super) fn may_refuse_a_response(about: &Fault) -> bool {
    let (code, param) = (text(about.code.as_ref()), text(about.param.as_ref()));
    let of_items = code.starts_with("item_") || text(about.message.as_ref()).starts_with("Audio content of");
    let of_sound = code.starts_with("input_audio_buffer_");
    let of_others = !(param.is_empty() || param == "response" || param.starts_with("response."));
    !(of_items || of_sound || of_others || code.starts_with("response_cancel_"))
}

/// What the service says about it, fit for a log.
pub(crate) fn words(about: &Fault) -> String {
    let code = Some(text(about.code.as_ref())).filter(|code| !code.is_empty());
    fault::words(text(about.message.as_ref()), code.unwrap_or_else(|| text(about.kind.as_ref())))
}
