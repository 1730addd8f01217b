//! The stand-in for `OpenAI`, held to the service's own schemas and to what the service refuses.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use sim::openai::{End, Item, OpenAi, Order, Reply, Script, Sound, Voice, schema};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest as _},
};

const PATIENCE: Duration = Duration::from_secs(5);

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn connect(service: &OpenAi) -> Self {
        Self::with(service, "gpt-realtime-2.1-mini", &[]).await.expect("the service takes us")
    }

    async fn with(
        service: &OpenAi,
        model: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Result<Self, tungstenite::Error> {
        let mut request = format!("{}?model={model}", service.url()).into_client_request()?;
        request.headers_mut().insert("authorization", "Bearer sk-test".parse().expect("a header"));
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        Ok(Self(connect_async(request).await?.0))
    }

    /// Configured for the telephone, with this turn detection.
    async fn telephone(service: &OpenAi, detection: Value) -> Self {
        let mut client = Self::connect(service).await;
        assert_eq!(client.next().await["type"], "session.created");
        client.send(telephone(&detection)).await;
        assert_eq!(client.next().await["type"], "session.updated");
        client
    }

    async fn send(&mut self, event: Value) {
        self.0.send(Message::text(event.to_string())).await.expect("it is open");
    }

    async fn append(&mut self, ulaw: &[u8]) {
        for frame in ulaw.chunks(160) {
            let audio = BASE64_STANDARD.encode(frame);
            self.send(json!({"type": "input_audio_buffer.append", "audio": audio})).await;
        }
    }

    async fn message(&mut self) -> Option<Message> {
        tokio::time::timeout(PATIENCE, self.0.next()).await.expect("it answers in time")?.ok()
    }

    async fn next(&mut self) -> Value {
        let Some(Message::Text(text)) = self.message().await else { panic!("the service is gone") };
        let event: Value = serde_json::from_str(&text).expect("the service sends JSON");
        assert_eq!(schema::judge_server(&event), Ok(()), "{event}");
        event
    }

    /// Everything up to the first event of this type, and that.
    async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            events.push(self.next().await);
            if events.last().expect("just pushed")["type"] == kind {
                return events;
            }
        }
    }

    async fn error(&mut self) -> String {
        let events = self.until("error").await;
        let error = &events.last().expect("at least one")["error"];
        error["code"].as_str().expect("a code").to_owned()
    }
}

fn telephone(detection: &Value) -> Value {
    json!({"type": "session.update", "session": {"type": "realtime", "audio": {
        "input": {"format": {"type": "audio/pcmu"}, "turn_detection": detection},
        "output": {"format": {"type": "audio/pcmu"}, "voice": "marin"},
    }}})
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["type"].as_str()).collect()
}

fn loud(ms: usize) -> Vec<u8> {
    (0..ms * 8).map(|i| if i / 8 % 2 == 0 { 0x10 } else { 0x90 }).collect()
}

fn quiet(ms: usize) -> Vec<u8> {
    vec![0xff; ms * 8]
}

#[tokio::test]
async fn a_response_comes_in_the_documented_order_and_in_the_asked_format() {
    let service = OpenAi::listen(Script::default()).await.expect("loopback");
    let mut client = Client::telephone(&service, json!(null)).await;
    client.send(json!({"type": "response.create", "event_id": "c_1"})).await;
    let events = client.until("response.done").await;
    let order = kinds(&events);
    assert_eq!(
        order[..5],
        [
            "response.created",
            "rate_limits.updated",
            "response.output_item.added",
            "conversation.item.added",
            "response.content_part.added",
        ]
    );
    let audio = events.iter().filter(|event| event["type"] == "response.output_audio.delta");
    let bytes: usize = audio
        .map(|event| BASE64_STANDARD.decode(event["delta"].as_str().expect("a text")).expect("base64").len())
        .sum();
    assert_eq!(bytes, 8_000, "a second of µ-law");
}

#[tokio::test]
async fn an_unknown_parameter_refuses_the_whole_update() {
    let service = OpenAi::listen(Script::default()).await.expect("loopback");
    let mut client = Client::connect(&service).await;
    client.next().await;
    let mut update = telephone(&json!(null));
    update["session"]["temperature"] = json!(0.8);
    client.send(update).await;
    assert_eq!(client.error().await, "unknown_parameter");
    client.send(json!({"type": "response.create"})).await;
    let events = client.until("response.output_audio.delta").await;
    let created = &events[0]["response"]["audio"]["output"]["format"]["type"];
    assert_eq!(created, "audio/pcm", "nothing of the update was applied");
}

