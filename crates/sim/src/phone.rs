//! One telephone over the three companies: it rings, obeys the document that it is answered, and holds the line in
//! either way of carrying a call.
//!
//! ```text
//!   call ── webhook.rs ──► document ── company.rs (twilio, plivo, telnyx) ──► verbs ── course.rs
//!                                          signs, names fields, reads            │
//!   handset.rs ◄── Party ── telephone.rs (a stream, dialect.rs, playout.rs) ◄────┤
//!                     └──── turn.rs (say, play, record, gather; shelf.rs) ◄──────┘
//! ```
//!
//! To ring through any company in either way: [`Account`] of that company, [`Dial::of`] with a [`Mode`], and
//! [`Handset::dial`].

pub mod api;
pub mod company;
pub(crate) mod course;
pub(crate) mod dialect;
pub mod door;
pub mod handset;
pub mod playout;
pub mod shelf;
pub mod status;
pub mod telephone;
pub mod text;
mod turn;
pub(crate) mod twiml;
pub mod verb;
mod webhook;
pub(crate) mod xml;

pub use api::Api;
pub use company::About;
pub use course::call;
pub use dialect::FromServer;
pub use handset::Handset;
pub use shelf::Shelf;
pub use status::{Habit, Outbound, Status};
pub use telephone::{Act, Event, FRAME, Party, ProtocolError, Speech};
pub use webhook::{Answered, ring};

use crate::{plivo, telnyx, twilio};
use futures_util::future::BoxFuture;
use std::{
    fmt,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    net::SocketAddr,
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// Through which telephone company a call comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Carrier {
    #[default]
    Twilio,
    Plivo,
    Telnyx,
}

impl Carrier {
    pub const ALL: [Self; 3] = [Self::Twilio, Self::Plivo, Self::Telnyx];

    /// As it stands in addresses and settings: `twilio`, `plivo`, `telnyx`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::Plivo => "plivo",
            Self::Telnyx => "telnyx",
        }
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Carrier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|carrier| carrier.name() == text)
            .ok_or_else(|| format!("{text:?} is no carrier; they are twilio, plivo and telnyx"))
    }
}

/// How the company carries this call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// It can do everything, streams too.
    #[default]
    Stream,
    /// It refuses to open streams, as for a number, a plan or a region without them: a `<Stream>` fails at once, its
    /// status callback is told so, and what stands behind it in the document (or its `action`) is done.
    Turns,
}

impl Mode {
    pub const ALL: [Self; 2] = [Self::Stream, Self::Turns];

    /// `stream`, `turns`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Turns => "turns",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.name() == text)
            .ok_or_else(|| format!("{text:?} is no way to carry a call; they are stream and turns"))
    }
}

/// Whose number is rung: the account that signs.
#[derive(Clone, Debug)]
pub enum Account {
    Twilio(twilio::Account),
    Plivo(plivo::Account),
    Telnyx(telnyx::Account),
}

impl Account {
    /// An account at this company, made from a secret: Twilio's or Plivo's auth token, Telnyx' API key, of which the
    /// key pair is made, too.
    pub fn new(carrier: Carrier, secret: &str) -> Self {
        match carrier {
            Carrier::Twilio => Self::Twilio(twilio::Account::new(secret)),
            Carrier::Plivo => Self::Plivo(plivo::Account::new(secret)),
            Carrier::Telnyx => Self::Telnyx(telnyx::Account::new(secret)),
        }
    }

    pub fn carrier(&self) -> Carrier {
        match self {
            Self::Twilio(_) => Carrier::Twilio,
            Self::Plivo(_) => Carrier::Plivo,
            Self::Telnyx(_) => Carrier::Telnyx,
        }
    }
}

impl From<&Account> for Account {
    fn from(account: &Account) -> Self {
        account.clone()
    }
}

impl From<&twilio::Account> for Account {
    fn from(account: &twilio::Account) -> Self {
        Self::Twilio(account.clone())
    }
}

impl From<&plivo::Account> for Account {
    fn from(account: &plivo::Account) -> Self {
        Self::Plivo(account.clone())
    }
}

