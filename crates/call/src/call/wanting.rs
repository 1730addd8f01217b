//! What the assistant wants done: tools, and what becomes of their answers.

use super::{Call, Expected, Output, Phase};
use crate::{
    Answer, Ending, EngineCommand, LineCommand, Note, Timer, ToolCall, ToolCallId, errand::Finished,
};
use std::time::Instant;

impl Call {
    pub(super) fn on_wants(&mut self, now: Instant, call: ToolCall) {
        self.engine = Expected::Reply;
        if !self.errands.is_new(&call.id) {
            return self.note(Note::Trouble(format!("The engine asked again for one use of {}.", call.name)));
        }
        // Two tools are not errands but decisions about the call itself.
        match call.name.as_str() {
            "hang_up" => self.leave(now, Ending::AssistantHungUp, LineCommand::HangUp, Some(call.id)),
            "transfer" => {
                let to = call.text_argument("to").filter(|to| self.policy.destinations.contains(to));
                if let Some(to) = to {
                    return self.transfer(now, to, call.id);
                }
                let refusal = Answer::failed(self.policy.transfer_refusal.clone());
                self.answer_engine(call.id, refusal);
            }
            _ => {
                if self.begin_errand(now, &call) {
                    self.use_tool(now, call);
                }
            }
        }
    }

    /// Says whether there is room for it.
    pub(super) fn begin_errand(&mut self, now: Instant, call: &ToolCall) -> bool {
        if !self.errands.begin(now, call, self.policy.tool_patience) {
            let answer = Answer::failed("That is too much at once. Do one thing after the other.");
            self.answer_engine(call.id.clone(), answer);
            return false;
        }
        let (id, name, arguments) = (call.id.clone(), call.name.clone(), call.arguments.clone());
        self.note(Note::ToolAsked { id, name, arguments });
        if !self.timers.is_set(Timer::Filler) && !self.errands.filled {
            self.timers.set(Timer::Filler, now + self.policy.filler);
        }
        self.arm_errands();
        true
    }

    /// Tells the caller to wait, if they hear nothing else; and later how far it is, where the tool says.
    pub(super) fn fill(&mut self, now: Instant) {
        let busy = self.is_replying() || self.floor.taken.is_some() || self.playout.is_sounding(now);
        if busy || self.phase != Phase::Talking {
            return self.timers.set(Timer::Filler, now + self.policy.filler);
        }
        let words = if std::mem::replace(&mut self.errands.filled, true) {
            let percent = self.errands.untold_progress().map(|percent| percent.to_string());
            percent.map(|percent| self.policy.progress_words.replace("{percent}", &percent))
        } else {
            Some(self.policy.filler_words.clone())
        };
        self.timers.set(Timer::Filler, now + self.policy.progress);
        if let Some(words) = words.filter(|words| !words.is_empty()) {
            self.note(Note::Filler(words.clone()));
            self.speak(EngineCommand::Say(words));
        }
    }

    pub(super) fn on_progress(&mut self, now: Instant, id: &ToolCallId, percent: u8) {
        self.errands.progresses(now, id, percent, (self.policy.tool_patience, self.policy.longest_tool));
        self.arm_errands();
    }

    /// What has used up its time is answered as failed. It goes on all the same, and where the caller can be told what comes of
    /// it after the call, that is promised.
    pub(super) fn give_up_errands(&mut self, now: Instant) {
        while let Some((id, name, took)) = self.errands.give_up(now) {
            let answer = if self.policy.later_words.is_empty() || self.errands.is_hosted(&id) {
                Answer::failed("That takes too long just now. I can take a message instead.")
            } else {
                self.output.push_back(Output::Promised(id.clone()));
                Answer::failed(self.policy.later_words.clone())
            };
            let (say, effect) = (answer.say.clone(), answer.effect.clone());
            self.history.answered(&name, &answer);
            self.note(Note::ToolAnswered {
                id: id.clone(),
                name: name.clone(),
                ok: false,
                say,
                effect,
                took,
            });
            self.deliver(id, &name, answer);
        }
        self.arm_errands();
    }

    pub(super) fn on_answer(&mut self, now: Instant, id: ToolCallId, answer: Answer) {
        if self.errands.is_hosted(&id) && answer.ok {
            return self.let_service(now, id, answer);
        }
        match self.note_answer(now, &id, &answer) {
            Some((name, Finished::Awaited)) => {
                if let Some(asked) = &answer.asks
                    && self.ending().is_none()
                {
                    self.note(Note::ConsentAsked { name: name.clone(), words: asked.words.clone() });
                }
                self.deliver(id, &name, answer);
            }
            Some((_, Finished::TooLate)) => {
                self.errands.keep_news(&answer);
                if self.floor.taken.is_none() {
                    self.tell_news();
                }
            }
            Some((_, Finished::Forgotten)) | None => {}
        }
        self.arm_errands();
    }

    /// Ends an errand, and says what is to become of its answer.
    pub(super) fn note_answer(
        &mut self,
        now: Instant,
        id: &ToolCallId,
        answer: &Answer,
    ) -> Option<(String, Finished)> {
        let arguments = self.errands.arguments(id);
        let (name, took, finished) = self.errands.finish(now, id, answer)?;
        self.claims.answered(&name, answer);
        self.history.answered(&name, answer);
        self.consents.answered(&name, &arguments, answer, self.history.mark());
        let (ok, say, effect) = (answer.ok, answer.say.clone(), answer.effect.clone());
        self.note(Note::ToolAnswered { id: id.clone(), name: name.clone(), ok, say, effect, took });
        Some((name, finished))
    }

    /// Gives the answer to the engine once the caller is not speaking.
    pub(super) fn deliver(&mut self, id: ToolCallId, name: &str, answer: Answer) {
        if !self.numbering.is_its_own(&id) {
            self.errands.keep_inherited(name, &answer);
            if self.floor.taken.is_none() {
                self.tell_news();
            }
        } else if self.floor.taken.is_some() {
            self.errands.keep(id, answer);
        } else {
            self.answer_engine(id, answer);
        }
    }

    pub(super) fn answer_engine(&mut self, id: ToolCallId, answer: Answer) {
        // One that is gone asked for this, and its successor knows nothing of it.
        if self.numbering.is_its_own(&id) {
            self.speak(EngineCommand::Answer(id, answer.told()));
        }
    }

    pub(super) fn tell_answers(&mut self) {
        for (id, answer) in self.errands.kept() {
            self.answer_engine(id, answer);
        }
    }

    pub(super) fn tell_news(&mut self) {
        for news in self.errands.news() {
            self.speak(EngineCommand::Prompt(news));
        }
    }
}
