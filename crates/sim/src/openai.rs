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

mod mcp;
mod response;
mod session;
mod settings;
pub(crate) mod vad;

pub use crate::conversation::Logged;
pub use script::{End, Hearing, HostedUse, Item, Observer, Reply, Script, Sound, Voice};

use crate::{
    clock,
    conversation::{
        self, Host, Record, Shared,
        client::{Client, Did, has_key, refusal},
    },
};
use serde_json::{Value, json};
use session::{Out, Took};
use std::{io, ops::Deref, sync::Arc, time::Instant};
use tokio::{net::TcpStream, sync::mpsc};
use tokio_tungstenite::tungstenite::{
    Message,
    handshake::server::{ErrorResponse, Request},
};

/// The service. Clones are the same service; dropping the last closes every session.
#[derive(Clone, Debug)]
pub struct OpenAi(Host<Script, Order>);

impl Deref for OpenAi {
    type Target = Host<Script, Order>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
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

impl OpenAi {
    /// Starts the service; every session behaves by `script`.
    pub async fn listen(script: Script) -> io::Result<Self> {
        Host::listen(script, welcome).await.map(Self)
    }

    /// What `OPENAI_REALTIME_URL` is set to.
    pub fn url(&self) -> String {
        format!("ws://{}/v1/realtime", self.address())
    }
}

async fn welcome(stream: TcpStream, shared: Arc<Shared<Script, Order>>) {
    let script = shared.script();
    let mut entry = Entry::default();
    let mut client =
        match Client::welcome(stream, |request| entry.judge(request, script.key.as_deref())).await {
            Ok(client) => client,
            Err(status) => return shared.refuse(status),
        };
    if let Some((code, close, message)) = entry.fault {
        let error = json!({"type": "invalid_request_error", "code": code, "message": message, "param": null,
            "event_id": null});
        let event = json!({"type": "error", "event_id": "event_refused", "error": error});
        // Whoever is refused may have gone.
        client.send(Message::text(event.to_string())).await;
        return client.close(close, format!("invalid_request_error.{code}")).await;
    }
    let (session, record, inbox) = shared.sessions.begin();
    let observer = script.observer.clone();
    let keep_audio = script.keep_audio;
    let longest = script.longest;
    let machine = session::Session::new(script, session.number, &entry.model);
    let ends = longest.map(|longest| clock::now() + longest);
    let mut room = Room { client, machine, record, observer, keep_audio, number: session.number, ends };
    let over = room.host(inbox).await;
    room.record.end(over);
}

/// What the upgrade says about the client.
#[derive(Default)]
struct Entry {
    model: String,
    /// Refused by an event, not by the upgrade: its code, the closing code and the words.
    fault: Option<(&'static str, u16, &'static str)>,
}

impl Entry {
    fn judge(&mut self, request: &Request, key: Option<&str>) -> Result<(), Box<ErrorResponse>> {
        if !has_key(request, &["Bearer"], key) {
            return Err(refused(401, "invalid_api_key", "Incorrect API key provided."));
        }
        if request.uri().path() != "/v1/realtime" {
            return Err(refused(404, "not_found", "Invalid URL."));
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
        Ok(())
    }
}

fn refused(status: u16, code: &str, message: &str) -> Box<ErrorResponse> {
    let error = json!({"message": message, "type": "invalid_request_error", "code": code, "param": null});
    refusal(status, &[], &json!({"error": error}))
}

struct Room {
    client: Client,
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
                did = self.client.next() => match did {
                    Did::Text(text) => self.take(&text),
                    Did::Binary(_) => self.machine.mistake("a binary message was sent"),
                    Did::Leave(closed) => return closed,
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
        match out {
            Out::Event(event) => {
                let text = event.to_string();
                self.log(now, false, event);
                self.client.send(Message::text(text)).await
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
                self.client.send(Message::text(text)).await
            }
            Out::Text(text) => self.client.send(Message::text(text)).await,
            Out::Binary(bytes) => self.client.send(Message::binary(bytes)).await,
            Out::Close(code, reason) => {
                self.client.close(code, reason).await;
                false
            }
            Out::Drop => false,
        }
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
