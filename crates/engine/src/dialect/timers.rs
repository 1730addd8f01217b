//! The deadlines of one session, each under its name, so that nothing can be armed twice.

use std::time::Instant;

/// Deadlines named by an enum. Of several that have passed, that whose name stands first in it is the first to be acted on.
#[derive(Debug)]
pub(crate) struct Timers<T>(Vec<(T, Instant)>);

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + Ord> Timers<T> {
    pub(crate) fn set(&mut self, timer: T, at: Instant) {
        match self.slot(timer) {
            Some(slot) => *slot = at,
            None => self.0.push((timer, at)),
        }
    }

    pub(crate) fn put(&mut self, timer: T, at: Option<Instant>) {
        match at {
            Some(at) => self.set(timer, at),
            None => self.stop(timer),
        }
    }

    /// Puts a deadline off, if it is set at all.
    pub(crate) fn put_off(&mut self, timer: T, until: Instant) {
        if let Some(at) = self.slot(timer) {
            *at = until.max(*at);
        }
    }

    pub(crate) fn is_set(&self, timer: T) -> bool {
        self.0.iter().any(|(set, _)| *set == timer)
    }

    pub(crate) fn stop(&mut self, timer: T) {
        self.0.retain(|(set, _)| *set != timer);
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.iter().map(|(_, at)| *at).min()
    }

    /// Takes one deadline that has passed.
    pub(crate) fn expired(&mut self, now: Instant) -> Option<T> {
        let passed = self.0.iter().filter(|(_, at)| *at <= now);
        let timer = passed.map(|(timer, _)| *timer).min()?;
        self.stop(timer);
        Some(timer)
    }

    fn slot(&mut self, timer: T) -> Option<&mut Instant> {
        self.0.iter_mut().find(|(set, _)| *set == timer).map(|(_, at)| at)
    }
}
