//! How loud a stretch of sound is in the format that it travels in, without decoding it into memory.

use call::Format;
use sound::g711::{ALAW, ULAW};
use std::time::Duration;

/// What is judged at once.
const BLOCK: Duration = Duration::from_millis(20);

/// Where the last stretch of 20 ms ends that is louder than `rms` (of 32,768), in bytes; nothing where none is.
pub(super) fn last_loud(format: Format, bytes: &[u8], rms: u32) -> Option<usize> {
    let block = format.bytes(BLOCK).max(format.sample_size());
    let blocks = bytes.len().div_ceil(block);
    (0..blocks).rev().find_map(|n| {
        let end = ((n + 1) * block).min(bytes.len());
        is_louder(format, &bytes[n * block..end], rms).then_some(end)
    })
}

fn is_louder(format: Format, bytes: &[u8], rms: u32) -> bool {
    let mut energy = 0_u64;
    each_sample(format, bytes, |sample| energy += u64::from(sample.unsigned_abs()).pow(2));
    let samples = (bytes.len() / format.sample_size()) as u64;
    energy > samples * u64::from(rms).pow(2)
}

/// Every sample of it.
pub(super) fn each_sample(format: Format, bytes: &[u8], mut take: impl FnMut(i16)) {
    match format {
        Format::Ulaw => bytes.iter().for_each(|&byte| take(ULAW[usize::from(byte)])),
        Format::Alaw => bytes.iter().for_each(|&byte| take(ALAW[usize::from(byte)])),
        Format::Pcm { .. } => {
            bytes.as_chunks().0.iter().for_each(|&pair| take(i16::from_le_bytes(pair)));
        }
    }
}

/// Silence, in this format.
pub(super) fn silence(format: Format, length: Duration) -> &'static [u8] {
    const MOST: usize = 2 * 24 * 40;
    static ULAW: [u8; MOST] = [sound::g711::ULAW_SILENCE; MOST];
    static ALAW: [u8; MOST] = [sound::g711::ALAW_SILENCE; MOST];
    static PCM: [u8; MOST] = [0; MOST];
    let all = match format {
        Format::Ulaw => &ULAW,
        Format::Alaw => &ALAW,
        Format::Pcm { .. } => &PCM,
    };
    &all[..format.bytes(length).min(MOST)]
}
