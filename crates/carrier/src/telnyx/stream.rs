//! Media streaming: <https://developers.telnyx.com/docs/voice/programmable-voice/media-streaming>.
//!
//! `connected`, `start`, then `media`, `dtmf` and `mark` in any order, `error` where Telnyx did not understand us,
//! `stop`. Sound comes numbered, because Telnyx does not promise its order; it goes in pieces of 20 ms at least.

use super::event::is_call;
use crate::{
    Frame, Garbled, Started, Stream,
    frame::{self, Block, Count, Media, Name, Named, Phase, Pressed, garbled},
    order::Order,
};
use bytes::{BufMut as _, BytesMut};
use call::{Format, LineCommand, LineEvent, Mark, Wire};
use serde::Deserialize;
use std::{borrow::Cow, collections::VecDeque, fmt::Write as _, time::Duration};

/// No message that Telnyx sends is longer; its frames of 20 ms take about 400 bytes, of 16 kHz PCM four times that.
const LONGEST_TEXT: usize = 32 * 1024;
/// What Telnyx takes in one message.
const SHORTEST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(30);

/// How our sound goes: as it is, and not as MP3 files, which is the default.
pub(super) const MODE: &str = "rtp";

/// What Telnyx calls a format, where it has it.
pub(super) fn codec(format: Format) -> Option<&'static str> {
    match format {
        Format::Ulaw => Some("PCMU"),
        Format::Alaw => Some("PCMA"),
        Format::Pcm { hertz: 16_000 } => Some("L16"),
        Format::Pcm { .. } => None,
    }
}

/// One call's stream.
#[derive(Debug, Default)]
pub struct TelnyxStream {
    phase: Phase,
    connected: bool,
    /// From `connected`, where it is not a parameter.
    token: Option<String>,
    started: Option<Started>,
    /// The newest mark that we sent.
    newest: Option<Mark>,
    order: Order,
    block: Block,
    /// Ours, too short to be sent alone.
    short: BytesMut,
}

impl Stream for TelnyxStream {
    fn read(&mut self, frame: Frame<'_>, events: &mut VecDeque<LineEvent>) -> Result<(), Garbled> {
        let message: Message<'_> = frame::message(frame, LONGEST_TEXT)?;
        match self.phase {
            Phase::Opening => self.opening(message),
            Phase::Streaming => self.streaming(&message, events),
            Phase::Stopped => Err(garbled("a message after `stop`")),
        }
    }

