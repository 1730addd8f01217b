//! What the owner decided: every setting, where it may be written, and what it means.
//!
//! ```text
//!   earpiece.toml < settings page < .env < .env.<EARPIECE_ENV> < environment < flags        the later wins
//!                      └────────── schema.rs: one table ──────────┘
//!                                   set ─► Config
//! ```
//!
//! To add a setting: a field here or, of an engine, in `config/engines.rs`, and a row in the table under `config/schema/`
//! that sets it. The row's default is the default; the documentation, both example files and the command line's flags are
//! made from it.

pub mod assistants;
mod blank;
mod dotenv;
mod engines;
mod file;
mod finish;
mod flags;
mod live;
mod load;
mod mcp;
mod members;
mod number;
mod own;
mod owner;
mod parse;
mod records;
pub mod schema;

pub use engines::{
    Deepgram, Ear, EngineKind, Hearing, Local, Ollama, OpenAi, Speaking, Think, Thinker, TurnBy,
    TurnDetection,
};
pub use flags::Flags;
pub use live::Live;
pub use load::{ConfigError, Problem, Source, Sources, Warning};
pub use mcp::{McpServer, PRESETS, Written, on_page};
pub use members::{Lent, Members, Place, Within, is_the_installations};
pub use number::{Network, Number, Numbers};
pub use own::Own;
pub use owner::{Owner, OwnersMessages, UrgentBy};
pub use records::{Recorded, Recording, Retention};

use crate::secret::Secret;
use jiff::tz::TimeZone;
use std::{collections::BTreeMap, net::IpAddr, path::PathBuf, time::Duration};
use tool::message::{Confirmations, Quiet};

/// Every setting, read and understood.
#[derive(Clone, Debug)]
pub struct Config {
    pub server: Server,
    pub data: Data,
    pub log: Log,
    pub members: Members,
    pub callers: Callers,
    pub answering: Answering,
    pub assistant: Assistant,
    pub calendar: Calendar,
    pub calls: Calls,
    /// Section `[call]`.
    pub policy: call::Policy,
    pub recording: Recording,
    pub retention: Retention,
    pub cost: Cost,
    pub openai: OpenAi,
    pub deepgram: Deepgram,
    pub think: Think,
    pub ollama: Ollama,
    pub local: Local,
    pub twilio: Twilio,
    pub plivo: Plivo,
    pub telnyx: Telnyx,
    pub zapier: Zapier,
    pub email: Email,
    pub messages: Messages,
    /// Section `[memory]`.
    pub memory: tool::memory::Remembered,
    pub owner: Owner,
    pub programs: Programs,
    pub google: Google,
    /// `[[mcp]]`, and Zapier's where it is set.
    pub mcp: Vec<McpServer>,
    /// `[[tool]]`
    pub own: Own,
    /// Where each setting that is not at its default was set, by its key (`server.port`).
    pub origins: BTreeMap<&'static str, Source>,
    /// Settings that are not at their default, as they were written; none that is secret, and none that another has set.
    pub written: BTreeMap<&'static str, String>,
}

/// `[programs]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    /// How many requests one may make in a minute.
    pub per_minute: u32,
    /// Webhooks may be in a private network.
    pub private_webhooks: bool,
}

/// `[server]`
#[derive(Clone, Debug)]
pub struct Server {
    pub host: IpAddr,
    /// 0: any free one.
    pub port: u16,
    /// A second listener that takes media streams at `/`.
    pub ws_port: Option<u16>,
    /// How the carriers reach us: scheme, host and perhaps a path, without a trailing slash.
    pub public_url: Option<String>,
    /// Whose `X-Forwarded-*` are believed.
    pub trusted_proxies: Vec<Network>,
    /// Certificate chain and key, PEM files; both or none.
    pub tls: Option<Tls>,
    /// Calls in progress past which callers hear that we are busy.
    pub max_calls: usize,
    /// How long calls may go on after we were told to stop.
    pub drain: Duration,
    pub registration: Registration,
}

impl Server {
    /// Whether what comes from this address is from a proxy whose headers are believed.
    pub fn trusts(&self, ip: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(ip))
    }
}

/// Who may become a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Registration {
    /// Nobody: not even by an invitation; `earpiece user add` does.
    Closed,
    /// Who has an invitation of an owner's.
    #[default]
    Invited,
    Open,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// `[data]`
