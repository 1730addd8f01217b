//! One media stream, and the telephone at its end: 20 ms of the caller up every 20 ms, the assistant's sound played to
//! the sample, and a network with a length in between.

use super::{
    Dial, Ended, Failed, Network, Order,
    company::{Codes, Company},
    dialect::{Dialect, FromServer, Wrong},
    playout::{Cleared, Heard, Playout},
    verb::StreamVerb,
};
use crate::clock::{self, Pace};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::HeaderName;
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
    /// What was said since this was asked last, in words, for a company that transcribes; none: nobody knows.
    fn meant(&mut self) -> Option<String> {
        None
    }
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
    /// `<Say>` or `<Speak>` says this now.
    Said { text: &'a str },
    /// The stream stands and `start` was sent, or the first turn begins; the moment 0 of a recording.
    Started { at: Instant },
    /// A message of the server has come in at the wire; the network's delay is still before it.
    Arrived { at: Instant, message: &'a FromServer },
    /// This sounded in the caller's ear, its first sample at `at`.
    Sounded { at: Instant, ulaw: &'a Bytes },
    /// Everything before this mark has sounded.
    Reached { at: Instant, mark: &'a str },
    /// A `clear` took effect.
    Cleared { at: Instant, cleared: &'a Cleared },
    /// The caller is being recorded from here on, after the beep.
    Recording { at: Instant },
    /// What was put into the last [`Party::speak`] goes out at the wire now; told where the network has no length.
    Spoke { at: Instant },
    /// The stream is over.
    Stopped { at: Instant },
}

/// Something that the company would log against the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtocolError {
    /// The company's number for it.
    pub code: u32,
    pub what: String,
}

/// How a stream was left.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Left {
    ServerClosed,
    /// The connection is gone without a word.
    Broke,
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
    company: &dyn Company,
    dial: &mut Dial,
    socket: Socket,
    verb: &StreamVerb,
    party: &mut impl Party,
    ended: &mut Ended,
) -> Result<Left, Failed> {
    ended.streamed = true;
    let mut line = Line {
        socket,
        codes: company.codes(),
        dialect: company.dialect(dial, verb),
        shuffled: dial.shuffled,
        held: None,
        spoken: 0,
        playout: Playout::default(),
        up: Journey::new(dial.network.up, dial.network),
        down: Journey::new(dial.network.down, dial.network),
        ended,
        heard: Vec::new(),
        breaks_after: dial.breaks_after.take(),
    };
    let left = line.run(&mut dial.orders, party).await;
    line.ended.times.stopped = Some(clock::now());
    party.told(Event::Stopped { at: clock::now() });
    left
}

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens the WebSocket, with the company's signature where it signs it.
pub(super) async fn open(company: &dyn Company, dial: &Dial, url: &str) -> Result<Socket, Failed> {
    let refused = |what: String, status| Failed { code: company.codes().upgrade, what, status };
    let mut request =
        url.into_client_request().map_err(|e| refused(format!("{url:?} is no address: {e}"), None))?;
    let headers = request.headers_mut();
    for (name, value) in company.sign_upgrade(url) {
        let name = HeaderName::try_from(name).expect("the companies' headers have names");
        headers.insert(name, value.parse().expect("a signature is a header value"));
    }
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
    codes: Codes,
    dialect: Box<dyn Dialect>,
    shuffled: bool,
    /// A media message that the next one overtakes.
    held: Option<String>,
    /// Media messages so far.
    spoken: u64,
    playout: Playout,
    up: Journey<String>,
    down: Journey<FromServer>,
    ended: &'a mut Ended,
    heard: Vec<Heard>,
    breaks_after: Option<Duration>,
}

impl Line<'_> {
    async fn run(
        &mut self,
        orders: &mut Option<mpsc::Receiver<Order>>,
        party: &mut impl Party,
    ) -> Result<Left, Failed> {
        for text in self.dialect.open() {
            self.send(text).await?;
        }
        let started = clock::now();
        self.ended.times.started.get_or_insert(started);
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
                        let text = self.dialect.dtmf(begun.as_millis(), digit);
                        self.up.add(now, text);
                    }
                    Act::HangUp => return self.stop(Left::CallerHungUp).await,
                }
                let text = self.dialect.media(begun.as_millis(), &frame);
                self.speak(now, text);
                if self.up.is_instant() {
                    party.told(Event::Spoke { at: clock::now() });
                    self.flush(now).await?;
                }
            }
            self.flush(now).await?;
            if self.breaks_after.is_some_and(|length| now >= started + length) {
                return Ok(Left::Broke);
            }
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
            Some(Ok(Message::Text(text))) => match self.dialect.read(&text) {
                Ok(read) => {
                    if matches!(read, FromServer::Media(_)) {
                        self.ended.times.first_sound.get_or_insert(now);
                    }
                    party.told(Event::Arrived { at: now, message: &read });
                    self.down.add(now, read);
                }
                Err(wrong) => self.object(now, wrong),
            },
            Some(Ok(Message::Binary(_))) => {
                let wrong = self.dialect.binary();
                self.object(now, wrong);
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Close(_))) | None => return Err(Gone),
            Some(Err(why)) => {
                let what = format!("the server broke the connection: {why}");
                self.object(now, Wrong { code: self.codes.broken, what, reply: None });
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
                    for text in self.dialect.cleared(&cleared) {
                        self.up.add(at, text);
                    }
                }
                FromServer::Keys(_) => {}
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
                    let text = self.dialect.mark(&name);
                    self.up.add(at, text);
                }
            }
        }
    }

    /// Sends 20 ms; of a line that shuffles, every third after the one behind it.
    fn speak(&mut self, now: Instant, text: String) {
        self.spoken += 1;
        if self.shuffled && self.held.is_none() && self.spoken.is_multiple_of(3) {
            self.held = Some(text);
            return;
        }
        self.up.add(now, text);
        if let Some(held) = self.held.take() {
            self.up.add(now, held);
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
        if let Some(held) = self.held.take() {
            self.send(held).await?;
        }
        if let Some(stop) = self.dialect.stop() {
            self.send(stop).await?;
        }
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
            Ok(Err(why)) => Err(Failed {
                code: self.codes.broken,
                what: format!("the stream broke: {why}"),
                status: None,
            }),
            Err(_) => {
                Err(Failed { code: self.codes.slow, what: "the server does not read".into(), status: None })
            }
        }
    }

    fn object(&mut self, now: Instant, wrong: Wrong) {
        // A server that goes on and on would fill the memory of a long run.
        if self.ended.errors.len() < 100 {
            self.ended.errors.push(ProtocolError { code: wrong.code, what: wrong.what });
            if let Some(reply) = wrong.reply {
                self.up.add(now, reply);
            }
        }
    }
}

struct Gone;

pub(super) async fn next_order(orders: &mut Option<mpsc::Receiver<Order>>) -> Option<Order> {
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
