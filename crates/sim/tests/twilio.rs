//! The telephone, against a small server that does what each test wants.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use sim::{
    clock,
    http::{self, Request, Response},
    twilio::{
        self, Account, Dial, Ended, Ending, Event, Failed, Handset, Network, Order, Speech,
        handset::Listened, signature,
    },
};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

const SECRET: &str = "an auth token";

struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("it is bound");
        Self { listener, address }
    }

    /// Answers one webhook, and gives back what it was asked.
    async fn webhook(&self, status: u16, content_type: &str, body: &str) -> Request {
        let (mut stream, _) = self.listener.accept().await.expect("somebody rings");
        let request = http::read_request(&mut stream).await.expect("a request");
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        let response = Response { status, headers, body: body.into() };
        http::write_response(&mut stream, &response).await.expect("it is still there");
        request
    }

    async fn twiml(&self, body: &str) -> Request {
        self.webhook(200, "text/xml; charset=utf-8", body).await
    }

    /// Tells the call to open the stream here, and takes it.
    async fn stream(&self) -> Stream {
        let address = self.address;
        self.twiml(&format!(
            "<Response><Connect><Stream url=\"wss://{address}/media\"><Parameter name=\"token\" value=\"t\"/>\
             </Stream></Connect></Response>"
        ))
        .await;
        let (stream, _) = self.listener.accept().await.expect("the stream is opened");
        let mut stream =
            Stream { socket: accept_async(stream).await.expect("an upgrade"), sid: String::new() };
        assert_eq!(stream.next().await["event"], "connected");
        let start = stream.next().await;
        assert_eq!(start["start"]["customParameters"], json!({"token": "t"}));
        start["streamSid"].as_str().expect("a text").clone_into(&mut stream.sid);
        stream
    }
}

struct Stream {
    socket: WebSocketStream<TcpStream>,
    sid: String,
}

impl Stream {
    async fn next(&mut self) -> Value {
        loop {
            match self.socket.next().await.expect("it is open").expect("it is whole") {
                Message::Text(text) => return serde_json::from_str(&text).expect("Twilio sends JSON"),
                Message::Close(_) => return json!({"event": "closed"}),
                _ => {}
            }
        }
    }

    async fn until(&mut self, event: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["event"] == event {
                return message;
            }
        }
    }

    async fn send(&mut self, mut message: Value) {
        message["streamSid"] = self.sid.clone().into();
        self.socket.send(Message::text(message.to_string())).await.expect("it is open");
    }

    async fn media(&mut self, ulaw: &[u8]) {
        self.send(json!({"event": "media", "media": {"payload": BASE64_STANDARD.encode(ulaw)}})).await;
    }

    async fn mark(&mut self, name: &str) {
        self.send(json!({"event": "mark", "mark": {"name": name}})).await;
    }

    async fn close(mut self) {
        self.socket.close(None).await.expect("it is open");
        while self.socket.next().await.is_some() {}
    }
}

fn dial(server: &Server) -> Dial {
    Dial { connect_to: Some(server.address), ..Dial::new("https://voice.example.com/incoming-call") }
}

fn placed(dial: Dial, mut party: Speech) -> JoinSet<(Result<Ended, Failed>, Speech)> {
    let mut calls = JoinSet::new();
    calls.spawn(async move {
        let ended = twilio::call(&Account::new(SECRET), dial, &mut party).await;
        (ended, party)
    });
    calls
}

async fn ended(mut calls: JoinSet<(Result<Ended, Failed>, Speech)>) -> (Result<Ended, Failed>, Speech) {
    calls.join_next().await.expect("a call was placed").expect("it does not panic")
}

fn loud(ms: usize) -> Vec<u8> {
    (0..ms * 8).map(|i| if i / 8 % 2 == 0 { 0x10 } else { 0x90 }).collect()
}

