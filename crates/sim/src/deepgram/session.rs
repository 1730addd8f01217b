//! One session as the service keeps it: its settings, who speaks, which tools are open, and what it refuses. Pure.

use super::{
    Order,
    schema::{self, Refusal},
    script::{Hearing, Reply, Script},
    turn::{Step, Turn},
};
use crate::openai::{
    Item, Voice,
    script::Format,
    vad::{Change, Vad},
};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// What a session has to say.
#[derive(Debug)]
pub(super) enum Out {
    Message(Value),
    /// These very words, JSON or not.
    Text(String),
    Audio(Vec<u8>),
    Close(u16, String),
    /// Cut the connection.
    Drop,
}

/// A tool that is wanted.
#[derive(Debug)]
struct Open {
    id: String,
    name: String,
}

pub(super) struct Session {
    script: Script,
    settings: Option<Value>,
    applied: bool,
    apply_at: Option<Instant>,
    /// When a client that says nothing is given up.
    patience: Option<Instant>,
    prompt: usize,
    format: Format,
    turn: Option<Turn>,
    waiting: VecDeque<Turn>,
    /// Sound of the old turn that is still on its way.
    stale: VecDeque<(Instant, Vec<u8>)>,
    open: Vec<Open>,
    calls: u32,
    said: u32,
    vad: Vad,
    caller_speaks: bool,
    over: bool,
    out: VecDeque<Out>,
    mistakes: Vec<String>,
}

/// How long a client may say nothing.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much silence ends the caller's turn, in milliseconds of sound.
const SILENCE: u64 = 500;
/// How long stale sound may be late.
const LATE: Duration = Duration::from_millis(150);
/// The longest prompt, in characters.
const PROMPT: usize = 25_000;

impl Session {
    pub(super) fn new(script: Script, number: u32) -> Self {
        let mut session = Self {
            script,
            settings: None,
            applied: false,
            apply_at: None,
            patience: None,
            prompt: 0,
            format: Format::Ulaw,
            turn: None,
            waiting: VecDeque::new(),
            stale: VecDeque::new(),
            open: Vec::new(),
            calls: 0,
            said: 0,
            vad: Vad::default(),
            caller_speaks: false,
            over: false,
            out: VecDeque::new(),
            mistakes: Vec::new(),
        };
        let id = format!("fc553ec9-5874-49ca-a47c-{number:012}");
        session.emit(json!({"type": "Welcome", "request_id": id}));
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
        if self.over {
            return None;
        }
        let turn = self.turn.as_ref().filter(|_| self.may_speak()).map(Turn::due);
        let stale = self.stale.front().map(|(at, _)| *at);
        [turn, stale, self.apply_at, self.patience].into_iter().flatten().min()
    }

    /// Does what is due.
    pub(super) fn wake(&mut self, now: Instant) {
        if self.over {
            return;
        }
        if self.patience.is_some_and(|at| at <= now) {
            return self.fail("CLIENT_MESSAGE_TIMEOUT", "No message arrived in time.");
        }
        if self.apply_at.is_some_and(|at| at <= now) {
            self.apply(now);
        }
        while let Some((_, sound)) = self.stale.pop_front_if(|(at, _)| *at <= now) {
            self.out.push_back(Out::Audio(sound));
        }
        self.speak(now);
    }

    /// Reads one text message of the client.
    pub(super) fn handle(&mut self, now: Instant, text: &str) -> Value {
        let Ok(message @ Value::Object(_)) = serde_json::from_str::<Value>(text) else {
            self.fail("UNPARSABLE_CLIENT_MESSAGE", "Error parsing client message.");
            return Value::String(text.to_owned());
        };
        self.hear_of(now);
        match schema::judge_client(&message) {
            _ if self.over => {}
            Err(Refusal::Invalid(why)) if message["type"] == "Settings" => {
                self.fail("INVALID_SETTINGS", &why);
            }
            Err(Refusal::Unparsable(why) | Refusal::Invalid(why)) => {
                self.fail("UNPARSABLE_CLIENT_MESSAGE", &why);
            }
            Ok(()) => self.obey(now, &message),
        }
        self.wake(now);
        message
    }

