//! Sound as the call sees it: bytes it never opens and a length it counts.

use bytes::Bytes;
use std::time::Duration;

/// How the bytes of a [`Chunk`] are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// G.711 µ-law, 8 kHz, one byte a sample. What the telephone network speaks.
    Ulaw,
    /// G.711 A-law, 8 kHz, one byte a sample. What it speaks in Europe.
    Alaw,
    /// Signed 16-bit little-endian samples, one channel.
    Pcm { hertz: u32 },
}

impl Format {
    /// How long `bytes` bytes of this format sound.
    pub fn duration(self, bytes: usize) -> Duration {
        let samples = bytes / self.sample_size();
        Duration::from_nanos(samples as u64 * 1_000_000_000 / u64::from(self.hertz()))
    }

    /// How many bytes sound for `length`, rounded down to whole samples.
    pub fn bytes(self, length: Duration) -> usize {
        let samples = length.as_nanos() * u128::from(self.hertz()) / 1_000_000_000;
        usize::try_from(samples).unwrap_or(usize::MAX / 2) * self.sample_size()
    }

    /// Samples a second.
    pub fn hertz(self) -> u32 {
        match self {
            Format::Ulaw | Format::Alaw => 8_000,
            Format::Pcm { hertz } => hertz.max(1),
        }
    }

    /// Bytes a sample.
    pub fn sample_size(self) -> usize {
        match self {
            Format::Ulaw | Format::Alaw => 1,
            Format::Pcm { .. } => 2,
        }
    }

    /// The byte that sounds like nothing.
    pub fn silent_byte(self) -> u8 {
        match self {
            Format::Ulaw => 0xFF,
            Format::Alaw => 0xD5,
            Format::Pcm { .. } => 0,
        }
    }

    /// So much of nothing to hear.
    pub fn silence(self, length: Duration) -> Vec<u8> {
        vec![self.silent_byte(); self.bytes(length)]
    }
}

/// A stretch of sound. Cloning, moving and splitting it never copies samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub format: Format,
    pub bytes: Bytes,
}

impl Chunk {
    /// How long it sounds.
    pub fn duration(&self) -> Duration {
        self.format.duration(self.bytes.len())
    }

    /// The part after the first `length`, empty where it is not that long.
    pub fn after(&self, length: Duration) -> Chunk {
        let from = self.format.bytes(length).min(self.bytes.len());
        Chunk { format: self.format, bytes: self.bytes.slice(from..) }
    }
}
