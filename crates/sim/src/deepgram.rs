//! The side of the wire that is Deepgram's: the Voice Agent on a loopback port, which refuses what the service refuses.
//!
//! ```text
//!   WebSocket ── deepgram.rs ── session.rs (what the service keeps) ── schema.rs (what it takes)
//!                                  │  turn.rs (what the agent says when)
//!                                  └── script.rs (what a test wants it to do)
//! ```
//!
//! Sources: <https://developers.deepgram.com/docs/voice-agent>, the models of the package `deepgram-sdk`, and what users
//! of the service report: that sound of the old turn still comes after `UserStartedSpeaking`, and that an interrupted
//! turn may never get its `AgentAudioDone`.

pub mod schema;
pub mod script;

mod session;
mod turn;

pub use crate::{
    conversation::Logged,
    openai::{Item, Sound, Voice},
};
pub use script::{End, Hearing, Reply, Script};

use crate::{
    clock,
    conversation::{self, Record, Sessions, locked},
};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use session::Out;
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
pub struct Deepgram {
    address: SocketAddr,
    shared: Arc<Shared>,
    _task: Arc<JoinSet<()>>,
}

/// What a test orders of a session.
#[derive(Clone, Debug)]
pub enum Order {
    /// The caller is heard to speak now.
    SpeechStarts,
    /// The caller is heard to have finished.
    SpeechStops,
    /// The agent says something that nobody asked for, after what it is saying.
    Speak(Reply),
    /// The next answer is this.
    Reply(Reply),
    /// Send this message as it is.
    Send(Value),
    /// Send this text, JSON or not.
    SendText(String),
    /// Send this sound, or whatever it is.
    SendBinary(Vec<u8>),
    /// A warning with this code.
    Warn(String),
    /// An error with this code, and the end of the session.
    Fail(String),
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

impl Deepgram {
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

    /// What `DEEPGRAM_AGENT_URL` is set to.
    pub fn url(&self) -> String {
        format!("{}/v1/agent/converse", self.host())
    }

    /// The same without a path.
    pub fn host(&self) -> String {
        format!("ws://{}", self.address)
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
    let mut refused = None;
    let config = WebSocketConfig::default().write_buffer_size(0).max_message_size(Some(16 << 20));
    #[expect(clippy::result_large_err, reason = "the error type is tungstenite's")]
    let look = |request: &Request, response: Response| match judge(request, &script) {
        Ok(()) => Ok(response),
        Err((status, code, why)) => {
            refused = Some(status);
            Err(refusal(status, code, why))
        }
    };
    let Ok(socket) = accept_hdr_async_with_config(stream, look, Some(config)).await else {
        locked(&shared.refused).extend(refused);
        return;
    };
    let (session, record, inbox) = shared.sessions.begin();
    let keep_audio = script.keep_audio;
    let machine = session::Session::new(script, session.number);
    let mut room = Room { socket, machine, record, keep_audio };
    let over = room.host(inbox).await;
    room.record.end(over);
}

/// Why a connection is refused: the status, the code and the words.
fn judge(request: &Request, script: &Script) -> Result<(), (u16, &'static str, &'static str)> {
    let authorization = request.headers().get("authorization").and_then(|v| v.to_str().ok());
    let given = authorization.and_then(|v| v.strip_prefix("Token ").or_else(|| v.strip_prefix("Bearer ")));
    if given.is_none_or(str::is_empty) || script.key.as_ref().is_some_and(|key| given != Some(key)) {
        return Err((401, "INVALID_AUTH", "Invalid credentials."));
    }
    if request.uri().path() != "/v1/agent/converse" {
        return Err((404, "NOT_FOUND", "Not found."));
    }
    match script.refuse {
        Some(429) => Err((429, "TOO_MANY_REQUESTS", "Too many requests. Please try again later.")),
        Some(status) => Err((status, "UNAVAILABLE", "Please try again later.")),
        None => Ok(()),
    }
}

fn refusal(status: u16, code: &'static str, why: &str) -> ErrorResponse {
    let id = "b3b1d2a5-5d1a-4d7a-8a51-6f5a7f2c2d11";
    let body = json!({"err_code": code, "err_msg": why, "request_id": id});
    let mut response = ErrorResponse::new(Some(body.to_string()));
    *response.status_mut() = http::StatusCode::from_u16(status).expect("it is a status");
    let headers = [("content-type", "application/json"), ("dg-error", code), ("dg-request-id", id)];
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().expect("it is a header value"));
    }
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
            let deadline = self.machine.deadline();
            tokio::select! {
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        let now = clock::now();
                        let message = self.machine.handle(now, &text);
                        self.record.log(now, true, message);
                    }
                    Some(Ok(Message::Binary(sound))) => {
                        self.machine.hear(clock::now(), &sound);
                        self.record.hear(&sound, self.keep_audio);
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                    Some(Ok(Message::Close(frame))) => {
                        return frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                    }
                    Some(Err(_)) | None => return None,
                },
                Some(order) = inbox.recv() => self.machine.order(clock::now(), order),
                () = clock::sleep_until_any(deadline) => self.machine.wake(clock::now()),
            }
        }
    }

    /// Whether the session goes on.
    async fn send(&mut self, out: Out) -> bool {
        let now = clock::now();
        let sent = match out {
            Out::Message(message) => {
                let text = message.to_string();
                self.record.log(now, false, message);
                self.socket.send(Message::text(text)).await
            }
            Out::Text(text) => self.socket.send(Message::text(text)).await,
            Out::Audio(sound) => {
                self.record.log(now, false, json!({"type": "audio", "bytes": sound.len()}));
                self.socket.send(Message::binary(sound)).await
            }
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
