//! The cascade on a bench: its ear, its recogniser and its voice do as a test says.

use crate::{
    parts::{FRAME, Loud, frame, recognised, spoken},
    plain::brief,
};
use call::{Answer, EngineCommand, EngineEvent, ItemId, Manner, ToolCall};
use engine::{
    Brief,
    local::{
        cascade::{Cascade, CascadeInput, CascadeOutput},
        desk::{Desk, DeskSetup},
    },
};
use std::time::{Duration, Instant};
use when::Hours;

pub struct Bench {
    pub now: Instant,
    pub cascade: Cascade,
    /// How long every sentence sounds.
    pub sentence: Duration,
    /// Sentences asked for and not yet spoken.
    pub asked: Vec<(u32, String)>,
    /// Utterances asked for and not yet recognised.
    pub unknown: Vec<(u32, Vec<i16>, String)>,
    pub events: Vec<EngineEvent>,
    pub hushes: usize,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(Manner::Duplex)
    }

    #[expect(clippy::disallowed_methods, reason = "simulated time has to begin somewhere")]
    pub fn with(manner: Manner) -> Self {
        let desk = Desk::new(DeskSetup {
            now: "2026-11-20T14:30:00+01:00[Europe/Berlin]".parse().expect("a moment"),
            hours: Hours::default(),
            greeting: "Good day. How can I help you?".into(),
            business: String::new(),
            caller: "Ada".into(),
            so_far: None,
        });
        let brief = Brief { instructions: String::new(), greeting: String::new(), manner, ..brief() };
        let now = Instant::now();
        let mut bench = Self {
            now,
            cascade: Cascade::new(now, brief, desk, Box::new(Loud)),
            sentence: Duration::from_secs(1),
            asked: Vec::new(),
            unknown: Vec::new(),
            events: Vec::new(),
            hushes: 0,
        };
        bench.drain();
        bench
    }

    /// After the greeting has been heard.
    pub fn greeted() -> Self {
        let mut bench = Self::new();
        bench.speak();
        bench.quiet(2_500);
        bench.events.clear();
        bench
    }

    pub fn drain(&mut self) {
        while let Some(output) = self.cascade.poll() {
            match output {
                CascadeOutput::Event(event) => self.events.push(event),
                CascadeOutput::Recognise { utterance, samples, grammar, .. } => {
                    assert!(grammar.starts_with("#JSGF"));
                    self.unknown.push((utterance, samples, grammar));
                }
                CascadeOutput::Speak { sentence, text, .. } => self.asked.push((sentence, text)),
                CascadeOutput::Hush => {
                    self.asked.clear();
                    self.hushes += 1;
                }
                CascadeOutput::Language(_) => {}
                CascadeOutput::Think { .. }
                | CascadeOutput::Forget { .. }
                | CascadeOutput::Disregard { .. } => panic!("the desk thinks, once all was said"),
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
            self.speak_one(sentence);
        }
        said.join(" ")
    }

    /// The voice breaks off in the first of what is asked for, and the rest comes to nothing.
    pub fn voice_fails(&mut self) {
        let sentence = std::mem::take(&mut self.asked).remove(0).0;
        let failed = Some("No voice is installed.".to_owned());
        self.cascade.handle(self.now, CascadeInput::Spoken { sentence, chunk: None, failed });
        self.drain();
    }

    pub fn speak_one(&mut self, sentence: u32) {
        for input in spoken(sentence, self.sentence) {
            self.cascade.handle(self.now, input);
            self.drain();
        }
    }

    pub fn feed(&mut self, millis: u64, byte: u8) {
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

    /// The caller makes a sound and stops.
    pub fn utter(&mut self) {
        self.loud(800);
        self.quiet(700);
    }

    /// The oldest utterance was this.
    pub fn recognise(&mut self, text: &str, confidence: f32) {
        let (utterance, _, _) = self.unknown.remove(0);
        self.cascade.handle(self.now, recognised(utterance, text, confidence));
        self.drain();
    }

    /// The caller says this while all is silent, hears the answer to its end, and gives its words.
    pub fn converse(&mut self, text: &str) -> String {
        self.utter();
        self.recognise(text, 0.9);
        let said = self.speak();
        self.quiet(10_000);
        said
    }

    pub fn wants(&mut self) -> Option<ToolCall> {
        let at = self.events.iter().position(|event| matches!(event, EngineEvent::Wants(_)))?;
        match self.events.remove(at) {
            EngineEvent::Wants(call) => Some(call),
            _ => None,
        }
    }

    pub fn is_free(&mut self) -> String {
        let call = self.wants().expect("the calendar is asked");
        assert_eq!(call.name, "check_calendar_availability");
        let mut answer = Answer::said("It is free.");
        answer.data = r#"{"available":true,"alternatives":[]}"#.into();
        self.tell(EngineCommand::Answer(call.id, answer));
        self.events.clear();
        let (now, said) =
            (self.now, self.asked.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>().join(" "));
        assert!(said.contains("Shall I book it?"), "{said} at {now:?}");
        said
    }

    /// What happened, one word each.
    pub fn kinds(&self) -> Vec<&'static str> {
        let mut kinds: Vec<&'static str> = self
            .events
            .iter()
            .map(|event| match event {
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
            })
            .filter(|kind| *kind != "took")
            .collect();
        kinds.dedup();
        kinds
    }

    pub fn items(&self) -> Vec<ItemId> {
        let mut items: Vec<ItemId> = self
            .events
            .iter()
            .filter_map(|event| match event {
                EngineEvent::Voice(item, _) => Some(*item),
                _ => None,
            })
            .collect();
        items.dedup();
        items
    }
}
