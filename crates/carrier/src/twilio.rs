//! Twilio: what its webhooks and media streams say, and how they are answered.
//!
//! Sources: <https://www.twilio.com/docs/voice/twiml>, <https://www.twilio.com/docs/usage/security>,
//! <https://www.twilio.com/docs/voice/media-streams/websocket-messages>, and what Twilio's own libraries do where the
//! pages are silent.

mod signature;
mod stream;
mod text;
mod webhook;

pub use stream::TwilioStream;

use crate::{Ask, Carrier, Document, Garbled, Refusal, Reply, Request, Ring, SentText, Stream, Text, Texted};
use bytes::Bytes;

/// Where Twilio's API is, unless the owner says otherwise.
pub const API: &str = "https://api.twilio.com";

/// The header that carries the signature.
pub const SIGNATURE: &str = "X-Twilio-Signature";

/// The header that says by which key and algorithm, where it is not the account's token and SHA-1.
pub const SIGNATURE_SETTINGS: &str = "X-Twilio-Webhooks-Signature-Settings";

/// The carrier. Its `account` is the account's SID (or an API key's), its secret the auth token.
#[derive(Clone, Copy, Debug, Default)]
pub struct Twilio;

impl Carrier for Twilio {
    fn name(&self) -> &'static str {
        "twilio"
    }

    fn verify(&self, request: &Request<'_>, url: &str, secret: &str) -> Result<(), Refusal> {
        signature::verify(request, url, secret)
    }

    fn read(&self, request: &Request<'_>) -> Result<Ring, Garbled> {
        webhook::read(request)
    }

    fn answer(&self, reply: &Reply) -> Document {
        webhook::answer(reply)
    }

    fn ask(&self, ask: &Ask, base: &str, account: &str, secret: &str) -> http::Request<Bytes> {
        webhook::ask(ask, base, account, secret)
    }

    fn stream(&self) -> Box<dyn Stream> {
        Box::new(TwilioStream::default())
    }

    fn read_text(&self, request: &Request<'_>) -> Result<Text, Garbled> {
        text::read(request)
    }

    fn answer_text(&self, words: Option<&str>) -> Document {
        text::answer(words)
    }

    fn texted(&self, status: u16, body: &[u8]) -> Texted {
        text::sent(status, body)
    }

    fn texts(&self, status: u16, body: &[u8]) -> Result<Vec<SentText>, Garbled> {
        text::list(status, body)
    }
}
