//! Keys: those for the engine, and those of a PIN.

use super::{Call, Output, Phase};
use crate::{
    EngineCommand, Note, PinVerdict, Timer,
    pin::{Abandoned, Pressed},
};
use std::time::Instant;

impl Call {
    pub(super) fn on_key(&mut self, now: Instant, key: char) {
        self.nudged = false;
        if self.phase == Phase::Talking {
            self.timers.set(Timer::Silence, now + self.policy.silence);
        }
        let pressed = self.pin.press(now, key);
        match self.pin.deadline() {
            Some(at) => self.timers.set(Timer::Pin, at),
            None => self.timers.stop(Timer::Pin),
        }
        match pressed {
            Pressed::PassedOne(key) => self.pass_key(now, key),
            Pressed::Passed(keys) => keys.chars().for_each(|key| self.pass_key(now, key)),
            Pressed::Kept => {}
            Pressed::Check(digits) => self.output.push_back(Output::Pin(digits)),
            Pressed::Refused { left } => self.refuse_pin(left, "A PIN has four to twelve digits. "),
            Pressed::Spent => self.tell("The PIN cannot be typed any more in this call."),
        }
    }

    /// No further key came.
    pub(super) fn on_keys_over(&mut self, now: Instant) {
        match self.pin.abandon() {
            Some(Abandoned::Star) => self.pass_key(now, '*'),
            Some(Abandoned::Pin) => {
                self.tell("That PIN was not finished. Press star, then the PIN, then the hash key.");
            }
            None => {}
        }
    }

    pub(super) fn on_verdict(&mut self, verdict: PinVerdict) {
        let Some(left) = self.pin.decided(verdict) else { return };
        match verdict {
            PinVerdict::Right => {
                self.note(Note::TrustRaised);
                self.tell_after(
                    "The caller has typed the PIN and so proved to be your owner. From now on you may do for them all that \
                     your tools can. ",
                    "Thank you. Now I know that it is you.",
                );
            }
            PinVerdict::Wrong => self.refuse_pin(left, ""),
            PinVerdict::TooSoon => {
                self.note(Note::PinRefused { left });
                self.tell("There were too many wrong PINs lately. Please try again later, in another call.");
            }
            PinVerdict::Failed => {
                self.note(Note::PinRefused { left });
                self.tell("I could not look at the PIN just now. Please type it again in a moment.");
            }
        }
    }

    fn refuse_pin(&mut self, left: u8, why: &str) {
        self.note(Note::PinRefused { left });
        let more = match left {
            0 => "It cannot be tried again in this call.",
            1 => "You have one more try.",
            _ => "Please try again.",
        };
        self.tell(&format!("That PIN is not right. {why}{more}"));
    }

    fn pass_key(&mut self, now: Instant, key: char) {
        self.note(Note::KeyPressed);
        if self.is_interrupted_by_a_key(now) {
            self.interrupt(now);
        }
        self.tell_engine(EngineCommand::Key(key));
    }

    /// Has the engine tell the caller something, once the caller is not speaking.
    pub(super) fn tell(&mut self, words: &str) {
        self.tell_after("", words);
    }

    fn tell_after(&mut self, why: &str, words: &str) {
        if self.phase != Phase::Talking {
            return;
        }
        self.errands.keep_word(format!("{why}Tell the caller: {words}"));
        if self.floor.taken.is_none() {
            self.tell_news();
        }
    }
}