    /// Sound of the caller came.
    pub(super) fn hear(&mut self, now: Instant, audio: &[u8]) {
        self.hear_of(now);
        if self.settings.is_none() {
            return self.fail(
                "NON_SETTINGS_MESSAGE_BEFORE_SETTINGS",
                "Received a non-Settings message before Settings.",
            );
        }
        if !self.applied {
            self.mistake("audio was sent before SettingsApplied came");
        }
        if audio.is_empty() {
            self.mistake("an empty binary message was sent");
        }
        if self.script.hearing == Hearing::Scripted {
            return;
        }
        let mut changes = Vec::new();
        let per_ms = if self.format == Format::Pcm24k { 24 } else { 8 };
        self.vad.push(&self.format.samples(audio), per_ms, SILENCE, &mut changes);
        for change in changes {
            match change {
                Change::Started(_) => self.speech_starts(now),
                Change::Stopped(_) => self.speech_stops(now),
            }
        }
    }

    /// Does what the test orders.
    pub(super) fn order(&mut self, now: Instant, order: Order) {
        match order {
            Order::SpeechStarts => self.speech_starts(now),
            Order::SpeechStops => self.speech_stops(now),
            Order::Speak(reply) => self.begin(now, reply, false),
            Order::Reply(reply) => self.script.replies.push_back(reply),
            Order::Send(message) => self.emit(message),
            Order::SendText(text) => self.out.push_back(Out::Text(text)),
            Order::SendBinary(bytes) => self.out.push_back(Out::Audio(bytes)),
            Order::Warn(code) => {
                self.emit(json!({"type": "Warning", "code": code, "description": "The test wants it."}));
            }
            Order::Fail(code) => self.fail(&code, "The test wants it."),
            Order::Close(code, reason) => self.out.push_back(Out::Close(code, reason)),
            Order::Drop => self.out.push_back(Out::Drop),
        }
        self.wake(now);
    }

    fn hear_of(&mut self, now: Instant) {
        self.patience = Some(now + PATIENCE);
    }
}

/// What the client wants.
impl Session {
    fn obey(&mut self, now: Instant, message: &Value) {
        let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
        let kind = text("type");
        match (kind.as_str(), &self.settings) {
            ("Settings", None) => return self.configure(now, message),
            ("Settings", Some(_)) => {
                return self.fail("SETTINGS_ALREADY_APPLIED", "Settings were already applied.");
            }
            (_, None) => {
                let why = "Received a non-Settings message before Settings.";
                return self.fail("NON_SETTINGS_MESSAGE_BEFORE_SETTINGS", why);
            }
            (_, Some(_)) => {}
        }
        match kind.as_str() {
            "UpdatePrompt" => {
                self.measure_prompt(self.prompt + text("prompt").chars().count());
                self.emit(json!({"type": "PromptUpdated"}));
            }
            "UpdateThink" => {
                self.measure_prompt(message["think"]["prompt"].as_str().map_or(0, |p| p.chars().count()));
                self.emit(json!({"type": "ThinkUpdated"}));
            }
            "UpdateSpeak" => self.emit(json!({"type": "SpeakUpdated"})),
            "UpdateListen" => self.emit(json!({"type": "ListenUpdated"})),
            "UpdateThink_Live" => self.emit(json!({"type": "ThinkLiveUpdated"})),
            "InjectAgentMessage" => self.inject(now, text("message"), &text("behavior")),
            "InjectUserMessage" => {
                self.tell("user", &text("content"));
                self.answer(now);
            }
            "FunctionCallResponse" => self.take_answer(now, &text("id"), &text("name")),
            "ForceEndTurn" => {
                let flux = self
                    .settings
                    .as_ref()
                    .is_some_and(|settings| settings["agent"]["listen"]["provider"]["version"] == "v2");
                if flux {
                    self.speech_stops(now);
                } else {
                    let why = "ForceEndTurn is for Flux.";
                    self.emit(
                        json!({"type": "Warning", "code": "FORCE_END_TURN_UNSUPPORTED", "description": why}),
                    );
                }
            }
            // It says only that the client is there.
            _ => {}
        }
    }

