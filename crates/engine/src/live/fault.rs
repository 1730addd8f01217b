//! What an error of the service means for the call: as at OpenAI Realtime, and what only this interface says.

use crate::{
    dialect::fault::plain,
    openai::{event::Fault, event::text, fault},
};

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The owner has to change something, in these words.
    Lasting(&'static str),
    /// This session is as old as any may be; another would go on.
    Aged(&'static str),
    /// An answer of a tool was too much.
    TooMuch,
    /// The model behind the voice lacks an answer of a tool.
    Lacking,
    /// What we said was not placed in the conversation.
    NotSaid,
    /// To be told, and survived.
    Trouble,
}

pub(super) fn judge(about: &Fault) -> Verdict {
    let verdict = by_name(text(about.code.as_ref()));
    let verdict = if verdict == Verdict::Trouble { by_name(text(about.kind.as_ref())) } else { verdict };
    if verdict != Verdict::Trouble {
        return verdict;
    }
    match fault::judge(about) {
        fault::Verdict::Lasting(why) => Verdict::Lasting(why),
        fault::Verdict::Aged(why) => Verdict::Aged(why),
        fault::Verdict::Retry
        | fault::Verdict::Rest
        | fault::Verdict::Collision
        | fault::Verdict::Harmless
        | fault::Verdict::Trouble => Verdict::Trouble,
    }
}

fn by_name(name: &str) -> Verdict {
    match name {
        "forbidden" => Verdict::Lasting("OpenAI does not allow this key to use OpenAI Live"),
        "invalid_model" => Verdict::Lasting("OpenAI does not have this model, or not for OpenAI Live"),
        "response_input_buffer_full" => Verdict::TooMuch,
        "function_call_outputs_required" => Verdict::Lacking,
        "context_injection_incomplete" => Verdict::NotSaid,
        _ => Verdict::Trouble,
    }
}

/// Whether trouble at the start may be gone the next time, rather than the owner's to mend.
pub(super) fn passes(about: &Fault) -> bool {
    matches!(fault::judge(about), fault::Verdict::Retry | fault::Verdict::Rest)
}

/// Why a session ended, in words for the owner, and whether that was because it was as old as any may be.
pub(super) fn ended(reason: &str) -> (String, bool) {
    match reason {
        "expired" => ("The session at OpenAI has lasted as long as any may.".into(), true),
        "content" => ("OpenAI ended the session because of what was said in it.".into(), false),
        "connection_lost" => ("OpenAI lost the connection.".into(), false),
        "" => ("OpenAI ended the session.".into(), false),
        reason => (format!("OpenAI ended the session ({}).", plain(reason)), false),
    }
}
