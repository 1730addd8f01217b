//! Audio streams: <https://www.plivo.com/docs/voice-agents/audio-streaming/concepts/audio-streaming-reference>, and what
//! Plivo's own stream libraries send besides.
//!
//! `start`, then `media`, `dtmf`, `playedStream` and `clearedAudio` in any order, and from some `stop`. Plivo says
//! nothing of what was thrown away, only that it was: then all that had been sent before is reported as done.

use super::{document::unlettered, webhook::is_id};
use crate::{
    Frame, Garbled, Started, Stream,
    frame::{self, Block, Count, Media, Name, Phase, Pressed, garbled},
    order::Order,
};
use bytes::BufMut as _;
use call::{Chunk, Format, LineCommand, LineEvent, Mark, Wire};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use std::{borrow::Cow, collections::VecDeque, fmt::Write as _};

/// No message that Plivo sends is longer; its frames of 20 ms take about 400 bytes, of 16 kHz PCM four times that.
const LONGEST_TEXT: usize = 32 * 1024;
/// More of our clears than Plivo can owe an answer to.
const MOST_CLEARS: usize = 64;

/// What Plivo calls a format in its documents, where it has it.
pub(super) fn content_type(format: Format) -> Option<&'static str> {
    match format {
        Format::Ulaw => Some("audio/x-mulaw;rate=8000"),
        Format::Pcm { hertz: 8_000 } => Some("audio/x-l16;rate=8000"),
        Format::Pcm { hertz: 16_000 } => Some("audio/x-l16;rate=16000"),
        Format::Alaw | Format::Pcm { .. } => None,
    }
}

/// One call's stream.
#[derive(Debug, Default)]
pub struct PlivoStream {
    phase: Phase,
    started: Option<Started>,
    /// The newest mark that we sent.
    newest: Option<Mark>,
    /// For each clear that Plivo has not confirmed: the newest mark before it.
    clears: VecDeque<Option<Mark>>,
    order: Order,
    block: Block,
}

impl Stream for PlivoStream {
    fn read(&mut self, frame: Frame<'_>, events: &mut VecDeque<LineEvent>) -> Result<(), Garbled> {
        let message: Message<'_> = frame::message(frame, LONGEST_TEXT)?;
        match self.phase {
            Phase::Opening => self.opening(message),
            Phase::Streaming => self.streaming(&message, events),
            Phase::Stopped => Err(garbled("a message after `stop`")),
        }
    }

