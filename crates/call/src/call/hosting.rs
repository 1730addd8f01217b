//! Tools that the engine's service uses by itself: judged like all others where it asks first, and written down.

use super::Call;
use crate::{Answer, Effect, Note, Others, ToolCall, ToolCallId};
use std::time::Instant;

/// What is known of a tool when whoever used it is gone.
const UNKNOWN: &str = "It is not known whether that was done.";

impl Call {
    /// The service wants to know whether it may use a tool.
    pub(super) fn on_may_use(&mut self, now: Instant, call: ToolCall) {
        if self.begin_hosted(now, &call) {
            self.use_tool(now, call);
        }
    }

    /// The service uses a tool, and has asked before or need not.
    pub(super) fn on_uses(&mut self, now: Instant, call: &ToolCall) {
        if self.errands.is_hosted(&call.id) || self.begin_hosted(now, call) {
            self.errands.lend(&call.id, now + self.policy.longest_tool);
            self.arm_errands();
        }
    }

    fn begin_hosted(&mut self, now: Instant, call: &ToolCall) -> bool {
        if !self.errands.is_new(&call.id) {
            self.note(Note::Trouble(format!("The engine asked again for one use of {}.", call.name)));
            return false;
        }
        let begun = self.begin_errand(now, call);
        if begun {
            self.errands.host(&call.id);
            self.note(Note::ToolHosted(call.id.clone()));
        }
        begun
    }

    /// Nothing speaks against it: the service is told so, and is waited for.
    pub(super) fn let_service(&mut self, now: Instant, id: ToolCallId, answer: Answer) {
        if !self.numbering.is_its_own(&id) {
            let _nobody_waits = self.note_answer(now, &id, &Answer::failed("Whoever wanted that is gone."));
        } else if self.errands.is_given_up(&id) {
            // The service has its answer, which was a no.
            let _nobody_waits = self.note_answer(now, &id, &Answer::failed("That was let through too late."));
        } else if self.errands.lend(&id, now + self.policy.longest_tool) {
            self.answer_engine(id, answer);
        }
        self.arm_errands();
    }

    /// What came of it, in words of others.
    pub(super) fn on_used(&mut self, now: Instant, id: &ToolCallId, answer: &Answer) {
        let name = self.errands.name(id);
        let changed = answer.ok && self.policy.guarded.contains(&name);
        let effect = if changed { Effect::Changed(name.clone()) } else { Effect::None };
        let answer = Answer { effect, others: Others::All, ..answer.clone() };
        if self.errands.is_hosted(id) {
            // The service has it; where it was told otherwise meanwhile, it hears now that it was done.
            let _known = self.note_answer(now, id, &answer);
        }
        self.arm_errands();
    }

    /// The engine is gone, or the call is over: nobody will say any more what came of what its service was at.
    pub(super) fn forget_hosted(&mut self, now: Instant) {
        for id in self.errands.lent() {
            let _nobody_waits = self.note_answer(now, &id, &Answer::failed(UNKNOWN));
        }
    }

    /// An answer that comes when the call is over: no service is allowed anything any more.
    pub(super) fn after_the_end(&self, id: &ToolCallId, answer: Answer) -> Answer {
        if self.errands.is_hosted(id) && answer.ok {
            return Answer::failed("The call was over before that was begun.");
        }
        answer
    }
}
