//! What time does to a call, and how it ends: once what is to be heard was heard, and never later than it may.

use super::{Call, Ending, Expected, Leave, Phase};
use crate::{Answer, EngineCommand, Failure, LineCommand, Manner, Note, Timer, ToolCallId};
use std::time::Instant;

impl Call {
    pub(super) fn on_timer(&mut self, now: Instant, timer: Timer) {
        self.note(Note::Woke(timer));
        match timer {
            Timer::LongestCall => {
                if self.manner == Manner::Duplex && !self.is_engine_gone() {
                    self.interrupt(now);
                }
                self.speak(EngineCommand::Say(self.policy.longest_goodbye.clone()));
                self.leave(now, Ending::TooLong, LineCommand::HangUp, None);
            }
            Timer::Silence if self.errands.is_any_awaited() => {
                self.timers.set(Timer::Silence, now + self.policy.silence);
            }
            // The silence is the engine's: it was asked to speak and has not.
            Timer::Silence if self.is_replying() => self.on_stall(now),
            Timer::Silence if self.nudged => {
                // Whatever makes noise without end is nobody who has the floor.
                if self.floor.taken.is_some() {
                    self.interrupt(now);
                }
                self.speak(EngineCommand::Say(self.policy.silence_goodbye.clone()));
                self.leave(now, Ending::Silent, LineCommand::HangUp, None);
            }
            Timer::Silence if self.correct_claims(now) => {
                self.timers.set(Timer::Silence, now + self.policy.silence);
            }
            Timer::Silence => {
                self.nudged = true;
                self.timers.set(Timer::Silence, now + self.policy.silence);
                self.note(Note::AskedIfThere);
                self.speak(EngineCommand::Prompt(self.policy.silence_prompt.clone()));
            }
            Timer::Doubt => match &self.floor.taken {
                Some(taken) if taken.paused => self.go_on(now),
                Some(_) => self.be_certain(now),
                None => {}
            },
            Timer::Filler => self.fill(now),
            Timer::Tool => self.give_up_errands(now),
            Timer::Farewell => match self.phase {
                Phase::Connecting(_) => self.on_connected(now, false),
                Phase::Talking | Phase::Leaving(_) | Phase::Over(_) => self.hang_up(now),
            },
            Timer::Pin => self.on_keys_over(now),
            Timer::Takeover => self.on_takeover(now),
            Timer::Session => self.on_session_old(now),
            Timer::Words => self.release_tools(now),
        }
    }

    /// No more money may be spent: the caller hears what was being said, and a goodbye.
    pub(super) fn on_spent(&mut self, now: Instant) {
        if self.phase == Phase::Talking && !self.is_engine_gone() {
            self.say_goodbye(now, self.policy.cost_goodbye.clone(), Ending::TooDear);
        }
    }

    /// The owner wants it over: the caller hears what was being said, and a goodbye. Where one is being said, or nobody is
    /// there to say it, the call is over at once.
    pub(super) fn on_excused(&mut self, now: Instant) {
        if self.phase == Phase::Talking && !self.is_engine_gone() {
            return self.say_goodbye(now, self.policy.longest_goodbye.clone(), Ending::Dismissed);
        }
        self.end(now, Ending::Dismissed, Some(LineCommand::HangUp));
    }

    fn say_goodbye(&mut self, now: Instant, words: String, ending: Ending) {
        if self.floor.taken.is_some() {
            self.interrupt(now);
        }
        self.speak(EngineCommand::Say(words));
        self.leave(now, ending, LineCommand::HangUp, None);
    }

    /// An engine that does not speak when asked to is waited for once, then it has failed.
    fn on_stall(&mut self, now: Instant) {
        if std::mem::replace(&mut self.engine, Expected::LateReply) == Expected::Reply {
            return self.timers.set(Timer::Silence, now + self.policy.silence);
        }
        let why = "The engine was asked to speak and did not.".into();
        self.on_failure(now, Failure { why, lasting: false });
    }

    /// Ends the call once the caller has heard the goodbye.
    pub(super) fn leave(
        &mut self,
        now: Instant,
        ending: Ending,
        command: LineCommand,
        asked_by: Option<ToolCallId>,
    ) {
        let leave = Leave { ending, command, asked_by: asked_by.into_iter().collect() };
        match (&mut self.phase, &mut self.floor.taken) {
            (Phase::Over(_), _) => return,
            (phase, taken) if leave.is_final() => {
                *phase = Phase::Leaving(leave);
                // Whatever the verdict on an interruption, it no longer decides about this.
                if let Some(taken) = taken {
                    taken.leave = None;
                }
                if ending == Ending::TooLong {
                    self.timers.set(Timer::Farewell, now + self.policy.farewell);
                }
            }
            (Phase::Leaving(first), _) => return first.asked_by.extend(leave.asked_by),
            (Phase::Connecting(asked_by), _) => return asked_by.extend(leave.asked_by),
            (Phase::Talking, Some(taken)) if taken.certain => return self.refuse_to_leave(leave),
            (Phase::Talking, Some(taken)) => match &mut taken.leave {
                Some(first) => first.asked_by.extend(leave.asked_by),
                first @ None => *first = Some(leave),
            },
            (phase @ Phase::Talking, None) => *phase = Phase::Leaving(leave),
        }
        self.bound_farewell(now);
        self.settle(now);
    }

