//! What comes from outside and should not: each gets a clear status or a note in the call, and ends no other call.

mod house;
use futures_util::{SinkExt, StreamExt};
use house::{
    AUTH_TOKEN, House,
    waiting::{self, PATIENCE},
};
use serde_json::{Value, json};
use sim::{
    openai::{OpenAi, Order, Script, Session},
    twilio::{Account, Dial, Handset, ring, signature},
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    task::JoinSet,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest},
};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A server with a call going on that nothing may disturb.
struct Scene {
    house: House,
    service: OpenAi,
    account: Account,
    bystander: Handset,
    /// What the bystander talks to.
    session: Session,
}

impl Scene {
    async fn set() -> Self {
        let service = OpenAi::listen(Script::default()).await.expect("loopback has a free port");
        let url = service.url();
        let house = House::open(&[
            ("ENGINE", "openai"),
            ("OPENAI_API_KEY", "sk-test"),
            ("OPENAI_REALTIME_URL", url.as_str()),
        ])
        .await;
        let account = Account::new(AUTH_TOKEN);
        let bystander = Handset::dial(&account, Dial::local(house.address));
        assert!(bystander.connected().await);
        // Before anybody else rings: the first session is the bystander's.
        let session = service.session(1).await;
        Self { house, service, account, bystander, session }
    }

    /// The other call still goes on: it can be heard, and nothing on its wire was wrong.
    async fn stays_undisturbed(self) {
        assert!(!self.bystander.is_over());
        assert!(self.session.hears(1_600, PATIENCE).await, "the other call is heard");
        self.bystander.hang_up();
        let ended = self.bystander.ended().await.expect("it was put through");
        assert_eq!(ended.errors, []);
        let (log, _folder) = self.house.stop().await;
        assert!(!log.contains("panicked"), "{log}");
        assert!(!log.contains(AUTH_TOKEN) && !log.contains("sk-test"), "a secret was logged");
    }

    /// Rings, and gives the address and the token of the stream.
    async fn rung(&self) -> (Dial, String, String) {
        let dial = Dial::local(self.house.address);
        let document = ring(&self.account, &dial).await.expect("it is answered").document;
        let between = |from: &str| {
            document.split_once(from).and_then(|(_, rest)| rest.split_once('"')).expect("it is there").0
        };
        let (url, token) = (between("url=\"").to_owned(), between("value=\"").to_owned());
        (dial, url, token)
    }

    async fn opened(&self, url: &str) -> Socket {
        upgrade(url, Some(&signature::sign(url, &[], AUTH_TOKEN)))
            .await
            .expect("it is let in as far as `start`")
    }
}

async fn upgrade(url: &str, signature: Option<&str>) -> Result<Socket, tungstenite::Error> {
    let mut request = url.into_client_request().expect("an address");
    if let Some(signature) = signature {
        request.headers_mut().insert("x-twilio-signature", signature.parse().expect("a header"));
    }
    connect_async(request).await.map(|(socket, _)| socket)
}

fn start(dial: &Dial, token: Option<&str>) -> Value {
    let parameters = token.map_or_else(|| json!({}), |token| json!({ "token": token }));
    json!({"event": "start", "sequenceNumber": "1", "streamSid": dial.sids.stream, "start": {
        "accountSid": dial.sids.account, "streamSid": dial.sids.stream, "callSid": dial.sids.call,
        "tracks": ["inbound"], "customParameters": parameters,
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}}})
}

async fn send(socket: &mut Socket, messages: &[Value]) {
    for message in messages {
        // The server may have closed already, which is what some of this is about.
        let _closed = socket.send(Message::text(message.to_string())).await;
    }
}

/// The code and reason with which the server closes.
async fn closed(socket: &mut Socket) -> Option<(u16, String)> {
    let wait = async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(frame) = message {
                return frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
            }
        }
        None
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("the server closes")
}

/// What a body of this length is answered before a byte of it is sent.
async fn status_of_a_body_of(address: SocketAddr, length: usize) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let head = format!("POST /incoming-call HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("it reads");
    let mut lines = BufReader::new(stream).lines();
    let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("it answers");
    line.expect("it is text").expect("it is a line")
}

fn connected() -> Value {
    json!({"event": "connected", "protocol": "Call", "version": "1.0.0"})
}

