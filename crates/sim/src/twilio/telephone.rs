//! One media stream, and the telephone at its end: 20 ms of the caller up every 20 ms, the assistant's sound played to
//! the sample, and a network with a length in between.

use super::{
    Account, Dial, Ended, Failed, Network, Order,
    markup::StreamVerb,
    message::{self, FromServer},
    playout::{Cleared, Heard, Playout},
    signature,
};
use crate::clock::{self, Pace};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, sync::mpsc};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, client_async_with_config, connect_async_tls_with_config,
    tungstenite::{
        self, Message, Utf8Bytes,
        client::IntoClientRequest as _,
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};

/// Bytes of µ-law in one message from the telephone: 20 ms.
pub const FRAME: usize = 160;
/// µ-law's silence.
pub const SILENCE: u8 = 0xff;

const EVERY: Duration = Duration::from_millis(20);

/// Whoever holds the telephone. Called from the task that runs the call: nothing here may wait.
pub trait Party: Send {
    /// What is said into the telephone during the 20 ms that ended just now. `frame` holds silence.
    fn speak(&mut self, now: Instant, frame: &mut [u8; FRAME]) -> Act;
    /// What happened.
    fn told(&mut self, event: Event<'_>);
}

/// What the caller does besides speaking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Nothing,
    /// Send nothing of these 20 ms. Twilio always sends; this makes many idle calls cheap to hold.
    Skip,
    /// A key: `0`–`9`, `*`, `#`.
    Press(char),
    HangUp,
}

/// What the caller can notice, and what only a measuring one can.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// `<Say>` says this now.
    Said { text: &'a str },
    /// The stream stands and `start` was sent; the moment 0 of a recording.
    Started { at: Instant },
    /// A message of the server has come in at the wire; the network's delay is still before it.
    Arrived { at: Instant, message: &'a FromServer },
    /// This sounded in the caller's ear, its first sample at `at`.
    Sounded { at: Instant, ulaw: &'a Bytes },
    /// Everything before this mark has sounded.
    Reached { at: Instant, mark: &'a str },
    /// A `clear` took effect.
    Cleared { at: Instant, cleared: &'a Cleared },
    /// What was put into the last [`Party::speak`] goes out at the wire now; told where the network has no length.
    Spoke { at: Instant },
    /// The stream is over.
    Stopped { at: Instant },
}

/// Something that Twilio would log against the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtocolError {
    /// <https://www.twilio.com/docs/api/errors>
    pub code: u32,
    pub what: String,
}

/// How a stream was left.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Left {
    ServerClosed,
    CallerHungUp,
    Ordered(Order),
}

/// Plays a stretch of µ-law, then silence: the simplest [`Party`].
#[derive(Debug, Default)]
pub struct Speech {
    pub ulaw: VecDeque<u8>,
    /// Hang up when all is said.
    pub then_hang_up: bool,
    /// What sounded in the ear.
    pub heard: Vec<u8>,
}

impl Party for Speech {
    fn speak(&mut self, _: Instant, frame: &mut [u8; FRAME]) -> Act {
        if self.ulaw.is_empty() && self.then_hang_up {
            return Act::HangUp;
        }
        for sample in frame {
            *sample = self.ulaw.pop_front().unwrap_or(SILENCE);
        }
        Act::Nothing
    }

    fn told(&mut self, event: Event<'_>) {
        if let Event::Sounded { ulaw, .. } = event {
            self.heard.extend_from_slice(ulaw);
        }
    }
}

/// Opens the stream and stays in it.
pub(super) async fn connect(
    account: &Account,
    dial: &mut Dial,
    verb: &StreamVerb,
    party: &mut impl Party,
    ended: &mut Ended,
) -> Result<Left, Failed> {
    ended.times.dialled = Some(clock::now());
    let socket = open(account, dial, &verb.url).await?;
    ended.times.accepted = Some(clock::now());
    let mut line = Line {
        socket,
        writer: message::Writer::new(dial.sids.clone()),
        sid: dial.sids.stream.clone(),
        playout: Playout::default(),
        up: Journey::new(dial.network.up, dial.network),
        down: Journey::new(dial.network.down, dial.network),
        ended,
        heard: Vec::new(),
    };
    let left = line.run(&verb.parameters, &mut dial.orders, party).await;
    line.ended.times.stopped = Some(clock::now());
    party.told(Event::Stopped { at: clock::now() });
    left
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn open(account: &Account, dial: &Dial, url: &str) -> Result<Socket, Failed> {
    let refused = |what: String, status| Failed { code: 31_920, what, status };
    let mut request =
        url.into_client_request().map_err(|e| refused(format!("{url:?} is no address: {e}"), None))?;
    let headers = request.headers_mut();
    let signature = signature::sign(url, &[], &account.auth_token);
    headers.insert("X-Twilio-Signature", signature.parse().expect("base64 is a header value"));
    headers.insert("User-Agent", "Twilio.TmeWs/1.0".parse().expect("it is a header value"));
    let scheme = if url.starts_with("wss:") { "https" } else { "http" };
    if dial.connect_to.is_some() {
        headers.insert("X-Forwarded-Proto", scheme.parse().expect("it is a header value"));
    }
    let config = WebSocketConfig::default()
        .read_buffer_size(8 * 1024)
        .write_buffer_size(0)
        .max_message_size(Some(16 << 20));
    let opened = tokio::time::timeout(Duration::from_secs(10), async {
        match dial.connect_to {
            Some(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                client_async_with_config(request, MaybeTlsStream::Plain(stream), Some(config)).await
            }
            None => connect_async_tls_with_config(request, Some(config), true, None::<Connector>).await,
        }
    });
    match opened.await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(tungstenite::Error::Http(response))) => {
            let status = response.status().as_u16();
            Err(refused(format!("the stream's upgrade was answered {status}"), Some(status)))
        }
        Ok(Err(why)) => Err(refused(format!("the stream does not open: {why}"), None)),
        Err(_) => Err(refused("the stream does not open in 10 s".into(), None)),
    }
}

struct Line<'a> {
    socket: Socket,
    writer: message::Writer,
    sid: String,
    playout: Playout,
    up: Journey<String>,
    down: Journey<FromServer>,
    ended: &'a mut Ended,
    heard: Vec<Heard>,
}

