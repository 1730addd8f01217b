//! The cascade and its parts.

use crate::{
    parts::{FRAME, Loud, frame, recognised, spoken},
    plain,
};
use call::{Answer, EngineCommand, EngineEvent, Failure, ItemId, ToolCall, Usage};
use engine::{
    Brief, ToolSpec,
    local::{
        TurnEvent,
        cascade::{Cascade, CascadeInput, CascadeOutput, Thinking, Whose},
        desk::{Desk, DeskSetup},
        llm::{Ask, Delta, Message},
    },
};
use std::time::{Duration, Instant};

pub struct Rig {
    pub now: Instant,
    pub cascade: Cascade,
    /// How long every sentence sounds.
    pub sentence: Duration,
    /// Sentences asked for and not yet spoken.
    pub asked: Vec<(u32, String)>,
    /// In whose language everything was asked to be spoken or heard, in order.
    pub whose: Vec<Whose>,
    /// What the shell was told to go on in.
    pub languages: Vec<String>,
    /// Utterances asked for and not yet recognised.
    pub unknown: Vec<u32>,
    /// Thoughts asked for, the latest last.
    pub asks: Vec<(u32, Ask)>,
    pub forgotten: Vec<u32>,
    pub events: Vec<EngineEvent>,
}

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub fn brief() -> Brief {
    let tool = |name: &str| ToolSpec {
        name: name.into(),
        description: "".into(),
        parameters: serde_json::json!({"type": "object"}).into(),
        hosted: None,
    };
    Brief {
        instructions: "You are the assistant of Ada.".into(),
        greeting: "Good day. How can I help you?".into(),
        tools: ["check_calendar_availability", "create_calendar_event", "hang_up"].map(tool).into(),
        ..plain::brief()
    }
}

impl Rig {
    pub fn new() -> Self {
        Self::with(brief())
    }

    /// No other engine is left.
    pub fn with(brief: Brief) -> Self {
        Self::thinking(brief, Thinking { last: true, ..Thinking::default() })
    }

    #[expect(clippy::disallowed_methods, reason = "simulated time has to begin somewhere")]
    pub fn thinking(brief: Brief, how: Thinking) -> Self {
        let desk = Desk::new(DeskSetup {
            now: "2026-11-20T14:30:00+01:00[Europe/Berlin]".parse().expect("a moment"),
            hours: when::Hours::default(),
            greeting: brief.greeting.clone(),
            business: String::new(),
            caller: "Ada".into(),
            so_far: None,
        });
        let now = Instant::now();
        let mut rig = Self {
            now,
            cascade: Cascade::with_model(now, brief, desk, Box::new(Loud), how),
            sentence: Duration::from_secs(1),
            asked: Vec::new(),
            whose: Vec::new(),
            languages: Vec::new(),
            unknown: Vec::new(),
            asks: Vec::new(),
            forgotten: Vec::new(),
            events: Vec::new(),
        };
        rig.drain();
        rig
    }

    /// After the greeting has been heard.
    pub fn greeted() -> Self {
        let mut rig = Self::new();
        rig.speak();
        rig.quiet(2_500);
        rig.events.clear();
        rig
    }

    /// The caller has said this, and the model is asked.
    pub fn asked_about(words: &str) -> Self {
        let mut rig = Self::greeted();
        rig.says(words);
        rig.events.clear();
        rig
    }

    fn drain(&mut self) {
        while let Some(output) = self.cascade.poll() {
            match output {
                CascadeOutput::Event(event) => self.events.push(event),
                CascadeOutput::Recognise { utterance, grammar, whose, .. } => {
                    self.whose.push(whose);
                    assert!(grammar.is_empty() || grammar.starts_with("#JSGF"), "{grammar}");
                    self.unknown.push(utterance);
                }
                CascadeOutput::Disregard { utterance } => {
                    self.unknown.retain(|unknown| *unknown != utterance);
                }
                CascadeOutput::Speak { sentence, text, whose } => {
                    self.whose.push(whose);
                    self.asked.push((sentence, text));
                }
                CascadeOutput::Language(tag) => self.languages.push(tag),
                CascadeOutput::Hush => self.asked.clear(),
                CascadeOutput::Think { thought, ask } => self.asks.push((thought, ask)),
                CascadeOutput::Forget { thought } => self.forgotten.push(thought),
            }
        }
    }

    pub fn tell(&mut self, command: EngineCommand) {
        self.cascade.handle(self.now, CascadeInput::Command(command));
        self.drain();
    }

    /// Speaks everything that is asked for, in two chunks a sentence.
    pub fn speak(&mut self) -> String {
        let mut said = Vec::new();
        while !self.asked.is_empty() {
            let (sentence, text) = self.asked.remove(0);
            said.push(text);
            for input in spoken(sentence, self.sentence) {
                self.cascade.handle(self.now, input);
                self.drain();
            }
        }
        said.join(" ")
    }

    fn feed(&mut self, millis: u64, byte: u8) {
        for _ in 0..millis / 20 {
            self.tell(frame(byte));
            self.now += FRAME;
        }
    }

    pub fn loud(&mut self, millis: u64) {
        self.feed(millis, 0x10);
    }

    pub fn quiet(&mut self, millis: u64) {
        self.feed(millis, 0xff);
    }