    /// The caller has more to say: whoever asked to leave is told once they have said it.
    pub(super) fn refuse_to_leave(&mut self, leave: Leave) {
        for id in leave.asked_by {
            let answer = Answer::failed("The caller is still there and has spoken. Stay on the line.");
            self.errands.keep(id, answer);
        }
    }

    /// A goodbye may take as long as it sounds and a little longer, but not beyond the longest call.
    pub(super) fn bound_farewell(&mut self, now: Instant) {
        let Phase::Leaving(leave) = &self.phase else { return };
        self.timers.stop(Timer::Silence);
        let sounds_until = self.playout.ends().unwrap_or(now).max(now);
        if leave.ending != Ending::TooLong {
            self.timers.set(Timer::Farewell, sounds_until + self.policy.farewell);
        }
    }

    /// Looks whether anything of ours is left to be heard, and what that means.
    pub(super) fn settle(&mut self, now: Instant) {
        let heard_out = match self.manner {
            Manner::Duplex => !self.playout.is_awaited(),
            // A line that takes turns plays all of it before it does what we say next.
            Manner::Turns => true,
        };
        if self.is_replying() {
            return;
        }
        if let Some(mark) = self.playout.marked(now) {
            self.tell_line(LineCommand::Mark(mark));
        }
        if !heard_out {
            return;
        }
        if self.floor.taken.is_none() && self.correct_claims(now) {
            return;
        }
        if self.read_back() {
            return;
        }
        let awaited = self.is_claim_awaited();
        match &self.phase {
            Phase::Leaving(leave) if !leave.is_final() && awaited => {}
            Phase::Leaving(_) => self.hang_up(now),
            Phase::Talking if self.floor.taken.is_none() => {
                self.timers.set(Timer::Silence, now + self.policy.silence);
            }
            Phase::Talking | Phase::Connecting(_) | Phase::Over(_) => {}
        }
    }

    pub(super) fn hang_up(&mut self, now: Instant) {
        let Phase::Leaving(leave) = &self.phase else { return };
        let Leave { ending, command, asked_by } = leave.clone();
        if self.manner == Manner::Duplex && matches!(command, LineCommand::Transfer(_)) {
            self.tell_line(command);
            self.phase = Phase::Connecting(asked_by);
            return self.timers.set(Timer::Farewell, now + self.policy.connecting);
        }
        self.end(now, ending, Some(command));
    }

    /// Connects the caller to somebody else, once what is said has been heard.
    pub(super) fn transfer(&mut self, now: Instant, to: String, asked_by: ToolCallId) {
        let silent = self.saying.is_none() && !self.playout.is_sounding(now);
        let words = self.policy.transfer_words.clone();
        if silent && !words.is_empty() && self.phase == Phase::Talking && self.floor.taken.is_none() {
            self.speak(EngineCommand::Say(words));
        }
        self.leave(now, Ending::Transferred, LineCommand::Transfer(to), Some(asked_by));
    }

    /// The caller is connected to somebody else, or cannot be: then they are still here, and are told.
    pub(super) fn on_connected(&mut self, now: Instant, connected: bool) {
        let Phase::Connecting(asked_by) = &mut self.phase else { return };
        if connected {
            return self.end(now, Ending::Transferred, None);
        }
        let asked_by = std::mem::take(asked_by);
        self.note(Note::TransferRefused);
        self.phase = Phase::Talking;
        self.timers.stop(Timer::Farewell);
        self.timers.set(Timer::Silence, now + self.policy.silence);
        if self.is_engine_gone() && !self.relieve(now) {
            return self.end(now, Ending::EngineFailed, Some(LineCommand::HangUp));
        }
        let refusal = "I could not connect you just now. I can take a message, or you call again later.";
        for id in asked_by {
            self.deliver(id, "transfer", Answer::failed(refusal));
        }
    }

    pub(super) fn on_closed(&mut self, now: Instant) {
        let ending = match self.phase {
            // Whoever is connected to somebody else leaves this line.
            Phase::Connecting(_) => Ending::Transferred,
            Phase::Talking | Phase::Leaving(_) | Phase::Over(_) => Ending::CallerHungUp,
        };
        self.end(now, ending, None);
    }

    pub(super) fn end(&mut self, now: Instant, ending: Ending, command: Option<LineCommand>) {
        if let Some(command) = command {
            self.tell_line(command);
        }
        self.forget_hosted(now);
        self.close_claims(now);
        self.note(Note::Ended(ending));
        self.phase = Phase::Over(ending);
        self.timers.stop_all();
    }

    pub(super) fn arm_errands(&mut self) {
        match self.errands.due() {
            Some(due) => self.timers.set(Timer::Tool, due),
            None => self.timers.stop(Timer::Tool),
        }
        if !self.errands.is_any_awaited() {
            self.errands.filled = false;
            self.timers.stop(Timer::Filler);
        }
    }
}
