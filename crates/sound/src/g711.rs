//! G.711, what the telephone network speaks: µ-law and A-law, one byte a sample at 8 kHz.
//!
//! Source: ITU-T G.711 (11/88), tables 1 and 2. Samples here are on the 16-bit scale: the standard's µ-law values (14
//! bit) times 4, its A-law values (13 bit) times 8.

/// µ-law's byte for silence.
pub const ULAW_SILENCE: u8 = 0xff;
/// A-law's byte for silence.
pub const ALAW_SILENCE: u8 = 0xd5;

/// What each µ-law byte sounds like.
pub static ULAW: [i16; 256] = table(true);
/// What each A-law byte sounds like.
pub static ALAW: [i16; 256] = table(false);

/// Decodes a stretch of µ-law.
pub fn ulaw_to_samples(bytes: &[u8]) -> Vec<i16> {
    bytes.iter().map(|&byte| ULAW[usize::from(byte)]).collect()
}

/// Decodes a stretch of A-law.
pub fn alaw_to_samples(bytes: &[u8]) -> Vec<i16> {
    bytes.iter().map(|&byte| ALAW[usize::from(byte)]).collect()
}

/// Encodes a stretch as µ-law.
pub fn samples_to_ulaw(samples: &[i16]) -> Vec<u8> {
    samples.iter().map(|&sample| ulaw(sample)).collect()
}

/// Encodes a stretch as A-law.
pub fn samples_to_alaw(samples: &[i16]) -> Vec<u8> {
    samples.iter().map(|&sample| alaw(sample)).collect()
}

/// The µ-law byte for this sample.
pub const fn ulaw(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let size = sample.unsigned_abs();
    let size = if size > ULAW_LOUDEST { ULAW_LOUDEST } else { size } + ULAW_BIAS as u16;
    let segment = 8 - size.leading_zeros();
    let step = (size >> (segment + 3)) & 0x0f;
    !(sign | (segment as u8) << 4 | step as u8)
}

/// The A-law byte for this sample.
pub const fn alaw(sample: i16) -> u8 {
    let (sign, size) = if sample < 0 { (0, !sample as u16) } else { (0x80, sample as u16) };
    let segment = 8u32.saturating_sub(size.leading_zeros());
    let step = (size >> if segment == 0 { 4 } else { segment + 3 }) & 0x0f;
    (sign | (segment as u8) << 4 | step as u8) ^ ALAW_EVEN_BITS
}

const ULAW_BIAS: i32 = 33 * 4;
const ULAW_LOUDEST: u16 = 32_635;
/// A-law inverts every other bit on the wire, so that silence is not a row of zeros.
const ALAW_EVEN_BITS: u8 = 0x55;

const fn table(ulaw: bool) -> [i16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = if ulaw { ulaw_value(byte as u8) } else { alaw_value(byte as u8) };
        byte += 1;
    }
    table
}

const fn ulaw_value(byte: u8) -> i16 {
    let byte = !byte;
    let size = ((((byte & 0x0f) as i32) << 3) + ULAW_BIAS) << ((byte & 0x70) >> 4);
    (if byte & 0x80 == 0 { size - ULAW_BIAS } else { ULAW_BIAS - size }) as i16
}

const fn alaw_value(byte: u8) -> i16 {
    let byte = byte ^ ALAW_EVEN_BITS;
    let step = (((byte & 0x0f) as i32) << 4) + 8;
    let segment = (byte & 0x70) >> 4;
    let size = if segment == 0 { step } else { (step + 0x100) << (segment - 1) };
    (if byte & 0x80 == 0 { -size } else { size }) as i16
}
