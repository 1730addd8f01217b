//! What the operations on samples promise.

use sound::{
    level::{SILENCE, dbfs, is_silent, normalise, peak, rms},
    resample::{Resampler, resample},
    wav::{Wav, WavError},
    widen::{unfold, widen},
};
use std::f64::consts::TAU;

const RATES: [(u32, u32); 9] = [
    (8_000, 16_000),
    (16_000, 8_000),
    (8_000, 24_000),
    (24_000, 8_000),
    (16_000, 24_000),
    (24_000, 16_000),
    (44_100, 8_000),
    (8_000, 48_000),
    (8_000, 8_000),
];

fn tone(hertz: f64, rate: u32, seconds: f64, size: f64) -> Vec<i16> {
    let count = (f64::from(rate) * seconds) as usize;
    (0..count).map(|n| (size * (TAU * hertz * n as f64 / f64::from(rate)).sin()) as i16).collect()
}

/// The amplitude of one frequency in the middle of a recording, by correlation under a Hann window.
fn amplitude(samples: &[i16], rate: u32, hertz: f64) -> f64 {
    let middle = &samples[samples.len() / 8..samples.len() * 7 / 8];
    let (mut re, mut im, mut weight) = (0.0, 0.0, 0.0);
    for (n, &sample) in middle.iter().enumerate() {
        let window = 0.5 - 0.5 * (TAU * n as f64 / middle.len() as f64).cos();
        let angle = TAU * hertz * n as f64 / f64::from(rate);
        (re, im) =
            (re + f64::from(sample) * window * angle.cos(), im + f64::from(sample) * window * angle.sin());
        weight += window;
    }
    2.0 * re.hypot(im) / weight
}

fn db(ratio: f64) -> f64 {
    20.0 * ratio.log10()
}

#[test]
fn what_both_rates_can_carry_passes_unchanged() {
    for (from, to) in RATES {
        for part in [0.02, 0.3, 0.6, 0.85] {
            let hertz = f64::from(from.min(to)) / 2.0 * part;
            let out = resample(&tone(hertz, from, 0.5, 10_000.0), from, to);
            let change = db(amplitude(&out, to, hertz) / 10_000.0);
            assert!(change.abs() < 0.1, "{hertz} Hz, {from} to {to}: {change:.3} dB");
        }
    }
}

#[test]
fn what_the_lower_rate_cannot_carry_is_gone() {
    for (from, to) in RATES.into_iter().filter(|(from, to)| from > to) {
        for part in [1.06, 1.2, 1.5] {
            let hertz = f64::from(to) / 2.0 * part;
            if hertz < f64::from(from) / 2.0 {
                let out = resample(&tone(hertz, from, 0.5, 10_000.0), from, to);
                let middle = &out[out.len() / 8..out.len() * 7 / 8];
                assert!(
                    db(f64::from(rms(middle)) / 7_071.0) < -60.0,
                    "{hertz} Hz, {from} to {to}: {}",
                    rms(middle)
                );
            }
        }
    }
}

#[test]
fn nothing_appears_above_what_there_was() {
    for (from, to) in RATES.into_iter().filter(|(from, to)| from < to) {
        let hertz = f64::from(from) * 0.4;
        let out = resample(&tone(hertz, from, 0.5, 10_000.0), from, to);
        let image = amplitude(&out, to, f64::from(from) - hertz);
        assert!(db(image / 10_000.0) < -60.0, "{from} to {to}: {image}");
    }
}

#[test]
fn resampling_neither_delays_nor_stretches() {
    for (from, to) in RATES {
        let mut samples = vec![0; from as usize / 10];
        let middle = samples.len() / 2;
        samples[middle] = 30_000;
        let out = resample(&samples, from, to);
        assert_eq!(out.len(), (samples.len() as u64 * u64::from(to)).div_ceil(u64::from(from)) as usize);
        let loudest = out.iter().enumerate().max_by_key(|(_, s)| s.unsigned_abs()).expect("there is sound").0;
        let expected = middle as f64 * f64::from(to) / f64::from(from);
        assert!((loudest as f64 - expected).abs() <= 1.0, "{from} to {to}: {loudest} instead of {expected}");
    }
}