impl From<&telnyx::Account> for Account {
    fn from(account: &telnyx::Account) -> Self {
        Self::Telnyx(account.clone())
    }
}

/// The company's names for the things of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sids {
    /// Twilio's alone; the others' is the [`Account`]'s.
    pub account: String,
    /// `CallSid`, `CallUUID`, the call control id.
    pub call: String,
    pub stream: String,
}

impl Sids {
    /// Twilio's names, which differ for every seed.
    pub fn invented(seed: u64) -> Self {
        Self::of(Carrier::Twilio, seed)
    }

    /// A company's names, which differ for every seed.
    pub fn of(carrier: Carrier, seed: u64) -> Self {
        match carrier {
            Carrier::Twilio => Self {
                account: format!("AC{:032x}", 1),
                call: format!("CA{seed:032x}"),
                stream: format!("MZ{seed:032x}"),
            },
            Carrier::Plivo => Self { account: String::new(), call: uuid(seed, 1), stream: uuid(seed, 2) },
            Carrier::Telnyx => Self {
                account: String::new(),
                call: format!("v3:{seed:016x}-sim_call-control-id"),
                stream: uuid(seed, 3).to_uppercase(),
            },
        }
    }
}

/// A UUID of version 4 that is the same for the same numbers.
pub(crate) fn uuid(seed: u64, what: u64) -> String {
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        seed >> 32,
        seed >> 16 & 0xffff,
        seed >> 4 & 0xfff,
        what & 0xfff,
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) & 0xffff_ffff_ffff
    )
}

/// How long messages travel. Their order is kept, as TCP keeps it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Network {
    /// From the telephone to the server.
    pub up: Duration,
    /// From the server to the telephone.
    pub down: Duration,
    /// Every message takes up to this much longer.
    pub jitter: Duration,
    /// Of the jitter.
    pub seed: u64,
}

/// The company's own voice: words to samples at 8 kHz.
pub type Speak = Arc<dyn Fn(String) -> BoxFuture<'static, Result<Vec<i16>, String>> + Send + Sync>;

/// What `<Say>` sounds like.
#[derive(Clone)]
pub struct Reader(pub Speak);

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader")
    }
}

/// How somebody takes it that they are rung, by a `<Dial>` or by the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Callee {
    #[default]
    Answers,
    Busy,
    NoAnswer,
    /// There is no way to them.
    Unreachable,
}

impl Callee {
    /// How the call to them ends, in the word that all companies share.
    pub fn status(self) -> &'static str {
        match self {
            Self::Answers => "completed",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Unreachable => "failed",
        }
    }
}

/// One call to be placed.
#[derive(Debug)]
pub struct Dial {
    /// The webhook's address, as it is set at the number and as it is signed.
    pub webhook: String,
    /// POST with a form; else GET with a query.
    pub post: bool,
    /// Where the hosts of the webhook and the stream really are: plain TCP goes there instead, whatever the scheme,
    /// and `X-Forwarded-Proto` says which one it was.
    pub connect_to: Option<SocketAddr>,
    pub from: String,
    pub to: String,
    /// STIR/SHAKEN attestation, `A`, `B` or `C`.
    pub attestation: Option<char>,
    pub sids: Sids,
    pub network: Network,
    /// What the API orders of this call; see [`twilio::rest::Rest::orders`] and its siblings.
    pub orders: Option<mpsc::Receiver<Order>>,
    pub mode: Mode,
    /// What `<Say>` sounds like in turns; none: a hum as long as the words would take.
    pub reader: Option<Reader>,
    /// Media messages go out in another order than they were numbered in, as Telnyx allows itself.
    pub shuffled: bool,
    /// Where recordings are fetched from; none: a shelf on loopback, for as long as the call.
    pub shelf: Option<Shelf>,
    /// The address that is told how the call goes.
    pub status: Option<Status>,
    /// The server placed this call by the API; none: somebody rang.
    pub outbound: Option<Outbound>,
    pub callee: Callee,
    /// The stream breaks after so long, though the caller is still there.
    pub breaks_after: Option<Duration>,
}

