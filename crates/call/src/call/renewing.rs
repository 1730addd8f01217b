//! A session ends after a time that its service sets. Before it does, a new one takes its place, unheard.

use super::{Call, Expected, Output, Phase};
use crate::{Handover, Note, Timer};
use std::time::{Duration, Instant};

/// How far this is.
#[derive(Debug, Default)]
pub(super) struct Renewal {
    /// When the session ends, and how long before that a new one is wanted.
    ends: Option<(Instant, Duration)>,
    urgency: Urgency,
    successor: Successor,
    /// The last one did not come about: none is asked for before this.
    not_before: Option<Instant>,
}

/// For what a new session may take the place of the old one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    #[default]
    None,
    /// When nobody speaks and no tool is under way.
    Pause,
    /// When the assistant does not speak, though the caller may.
    Soon,
    /// At once.
    Now,
}

/// The new session. What the conversation was when it was briefed is known by a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Successor {
    #[default]
    None,
    Asked(u64),
    Ready(u64),
}

/// How long a service that would not open a session is left alone.
const RESTS: Duration = Duration::from_secs(10);

impl Renewal {
    /// Another engine is there, or another session.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

impl Call {
    pub(super) fn on_expiry_known(&mut self, now: Instant, at: Instant) {
        let left = at.saturating_duration_since(now);
        let lead = self.policy.renewal.min(left / 4);
        self.renewal = Renewal { ends: Some((at, lead)), ..Renewal::default() };
        self.timers.set(Timer::Session, at.checked_sub(lead).unwrap_or(now));
    }

    /// The session's end has come nearer.
    pub(super) fn on_session_old(&mut self, now: Instant) {
        let Some((ends, lead)) = self.renewal.ends else { return };
        let (urgency, next) = match self.renewal.urgency {
            Urgency::None => (Urgency::Pause, Some(lead / 4)),
            Urgency::Pause => (Urgency::Soon, Some(lead / 16)),
            Urgency::Soon | Urgency::Now => (Urgency::Now, None),
        };
        self.renewal.urgency = urgency;
        match next.and_then(|left| ends.checked_sub(left)) {
            Some(at) => self.timers.set(Timer::Session, at.max(now)),
            None => self.timers.stop(Timer::Session),
        }
    }

    pub(super) fn on_renewed(&mut self, now: Instant, renewed: Result<(), String>) {
        match (self.renewal.successor, renewed) {
            (Successor::Asked(version), Ok(())) => self.renewal.successor = Successor::Ready(version),
            (Successor::None, _) | (Successor::Ready(_), Ok(())) => {}
            (Successor::Asked(_) | Successor::Ready(_), Err(why)) => {
                self.note(Note::Trouble(format!("A new session could not be opened: {why}")));
                self.renewal.successor = Successor::None;
                self.renewal.not_before = Some(now + RESTS);
            }
        }
    }

    /// Goes on with a new session, if one is wanted and it is the moment to.
    pub(super) fn renew(&mut self, now: Instant) {
        let urgency = self.renewal.urgency;
        if urgency == Urgency::None || self.phase != Phase::Talking || self.is_engine_gone() {
            return;
        }
        let fits = match urgency {
            Urgency::None => false,
            Urgency::Pause => self.is_quiet() && !self.is_unheard(),
            Urgency::Soon => !self.is_replying() && !self.errands.is_any_under_way(),
            Urgency::Now => true,
        };
        if !fits {
            return;
        }
        let version = self.history.version();
        match self.renewal.successor {
            Successor::Ready(known) if known == version || urgency == Urgency::Now => {
                if urgency != Urgency::Pause || !self.playout.is_awaited() {
                    self.swap(now);
                }
            }
            Successor::Asked(_) => {}
            Successor::None | Successor::Ready(_) => self.ask_for_successor(now, version),
        }
    }

    fn ask_for_successor(&mut self, now: Instant, version: u64) {
        if self.renewal.not_before.is_some_and(|at| now < at) {
            return;
        }
        self.renewal.successor = Successor::Asked(version);
        let handover = Handover { so_far: self.history.told(), unheard: self.is_unheard() };
        self.output.push_back(Output::Renew(handover));
    }

    /// Nobody speaks, and no tool is at it.
    fn is_quiet(&self) -> bool {
        !self.is_replying() && self.floor.taken.is_none() && !self.errands.is_any_under_way()
    }

    fn swap(&mut self, now: Instant) {
        let interrupted = self.is_replying();
        self.part(now);
        let unheard = self.is_unheard();
        self.engine = Expected::Nothing;
        self.note(Note::Renewed);
        self.output.push_back(Output::Swap { unheard });
        if unheard {
            self.await_caller(now);
            self.timers.set(Timer::Takeover, now + self.policy.takeover);
        } else if interrupted {
            self.owe_bridge();
            self.go_on_interrupted();
        }
    }
}
