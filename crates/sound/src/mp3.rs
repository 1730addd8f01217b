//! MP3 files, read: what carriers record in where nobody asks for better.

use crate::wav::Wav;
use nanomp3::{Channels, Options, SliceReader};
use std::time::Duration;

/// Decodes a file, of which no more than `longest` is read. None where there is no MP3 sound in it.
pub fn read(file: &[u8], longest: Duration) -> Option<Wav> {
    let mut reader = SliceReader::<i16>::with_options(file, Options::default().skip_scan(true));
    let hertz = Some(reader.sample_rate()).filter(|hertz| *hertz > 0)?;
    let channels = match reader.channels()? {
        Channels::Mono => 1,
        Channels::Stereo => 2,
    };
    let most = longest.as_secs().saturating_mul(u64::from(hertz) * u64::from(channels));
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut samples = Vec::new();
    while samples.len() < most {
        // A file that changes its mind in the middle is heard up to there.
        let Ok(Some(frame)) = reader.read_frame() else { break };
        samples.extend_from_slice(frame);
    }
    samples.truncate(most);
    (!samples.is_empty()).then_some(Wav { hertz, channels, samples })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::{peak, rms};

    const TONE: &[u8] = include_bytes!("../../../fixtures/sound/tone-500hz-1.5s.mp3");

    #[test]
    fn a_tone_is_heard_with_its_length_its_level_and_its_pitch() {
        let wav = read(TONE, Duration::from_secs(60)).expect("an MP3 file");
        assert_eq!((wav.hertz, wav.channels), (16_000, 1));
        assert!(wav.samples.len().abs_diff(24_000) < 2_000, "{}", wav.samples.len());
        let middle = &wav.samples[6_000..18_000];
        assert!((rms(middle) - 0.4 * 32_768.0 / 2f32.sqrt()).abs() < 500.0, "{}", rms(middle));
        let crossings = middle.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
        assert!(crossings.abs_diff(375) <= 2, "{crossings} waves in 0.75 s of 500 Hz");
        assert!(peak(middle) < 14_000);
    }

    #[test]
    fn no_more_is_read_than_was_asked_for() {
        let wav = read(TONE, Duration::from_secs(1)).expect("an MP3 file");
        assert_eq!(wav.samples.len(), 16_000);
    }

    #[test]
    fn what_is_no_mp3_is_none_and_what_is_torn_is_heard_as_far_as_it_goes() {
        for nothing in [&b""[..], b"<html>404</html>", &[0; 5_000], b"ID3"] {
            assert!(read(nothing, Duration::from_secs(1)).is_none());
        }
        let torn = read(&TONE[..TONE.len() / 2], Duration::from_secs(60)).expect("half a file");
        assert!((6_000..16_000).contains(&torn.samples.len()), "{}", torn.samples.len());
        let mut rng = fastrand::Rng::with_seed(1);
        for _ in 0..200 {
            let mut bent = TONE.to_vec();
            for _ in 0..20 {
                let place = rng.usize(..bent.len());
                bent[place] = rng.u8(..);
            }
            let _whatever = read(&bent, Duration::from_secs(5));
        }
    }
}
