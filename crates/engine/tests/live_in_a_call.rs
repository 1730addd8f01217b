//! OpenAI Live and the call together, in simulated time: a telephone that plays what it is sent and says so, a model that
//! speaks, yields and is late, a caller who speaks over it, and tools that take their time.

#[path = "shared/brief.rs"]
mod plain;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use call::{
    Answer, Call, Chunk, Format, Input, LineCommand, LineEvent, Manner, Mark, Note, Output, Policy,
    ToolCallId,
};
use engine::{
    ApiKey, Dialect, Outbox,
    live::{Config, Live},
};
use plain::brief;
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

const FRAME: Duration = Duration::from_millis(20);
const SILENCE: u8 = 0xFF;
const LOUD: u8 = 0x10;

struct World {
    now: Instant,
    call: Call,
    live: Live,
    out: Outbox,
    /// What the phone has to play: bytes of sound, and marks between them.
    phone: VecDeque<Result<u8, Mark>>,
    /// Marks on their way back.
    marks: VecDeque<(Instant, Mark)>,
    /// How loud the caller is, and the model, for how many frames.
    caller: u32,
    model: u32,
    /// The network to the model stands still; what it said meanwhile waits.
    stalled: Option<VecDeque<String>>,
    track: Vec<u8>,
    ms: u64,
    /// What the caller heard, 1 for every frame that was loud.
    heard: Vec<bool>,
    clears: u32,
    sent: Vec<Value>,
    notes: Vec<Note>,
    tools: Vec<ToolCallId>,
    hung_up: bool,
}

