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
    conversation::{
        self, Host, Record, Shared,
        client::{Client, Did, has_key, refusal},
    },
};
use serde_json::{Value, json};
use session::{Out, Took};
use std::{io, ops::Deref, sync::Arc};
use tokio::{net::TcpStream, sync::mpsc};
use tokio_tungstenite::tungstenite::{
    Message,
    handshake::server::{ErrorResponse, Request},
};

/// The service. Clones are the same service; dropping the last closes every session.
#[derive(Clone, Debug)]
pub struct Live(Host<Script, Order>);

impl Deref for Live {
    type Target = Host<Script, Order>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
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

impl Live {
    /// Starts the service; every session behaves by `script`.
    pub async fn listen(script: Script) -> io::Result<Self> {
        Host::listen(script, welcome).await.map(Self)
    }

    /// What `OPENAI_LIVE_URL` is set to.
    pub fn url(&self) -> String {
        format!("ws://{}/v1/live/sessions", self.address())
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
    let machine = session::Session::new(script, session.number, clock::now());
    let mut room = Room { client, machine, record, keep_audio };
    let over = room.host(inbox).await;
    room.record.end(over);
}

/// What is wrong with the upgrade, if anything is.
fn judge(request: &Request, script: &Script) -> Result<(), Box<ErrorResponse>> {
    if !has_key(request, &["Bearer"], script.key.as_deref()) {
        return Err(refused(401, "invalid_api_key"));
    }
    if let Some(status) = script.refuse {
        return Err(refused(status, if status == 429 { "rate_limit_exceeded" } else { "server_error" }));
    }
    if request.uri().path() != "/v1/live/sessions" {
        return Err(refused(404, "not_found"));
    }
    // The model's name goes into the first message.
    if request.uri().query().is_some() { Err(refused(400, "unknown_parameter")) } else { Ok(()) }
}

fn refused(status: u16, code: &str) -> Box<ErrorResponse> {
    let error =
        json!({"message": "Example only.", "type": "invalid_request_error", "code": code, "param": null});
    refusal(status, &[], &json!({"error": error}))
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
            tokio::select! {
                did = self.client.next() => match did {
                    Did::Text(text) => self.take(&text),
                    Did::Binary(_) => self.machine.mistake("a binary message was sent"),
                    Did::Leave(closed) => return closed,
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
        match out {
            Out::Event(event) => {
                let text = event.to_string();
                self.record.log(clock::now(), false, event);
                self.client.send(Message::text(text)).await
            }
            Out::Audio(event) => self.client.send(Message::text(event.to_string())).await,
            Out::Text(text) => self.client.send(Message::text(text)).await,
            Out::Binary(bytes) => self.client.send(Message::binary(bytes)).await,
            Out::Close(code, reason) => {
                self.client.close(code, reason).await;
                false
            }
            Out::Drop => false,
        }
    }
}
