//! One response under way: which event of it is due when.

use super::script::{End, Format, HostedUse, Item, Reply, Voice};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// What a response does next.
#[derive(Debug)]
pub(super) enum Step {
    Event(Value),
    /// An item came into being.
    Begun(Produced),
    /// So much audio of the item was sent, as this event and these bytes.
    Audio {
        item: String,
        ms: u32,
        event: Value,
        bytes: Vec<u8>,
    },
    /// The service wants to use a tool by itself: the place of that among the output.
    Hosted(HostedUse, usize),
    Close(u16),
    Drop,
    Expire,
    /// `response.done` was the last.
    Over,
}

/// An item that a response made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Produced {
    Voice(String),
    Tool { item: String, call: String },
}

#[derive(Debug)]
pub(super) struct Response {
    pub(super) id: String,
    /// Not out of band.
    pub(super) in_conversation: bool,
    settings: Settings,
    reply: VecDeque<Item>,
    end: End,
    current: Option<Current>,
    output: Vec<Value>,
    steps: VecDeque<Step>,
    due: Instant,
    stalled: bool,
}

/// What of the session and of `response.create` shows in a response.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) format: Format,
    pub(super) format_json: Value,
    pub(super) voice: Value,
    pub(super) metadata: Value,
    pub(super) transcripts_only: bool,
}

#[derive(Debug)]
struct Current {
    item: String,
    number: u32,
    voice: Voice,
    sent_ms: u32,
    words: VecDeque<String>,
    said: String,
}

/// Numbers that a session gives out.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    session: u32,
    next: u32,
    items: u32,
}

impl Numbers {
    pub(super) fn new(session: u32) -> Self {
        Self { session, next: 0, items: 0 }
    }

    pub(super) fn name(&mut self, kind: &str) -> String {
        self.next += 1;
        format!("{kind}_{:04}{:06}", self.session, self.next)
    }

    fn item(&mut self) -> u32 {
        self.items += 1;
        self.items
    }
}

impl Response {
    pub(super) fn new(
        now: Instant,
        reply: Reply,
        in_conversation: bool,
        settings: Settings,
        numbers: &mut Numbers,
    ) -> Self {
        let mut response = Self {
            id: numbers.name("resp"),
            in_conversation,
            settings,
            reply: reply.items.into(),
            end: reply.end,
            current: None,
            output: Vec::new(),
            steps: VecDeque::new(),
            due: now + reply.thinks,
            stalled: false,
        };
        let created = json!({"type": "response.created", "response": response.shown("in_progress", &Value::Null, false)});
        response.steps.push_back(Step::Event(created));
        let limits = json!([
            {"name": "requests", "limit": 1000, "remaining": 999, "reset_seconds": 60},
            {"name": "tokens", "limit": 50000, "remaining": 49747, "reset_seconds": 0.31},
        ]);
        response.steps.push_back(Step::Event(json!({"type": "rate_limits.updated", "rate_limits": limits})));
        response
    }

    /// When the next step is due; never while stalled.
    pub(super) fn due(&self) -> Option<Instant> {
        (!self.stalled || !self.steps.is_empty()).then_some(self.due)
    }

    /// Takes the next step that is due.
    pub(super) fn step(&mut self, now: Instant, numbers: &mut Numbers) -> Option<Step> {
        loop {
            if let Some(step) = self.steps.pop_front() {
                return Some(step);
            }
            if self.stalled || now < self.due {
                return None;
            }
            self.prepare(numbers);
        }
    }

    /// Breaks it off: what is left of it is its ends.
    pub(super) fn cancel(&mut self, now: Instant, reason: &str) {
        self.reply.clear();
        self.stalled = false;
        self.due = now;
        if let Some(current) = self.current.take() {
            self.finish_voice(&current, "incomplete");
        }
        self.finish("cancelled", &json!({"type": "cancelled", "reason": reason}));
    }

