//! Who answers.
//!
//! ```text
//!   Engine ─┬─ Socket: one WebSocket speaking a Dialect   openai.rs, live.rs, deepgram.rs
//!           ├─ Local:  the cascade on this machine        local.rs, local/…
//!           └─ Voicemail: nobody                          local/voicemail.rs
//! ```
//!
//! A [`Dialect`] is pure: it keeps what the service keeps (which response runs, which item is which) and translates.
//! `socket.rs` is its only connection to the world; what several of them need is in `dialect/`. To add an engine: one file
//! with a type that is a `Dialect`, its fixtures, a strict stand-in in `sim`, one arm where the server chooses the engine.

pub mod deepgram;
mod dialect;
mod language;
pub mod live;
pub mod local;
pub mod openai;
pub mod socket;
pub mod websocket;

pub use dialect::{Dialect, Outbox, Tally};

use call::{EngineCommand, EngineEvent, Format, Manner};
use std::{fmt, sync::Arc, time::Duration};

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

    /// After how long its session ends, counted from its opening, if it does. A service may say so once it hears, and again
    /// later.
    pub fn longest(&self) -> Option<Duration> {
        match self {
            Engine::Socket(socket) => socket.longest(),
            Engine::Local(_) | Engine::Voicemail(_) => None,
        }
    }

    /// Whether its session has ended because it was as old as any may be, or because the service restarts: another one with
    /// the same engine would go on.
    pub fn has_aged(&self) -> bool {
        match self {
            Engine::Socket(socket) => socket.has_aged(),
            Engine::Local(_) | Engine::Voicemail(_) => false,
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

/// What proves to a service who we are, or what it is entrusted with. Printing it prints dots; it leaves only on the wire.
#[derive(Clone, PartialEq, Eq)]
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
    /// In which the caller may go on instead, once the call says so; who hears expects them, too.
    pub others: Vec<String>,
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
    pub description: Arc<str>,
    /// JSON schema of the arguments, an object.
    pub parameters: Arc<serde_json::Value>,
    /// Where the engine's service may use it by itself. An engine that has no such thing wants it like all others.
    pub hosted: Option<Hosted>,
}

/// How an engine's service uses a tool by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosted {
    pub server: Arc<HostedServer>,
    /// What the tool is called there.
    pub tool: String,
    /// The service asks before it does.
    pub asks: bool,
}

/// A server of tools by the Model Context Protocol, as an engine's service is told of it. All of it may be secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostedServer {
    /// What the service is to call it: no other has it.
    pub label: String,
    /// Where it is, for somebody who is out in the world.
    pub url: ApiKey,
    /// What goes behind `Authorization: Bearer`.
    pub token: Option<ApiKey>,
    pub headers: Vec<(String, ApiKey)>,
}
