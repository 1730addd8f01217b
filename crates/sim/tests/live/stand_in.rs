//! What the stand-in does, and what it refuses.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use sim::live::{Live, Order, Reply, Script, Speech, Start, Tool, schema};
use std::{collections::VecDeque, time::Duration};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest as _},
};

const PATIENCE: Duration = Duration::from_secs(30);

struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What came, but audio.
    events: VecDeque<Value>,
    audio: Vec<u8>,
}

impl Client {
    async fn connect(service: &Live, query: &str) -> Result<Self, tungstenite::Error> {
        let mut request = format!("{}{query}", service.url()).into_client_request()?;
        request.headers_mut().insert("authorization", "Bearer sk-test".parse().expect("a header"));
        let (socket, _) = connect_async(request).await?;
        Ok(Self { socket, events: VecDeque::new(), audio: Vec::new() })
    }

    async fn started(service: &Live) -> Self {
        let mut client = Self::connect(service, "").await.expect("the service takes us");
        client.send(start()).await;
        assert_eq!(client.next().await["type"], "session.started");
        client
    }

    async fn send(&mut self, event: Value) {
        self.socket.send(Message::text(event.to_string())).await.expect("it is open");
    }

    async fn message(&mut self) -> Option<Message> {
        tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("it answers in time")?.ok()
    }

    /// The next event but audio.
    async fn next(&mut self) -> Value {
        loop {
            let Some(Message::Text(text)) = self.message().await else { panic!("the service is gone") };
            let event: Value = serde_json::from_str(&text).expect("the service sends JSON");
            assert_eq!(schema::judge_server(&event), Ok(()), "{event}");
            if event["type"] != "session.output_audio.delta" {
                return event;
            }
            let audio = event["delta"].as_str().expect("a text");
            self.audio.extend(BASE64_STANDARD.decode(audio).expect("base64"));
        }
    }

    async fn error(&mut self) -> (String, Value) {
        loop {
            let event = self.next().await;
            if event["type"] == "error" {
                let error = &event["error"];
                return (
                    error["code"].as_str().expect("a code").to_owned(),
                    error["client_event_id"].clone(),
                );
            }
        }
    }

    /// Sends so much sound, in time with the clock of a session that allows some lead, and reads on till this comes.
    async fn hears_until(&mut self, kind: &str, byte: u8) -> Value {
        let mut clock = tokio::time::interval(Duration::from_millis(20));
        loop {
            tokio::select! {
                _ = clock.tick() => self.send(frame(byte)).await,
                event = next(&mut self.socket, &mut self.audio) => {
                    if event["type"] == kind || event["event"]["type"] == kind {
                        return event;
                    }
                    self.events.push_back(event);
                }
            }
        }
    }
}

async fn next(socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>, audio: &mut Vec<u8>) -> Value {
    loop {
        let Some(Ok(Message::Text(text))) = socket.next().await else { panic!("the service is gone") };
        let event: Value = serde_json::from_str(&text).expect("the service sends JSON");
        assert_eq!(schema::judge_server(&event), Ok(()), "{event}");
        match event["delta"].as_str() {
            Some(delta) if event["type"] == "session.output_audio.delta" => {
                audio.extend(BASE64_STANDARD.decode(delta).expect("base64"));
            }
            _ => return event,
        }
    }
}

fn frame(byte: u8) -> Value {
    json!({"type": "session.input_audio.append", "audio": BASE64_STANDARD.encode([byte; 160])})
}

fn start() -> Value {
    json!({"type": "session.start", "event_id": "start", "session": {"model": "gpt-live-1",
        "audio": {"format": {"type": "audio/pcmu", "rate": 8000}},
        "delegation": {"type": "responses", "responses": {"model": "gpt-5.6-luna", "tools": [
            {"type": "function", "name": "check", "parameters": {"type": "object"}}]}}}})
}

fn commentary(content: &str) -> Value {
    json!({"type": "session.commentary.append", "event_id": "say-1", "delegation_id": null, "content": content})
}

const LOUD: u8 = 0x10;
const SILENCE: u8 = 0xFF;