impl Dial {
    /// A call by Twilio to `webhook` over a network without delay.
    pub fn new(webhook: impl Into<String>) -> Self {
        Self::of(Carrier::Twilio, webhook)
    }

    /// A call by this company to `webhook` over a network without delay.
    pub fn of(carrier: Carrier, webhook: impl Into<String>) -> Self {
        Self {
            webhook: webhook.into(),
            post: true,
            connect_to: None,
            from: "+14155550199".into(),
            to: "+14155550100".into(),
            attestation: None,
            sids: Sids::of(carrier, unique()),
            network: Network::default(),
            orders: None,
            mode: Mode::default(),
            reader: None,
            shuffled: false,
            shelf: None,
            status: None,
            outbound: None,
            callee: Callee::default(),
            breaks_after: None,
        }
    }

    /// How the call ends, in the word that all companies share: whom the server called may not take it.
    pub(crate) fn last_status(&self) -> &'static str {
        self.outbound.as_ref().map_or(Callee::Answers, |outbound| outbound.callee).status()
    }

    /// A call by Twilio to a server on this machine.
    pub fn local(address: SocketAddr) -> Self {
        Self::local_of(Carrier::Twilio, address)
    }

    /// A call by this company to a server on this machine, at `/incoming-call` for Twilio, and at
    /// `/phone/plivo/incoming-call` and `/phone/telnyx/incoming-call`.
    pub fn local_of(carrier: Carrier, address: SocketAddr) -> Self {
        let path = match carrier {
            Carrier::Twilio => "incoming-call",
            Carrier::Plivo => "phone/plivo/incoming-call",
            Carrier::Telnyx => "phone/telnyx/incoming-call",
        };
        let mut dial = Self::of(carrier, format!("http://{address}/{path}"));
        dial.connect_to = Some(address);
        dial
    }
}

/// What the API orders of a call under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// End it.
    Complete,
    /// Leave what is going on and do this document.
    Redirect(String),
    /// Leave what is going on and do what this address answers.
    Fetch(verb::Callback),
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The caller hung up.
    CallerHungUp,
    /// There was no verb left, or `<Hangup>`.
    Finished,
    /// `<Reject>` with this reason.
    Rejected(String),
    /// Whom the server called did not take it.
    NotTaken(Callee),
    /// `<Dial>`: the call was connected to these.
    Transferred(Vec<String>),
    /// The API ended it.
    Completed,
}

/// When things happened, by this machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// The webhook was sent.
    pub rang: Instant,
    /// Its answer was there.
    pub answered: Option<Instant>,
    /// The stream's upgrade was sent.
    pub dialled: Option<Instant>,
    /// It was accepted.
    pub accepted: Option<Instant>,
    /// `start` was sent, or the first turn began.
    pub started: Option<Instant>,
    /// The first sound came in.
    pub first_sound: Option<Instant>,
    /// The stream was over.
    pub stopped: Option<Instant>,
}

/// A call that has been.
#[derive(Clone, Debug)]
pub struct Ended {
    pub ending: Ending,
    /// What the company would have logged against the server.
    pub errors: Vec<ProtocolError>,
    /// What `<Say>` said.
    pub said: Vec<String>,
    /// What whoever took a transferred call heard before they were connected.
    pub briefed: Vec<String>,
    /// How many recordings were made.
    pub recordings: u32,
    /// Whether a stream stood.
    pub streamed: bool,
    pub times: Times,
}

/// Why a call failed, with the company's number for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// <https://www.twilio.com/docs/api/errors>; Plivo's hang-up cause codes; Telnyx has none for this, and lends
    /// Twilio's.
    pub code: u32,
    pub what: String,
    /// The HTTP status that was answered, if any was.
    pub status: Option<u16>,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (error {})", self.what, self.code)
    }
}

impl std::error::Error for Failed {}

/// A number that no other call has, in this process or another.
pub(crate) fn unique() -> u64 {
    RandomState::new().build_hasher().finish()
}
