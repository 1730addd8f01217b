//! Twilio: what its webhooks and media streams say, and how they are answered.
//!
//! Sources: <https://www.twilio.com/docs/voice/twiml>, <https://www.twilio.com/docs/usage/security>,
//! <https://www.twilio.com/docs/voice/media-streams/websocket-messages>, and what Twilio's own libraries do where the
//! pages are silent.

mod api;
mod document;
mod signature;
mod stream;
mod text;
pub(crate) mod webhook;

pub use stream::TwilioStream;

use crate::{
    Application, Ask, Carrier, Delivery, Document, Garbled, Number, Refusal, Reply, Request, Ring, SentText,
    Status, Stream, Text, Texted, Turn,
};
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

    fn verify(&self, request: &Request<'_>, url: &str, secret: &str, _now: i64) -> Result<(), Refusal> {
        signature::verify(request, url, secret)
    }

    fn signs_streams(&self) -> bool {
        true
    }

    fn read(&self, request: &Request<'_>) -> Result<Ring, Garbled> {
        webhook::read(request)
    }

    fn answer(&self, reply: &Reply) -> Document {
        document::answer(reply)
    }

    fn read_turn(&self, request: &Request<'_>) -> Result<Turn, Garbled> {
        webhook::turn(request)
    }

    fn read_status(&self, request: &Request<'_>) -> Result<Status, Garbled> {
        webhook::status(request)
    }

    fn fetch(
        &self,
        recording: &str,
        base: &str,
        account: &str,
        secret: &str,
    ) -> Result<http::Request<Bytes>, Garbled> {
        api::fetch(recording, base, account, secret)
    }

    fn ask(&self, ask: &Ask, base: &str, account: &str, secret: &str) -> http::Request<Bytes> {
        api::ask(ask, base, account, secret)
    }

    fn done(&self, ask: &Ask, status: u16, body: &[u8]) -> Result<String, String> {
        api::done(ask, status, body)
    }

    fn numbers(&self, status: u16, body: &[u8]) -> Result<Vec<Number>, Garbled> {
        api::numbers(status, body)
    }

    fn applications(&self, status: u16, body: &[u8]) -> Result<Vec<Application>, Garbled> {
        api::applications(status, body)
    }

    fn stream(&self) -> Box<dyn Stream> {
        Box::new(TwilioStream::default())
    }

    fn read_text(&self, request: &Request<'_>) -> Result<Text, Garbled> {
        text::read(request)
    }

    fn texts_back(&self) -> bool {
        true
    }

    fn answer_text(&self, words: Option<&str>) -> Document {
        text::answer(words)
    }

    fn read_delivery(&self, request: &Request<'_>) -> Result<Delivery, Garbled> {
        text::delivery(request)
    }

    fn texted(&self, status: u16, body: &[u8]) -> Texted {
        text::sent(status, body)
    }

    fn texts(&self, status: u16, body: &[u8]) -> Result<Vec<SentText>, Garbled> {
        text::list(status, body)
    }
}
