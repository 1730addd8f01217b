//! A carrier's dialect spoken over a WebSocket, on the task of the call that it carries.

use super::transcode::{OURS, Transcoder};
use super::upgrade::Upgraded;
use call::{Format, LineCommand, LineEvent, Wire};
use carrier::{Frame, Garbled, Started, Stream};
use engine::websocket::WebSocket;
use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Sleep, sleep, timeout};
use tokio_tungstenite::tungstenite::{
    Error, Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};
use tokio_util::task::TaskTracker;

/// How many bytes the caller's network may lag behind before we call it gone: the longest answer fits several times.
const BACKLOG: usize = 4 * 1024 * 1024;
/// A carrier sends a frame every 20 ms. One that is silent this long is gone.
const SILENT: Duration = Duration::from_secs(15);
/// How long a connection may take to say which call it is.
const INTRODUCTION: Duration = Duration::from_secs(10);
/// How long a farewell to the socket may take, and how long the other end's is waited for.
const CLOSING: Duration = Duration::from_secs(2);
/// Messages that we cannot read before the connection is not worth reading.
const GARBLED: u32 = 1_000;

/// Events that nobody knows before the connection has said which call it is, until it is taken for something else.
const STRANGERS: u32 = 8;

pub struct StreamLine {
    socket: WebSocket<Upgraded>,
    stream: Box<dyn Stream>,
    wire: Wire,
    heard: VecDeque<LineEvent>,
    /// Where the stream's format is not the engines'.
    transcoder: Option<Transcoder>,
    /// Which kinds of notes the other end is shown; none: it shows nothing.
    shows: Option<fn(&str) -> bool>,
    watch: Pin<Box<Sleep>>,
    /// A frame has come since the watch last looked.
    alive: bool,
    garbled: u32,
    trouble: Option<Trouble>,
    /// With what we part.
    parting: CloseCode,
}

/// What went wrong on a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error("The carrier sent what it should not: {}", .0.0)]
    Garbled(Garbled),
    #[error("The connection broke: {0}")]
    Broke(String),
}

/// Why a connection did not become a line.
#[derive(Debug, thiserror::Error)]
pub enum NoIntroduction {
    #[error("it did not say which call it is within {} s", INTRODUCTION.as_secs())]
    Late,
    #[error("it closed before it said which call it is")]
    Closed,
    #[error("it has not begun as a stream does. {0}")]
    Trouble(Trouble),
}

impl StreamLine {
    /// Waits until the stream has said which call it carries.
    pub async fn open(
        socket: WebSocket<Upgraded>,
        stream: Box<dyn Stream>,
    ) -> Result<(Self, Started), NoIntroduction> {
        let mut line = Self {
            socket,
            stream,
            wire: Wire::default(),
            heard: VecDeque::with_capacity(8),
            transcoder: None,
            shows: None,
            watch: Box::pin(sleep(SILENT)),
            alive: true,
            garbled: 0,
            trouble: None,
            parting: CloseCode::Normal,
        };
        let introduced = timeout(INTRODUCTION, line.introduction()).await;
        match introduced.unwrap_or(Err(NoIntroduction::Late)) {
            Ok(started) => {
                line.transcoder = Transcoder::between(started.format, OURS);
                Ok((line, started))
            }
            Err(why) => {
                let code = if line.parting == CloseCode::Normal { CloseCode::Policy } else { line.parting };
                line.say_goodbye(code, "not a media stream").await;
                line.linger().await;
                Err(why)
            }
        }
    }

    /// From now on engines hear and speak in this format.
    pub fn engines_use(&mut self, format: Format) {
        let theirs = self.stream.started().map_or(format, |started| started.format);
        self.transcoder = Transcoder::between(theirs, format);
    }

    /// From now on the other end is told of notes of these kinds.
    pub fn show(&mut self, which: fn(&str) -> bool) {
        self.shows = Some(which);
    }

    /// Tells the other end what was noted, if it shows that: a JSON object of this kind.
    pub fn note(&mut self, kind: &str, note: &str) {
        if self.shows.is_some_and(|shows| shows(kind)) {
            self.stream.write_note(note, &mut self.wire);
        }
    }

