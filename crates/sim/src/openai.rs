//! The side of the wire that is `OpenAI`'s: the Realtime API on a loopback port, which refuses what the service refuses.
//!
//! ```text
//!   WebSocket ── openai.rs ── session.rs (what the service keeps)  ── schema.rs (what it takes)
//!                                │  response.rs (what it says when)  vad.rs (when the caller speaks)
//!                                └── script.rs (what a test wants it to do)
//! ```
//!
//! Sources: <https://platform.openai.com/docs/guides/realtime>, the models of the package `openai`, and what users of
//! the service report of its errors.

pub mod schema;
pub mod script;

mod response;
mod session;
mod settings;
pub(crate) mod vad;

pub use crate::conversation::Logged;
pub use script::{End, Hearing, Item, Observer, Reply, Script, Sound, Voice};

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
    time::{Duration, Instant},
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
pub struct OpenAi {
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
    /// A response that nobody asked for begins now, whatever else runs.
    Respond(Reply),
    /// The next response that is asked for is this.
    Reply(Reply),
    /// Send this event as it is.
    Send(Value),
    /// Send this text, JSON or not.
    SendText(String),
    SendBinary(Vec<u8>),
    Close(u16, String),
    /// Cut the connection without a word.
    Drop,
    /// The session is 60 minutes old.
    Expire,
}

/// One session, from the side of the service.
pub type Session = conversation::Session<Order>;

