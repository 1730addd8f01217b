//! The browser as a telephone: the stream of a call from a page of ours, in a format of our own.
//!
//! ```text
//!   page ─► {"event":"start","call":"…","token":"…"}      once, first
//!           binary: what the microphone hears             {"event":"key","digit":"5"}
//!           {"event":"mark","name":"m7"}                  {"event":"stop"}
//!   page ◄─ binary: what the assistant says               {"event":"mark","name":"m7"}
//!           {"event":"clear"}                             {"event":"note","note":{…}}
//! ```
//!
//! Sound is 16 kHz, signed 16 bit, little endian, one channel, in frames of any length below a second. A mark comes back
//! when the page has played everything that was sent before it, or has thrown it away because of a `clear`: the page
//! counts what its sound card took, not what it received.

use crate::{
    Frame, Garbled, Started, Stream,
    frame::{self, Name, Phase, garbled, is_name},
};
use bytes::{BufMut as _, Bytes};
use call::{Chunk, Format, LineCommand, LineEvent, Mark, Wire};
use serde::Deserialize;
use std::{borrow::Cow, collections::VecDeque, fmt::Write as _};

/// As calls from browsers are recorded.
pub const NAME: &str = "browser";
/// How sound goes both ways.
pub const FORMAT: Format = Format::Pcm { hertz: 16_000 };

/// No text that a page sends is longer.
const LONGEST_TEXT: usize = 1024;
/// No frame of sound is longer than a second.
const LONGEST_SOUND: usize = 32_000;

/// One call's stream.
#[derive(Debug, Default)]
pub struct BrowserStream {
    phase: Phase,
    started: Option<Started>,
    /// The newest mark that we sent.
    newest: Option<Mark>,
}

impl Stream for BrowserStream {
    fn read(&mut self, frame: Frame<'_>, events: &mut VecDeque<LineEvent>) -> Result<(), Garbled> {
        match (self.phase, frame) {
            (Phase::Stopped, _) => Err(garbled("a message after `stop`")),
            (Phase::Opening, Frame::Binary(_)) => Err(garbled("sound before `start`")),
            (Phase::Opening, Frame::Text(_)) => self.opening(frame::message(frame, LONGEST_TEXT)?),
            (Phase::Streaming, Frame::Binary(sound)) => {
                if sound.len() > LONGEST_SOUND || !sound.len().is_multiple_of(FORMAT.sample_size()) {
                    return Err(garbled("sound that is too long, or half a sample"));
                }
                if !sound.is_empty() {
                    let bytes = Bytes::copy_from_slice(sound);
                    events.push_back(LineEvent::Audio(Chunk { format: FORMAT, bytes }));
                }
                Ok(())
            }
            (Phase::Streaming, Frame::Text(_)) => {
                self.streaming(&frame::message(frame, LONGEST_TEXT)?, events)
            }
        }
    }

    fn write(&mut self, command: &LineCommand, wire: &mut Wire) {
        if self.phase != Phase::Streaming {
            return;
        }
        match command {
            LineCommand::Play(chunk) => {
                assert_eq!(chunk.format, FORMAT, "what the line was said to take when it started");
                wire.binary(chunk.bytes.len(), |frame| frame.put_slice(&chunk.bytes));
            }
            LineCommand::Mark(mark) => {
                wire.text(48, |text| {
                    write!(text, r#"{{"event":"mark","name":"{}"}}"#, Name(*mark)).expect("a buffer grows");
                });
                self.newest = self.newest.max(Some(*mark));
            }
            LineCommand::Clear => wire.text(20, |text| text.put_slice(br#"{"event":"clear"}"#)),
            LineCommand::Listen | LineCommand::HangUp | LineCommand::Transfer(_) => {}
        }
    }

    fn write_note(&mut self, note: &str, wire: &mut Wire) {
        if self.phase != Phase::Streaming {
            return;
        }
        wire.text(note.len() + 32, |text| {
            text.put_slice(br#"{"event":"note","note":"#);
            text.put_slice(note.as_bytes());
            text.put_slice(b"}");
        });
    }

    fn started(&self) -> Option<&Started> {
        self.started.as_ref()
    }
}

impl BrowserStream {
    fn opening(&mut self, message: Message<'_>) -> Result<(), Garbled> {
        if message.event != "start" {
            return Err(garbled("a message before `start`"));
        }
        let (Some(call), Some(token)) = (message.call, message.token) else {
            return Err(garbled("`start` without its particulars"));
        };
        if !is_name(&call, 64, b"") || !is_name(&token, 64, b"") {
            return Err(garbled("a call or token that cannot be one"));
        }
        let call = call.into_owned();
        let stream = call.clone();
        self.started = Some(Started { call, stream, token: Some(token.into_owned()), format: FORMAT });
        self.phase = Phase::Streaming;
        Ok(())
    }

    fn streaming(&mut self, message: &Message<'_>, events: &mut VecDeque<LineEvent>) -> Result<(), Garbled> {
        match (&*message.event, message) {
            ("mark", Message { name: Some(name), .. }) => {
                events.push_back(LineEvent::Played(frame::mark(name, self.newest)?));
            }
            ("key", Message { digit: Some(digit), .. }) => {
                events.push_back(LineEvent::Key(frame::key(digit)?));
            }
            ("stop", _) => {
                self.phase = Phase::Stopped;
                events.push_back(LineEvent::Closed);
            }
            ("mark" | "key", _) => return Err(garbled("an event without its particulars")),
            ("start", _) => return Err(garbled("a second `start`")),
            _ => return Err(Garbled::unknown_event()),
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    call: Option<Cow<'a, str>>,
    #[serde(borrow)]
    token: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    digit: Option<Cow<'a, str>>,
}
