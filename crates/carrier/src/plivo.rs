//! Plivo: what its webhooks and audio streams say, and how they are answered.
//!
//! Sources: <https://www.plivo.com/docs/voice/xml/request/>, <https://www.plivo.com/docs/voice/audio-streaming/audio-streaming>,
//! <https://docs.plivo.com/docs/account/api/application>, and what Plivo's own libraries do where the pages are silent.

mod api;
mod document;
mod signature;
mod stream;
mod text;
mod webhook;

pub use stream::PlivoStream;

use crate::{
    Application, Ask, Carrier, Delivery, Document, Garbled, Number, Refusal, Reply, Request, Ring, SentText,
    Status, Stream, Text, Texted, Turn, address,
};
use bytes::Bytes;
use call::Format;

/// Where Plivo's API is, unless the owner says otherwise.
pub const API: &str = "https://api.plivo.com";

/// The header that carries the signature of a call's webhooks, by the token of the account that owns the call.
pub const SIGNATURE: &str = "X-Plivo-Signature-V3";

/// The same by the main account's token.
pub const MAIN_SIGNATURE: &str = "X-Plivo-Signature-Ma-V3";

/// What a signature was made unique with.
pub const NONCE: &str = "X-Plivo-Signature-V3-Nonce";

/// The headers of the older signature, which leaves the fields out: only texts are believed by it.
pub const OLD_SIGNATURE: &str = "X-Plivo-Signature-V2";
pub const OLD_MAIN_SIGNATURE: &str = "X-Plivo-Signature-Ma-V2";
pub const OLD_NONCE: &str = "X-Plivo-Signature-V2-Nonce";

/// The carrier. Its `account` is the auth id, its secret the auth token.
#[derive(Clone, Copy, Debug)]
pub struct Plivo {
    format: Format,
}

impl Default for Plivo {
    fn default() -> Self {
        Self { format: Format::Ulaw }
    }
}

impl Plivo {
    /// With streams in this format: µ-law, or PCM at 8 or 16 kHz. None for any other.
    pub fn streaming(format: Format) -> Option<Self> {
        stream::content_type(format).map(|_| Self { format })
    }
}

impl Carrier for Plivo {
    fn name(&self) -> &'static str {
        "plivo"
    }

    /// Plivo's own stream libraries do not agree on which address an upgrade is signed for: with `http:` or
    /// `https:` for `wss:`, or with `/websocket` behind it.
    fn addresses(&self, request: &Request<'_>, public: Option<&str>, trusted: bool) -> Vec<String> {
        let mut found = address::candidates(request, public, trusted);
        if request.header("upgrade").is_some_and(|to| to.eq_ignore_ascii_case("websocket")) {
            let asked = found.clone();
            for scheme in ["https://", "http://", "wss://", "ws://"] {
                for url in &asked {
                    let Some((_, rest)) = url.split_once("://") else { continue };
                    for more in ["", "/websocket"] {
                        let other = format!("{scheme}{rest}{more}");
                        if !found.contains(&other) {
                            found.push(other);
                        }
                    }
                }
            }
        }
        found
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
        Box::new(PlivoStream::default())
    }

    fn read_text(&self, request: &Request<'_>) -> Result<Text, Garbled> {
        text::read(request)
    }

    /// Plivo's `<Message>` wants both numbers, which nobody but the sender of an [`Ask::Text`] says.
    fn texts_back(&self) -> bool {
        false
    }

    fn answer_text(&self, _words: Option<&str>) -> Document {
        document::nothing()
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