#[derive(Clone, Debug)]
pub struct Data {
    pub folder: PathBuf,
    /// The folder in which the folder of models is: the installation's, in every house.
    pub models: PathBuf,
    /// Where it is not set: an SQLite file in `folder`. May hold a password.
    pub database_url: Secret,
    /// Where it is not set, [`crate::secret::key_in`] makes one in `folder`.
    pub secret_key: Option<Secret>,
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// A filter as `tracing-subscriber` reads it: `info`, `info,engine=debug`.
    pub level: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text; coloured where it goes to a terminal.
    Text,
    /// One JSON object a line.
    Json,
}

/// `[callers]`
#[derive(Clone, Debug)]
pub struct Callers {
    /// Where there are any, others are rejected.
    pub allowed: Vec<Number>,
    pub owners: Vec<Number>,
    /// Never let in.
    pub blocked: Vec<Number>,
    /// Put through at any hour.
    pub vips: Vec<Number>,
    /// What makes a caller the owner: digits, or what [`crate::guard::pin::hashed`] made of them.
    pub pin: Option<Secret>,
}

/// `[answering]`
#[derive(Clone, Debug)]
pub struct Answering {
    pub hours: AnswerHours,
    /// Outside of them callers hear these words and nothing else; none: they reach the voicemail.
    pub out_of_hours: OutOfHours,
    pub closed_words: String,
    pub voicemail: VoicemailUse,
    pub greeting: String,
    pub longest: Duration,
    /// To whom callers may be connected.
    pub destinations: Vec<tool::Destination>,
    /// Whoever takes such a call hears first who it is.
    pub briefed: bool,
}

/// When callers are put through to the assistant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerHours {
    Always,
    /// While it is open, as `[hours]` says.
    Opening,
    /// Every day in these hours.
    Daily(Quiet),
}

/// What becomes of callers outside of the answer hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutOfHours {
    Voicemail,
    Say,
}

/// When callers reach the voicemail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoicemailUse {
    /// Everybody does.
    Always,
    /// Where the engine fails, and outside of the answer hours.
    Auto,
    /// Only outside of the answer hours, where that is set.
    Never,
}

/// `[assistant]`
#[derive(Clone, Debug)]
pub struct Assistant {
    /// The first of [`engines`](Self::engines).
    pub engine: EngineKind,
    /// Who answers, and who goes on should they fail; each once, at least one.
    pub engines: Vec<EngineKind>,
    /// Why that engine, for the start-up line: `because OPENAI_API_KEY is set`.
    pub engine_why: String,
    /// Whose telephone it is, as it is spoken: "the Elm Street practice". May be empty.
    pub business: String,
    pub instructions: String,
    /// The assistant's first words, as they stand; empty: the engine words its own.
    pub greeting: String,
    /// What the carrier itself says before the stream opens; empty: nothing.
    pub welcome: String,
    /// BCP 47, such as `en-US`.
    pub language: String,
    /// To which callers may change, BCP 47; none set: to those that the engine hears and speaks.
    pub languages: Option<Vec<String>>,
    /// Empty: the engine's default.
    pub voice: String,
    /// 0 to 2. Only for engines that take it.
    pub temperature: f64,
    /// The names of the tools that it does not have.
    pub without_tools: Vec<String>,
}

/// `[calendar]` and `[hours]`
#[derive(Clone, Debug)]
pub struct Calendar {
    pub zone: TimeZone,
    /// Opening hours, holidays, and how long and how soon appointments are; local time.
    pub hours: when::Hours,
    /// Nothing is booked or moved in a call before that time was checked in it.
    pub read_back: bool,
}

/// `[calls]`
#[derive(Clone, Debug)]
pub struct Calls {
    pub mode: Mode,
    /// Numbers of ours that are carried otherwise.
    pub modes: BTreeMap<Number, Mode>,
    /// How callers are heard who are carried by turns.
    pub hear: Hear,
    /// Whom we may call; where there are none, the owners and those who may call us.
    pub may_call: Vec<Numbers>,
    pub machine: OnMachine,
    /// What a machine is told.
    pub machine_words: String,
}

/// What happens where a machine takes a call of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnMachine {
    HangUp,
    /// The carrier's voice leaves a message.
    Message,
    /// Nobody listens for one.
    Talk,
}

impl Calls {
    /// How calls to this number of ours are carried.
    pub fn mode_of(&self, number: &str) -> Mode {
        self.modes.iter().find(|(one, _)| one.as_str() == number).map_or(self.mode, |(_, mode)| *mode)
    }
}

