//! One session as the service keeps it. Pure; its time is that of the sound that it is sent, as the service's is.

use super::{
    Order,
    schema::{self, Refusal},
    script::{Format, Reply, Script, Speech, Start},
    work::Work,
};
use crate::openai::vad::{Change, Vad};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// What a session has to say.
#[derive(Debug)]
pub(super) enum Out {
    Event(Value),
    /// A delta of audio, silent or not.
    Audio(Value),
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

/// Something that happens when the session's time comes to it.
#[derive(Debug)]
enum Due {
    /// Something appended is placed: its type, name and words.
    Placed(String, Value, String),
    Answer(Reply),
    Say(Speech),
    Yield,
    Drop,
    Expire,
    Count,
}

pub(super) struct Session {
    script: Script,
    number: u32,
    settings: Option<Value>,
    format: Format,
    began: Instant,
    closing: bool,
    frozen: bool,
    /// Sound that came, in bytes; and how far the session has got with it, in milliseconds.
    input: u64,
    now: u64,
    vad: Vad,
    caller_speaks: bool,
    /// Of what the caller says now, what was not told yet.
    words: VecDeque<String>,
    speaking: Option<Speaking>,
    to_say: VecDeque<Speech>,
    due: Vec<(u64, Due)>,
    work: Work,
    out: VecDeque<Out>,
    events: u32,
    mistakes: Vec<String>,
}

#[derive(Debug)]
struct Speaking {
    speech: Speech,
    /// In samples.
    at: usize,
    words: VecDeque<String>,
}

/// The time between two things that it says.
const BREATH: u64 = 300;
/// So much silence of the caller's ends a turn.
const TURN_ENDS: u64 = 500;
/// After that, so long until it does something about it.
const THINKS: u64 = 200;
/// A fragment of what is said covers so much.
const FRAGMENT: u64 = 200;
/// Sound may be so much ahead of time, in milliseconds.
const AHEAD: u64 = 700;

impl Session {
    pub(super) fn new(script: Script, number: u32, now: Instant) -> Self {
        Self {
            script,
            number,
            settings: None,
            format: Format::Ulaw,
            began: now,
            closing: false,
            frozen: false,
            input: 0,
            now: 0,
            vad: Vad::default(),
            caller_speaks: false,
            words: VecDeque::new(),
            speaking: None,
            to_say: VecDeque::new(),
            due: Vec::new(),
            work: Work::default(),
            out: VecDeque::new(),
            events: 0,
            mistakes: Vec::new(),
        }
    }

    pub(super) fn poll(&mut self) -> Option<Out> {
        self.out.pop_front()
    }

    /// What the client did that the service would take, and no client should do.
    pub(super) fn mistakes(&self) -> &[String] {
        &self.mistakes
    }

    pub(super) fn mistake(&mut self, what: &str) {
        if !self.mistakes.iter().any(|mistake| mistake == what) {
            self.mistakes.push(what.to_owned());
        }
    }

    /// Reads one message of the client.
    pub(super) fn handle(&mut self, now: Instant, text: &str) -> Took {
        let Ok(event @ Value::Object(_)) = serde_json::from_str::<Value>(text) else {
            let refusal = Refusal::new("invalid_json", "We could not parse the JSON body of your request.");
            self.refuse(&refusal, &Value::Null);
            return Took::Event(Value::String(text.to_owned()));
        };
        let judged = if event["type"] == "session.input_audio.append" && plain_append(&event) {
            Ok(())
        } else {
            schema::judge_client(&event)
        };
        let done = judged.and_then(|()| self.obey(now, &event));
        match done {
            Ok(Some(audio)) => Took::Audio(audio),
            Ok(None) => Took::Event(event),
            Err(refusal) => {
                let id = event["event_id"].clone();
                self.refuse(&refusal, &id);
                if self.settings.is_none() {
                    self.out.push_back(Out::Close(1000, String::new()));
                }
                Took::Event(event)
            }
        }
    }

