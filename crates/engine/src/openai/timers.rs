//! The deadlines of one session, one slot each, so that nothing can be armed twice.

use std::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The session should be confirmed by now.
    Confirmed,
    /// The response that was asked for should have begun by now.
    Begun,
    /// The response under way should have gone on by now.
    Finished,
    /// The caller's words should be committed by now; they stopped some time ago.
    Committed,
    /// The caller is speaking, and no sound comes from the line.
    Silence,
    /// No further key was pressed.
    Keys,
    /// A transcript has waited long enough for the one before it.
    Words,
    /// The service may be asked again.
    Rested,
}

const ALL: [Timer; 8] = [
    Timer::Confirmed,
    Timer::Begun,
    Timer::Finished,
    Timer::Committed,
    Timer::Silence,
    Timer::Keys,
    Timer::Words,
    Timer::Rested,
];

#[derive(Debug, Default)]
pub(super) struct Timers([Option<Instant>; ALL.len()]);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.0[timer as usize] = Some(at);
    }

    pub(super) fn put(&mut self, timer: Timer, at: Option<Instant>) {
        self.0[timer as usize] = at;
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }

    /// Takes one deadline that has passed.
    pub(super) fn expired(&mut self, now: Instant) -> Option<Timer> {
        let timer = ALL.into_iter().find(|&timer| self.0[timer as usize].is_some_and(|at| at <= now))?;
        self.stop(timer);
        Some(timer)
    }
}