#[derive(Default)]
struct Shared {
    script: Mutex<Script>,
    sessions: Sessions<Order>,
    /// Upgrades refused, with their status.
    refused: Mutex<Vec<u16>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl OpenAi {
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

    /// What `OPENAI_REALTIME_URL` is set to.
    pub fn url(&self) -> String {
        format!("ws://{}/v1/realtime", self.address)
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
    let mut entry = Entry::default();
    let config = WebSocketConfig::default()
        .read_buffer_size(8 * 1024)
        .write_buffer_size(0)
        .max_message_size(Some(16 << 20));
    #[expect(clippy::result_large_err, reason = "the error type is tungstenite's")]
    let look = |request: &Request, response: Response| entry.judge(request, response, script.key.as_deref());
    let Ok(mut socket) = accept_hdr_async_with_config(stream, look, Some(config)).await else {
        locked(&shared.refused).extend(entry.refused);
        return;
    };
    if let Some((code, close, message)) = entry.fault {
        let error = json!({"type": "invalid_request_error", "code": code, "message": message, "param": null,
            "event_id": null});
        let event = json!({"type": "error", "event_id": "event_refused", "error": error});
        // Whoever is refused may have gone.
        let _ = socket.send(Message::text(event.to_string())).await;
        let reason = format!("invalid_request_error.{code}").into();
        let _ = socket.close(Some(CloseFrame { code: close.into(), reason })).await;
        return;
    }
    let (session, record, inbox) = shared.sessions.begin();
    let observer = script.observer.clone();
    let keep_audio = script.keep_audio;
    let longest = script.longest;
    let machine = session::Session::new(script, session.number, &entry.model);
    let ends = longest.map(|longest| clock::now() + longest);
    let mut room = Room { socket, machine, record, observer, keep_audio, number: session.number, ends };
    let over = room.host(inbox).await;
    room.record.end(over);
}

/// What the upgrade says about the client.
#[derive(Default)]
struct Entry {
    model: String,
    refused: Option<u16>,
    /// Refused by an event, not by the upgrade: its code, the closing code and the words.
    fault: Option<(&'static str, u16, &'static str)>,
}

impl Entry {
    #[expect(clippy::result_large_err, reason = "the error type is tungstenite's")]
    fn judge(
        &mut self,
        request: &Request,
        response: Response,
        key: Option<&str>,
    ) -> Result<Response, ErrorResponse> {
        let authorization = request.headers().get("authorization").and_then(|v| v.to_str().ok());
        let given = authorization.and_then(|value| value.strip_prefix("Bearer "));
        if given.is_none_or(str::is_empty) || key.is_some_and(|key| given != Some(key)) {
            return Err(self.refuse(401, "invalid_api_key", "Incorrect API key provided."));
        }
        if request.uri().path() != "/v1/realtime" {
            return Err(self.refuse(404, "not_found", "Invalid URL."));
        }
        let query = request.uri().query().unwrap_or_default();
        let fields = crate::http::read_form(query).unwrap_or_default();
        let model = fields.iter().find(|(name, _)| name == "model").map(|(_, value)| value.as_str());
        model.unwrap_or_default().clone_into(&mut self.model);
        let beta = request.headers().contains_key("openai-beta") || self.model.contains("preview");
        if beta {
            let message =
                "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.";
            self.fault = Some(("beta_api_shape_disabled", 4000, message));
        } else if !(self.model.starts_with("gpt-realtime") || self.model.starts_with("gpt-audio")) {
            self.fault = Some(("model_not_found", 4000, "The requested model does not exist."));
        }
        Ok(response)
    }

    fn refuse(&mut self, status: u16, code: &str, message: &str) -> ErrorResponse {
        self.refused = Some(status);
        let body = json!({"error": {"message": message, "type": "invalid_request_error", "code": code,
            "param": null}});
        let mut response = ErrorResponse::new(Some(body.to_string()));
        *response.status_mut() = http::StatusCode::from_u16(status).expect("it is a status");
        response
            .headers_mut()
            .insert("content-type", "application/json".parse().expect("it is a header value"));
        response
    }
}

struct Room {
    socket: WebSocketStream<TcpStream>,
    machine: session::Session,
    record: Arc<Record>,
    observer: Option<Arc<dyn Observer>>,
    keep_audio: bool,
    number: u32,
    /// When the service ends it.
    ends: Option<Instant>,
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
                    Some(Ok(Message::Text(text))) => self.take(&text),
                    Some(Ok(Message::Binary(_))) => self.machine.mistake("a binary message was sent"),
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                    Some(Ok(Message::Close(frame))) => {
                        return frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                    }
                    Some(Err(_)) | None => return None,
                },
                Some(order) = inbox.recv() => self.machine.order(clock::now(), order),
                () = clock::sleep_until_any(deadline) => self.machine.wake(clock::now()),
                () = clock::sleep_until_any(self.ends) => {
                    self.ends = None;
                    self.machine.order(clock::now(), Order::Expire);
                }
            }
        }
    }

    fn take(&mut self, text: &str) {
        let now = clock::now();
        match self.machine.handle(now, text) {
            Took::Audio(bytes) => {
                if let Some(observer) = &self.observer {
                    observer.heard(self.number, now, &bytes);
                }
                self.record.hear(&bytes, self.keep_audio);
            }
            Took::Event(event) => self.log(now, true, event),
        }
    }

    /// Whether the session goes on.
    async fn send(&mut self, out: Out) -> bool {
        let now = clock::now();
        let sent = match out {
            Out::Event(event) => {
                let text = event.to_string();
                self.log(now, false, event);
                self.socket.send(Message::text(text)).await
            }
            Out::Audio(mut event, bytes) => {
                let text = event.to_string();
                if let Some(observer) = &self.observer {
                    observer.spoke(self.number, clock::now(), &bytes);
                }
                if !self.keep_audio {
                    event["delta"] = Value::Null;
                    event["bytes"] = bytes.len().into();
                }
                self.log(now, false, event);
                self.socket.send(Message::text(text)).await
            }
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

    fn log(&self, now: Instant, from_client: bool, event: Value) {
        if let Some(observer) = &self.observer {
            observer.event(self.number, now, from_client, &event);
            if event["type"] == "response.output_audio.delta" && !self.keep_audio {
                return;
            }
        }
        self.record.log(now, from_client, event);
    }
}
