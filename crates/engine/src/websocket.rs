//! A WebSocket over a tokio stream, polled by the one task that owns it: the library's codec without anything between it
//! and the stream.

use call::{Message, Wire};
use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::{
    self, Bytes, Error, HandshakeError, Utf8Bytes,
    client::client_with_config,
    handshake::client::Request,
    protocol::{CloseFrame, Role, WebSocketConfig},
};

/// One connection. It may be polled from one task at a time; whichever polled it last is woken.
pub struct WebSocket<S> {
    socket: tungstenite::WebSocket<Io<S>>,
    /// Something was written that may not have left.
    unflushed: bool,
    /// The network takes nothing more for now.
    blocked: bool,
    reading: Reading,
}

/// What still comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Messages,
    /// It was closed.
    Nothing,
    /// It broke, or what came was no message: neither is what comes behind it.
    Rubbish,
}

/// A tokio stream as the codec wants it: what would have to wait is an error, and the task is woken.
struct Io<S> {
    stream: S,
    waker: Waker,
}

impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("reading", &self.reading).finish_non_exhaustive()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// Introduces itself to a server, and waits until the server has agreed.
    pub async fn connect(request: Request, stream: S, config: WebSocketConfig) -> Result<Self, Error> {
        let io = Io { stream, waker: Waker::noop().clone() };
        let mut begun = match client_with_config(request, io, Some(config)) {
            Ok((socket, _)) => return Ok(Self::new(socket)),
            Err(begun) => begun,
        };
        loop {
            let mut interrupted = match begun {
                HandshakeError::Failure(why) => return Err(why),
                HandshakeError::Interrupted(interrupted) => Some(interrupted),
            };
            let tried = std::future::poll_fn(|cx| {
                let mut handshake = interrupted.take().expect("it is polled until it is ready, once");
                handshake.get_mut().get_mut().heed(cx);
                match handshake.handshake() {
                    Err(HandshakeError::Interrupted(again)) => {
                        interrupted = Some(again);
                        Poll::Pending
                    }
                    tried => Poll::Ready(tried),
                }
            });
            match tried.await {
                Ok((socket, _)) => return Ok(Self::new(socket)),
                Err(failed) => begun = failed,
            }
        }
    }

    /// Goes on where an HTTP server has agreed; `read` is what it has read beyond the request.
    pub fn accepted(stream: S, read: Vec<u8>, config: WebSocketConfig) -> Self {
        let io = Io { stream, waker: Waker::noop().clone() };
        Self::new(tungstenite::WebSocket::from_partially_read(io, read, Role::Server, Some(config)))
    }

    fn new(socket: tungstenite::WebSocket<Io<S>>) -> Self {
        Self { socket, unflushed: true, blocked: false, reading: Reading::Messages }
    }

    /// The next message; `None` once the connection is closed. After an error it is closed, too. Pings are answered by
    /// themselves.
    pub fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<tungstenite::Message, Error>>> {
        if self.reading != Reading::Messages {
            return Poll::Ready(None);
        }
        self.socket.get_mut().heed(cx);
        match self.socket.read() {
            Ok(message) => Poll::Ready(Some(Ok(message))),
            Err(why) if would_block(&why) => Poll::Pending,
            Err(why) => {
                let closed = matches!(why, Error::AlreadyClosed | Error::ConnectionClosed);
                self.reading = if closed { Reading::Nothing } else { Reading::Rubbish };
                Poll::Ready((!closed).then_some(Err(why)))
            }
        }
    }

    /// Hands over what waits on the wire, as far as the network takes it, and flushes once. Ready when all of it has
    /// left.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, wire: &mut Wire) -> Poll<Result<(), Error>> {
        while !wire.is_empty() {
            if self.blocked {
                ready!(self.poll_flush(cx))?;
            }
            let Some(message) = wire.pop() else { break };
            self.socket.get_mut().heed(cx);
            self.write(match message {
                Message::Text(bytes) => tungstenite::Message::Text(
                    Utf8Bytes::try_from(bytes).expect("a dialect writes UTF-8 into a text message"),
                ),
                Message::Binary(bytes) => tungstenite::Message::Binary(bytes),
            })?;
        }
        if self.unflushed { self.poll_flush(cx) } else { Poll::Ready(Ok(())) }
    }

    /// Asks whether the other side is there. Leaves with the next [`poll_write`](Self::poll_write).
    pub fn ping(&mut self) -> Result<(), Error> {
        self.write(tungstenite::Message::Ping(Bytes::new()))
    }

    /// Says goodbye and hands that to the network. Ready when it has left; the other side's goodbye is not waited for.
    pub fn poll_close(&mut self, cx: &mut Context<'_>, why: Option<CloseFrame>) -> Poll<Result<(), Error>> {
        self.socket.get_mut().heed(cx);
        match self.socket.close(why) {
            Ok(()) | Err(Error::ConnectionClosed) => Poll::Ready(Ok(())),
            Err(why) if would_block(&why) => Poll::Pending,
            Err(why) => Poll::Ready(Err(why)),
        }
    }

    /// Reads what still comes, and forgets it, until the other side has said goodbye, too, or is gone. A connection that is
    /// dropped with something unread is reset, and our own goodbye may be lost with it.
    pub fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.reading {
                Reading::Messages => drop(ready!(self.poll_read(cx))),
                Reading::Nothing => return Poll::Ready(()),
                Reading::Rubbish => return self.poll_rest(cx),
            }
        }
    }

    /// Sends nothing more, and reads to the end whatever it is.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let stream = &mut self.socket.get_mut().stream;
        let _gone = ready!(Pin::new(&mut *stream).poll_shutdown(cx));
        let mut rest = [0; 1024];
        loop {
            let mut into = ReadBuf::new(&mut rest);
            match ready!(Pin::new(&mut *stream).poll_read(cx, &mut into)) {
                Ok(()) if !into.filled().is_empty() => {}
                Ok(()) | Err(_) => return Poll::Ready(()),
            }
        }
    }

    fn write(&mut self, message: tungstenite::Message) -> Result<(), Error> {
        self.unflushed = true;
        match self.socket.write(message) {
            // It was taken, but the network took nothing.
            Err(why) if would_block(&why) => self.blocked = true,
            done => done?,
        }
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.socket.get_mut().heed(cx);
        match self.socket.flush() {
            Ok(()) | Err(Error::ConnectionClosed) => {
                (self.unflushed, self.blocked) = (false, false);
                Poll::Ready(Ok(()))
            }
            Err(why) if would_block(&why) => Poll::Pending,
            Err(why) => Poll::Ready(Err(why)),
        }
    }
}

fn would_block(why: &Error) -> bool {
    matches!(why, Error::Io(why) if why.kind() == io::ErrorKind::WouldBlock)
}

impl<S> Io<S> {
    /// Has whoever polls now be woken.
    fn heed(&mut self, cx: &Context<'_>) {
        self.waker.clone_from(cx.waker());
    }
}

impl<S: AsyncRead + Unpin> io::Read for Io<S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut into = ReadBuf::new(into);
        let mut cx = Context::from_waker(&self.waker);
        match Pin::new(&mut self.stream).poll_read(&mut cx, &mut into) {
            Poll::Ready(read) => read.map(|()| into.filled().len()),
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl<S: AsyncWrite + Unpin> io::Write for Io<S> {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        let mut cx = Context::from_waker(&self.waker);
        match Pin::new(&mut self.stream).poll_write(&mut cx, from) {
            Poll::Ready(written) => written,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut cx = Context::from_waker(&self.waker);
        match Pin::new(&mut self.stream).poll_flush(&mut cx) {
            Poll::Ready(flushed) => flushed,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}
