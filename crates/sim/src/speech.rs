//! The services that hear and speak for a cascade: OpenAI's transcriptions and speech, Deepgram's listen and speak, on one loopback
//! port, which refuse what the real ones refuse and misbehave on command.
//!
//! ```text
//!   POST /v1/audio/transcriptions  /v1/audio/speech ── openai.rs ── multipart.rs
//!   WS   /v1/listen  /v2/listen      POST /v1/speak ── deepgram.rs ── schema.rs
//! ```

mod deepgram;
mod multipart;
mod openai;
pub mod schema;

use crate::{
    http::{self, Request, Response},
    loopback::Loopback,
};
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    io::AsyncWriteExt as _,
    net::TcpStream,
    sync::{Notify, Semaphore},
};

/// The services. Clones are the same; dropping the last closes every connection.
#[derive(Clone, Debug)]
pub struct Speech {
    loopback: Loopback,
    shared: Arc<Shared>,
}

/// How they behave, from the next request on.
#[derive(Clone, Debug)]
pub struct Script {
    /// The only key that is taken.
    pub key: String,
    /// What is understood of any sound. A `|` stands where the caller pauses, for a service that follows turns.
    pub words: String,
    /// What a verbose transcript says of the silence in it.
    pub no_speech: f32,
    /// How long any text sounds, in seconds.
    pub seconds: f32,
    /// The second half of a speech comes when [`Speech::go_on`] says so.
    pub halting: bool,
    pub fault: Option<Fault>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            key: "a-key-of-the-test".into(),
            words: "Where is my order?".into(),
            no_speech: 0.01,
            seconds: 1.0,
            halting: false,
            fault: None,
        }
    }
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request is refused, with the words that the service has for it.
    Status(u16),
    /// The answer never ends.
    Endless,
    /// Sound comes in another format than was agreed: MP3, and a transcript is not JSON.
    WrongFormat,
    /// JSON where sound was agreed, an object without a transcript where one was.
    OtherJson,
    /// The connection closes without a word.
    Cut,
    /// It closes in the middle of the answer.
    CutWithin,
    /// Nothing comes, and the connection stays.
    Silence,
}

/// What was asked, once it was found right.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// Path, and query where there is one.
    pub target: String,
    /// Fields of a form, of a query, or of a JSON object.
    pub fields: Vec<(String, String)>,
    /// Samples, and their rate.
    pub sound: Vec<i16>,
    pub hertz: u32,
}

impl Asked {
    /// The first field of this name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug)]
struct Shared {
    script: Mutex<Script>,
    asked: Mutex<Vec<Asked>>,
    mistakes: Mutex<Vec<String>>,
    /// A permit for every half of a speech.
    halves: Semaphore,
    left: Notify,
}

impl Speech {
    /// Starts them.
    pub async fn listen(script: Script) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            script: Mutex::new(script),
            asked: Mutex::default(),
            mistakes: Mutex::default(),
            halves: Semaphore::new(0),
            left: Notify::new(),
        });
        let host = Arc::clone(&shared);
        let loopback = Loopback::open(move |stream| welcome(stream, Arc::clone(&host))).await?;
        Ok(Self { loopback, shared })
    }

    /// Without a path: what `DEEPGRAM_BASE_URL` is set to.
    pub fn url(&self) -> String {
        format!("http://{}", self.loopback.address())
    }

    /// What `OPENAI_BASE_URL` is set to.
    pub fn openai_url(&self) -> String {
        format!("http://{}/v1", self.loopback.address())
    }

    pub fn set_script(&self, script: Script) {
        *locked(&self.shared.script) = script;
    }

    /// Everything that was asked and found right.
    pub fn asked(&self) -> Vec<Asked> {
        locked(&self.shared.asked).clone()
    }

    /// Why requests were refused that were not ordered to be.
    pub fn mistakes(&self) -> Vec<String> {
        locked(&self.shared.mistakes).clone()
    }

    /// Lets one speech that halts go on.
    pub fn go_on(&self) {
        self.shared.halves.add_permits(1);
    }

    /// Waits until somebody has left before their answer was over.
    pub async fn left(&self) {
        self.shared.left.notified().await;
    }
}