    fn write(&mut self, command: &LineCommand, wire: &mut Wire) {
        let (Phase::Streaming, Some(&Started { format, .. })) = (self.phase, self.started.as_ref()) else {
            return;
        };
        match command {
            LineCommand::Play(chunk) => {
                assert_eq!(chunk.format, format, "what the line was said to take when it started");
                self.play(format, &chunk.bytes, wire);
            }
            LineCommand::Mark(mark) => {
                if !self.short.is_empty() {
                    self.short.resize(format.bytes(SHORTEST), format.silent_byte());
                    write_media(&self.short, wire);
                    self.short.clear();
                }
                wire.text(64, |text| {
                    write!(text, r#"{{"event":"mark","mark":{{"name":"{}"}}}}"#, Name(*mark))
                        .expect("a buffer grows");
                });
                self.newest = self.newest.max(Some(*mark));
            }
            LineCommand::Clear => {
                self.short.clear();
                wire.text(32, |text| text.put_slice(br#"{"event":"clear"}"#));
            }
            LineCommand::Listen | LineCommand::HangUp | LineCommand::Transfer(_) => {}
        }
    }

    fn started(&self) -> Option<&Started> {
        self.started.as_ref()
    }
}

impl TelnyxStream {
    fn opening(&mut self, message: Message<'_>) -> Result<(), Garbled> {
        match (&*message.event, message.start) {
            ("connected", _) if self.connected => Err(garbled("a second `connected`")),
            ("connected", _) => {
                self.connected = true;
                self.token = message.token;
                Ok(())
            }
            ("start", Some(start)) => {
                self.started = Some(start.read(&message.stream, self.token.clone())?);
                self.phase = Phase::Streaming;
                Ok(())
            }
            ("start", None) => Err(garbled("`start` without its particulars")),
            ("media" | "dtmf" | "mark" | "stop" | "error", _) => Err(garbled("a message before `start`")),
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
            ("mark", Message { mark: Some(Named { name }), .. }) => {
                events.push_back(LineEvent::Played(frame::mark(name, self.newest)?));
            }
            ("dtmf", Message { dtmf: Some(Pressed { digit }), .. }) => {
                events.push_back(LineEvent::Key(frame::key(digit)?));
            }
            ("stop", Message { stop, .. }) => {
                if stop.as_ref().is_some_and(|stop| !stop.call.is_empty() && stop.call != *started.call) {
                    return Err(garbled("the `stop` of another call"));
                }
                self.order.flush(events);
                self.phase = Phase::Stopped;
                events.push_back(LineEvent::Closed);
            }
            ("error", Message { payload, .. }) => {
                let code = payload.as_ref().map_or(0, |trouble| trouble.code);
                return Err(Garbled(format!("Telnyx could not use what we sent ({code})")));
            }
            ("media" | "mark" | "dtmf", _) => return Err(garbled("an event without its particulars")),
            ("start", _) => return Err(garbled("a second `start`")),
            ("connected", _) => return Err(garbled("`connected` after `start`")),
            _ => return Err(Garbled::unknown_event()),
        }
        Ok(())
    }

    fn play(&mut self, format: Format, sound: &[u8], wire: &mut Wire) {
        let (shortest, longest) = (format.bytes(SHORTEST), format.bytes(LONGEST));
        let mut rest = sound;
        if !self.short.is_empty() {
            let more = (shortest - self.short.len()).min(rest.len());
            self.short.extend_from_slice(&rest[..more]);
            rest = &rest[more..];
            if self.short.len() < shortest {
                return;
            }
            write_media(&self.short, wire);
            self.short.clear();
        }
        while rest.len() >= shortest {
            let (piece, after) = rest.split_at(rest.len().min(longest));
            write_media(piece, wire);
            rest = after;
        }
        self.short.extend_from_slice(rest);
    }
}

fn write_media(sound: &[u8], wire: &mut Wire) {
    wire.text(frame::encoded_len(sound) + 48, |text| {
        text.put_slice(br#"{"event":"media","media":{"payload":""#);
        frame::put_sound(sound, text);
        text.put_slice(br#""}}"#);
    });
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow, default, rename = "stream_id")]
    stream: Cow<'a, str>,
    #[serde(borrow)]
    media: Option<Media<'a>>,
    #[serde(borrow)]
    mark: Option<Named<'a>>,
    #[serde(borrow)]
    dtmf: Option<Pressed<'a>>,
    #[serde(borrow)]
    start: Option<Start<'a>>,
    #[serde(borrow)]
    stop: Option<Stop<'a>>,
    payload: Option<Trouble>,
    #[serde(rename = "x-telnyx-streaming-auth-token")]
    token: Option<String>,
}

#[derive(Deserialize)]
struct Stop<'a> {
    #[serde(borrow, default, rename = "call_control_id")]
    call: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Trouble {
    #[serde(default)]
    code: u32,
}

#[derive(Deserialize)]
struct Start<'a> {
    #[serde(borrow, rename = "call_control_id")]
    call: Cow<'a, str>,
    #[serde(borrow, rename = "media_format")]
    format: MediaFormat<'a>,
    custom_parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct MediaFormat<'a> {
    #[serde(borrow)]
    encoding: Cow<'a, str>,
    #[serde(rename = "sample_rate")]
    hertz: u32,
    #[serde(default = "one")]
    channels: u32,
}

fn one() -> u32 {
    1
}

#[derive(Deserialize)]
struct Parameters {
    token: Option<String>,
}

impl Start<'_> {
    fn read(self, stream: &str, token: Option<String>) -> Result<Started, Garbled> {
        let format = match (&*self.format.encoding, self.format.hertz, self.format.channels) {
            ("PCMU", 8_000, 1) => Format::Ulaw,
            ("PCMA", 8_000, 1) => Format::Alaw,
            ("L16", hertz @ (8_000 | 16_000 | 24_000), 1) => Format::Pcm { hertz },
            _ => return Err(garbled("sound in a format that was not asked for")),
        };
        if !is_call(stream) || !is_call(&self.call) {
            return Err(garbled("a call or stream whose name is none"));
        }
        Ok(Started {
            call: self.call.into_owned(),
            stream: stream.to_owned(),
            token: self.custom_parameters.and_then(|parameters| parameters.token).or(token),
            format,
        })
    }
}
