//! Between the format that a stream announced and the one that engines are spoken to in, where they differ.

use bytes::Bytes;
use call::{Chunk, Format};
use sound::{
    g711::{alaw_to_samples, samples_to_alaw, samples_to_ulaw, ulaw_to_samples},
    pcm_to_samples,
    resample::{Resampler, resample},
    samples_to_pcm,
};

/// What every engine hears and speaks that is called by telephone.
pub const OURS: Format = Format::Ulaw;

/// Both directions of one stream.
pub struct Transcoder {
    theirs: Format,
    ours: Format,
    hearing: Option<Resampler>,
    saying: Option<Resampler>,
    samples: Vec<i16>,
}

impl Transcoder {
    /// Between a stream and the engines; none where nothing is to be done.
    pub fn between(theirs: Format, ours: Format) -> Option<Self> {
        let resampler = |from: u32, to: u32| (from != to).then(|| Resampler::new(from, to));
        // What this program says by itself is µ-law for everybody.
        (theirs != ours || ours != OURS).then(|| Self {
            theirs,
            ours,
            hearing: resampler(theirs.hertz(), ours.hertz()),
            saying: resampler(ours.hertz(), theirs.hertz()),
            samples: Vec::new(),
        })
    }

    /// What the caller said, as engines hear it.
    pub fn heard(&mut self, chunk: &Chunk) -> Chunk {
        if chunk.format == self.ours {
            return chunk.clone();
        }
        let samples = resampled(&mut self.hearing, &mut self.samples, samples(chunk));
        Chunk { format: self.ours, bytes: encoded(self.ours, &samples) }
    }

    /// What an engine says, as the stream carries it.
    pub fn said(&mut self, chunk: &Chunk) -> Chunk {
        if chunk.format == self.theirs {
            return chunk.clone();
        }
        let samples = if chunk.format.hertz() == self.ours.hertz() {
            resampled(&mut self.saying, &mut self.samples, samples(chunk))
        } else {
            resample(&samples(chunk), chunk.format.hertz(), self.theirs.hertz())
        };
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
            let mut transcoder = Transcoder::between(theirs, OURS).expect("another format");
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
        assert!(Transcoder::between(Format::Ulaw, OURS).is_none());
    }

    #[test]
    fn wide_sound_stays_wide_and_what_is_not_is_heard_all_the_same() {
        let wide = Format::Pcm { hertz: 16_000 };
        for ours in [wide, Format::Pcm { hertz: 24_000 }] {
            let mut transcoder = Transcoder::between(wide, ours).expect("there is something to do");
            let sound = Chunk { format: wide, bytes: encoded(wide, &tone(16_000, 16_000)) };
            let heard = transcoder.heard(&sound);
            assert_eq!(heard.format, ours);
            assert!(samples(&heard).len().abs_diff(ours.hertz() as usize) < 100);
            assert_eq!(heard == sound, ours == wide, "what is right already is left alone");
            let said = transcoder
                .said(&Chunk { format: ours, bytes: encoded(ours, &tone(ours.hertz(), ours.hertz())) });
            assert!(said.format == wide && samples(&said).len().abs_diff(16_000) < 100);
            let apology = transcoder.said(&Chunk { format: OURS, bytes: encoded(OURS, &tone(8_000, 8_000)) });
            let level = sound::level::rms(&samples(&apology)[2_000..14_000]);
            assert!(apology.format == wide && samples(&apology).len().abs_diff(16_000) < 100);
            assert!((level - 12_000.0 / 2f32.sqrt()).abs() < 600.0, "{level}");
        }
    }
}
