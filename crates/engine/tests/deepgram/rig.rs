//! A session without a network: what we send is checked against the service's schema as it leaves, and nothing that
//! the schema does not list may be in it.

pub use crate::offline::{call_id, ulaw};
use crate::{
    closing::close,
    offline::Offline,
    plain,
    validators::{Validators, judge, validators},
};
use call::{EngineCommand, EngineEvent, ItemId, Message, Transcript, TurnId};
use engine::{
    ApiKey, Brief, Dialect, ToolSpec,
    deepgram::{Config, Deepgram},
};
use serde_json::{Value, json};
use std::{sync::LazyLock, time::Duration};

pub fn fixture(name: &str) -> Value {
    crate::offline::fixture(&format!("deepgram/agent_{name}"))
}

fn side(side: &str) -> Validators {
    let mut schemas = fixture("schemas");
    no_other_values(&mut schemas["$defs"]);
    close(&mut schemas["$defs"]);
    validators(
        &schemas["agent_v1"][side],
        |_, schema| json!({"$schema": schemas["$schema"], "$defs": schemas["$defs"], "allOf": [schema]}),
    )
}

/// Voices that the service's pages name and its package does not list.
const UNLISTED: [&str; 3] = ["aura-2-viktoria-de", "aura-2-agathe-fr", "aura-2-livia-it"];

/// The package takes any text where it lists some.
fn no_other_values(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Array(branches)) = fields.get_mut("anyOf")
                && branches.iter().any(|branch| branch.get("enum").is_some())
            {
                branches.retain(|branch| branch.as_object().is_some_and(|branch| !branch.is_empty()));
                let voices = branches.iter_mut().filter_map(|branch| branch.get_mut("enum")?.as_array_mut());
                let spoken = |voices: &&mut Vec<Value>| voices.contains(&json!("aura-2-thalia-en"));
                voices.filter(spoken).for_each(|voices| voices.extend(UNLISTED.map(Value::from)));
            }
            fields.values_mut().for_each(no_other_values);
        }
        Value::Array(values) => values.iter_mut().for_each(no_other_values),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

static CLIENT: LazyLock<Validators> = LazyLock::new(|| side("client_messages"));
static SERVER: LazyLock<Validators> = LazyLock::new(|| side("server_messages"));

/// What is wrong with a message to the service, if anything is.
pub fn fault(message: &Value) -> Option<String> {
    judge(&CLIENT, message)
}

/// What is wrong with a message that a test lets the service send.
pub fn server_fault(message: &Value) -> Option<String> {
    judge(&SERVER, message)
}

pub fn config() -> Config {
    Config::new(ApiKey::new("a-key-of-no-account"))
}

pub fn brief() -> Brief {
    Brief {
        instructions: "You answer the phone for Acme.".into(),
        greeting: "Thanks for calling Acme.".into(),
        tools: vec![tool("lookup_order")],
        ..plain::brief()
    }
}

pub fn tool(name: &str) -> ToolSpec {
    ToolSpec {
        name: name.into(),
        description: "Find an order by its number.".into(),
        parameters: json!({"type": "object", "properties": {"order_number": {"type": "string"}}}).into(),
        hosted: None,
    }
}

/// Something that was sent.
#[derive(Debug, PartialEq)]
pub enum Sent {
    Message(Value),
    Sound(Vec<u8>),
}

pub type Session = Offline<Deepgram>;

impl Session {
    /// Connected, and the service has not said a word.
    pub fn connected(config: Config, brief: Brief) -> Self {
        Self::briefed(Deepgram::new(config).expect("a session"), brief)
    }

    /// Configured, but not confirmed.
    pub fn configured(config: Config, brief: Brief) -> Self {
        let mut session = Self::connected(config, brief);
        session.read(&json!({"type": "Welcome", "request_id": "r"}));
        session
    }

    pub fn confirmed(config: Config, brief: Brief) -> Self {
        let mut session = Self::configured(config, brief);
        session.read(&json!({"type": "SettingsApplied"}));
        session
    }

    /// Greeting said and done: nothing is under way, and item 1 is used up.
    pub fn ready() -> Self {
        Self::ready_as(config(), brief())
    }

    pub fn ready_as(config: Config, brief: Brief) -> Self {
        let mut session = Self::confirmed(config, brief);
        session.reply("Thanks for calling Acme.");
        session.events();
        session.sent();
        session
    }

    /// Sound of this many milliseconds comes.
    pub fn sound(&mut self, milliseconds: usize) {
        let bytes = vec![0x55; milliseconds * 8];
        assert!(self.dialect.read_binary(self.now, bytes.into(), &mut self.out));
    }

