//! How telephone companies talk.
//!
//! ```text
//!   webhook ── verify ── read ─► Ring      Reply ─ answer ─► document
//!   WebSocket message ── Stream::read ─► LineEvent      LineCommand ─ Stream::write ─► WebSocket message
//!   Ask ── ask ─► HTTP request to the carrier's API
//!   a recording's or a status webhook ── verify ── read_turn, read_status ─► Turn, Status
//!   a text's webhook ── verify ── read_text ─► Text      words ─ answer_text ─► document
//! ```
//!
//! A carrier is a dialect: bytes to our words, our words to bytes. Nothing here opens a connection, reads a clock or
//! keeps a secret; the server does that, the same way for all of them.
//!
//! A browser is no carrier: it rings by no webhook, and has a [`Stream`] only ([`browser`]), with sound as binary messages.
//!
//! To add a carrier: one file with a type that is a [`Carrier`] and one that is a [`Stream`], its fixtures, one arm in
//! the server's `phone.rs`.

mod account;
pub mod address;
pub mod browser;
pub mod explain;
mod fetch;
mod form;
mod frame;
mod gaps;
pub mod markup;
mod moment;
mod order;
pub mod plivo;
mod rest;
mod status;
pub mod telnyx;
mod turn;
pub mod twilio;

pub use account::{Application, ByGet, Hooks, Number};
pub use status::{AnsweredBy, CallStatus, Delivered, Delivery, Status};
pub use turn::{Bounds, Dial, GatherInput, Gathered, Next, Prompt, Recorded, Turn};

use bytes::Bytes;
use call::{Format, LineCommand, LineEvent, Wire};
use std::collections::VecDeque;

/// An HTTP request as it came in, nothing decoded. A WebSocket upgrade is one too, with a `ws:` or `wss:` URL.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub method: &'a str,
    /// Path and query as they stood in the request line.
    pub target: &'a str,
    /// Names in any case.
    pub headers: &'a [(String, String)],
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// Why a request is not the carrier's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no signature at all.
    Unsigned,
    /// The signature is not of this request, or not by this secret.
    WrongSignature,
    /// The signature is right, but the request cannot be: a body that does not match its hash, an unknown
    /// algorithm. The text says what.
    Malformed(String),
}

/// A call that rings, as its webhook tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ring {
    /// The carrier's name for the call.
    pub call: String,
    /// The carrier's name for the account.
    pub account: String,
    /// E.164 where it is a number; else as the carrier says it, such as `anonymous` or `client:anna`.
    pub from: String,
    pub to: String,
    /// We placed this call.
    pub outbound: bool,
    /// STIR/SHAKEN attestation of the caller's number, `A`, `B` or `C`, where the carrier sends one that passed.
    pub attestation: Option<char>,
}

/// What a webhook is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Open a media stream to this `wss:` address and hand it the token; before it, `first` is said and played. Once the stream is
    /// over, or where it does not open, `after` is asked what comes next; none: the call is over, too.
    Stream { url: String, token: String, first: Vec<Prompt>, after: Option<String> },
    /// Say this and hang up.
    Say(String),
    /// Do not take the call.
    Reject,
    /// Play these one after another, then do what is next.
    Turn(Vec<Prompt>, Next),
    /// There is nothing to do; the call goes on or ends by itself.
    Nothing,
}

/// What a webhook is answered, in the carrier's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub content_type: &'static str,
    pub body: String,
}

