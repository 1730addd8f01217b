//! What the assistant may ask for in the middle of a sentence.

/// The engine's name for one use of a tool; unique within a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ToolCallId(pub String);

/// One use of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    pub id: ToolCallId,
    pub name: String,
    /// JSON, not yet read.
    pub arguments: String,
}

impl ToolCall {
    /// The text argument of this name, where it is plain: without escapes, and short enough to be a number or an
    /// address.
    pub(crate) fn text_argument(&self, name: &str) -> Option<String> {
        let (_, after) = self.arguments.split_once(&format!("\"{name}\""))?;
        let value = after.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
        let (value, _) = value.split_once('"')?;
        let plain = !value.is_empty()
            && value.len() <= 256
            && !value.contains(['\\', '<', '>', '&'])
            && value.is_ascii();
        plain.then(|| value.to_owned())
    }
}

/// What a tool tells the assistant. Failing is also an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub ok: bool,
    /// A sentence the assistant can say.
    pub say: String,
    /// JSON for an assistant that wants to know more; empty where there is nothing more to know.
    pub data: String,
    /// What changed in the world, if anything did.
    pub effect: Effect,
}

impl Answer {
    /// An answer that says this and changed nothing.
    pub fn said(say: impl Into<String>) -> Self {
        Self { ok: true, say: say.into(), data: String::new(), effect: Effect::None }
    }

    /// A refusal, with a sentence that tells the caller what would work.
    pub fn failed(say: impl Into<String>) -> Self {
        Self { ok: false, say: say.into(), data: String::new(), effect: Effect::None }
    }
}

/// What a tool changed. "Booked" may only be said of what is `Booked` here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Effect {
    #[default]
    None,
    Booked(Agreed),
    Moved(Agreed),
    Cancelled(Agreed),
    /// A message left the house; the text names whom it went to.
    Sent(String),
}

/// The appointment that an [`Effect`] is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    pub id: String,
    /// Local start, `2026-11-24T10:30`.
    pub starts: String,
}
