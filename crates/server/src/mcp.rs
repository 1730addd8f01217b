//! The servers of tools that the owner set: kept connected, their tools on the shelf, and what they offered remembered.
//!
//! What a server offered last is on the shelf before anybody is asked, so that no call waits for it.

use crate::{
    app::App,
    clock,
    config::{Config, McpServer},
    guard::token,
    vault::Vault,
};
use std::sync::{Arc, Mutex, PoisonError};
use store::{McpRow, Store, StoreError};
use tokio::task::JoinSet;
use tool::{
    Shelf, Toolbox,
    mcp::{
        self, Known, Listing, Reach, Way,
        oauth::{Grant, Keep, Wallet},
    },
};

/// The servers of this instance.
#[derive(Default)]
pub struct Servers {
    all: Vec<Kept>,
    /// What keeps them connected; ends with the process.
    running: Mutex<JoinSet<()>>,
}

/// One server, and how it was set.
pub struct Kept {
    pub server: Arc<mcp::Server>,
    pub set: McpServer,
    address: String,
}

impl Servers {
    /// The servers of these settings, with what is remembered of them. None is asked anything yet.
    pub async fn open(config: &Config, store: &Store, vault: &Vault) -> anyhow::Result<Self> {
        if config.mcp.is_empty() {
            return Ok(Self::default());
        }
        let remembered = store.mcp_servers().await?;
        let reach = Reach { http: mcp::client()?, now_ms: Arc::new(clock::now_ms) };
        let mut all = Vec::new();
        for set in &config.mcp {
            let (name, address) = (&set.settings.name, address(&set.settings.way));
            let last = remembered.iter().find(|row| row.name == *name && row.address == address);
            let last = last.and_then(|row| serde_json::from_str::<Listing>(&row.listing).ok());
            let wallet = if set.may_ask_for_consent() {
                Some(Arc::new(wallet(&reach, store, vault, name, &address).await?))
            } else {
                None
            };
            let server =
                mcp::Server::new(set.settings.clone(), reach.clone(), wallet, last.unwrap_or_default());
            all.push(Kept { server, set: set.clone(), address });
        }
        Ok(Self { all, running: Mutex::default() })
    }

    /// All of them, in the order in which they are set.
    pub fn all(&self) -> &[Kept] {
        &self.all
    }

    pub fn named(&self, name: &str) -> Option<&Kept> {
        self.all.iter().find(|kept| kept.set.settings.name == name)
    }

    /// Puts what they offered last among the tools.
    pub fn shelve(&self, tools: &Toolbox) {
        for kept in &self.all {
            let known = kept.server.known().borrow().clone();
            put(tools, kept, &known);
        }
    }
}

/// Connects the servers, and follows what they offer.
pub fn start(app: &Arc<App>) {
    let mut running = app.mcp.running.lock().unwrap_or_else(PoisonError::into_inner);
    for at in 0..app.mcp.all.len() {
        let server = app.mcp.all[at].server.clone();
        running.spawn(async move { server.run().await });
        // Not the application itself, which holds what runs this.
        let app = Arc::downgrade(app);
        running.spawn(async move {
            let Some(mut known) = app.upgrade().map(|app| app.mcp.all[at].server.known()) else { return };
            while known.changed().await.is_ok() {
                let now = known.borrow_and_update().clone();
                let Some(app) = app.upgrade() else { return };
                let kept = &app.mcp.all[at];
                put(&app.tools, kept, &now);
                if let Err(error) = app.store.mcp_seen(&row(kept, &now)).await {
                    tracing::warn!(%error, "what a server of tools offers is not remembered");
                }
            }
        });
    }
}

fn put(tools: &Toolbox, kept: &Kept, known: &Known) {
    let name = &kept.set.settings.name;
    let (shelf, unfit) = Shelf::of(mcp::tools(&kept.server, known));
    for unfit in unfit {
        tracing::warn!(server = name, %unfit, "a tool is not offered");
    }
    let (count, state) = (shelf.len(), known.status.state.name());
    tracing::info!(server = name, tools = count, state, why = known.status.why, "a server of tools");
    tools.put(name, shelf);
}

fn row(kept: &Kept, known: &Known) -> McpRow {
    McpRow {
        name: kept.set.settings.name.clone(),
        address: kept.address.clone(),
        listing: serde_json::to_string(&known.listing).expect("texts are JSON"),
        state: known.status.state.name().into(),
        why: known.status.why.clone(),
        title: known.status.title.clone(),
        changed_ms: known.status.since_ms,
    }
}

/// What it is reached by, so that what was offered or agreed to there is not another's.
fn address(way: &Way) -> String {
    let parts = match way {
        Way::Program(program) => {
            let arguments = program.arguments.iter().map(mcp::Secret::expose);
            ["program", program.command.as_str()].into_iter().chain(arguments).collect::<Vec<_>>()
        }
        Way::Web(web) => vec!["web", web.url.expose()],
    };
    token::hash(&parts.join("\0"))
}

/// What the owner consented to at this server, and where that is kept.
async fn wallet(
    reach: &Reach,
    store: &Store,
    vault: &Vault,
    name: &str,
    address: &str,
) -> Result<Wallet, StoreError> {
    let owner = format!("mcp:{name}:{address}");
    let sealed = store.mcp_grant(name, address).await?;
    let opened = sealed.map(|sealed| vault.open(&owner, &sealed));
    let grant = match opened {
        Some(Ok(text)) => serde_json::from_str::<Grant>(text.expose()).ok(),
        Some(Err(why)) => {
            tracing::warn!(server = name, %why, "what was agreed to cannot be read");
            None
        }
        None => None,
    };
    let (store, vault) = (store.clone(), vault.clone());
    let (name, address) = (name.to_owned(), address.to_owned());
    let keep: Keep = Box::new(move |grant| {
        let text = serde_json::to_string(&grant).expect("texts are JSON");
        let sealed = vault.seal(&owner, &text);
        let (store, name, address) = (store.clone(), name.clone(), address.clone());
        Box::pin(async move {
            let kept = store.mcp_granted(&name, &address, &sealed, clock::now_ms()).await;
            kept.map_err(|error| error.to_string())
        })
    });
    Ok(Wallet::new(reach.http.clone(), reach.now_ms.clone(), keep, grant))
}
