//! The connection to whoever uses an engine's stand-in, from the side of the service.

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        self, Message, Utf8Bytes,
        handshake::server::{ErrorResponse, Request, Response},
        protocol::{CloseFrame, WebSocketConfig},
    },
};

#[derive(Debug)]
pub(crate) struct Client(WebSocketStream<TcpStream>);

/// What a client did.
#[derive(Debug)]
pub(crate) enum Did {
    Text(Utf8Bytes),
    Binary(Bytes),
    /// It is gone. The code and reason, where it closed the connection.
    Leave(Option<(u16, String)>),
}

impl Client {
    /// Lets in whom `judge` finds nothing wrong with; else gives the status that they were refused with, if it was that.
    #[expect(clippy::result_large_err, reason = "the error type is tungstenite's")]
    pub(crate) async fn welcome(
        stream: TcpStream,
        judge: impl FnOnce(&Request) -> Result<(), Box<ErrorResponse>> + Unpin,
    ) -> Result<Self, Option<u16>> {
        if stream.set_nodelay(true).is_err() {
            return Err(None);
        }
        let config = WebSocketConfig::default()
            .read_buffer_size(8 * 1024)
            .write_buffer_size(0)
            .max_message_size(Some(16 << 20));
        let mut refused = None;
        let look = |request: &Request, response: Response| match judge(request) {
            Ok(()) => Ok(response),
            Err(refusal) => {
                refused = Some(refusal.status().as_u16());
                Err(*refusal)
            }
        };
        let accepted = accept_hdr_async_with_config(stream, look, Some(config)).await;
        accepted.map(Self).map_err(|_| refused)
    }

    /// Waits for what the client does next. Nothing is lost by giving that up.
    pub(crate) async fn next(&mut self) -> Did {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Did::Text(text),
                Some(Ok(Message::Binary(bytes))) => return Did::Binary(bytes),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(frame))) => {
                    return Did::Leave(frame.map(|frame| (frame.code.into(), frame.reason.to_string())));
                }
                Some(Err(_)) | None => return Did::Leave(None),
            }
        }
    }

    /// Whether the session goes on. What the client closed is noticed where it is read.
    pub(crate) async fn send(&mut self, message: Message) -> bool {
        match self.0.send(message).await {
            Ok(()) => true,
            Err(why) => {
                matches!(why, tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed)
            }
        }
    }

    /// Closes, and waits a little for the client to close, too.
    pub(crate) async fn close(&mut self, code: u16, reason: String) {
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        if self.0.close(Some(frame)).await.is_ok() {
            let closed = async { while let Some(Ok(_)) = self.0.next().await {} };
            // It is closed on our side whatever the client does.
            let _ = tokio::time::timeout(Duration::from_secs(1), closed).await;
        }
    }
}

/// Whether the client names a key behind one of these words, and the right one where only one is.
pub(crate) fn has_key(request: &Request, schemes: &[&str], key: Option<&str>) -> bool {
    let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let given = authorization
        .and_then(|value| schemes.iter().find_map(|scheme| value.strip_prefix(scheme)?.strip_prefix(' ')));
    given.is_some_and(|given| !given.is_empty() && key.is_none_or(|key| given == key))
}

/// The refusal of an upgrade.
pub(crate) fn refusal(status: u16, headers: &[(&'static str, &str)], body: &Value) -> Box<ErrorResponse> {
    let mut response = Box::new(ErrorResponse::new(Some(body.to_string())));
    *response.status_mut() = http::StatusCode::from_u16(status).expect("it is a status");
    for (name, value) in [("content-type", "application/json")].iter().chain(headers) {
        response.headers_mut().insert(*name, value.parse().expect("it is a header value"));
    }
    response
}
