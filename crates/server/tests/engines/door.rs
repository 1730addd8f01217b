//! Doors behind which no engine is: who refuses, who lets in and does not keep to what was agreed, and whose certificate
//! nobody knows.

use super::stand::Kind;
use axum_server::tls_rustls::RustlsConfig;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_tungstenite::{accept_async, tungstenite::Message};

/// What happens to whoever knocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The upgrade is refused with this status.
    Status(u16),
    /// How the session is to be is refused.
    Settings,
    /// The session has another format than was agreed.
    Format,
    /// The connection is cut without a word.
    Wordless,
    /// Nobody has signed its certificate whom anybody trusts.
    Certificate,
    /// Nobody answers.
    Silence,
}

impl Fault {
    pub const ALL: [Self; 8] = [
        Self::Status(401),
        Self::Status(429),
        Self::Status(503),
        Self::Settings,
        Self::Format,
        Self::Wordless,
        Self::Certificate,
        Self::Silence,
    ];
}

/// A door on a port of this machine. Dropping it closes it.
pub struct Door {
    pub url: String,
    _task: JoinSet<()>,
}

impl Door {
    pub async fn open(kind: Kind, fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("it has one");
        let mut task = JoinSet::new();
        if fault == Fault::Certificate {
            task.spawn(secured(listener));
            return Self { url: format!("wss://{address}/v1"), _task: task };
        }
        task.spawn(async move {
            let mut guests = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                guests.spawn(welcome(stream, kind, fault));
            }
        });
        Self { url: format!("ws://{address}/v1"), _task: task }
    }
}

/// Shows a certificate of an authority that nobody knows.
async fn secured(listener: TcpListener) {
    let part = |name: &str| format!("{}/../../fixtures/smtp/{name}", env!("CARGO_MANIFEST_DIR"));
    let config = RustlsConfig::from_pem_file(part("server.pem"), part("server.key")).await;
    let listener = listener.into_std().expect("it is nobody else's");
    let server =
        axum_server::from_tcp_rustls(listener, config.expect("they go together")).expect("it listens");
    server.serve(axum::Router::new().into_make_service()).await.expect("it serves");
}

async fn welcome(mut stream: TcpStream, kind: Kind, fault: Fault) {
    match fault {
        Fault::Status(status) => {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let Ok(byte) = stream.read_u8().await else { return };
                request.push(byte);
            }
            let answer = format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            // Whoever is refused may have gone.
            let _gone = stream.write_all(answer.as_bytes()).await;
        }
        Fault::Silence => std::future::pending().await,
        Fault::Settings | Fault::Format | Fault::Wordless => {
            let _gone = converse(stream, kind, fault).await;
        }
        Fault::Certificate => {}
    }
}

/// Lets in, hears how the session is to be, and answers that.
async fn converse(
    stream: TcpStream,
    kind: Kind,
    fault: Fault,
) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    let mut socket = accept_async(stream).await?;
    let hello = match kind {
        Kind::OpenAi => {
            Some(json!({"type": "session.created", "event_id": "e0", "session": openai("audio/pcmu")}))
        }
        Kind::Deepgram => Some(json!({"type": "Welcome", "request_id": "r"})),
        Kind::Live | Kind::Local => None,
    };
    if let Some(hello) = hello {
        socket.send(Message::text(hello.to_string())).await?;
    }
    let Some(wish) = socket.next().await else { return Ok(()) };
    let wish: Value = serde_json::from_str(wish?.to_text()?).expect("JSON");
    match fault {
        Fault::Settings => {
            socket.send(Message::text(refusal(kind).to_string())).await?;
            socket.close(None).await
        }
        Fault::Format => {
            for message in otherwise(kind, &wish) {
                socket.send(message).await?;
            }
            while socket.next().await.is_some() {}
            Ok(())
        }
        Fault::Wordless | Fault::Status(_) | Fault::Certificate | Fault::Silence => Ok(()),
    }
}

fn refusal(kind: Kind) -> Value {
    let error = json!({"type": "invalid_request_error", "code": "invalid_value", "message": "Invalid value: 'voice'."});
    match kind {
        Kind::Deepgram => {
            json!({"type": "Error", "code": "INVALID_SETTINGS", "description": "Invalid value: 'voice'."})
        }
        Kind::OpenAi | Kind::Live | Kind::Local => json!({"type": "error", "event_id": "e1", "error": error}),
    }
}

/// The session is confirmed, and is another.
fn otherwise(kind: Kind, wish: &Value) -> Vec<Message> {
    let text = |event: Value| Message::text(event.to_string());
    match kind {
        Kind::OpenAi => {
            vec![text(json!({"type": "session.updated", "event_id": "e1", "session": openai("audio/pcm")}))]
        }
        Kind::Live => {
            let mut session = wish["session"].clone();
            session["audio"]["format"] = json!({"type": "audio/pcm", "rate": 24_000});
            session["id"] = json!("live_1");
            session["status"] = json!("active");
            session["expires_at"] = json!(4_000_000_000_u64);
            vec![text(json!({"type": "session.started", "event_id": "e1", "session": session}))]
        }
        Kind::Deepgram => {
            let mut file = b"RIFF\x24\x00\x00\x00WAVEfmt ".to_vec();
            file.resize(1_600, 0x55);
            vec![
                text(json!({"type": "SettingsApplied"})),
                text(
                    json!({"type": "ConversationText", "role": "assistant", "content": "Thanks for calling Acme."}),
                ),
                Message::binary(file),
            ]
        }
        Kind::Local => Vec::new(),
    }
}

fn openai(format: &str) -> Value {
    let format = json!({"type": format, "rate": 24_000});
    json!({"type": "realtime", "id": "sess_1", "object": "realtime.session", "model": "gpt-realtime",
        "audio": {"input": {"format": format}, "output": {"format": format, "voice": "marin"}}})
}
