//! A dialect that repeats what it hears, and the other side of the wire.

pub use crate::plain::brief;
use call::{EngineCommand, EngineEvent, Failure, Transcript, TurnId};
use engine::{Brief, Dialect, Outbox, socket::Patience, socket::Socket};
use http::Request;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;

/// Texts from the service are what the caller said; words to say are texts to the service.
pub struct Parrot {
    pub url: String,
    /// Woken every so often, counted, and said so.
    pub every: Option<Duration>,
    pub due: Option<Instant>,
    pub heard: u32,
    /// What the caller said that nobody is told before the end.
    pub untold: Option<&'static str>,
}

impl Parrot {
    pub fn at(address: &str) -> Self {
        Self { url: format!("ws://{address}/talk"), every: None, due: None, heard: 0, untold: None }
    }

    fn say(&mut self, words: &str, out: &mut Outbox) {
        self.heard += 1;
        let said = Transcript { text: words.to_owned(), partial: false };
        out.events.push_back(EngineEvent::CallerSaid(TurnId(self.heard), said));
    }
}

impl Dialect for Parrot {
    fn open(&self) -> Request<()> {
        let mut request = Request::new(());
        *request.uri_mut() = self.url.parse().expect("an address");
        let mut key = http::HeaderValue::from_static("Bearer sk-secret-of-no-account");
        key.set_sensitive(true);
        request.headers_mut().insert("authorization", key);
        request
    }

    fn greet(&mut self, now: Instant, _brief: Brief, _out: &mut Outbox) {
        self.due = self.every.map(|every| now + every);
    }

    fn read(&mut self, _now: Instant, message: &str, out: &mut Outbox) {
        self.say(message, out);
    }

    fn write(&mut self, _now: Instant, command: EngineCommand, out: &mut Outbox) {
        match command {
            EngineCommand::Say(words) => {
                out.wire.text(words.len(), |buffer| buffer.extend_from_slice(words.as_bytes()));
            }
            EngineCommand::Prompt(words) => {
                out.wire.binary(words.len(), |buffer| buffer.extend_from_slice(words.as_bytes()));
            }
            EngineCommand::Cancel => {
                out.events.push_back(EngineEvent::Failed(Failure { why: "enough".into(), lasting: true }));
                out.close = true;
            }
            other => panic!("no parrot does {other:?}"),
        }
    }

    fn closed(&mut self, code: Option<u16>, reason: &str, out: &mut Outbox) {
        if let Some(untold) = self.untold.take() {
            self.say(untold, out);
        }
        out.events
            .push_back(EngineEvent::Failed(Failure { why: format!("{code:?} {reason}"), lasting: false }));
    }

    fn deadline(&self) -> Option<Instant> {
        self.due
    }

    fn wake(&mut self, now: Instant, out: &mut Outbox) {
        out.events.push_back(EngineEvent::CallerPauses);
        self.due = self.every.map(|every| now + every);
    }
}

pub type Peer = WebSocketStream<TcpStream>;

pub async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    (listener, address)
}

/// A socket and the service that it is connected to.
pub async fn pair() -> (Socket, Peer) {
    pair_with(|parrot| parrot, Patience::default()).await
}

pub async fn pair_with(change: impl FnOnce(Parrot) -> Parrot, patience: Patience) -> (Socket, Peer) {
    let (listener, address) = listen().await;
    let accept = async {
        let (stream, _) = listener.accept().await.expect("a caller");
        tokio_tungstenite::accept_async(stream).await.expect("a handshake")
    };
    let (socket, peer) =
        tokio::join!(Socket::open(Box::new(change(Parrot::at(&address))), brief(), patience), accept);
    (socket.expect("a socket"), peer)
}

pub fn heard(event: &EngineEvent) -> &str {
    match event {
        EngineEvent::CallerSaid(_, said) => &said.text,
        other => panic!("{other:?}"),
    }
}

pub fn failure(event: EngineEvent) -> Failure {
    match event {
        EngineEvent::Failed(failure) => failure,
        other => panic!("{other:?}"),
    }
}
