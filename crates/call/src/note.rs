//! What is worth writing down about a call. Notes are the transcript, the timeline and the metrics.

use crate::{Agreed, Deed, Effect, Ending, ItemId, Language, Stages, Timer, ToolCallId, TurnId, Usage, Why};
use std::time::Duration;

/// One thing that happened, in the order in which it happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// The engine hears the caller.
    EngineReady,
    CallerSpoke(TurnId),
    /// The engine decided that the caller has finished.
    CallerPaused(TurnId),
    CallerSaid(TurnId, String),
    AssistantSaid(ItemId, String),
    /// The first sound of an item left for the caller.
    Sounding(ItemId),
    /// That was the first that the caller heard since this turn of theirs.
    Answered {
        turn: TurnId,
        item: ItemId,
        /// From the end of the turn, as the call learnt of it, to that first sound.
        after: Duration,
        stages: Stages,
    },
    /// The caller spoke over the assistant and heard `heard` of this item's `sent`.
    Interrupted {
        item: ItemId,
        heard: Duration,
        sent: Duration,
    },
    /// What seemed an interruption was none; the assistant goes on.
    FalseInterruption,
    /// A key was pressed. Which one is nobody's business.
    KeyPressed,
    /// The caller has typed the PIN, and is the owner from now on.
    TrustRaised,
    /// A PIN was typed that was not right; so many tries are left.
    PinRefused {
        left: u8,
    },
    /// The caller was to be connected to somebody else, and could not be.
    TransferRefused,
    ToolAsked {
        id: ToolCallId,
        name: String,
        arguments: String,
    },
    /// The engine's service uses that one by itself.
    ToolHosted(ToolCallId),
    ToolAnswered {
        id: ToolCallId,
        name: String,
        ok: bool,
        say: String,
        effect: Effect,
        took: Duration,
    },
    /// A tool was not used yet: the caller is to be asked this first.
    ConsentAsked {
        name: String,
        words: String,
    },
    /// The caller has said yes to it, and it is used.
    ConsentGiven {
        name: String,
    },
    /// The caller has said no to it.
    ConsentRefused {
        name: String,
    },
    /// A tool took long, and the caller was told to wait.
    Filler(String),
    /// Nobody spoke for long, and the caller was asked.
    AskedIfThere,
    /// What the engine charged for.
    Used(Usage),
    /// The assistant claimed what no tool has done in this call, and the caller heard it.
    FalseClaim {
        item: ItemId,
        deed: Deed,
        /// The assistant's words up to the claim's end, at most 200 bytes of them.
        said: String,
        /// What a tool did do, where only the day or time was claimed wrongly.
        agreed: Option<Agreed>,
        /// The engine was told to take it back.
        corrected: bool,
    },
    /// Another engine goes on with the conversation, or somebody takes a message.
    Relieved,
    /// The engine goes on in a new session, as the old one would have ended soon.
    Renewed,
    /// The call goes on in another language.
    LanguageChanged {
        from: Language,
        to: Language,
        why: Why,
    },
    /// Something went wrong that the call survived.
    Trouble(String),
    /// A deadline passed.
    Woke(Timer),
    Ended(Ending),
}
