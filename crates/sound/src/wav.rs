//! WAV files: read as they come from strangers, written as everybody reads them.

use crate::g711;
use std::fmt;

/// A recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wav {
    /// Samples a second of each channel.
    pub hertz: u32,
    /// 1, or 2 for left and right.
    pub channels: u16,
    /// Left and right in turn where there are two.
    pub samples: Vec<i16>,
}

/// Why bytes are not a recording that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WavError {
    /// No `RIFF … WAVE` at the beginning.
    NotWav,
    /// The file ends before what it announced, or has no `fmt ` before its `data`.
    Truncated,
    /// A coding (the format tag and bits a sample) other than 16-bit PCM, µ-law or A-law.
    Coding { tag: u16, bits: u16 },
    /// Other than one or two channels.
    Channels(u16),
    /// A rate outside 1 000 to 192 000 Hz.
    Rate(u32),
}

impl fmt::Display for WavError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WavError::NotWav => write!(f, "this is no WAV file"),
            WavError::Truncated => write!(f, "the WAV file is incomplete"),
            WavError::Coding { tag, bits } => {
                write!(
                    f,
                    "the WAV file has coding {tag} with {bits} bits; 16-bit PCM, µ-law and A-law are read"
                )
            }
            WavError::Channels(n) => write!(f, "the WAV file has {n} channels; one or two are read"),
            WavError::Rate(hertz) => {
                write!(f, "the WAV file has {hertz} samples a second; 1000 to 192000 are read")
            }
        }
    }
}

impl std::error::Error for WavError {}

impl Wav {
    /// Reads a WAV file: 16-bit PCM, µ-law or A-law, one or two channels. Memory is bounded by what was given: never
    /// more than two bytes for each byte. A `data` chunk without a known size (0, or past the end, as programs that
    /// stream write it) reaches to the end of the file.
    pub fn read(file: &[u8]) -> Result<Self, WavError> {
        if file.len() < 12 || &file[..4] != b"RIFF" || &file[8..12] != b"WAVE" {
            return Err(WavError::NotWav);
        }
        let mut rest = &file[12..];
        let mut shape = None;
        while rest.len() >= 8 {
            let (name, size) = (&rest[..4], number(&rest[4..8]) as usize);
            let body = &rest[8..];
            let held = &body[..size.min(body.len())];
            if name == b"fmt " {
                shape = Some(Shape::read(held)?);
            } else if name == b"data" {
                let shape = shape.ok_or(WavError::Truncated)?;
                return Ok(shape.samples(if size == 0 { body } else { held }));
            }
            rest = body.get(size.saturating_add(size % 2)..).ok_or(WavError::Truncated)?;
        }
        Err(WavError::Truncated)
    }

    /// Writes it as 16-bit PCM.
    pub fn write(&self) -> Vec<u8> {
        let data = u32::try_from(self.samples.len() * 2).unwrap_or(u32::MAX);
        let frame = self.channels * 2;
        let mut file = Vec::with_capacity(44 + self.samples.len() * 2);
        file.extend(b"RIFF");
        file.extend(data.saturating_add(36).to_le_bytes());
        file.extend(b"WAVEfmt ");
        file.extend(16u32.to_le_bytes());
        file.extend(PCM.to_le_bytes());
        file.extend(self.channels.to_le_bytes());
        file.extend(self.hertz.to_le_bytes());
        file.extend((self.hertz * u32::from(frame)).to_le_bytes());
        file.extend(frame.to_le_bytes());
        file.extend(16u16.to_le_bytes());
        file.extend(b"data");
        file.extend(data.to_le_bytes());
        file.extend(crate::samples_to_pcm(&self.samples));
        file
    }

    /// A recording of one channel.
    pub fn mono(hertz: u32, samples: Vec<i16>) -> Self {
        Self { hertz, channels: 1, samples }
    }

    /// A recording of two; the shorter one is silent at its end.
    pub fn stereo(hertz: u32, left: &[i16], right: &[i16]) -> Self {
        let at = |side: &[i16], n: usize| side.get(n).copied().unwrap_or(0);
        let samples = (0..left.len().max(right.len())).flat_map(|n| [at(left, n), at(right, n)]).collect();
        Self { hertz, channels: 2, samples }
    }

    /// One channel by itself, 0 the left; empty where there is no such channel.
    pub fn channel(&self, which: u16) -> Vec<i16> {
        if which >= self.channels {
            return Vec::new();
        }
        self.samples.chunks_exact(usize::from(self.channels)).map(|frame| frame[usize::from(which)]).collect()
    }

    /// Both channels as one, at this rate: what a telephone makes of it.
    pub fn to_mono(&self, hertz: u32) -> Vec<i16> {
        let frames = self.samples.chunks_exact(usize::from(self.channels.max(1)));
        let mono: Vec<i16> = frames
            .map(|frame| (frame.iter().map(|&s| i32::from(s)).sum::<i32>() / i32::from(self.channels)) as i16)
            .collect();
        crate::resample::resample(&mono, self.hertz, hertz)
    }
}

const PCM: u16 = 1;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
const EXTENSIBLE: u16 = 0xfffe;

#[derive(Clone, Copy)]
struct Shape {
    tag: u16,
    channels: u16,
    hertz: u32,
}

impl Shape {
    fn read(body: &[u8]) -> Result<Self, WavError> {
        if body.len() < 16 {
            return Err(WavError::Truncated);
        }
        let mut tag = short(&body[..2]);
        if tag == EXTENSIBLE && body.len() >= 26 {
            tag = short(&body[24..26]);
        }
        let (channels, hertz, bits) = (short(&body[2..4]), number(&body[4..8]), short(&body[14..16]));
        match (tag, bits) {
            (PCM, 16) | (A_LAW | MU_LAW, 8) => {}
            (tag, bits) => return Err(WavError::Coding { tag, bits }),
        }
        if !(1..=2).contains(&channels) {
            return Err(WavError::Channels(channels));
        }
        if !(1_000..=192_000).contains(&hertz) {
            return Err(WavError::Rate(hertz));
        }
        Ok(Self { tag, channels, hertz })
    }

    fn samples(self, data: &[u8]) -> Wav {
        let mut samples = match self.tag {
            MU_LAW => g711::ulaw_to_samples(data),
            A_LAW => g711::alaw_to_samples(data),
            _ => crate::pcm_to_samples(data),
        };
        samples.truncate(samples.len() / usize::from(self.channels) * usize::from(self.channels));
        Wav { hertz: self.hertz, channels: self.channels, samples }
    }
}

fn short(bytes: &[u8]) -> u16 {
    u16::from_le_bytes([bytes[0], bytes[1]])
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
