//! What the caller must have said before a tool is used.

use super::{Call, Output, Phase};
use crate::{
    Answer, EngineCommand, Note, Timer, ToolCall, ToolCallId,
    consent::{Settled, WORDS},
};
use std::time::Instant;

impl Call {
    /// Has a tool used, as soon as it is known what the caller has said where that counts.
    pub(super) fn use_tool(&mut self, now: Instant, call: ToolCall) {
        if self.consents.hold(&call, &self.history, &self.policy.guarded, now + WORDS) {
            return self.arm_words();
        }
        self.let_through(call);
    }

    /// Something the caller said is known now, or has been waited for long enough.
    pub(super) fn release_tools(&mut self, now: Instant) {
        for call in self.consents.released(now, &self.history) {
            self.let_through(call);
        }
        self.arm_words();
    }

    /// The assistant no longer wants a tool that was not used yet. Says whether it was so.
    pub(super) fn withdraw_held(&mut self, now: Instant, id: &ToolCallId) -> bool {
        let held = self.consents.withdraw(id);
        if held {
            let _never_begun =
                self.note_answer(now, id, &Answer::failed("The assistant no longer wanted it."));
            self.arm_words();
        }
        held
    }

    /// Has a question said that the assistant was to read back and has not. Says whether there was one.
    pub(super) fn read_back(&mut self) -> bool {
        if self.phase != Phase::Talking || self.floor.taken.is_some() || self.errands.is_any_awaited() {
            return false;
        }
        let Some(words) = self.consents.unread(&self.history) else { return false };
        self.speak(EngineCommand::Say(words));
        true
    }

    fn let_through(&mut self, call: ToolCall) {
        let (standing, settled) = self.consents.standing(&call, &self.history);
        let name = call.name.clone();
        match settled {
            Some(Settled::Agreed) => self.note(Note::ConsentGiven { name }),
            Some(Settled::Declined) => self.note(Note::ConsentRefused { name }),
            Some(Settled::Open) | None => {}
        }
        self.output.push_back(if self.errands.is_hosted(&call.id) {
            Output::May(call, standing)
        } else {
            Output::Tool(call, standing)
        });
    }

    fn arm_words(&mut self) {
        match self.consents.due() {
            Some(due) => self.timers.set(Timer::Words, due),
            None => self.timers.stop(Timer::Words),
        }
    }
}
