//! How the stand-in behaves: what it says, what it hands over, and what goes wrong.

use serde_json::Value;
use sound::g711;
use std::{collections::VecDeque, f32::consts::TAU, sync::Arc, time::Duration};

/// The behaviour of a session, from its first message on.
#[derive(Clone, Debug)]
pub struct Script {
    /// The key that opens a connection; any where there is none.
    pub key: Option<String>,
    /// The upgrade is refused with this status.
    pub refuse: Option<u16>,
    pub start: Start,
    /// What it does when the caller has finished a turn, turn by turn; afterwards it goes on listening.
    pub answers: VecDeque<Reply>,
    /// What it says when it is told to say something: one after the other, afterwards the words that it was told, as a tone.
    pub says: VecDeque<Speech>,
    /// What the caller is understood to say, turn by turn.
    pub understood: VecDeque<String>,
    /// How long it speaks on when the caller speaks; `None`: to the end.
    pub yields_after: Option<Duration>,
    /// How long what is appended takes to be placed.
    pub places_after: Duration,
    /// How much sound one delta carries.
    pub delta: Duration,
    /// How long a session lasts, in the time of the sound.
    pub longest: Duration,
    /// How often it says how much of its time is charged for.
    pub counts_every: Duration,
    /// Keep the caller's audio.
    pub keep_audio: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            key: None,
            refuse: None,
            start: Start::Confirmed,
            answers: VecDeque::new(),
            says: VecDeque::new(),
            understood: VecDeque::new(),
            yields_after: Some(Duration::from_millis(200)),
            places_after: Duration::from_millis(600),
            delta: Duration::from_millis(100),
            longest: Duration::from_secs(7_200),
            counts_every: Duration::from_secs(60),
            keep_audio: false,
        }
    }
}

/// What comes of `session.start`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    Confirmed,
    /// An error instead, with this type and code.
    Refused(String, String),
    /// Confirmed in another format than was asked for.
    OtherFormat(Value),
    /// Nothing at all.
    Ignored,
}

/// What it does when the caller has finished.
#[derive(Clone, Debug)]
pub enum Reply {
    Says(Speech),
    /// It hands over: these tools are wanted, one round after the other, and then this is said.
    HandsOver(Vec<Vec<Tool>>, Speech),
    /// It says the first, hands over meanwhile, and says the second when that is done.
    SaysAndHandsOver(Speech, Vec<Vec<Tool>>, Speech),
    /// The model behind the voice fails.
    Fails,
    /// The connection is cut so far into this.
    BreaksOff(Speech, Duration),
    /// The session is as old as any may be so far into this.
    Expires(Speech, Duration),
}

/// One use of a tool.
#[derive(Clone, Debug)]
pub struct Tool {
    pub name: String,
    /// As it is sent, whether or not it is JSON.
    pub arguments: String,
}

impl Tool {
    pub fn new(name: impl Into<String>, arguments: &Value) -> Self {
        Self { name: name.into(), arguments: arguments.to_string() }
    }
}

/// Something that it says.
#[derive(Clone, Debug)]
pub struct Speech {
    pub words: String,
    /// At 8 kHz.
    pub samples: Arc<[i16]>,
}

impl Speech {
    /// A tone of this length that stands for these words.
    pub fn tone(words: impl Into<String>, hertz: f32, length: Duration) -> Self {
        let samples = (0..length.as_millis() as usize * 8).map(|n| {
            let phase = (n as f32 * hertz / 8_000.0).fract() * TAU;
            (phase.sin() * 8_000.0) as i16
        });
        Self { words: words.into(), samples: samples.collect() }
    }

    /// Speech, with its words.
    pub fn spoken(words: impl Into<String>, samples: Vec<i16>) -> Self {
        Self { words: words.into(), samples: samples.into() }
    }

    pub fn length(&self) -> Duration {
        Duration::from_millis(self.samples.len() as u64 / 8)
    }
}

/// How the bytes of a session are to be read, either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// So many thousand samples a second, 16 bits each.
    Pcm(usize),
    Ulaw,
    Alaw,
}

impl Format {
    /// Reads `{"type": "audio/…", "rate": …}`; where nothing is said it is PCM of 24 kHz.
    pub(super) fn read(format: &Value) -> Self {
        match format["type"].as_str() {
            Some("audio/pcmu") => Self::Ulaw,
            Some("audio/pcma") => Self::Alaw,
            _ => Self::Pcm(format["rate"].as_u64().map_or(24, |rate| rate as usize / 1_000)),
        }
    }

    pub(super) fn per_ms(self) -> usize {
        match self {
            Self::Pcm(khz) => khz,
            Self::Ulaw | Self::Alaw => 8,
        }
    }

    pub(super) fn bytes_a_ms(self) -> usize {
        match self {
            Self::Pcm(khz) => 2 * khz,
            Self::Ulaw | Self::Alaw => 8,
        }
    }

    pub(super) fn samples(self, bytes: &[u8]) -> Vec<i16> {
        match self {
            Self::Pcm(_) => sound::pcm_to_samples(bytes),
            Self::Ulaw => g711::ulaw_to_samples(bytes),
            Self::Alaw => g711::alaw_to_samples(bytes),
        }
    }

    /// The bytes of samples at 8 kHz.
    pub(super) fn bytes(self, samples: &[i16]) -> Vec<u8> {
        match self {
            Self::Pcm(khz) => {
                let all = samples.iter().flat_map(|sample| std::iter::repeat_n(*sample, khz / 8));
                sound::samples_to_pcm(&all.collect::<Vec<_>>())
            }
            Self::Ulaw => g711::samples_to_ulaw(samples),
            Self::Alaw => g711::samples_to_alaw(samples),
        }
    }
}
