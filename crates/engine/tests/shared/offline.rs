//! A dialect without a network, in simulated time.

use call::{Chunk, EngineCommand, EngineEvent, Format, ToolCallId};
use engine::{Brief, Dialect, Outbox};
use serde_json::Value;
use std::time::{Duration, Instant};

/// A dialect, what it has to say, and what time it is.
pub struct Offline<D> {
    pub dialect: D,
    pub out: Outbox,
    pub now: Instant,
}

impl<D: Dialect> Offline<D> {
    /// Connected, and briefed.
    pub fn briefed(dialect: D, brief: Brief) -> Self {
        let mut session = Self { dialect, out: Outbox::default(), now: now() };
        session.dialect.greet(session.now, brief, &mut session.out);
        session
    }

    pub fn read(&mut self, message: &Value) {
        self.read_text(&message.to_string());
    }

    pub fn read_text(&mut self, message: &str) {
        self.dialect.read(self.now, message, &mut self.out);
    }

    pub fn tell(&mut self, command: EngineCommand) {
        self.dialect.write(self.now, command, &mut self.out);
    }

    pub fn events(&mut self) -> Vec<EngineEvent> {
        self.out.events.drain(..).collect()
    }

    /// Lets time pass, waking the dialect whenever it wants to be woken.
    pub fn wait(&mut self, length: Duration) {
        let end = self.now + length;
        let mut woken = 0;
        while let Some(due) = self.dialect.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.dialect.wake(self.now, &mut self.out);
            woken += 1;
            assert!(woken < 100_000, "it wants to be woken for ever");
        }
        self.now = end;
    }
}

/// A file of this name below `fixtures/`.
pub fn fixture(name: &str) -> Value {
    let path = format!("{}/../../fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{path}: {why}"));
    serde_json::from_str(&text).expect("a fixture is JSON")
}

pub fn ulaw(bytes: &[u8]) -> Chunk {
    Chunk { format: Format::Ulaw, bytes: bytes.to_vec().into() }
}

pub fn call_id(id: &str) -> ToolCallId {
    ToolCallId(id.into())
}

#[expect(clippy::disallowed_methods, reason = "any moment will do to begin with")]
fn now() -> Instant {
    Instant::now()
}