    async fn introduction(&mut self) -> Result<Started, NoIntroduction> {
        loop {
            if let Some(started) = self.stream.started() {
                return Ok(started.clone());
            }
            match &self.trouble {
                None => {}
                // What carriers have added since is passed over here as in a call, where it is noted.
                Some(Trouble::Garbled(what)) if what.is_unknown_event() && self.garbled < STRANGERS => {}
                Some(trouble) => return Err(NoIntroduction::Trouble(trouble.clone())),
            }
            if !poll_fn(|cx| self.poll_read(cx)).await {
                return Err(self.trouble.take().map_or(NoIntroduction::Closed, NoIntroduction::Trouble));
            }
        }
    }

    /// Refuses a stream that is not let in, saying so in the way that a WebSocket has.
    pub async fn refuse(mut self, why: &'static str) {
        self.say_goodbye(CloseCode::Policy, why).await;
        self.linger().await;
    }

    /// Waits for the next thing the line says, and meanwhile sends what it was told. Safe to cancel.
    pub async fn next(&mut self) -> LineEvent {
        poll_fn(|cx| self.poll(cx)).await
    }

    pub fn tell(&mut self, command: &LineCommand) {
        match (&mut self.transcoder, command) {
            (Some(transcoder), LineCommand::Play(chunk)) => {
                self.stream.write(&LineCommand::Play(transcoder.said(chunk)), &mut self.wire);
            }
            (_, command) => {
                if *command == LineCommand::Clear {
                    self.unsay();
                }
                self.stream.write(command, &mut self.wire);
            }
        }
        if self.wire.waiting() > BACKLOG {
            self.heard.push_back(LineEvent::Closed);
        }
    }

    /// Throws away the sound that the network has not taken yet, so that a clear need not wait behind it, and its marks, which
    /// say nothing then. Where notes are shown all text stays, as they are text; sound is none there.
    fn unsay(&mut self) {
        let shows = self.shows.is_some();
        self.wire.retain(|message| shows && matches!(message, call::Message::Text(_)));
    }

    pub fn trouble(&mut self) -> Option<Trouble> {
        self.trouble.take()
    }

    /// Sends what is still to be sent and says goodbye. That the other end hears it is waited for as one of these tasks.
    pub async fn close(mut self, tasks: &TaskTracker) {
        self.say_goodbye(self.parting, "").await;
        tasks.spawn(async move { self.linger().await });
    }

    async fn say_goodbye(&mut self, code: CloseCode, why: &'static str) {
        let farewell = async {
            if poll_fn(|cx| self.socket.poll_write(cx, &mut self.wire)).await.is_ok() {
                let frame = CloseFrame { code, reason: why.into() };
                let _gone = poll_fn(|cx| self.socket.poll_close(cx, Some(frame.clone()))).await;
            }
        };
        let _late = timeout(CLOSING, farewell).await;
    }

