//! Message by message, as a client that knows the protocol by heart.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use sim::deepgram::{Deepgram, End, Hearing, Item, Order, Reply, Script, Sound, Voice, schema};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest as _},
};

const PATIENCE: Duration = Duration::from_secs(60);

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// Something that came.
#[derive(Debug)]
enum Came {
    Message(Value),
    Sound(usize),
    Closed(Option<u16>),
}

impl Client {
    async fn connect(url: &str, authorization: &str) -> Result<Self, tungstenite::Error> {
        let mut request = url.into_client_request()?;
        request.headers_mut().insert("authorization", authorization.parse().expect("a header"));
        Ok(Self(connect_async(request).await?.0))
    }

    async fn welcomed(service: &Deepgram) -> Self {
        let mut client = Self::connect(&service.url(), "Token a-key").await.expect("the service takes us");
        assert_eq!(client.message().await["type"], "Welcome");
        client
    }

    /// Configured for the telephone, with this greeting.
    async fn telephone(service: &Deepgram, greeting: &str) -> Self {
        let mut client = Self::welcomed(service).await;
        client.send(telephone(greeting)).await;
        assert_eq!(client.message().await["type"], "SettingsApplied");
        client
    }

    async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("it is open");
    }

    async fn next(&mut self) -> Came {
        match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("it answers in time") {
            Some(Ok(Message::Text(text))) => {
                let message: Value = serde_json::from_str(&text).expect("the service sends JSON");
                assert_eq!(schema::judge_server(&message), Ok(()), "{message}");
                Came::Message(message)
            }
            Some(Ok(Message::Binary(sound))) => Came::Sound(sound.len()),
            Some(Ok(Message::Close(frame))) => Came::Closed(frame.map(|frame| frame.code.into())),
            None | Some(Err(_)) => Came::Closed(None),
            Some(Ok(other)) => panic!("{other:?}"),
        }
    }

    async fn message(&mut self) -> Value {
        match self.next().await {
            Came::Message(message) => message,
            other => panic!("{other:?}"),
        }
    }

    /// The types of what comes up to the first message of this one, with sound as `sound`, each once in a row, and no
    /// history; and how many bytes of sound there were.
    async fn until(&mut self, kind: &str) -> (Vec<String>, usize) {
        let (mut kinds, mut bytes) = (Vec::<String>::new(), 0);
        while kinds.last().is_none_or(|last| last != kind) {
            let kind = match self.next().await {
                Came::Message(message) if message["type"] == "History" => continue,
                Came::Message(message) => message["type"].as_str().expect("a type").to_owned(),
                Came::Sound(length) => {
                    bytes += length;
                    "sound".to_owned()
                }
                Came::Closed(code) => panic!("it closed with {code:?} after {kinds:?}"),
            };
            if kinds.last() != Some(&kind) || kind != "sound" {
                kinds.push(kind);
            }
        }
        (kinds, bytes)
    }

    /// The code of the error that ends the session.
    async fn failure(&mut self) -> String {
        let code = loop {
            if let Came::Message(message) = self.next().await
                && message["type"] == "Error"
            {
                break message["code"].as_str().expect("a code").to_owned();
            }
        };
        assert!(matches!(self.next().await, Came::Closed(Some(1011))));
        code
    }
}

fn telephone(greeting: &str) -> Value {
    let sound = json!({"encoding": "mulaw", "sample_rate": 8000});
    let mut settings = json!({
        "type": "Settings",
        "audio": {"input": sound, "output": {"encoding": "mulaw", "sample_rate": 8000, "container": "none"}},
        "agent": {
            "listen": {"provider": {"type": "deepgram", "version": "v1", "model": "nova-3"}},
            "think": {
                "provider": {"type": "open_ai", "model": "gpt-4o-mini"}, "prompt": "Be brief.",
                "functions": [{"name": "check", "description": "Look.", "parameters": {"type": "object", "properties": {}}}, {"name": "other"}],
            },
            "speak": {"provider": {"type": "deepgram", "model": "aura-2-thalia-en"}},
        },
    });
    if !greeting.is_empty() {
        settings["agent"]["greeting"] = greeting.into();
    }
    settings
}

fn fast(ms: u64) -> Voice {
    Voice { speed: 0.0, ..Voice::new(Sound::Stamped, Duration::from_millis(ms)) }
}

