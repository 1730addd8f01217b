//! Where the sessions of an engine's stand-in are held: its port, its script, and who was let in.

use super::{Session, Sessions, locked};
use crate::loopback::Loopback;
use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::net::TcpStream;

/// What all stand-ins for engines have. Clones are the same service; dropping the last closes every session.
#[derive(Clone)]
pub struct Host<Script, Order> {
    loopback: Loopback,
    shared: Arc<Shared<Script, Order>>,
}

pub(crate) struct Shared<Script, Order> {
    script: Mutex<Script>,
    pub sessions: Sessions<Order>,
    /// Upgrades refused, with their status.
    refused: Mutex<Vec<u16>>,
}

impl<Script, Order> fmt::Debug for Host<Script, Order> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("address", &self.address()).finish_non_exhaustive()
    }
}

impl<Script: Clone + Send + 'static, Order: Send + 'static> Host<Script, Order> {
    /// Opens a port where everybody is welcomed so.
    pub(crate) async fn listen<W>(
        script: Script,
        welcome: impl Fn(TcpStream, Arc<Shared<Script, Order>>) -> W + Send + 'static,
    ) -> io::Result<Self>
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let (sessions, refused) = (Sessions::default(), Mutex::default());
        let shared = Arc::new(Shared { script: Mutex::new(script), sessions, refused });
        let host = Arc::clone(&shared);
        let loopback = Loopback::open(move |stream| welcome(stream, Arc::clone(&host))).await?;
        Ok(Self { loopback, shared })
    }

    /// Sessions to come behave by this.
    pub fn set_script(&self, script: Script) {
        *locked(&self.shared.script) = script;
    }

    /// Every session so far.
    pub fn sessions(&self) -> Vec<Session<Order>> {
        self.shared.sessions.all()
    }

    /// The status of every upgrade that was refused.
    pub fn refused(&self) -> Vec<u16> {
        locked(&self.shared.refused).clone()
    }

    /// Waits for the session with this number, from 1.
    pub async fn session(&self, number: u32) -> Session<Order> {
        self.shared.sessions.numbered(number).await
    }
}

impl<Script, Order> Host<Script, Order> {
    pub(crate) fn address(&self) -> SocketAddr {
        self.loopback.address()
    }
}

impl<Script: Clone, Order> Shared<Script, Order> {
    /// What the next session behaves by.
    pub(crate) fn script(&self) -> Script {
        locked(&self.script).clone()
    }

    /// Somebody was refused with this status, if that is why they are not there.
    pub(crate) fn refuse(&self, status: Option<u16>) {
        locked(&self.refused).extend(status);
    }
}
