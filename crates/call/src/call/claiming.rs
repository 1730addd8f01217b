//! What the assistant says of itself: noted, and corrected where it claims what no tool has done.

use super::{Call, Phase};
use crate::{Cut, EngineCommand, ItemId, Manner, Note, Transcript, claim::Finding};
use std::time::Instant;

impl Call {
    pub(super) fn on_assistant_said(&mut self, now: Instant, item: ItemId, transcript: Transcript) {
        if transcript.partial {
            self.unfinished = Some((item, transcript.text));
            return;
        }
        self.unfinished.take_if(|(unfinished, _)| *unfinished <= item);
        self.claims.said(item, &transcript.text);
        self.history.assistant_said(item, &transcript.text);
        self.note(Note::AssistantSaid(item, transcript.text));
        self.correct_claims(now);
    }

    /// Corrects what was claimed and heard, if it is the moment to: nobody speaks, and no tool is at it. Says whether
    /// the engine has something to say now.
    pub(super) fn correct_claims(&mut self, now: Instant) -> bool {
        let heard = self.manner == Manner::Turns || !self.playout.is_sounding(now);
        let quiet = heard && !self.is_replying() && self.floor.taken.is_none();
        quiet && !self.is_claim_awaited() && self.decide_claims()
    }

    /// Whether something was claimed that a tool under way may bear out.
    pub(super) fn is_claim_awaited(&mut self) -> bool {
        if let Some((item, text)) = &self.unfinished {
            self.claims.said(*item, text);
        }
        self.claims.is_any_pending() && self.errands.is_any_awaited()
    }

    /// Decides about all claims, which were heard. Says whether the engine is to correct any.
    pub(super) fn decide_claims(&mut self) -> bool {
        if !self.claims.is_any_pending() {
            return false;
        }
        let may_correct = !self.is_engine_gone()
            && match &self.phase {
                Phase::Talking | Phase::Connecting(_) => true,
                Phase::Leaving(leave) => !leave.is_final(),
                Phase::Over(_) => false,
            };
        let (findings, correction) = self.claims.decide_all(may_correct);
        for Finding { item, deed, said, agreed, corrected } in findings {
            self.note(Note::FalseClaim { item, deed, said, agreed, corrected });
        }
        let corrects = correction.is_some();
        if let Some(correction) = correction {
            self.speak(EngineCommand::Prompt(correction));
        }
        corrects
    }

    /// The call is over: what was claimed and not heard was not claimed. A tool that is still at it decides later.
    pub(super) fn close_claims(&mut self, now: Instant) {
        let taken = self.floor.taken.as_mut().filter(|taken| !taken.certain);
        let in_doubt = taken.map(super::Taken::forget).unwrap_or_default();
        let (unheard, _) = self.playout.cut(now);
        for Cut { item, heard, sent } in in_doubt.into_iter().chain(unheard) {
            self.claims.cut(Cut { item, heard, sent });
        }
        if let Some((item, text)) = self.unfinished.take() {
            self.claims.said(item, &text);
            self.note(Note::AssistantSaid(item, text));
        }
        self.decide_late_claims();
    }

    /// Notes what was claimed once no tool is at it any more.
    pub(super) fn decide_late_claims(&mut self) {
        if !self.errands.is_any_under_way() {
            self.decide_claims();
        }
    }
}
