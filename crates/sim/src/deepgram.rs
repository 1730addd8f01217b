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
    conversation::{
        self, Host, Record, Shared,
        client::{Client, Did, has_key, refusal},
    },
};
use serde_json::{Value, json};
use session::Out;
use std::{io, ops::Deref, sync::Arc};
use tokio::{net::TcpStream, sync::mpsc};
use tokio_tungstenite::tungstenite::{
    Message,
    handshake::server::{ErrorResponse, Request},
};

/// The service. Clones are the same service; dropping the last closes every session.
#[derive(Clone, Debug)]
pub struct Deepgram(Host<Script, Order>);

impl Deref for Deepgram {
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

impl Deepgram {
    /// Starts the service; every session behaves by `script`.
    pub async fn listen(script: Script) -> io::Result<Self> {
        Host::listen(script, welcome).await.map(Self)
    }

    /// What `DEEPGRAM_AGENT_URL` is set to.
    pub fn url(&self) -> String {
        format!("{}/v1/agent/converse", self.host())
    }

    /// The same without a path.
    pub fn host(&self) -> String {
        format!("ws://{}", self.address())
    }
}

async fn welcome(stream: TcpStream, shared: Arc<Shared<Script, Order>>) {
    let script = shared.script();
    let client = match Client::welcome(stream, |request| judge(request, &script)).await {
        Ok(client) => client,
        Err(status) => return shared.refuse(status),
    };
    let (session, record, inbox) = shared.sessions.begin();
    let keep_audio = script.keep_audio;
    let machine = session::Session::new(script, session.number);
    let mut room = Room { client, machine, record, keep_audio };
    let over = room.host(inbox).await;
    room.record.end(over);
}

/// Why a connection is refused, if it is.
fn judge(request: &Request, script: &Script) -> Result<(), Box<ErrorResponse>> {
    if !has_key(request, &["Token", "Bearer"], script.key.as_deref()) {
        return Err(refused(401, "INVALID_AUTH", "Invalid credentials."));
    }
    if request.uri().path() != "/v1/agent/converse" {
        return Err(refused(404, "NOT_FOUND", "Not found."));
    }
    match script.refuse {
        Some(429) => Err(refused(429, "TOO_MANY_REQUESTS", "Too many requests. Please try again later.")),
        Some(status) => Err(refused(status, "UNAVAILABLE", "Please try again later.")),
        None => Ok(()),
    }
}

fn refused(status: u16, code: &str, why: &str) -> Box<ErrorResponse> {
    let id = "b3b1d2a5-5d1a-4d7a-8a51-6f5a7f2c2d11";
    let body = json!({"err_code": code, "err_msg": why, "request_id": id});
    refusal(status, &[("dg-error", code), ("dg-request-id", id)], &body)
}

struct Room {
    client: Client,
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
                did = self.client.next() => match did {
                    Did::Text(text) => {
                        let now = clock::now();
                        let message = self.machine.handle(now, &text);
                        self.record.log(now, true, message);
                    }
                    Did::Binary(sound) => {
                        self.machine.hear(clock::now(), &sound);
                        self.record.hear(&sound, self.keep_audio);
                    }
                    Did::Leave(closed) => return closed,
                },
                Some(order) = inbox.recv() => self.machine.order(clock::now(), order),
                () = clock::sleep_until_any(deadline) => self.machine.wake(clock::now()),
            }
        }
    }

    /// Whether the session goes on.
    async fn send(&mut self, out: Out) -> bool {
        let now = clock::now();
        match out {
            Out::Message(message) => {
                let text = message.to_string();
                self.record.log(now, false, message);
                self.client.send(Message::text(text)).await
            }
            Out::Text(text) => self.client.send(Message::text(text)).await,
            Out::Audio(sound) => {
                self.record.log(now, false, json!({"type": "audio", "bytes": sound.len()}));
                self.client.send(Message::binary(sound)).await
            }
            Out::Close(code, reason) => {
                self.client.close(code, reason).await;
                false
            }
            Out::Drop => false,
        }
    }
}
