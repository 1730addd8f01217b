//! Telephone sound made wide for a recogniser that learned from microphones: spectral folding.
//!
//! A telephone carries nothing above 4 kHz, and to an acoustic model of 16 kHz speech an empty upper band is a
//! strange place. The lower band, mirrored upwards and made quieter, is enough like the real thing; how much quieter
//! depends on the sound, because an *s* lives up there and an *o* does not.

use crate::sample;

/// 8 kHz in, 16 kHz out, twice as many samples: the same sound below 4 kHz, and above it the mirror of the lower band
/// at `gain` (0: nothing, as in plain resampling; 1: as loud as the lower band).
pub fn widen(samples: &[i16], gain: f32) -> Vec<i16> {
    folded(samples, |_| gain)
}

/// The same with the gain of each moment taken from its sound: little for vowels, much for hissing.
pub fn unfold(samples: &[i16]) -> Vec<i16> {
    let gains: Vec<f32> = (0..samples.len() / STEP + 2).map(|step| gain_at(samples, step * STEP)).collect();
    folded(samples, |at| {
        let (step, part) = (at / (2 * STEP), (at % (2 * STEP)) as f32 / (2 * STEP) as f32);
        gains[step] * (1.0 - part) + gains[step + 1] * part
    })
}

/// 10 ms: gains are computed so often, and go smoothly from one to the next.
const STEP: usize = 80;
/// The gain for voiced sounds, and for hissing.
const GAINS: (f32, f32) = (0.2, 1.0);
/// The part of a sound's energy that its differences have: of voiced sounds below the first, of hissing above the
/// second. (Noise that is white up to 4 kHz has 0.5.)
const HISS: (f32, f32) = (0.15, 0.5);

fn gain_at(samples: &[i16], middle: usize) -> f32 {
    let near = &samples[middle.saturating_sub(STEP).min(samples.len())..(middle + STEP).min(samples.len())];
    let energy: f32 = near.iter().map(|&s| f32::from(s).powi(2)).sum();
    let change: f32 = near.windows(2).map(|w| (f32::from(w[1]) - f32::from(w[0])).powi(2)).sum();
    let hiss = ((change / 4.0 / (energy + 1.0) - HISS.0) / (HISS.1 - HISS.0)).clamp(0.0, 1.0);
    GAINS.0 + (GAINS.1 - GAINS.0) * hiss * hiss * (3.0 - 2.0 * hiss)
}

fn folded(samples: &[i16], gain: impl Fn(usize) -> f32) -> Vec<i16> {
    let mut wide = crate::resample::resample(samples, 8_000, 16_000);
    // Zeros between the samples give both bands in full, so this is low + gain × (both − low).
    for (at, wide) in wide.iter_mut().enumerate() {
        let (gain, both) = (gain(at), if at % 2 == 0 { 2.0 * f32::from(samples[at / 2]) } else { 0.0 });
        *wide = sample((1.0 - gain) * f32::from(*wide) + gain * both);
    }
    wide
}
