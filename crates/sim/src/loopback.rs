//! A free port of this machine, where everybody who comes is welcomed by a task of their own.

use std::{io, net::SocketAddr, sync::Arc};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// An open port. Dropping the last clone closes it, and every connection that came in by it.
#[derive(Clone, Debug)]
pub(crate) struct Loopback {
    address: SocketAddr,
    _task: Arc<JoinSet<()>>,
}

impl Loopback {
    pub(crate) async fn open<W>(welcome: impl Fn(TcpStream) -> W + Send + 'static) -> io::Result<Self>
    where
        W: Future<Output = ()> + Send + 'static,
    {
        Self::on(bind().await?, welcome)
    }

    /// Opens what is bound already.
    pub(crate) fn on<W>(
        listener: TcpListener,
        welcome: impl Fn(TcpStream) -> W + Send + 'static,
    ) -> io::Result<Self>
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let address = listener.local_addr()?;
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut guests = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                guests.spawn(welcome(stream));
                while guests.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, _task: Arc::new(task) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

pub(crate) async fn bind() -> io::Result<TcpListener> {
    TcpListener::bind("127.0.0.1:0").await
}
