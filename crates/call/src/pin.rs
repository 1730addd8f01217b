//! The keypad as a lock: which keys are a PIN, that nobody else is to see, and how often one may be tried.
//!
//! A PIN is typed between a star and a hash, at any time: `*1234#`. Without the star keys are for the assistant. So no
//! word of anybody, and no engine that was talked into it, decides which keys are secret.

use std::{
    fmt,
    time::{Duration, Instant},
};

/// How many digits a PIN has.
pub const PIN_LENGTH: std::ops::RangeInclusive<usize> = 4..=12;
/// How often one may be tried in a call.
const TRIES: u8 = 3;
/// How long after a key of a PIN the next may follow.
const PATIENCE: Duration = Duration::from_secs(8);

/// What somebody typed as a PIN. Printing it prints dots.
#[derive(Clone, PartialEq, Eq)]
pub struct Digits(String);

impl Digits {
    /// The digits themselves. Every use of this is a place where they leave our hands.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digits(••••)")
    }
}

/// What came of looking at a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinVerdict {
    Right,
    Wrong,
    /// It was not looked at: too many wrong ones came from this number lately.
    TooSoon,
    /// It could not be looked at.
    Failed,
}

/// What becomes of a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pressed {
    /// These are for the engine.
    Passed(&'static str),
    /// This is for the engine.
    PassedOne(char),
    /// Nobody else is to know of it.
    Kept,
    /// A PIN is complete.
    Check(Digits),
    /// What was typed can be no PIN; so many tries are left.
    Refused { left: u8 },
    /// There are no tries left; said once.
    Spent,
}

/// What becomes of keys that no other followed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Abandoned {
    /// It was a star alone, and for the engine.
    Star,
    /// It was the beginning of a PIN.
    Pin,
}

/// The keypad of one call.
#[derive(Debug)]
pub(crate) struct PinPad {
    /// There is a PIN.
    there: bool,
    typed: Option<Typed>,
    left: u8,
    lock: Lock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lock {
    Closed,
    /// A PIN is being looked at.
    Checking,
    Open,
    /// There are no tries left, and the caller knows.
    Spent,
}

#[derive(Debug)]
struct Typed {
    digits: Digits,
    too_long: bool,
    until: Instant,
}

impl PinPad {
    pub(crate) fn new(there: bool) -> Self {
        Self { there, typed: None, left: TRIES, lock: Lock::Closed }
    }

    pub(crate) fn press(&mut self, now: Instant, key: char) -> Pressed {
        let until = now + PATIENCE;
        let begun = || Typed { digits: Digits(String::new()), too_long: false, until };
        match (&mut self.typed, key) {
            _ if !self.there => Pressed::PassedOne(key),
            (typed, '*') => {
                *typed = Some(begun());
                Pressed::Kept
            }
            (None, key) => Pressed::PassedOne(key),
            (Some(_), '#') => self.complete(),
            (Some(typed), digit) => {
                typed.until = until;
                if digit.is_ascii_digit() && typed.digits.0.len() < *PIN_LENGTH.end() {
                    typed.digits.0.push(digit);
                } else {
                    typed.too_long = true;
                }
                Pressed::Kept
            }
        }
    }

    fn complete(&mut self) -> Pressed {
        let Some(Typed { digits, too_long, .. }) = self.typed.take() else { return Pressed::Kept };
        if digits.0.is_empty() && !too_long {
            return Pressed::Passed("*#");
        }
        if self.lock != Lock::Closed {
            return Pressed::Kept;
        }
        if self.left == 0 {
            self.lock = Lock::Spent;
            return Pressed::Spent;
        }
        self.left -= 1;
        if too_long || !PIN_LENGTH.contains(&digits.0.len()) {
            return Pressed::Refused { left: self.left };
        }
        self.lock = Lock::Checking;
        Pressed::Check(digits)
    }

    /// Takes what came of the PIN that was complete; says how many tries are left. None: nothing was asked.
    pub(crate) fn decided(&mut self, verdict: PinVerdict) -> Option<u8> {
        if self.lock != Lock::Checking {
            return None;
        }
        self.lock = Lock::Closed;
        match verdict {
            PinVerdict::Right => self.lock = Lock::Open,
            PinVerdict::Wrong => {}
            // Whoever was told to come back later is not asked in vain again.
            PinVerdict::TooSoon => self.left = 0,
            PinVerdict::Failed => self.left += 1,
        }
        Some(self.left)
    }

    /// When what was typed is given up, if anything was.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.typed.as_ref().map(|typed| typed.until)
    }

    /// Gives up what was typed.
    pub(crate) fn abandon(&mut self) -> Option<Abandoned> {
        let typed = self.typed.take()?;
        let star = typed.digits.0.is_empty() && !typed.too_long;
        Some(if star { Abandoned::Star } else { Abandoned::Pin })
    }
}
