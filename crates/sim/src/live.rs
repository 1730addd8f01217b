//! The side of the wire that is `OpenAI` Live's: a model that listens and speaks at the same time, on a loopback port.
//!
//! ```text
//!   WebSocket ── live.rs ── session.rs (what the service keeps; its time is that of the sound) ── schema.rs (what it takes)
//!                              │  work.rs (what it hands over)
//!                              └── script.rs (what a test wants it to do)
//! ```
//!
//! Sources: <https://developers.openai.com/api/docs/guides/voice-websockets?api=live>, the types of the package `openai`
//! 3.52.0, and what users of the service measured.

pub mod schema;
pub mod script;

mod session;
mod work;

pub use crate::conversation::Logged;
pub use script::{Reply, Script, Speech, Start, Tool};

use crate::{
    clock,
    conversation::{self, Record, Sessions, locked},
};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use session::{Out, Took};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        self, Message,
        handshake::server::{ErrorResponse, Request, Response},
        protocol::{CloseFrame, WebSocketConfig},
    },
};

/// The service. Clones are the same service; dropping the last closes every session.
#[derive(Clone, Debug)]
pub struct Live {
    address: SocketAddr,
    shared: Arc<Shared>,
    _task: Arc<JoinSet<()>>,
}

/// What a test orders of a session. Whatever takes time takes that of the sound that the session is sent.
#[derive(Clone, Debug)]
pub enum Order {
    /// Say this, behind what is being said.
    Say(Speech),
    /// Do this now, as if the caller had just finished.
    Reply(Reply),
    /// Do this when the caller has next finished.
    Answer(Reply),
    /// Send this event as it is.
    Send(Value),
    /// Send this text, JSON or not.
    SendText(String),
    SendBinary(Vec<u8>),
    /// Send an error with this code, about nothing in particular.
    Fail(&'static str),
    /// Make no sound any more, and take nothing in.
    Freeze,
    /// `session.closed` with this reason.
    End(String),
    Close(u16, String),
    /// Cut the connection without a word.
    Drop,
}

/// One session, from the side of the service.
pub type Session = conversation::Session<Order>;

#[derive(Debug, Default)]
struct Shared {
    script: Mutex<Script>,
    sessions: Sessions<Order>,
    /// Upgrades refused, with their status.
    refused: Mutex<Vec<u16>>,
}

impl Live {
    /// Starts the service; every session behaves by `script`.
    pub async fn listen(script: Script) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { script: Mutex::new(script), ..Shared::default() });
        let host = Arc::clone(&shared);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut guests = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                guests.spawn(welcome(stream, Arc::clone(&host)));
                while guests.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, shared, _task: Arc::new(task) })
    }

    /// What `OPENAI_LIVE_URL` is set to.
    pub fn url(&self) -> String {
        format!("ws://{}/v1/live/sessions", self.address)
    }

    /// Sessions to come behave by this.
    pub fn set_script(&self, script: Script) {
        *locked(&self.shared.script) = script;
    }

    /// Every session so far.
    pub fn sessions(&self) -> Vec<Session> {
        self.shared.sessions.all()
    }

    /// The status of every upgrade that was refused.
    pub fn refused(&self) -> Vec<u16> {
        locked(&self.shared.refused).clone()
    }

    /// Waits for the session with this number, from 1.
    pub async fn session(&self, number: u32) -> Session {
        self.shared.sessions.numbered(number).await
    }
}

async fn welcome(stream: TcpStream, shared: Arc<Shared>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let script = locked(&shared.script).clone();
    let config = WebSocketConfig::default()
        .read_buffer_size(8 * 1024)
        .write_buffer_size(0)
        .max_message_size(Some(16 << 20));
    let mut refused = None;
    #[expect(clippy::result_large_err, reason = "the error type is tungstenite's")]
    let look = |request: &Request, response: Response| {
        let (status, code) = match judge(request, &script) {
            Ok(()) => return Ok(response),
            Err(refusal) => refusal,
        };
        refused = Some(status);
        Err(refusal(status, code))
    };
    let Ok(socket) = accept_hdr_async_with_config(stream, look, Some(config)).await else {
        locked(&shared.refused).extend(refused);
        return;
    };
    let (session, record, inbox) = shared.sessions.begin();
    let keep_audio = script.keep_audio;
    let machine = session::Session::new(script, session.number, clock::now());
    let mut room = Room { socket, machine, record, keep_audio };
    let over = room.host(inbox).await;
    room.record.end(over);
}