fn scripted(replies: Vec<Reply>) -> Script {
    Script { replies: replies.into(), voice: fast(200), hearing: Hearing::Scripted, ..Script::default() }
}

#[tokio::test]
async fn a_session_begins_in_the_documented_order() {
    let service = Deepgram::listen(scripted(vec![])).await.expect("loopback");
    let mut client = Client::telephone(&service, "Hello there. What can I do?").await;
    let (kinds, bytes) = client.until("AgentAudioDone").await;
    assert_eq!(
        kinds,
        ["ConversationText", "AgentStartedSpeaking", "sound", "ConversationText", "sound", "AgentAudioDone"]
    );
    assert_eq!(bytes, 1_600);
    assert_eq!(service.session(1).await.mistakes(), Vec::<String>::new());
}

#[tokio::test]
async fn what_comes_too_early_twice_or_misshapen_ends_the_session() {
    let service = Deepgram::listen(scripted(vec![])).await.expect("loopback");
    for (messages, code) in [
        (vec![json!({"type": "KeepAlive"})], "NON_SETTINGS_MESSAGE_BEFORE_SETTINGS"),
        (vec![telephone(""), telephone("")], "SETTINGS_ALREADY_APPLIED"),
        (vec![json!({"type": "SettingsConfiguration"})], "UNPARSABLE_CLIENT_MESSAGE"),
        (
            vec![telephone(""), json!({"type": "FunctionCallResponse", "id": "x"})],
            "UNPARSABLE_CLIENT_MESSAGE",
        ),
        (
            vec![json!({"type": "Settings", "audio": {}, "agent": {"listen": {"model": "nova-3"}}})],
            "INVALID_SETTINGS",
        ),
    ] {
        let mut client = Client::welcomed(&service).await;
        for message in messages {
            client.send(message).await;
        }
        assert_eq!(client.failure().await, code);
    }
    let mut client = Client::welcomed(&service).await;
    client.0.send(Message::text("{")).await.expect("it is open");
    assert_eq!(client.failure().await, "UNPARSABLE_CLIENT_MESSAGE");
    let mut client = Client::welcomed(&service).await;
    client.0.send(Message::binary(vec![0xff; 160])).await.expect("it is open");
    assert_eq!(client.failure().await, "NON_SETTINGS_MESSAGE_BEFORE_SETTINGS");
    for change in [
        (|s| s["audio"]["output"]["encoding"] = "linear16".into()) as fn(&mut Value),
        |s| s["agent"]["listen"]["provider"]["model"] = "flux-general-en".into(),
        |s| s["agent"]["speak"]["provider"]["model"] = "flux-kit-en".into(),
        |s| s["agent"]["think"]["functions"][1]["name"] = "check".into(),
    ] {
        let mut settings = telephone("");
        change(&mut settings);
        let mut client = Client::welcomed(&service).await;
        client.send(settings).await;
        assert_eq!(client.failure().await, "INVALID_SETTINGS");
    }
}