#[test]
fn a_stream_in_pieces_is_resampled_as_the_whole() {
    let mut random = fastrand::Rng::with_seed(7);
    for (from, to) in RATES {
        let samples: Vec<i16> = (0..5_000).map(|_| random.i16(..)).collect();
        let mut resampler = Resampler::new(from, to);
        for _ in 0..2 {
            let (mut out, mut rest) = (Vec::new(), &samples[..]);
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(random.usize(0..=400).min(rest.len()));
                resampler.push(piece, &mut out);
                rest = after;
            }
            resampler.finish(&mut out);
            assert_eq!(out, resample(&samples, from, to), "{from} to {to}");
        }
    }
    assert!(resample(&[], 8_000, 16_000).is_empty());
}

#[test]
fn a_stream_is_answered_without_much_delay() {
    let mut resampler = Resampler::new(16_000, 8_000);
    let mut out = Vec::new();
    for _ in 0..50 {
        resampler.push(&[0; 320], &mut out);
    }
    assert!(out.len() >= 8_000 - 80, "no more than 10 ms are held back: {}", out.len());
}

#[test]
fn folding_mirrors_the_lower_band_at_its_gain() {
    let line = tone(1_000.0, 8_000, 1.0, 8_000.0);
    for gain in [0.0, 0.1, 0.35, 1.0] {
        let wide = widen(&line, gain);
        assert_eq!(wide.len(), line.len() * 2);
        let (low, high) = (amplitude(&wide, 16_000, 1_000.0), amplitude(&wide, 16_000, 7_000.0));
        assert!((low - 8_000.0).abs() < 80.0, "{low}");
        assert!((high - 8_000.0 * f64::from(gain)).abs() < 80.0, "{high} at {gain}");
    }
}

#[test]
fn a_hiss_is_folded_louder_than_a_vowel() {
    let part = |hertz: f64| {
        let wide = unfold(&tone(hertz, 8_000, 1.0, 8_000.0));
        amplitude(&wide, 16_000, 8_000.0 - hertz) / 8_000.0
    };
    assert!((part(300.0) - 0.2).abs() < 0.02, "{}", part(300.0));
    assert!((part(3_200.0) - 1.0).abs() < 0.05, "{}", part(3_200.0));
    for odd in [0, 1, 2, 79, 80, 81, 159, 160, 161] {
        assert_eq!(unfold(&vec![1_000; odd]).len(), 2 * odd);
    }
}

#[test]
fn levels_are_those_of_full_scale() {
    assert_eq!(dbfs(&[]).to_bits(), SILENCE.to_bits());
    assert_eq!(dbfs(&[0; 100]).to_bits(), SILENCE.to_bits());
    assert!(dbfs(&[i16::MIN; 100]).abs() < 0.001);
    assert!((dbfs(&tone(1_000.0, 8_000, 1.0, 32_767.0)) + 3.01).abs() < 0.01);
    assert!((dbfs(&tone(1_000.0, 8_000, 1.0, 3_276.7)) + 23.01).abs() < 0.02);
    assert_eq!(peak(&[3, i16::MIN, 5]), 32_768);
    assert!(is_silent(&[30; 160], -50.0) && !is_silent(&[3_000; 160], -50.0));
}

#[test]
fn normalising_reaches_its_level_and_never_clips() {
    for (size, target, at_most) in
        [(1_000.0, -20.0, 40.0), (20_000.0, -30.0, 0.0), (10.0, -20.0, 12.0), (9_000.0, 0.0, 60.0)]
    {
        let mut samples = tone(440.0, 8_000, 0.5, size);
        let (before, peak_before) = (dbfs(&samples), f32::from(peak(&samples)));
        normalise(&mut samples, target, at_most);
        let room = 20.0 * (32_767.0 / peak_before).log10();
        let expected = before + (target - before).min(at_most).min(room);
        assert!((dbfs(&samples) - expected).abs() < 0.5, "{} instead of {expected}", dbfs(&samples));
    }
    let mut silence = [0; 10];
    normalise(&mut silence, -20.0, 60.0);
    assert_eq!(silence, [0; 10]);
}

#[test]
fn a_recording_comes_back_as_it_was_written() {
    let mut random = fastrand::Rng::with_seed(3);
    for count in [0, 1, 2, 999] {
        let mut side = || (0..count).map(|_| random.i16(..)).collect::<Vec<_>>();
        let (left, right) = (side(), side());
        let mono = Wav::mono(8_000, left.clone());
        assert_eq!(Wav::read(&mono.write()), Ok(mono));
        let stereo = Wav::stereo(16_000, &left, &right[..count / 2]);
        let read = Wav::read(&stereo.write()).expect("it was written");
        assert_eq!((read.channel(0), read.channel(1).len(), read.channel(2)), (left, count, vec![]));
        assert_eq!(read.channel(1)[..count / 2], right[..count / 2]);
        assert_eq!(read.to_mono(8_000).len(), count.div_ceil(2));
    }
}