    /// Does what the test orders.
    pub(super) fn order(&mut self, order: Order) {
        match order {
            Order::Say(speech) => self.to_say.push_back(speech),
            Order::Reply(reply) => self.due.push((self.now, Due::Answer(reply))),
            Order::Answer(reply) => self.script.answers.push_back(reply),
            Order::Send(event) => self.out.push_back(Out::Event(event)),
            Order::SendText(text) => self.out.push_back(Out::Text(text)),
            Order::SendBinary(bytes) => self.out.push_back(Out::Binary(bytes)),
            Order::Fail(code) => self.refuse(&Refusal::new(code, "Example only."), &Value::Null),
            Order::Freeze => self.frozen = true,
            Order::End(reason) => self.end(&reason, &Value::Null),
            Order::Close(code, reason) => self.out.push_back(Out::Close(code, reason)),
            Order::Drop => self.out.push_back(Out::Drop),
        }
    }

    /// Does what a message asks for. Gives back sound.
    fn obey(&mut self, now: Instant, event: &Value) -> Result<Option<Vec<u8>>, Refusal> {
        let kind = event["type"].as_str().unwrap_or_default();
        if self.closing {
            return Err(Refusal::new("invalid_value", "The session is closing."));
        }
        match (kind, self.settings.is_some()) {
            ("session.start", false) => self.start(now, event),
            ("session.start", true) => {
                return Err(Refusal::new("invalid_value", "The session has been started."));
            }
            (_, false) => {
                return Err(Refusal::new("invalid_value", "The first event must be session.start."));
            }
            ("session.input_audio.append", true) => return self.append(now, event).map(Some),
            ("session.update", true) => self.update(event)?,
            (
                "session.instructions.append" | "session.thinking.append" | "session.commentary.append",
                true,
            ) => {
                if !event["delegation_id"].is_null() {
                    return Err(Refusal::new(
                        "invalid_value",
                        "delegation_id is for client delegations only.",
                    ));
                }
                let words = event["content"].as_str().unwrap_or_default().to_owned();
                let placed = Due::Placed(kind.to_owned(), event["event_id"].clone(), words);
                self.due.push((self.now + self.script.places_after.as_millis() as u64, placed));
            }
            ("response.item.create", true) => self.work.take(&event["item"])?,
            ("response.create", true) => {
                let events = self.work.go_on()?;
                self.emit_all(events);
                self.finish_work();
            }
            ("session.close", true) => self.end("close_requested", &event["event_id"]),
            (_, true) => self.mistake("something was sent that an assistant on the telephone has no use for"),
        }
        Ok(None)
    }

    fn start(&mut self, now: Instant, event: &Value) {
        match self.script.start.clone() {
            Start::Ignored => return,
            Start::Refused(kind, code) => {
                let error = json!({"type": kind, "code": code, "message": "Example only."});
                self.emit(json!({"type": "error", "error": error}));
                self.out.push_back(Out::Close(1000, String::new()));
                return;
            }
            Start::Confirmed | Start::OtherFormat(_) => {}
        }
        let mut session = event["session"].clone();
        self.format = Format::read(&session["audio"]["format"]);
        if let Start::OtherFormat(format) = &self.script.start {
            session["audio"]["format"] = format.clone();
        }
        session["id"] = json!(format!("live_{}", self.number));
        session["status"] = json!("active");
        session["expires_at"] = json!(crate::clock::unix_seconds() + self.script.longest.as_secs());
        self.settings = Some(session.clone());
        self.began = now;
        self.due.push((self.script.longest.as_millis() as u64, Due::Expire));
        self.due.push((self.script.counts_every.as_millis() as u64, Due::Count));
        self.emit(
            json!({"type": "session.started", "client_event_id": event["event_id"], "session": session}),
        );
    }

    fn update(&mut self, event: &Value) -> Result<(), Refusal> {
        let Some(session) = &mut self.settings else { return Ok(()) };
        let wanted = &event["session"]["delegation"];
        if wanted.is_object() && wanted["type"] != session["delegation"]["type"] {
            return Err(Refusal::new("immutable_field_update", "The delegation type cannot be changed."));
        }
        for (name, value) in wanted["responses"].as_object().into_iter().flatten() {
            session["delegation"]["responses"][name] = value.clone();
        }
        let session = session.clone();
        self.emit(
            json!({"type": "session.updated", "client_event_id": event["event_id"], "session": session}),
        );
        Ok(())
    }