    fn prepare(&mut self, numbers: &mut Numbers) {
        if let Some(mut current) = self.current.take() {
            let whole = current.voice.length.as_millis() as u32;
            if current.sent_ms < whole {
                self.delta(&mut current, whole);
                self.current = Some(current);
                return;
            }
            let last = self.reply.is_empty();
            match &self.end {
                End::Stalls if last => self.stalled = true,
                End::Closes(code) if last => self.steps.push_back(Step::Close(*code)),
                End::Drops if last => self.steps.push_back(Step::Drop),
                End::Expires if last => self.steps.push_back(Step::Expire),
                _ => self.finish_voice(&current, "completed"),
            }
            return;
        }
        match self.reply.pop_front() {
            Some(Item::Voice(voice)) => self.begin_voice(voice, numbers),
            Some(Item::Tool { name, arguments }) => self.tool(&name, &arguments, numbers),
            Some(Item::Hosted(wanted)) => {
                self.steps.push_back(Step::Hosted(wanted, self.output.len()));
            }
            None => match self.end.clone() {
                End::Completed => self.finish("completed", &json!({"type": "completed"})),
                End::Failed { code, message } => {
                    let error = json!({"type": "server_error", "code": code, "message": message});
                    self.finish("failed", &json!({"type": "failed", "error": error}));
                }
                End::TooLong => {
                    self.finish("incomplete", &json!({"type": "incomplete", "reason": "max_output_tokens"}));
                }
                End::Stalls => self.stalled = true,
                End::Closes(code) => self.steps.push_back(Step::Close(code)),
                End::Drops => self.steps.push_back(Step::Drop),
                End::Expires => self.steps.push_back(Step::Expire),
            },
        }
    }

    fn begin_voice(&mut self, voice: Voice, numbers: &mut Numbers) {
        let item = numbers.name("item");
        let shown = message(&item, "in_progress", None);
        let index = self.output.len();
        self.steps.push_back(Step::Begun(Produced::Voice(item.clone())));
        self.item_added(&shown, index);
        let part = json!({"type": "audio", "transcript": ""});
        let added = self.about(&item, "response.content_part.added", &json!({"part": part}));
        self.steps.push_back(Step::Event(added));
        let words = voice.transcript.split_inclusive(' ').map(str::to_owned).collect();
        let number = numbers.item();
        self.current = Some(Current { item, number, voice, sent_ms: 0, words, said: String::new() });
    }

    fn delta(&mut self, current: &mut Current, whole: u32) {
        if let Some(word) = current.words.pop_front() {
            current.said.push_str(&word);
            let event =
                self.about(&current.item, "response.output_audio_transcript.delta", &json!({"delta": word}));
            self.steps.push_back(Step::Event(event));
        }
        let ms = (current.voice.delta.as_millis() as u32).clamp(1, whole - current.sent_ms);
        if !self.settings.transcripts_only {
            let bytes = current.voice.sound.render(current.number, current.sent_ms, ms, self.settings.format);
            let delta = json!({"delta": BASE64_STANDARD.encode(&bytes)});
            let event = self.about(&current.item, "response.output_audio.delta", &delta);
            self.steps.push_back(Step::Audio { item: current.item.clone(), ms, event, bytes });
        }
        current.sent_ms += ms;
        if current.voice.speed > 0.0 {
            self.due += Duration::from_millis(u64::from(ms)).div_f64(current.voice.speed);
        }
    }

    fn finish_voice(&mut self, current: &Current, status: &str) {
        let completed = status == "completed";
        let said = if completed { &current.voice.transcript } else { &current.said };
        let item = &current.item;
        let mut events = vec![
            self.about(item, "response.output_audio.done", &json!({})),
            self.about(item, "response.output_audio_transcript.done", &json!({"transcript": said})),
            self.about(
                item,
                "response.content_part.done",
                &json!({"part": {"type": "audio", "transcript": said}}),
            ),
        ];
        let shown = message(item, status, Some(said));
        let index = self.output.len();
        if self.in_conversation {
            events.push(json!({"type": "conversation.item.done", "previous_item_id": null, "item": shown}));
        }
        events.push(json!({
            "type": "response.output_item.done", "response_id": self.id, "output_index": index, "item": shown,
        }));
        self.steps.extend(events.into_iter().map(Step::Event));
        self.output.push(shown);
    }

