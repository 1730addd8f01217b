//! How the stand-in behaves: what it answers, how fast, and what goes wrong.

use crate::stamp;
use serde_json::Value;
use sound::g711;
use std::{
    collections::{BTreeSet, VecDeque},
    f32::consts::TAU,
    sync::Arc,
    time::{Duration, Instant},
};

/// The behaviour of a session, from its first message on.
#[derive(Clone)]
pub struct Script {
    /// The key that opens a connection; any where there is none.
    pub key: Option<String>,
    /// What the responses are, in the order in which they are asked for.
    pub replies: VecDeque<Reply>,
    /// What every further response is.
    pub otherwise: Reply,
    /// What the caller is understood to say, turn by turn, where transcription is on.
    pub understood: VecDeque<String>,
    pub hearing: Hearing,
    /// The servers of tools, by their labels, whose lists it cannot read.
    pub unlistable: BTreeSet<String>,
    /// How long `session.update` takes to be answered.
    pub update_takes: Duration,
    /// After how long a session is ended, as the service does after an hour.
    pub longest: Option<Duration>,
    /// Keep the appended audio and every audio delta in the log; else only their count.
    pub keep_audio: bool,
    /// Told of what a log is too slow for.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            key: None,
            replies: VecDeque::new(),
            otherwise: Reply::tone(Duration::from_secs(1)),
            understood: VecDeque::new(),
            hearing: Hearing::Energy,
            unlistable: BTreeSet::new(),
            update_takes: Duration::ZERO,
            longest: None,
            keep_audio: false,
            observer: None,
        }
    }
}

/// How the stand-in notices that the caller speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearing {
    /// By how loud the appended audio is.
    Energy,
    /// Only by [`Order::SpeechStarts`](super::Order::SpeechStarts) and `SpeechStops`.
    Scripted,
}

/// One response.
#[derive(Clone, Debug)]
pub struct Reply {
    pub items: Vec<Item>,
    /// From being asked to the first event.
    pub thinks: Duration,
    pub end: End,
}

impl Reply {
    /// One item that sounds for so long.
    pub fn tone(length: Duration) -> Self {
        Self::of(vec![Item::Voice(Voice::new(Sound::Tone { hertz: 440.0 }, length))])
    }

    /// One item of stamped sound.
    pub fn stamped(length: Duration) -> Self {
        Self::of(vec![Item::Voice(Voice::new(Sound::Stamped, length))])
    }

    /// Says this, as this speech at 8 kHz sounds.
    pub fn speech(transcript: impl Into<String>, samples: Vec<i16>) -> Self {
        let length = Duration::from_millis(samples.len() as u64 / 8);
        let voice = Voice::new(Sound::Speech(samples.into()), length);
        Self::of(vec![Item::Voice(Voice { transcript: transcript.into(), ..voice })])
    }

    /// One use of a tool.
    pub fn tool(name: impl Into<String>, arguments: &Value) -> Self {
        Self::of(vec![Item::Tool { name: name.into(), arguments: arguments.to_string() }])
    }

    /// One use of a tool by the service itself.
    pub fn hosted(label: &str, tool: &str, arguments: Value, says: &str) -> Self {
        Self::of(vec![Item::Hosted(HostedUse::new(label, tool, arguments, says))])
    }

    /// These items, one after the other.
    pub fn of(items: Vec<Item>) -> Self {
        Self { items, thinks: Duration::ZERO, end: End::Completed }
    }

    /// The same with another end.
    #[must_use]
    pub fn ending(self, end: End) -> Self {
        Self { end, ..self }
    }
}

/// One thing in a response.
#[derive(Clone, Debug)]
pub enum Item {
    Voice(Voice),
    Tool {
        name: String,
        /// As it is sent, whether or not it is JSON.
        arguments: String,
    },
    /// A tool of a server that was handed over, which the service uses by itself, asking before where it was told to.
    Hosted(HostedUse),
}

/// One use of such a tool.
#[derive(Clone, Debug)]
pub struct HostedUse {
    pub label: String,
    pub tool: String,
    pub arguments: Value,
    /// What the tool says, or the `error` of its item.
    pub comes: Result<String, Value>,
    /// How long it takes.
    pub takes: Duration,
}

