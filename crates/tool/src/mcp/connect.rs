//! Opening a connection to a server, whichever way it is reached.

use super::{
    Form, Program, Secret, Way, Web,
    fault::Fault,
    http::Http,
    schema::{short, tidy},
    session::Ears,
    sse,
};
use ::http::{HeaderName, HeaderValue};
use reqwest::Url;
use rmcp::{
    RoleClient,
    model::ProtocolVersion,
    service::{ClientLifecycleMode, ClientServiceExt, RunningService},
    transport::{
        IntoTransport, StreamableHttpClientTransport, TokioChildProcess,
        streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use std::{
    collections::HashMap,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::AsyncReadExt,
    process::{ChildStderr, Command},
    task::JoinSet,
};

/// The largest event of a stream.
const LARGEST_EVENT: usize = 16 * 1024 * 1024;
/// What is kept of what a program complains of, in bytes.
const COMPLAINTS: usize = 2_000;
/// What of our environment every program gets.
const EVERYBODYS: [&str; 10] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "XDG_CACHE_HOME",
];

/// A connection that was opened.
pub(super) struct Connection {
    pub running: RunningService<RoleClient, Ears>,
    /// Reads what the program complains of; ends with this.
    pub aside: JoinSet<()>,
}

/// Opens a connection. The caller bounds how long that may take.
pub(super) async fn open(
    way: &Way,
    http: &reqwest::Client,
    token: Option<Secret>,
    ears: Ears,
) -> Result<Connection, Fault> {
    match way {
        Way::Program(program) => start(program, ears).await,
        Way::Web(web) => {
            let token = token.or_else(|| web.token.clone()).map(|token| token.expose().to_owned());
            let url = Url::parse(web.url.expose()).map_err(|_| Fault::unreachable("its address is none"))?;
            let headers = headers(web)?;
            let aside = JoinSet::new();
            let running = match web.form {
                Form::Streamable => streamable(&url, http, token, headers, ears).await,
                Form::Stream => stream(&url, http, token, &headers, ears).await,
                Form::Any => {
                    let first = streamable(&url, http, token.clone(), headers.clone(), ears.clone()).await;
                    match first {
                        // Whoever wants a login is there, and speaks this.
                        Err(fault) if !matches!(fault, Fault::SignIn(_) | Fault::Forbidden(_)) => {
                            stream(&url, http, token, &headers, ears).await.map_err(|_| fault)
                        }
                        other => other,
                    }
                }
            };
            Ok(Connection { running: running?, aside })
        }
    }
}

async fn streamable(
    url: &Url,
    http: &reqwest::Client,
    token: Option<String>,
    headers: HashMap<HeaderName, HeaderValue>,
    ears: Ears,
) -> Result<RunningService<RoleClient, Ears>, Fault> {
    let mut config = StreamableHttpClientTransportConfig::with_uri(url.as_str())
        .custom_headers(headers)
        .max_sse_event_size(LARGEST_EVENT);
    config.auth_header = token;
    serve(ears, StreamableHttpClientTransport::with_client(Http(http.clone()), config)).await
}

async fn stream(
    url: &Url,
    http: &reqwest::Client,
    token: Option<String>,
    headers: &HashMap<HeaderName, HeaderValue>,
    ears: Ears,
) -> Result<RunningService<RoleClient, Ears>, Fault> {
    let stream = sse::open(http, url, token, headers).await?;
    // Whoever speaks this knows nothing newer.
    let opening = ears.serve_with_lifecycle(stream, ClientLifecycleMode::Initialize);
    opening.await.map_err(|error| Fault::opening(&error))
}

async fn start(program: &Program, ears: Ears) -> Result<Connection, Fault> {
    let mut command = Command::new(&program.command);
    command.args(program.arguments.iter().map(Secret::expose)).env_clear();
    for name in EVERYBODYS {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.envs(program.environment.iter().map(|(name, value)| (name, value.expose())));
    if let Some(folder) = &program.folder {
        command.current_dir(folder);
    }
    // What interrupts us at a terminal is not for it: it ends when its input does.
    command.process_group(0).kill_on_drop(true);
    let started = TokioChildProcess::builder(command).stderr(Stdio::piped()).spawn();
    let (process, stderr) = started
        .map_err(|error| Fault::unreachable(format!("{:?} cannot be started: {error}", program.command)))?;
    let complaints = Arc::new(Mutex::new(String::new()));
    let mut aside = JoinSet::new();
    if let Some(stderr) = stderr {
        aside.spawn(listen(stderr, complaints.clone()));
    }
    match serve(ears, process).await {
        Ok(running) => Ok(Connection { running, aside }),
        Err(fault @ Fault::Unreachable(_)) => {
            // It is gone, so this ends.
            let _all_read = tokio::time::timeout(std::time::Duration::from_secs(1), aside.join_next()).await;
            let said = tidy(&complaints.lock().unwrap_or_else(PoisonError::into_inner), 200);
            Err(if said.is_empty() {
                fault
            } else {
                Fault::unreachable(format!("it ended, and said: {said}"))
            })
        }
        Err(fault) => Err(fault),
    }
}

/// Reads all that a program complains of, so that it never waits for us to, and keeps the end of it.
async fn listen(mut stderr: ChildStderr, complaints: Arc<Mutex<String>>) {
    let mut buffer = [0; 1_024];
    while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
        let text = String::from_utf8_lossy(&buffer[..read]);
        tracing::debug!(said = short(&text, 400), "a program that offers tools says");
        let mut kept = complaints.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_str(&text);
        let from = kept.ceil_char_boundary(kept.len().saturating_sub(COMPLAINTS));
        kept.drain(..from);
    }
}

/// Whichever of the protocol's eras the server knows.
async fn serve<T, E, A>(ears: Ears, transport: T) -> Result<RunningService<RoleClient, Ears>, Fault>
where
    T: IntoTransport<RoleClient, E, A>,
    E: std::error::Error + Send + Sync + 'static,
{
    let eras = ClientLifecycleMode::Auto {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
    };
    ears.serve_with_lifecycle(transport, eras).await.map_err(|error| Fault::opening(&error))
}

fn headers(web: &Web) -> Result<HashMap<HeaderName, HeaderValue>, Fault> {
    let mut headers = HashMap::new();
    for (name, value) in &web.headers {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Fault::unreachable(format!("{name:?} is no name of a header")))?;
        let mut value = HeaderValue::from_str(value.expose())
            .map_err(|_| Fault::unreachable(format!("the header {name} holds what no header may")))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}
