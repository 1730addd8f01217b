//! A session without a network: what we send is checked against the service's schema as it leaves.

pub use crate::offline::{call_id, ulaw};
use crate::{
    offline::Offline,
    plain,
    validators::{Validators, judge, validators},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use call::{EngineEvent, ItemId, Transcript, TurnId};
use engine::{
    ApiKey, Brief, ToolSpec,
    openai::{Config, OpenAi},
};
use serde_json::{Value, json};
use std::sync::LazyLock;

static CLIENT_EVENTS: LazyLock<Validators> = LazyLock::new(|| {
    let schemas = fixture("events_strict");
    validators(
        &schemas["client_events"],
        |_, schema| json!({"$schema": schemas["$schema"], "$defs": schemas["$defs"], "$ref": schema["$ref"]}),
    )
});

pub fn fixture(name: &str) -> Value {
    crate::offline::fixture(&format!("openai/{name}"))
}

/// What is wrong with a message to the service, if anything is.
pub fn fault(message: &Value) -> Option<String> {
    judge(&CLIENT_EVENTS, message)
}

pub fn config() -> Config {
    Config::new(ApiKey::new("sk-a-key-of-no-account"))
}

pub fn brief() -> Brief {
    Brief {
        instructions: "You answer the phone for Acme.".into(),
        greeting: "Thanks for calling Acme.".into(),
        tools: vec![ToolSpec {
            name: "lookup_order".into(),
            description: "Find an order by its number.".into(),
            parameters: json!({"type": "object", "properties": {"order_number": {"type": "string"}}}).into(),
            hosted: None,
        }],
        ..plain::brief()
    }
}

pub type Session = Offline<OpenAi>;

impl Session {
    /// Connected and configured, but not confirmed.
    pub fn greeted(config: Config, brief: Brief) -> Self {
        Self::briefed(OpenAi::new(config).expect("a session"), brief)
    }

    pub fn confirmed(config: Config, brief: Brief) -> Self {
        let mut session = Self::greeted(config, brief);
        let asked = session.sent().remove(0);
        session.read(&json!({"type": "session.updated", "session": asked["session"]}));
        session
    }

    /// Greeting asked for, said and done: nothing is under way, and item 1 and response `resp_0` are used up.
    pub fn ready() -> Self {
        Self::ready_as(config(), brief())
    }

    pub fn ready_as(config: Config, brief: Brief) -> Self {
        let mut session = Self::confirmed(config, brief);
        session.reply("resp_0", "item_0", "Thanks for calling Acme.");
        session.events();
        session.sent();
        session
    }

    /// What was sent since last asked, every message of it valid.
    pub fn sent(&mut self) -> Vec<Value> {
        let mut sent = Vec::new();
        while let Some(message) = self.out.wire.pop() {
            let message: Value = serde_json::from_slice(message.bytes()).expect("we send JSON");
            assert_eq!(fault(&message), None, "{message}");
            sent.push(message);
        }
        sent
    }

    /// The types of what was sent.
    pub fn sent_types(&mut self) -> Vec<String> {
        self.sent().iter().map(|message| message["type"].as_str().expect("a type").to_owned()).collect()
    }

    /// The caller says something that is committed, but not yet written down.
    pub fn turn(&mut self, item: &str) {
        self.read(&speech_started(item));
        self.read(&speech_stopped(item));
        self.read(&committed(item));
    }

    /// A whole response of one item.
    pub fn reply(&mut self, response: &str, item: &str, words: &str) {
        self.read(&created(response));
        self.read(&item_added(response, item));
        self.read(&voice(response, item, &[0x55; 800]));
        self.read(&words_done(response, item, words));
        self.read(&item_done(response, item, words));
        self.read(&done(response, "completed"));
    }
}

pub fn speech_started(item: &str) -> Value {
    json!({"type": "input_audio_buffer.speech_started", "event_id": "e", "audio_start_ms": 0, "item_id": item})
}

pub fn speech_stopped(item: &str) -> Value {
    json!({"type": "input_audio_buffer.speech_stopped", "event_id": "e", "audio_end_ms": 0, "item_id": item})
}

pub fn committed(item: &str) -> Value {
    json!({"type": "input_audio_buffer.committed", "event_id": "e", "previous_item_id": null, "item_id": item})
}

pub fn caller_words(item: &str, delta: &str) -> Value {
    json!({"type": "conversation.item.input_audio_transcription.delta", "item_id": item, "content_index": 0, "delta": delta})
}

pub fn caller_said(item: &str, transcript: &str) -> Value {
    json!({"type": "conversation.item.input_audio_transcription.completed", "item_id": item, "content_index": 0,
        "transcript": transcript, "usage": {"type": "duration", "seconds": 1.0}})
}

pub fn created(response: &str) -> Value {
    json!({"type": "response.created", "response": {"id": response, "object": "realtime.response", "status": "in_progress"}})
}

pub fn item_added(response: &str, item: &str) -> Value {
    json!({"type": "response.output_item.added", "response_id": response, "output_index": 0,
        "item": {"id": item, "type": "message", "status": "in_progress", "role": "assistant", "content": []}})
}

pub fn voice(response: &str, item: &str, bytes: &[u8]) -> Value {
    json!({"type": "response.output_audio.delta", "response_id": response, "item_id": item, "output_index": 0,
        "content_index": 0, "delta": STANDARD.encode(bytes)})
}

pub fn words(response: &str, item: &str, delta: &str) -> Value {
    json!({"type": "response.output_audio_transcript.delta", "response_id": response, "item_id": item,
        "output_index": 0, "content_index": 0, "delta": delta})
}

pub fn words_done(response: &str, item: &str, transcript: &str) -> Value {
    json!({"type": "response.output_audio_transcript.done", "response_id": response, "item_id": item,
        "output_index": 0, "content_index": 0, "transcript": transcript})
}

pub fn item_done(response: &str, item: &str, transcript: &str) -> Value {
    json!({"type": "response.output_item.done", "response_id": response, "output_index": 0,
        "item": {"id": item, "type": "message", "status": "completed", "role": "assistant",
            "content": [{"type": "output_audio", "transcript": transcript}]}})
}

pub fn wants(response: &str, call: &str, status: &str) -> Value {
    json!({"type": "response.output_item.done", "response_id": response, "output_index": 0,
        "item": {"id": format!("item_{call}"), "type": "function_call", "status": status, "name": "lookup_order",
            "call_id": call, "arguments": "{\"order_number\":\"4411\"}"}})
}

pub fn done(response: &str, status: &str) -> Value {
    json!({"type": "response.done", "response": {"id": response, "status": status,
        "status_details": {"type": status}, "output": [], "usage": null}})
}

pub fn failed(response: &str, kind: &str, code: &str) -> Value {
    json!({"type": "response.done", "response": {"id": response, "status": "failed", "output": [], "usage": null,
        "status_details": {"type": "failed", "error": {"type": kind, "code": code, "message": "Example only."}}}})
}

pub fn error(kind: &str, code: &str, event_id: Option<&str>) -> Value {
    json!({"type": "error", "event_id": "e",
        "error": {"type": kind, "code": code, "message": "Example only.", "param": null, "event_id": event_id}})
}

pub fn caller(turn: u32, text: &str, partial: bool) -> EngineEvent {
    EngineEvent::CallerSaid(TurnId(turn), Transcript { text: text.into(), partial })
}

pub fn assistant(item: u32, text: &str, partial: bool) -> EngineEvent {
    EngineEvent::AssistantSaid(ItemId(item), Transcript { text: text.into(), partial })
}

/// Whether anything is said to be done.
pub fn is_done(events: &[EngineEvent]) -> bool {
    events.iter().any(|event| matches!(event, EngineEvent::Done(_)))
}

/// The last words of each.
pub fn last_words(events: &[EngineEvent]) -> Vec<&EngineEvent> {
    let finals = |event: &&EngineEvent| matches!(event, EngineEvent::CallerSaid(_, said) | EngineEvent::AssistantSaid(_, said) if !said.partial);
    events.iter().filter(finals).collect()
}

pub fn troubles(events: &[EngineEvent]) -> usize {
    events.iter().filter(|event| matches!(event, EngineEvent::Trouble(_))).count()
}