    /// Everything that was sent since last asked, every message of it valid.
    pub fn all_sent(&mut self) -> Vec<Sent> {
        let mut sent = Vec::new();
        while let Some(message) = self.out.wire.pop() {
            sent.push(match message {
                Message::Binary(bytes) => Sent::Sound(bytes.to_vec()),
                Message::Text(bytes) => {
                    let message: Value = serde_json::from_slice(&bytes).expect("we send JSON");
                    assert_eq!(fault(&message), None, "{message}");
                    Sent::Message(message)
                }
            });
        }
        sent
    }

    /// The messages among it.
    pub fn sent(&mut self) -> Vec<Value> {
        let message = |sent| match sent {
            Sent::Message(message) => Some(message),
            Sent::Sound(_) => None,
        };
        self.all_sent().into_iter().filter_map(message).collect()
    }

    /// The types of the messages.
    pub fn sent_types(&mut self) -> Vec<String> {
        self.sent().iter().map(|message| message["type"].as_str().expect("a type").to_owned()).collect()
    }

    /// The line goes on for so long, loud or silent.
    pub fn line(&mut self, milliseconds: usize, loud: bool) {
        for _ in 0..milliseconds / 20 {
            self.wait(Duration::from_millis(20));
            let frame = if loud { voice() } else { vec![0xFF; 160] };
            self.tell(EngineCommand::Hear(ulaw(&frame)));
        }
    }

    /// The caller says something; it is written down, and the call wants an answer.
    pub fn turn(&mut self, words: &str) {
        self.read(&speaks());
        self.read(&user(words));
        self.tell(EngineCommand::Respond);
    }

    /// All of something that the agent says.
    pub fn reply(&mut self, words: &str) {
        self.read(&assistant(words));
        self.sound(100);
        self.read(&audio_done());
    }
}

/// 20 ms of somebody's voice.
fn voice() -> Vec<u8> {
    (0..160).map(|n| if n / 20 % 2 == 0 { 0x10 } else { 0x90 }).collect()
}

pub fn speaks() -> Value {
    json!({"type": "UserStartedSpeaking"})
}

pub fn user(words: &str) -> Value {
    json!({"type": "ConversationText", "role": "user", "content": words})
}

pub fn assistant(words: &str) -> Value {
    json!({"type": "ConversationText", "role": "assistant", "content": words})
}

pub fn begins() -> Value {
    json!({"type": "AgentStartedSpeaking", "total_latency": 1.4, "tts_latency": 0.3, "ttt_latency": 0.9})
}

pub fn audio_done() -> Value {
    json!({"type": "AgentAudioDone"})
}

pub fn wants(ids: &[&str]) -> Value {
    let function = |id: &&str| json!({"id": id, "name": "lookup_order", "arguments": "{\"order_number\":\"4411\"}", "client_side": true});
    json!({"type": "FunctionCallRequest", "functions": ids.iter().map(function).collect::<Vec<_>>()})
}

pub fn refused() -> Value {
    json!({"type": "InjectionRefused", "message": "The user is speaking."})
}

pub fn error(code: &str) -> Value {
    json!({"type": "Error", "code": code, "description": "Example only."})
}

pub fn warning(code: &str) -> Value {
    json!({"type": "Warning", "code": code, "description": "Example only."})
}

pub fn caller_said(turn: u32, text: &str) -> EngineEvent {
    EngineEvent::CallerSaid(TurnId(turn), Transcript { text: text.into(), partial: false })
}

pub fn assistant_said(item: u32, text: &str) -> EngineEvent {
    EngineEvent::AssistantSaid(ItemId(item), Transcript { text: text.into(), partial: false })
}

/// The items that sounded, and for how many milliseconds, in order.
pub fn sounded(events: &[EngineEvent]) -> Vec<(u32, u128)> {
    let mut sounded: Vec<(u32, u128)> = Vec::new();
    for event in events {
        if let EngineEvent::Voice(item, chunk) = event {
            let length = chunk.duration().as_millis();
            match sounded.last_mut().filter(|(last, _)| *last == item.0) {
                Some((_, sum)) => *sum += length,
                None => sounded.push((item.0, length)),
            }
        }
    }
    sounded
}

/// How often something is said to be done.
pub fn dones(events: &[EngineEvent]) -> usize {
    events.iter().filter(|event| matches!(event, EngineEvent::Done(_))).count()
}

pub fn troubles(events: &[EngineEvent]) -> usize {
    events.iter().filter(|event| matches!(event, EngineEvent::Trouble(_))).count()
}

/// Why it failed, and whether lastingly.
pub fn failure(events: &[EngineEvent]) -> Option<(&str, bool)> {
    events.iter().find_map(|event| match event {
        EngineEvent::Failed(failure) => Some((failure.why.as_str(), failure.lasting)),
        _ => None,
    })
}
