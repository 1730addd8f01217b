//! Sound that comes in pieces of bytes, brought to the telephone's rate as it comes.

use sound::{resample::Resampler, wav::Wav};

/// Takes raw PCM (signed, 16 bits, little-endian, one channel), or a WAV file, which is told by its beginning and heard at its
/// end.
#[derive(Debug)]
pub struct Inflow {
    hertz: u32,
    resampler: Resampler,
    beginning: Beginning,
    /// Half a sample, or the whole of a file.
    held: Vec<u8>,
    /// Something could be heard by now.
    sounded: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beginning {
    Unknown,
    Raw,
    Wav,
}

/// The largest WAV file, in bytes: two minutes at 48 kHz.
const LARGEST_WAV: usize = 120 * 48_000 * 2 + 1_024;

impl Inflow {
    /// `hertz`: the rate of raw PCM. Panics where it is zero.
    pub fn new(hertz: u32) -> Self {
        Self {
            hertz,
            resampler: Resampler::new(hertz, 8_000),
            beginning: Beginning::Unknown,
            held: Vec::new(),
            sounded: false,
        }
    }

    /// What can be heard by now, at 8 kHz; or what this is instead of sound.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<i16>, String> {
        self.held.extend_from_slice(bytes);
        if self.beginning == Beginning::Unknown {
            if self.held.len() < 4 {
                return Ok(Vec::new());
            }
            self.beginning = match &self.held[..4] {
                b"RIFF" => Beginning::Wav,
                b"OggS" => return Err("Ogg where raw sound was asked for".into()),
                b"fLaC" => return Err("FLAC where raw sound was asked for".into()),
                [b'I', b'D', b'3', _] | [0xff, 0xfb | 0xf3 | 0xf2, ..] => {
                    return Err("MP3 where raw sound was asked for".into());
                }
                [b'{', b'"', ..] | b"<htm" | b"<!DO" => return Err("text where sound was asked for".into()),
                _ => Beginning::Raw,
            };
        }
        if self.beginning == Beginning::Wav {
            if self.held.len() > LARGEST_WAV {
                return Err("a WAV file that does not end".into());
            }
            return Ok(Vec::new());
        }
        let samples = self.raw();
        self.sounded |= !samples.is_empty();
        Ok(samples)
    }

    /// The rest of a text's sound. Where the text is one that sounds, there is some.
    pub fn finish_of(&mut self, is_to_sound: bool) -> Result<Vec<i16>, String> {
        let rest = self.finish()?;
        if is_to_sound && !self.sounded && rest.is_empty() {
            return Err("no sound at all".into());
        }
        Ok(rest)
    }

    /// The rest.
    pub fn finish(&mut self) -> Result<Vec<i16>, String> {
        match self.beginning {
            Beginning::Wav => {
                let wav =
                    Wav::read(&self.held).map_err(|why| format!("a WAV file that cannot be read: {why}"))?;
                Ok(wav.to_mono(8_000))
            }
            Beginning::Unknown | Beginning::Raw => {
                let mut rest = self.raw();
                if self.hertz != 8_000 {
                    self.resampler.finish(&mut rest);
                }
                Ok(rest)
            }
        }
    }

    fn raw(&mut self) -> Vec<i16> {
        let even = self.held.len() & !1;
        let samples = sound::pcm_to_samples(&self.held[..even]);
        self.held.drain(..even);
        if self.hertz == 8_000 {
            return samples;
        }
        let mut out = Vec::new();
        self.resampler.push(&samples, &mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: u32, seconds: u32) -> Vec<i16> {
        (0..hertz * seconds)
            .map(|n| ((n as f32 / hertz as f32 * 440.0 * std::f32::consts::TAU).sin() * 8_000.0) as i16)
            .collect()
    }

    fn heard(bytes: &[u8], hertz: u32, piece: usize) -> Result<Vec<i16>, String> {
        let mut inflow = Inflow::new(hertz);
        let mut all = Vec::new();
        for piece in bytes.chunks(piece) {
            all.extend(inflow.push(piece)?);
        }
        all.extend(inflow.finish()?);
        Ok(all)
    }

    #[test]
    fn the_pieces_it_comes_in_make_no_difference() {
        for hertz in [8_000, 16_000, 22_050, 24_000, 48_000] {
            let bytes = sound::samples_to_pcm(&tone(hertz, 1));
            let whole = heard(&bytes, hertz, bytes.len()).expect("it is sound");
            assert_eq!(whole.len(), 8_000);
            for piece in [1, 3, 777, 4_096] {
                assert_eq!(heard(&bytes, hertz, piece).as_ref(), Ok(&whole), "{hertz} Hz by {piece}");
            }
        }
    }

    #[test]
    fn a_wav_file_says_its_own_rate() {
        let file = Wav::mono(22_050, tone(22_050, 1)).write();
        assert_eq!(heard(&file, 24_000, 1_000).expect("it is sound").len(), 8_000);
        assert!(heard(&file[..40], 24_000, 1_000).is_err());
    }

    #[test]
    fn what_is_no_sound_is_refused() {
        for bytes in [
            &b"ID3\x04rest"[..],
            b"OggS....",
            b"fLaC....",
            b"\xff\xfb\x90\x00",
            b"{\"error\":1}",
            b"<!DOCTYPE html>",
        ] {
            assert!(heard(bytes, 24_000, 2).is_err(), "{bytes:?}");
        }
        assert_eq!(heard(b"", 24_000, 1), Ok(Vec::new()));
        assert_eq!(heard(b"\x01", 24_000, 1), Ok(Vec::new()), "half a sample is none");
    }
}