/// What the carrier's API is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// End this call.
    Complete { call: String },
    /// Break off what this call is doing, and connect it so. `via` is an address of ours that answers with
    /// [`Next::Dial`] to the same, for carriers that take no document with the request (Plivo; Telnyx where there is a
    /// briefing).
    Transfer { call: String, dial: Dial, via: String },
    /// Break off what this call is doing, and ask this address of ours what comes next.
    Redirect { call: String, url: String },
    /// Call somebody.
    Call(Outgoing),
    /// Send a text from our number; [`Carrier::texted`] reads the answer. What becomes of it is posted to `report`,
    /// if that is not empty.
    Text { from: String, to: String, body: String, report: String },
    /// Say which texts went from our number to this one lately; [`Carrier::texts`] reads the answer.
    Texts { from: String, to: String },
    /// Say whether the account and its secret fit together. Changes nothing and costs nothing.
    Test,
    /// List the account's numbers; [`Carrier::numbers`] reads the answer. Pages count from 0, and the last one is
    /// that which brings nothing new.
    Numbers { page: u32 },
    /// List where calls can be sent to, in pages likewise; [`Carrier::applications`] reads the answer.
    Applications { page: u32 },
    /// Send the calls of this application, or of a new one, to these addresses.
    SetHooks { application: Option<String>, name: String, hooks: Hooks },
    /// Send the calls of this number, by [`Number::id`], to this application.
    Bind { number: String, application: String },
}

/// A call that we place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// A number of ours.
    pub from: String,
    pub to: String,
    /// Our address that is asked what to do once somebody answers.
    pub url: String,
    /// Our address that is told how the call fares.
    pub status: String,
    /// Our address that is told whether a machine answered. Empty: nobody listens for one.
    pub machines: String,
    /// How long it may ring. Zero: as long as the carrier lets it.
    pub rings: std::time::Duration,
}

/// A text that came in, as its webhook tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The carrier's name for it: a webhook that is told again has the same.
    pub id: String,
    /// E.164, or a short code.
    pub from: String,
    pub to: String,
    /// At most 16 KiB.
    pub body: String,
    /// What the carrier itself took it for, where it answers such words by itself.
    pub word: Option<Word>,
}

/// A word by which a number leaves or comes back, honoured by the carrier before we see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Stop,
    Start,
    Help,
}

/// What became of sending a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Texted {
    /// The carrier took it and calls it this. Whether it arrives is not known.
    Taken { id: String },
    /// The number has said STOP: nothing may be sent to it until it says START.
    OptedOut,
    /// It will never be sent; in words for the owner, without the number.
    Never(String),
    /// It was not sent, and may be later.
    Later(String),
    /// It may have been sent or not: look at [`Ask::Texts`] before it is sent again.
    Unknown(String),
}

/// A text that the carrier says was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentText {
    pub id: String,
    /// What it says. None: the carrier does not tell.
    pub body: Option<String>,
    /// When the carrier took it, milliseconds since 1970.
    pub taken_ms: i64,
}

/// One WebSocket message from the carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

/// What a stream said about itself before its first sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// The carrier's name for the call.
    pub call: String,
    /// The carrier's name for the stream.
    pub stream: String,
    /// The token of [`Reply::Stream`], where it came back.
    pub token: Option<String>,
    /// How the caller's audio comes and ours must go.
    pub format: Format,
}

/// A message that the carrier's documentation does not explain, or that comes when it must not. The text says what,
/// without the message's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Garbled(pub String);

impl Garbled {
    const UNKNOWN_EVENT: &str = "an unknown event";

    /// A well-formed message of a stream about an event that its documentation does not have.
    pub(crate) fn unknown_event() -> Self {
        Self(Self::UNKNOWN_EVENT.to_owned())
    }

    /// Whether it is one.
    pub fn is_unknown_event(&self) -> bool {
        self.0 == Self::UNKNOWN_EVENT
    }
}

