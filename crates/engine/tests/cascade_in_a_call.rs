//! The cascade and the call together, in simulated time: a telephone that plays what it is sent, a caller who speaks,
//! coughs and interrupts, a recogniser, a voice and a calendar that take their time.

#[path = "shared/brief.rs"]
mod plain;

#[path = "desk_dialogues/calendar.rs"]
#[expect(dead_code, reason = "others take what this one does not")]
mod calendar;

use bytes::Bytes;
use calendar::{Calendar, Deed};
use call::{
    Call, Chunk, Ending, EngineEvent, Format, Input, LineCommand, LineEvent, Manner, Mark, Output, Policy,
};
use engine::{
    Brief,
    local::{
        Hypothesis, Vad,
        cascade::{Cascade, CascadeInput, CascadeOutput},
        desk::{Desk, DeskSetup},
    },
};
use jiff::Zoned;
use plain::brief;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};
use when::Hours;

struct Loud;

impl Vad for Loud {
    fn hear(&mut self, samples: &[i16]) -> bool {
        samples.iter().any(|sample| sample.abs() > 1_000)
    }
}

const FRAME: Duration = Duration::from_millis(20);

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What comes about later.
enum Later {
    Engine(CascadeInput),
    Tool(call::ToolCallId, call::Answer),
}

struct World {
    now: Instant,
    begun: Instant,
    wall: Zoned,
    call: Call,
    cascade: Cascade,
    calendar: Calendar,
    later: Vec<(Instant, Later)>,
    /// What the phone has to play: how long, and the mark behind it.
    phone: VecDeque<(Duration, Option<Mark>)>,
    /// Sentences by the bytes of their voice: the n-th sentence sounds as bytes of the value n.
    sentences: Vec<String>,
    playing: VecDeque<Chunk>,
    /// What the caller has heard, as sentences that sounded to their end.
    heard: Vec<String>,
    heard_bytes: Vec<usize>,
    /// What the caller says, in order; empty for a cough.
    says: VecDeque<String>,
    loud_until: Option<Instant>,
    tool_takes: Duration,
    voice_free: Instant,
    ended: bool,
}

impl World {
    #[expect(clippy::disallowed_methods, reason = "simulated time has to begin somewhere")]
    fn new() -> Self {
        let now = Instant::now();
        let wall: Zoned = "2026-11-20T14:30:00+01:00[Europe/Berlin]".parse().expect("a moment");
        let desk = Desk::new(DeskSetup {
            now: wall.clone(),
            hours: Hours::default(),
            greeting: "Good day, this is the practice. How can I help you?".into(),
            business: String::new(),
            caller: "Ada".into(),
            so_far: None,
        });
        let brief = Brief { instructions: String::new(), greeting: String::new(), ..brief() };
        let mut world = Self {
            now,
            begun: now,
            wall,
            call: Call::new(now, Manner::Duplex, Policy::default()),
            cascade: Cascade::new(now, brief, desk, Box::new(Loud)),
            calendar: Calendar::new(Hours::default()),
            later: Vec::new(),
            phone: VecDeque::new(),
            sentences: Vec::new(),
            playing: VecDeque::new(),
            heard: Vec::new(),
            heard_bytes: Vec::new(),
            says: VecDeque::new(),
            loud_until: None,
            tool_takes: millis(30),
            voice_free: now,
            ended: false,
        };
        world.settle();
        world
    }

    /// Carries messages between the call, the cascade and the world until nobody has any.
    fn settle(&mut self) {
        loop {
            if let Some(output) = self.cascade.poll() {
                self.do_for_cascade(output);
            } else if let Some(output) = self.call.poll() {
                self.do_for_call(output);
            } else {
                return;
            }
        }
    }

