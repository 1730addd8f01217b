//! One connection to an engine's stand-in, as a test sees it: what was said, and what the test orders.

pub(crate) mod client;
mod host;

pub use host::Host;
pub(crate) use host::Shared;

use crate::clock;
use serde_json::Value;
use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};
use tokio::sync::{Notify, mpsc};

/// One session, from the side of the service.
#[derive(Debug)]
pub struct Session<Order> {
    /// From 1, in the order of connecting.
    pub number: u32,
    orders: mpsc::Sender<Order>,
    record: Arc<Record>,
}

impl<Order> Clone for Session<Order> {
    fn clone(&self) -> Self {
        Self { number: self.number, orders: self.orders.clone(), record: Arc::clone(&self.record) }
    }
}

/// One message of a session.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Since the session was connected.
    pub at: Duration,
    pub from_client: bool,
    /// Audio in it is kept only where the script says so.
    pub event: Value,
}

/// Every session of one stand-in.
#[derive(Debug)]
pub(crate) struct Sessions<Order> {
    all: Mutex<Vec<Session<Order>>>,
    connected: Notify,
}

/// What is remembered of one session.
#[derive(Debug)]
pub(crate) struct Record {
    kept: Mutex<Kept>,
    changed: Notify,
    born: Instant,
}

#[derive(Debug, Default)]
struct Kept {
    log: Vec<Logged>,
    heard: Vec<u8>,
    heard_bytes: u64,
    mistakes: Vec<String>,
    over: bool,
    /// The code and reason of the client that closed it.
    closed: Option<(u16, String)>,
}

impl<Order> Session<Order> {
    /// Does this now; nothing where the session is over.
    pub fn order(&self, order: Order) {
        match self.orders.try_send(order) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
            Err(mpsc::error::TrySendError::Full(_)) => panic!("no test gives 256 orders in one breath"),
        }
    }

    /// Every message so far but the caller's audio.
    pub fn log(&self) -> Vec<Logged> {
        self.record.lock().log.clone()
    }

    /// The events of this type from the client, or from the service.
    pub fn events(&self, from_client: bool, kind: &str) -> Vec<Value> {
        let record = self.record.lock();
        let of_kind = record.log.iter().filter(|l| l.from_client == from_client && l.event["type"] == kind);
        of_kind.map(|logged| logged.event.clone()).collect()
    }

    /// Every error that the client was sent.
    pub fn errors(&self) -> Vec<Value> {
        let (lower, upper) = (self.events(false, "error"), self.events(false, "Error"));
        [lower, upper].concat()
    }

    /// What the service would take and no client should send.
    pub fn mistakes(&self) -> Vec<String> {
        self.record.lock().mistakes.clone()
    }

    /// The caller's audio, where the script keeps it.
    pub fn heard(&self) -> Vec<u8> {
        self.record.lock().heard.clone()
    }

    /// How many bytes of the caller's audio came.
    pub fn heard_bytes(&self) -> u64 {
        self.record.lock().heard_bytes
    }

    /// Waits till `more` bytes of the caller's audio came than there are by now; false where `patience` runs out or the session ends.
    pub async fn hears(&self, more: u64, patience: Duration) -> bool {
        let wanted = self.heard_bytes() + more;
        let heard = self
            .record
            .until(|kept| if kept.heard_bytes >= wanted { Some(true) } else { kept.over.then_some(false) });
        tokio::time::timeout(patience, heard).await.unwrap_or(false)
    }

    /// Waits till a message for which `is` holds is in the log; none where `patience` runs out or the session ends.
    pub async fn wait_for(&self, patience: Duration, is: impl Fn(&Logged) -> bool) -> Option<Logged> {
        let found = self.record.until(|kept| match kept.log.iter().find(|logged| is(logged)) {
            Some(logged) => Some(Some(logged.clone())),
            None if kept.over => Some(None),
            None => None,
        });
        tokio::time::timeout(patience, found).await.ok().flatten()
    }

    /// Waits till the connection is closed, and says with which code and reason the client closed it, if it did.
    pub async fn over(&self) -> Option<(u16, String)> {
        self.record.until(|kept| kept.over.then(|| kept.closed.clone())).await
    }
}

impl<Order> Default for Sessions<Order> {
    fn default() -> Self {
        Self { all: Mutex::default(), connected: Notify::new() }
    }
}

impl<Order> Sessions<Order> {
    /// Begins another: the test's side of it, what is to be written down, and where orders come.
    pub(crate) fn begin(&self) -> (Session<Order>, Arc<Record>, mpsc::Receiver<Order>) {
        let (orders, inbox) = mpsc::channel(256);
        let record = Arc::new(Record { kept: Mutex::default(), changed: Notify::new(), born: clock::now() });
        let mut all = locked(&self.all);
        let session = Session { number: all.len() as u32 + 1, orders, record: Arc::clone(&record) };
        all.push(session.clone());
        drop(all);
        self.connected.notify_waiters();
        (session, record, inbox)
    }

    pub(crate) fn all(&self) -> Vec<Session<Order>> {
        locked(&self.all).clone()
    }

    /// Waits for the session with this number, from 1.
    pub(crate) async fn numbered(&self, number: u32) -> Session<Order> {
        loop {
            let connected = self.connected.notified();
            tokio::pin!(connected);
            connected.as_mut().enable();
            if let Some(session) = locked(&self.all).get(number as usize - 1) {
                return session.clone();
            }
            connected.await;
        }
    }
}

impl Record {
    /// Writes a message down.
    pub(crate) fn log(&self, now: Instant, from_client: bool, event: Value) {
        let at = now.saturating_duration_since(self.born);
        self.lock().log.push(Logged { at, from_client, event });
        self.changed.notify_waiters();
    }

    /// Audio of the caller came, and is kept or only counted.
    pub(crate) fn hear(&self, bytes: &[u8], keep: bool) {
        let mut kept = self.lock();
        kept.heard_bytes += bytes.len() as u64;
        if keep {
            kept.heard.extend_from_slice(bytes);
        }
        drop(kept);
        self.changed.notify_waiters();
    }

    pub(crate) fn set_mistakes(&self, mistakes: &[String]) {
        if !mistakes.is_empty() {
            self.lock().mistakes = mistakes.to_vec();
        }
    }

    /// The session is over; the client closed it so, if it did.
    pub(crate) fn end(&self, closed: Option<(u16, String)>) {
        {
            let mut kept = self.lock();
            kept.closed = closed;
            kept.over = true;
        }
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        locked(&self.kept)
    }

    async fn until<T>(&self, is: impl Fn(&Kept) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(value) = is(&self.lock()) {
                return value;
            }
            changed.await;
        }
    }
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics while holding it")
}
