//! Tools of other programs, by the Model Context Protocol.
//!
//! ```text
//!   Server::run ─► connect.rs: a program's stdio, streamable HTTP of both eras, or the event stream of 2024
//!        │              session.rs: one connection, asked with a time-out on everything
//!        ▼
//!   listing.rs ─► what it offers, as engines take it   name.rs  schema.rs
//!        │
//!        ▼
//!   remote.rs: one tool of it ─► answer.rs: what it answered, as the assistant is told
//!
//!   oauth.rs      the owner's consent, where a server wants it
//! ```
//!
//! A server is known by what it offered last: nobody waits for it before it is used. [`Server::run`] keeps the connection,
//! connects again when it breaks, and reads the list anew when the server says that it has changed.

mod answer;
mod connect;
mod fault;
mod http;
mod listing;
mod name;
pub mod oauth;
mod remote;
mod schema;
mod server;
mod session;
mod sse;

pub use crate::calendar::google::Secret;
pub use fault::Fault;
pub use http::client;
pub use listing::{Choice, Listed, Listing, MOST_TOOLS};
pub use remote::tools;
pub use server::{Known, Reach, Server, State, Status};

use crate::{Class, Trust};
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// A server, as the owner sets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Its key: `[a-z0-9][a-z0-9-]*`, with which the names of its tools begin.
    pub name: String,
    pub way: Way,
    /// The least trust that its tools take.
    pub trust: Trust,
    pub choice: Choice,
    /// How long a tool may say nothing, and how long it may take at most.
    pub patience: Patience,
    /// Where an engine's service may use its tools by itself, for the owner.
    pub hosted: Option<Hosting>,
}

/// How an engine's service uses a server by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosting {
    /// Where the server is, for the service. It may hold a secret.
    pub url: Secret,
    pub approval: Approval,
}

/// Which tools the service asks about before it uses them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Approval {
    /// All that do not only read.
    #[default]
    Changes,
    /// All.
    Always,
    /// None: nobody looks at what it does, and the caller is asked nothing.
    Never,
}

impl Approval {
    pub const NAMES: [(&'static str, Approval); 3] =
        [("changes", Approval::Changes), ("always", Approval::Always), ("never", Approval::Never)];

    /// Whether a tool of this class is asked about.
    pub fn asks(self, class: Class) -> bool {
        match self {
            Approval::Changes => class != Class::Reads,
            Approval::Always => true,
            Approval::Never => false,
        }
    }

    /// As the settings spell it.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, one)| *one == self).map_or("", |(name, _)| name)
    }
}

/// A tool that an engine's service may use by itself.
#[derive(Clone, Copy, Debug)]
pub struct Hosted<'a> {
    pub server: &'a Settings,
    pub hosting: &'a Hosting,
    /// What it is called there.
    pub tool: &'a str,
}

/// How long an answer is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Without any sign of progress.
    pub quiet: Duration,
    /// With all the progress in the world.
    pub whole: Duration,
}

/// How a server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    Program(Program),
    Web(Web),
}

/// A server that is a program on this machine, spoken with by its standard input and output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub command: String,
    pub arguments: Vec<Secret>,
    /// What it is given beside what every program needs; nothing else of ours.
    pub environment: BTreeMap<String, Secret>,
    pub folder: Option<PathBuf>,
}

/// A server on the web.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web {
    /// It may hold a secret.
    pub url: Secret,
    /// What goes behind `Authorization: Bearer`.
    pub token: Option<Secret>,
    pub headers: Vec<(String, Secret)>,
    pub form: Form,
}

/// How a server on the web speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Whichever it understands.
    #[default]
    Any,
    /// Streamable HTTP.
    Streamable,
    /// The event stream of 2024.
    Stream,
}

impl Form {
    pub const NAMES: [(&'static str, Form); 3] =
        [("auto", Form::Any), ("http", Form::Streamable), ("sse", Form::Stream)];
}