    fn do_for_cascade(&mut self, output: CascadeOutput) {
        match output {
            CascadeOutput::Event(event) => {
                assert!(!matches!(event, EngineEvent::Failed(_)));
                self.call.handle(self.now, Input::Engine(event));
                // As the driver does: what the call says to it is carried out before the next event.
                while let Some(output) = self.call.poll() {
                    self.do_for_call(output);
                }
            }
            CascadeOutput::Language(_) => {}
            CascadeOutput::Think { .. } | CascadeOutput::Forget { .. } | CascadeOutput::Disregard { .. } => {
                panic!("the desk thinks, once all was said")
            }
            CascadeOutput::Recognise { utterance, .. } => {
                let text = self.says.pop_front().unwrap_or_default();
                let heard = if text.is_empty() {
                    Vec::new()
                } else {
                    vec![Hypothesis { text, confidence: 0.9, language: None }]
                };
                let input = CascadeInput::Recognised { utterance, result: Ok(heard) };
                self.later.push((self.now + millis(150), Later::Engine(input)));
            }
            CascadeOutput::Speak { sentence, text, .. } => {
                assert_eq!(sentence as usize, self.sentences.len() + 1);
                let length = millis(60 * text.len() as u64);
                self.sentences.push(text);
                self.heard_bytes.push(0);
                self.voice_free = self.voice_free.max(self.now) + millis(80);
                let bytes = Bytes::from(vec![sentence as u8; Format::Ulaw.bytes(length)]);
                for chunk in [Some(Chunk { format: Format::Ulaw, bytes }), None] {
                    let input = CascadeInput::Spoken { sentence, chunk, failed: None };
                    self.later.push((self.voice_free, Later::Engine(input)));
                }
            }
            CascadeOutput::Hush => {
                let spoken = |later: &Later| matches!(later, Later::Engine(CascadeInput::Spoken { .. }));
                self.later.retain(|(_, later)| !spoken(later));
            }
        }
    }

    fn do_for_call(&mut self, output: Output) {
        match output {
            Output::Line(LineCommand::Play(chunk)) => {
                self.phone.push_back((chunk.duration(), None));
                self.playing.push_back(chunk);
            }
            Output::Line(LineCommand::Mark(mark)) => match self.phone.back_mut() {
                Some((_, behind)) => *behind = Some(mark),
                None => self.call.handle(self.now, Input::Line(LineEvent::Played(mark))),
            },
            Output::Line(LineCommand::Clear) => {
                self.playing.clear();
                for mark in std::mem::take(&mut self.phone).into_iter().filter_map(|(_, mark)| mark) {
                    self.call.handle(self.now, Input::Line(LineEvent::Played(mark)));
                }
            }
            Output::Line(LineCommand::HangUp) => self.ended = true,
            Output::Engine(command) => self.cascade.handle(self.now, CascadeInput::Command(command)),
            Output::Tool(call, _) => {
                let answer = self.calendar.run(&call, &self.wall);
                self.later.push((self.now + self.tool_takes, Later::Tool(call.id, answer)));
            }
            Output::Reopen(_) | Output::TakeMessage | Output::Renew(_) | Output::Swap { .. } => {
                unreachable!("there is one engine, and its session has no end")
            }
            Output::Line(LineCommand::Listen | LineCommand::Transfer(_))
            | Output::Pin(_)
            | Output::May(..)
            | Output::Unwanted(_)
            | Output::Promised(_)
            | Output::Note(_) => {}
        }
    }

    /// 20 ms pass.
    fn step(&mut self) {
        self.now += FRAME;
        self.play();
        let loud = self.loud_until.is_some_and(|until| self.now < until);
        let bytes = Bytes::from(vec![if loud { 0x10 } else { 0xff }; 160]);
        let audio = LineEvent::Audio(Chunk { format: Format::Ulaw, bytes });
        self.call.handle(self.now, Input::Line(audio));
        self.settle();
        while let Some(at) = self.later.iter().position(|(due, _)| *due <= self.now) {
            match self.later.remove(at).1 {
                Later::Engine(input) => self.cascade.handle(self.now, input),
                Later::Tool(id, answer) => self.call.handle(self.now, Input::Tool(id, answer)),
            }
            self.settle();
        }
        if self.cascade.deadline().is_some_and(|due| due <= self.now) {
            self.cascade.wake(self.now);
        }
        if self.call.deadline().is_some_and(|(due, _)| due <= self.now) {
            self.call.handle(self.now, Input::Tick);
        }
        self.settle();
    }

