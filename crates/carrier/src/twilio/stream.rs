//! Media Streams: <https://www.twilio.com/docs/voice/media-streams/websocket-messages>.
//!
//! `connected`, `start`, then `media`, `dtmf` and `mark` in any order, `stop`. A frame of sound costs no allocation in
//! either direction: text is borrowed, sound is cut from a block that comes round again.

use super::webhook::is_sid;
use crate::{
    Frame, Garbled, Started, Stream,
    frame::{self, Block, Media, Name, Named, Phase, Pressed, garbled},
    gaps::Gaps,
};
use bytes::BufMut as _;
use call::{Format, LineCommand, LineEvent, Mark, Wire};
use serde::Deserialize;
use std::{borrow::Cow, collections::VecDeque, fmt::Write as _};

/// No message that Twilio sends is longer; its frames of 20 ms take about 400 bytes.
const LONGEST_TEXT: usize = 32 * 1024;

/// One call's stream.
#[derive(Debug, Default)]
pub struct TwilioStream {
    phase: Phase,
    connected: bool,
    started: Option<Started>,
    /// The newest mark that we sent.
    newest: Option<Mark>,
    gaps: Gaps,
    block: Block,
}

impl Stream for TwilioStream {
    fn read(&mut self, frame: Frame<'_>, events: &mut VecDeque<LineEvent>) -> Result<(), Garbled> {
        let message: Message<'_> = frame::message(frame, LONGEST_TEXT)?;
        match self.phase {
            Phase::Opening => self.opening(message),
            Phase::Streaming => self.streaming(&message, events),
            Phase::Stopped => Err(garbled("a message after `stop`")),
        }
    }

    fn write(&mut self, command: &LineCommand, wire: &mut Wire) {
        let (Phase::Streaming, Some(Started { stream: sid, .. })) = (self.phase, &self.started) else {
            return;
        };
        match command {
            LineCommand::Play(chunk) => {
                assert_eq!(chunk.format, Format::Ulaw, "what the line was said to take when it started");
                write_media(sid, &chunk.bytes, wire);
            }
            LineCommand::Mark(mark) => {
                write_mark(sid, *mark, wire);
                self.newest = self.newest.max(Some(*mark));
            }
            LineCommand::Clear => wire.text(sid.len() + 64, |text| {
                text.put_slice(br#"{"event":"clear","streamSid":""#);
                text.put_slice(sid.as_bytes());
                text.put_slice(br#""}"#);
            }),
            LineCommand::Listen | LineCommand::HangUp | LineCommand::Transfer(_) => {}
        }
    }

    fn started(&self) -> Option<&Started> {
        self.started.as_ref()
    }
}

impl TwilioStream {
    fn opening(&mut self, message: Message<'_>) -> Result<(), Garbled> {
        match (&*message.event, message.start) {
            ("connected", _) if self.connected => Err(garbled("a second `connected`")),
            ("connected", _) => {
                self.connected = true;
                Ok(())
            }
            ("start", Some(start)) => {
                if start.sid != message.sid {
                    return Err(garbled("`start` names two streams"));
                }
                self.started = Some(start.read()?);
                self.phase = Phase::Streaming;
                Ok(())
            }
            ("start", None) => Err(garbled("`start` without its particulars")),
            ("media" | "dtmf" | "mark" | "stop", _) => Err(garbled("a message before `start`")),
            _ => Err(Garbled::unknown_event()),
        }
    }

    fn streaming(&mut self, message: &Message<'_>, events: &mut VecDeque<LineEvent>) -> Result<(), Garbled> {
        let started = self.started.as_ref().expect("set when the stream started");
        if message.sid != *started.stream {
            return Err(garbled("a message of another stream"));
        }
        match (&*message.event, message) {
            ("media", Message { media: Some(media), .. }) => {
                let chunk = media.heard(Format::Ulaw, &mut self.block)?;
                if !chunk.bytes.is_empty() {
                    events.extend(self.gaps.before(media.timestamp.0, &chunk).map(LineEvent::Audio));
                    events.push_back(LineEvent::Audio(chunk));
                }
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
                self.phase = Phase::Stopped;
                events.push_back(LineEvent::Closed);
            }
            ("media" | "mark" | "dtmf", _) => return Err(garbled("an event without its particulars")),
            ("start", _) => return Err(garbled("a second `start`")),
            ("connected", _) => return Err(garbled("`connected` after `start`")),
            _ => return Err(Garbled::unknown_event()),
        }
        Ok(())
    }
}

fn write_media(sid: &str, sound: &[u8], wire: &mut Wire) {
    wire.text(frame::encoded_len(sound) + sid.len() + 80, |text| {
        text.put_slice(br#"{"event":"media","streamSid":""#);
        text.put_slice(sid.as_bytes());
        text.put_slice(br#"","media":{"payload":""#);
        frame::put_sound(sound, text);
        text.put_slice(br#""}}"#);
    });
}

fn write_mark(sid: &str, mark: Mark, wire: &mut Wire) {
    wire.text(sid.len() + 96, |text| {
        text.put_slice(br#"{"event":"mark","streamSid":""#);
        text.put_slice(sid.as_bytes());
        write!(text, r#"","mark":{{"name":"{}"}}}}"#, Name(mark)).expect("a buffer grows");
    });
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow, default, rename = "streamSid")]
    sid: Cow<'a, str>,
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
}

#[derive(Deserialize)]
struct Stop<'a> {
    #[serde(borrow, default, rename = "callSid")]
    call: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Start<'a> {
    #[serde(borrow, rename = "streamSid")]
    sid: Cow<'a, str>,
    #[serde(borrow, rename = "callSid")]
    call: Cow<'a, str>,
    #[serde(borrow, rename = "mediaFormat")]
    format: MediaFormat<'a>,
    #[serde(default, rename = "customParameters")]
    parameters: Parameters,
}

#[derive(Deserialize)]
struct MediaFormat<'a> {
    #[serde(borrow)]
    encoding: Cow<'a, str>,
    #[serde(rename = "sampleRate")]
    hertz: u32,
    channels: u32,
}

#[derive(Deserialize, Default)]
struct Parameters {
    token: Option<String>,
}

impl Start<'_> {
    fn read(self) -> Result<Started, Garbled> {
        let MediaFormat { encoding, hertz: 8_000, channels: 1 } = &self.format else {
            return Err(garbled("sound that is not 8 kHz, one channel"));
        };
        if *encoding != "audio/x-mulaw" {
            return Err(garbled("sound that is not µ-law"));
        }
        if !is_sid(&self.sid) || !is_sid(&self.call) {
            return Err(garbled("a call or stream whose name is no SID"));
        }
        Ok(Started {
            call: self.call.into_owned(),
            stream: self.sid.into_owned(),
            token: self.parameters.token,
            format: Format::Ulaw,
        })
    }
}
