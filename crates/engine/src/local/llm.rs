//! Thinking by a language model: what it is asked, and what comes back while it thinks.
//!
//! ```text
//!   Ask ─► ollama.rs, chat.rs   the words of one service
//!             │                structured.rs  where a model cannot use tools by itself
//!             └ stream.rs ═══ one POST, its answer read line by line ═══► Delta, Delta, … Done
//! ```
//!
//! To add a service: a file with how it is asked and how its lines are read, an arm in `stream.rs`, a strict stand-in in
//! `sim`.

pub mod chat;
pub mod ollama;
mod stream;
mod structured;

use crate::ToolSpec;
use call::{Failure, ToolCall, ToolCallId, Usage};
use futures_util::stream::BoxStream;
use serde_json::{Value, json};
use std::sync::Arc;

/// A language model that is given a conversation and goes on with it.
pub trait Llm: Send + Sync {
    /// Thinks about what to say and do next. What comes of it comes piece by piece and ends with [`Delta::Done`] or with
    /// an error, whose words are for the owner. Dropping the stream stops the model.
    fn think(&self, ask: Ask) -> BoxStream<'static, Result<Delta, Failure>>;
}

/// What a model is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Instructions first, the latest last; never two of the caller's in a row, and the last is no assistant's.
    pub messages: Vec<Message>,
    pub tools: Arc<[ToolSpec]>,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Who the assistant is and what it may do.
    System(String),
    /// The caller's words; notes that are not theirs stand in square brackets.
    Caller(String),
    /// What the assistant said, as far as it was heard, and the tools that it wanted. Either may be empty.
    Assistant { text: String, wants: Vec<ToolCall> },
    /// What a tool answered; follows the message that wanted it, in the same order.
    Answer { id: ToolCallId, name: String, text: String },
}

impl Message {
    /// Who says it and what, as every wire begins with it.
    fn said(&self) -> Value {
        let (role, text) = match self {
            Message::System(text) => ("system", text),
            Message::Caller(text) => ("user", text),
            Message::Assistant { text, .. } => ("assistant", text),
            Message::Answer { text, .. } => ("tool", text),
        };
        json!({"role": role, "content": text})
    }
}

/// What comes while a model thinks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delta {
    /// A piece of what it says, cut anywhere.
    Text(String),
    /// It thinks, and what is not to be said.
    Busy,
    /// It wants this tool, whole; the arguments are what it wrote, JSON or not.
    Wants { name: String, arguments: String },
    /// It has finished. `cut`: as its answer became too long.
    Done { usage: Usage, cut: bool },
}
