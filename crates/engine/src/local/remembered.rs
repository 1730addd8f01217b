//! Sentences that were spoken lately, by any call: a greeting is made, and paid for, once.

use super::{Speech, SpeechStream, Tts, web};
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// What is remembered, of all voices. Clones are the same memory; bounded; what was not wanted for longest goes first.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    shelf: Arc<Mutex<Shelf>>,
}

#[derive(Debug, Default)]
struct Shelf {
    sentences: BTreeMap<Key, (u64, Arc<[i16]>)>,
    samples: usize,
    clock: u64,
}

/// Who spoke, with which voice, and what.
type Key = (String, String, String);

/// About 4 MiB.
const MOST: usize = 2 * 1024 * 1024;

/// A voice with a memory.
#[derive(Clone)]
pub struct Remembered<T> {
    pub tts: T,
    /// Tells this voice from all others: part, address, model.
    pub name: String,
    pub memory: Memory,
}

impl<T: Tts> Tts for Remembered<T> {
    fn speak(&self, text: &str, voice: &str) -> BoxFuture<'static, Speech> {
        web::whole(self.stream(text, voice)).boxed()
    }

    fn stream(&self, text: &str, voice: &str) -> SpeechStream {
        let key = (self.name.clone(), voice.to_owned(), text.to_owned());
        if let Some(speech) = self.memory.get(&key) {
            return stream::once(async move { Ok(speech) }).boxed();
        }
        let state = Some((self.tts.stream(text, voice), Vec::new(), self.memory.clone(), key));
        let speech = stream::unfold(state, |state| async {
            let (mut speech, mut so_far, memory, key) = state?;
            match speech.next().await {
                Some(Ok(piece)) => {
                    so_far.extend_from_slice(&piece);
                    Some((Ok(piece), Some((speech, so_far, memory, key))))
                }
                Some(Err(why)) => Some((Err(why), None)),
                None => {
                    memory.keep(key, so_far.into());
                    None
                }
            }
        });
        speech.boxed()
    }
}

impl Memory {
    fn get(&self, key: &Key) -> Option<Arc<[i16]>> {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.clock += 1;
        let clock = shelf.clock;
        let (used, speech) = shelf.sentences.get_mut(key)?;
        *used = clock;
        Some(speech.clone())
    }

    fn keep(&self, key: Key, speech: Arc<[i16]>) {
        // A sentence without sound is made again, and one that would drive out a quarter of all others.
        if speech.is_empty() || speech.len() > MOST / 4 {
            return;
        }
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.clock += 1;
        let clock = shelf.clock;
        shelf.samples += speech.len();
        if let Some((_, old)) = shelf.sentences.insert(key, (clock, speech)) {
            shelf.samples -= old.len();
        }
        while shelf.samples > MOST {
            let oldest =
                shelf.sentences.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            let Some((_, old)) = oldest.and_then(|oldest| shelf.sentences.remove(&oldest)) else { break };
            shelf.samples -= old.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Speaks as many samples as it is told, in two pieces; a text that is no number fails after the first.
    #[derive(Clone, Default)]
    struct Counting(Arc<AtomicUsize>);

    impl Tts for Counting {
        fn speak(&self, text: &str, voice: &str) -> BoxFuture<'static, Speech> {
            web::whole(self.stream(text, voice)).boxed()
        }

        fn stream(&self, text: &str, _: &str) -> SpeechStream {
            self.0.fetch_add(1, Ordering::Relaxed);
            let first: Speech = Ok(Arc::from(vec![1; 10]));
            let second: Speech = text
                .trim_start_matches(|c: char| !c.is_ascii_digit())
                .parse()
                .map(|length: usize| Arc::from(vec![2; length]))
                .map_err(|_| "no".to_owned());
            stream::iter([first, second]).boxed()
        }
    }

    fn rig() -> (Remembered<Counting>, Arc<AtomicUsize>) {
        let tts = Counting::default();
        let made = tts.0.clone();
        (Remembered { tts, name: "counting".into(), memory: Memory::default() }, made)
    }

    fn spoken(voice: &Remembered<Counting>, text: &str) -> Speech {
        voice.speak(text, "v").now_or_never().expect("it is spoken at once")
    }

    #[test]
    fn a_sentence_is_made_once_and_a_failure_is_not_remembered() {
        let (voice, made) = rig();
        for _ in 0..3 {
            assert_eq!(spoken(&voice, "5").map(|s| s.len()), Ok(15));
            assert!(spoken(&voice, "no number").is_err());
        }
        assert_eq!(made.load(Ordering::Relaxed), 1 + 3);
    }

    #[test]
    fn one_who_stops_listening_leaves_no_half_sentence_behind() {
        let (voice, made) = rig();
        drop(voice.stream("5", "v").next().now_or_never().expect("it is spoken at once"));
        assert_eq!(spoken(&voice, "5").map(|s| s.len()), Ok(15));
        assert_eq!(made.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn the_memory_is_bounded_and_forgets_what_was_not_wanted_for_longest() {
        let (voice, made) = rig();
        for n in 0..50 {
            spoken(&voice, "7").expect("it is spoken");
            spoken(&voice, &format!("{}100000", "x".repeat(n))).expect("it is spoken");
        }
        assert_eq!(made.load(Ordering::Relaxed), 51, "what is wanted often is never forgotten");
        let shelf = voice.memory.shelf.lock().expect("nobody panicked");
        assert!(shelf.samples <= MOST);
        assert_eq!(shelf.samples, shelf.sentences.values().map(|(_, speech)| speech.len()).sum::<usize>());
    }
}
