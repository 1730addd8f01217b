//! What the assistant can do.
//!
//! ```text
//!   ToolCall ── Tools::run ─► known? allowed? arguments as the schema says? ─► Tool::run ─► Answer
//!
//!   hands.rs      the tools in one call: what the caller is asked first, how much is said of an answer
//!   toolbox.rs    all the tools, while they change: a call takes those of its first moment
//!   class.rs      what using a tool does to the world
//!   calendar.rs   the six tools of the calendar      calendar/books.rs  the book behind them
//!   memo.rs       take_message
//!   memory.rs     remember, recall, forget
//!   own.rs        tools that the owner describes: an HTTP request each
//!   message.rs    what callers and the owner are told by mail and by text
//! ```
//!
//! `hang_up` and `transfer` are offered here, so that an engine knows of them, but it is the call that decides them.
//!
//! To add a tool: a type that is a [`Tool`], in a file of its own; one line in [`Tools::standard`]; its refusals among
//! the tests. To add a calendar: a type that is a [`Calendar`](calendar::remote::Calendar), in `calendar/`.

pub mod calendar;
mod class;
mod hands;
pub mod mcp;
pub mod memo;
pub mod memory;
pub mod message;
pub mod network;
pub mod own;
mod toolbox;
mod tools;

pub use class::{Class, Hints, guessed};
pub use hands::Hands;
pub use toolbox::{Ruling, Shelf, Toolbox, Unfit};
pub use tools::{Destination, Listed, Tools};

use call::Answer;
use serde_json::Value;
use std::{pin::Pin, sync::Arc};

/// What a caller's number, and perhaps a PIN, entitles to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trust {
    /// Anybody. May talk, and ask for an appointment.
    Stranger,
    /// A number that the owner has let in.
    Known,
    /// The owner.
    Owner,
}

impl Trust {
    /// `stranger`, `known` or `owner`: as the store and the settings spell it.
    pub fn name(self) -> &'static str {
        match self {
            Trust::Stranger => "stranger",
            Trust::Known => "known",
            Trust::Owner => "owner",
        }
    }

    /// Greater is further: what the store compares.
    pub fn degree(self) -> i64 {
        match self {
            Trust::Stranger => 0,
            Trust::Known => 1,
            Trust::Owner => 2,
        }
    }

    /// The inverse of [`name`](Self::name).
    pub fn named(name: &str) -> Option<Self> {
        [Trust::Stranger, Trust::Known, Trust::Owner].into_iter().find(|trust| trust.name() == name)
    }
}

/// On whose behalf a tool runs, and when.
#[derive(Clone, Debug)]
pub struct Errand {
    /// Empty where it is for no call: a page, the API.
    pub call_id: String,
    /// The caller's number as the carrier says it; see [`number`](Self::number).
    pub caller: String,
    pub trust: Trust,
    /// Milliseconds since 1970.
    pub now_ms: i64,
    /// When the call began, likewise.
    pub began_ms: i64,
}

impl Errand {
    /// The same at another time.
    pub fn at(&self, now_ms: i64) -> Errand {
        Errand { now_ms, ..self.clone() }
    }

    /// The second of the call, where there is a call.
    pub fn second(&self) -> Option<i64> {
        (!self.call_id.is_empty()).then(|| (self.now_ms - self.began_ms).max(0) / 1_000)
    }

    /// The number that tells this caller from others: E.164, and none where it is withheld.
    pub fn number(&self) -> Option<&str> {
        let digits = self.caller.strip_prefix('+')?;
        let number = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        (number && !WITHHELD.contains(&digits)).then_some(&self.caller)
    }
}

/// Words that networks spell on the keypad in place of a number: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE.
const WITHHELD: [&str; 5] = ["266696687", "7378742833", "2562533", "8656696", "86282452253"];

/// A tool as an engine is told of it. Every call holds a copy of each: it shares what is long.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// `snake_case`, unique among the tools.
    pub name: String,
    pub description: Arc<str>,
    /// JSON schema of the arguments, an object.
    pub parameters: Arc<Value>,
}

/// Is told how much of a tool's work is done, in percent. Must not block.
pub type Progress = Arc<dyn Fn(u8) + Send + Sync>;

/// An answer on its way.
pub type Running<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// Something the assistant can do.
pub trait Tool: Send + Sync {
    fn spec(&self) -> Spec;
    /// The least trust that it takes.
    fn trust(&self) -> Trust;
    /// What using it does to the world. The owner may say otherwise.
    fn class(&self) -> Class;
    /// Whether its answers hold words of others, such as mails and pages: data, whatever they say.
    fn is_foreign(&self) -> bool {
        false
    }
    /// Where an engine's service may use it by itself, for the owner.
    fn hosted(&self) -> Option<mcp::Hosted<'_>> {
        None
    }
    /// Does it. The arguments are an object that the schema accepts. Failing is an answer, too.
    fn run<'a>(&'a self, arguments: Value, errand: &'a Errand) -> Running<'a>;
    /// The same, telling how far it is where the tool knows.
    fn run_reporting<'a>(&'a self, arguments: Value, errand: &'a Errand, _: Progress) -> Running<'a> {
        self.run(arguments, errand)
    }
}
