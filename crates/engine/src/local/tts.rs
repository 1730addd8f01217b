//! Speaking: how a sentence becomes sound for the telephone, and the memory of what was spoken lately.

use super::{Speech, flite::Flite, mind::is_abbreviation};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// The voice of those who have not chosen one.
pub const DEFAULT_VOICE: &str = "slt";

/// Speaks at the telephone's 8 kHz, inside a speech worker.
pub(super) fn speak(flite: &mut Flite, text: &str, voice: &str, stretch: f32) -> Result<Vec<i16>, String> {
    let (samples, hertz) = flite.speak(text, voice, stretch)?;
    Ok(sound::resample::resample(&samples, hertz, 8_000))
}

/// Whether there is something in this text to be said: a voice that makes no sound of it has failed.
pub(super) fn is_to_sound(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// The text in pieces that are short enough to be spoken in one go, so that the first sound comes early: its
/// sentences, and those again at a blank where they are long. An empty text is one empty piece.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let stops = rest.match_indices(['.', '!', '?']).filter(|(at, _)| ends_sentence(rest, *at));
        let mut end = stops.map(|(at, _)| at + 1).next().unwrap_or(rest.len());
        if end > LONGEST {
            let most = rest.floor_char_boundary(LONGEST);
            end = rest[..most].rfind(' ').unwrap_or(most);
        }
        pieces.push(rest[..end].trim_end());
        rest = rest[end..].trim_start();
    }
    if pieces.is_empty() {
        pieces.push("");
    }
    pieces
}

/// In bytes.
const LONGEST: usize = 300;

/// Whether the stop at this place ends a sentence; after a word of up to three letters it may not, "Dr.", "No.", "a.m.",
/// nor after one that is shorter than it is said: "godz.".
fn ends_sentence(text: &str, at: usize) -> bool {
    let word = text[..at].rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    text[at + 1..].starts_with(' ')
        && (!text[at..].starts_with('.') || (word.len() > 3 && !is_abbreviation(word)))
}

/// A sentence spoken, being spoken, or found to be unspeakable.
pub(super) type Underway = Shared<BoxFuture<'static, Speech>>;

/// Sentences spoken lately, by anyone: a desk says the same things to every caller. Bounded; what was not wanted for
/// longest goes first.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    shelf: Mutex<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    sentences: BTreeMap<(String, String), (u64, Underway)>,
    letters: usize,
    clock: u64,
}

/// A letter sounds about 1 KiB, so this is about 4 MiB.
const LETTERS: usize = 4_096;

impl Spoken {
    /// The speech of this sentence, from memory or newly begun by `speak`.
    pub(super) fn get(
        &self,
        text: &str,
        voice: &str,
        speak: impl FnOnce() -> BoxFuture<'static, Speech>,
    ) -> Underway {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.clock += 1;
        let (clock, key) = (shelf.clock, (voice.to_owned(), text.to_owned()));
        if let Some((used, speech)) = shelf.sentences.get_mut(&key)
            && !matches!(speech.peek(), Some(Err(_)))
        {
            *used = clock;
            return speech.clone();
        }
        let speech = speak().shared();
        if shelf.sentences.insert(key, (clock, speech.clone())).is_none() {
            shelf.letters += text.len();
        }
        while shelf.letters > LETTERS {
            let oldest =
                shelf.sentences.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            shelf.letters -= oldest.1.len();
            shelf.sentences.remove(&oldest);
        }
        speech
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    fn get(spoken: &Spoken, text: &str, made: &Arc<AtomicUsize>, good: bool) -> Speech {
        let speech = spoken.get(text, "slt", || {
            let made = made.clone();
            let speak = async move {
                made.fetch_add(1, Ordering::Relaxed);
                if good { Ok(Arc::from([1, 2])) } else { Err("no".to_owned()) }
            };
            speak.boxed()
        });
        speech.now_or_never().expect("it is spoken at once")
    }

    #[test]
    fn a_long_text_is_spoken_piece_by_piece() {
        let text = "Hello, this is the desk. How can I help you? Tell me.";
        assert_eq!(pieces(text), ["Hello, this is the desk.", "How can I help you?", "Tell me."]);
        assert_eq!(
            pieces("You see Dr. Ada at 3.30 p.m. on Monday."),
            ["You see Dr. Ada at 3.30 p.m. on Monday."]
        );
        assert_eq!(pieces("O godz. 10 na ul. Nowej. Tak."), ["O godz. 10 na ul. Nowej.", "Tak."]);
        assert_eq!(pieces(" \n"), [""]);
        for text in ["word ".repeat(500), "x".repeat(2_000), "ß".repeat(999), "so. ".repeat(400)] {
            let pieces = pieces(&text);
            assert!(pieces.iter().all(|piece| !piece.is_empty() && piece.len() <= LONGEST));
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            assert_eq!(letters(&pieces.concat()), letters(&text));
        }
    }

    #[test]
    fn a_sentence_is_spoken_once_for_all_calls() {
        let (spoken, made) = (Spoken::default(), Arc::default());
        for _ in 0..3 {
            assert_eq!(get(&spoken, "hello", &made, true).as_deref(), Ok(&[1, 2][..]));
        }
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_failure_is_not_remembered() {
        let (spoken, made) = (Spoken::default(), Arc::default());
        assert!(get(&spoken, "hello", &made, false).is_err());
        assert!(get(&spoken, "hello", &made, true).is_ok());
    }

    #[test]
    fn the_memory_is_bounded_and_forgets_what_was_not_wanted_for_longest() {
        let (spoken, made) = (Spoken::default(), Arc::default());
        for n in 0..200 {
            get(&spoken, "hello", &made, true).expect("it is spoken");
            get(&spoken, &format!("{n:050}"), &made, true).expect("it is spoken");
        }
        assert_eq!(made.load(Ordering::Relaxed), 201, "the greeting was never forgotten");
        let shelf = spoken.shelf.lock().expect("nobody panicked");
        assert!(shelf.letters <= LETTERS && shelf.sentences.len() < 100);
        assert_eq!(shelf.letters, shelf.sentences.keys().map(|(_, text)| text.len()).sum::<usize>());
    }
}
