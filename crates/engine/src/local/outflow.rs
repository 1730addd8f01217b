//! Sound for the line: made at the telephone's rate, sent at the line's and in its coding, in pieces that are not too long.

use call::{Chunk, Format};
use sound::resample::Resampler;
use std::time::Duration;

/// Brings one piece of speech after the other to the line's rate.
#[derive(Debug)]
pub(super) struct Outflow {
    pub(super) format: Format,
    /// That of the piece that is heard now, where its rate is another.
    resampler: Option<Resampler>,
}

/// The longest piece of sound that leaves at once.
const LONGEST_CHUNK: Duration = Duration::from_millis(200);

impl Outflow {
    pub(super) fn new(format: Format) -> Self {
        Self { format, resampler: None }
    }

    /// These samples of 8 kHz at the line's rate, as far as they can be said already.
    pub(super) fn push(&mut self, samples: &[i16]) -> Vec<i16> {
        match self.format {
            Format::Ulaw | Format::Alaw | Format::Pcm { hertz: 8_000 } => samples.to_vec(),
            Format::Pcm { hertz } => {
                let resampler = self.resampler.get_or_insert_with(|| Resampler::new(8_000, hertz.max(1)));
                let mut fitted = Vec::new();
                resampler.push(samples, &mut fitted);
                fitted
            }
        }
    }

    /// The rest of the piece.
    pub(super) fn finish(&mut self) -> Vec<i16> {
        let mut rest = Vec::new();
        if let Some(mut resampler) = self.resampler.take() {
            resampler.finish(&mut rest);
        }
        rest
    }

    /// No more of the piece is heard.
    pub(super) fn stop(&mut self) {
        self.resampler = None;
    }
}

/// Sound of 8 kHz as the line wants it, in pieces that are not too long.
pub(super) fn chunks(samples: &[i16], format: Format) -> impl Iterator<Item = Chunk> {
    let mut outflow = Outflow::new(format);
    let mut fitted = outflow.push(samples);
    fitted.extend(outflow.finish());
    encoded(&fitted, format)
}

/// Sound of the format's own rate in its coding, in pieces that are not too long.
pub(super) fn encoded(samples: &[i16], format: Format) -> impl Iterator<Item = Chunk> + use<> {
    let bytes = match format {
        Format::Ulaw => sound::g711::samples_to_ulaw(samples),
        Format::Alaw => sound::g711::samples_to_alaw(samples),
        Format::Pcm { .. } => sound::samples_to_pcm(samples),
    };
    let mut rest = Chunk { format, bytes: bytes.into() };
    std::iter::from_fn(move || {
        if rest.bytes.is_empty() {
            return None;
        }
        let mut piece = rest.clone();
        rest = rest.after(LONGEST_CHUNK);
        piece.bytes.truncate(piece.bytes.len() - rest.bytes.len());
        Some(piece)
    })
}