fn riff(chunks: &[(&[u8; 4], u32, &[u8])]) -> Vec<u8> {
    let mut file = b"RIFF\xff\xff\xff\xffWAVE".to_vec();
    for (name, size, body) in chunks {
        file.extend(*name);
        file.extend(size.to_le_bytes());
        file.extend(*body);
    }
    file
}

fn shape(tag: u16, channels: u16, hertz: u32, bits: u16) -> Vec<u8> {
    let mut shape = Vec::new();
    shape.extend(tag.to_le_bytes());
    shape.extend(channels.to_le_bytes());
    shape.extend(hertz.to_le_bytes());
    shape.extend([0; 6]);
    shape.extend(bits.to_le_bytes());
    shape
}

#[test]
fn recordings_of_telephones_and_of_streaming_programs_are_read() {
    let ulaw = riff(&[
        (b"fmt ", 16, &shape(7, 1, 8_000, 8)),
        (b"fact", 3, &[1, 2, 3, 0]),
        (b"data", 2, &[0xff, 0x80]),
    ]);
    assert_eq!(Wav::read(&ulaw), Ok(Wav::mono(8_000, vec![0, 32_124])));
    let alaw = riff(&[(b"fmt ", 16, &shape(6, 1, 8_000, 8)), (b"data", 1, &[0xd5])]);
    assert_eq!(Wav::read(&alaw), Ok(Wav::mono(8_000, vec![8])));
    for size in [0, u32::MAX] {
        let streamed =
            riff(&[(b"fmt ", 16, &shape(1, 2, 8_000, 16)), (b"data", size, &[1, 0, 2, 0, 3, 0, 4])]);
        assert_eq!(Wav::read(&streamed), Ok(Wav { hertz: 8_000, channels: 2, samples: vec![1, 2] }));
    }
    let mut wide = shape(0xfffe, 1, 8_000, 16);
    wide.extend([22, 0, 16, 0, 0, 0, 0, 0, 1, 0]);
    let extensible = riff(&[(b"fmt ", wide.len() as u32, &wide), (b"data", 2, &[5, 0])]);
    assert_eq!(Wav::read(&extensible), Ok(Wav::mono(8_000, vec![5])));
}

#[test]
fn what_is_no_recording_is_refused_with_the_reason() {
    let with =
        |shape: Vec<u8>| Wav::read(&riff(&[(b"fmt ", shape.len() as u32, &shape), (b"data", 2, &[0, 0])]));
    assert_eq!(Wav::read(b""), Err(WavError::NotWav));
    assert_eq!(Wav::read(b"RIFF\0\0\0\0AVI "), Err(WavError::NotWav));
    assert_eq!(Wav::read(&riff(&[])), Err(WavError::Truncated));
    assert_eq!(Wav::read(&riff(&[(b"data", 2, &[0, 0])])), Err(WavError::Truncated));
    assert_eq!(Wav::read(&riff(&[(b"LIST", u32::MAX, &[0, 0])])), Err(WavError::Truncated));
    assert_eq!(with(vec![1, 0]), Err(WavError::Truncated));
    assert_eq!(with(shape(3, 1, 8_000, 32)), Err(WavError::Coding { tag: 3, bits: 32 }));
    assert_eq!(with(shape(1, 1, 8_000, 8)), Err(WavError::Coding { tag: 1, bits: 8 }));
    assert_eq!(with(shape(1, 0, 8_000, 16)), Err(WavError::Channels(0)));
    assert_eq!(with(shape(1, 6, 8_000, 16)), Err(WavError::Channels(6)));
    assert_eq!(with(shape(1, 1, 0, 16)), Err(WavError::Rate(0)));
    assert_eq!(with(shape(1, 1, u32::MAX, 16)), Err(WavError::Rate(u32::MAX)));
}

#[test]
fn no_bytes_make_reading_panic_or_grow() {
    let mut random = fastrand::Rng::with_seed(11);
    let good = Wav::stereo(8_000, &[1; 50], &[2; 50]).write();
    for _ in 0..20_000 {
        let mut bytes = good.clone();
        for _ in 0..random.usize(1..6) {
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(..);
        }
        bytes.truncate(random.usize(..=bytes.len()));
        if let Ok(wav) = Wav::read(&bytes) {
            assert!(wav.samples.len() <= bytes.len());
        }
    }
}