#[tokio::test]
async fn the_webhook_and_the_upgrade_are_signed_as_they_are_addressed() {
    let server = Server::start().await;
    let calls = placed(dial(&server), Speech::default());
    let request = server
        .twiml("<Response><Connect><Stream url=\"wss://voice.example.com/media\"/></Connect></Response>")
        .await;
    let fields = http::read_form(&String::from_utf8_lossy(&request.body)).expect("a form");
    assert!(fields.iter().any(|(name, value)| name == "From" && value == "+14155550199"));
    let expected = signature::sign("https://voice.example.com/incoming-call", &fields, SECRET);
    assert_eq!(request.header("x-twilio-signature"), Some(expected.as_str()));
    assert_eq!(request.header("host"), Some("voice.example.com"));
    let (mut stream, _) = server.listener.accept().await.expect("the stream is opened");
    let request = http::read_request(&mut stream).await.expect("an upgrade");
    let expected = signature::sign("wss://voice.example.com/media", &[], SECRET);
    assert_eq!(request.header("x-twilio-signature"), Some(expected.as_str()));
    let forbidden = Response { status: 403, ..Response::default() };
    http::write_response(&mut stream, &forbidden).await.expect("it is still there");
    let failed = ended(calls).await.0.expect_err("the upgrade was refused");
    assert_eq!((failed.code, failed.status), (31_920, Some(403)));
}

#[tokio::test]
async fn a_get_is_signed_with_its_query() {
    let server = Server::start().await;
    let calls = placed(Dial { post: false, ..dial(&server) }, Speech::default());
    let request = server.twiml("<Response/>").await;
    assert_eq!(request.method, "GET");
    let url = format!("https://voice.example.com{}", request.target);
    assert_eq!(request.header("x-twilio-signature"), Some(signature::sign(&url, &[], SECRET).as_str()));
    assert_eq!(ended(calls).await.0.map(|ended| ended.ending), Ok(Ending::Finished));
}

#[tokio::test]
async fn a_webhook_that_twilio_would_not_take_fails_the_call_with_twilios_number() {
    let server = Server::start().await;
    for (status, content_type, body, code) in [
        (500, "text/xml", "<Response/>", 11_200),
        (200, "application/json", "{}", 12_300),
        (200, "text/xml", "<Response><Oops/></Response>", 12_100),
        (200, "text/xml", "<Response>", 12_100),
    ] {
        let calls = placed(dial(&server), Speech::default());
        server.webhook(status, content_type, body).await;
        assert_eq!(ended(calls).await.0.expect_err("it is wrong").code, code, "{body}");
    }
}

#[tokio::test]
async fn rejecting_redirecting_and_saying_are_obeyed() {
    let server = Server::start().await;
    let calls = placed(dial(&server), Speech::default());
    server.twiml("<Response><Reject reason=\"busy\"/></Response>").await;
    assert_eq!(ended(calls).await.0.map(|ended| ended.ending), Ok(Ending::Rejected("busy".into())));

    let calls = placed(dial(&server), Speech::default());
    server.twiml("<Response><Redirect>/second?a=1&amp;b=2</Redirect></Response>").await;
    let request = server.twiml("<Response><Reject reason=\"busy\"/></Response>").await;
    assert_eq!(request.target, "/second?a=1&b=2");
    let ending = ended(calls).await.0.map(|ended| ended.ending);
    assert_eq!(ending, Ok(Ending::Finished), "a redirected call was answered, and is not rejected any more");

    let calls = placed(dial(&server), Speech::default());
    server.twiml("<Response><Say>Goodbye.</Say><Hangup/><Say>Never.</Say></Response>").await;
    let ended = ended(calls).await.0.expect("it is obeyed");
    assert_eq!((ended.ending, ended.said), (Ending::Finished, vec!["Goodbye.".to_owned()]));
}