impl Line<'_> {
    async fn run(
        &mut self,
        parameters: &[(String, String)],
        orders: &mut Option<mpsc::Receiver<Order>>,
        party: &mut impl Party,
    ) -> Result<Left, Failed> {
        let connected = self.writer.connected();
        self.send(connected).await?;
        let start = self.writer.start(parameters);
        self.send(start).await?;
        let started = clock::now();
        self.ended.times.started = Some(started);
        party.told(Event::Started { at: started });
        // A frame is whole, and goes out, 20 ms after it began.
        let mut pace = Pace::new(started + EVERY, EVERY);
        loop {
            let now = clock::now();
            self.deliver(now, party);
            self.play(now, party);
            while pace.next() <= now {
                let begun = pace.next().duration_since(started + EVERY);
                pace.beat();
                let mut frame = [SILENCE; FRAME];
                match party.speak(now, &mut frame) {
                    Act::Nothing => {}
                    Act::Skip => continue,
                    Act::Press(digit) => {
                        let text = self.writer.dtmf(digit);
                        self.up.add(now, text);
                    }
                    Act::HangUp => return self.stop(Left::CallerHungUp).await,
                }
                let text = self.writer.media(begun.as_millis(), &frame);
                self.up.add(now, text);
                if self.up.is_instant() {
                    party.told(Event::Spoke { at: clock::now() });
                    self.flush(now).await?;
                }
            }
            self.flush(now).await?;
            let wake = [self.playout.next_mark(), self.down.next(), self.up.next()];
            let wake = wake.into_iter().flatten().fold(pace.next(), Instant::min);
            tokio::select! {
                message = self.socket.next() => match self.take(message, party) {
                    Ok(()) => {}
                    Err(Gone) => return Ok(Left::ServerClosed),
                },
                Some(order) = next_order(orders) => return self.stop(Left::Ordered(order)).await,
                () = clock::sleep_until(wake) => {}
            }
        }
    }

    fn take(
        &mut self,
        message: Option<Result<Message, tungstenite::Error>>,
        party: &mut impl Party,
    ) -> Result<(), Gone> {
        let now = clock::now();
        match message {
            Some(Ok(Message::Text(text))) => match message::read(&text, &self.sid) {
                Ok(read) => {
                    if matches!(read, FromServer::Media(_)) {
                        self.ended.times.first_sound.get_or_insert(now);
                    }
                    party.told(Event::Arrived { at: now, message: &read });
                    self.down.add(now, read);
                }
                Err(what) => self.object(31_951, what),
            },
            Some(Ok(Message::Binary(_))) => self.object(31_950, "a binary message".into()),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Close(_))) | None => return Err(Gone),
            Some(Err(why)) => {
                self.object(31_921, format!("the server broke the connection: {why}"));
                return Err(Gone);
            }
        }
        Ok(())
    }

    fn deliver(&mut self, now: Instant, party: &mut impl Party) {
        while let Some((at, message)) = self.down.arrived(now) {
            self.play(at, party);
            match message {
                FromServer::Media(ulaw) => self.playout.media(at, ulaw),
                FromServer::Mark(name) => self.playout.mark(at, name),
                FromServer::Clear => {
                    let cleared = self.playout.clear();
                    party.told(Event::Cleared { at, cleared: &cleared });
                    for name in cleared.marks {
                        let text = self.writer.mark(&name);
                        self.up.add(at, text);
                    }
                }
            }
        }
    }

    fn play(&mut self, now: Instant, party: &mut impl Party) {
        self.playout.advance(now, &mut self.heard);
        for heard in self.heard.drain(..) {
            match heard {
                Heard::Sound { at, ulaw } => party.told(Event::Sounded { at, ulaw: &ulaw }),
                Heard::Mark { at, name } => {
                    party.told(Event::Reached { at, mark: &name });
                    let text = self.writer.mark(&name);
                    self.up.add(at, text);
                }
            }
        }
    }

    async fn flush(&mut self, now: Instant) -> Result<(), Failed> {
        while let Some((_, text)) = self.up.arrived(now) {
            self.send(text).await?;
        }
        Ok(())
    }

    async fn stop(&mut self, left: Left) -> Result<Left, Failed> {
        while let Some(text) = self.up.take() {
            self.send(text).await?;
        }
        let stop = self.writer.stop();
        self.send(stop).await?;
        let close = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::from_static("") };
        // The server may have gone first.
        let _ = self.socket.close(Some(close)).await;
        Ok(left)
    }

    async fn send(&mut self, text: String) -> Result<(), Failed> {
        let sent = tokio::time::timeout(Duration::from_secs(5), self.socket.send(Message::text(text))).await;
        match sent {
            // What the server closed is noticed where it is read.
            Ok(
                Ok(())
                | Err(
                    tungstenite::Error::ConnectionClosed
                    | tungstenite::Error::AlreadyClosed
                    | tungstenite::Error::Protocol(_)
                    | tungstenite::Error::Io(_),
                ),
            ) => Ok(()),
            Ok(Err(why)) => {
                Err(Failed { code: 31_924, what: format!("the stream broke: {why}"), status: None })
            }
            Err(_) => Err(Failed { code: 31_930, what: "the server does not read".into(), status: None }),
        }
    }

    fn object(&mut self, code: u32, what: String) {
        // A server that goes on and on would fill the memory of a long run.
        if self.ended.errors.len() < 100 {
            self.ended.errors.push(ProtocolError { code, what });
        }
    }
}

