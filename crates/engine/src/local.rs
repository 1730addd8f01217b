//! The local cascade: hear, think, speak, all on this machine.

use futures_util::future::BoxFuture;
use std::sync::Arc;

/// What the caller may have said, and how sure the recogniser is of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// Lower-case words with single blanks between them, as the grammar spells them.
    pub text: String,
    /// 0: surely not; 1: surely. `docs/speech.md` shows what was measured.
    pub confidence: f32,
}

/// Tells speech from everything else that sounds.
pub trait Vad: Send {
    /// Takes the next 20 ms (160 samples of 8 kHz) and says whether the caller is speaking now. The answer is
    /// smoothed: it turns `true` once speech is certain, and `false` once the caller has been quiet for a moment.
    fn hear(&mut self, samples: &[i16]) -> bool;
}

/// Hears words.
pub trait Stt: Send + Sync {
    /// Recognises one utterance (8 kHz, at most 30 s) against a JSGF grammar. Best hypothesis first; none where nothing
    /// was understood at all. An error is a sentence for the owner.
    fn recognise(&self, samples: Vec<i16>, grammar: Arc<str>) -> BoxFuture<'static, Result<Vec<Hypothesis>, String>>;
}

/// Speaks words.
pub trait Tts: Send + Sync {
    /// Speaks one sentence: samples of 8 kHz. An error is a sentence for the owner.
    fn speak(&self, text: &str, voice: &str) -> BoxFuture<'static, Result<Arc<[i16]>, String>>;
}
