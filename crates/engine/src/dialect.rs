//! What every dialect is, and what several of them need: who we are at a service, which tools are wanted, how the line is
//! still, what went wrong.

pub(crate) mod access;
pub(crate) mod errands;
pub(crate) mod fault;
pub(crate) mod message;
pub(crate) mod stillness;
pub(crate) mod timers;
pub(crate) mod troubles;

pub use troubles::Tally;

use crate::{Brief, ToolSpec};
use bytes::Bytes;
use call::{EngineCommand, EngineEvent, Failure, Usage, Wire};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// What a dialect has to say: events to the call, messages to the service.
#[derive(Debug, Default)]
pub struct Outbox {
    pub events: VecDeque<EngineEvent>,
    pub wire: Wire,
    /// Close the connection once the wire is empty.
    pub close: bool,
    /// The session has ended as sessions of the service do, which is nobody's fault: another one would go on.
    pub aged: bool,
}

impl Outbox {
    /// The last word of a session.
    pub(crate) fn fail(&mut self, why: impl Into<String>, lasting: bool) {
        self.events.push_back(EngineEvent::Failed(Failure { why: why.into(), lasting }));
        self.close = true;
    }

    /// Reports what was charged for between one `Done` and the next, if anything was.
    pub(crate) fn charge(&mut self, usage: Usage) {
        if usage != Usage::default() {
            self.events.push_back(EngineEvent::Charged(usage));
        }
    }

    /// Takes back a `Done` that the call has not been told yet: it is of what was before.
    pub(crate) fn take_done(&mut self) -> Option<Usage> {
        let index = self.events.iter().position(|event| matches!(event, EngineEvent::Done(_)))?;
        match self.events.remove(index) {
            Some(EngineEvent::Done(usage)) => Some(usage),
            Some(_) | None => None,
        }
    }
}

/// One service's wire format, and the state that it obliges us to keep.
pub trait Dialect: Send {
    /// The request that opens the connection: address and headers. A header that must not be shown is marked sensitive.
    fn open(&self) -> http::Request<()>;
    /// The connection stands: configure the session as briefed.
    fn greet(&mut self, now: Instant, brief: Brief, out: &mut Outbox);
    /// Reads one text message.
    fn read(&mut self, now: Instant, message: &str, out: &mut Outbox);
    /// Reads one binary message; false where the service has none.
    fn read_binary(&mut self, _now: Instant, _message: Bytes, _out: &mut Outbox) -> bool {
        false
    }
    fn write(&mut self, now: Instant, command: EngineCommand, out: &mut Outbox);
    /// The tools are these from now on, where the service can be told so in mid-call.
    fn offer(&mut self, _tools: &[ToolSpec], _out: &mut Outbox) {}
    /// The connection is closed, with this code and reason where the service gave any. Says `Failed`, unless it did.
    fn closed(&mut self, code: Option<u16>, reason: &str, out: &mut Outbox);
    /// After how long the service ends a session, if it does.
    fn longest(&self) -> Option<Duration> {
        None
    }
    /// Nobody wants the session any more: a last word to the service, where it has one for that.
    fn farewell(&mut self, _out: &mut Outbox) {}
    /// When [`wake`](Self::wake) is due, if ever.
    fn deadline(&self) -> Option<Instant>;
    fn wake(&mut self, now: Instant, out: &mut Outbox);
}