struct Gone;

async fn next_order(orders: &mut Option<mpsc::Receiver<Order>>) -> Option<Order> {
    match orders {
        Some(orders) => orders.recv().await,
        None => std::future::pending().await,
    }
}

/// Messages on their way one way.
struct Journey<T> {
    takes: Duration,
    jitter: Duration,
    chance: fastrand::Rng,
    under_way: VecDeque<(Instant, T)>,
    latest: Option<Instant>,
}

impl<T> Journey<T> {
    fn new(takes: Duration, network: Network) -> Self {
        Self {
            takes,
            jitter: network.jitter,
            chance: fastrand::Rng::with_seed(network.seed),
            under_way: VecDeque::new(),
            latest: None,
        }
    }

    fn is_instant(&self) -> bool {
        self.takes.is_zero() && self.jitter.is_zero()
    }

    fn add(&mut self, now: Instant, what: T) {
        let jitter = self.jitter.mul_f64(self.chance.f64());
        let arrives = (now + self.takes + jitter).max(self.latest.unwrap_or(now));
        self.latest = Some(arrives);
        self.under_way.push_back((arrives, what));
    }

    fn arrived(&mut self, now: Instant) -> Option<(Instant, T)> {
        self.under_way.pop_front_if(|(at, _)| *at <= now)
    }

    fn next(&self) -> Option<Instant> {
        self.under_way.front().map(|(at, _)| *at)
    }

    fn take(&mut self) -> Option<T> {
        self.under_way.pop_front().map(|(_, what)| what)
    }
}