#[tokio::test]
async fn its_time_is_that_of_the_sound_that_it_is_sent() {
    let service = Live::listen(Script::default()).await.expect("loopback");
    let mut client = Client::started(&service).await;
    client.send(commentary("Greet the caller: Hello there.")).await;
    let waited = tokio::time::timeout(Duration::from_millis(1_500), client.next()).await;
    assert!(waited.is_err(), "without sound nothing is said and nothing is placed: {waited:?}");
    let placed = client.hears_until("session.commentary.appended", SILENCE).await;
    assert_eq!((&placed["start_ms"], &placed["client_event_id"]), (&json!(600), &json!("say-1")));
    client.hears_until("session.output_transcript.delta", SILENCE).await;
    assert!(client.audio.iter().any(|byte| *byte != SILENCE), "it speaks");
    assert_eq!(service.session(1).await.mistakes(), Vec::<String>::new());
}

#[tokio::test]
async fn it_yields_to_a_caller_and_answers_when_they_have_finished() {
    let script = Script {
        says: [Speech::tone(
            "One two three four five six seven eight nine ten.",
            300.0,
            Duration::from_secs(20),
        )]
        .into(),
        answers: [Reply::Says(Speech::tone("At eight.", 500.0, Duration::from_millis(600)))].into(),
        understood: ["when do you open".to_owned()].into(),
        ..Script::default()
    };
    let service = Live::listen(script).await.expect("loopback");
    let mut client = Client::started(&service).await;
    client.send(commentary("Greet.")).await;
    client.hears_until("session.output_transcript.delta", SILENCE).await;
    client.hears_until("session.input_transcript.delta", LOUD).await;
    for _ in 0..40 {
        client.send(frame(LOUD)).await;
    }
    client.audio.clear();
    client.hears_until("session.output_transcript.delta", SILENCE).await;
    let said = |client: &Client, kind: &str| -> String {
        let events = client.events.iter().filter(|event| event["type"] == kind);
        events.map(|event| event["delta"].as_str().expect("a text")).collect()
    };
    client.hears_until("session.output_transcript.delta", SILENCE).await;
    assert!(said(&client, "session.input_transcript.delta").ends_with("do you open"));
    assert!(!said(&client, "session.output_transcript.delta").contains("ten"), "it has yielded");
}

#[tokio::test]
async fn a_tool_is_told_three_times_and_the_work_goes_on_when_it_is_answered_once() {
    let tools = vec![vec![Tool::new("check", &json!({"day": "friday"})), Tool::new("check", &json!({}))]];
    let service = Live::listen(Script::default()).await.expect("loopback");
    let mut client = Client::started(&service).await;
    let session = service.session(1).await;
    let then = Speech::tone("Ten is free.", 400.0, Duration::from_millis(500));
    session.order(Order::Reply(Reply::HandsOver(tools, then)));
    client.hears_until("response.completed", SILENCE).await;
    let created = client.events.pop_front().expect("it hands over");
    assert_eq!(created["type"], "session.delegation.created");
    let done: Vec<&Value> = client
        .events
        .iter()
        .map(|e| &e["event"])
        .filter(|e| e["type"] == "response.output_item.done")
        .collect();
    let calls: Vec<Value> = done[1..].iter().map(|event| event["item"]["call_id"].clone()).collect();
    assert_eq!(calls.len(), 2);
    let answer = |call: &Value| {
        json!({"type": "response.item.create", "event_id": "answer-1", "item":
            {"type": "function_call_output", "call_id": call, "output": "free"}})
    };
    let go_on = || json!({"type": "response.create", "event_id": "go-on"});
    client.send(answer(&calls[0])).await;
    client.send(go_on()).await;
    assert_eq!(client.error().await, ("function_call_outputs_required".into(), json!("go-on")));
    client.send(answer(&calls[0])).await;
    assert_eq!(client.error().await.0, "invalid_value", "exactly one answer each");
    client
        .send(json!({"type": "response.item.create", "item": {"type": "function_call_output",
        "call_id": calls[1], "output": "x".repeat(40_000)}}))
        .await;
    assert_eq!(client.error().await.0, "response_input_buffer_full");
    client.send(answer(&calls[1])).await;
    client.send(go_on()).await;
    client.events.clear();
    client.hears_until("response.completed", SILENCE).await;
    let said = client.hears_until("session.output_transcript.delta", SILENCE).await;
    assert_eq!(said["delta"], "Ten ");
}

