//! Telnyx: what its TeXML webhooks, its events and its media streams say, and how they are answered.
//!
//! A number belongs to a TeXML application, which asks for documents, or to a Call Control application, which posts events
//! and is told by requests what to do ([`command`]). Both are read here.
//!
//! Sources: <https://developers.telnyx.com/docs/voice/programmable-voice/texml-instruction-fetching>,
//! <https://developers.telnyx.com/docs/voice/programmable-voice/media-streaming>,
//! <https://developers.telnyx.com/api-reference/websockets/stream-call-media-over-websocket>, and what Telnyx' own
//! libraries do where the pages are silent.

mod api;
pub mod command;
mod document;
mod event;
mod signature;
mod stream;
mod text;
mod webhook;

pub use stream::TelnyxStream;

use crate::{
    Application, Ask, Carrier, Delivery, Document, Garbled, Number, Refusal, Reply, Request, Ring, SentText,
    Status, Stream, Text, Texted, Turn, address,
};
use bytes::Bytes;
use call::Format;

/// Where Telnyx' API is, unless the owner says otherwise.
pub const API: &str = "https://api.telnyx.com";

/// The header that carries the signature.
pub const SIGNATURE: &str = "telnyx-signature-ed25519";

/// The header that says when it was made, in seconds since 1970.
pub const TIMESTAMP: &str = "telnyx-timestamp";

/// How many seconds a signature may be off our clock, either way.
pub const WINDOW: i64 = 300;

/// The carrier. It signs with a key of its own: `secret` is that public key in base64 for
/// [`verify`](Carrier::verify), and the API's key anywhere else. Its `account` is the TeXML application's id, after
/// the account's own ([`Ring::account`]) and a slash where that is known.
#[derive(Clone, Copy, Debug)]
pub struct Telnyx {
    format: Format,
}

impl Default for Telnyx {
    fn default() -> Self {
        Self { format: Format::Ulaw }
    }
}

impl Telnyx {
    /// With streams in this format: µ-law, A-law, or PCM at 16 kHz. None for any other. TeXML has no PCM and falls
    /// back to µ-law; a stream says in its start what it has.
    pub fn streaming(format: Format) -> Option<Self> {
        stream::codec(format).map(|_| Self { format })
    }
}

impl Carrier for Telnyx {
    fn name(&self) -> &'static str {
        "telnyx"
    }

    /// Telnyx does not sign the address, so that any verifies: only the likeliest is given.
    fn addresses(&self, request: &Request<'_>, public: Option<&str>, trusted: bool) -> Vec<String> {
        let mut found = address::candidates(request, public, trusted);
        found.truncate(1);
        found
    }

    fn verify(&self, request: &Request<'_>, _url: &str, secret: &str, now_unix: i64) -> Result<(), Refusal> {
        signature::verify(request, secret, now_unix)
    }

    fn signs_streams(&self) -> bool {
        false
    }

    fn read(&self, request: &Request<'_>) -> Result<Ring, Garbled> {
        webhook::read(request)
    }

    fn answer(&self, reply: &Reply) -> Document {
        document::answer(reply, self.format)
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
        _account: &str,
        _secret: &str,
    ) -> Result<http::Request<Bytes>, Garbled> {
        api::fetch(recording, base)
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
        Box::new(TelnyxStream::default())
    }

    fn read_text(&self, request: &Request<'_>) -> Result<Text, Garbled> {
        text::read(request)
    }

    /// Telnyx does not look at what its events are answered.
    fn texts_back(&self) -> bool {
        false
    }

    fn answer_text(&self, _words: Option<&str>) -> Document {
        command::received()
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
