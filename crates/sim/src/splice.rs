//! A bare TCP splice: what comes in on one side goes out on the other, unread, in the pieces in which it came. The
//! least that anything between a telephone and an engine can cost.

use std::{io, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinSet,
};

/// As much as the server reads at once from a stream.
const AT_ONCE: usize = 4 * 1024;

/// Splices every connection of `listener` to `to`, until it is dropped.
pub async fn run(listener: TcpListener, to: SocketAddr) -> io::Result<()> {
    let mut splices = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        splices.spawn(splice(stream, to));
        while splices.try_join_next().is_some() {}
    }
}

async fn splice(near: TcpStream, to: SocketAddr) -> io::Result<()> {
    let far = TcpStream::connect(to).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    let mut ways = JoinSet::new();
    ways.spawn(one_way(near_read, far_write));
    ways.spawn(one_way(far_read, near_write));
    while let Some(way) = ways.join_next().await {
        way.map_err(io::Error::other)??;
    }
    Ok(())
}

async fn one_way(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> io::Result<()> {
    let mut bytes = vec![0; AT_ONCE];
    loop {
        match from.read(&mut bytes).await? {
            0 => return to.shutdown().await,
            count => to.write_all(&bytes[..count]).await?,
        }
    }
}
