//! Sound as numbers: everything that is done to samples, and nothing that knows of calls.
//!
//! ```text
//!   bytes of the line ── g711 ──► samples ──┬── level      is it loud, is it silence
//!   bytes of a file ── wav, mp3 ──►         ├── resample   8 ⇄ 16 ⇄ 24 kHz, at once or as it streams
//!                                           └── widen      8 kHz telephone → 16 kHz for a recogniser
//! ```
//!
//! Samples are signed 16-bit throughout (`i16`), one channel unless said otherwise. All of it is pure: no clock, no
//! file, no thread. To add an operation: one file with a function or a small state that is fed slices, and a test
//! that computes the same another way.

pub mod g711;
pub mod level;
pub mod mp3;
pub mod resample;
pub mod wav;
pub mod widen;

/// Reads signed 16-bit little-endian bytes; an odd byte at the end is not a sample and is left out.
pub fn pcm_to_samples(bytes: &[u8]) -> Vec<i16> {
    bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// Writes samples as signed 16-bit little-endian bytes.
pub fn samples_to_pcm(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// The nearest sample to a computed value, held inside what 16 bits can say.
pub(crate) fn sample(value: f32) -> i16 {
    // A float cast saturates, and gives 0 for what is not a number.
    value.round() as i16
}
