//! How the stand-in behaves: what it answers, how fast, and what goes wrong.

use crate::openai::{Item, Sound, Voice};
use serde_json::Value;
use std::{collections::VecDeque, time::Duration};

pub use crate::openai::Hearing;

/// The behaviour of a session, from its first message on.
#[derive(Clone, Debug)]
pub struct Script {
    /// The key that opens a connection; any where there is none.
    pub key: Option<String>,
    /// The status that every connection is refused with.
    pub refuse: Option<u16>,
    /// How the greeting, and what is injected, sounds; the words are the client's.
    pub voice: Voice,
    /// What the answers are, in the order in which they are given.
    pub replies: VecDeque<Reply>,
    /// What every further answer is.
    pub otherwise: Reply,
    /// What the caller is understood to say, turn by turn; an empty text is a cough.
    pub understood: VecDeque<String>,
    /// What they are understood to say in every further turn.
    pub otherwise_understood: String,
    pub hearing: Hearing,
    /// How long `Settings` take to be applied.
    pub apply_takes: Duration,
    /// How much sound of the old turn still comes after the caller has spoken up.
    pub stale: Duration,
    /// Keep the caller's audio; else only its length.
    pub keep_audio: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            key: None,
            refuse: None,
            voice: Voice::new(Sound::Tone { hertz: 440.0 }, Duration::from_secs(1)),
            replies: VecDeque::new(),
            otherwise: Reply::tone(Duration::from_secs(1)),
            understood: VecDeque::new(),
            otherwise_understood: "Hello.".into(),
            hearing: Hearing::Energy,
            apply_takes: Duration::ZERO,
            stale: Duration::from_millis(300),
            keep_audio: false,
        }
    }
}

/// One turn of the agent's.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Tools that stand side by side are wanted in one message.
    pub items: Vec<Item>,
    /// From the end of the caller's turn to the first sign.
    pub thinks: Duration,
    pub end: End,
    /// Words come after their first sound, and nothing announces them.
    pub sound_first: bool,
}

impl Reply {
    /// A tone of this length.
    pub fn tone(length: Duration) -> Self {
        Self::of(vec![Item::Voice(Voice::new(Sound::Tone { hertz: 440.0 }, length))])
    }

    /// Says this for so long.
    pub fn says(words: impl Into<String>, length: Duration) -> Self {
        let voice = Voice::new(Sound::Tone { hertz: 440.0 }, length);
        Self::of(vec![Item::Voice(Voice { transcript: words.into(), ..voice })])
    }

    /// One use of a tool.
    pub fn tool(name: impl Into<String>, arguments: &Value) -> Self {
        Self::of(vec![Item::Tool { name: name.into(), arguments: arguments.to_string() }])
    }

    /// These items, one after the other.
    pub fn of(items: Vec<Item>) -> Self {
        Self { items, thinks: Duration::ZERO, end: End::Completed, sound_first: false }
    }

    /// The same with another end.
    #[must_use]
    pub fn ending(self, end: End) -> Self {
        Self { end, ..self }
    }
}

/// How a turn ends, once its items are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// `AgentAudioDone` after the last sound.
    Completed,
    /// Nothing says that it has ended.
    Silent,
    /// An `Error` with this code within the last item, and the end of the session.
    Fails(String),
    /// The connection closes within the last item, with this code.
    Closes(u16),
    /// The connection is cut within the last item.
    Drops,
}
