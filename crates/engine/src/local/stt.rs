//! Hearing: how an utterance from the telephone becomes words with a confidence, inside a speech worker.

use super::{
    Hypothesis,
    pocketsphinx::{Decoder, MODEL, Route},
};
use sound::{level, widen};
use std::{collections::BTreeSet, path::Path};

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
        Ok(Self { decoder: Decoder::open(Path::new(MODEL), &SETTINGS)? })
    }

    /// Those of these words that have no pronunciation.
    pub fn unknown<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
        words.into_iter().filter(|word| !self.decoder.knows(word)).map(str::to_owned).collect()
    }

    /// Recognises one utterance (8 kHz) with a JSGF grammar; at most `most` hypotheses, best first.
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
        let unknown = self.unknown(words(grammar));
        if !unknown.is_empty() {
            let unknown = unknown.into_iter().collect::<Vec<_>>().join(", ");
            return Err(format!("the grammar has words without a pronunciation: {unknown}"));
        }
        let Some(speech) = speech(samples) else { return Ok(Vec::new()) };
        let wide = widen::unfold(&speech);
        let routes = self.decoder.decode(&wide, grammar, most)?;
        if routes.is_empty() {
            return Ok(Vec::new());
        }
        let Some(loops) = self.decoder.phones(&wide)? else { return Ok(Vec::new()) };
        let mut hypotheses: Vec<Hypothesis> = routes
            .into_iter()
            .map(|route| Hypothesis { confidence: confidence(&route, &loops), text: route.text })
            .collect();
        hypotheses.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        Ok(hypotheses)
    }
}

/// The words of a JSGF grammar: what is neither a rule, a tag, a weight, nor a sign.
pub fn words(grammar: &str) -> BTreeSet<&str> {
    let mut words = BTreeSet::new();
    let body = grammar.lines().filter(|line| !line.starts_with("#JSGF") && !line.starts_with("grammar "));
    for line in body {
        let mut rest = line;
        while let Some(start) = rest.find(|c: char| !c.is_whitespace() && !"|()[]*+;=".contains(c)) {
            rest = &rest[start..];
            let close = match rest.as_bytes()[0] {
                b'<' => Some('>'),
                b'{' => Some('}'),
                b'/' => Some('/'),
                _ => None,
            };
            let end = match close {
                Some(close) => rest[1..].find(close).map_or(rest.len(), |at| at + 2),
                None => {
                    rest.find(|c: char| c.is_whitespace() || "|()[]*+;=<{/".contains(c)).unwrap_or(rest.len())
                }
            };
            let word = &rest[..end];
            if close.is_none() && word != "public" {
                words.insert(word);
            }
            rest = &rest[end..];
        }
    }
    words
}

const SETTINGS: [(&str, &str); 1] = [
    // Triphones in a loop of all phones take seconds for each second.
    ("-allphone_ci", "yes"),
];

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

/// How much worse the sound fits these words than it fits its best row of phones, as a number from 0 to 1.
fn confidence(route: &Route, loops: &Route) -> f32 {
    let sum = |route: &Route| route.segments.iter().map(|s| i64::from(s.acoustic)).sum::<i64>();
    let spoken = route.segments.iter().filter(|s| !s.word.starts_with(['<', '[', '+']));
    let frames: i32 = spoken.map(|s| s.frames.1 - s.frames.0 + 1).sum();
    let worse = (sum(loops) - sum(route)) as f32 / frames.max(1) as f32;
    1.0 / (1.0 + ((worse - EVEN) / STEEP).exp())
}

const EVEN: f32 = 40.0;
const STEEP: f32 = 8.0;
