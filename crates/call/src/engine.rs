//! The one who answers: a realtime model, an agent service, or the local cascade.

use crate::{Answer, Chunk, Language, Stages, ToolCall, ToolCallId};
use std::{ops::AddAssign, time::Duration};

/// One thing the assistant says, the unit of truncation. Engines name them; we number them in the order in which
/// they began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId(pub u32);

/// One thing the caller says. The first `CallerSpeaks` of a call begins turn 1, the next turn 2, and so on; both
/// sides count for themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TurnId(pub u32);

/// What was said so far (`partial`) or altogether. A later one of the same turn or item replaces an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    pub text: String,
    pub partial: bool,
}

/// What the engine charged for since the last report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub audio_tokens_in: u64,
    pub audio_tokens_out: u64,
    pub text_tokens_in: u64,
    pub text_tokens_out: u64,
    /// Of the tokens in, those billed as cached.
    pub cached_tokens: u64,
    /// Of the tokens in of text, those billed as written to the cache.
    pub cache_write_tokens: u64,
    /// Time of the session, as a service counts it that charges for that and says how much. Like the others, only what is
    /// new since the last report.
    pub session: Duration,
}

impl AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        let Self {
            audio_tokens_in,
            audio_tokens_out,
            text_tokens_in,
            text_tokens_out,
            cached_tokens,
            cache_write_tokens,
            session,
        } = more;
        self.audio_tokens_in = self.audio_tokens_in.saturating_add(audio_tokens_in);
        self.audio_tokens_out = self.audio_tokens_out.saturating_add(audio_tokens_out);
        self.text_tokens_in = self.text_tokens_in.saturating_add(text_tokens_in);
        self.text_tokens_out = self.text_tokens_out.saturating_add(text_tokens_out);
        self.cached_tokens = self.cached_tokens.saturating_add(cached_tokens);
        self.cache_write_tokens = self.cache_write_tokens.saturating_add(cache_write_tokens);
        self.session = self.session.saturating_add(session);
    }
}

/// Why an engine cannot go on, in words for its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub why: String,
    /// It will fail again until its owner changes something: a key, a model, a quota.
    pub lasting: bool,
}

/// What the engine tells us.
#[derive(Clone, Debug, PartialEq)]
pub enum EngineEvent {
    /// It hears the caller, in the agreed formats.
    Ready,
    /// The caller started to speak, as the engine hears it. Begins the next turn.
    CallerSpeaks,
    /// The caller stopped, or the engine thinks so. May follow late, and more than once.
    CallerPauses,
    /// What the answer to the caller's last turn took, which is about to sound: said before its first [`Voice`](Self::Voice),
    /// by engines that know.
    Took(Stages),
    /// A piece of the assistant's voice. Items come one after the other, never mingled.
    Voice(ItemId, Chunk),
    /// The words of this turn, which follow, are in this language, as whoever hears them tells.
    CallerSpoke(TurnId, Language),
    CallerSaid(TurnId, Transcript),
    AssistantSaid(ItemId, Transcript),
    Wants(ToolCall),
    /// The assistant no longer wants this answered.
    Withdraws(ToolCallId),
    /// May the engine's service use this tool by itself? An `Answer` that is `ok` is a yes, and what comes of it follows as
    /// [`Used`](Self::Used).
    MayUse(ToolCall),
    /// The service uses this tool by itself.
    Uses(ToolCall),
    /// What came of a tool that the service has used by itself. It knows.
    Used(ToolCallId, Answer),
    /// The assistant has nothing more to say or want. Ends every reply, a cancelled one too, but is not said while
    /// another that was asked for is still to come.
    Done(Usage),
    /// It was charged for this meanwhile. Nothing is over.
    Charged(Usage),
    /// Something went wrong that the call survives, in words for the owner.
    Trouble(String),
    /// The engine is gone; nothing else follows.
    Failed(Failure),
}

/// What the engine is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum EngineCommand {
    Hear(Chunk),
    /// The caller said this, as the carrier understood it: a whole turn in words, reported as a turn that was heard. A
    /// `Respond` follows.
    Read(String),
    /// The caller has finished: answer now. Engines that decide this themselves ignore it.
    Respond,
    /// Say no more of what is being said; no more voice of it may follow.
    Cancel,
    /// Forget everything of this item after the part the caller heard.
    Truncate(ItemId, Duration),
    /// Forget this item: nothing of it was heard.
    Delete(ItemId),
    Answer(ToolCallId, Answer),
    /// Say these very words.
    Say(String),
    /// Act on this instruction, which is not the caller's.
    Prompt(String),
    /// The caller pressed this key.
    Key(char),
    /// The conversation goes on in this language, BCP 47: it is to be expected and spoken. What is asked for next is to be
    /// answered in it.
    Speak(String),
}
