//! One connection: what is asked on it, within what time, and what the server says unasked.

use super::{Patience, fault::Fault, schema::tidy};
use crate::Progress;
use rmcp::{
    ClientHandler, RoleClient,
    model::{
        CallToolRequest, CallToolRequestParams, ClientCapabilities, ClientConfig, ClientRequest,
        Implementation, ListToolsRequest, PaginatedRequestParams, ProgressNotificationParam, ProgressToken,
        ProtocolVersion, RequestId, ServerResult,
    },
    service::{NotificationContext, Peer, PeerRequestOptions},
};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc},
    time::timeout,
};

/// How long a page of the list may take, and all of them.
const LISTING: Patience = Patience { quiet: Duration::from_secs(15), whole: Duration::from_secs(60) };
/// How many pages are read, and how many tools.
const MOST_PAGES: usize = 100;
const MOST_READ: usize = 10_000;

/// One connection to a server.
#[derive(Clone)]
pub(super) struct Session {
    pub peer: Peer<RoleClient>,
    ears: Ears,
    /// Whether it still answers is to be looked into.
    pub doubt: Arc<Notify>,
    /// It is to be given up.
    pub end: Arc<Notify>,
    abandoned: mpsc::Sender<RequestId>,
}

impl Session {
    /// The session of a connection, and the requests that nobody waits for any more, of which the server is to be told.
    pub fn new(peer: Peer<RoleClient>, ears: Ears) -> (Self, mpsc::Receiver<RequestId>) {
        let (abandoned, told) = mpsc::channel(64);
        (Self { peer, ears, doubt: Arc::default(), end: Arc::default(), abandoned }, told)
    }

    /// The revision of the protocol that is spoken.
    pub fn version(&self) -> Option<ProtocolVersion> {
        self.peer.peer_info().map(|info| info.protocol_version.clone())
    }

    /// What the server calls itself.
    pub fn title(&self) -> Option<String> {
        let info = self.peer.peer_info()?;
        let server = info.server_info.as_ref()?;
        let name = tidy(server.title.as_ref().unwrap_or(&server.name), 80);
        Some(format!("{name} {}", tidy(&server.version, 40)))
    }

    /// Everything that the server lists, within bounds.
    pub async fn list(&self) -> Result<Vec<Value>, Fault> {
        timeout(LISTING.whole, self.pages()).await.unwrap_or(Err(Fault::TimedOut))
    }

    async fn pages(&self) -> Result<Vec<Value>, Fault> {
        let (mut tools, mut seen, mut cursor) = (Vec::new(), BTreeSet::new(), None);
        for _ in 0..MOST_PAGES {
            let params = PaginatedRequestParams::default().with_cursor(cursor);
            let request = ClientRequest::ListToolsRequest(ListToolsRequest::with_param(params));
            let mut page = self.ask(request, LISTING, None).await?;
            let Some(Value::Array(listed)) = page.get_mut("tools").map(Value::take) else {
                return Err(Fault::nonsense("its list of tools is none"));
            };
            tools.extend(listed);
            let next = page["nextCursor"].as_str().map(str::to_owned);
            // A cursor that comes again would go on for ever.
            if next.as_ref().is_none_or(|next| !seen.insert(next.clone())) || tools.len() >= MOST_READ {
                break;
            }
            cursor = next;
        }
        tools.truncate(MOST_READ);
        Ok(tools)
    }

    /// Uses a tool. Dropping the future tells the server that nobody waits any more.
    pub async fn call(
        &self,
        name: &str,
        arguments: Map<String, Value>,
        patience: Patience,
        progress: Option<Progress>,
    ) -> Result<Value, Fault> {
        let params = CallToolRequestParams::new(name.to_owned()).with_arguments(arguments);
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        let answer = self.ask(request, patience, progress).await;
        if answer.as_ref().is_err_and(Fault::is_of_the_connection) {
            self.doubt.notify_one();
        }
        answer
    }

    async fn ask(
        &self,
        request: ClientRequest,
        patience: Patience,
        progress: Option<Progress>,
    ) -> Result<Value, Fault> {
        let options = PeerRequestOptions::with_timeout(patience.quiet)
            .reset_timeout_on_progress()
            .with_max_total_timeout(patience.whole);
        let sending = self.peer.send_request_with_option(request, options);
        let handle = timeout(patience.quiet, sending).await.map_err(|_| Fault::TimedOut)?;
        let handle = handle.map_err(|error| Fault::asking(&error))?;
        let mut awaited = Awaited { id: Some(handle.id.clone()), abandoned: &self.abandoned };
        let _heard = progress.map(|progress| self.ears.hear(&handle.progress_token, progress));
        let result = handle.await_response().await;
        awaited.id = None;
        match result.map_err(|error| Fault::asking(&error))? {
            // What is not quite as the protocol has it is read as far as it can be.
            ServerResult::CustomResult(result) => Ok(result.0),
            result => serde_json::to_value(result).map_err(Fault::nonsense),
        }
    }
}

/// A request that is waited for. Where it is dropped before its answer came, the server is told.
struct Awaited<'a> {
    id: Option<RequestId>,
    abandoned: &'a mpsc::Sender<RequestId>,
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            // A full queue only means that the server goes on for nothing.
            let _told = self.abandoned.try_send(id);
        }
    }
}

/// What hears the server when it was not asked.
#[derive(Clone, Default)]
pub(super) struct Ears {
    /// The list of tools has changed.
    pub changed: Arc<Notify>,
    progress: Arc<Mutex<BTreeMap<String, Progress>>>,
}

impl Ears {
    /// Tells of this request's progress for as long as what is returned lives.
    fn hear(&self, token: &ProgressToken, progress: Progress) -> Heard {
        let token = token.0.to_string();
        let mut all = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(token.clone(), progress);
        Heard { token, progress: self.progress.clone() }
    }
}

/// How much is done, where the server says of what. Its words are left unsaid: nobody has looked at them.
fn percent(done: f64, of: Option<f64>) -> Option<u8> {
    let share = done / of.filter(|of| *of > 0.0)?;
    share.is_finite().then(|| (share * 100.0).clamp(0.0, 100.0) as u8)
}

struct Heard {
    token: String,
    progress: Arc<Mutex<BTreeMap<String, Progress>>>,
}

impl Drop for Heard {
    fn drop(&mut self) {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.token);
    }
}

impl ClientHandler for Ears {
    fn get_info(&self) -> ClientConfig {
        // No capability: nothing that a server could ask of us can be answered on the telephone.
        let us = Implementation::new("earpiece", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(ClientCapabilities::default(), us)
            .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
    }

    async fn on_progress(&self, told: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        let token = told.progress_token.0.to_string();
        let listening = self.progress.lock().unwrap_or_else(PoisonError::into_inner).get(&token).cloned();
        if let (Some(listening), Some(percent)) = (listening, percent(told.progress, told.total)) {
            listening(percent);
        }
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.changed.notify_one();
    }
}
