//! The servers of tools that the owner set: kept connected, their tools on the shelf, and what they offered remembered.
//!
//! What a server offered last is on the shelf before anybody is asked, so that no call waits for it.

use crate::{
    added,
    app::App,
    clock,
    config::{Config, McpServer, Written, on_page},
    current::Current,
    guard::token,
    vault::Vault,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};
use store::{AddedRow, McpRow, Store, StoreError};
use tokio::task::JoinSet;
use tool::{
    Shelf, Toolbox,
    mcp::{
        self, Known, Listing, Reach, Way,
        oauth::{Grant, Keep, Wallet},
    },
    network::Network,
};

/// The servers of this instance.
pub struct Servers {
    all: Current<Vec<Arc<Kept>>>,
    network: Network,
    reach: OnceLock<Reach>,
    /// What keeps each connected; ends with the process, or with the server.
    running: Mutex<BTreeMap<String, JoinSet<()>>>,
    /// They are looked at one after the other.
    turn: tokio::sync::Mutex<()>,
}

/// One server, and how it was set.
pub struct Kept {
    pub server: Arc<mcp::Server>,
    pub set: McpServer,
    /// It was added on a page.
    pub added: bool,
    address: String,
}

impl Servers {
    /// The servers of these settings and of the page, with what is remembered of them. None is asked anything yet.
    pub async fn open(
        config: &Config,
        added: &[AddedRow],
        store: &Store,
        vault: &Vault,
        network: Network,
    ) -> anyhow::Result<Self> {
        let servers = Self {
            all: Current::new(Vec::new()),
            network,
            reach: OnceLock::new(),
            running: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        };
        let mut all = Vec::new();
        let remembered = store.mcp_servers().await?;
        for (set, added) in wanted(config, added, vault) {
            let place = Place { remembered: &remembered, reach: servers.reach()?, store, vault };
            all.push(Arc::new(Kept::open(set, added, place).await?));
        }
        servers.all.set(all);
        Ok(servers)
    }

    /// How they are reached; made once there is one.
    fn reach(&self) -> anyhow::Result<Reach> {
        if let Some(reach) = self.reach.get() {
            return Ok(reach.clone());
        }
        let reach = Reach { http: mcp::client(self.network)?, now_ms: Arc::new(clock::now_ms) };
        Ok(self.reach.get_or_init(|| reach).clone())
    }

    /// All of them, in the order in which they are set.
    pub fn all(&self) -> Arc<Vec<Arc<Kept>>> {
        self.all.get()
    }

    pub fn named(&self, name: &str) -> Option<Arc<Kept>> {
        self.all.get().iter().find(|kept| kept.set.settings.name == name).cloned()
    }

    /// Puts what they offered last among the tools.
    pub fn shelve(&self, tools: &Toolbox) {
        for kept in self.all.get().iter() {
            let known = kept.server.known().borrow().clone();
            put(tools, kept, &known);
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, JoinSet<()>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a server is opened with.
struct Place<'a> {
    /// What is remembered of all servers.
    remembered: &'a [McpRow],
    reach: Reach,
    store: &'a Store,
    vault: &'a Vault,
}

impl Kept {
    async fn open(set: McpServer, added: bool, place: Place<'_>) -> anyhow::Result<Self> {
        let Place { remembered, reach, store, vault } = place;
        let (name, address) = (&set.settings.name, address(&set.settings.way));
        let last = remembered.iter().find(|row| row.name == *name && row.address == address);
        let last = last.and_then(|row| serde_json::from_str::<Listing>(&row.listing).ok());
        let wallet = if set.may_ask_for_consent() {
            Some(Arc::new(wallet(&reach, store, vault, name, &address).await?))
        } else {
            None
        };
        let server = mcp::Server::new(set.settings.clone(), reach, wallet, last.unwrap_or_default());
        Ok(Self { server, set, added, address })
    }
}

/// What is to be there: the servers of the settings, and those of the page that have another name. With whether they were
/// added on the page.
fn wanted(config: &Config, rows: &[AddedRow], vault: &Vault) -> Vec<(McpServer, bool)> {
    let mut wanted: Vec<_> = config.mcp.iter().map(|set| (set.clone(), false)).collect();
    for (name, written) in added::all::<Written>(rows, vault, added::Kind::Server) {
        if wanted.iter().any(|(set, _)| set.settings.name == name) {
            continue;
        }
        match on_page(written, config) {
            Ok(set) => wanted.push((set, true)),
            Err(why) => tracing::warn!(server = name, why, "a server of tools that was added is not heeded"),
        }
    }
    wanted
}

/// Connects the servers, and follows what they offer.
pub fn start(app: &Arc<App>) {
    for kept in app.mcp.all().iter() {
        run(app, kept);
    }
}

/// Makes count what was set, or heeded of what was added, since the last look. Calls that go on keep the tools that they began
/// with.
pub async fn refresh(app: &Arc<App>) -> anyhow::Result<()> {
    let _turn = app.mcp.turn.lock().await;
    let wanted = wanted(&app.config.get(), &app.added.get(), &app.vault);
    let before = app.mcp.all();
    let same = |kept: &Kept, set: &McpServer, added: bool| kept.set == *set && kept.added == added;
    if before.len() == wanted.len()
        && before.iter().zip(&wanted).all(|(kept, (set, added))| same(kept, set, *added))
    {
        return Ok(());
    }
    for kept in before.iter().filter(|kept| !wanted.iter().any(|(set, added)| same(kept, set, *added))) {
        let name = &kept.set.settings.name;
        drop(app.mcp.running().remove(name));
        app.tools.remove(name);
    }
    let mut all = Vec::new();
    let remembered = app.store.mcp_servers().await?;
    for (set, added) in wanted {
        if let Some(kept) = before.iter().find(|kept| same(kept, &set, added)) {
            all.push(kept.clone());
            continue;
        }
        let (store, vault) = (&app.store, &app.vault);
        let place = Place { remembered: &remembered, reach: app.mcp.reach()?, store, vault };
        let kept = Arc::new(Kept::open(set, added, place).await?);
        let known = kept.server.known().borrow().clone();
        put(&app.tools, &kept, &known);
        run(app, &kept);
        all.push(kept);
    }
    app.mcp.all.set(all);
    Ok(())
}

/// Keeps it connected until it is set no longer.
fn run(app: &Arc<App>, kept: &Arc<Kept>) {
    let mut tasks = JoinSet::new();
    let server = kept.server.clone();
    tasks.spawn(async move { server.run().await });
    // Not the application itself, which holds what runs this.
    let (house, followed) = (Arc::downgrade(app), kept.clone());
    tasks.spawn(async move {
        let mut known = followed.server.known();
        while known.changed().await.is_ok() {
            let now = known.borrow_and_update().clone();
            let Some(app) = house.upgrade() else { return };
            put(&app.tools, &followed, &now);
            if let Err(error) = app.store.mcp_seen(&row(&followed, &now)).await {
                tracing::warn!(%error, "what a server of tools offers is not remembered");
            }
        }
    });
    app.mcp.running().insert(kept.set.settings.name.clone(), tasks);
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