    fn end(&mut self, reason: &str, about: &Value) {
        self.closing = true;
        let usage = self.usage();
        let session =
            self.settings.clone().unwrap_or(json!({"id": "live_0", "expires_at": 0, "status": "active"}));
        let mut closed =
            json!({"type": "session.closed", "reason": reason, "session": session, "usage": usage});
        if about.is_string() {
            closed["client_event_id"] = about.clone();
        }
        self.emit(closed);
        self.out.push_back(Out::Close(1000, String::new()));
    }

    /// What it charges for, all of it.
    fn usage(&self) -> Value {
        json!({"seconds": self.now as f64 / 1000.0})
    }

    fn refuse(&mut self, refusal: &Refusal, about: &Value) {
        let mut error =
            json!({"type": "invalid_request_error", "code": refusal.code, "message": refusal.message});
        if let Some(param) = &refusal.param {
            error["param"] = json!(param);
        }
        if about.is_string() {
            error["client_event_id"] = about.clone();
        }
        self.emit(json!({"type": "error", "error": error}));
    }

    fn emit_all(&mut self, events: Vec<Value>) {
        for event in events {
            self.emit(event);
        }
    }

    fn emit(&mut self, mut event: Value) {
        self.events += 1;
        event["event_id"] = json!(format!("ev_{}", self.events));
        if event["client_event_id"].is_null()
            && let Some(fields) = event.as_object_mut()
        {
            fields.remove("client_event_id");
        }
        self.out.push_back(Out::Event(event));
    }
}

/// The session's time, which is that of the sound.
impl Session {
    fn append(&mut self, now: Instant, event: &Value) -> Result<Vec<u8>, Refusal> {
        let audio = event["audio"].as_str().unwrap_or_default();
        let bytes = BASE64_STANDARD.decode(audio).map_err(|_| {
            Refusal::new("invalid_value", "Invalid 'audio'. Expected base64-encoded audio bytes.")
        })?;
        if bytes.is_empty() || !bytes.len().is_multiple_of(self.format.bytes_a_ms() / self.format.per_ms()) {
            self.mistake("the appended audio is no whole number of samples");
        }
        self.input += bytes.len() as u64;
        let input = self.input / self.format.bytes_a_ms() as u64;
        if input > now.saturating_duration_since(self.began).as_millis() as u64 + AHEAD {
            self.mistake("the audio runs ahead of time");
        }
        let mut changes = Vec::new();
        self.vad.push(&self.format.samples(&bytes), self.format.per_ms(), TURN_ENDS, &mut changes);
        for change in changes {
            match change {
                Change::Started(_) => self.caller_begins(),
                Change::Stopped(_) => self.caller_stops(),
            }
        }
        let delta = self.script.delta.as_millis() as u64;
        while !self.frozen && self.now + delta <= input {
            self.pass(delta);
        }
        Ok(bytes)
    }

    fn caller_begins(&mut self) {
        self.caller_speaks = true;
        let said = self.script.understood.pop_front().unwrap_or_default();
        self.words = said.split_inclusive(' ').map(str::to_owned).collect();
        if let Some(after) = self.script.yields_after {
            self.due.push((self.now + after.as_millis() as u64, Due::Yield));
        }
    }

    fn caller_stops(&mut self) {
        self.caller_speaks = false;
        let rest: String = self.words.drain(..).collect();
        self.tell("session.input_transcript.delta", &rest);
        if let Some(reply) = self.script.answers.pop_front() {
            self.due.push((self.now + THINKS, Due::Answer(reply)));
        }
    }

    fn tell(&mut self, kind: &str, delta: &str) {
        if !delta.is_empty() {
            let (start, end) = (self.now, self.now + FRAGMENT);
            self.emit(json!({"type": kind, "delta": delta, "start_ms": start, "end_ms": end}));
        }
    }

