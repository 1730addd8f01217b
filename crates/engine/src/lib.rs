//! Who answers.
//!
//! ```text
//!   Engine ─┬─ Socket: one WebSocket speaking a Dialect   openai.rs, live.rs, deepgram.rs
//!           ├─ Local:  the cascade on this machine        local.rs, local/…
//!           └─ Voicemail: nobody                          local/voicemail.rs
//! ```
//!
//! A [`Dialect`] is pure: it keeps what the service keeps (which response runs, which item is which) and translates.
//! `socket.rs` is its only connection to the world. To add an engine: one file with a type that is a `Dialect`, its
//! fixtures, a strict stand-in in `sim`, one arm where the server chooses the engine.

pub mod deepgram;
pub mod live;
pub mod local;
pub mod openai;
pub mod socket;

use bytes::Bytes;
use call::{EngineCommand, EngineEvent, Format, Manner, Wire};
use std::{
    collections::VecDeque,
    fmt,
    time::{Duration, Instant},
};

/// One engine, whichever it is. The one who drives it alternates: everything there is to [`tell`](Self::tell), then
/// [`next`](Self::next), which is what sends it.
pub enum Engine {
    Socket(Box<socket::Socket>),
    Local(Box<local::Local>),
    /// Nobody: what the caller says is kept.
    Voicemail(Box<local::voicemail::Voicemail>),
}

impl Engine {
    /// The next thing the engine has to say. Dropping the future loses nothing. After `Failed` it waits for ever.
    pub async fn next(&mut self) -> EngineEvent {
        match self {
            Engine::Socket(socket) => socket.next().await,
            Engine::Local(local) => local.next().await,
            Engine::Voicemail(voicemail) => voicemail.next().await,
        }
    }

    /// Tells the engine to do something. Nothing leaves before [`next`](Self::next) is polled.
    pub fn tell(&mut self, command: EngineCommand) {
        match self {
            Engine::Socket(socket) => socket.tell(command),
            Engine::Local(local) => local.tell(command),
            Engine::Voicemail(voicemail) => voicemail.tell(command),
        }
    }

    /// After how long its session ends, counted from its opening, if it does.
    pub fn longest(&self) -> Option<Duration> {
        match self {
            Engine::Socket(socket) => socket.longest(),
            Engine::Local(_) | Engine::Voicemail(_) => None,
        }
    }

    /// From now on these are the tools: the caller is trusted with others than before. Engines that cannot be told so keep
    /// those that they were briefed with.
    pub fn offer(&mut self, tools: &[ToolSpec]) {
        match self {
            Engine::Socket(socket) => socket.offer(tools),
            Engine::Local(local) => local.offer(tools),
            Engine::Voicemail(_) => {}
        }
    }
}

/// What proves to a service who we are. Printing it prints dots; it leaves only by [`Dialect::open`].
#[derive(Clone)]
pub struct ApiKey(String);

impl ApiKey {
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(••••)")
    }
}

/// What an engine must know before it says its first word.
#[derive(Clone, Debug)]
pub struct Brief {
    /// Who the assistant is and what it may do.
    pub instructions: String,
    /// The first words, to be said as they stand; empty: the engine words its own greeting.
    pub greeting: String,
    /// Empty: the engine's default.
    pub voice: String,
    /// BCP 47, such as `en-US`.
    pub language: String,
    pub tools: Vec<ToolSpec>,
    pub manner: Manner,
    /// How the line's audio comes and must go; engines that can, speak it.
    pub format: Format,
    /// What was said before: the engine goes on with a conversation and does not greet. Empty: the call begins.
    pub so_far: Vec<Said>,
}

/// One thing that was said before this engine came, as far as it was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Caller(String),
    Assistant(String),
}

/// A tool as the engine is told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolSpec {
    pub name: String,
    pub description: String,
    /// JSON schema of the arguments, an object.
    pub parameters: serde_json::Value,
}

/// What a dialect has to say: events to the call, messages to the service.
#[derive(Debug, Default)]
pub struct Outbox {
    pub events: VecDeque<EngineEvent>,
    pub wire: Wire,
    /// Close the connection once the wire is empty.
    pub close: bool,
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