impl HostedUse {
    /// One that answers this at once.
    pub fn new(label: &str, tool: &str, arguments: Value, says: &str) -> Self {
        let (label, tool) = (label.to_owned(), tool.to_owned());
        Self { label, tool, arguments, comes: Ok(says.to_owned()), takes: Duration::ZERO }
    }
}

/// One audio message.
#[derive(Clone, Debug)]
pub struct Voice {
    pub sound: Sound,
    pub length: Duration,
    /// Sent word by word beside the audio.
    pub transcript: String,
    /// How much audio one delta carries.
    pub delta: Duration,
    /// How many times faster than it sounds the audio is sent; the service is about four times as fast.
    pub speed: f64,
}

impl Voice {
    pub fn new(sound: Sound, length: Duration) -> Self {
        let transcript = "Thank you for calling.".into();
        Self { sound, length, transcript, delta: Duration::from_millis(100), speed: 4.0 }
    }
}

/// What an audio message sounds like.
#[derive(Clone, Debug)]
pub enum Sound {
    Tone {
        hertz: f32,
    },
    /// Samples at 8 kHz; silence behind them.
    Speech(Arc<[i16]>),
    /// See [`stamp`]; its name is the number of the item in its session, from 1. µ-law only.
    Stamped,
}

/// How a response ends, once its items are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Completed,
    /// `response.done` with status `failed` and this code.
    Failed {
        code: String,
        message: String,
    },
    /// `response.done` with status `incomplete`.
    TooLong,
    /// The last item never ends, and nothing more comes of this response.
    Stalls,
    /// The connection closes within the last item, with this code.
    Closes(u16),
    /// The connection is cut within the last item.
    Drops,
    /// The session is as old as any may be within the last item.
    Expires,
}

/// Who measures while the stand-in works.
pub trait Observer: Send + Sync {
    /// Audio of the caller came in.
    fn heard(&self, session: u32, at: Instant, audio: &[u8]);
    /// Audio of the assistant goes out.
    fn spoke(&self, session: u32, at: Instant, audio: &[u8]);
    /// Any other event, from the client or to it.
    fn event(&self, session: u32, at: Instant, from_client: bool, event: &Value);
}

/// How the bytes of one direction of a session are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Pcm24k,
    Ulaw,
    Alaw,
}

impl Format {
    /// Reads `{"type": "audio/…"}`.
    pub(super) fn read(format: &Value) -> Self {
        match format["type"].as_str() {
            Some("audio/pcmu") => Self::Ulaw,
            Some("audio/pcma") => Self::Alaw,
            _ => Self::Pcm24k,
        }
    }

    pub(super) fn bytes_a_ms(self) -> usize {
        match self {
            Self::Pcm24k => 48,
            Self::Ulaw | Self::Alaw => 8,
        }
    }

    pub(crate) fn samples(self, bytes: &[u8]) -> Vec<i16> {
        match self {
            Self::Pcm24k => sound::pcm_to_samples(bytes),
            Self::Ulaw => g711::ulaw_to_samples(bytes),
            Self::Alaw => g711::alaw_to_samples(bytes),
        }
    }
}

impl Sound {
    /// The stretch of `ms` milliseconds from `from` on, of the item with this number.
    pub(crate) fn render(&self, item: u32, from: u32, ms: u32, format: Format) -> Vec<u8> {
        let hertz = if format == Format::Pcm24k { 24_000 } else { 8_000 };
        let per_ms = hertz / 1000;
        let positions = u64::from(from) * per_ms..u64::from(from + ms) * per_ms;
        let samples: Vec<i16> = match self {
            Self::Stamped => return stamp::write(item, from, ms),
            Self::Tone { hertz: pitch } => {
                let at = |n: u64| ((n as f32 * pitch / hertz as f32).fract() * TAU).sin() * 8_000.0;
                positions.map(|n| at(n) as i16).collect()
            }
            Self::Speech(samples) => {
                let at = |n: u64| samples.get((n * 8_000 / hertz) as usize).copied().unwrap_or(0);
                positions.map(at).collect()
            }
        };
        match format {
            Format::Pcm24k => sound::samples_to_pcm(&samples),
            Format::Ulaw => g711::samples_to_ulaw(&samples),
            Format::Alaw => g711::samples_to_alaw(&samples),
        }
    }
}