async fn welcome(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut first = [0; 4];
    while stream.peek(&mut first).await.is_ok_and(|read| (1..4).contains(&read)) {
        tokio::task::yield_now().await;
    }
    let script = locked(&shared.script).clone();
    if script.fault == Some(Fault::Cut) {
        return;
    }
    if &first == b"GET " {
        return deepgram::listen(stream, &shared, &script).await;
    }
    let Ok(request) = http::read_request(&mut stream).await else { return };
    if script.fault == Some(Fault::Silence) {
        return std::future::pending().await;
    }
    let path = request.target.split('?').next().unwrap_or_default().to_owned();
    let judged = match path.as_str() {
        "/v1/audio/transcriptions" => openai::transcription(&request, &script),
        "/v1/audio/speech" => openai::speech(&request, &script),
        "/v1/speak" => deepgram::speak(&request, &script),
        _ => Err(Response { status: 404, ..Response::default() }),
    };
    match judged {
        Ok((asked, answer)) => {
            locked(&shared.asked).push(asked);
            if send(&mut stream, answer, &script, &shared).await.is_err() {
                shared.left.notify_one();
            }
        }
        Err(refusal) => {
            if !matches!(script.fault, Some(Fault::Status(_))) {
                let why = String::from_utf8_lossy(&refusal.body);
                locked(&shared.mistakes).push(format!("{} {}: {why}", request.method, request.target));
            }
            let _ = http::write_response(&mut stream, &refusal).await;
        }
    }
}

/// An answer in the making: its type, and its bytes; sound is sent while it is made.
struct Made {
    kind: &'static str,
    body: Vec<u8>,
    is_sound: bool,
}

async fn send(stream: &mut TcpStream, made: Made, script: &Script, shared: &Shared) -> io::Result<()> {
    if !made.is_sound && script.fault != Some(Fault::Endless) {
        let mut response = Response { status: 200, ..Response::default() };
        response.headers.push(("Content-Type".into(), made.kind.into()));
        response.body = made.body;
        if script.fault == Some(Fault::CutWithin) {
            response.headers.push(("Content-Length".into(), (response.body.len() + 1).to_string()));
        }
        return http::write_response(stream, &response).await;
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        made.kind
    );
    stream.write_all(head.as_bytes()).await?;
    // Odd pieces: no service cuts its sound where samples end.
    let half = (made.body.len() / 2) | 1;
    for (at, byte) in made.body.chunks(777).scan(0, |at, piece| {
        let from = *at;
        *at += piece.len();
        Some((from, piece))
    }) {
        if script.halting && at <= half && half < at + byte.len() {
            tokio::select! {
                permit = shared.halves.acquire() => permit.expect("it is never closed").forget(),
                left = gone(stream) => return left,
            }
        }
        if script.fault == Some(Fault::CutWithin) && at > half {
            return Ok(());
        }
        chunk(stream, byte).await?;
    }
    while script.fault == Some(Fault::Endless) {
        chunk(stream, &made.body).await?;
    }
    stream.write_all(b"0\r\n\r\n").await?;
    stream.shutdown().await
}

/// Waits until the other side hangs up.
async fn gone(stream: &TcpStream) -> io::Result<()> {
    let mut byte = [0; 1];
    match stream.peek(&mut byte).await {
        Ok(0) | Err(_) => Err(io::ErrorKind::ConnectionReset.into()),
        Ok(_) => std::future::pending().await,
    }
}

async fn chunk(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(format!("{:x}\r\n", bytes.len()).as_bytes()).await?;
    stream.write_all(bytes).await?;
    stream.write_all(b"\r\n").await
}

/// A tone that lasts so long.
fn tone(seconds: f32, hertz: u32) -> Vec<i16> {
    let length = (seconds * hertz as f32) as usize;
    let at = |n: usize| (n as f32 / hertz as f32 * 440.0 * std::f32::consts::TAU).sin();
    (0..length).map(|n| (at(n) * 8_000.0) as i16).collect()
}

/// Whether the request carries the key, after this word.
fn has_key(request: &Request, scheme: &str, key: &str) -> bool {
    request.header("authorization").is_some_and(|value| value == format!("{scheme} {key}"))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
