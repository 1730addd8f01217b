//! A session without a network: what we send is checked against the service's schema as it leaves, and nothing that
//! the schema does not list may be in it.

use call::{
    Chunk, EngineCommand, EngineEvent, Format, ItemId, Manner, Message, ToolCallId, Transcript, TurnId,
};
use engine::{
    ApiKey, Brief, Dialect, Outbox, ToolSpec,
    deepgram::{Config, Deepgram},
};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::LazyLock,
    time::{Duration, Instant},
};

pub fn fixture(name: &str) -> Value {
    let path = format!("{}/../../fixtures/deepgram/agent_{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{path}: {why}"));
    serde_json::from_str(&text).expect("a fixture is JSON")
}

/// Closes a schema that the vendor's package leaves open: no fields and no values but those that it lists.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("properties").is_some_and(Value::is_object) {
                fields.insert("additionalProperties".into(), false.into());
            }
            if let Some(Value::Array(branches)) = fields.get_mut("anyOf")
                && branches.iter().any(|branch| branch.get("enum").is_some())
            {
                branches.retain(|branch| branch.as_object().is_some_and(|branch| !branch.is_empty()));
            }
            fields.iter_mut().for_each(|(_, value)| close(value));
        }
        Value::Array(values) => values.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn validators(side: &str) -> BTreeMap<String, Validator> {
    let mut schemas = fixture("schemas");
    close(&mut schemas["$defs"]);
    let messages = schemas["agent_v1"][side].as_object().expect("messages");
    let validator = |(kind, schema): (&String, &Value)| {
        let whole = json!({"$schema": schemas["$schema"], "$defs": schemas["$defs"], "allOf": [schema]});
        (kind.clone(), jsonschema::validator_for(&whole).expect("a schema"))
    };
    messages.iter().map(validator).collect()
}

static CLIENT: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| validators("client_messages"));
static SERVER: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| validators("server_messages"));

/// What is wrong with a message to the service, if anything is.
pub fn fault(message: &Value) -> Option<String> {
    judge(&CLIENT, message)
}

/// What is wrong with a message that a test lets the service send.
pub fn server_fault(message: &Value) -> Option<String> {
    judge(&SERVER, message)
}

fn judge(validators: &BTreeMap<String, Validator>, message: &Value) -> Option<String> {
    let Some(kind) = message["type"].as_str() else { return Some("no type".into()) };
    let Some(validator) = validators.get(kind) else { return Some(format!("no type {kind}")) };
    validator.validate(message).err().map(|why| why.to_string())
}

pub fn config() -> Config {
    Config::new(ApiKey::new("a-key-of-no-account"))
}

pub fn brief() -> Brief {
    Brief {
        instructions: "You answer the phone for Acme.".into(),
        greeting: "Thanks for calling Acme.".into(),
        voice: String::new(),
        language: "en-US".into(),
        tools: vec![tool("lookup_order")],
        manner: Manner::Duplex,
        format: Format::Ulaw,
        so_far: Vec::new(),
    }
}

pub fn tool(name: &str) -> ToolSpec {
    ToolSpec {
        name: name.into(),
        description: "Find an order by its number.".into(),
        parameters: json!({"type": "object", "properties": {"order_number": {"type": "string"}}}),
    }
}

/// Something that was sent.
#[derive(Debug, PartialEq)]
pub enum Sent {
    Message(Value),
    Sound(Vec<u8>),
}

pub struct Session {
    pub dialect: Deepgram,
    pub out: Outbox,
    pub now: Instant,
}

impl Session {
    /// Connected, and the service has not said a word.
    pub fn connected(config: Config, brief: Brief) -> Self {
        let dialect = Deepgram::new(config).expect("a session");
        let mut session = Self { dialect, out: Outbox::default(), now: now() };
        session.dialect.greet(session.now, brief, &mut session.out);
        session
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

    pub fn read(&mut self, message: &Value) {
        self.read_text(&message.to_string());
    }

    pub fn read_text(&mut self, message: &str) {
        self.dialect.read(self.now, message, &mut self.out);
    }

    /// Sound of this many milliseconds comes.
    pub fn sound(&mut self, milliseconds: usize) {
        let bytes = vec![0x55; milliseconds * 8];
        assert!(self.dialect.read_binary(self.now, bytes.into(), &mut self.out));
    }

    pub fn tell(&mut self, command: EngineCommand) {
        self.dialect.write(self.now, command, &mut self.out);
    }

    pub fn events(&mut self) -> Vec<EngineEvent> {
        self.out.events.drain(..).collect()
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

    /// Lets time pass, waking the dialect whenever it wants to be woken.
    pub fn wait(&mut self, length: Duration) {
        let end = self.now + length;
        while let Some(due) = self.dialect.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.dialect.wake(self.now, &mut self.out);
        }
        self.now = end;
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

pub fn ulaw(bytes: &[u8]) -> Chunk {
    Chunk { format: Format::Ulaw, bytes: bytes.to_vec().into() }
}

pub fn call_id(id: &str) -> ToolCallId {
    ToolCallId(id.into())
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

#[expect(clippy::disallowed_methods, reason = "any moment will do to begin with")]
fn now() -> Instant {
    Instant::now()
}
