//! One server: kept connected, known by what it offered last, and used.

use super::{
    Secret, Settings, Way,
    connect::{self, Connection},
    fault::Fault,
    listing::{self, Listing},
    oauth::Wallet,
    session::{Ears, Session},
};
use crate::Progress;
use rmcp::{
    model::{CancelledNotificationParam, RequestId, SubscriptionFilter},
    service::Subscription,
};
use serde_json::{Map, Value};
use std::{future::pending, sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::{sleep, timeout},
};

/// How long a connection may take to come about. A program may have to fetch itself first.
const CONNECTING: Duration = Duration::from_secs(25);
const STARTING: Duration = Duration::from_secs(90);
/// How long whoever uses a tool waits for a connection that is not there.
const WAITING: Duration = Duration::from_secs(20);
/// How long it is waited before the next attempt: twice as long after each.
const SHORTEST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(5 * 60);
/// A connection that held so long is a good one, in milliseconds.
const HELD_MS: i64 = 60_000;
/// How often the list is read although nothing was said.
const REFRESH: Duration = Duration::from_secs(15 * 60);
/// How soon after one change another is heeded.
const CALM: Duration = Duration::from_secs(3);
/// How long a server may take to show that it still answers.
const PULSE: Duration = Duration::from_secs(5);
/// How long a server may take to go.
const LEAVING: Duration = Duration::from_secs(8);

/// How servers are reached.
#[derive(Clone)]
pub struct Reach {
    /// Made by [`client`](super::client).
    pub http: reqwest::Client,
    /// Milliseconds since 1970.
    pub now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
}

/// How a server fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not asked yet.
    New,
    Good,
    /// It cannot be reached, or answers what cannot be used.
    Trouble,
    /// It waits for the owner's consent, or for a key that it accepts.
    SignIn,
}

impl State {
    /// `new`, `good`, `trouble` or `sign-in`: as the store spells it.
    pub fn name(self) -> &'static str {
        match self {
            State::New => "new",
            State::Good => "good",
            State::Trouble => "trouble",
            State::SignIn => "sign-in",
        }
    }

    /// The inverse of [`name`](Self::name).
    pub fn named(name: &str) -> Option<Self> {
        [State::New, State::Good, State::Trouble, State::SignIn].into_iter().find(|one| one.name() == name)
    }
}

/// How a server fares, for the owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub state: State,
    /// What is wrong; empty where nothing is.
    pub why: String,
    /// Since when, in milliseconds since 1970; 0: never asked.
    pub since_ms: i64,
    /// What it calls itself, and the revision of the protocol; empty where that is not known.
    pub title: String,
}

/// What is known of a server.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    pub listing: Listing,
    pub status: Status,
}

/// A server, for as long as it is set.
pub struct Server {
    pub settings: Settings,
    reach: Reach,
    /// What the owner consented to, where the server wants that.
    wallet: Option<Arc<Wallet>>,
    known: watch::Sender<Known>,
    phase: watch::Sender<Phase>,
    /// Somebody wants a connection now.
    wanted: Notify,
}

/// Where it stands, with the number of the attempt.
#[derive(Clone)]
enum Phase {
    /// That attempt is over, and this is what came of it.
    Resting(u64, Fault),
    Connecting(u64),
    Ready(u64, Box<Session>),
}

impl Server {
    /// A server that is not connected yet, and what it offered last.
    pub fn new(settings: Settings, reach: Reach, wallet: Option<Arc<Wallet>>, last: Listing) -> Arc<Self> {
        let status = Status { state: State::New, why: String::new(), since_ms: 0, title: String::new() };
        Arc::new(Self {
            settings,
            reach,
            wallet,
            known: watch::Sender::new(Known { listing: last, status }),
            phase: watch::Sender::new(Phase::Connecting(1)),
            wanted: Notify::new(),
        })
    }

    /// What is known of it, and when that changes.
    pub fn known(&self) -> watch::Receiver<Known> {
        self.known.subscribe()
    }

    /// What the owner consented to, where the server wants that.
    pub fn wallet(&self) -> Option<&Arc<Wallet>> {
        self.wallet.as_ref()
    }

    /// Has the connection made anew, as after a consent.
    pub fn connect_again(&self) {
        if let Phase::Ready(_, session) = &*self.phase.borrow() {
            session.end.notify_one();
        }
        self.wanted.notify_one();
    }

