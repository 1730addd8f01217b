//! Telephone sound made wide for a recogniser that learned from microphones: spectral folding.
//!
//! A telephone carries nothing above 4 kHz, and to an acoustic model of 16 kHz speech an empty upper band is a
//! strange place. The lower band, mirrored upwards and made quieter, is enough like the real thing.

use crate::sample;

/// 8 kHz in, 16 kHz out, twice as many samples: the same sound below 4 kHz, and above it the mirror of the lower band
/// at `gain` (0: nothing, as in plain resampling; 1: as loud as the lower band).
pub fn widen(samples: &[i16], gain: f32) -> Vec<i16> {
    let mut wide = crate::resample::resample(samples, 8_000, 16_000);
    // Zeros between the samples give both bands in full, so this is low + gain × (both − low).
    for (at, wide) in wide.iter_mut().enumerate() {
        let both = if at % 2 == 0 { 2.0 * f32::from(samples[at / 2]) } else { 0.0 };
        *wide = sample((1.0 - gain) * f32::from(*wide) + gain * both);
    }
    wide
}