#[tokio::test]
async fn a_webhook_without_or_with_a_wrong_signature_is_refused() {
    let scene = Scene::set().await;
    let client = reqwest::Client::new();
    let url = scene.house.url("/incoming-call");
    let form =
        [("CallSid", "CA00000000000000000000000000000001"), ("From", "+14155550199"), ("To", "+14155550100")];
    let unsigned = client.post(&url).form(&form).send().await.expect("it answers");
    assert_eq!(unsigned.status(), 400);
    let forged = client
        .post(&url)
        .header("X-Twilio-Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
        .form(&form)
        .send()
        .await;
    assert_eq!(forged.expect("it answers").status(), 403);
    let fields: Vec<_> = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let of_another = signature::sign(&url, &fields[..2], AUTH_TOKEN);
    let replayed = client.post(&url).header("X-Twilio-Signature", of_another).form(&form).send().await;
    assert_eq!(replayed.expect("it answers").status(), 403, "a signature of other fields");
    assert_eq!(scene.service.sessions().len(), 1, "nothing is dialled");
    scene.stays_undisturbed().await;
}

#[tokio::test]
async fn a_webhook_that_is_too_long_or_makes_no_sense_is_refused() {
    let scene = Scene::set().await;
    let client = reqwest::Client::new();
    let url = scene.house.url("/incoming-call");
    assert_eq!(status_of_a_body_of(scene.house.address, 200_000).await, "HTTP/1.1 413 Payload Too Large");
    let signature = signature::sign(&url, &[("From".into(), "+1".into())], AUTH_TOKEN);
    let senseless =
        client.post(&url).header("X-Twilio-Signature", signature).form(&[("From", "+1")]).send().await;
    assert_eq!(senseless.expect("it answers").status(), 400);
    let method = client.put(&url).send().await.expect("it answers");
    assert_eq!(method.status(), 405);
    scene.stays_undisturbed().await;
}

#[tokio::test]
async fn a_stream_whose_upgrade_is_not_signed_is_refused_before_it_opens() {
    let scene = Scene::set().await;
    let (_, url, _) = scene.rung().await;
    for signature in [None, Some("AAAAAAAAAAAAAAAAAAAAAAAAAAA=")] {
        let Err(tungstenite::Error::Http(answer)) = upgrade(&url, signature).await else {
            panic!("it was let in")
        };
        assert!([400, 403].contains(&answer.status().as_u16()), "{}", answer.status());
    }
    scene.stays_undisturbed().await;
}

#[tokio::test]
async fn a_token_that_is_missing_unknown_used_or_of_another_call_is_refused() {
    let scene = Scene::set().await;
    let (dial, url, token) = scene.rung().await;
    let (other, _, _) = scene.rung().await;
    let tries = [
        (start(&dial, None), "no token"),
        (start(&dial, Some("x")), "unknown token"),
        (start(&other, Some(&token)), "token of another call"),
    ];
    for (start, why) in tries {
        let mut socket = scene.opened(&url).await;
        send(&mut socket, &[connected(), start]).await;
        assert_eq!(closed(&mut socket).await, Some((1008, why.into())));
    }
    let mut good = scene.opened(&url).await;
    send(&mut good, &[connected(), start(&dial, Some(&token))]).await;
    assert!(matches!(good.next().await, Some(Ok(Message::Text(_)))), "the refusals above did not use it up");
    let mut again = scene.opened(&url).await;
    send(&mut again, &[connected(), start(&dial, Some(&token))]).await;
    assert_eq!(closed(&mut again).await, Some((1008, "token used before".into())));
    drop(good);
    scene.stays_undisturbed().await;
}

#[tokio::test]
async fn of_many_that_come_with_one_token_one_gets_in() {
    let scene = Arc::new(Scene::set().await);
    let (dial, url, token) = scene.rung().await;
    let mut tries = JoinSet::new();
    for _ in 0..20 {
        let (scene, url, start) = (scene.clone(), url.clone(), start(&dial, Some(&token)));
        tries.spawn(async move {
            let mut socket = scene.opened(&url).await;
            send(&mut socket, &[connected(), start]).await;
            matches!(socket.next().await, Some(Ok(Message::Text(_))))
        });
    }
    let let_in = tries.join_all().await.into_iter().filter(|let_in| *let_in).count();
    assert_eq!(let_in, 1);
    Arc::into_inner(scene).expect("all tries are over").stays_undisturbed().await;
}

#[tokio::test]
async fn a_stream_that_begins_with_anything_but_its_introduction_is_closed() {
    let scene = Scene::set().await;
    let media = json!({"event": "media", "streamSid": "MZ1", "media": {"payload": "AAAA"}});
    let (_, url, _) = scene.rung().await;
    for first in [
        Message::text("{"),
        Message::text(media.to_string()),
        Message::binary(vec![0; 9]),
        Message::text("[]"),
    ] {
        let mut socket = scene.opened(&url).await;
        socket.send(first).await.expect("it is open");
        assert_eq!(closed(&mut socket).await, Some((1008, "not a media stream".into())));
    }
    let mut socket = scene.opened(&url).await;
    let _refused = socket.send(Message::text("x".repeat(2_000_000))).await;
    assert_eq!(closed(&mut socket).await.map(|(code, _)| code), Some(1009));
    scene.stays_undisturbed().await;
}

#[tokio::test]
async fn garbage_within_a_call_is_noted_once_and_the_call_goes_on() {
    let scene = Scene::set().await;
    let (dial, url, token) = scene.rung().await;
    let mut socket = scene.opened(&url).await;
    let stream = &dial.sids.stream;
    send(
        &mut socket,
        &[
            connected(),
            start(&dial, Some(&token)),
            start(&dial, Some(&token)),
            json!({"event": "media", "streamSid": stream, "media": {"payload": "not base64!"}}),
            json!({"event": "media", "streamSid": stream, "media": {"payload": 7}}),
            json!({"event": "media", "streamSid": "MZother", "media": {"payload": "AAAA"}}),
            json!({"event": "dtmf", "streamSid": stream, "dtmf": {"digit": "Z"}}),
            json!({"event": "mark", "streamSid": stream, "mark": {"name": "somebody else's"}}),
            json!({"event": "surprise", "streamSid": stream}),
        ],
    )
    .await;
    socket.send(Message::text("{\"event\":")).await.expect("it is open");
    socket.send(Message::binary(vec![1, 2, 3])).await.expect("it is open");
    let session = scene.service.session(2).await;
    let audio = json!({"event": "media", "sequenceNumber": "9", "streamSid": stream,
        "media": {"track": "inbound", "chunk": "1", "timestamp": "1", "payload": "f39/f38="}});
    let heard = session.heard_bytes();
    let frames = async {
        while session.heard_bytes() == heard {
            send(&mut socket, std::slice::from_ref(&audio)).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, frames).await.expect("the caller is still heard");
    send(&mut socket, &[json!({"event": "stop", "streamSid": stream, "stop": {"callSid": dial.sids.call, "accountSid": dial.sids.account}})]).await;
    closed(&mut socket).await;
    let notes = waiting::all_notes(&scene.house.store().await, &dial.sids.call).await;
    let troubles = waiting::of_kind(&notes, "trouble").filter(|note| note.json.contains("carrier")).count();
    assert_eq!(troubles, 1, "{notes:?}");
    scene.stays_undisturbed().await;
}

#[tokio::test]
async fn a_message_that_is_too_long_ends_its_call_and_is_noted_as_the_reason() {
    let scene = Scene::set().await;
    let (dial, url, token) = scene.rung().await;
    let mut socket = scene.opened(&url).await;
    send(&mut socket, &[connected(), start(&dial, Some(&token))]).await;
    scene.service.session(2).await;
    // What is left of it may not be taken any more.
    let _refused = socket.send(Message::text("x".repeat(300_000))).await;
    assert_eq!(closed(&mut socket).await.map(|(code, _)| code), Some(1009));
    let notes = waiting::all_notes(&scene.house.store().await, &dial.sids.call).await;
    let troubles: Vec<_> = waiting::of_kind(&notes, "trouble").map(|note| &note.json).collect();
    assert!(matches!(troubles[..], [why] if why.contains("The connection broke: ")), "{troubles:?}");
    scene.stays_undisturbed().await;
}

#[tokio::test]
async fn an_engine_that_sends_garbage_disturbs_nobody() {
    let scene = Scene::set().await;
    let victim = Handset::dial(&scene.account, Dial::local(scene.house.address));
    assert!(victim.connected().await);
    let session = scene.service.session(2).await;
    session.order(Order::SendText("{\"type\":".into()));
    session.order(Order::SendText("[1,2,3]".into()));
    session.order(Order::SendText("x".repeat(1_000_000)));
    session.order(Order::SendBinary(vec![0; 1_000]));
    session.order(Order::Send(json!({"type": "response.output_audio.delta", "delta": "%%%"})));
    session.order(Order::Send(json!({"type": "no.such.event", "event_id": "e"})));
    victim.wait(Duration::from_millis(500)).await;
    assert!(!victim.is_over(), "the call goes on");
    session.order(Order::Close(1011, "internal error".into()));
    // The apology is nearly six seconds long.
    assert!(victim.hear_for(0, Duration::from_secs(4)).await);
    assert_eq!(victim.ended().await.expect("it was put through").errors, []);
    scene.stays_undisturbed().await;
}
