//! The deadlines of one session, one slot each, so that nothing can be armed twice.

use std::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The session should be confirmed by now.
    Confirmed,
    /// The agent should have begun to answer by now.
    Answered,
    /// The agent should have begun to say what it was given by now.
    Said,
    /// What was refused may be asked for again.
    Again,
    /// No more sound has come of what the agent says.
    Quiet,
    /// The service has heard nothing for a while.
    KeepAlive,
    /// The caller is speaking, and no sound comes from the line.
    Silence,
    /// No further key was pressed.
    Keys,
}

const ALL: [Timer; 8] = [
    Timer::Confirmed,
    Timer::Answered,
    Timer::Said,
    Timer::Again,
    Timer::Quiet,
    Timer::KeepAlive,
    Timer::Silence,
    Timer::Keys,
];

#[derive(Debug, Default)]
pub(super) struct Timers([Option<Instant>; ALL.len()]);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.0[timer as usize] = Some(at);
    }

    /// Puts a deadline off, if it is set at all.
    pub(super) fn put_off(&mut self, timer: Timer, until: Instant) {
        if let Some(at) = &mut self.0[timer as usize] {
            *at = until.max(*at);
        }
    }

    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.0[timer as usize].is_some()
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