#[tokio::test]
async fn what_the_service_refuses_is_refused_and_the_session_goes_on() {
    let service = Live::listen(Script::default()).await.expect("loopback");
    let mut client = Client::started(&service).await;
    let mut wrong = commentary("x");
    wrong["volume"] = json!(3);
    for (event, code) in [
        (start(), "invalid_value"),
        (wrong, "unknown_parameter"),
        (json!({"type": "session.commentary.append", "content": "x"}), "missing_required_parameter"),
        (
            json!({"type": "session.commentary.append", "content": "x", "delegation_id": "item_1"}),
            "invalid_value",
        ),
        (commentary(&"word ".repeat(600)), "invalid_value"),
        (
            json!({"type": "session.update", "session": {"delegation": {"type": "client"}}}),
            "immutable_field_update",
        ),
        (json!({"type": "response.create"}), "invalid_value"),
        (json!({"type": "response.cancel"}), "invalid_value"),
        (json!({"type": "session.input_audio.append", "audio": "!!"}), "invalid_value"),
    ] {
        client.send(event.clone()).await;
        assert_eq!(client.error().await.0, code, "{event}");
    }
    client.send(json!({"type": "session.close", "event_id": "bye"})).await;
    let closed = client.next().await;
    assert_eq!((&closed["reason"], &closed["client_event_id"]), (&json!("close_requested"), &json!("bye")));
    assert!(matches!(client.message().await, Some(Message::Close(_))));
}

#[tokio::test]
async fn it_says_how_much_of_its_time_is_charged_for() {
    let script = Script { counts_every: Duration::from_millis(200), ..Script::default() };
    let service = Live::listen(script).await.expect("loopback");
    let mut client = Client::started(&service).await;
    for seconds in [0.2, 0.4] {
        let counted = client.hears_until("session.usage.updated", SILENCE).await;
        assert_eq!(counted["usage"]["seconds"], json!(seconds), "altogether");
    }
}

#[tokio::test]
async fn a_burst_is_noticed() {
    let service = Live::listen(Script::default()).await.expect("loopback");
    let mut client = Client::started(&service).await;
    let flood = BASE64_STANDARD.encode(vec![SILENCE; 800_000]);
    client.send(json!({"type": "session.input_audio.append", "audio": flood})).await;
    client.send(json!({"type": "session.close"})).await;
    while client.next().await["type"] != "session.closed" {}
    assert_eq!(service.session(1).await.mistakes(), ["the audio runs ahead of time"]);
}

#[tokio::test]
async fn whoever_does_not_begin_as_they_should_is_sent_away() {
    let script = Script { key: Some("sk-other".into()), ..Script::default() };
    let service = Live::listen(script).await.expect("loopback");
    let status = |result: Result<Client, tungstenite::Error>| match result {
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        Err(why) => panic!("{why}"),
        Ok(_) => 101,
    };
    assert_eq!(status(Client::connect(&service, "").await), 401);
    service.set_script(Script { refuse: Some(429), ..Script::default() });
    assert_eq!(status(Client::connect(&service, "").await), 429);
    service.set_script(Script::default());
    assert_eq!(status(Client::connect(&service, "?model=gpt-live-1").await), 400);
    assert_eq!(service.refused(), [401, 429, 400]);
    let mut client = Client::connect(&service, "").await.expect("the service takes us");
    client.send(frame(SILENCE)).await;
    assert_eq!(client.error().await.0, "invalid_value");
    assert!(matches!(client.message().await, Some(Message::Close(_))));
    let start_refused = Start::Refused("insufficient_quota".into(), "credit_balance_exhausted".into());
    service.set_script(Script { start: start_refused, ..Script::default() });
    let mut client = Client::connect(&service, "").await.expect("the service takes us");
    client.send(start()).await;
    assert_eq!(client.error().await.0, "credit_balance_exhausted");
    assert!(matches!(client.message().await, Some(Message::Close(_))));
}

#[tokio::test]
async fn every_bad_end_can_be_had() {
    let service = Live::listen(Script::default()).await.expect("loopback");
    for (number, order) in
        (1..).zip([Order::Drop, Order::Close(1011, "trouble".into()), Order::End("expired".into())])
    {
        let mut client = Client::started(&service).await;
        let session = service.session(number).await;
        session.order(Order::SendText("{".into()));
        assert!(matches!(client.message().await, Some(Message::Text(text)) if text.as_str() == "{"));
        session.order(order.clone());
        match order {
            Order::Drop => assert!(client.message().await.is_none()),
            Order::End(_) => assert_eq!(client.next().await["reason"], "expired"),
            _ => assert!(
                matches!(client.message().await, Some(Message::Close(Some(frame))) if u16::from(frame.code) == 1011)
            ),
        }
    }
    let mut client = Client::started(&service).await;
    service.session(4).await.order(Order::Reply(Reply::Fails));
    client.hears_until("response.failed", SILENCE).await;
}
