//! The same load through a bare splice: messages as long as those of a call, as often, read by nobody on the way.

use super::{Measured, Plan, World, process, report::Relayed};
use crate::{
    clock::{self, Pace},
    loopback::Loopback,
    twilio::{Sids, message::Writer},
};
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
};

const EVERY: Duration = Duration::from_millis(20);
/// A WebSocket header with a mask, as a client writes it.
const MASKED: usize = 8;
/// And one without.
const PLAIN: usize = 4;
/// `response.output_audio.delta` with 20 ms of µ-law.
const DELTA: usize = 216 + 230 + PLAIN;

/// The server asks for a mark behind every 100 ms of sound.
const PIECES_A_MARK: u32 = 5;

/// What besides sound is moved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traffic {
    /// A mark comes back for every [`PIECES_A_MARK`] pieces of sound.
    pub(super) marks: bool,
}

/// Where the splice connects to.
pub(super) struct FarEnd {
    loopback: Loopback,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    pipes: Mutex<BTreeMap<u32, Pipe>>,
}

/// When the messages of one connection left and came, each way.
#[derive(Default)]
struct Pipe {
    up_left: Vec<Instant>,
    up_came: Vec<Instant>,
    down_left: Vec<Instant>,
    down_came: Vec<Instant>,
}

impl FarEnd {
    pub(super) async fn listen() -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let far = Arc::clone(&shared);
        let loopback = Loopback::open(move |stream| {
            let end = far_end(stream, Arc::clone(&far));
            // A connection that breaks is told of by whoever measures it.
            async { drop(end.await) }
        });
        Ok(Self { loopback: loopback.await?, shared })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.loopback.address()
    }
}

pub(super) async fn measure(
    world: &World,
    plan: &Plan,
    splice: Measured,
    length: Duration,
    traffic: Traffic,
) -> Result<Relayed, String> {
    let shared = &world.far.shared;
    shared.pipes.lock().expect("nobody panics while holding it").clear();
    let (over, is_over) = watch::channel(false);
    let mut ends = JoinSet::new();
    for call in 1..=plan.calls {
        let stream =
            TcpStream::connect(splice.address).await.map_err(|e| format!("the splice is gone: {e}"))?;
        ends.spawn(near_end(stream, call, traffic, Arc::clone(shared), is_over.clone()));
        tokio::time::sleep(super::relay::STAGGER / 4).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let wrong = |e: io::Error| format!("the splice cannot be measured: {e}");
    let spent = process::spent(splice.pid, length).await.map_err(wrong)?;
    // Whoever has gone needs no telling.
    let _ = over.send(true);
    while let Some(done) = ends.join_next().await {
        done.map_err(|e| e.to_string())?
            .map_err(|e| format!("a connection through the splice broke: {e}"))?;
    }
    let mut relayed = Relayed::over(plan.calls, spent);
    let pipes = shared.pipes.lock().expect("nobody panics while holding it");
    for pipe in pipes.values() {
        for (left, came, delays) in [
            (&pipe.up_left, &pipe.up_came, &mut relayed.up),
            (&pipe.down_left, &pipe.down_came, &mut relayed.down),
        ] {
            let within = left.iter().zip(came).filter(|(left, _)| (spent.from..spent.to).contains(left));
            delays.extend(within.map(|(left, came)| came.saturating_duration_since(*left)));
        }
    }
    Ok(relayed)
}

async fn near_end(
    stream: TcpStream,
    call: u32,
    traffic: Traffic,
    shared: Arc<Shared>,
    mut over: watch::Receiver<bool>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut read, mut write) = stream.into_split();
    let mut writer = Writer::new(Sids::invented(u64::from(call)));
    let media = writer.media(1_000_000, &[0xff; 160]).len() + MASKED;
    let mark = writer.mark("1234").len() + MASKED;
    write.write_all(&call.to_be_bytes()).await?;
    let mut pace = Pace::new(clock::now(), EVERY);
    let mut down = vec![0; DELTA];
    let mut filled = 0;
    let mut pieces = 0;
    loop {
        tokio::select! {
            () = clock::sleep_until(pace.next()) => {
                pace.beat();
                shared.note(call, |pipe| pipe.up_left.push(clock::now()));
                write.write_all(&message(media, b's')).await?;
            }
            count = read.read(&mut down[filled..]) => {
                filled += count?;
                if filled == DELTA {
                    filled = 0;
                    pieces += 1;
                    shared.note(call, |pipe| pipe.down_came.push(clock::now()));
                    if traffic.marks && pieces % PIECES_A_MARK == 0 {
                        write.write_all(&message(mark, b'm')).await?;
                    }
                }
            }
            _ = over.changed() => return Ok(()),
        }
    }
}

async fn far_end(stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut read, write) = stream.into_split();
    let call = read.read_u32().await?;
    let mut ways = JoinSet::new();
    ways.spawn(far_writes(write, call, Arc::clone(&shared)));
    // When the near end goes, both ways end.
    far_reads(read, call, &shared).await
}

async fn far_writes(mut write: OwnedWriteHalf, call: u32, shared: Arc<Shared>) -> io::Result<()> {
    let mut pace = Pace::new(clock::now(), EVERY);
    loop {
        clock::sleep_until(pace.next()).await;
        pace.beat();
        shared.note(call, |pipe| pipe.down_left.push(clock::now()));
        write.write_all(&message(DELTA, b's')).await?;
    }
}

async fn far_reads(mut read: OwnedReadHalf, call: u32, shared: &Shared) -> io::Result<()> {
    let mut pending = Vec::with_capacity(8 * 1024);
    loop {
        if read.read_buf(&mut pending).await? == 0 {
            return Ok(());
        }
        while let [kind, high, low, ..] = pending[..]
            && let length = usize::from(u16::from_be_bytes([high, low]))
            && pending.len() >= length
        {
            pending.drain(..length);
            if kind == b's' {
                shared.note(call, |pipe| pipe.up_came.push(clock::now()));
            }
        }
    }
}

impl Shared {
    fn note(&self, call: u32, write: impl FnOnce(&mut Pipe)) {
        let mut pipes = self.pipes.lock().expect("nobody panics while holding it");
        write(pipes.entry(call).or_default());
    }
}

/// A message of this length and kind, which says both.
fn message(length: usize, kind: u8) -> Vec<u8> {
    let mut bytes = vec![0; length];
    bytes[0] = kind;
    bytes[1..3].copy_from_slice(&(length as u16).to_be_bytes());
    bytes
}