#[tokio::test]
async fn what_cannot_be_done_now_is_refused_with_the_services_codes() {
    let service = OpenAi::listen(Script::default()).await.expect("loopback");
    let mut client = Client::telephone(&service, json!(null)).await;
    for (event, code) in [
        (json!({"type": "response.cancel"}), "response_cancel_not_active"),
        (json!({"type": "input_audio_buffer.commit"}), "input_audio_buffer_commit_empty"),
        (
            json!({"type": "conversation.item.truncate", "item_id": "item_x", "content_index": 0, "audio_end_ms": 1}),
            "item_truncate_invalid_item_id",
        ),
        (json!({"type": "conversation.item.delete", "item_id": "item_x"}), "item_delete_invalid_item_id"),
        (
            json!({"type": "conversation.item.create", "item":
                {"type": "function_call_output", "call_id": "call_x", "output": "{}"}}),
            "invalid_tool_call_id",
        ),
        (json!({"type": "input_audio_buffer.append", "audio": "!!"}), "invalid_value"),
        (json!({"type": "session.update", "session": {}}), "missing_required_parameter"),
        (json!({"type": "conversation.create"}), "invalid_value"),
    ] {
        client.send(event.clone()).await;
        assert_eq!(client.error().await, code, "{event}");
    }
    client.send(json!({"type": "response.create"})).await;
    client.until("response.created").await;
    client.send(json!({"type": "response.create", "event_id": "second"})).await;
    let events = client.until("error").await;
    let error = &events.last().expect("at least one")["error"];
    assert_eq!(error["code"], "conversation_already_has_active_response");
    assert_eq!(error["event_id"], "second");
}

#[tokio::test]
async fn an_item_is_truncated_to_no_more_than_it_has() {
    let service = OpenAi::listen(Script::default()).await.expect("loopback");
    let mut client = Client::telephone(&service, json!(null)).await;
    client.send(json!({"type": "response.create"})).await;
    let events = client.until("response.done").await;
    let item = events.last().expect("at least one")["response"]["output"][0]["id"].clone();
    let truncate = |ms: u32| json!({"type": "conversation.item.truncate", "item_id": item, "content_index": 0, "audio_end_ms": ms});
    client.send(truncate(1_001)).await;
    assert_eq!(client.error().await, "invalid_value");
    client.send(truncate(400)).await;
    assert_eq!(client.next().await["audio_end_ms"], 400);
    client.send(truncate(401)).await;
    assert_eq!(client.error().await, "invalid_value");
}

#[tokio::test]
async fn speech_interrupts_and_silence_answers_as_the_turn_detection_says() {
    let script = Script { otherwise: Reply::tone(Duration::from_secs(30)), ..Script::default() };
    let service = OpenAi::listen(script).await.expect("loopback");
    let detection = |create: bool, interrupt: bool| json!({"type": "server_vad", "silence_duration_ms": 500, "create_response": create, "interrupt_response": interrupt});

    let mut client = Client::telephone(&service, detection(true, true)).await;
    client.send(json!({"type": "response.create"})).await;
    client.until("response.output_audio.delta").await;
    client.append(&loud(300)).await;
    let events = client.until("response.done").await;
    assert!(kinds(&events).contains(&"input_audio_buffer.speech_started"));
    let details = &events.last().expect("at least one")["response"]["status_details"];
    assert_eq!(details["reason"], "turn_detected");
    client.append(&quiet(600)).await;
    let events = client.until("response.created").await;
    assert!(
        kinds(&events).starts_with(&["input_audio_buffer.speech_stopped", "input_audio_buffer.committed"])
    );

    let mut client = Client::telephone(&service, detection(false, false)).await;
    client.send(json!({"type": "response.create"})).await;
    client.until("response.output_audio.delta").await;
    client.append(&loud(300)).await;
    client.append(&quiet(600)).await;
    let events = client.until("input_audio_buffer.committed").await;
    assert!(!kinds(&events).contains(&"response.done"), "nothing was interrupted");
    client.send(json!({"type": "response.cancel"})).await;
    let events = client.until("response.done").await;
    assert_eq!(
        events.last().expect("at least one")["response"]["status_details"]["reason"],
        "client_cancelled"
    );
}

