//! One session as the service keeps it: its settings, its conversation, its responses, and what it refuses. Pure.

use super::{
    Order,
    mcp::Hosting,
    response::{Numbers, Produced, Response, Settings, Step},
    schema::{self, Refusal},
    script::{Format, Hearing, Reply, Script},
    settings,
    vad::{Change, Vad},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

/// What a session has to say.
#[derive(Debug)]
pub(super) enum Out {
    Event(Value),
    /// A delta of audio, and the audio in it.
    Audio(Value, Vec<u8>),
    /// These very words, JSON or not.
    Text(String),
    Binary(Vec<u8>),
    Close(u16, String),
    /// Cut the connection.
    Drop,
}

/// What the client did.
#[derive(Debug)]
pub(super) enum Took {
    Event(Value),
    Audio(Vec<u8>),
}

pub(super) struct Session {
    script: Script,
    settings: Value,
    configured: bool,
    numbers: Numbers,
    items: BTreeMap<String, Kept>,
    responses: Vec<Response>,
    out: VecDeque<Out>,
    vad: Vad,
    /// Uncommitted input, in milliseconds.
    buffered_ms: u64,
    input_bytes: u64,
    speaking: Option<String>,
    spoke_audio: bool,
    updates: VecDeque<(Instant, Value)>,
    pub(super) hosting: Hosting,
    mistakes: Vec<String>,
}

/// An item of the conversation.
#[derive(Debug, PartialEq, Eq)]
enum Kept {
    Said { ms: u32 },
    Tool { call: String },
    Other,
}

impl Session {
    pub(super) fn new(script: Script, number: u32, model: &str) -> Self {
        let settings = settings::initial(number, model);
        let mut session = Self {
            script,
            settings,
            configured: false,
            numbers: Numbers::new(number),
            items: BTreeMap::new(),
            responses: Vec::new(),
            out: VecDeque::new(),
            vad: Vad::default(),
            buffered_ms: 0,
            input_bytes: 0,
            speaking: None,
            spoke_audio: false,
            updates: VecDeque::new(),
            hosting: Hosting::default(),
            mistakes: Vec::new(),
        };
        session.emit(json!({"type": "session.created", "session": session.settings}));
        session
    }

    pub(super) fn poll(&mut self) -> Option<Out> {
        self.out.pop_front()
    }

    /// What the client did that the service would take, and no client should do.
    pub(super) fn mistakes(&self) -> &[String] {
        &self.mistakes
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let responses = self.responses.iter().filter_map(Response::due);
        responses.chain(self.updates.front().map(|(at, _)| *at)).chain(self.hosting.due()).min()
    }

    /// Does what is due.
    pub(super) fn wake(&mut self, now: Instant) {
        while self.updates.front().is_some_and(|(at, _)| *at <= now) {
            let (_, event) = self.updates.pop_front().expect("it is there");
            self.configured = true;
            self.emit(event);
        }
        let mut responses = std::mem::take(&mut self.responses);
        responses.retain_mut(|response| self.run(now, response));
        self.responses.append(&mut responses);
        for event in self.hosting.over(now) {
            self.emit(event);
        }
    }

    /// Reads one message of the client.
    pub(super) fn handle(&mut self, now: Instant, text: &str) -> Took {
        let Ok(event @ Value::Object(_)) = serde_json::from_str::<Value>(text) else {
            let refusal = Refusal::new("invalid_json", "We could not parse the JSON body of your request.");
            self.refuse(&refusal, &Value::Null);
            return Took::Event(Value::String(text.to_owned()));
        };
        let id = event["event_id"].clone();
        if event["type"] == "input_audio_buffer.append"
            && let Some(audio) = schema::plain_append(&event)
        {
            let Ok(bytes) = BASE64_STANDARD.decode(audio) else {
                let message = "Invalid 'audio'. Expected base64-encoded audio bytes.";
                let refusal = Refusal::new("invalid_value", message);
                self.refuse(&Refusal { param: Some("audio".into()), ..refusal }, &id);
                return Took::Event(event);
            };
            self.append(now, &bytes);
            return Took::Audio(bytes);
        }
        let done = schema::judge_client(&event).and_then(|()| self.obey(now, &event));
        if let Err(refusal) = done {
            self.refuse(&refusal, &id);
        }
        self.wake(now);
        Took::Event(event)
    }

    /// Does what the test orders.
    pub(super) fn order(&mut self, now: Instant, order: Order) {
        match order {
            Order::SpeechStarts => self.speech_started(now, self.input_ms()),
            Order::SpeechStops => self.speech_stopped(now, self.input_ms()),
            Order::Respond(reply) => self.respond(now, reply, true, &Value::Null),
            Order::Reply(reply) => self.script.replies.push_back(reply),
            Order::Send(event) => self.emit(event),
            Order::SendText(text) => self.out.push_back(Out::Text(text)),
            Order::SendBinary(bytes) => self.out.push_back(Out::Binary(bytes)),
            Order::Close(code, reason) => self.out.push_back(Out::Close(code, reason)),
            Order::Drop => self.out.push_back(Out::Drop),
            Order::Expire => self.expire(),
        }
        self.wake(now);
    }

    fn expire(&mut self) {
        let message = "Your session hit the maximum duration of 60 minutes.";
        self.refuse(&Refusal::new("session_expired", message), &Value::Null);
        self.out.push_back(Out::Close(1001, message.into()));
    }

    fn obey(&mut self, now: Instant, event: &Value) -> Result<(), Refusal> {
        match event["type"].as_str().unwrap_or_default() {
            "session.update" => self.update(now, &event["session"]),
            "input_audio_buffer.append" => Ok(()),
            "input_audio_buffer.commit" => {
                if self.buffered_ms < 100 {
                    let message = "Error committing input audio buffer: the buffer is too small.";
                    return Err(Refusal::new("input_audio_buffer_commit_empty", message));
                }
                let item = self.numbers.name("item");
                self.commit(&item);
                Ok(())
            }
            "input_audio_buffer.clear" => {
                self.buffered_ms = 0;
                self.emit(json!({"type": "input_audio_buffer.cleared"}));
                Ok(())
            }
            "output_audio_buffer.clear" => {
                Err(Refusal::new("invalid_value", "output_audio_buffer.clear is for WebRTC and SIP only."))
            }
            "conversation.item.create" if event["item"]["type"] == "mcp_approval_response" => {
                let told = self.hosting.answered(now, &event["item"], &mut self.numbers)?;
                for event in told {
                    self.emit(event);
                }
                Ok(())
            }
            "conversation.item.create" => self.create(event),
            "conversation.item.retrieve" => {
                self.known(event, "item_retrieve_invalid_item_id")?;
                let item = json!({
                    "id": event["item_id"], "object": "realtime.item", "type": "message", "role": "user",
                    "status": "completed", "content": [],
                });
                self.emit(json!({"type": "conversation.item.retrieved", "item": item}));
                Ok(())
            }
            "conversation.item.truncate" => self.truncate(event),
            "conversation.item.delete" => {
                let id = self.known(event, "item_delete_invalid_item_id")?;
                self.items.remove(&id);
                self.emit(json!({"type": "conversation.item.deleted", "item_id": id}));
                Ok(())
            }
            "response.create" => {
                let wanted = &event["response"];
                let in_conversation = wanted["conversation"] != "none";
                if in_conversation && let Some(active) = self.active() {
                    let message = format!(
                        "Conversation already has an active response in progress: {}. Wait until the response is \
                         finished before creating a new one.",
                        active.id
                    );
                    return Err(Refusal::new("conversation_already_has_active_response", message));
                }
                let reply = self.next_reply();
                self.respond(now, reply, in_conversation, wanted);
                Ok(())
            }
            "response.cancel" => {
                let id = event["response_id"].as_str();
                let meant = |r: &&mut Response| id.map_or(r.in_conversation, |id| r.id == id);
                let Some(response) = self.responses.iter_mut().find(meant) else {
                    let message = "Cancellation failed: no active response found";
                    return Err(Refusal::new("response_cancel_not_active", message));
                };
                response.cancel(now, "client_cancelled");
                Ok(())
            }
            other => Err(Refusal::new("invalid_value", format!("Invalid value: '{other}'."))),
        }
    }

    fn update(&mut self, now: Instant, wanted: &Value) -> Result<(), Refusal> {
        Hosting::judge(&wanted["tools"])?;
        settings::update(&mut self.settings, wanted, self.spoke_audio)?;
        let at = now + self.script.update_takes;
        let listed = self.hosting.hand_over(&wanted["tools"], &self.script.unlistable, &mut self.numbers);
        let updated = json!({"type": "session.updated", "session": self.settings});
        self.updates.extend([updated].into_iter().chain(listed).map(|event| (at, event)));
        Ok(())
    }

    fn append(&mut self, now: Instant, audio: &[u8]) {
        let format = Format::read(&self.settings["audio"]["input"]["format"]);
        if !self.configured {
            self.mistake("audio was appended before session.updated came");
        }
        if audio.is_empty() || format == Format::Pcm24k && audio.len() % 2 == 1 {
            self.mistake("the appended audio is no whole number of samples");
        }
        self.input_bytes += audio.len() as u64;
        self.buffered_ms += (audio.len() / format.bytes_a_ms()) as u64;
        let detection = &self.settings["audio"]["input"]["turn_detection"];
        if detection.is_null() || self.script.hearing == Hearing::Scripted {
            return;
        }
        let silence = detection["silence_duration_ms"].as_u64().unwrap_or(500);
        let per_ms = if format == Format::Pcm24k { 24 } else { 8 };
        let mut changes = Vec::new();
        self.vad.push(&format.samples(audio), per_ms, silence, &mut changes);
        for change in changes {
            match change {
                Change::Started(ms) => self.speech_started(now, ms),
                Change::Stopped(ms) => self.speech_stopped(now, ms),
            }
        }
    }

    fn speech_started(&mut self, now: Instant, ms: u64) {
        let item = self.numbers.name("item");
        let padding = self.detection("prefix_padding_ms").as_u64().unwrap_or(300);
        self.speaking = Some(item.clone());
        self.emit(json!({
            "type": "input_audio_buffer.speech_started", "audio_start_ms": ms.saturating_sub(padding),
            "item_id": item,
        }));
        if self.detection("interrupt_response") != &Value::Bool(false)
            && let Some(response) = self.responses.iter_mut().find(|r| r.in_conversation)
        {
            response.cancel(now, "turn_detected");
        }
    }

    fn speech_stopped(&mut self, now: Instant, ms: u64) {
        let Some(item) = self.speaking.take() else { return };
        self.emit(json!({"type": "input_audio_buffer.speech_stopped", "audio_end_ms": ms, "item_id": item}));
        self.commit(&item);
        if self.detection("create_response") != &Value::Bool(false) && self.active().is_none() {
            let reply = self.next_reply();
            self.respond(now, reply, true, &Value::Null);
        }
    }

    fn commit(&mut self, item: &str) {
        self.emit(json!({"type": "input_audio_buffer.committed", "previous_item_id": null, "item_id": item}));
        let seconds = self.buffered_ms as f64 / 1000.0;
        self.buffered_ms = 0;
        self.items.insert(item.to_owned(), Kept::Other);
        let shown = json!({
            "id": item, "object": "realtime.item", "type": "message", "status": "completed", "role": "user",
            "content": [{"type": "input_audio", "transcript": null}],
        });
        self.emit(json!({"type": "conversation.item.added", "previous_item_id": null, "item": shown}));
        self.emit(json!({"type": "conversation.item.done", "previous_item_id": null, "item": shown}));
        if self.settings["audio"]["input"]["transcription"].is_object()
            && let Some(said) = self.script.understood.pop_front()
        {
            let kind = "conversation.item.input_audio_transcription";
            self.emit(json!({
                "type": format!("{kind}.delta"), "item_id": item, "content_index": 0, "delta": said,
            }));
            self.emit(json!({
                "type": format!("{kind}.completed"), "item_id": item, "content_index": 0, "transcript": said,
                "usage": {"type": "duration", "seconds": seconds},
            }));
        }
    }

    fn create(&mut self, event: &Value) -> Result<(), Refusal> {
        let mut item = event["item"].clone();
        let id = item["id"].as_str().map_or_else(|| self.numbers.name("item"), str::to_owned);
        if self.items.contains_key(&id) {
            let message = format!("Error adding item: an item with ID '{id}' already exists.");
            return Err(Refusal::new("item_create_duplicate_item_id", message));
        }
        if let Some(previous) = event["previous_item_id"].as_str()
            && previous != "root"
            && !self.items.contains_key(previous)
        {
            let message =
                format!("Error adding item: the previous item with ID '{previous}' does not exist.");
            return Err(Refusal::new("item_create_invalid_previous_item_id", message));
        }
        if item["type"] == "function_call_output" {
            let call = item["call_id"].as_str().unwrap_or_default();
            if !self.items.values().any(|kept| matches!(kept, Kept::Tool { call: known } if known == call)) {
                let message = format!("Tool call ID '{call}' not found in conversation.");
                return Err(Refusal::new("invalid_tool_call_id", message));
            }
        }
        self.items.insert(id.clone(), Kept::Other);
        let fields = item.as_object_mut().expect("the schema wants an object");
        fields.insert("id".into(), id.into());
        fields.insert("object".into(), "realtime.item".into());
        fields.insert("status".into(), "completed".into());
        let previous = &event["previous_item_id"];
        let previous = if previous == "root" { Value::Null } else { previous.clone() };
        self.emit(json!({"type": "conversation.item.added", "previous_item_id": previous, "item": item}));
        self.emit(json!({"type": "conversation.item.done", "previous_item_id": previous, "item": item}));
        Ok(())
    }

    fn truncate(&mut self, event: &Value) -> Result<(), Refusal> {
        let id = self.known(event, "item_truncate_invalid_item_id")?;
        let end = event["audio_end_ms"].as_i64().unwrap_or(-1);
        let Some(Kept::Said { ms }) = self.items.get_mut(&id) else {
            let message = "Only model output audio messages can be truncated";
            return Err(Refusal::new("item_truncate_invalid_item_id", message));
        };
        if end < 0 || event["content_index"] != 0 {
            return Err(Refusal::new("invalid_value", "Invalid value for audio_end_ms or content_index."));
        }
        if end > i64::from(*ms) {
            let message = format!("Audio content of {ms}ms is already shorter than {end}ms");
            return Err(Refusal::new("invalid_value", message));
        }
        *ms = end as u32;
        self.emit(json!({
            "type": "conversation.item.truncated", "item_id": id, "content_index": 0, "audio_end_ms": end,
        }));
        Ok(())
    }

    fn respond(&mut self, now: Instant, reply: Reply, in_conversation: bool, wanted: &Value) {
        let output = &self.settings["audio"]["output"];
        let wanted_output = &wanted["audio"]["output"];
        let choose = |name: &str| {
            let own = &wanted_output[name];
            if own.is_null() { output[name].clone() } else { own.clone() }
        };
        let format_json = choose("format");
        let modalities = &wanted["output_modalities"];
        let modalities = if modalities.is_null() { &self.settings["output_modalities"] } else { modalities };
        let settings = Settings {
            format: Format::read(&format_json),
            format_json,
            voice: choose("voice"),
            metadata: wanted["metadata"].clone(),
            transcripts_only: *modalities == json!(["text"]),
        };
        let mut response = Response::new(now, reply, in_conversation, settings, &mut self.numbers);
        if self.run(now, &mut response) {
            self.responses.push(response);
        }
    }

    /// Whether the response goes on.
    fn run(&mut self, now: Instant, response: &mut Response) -> bool {
        while let Some(step) = response.step(now, &mut self.numbers) {
            match step {
                Step::Event(event) => self.emit(event),
                Step::Begun(Produced::Voice(item)) => {
                    self.items.insert(item, Kept::Said { ms: 0 });
                }
                Step::Begun(Produced::Tool { item, call }) => {
                    self.items.insert(item, Kept::Tool { call });
                }
                Step::Audio { item, ms: more, event, bytes } => {
                    self.spoke_audio = true;
                    // A client may have deleted it.
                    if let Some(Kept::Said { ms }) = self.items.get_mut(&item) {
                        *ms += more;
                    }
                    let event = self.numbered(event);
                    self.out.push_back(Out::Audio(event, bytes));
                }
                Step::Hosted(wanted, place) => {
                    let began = self.hosting.wanted(now, wanted, &response.id, place, &mut self.numbers);
                    match began {
                        Ok(events) => events.into_iter().for_each(|event| self.emit(event)),
                        Err(why) => self.mistake(&why),
                    }
                }
                Step::Close(code) => {
                    self.out.push_back(Out::Close(code, String::new()));
                    return false;
                }
                Step::Drop => {
                    self.out.push_back(Out::Drop);
                    return false;
                }
                Step::Expire => {
                    self.expire();
                    return false;
                }
                Step::Over => return false,
            }
        }
        true
    }

    fn next_reply(&mut self) -> Reply {
        self.script.replies.pop_front().unwrap_or_else(|| self.script.otherwise.clone())
    }

    fn active(&self) -> Option<&Response> {
        self.responses.iter().find(|response| response.in_conversation)
    }

    fn known(&self, event: &Value, code: &str) -> Result<String, Refusal> {
        let id = event["item_id"].as_str().unwrap_or_default();
        if self.items.contains_key(id) {
            return Ok(id.to_owned());
        }
        Err(Refusal::new(code, format!("The item with ID '{id}' does not exist.")))
    }

    fn detection(&self, name: &str) -> &Value {
        &self.settings["audio"]["input"]["turn_detection"][name]
    }

    fn input_ms(&self) -> u64 {
        let format = Format::read(&self.settings["audio"]["input"]["format"]);
        self.input_bytes / format.bytes_a_ms() as u64
    }

    fn refuse(&mut self, refusal: &Refusal, event_id: &Value) {
        self.emit(json!({"type": "error", "error": {
            "type": "invalid_request_error", "code": refusal.code, "message": refusal.message,
            "param": refusal.param, "event_id": event_id,
        }}));
    }

    pub(super) fn mistake(&mut self, what: &str) {
        if !self.mistakes.iter().any(|known| known == what) {
            self.mistakes.push(what.to_owned());
        }
    }

    fn emit(&mut self, event: Value) {
        let event = self.numbered(event);
        self.out.push_back(Out::Event(event));
    }

    fn numbered(&mut self, mut event: Value) -> Value {
        if let Some(fields) = event.as_object_mut()
            && !fields.contains_key("event_id")
        {
            fields.insert("event_id".into(), self.numbers.name("event").into());
        }
        event
    }
}
