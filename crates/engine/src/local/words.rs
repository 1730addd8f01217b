//! What a recogniser of free speech wrote, as it is handed on: nothing that was made out of silence, and where a grammar waits for
//! it, in the grammar's spelling.

use super::{Hypothesis, jsgf::Grammar, speakable::speakable};
use call::Language;
use sound::level;

/// What is known of the sound that words are claimed of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// All of it, in seconds.
    pub seconds: f32,
    /// As much of it as is near its loudest, in seconds.
    pub voiced: f32,
    /// Its loudest 10 ms, in dB below full scale.
    pub loudest: f32,
    /// The recogniser's own estimate that nobody spoke, 0 to 1.
    pub no_speech: Option<f32>,
    /// The mean logarithm of its words' probabilities.
    pub log_probability: Option<f32>,
}

/// The longest transcript of one utterance, in bytes; a longer one is none.
pub const LONGEST: usize = 16 * 1024;
/// 10 ms of 8 kHz.
const FRAME: usize = 80;
/// Quieter than this is a line on which nobody speaks.
const QUIET: f32 = -50.0;
/// What is quieter than the loudest by this is not the voice.
const DYNAMICS: f32 = 25.0;
/// Shorter than this is a click, in seconds.
const CLICK: f32 = 0.06;

impl Evidence {
    /// Of samples of 8 kHz.
    pub fn of(samples: &[i16]) -> Self {
        let levels: Vec<f32> = samples.chunks(FRAME).map(level::dbfs).collect();
        let loudest = levels.iter().copied().fold(level::SILENCE, f32::max);
        let voiced = levels.iter().filter(|level| **level > (loudest - DYNAMICS).max(QUIET)).count();
        Self {
            seconds: samples.len() as f32 / 8_000.0,
            voiced: voiced as f32 / 100.0,
            loudest,
            no_speech: None,
            log_probability: None,
        }
    }

    /// Nobody is asked what was said here.
    pub fn is_silent(&self) -> bool {
        self.loudest < QUIET || self.voiced < CLICK
    }
}

/// The words of a transcript, best first; none where they were made up. An empty grammar takes any words.
pub fn hypotheses(text: &str, confidence: f32, evidence: &Evidence, grammar: &str) -> Vec<Hypothesis> {
    let plain = without_sounds(text);
    if evidence.is_silent() || is_invented(&plain, evidence) {
        return Vec::new();
    }
    fitted(&plain, confidence, grammar)
}

/// The same of words that were surely spoken.
pub fn fitted(text: &str, confidence: f32, grammar: &str) -> Vec<Hypothesis> {
    let text = without_sounds(text);
    if text.is_empty() || text.len() > LONGEST {
        return Vec::new();
    }
    if grammar.trim().is_empty() {
        return vec![Hypothesis { text, confidence, language: None }];
    }
    let text = spelled(&text);
    if text.is_empty() {
        return Vec::new();
    }
    let expected = Grammar::read(grammar).is_ok_and(|grammar| grammar.accepts(&text));
    let confidence = if expected { confidence } else { confidence.min(UNEXPECTED) };
    vec![Hypothesis { text, confidence, language: None }]
}

/// The same, in this language.
pub fn in_language(mut heard: Vec<Hypothesis>, language: Option<Language>) -> Vec<Hypothesis> {
    for hypothesis in &mut heard {
        hypothesis.language = language;
    }
    heard
}

/// How sure words can be that were not expected: the desk reads them, and asks again where it makes nothing of them.
const UNEXPECTED: f32 = 0.6;

/// As a grammar spells: lower case, numbers in words, single blanks, no marks but apostrophes.
pub fn spelled(text: &str) -> String {
    let text = speakable(text, "en-US").to_lowercase();
    let text = text.replace("a.m.", "a m").replace("p.m.", "p m").replace('’', "'");
    let text: String = text.chars().map(|c| if c.is_alphanumeric() || c == '\'' { c } else { ' ' }).collect();
    let words = text.split_whitespace().map(|word| if word == "ok" { "okay" } else { word });
    let words: Vec<&str> =
        words.filter(|word| !["um", "uh", "uhm", "er", "erm", "hmm", "mhm"].contains(word)).collect();
    words.join(" ")
}

/// Without what describes sounds: `[BLANK_AUDIO]`, `(coughs)`, `*sighs*`, `♪`.
fn without_sounds(text: &str) -> String {
    let mut words = String::new();
    let mut until = None;
    for c in text.chars() {
        match (until, c) {
            (Some(end), c) if c == end => until = None,
            (Some(_), _) => {}
            (None, '[') => until = Some(']'),
            (None, '(') => until = Some(')'),
            (None, '{') => until = Some('}'),
            (None, '*') => until = Some('*'),
            (None, '♪' | '♫' | '🎵' | '🎶') => words.push(' '),
            (None, c) => words.push(c),
        }
    }
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().any(char::is_alphanumeric) { words } else { String::new() }
}

/// What recognisers write under silence and music, and nobody says to a telephone.
const NEVER_SAID: [&str; 24] = [
    "thanks for watching",
    "thank you for watching",
    "thank you so much for watching",
    "please subscribe",
    "subscribe to my channel",
    "like and subscribe",
    "don't forget to subscribe",
    "see you in the next video",
    "subtitles by",
    "subtitles made by",
    "transcription by",
    "transcribed by",
    "captions by",
    "caption by",
    "translated by",
    "amara org",
    "untertitel der amara",
    "untertitel im auftrag des",
    "untertitelung des zdf",
    "sous titres réalisés",
    "sous titrage",
    "subtítulos por la comunidad",
    "sottotitoli creati dalla",
    "ご視聴ありがとうございました",
];
/// What they write under silence, and callers say, too: believed where there was a voice.
const DOUBTFUL: [&str; 20] = [
    "you",
    "thank you",
    "thank you very much",
    "thanks",
    "bye",
    "bye bye",
    "goodbye",
    "okay",
    "ok",
    "so",
    "yeah",
    "oh",
    "the",
    "i",
    "hmm",
    "um",
    "vielen dank",
    "tschüss",
    "merci",
    "gracias",
];

/// Whether these words were never spoken, as far as the sound tells.
pub fn is_invented(text: &str, evidence: &Evidence) -> bool {
    let text: String =
        text.to_lowercase().chars().map(|c| if c.is_alphanumeric() || c == '\'' { c } else { ' ' }).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    let plain = words.join(" ");
    let nobody = evidence.no_speech.unwrap_or(0.0);
    let unlikely = evidence.log_probability.is_some_and(|log| log < -1.0);
    let faint = evidence.voiced < 0.2 || evidence.loudest < -42.0;
    NEVER_SAID.iter().any(|phrase| plain.contains(phrase))
        || (nobody > 0.6 && unlikely)
        || (DOUBTFUL.contains(&plain.as_str()) && (nobody > 0.4 || faint))
        || plain.chars().count() as f32 > 30.0 + 30.0 * evidence.seconds
        || repeats(&words)
}

/// The same few words over and over: a recogniser that ran in a circle.
fn repeats(words: &[&str]) -> bool {
    (1..=8_usize).any(|length| {
        let often = if length == 1 { 7 } else { 4 };
        words.len() >= length * often
            && words
                .windows(length * often)
                .any(|window| window.chunks(length).all(|chunk| chunk == &window[..length]))
    })
}
