//! The deadlines of a call, one slot each, so nothing can be armed twice.

use std::time::Instant;

/// Why the call wants to be woken. Noted with every wake-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// The call has lasted as long as any may.
    LongestCall,
    /// Nobody has spoken for long.
    Silence,
    /// It is time to decide whether the caller meant to interrupt.
    Doubt,
    /// A tool is slow, and the caller hears nothing.
    Filler,
    /// A tool has used up its time.
    Tool,
    /// A goodbye takes too long, or a transfer.
    Farewell,
    /// A PIN was begun and not gone on with.
    Pin,
    /// Another engine has come and ought to have heard the caller by now.
    Takeover,
    /// The engine's session will end before long.
    Session,
    /// A tool waits for what the caller said, whose words do not come.
    Words,
}

const ALL: [Timer; 10] = [
    Timer::LongestCall,
    Timer::Silence,
    Timer::Doubt,
    Timer::Filler,
    Timer::Tool,
    Timer::Farewell,
    Timer::Pin,
    Timer::Takeover,
    Timer::Session,
    Timer::Words,
];

#[derive(Debug, Default)]
pub(crate) struct Timers {
    slots: [Option<Instant>; ALL.len()],
    /// The earliest of them: asked for with every frame, moved far less often.
    next: Option<(Instant, Timer)>,
}

impl Timers {
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        self.slots[timer as usize] = Some(at);
        match self.next {
            Some((earliest, of)) if of != timer && earliest < at => {}
            Some(_) | None => self.next = self.earliest(),
        }
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        self.slots[timer as usize] = None;
        if self.next.is_some_and(|(_, of)| of == timer) {
            self.next = self.earliest();
        }
    }

    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.slots[timer as usize].is_some()
    }

    pub(crate) fn stop_all(&mut self) {
        *self = Self::default();
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<(Instant, Timer)> {
        self.next
    }

    /// Takes one deadline that has passed.
    pub(crate) fn expired(&mut self, now: Instant) -> Option<Timer> {
        let (at, timer) = self.next()?;
        if at > now {
            return None;
        }
        self.stop(timer);
        Some(timer)
    }

    fn earliest(&self) -> Option<(Instant, Timer)> {
        ALL.iter().filter_map(|&timer| Some((self.slots[timer as usize]?, timer))).min_by_key(|&(at, _)| at)
    }
}
