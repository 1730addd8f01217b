//! What the messages of all media streams have in common: how far a stream is, sound in base64, marks by number, the keys
//! of a telephone.
//!
//! A frame of sound costs no allocation in either direction: text is borrowed, sound is cut from a block that comes
//! round again.

use crate::{Frame, Garbled};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::{Bytes, BytesMut};
use call::{Chunk, Format, Mark};
use serde::{Deserialize, Deserializer, de};
use std::{borrow::Cow, fmt};

/// What sound is cut from. A call holds one block, and a second one for as long as someone keeps a frame of the first.
const BLOCK: usize = 4 * 1024;

/// How far a stream is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    #[default]
    Opening,
    Streaming,
    Stopped,
}

/// The particulars of a mark.
#[derive(Deserialize)]
pub struct Named<'a> {
    #[serde(borrow)]
    pub name: Cow<'a, str>,
}

/// The particulars of a key.
#[derive(Deserialize)]
pub struct Pressed<'a> {
    #[serde(borrow)]
    pub digit: Cow<'a, str>,
}

/// The particulars of a piece of sound.
#[derive(Deserialize)]
pub struct Media<'a> {
    #[serde(borrow, default)]
    track: Cow<'a, str>,
    /// Its place among its like, where the carrier counts them.
    pub chunk: Option<Count>,
    /// When it began, in milliseconds of the carrier's clock, where it says so.
    #[serde(default)]
    pub timestamp: Stamp,
    #[serde(borrow)]
    payload: Cow<'a, str>,
}

impl Media<'_> {
    /// The caller's sound, in whole samples.
    pub fn heard(&self, format: Format, block: &mut Block) -> Result<Chunk, Garbled> {
        if !matches!(&*self.track, "inbound" | "") {
            return Err(garbled("sound that is not the caller's"));
        }
        let bytes = block.decoded(&self.payload)?;
        if bytes.len() % format.sample_size() != 0 {
            return Err(garbled("half a sample"));
        }
        Ok(Chunk { format, bytes })
    }
}

/// One JSON message of at most `longest` bytes.
pub fn message<'a, T: Deserialize<'a>>(frame: Frame<'a>, longest: usize) -> Result<T, Garbled> {
    let Frame::Text(text) = frame else { return Err(garbled("a binary message")) };
    if text.len() > longest {
        return Err(Garbled(format!("a message of {} bytes", text.len())));
    }
    serde_json::from_str(text).map_err(|error| misshapen(&error))
}

/// Decodes sound.
#[derive(Debug, Default)]
pub struct Block {
    bytes: BytesMut,
}

impl Block {
    /// The sound in `payload`, standard base64 with its padding.
    pub fn decoded(&mut self, payload: &str) -> Result<Bytes, Garbled> {
        let room = base64::decoded_len_estimate(payload.len());
        if self.bytes.capacity() < room {
            self.bytes.reserve(room.max(BLOCK));
        }
        self.bytes.resize(room, 0);
        let size = BASE64_STANDARD.decode_slice(payload, &mut self.bytes).map_err(|_| {
            self.bytes.clear();
            garbled("sound that is not base64")
        })?;
        self.bytes.truncate(size);
        Ok(self.bytes.split().freeze())
    }
}

/// How many letters [`put_sound`] adds.
pub fn encoded_len(sound: &[u8]) -> usize {
    base64::encoded_len(sound.len(), true).expect("a chunk is far smaller than memory")
}

/// Adds sound in base64.
pub fn put_sound(sound: &[u8], text: &mut BytesMut) {
    let from = text.len();
    text.resize(from + encoded_len(sound), b'=');
    BASE64_STANDARD.encode_slice(sound, &mut text[from..]).expect("room was made for it");
}

/// What a mark is called on the wire: `m` and its number.
pub struct Name(pub Mark);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Name(Mark(number)) = self;
        write!(f, "m{number}")
    }
}

/// The mark of this name, spelled as [`Name`] spells it, if it is none after `newest`.
pub fn mark(name: &str, newest: Option<Mark>) -> Result<Mark, Garbled> {
    let number = name
        .strip_prefix('m')
        .filter(|digits| *digits == "0" || digits.starts_with(|first: char| matches!(first, '1'..='9')));
    let mark = number.and_then(|digits| digits.parse().ok().map(Mark));
    mark.filter(|&mark| Some(mark) <= newest).ok_or_else(|| garbled("a mark that we did not set"))
}

pub fn key(digit: &str) -> Result<char, Garbled> {
    let mut letters = digit.chars();
    match (letters.next(), letters.next()) {
        (Some(key @ ('0'..='9' | '*' | '#' | 'A'..='D')), None) => Ok(key),
        _ => Err(garbled("a key that no telephone has")),
    }
}

pub fn garbled(why: &str) -> Garbled {
    Garbled(why.to_owned())
}

/// What can stand in a path, a log and a message as it is: letters, digits, `-` and `_`, and the `more` that this
/// carrier's names have.
pub fn is_name(text: &str, longest: usize, more: &[u8]) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || more.contains(&byte);
    (1..=longest).contains(&text.len()) && text.bytes().all(fits)
}

/// A count that some send as a number and others as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(pub u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl de::Visitor<'_> for Either {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a count")
            }

            fn visit_u64<E: de::Error>(self, count: u64) -> Result<Count, E> {
                Ok(Count(count))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Count, E> {
                text.parse().map(Count).map_err(|_| E::custom("no count"))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A time that sound can do without: what is no count is none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stamp(pub Option<u64>);

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl de::Visitor<'_> for Any {
            type Value = Stamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time")
            }

            fn visit_u64<E: de::Error>(self, time: u64) -> Result<Stamp, E> {
                Ok(Stamp(Some(time)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Stamp, E> {
                Ok(Stamp(text.parse().ok()))
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Stamp, E> {
                Ok(Stamp(None))
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Stamp, E> {
                Ok(Stamp(None))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Stamp, E> {
                Ok(Stamp(None))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Says where reading stopped. The library's own words could quote the message.
fn misshapen(error: &serde_json::Error) -> Garbled {
    let what = if error.is_data() { "JSON of another shape" } else { "not JSON" };
    Garbled(format!("{what} (line {}, column {})", error.line(), error.column()))
}