    fn play(&mut self) {
        let Some((left, mark)) = self.phone.front_mut() else { return };
        let chunk = self.playing.front_mut().expect("as many chunks as marks");
        let sentence = chunk.bytes.first().map(|byte| usize::from(*byte) - 1);
        let played = FRAME.min(*left);
        let bytes = Format::Ulaw.bytes(played);
        *left -= played;
        *chunk = chunk.after(played);
        if let Some(sentence) = sentence {
            self.heard_bytes[sentence] += bytes;
            if self.heard_bytes[sentence]
                >= Format::Ulaw.bytes(millis(60 * self.sentences[sentence].len() as u64))
            {
                self.heard.push(self.sentences[sentence].clone());
            }
        }
        if left.is_zero() {
            let mark = *mark;
            self.phone.pop_front();
            self.playing.pop_front();
            if let Some(mark) = mark {
                self.call.handle(self.now, Input::Line(LineEvent::Played(mark)));
            }
        }
    }

    fn pass(&mut self, length: Duration) {
        let until = self.now + length;
        while self.now < until && !self.ended {
            self.step();
        }
    }

    /// The caller speaks now, whoever else does; an empty text is a cough.
    fn speak(&mut self, text: &str, length: Duration) {
        self.says.push_back(text.to_owned());
        self.loud_until = Some(self.now + length);
        self.pass(length);
    }

    /// Waits until the assistant has been silent for a while, as a polite caller does.
    fn wait(&mut self) {
        let (mut silent, give_up) = (Duration::ZERO, self.now + Duration::from_secs(60));
        while silent < millis(2_500) && self.now < give_up && !self.ended {
            self.step();
            silent = if self.phone.is_empty() { silent + FRAME } else { Duration::ZERO };
        }
    }

    fn say(&mut self, text: &str) {
        self.wait();
        self.speak(text, millis(900));
        self.wait();
    }

    fn wait_for(&mut self, sentence: &str) {
        let give_up = self.now + Duration::from_secs(60);
        while !self.sentences.iter().any(|said| said.contains(sentence)) {
            assert!(self.now < give_up, "{sentence:?} is never said: {:#?}", self.sentences);
            self.step();
        }
    }

    fn booked(&self) -> Vec<Deed> {
        self.calendar.deeds.clone()
    }
}

fn tuesday_at_ten() -> Deed {
    Deed::Booked("2026-11-24T10:00".parse().expect("a local time"))
}

const READ_BACK: &str = "That is Tuesday, November twenty-fourth, at ten in the morning.";

#[test]
fn an_appointment_is_booked_and_the_goodbye_heard() {
    let mut world = World::new();
    world.say("i'd like to book an appointment");
    world.say("next tuesday");
    world.say("ten o'clock");
    world.say("yes please");
    assert_eq!(world.booked(), [tuesday_at_ten()]);
    world.say("no thank you");
    world.pass(Duration::from_secs(5));
    assert!(world.ended);
    assert_eq!(world.call.ending(), Some(Ending::AssistantHungUp));
    assert_eq!(world.heard, world.sentences, "everything that was said was heard to its end, once");
    assert_eq!(world.heard.last().map(String::as_str), Some("Goodbye!"));
}

#[test]
fn an_interruption_with_words_is_answered_at_once() {
    let mut world = World::new();
    world.pass(millis(800));
    world.speak("book an appointment tuesday at ten", millis(900));
    world.wait_for(READ_BACK);
    assert!(world.heard.is_empty(), "the greeting was cut: {:?}", world.heard);
    world.wait();
    world.say("yes");
    assert_eq!(world.booked(), [tuesday_at_ten()]);
    assert!(!world.heard.iter().any(|heard| heard.contains("Good day")), "what was cut stays cut");
}

#[test]
fn a_cough_in_the_read_back_changes_nothing() {
    let mut world = World::new();
    world.wait();
    world.speak("book an appointment tuesday at ten", millis(900));
    world.wait_for(READ_BACK);
    world.pass(millis(1_500));
    world.speak("", millis(300));
    world.wait();
    assert!(world.heard.iter().any(|heard| heard == READ_BACK), "{:?}", world.heard);
    assert!(!world.sentences.iter().any(|said| said.contains("Sorry")), "{:?}", world.sentences);
    world.say("yes");
    assert_eq!(world.booked(), [tuesday_at_ten()], "the read-back was heard in two parts");
}