#[tokio::test]
async fn the_caller_interrupts_and_stale_sound_still_comes() {
    let long = Item::Voice(Voice::new(Sound::Stamped, Duration::from_secs(60)));
    let short = Item::Voice(fast(200));
    let mut script = scripted(vec![Reply::of(vec![long]), Reply::of(vec![short])]);
    script.understood = ["Where is my order?".into(), "No.".into()].into();
    let service = Deepgram::listen(script).await.expect("loopback");
    let mut client = Client::telephone(&service, "").await;
    let session = service.session(1).await;
    session.order(Order::SpeechStarts);
    session.order(Order::SpeechStops);
    let (kinds, _) = client.until("sound").await;
    assert_eq!(
        kinds,
        ["UserStartedSpeaking", "ConversationText", "ConversationText", "AgentStartedSpeaking", "sound"]
    );
    session.order(Order::SpeechStarts);
    client.until("UserStartedSpeaking").await;
    session.order(Order::SpeechStops);
    let (kinds, bytes) = client.until("AgentAudioDone").await;
    assert_eq!(bytes, 2_400 + 1_600, "300 ms of the old turn, and the new one");
    assert!(kinds.starts_with(&["sound".into()]), "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "AgentAudioDone").count(), 1);
}

#[tokio::test]
async fn a_cough_has_no_words_and_no_answer() {
    let mut script = scripted(vec![]);
    script.understood = [String::new()].into();
    let service = Deepgram::listen(script).await.expect("loopback");
    let mut client = Client::telephone(&service, "").await;
    let session = service.session(1).await;
    session.order(Order::SpeechStarts);
    session.order(Order::SpeechStops);
    session.order(Order::Warn("SLOW_THINK_REQUEST".into()));
    let (kinds, _) = client.until("Warning").await;
    assert_eq!(kinds, ["UserStartedSpeaking", "Warning"]);
}

#[tokio::test]
async fn loudness_begins_and_silence_ends_a_turn() {
    let service = Deepgram::listen(Script { voice: fast(200), ..Script::default() }).await.expect("loopback");
    let mut client = Client::telephone(&service, "").await;
    let loud: Vec<u8> = (0..2_400).map(|i| if i / 8 % 2 == 0 { 0x10 } else { 0x90 }).collect();
    for sound in [loud, vec![0xff; 4_800]] {
        client.0.send(Message::binary(sound)).await.expect("it is open");
    }
    let (kinds, _) = client.until("AgentStartedSpeaking").await;
    assert_eq!(kinds[..2], ["UserStartedSpeaking", "ConversationText"]);
    let session = service.session(1).await;
    assert_eq!((session.heard_bytes(), session.heard().len()), (7_200, 0));
}

#[tokio::test]
async fn tools_are_wanted_together_answered_once_and_cancelled_by_speech() {
    let tool = |name: &str| Item::Tool { name: name.into(), arguments: "{}".into() };
    let reply = || Reply::of(vec![tool("check"), tool("check")]);
    let answer = Reply::of(vec![Item::Voice(fast(100))]);
    let service = Deepgram::listen(scripted(vec![reply(), answer, reply()])).await.expect("loopback");
    let mut client = Client::telephone(&service, "").await;
    client.send(json!({"type": "InjectUserMessage", "content": "Check twice."})).await;
    let (kinds, _) = client.until("FunctionCallRequest").await;
    assert_eq!(kinds, ["ConversationText", "FunctionCallRequest"]);
    let response =
        |id: &str| json!({"type": "FunctionCallResponse", "id": id, "name": "check", "content": "yes"});
    client.send(response("fc_1")).await;
    client.send(response("fc_2")).await;
    client.until("AgentAudioDone").await;
    let session = service.session(1).await;
    assert_eq!(session.mistakes(), Vec::<String>::new());
    session.order(Order::SpeechStarts);
    session.order(Order::SpeechStops);
    client.until("FunctionCallRequest").await;
    session.order(Order::SpeechStarts);
    client.until("FunctionCallCancelled").await;
    client.send(response("fc_3")).await;
    client.send(json!({"type": "UpdatePrompt", "prompt": "x"})).await;
    client.until("PromptUpdated").await;
    assert_eq!(session.mistakes(), ["an answer came to a call that is not open"]);
}

#[tokio::test]
async fn words_are_injected_after_before_or_not_at_all() {
    let long = Reply::of(vec![Item::Voice(Voice::new(Sound::Stamped, Duration::from_secs(60)))]);
    let service = Deepgram::listen(scripted(vec![long])).await.expect("loopback");
    let mut client = Client::telephone(&service, "").await;
    let inject = |behavior: &str| json!({"type": "InjectAgentMessage", "message": "One moment.", "behavior": behavior});
    client.send(inject("default")).await;
    client.until("AgentAudioDone").await;
    client.send(json!({"type": "InjectUserMessage", "content": "Tell me a story."})).await;
    client.until("sound").await;
    client.send(inject("default")).await;
    client.until("InjectionRefused").await;
    client.send(inject("queue")).await;
    client.send(inject("interrupt")).await;
    client.until("ConversationText").await;
    client.until("AgentAudioDone").await;
    client.until("AgentAudioDone").await;
}

#[tokio::test]
async fn updates_are_confirmed_and_limits_kept() {
    let service = Deepgram::listen(scripted(vec![])).await.expect("loopback");
    let mut client = Client::telephone(&service, "").await;
    let agent = telephone("")["agent"].clone();
    for (message, kind) in [
        (json!({"type": "UpdateThink", "think": agent["think"]}), "ThinkUpdated"),
        (json!({"type": "UpdateSpeak", "speak": agent["speak"]}), "SpeakUpdated"),
        (json!({"type": "UpdateListen", "listen": agent["listen"]}), "ListenUpdated"),
        (json!({"type": "UpdatePrompt", "prompt": "é".repeat(24_990)}), "PromptUpdated"),
        (json!({"type": "UpdatePrompt", "prompt": "é".repeat(20)}), "Warning"),
        (json!({"type": "ForceEndTurn"}), "Warning"),
    ] {
        client.send(message).await;
        client.until(kind).await;
    }
}

#[tokio::test]
async fn every_bad_end_can_be_had() {
    let reply = || Reply::of(vec![Item::Voice(fast(200))]);
    let silent = reply().ending(End::Silent);
    let first = Reply { sound_first: true, ..reply() };
    let fails = reply().ending(End::Fails("FAILED_TO_SPEAK".into()));
    let service = Deepgram::listen(scripted(vec![silent, first, fails])).await.expect("loopback");
    let mut client = Client::telephone(&service, "").await;
    let ask = || json!({"type": "InjectUserMessage", "content": "Go on."});
    client.send(ask()).await;
    client.send(ask()).await;
    let (kinds, _) = client.until("AgentAudioDone").await;
    assert_eq!(
        kinds[1..],
        [
            "ConversationText",
            "AgentStartedSpeaking",
            "sound",
            "ConversationText",
            "sound",
            "ConversationText",
            "sound",
            "AgentAudioDone"
        ]
    );
    client.send(ask()).await;
    assert_eq!(client.failure().await, "FAILED_TO_SPEAK");

    for (order, code) in [
        (Order::Speak(reply().ending(End::Closes(1001))), Some(1001)),
        (Order::Speak(reply().ending(End::Drops)), None),
        (Order::Close(1008, "Goodbye.".into()), Some(1008)),
        (Order::Drop, None),
    ] {
        let mut client = Client::telephone(&service, "").await;
        let number = service.sessions().len() as u32;
        service.session(number).await.order(order);
        let closed = loop {
            if let Came::Closed(code) = client.next().await {
                break code;
            }
        };
        assert_eq!(closed, code);
    }
    let mut client = Client::telephone(&service, "").await;
    let session = service.sessions().pop().expect("it is there");
    session.order(Order::SendBinary(vec![1, 2, 3]));
    assert!(matches!(client.next().await, Came::Sound(3)));
    session.order(Order::SendText("{".into()));
    let came = client.0.next().await;
    assert!(matches!(&came, Some(Ok(Message::Text(text))) if text.as_str() == "{"), "{came:?}");
    session.order(Order::Fail("SERVER_GOING_AWAY".into()));
    assert_eq!(client.failure().await, "SERVER_GOING_AWAY");
    assert_eq!(session.errors().len(), 1);
}

#[tokio::test]
async fn keys_and_addresses_are_judged_at_the_door() {
    let script = Script { key: Some("the-key".into()), ..Script::default() };
    let service = Deepgram::listen(script.clone()).await.expect("loopback");
    let refused = async |url: &str, authorization: &str| match Client::connect(url, authorization).await {
        Err(tungstenite::Error::Http(response)) => {
            assert!(response.headers().contains_key("dg-error"));
            response.status().as_u16()
        }
        _ => panic!("it is refused"),
    };
    assert_eq!(refused(&service.url(), "Token another").await, 401);
    assert_eq!(refused(&service.url(), "the-key").await, 401);
    assert_eq!(refused(&format!("{}/agent", service.host()), "Token the-key").await, 404);
    for status in [429, 503] {
        service.set_script(Script { refuse: Some(status), ..script.clone() });
        assert_eq!(refused(&service.url(), "Token the-key").await, status);
    }
    assert_eq!(service.refused(), [401, 401, 404, 429, 503]);
    service.set_script(script);
    assert!(Client::connect(&service.url(), "Bearer the-key").await.is_ok());
}

#[tokio::test]
async fn sound_before_the_settings_are_applied_is_noticed() {
    let script = Script { apply_takes: Duration::from_millis(300), ..scripted(vec![]) };
    let service = Deepgram::listen(script).await.expect("loopback");
    let mut client = Client::welcomed(&service).await;
    client.send(telephone("")).await;
    client.0.send(Message::binary(vec![0xff; 160])).await.expect("it is open");
    client.until("SettingsApplied").await;
    let session = service.session(1).await;
    assert_eq!(session.mistakes(), ["audio was sent before SettingsApplied came"]);
    assert!(session.errors().is_empty());
}
