//! G.711 against the formulas of the standard, which compute another way than the tables and shifts of the code.

use sound::g711::{
    ALAW, ALAW_SILENCE, ULAW, ULAW_SILENCE, alaw, samples_to_alaw, samples_to_ulaw, ulaw, ulaw_to_samples,
};

/// ITU-T G.711, table 2: the value of a µ-law code word is `±((2·step + 33)·2^segment − 33)` on the standard's 14-bit scale.
fn standard_ulaw(byte: u8) -> i32 {
    let (positive, segment, step) = (byte >= 128, 7 - i32::from(byte >> 4 & 7), 15 - i32::from(byte & 15));
    let size = (2 * step + 33) * 2i32.pow(segment as u32) - 33;
    4 * if positive { size } else { -size }
}

/// Table 1: `±(2·step + 1)` in the first segment, else `±(2·step + 33)·2^(segment − 1)`, on its 13-bit scale, with the
/// even bits inverted on the wire.
fn standard_alaw(byte: u8) -> i32 {
    let byte = byte ^ 0b0101_0101;
    let (segment, step) = (u32::from(byte >> 4 & 7), i32::from(byte & 15));
    let size = if segment == 0 { 2 * step + 1 } else { (2 * step + 33) * 2i32.pow(segment - 1) };
    8 * if byte >= 128 { size } else { -size }
}

#[test]
fn every_code_sounds_as_the_standard_says() {
    for byte in 0..=u8::MAX {
        assert_eq!(i32::from(ULAW[usize::from(byte)]), standard_ulaw(byte), "µ-law {byte:#04x}");
        assert_eq!(i32::from(ALAW[usize::from(byte)]), standard_alaw(byte), "A-law {byte:#04x}");
    }
}

/// Where each code begins on the 16-bit scale, quietest first, by adding up the steps of the tables: sixteen of each
/// size, each size twice the one before.
fn decisions(scale: i32, first: &[i32]) -> Vec<i32> {
    let (mut at, mut size, mut decisions) = (0, 2, vec![0]);
    for step in first {
        at += step;
        decisions.push(at);
    }
    while decisions.len() < 128 {
        size *= 2;
        for _ in 0..16 {
            at += size;
            decisions.push(at);
        }
    }
    decisions.truncate(128);
    decisions.into_iter().map(|at| at * scale).collect()
}

#[test]
fn every_sample_becomes_the_code_that_the_tables_decide() {
    let (one, two) = ([2; 15], [2; 31]);
    let ulaw_steps = decisions(4, &[&[1][..], &one].concat());
    let alaw_steps = decisions(8, &[&two[..], &[2]].concat());
    for sample in i16::MIN..=i16::MAX {
        let code = |steps: &[i32], size: i32| steps.partition_point(|&from| from <= size) as u8 - 1;
        let size = i32::from(sample).abs();
        let sign = if sample < 0 { 0 } else { 0x80 };
        assert_eq!(ulaw(sample), sign | (0x7f - code(&ulaw_steps, size)), "µ-law of {sample}");
        // The standard's reference code (G.191) mirrors A-law with the ones' complement, so that -1 is as 0.
        let size = if sample < 0 { size - 1 } else { size };
        assert_eq!(alaw(sample), (sign | code(&alaw_steps, size)) ^ 0x55, "A-law of {sample}");
    }
}

#[test]
fn a_code_comes_back_as_itself() {
    for byte in 0..=u8::MAX {
        let again = ulaw(ULAW[usize::from(byte)]);
        // µ-law has two zeros, which sound the same; the encoder says the positive one.
        assert_eq!(again, if byte == 0x7f { 0xff } else { byte });
        assert_eq!(alaw(ALAW[usize::from(byte)]), byte);
    }
    assert_eq!((ulaw(0), ULAW[usize::from(ULAW_SILENCE)]), (ULAW_SILENCE, 0));
    assert_eq!(alaw(0), ALAW_SILENCE);
}

#[test]
fn louder_never_becomes_quieter() {
    let samples: Vec<i16> = (i16::MIN..=i16::MAX).collect();
    assert!(ulaw_to_samples(&samples_to_ulaw(&samples)).is_sorted());
    assert!(samples_to_alaw(&samples).iter().map(|&byte| ALAW[usize::from(byte)]).is_sorted());
}