/// A telephone company.
pub trait Carrier: Send + Sync {
    /// Lower case, as in addresses: `twilio`.
    fn name(&self) -> &'static str;
    /// The addresses under which the carrier may have signed `request`, the likeliest first; arguments as those of
    /// [`address::candidates`].
    fn addresses(&self, request: &Request<'_>, public: Option<&str>, trusted: bool) -> Vec<String> {
        address::candidates(request, public, trusted)
    }
    /// Judges a request as if it had been sent to `url` and signed with `secret`: the auth token, or where the carrier
    /// signs with a key of its own (Telnyx), that public key. `now_unix` is in seconds, for carriers that sign the time.
    fn verify(&self, request: &Request<'_>, url: &str, secret: &str, now_unix: i64) -> Result<(), Refusal>;
    /// Whether the upgrade to a media stream is signed, too. Where it is not, the token alone admits it.
    fn signs_streams(&self) -> bool;
    /// Reads the webhook of a ringing call.
    fn read(&self, request: &Request<'_>) -> Result<Ring, Garbled>;
    fn answer(&self, reply: &Reply) -> Document;
    /// Reads what is posted after a [`Next::Record`] or [`Next::Gather`], and that a recording is ready.
    fn read_turn(&self, request: &Request<'_>) -> Result<Turn, Garbled>;
    /// Reads how a call fares, and who answered it.
    fn read_status(&self, request: &Request<'_>) -> Result<Status, Garbled>;
    /// The request that fetches a recording, with the account's name and secret only where they belong. Refused
    /// unless the address is one of the carrier's (by `https:`), or on the server of `base`. A redirect is to be
    /// followed only to what this gives for its target.
    fn fetch(
        &self,
        recording: &str,
        base: &str,
        account: &str,
        secret: &str,
    ) -> Result<http::Request<Bytes>, Garbled>;
    /// Writes a request to the carrier's API at `base` (an address without a trailing slash), with the account's
    /// name and secret.
    fn ask(&self, ask: &Ask, base: &str, account: &str, secret: &str) -> http::Request<Bytes>;
    /// Judges the answer to an [`Ask`] that is about no text and no list: the carrier's name for what was made, or
    /// nothing. Ending a call that is over already counts as done. The error is in words for the owner.
    fn done(&self, ask: &Ask, status: u16, body: &[u8]) -> Result<String, String>;
    /// Reads the answer to [`Ask::Numbers`].
    fn numbers(&self, status: u16, body: &[u8]) -> Result<Vec<Number>, Garbled>;
    /// Reads the answer to [`Ask::Applications`].
    fn applications(&self, status: u16, body: &[u8]) -> Result<Vec<Application>, Garbled>;
    fn stream(&self) -> Box<dyn Stream>;
    /// Reads the webhook of a text that came in.
    fn read_text(&self, request: &Request<'_>) -> Result<Text, Garbled>;
    /// Whether [`answer_text`](Self::answer_text) can carry words; where not, they go by [`Ask::Text`].
    fn texts_back(&self) -> bool;
    /// What the webhook of a text is answered: these words to whoever sent it, or nothing.
    fn answer_text(&self, words: Option<&str>) -> Document;
    /// Reads what became of a text of ours.
    fn read_delivery(&self, request: &Request<'_>) -> Result<Delivery, Garbled>;
    /// Reads the answer to [`Ask::Text`].
    fn texted(&self, status: u16, body: &[u8]) -> Texted;
    /// Reads the answer to [`Ask::Texts`].
    fn texts(&self, status: u16, body: &[u8]) -> Result<Vec<SentText>, Garbled>;
}

/// The media stream of one call.
pub trait Stream: Send {
    /// Reads one message and adds what it tells to `events`. A garbled message tells nothing and changes nothing.
    fn read(&mut self, frame: Frame<'_>, events: &mut VecDeque<LineEvent>) -> Result<(), Garbled>;
    /// Adds the messages for `command` to `wire`; none where the carrier has no words for it.
    fn write(&mut self, command: &LineCommand, wire: &mut Wire);
    /// Adds the message that tells what was noted of the call, a JSON object; none where nobody looks on at the other end.
    fn write_note(&mut self, _note: &str, _wire: &mut Wire) {}
    /// What `start` said, once it came.
    fn started(&self) -> Option<&Started>;
}