    /// Asks the server what it offers, now, and says how many tools that are.
    pub async fn test(&self) -> Result<usize, Fault> {
        let session = self.session().await?;
        let tools = session.list().await.inspect_err(|_| session.doubt.notify_one())?;
        self.take(&session, &tools);
        Ok(self.known.borrow().listing.tools.len())
    }

    /// Uses a tool by its name there. One that only `reads` is tried again where the connection broke.
    pub async fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        reads: bool,
        progress: Option<Progress>,
    ) -> Result<Value, Fault> {
        let patience = self.settings.patience;
        let first = self.session().await?;
        let answer = first.call(tool, arguments.clone(), patience, progress.clone()).await;
        let Err(fault) = &answer else { return answer };
        let broke = matches!(fault, Fault::Unreachable(_)) && reads;
        if !broke && !fault.is_before_anything() {
            return answer;
        }
        if matches!(fault, Fault::SignIn(_)) && !self.renewed().await {
            return answer;
        }
        self.lost(&first);
        self.session().await?.call(tool, arguments, patience, progress).await
    }

    /// Keeps the server connected, for ever.
    pub async fn run(&self) {
        let (mut attempt, mut rest) = (0_u64, SHORTEST_REST);
        loop {
            attempt += 1;
            self.phase.send_replace(Phase::Connecting(attempt));
            let began = (self.reach.now_ms)();
            let fault = match self.connect().await {
                Ok(connection) => self.attend(attempt, connection).await,
                Err(fault) => fault,
            };
            if (self.reach.now_ms)() - began > HELD_MS {
                rest = SHORTEST_REST;
            }
            self.trouble(&fault);
            self.phase.send_replace(Phase::Resting(attempt, fault));
            let _wanted_or_rested = timeout(rest, self.wanted.notified()).await;
            rest = (rest * 2).min(LONGEST_REST);
        }
    }

    async fn connect(&self) -> Result<Connection, Fault> {
        let (bound, ears) = match self.settings.way {
            Way::Program(_) => (STARTING, Ears::default()),
            Way::Web(_) => (CONNECTING, Ears::default()),
        };
        let opening = async {
            let token = self.token().await?;
            match connect::open(&self.settings.way, &self.reach.http, token, ears.clone()).await {
                Err(Fault::SignIn(challenge)) => {
                    if let Some(wallet) = &self.wallet {
                        wallet.challenged(&challenge);
                    }
                    if !self.renewed().await {
                        return Err(Fault::SignIn(challenge));
                    }
                    let token = self.token().await?;
                    connect::open(&self.settings.way, &self.reach.http, token, ears).await
                }
                opened => opened,
            }
        };
        timeout(bound, opening).await.unwrap_or(Err(Fault::TimedOut))
    }

    async fn token(&self) -> Result<Option<Secret>, Fault> {
        match &self.wallet {
            Some(wallet) => wallet.token().await,
            None => Ok(None),
        }
    }

    /// Whether there is another token than the one that was refused.
    async fn renewed(&self) -> bool {
        match &self.wallet {
            Some(wallet) => wallet.renew().await,
            None => false,
        }
    }

    /// Sees to a connection until it is of no use, and says why it is not.
    async fn attend(&self, attempt: u64, connection: Connection) -> Fault {
        let Connection { running, aside: _aside } = connection;
        let ears = running.service().clone();
        let (session, mut abandoned) = Session::new(running.peer().clone(), ears.clone());
        let leave = running.cancellation_token();
        let ended = running.waiting();
        tokio::pin!(ended);
        self.phase.send_replace(Phase::Ready(attempt, Box::new(session.clone())));
        let fault = tokio::select! {
            fault = self.follow(&session, &ears, &mut abandoned) => fault,
            _ = &mut ended => return Fault::unreachable("the connection broke off"),
        };
        leave.cancel();
        let _gone = timeout(LEAVING, ended).await;
        fault
    }

    /// Reads the list, and again when it has changed, until the connection is of no use.
    async fn follow(
        &self,
        session: &Session,
        ears: &Ears,
        abandoned: &mut mpsc::Receiver<RequestId>,
    ) -> Fault {
        if let Err(fault) = self.relist(session).await {
            return fault;
        }
        let mut subscription = subscribed(session).await;
        let calm = sleep(CALM);
        tokio::pin!(calm);
        let mut changed = false;
        loop {
            let heard = async {
                match &mut subscription {
                    Some(subscription) => subscription.next().await,
                    None => pending().await,
                }
            };
            let listed = tokio::select! {
                () = ears.changed.notified() => {
                    changed = true;
                    continue;
                }
                heard = heard => {
                    match heard {
                        Ok(Some(_)) => changed = true,
                        Ok(None) | Err(_) => subscription = None,
                    }
                    continue;
                }
                Some(id) = abandoned.recv() => {
                    let unwanted = CancelledNotificationParam::new(Some(id), Some("nobody waits for it".into()));
                    let _told = timeout(PULSE, session.peer.notify_cancelled(unwanted)).await;
                    continue;
                }
                () = &mut calm, if changed => {
                    changed = false;
                    let listed = self.relist(session).await;
                    calm.set(sleep(CALM));
                    listed
                }
                () = session.doubt.notified() => {
                    timeout(PULSE, self.relist(session)).await.unwrap_or(Err(Fault::TimedOut))
                }
                () = session.end.notified() => return Fault::unreachable("it is connected anew"),
                () = sleep(REFRESH) => self.relist(session).await,
            };
            if let Err(fault) = listed {
                return fault;
            }
        }
    }

    /// Reads the list. What a server refuses leaves the connection as it is.
    async fn relist(&self, session: &Session) -> Result<(), Fault> {
        match session.list().await {
            Ok(tools) => self.take(session, &tools),
            Err(fault) if fault.is_of_the_connection() => return Err(fault),
            Err(fault) => self.trouble(&fault),
        }
        Ok(())
    }

    fn take(&self, session: &Session, tools: &[Value]) {
        let listing = listing::read(&self.settings.name, &self.settings.choice, tools);
        let version = session.version().map(|version| format!(" (MCP {version})")).unwrap_or_default();
        let title = format!("{}{version}", session.title().unwrap_or_default());
        let now_ms = (self.reach.now_ms)();
        self.known.send_if_modified(|known| {
            let before = known.clone();
            if known.status.state != State::Good {
                known.status.since_ms = now_ms;
            }
            known.status = Status { state: State::Good, why: String::new(), title, ..known.status.clone() };
            known.listing = listing;
            before != *known
        });
    }

    fn trouble(&self, fault: &Fault) {
        let state = match fault {
            Fault::SignIn(_) => State::SignIn,
            Fault::Unreachable(_)
            | Fault::Forbidden(_)
            | Fault::Refused(_)
            | Fault::TimedOut
            | Fault::Nonsense(_) => State::Trouble,
        };
        let now_ms = (self.reach.now_ms)();
        self.known.send_if_modified(|known| {
            let before = known.clone();
            if known.status.state != state {
                known.status.since_ms = now_ms;
            }
            known.status = Status { state, why: fault.to_string(), ..known.status.clone() };
            before != *known
        });
    }

    /// This session is of no use: the next is to be waited for.
    fn lost(&self, session: &Session) {
        session.end.notify_one();
        self.wanted.notify_one();
        self.phase.send_if_modified(|phase| match phase {
            Phase::Ready(attempt, ready) if Arc::ptr_eq(&ready.end, &session.end) => {
                *phase = Phase::Connecting(*attempt + 1);
                true
            }
            Phase::Ready(..) | Phase::Connecting(_) | Phase::Resting(..) => false,
        });
    }

    /// The session that there is, or the one that comes of the next attempt.
    async fn session(&self) -> Result<Session, Fault> {
        let mut phases = self.phase.subscribe();
        let next = match &*phases.borrow_and_update() {
            Phase::Ready(_, session) if !session.peer.is_transport_closed() => {
                return Ok(Session::clone(session));
            }
            Phase::Ready(attempt, _) | Phase::Resting(attempt, _) => attempt + 1,
            Phase::Connecting(attempt) => *attempt,
        };
        self.wanted.notify_one();
        let settled = |phase: &Phase| match phase {
            Phase::Ready(_, session) => !session.peer.is_transport_closed(),
            Phase::Resting(attempt, _) => *attempt >= next,
            Phase::Connecting(_) => false,
        };
        let settled = timeout(WAITING, phases.wait_for(settled)).await.map_err(|_| Fault::TimedOut)?;
        match &*settled.expect("the sender is ours") {
            Phase::Ready(_, session) => Ok(Session::clone(session)),
            Phase::Resting(_, fault) => Err(fault.clone()),
            Phase::Connecting(_) => Err(Fault::TimedOut),
        }
    }
}

/// What tells of changes where the protocol wants that asked for.
async fn subscribed(session: &Session) -> Option<Subscription> {
    if session.version()?.has_initialize() {
        return None;
    }
    let filter = SubscriptionFilter::builder().tools_list_changed().build();
    timeout(PULSE, session.peer.listen(filter)).await.ok()?.ok()
}