    fn configure(&mut self, now: Instant, message: &Value) {
        let agent = &message["agent"];
        let (input, output) = (&message["audio"]["input"], &message["audio"]["output"]);
        self.format = match (output["encoding"].as_str(), output["sample_rate"].as_u64()) {
            (Some("mulaw"), Some(8_000)) => Format::Ulaw,
            (Some("alaw"), Some(8_000)) => Format::Alaw,
            (Some("linear16"), Some(24_000)) => Format::Pcm24k,
            _ => return self.fail("INVALID_SETTINGS", "This stand-in does not speak that format."),
        };
        if input["encoding"] != output["encoding"] || input["sample_rate"] != output["sample_rate"] {
            return self.fail("INVALID_SETTINGS", "This stand-in hears as it speaks.");
        }
        if output["container"].as_str().is_some_and(|container| container != "none") {
            self.mistake("a container is heard as a click before every turn");
        }
        let (listen, speak) = (&agent["listen"]["provider"], &agent["speak"]["provider"]);
        for (provider, family) in [(listen, "flux"), (speak, "flux")] {
            let named = provider["model"].as_str().is_some_and(|model| model.starts_with(family));
            if named != (provider["version"] == "v2") {
                return self.fail("INVALID_SETTINGS", "The version does not go with the model.");
            }
        }
        let names = |function: &Value| function["name"].as_str().unwrap_or_default().to_owned();
        let functions: Vec<String> =
            agent["think"]["functions"].as_array().into_iter().flatten().map(names).collect();
        if functions.iter().enumerate().any(|(n, name)| name.is_empty() || functions[..n].contains(name)) {
            return self.fail("INVALID_SETTINGS", "Every function needs a name of its own.");
        }
        self.measure_prompt(agent["think"]["prompt"].as_str().map_or(0, |prompt| prompt.chars().count()));
        self.settings = Some(message.clone());
        self.apply_at = Some(now + self.script.apply_takes);
    }

    fn apply(&mut self, now: Instant) {
        self.apply_at = None;
        self.applied = true;
        self.emit(json!({"type": "SettingsApplied"}));
        let greeting =
            self.settings.as_ref().and_then(|settings| settings["agent"]["greeting"].as_str()).unwrap_or("");
        if !greeting.is_empty() {
            let voice = Voice { transcript: greeting.to_owned(), ..self.script.voice.clone() };
            self.begin(now, Reply::of(vec![Item::Voice(voice)]), false);
        }
    }

    fn measure_prompt(&mut self, characters: usize) {
        self.prompt = characters;
        if characters > PROMPT {
            let why = "The prompt is over the limit.";
            self.emit(json!({"type": "Warning", "code": "PROMPT_TOO_LONG", "description": why}));
        }
    }

    fn inject(&mut self, now: Instant, words: String, behavior: &str) {
        let busy = self.turn.is_some() || self.caller_speaks;
        if words.is_empty() {
            return self.mistake("nothing was given to be said");
        }
        if busy && !["queue", "interrupt"].contains(&behavior) {
            let why = if self.caller_speaks { "The user is speaking." } else { "The agent is speaking." };
            return self.emit(json!({"type": "InjectionRefused", "message": why}));
        }
        if behavior == "interrupt" {
            self.turn = None;
        }
        let voice = Voice { transcript: words, ..self.script.voice.clone() };
        self.begin(now, Reply::of(vec![Item::Voice(voice)]), false);
    }

    fn take_answer(&mut self, now: Instant, id: &str, name: &str) {
        let Some(index) = self.open.iter().position(|open| open.id == id) else {
            return self.mistake("an answer came to a call that is not open");
        };
        let open = self.open.remove(index);
        if open.name != name {
            self.mistake("an answer came under another name");
        }
        if self.open.is_empty() {
            self.answer(now);
        }
    }
}

/// Who speaks.
impl Session {
    fn speech_starts(&mut self, now: Instant) {
        if !self.applied {
            return;
        }
        self.caller_speaks = true;
        self.emit(json!({"type": "UserStartedSpeaking"}));
        if let Some(turn) = self.turn.take() {
            let rest = turn.rest(self.script.stale);
            let (now_comes, late) = rest.split_at(rest.len() / 2);
            for (at, sound) in [(now, now_comes), (now + LATE, late)] {
                if !sound.is_empty() {
                    self.stale.push_back((at, sound.to_vec()));
                }
            }
        }
        // Nobody wants an answer any more that has not begun.
        self.waiting.retain(|turn| !turn.answers);
        if !self.open.is_empty() {
            let open = std::mem::take(&mut self.open);
            let functions: Vec<Value> =
                open.iter().map(|open| json!({"id": open.id, "name": open.name})).collect();
            self.emit(json!({"type": "FunctionCallCancelled", "functions": functions}));
        }
    }

