//! Hearing: how an utterance from the telephone becomes words with a confidence, inside a speech worker.

use super::{
    Hypothesis,
    jsgf::Grammar,
    pocketsphinx::{Decoder, MODEL, Route},
};
use sound::{level, widen};
use std::{borrow::Cow, collections::BTreeSet, path::Path};

/// The longest utterance that is recognised, in samples of 8 kHz.
pub const LONGEST_UTTERANCE: usize = 30 * 8_000;
/// The longest grammar, in bytes.
pub const LONGEST_GRAMMAR: usize = 256 * 1024;

/// The ear: PocketSphinx, and what has to be done around it.
pub struct Ear {
    decoder: Decoder,
}

impl Ear {
    /// Loads the model.
    pub fn open() -> Result<Self, String> {
        Ok(Self { decoder: Decoder::open(Path::new(MODEL))? })
    }

    /// Those of these words that have no pronunciation.
    pub fn unknown<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
        words.into_iter().filter(|word| !self.decoder.knows(word)).map(str::to_owned).collect()
    }

    /// Recognises one utterance (8 kHz) with a JSGF grammar; at most `most` hypotheses, best first. Sentences with words
    /// that have no pronunciation are none that can be heard.
    pub fn recognise(
        &mut self,
        samples: &[i16],
        grammar: &str,
        most: usize,
    ) -> Result<Vec<Hypothesis>, String> {
        if samples.len() > LONGEST_UTTERANCE {
            return Err(format!("an utterance of {} s is too long", samples.len() / 8_000));
        }
        if grammar.len() > LONGEST_GRAMMAR {
            return Err(format!("a grammar of {} bytes is too long", grammar.len()));
        }
        let mut sentences = Grammar::read(grammar)?;
        let unknown = self.unknown(sentences.words());
        let mut grammar = Cow::Borrowed(grammar);
        if !unknown.is_empty() {
            let Some(known) = sentences.without(&unknown) else {
                let unknown: Vec<_> = unknown.into_iter().collect();
                return Err(format!("no sentence of the grammar can be pronounced: {}", unknown.join(", ")));
            };
            (grammar, sentences) = (Cow::Owned(known.to_string()), known);
        }
        let Some(speech) = speech(samples) else { return Ok(Vec::new()) };
        let wide = widen::unfold(&speech);
        let routes = self.decoder.decode(&wide, &grammar, most, |text| sentences.accepts(text))?;
        if routes.is_empty() {
            return Ok(Vec::new());
        }
        let Some(loops) = self.decoder.phones(&wide)? else { return Ok(Vec::new()) };
        let mut routes = routes.into_iter();
        let Some(best) = routes.next() else { return Ok(Vec::new()) };
        let strain = Strain::of(&best, &loops);
        let mut heard = vec![Hypothesis { confidence: strain.confidence(), text: best.text, language: None }];
        for other in routes {
            if let Some(other) = self.decoder.fit(&wide, &other.text)? {
                let confidence = Strain::of(&other, &loops).confidence_beside(strain);
                heard.push(Hypothesis { confidence, text: other.text, language: None });
            }
        }
        heard[1..].sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        Ok(heard)
    }
}

/// What is quieter than the loudest 10 ms by this many dB is not the utterance.
const DYNAMICS: f32 = 40.0;
const FRAME: usize = 80;
/// Kept of the line on either side of the utterance, in frames.
const MARGIN: usize = 10;
/// Silence put around it, in frames, so that the decoder has a place for its own.
const PAD: usize = 25;

/// The utterance itself, between two stretches of digital silence; none where there is no sound in it.
fn speech(samples: &[i16]) -> Option<Vec<i16>> {
    let levels: Vec<f32> = samples.chunks(FRAME).map(level::dbfs).collect();
    let loudest = levels.iter().copied().fold(level::SILENCE, f32::max);
    let loud = |level: &f32| *level > (loudest - DYNAMICS).max(-60.0);
    let from = levels.iter().position(loud)?.saturating_sub(MARGIN) * FRAME;
    let to = ((levels.iter().rposition(loud)? + 1 + MARGIN) * FRAME).min(samples.len());
    let mut speech = vec![0; PAD * FRAME];
    speech.extend(&samples[from..to]);
    speech.resize(speech.len() + PAD * FRAME, 0);
    Some(speech)
}

/// How much worse the sound fits these words than it fits the best row of phones, for each frame of speech.
#[derive(Clone, Copy, Debug)]
struct Strain(f32);

impl Strain {
    fn of(route: &Route, loops: &Route) -> Self {
        let sum = |route: &Route| route.segments.iter().map(|s| i64::from(s.acoustic)).sum::<i64>();
        let spoken = route.segments.iter().filter(|s| !s.word.starts_with(['<', '[', '+']));
        let frames: i32 = spoken.map(|s| s.frames.1 - s.frames.0 + 1).sum();
        Self((sum(loops) - sum(route)) as f32 / (frames as f32 + SHORT))
    }

    fn confidence(self) -> f32 {
        1.0 / (1.0 + ((self.0 - EVEN) / STEEP).exp())
    }

    /// The confidence of words that the decoder likes less than others.
    fn confidence_beside(self, best: Strain) -> f32 {
        best.confidence() * (-(self.0 - best.0).max(0.0) * RIVALRY).exp()
    }
}

/// Frames that every utterance is taken to have more, because a short one fits nothing well.
const SHORT: f32 = 60.0;
/// The strain at which words are as likely right as wrong, how fast that changes, and how fast confidence falls from the
/// best words to others; `docs/speech.md` shows what was measured.
const EVEN: f32 = 14.5;
const STEEP: f32 = 2.3;
const RIVALRY: f32 = 0.12;