    fn tool(&mut self, name: &str, arguments: &str, numbers: &mut Numbers) {
        let (item, call) = (numbers.name("item"), numbers.name("call"));
        let index = self.output.len();
        let shown = |status: &str, arguments: &str| {
            json!({
                "id": item, "object": "realtime.item", "type": "function_call", "status": status,
                "name": name, "call_id": call, "arguments": arguments,
            })
        };
        self.steps.push_back(Step::Begun(Produced::Tool { item: item.clone(), call: call.clone() }));
        self.item_added(&shown("in_progress", ""), index);
        let middle = arguments.char_indices().nth(arguments.chars().count() / 2).map_or(0, |(at, _)| at);
        for part in [&arguments[..middle], &arguments[middle..]] {
            self.steps.push_back(Step::Event(json!({
                "type": "response.function_call_arguments.delta", "response_id": self.id, "item_id": item,
                "output_index": index, "call_id": call, "delta": part,
            })));
        }
        self.steps.push_back(Step::Event(json!({
            "type": "response.function_call_arguments.done", "response_id": self.id, "item_id": item,
            "output_index": index, "call_id": call, "name": name, "arguments": arguments,
        })));
        let done = shown("completed", arguments);
        if self.in_conversation {
            let event = json!({"type": "conversation.item.done", "previous_item_id": null, "item": done});
            self.steps.push_back(Step::Event(event));
        }
        self.steps.push_back(Step::Event(json!({
            "type": "response.output_item.done", "response_id": self.id, "output_index": index, "item": done,
        })));
        self.output.push(done);
    }

    fn item_added(&mut self, shown: &Value, index: usize) {
        self.steps.push_back(Step::Event(json!({
            "type": "response.output_item.added", "response_id": self.id, "output_index": index, "item": shown,
        })));
        if self.in_conversation {
            let event = json!({"type": "conversation.item.added", "previous_item_id": null, "item": shown});
            self.steps.push_back(Step::Event(event));
        }
    }

    fn finish(&mut self, status: &str, details: &Value) {
        let shown = self.shown(status, details, true);
        self.steps.push_back(Step::Event(json!({"type": "response.done", "response": shown})));
        self.steps.push_back(Step::Over);
    }

    fn about(&self, item: &str, kind: &str, more: &Value) -> Value {
        let mut event = json!({
            "type": kind, "response_id": self.id, "item_id": item,
            "output_index": self.output.len(), "content_index": 0,
        });
        let fields = event.as_object_mut().expect("it is written as one");
        fields.extend(
            more.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())),
        );
        event
    }

    fn shown(&self, status: &str, details: &Value, done: bool) -> Value {
        let spoken = self.output.len() as u32;
        let usage = json!({
            "total_tokens": 132 + 121 * spoken, "input_tokens": 132, "output_tokens": 121 * spoken,
            "input_token_details": {
                "text_tokens": 119, "audio_tokens": 13, "image_tokens": 0, "cached_tokens": 64,
                "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 0, "image_tokens": 0},
            },
            "output_token_details": {"text_tokens": 30 * spoken, "audio_tokens": 91 * spoken},
        });
        json!({
            "object": "realtime.response", "id": self.id, "status": status, "status_details": details,
            "output": self.output,
            "conversation_id": if self.in_conversation { json!("conv_1") } else { Value::Null },
            "output_modalities": ["audio"], "max_output_tokens": "inf",
            "audio": {"output": {"format": self.settings.format_json, "voice": self.settings.voice}},
            "usage": if done { usage } else { Value::Null },
            "metadata": self.settings.metadata,
        })
    }
}

fn message(id: &str, status: &str, transcript: Option<&str>) -> Value {
    let content = match transcript {
        Some(said) => json!([{"type": "output_audio", "transcript": said}]),
        None => json!([]),
    };
    json!({
        "id": id, "object": "realtime.item", "type": "message", "status": status, "role": "assistant",
        "content": content,
    })
}
