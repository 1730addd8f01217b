//! [`Call`]: the conversation itself.

use crate::{Answer, EngineCommand, EngineEvent, LineCommand, LineEvent, Note, ToolCall, ToolCallId};

/// Everything that can happen to a call.
#[derive(Debug)]
pub enum Input {
    Line(LineEvent),
    Engine(EngineEvent),
    Tool(ToolCallId, Answer),
    /// Someone at the dashboard wants the call to end.
    Dismissed,
    /// The deadline of [`Call::deadline`] may have passed.
    Tick,
}

/// Everything a call can ask for.
#[derive(Debug, PartialEq)]
pub enum Output {
    Line(LineCommand),
    Engine(EngineCommand),
    Tool(ToolCall),
    Note(Note),
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    CallerHungUp,
    AssistantHungUp,
    Transferred,
    Dismissed,
    TooLong,
    Silent,
    EngineFailed,
}

/// One conversation.
pub struct Call;
