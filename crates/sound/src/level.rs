//! How loud a stretch of sound is.

use crate::sample;

/// The quietest level there is a number for: what digital silence measures, in dB of full scale.
pub const SILENCE: f32 = -120.0;

/// The level in dB of full scale (dBFS): a square wave as loud as 16 bits can say measures 0, silence [`SILENCE`].
pub fn dbfs(samples: &[i16]) -> f32 {
    to_dbfs(rms(samples))
}

/// The root of the mean square, on the samples' own scale (0 to 32768); 0 for nothing.
pub fn rms(samples: &[i16]) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    let sum: i64 = samples.iter().map(|&s| i64::from(s) * i64::from(s)).sum();
    (sum as f64 / samples.len() as f64).sqrt() as f32
}

/// The level that an [`rms`] amounts to, in dBFS.
pub fn to_dbfs(rms: f32) -> f32 {
    if rms <= 0.0 { SILENCE } else { (20.0 * (rms / 32_768.0).log10()).max(SILENCE) }
}

/// The loudest sample, as a size.
pub fn peak(samples: &[i16]) -> u16 {
    samples.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0)
}

/// Whether the stretch as a whole is quieter than `dbfs` dB of full scale.
pub fn is_silent(samples: &[i16], dbfs: f32) -> bool {
    self::dbfs(samples) < dbfs
}

/// Brings the stretch to `target` dBFS, but raises it by no more than `at_most` dB and never until it clips. What is
/// louder is made quieter; silence stays as it is.
pub fn normalise(samples: &mut [i16], target: f32, at_most: f32) {
    let peak = peak(samples);
    if peak == 0 {
        return;
    }
    let wanted = (target - dbfs(samples)).min(at_most);
    let factor = 10f32.powf(wanted / 20.0).min(32_767.0 / f32::from(peak));
    for s in samples {
        *s = sample(f32::from(*s) * factor);
    }
}
