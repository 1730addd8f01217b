//! A request that wants to become a WebSocket, and the stream that it becomes.

use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{Request, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use engine::websocket::WebSocket;
use hyper::upgrade::OnUpgrade;
use hyper_util::{rt::TokioIo, server::conn::auto};
use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::{
    handshake::server::create_response_with_body, protocol::WebSocketConfig,
};
use tokio_util::task::TaskTracker;

/// What was a connection of HTTP.
pub enum Upgraded {
    /// As it came from the network.
    Plain(TcpStream),
    /// With TLS of our own around it.
    Wrapped(TokioIo<hyper::upgrade::Upgraded>),
}

/// A well-formed wish to become a WebSocket. Dropped, it is not granted.
#[derive(Debug)]
pub struct Upgrade {
    agreed: Response,
    on: OnUpgrade,
}

impl<S: Sync> FromRequestParts<S> for Upgrade {
    type Rejection = (StatusCode, String);

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let mut request = Request::new(());
        *request.method_mut() = parts.method.clone();
        *request.version_mut() = parts.version;
        *request.headers_mut() = parts.headers.clone();
        let agreed = create_response_with_body(&request, Body::empty)
            .map_err(|why| (StatusCode::BAD_REQUEST, format!("This address takes WebSockets: {why}.")))?;
        let on = parts
            .extensions
            .remove::<OnUpgrade>()
            .ok_or((StatusCode::UPGRADE_REQUIRED, "This connection cannot become a WebSocket.".to_owned()))?;
        Ok(Self { agreed, on })
    }
}

impl Upgrade {
    /// Agrees, and runs this with the WebSocket once the other side knows, as one of these tasks.
    pub fn then<F>(
        self,
        tasks: &TaskTracker,
        config: WebSocketConfig,
        run: impl FnOnce(WebSocket<Upgraded>) -> F + Send + 'static,
    ) -> Response
    where
        F: Future<Output = ()> + Send + 'static,
    {
        tasks.spawn(async move {
            match self.on.await {
                Ok(upgraded) => run(opened(upgraded, config)).await,
                Err(error) => tracing::debug!(%error, "a connection went before it was a WebSocket"),
            }
        });
        self.agreed.into_response()
    }
}

fn opened(upgraded: hyper::upgrade::Upgraded, config: WebSocketConfig) -> WebSocket<Upgraded> {
    match auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded) {
        Ok(parts) => {
            WebSocket::accepted(Upgraded::Plain(parts.io.into_inner()), parts.read_buf.to_vec(), config)
        }
        Err(wrapped) => WebSocket::accepted(Upgraded::Wrapped(TokioIo::new(wrapped)), Vec::new(), config),
    }
}

impl AsyncRead for Upgraded {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Upgraded::Plain(stream) => Pin::new(stream).poll_read(cx, into),
            Upgraded::Wrapped(stream) => Pin::new(stream).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Upgraded::Plain(stream) => Pin::new(stream).poll_write(cx, from),
            Upgraded::Wrapped(stream) => Pin::new(stream).poll_write(cx, from),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Upgraded::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Upgraded::Wrapped(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Upgraded::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Upgraded::Wrapped(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
