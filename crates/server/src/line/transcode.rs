//! Between the format that a stream announced and the one that engines are spoken to in, where they differ.

use bytes::Bytes;
use call::{Chunk, Format};
use sound::{
    g711::{alaw_to_samples, samples_to_alaw, samples_to_ulaw, ulaw_to_samples},
    pcm_to_samples,
    resample::Resampler,
    samples_to_pcm,
};

/// What every engine hears and speaks.
pub const OURS: Format = Format::Ulaw;

/// Both directions of one stream.
pub struct Transcoder {
    theirs: Format,
    hearing: Option<Resampler>,
    saying: Option<Resampler>,
    samples: Vec<i16>,
}

impl Transcoder {
    /// For a stream in this format; none where nothing is to be done.
    pub fn to(theirs: Format) -> Option<Self> {
        let resampler = |from: u32, to: u32| (from != to).then(|| Resampler::new(from, to));
        (theirs != OURS).then(|| Self {
            theirs,
            hearing: resampler(theirs.hertz(), OURS.hertz()),
            saying: resampler(OURS.hertz(), theirs.hertz()),
            samples: Vec::new(),
        })
    }

    /// What the caller said, as engines hear it.
    pub fn heard(&mut self, chunk: &Chunk) -> Chunk {
        let samples = resampled(&mut self.hearing, &mut self.samples, samples(chunk));
        Chunk { format: OURS, bytes: encoded(OURS, &samples) }
    }

    /// What an engine says, as the stream carries it.
    pub fn said(&mut self, chunk: &Chunk) -> Chunk {
        if chunk.format == self.theirs {
            return chunk.clone();
        }
        let samples = resampled(&mut self.saying, &mut self.samples, samples(chunk));
        Chunk { format: self.theirs, bytes: encoded(self.theirs, &samples) }
    }
}

fn resampled(resampler: &mut Option<Resampler>, spare: &mut Vec<i16>, samples: Vec<i16>) -> Vec<i16> {
    let Some(resampler) = resampler else { return samples };
    spare.clear();
    resampler.push(&samples, spare);
    std::mem::take(spare)
}

fn samples(chunk: &Chunk) -> Vec<i16> {
    match chunk.format {
        Format::Ulaw => ulaw_to_samples(&chunk.bytes),
        Format::Alaw => alaw_to_samples(&chunk.bytes),
        Format::Pcm { .. } => pcm_to_samples(&chunk.bytes),
    }
}

fn encoded(format: Format, samples: &[i16]) -> Bytes {
    match format {
        Format::Ulaw => samples_to_ulaw(samples),
        Format::Alaw => samples_to_alaw(samples),
        Format::Pcm { .. } => samples_to_pcm(samples),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone of 500 Hz, loud.
    fn tone(hertz: u32, samples: u32) -> Vec<i16> {
        let angle = |n: u32| f64::from(n) * 500.0 * std::f64::consts::TAU / f64::from(hertz);
        (0..samples).map(|n| (angle(n).sin() * 12_000.0) as i16).collect()
    }

    #[test]
    fn a_tone_stays_a_tone_of_the_same_length_and_level_both_ways() {
        for theirs in [Format::Alaw, Format::Pcm { hertz: 16_000 }, Format::Pcm { hertz: 8_000 }] {
            let mut transcoder = Transcoder::to(theirs).expect("another format");
            let sound = encoded(theirs, &tone(theirs.hertz(), theirs.hertz()));
            let mut heard = Vec::new();
            for piece in sound.chunks(theirs.hertz() as usize / 50 * theirs.sample_size()) {
                let chunk = Chunk { format: theirs, bytes: piece.to_vec().into() };
                heard.extend(samples(&transcoder.heard(&chunk)));
            }
            assert!(heard.len().abs_diff(8_000) < 100, "{theirs:?}: {}", heard.len());
            let level = sound::level::rms(&heard[1_000..7_000]);
            assert!((level - 12_000.0 / 2f32.sqrt()).abs() < 600.0, "{theirs:?}: {level}");
            let chunk = Chunk { format: OURS, bytes: encoded(OURS, &tone(8_000, 8_000)) };
            let said = samples(&transcoder.said(&chunk));
            assert!(said.len().abs_diff(theirs.hertz() as usize) < 200, "{theirs:?}: {}", said.len());
        }
        assert!(Transcoder::to(Format::Ulaw).is_none());
    }
}
