//! Who has the floor: what a call does as the caller speaks, falls silent, and is understood.

use super::{Call, Expected, Phase};
use crate::{
    Cut, EngineCommand, LineCommand, Manner, Note, Timer, Transcript, TurnId,
    floor::{Leave, Taken},
};
use std::time::Instant;

impl Call {
    pub(super) fn on_caller_speaks(&mut self, now: Instant) {
        self.floor.turn.0 += 1;
        self.history.caller_speaks(self.floor.turn);
        self.timers.stop(Timer::Takeover);
        self.note(Note::CallerSpoke(self.floor.turn));
        self.nudged = false;
        self.timers.set(Timer::Silence, now + self.policy.monologue);
        if self.manner == Manner::Turns {
            return;
        }
        self.stopwatch.stop();
        match &mut self.floor.taken {
            Some(taken) => taken.paused = false,
            None => self.take_floor(now),
        }
        self.doubt_until(now + self.policy.doubt);
    }

    /// Sets when it is decided whether the caller means it; noise that comes and goes cannot put that off for ever.
    pub(super) fn doubt_until(&mut self, at: Instant) {
        if let Some(taken) = self.floor.taken.as_ref().filter(|taken| !taken.certain) {
            let latest = taken.since + self.policy.doubt + self.policy.no_words;
            self.timers.set(Timer::Doubt, at.min(latest));
        }
    }

    pub(super) fn is_interrupted_by_a_key(&self, now: Instant) -> bool {
        let speaking = self.playout.is_sounding(now) || self.floor.is_in_doubt();
        speaking && self.manner == Manner::Duplex && !self.is_engine_gone()
    }

    /// Silences the assistant for good: what was not heard is forgotten, and the floor is free.
    pub(super) fn interrupt(&mut self, now: Instant) {
        if self.floor.taken.is_none() {
            self.take_floor(now);
        }
        self.floor.taken.iter_mut().for_each(|taken| taken.paused = false);
        if self.floor.is_in_doubt() {
            self.be_certain(now);
        }
        self.give_back_floor();
        self.tell_answers();
    }

    /// Silences the assistant, and keeps what it was saying.
    pub(super) fn take_floor(&mut self, now: Instant) {
        let leave = self.stay();
        if self.playout.is_awaited() {
            self.tell_line(LineCommand::Clear);
        }
        let (mut cuts, held) = self.playout.cut(now);
        // What is being said ends here even where all of it that was sent was heard.
        if cuts.is_empty()
            && let Some(item) = self.saying
        {
            let sent = self.playout.sent_of(item).unwrap_or_default();
            cuts.push(Cut { item, heard: sent, sent });
        }
        self.floor.taken = Some(Taken::new(now, self.floor.turn, cuts, held, leave));
    }

    /// Stops leaving, if that is what the call was doing and may stop.
    pub(super) fn stay(&mut self) -> Option<Leave> {
        match std::mem::replace(&mut self.phase, Phase::Talking) {
            Phase::Leaving(leave) if !leave.is_final() => {
                self.timers.stop(Timer::Farewell);
                Some(leave)
            }
            phase => {
                self.phase = phase;
                None
            }
        }
    }

    pub(super) fn on_caller_pauses(&mut self, now: Instant) {
        self.timers.set(Timer::Silence, now + self.policy.silence);
        if self.manner == Manner::Turns {
            return;
        }
        self.stopwatch.start(now);
        let replying = self.is_replying();
        let Some(taken) = &mut self.floor.taken else { return };
        if !taken.certain && (replying || taken.has_cut_anything()) {
            taken.paused = true;
            return self.doubt_until(now + self.policy.no_words);
        }
        self.note(Note::CallerPaused(self.floor.turn));
        self.give_back_floor();
        self.respond(now);
    }

    pub(super) fn on_caller_said(&mut self, now: Instant, turn: TurnId, transcript: Transcript) {
        let words = transcript.text.chars().any(char::is_alphanumeric);
        if self.manner == Manner::Duplex {
            match (words, transcript.partial) {
                (true, _) => self.believe_words(now, turn),
                (false, false) => self.believe_silence(now, turn),
                (false, true) => {}
            }
        }
        if !transcript.partial {
            self.history.caller_said(turn, &transcript.text);
            self.release_tools(now);
        }
        if words && !transcript.partial {
            self.follow_language(turn, &transcript.text);
            self.note(Note::CallerSaid(turn, transcript.text));
        }
    }