#[tokio::test]
async fn the_caller_is_heard_every_20_ms_without_drift() {
    let server = Server::start().await;
    let mut party = Speech { ulaw: loud(100).into(), ..Speech::default() };
    party.ulaw.extend(vec![0xff; 8_000]);
    party.then_hang_up = true;
    let calls = placed(dial(&server), party);
    let mut stream = server.stream().await;
    let (mut heard, mut stamps, mut sequence) = (Vec::new(), Vec::new(), 1);
    let began = clock::now();
    loop {
        let message = stream.next().await;
        sequence += 1;
        assert_eq!(message["sequenceNumber"], sequence.to_string());
        if message["event"] == "stop" {
            break;
        }
        stamps.push(
            message["media"]["timestamp"].as_str().expect("a text").parse::<usize>().expect("a number"),
        );
        heard.extend(
            BASE64_STANDARD.decode(message["media"]["payload"].as_str().expect("a text")).expect("base64"),
        );
    }
    assert_eq!(heard[..800], loud(100));
    assert_eq!(heard.len(), 8_800);
    assert_eq!(stamps, (0..55).map(|n| n * 20).collect::<Vec<_>>());
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(1_080), "55 frames in {took:?}");
    assert_eq!(ended(calls).await.0.map(|ended| ended.ending), Ok(Ending::CallerHungUp));
}

#[tokio::test]
async fn marks_come_back_as_the_sound_is_reached_and_all_at_once_on_a_clear() {
    let server = Server::start().await;
    let network =
        Network { up: Duration::from_millis(30), down: Duration::from_millis(50), ..Network::default() };
    let calls = placed(Dial { network, ..dial(&server) }, Speech::default());
    let mut stream = server.stream().await;
    let sent = clock::now();
    stream.media(&loud(100)).await;
    stream.mark("a").await;
    stream.media(&loud(1_000)).await;
    stream.mark("b").await;
    assert_eq!(stream.until("mark").await["mark"]["name"], "a");
    let reached = sent.elapsed();
    assert!(reached >= Duration::from_millis(180), "50 there, 100 of sound, 30 back, but {reached:?}");
    stream.send(json!({"event": "clear"})).await;
    assert_eq!(stream.until("mark").await["mark"]["name"], "b");
    assert!(sent.elapsed() < Duration::from_millis(1_000), "it was not waited for");
    let cleared = sent.elapsed();
    stream.close().await;
    let (ended, party) = ended(calls).await;
    let ended = ended.expect("a call");
    assert_eq!(ended.errors, []);
    let heard = party.heard.len() as u128 / 8;
    assert!((100..cleared.as_millis()).contains(&heard), "{heard} ms sounded in {cleared:?}");
}

#[tokio::test]
async fn what_twilio_would_log_against_the_server_is_recorded() {
    let server = Server::start().await;
    let calls = placed(dial(&server), Speech::default());
    let mut stream = server.stream().await;
    stream.socket.send(Message::binary(vec![1, 2, 3])).await.expect("it is open");
    stream.send(json!({"event": "hello"})).await;
    stream.send(json!({"event": "media", "media": {"payload": "//8=", "track": "outbound"}})).await;
    stream.sid = "MZother".into();
    stream.media(&[0xff; 160]).await;
    stream.close().await;
    let errors = ended(calls).await.0.expect("a call").errors;
    assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), [31_950, 31_951, 31_951, 31_951]);
}

#[tokio::test]
async fn the_verbs_behind_connect_are_done_when_the_server_closes() {
    let server = Server::start().await;
    let calls = placed(dial(&server), Speech::default());
    let address = server.address;
    server
        .twiml(&format!(
            "<Response><Connect><Stream url=\"wss://{address}/\"/></Connect><Say>Bye.</Say></Response>"
        ))
        .await;
    let (stream, _) = server.listener.accept().await.expect("the stream is opened");
    let stream = Stream { socket: accept_async(stream).await.expect("an upgrade"), sid: String::new() };
    stream.close().await;
    let ended = ended(calls).await.0.expect("a call");
    assert_eq!((ended.ending, ended.said), (Ending::Finished, vec!["Bye.".to_owned()]));
}

