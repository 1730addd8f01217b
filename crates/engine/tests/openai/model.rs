//! A model of the service, strict and slow: it holds us to its rules and answers after a while, sometimes badly.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fastrand::Rng;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

/// How badly it behaves.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// It answers turns by itself, though it was told not to.
    pub answers_by_itself: bool,
    /// One response in so many fails; zero: none.
    pub fails: u32,
}

#[derive(Debug)]
struct Running {
    id: String,
    /// We asked for it.
    asked: bool,
    begun: Duration,
    steps: VecDeque<Value>,
    cancelled: bool,
}

/// No response is over before a request that crossed its beginning has arrived: thinking takes longer than the way.
const SHORTEST: Duration = Duration::from_millis(200);

pub struct Model {
    rng: Rng,
    manners: Manners,
    numbers: u32,
    running: Option<Running>,
    /// Sound of each of its items, in bytes; only items that are in the conversation.
    items: BTreeMap<String, usize>,
    /// Calls that have no answer yet, and all that ever were.
    calls: BTreeSet<String>,
    answered: BTreeSet<String>,
    speaking: Option<String>,
    /// What it has said and we have not read, and when we may.
    on_the_way: VecDeque<(Duration, Value)>,
    /// Responses that were asked for, and calls that were answered.
    pub asked_for: u32,
}

