//! One engine fails, and another goes on with the conversation. The caller hears one sentence about it.

use super::{APOLOGY, Call, Expected, Output, Phase};
use crate::{Cut, Ending, EngineCommand, Failure, Handover, ItemId, LineCommand, Manner, Note, Timer};
use std::time::Instant;

/// What is still to be done about it.
#[derive(Debug, Default)]
pub(super) struct Relief {
    /// The caller is to be told, and then the conversation goes on.
    owes_bridge: bool,
    /// Somebody takes a message: the last that can be done.
    message: bool,
}

/// What an engine is told that goes on where another was interrupted.
const GO_ON: &str = "You have just taken over this conversation from another assistant, who was interrupted; the caller has \
                     been told so. Go on from where it was, in the language of this conversation: if the caller waits for an \
                     answer, give it; if you were saying something, say the rest of it; else repeat in one short sentence \
                     what you had asked last. What tools have done is done: do not do it again.";

impl Call {
    pub(super) fn on_failure(&mut self, now: Instant, failure: Failure) {
        self.note(Note::Trouble(failure.why));
        let says_goodbye =
            self.floor.taken.as_ref().is_some_and(|taken| taken.paused && taken.leave.is_some());
        if self.phase == Phase::Talking && !says_goodbye && self.relieve(now) {
            return;
        }
        let unsaid = self.is_replying() && !self.playout.is_sounding(now);
        self.engine = Expected::Gone;
        self.timers.stop(Timer::Doubt);
        let taken = self.floor.taken.take();
        if let Some(leave) = taken.and_then(|taken| taken.leave) {
            self.phase = Phase::Leaving(leave);
        }
        let leaving = self.phase != Phase::Talking;
        // A goodbye that was said needs no apology; one that never came does.
        if let Some(apology) = self.policy.apology.clone().filter(|_| !leaving || unsaid) {
            self.play(now, APOLOGY, apology);
        }
        if leaving {
            return self.settle(now);
        }
        self.leave(now, Ending::EngineFailed, LineCommand::HangUp, None);
    }

    /// Has another engine go on. Says whether there is one.
    pub(super) fn relieve(&mut self, now: Instant) -> bool {
        let engine = self.spares > 0;
        if !engine && (!self.policy.messages || self.relief.message) {
            return false;
        }
        let owed = std::mem::take(&mut self.relief.owes_bridge);
        let replying = self.is_replying() || self.errands.is_any_awaited();
        let resumed = self.part(now);
        let (so_far, unheard) = (self.history.told(), self.is_unheard());
        self.engine = Expected::Reply;
        self.timers.set(Timer::Silence, now + self.policy.silence);
        self.note(Note::Relieved);
        if !engine {
            self.relief.message = true;
            self.floor.taken = None;
            self.output.push_back(Output::TakeMessage);
            return true;
        }
        self.spares -= 1;
        // Nobody has said anything yet: the next one greets.
        let new = so_far.is_empty() && !unheard && !owed;
        self.relief.owes_bridge = !new;
        self.output.push_back(Output::Reopen(Handover { so_far, unheard }));
        if self.manner == Manner::Turns && !replying && !new {
            // The caller is being recorded, and hears of it before they are answered.
            self.engine = Expected::Nothing;
        } else if unheard && !resumed {
            self.await_caller(now);
        } else if !new {
            self.go_on_interrupted();
        }
        true
    }

    /// Parts from the engine there is: what only it knew is settled. Says whether what a sound of the caller's had cut
    /// off is heard on.
    pub(super) fn part(&mut self, now: Instant) -> bool {
        let mut resumed = false;
        self.timers.stop(Timer::Doubt);
        let unfinished = self.unfinished.take().map(|(item, text)| {
            self.claims.said(item, &text);
            self.history.assistant_said(item, &text);
            self.note(Note::AssistantSaid(item, text));
            item
        });
        // Nobody will say any more whether a sound in between was meant. If it has ended, it was not.
        if self.floor.is_in_doubt()
            && let Some(mut taken) = self.floor.taken.take()
        {
            if taken.paused {
                resumed = taken.has_cut_anything();
                self.note(Note::FalseInterruption);
                taken.held.into_iter().for_each(|(item, chunk)| self.play(now, item, chunk));
            } else {
                taken.mean_it().into_iter().for_each(|cut| self.forget(cut));
                self.floor.taken = Some(taken);
            }
        }
        if let Some(item) = unfinished {
            self.end_where_sound_ended(item);
        }
        self.saying = None;
        self.floor.misjudged = None;
        self.forget_hosted(now);
        self.errands.bequeath();
        self.numbering.next_engine(self.floor.turn);
        self.renewal.forget();
        self.timers.stop(Timer::Session);
        resumed
    }

    /// The words of this item may have come before their sound, and no more of that will.
    fn end_where_sound_ended(&mut self, item: ItemId) {
        let Some(sent) = self.playout.sent_of(item).filter(|_| !self.history.is_cut(item)) else { return };
        let cut = Cut { item, heard: sent, sent };
        self.claims.cut(cut);
        self.history.cut(cut);
    }

    /// Whether there is something of the caller's that only sound can tell.
    pub(super) fn is_unheard(&self) -> bool {
        let speaks = self.floor.taken.as_ref().is_some_and(|taken| !taken.paused);
        speaks || self.history.is_caller_unheard()
    }

    /// The caller has spoken, or does, and the engine that has come is to hear it before it says anything.
    pub(super) fn await_caller(&mut self, now: Instant) {
        if self.manner == Manner::Turns {
            self.engine = Expected::Nothing;
            return self.respond(now);
        }
        self.engine = Expected::Nothing;
        if self.floor.taken.is_none() {
            self.take_floor(now);
        }
        let Some(mut taken) = self.floor.taken.take() else { return };
        taken.mean_it().into_iter().for_each(|cut| self.forget(cut));
        self.floor.taken = Some(taken);
    }

    /// An engine hears the caller from now on.
    pub(super) fn on_ready(&mut self, now: Instant) {
        self.note(Note::EngineReady);
        let awaits = self.floor.taken.as_ref().is_some_and(|taken| taken.certain);
        if awaits && self.numbering.is_new(self.floor.turn) {
            self.timers.set(Timer::Takeover, now + self.policy.takeover);
        }
    }

    /// The engine that has come hears nobody speak.
    pub(super) fn on_takeover(&mut self, now: Instant) {
        if self.floor.taken.as_ref().is_some_and(|taken| taken.certain) {
            self.give_back_floor();
            self.timers.set(Timer::Silence, now + self.policy.silence);
            self.go_on_interrupted();
        }
    }

    /// Tells the caller that there was an interruption, if they have not been told of it.
    pub(super) fn say_bridge(&mut self) {
        if std::mem::take(&mut self.relief.owes_bridge) {
            self.speak(EngineCommand::Say(self.policy.bridge_words.clone()));
        }
    }

    /// The caller has heard, or will, that something was interrupted.
    pub(super) fn owe_bridge(&mut self) {
        self.relief.owes_bridge = true;
    }

    /// Has the engine go on where the one before it was.
    pub(super) fn go_on_interrupted(&mut self) {
        self.say_bridge();
        self.speak(EngineCommand::Prompt(GO_ON.into()));
        self.tell_news();
    }
}
