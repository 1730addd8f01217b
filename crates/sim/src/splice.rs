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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_goes_in_on_one_side_comes_out_on_the_other_and_so_does_the_end() {
        let far = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let near = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let (to, here) = (far.local_addr().expect("bound"), near.local_addr().expect("bound"));
        let mut tasks = JoinSet::new();
        tasks.spawn(run(near, to));
        let mut a = TcpStream::connect(here).await.expect("it listens");
        let (mut b, _) = far.accept().await.expect("it connects");
        let sound: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
        a.write_all(&sound).await.expect("it is open");
        let mut came = vec![0; sound.len()];
        b.read_exact(&mut came).await.expect("it all comes");
        assert_eq!(came, sound);
        b.write_all(b"back").await.expect("it is open");
        let mut back = [0; 4];
        a.read_exact(&mut back).await.expect("it all comes");
        assert_eq!(&back, b"back");
        drop(a);
        assert_eq!(b.read(&mut came).await.expect("it ends"), 0);
    }
}
