//! Twilio's side of the wire: it rings, obeys the TwiML that it is answered, opens the media stream, and is the
//! telephone at the other end of it.
//!
//! ```text
//!   call ── ring (webhook.rs, signature.rs) ──► TwiML (markup.rs) ── <Connect><Stream> ──► telephone.rs
//!                                                                     message.rs  playout.rs  a Party
//!   rest.rs: the API, by which the server ends or redirects the call     messages.rs: texts, both ways
//! ```
//!
//! Whatever Twilio would object to is objected to: TwiML by an error of the call, a message of the stream by a
//! [`ProtocolError`], which a test asserts to be none.

pub mod handset;
pub mod markup;
pub mod message;
pub mod messages;
pub mod playout;
pub mod rest;
pub mod signature;
pub mod telephone;
mod webhook;
mod xml;

pub use handset::Handset;
pub use telephone::{Act, Event, FRAME, Party, ProtocolError, Speech};
pub use webhook::{Answered, ring};

use crate::clock;
use markup::Verb;
use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// Whose number is rung: the account that signs.
#[derive(Clone, Debug)]
pub struct Account {
    /// `AC` and 32 hexadecimal digits.
    pub sid: String,
    /// The secret that the server knows, too.
    pub auth_token: String,
}

impl Account {
    /// An account with this secret and an invented name.
    pub fn new(auth_token: impl Into<String>) -> Self {
        Self { sid: format!("AC{:032x}", 1), auth_token: auth_token.into() }
    }
}

/// Twilio's names for the things of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sids {
    pub account: String,
    pub call: String,
    pub stream: String,
}

impl Sids {
    /// Names that differ for every seed.
    pub fn invented(seed: u64) -> Self {
        Self {
            account: format!("AC{:032x}", 1),
            call: format!("CA{seed:032x}"),
            stream: format!("MZ{seed:032x}"),
        }
    }
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
    /// What the API orders of this call; see [`rest::Rest::orders`].
    pub orders: Option<mpsc::Receiver<Order>>,
}

impl Dial {
    /// A call to `webhook` over a network without delay.
    pub fn new(webhook: impl Into<String>) -> Self {
        Self {
            webhook: webhook.into(),
            post: true,
            connect_to: None,
            from: "+14155550199".into(),
            to: "+14155550100".into(),
            attestation: None,
            sids: Sids::invented(unique()),
            network: Network::default(),
            orders: None,
        }
    }

    /// A call to a server on this machine.
    pub fn local(address: SocketAddr) -> Self {
        let mut dial = Self::new(format!("http://{address}/incoming-call"));
        dial.connect_to = Some(address);
        dial
    }
}

/// What the API orders of a call under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// `Status=completed`.
    Complete,
    /// `Twiml=…`: leave what is going on and do this.
    Redirect(String),
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
    /// `start` was sent.
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
    /// What Twilio would have logged against the server.
    pub errors: Vec<ProtocolError>,
    /// What `<Say>` said.
    pub said: Vec<String>,
    pub times: Times,
}

/// Why a call failed, with Twilio's number for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// <https://www.twilio.com/docs/api/errors>
    pub code: u32,
    pub what: String,
    /// The HTTP status that was answered, if any was.
    pub status: Option<u16>,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (Twilio error {})", self.what, self.code)
    }
}

impl std::error::Error for Failed {}

/// Places a call and stays in it till it ends; `party` holds the telephone.
pub async fn call(account: &Account, mut dial: Dial, party: &mut impl Party) -> Result<Ended, Failed> {
    let mut ended = Ended {
        ending: Ending::Finished,
        errors: Vec::new(),
        said: Vec::new(),
        times: Times {
            rang: clock::now(),
            answered: None,
            dialled: None,
            accepted: None,
            started: None,
            first_sound: None,
            stopped: None,
        },
    };
    let answered = ring(account, &dial).await?;
    ended.times.answered = Some(clock::now());
    let mut verbs = answered.verbs.into_iter();
    let mut first = true;
    while let Some(verb) = verbs.next() {
        match verb {
            Verb::Say(text) => {
                party.told(Event::Said { text: &text });
                tokio::time::sleep(speaking_time(&text)).await;
                ended.said.push(text);
            }
            Verb::Pause(length) => tokio::time::sleep(length).await,
            Verb::Stream(verb) => {
                let action = verb.action.clone();
                match telephone::connect(account, &mut dial, &verb, party, &mut ended).await? {
                    telephone::Left::ServerClosed => {
                        if let Some(action) = action {
                            verbs = webhook::follow(account, &dial, &action, "POST").await?.into_iter();
                        }
                    }
                    telephone::Left::CallerHungUp => {
                        ended.ending = Ending::CallerHungUp;
                        return Ok(ended);
                    }
                    telephone::Left::Ordered(Order::Complete) => {
                        ended.ending = Ending::Completed;
                        return Ok(ended);
                    }
                    telephone::Left::Ordered(Order::Redirect(document)) => {
                        verbs = webhook::parse(&document)?.into_iter();
                    }
                }
            }
            Verb::Reject(reason) if first => {
                ended.ending = Ending::Rejected(reason);
                return Ok(ended);
            }
            // It is too late to refuse a call that was answered.
            Verb::Hangup | Verb::Reject(_) => return Ok(ended),
            Verb::Redirect { url, method } => {
                verbs = webhook::follow(account, &dial, &url, &method).await?.into_iter();
            }
            Verb::Dial(whom) => {
                ended.ending = Ending::Transferred(whom);
                return Ok(ended);
            }
            Verb::Unplayed(name) => {
                return Err(Failed { code: 0, what: format!("<{name}> is not played here"), status: None });
            }
        }
        first = false;
    }
    Ok(ended)
}

/// A number that no other call has, in this process or another.
fn unique() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Fourteen characters a second, as a voice reads.
fn speaking_time(text: &str) -> Duration {
    Duration::from_millis(text.chars().count() as u64 * 1000 / 14)
}
