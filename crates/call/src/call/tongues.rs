//! The caller is followed into another language: the engine is told, and what the call says by itself is in it, too.

use super::Call;
use crate::{EngineCommand, Language, Note, Policy, TurnId, tongue::Tongue};

/// A call that may be held in these languages.
pub(super) fn of(policy: &Policy) -> Tongue {
    Tongue::new(policy.languages.iter().filter_map(|wording| Language::of(&wording.tag)).collect())
}

impl Call {
    /// Goes on in another language where these words of the caller's make it so.
    pub(super) fn follow_language(&mut self, turn: TurnId, words: &str) {
        let from = self.tongue.language();
        let Some((to, why)) = self.tongue.heard(turn, words) else { return };
        let Some(tag) = self.policy.speak(to) else { return };
        self.tell_engine(EngineCommand::Speak(tag));
        if let Some(from) = from {
            self.note(Note::LanguageChanged { from, to, why });
        }
    }
}