/// What is wrong with the upgrade, if anything is.
fn judge(request: &Request, script: &Script) -> Result<(), (u16, &'static str)> {
    let authorization = request.headers().get("authorization").and_then(|v| v.to_str().ok());
    let given = authorization.and_then(|value| value.strip_prefix("Bearer "));
    if given.is_none_or(str::is_empty) || script.key.as_deref().is_some_and(|key| given != Some(key)) {
        return Err((401, "invalid_api_key"));
    }
    if let Some(status) = script.refuse {
        return Err((status, if status == 429 { "rate_limit_exceeded" } else { "server_error" }));
    }
    if request.uri().path() != "/v1/live/sessions" {
        return Err((404, "not_found"));
    }
    // The model's name goes into the first message.
    if request.uri().query().is_some() { Err((400, "unknown_parameter")) } else { Ok(()) }
}

fn refusal(status: u16, code: &str) -> ErrorResponse {
    let body = json!({"error": {"message": "Example only.", "type": "invalid_request_error", "code": code, "param": null}});
    let mut response = ErrorResponse::new(Some(body.to_string()));
    *response.status_mut() = http::StatusCode::from_u16(status).expect("it is a status");
    response.headers_mut().insert("content-type", "application/json".parse().expect("it is a header value"));
    response
}

struct Room {
    socket: WebSocketStream<TcpStream>,
    machine: session::Session,
    record: Arc<Record>,
    keep_audio: bool,
}

impl Room {
    /// Keeps the session till it is over.
    async fn host(&mut self, mut inbox: mpsc::Receiver<Order>) -> Option<(u16, String)> {
        loop {
            while let Some(out) = self.machine.poll() {
                if !self.send(out).await {
                    return None;
                }
            }
            self.record.set_mistakes(self.machine.mistakes());
            tokio::select! {
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => self.take(&text),
                    Some(Ok(Message::Binary(_))) => self.machine.mistake("a binary message was sent"),
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                    Some(Ok(Message::Close(frame))) => {
                        return frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                    }
                    Some(Err(_)) | None => return None,
                },
                Some(order) = inbox.recv() => self.machine.order(order),
            }
        }
    }

    fn take(&mut self, text: &str) {
        let now = clock::now();
        match self.machine.handle(now, text) {
            Took::Audio(bytes) => self.record.hear(&bytes, self.keep_audio),
            Took::Event(event) => self.record.log(now, true, event),
        }
    }

    /// Whether the session goes on.
    async fn send(&mut self, out: Out) -> bool {
        let sent = match out {
            Out::Event(event) => {
                let text = event.to_string();
                self.record.log(clock::now(), false, event);
                self.socket.send(Message::text(text)).await
            }
            Out::Audio(event) => self.socket.send(Message::text(event.to_string())).await,
            Out::Text(text) => self.socket.send(Message::text(text)).await,
            Out::Binary(bytes) => self.socket.send(Message::binary(bytes)).await,
            Out::Close(code, reason) => {
                let frame = CloseFrame { code: code.into(), reason: reason.into() };
                let closed = self.socket.close(Some(frame)).await;
                return closed.is_ok() && self.goodbye().await;
            }
            Out::Drop => return false,
        };
        match sent {
            Ok(()) => true,
            // What the client closed is noticed where it is read.
            Err(why) => {
                matches!(why, tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed)
            }
        }
    }

    /// Waits a little for the client to close, too.
    async fn goodbye(&mut self) -> bool {
        let closed = async { while let Some(Ok(_)) = self.socket.next().await {} };
        // It is closed on our side whatever the client does.
        let _ = tokio::time::timeout(Duration::from_secs(1), closed).await;
        false
    }
}
