//! The cascade in simulated time: an ear that knows loud from quiet, a recogniser and a voice that do as they are told.

use bytes::Bytes;
use call::{Answer, Chunk, EngineCommand, EngineEvent, Format, ItemId, Manner, ToolCall};
use engine::{
    Brief,
    local::{
        Hypothesis, Vad,
        cascade::{Cascade, CascadeInput, CascadeOutput},
        desk::{Desk, DeskSetup},
    },
};
use std::time::{Duration, Instant};
use when::Hours;

struct Loud;

impl Vad for Loud {
    fn hear(&mut self, samples: &[i16]) -> bool {
        assert_eq!(samples.len(), 160);
        samples.iter().any(|sample| sample.abs() > 1_000)
    }
}

struct Bench {
    now: Instant,
    cascade: Cascade,
    /// How long every sentence sounds.
    sentence: Duration,
    /// Sentences asked for and not yet spoken.
    asked: Vec<(u32, String)>,
    /// Utterances asked for and not yet recognised.
    unknown: Vec<(u32, Vec<i16>, String)>,
    events: Vec<EngineEvent>,
    hushes: usize,
}

const FRAME: Duration = Duration::from_millis(20);

impl Bench {
    fn new() -> Self {
        Self::with(Manner::Duplex)
    }

    #[expect(clippy::disallowed_methods, reason = "simulated time has to begin somewhere")]
    fn with(manner: Manner) -> Self {
        let desk = Desk::new(DeskSetup {
            now: "2026-11-20T14:30:00+01:00[Europe/Berlin]".parse().expect("a moment"),
            hours: Hours::default(),
            greeting: "Good day. How can I help you?".into(),
            business: String::new(),
            caller: "Ada".into(),
            so_far: None,
        });
        let brief = Brief {
            instructions: String::new(),
            greeting: String::new(),
            voice: String::new(),
            language: "en-US".into(),
            tools: Vec::new(),
            manner,
            format: Format::Ulaw,
            so_far: Vec::new(),
        };
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
    fn greeted() -> Self {
        let mut bench = Self::new();
        bench.speak();
        bench.quiet(2_500);
        bench.events.clear();
        bench
    }

    fn drain(&mut self) {
        while let Some(output) = self.cascade.poll() {
            match output {
                CascadeOutput::Event(event) => self.events.push(event),
                CascadeOutput::Recognise { utterance, samples, grammar } => {
                    assert!(grammar.starts_with("#JSGF"));
                    self.unknown.push((utterance, samples, grammar));
                }
                CascadeOutput::Speak { sentence, text } => self.asked.push((sentence, text)),
                CascadeOutput::Hush => {
                    self.asked.clear();
                    self.hushes += 1;
                }
                CascadeOutput::Think { .. } | CascadeOutput::Forget { .. } => panic!("the desk thinks"),
            }
        }
    }

    fn tell(&mut self, command: EngineCommand) {
        self.cascade.handle(self.now, CascadeInput::Command(command));
        self.drain();
    }

    /// Speaks everything that is asked for, in two chunks a sentence.
    fn speak(&mut self) -> String {
        let mut said = Vec::new();
        while !self.asked.is_empty() {
            let (sentence, text) = self.asked.remove(0);
            said.push(text);
            self.speak_one(sentence);
        }
        said.join(" ")
    }

    fn speak_one(&mut self, sentence: u32) {
        let half = vec![0xff; Format::Ulaw.bytes(self.sentence / 2)];
        for chunk in [Some(half.clone()), Some(half), None] {
            let chunk = chunk.map(|bytes| Chunk { format: Format::Ulaw, bytes: Bytes::from(bytes) });
            self.cascade.handle(self.now, CascadeInput::Spoken { sentence, chunk, failed: None });
            self.drain();
        }
    }

    fn feed(&mut self, millis: u64, byte: u8) {
        for _ in 0..millis / 20 {
            let bytes = Bytes::from(vec![byte; 160]);
            self.tell(EngineCommand::Hear(Chunk { format: Format::Ulaw, bytes }));
            self.now += FRAME;
        }
    }

    fn loud(&mut self, millis: u64) {
        self.feed(millis, 0x10);
    }

    fn quiet(&mut self, millis: u64) {
        self.feed(millis, 0xff);
    }

    /// The caller makes a sound and stops.
    fn utter(&mut self) {
        self.loud(800);
        self.quiet(700);
    }

    /// The oldest utterance was this.
    fn recognise(&mut self, text: &str, confidence: f32) {
        let (utterance, _, _) = self.unknown.remove(0);
        let result = match text {
            "" => Ok(Vec::new()),
            text => Ok(vec![Hypothesis { text: text.into(), confidence }]),
        };
        self.cascade.handle(self.now, CascadeInput::Recognised { utterance, result });
        self.drain();
    }

    /// The caller says this while all is silent, hears the answer to its end, and gives its words.
    fn converse(&mut self, text: &str) -> String {
        self.utter();
        self.recognise(text, 0.9);
        let said = self.speak();
        self.quiet(10_000);
        said
    }

    fn wants(&mut self) -> Option<ToolCall> {
        let at = self.events.iter().position(|event| matches!(event, EngineEvent::Wants(_)))?;
        match self.events.remove(at) {
            EngineEvent::Wants(call) => Some(call),
            _ => None,
        }
    }

    fn is_free(&mut self) -> String {
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
    fn kinds(&self) -> Vec<&'static str> {
        let mut kinds: Vec<&'static str> = self
            .events
            .iter()
            .map(|event| match event {
                EngineEvent::Ready => "ready",
                EngineEvent::CallerSpeaks => "speaks",
                EngineEvent::CallerPauses => "pauses",
                EngineEvent::Voice(..) => "voice",
                EngineEvent::CallerSaid(..) => "caller",
                EngineEvent::AssistantSaid(..) => "assistant",
                EngineEvent::Wants(_) => "wants",
                EngineEvent::Withdraws(_) => "withdraws",
                EngineEvent::Done(_) => "done",
                EngineEvent::Trouble(_) => "trouble",
                EngineEvent::Failed(_) => "failed",
            })
            .collect();
        kinds.dedup();
        kinds
    }

    fn items(&self) -> Vec<ItemId> {
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

#[test]
fn the_greeting_waits_for_nobody() {
    let mut bench = Bench::new();
    assert_eq!(bench.speak(), "Good day. How can I help you?");
    assert_eq!(bench.kinds(), ["ready", "voice", "assistant", "done"]);
    assert_eq!(bench.items(), [ItemId(1)]);
}

#[test]
fn an_utterance_is_whole_and_ends_with_its_silence() {
    let mut bench = Bench::greeted();
    bench.loud(800);
    assert_eq!(bench.kinds(), ["speaks"]);
    bench.quiet(400);
    assert_eq!(bench.kinds(), ["speaks"], "a breath is no end");
    bench.loud(200);
    bench.quiet(480);
    assert_eq!(bench.kinds(), ["speaks"]);
    bench.quiet(20);
    assert_eq!(bench.kinds(), ["speaks", "pauses"]);
    let (utterance, samples, _) = &bench.unknown[0];
    assert_eq!(*utterance, 1);
    let (before, speech, behind) = (300, 800 + 400 + 200, 300);
    assert_eq!(samples.len() as u64, (before + speech + behind) * 8);
    assert!(samples[..2_400].iter().all(|sample| sample.abs() < 100), "what was before is kept, too");
    assert!(samples[2_400].abs() > 1_000);
}

#[test]
fn words_are_answered_sentence_by_sentence_in_one_item() {
    let mut bench = Bench::greeted();
    bench.utter();
    bench.recognise("book an appointment", 0.9);
    assert_eq!(bench.speak(), "Which day would you like?");
    assert_eq!(bench.kinds(), ["speaks", "pauses", "caller", "voice", "assistant", "done"]);
    assert_eq!(bench.items(), [ItemId(2)]);
    bench.events.clear();
    bench.utter();
    bench.recognise("tuesday at ten", 0.9);
    assert_eq!(
        bench.kinds(),
        ["speaks", "pauses", "caller", "wants", "done"],
        "the call may fill the silence"
    );
    bench.is_free();
    bench.speak();
    assert_eq!(bench.items(), [ItemId(3)]);
}

#[test]
fn any_format_of_the_line_is_heard() {
    let chunks = [
        (Format::Alaw, vec![0x25; 160]),
        (Format::Pcm { hertz: 8_000 }, [0x40, 0x1f].repeat(160)),
        (Format::Pcm { hertz: 16_000 }, [0x40, 0x1f].repeat(320)),
        (Format::Pcm { hertz: 24_000 }, [0x40, 0x1f].repeat(480)),
    ];
    for (format, bytes) in chunks {
        let mut bench = Bench::greeted();
        for _ in 0..40 {
            let chunk = Chunk { format, bytes: Bytes::from(bytes.clone()) };
            bench.tell(EngineCommand::Hear(chunk));
            bench.now += FRAME;
        }
        assert_eq!(bench.kinds(), ["speaks"], "{format:?}");
    }
}

#[test]
fn odd_chunks_are_heard_as_whole_frames() {
    let mut bench = Bench::greeted();
    for size in [1, 7, 159, 161, 333, 0, 800, 39] {
        let bytes = Bytes::from(vec![0x10; size]);
        bench.tell(EngineCommand::Hear(Chunk { format: Format::Ulaw, bytes }));
    }
    bench.quiet(700);
    let speech = bench.unknown[0].1.iter().filter(|sample| sample.abs() > 1_000).count();
    assert_eq!(speech, 1_500);
}

#[test]
fn an_endless_utterance_is_cut_at_thirty_seconds() {
    let mut bench = Bench::greeted();
    bench.loud(31_000);
    assert_eq!(bench.unknown.len(), 1);
    assert!(bench.unknown[0].1.len() <= 30 * 8_000);
}

#[test]
fn a_line_that_goes_silent_ends_the_utterance() {
    let mut bench = Bench::greeted();
    bench.loud(600);
    let deadline = bench.cascade.deadline().expect("an utterance is open");
    bench.cascade.wake(deadline.checked_sub(Duration::from_millis(1)).expect("a moment"));
    bench.drain();
    assert!(bench.unknown.is_empty());
    bench.cascade.wake(deadline);
    bench.drain();
    assert_eq!(bench.unknown.len(), 1);
    assert_eq!(bench.cascade.deadline(), None);
}

#[test]
fn an_interruption_with_words_stops_the_old_answer() {
    let mut bench = Bench::greeted();
    bench.utter();
    bench.recognise("help", 0.9);
    let (first, _) = bench.asked.remove(0);
    bench.speak_one(first);
    assert!(!bench.asked.is_empty(), "help has several sentences");
    bench.events.clear();
    bench.utter();
    assert_eq!(bench.kinds(), ["speaks", "pauses"]);
    bench.recognise("book an appointment", 0.9);
    assert_eq!(bench.hushes, 1);
    assert_eq!(bench.kinds(), ["speaks", "pauses", "caller", "assistant"]);
    bench.tell(EngineCommand::Cancel);
    bench.tell(EngineCommand::Truncate(ItemId(2), Duration::from_millis(700)));
    bench.tell(EngineCommand::Respond);
    assert_eq!(bench.hushes, 1, "the new answer is not what the call cancels");
    assert_eq!(bench.speak(), "Which day would you like?");
    assert_eq!(bench.items(), [ItemId(3)]);
    assert_eq!(bench.kinds(), ["speaks", "pauses", "caller", "assistant", "voice", "assistant", "done"]);
}

#[test]
fn a_cough_over_the_assistant_is_not_answered() {
    let mut bench = Bench::greeted();
    bench.utter();
    bench.recognise("help", 0.9);
    bench.speak();
    bench.events.clear();
    bench.quiet(500);
    bench.utter();
    bench.recognise("", 0.0);
    assert_eq!(bench.kinds(), ["speaks", "pauses", "done"]);
    bench.utter();
    bench.recognise("mumble", 0.1);
    assert_eq!(bench.kinds(), ["speaks", "pauses", "done", "speaks", "pauses", "done"]);
    assert!(bench.asked.is_empty());
}

#[test]
fn a_cough_that_the_call_took_for_speech_is_asked_about() {
    let mut bench = Bench::greeted();
    bench.utter();
    bench.recognise("help", 0.9);
    bench.speak();
    bench.quiet(500);
    bench.loud(1_200);
    bench.tell(EngineCommand::Cancel);
    bench.tell(EngineCommand::Truncate(ItemId(2), Duration::from_millis(500)));
    bench.quiet(700);
    bench.recognise("", 0.0);
    assert!(bench.speak().starts_with("Sorry, I did not catch that."));
}

#[test]
fn speech_into_silence_that_is_not_understood_is_asked_about_but_not_for_ever() {
    let mut bench = Bench::greeted();
    let mut said = Vec::new();
    for _ in 0..20 {
        bench.utter();
        bench.recognise("", 0.0);
        said.push(bench.speak());
        bench.quiet(12_000);
    }
    assert!(said[0].starts_with("Sorry, I did not catch that."));
    assert!(said.iter().filter(|said| !said.is_empty()).count() <= 6, "{said:?}");
    assert_eq!(bench.wants().map(|call| call.name).as_deref(), Some("hang_up"));
}

#[test]
fn a_goodbye_sounds_before_the_call_is_told_to_hang_up() {
    let mut bench = Bench::greeted();
    bench.utter();
    bench.recognise("goodbye", 0.9);
    bench.speak();
    assert_eq!(bench.kinds(), ["speaks", "pauses", "caller", "voice", "wants", "assistant", "done"]);
}

#[test]
fn a_yes_to_what_was_not_heard_books_nothing() {
    let mut bench = Bench::greeted();
    bench.utter();
    bench.recognise("book tuesday at ten", 0.9);
    bench.is_free();
    bench.speak();
    bench.quiet(300);
    bench.utter();
    bench.recognise("yes", 0.9);
    assert!(bench.speak().starts_with("Just to be sure."), "300 ms of the read-back were heard");
    assert!(bench.wants().is_none());
    bench.quiet(3_100);
    bench.utter();
    bench.recognise("yes", 0.9);
    assert_eq!(bench.wants().map(|call| call.name).as_deref(), Some("create_calendar_event"));
}

#[test]
fn what_the_call_says_was_heard_counts_more_than_the_clock() {
    let mut bench = Bench::greeted();
    bench.utter();
    bench.recognise("book tuesday at ten", 0.9);
    bench.is_free();
    bench.speak();
    bench.quiet(1_500);
    bench.loud(1_200);
    bench.tell(EngineCommand::Truncate(ItemId(2), Duration::from_millis(400)));
    bench.quiet(700);
    bench.recognise("yes that's right", 0.9);
    assert!(bench.speak().starts_with("Just to be sure."), "the line was slow");
}

#[test]
fn a_sentence_with_a_pause_in_it_is_one_sentence() {
    let mut bench = Bench::greeted();
    bench.utter();
    bench.loud(400);
    bench.recognise("i'd like to book an appointment", 0.9);
    assert!(bench.asked.is_empty(), "the caller is still speaking");
    bench.quiet(700);
    bench.recognise("next tuesday at ten", 0.8);
    let call = bench.wants().expect("both halves together say everything");
    assert!(call.arguments.contains("2026-11-24T10:00"), "{}", call.arguments);
}

#[test]
fn a_sentence_whose_second_half_is_noise_is_answered_all_the_same() {
    let mut bench = Bench::greeted();
    bench.utter();
    bench.loud(400);
    bench.recognise("book an appointment", 0.9);
    bench.quiet(700);
    bench.recognise("", 0.0);
    assert_eq!(bench.speak(), "Which day would you like?");
}

#[test]
fn very_words_are_said_as_they_stand() {
    let mut bench = Bench::greeted();
    bench.tell(EngineCommand::Say("One moment, please. It is 10.30 a.m. now.".into()));
    assert_eq!(bench.speak(), "One moment, please. It is 10.30 a.m. now.");
    assert_eq!(bench.kinds(), ["voice", "assistant", "done"]);
    bench.tell(EngineCommand::Prompt("Nobody has spoken for a while.".into()));
    assert!(bench.speak().starts_with("Are you still there?"));
}

#[test]
fn every_request_to_respond_is_answered() {
    let mut bench = Bench::greeted();
    bench.tell(EngineCommand::Respond);
    assert_eq!(bench.kinds(), ["done"]);
    bench.utter();
    bench.events.clear();
    bench.tell(EngineCommand::Respond);
    assert!(bench.kinds().is_empty(), "the answer is on its way");
    let answer = Answer::failed("The caller is still there.");
    bench.recognise("", 0.0);
    bench.speak();
    bench.events.clear();
    bench.tell(EngineCommand::Answer(call::ToolCallId("nobody's".into()), answer));
    assert_eq!(bench.kinds(), ["done"]);
}

#[test]
fn a_line_that_takes_turns_ends_them_itself() {
    let mut bench = Bench::with(Manner::Turns);
    bench.speak();
    bench.events.clear();
    bench.loud(500);
    bench.quiet(1_500);
    bench.loud(500);
    assert_eq!(bench.kinds(), ["speaks"], "a pause within a recording ends nothing");
    bench.tell(EngineCommand::Respond);
    bench.recognise("book an appointment", 0.9);
    assert_eq!(bench.speak(), "Which day would you like?");
    bench.events.clear();
    bench.quiet(2_000);
    bench.tell(EngineCommand::Respond);
    assert!(bench.speak().starts_with("Sorry, I did not catch that."));
    assert_eq!(bench.kinds(), ["voice", "assistant", "done"]);
}

#[test]
fn a_broken_recogniser_is_excused_and_then_given_up() {
    let mut bench = Bench::greeted();
    for round in 0..3 {
        bench.events.clear();
        bench.utter();
        let (utterance, _, _) = bench.unknown.remove(0);
        let result = Err("The speech worker crashed.".into());
        bench.cascade.handle(bench.now, CascadeInput::Recognised { utterance, result });
        bench.drain();
        if round < 2 {
            assert!(bench.kinds().contains(&"trouble"));
            assert!(bench.speak().starts_with("Sorry"));
            bench.quiet(12_000);
        }
    }
    assert!(bench.kinds().contains(&"failed"));
    bench.utter();
    assert_eq!(bench.kinds().last(), Some(&"failed"), "nothing follows");
}

#[test]
fn a_broken_voice_is_given_up() {
    let mut bench = Bench::new();
    bench.tell(EngineCommand::Say("And more.".into()));
    for (sentence, _) in bench.asked.clone() {
        let failed = Some("No voice is installed.".to_owned());
        bench.cascade.handle(bench.now, CascadeInput::Spoken { sentence, chunk: None, failed });
        bench.drain();
    }
    assert_eq!(bench.kinds(), ["ready", "trouble", "failed"]);
}

#[test]
fn what_is_unknown_or_late_is_ignored() {
    let mut bench = Bench::greeted();
    let heard = vec![Hypothesis { text: "yes".into(), confidence: 1.0 }];
    bench.cascade.handle(bench.now, CascadeInput::Recognised { utterance: 9, result: Ok(heard) });
    bench.cascade.handle(bench.now, CascadeInput::Spoken { sentence: 1, chunk: None, failed: None });
    bench.drain();
    bench.tell(EngineCommand::Cancel);
    bench.tell(EngineCommand::Delete(ItemId(77)));
    assert!(bench.kinds().is_empty());
}

#[test]
fn a_key_answers() {
    let mut bench = Bench::greeted();
    bench.converse("book tuesday at ten");
    bench.is_free();
    bench.speak();
    bench.quiet(4_000);
    bench.tell(EngineCommand::Key('1'));
    assert_eq!(bench.wants().map(|call| call.name).as_deref(), Some("create_calendar_event"));
}

#[test]
fn what_came_in_words_is_answered_like_what_was_heard() {
    let mut bench = Bench::with(Manner::Turns);
    bench.speak();
    bench.events.clear();
    bench.tell(EngineCommand::Read("I would like an appointment".into()));
    bench.tell(EngineCommand::Respond);
    assert!(bench.unknown.is_empty(), "nothing is to be recognised");
    let said = bench.events.iter().find_map(|event| match event {
        EngineEvent::CallerSaid(turn, said) => Some((turn.0, said.text.clone())),
        _ => None,
    });
    assert_eq!(said, Some((1, "I would like an appointment".into())));
    assert_eq!(bench.speak(), "Which day would you like?", "it is asked once");
}