    /// The latest utterance that was asked for was this.
    pub fn recognise(&mut self, text: &str) {
        let utterance = self.unknown.pop().expect("words are looked for");
        self.cascade.handle(self.now, recognised(utterance, text, 0.9));
        self.drain();
    }

    /// This utterance was this.
    pub fn recognised(&mut self, utterance: u32, text: &str) {
        self.unknown.retain(|unknown| *unknown != utterance);
        self.cascade.handle(self.now, recognised(utterance, text, 0.9));
        self.drain();
    }

    /// The service that follows says this.
    pub fn turn(&mut self, event: TurnEvent) {
        self.cascade.handle(self.now, CascadeInput::Followed(Ok(event)));
        self.drain();
    }

    /// It has failed.
    pub fn broken(&mut self, why: &str) {
        self.cascade.handle(self.now, CascadeInput::Followed(Err(why.into())));
        self.drain();
    }

    /// The caller says this and is quiet; the recogniser answers at once.
    pub fn says(&mut self, text: &str) {
        self.loud(800);
        self.quiet(200);
        self.recognise(text);
        self.quiet(1_400);
    }

    /// Time passes without a sound from the line.
    pub fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.cascade.deadline().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.cascade.wake(self.now);
            self.drain();
        }
        self.now = until;
    }

    pub fn thought(&self) -> u32 {
        self.asks.last().expect("the model is asked").0
    }

    /// What the model is asked, one line a message.
    pub fn conversation(&self) -> Vec<String> {
        let (_, ask) = self.asks.last().expect("the model is asked");
        let shown = ask.messages.iter().skip(1).map(|message| match message {
            Message::System(text) => format!("S {text}"),
            Message::Caller(text) => format!("C {text}"),
            Message::Assistant { text, wants } => {
                let wants: Vec<_> = wants.iter().map(|want| format!(" +{}", want.name)).collect();
                format!("A {text}{}", wants.concat())
            }
            Message::Answer { text, .. } => format!("T {text}"),
        });
        shown.collect()
    }

    pub fn delta(&mut self, delta: Delta) {
        self.result(Ok(delta));
    }

    pub fn fails(&mut self, why: &str, lasting: bool) {
        self.result(Err(Failure { why: why.into(), lasting }));
    }

    fn result(&mut self, result: Result<Delta, Failure>) {
        let thought = self.thought();
        self.cascade.handle(self.now, CascadeInput::Thought { thought, result });
        self.drain();
    }

    /// The model says a piece of text.
    pub fn text(&mut self, text: &str) {
        self.delta(Delta::Text(text.into()));
    }

    pub fn wants(&mut self, name: &str, arguments: &str) {
        self.delta(Delta::Wants { name: name.into(), arguments: arguments.into() });
    }

    pub fn done(&mut self) {
        let usage = Usage { text_tokens_in: 10, text_tokens_out: 3, ..Usage::default() };
        self.delta(Delta::Done { usage, cut: false });
    }

    /// The model's answer becomes too long.
    pub fn is_cut_short(&mut self) {
        self.delta(Delta::Done { usage: Usage::default(), cut: true });
    }

    /// The model says this and has finished.
    pub fn answers(&mut self, text: &str) {
        self.text(text);
        self.done();
    }

    /// What the tools were asked since this was asked last.
    pub fn wanted(&mut self) -> Vec<ToolCall> {
        let wanted = self.events.iter().filter_map(|event| match event {
            EngineEvent::Wants(call) => Some(call.clone()),
            _ => None,
        });
        let wanted = wanted.collect();
        self.events.retain(|event| !matches!(event, EngineEvent::Wants(_)));
        wanted
    }

    pub fn answer(&mut self, call: &ToolCall, say: &str) {
        self.tell(EngineCommand::Answer(call.id.clone(), Answer::said(say)));
    }

    pub fn troubles(&self) -> Vec<&str> {
        let troubles = self.events.iter().filter_map(|event| match event {
            EngineEvent::Trouble(why) => Some(why.as_str()),
            _ => None,
        });
        troubles.collect()
    }

    /// What happened, one word each.
    pub fn kinds(&self) -> Vec<&'static str> {
        let kind = |event: &EngineEvent| match event {
            EngineEvent::Ready => "ready",
            EngineEvent::CallerSpeaks => "speaks",
            EngineEvent::CallerPauses => "pauses",
            EngineEvent::Took(_) => "took",
            EngineEvent::Voice(..) => "voice",
            EngineEvent::CallerSpoke(..) => "spoke",
            EngineEvent::CallerSaid(..) => "caller",
            EngineEvent::AssistantSaid(..) => "assistant",
            EngineEvent::Wants(_) => "wants",
            EngineEvent::Withdraws(_) => "withdraws",
            EngineEvent::MayUse(_) | EngineEvent::Uses(_) | EngineEvent::Used(..) => "hosted",
            EngineEvent::Done(_) => "done",
            EngineEvent::Charged(_) => "charged",
            EngineEvent::Trouble(_) => "trouble",
            EngineEvent::Failed(_) => "failed",
        };
        let mut kinds: Vec<_> = self.events.iter().map(kind).filter(|kind| *kind != "took").collect();
        kinds.dedup();
        kinds
    }

    pub fn item(&self) -> ItemId {
        let item = self.events.iter().rev().find_map(|event| match event {
            EngineEvent::Voice(item, _) => Some(*item),
            _ => None,
        });
        item.expect("something sounded")
    }
}
