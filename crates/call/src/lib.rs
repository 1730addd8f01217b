//! What a phone conversation is.
//!
//! Nothing in this crate touches a socket, a clock or a task. [`Call`] takes what happened and when, and says what to
//! do about it:
//!
//! ```text
//!   Line ──┐                    ┌── Line
//! Engine ──┤ handle(now, Input) │── Engine
//!   Tool ──┼──────► Call ───────┼── Tool
//!  Timer ──┘      poll() → Output └── Note
//! ```
//!
//! To add a concern (a new promise), write a file beside `floor.rs` with its state and its rule, and let `Call`
//! compose it. To add a word to [`EngineEvent`] or [`LineEvent`], find two engines or carriers that need it first.

mod audio;
mod call;
mod claim;
mod consent;
mod engine;
mod errand;
mod floor;
mod history;
mod language;
mod line;
mod note;
mod numbering;
mod pin;
mod playout;
mod policy;
mod stages;
mod timer;
mod tongue;
mod tool;
mod wire;
mod written;

pub use audio::{Chunk, Format};
pub use call::{Call, Ending, Input, Output};
pub use claim::Deed;
pub use consent::{Asked, Standing};
pub use engine::{EngineCommand, EngineEvent, Failure, ItemId, Transcript, TurnId, Usage};
pub use history::{Handover, Past};
pub use language::{Language, months};
pub use line::{LineCommand, LineEvent, Manner, Mark};
pub use note::Note;
pub use pin::{Digits, PIN_LENGTH, PinVerdict};
pub use playout::{Cut, Playout};
pub use policy::{Policy, Wording};
pub use stages::Stages;
pub use timer::Timer;
pub use tongue::Why;
pub use tool::{Agreed, Answer, Effect, Others, ToolCall, ToolCallId, is_hidden, visible};
pub use wire::{Message, Wire};
pub use written::Written;