    /// Waits until the other end has closed, too, and forgets what it still says.
    async fn linger(&mut self) {
        let _late = timeout(CLOSING, poll_fn(|cx| self.socket.poll_linger(cx))).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<LineEvent> {
        if let Poll::Ready(Err(why)) = self.socket.poll_write(cx, &mut self.wire) {
            self.broke(&why);
            return Poll::Ready(LineEvent::Closed);
        }
        loop {
            if let Some(event) = self.heard.pop_front() {
                return Poll::Ready(self.transcoded(event));
            }
            match self.poll_read(cx) {
                Poll::Ready(true) => {}
                Poll::Ready(false) => return Poll::Ready(LineEvent::Closed),
                Poll::Pending => break,
            }
        }
        self.poll_watch(cx)
    }

    fn transcoded(&mut self, event: LineEvent) -> LineEvent {
        match (&mut self.transcoder, event) {
            (Some(transcoder), LineEvent::Audio(chunk)) => LineEvent::Audio(transcoder.heard(&chunk)),
            (_, event) => event,
        }
    }

    fn poll_watch(&mut self, cx: &mut Context<'_>) -> Poll<LineEvent> {
        while self.watch.as_mut().poll(cx).is_ready() {
            if !std::mem::take(&mut self.alive) {
                return Poll::Ready(LineEvent::Closed);
            }
            let next = self.watch.deadline() + SILENT;
            self.watch.as_mut().reset(next);
        }
        Poll::Pending
    }

    /// Reads one message, if there is one. False: the connection is over.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let read = match ready!(self.socket.poll_read(cx)) {
            Some(Ok(Message::Text(text))) => self.stream.read(Frame::Text(&text), &mut self.heard),
            Some(Ok(Message::Binary(bytes))) => self.stream.read(Frame::Binary(&bytes), &mut self.heard),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(()),
            Some(Ok(Message::Close(_))) | None => return Poll::Ready(false),
            Some(Err(why)) => {
                self.broke(&why);
                return Poll::Ready(false);
            }
        };
        self.alive = true;
        if let Err(garbled) = read {
            if self.garbled == 0 {
                self.trouble = Some(Trouble::Garbled(garbled));
            }
            self.garbled += 1;
        }
        Poll::Ready(self.garbled < GARBLED)
    }

    fn broke(&mut self, why: &Error) {
        self.parting = match why {
            Error::Capacity(_) => CloseCode::Size,
            Error::Utf8(_) => CloseCode::Invalid,
            Error::Protocol(_) => CloseCode::Protocol,
            _ => CloseCode::Normal,
        };
        self.trouble.get_or_insert_with(|| Trouble::Broke(why.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use carrier::twilio::TwilioStream;
    use futures_util::{SinkExt, StreamExt};
    use tokio::net::{TcpSocket, TcpStream};
    use tokio_tungstenite::{
        WebSocketStream,
        tungstenite::protocol::{Role, WebSocketConfig},
    };

    type Carrier = WebSocketStream<TcpStream>;

    const CONNECTED: &str = r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#;
    const START: &str = r#"{"event":"start","sequenceNumber":"1","start":{"accountSid":"AC1","streamSid":"MZ1","callSid":"CA1","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"token":"t"}},"streamSid":"MZ1"}"#;
    const MEDIA: &str = r#"{"event":"media","streamSid":"MZ1","media":{"payload":"f39/f38="}}"#;
    /// So little the network holds, in bytes.
    const HELD: u32 = 16 * 1024;

    /// Both ends of a stream that the network has just opened.
    async fn opened() -> (WebSocket<Upgraded>, Carrier) {
        let listening = TcpSocket::new_v4().expect("a socket");
        listening.set_send_buffer_size(HELD).expect("a size");
        listening.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
        let listener = listening.listen(1).expect("it listens");
        let calling = TcpSocket::new_v4().expect("a socket");
        calling.set_recv_buffer_size(HELD).expect("a size");
        let address = listener.local_addr().expect("an address");
        let (called, accepted) = tokio::join!(calling.connect(address), listener.accept());
        let config = WebSocketConfig::default().read_buffer_size(1024).max_frame_size(Some(64 * 1024));
        let (ours, _) = accepted.expect("it is accepted");
        let ours = WebSocket::accepted(Upgraded::Plain(ours), Vec::new(), config);
        let carrier = Carrier::from_raw_socket(called.expect("it connects"), Role::Client, None).await;
        (ours, carrier)
    }

    /// A line whose stream has said which call it carries.
    async fn started() -> (StreamLine, Carrier) {
        let (ours, mut carrier) = opened().await;
        send(&mut carrier, &[CONNECTED, START]).await;
        let (line, _) = StreamLine::open(ours, Box::<TwilioStream>::default()).await.expect("a stream");
        (line, carrier)
    }

    async fn send(carrier: &mut Carrier, messages: &[&str]) {
        for message in messages {
            carrier.send(Message::text(*message)).await.expect("it is open");
        }
    }

    /// The code and reason of our goodbye, and whether the connection then ended as it should.
    async fn parted(carrier: &mut Carrier) -> (u16, String, bool) {
        loop {
            let message = carrier.next().await.expect("there is a goodbye").expect("the connection stands");
            if let Message::Close(Some(CloseFrame { code, reason })) = message {
                let clean = carrier.next().await.is_none();
                return (code.into(), reason.to_string(), clean);
            }
        }
    }

    #[tokio::test]
    async fn a_message_that_is_too_long_ends_the_line_and_is_said_to_be_why() {
        let (mut line, mut carrier) = started().await;
        let (long, tasks) = ("x".repeat(100_000), TaskTracker::new());
        let sending = async {
            // The rest of it may not be taken any more.
            let _refused = carrier.send(Message::text(long)).await;
            parted(&mut carrier).await
        };
        let parting = async {
            assert_eq!(line.next().await, LineEvent::Closed);
            let trouble = line.trouble().expect("there is a reason").to_string();
            assert!(
                trouble.starts_with("The connection broke: ") && trouble.contains("too long"),
                "{trouble}"
            );
            assert_eq!(line.trouble(), None, "it is said once");
            line.close(&tasks).await;
        };
        let ((code, _, _), ()) = tokio::join!(sending, parting);
        assert_eq!(code, 1009);
    }

    #[tokio::test]
    async fn who_does_not_begin_as_a_stream_is_told_so() {
        for first in ["{", MEDIA, "[]"] {
            let (ours, mut carrier) = opened().await;
            send(&mut carrier, &[first]).await;
            let opening = StreamLine::open(ours, Box::<TwilioStream>::default());
            let (refused, parted) = tokio::join!(opening, parted(&mut carrier));
            assert!(matches!(refused, Err(NoIntroduction::Trouble(Trouble::Garbled(_)))), "{first}");
            assert_eq!(parted, (1008, "not a media stream".to_owned(), true), "{first}");
        }
    }

    #[tokio::test]
    async fn an_event_that_nobody_knows_may_come_before_a_stream_says_which_call_it_is() {
        let unknown = r#"{"event":"capabilities","version":"2"}"#;
        let (ours, mut carrier) = opened().await;
        send(&mut carrier, &[unknown, CONNECTED, unknown, START]).await;
        let (mut line, started) =
            StreamLine::open(ours, Box::<TwilioStream>::default()).await.expect("a stream");
        assert_eq!(started.call, "CA1");
        assert!(matches!(line.trouble(), Some(Trouble::Garbled(_))), "it is noted in the call");

        let (ours, mut carrier) = opened().await;
        send(&mut carrier, &[CONNECTED]).await;
        send(&mut carrier, &[unknown; STRANGERS as usize]).await;
        let opening = StreamLine::open(ours, Box::<TwilioStream>::default());
        let (refused, parted) = tokio::join!(opening, parted(&mut carrier));
        assert!(refused.is_err());
        assert_eq!(parted.0, 1008, "but not for ever");
    }

    #[tokio::test]
    async fn a_clear_overtakes_the_sound_that_the_network_has_not_taken() {
        const SECONDS: usize = 200;
        let (mut line, mut carrier) = started().await;
        let second = call::Chunk { format: Format::Ulaw, bytes: vec![0x55; 8_000].into() };
        for number in 0..SECONDS {
            line.tell(&LineCommand::Play(second.clone()));
            line.tell(&LineCommand::Mark(call::Mark(u32::try_from(number).expect("few"))));
        }
        assert!(poll_fn(|cx| Poll::Ready(line.poll(cx).is_pending())).await, "the network takes no more");
        line.tell(&LineCommand::Clear);
        let listening = async {
            let mut seconds = 0;
            loop {
                let message = carrier.next().await.expect("there is a clear").expect("it is open");
                let text = message.into_text().expect("a text");
                if text.contains(r#""event":"clear""#) {
                    return seconds;
                }
                seconds += usize::from(text.contains(r#""event":"media""#));
            }
        };
        let came = tokio::select! {
            seconds = listening => seconds,
            event = line.next() => panic!("{event:?}"),
        };
        assert!((1..SECONDS / 2).contains(&came), "{came} s came before the clear");
    }

    #[tokio::test]
    async fn who_still_speaks_when_they_are_refused_hears_why() {
        let (line, mut carrier) = started().await;
        send(&mut carrier, &[MEDIA; 100]).await;
        let ((), parted) = tokio::join!(line.refuse("no token"), parted(&mut carrier));
        assert_eq!(parted, (1008, "no token".to_owned(), true));
    }

    #[tokio::test]
    async fn a_goodbye_is_heard_by_who_still_speaks_and_is_not_waited_for() {
        let (line, mut carrier) = started().await;
        send(&mut carrier, &[MEDIA; 100]).await;
        let tasks = TaskTracker::new();
        line.close(&tasks).await;
        assert_eq!(tasks.len(), 1, "nobody waits for the other end");
        assert_eq!(parted(&mut carrier).await, (1000, String::new(), true));
        tasks.close();
        tasks.wait().await;
    }
}