    /// So much passes: what is due happens, and as much sound goes out.
    fn pass(&mut self, delta: u64) {
        self.now += delta;
        while let Some(index) = self.due.iter().position(|(at, _)| *at <= self.now) {
            let (_, due) = self.due.remove(index);
            self.happen(due);
        }
        if self.now.is_multiple_of(FRAGMENT) && self.caller_speaks {
            let word = self.words.pop_front().unwrap_or_default();
            self.tell("session.input_transcript.delta", &word);
        }
        self.finish_work();
        self.speak(delta);
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Placed(kind, id, words) => {
                let (at, placed) = (self.now, format!("{kind}ed"));
                self.emit(json!({"type": placed, "client_event_id": id, "start_ms": at, "end_ms": at}));
                match kind.as_str() {
                    "session.commentary.append" => {
                        let said = || Speech::tone(told_to_say(&words), 440.0, Duration::from_secs(1));
                        let speech = self.script.says.pop_front().unwrap_or_else(said);
                        self.to_say.push_back(speech);
                    }
                    "session.instructions.append" => self.speaking = None,
                    _ => {}
                }
            }
            Due::Answer(reply) => self.answer(reply),
            Due::Say(speech) => self.to_say.push_back(speech),
            Due::Yield => {
                if self.caller_speaks {
                    self.speaking = None;
                    self.to_say.clear();
                }
            }
            Due::Drop => self.out.push_back(Out::Drop),
            Due::Expire => self.end("expired", &Value::Null),
            Due::Count => {
                let usage = self.usage();
                self.emit(json!({"type": "session.usage.updated", "usage": usage}));
                self.due.push((self.now + self.script.counts_every.as_millis() as u64, Due::Count));
            }
        }
    }

    fn answer(&mut self, reply: Reply) {
        let events = match reply {
            Reply::Says(speech) => return self.to_say.push_back(speech),
            Reply::BreaksOff(speech, after) => {
                self.to_say.push_back(speech);
                return self.due.push((self.now + after.as_millis() as u64, Due::Drop));
            }
            Reply::Expires(speech, after) => {
                self.to_say.push_back(speech);
                return self.due.push((self.now + after.as_millis() as u64, Due::Expire));
            }
            Reply::HandsOver(rounds, then) => self.work.begin(rounds, then, self.now),
            Reply::SaysAndHandsOver(speech, rounds, then) => {
                self.to_say.push_back(speech);
                self.work.begin(rounds, then, self.now)
            }
            Reply::Fails => self.work.fail(self.now),
        };
        self.emit_all(events);
        self.finish_work();
    }

    fn finish_work(&mut self) {
        if let Some(speech) = self.work.done() {
            self.due.push((self.now + BREATH, Due::Say(speech)));
        }
    }

    fn speak(&mut self, delta: u64) {
        if self.speaking.is_none()
            && let Some(speech) = self.to_say.pop_front()
        {
            let words = speech.words.split_inclusive(' ').map(str::to_owned).collect();
            self.speaking = Some(Speaking { speech, at: 0, words });
        }
        let samples = delta as usize * 8;
        let mut piece = vec![0_i16; samples];
        let mut said = String::new();
        if let Some(speaking) = &mut self.speaking {
            let rest = &speaking.speech.samples[speaking.at.min(speaking.speech.samples.len())..];
            let rest = &rest[..rest.len().min(samples)];
            piece[..rest.len()].copy_from_slice(rest);
            speaking.at += samples;
            let over = speaking.at >= speaking.speech.samples.len();
            if over {
                said = speaking.words.drain(..).collect();
            } else if self.now.is_multiple_of(FRAGMENT) {
                said = speaking.words.pop_front().unwrap_or_default();
            }
            if speaking.at >= speaking.speech.samples.len() + BREATH as usize * 8 {
                self.speaking = None;
            }
        }
        let audio = BASE64_STANDARD.encode(self.format.bytes(&piece));
        self.out.push_back(Out::Audio(json!({"type": "session.output_audio.delta", "delta": audio})));
        self.tell("session.output_transcript.delta", &said);
    }
}

/// What a wish wants said: what stands behind its last colon, or nothing that anybody could know.
fn told_to_say(wish: &str) -> String {
    wish.rsplit_once(": ").map_or("All right.", |(_, words)| words).to_owned()
}

/// Whether an append has exactly what it should, which spares judging the thousand that a call has.
fn plain_append(event: &Value) -> bool {
    event.as_object().is_some_and(|fields| fields.len() == 2) && event["audio"].is_string()
}