impl World {
    /// A call that was greeted.
    #[expect(clippy::disallowed_methods, reason = "simulated time has to begin somewhere")]
    fn new() -> Self {
        let now = Instant::now();
        let brief = brief();
        let mut live = Live::new(Config::new(ApiKey::new("sk-a-key-of-no-account")), 0).expect("a session");
        let mut out = Outbox::default();
        live.greet(now, brief, &mut out);
        live.read(now, r#"{"type":"session.started","session":{"id":"live_1","expires_at":7200}}"#, &mut out);
        let mut world = Self {
            now,
            call: Call::new(now, Manner::Duplex, Policy::default()),
            live,
            out,
            phone: VecDeque::new(),
            marks: VecDeque::new(),
            caller: 0,
            model: 0,
            stalled: None,
            track: Vec::new(),
            ms: 0,
            heard: Vec::new(),
            clears: 0,
            sent: Vec::new(),
            notes: Vec::new(),
            tools: Vec::new(),
            hung_up: false,
        };
        world.model_speaks("Hello.", 600);
        world.pass(2_500);
        world.forget();
        world
    }

    fn forget(&mut self) {
        self.settle();
        self.sent.clear();
        self.notes.clear();
        self.heard.clear();
    }

    fn model_says(&mut self, event: &Value) {
        let text = event.to_string();
        match &mut self.stalled {
            Some(waiting) => waiting.push_back(text),
            None => self.live.read(self.now, &text, &mut self.out),
        }
        self.settle();
    }

    fn model_speaks(&mut self, words: &str, ms: u32) {
        self.model = ms / 20;
        self.model_says(&said("output", words, self.ms));
    }

    fn caller_speaks(&mut self, words: &str, ms: u32) {
        self.caller = ms / 20;
        if !words.is_empty() {
            self.model_says(&said("input", words, self.ms));
        }
    }

    /// Carries messages between the call, the engine and the world until nobody has any.
    fn settle(&mut self) {
        loop {
            while let Some(message) = self.out.wire.pop() {
                let message: Value = serde_json::from_slice(message.bytes()).expect("we send JSON");
                if message["type"] != "session.input_audio.append" {
                    self.sent.push(message);
                }
            }
            if let Some(output) = self.call.poll() {
                self.carry_out(output);
            } else if let Some(event) = self.out.events.pop_front() {
                self.call.handle(self.now, Input::Engine(event));
            } else {
                return;
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Line(LineCommand::Play(chunk)) => {
                self.phone.extend(chunk.bytes.iter().map(|byte| Ok(*byte)));
            }
            Output::Line(LineCommand::Mark(mark)) => self.phone.push_back(Err(mark)),
            Output::Line(LineCommand::Clear) => {
                self.clears += 1;
                let back = self.now + FRAME;
                self.marks.extend(self.phone.drain(..).filter_map(Result::err).map(|mark| (back, mark)));
            }
            Output::Line(LineCommand::HangUp) => self.hung_up = true,
            Output::Line(LineCommand::Listen | LineCommand::Transfer(_)) | Output::Unwanted(_) => {}
            Output::Engine(command) => self.live.write(self.now, command, &mut self.out),
            Output::Tool(call, _) => self.tools.push(call.id),
            Output::Note(note) => self.notes.push(note),
            Output::Pin(_)
            | Output::May(..)
            | Output::Promised(_)
            | Output::Reopen(_)
            | Output::TakeMessage
            | Output::Renew(_)
            | Output::Swap { .. } => {
                panic!("no PIN is asked for, nothing is promised and no engine fails: {output:?}")
            }
        }
    }

    fn answer(&mut self, say: &str) {
        let id = self.tools.pop().expect("a tool was wanted");
        self.call.handle(self.now, Input::Tool(id, Answer::said(say)));
        self.settle();
    }

    fn pass(&mut self, ms: u64) {
        for _ in 0..ms / 20 {
            self.now += FRAME;
            self.ms += 20;
            self.play();
            self.frame_of_the_model();
            // Syllables, or it would be a noise.
            let loud = self.caller > 0 && self.ms % 200 < 160;
            self.caller = self.caller.saturating_sub(1);
            let bytes = vec![if loud { LOUD } else { SILENCE }; 160];
            let chunk = Chunk { format: Format::Ulaw, bytes: bytes.into() };
            self.call.handle(self.now, Input::Line(LineEvent::Audio(chunk)));
            self.settle();
            self.clocks();
        }
    }

    fn play(&mut self) {
        let mut played = 0;
        let mut loud = false;
        while played < 160 || matches!(self.phone.front(), Some(Err(_))) {
            match self.phone.pop_front() {
                Some(Ok(byte)) => (played, loud) = (played + 1, loud || byte == LOUD),
                Some(Err(mark)) => self.marks.push_back((self.now + 6 * FRAME, mark)),
                None => break,
            }
        }
        self.heard.push(loud);
        while self.marks.front().is_some_and(|(at, _)| *at <= self.now) {
            let (_, mark) = self.marks.pop_front().expect("it is there");
            self.call.handle(self.now, Input::Line(LineEvent::Played(mark)));
            self.settle();
        }
    }

    fn frame_of_the_model(&mut self) {
        let byte = if self.model > 0 { LOUD } else { SILENCE };
        self.model = self.model.saturating_sub(1);
        self.track.extend([byte; 160]);
        if self.track.len() == 800 {
            let delta = STANDARD.encode(std::mem::take(&mut self.track));
            self.model_says(&json!({"type": "session.output_audio.delta", "delta": delta}));
        }
    }

    fn clocks(&mut self) {
        if self.live.deadline().is_some_and(|due| due <= self.now) {
            self.live.wake(self.now, &mut self.out);
            self.settle();
        }
        if self.call.deadline().is_some_and(|(due, _)| due <= self.now) {
            self.call.handle(self.now, Input::Tick);
            self.settle();
        }
    }

    /// What waits in the network arrives.
    fn arrive(&mut self) {
        for text in self.stalled.take().unwrap_or_default() {
            self.live.read(self.now, &text, &mut self.out);
            self.settle();
        }
    }

    fn wants(&mut self, name: &str) {
        let event =
            |event: Value| json!({"type": "response.event", "delegation_id": "item_1", "event": event});
        self.model_says(&event(json!({"type": "response.created", "response": {"id": "resp_1"}})));
        self.model_says(&event(
            json!({"type": "response.output_item.done", "item": {"type": "function_call",
            "call_id": "call_1", "name": name, "arguments": "{}", "status": "completed"}}),
        ));
        self.model_says(&event(json!({"type": "response.completed", "response": {"id": "resp_1"}})));
    }

    fn sent(&self, kind: &str) -> Vec<&str> {
        let of_kind = self.sent.iter().filter(|message| message["type"] == kind);
        of_kind.map(|message| message["content"].as_str().unwrap_or_default()).collect()
    }

    /// How many milliseconds were loud.
    fn loud_ms(&self) -> usize {
        self.heard.iter().filter(|loud| **loud).count() * 20
    }
}

fn said(direction: &str, delta: &str, start: u64) -> Value {
    json!({"type": format!("session.{direction}_transcript.delta"), "delta": delta, "start_ms": start,
        "end_ms": start + 200})
}

#[test]
fn a_model_that_yields_is_not_cleared_and_its_answer_is_heard_whole() {
    for cut in [100, 300, 500] {
        let mut world = World::new();
        world.model_speaks("We have ten, eleven, twelve", 4_000);
        world.pass(1_500);
        world.caller_speaks("ten please", 1_200);
        world.pass(cut);
        world.model = 0;
        world.pass(2_000);
        world.model_speaks("Ten it is.", 1_000);
        world.pass(3_000);
        assert_eq!(world.clears, 0);
        let spoken = 1_500 + cut as usize + 1_000;
        assert!(world.loud_ms().abs_diff(spoken) <= 120, "{} ms of {spoken}", world.loud_ms());
        assert!(
            world.notes.contains(&Note::CallerSaid(call::TurnId(1), "ten please".into())),
            "{:?}",
            world.notes
        );
    }
}

#[test]
fn an_answer_that_comes_at_once_is_not_held_back() {
    let mut world = World::new();
    world.caller_speaks("", 800);
    world.pass(900);
    // Before our ear is sure that they have stopped, and before a word of theirs is known.
    let before = world.heard.len();
    world.model_speaks("Yes?", 600);
    world.pass(400);
    assert!(world.heard[before..].iter().any(|loud| *loud), "it is heard as it comes");
    world.pass(2_000);
    assert!(world.loud_ms().abs_diff(600) <= 40, "{} ms", world.loud_ms());
}

#[test]
fn what_a_slow_network_had_queued_is_cleared_when_the_model_has_yielded() {
    let mut world = World::new();
    world.stalled = Some(VecDeque::new());
    world.model_speaks("We open at eight and close at six", 3_000);
    world.pass(3_000);
    world.arrive();
    world.pass(500);
    world.caller_speaks("stop", 1_600);
    world.pass(2_500);
    assert_eq!(world.clears, 1);
    assert!(world.loud_ms() < 2_000, "{} ms of 3 s are heard", world.loud_ms());
    let told = world.sent("session.thinking.append");
    assert!(
        told.len() == 1 && told[0].contains("We open at eight"),
        "the model is told what was not heard: {told:?}"
    );
}

#[test]
fn a_goodbye_is_heard_out_and_then_the_line_drops() {
    let mut world = World::new();
    world.caller_speaks("bye", 600);
    world.pass(1_300);
    world.model_speaks("Goodbye, and thank you.", 2_000);
    world.wants("hang_up");
    world.pass(2_000);
    assert!(!world.hung_up);
    world.pass(2_000);
    assert!(world.hung_up && world.loud_ms() >= 1_980, "{} ms", world.loud_ms());
}

#[test]
fn a_cough_during_the_goodbye_does_not_keep_the_call_and_words_do() {
    for words in ["", "wait a moment"] {
        let mut world = World::new();
        world.caller_speaks("bye", 600);
        world.pass(1_300);
        world.model_speaks("Goodbye, and thank you for calling.", 3_000);
        world.wants("hang_up");
        world.pass(1_000);
        world.caller_speaks(words, 400);
        world.pass(200);
        assert_eq!(world.clears, 1, "over a goodbye the caller is heard at once");
        world.pass(9_000);
        assert_eq!(world.hung_up, words.is_empty(), "{words:?}");
        if words.is_empty() {
            assert!(world.loud_ms() >= 2_900, "all of it is heard: {} ms", world.loud_ms());
        } else {
            assert_eq!(world.sent("response.item.create").len(), 1, "the model is told to stay");
        }
    }
}

#[test]
fn a_slow_tool_is_covered_by_a_sentence_and_answered_once() {
    let mut world = World::new();
    world.caller_speaks("is friday free", 800);
    world.pass(1_500);
    world.wants("check_availability");
    assert_eq!(world.tools.len(), 1);
    world.pass(1_200);
    let fillers = world.sent("session.commentary.append");
    assert!(fillers.len() == 1 && fillers[0].contains("One moment, please."), "{fillers:?}");
    world.model_speaks("One moment, please.", 800);
    world.pass(2_500);
    world.answer("Friday is free.");
    assert_eq!(world.sent("response.item.create").len(), 1);
    assert_eq!(world.sent("response.create").len(), 1);
    world.model_speaks("Friday is free.", 800);
    world.pass(3_000);
    assert!(world.loud_ms() >= 1_580, "{} ms", world.loud_ms());
    assert_eq!(world.sent("session.commentary.append").len(), 1, "no second filler");
}

#[test]
fn a_caller_who_says_nothing_is_asked_once_and_then_bidden_goodbye() {
    let mut world = World::new();
    world.pass(19_000);
    let asked = world.sent("session.commentary.append");
    assert!(asked.len() == 1 && asked[0].contains("still there"), "{asked:?}");
    world.model_speaks("Are you still there?", 800);
    world.pass(23_000);
    let bidden = world.sent("session.commentary.append");
    assert!(bidden.len() == 2 && bidden[1].contains("Goodbye"), "{bidden:?}");
    assert!(!world.hung_up);
    world.model_speaks("I will hang up now. Goodbye.", 1_200);
    world.pass(4_000);
    assert!(world.hung_up);
}
