//! One WebSocket that speaks a [`Dialect`]: the only connection between a pure dialect and its service.

pub(crate) mod refusal;

use crate::{Brief, Dialect, Outbox, ToolSpec, websocket::WebSocket};
use call::{EngineCommand, EngineEvent, Failure};
use rustls::pki_types::ServerName;
use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, LazyLock},
    task::{Context, Poll, Waker, ready},
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, time::Sleep};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    MaybeTlsStream,
    tungstenite::{
        self,
        client::IntoClientRequest,
        error::{TlsError, UrlError},
        handshake::client::Request,
        protocol::WebSocketConfig,
    },
};

/// How long to wait for a service, each from the moment that its name says.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From the first packet until the WebSocket stands.
    pub connect: Duration,
    /// Without a sound from the service, until it is asked whether it is there.
    pub quiet: Duration,
    /// Without a sound from the service, until it is taken for gone. Longer than `quiet`.
    pub gone: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            quiet: Duration::from_secs(20),
            gone: Duration::from_secs(40),
        }
    }
}

/// The largest message that a service may send.
const LARGEST: usize = 16 * 1024 * 1024;
/// More than this waiting to be sent, in bytes, and the service does not listen: 200 seconds of µ-law.
const BACKLOG: usize = 2 * 1024 * 1024;
/// Read and write buffers. The reader fills its buffer with zeros before every read, so a large one is slow.
const BUFFER: usize = 2 * 1024;

/// One connection to one service, in one task: it spawns nothing and shares nothing.
pub struct Socket {
    stream: WebSocket<MaybeTlsStream<TcpStream>>,
    dialect: Box<dyn Dialect>,
    outbox: Outbox,
    /// Whom the owner knows the service by: its host.
    peer: String,
    patience: Patience,
    heard_at: Instant,
    pinged: bool,
    /// The service takes nothing more. Why is in what it sent before.
    deaf: bool,
    /// A binary message came that means nothing to the dialect; said once.
    binary: bool,
    alarm: Pin<Box<Sleep>>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// The connection is of no more use; what is in the outbox is still to be told.
    Closed,
    /// `Failed` was told.
    Over,
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("peer", &self.peer).field("state", &self.state).finish_non_exhaustive()
    }
}

impl Socket {
    /// Connects, and greets as briefed. The session is not ready yet: [`next`](Self::next) will say so. The failure is
    /// fit for the owner's eyes and holds no key.
    ///
    /// An address without TLS is refused, unless it is on this machine.
    pub async fn open(dialect: Box<dyn Dialect>, brief: Brief, patience: Patience) -> Result<Self, Failure> {
        let request = dialect.open();
        let peer = refusal::check_address(request.uri())?;
        let sensitive = request.headers().clone();
        let mut upgrade =
            request.uri().into_client_request().map_err(|why| refusal::describe(&peer, why, &sensitive))?;
        upgrade.headers_mut().extend(request.headers().clone());
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_message_size(Some(LARGEST))
            .max_frame_size(Some(LARGEST));
        let connecting = connect(upgrade, config);
        let connected = tokio::time::timeout(patience.connect, connecting).await.map_err(|_| Failure {
            why: format!("{peer} did not answer within {} seconds.", patience.connect.as_secs_f32()),
            lasting: false,
        })?;
        let stream = connected.map_err(|why| refusal::describe(&peer, why, &sensitive))?;
        let now = now();
        let mut socket = Self {
            stream,
            dialect,
            outbox: Outbox::default(),
            peer,
            patience,
            heard_at: now,
            pinged: false,
            deaf: false,
            binary: false,
            alarm: Box::pin(tokio::time::sleep_until((now + patience.quiet).into())),
            state: State::Open,
        };
        socket.dialect.greet(now, brief, &mut socket.outbox);
        Ok(socket)
    }

