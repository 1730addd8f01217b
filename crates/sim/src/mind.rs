//! Language models: Ollama's own API and OpenAI's chat completions on one loopback port, which refuse what the real ones
//! refuse, think what they are told to, and misbehave on command.
//!
//! ```text
//!   POST /api/chat …  ollama.rs ─┐
//!                                ├─ schema.rs (what may be asked), script.rs (what is answered)
//!   POST /v1/chat/completions    │
//!              chat.rs ──────────┘
//! ```
//!
//! Sources: Ollama's documentation of its API and what its server checks; OpenAI's reference of chat completions; the
//! packages `ollama` and `openai`, which `tests/mind` runs against this. Where the real ones overlook a fault (an unknown
//! field, a context that is cut without a word, an answer to a tool that nobody wanted), this counts a mistake.

mod chat;
mod ollama;
mod schema;
mod script;

pub use script::{Fault, Rule, Script, Thought};

use crate::{
    http::{self, Request, Response},
    loopback::Loopback,
};
use serde_json::{Value, json};
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, sync::Notify};

/// The service. Clones are the same; dropping the last closes every connection.
#[derive(Clone, Debug)]
pub struct Minds {
    loopback: Loopback,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    script: Script,
    asked: Vec<Value>,
    mistakes: Vec<String>,
    /// Answers that were broken off by whoever asked.
    broken_off: usize,
}

/// What is answered: all at once, or line by line.
enum Answer {
    Whole(Response),
    Lines { kind: &'static str, lines: Vec<String>, pause: Duration, after: After },
}

/// What becomes of an answer after its lines.
enum After {
    Ends,
    /// The connection breaks.
    Breaks,
    /// Nothing more comes, and nothing ends.
    Stalls,
}

impl Minds {
    /// Starts the service on a free port of 127.0.0.1.
    pub async fn listen(script: Script) -> io::Result<Self> {
        let state = State { script, asked: Vec::new(), mistakes: Vec::new(), broken_off: 0 };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Notify::new() });
        let host = Arc::clone(&shared);
        let loopback = Loopback::open(move |stream| serve(stream, Arc::clone(&host))).await?;
        Ok(Self { loopback, shared })
    }

    /// `http://127.0.0.1:PORT`: what `OLLAMA_HOST` is set to. Chat completions are below its `/v1`.
    pub fn url(&self) -> String {
        format!("http://{}", self.loopback.address())
    }

    /// Changes what is answered from the next request on.
    pub fn change(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.lock().script);
    }

    /// Every conversation that was asked about, in order.
    pub fn asked(&self) -> Vec<Value> {
        self.lock().asked.clone()
    }

    /// What nobody should send, in words.
    pub fn mistakes(&self) -> Vec<String> {
        self.lock().mistakes.clone()
    }

    /// How many answers were broken off by whoever asked for them.
    pub fn broken_off(&self) -> usize {
        self.lock().broken_off
    }

    /// Waits till this holds of what was asked, and how many answers were broken off.
    pub async fn until(&self, is: impl Fn(&[Value], usize) -> bool) {
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let state = self.lock();
                if is(&state.asked, state.broken_off) {
                    return;
                }
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn mistake(&mut self, what: impl Into<String>) {
        self.mistakes.push(what.into());
    }

    fn answer(&mut self, request: &Request) -> Answer {
        let path = request.target.split('?').next().unwrap_or_default();
        match (request.method.as_str(), path) {
            ("POST", "/api/chat") => ollama::chat(self, request),
            ("POST", "/v1/chat/completions") => chat::completions(self, request),
            ("GET", "/api/tags") => Answer::Whole(ollama::tags(&self.script)),
            ("GET", "/api/version") => Answer::Whole(Response::json(200, &json!({"version": "0.33.0"}))),
            ("GET", "/v1/models") => chat::models(self, request),
            (method, path) => {
                self.mistake(format!("nothing answers {method} {path}"));
                Answer::Whole(Response::json(404, &json!({"error": "not found"})))
            }
        }
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let Ok(request) = http::read_request(&mut stream).await else { return };
    let answer = shared.lock().answer(&request);
    shared.changed.notify_waiters();
    let sent = match answer {
        Answer::Whole(response) => http::write_response(&mut stream, &response).await,
        Answer::Lines { kind, lines, pause, after } => write(&mut stream, kind, &lines, pause, after).await,
    };
    if sent.is_err() {
        shared.lock().broken_off += 1;
        shared.changed.notify_waiters();
    }
}

/// Sends line by line, in chunks.
async fn write(
    stream: &mut TcpStream,
    kind: &str,
    lines: &[String],
    pause: Duration,
    after: After,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    for line in lines {
        let chunk = format!("{:x}\r\n{line}\r\n", line.len());
        stream.write_all(chunk.as_bytes()).await?;
        rest(stream, pause).await?;
    }
    match after {
        After::Ends => {
            stream.write_all(b"0\r\n\r\n").await?;
            stream.shutdown().await
        }
        After::Breaks => Ok(()),
        After::Stalls => rest(stream, Duration::from_secs(3_600)).await,
    }
}

/// Waits, unless whoever asked goes away.
async fn rest(stream: &TcpStream, pause: Duration) -> io::Result<()> {
    let gone = async {
        let mut byte = [0];
        loop {
            stream.readable().await?;
            match stream.try_read(&mut byte) {
                Ok(0) => return Err(io::ErrorKind::BrokenPipe.into()),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
    };
    tokio::select! {
        gone = gone => gone,
        () = tokio::time::sleep(pause) => Ok(()),
    }
}
