//! What the time from a caller's last word to the first sound of the answer goes to: at every moment one thing is waited for.

use call::Stages;
use std::time::{Duration, Instant};

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    Words,
    Thought,
    Tools,
    Voice,
}

/// Takes the time of one turn after the other.
#[derive(Debug, Default)]
pub(super) struct Stopwatch {
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    turn: u32,
    since: Instant,
    awaited: Awaited,
    endpoint: Option<Duration>,
    words: Duration,
    thought: Duration,
    tools: Option<Duration>,
    voice: Duration,
}

impl Stopwatch {
    /// This turn is over, after so much silence, where it was that which ended it.
    pub(super) fn start(&mut self, now: Instant, turn: u32, endpoint: Option<Duration>) {
        self.running = Some(Running {
            turn,
            since: now,
            awaited: Awaited::Words,
            endpoint,
            words: Duration::ZERO,
            thought: Duration::ZERO,
            tools: None,
            voice: Duration::ZERO,
        });
    }

    /// From now on this is waited for.
    pub(super) fn awaits(&mut self, now: Instant, awaited: Awaited) {
        let Some(running) = &mut self.running else { return };
        let length = now.saturating_duration_since(running.since);
        running.since = now;
        match std::mem::replace(&mut running.awaited, awaited) {
            Awaited::Words => running.words += length,
            Awaited::Thought => running.thought += length,
            Awaited::Tools => *running.tools.get_or_insert_default() += length,
            Awaited::Voice => running.voice += length,
        }
    }

    /// The answer to this turn begins to sound: what it took, the first time.
    pub(super) fn sounds(&mut self, now: Instant, turn: u32) -> Option<Stages> {
        self.awaits(now, Awaited::Voice);
        let running = self.running.take_if(|running| running.turn <= turn)?;
        Some(Stages {
            endpoint: running.endpoint,
            hear: Some(running.words),
            think: Some(running.thought),
            tools: running.tools,
            speak: Some(running.voice),
        })
    }
}