    /// The next thing the service has to say. Sends what waits to be sent, too, so poll it after every
    /// [`tell`](Self::tell). Dropping the future loses nothing. After `Failed` it waits for ever.
    pub async fn next(&mut self) -> EngineEvent {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Translates, and leaves the sending to [`next`](Self::next).
    pub fn tell(&mut self, command: EngineCommand) {
        if self.state != State::Open {
            return;
        }
        self.dialect.write(now(), command, &mut self.outbox);
        if self.outbox.wire.waiting() > BACKLOG {
            self.fail(format!("{} does not take what we send: {BACKLOG} bytes are waiting.", self.peer));
        }
    }

    /// Has the service know of other tools than it was briefed with.
    pub fn offer(&mut self, tools: &[ToolSpec]) {
        if self.state == State::Open {
            self.dialect.offer(tools, &mut self.outbox);
        }
    }

    /// After how long the service ends a session, if it does.
    pub fn longest(&self) -> Option<Duration> {
        self.dialect.longest()
    }

    /// Whether the session has ended because it was as old as any may be, or because the service restarts: another one
    /// would go on.
    pub fn has_aged(&self) -> bool {
        self.outbox.aged
    }

    /// Bytes that a slow network holds up.
    pub fn waiting(&self) -> usize {
        self.outbox.wire.waiting()
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<EngineEvent> {
        loop {
            self.write(cx);
            if let Some(event) = self.outbox.events.pop_front() {
                if matches!(event, EngineEvent::Failed(_)) {
                    self.state = State::Over;
                }
                return Poll::Ready(event);
            }
            if self.state != State::Open {
                return Poll::Pending;
            }
            if self.read(cx).is_pending() && self.ring(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Hands over what waits, as far as the network takes it, and flushes once.
    fn write(&mut self, cx: &mut Context<'_>) {
        if self.state != State::Open {
            return;
        }
        match self.try_write(cx) {
            Poll::Ready(Ok(())) if self.outbox.close => {
                let _ = self.stream.poll_close(cx, None);
                self.state = State::Closed;
            }
            Poll::Ready(Ok(())) | Poll::Pending => {}
            Poll::Ready(Err(_)) => self.deaf = true,
        }
    }

    fn try_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), tungstenite::Error>> {
        if self.deaf {
            while self.outbox.wire.pop().is_some() {}
            return Poll::Ready(Ok(()));
        }
        self.stream.poll_write(cx, &mut self.outbox.wire)
    }

    /// Reads one frame.
    fn read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let message = ready!(self.stream.poll_read(cx));
        let now = now();
        (self.heard_at, self.pinged) = (now, false);
        match message {
            Some(Ok(tungstenite::Message::Text(text))) => self.dialect.read(now, &text, &mut self.outbox),
            Some(Ok(tungstenite::Message::Binary(bytes))) => {
                let read = self.dialect.read_binary(now, bytes, &mut self.outbox);
                if !read && !std::mem::replace(&mut self.binary, true) {
                    let why = format!("{} sent a binary message, which means nothing here.", self.peer);
                    self.outbox.events.push_back(EngineEvent::Trouble(why));
                }
            }
            Some(Ok(
                tungstenite::Message::Ping(_)
                | tungstenite::Message::Pong(_)
                | tungstenite::Message::Frame(_),
            )) => {}
            Some(Ok(tungstenite::Message::Close(frame))) => {
                let (code, reason) = match &frame {
                    Some(frame) => (Some(u16::from(frame.code)), frame.reason.as_str()),
                    None => (None, ""),
                };
                self.hang_up(code, reason);
            }
            Some(Err(why)) => match refusal::broken(&self.peer, &why) {
                Some(why) => self.fail(why),
                None => self.hang_up(None, ""),
            },
            None => self.hang_up(None, ""),
        }
        // A service that never pauses does not keep the dialect from its deadlines.
        if self.state == State::Open && self.dialect.deadline().is_some_and(|deadline| deadline <= now) {
            self.dialect.wake(now, &mut self.outbox);
        }
        Poll::Ready(())
    }

    /// Does what is due, if anything is.
    fn ring(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let due = self.due();
            // A deadline that has moved away is left to ring early, which costs less than moving the alarm every frame.
            if due < self.alarm.deadline().into_std() {
                self.alarm.as_mut().reset(due.into());
            }
            ready!(self.alarm.as_mut().poll(cx));
            let now = now();
            if due <= now {
                self.wake(now);
                let due = self.due();
                self.alarm.as_mut().reset(due.into());
                return Poll::Ready(());
            }
            self.alarm.as_mut().reset(due.into());
        }
    }

    fn due(&self) -> Instant {
        let silence = if self.pinged { self.patience.gone } else { self.patience.quiet };
        let silent = self.heard_at + silence;
        self.dialect.deadline().map_or(silent, |deadline| deadline.min(silent))
    }

    fn wake(&mut self, now: Instant) {
        if self.dialect.deadline().is_some_and(|deadline| deadline <= now) {
            self.dialect.wake(now, &mut self.outbox);
        }
        let silent = now.saturating_duration_since(self.heard_at);
        if silent >= self.patience.gone {
            self.fail(format!(
                "{} has not been heard for {} seconds.",
                self.peer,
                silent.as_secs_f32().round()
            ));
        } else if silent >= self.patience.quiet && !self.pinged {
            self.pinged = true;
            // A network that takes nothing now will not answer either, and then `gone` decides.
            let _ = self.stream.ping();
        }
    }

    /// The service hung up; what that means is the dialect's to say.
    fn hang_up(&mut self, code: Option<u16>, reason: &str) {
        self.dialect.closed(code, reason, &mut self.outbox);
        self.fail(format!("{} closed the connection.", self.peer));
    }

    /// The connection is of no more use. What was said and only the dialect knows is told all the same.
    fn fail(&mut self, why: String) {
        self.state = State::Closed;
        if self.has_failed() {
            return;
        }
        self.dialect.closed(None, "", &mut self.outbox);
        self.outbox.events.retain(|event| !matches!(event, EngineEvent::Failed(_)));
        self.outbox.events.push_back(EngineEvent::Failed(Failure { why, lasting: false }));
    }

    /// Whether it is said already, though not told yet.
    fn has_failed(&self) -> bool {
        self.outbox.events.iter().any(|event| matches!(event, EngineEvent::Failed(_)))
    }
}

async fn connect(
    request: Request,
    config: WebSocketConfig,
) -> Result<WebSocket<MaybeTlsStream<TcpStream>>, tungstenite::Error> {
    let secure = request.uri().scheme_str() == Some("wss");
    let host = request.uri().host().ok_or(UrlError::NoHostName)?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = request.uri().port_u16().unwrap_or(if secure { 443 } else { 80 });
    let stream = TcpStream::connect((host.as_str(), port)).await?;
    stream.set_nodelay(true)?;
    let stream = if secure {
        let name = ServerName::try_from(host).map_err(|_| TlsError::InvalidDnsName)?;
        MaybeTlsStream::Rustls(TlsConnector::from(Arc::clone(&TLS)).connect(name, stream).await?)
    } else {
        MaybeTlsStream::Plain(stream)
    };
    WebSocket::connect(request, stream, config).await
}

/// A farewell as far as the network takes it at once, so that the service need not guess.
impl Drop for Socket {
    fn drop(&mut self) {
        if self.state == State::Open {
            let mut cx = Context::from_waker(Waker::noop());
            self.dialect.farewell(&mut self.outbox);
            let _ = self.try_write(&mut cx);
            let _ = self.stream.poll_close(&mut cx, None);
        }
    }
}

/// One set of trusted roots and one cache of TLS sessions for all connections.
pub(crate) static TLS: LazyLock<Arc<rustls::ClientConfig>> = LazyLock::new(|| {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
    Arc::new(config)
});

#[expect(clippy::disallowed_methods, reason = "the one who drives a dialect tells it the time")]
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
