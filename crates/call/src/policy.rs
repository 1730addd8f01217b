//! How patient a call is.

use crate::{Chunk, Language};
use std::{collections::BTreeSet, time::Duration};

/// The bounds within which a call is polite. Every field is a length of time from a moment that its name says.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// No call lasts longer.
    pub longest_call: Duration,
    /// Ask "are you there?" after this much silence, hang up after the second.
    pub silence: Duration,
    /// Speech without a pause that lasts this long counts as silence: some noise that nobody makes.
    pub monologue: Duration,
    /// Speech over the assistant that lasts this long is an interruption even before its words are known.
    pub doubt: Duration,
    /// A caller who stopped without a word known for this long did not mean to interrupt.
    pub no_words: Duration,
    /// Tell the caller to wait when a tool takes longer than this and nothing is to be heard.
    pub filler: Duration,
    /// Give up on a tool and tell the assistant so.
    pub tool_patience: Duration,
    /// A tool that tells that it gets on is waited for longer, up to this.
    pub longest_tool: Duration,
    /// How often a caller who waits is told how much is done.
    pub progress: Duration,
    /// What they are told then, with `{percent}` in it.
    pub progress_words: String,
    /// What is said of a tool that is given up, where the caller can be told its answer after the call; empty: they
    /// cannot.
    pub later_words: String,
    /// Tools that the caller may have to agree to, or to have asked for themselves: what they say is waited for.
    pub guarded: BTreeSet<String>,
    /// To whom a call may be transferred, by the names that the engine knows.
    pub destinations: Vec<String>,
    /// What the caller is told who wants to be connected where they cannot be.
    pub transfer_refusal: String,
    /// What the caller is told before a transfer, where the assistant has said nothing; may be empty.
    pub transfer_words: String,
    /// How long a transfer may take to be accepted.
    pub connecting: Duration,
    /// There is a PIN that makes whoever types it the owner.
    pub pin: bool,
    /// Let a goodbye finish, but not for longer than this.
    pub farewell: Duration,
    /// What the caller is told while a tool is slow.
    pub filler_words: String,
    /// The last words before a silent call ends.
    pub silence_goodbye: String,
    /// The last words when a call has lasted as long as any may.
    pub longest_goodbye: String,
    /// So many engines are there to go on, one after the other, should one fail.
    pub spares: u32,
    /// When none of them can, the caller may leave a message.
    pub messages: bool,
    /// What an engine that takes over says first.
    pub bridge_words: String,
    /// How long an engine that has taken over may take to notice that the caller speaks.
    pub takeover: Duration,
    /// So long before a session ends a new one is to take its place.
    pub renewal: Duration,
    /// The last words when no more money may be spent.
    pub cost_goodbye: String,
    /// Played when the engine is gone, in the format of the line.
    pub apology: Option<Chunk>,
    /// What the engine is told when nobody spoke for `silence`.
    pub silence_prompt: String,
    /// The languages in which the call may be held, each with what the call says by itself in it. It begins in the first, whose
    /// words are also those above. Fewer than two: it is held in one language.
    pub languages: Vec<Wording>,
}

/// What a call says by itself, in one language. Each field is what the one of that name is in [`Policy`].
#[derive(Clone, Debug, PartialEq)]
pub struct Wording {
    /// BCP 47, as engines are told it.
    pub tag: String,
    pub filler_words: String,
    pub progress_words: String,
    pub bridge_words: String,
    pub silence_goodbye: String,
    pub longest_goodbye: String,
    pub cost_goodbye: String,
    pub transfer_words: String,
    pub apology: Option<Chunk>,
}

impl Policy {
    /// The same for a call that begins in this language, where it may be held in it.
    #[must_use]
    pub fn beginning_in(mut self, tag: &str) -> Self {
        let Some(language) = Language::of(tag) else { return self };
        let own = |wording: &Wording| Language::of(&wording.tag) == Some(language);
        if let Some(at) = self.languages.iter().position(own).filter(|at| *at > 0) {
            let wording = self.languages.remove(at);
            self.languages.insert(0, wording);
            self.speak(language);
        }
        self
    }

    /// From now on the call says what it says by itself in this language; gives the language's tag. Nothing where the call
    /// may not be held in it.
    pub(crate) fn speak(&mut self, language: Language) -> Option<String> {
        let wording = self.languages.iter().find(|wording| Language::of(&wording.tag) == Some(language))?;
        let Wording {
            tag,
            filler_words,
            progress_words,
            bridge_words,
            silence_goodbye,
            longest_goodbye,
            cost_goodbye,
            transfer_words,
            apology,
        } = wording.clone();
        self.filler_words = filler_words;
        self.progress_words = progress_words;
        self.bridge_words = bridge_words;
        self.silence_goodbye = silence_goodbye;
        self.longest_goodbye = longest_goodbye;
        self.cost_goodbye = cost_goodbye;
        self.transfer_words = transfer_words;
        self.apology = apology;
        Some(tag)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            longest_call: Duration::from_secs(30 * 60),
            silence: Duration::from_secs(20),
            monologue: Duration::from_secs(120),
            doubt: Duration::from_millis(1_000),
            no_words: Duration::from_millis(1_200),
            filler: Duration::from_millis(800),
            tool_patience: Duration::from_secs(15),
            longest_tool: Duration::from_secs(60),
            progress: Duration::from_secs(8),
            progress_words: "I am still at it; about {percent} percent is done.".into(),
            later_words: String::new(),
            guarded: BTreeSet::new(),
            destinations: vec![],
            transfer_refusal: "I cannot connect you there. I can take a message.".into(),
            transfer_words: "I am connecting you. Please hold.".into(),
            connecting: Duration::from_secs(15),
            pin: false,
            farewell: Duration::from_secs(10),
            filler_words: "One moment, please.".into(),
            silence_goodbye: "I will hang up now. Goodbye.".into(),
            longest_goodbye: "I am sorry, we have to end this call now. Goodbye.".into(),
            spares: 0,
            messages: false,
            bridge_words: "I am sorry, we were interrupted for a moment.".into(),
            takeover: Duration::from_secs(2),
            renewal: Duration::from_secs(5 * 60),
            cost_goodbye: "I am sorry, I have to end this call now. Please call again another time. Goodbye."
                .into(),
            apology: None,
            silence_prompt:
                "Nobody has spoken for a while. Ask in one short sentence, in the language of this conversation, whether \
                 the caller is still there."
                    .into(),
            languages: vec![],
        }
    }
}
