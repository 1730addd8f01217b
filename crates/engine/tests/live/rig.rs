//! A session without a network, in simulated time: what we send is checked against the service's schemas as it leaves.

pub use crate::offline::{call_id, ulaw};
use crate::{
    closing::close,
    offline::Offline,
    plain,
    validators::{Validators, judge, validators},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use call::{EngineCommand, EngineEvent, Manner};
use engine::{
    ApiKey, Brief, ToolSpec,
    live::{Config, Live},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    ops::{Deref, DerefMut},
    sync::LazyLock,
    time::Duration,
};

/// When sessions are opened, in Unix seconds.
pub const OPENED: u64 = 1_792_990_000;

pub fn fixture(name: &str) -> Value {
    crate::offline::fixture(&format!("live/{name}"))
}

/// What a client may send: only what is listed, as the service refuses everything else.
static CLIENT: LazyLock<Validators> = LazyLock::new(|| {
    let mut schemas = fixture("schemas");
    close(&mut schemas["$defs"]);
    validators(&schemas["client"], |kind, schema| {
        json!({"$schema": schemas["$schema"], "$defs": schemas["$defs"], "$ref": schema["$ref"],
            "required": schemas["required"][kind]})
    })
});

/// What is wrong with a message to the service, if anything is.
pub fn fault(message: &Value) -> Option<String> {
    if let Some(why) = judge(&CLIENT, message) {
        return Some(why);
    }
    let content = message["content"].as_str().unwrap_or_default();
    let tokens = content.chars().map(|c| if c.is_ascii() { 0.25 } else { 1.0 }).sum::<f64>();
    (tokens > 500.0).then(|| format!("{tokens} tokens at once"))
}

pub fn config() -> Config {
    Config::new(ApiKey::new("sk-a-key-of-no-account"))
}

pub fn brief() -> Brief {
    let tool = |name: &str| ToolSpec {
        name: name.into(),
        description: "Does what it is named after.".into(),
        parameters: json!({"type": "object", "properties": {"day": {"type": "string"}}}).into(),
        hosted: None,
    };
    Brief {
        instructions: "You answer the phone for Acme.".into(),
        greeting: "Thanks for calling Acme.".into(),
        tools: vec![tool("find_slots"), tool("hang_up")],
        ..plain::brief()
    }
}

pub struct Session {
    pub offline: Offline<Live>,
    /// Where the service's time is, in milliseconds.
    pub ms: u64,
    /// The caller's sound that was sent.
    pub sent_bytes: usize,
    manner: Manner,
}

impl Deref for Session {
    type Target = Offline<Live>;

    fn deref(&self) -> &Self::Target {
        &self.offline
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.offline
    }
}

impl Session {
    /// Connected, and asked for a session that is not confirmed.
    pub fn greeted(brief: Brief) -> Self {
        let manner = brief.manner;
        let offline = Offline::briefed(Live::new(config(), OPENED).expect("a session"), brief);
        Self { offline, ms: 0, sent_bytes: 0, manner }
    }

    pub fn started(brief: Brief) -> Self {
        let mut session = Self::greeted(brief);
        let asked = session.sent().remove(0);
        let mut kept = asked["session"].clone();
        kept["id"] = json!("live_1");
        kept["status"] = json!("active");
        kept["expires_at"] = json!(OPENED + 7_000);
        session.read(&json!({"type": "session.started", "event_id": "e", "session": kept}));
        session
    }

    /// Greeted, and nothing under way. Item 1 is used up.
    pub fn ready() -> Self {
        Self::ready_as(brief())
    }

    pub fn ready_as(brief: Brief) -> Self {
        let mut session = Self::started(brief);
        session.says("Thanks for calling Acme.", 400);
        session.quiet(2_000);
        session.events();
        session.sent();
        session.sent_bytes = 0;
        session
    }

    /// What was sent since last asked but the caller's sound, every message of it valid.
    pub fn sent(&mut self) -> Vec<Value> {
        let mut sent = Vec::new();
        while let Some(message) = self.out.wire.pop() {
            let message: Value = serde_json::from_slice(message.bytes()).expect("we send JSON");
            let sound = message["type"] == "session.input_audio.append";
            // Of the sound every hundredth is looked at: it is always the same.
            if !sound || self.sent_bytes.is_multiple_of(16_000) {
                assert_eq!(fault(&message), None, "{message}");
            }
            if sound {
                let audio = STANDARD.decode(message["audio"].as_str().expect("a text")).expect("base64");
                self.sent_bytes += audio.len();
            } else {
                sent.push(message);
            }
        }
        sent
    }

    /// How much of the caller's sound was sent since last asked, in milliseconds of µ-law.
    pub fn sent_ms(&mut self) -> usize {
        let kept: Vec<Value> = self.sent();
        assert!(kept.is_empty(), "nothing else was sent: {kept:?}");
        std::mem::take(&mut self.sent_bytes) / 8
    }

    pub fn read(&mut self, message: &Value) {
        self.offline.read(message);
    }

    /// Lets time pass on a still line, in milliseconds.
    pub fn wait(&mut self, ms: u64) {
        self.offline.wait(Duration::from_millis(ms));
    }

    /// So much passes as the line and the service have it: frames of `caller`, and a piece of `track` every 100 ms.
    pub fn pass(&mut self, ms: u64, caller: u8, track: u8) {
        for _ in 0..ms / 20 {
            // Where the ends take turns, sound comes in recordings.
            if self.manner == Manner::Duplex {
                self.tell(EngineCommand::Hear(ulaw(&[caller; 160])));
            }
            self.ms += 20;
            if self.ms.is_multiple_of(100) {
                self.read(&voice(&[track; 800]));
            }
            self.wait(20);
        }
    }

    /// Nobody speaks.
    pub fn quiet(&mut self, ms: u64) {
        self.pass(ms, SILENCE, SILENCE);
    }

    /// The assistant says this.
    pub fn says(&mut self, text: &str, ms: u64) {
        self.read(&said("output", text, self.ms));
        self.pass(ms, SILENCE, LOUD);
    }

    /// The caller says this, with syllables, and stops.
    pub fn caller_says(&mut self, text: &str, ms: u64) {
        self.caller_sounds(ms, SILENCE);
        self.read(&said("input", text, self.ms - ms));
        self.quiet(600);
    }

    pub fn caller_sounds(&mut self, ms: u64, track: u8) {
        for _ in 0..ms / 200 {
            self.pass(160, LOUD, track);
            self.pass(40, SILENCE, track);
        }
    }
}

/// µ-law: nothing, and something loud.
pub const SILENCE: u8 = 0xFF;
pub const LOUD: u8 = 0x10;

pub fn voice(bytes: &[u8]) -> Value {
    json!({"type": "session.output_audio.delta", "delta": STANDARD.encode(bytes)})
}

/// A fragment of what was said: `input` by the caller, `output` by the assistant.
pub fn said(direction: &str, delta: &str, start: u64) -> Value {
    json!({"type": format!("session.{direction}_transcript.delta"), "event_id": "e", "delta": delta,
        "start_ms": start, "end_ms": start + 200})
}

pub fn delegation(id: &str, response: &str) -> Value {
    json!({"type": "session.delegation.created", "event_id": "e", "offset_ms": 0,
        "delegation": {"id": id, "type": "delegation", "target": "responses", "response_id": response}})
}

pub fn work(delegation: &str, event: &Value) -> Value {
    json!({"type": "response.event", "event_id": "e", "delegation_id": delegation, "event": event})
}

pub fn response(kind: &str, id: &str) -> Value {
    json!({"type": format!("response.{kind}"), "sequence_number": 0, "response":
        {"id": id, "object": "response", "status": kind, "model": "m", "output": [], "tools": []}})
}

pub fn function_call(call: &str, name: &str, arguments: &str) -> Value {
    json!({"type": "response.output_item.done", "sequence_number": 1, "output_index": 0, "item":
        {"type": "function_call", "id": format!("fc_{call}"), "call_id": call, "name": name, "arguments": arguments,
        "status": "completed"}})
}

pub fn error(kind: &str, code: &str, about: Option<&str>) -> Value {
    let mut error = json!({"type": kind, "code": code, "message": "Example only."});
    if let Some(about) = about {
        error["client_event_id"] = json!(about);
    }
    json!({"type": "error", "event_id": "e", "error": error})
}

/// The events in one word each, voice once an item.
pub fn told(events: &[EngineEvent]) -> Vec<String> {
    let mut told = Vec::new();
    for event in events {
        let word = match event {
            EngineEvent::Ready => "ready".into(),
            EngineEvent::CallerSpeaks => "speaks".into(),
            EngineEvent::CallerPauses => "pauses".into(),
            EngineEvent::Took(_) => "took".into(),
            EngineEvent::Voice(item, _) => format!("voice {}", item.0),
            EngineEvent::CallerSpoke(turn, language) => format!("spoke {} {}", turn.0, language.code()),
            EngineEvent::CallerSaid(turn, said) => {
                format!("caller {}{} {}", turn.0, if said.partial { "…" } else { "" }, said.text)
            }
            EngineEvent::AssistantSaid(item, said) => {
                format!("assistant {}{} {}", item.0, if said.partial { "…" } else { "" }, said.text)
            }
            EngineEvent::Wants(call) => format!("wants {} {} {}", call.id.0, call.name, call.arguments),
            EngineEvent::Withdraws(id) => format!("withdraws {}", id.0),
            EngineEvent::MayUse(_) | EngineEvent::Uses(_) | EngineEvent::Used(..) => "hosted".into(),
            EngineEvent::Done(_) => "done".into(),
            EngineEvent::Charged(usage) => format!("charged {} ms", usage.session.as_millis()),
            EngineEvent::Trouble(why) => format!("trouble {why}"),
            EngineEvent::Failed(failure) => {
                format!("failed{} {}", if failure.lasting { " lastingly" } else { "" }, failure.why)
            }
        };
        if told.last() != Some(&word) || !word.starts_with("voice") {
            told.push(word);
        }
    }
    told
}

/// The same without words that may still change.
pub fn happened(events: &[EngineEvent]) -> Vec<String> {
    told(events).into_iter().filter(|word| !word.contains('…')).collect()
}

/// How long each item sounds.
pub fn voiced(events: &[EngineEvent]) -> BTreeMap<u32, Duration> {
    let mut voiced = BTreeMap::new();
    for event in events {
        if let EngineEvent::Voice(item, chunk) = event {
            *voiced.entry(item.0).or_default() += chunk.duration();
        }
    }
    voiced
}