    /// There were words in this turn: whoever doubted it knows better now.
    pub(super) fn believe_words(&mut self, now: Instant, turn: TurnId) {
        if self.floor.taken.is_none() && self.floor.misjudged == Some(turn) {
            self.take_floor(now);
            self.floor.taken.iter_mut().for_each(|taken| taken.paused = true);
        }
        if self.floor.taken.as_ref().is_some_and(|taken| !taken.certain && turn >= taken.turn) {
            self.be_certain(now);
        }
    }

    /// There were no words in this turn: if the caller has stopped, nothing more is to be waited for.
    pub(super) fn believe_silence(&mut self, now: Instant, turn: TurnId) {
        let decided = |taken: &Taken| !taken.certain && taken.paused && turn == self.floor.turn;
        if self.floor.taken.as_ref().is_some_and(decided) {
            self.timers.stop(Timer::Doubt);
            self.go_on(now);
        }
    }

    /// The caller means it: the engine forgets what they did not hear.
    pub(super) fn be_certain(&mut self, now: Instant) {
        self.timers.stop(Timer::Doubt);
        self.floor.misjudged = None;
        let Some(taken) = &mut self.floor.taken else { return };
        taken.certain = true;
        let (cuts, paused) = (taken.forget(), taken.paused);
        if let Some(leave) = taken.leave.take() {
            self.refuse_to_leave(leave);
        }
        if self.is_replying() {
            self.engine = Expected::Nothing;
            self.tell_engine(EngineCommand::Cancel);
        }
        self.saying = None;
        self.floor.cut_off = self.floor.cut_off.max(cuts.last().map(|cut| cut.item));
        for Cut { item, heard, sent } in cuts {
            let forget = if heard.is_zero() {
                EngineCommand::Delete(item)
            } else {
                EngineCommand::Truncate(item, heard)
            };
            self.tell_engine(forget);
            self.forget(Cut { item, heard, sent });
        }
        if paused {
            self.note(Note::CallerPaused(self.floor.turn));
            self.give_back_floor();
            self.respond(now);
        }
    }

    /// Nobody heard, or will hear, more of this item.
    pub(super) fn forget(&mut self, cut: Cut) {
        let Cut { item, heard, sent } = cut;
        self.claims.cut(cut);
        self.history.cut(cut);
        self.note(Note::Interrupted { item, heard, sent });
    }

    /// It was a cough: the assistant goes on from where it was cut.
    pub(super) fn go_on(&mut self, now: Instant) {
        let Some(taken) = self.floor.taken.take() else { return };
        self.floor.misjudged = Some(taken.turn);
        if !taken.has_cut_anything() {
            // The reply that is awaited answers this turn, too.
            return if self.is_replying() { self.tell_answers() } else { self.respond(now) };
        }
        self.note(Note::FalseInterruption);
        self.stopwatch.stop();
        for (item, chunk) in taken.held {
            self.play(now, item, chunk);
        }
        self.tell_answers();
        self.tell_news();
        if let Some(leave) = taken.leave {
            self.phase = Phase::Leaving(leave);
            self.bound_farewell(now);
        }
        self.settle(now);
    }

    pub(super) fn give_back_floor(&mut self) {
        self.floor.taken = None;
        self.timers.stop(Timer::Doubt);
    }

    /// Asks for a reply to all that was said and found out meanwhile.
    pub(super) fn respond(&mut self, now: Instant) {
        self.timers.set(Timer::Silence, now + self.policy.silence);
        self.say_bridge();
        self.tell_answers();
        self.speak(EngineCommand::Respond);
        self.tell_news();
        if !self.is_claim_awaited() && !self.playout.is_sounding(now) {
            self.decide_claims();
        }
    }

    /// Where the ends take turns, the assistant having spoken, it is the caller's.
    pub(super) fn yield_floor(&mut self) {
        let done = !self.is_replying() && !self.errands.is_any_awaited();
        if self.manner == Manner::Turns && done && self.phase == Phase::Talking {
            self.tell_line(LineCommand::Listen);
        }
    }
}