#[tokio::test]
async fn the_api_ends_and_transfers_a_call_with_a_stop() {
    let server = Server::start().await;
    for (order, ending) in [
        (Order::Complete, Ending::Completed),
        (
            Order::Redirect("<Response><Dial>+14155550123</Dial></Response>".into()),
            Ending::Transferred(vec!["+14155550123".into()]),
        ),
    ] {
        let (sender, orders) = tokio::sync::mpsc::channel(1);
        let calls = placed(Dial { orders: Some(orders), ..dial(&server) }, Speech::default());
        let mut stream = server.stream().await;
        sender.send(order).await.expect("the call listens");
        stream.until("stop").await;
        assert_eq!(stream.next().await["event"], "closed");
        assert_eq!(ended(calls).await.0.map(|ended| ended.ending), Ok(ending));
    }
}

#[tokio::test]
async fn a_handset_hears_speaks_presses_and_records_both_sides_in_time() {
    let server = Server::start().await;
    let phone = Handset::dial(&Account::new(SECRET), dial(&server));
    let mut stream = server.stream().await;
    assert!(phone.connected().await);
    stream.media(&loud(300)).await;
    let ears = phone.listen(0, Duration::from_millis(200), Duration::from_secs(2));
    let Listened::Spoke(stretch) = ears.await else { panic!("it was said aloud") };
    assert!((2_240..=2_560).contains(&stretch.len()), "{stretch:?}");
    phone.press('5');
    assert_eq!(stream.until("dtmf").await["dtmf"]["digit"], "5");
    let from = phone.position();
    phone.say(&loud(100));
    phone.said().await;
    let quiet = phone.listen(from, Duration::from_millis(100), Duration::from_millis(200)).await;
    assert_eq!(quiet, Listened::Nothing);
    phone.hang_up();
    stream.until("stop").await;
    let recording = phone.recording();
    let (caller, assistant) = (recording.channel(0), recording.channel(1));
    assert_eq!(caller.len(), assistant.len());
    let first_loud = |side: &[i16]| side.iter().position(|s| s.unsigned_abs() > 1_000).expect("it is loud");
    assert!(first_loud(&assistant).abs_diff(stretch.start) < 160);
    assert!(first_loud(&caller) >= from);
    assert_eq!(phone.ended().await.map(|ended| ended.ending), Ok(Ending::CallerHungUp));
}

#[tokio::test]
async fn a_party_is_told_when_what_was_sent_arrives_sounds_and_is_cleared() {
    #[derive(Default)]
    struct Diary(Vec<&'static str>);
    impl twilio::Party for Diary {
        fn speak(&mut self, _: Instant, _: &mut [u8; twilio::FRAME]) -> twilio::Act {
            twilio::Act::Nothing
        }
        fn told(&mut self, event: Event<'_>) {
            self.0.push(match event {
                Event::Said { .. } => "said",
                Event::Started { .. } => "started",
                Event::Arrived { .. } => "arrived",
                Event::Sounded { .. } => "sounded",
                Event::Reached { .. } => "reached",
                Event::Cleared { .. } => "cleared",
                Event::Spoke { .. } | Event::Recording { .. } => return,
                Event::Stopped { .. } => "stopped",
            });
        }
    }
    let server = Server::start().await;
    let mut calls = JoinSet::new();
    let placed = dial(&server);
    calls.spawn(async move {
        let mut diary = Diary::default();
        twilio::call(&Account::new(SECRET), placed, &mut diary).await.expect("a call");
        diary
    });
    let mut stream = server.stream().await;
    stream.media(&loud(10)).await;
    stream.until("media").await;
    stream.mark("a").await;
    stream.until("mark").await;
    stream.send(json!({"event": "clear"})).await;
    stream.close().await;
    let mut diary = calls.join_next().await.expect("a call was placed").expect("it does not panic").0;
    diary.dedup();
    assert_eq!(
        diary,
        ["started", "arrived", "sounded", "arrived", "reached", "arrived", "cleared", "stopped"]
    );
}