    fn speech_stops(&mut self, now: Instant) {
        if !std::mem::take(&mut self.caller_speaks) {
            return;
        }
        let otherwise = || self.script.otherwise_understood.clone();
        let words = self.script.understood.pop_front().unwrap_or_else(otherwise);
        if !words.is_empty() {
            self.tell("user", &words);
            self.answer(now);
        }
    }

    fn answer(&mut self, now: Instant) {
        let reply = self.script.replies.pop_front().unwrap_or_else(|| self.script.otherwise.clone());
        self.begin(now, reply, true);
    }

    fn begin(&mut self, now: Instant, reply: Reply, answers: bool) {
        self.waiting.push_back(Turn::new(now, reply, self.format, answers));
        self.speak(now);
    }

    fn may_speak(&self) -> bool {
        self.applied && !self.caller_speaks && self.stale.is_empty()
    }

    fn speak(&mut self, now: Instant) {
        while self.may_speak() && !self.over {
            if self.turn.is_none() {
                self.turn = self.waiting.pop_front();
            }
            let Some(turn) = &mut self.turn else { return };
            let Some(step) = turn.step(now, &mut self.said) else { return };
            match step {
                Step::Message(message) => self.emit(message),
                Step::Words(words) => self.tell("assistant", &words),
                Step::Audio(sound) => self.out.push_back(Out::Audio(sound)),
                Step::Wants(tools) => self.want(tools),
                Step::Fail(code) => self.fail(&code, "Something went wrong."),
                Step::Close(code) => {
                    self.over = true;
                    self.out.push_back(Out::Close(code, String::new()));
                }
                Step::Drop => {
                    self.over = true;
                    self.out.push_back(Out::Drop);
                }
                Step::Over => self.turn = None,
            }
        }
    }

    fn want(&mut self, tools: Vec<(String, String)>) {
        let mut functions = Vec::new();
        for (name, arguments) in tools {
            self.calls += 1;
            let id = format!("fc_{}", self.calls);
            functions.push(json!({"id": id, "name": name, "arguments": arguments, "client_side": true}));
            self.open.push(Open { id, name });
        }
        self.emit(json!({"type": "FunctionCallRequest", "functions": functions}));
    }

    /// Somebody said this, which is also history.
    fn tell(&mut self, role: &str, words: &str) {
        self.emit(json!({"type": "ConversationText", "role": role, "content": words}));
        let history = self.settings.as_ref().is_some_and(|settings| settings["flags"]["history"] != false);
        if history {
            self.emit(json!({"type": "History", "role": role, "content": words}));
        }
    }

    fn fail(&mut self, code: &str, why: &str) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        self.emit(json!({"type": "Error", "code": code, "description": why}));
        self.out.push_back(Out::Close(1011, code.to_owned()));
    }

    fn mistake(&mut self, what: &str) {
        if !self.mistakes.iter().any(|known| known == what) {
            self.mistakes.push(what.to_owned());
        }
    }

    fn emit(&mut self, message: Value) {
        self.out.push_back(Out::Message(message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_says_nothing_is_given_up() {
        let start = crate::clock::now();
        let mut session = Session::new(Script::default(), 1);
        let examples = include_str!("../../../../fixtures/deepgram/agent_examples.json");
        let examples: Value = serde_json::from_str(examples).expect("it is JSON");
        session.handle(start, &examples["client_variants"]["Settings/minimal"].to_string());
        session.handle(start + Duration::from_secs(9), r#"{"type":"KeepAlive"}"#);
        session.hear(start + Duration::from_secs(18), &[0xff; 160]);
        session.wake(start + Duration::from_secs(27));
        let last = |session: &mut Session| std::iter::from_fn(|| session.poll()).last();
        assert!(
            matches!(last(&mut session), Some(Out::Message(applied)) if applied["type"] == "SettingsApplied")
        );
        assert_eq!(session.deadline(), Some(start + Duration::from_secs(28)));
        session.wake(start + Duration::from_secs(28));
        assert!(matches!(last(&mut session), Some(Out::Close(1011, why)) if why == "CLIENT_MESSAGE_TIMEOUT"));
        assert_eq!(session.deadline(), None);
    }
}