#[tokio::test]
async fn a_tool_is_asked_for_and_its_answer_taken_once() {
    let mut script = Script::default();
    script.replies.push_back(Reply::tool("check", &json!({"day": "tuesday"})));
    let service = OpenAi::listen(script).await.expect("loopback");
    let mut client = Client::telephone(&service, json!(null)).await;
    client.send(json!({"type": "response.create"})).await;
    let events = client.until("response.done").await;
    let call = &events.last().expect("at least one")["response"]["output"][0];
    assert_eq!((&call["name"], &call["arguments"]), (&json!("check"), &json!("{\"day\":\"tuesday\"}")));
    let answer = json!({"type": "conversation.item.create", "item":
        {"id": "answer_1", "type": "function_call_output", "call_id": call["call_id"], "output": "free"}});
    client.send(answer.clone()).await;
    client.until("conversation.item.done").await;
    client.send(answer).await;
    assert_eq!(client.error().await, "item_create_duplicate_item_id");
}

#[tokio::test]
async fn several_items_a_collision_and_every_bad_end_can_be_had() {
    let voice =
        |ms| Item::Voice(Voice { speed: 0.0, ..Voice::new(Sound::Stamped, Duration::from_millis(ms)) });
    let short = Reply::of(vec![voice(200)]);
    let mut script = Script::default();
    script.replies.extend([
        Reply::of(vec![voice(200), voice(300)]),
        short
            .clone()
            .ending(End::Failed { code: "rate_limit_exceeded".into(), message: "Slow down.".into() }),
        short.clone().ending(End::TooLong),
        short.clone().ending(End::Stalls),
    ]);
    let service = OpenAi::listen(script).await.expect("loopback");
    let mut client = Client::telephone(&service, json!(null)).await;
    for status in ["completed", "failed", "incomplete"] {
        client.send(json!({"type": "response.create"})).await;
        let events = client.until("response.done").await;
        assert_eq!(events.last().expect("at least one")["response"]["status"], status);
    }
    client.send(json!({"type": "response.create"})).await;
    client.until("response.output_audio.delta").await;
    client.send(json!({"type": "response.cancel"})).await;
    client.until("response.done").await;

    let session = service.session(1).await;
    session.order(Order::Respond(short.clone()));
    client.until("response.done").await;
    session.order(Order::SendText("{".into()));
    assert!(matches!(client.message().await, Some(Message::Text(text)) if text.as_str() == "{"));
    session.order(Order::Expire);
    assert_eq!(client.error().await, "session_expired");
    let Some(Message::Close(Some(frame))) = client.message().await else { panic!("it closes") };
    assert_eq!(u16::from(frame.code), 1001);

    let mut client = Client::telephone(&service, json!(null)).await;
    service.session(2).await.order(Order::Respond(short.ending(End::Drops)));
    while let Some(Message::Text(_)) = client.message().await {}
    assert_eq!(service.session(2).await.over().await, None);
}

#[tokio::test]
async fn keys_headers_and_models_are_judged_at_the_door() {
    let script = Script { key: Some("sk-other".into()), ..Script::default() };
    let service = OpenAi::listen(script).await.expect("loopback");
    let Err(tungstenite::Error::Http(response)) = Client::with(&service, "gpt-realtime-2.1", &[]).await
    else {
        panic!("a wrong key is refused")
    };
    assert_eq!(response.status(), 401);
    assert_eq!(service.refused(), [401]);
    service.set_script(Script::default());
    for (model, header, code) in [
        ("gpt-realtime-2.1", Some(("openai-beta", "realtime=v1")), "beta_api_shape_disabled"),
        ("gpt-4o-realtime-preview", None, "beta_api_shape_disabled"),
        ("gpt-9", None, "model_not_found"),
    ] {
        let mut client = Client::with(&service, model, header.as_slice()).await.expect("the upgrade passes");
        assert_eq!(client.error().await, code);
        let Some(Message::Close(Some(frame))) = client.message().await else { panic!("it closes") };
        assert_eq!(u16::from(frame.code), 4000);
    }
}

#[tokio::test]
async fn audio_before_the_session_is_set_up_is_noticed() {
    let service = OpenAi::listen(Script::default()).await.expect("loopback");
    let mut client = Client::connect(&service).await;
    client.append(&quiet(20)).await;
    client.send(json!({"type": "input_audio_buffer.clear"})).await;
    client.until("input_audio_buffer.cleared").await;
    let session = service.session(1).await;
    assert_eq!(session.mistakes(), ["audio was appended before session.updated came"]);
    assert_eq!(session.heard_bytes(), 160);
    assert!(session.errors().is_empty());
}