#[test]
fn long_noise_over_the_assistant_is_asked_about() {
    let mut world = World::new();
    world.wait();
    world.speak("book an appointment tuesday at ten", millis(900));
    world.wait_for(READ_BACK);
    world.pass(millis(500));
    world.speak("", millis(2_000));
    world.wait();
    assert!(world.heard.iter().any(|heard| heard.contains("Sorry")), "{:?}", world.heard);
    assert!(world.heard.iter().any(|heard| heard == READ_BACK), "{:?}", world.heard);
    world.say("yes");
    assert_eq!(world.booked(), [tuesday_at_ten()]);
}

#[test]
fn a_yes_before_the_time_was_heard_is_asked_for_again() {
    let mut world = World::new();
    world.wait();
    world.speak("book an appointment tuesday at ten", millis(900));
    world.wait_for(READ_BACK);
    world.pass(millis(1_000));
    world.speak("yes", millis(400));
    world.wait();
    assert!(world.booked().is_empty());
    assert!(world.heard.iter().any(|heard| heard == "Just to be sure."), "{:?}", world.heard);
    world.say("yes");
    assert_eq!(world.booked(), [tuesday_at_ten()]);
}

#[test]
fn a_yes_into_the_question_counts() {
    let mut world = World::new();
    world.wait();
    world.speak("book an appointment tuesday at ten", millis(900));
    world.wait_for(READ_BACK);
    while !world.heard.iter().any(|heard| heard == READ_BACK) {
        world.step();
    }
    world.pass(millis(300));
    world.speak("yes", millis(400));
    world.wait();
    assert_eq!(world.booked(), [tuesday_at_ten()]);
}

#[test]
fn a_slow_calendar_is_covered_by_a_sentence() {
    let mut world = World::new();
    world.tool_takes = millis(3_000);
    world.wait();
    world.speak("book an appointment tuesday at ten", millis(900));
    world.wait_for(READ_BACK);
    world.wait();
    let moment = world.heard.iter().position(|heard| heard.contains("One moment"));
    let read_back = world.heard.iter().position(|heard| heard == READ_BACK);
    assert!(moment.is_some() && moment < read_back, "{:?}", world.heard);
}

#[test]
fn silence_is_asked_about_and_then_ends_the_call() {
    let mut world = World::new();
    world.wait();
    world.pass(Duration::from_secs(25));
    assert!(world.heard.iter().any(|heard| heard == "Are you still there?"), "{:?}", world.heard);
    world.pass(Duration::from_secs(60));
    assert_eq!(world.call.ending(), Some(Ending::Silent));
}

#[test]
fn a_caller_who_speaks_into_the_goodbye_keeps_the_call() {
    let mut world = World::new();
    world.say("book an appointment");
    world.wait();
    world.speak("goodbye", millis(500));
    world.wait_for("Goodbye!");
    world.pass(millis(700));
    world.speak("book tuesday at ten", millis(900));
    world.wait();
    assert!(!world.ended);
    world.say("yes");
    assert_eq!(world.booked(), [tuesday_at_ten()]);
}

#[test]
fn seeded_callers_never_hang_the_call() {
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut world = World::new();
        world.tool_takes = millis(random.u64(0..2_500));
        let words = [
            "book tuesday at ten",
            "yes",
            "no",
            "",
            "",
            "help",
            "wednesday",
            "at eleven",
            "goodbye",
            "never mind",
        ];
        for _ in 0..25 {
            world.pass(millis(random.u64(0..6_000)));
            world.speak(words[random.usize(0..words.len())], millis(random.u64(60..2_500)));
        }
        let before = world.heard.len();
        world.pass(Duration::from_secs(90));
        assert!(world.ended, "seed {seed}: {:?}", &world.heard[before..]);
        assert!(world.now - world.begun < Duration::from_secs(600));
    }
}