impl Model {
    pub fn new(seed: u64, manners: Manners) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            manners,
            numbers: 0,
            running: None,
            items: BTreeMap::new(),
            calls: BTreeSet::new(),
            answered: BTreeSet::new(),
            speaking: None,
            on_the_way: VecDeque::new(),
            asked_for: 0,
        }
    }

    fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    /// Says something, to be read at the earliest a while from now, and never before what was said earlier.
    fn say(&mut self, now: Duration, message: Value) {
        let after = self.on_the_way.back().map_or(Duration::ZERO, |(at, _)| *at);
        let at = (now + Duration::from_millis(self.rng.u64(0..60))).max(after);
        self.on_the_way.push_back((at, message));
    }

    /// The next message that has arrived by now.
    pub fn arrived(&mut self, now: Duration) -> Option<Value> {
        self.on_the_way.pop_front_if(|(at, _)| *at <= now).map(|(_, message)| message)
    }

    pub fn is_quiet(&self) -> bool {
        self.on_the_way.is_empty() && self.running.is_none()
    }

    pub fn has_open_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// A message of ours arrives.
    pub fn hear(&mut self, now: Duration, message: &Value) {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        match message["type"].as_str().expect("a type") {
            "session.update" => {
                self.say(now, json!({"type": "session.updated", "session": message["session"]}));
            }
            "input_audio_buffer.append" => {
                let sound = STANDARD.decode(text(&message["audio"])).expect("base64");
                assert!(!sound.is_empty());
            }
            "response.create" => self.asked_for(now, message),
            "response.cancel" => self.cancel(now, message),
            "conversation.item.truncate" => {
                let item = text(&message["item_id"]);
                let sent =
                    *self.items.get(&item).unwrap_or_else(|| panic!("{item} is not in the conversation"));
                let ms = message["audio_end_ms"].as_u64().expect("milliseconds");
                assert!(ms >= 1 && ms <= sent as u64 / 8, "{item} truncated to {ms} ms of {} ms", sent / 8);
                self.items.insert(item, ms as usize * 8);
            }
            "conversation.item.delete" => {
                let item = text(&message["item_id"]);
                assert!(self.items.remove(&item).is_some(), "{item} is not in the conversation");
            }
            "conversation.item.create" if message["item"]["type"] == "function_call_output" => {
                let call = text(&message["item"]["call_id"]);
                assert!(self.calls.remove(&call), "{call} waits for no answer");
                assert!(self.answered.insert(call));
            }
            "conversation.item.create" => {}
            other => panic!("a line that streams does not send {other}"),
        }
    }

    fn asked_for(&mut self, now: Duration, message: &Value) {
        if let Some(running) = &self.running {
            assert!(!running.asked, "{} is under way, and we asked for it", running.id);
            let error = json!({"type": "error", "error": {"type": "invalid_request_error", "message": "Busy.",
                "code": "conversation_already_has_active_response", "event_id": message["event_id"]}});
            return self.say(now, error);
        }
        self.asked_for += 1;
        let speaks_only = message["response"]["tool_choice"] == "none";
        self.begin(now, true, speaks_only);
    }

    fn begin(&mut self, now: Duration, asked: bool, speaks_only: bool) {
        let id = format!("resp_{}", self.number());
        self.say(now, json!({"type": "response.created", "response": {"id": id, "status": "in_progress"}}));
        let mut steps = VecDeque::new();
        let fails = self.manners.fails > 0 && self.rng.u32(0..self.manners.fails) == 0;
        for _ in 0..self.rng.u32(1..3) {
            let item = format!("item_{}", self.number());
            steps.push_back(crate::rig::item_added(&id, &item));
            steps.push_back(json!({"type": "conversation.item.added", "item": {"id": item, "type": "message", "role": "assistant"}}));
            for _ in 0..self.rng.u32(1..6) {
                steps.push_back(crate::rig::words(&id, &item, "word "));
                let sound = vec![0x55; self.rng.usize(1..4_000)];
                steps.push_back(crate::rig::voice(&id, &item, &sound));
            }
            steps.push_back(crate::rig::item_done(&id, &item, "word word"));
        }
        if !speaks_only && self.rng.u32(0..3) == 0 {
            for _ in 0..self.rng.u32(1..3) {
                let call = format!("call_{}", self.number());
                steps.push_back(crate::rig::wants(&id, &call, "completed"));
            }
        }
        if fails {
            steps.truncate(self.rng.usize(0..steps.len()));
            let code = if self.rng.bool() { "server_error" } else { "rate_limit_exceeded" };
            steps.push_back(crate::rig::failed(&id, "", code));
        } else {
            steps.push_back(crate::rig::done(&id, "completed"));
        }
        self.running = Some(Running { id, asked, begun: now, steps, cancelled: false });
    }

    fn cancel(&mut self, now: Duration, message: &Value) {
        match &mut self.running {
            Some(running) if message["response_id"] == running.id.as_str() => {
                assert!(!running.cancelled, "{} is cancelled already", running.id);
                running.cancelled = true;
                // What is under way leaves its item half done.
                let rest = self.rng.usize(0..=running.steps.len().min(3));
                let id = running.id.clone();
                running.steps.truncate(rest);
                running.steps.retain(|step| step["type"] != "response.done");
                running.steps.push_back(crate::rig::done(&id, "cancelled"));
            }
            Some(_) | None => {
                self.say(now, crate::rig::error("invalid_request_error", "response_cancel_not_active", None));
            }
        }
    }

    /// Goes on with what is under way.
    pub fn step(&mut self, now: Duration) {
        let Some(running) = &mut self.running else { return };
        let last = running.steps.len() == 1;
        if last && !running.cancelled && now < running.begun + SHORTEST {
            return;
        }
        let Some(step) = running.steps.pop_front() else { return };
        let name = |value: &Value| value.as_str().expect("a name").to_owned();
        match step["type"].as_str().expect("a type") {
            "response.output_item.added" => {
                self.items.insert(name(&step["item"]["id"]), 0);
            }
            "response.output_audio.delta" => {
                let sound = STANDARD.decode(name(&step["delta"])).expect("base64").len();
                // What was deleted in the meantime makes no sound.
                if let Some(sent) = self.items.get_mut(&name(&step["item_id"])) {
                    *sent += sound;
                }
            }
            "response.output_item.done" if step["item"]["type"] == "function_call" => {
                self.calls.insert(name(&step["item"]["call_id"]));
            }
            "response.done" => self.running = None,
            _ => {}
        }
        self.say(now, step);
    }

    /// The caller begins to speak, or stops.
    pub fn caller(&mut self, now: Duration) {
        match self.speaking.take() {
            None => {
                let item = format!("item_{}", self.number());
                self.say(now, crate::rig::speech_started(&item));
                self.speaking = Some(item);
            }
            Some(item) => {
                self.say(now, crate::rig::speech_stopped(&item));
                self.say(now, crate::rig::committed(&item));
                if self.manners.answers_by_itself && self.running.is_none() && self.rng.bool() {
                    self.begin(now, false, false);
                }
                match self.rng.u32(0..4) {
                    0 => {}
                    1 => self.say(now, json!({"type": "conversation.item.input_audio_transcription.failed", "item_id": item})),
                    _ => {
                        self.say(now, crate::rig::caller_words(&item, "Hel"));
                        self.say(now, crate::rig::caller_said(&item, "Hello."));
                    }
                }
            }
        }
    }

    pub fn caller_speaks(&self) -> bool {
        self.speaking.is_some()
    }
}