/// How a caller is heard who is carried by turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hear {
    /// The carrier records them, and the engine hears the recording.
    Record,
    /// The carrier understands them, and the engine reads their words.
    Gather,
}

/// How a call is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A media stream: both speak at any time.
    Stream,
    /// Webhooks: the caller is recorded, then we are played, then again.
    Turns,
    /// A media stream, and turns where none opened or it failed.
    Auto,
}

/// `[cost]`
#[derive(Clone, Debug)]
pub struct Cost {
    pub ceilings: crate::cost::Ceilings,
    pub prices: crate::cost::Prices,
    pub currency: String,
}

/// `[twilio]`
#[derive(Clone, Debug)]
pub struct Twilio {
    pub account_sid: Option<String>,
    pub auth_token: Option<Secret>,
    pub phone_number: Option<Number>,
    pub api_url: String,
}

/// `[plivo]`
#[derive(Clone, Debug)]
pub struct Plivo {
    pub auth_id: Option<String>,
    pub auth_token: Option<Secret>,
    pub phone_number: Option<Number>,
    pub api_url: String,
}

/// `[telnyx]`
#[derive(Clone, Debug)]
pub struct Telnyx {
    pub api_key: Option<Secret>,
    pub connection_id: Option<String>,
    pub phone_number: Option<Number>,
    /// What its webhooks are verified with: Ed25519, base64.
    pub public_key: Option<String>,
    pub api_url: String,
}

/// `[zapier]`
#[derive(Clone, Debug)]
pub struct Zapier {
    /// May hold a secret.
    pub mcp_url: Secret,
    pub mcp_password: Option<Secret>,
}

/// `[email]`
#[derive(Clone, Debug)]
pub struct Email {
    pub user: Option<String>,
    pub password: Option<Secret>,
    /// Sender; where it is not set, `user`.
    pub from: Option<String>,
    /// Where it is not set and `user` is at gmail.com, Google's.
    pub smtp_host: Option<String>,
    pub smtp_port: u16,
    /// A PEM file: whose certificate the server may have beside those that everybody believes.
    pub smtp_ca: Option<PathBuf>,
}

/// `[messages]`
#[derive(Clone, Debug)]
pub struct Messages {
    pub confirmations: Confirmations,
    /// How long before an appointment; zero: never.
    pub reminder: Duration,
    pub quiet: Option<Quiet>,
    /// How many answers of the assistant's a number is texted in 24 hours; 0: it answers no texts.
    pub answers: u32,
}

/// `[google]`
#[derive(Clone, Debug)]
pub struct Google {
    pub client_id: Option<String>,
    pub client_secret: Option<Secret>,
    pub api_url: String,
    pub oauth_url: String,
}

impl Sources {
    /// What this process was given: its environment, the files in its working directory, and these flags.
    pub fn of_process(flags: &Flags) -> Result<Sources, ConfigError> {
        load::gather(flags)
    }

    /// What a variable says, that of the environment before that of the files; none where it is not set, or empty.
    pub fn variable(&self, name: &str) -> Option<String> {
        load::variable(name, &self.environment, &self.dotenv)
    }
}

impl Config {
    /// Understands what is written in `sources`; reads nothing else, so the same sources give the same settings. The
    /// error names every problem, not only the first.
    pub fn load(sources: &Sources) -> Result<(Config, Vec<Warning>), ConfigError> {
        load::load(sources)
    }

    /// [`Config::load`] of this process: its environment, the files in its working directory, and these flags.
    pub fn load_from_process(flags: &Flags) -> Result<(Config, Vec<Warning>), ConfigError> {
        load::load(&Sources::of_process(flags)?)
    }

    /// Whether OpenAI itself hears for the engine `local`, at no other address that may be the owner's own.
    pub fn hears_at_openai(&self) -> bool {
        self.local.hear == Hearing::OpenAi && self.local.hear_url.is_none() && self.knows_openai_itself()
    }

    /// Whether OpenAI itself speaks for the engine `local`, at no other address that may be the owner's own.
    pub fn speaks_at_openai(&self) -> bool {
        self.local.speak == Speaking::OpenAi && self.local.speak_url.is_none() && self.knows_openai_itself()
    }

    /// Whether what is asked of OpenAI goes to OpenAI, and not to a server that may be the owner's own.
    pub fn knows_openai_itself(&self) -> bool {
        !self.origins.contains_key("openai.base_url")
    }
}