    fn write(&mut self, command: &LineCommand, wire: &mut Wire) {
        let (Phase::Streaming, Some(Started { stream, format, .. })) = (self.phase, &self.started) else {
            return;
        };
        match command {
            LineCommand::Play(chunk) => {
                assert_eq!(chunk.format, *format, "what the line was said to take when it started");
                write_audio(chunk, wire);
            }
            LineCommand::Mark(mark) => {
                wire.text(stream.len() + 96, |text| {
                    let name = Name(*mark);
                    write!(text, r#"{{"event":"checkpoint","streamId":"{stream}","name":"{name}"}}"#)
                        .expect("a buffer grows");
                });
                self.newest = self.newest.max(Some(*mark));
            }
            LineCommand::Clear => {
                wire.text(stream.len() + 64, |text| {
                    write!(text, r#"{{"event":"clearAudio","streamId":"{stream}"}}"#)
                        .expect("a buffer grows");
                });
                if self.clears.len() == MOST_CLEARS {
                    self.clears.pop_front();
                }
                self.clears.push_back(self.newest);
            }
            LineCommand::Listen | LineCommand::HangUp | LineCommand::Transfer(_) => {}
        }
    }

    fn started(&self) -> Option<&Started> {
        self.started.as_ref()
    }
}

impl PlivoStream {
    fn opening(&mut self, message: Message<'_>) -> Result<(), Garbled> {
        match (&*message.event, message.start) {
            ("start", Some(start)) => {
                if !message.stream.is_empty() && message.stream != start.stream {
                    return Err(garbled("`start` names two streams"));
                }
                self.started = Some(start.read(message.headers)?);
                self.phase = Phase::Streaming;
                Ok(())
            }
            ("start", None) => Err(garbled("`start` without its particulars")),
            ("media" | "dtmf" | "playedStream" | "clearedAudio" | "stop", _) => {
                Err(garbled("a message before `start`"))
            }
            _ => Err(Garbled::unknown_event()),
        }
    }

    fn streaming(&mut self, message: &Message<'_>, events: &mut VecDeque<LineEvent>) -> Result<(), Garbled> {
        let started = self.started.as_ref().expect("set when the stream started");
        if !message.stream.is_empty() && message.stream != *started.stream {
            return Err(garbled("a message of another stream"));
        }
        match (&*message.event, message) {
            ("media", Message { media: Some(media), .. }) => {
                let chunk = media.heard(started.format, &mut self.block)?;
                self.order.arrived(media.chunk.map(|Count(count)| count), chunk, events);
            }
            // An older page has it as `played`.
            ("playedStream" | "played", Message { name, .. }) => {
                events.push_back(LineEvent::Played(frame::mark(name, self.newest)?));
            }
            ("clearedAudio", _) => {
                let cleared =
                    self.clears.pop_front().ok_or_else(|| garbled("a clear that we did not ask for"))?;
                events.extend(cleared.map(LineEvent::Played));
            }
            ("dtmf", Message { dtmf: Some(Pressed { digit }), .. }) => {
                events.push_back(LineEvent::Key(frame::key(digit)?));
            }
            ("stop", _) => {
                self.order.flush(events);
                self.phase = Phase::Stopped;
                events.push_back(LineEvent::Closed);
            }
            ("playFailed" | "error", _) => return Err(garbled("Plivo could not use what we sent")),
            ("media" | "dtmf", _) => {
                return Err(garbled("an event without its particulars"));
            }
            ("start", _) => return Err(garbled("a second `start`")),
            _ => return Err(Garbled::unknown_event()),
        }
        Ok(())
    }
}

fn write_audio(chunk: &Chunk, wire: &mut Wire) {
    let kind = match chunk.format {
        Format::Ulaw => "audio/x-mulaw",
        Format::Alaw | Format::Pcm { .. } => "audio/x-l16",
    };
    let hertz = chunk.format.hertz();
    wire.text(frame::encoded_len(&chunk.bytes) + 112, |text| {
        write!(
            text,
            r#"{{"event":"playAudio","media":{{"contentType":"{kind}","sampleRate":{hertz},"payload":""#
        )
        .expect("a buffer grows");
        frame::put_sound(&chunk.bytes, text);
        text.put_slice(br#""}}"#);
    });
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow, default, rename = "streamId")]
    stream: Cow<'a, str>,
    #[serde(borrow)]
    media: Option<Media<'a>>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    dtmf: Option<Pressed<'a>>,
    #[serde(borrow)]
    start: Option<Start<'a>>,
    /// A text as documented; some see an object. Only read in `start`, though every message has it.
    #[serde(borrow, rename = "extra_headers")]
    headers: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Start<'a> {
    #[serde(borrow, rename = "callId")]
    call: Cow<'a, str>,
    #[serde(borrow, rename = "streamId")]
    stream: Cow<'a, str>,
    #[serde(borrow, rename = "mediaFormat")]
    format: MediaFormat<'a>,
}

#[derive(Deserialize)]
struct MediaFormat<'a> {
    #[serde(borrow)]
    encoding: Cow<'a, str>,
    #[serde(rename = "sampleRate")]
    hertz: u32,
}

impl Start<'_> {
    fn read(self, headers: Option<&RawValue>) -> Result<Started, Garbled> {
        // Some say the rate here, too.
        let encoding = self.format.encoding.split(';').next().unwrap_or_default();
        let format = match (encoding, self.format.hertz) {
            ("audio/x-mulaw", 8_000) => Format::Ulaw,
            ("audio/x-l16", hertz @ (8_000 | 16_000)) => Format::Pcm { hertz },
            _ => return Err(garbled("sound in a format that Plivo does not have")),
        };
        if !is_id(&self.stream) || !is_id(&self.call) {
            return Err(garbled("a call or stream whose name is none"));
        }
        Ok(Started {
            call: self.call.into_owned(),
            stream: self.stream.into_owned(),
            token: headers.and_then(|raw| token(raw.get())),
            format,
        })
    }
}

/// The value of `token`, in any of the spellings that are seen: `k=v;k=v`, JSON, or `{X-PH-k: v}`.
fn token(raw: &str) -> Option<String> {
    let text = match serde_json::from_str(raw) {
        Ok(Value::String(text)) => text,
        Ok(Value::Object(map)) => return named(map),
        Ok(_) | Err(_) => return None,
    };
    if let Ok(Value::Object(map)) = serde_json::from_str(&text) {
        return named(map);
    }
    let bare = text.trim().trim_start_matches('{').trim_end_matches('}');
    let pairs = bare.split([';', ',']).filter_map(|pair| pair.split_once(['=', ':']));
    pairs
        .map(|(name, value)| (name.trim(), unlettered(value.trim())))
        .find_map(|(name, value)| (is_token(name) && !value.is_empty()).then_some(value))
}

fn named(map: Map<String, Value>) -> Option<String> {
    map.into_iter().find_map(|(name, value)| match value {
        Value::String(value) if is_token(&name) => Some(unlettered(&value)),
        _ => None,
    })
}

/// SIP may have put its own before the name.
fn is_token(name: &str) -> bool {
    let name = name.trim_matches(['"', '\'']).to_ascii_lowercase();
    name.strip_prefix("x-ph-").unwrap_or(&name) == "token"
}
