//! What the voicemail promises, with a voice that is there at once and a caller made of numbers.

#[path = "shared/brief.rs"]
mod plain;

use call::{Answer, Chunk, EngineCommand, EngineEvent, Format, Manner, ToolCallId};
use engine::{
    Brief,
    local::{
        Speech, Tts,
        vad::Energy,
        voicemail::{Left, Spare, Voicemail, VoicemailSetup, Words},
    },
};
use futures_util::{FutureExt, future::BoxFuture};
use plain::brief;
use sound::g711;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// Speaks a second for each sentence.
struct Voice;

/// Says nothing that anybody could hear.
struct Hoarse;

impl Tts for Hoarse {
    fn speak(&self, _text: &str, _voice: &str) -> BoxFuture<'static, Speech> {
        async { Err("this voice is hoarse".to_owned()) }.boxed()
    }
}

impl Tts for Voice {
    fn speak(&self, text: &str, _voice: &str) -> BoxFuture<'static, Speech> {
        let speech = if text.contains("unspeakable") {
            Err("this voice is hoarse".to_owned())
        } else {
            Ok(Arc::from(vec![1_000; 8_000]))
        };
        async move { speech }.boxed()
    }
}

struct Rig {
    voicemail: Option<Voicemail>,
    kept: Arc<Mutex<Vec<Left>>>,
    events: Vec<EngineEvent>,
}

const GREETING_AND_TONE: u64 = 1_400;

impl Rig {
    fn new(manner: Manner, greeting: &str, longest: u64) -> Self {
        let brief = Brief { instructions: String::new(), greeting: String::new(), manner, ..brief() };
        let setup = VoicemailSetup {
            words: Words {
                greeting: greeting.into(),
                thanks: "Thank you.".into(),
                nothing: "Goodbye.".into(),
            },
            longest: Duration::from_secs(longest),
            first_item: 7,
        };
        let kept = Arc::new(Mutex::new(Vec::new()));
        let shelf = kept.clone();
        let keep = Box::new(move |left| shelf.lock().expect("nobody panicked").push(left));
        let voicemail =
            Voicemail::open(&brief, setup, "slt", Arc::new(Voice), Box::new(Energy::default()), keep);
        let mut rig = Self { voicemail: Some(voicemail), kept, events: Vec::new() };
        rig.drain();
        rig
    }

    /// Everything that it has to say now.
    fn drain(&mut self) -> Vec<EngineEvent> {
        let from = self.events.len();
        let voicemail = self.voicemail.as_mut().expect("it is there");
        while let Some(event) = voicemail.next().now_or_never() {
            self.events.push(event);
        }
        self.events[from..].to_vec()
    }

    fn tell(&mut self, command: EngineCommand) -> Vec<EngineEvent> {
        self.voicemail.as_mut().expect("it is there").tell(command);
        self.drain()
    }

    /// The caller makes this much of a tone, or of nothing.
    fn hear(&mut self, ms: u64, loud: bool) -> Vec<EngineEvent> {
        let from = self.events.len();
        for frame in 0..ms / 20 {
            let sample =
                |n: u64| if loud { ((n % 20) as i16 - 10) * 1_500 * i16::from(frame % 25 < 20) } else { 0 };
            let samples: Vec<i16> = (0..160).map(sample).collect();
            let bytes = g711::samples_to_ulaw(&samples).into();
            self.tell(EngineCommand::Hear(Chunk { format: Format::Ulaw, bytes }));
        }
        self.events[from..].to_vec()
    }

    fn kept(&self) -> Vec<usize> {
        self.kept.lock().expect("nobody panicked").iter().map(|left| left.ulaw.len() / 8).collect()
    }
}

fn hangs_up(events: &[EngineEvent]) -> bool {
    events.iter().any(|event| matches!(event, EngineEvent::Wants(call) if call.name == "hang_up"))
}

fn voiced(events: &[EngineEvent]) -> Duration {
    let voices = events.iter().filter_map(|event| match event {
        EngineEvent::Voice(_, chunk) => Some(chunk.duration()),
        _ => None,
    });
    voices.sum()
}

#[test]
fn what_is_said_after_the_tone_is_kept_without_the_silence_around_it() {
    let mut rig = Rig::new(Manner::Duplex, "Leave a message.", 180);
    assert_eq!(voiced(&rig.events), Duration::from_millis(GREETING_AND_TONE));
    assert!(matches!(rig.events.last(), Some(EngineEvent::Done(_))));
    // What is said over the greeting is not for the tape.
    rig.hear(GREETING_AND_TONE, true);
    assert_eq!(rig.events.iter().filter(|event| **event == EngineEvent::CallerSpeaks).count(), 0);
    rig.hear(2_000, false);
    let events = rig.hear(5_000, true);
    assert!(events.contains(&EngineEvent::CallerSpeaks));
    assert!(!hangs_up(&rig.hear(3_800, false)));
    let events = rig.hear(600, false);
    assert!(hangs_up(&events), "four seconds of silence end it: {events:?}");
    let kept = rig.kept();
    assert!(kept.len() == 1 && kept[0].abs_diff(6_000) < 400, "{kept:?}");
    drop(rig.voicemail.take());
    assert_eq!(rig.kept().len(), 1, "once");
}

#[test]
fn a_caller_who_hangs_up_in_mid_word_is_kept_and_one_who_said_nothing_is_not() {
    let mut rig = Rig::new(Manner::Duplex, "Leave a message.", 180);
    rig.hear(GREETING_AND_TONE, false);
    rig.hear(3_000, true);
    drop(rig.voicemail.take());
    let kept = rig.kept();
    assert!(kept.len() == 1 && kept[0].abs_diff(3_000) < 300, "{kept:?}");
    let mut rig = Rig::new(Manner::Duplex, "Leave a message.", 180);
    rig.hear(GREETING_AND_TONE, false);
    let events = rig.hear(8_100, false);
    assert!(hangs_up(&events));
    drop(rig.voicemail.take());
    assert_eq!(rig.kept(), Vec::<usize>::new());
}

#[test]
fn no_message_is_longer_than_it_may_be_and_who_never_pauses_is_said_to_be_there() {
    let mut rig = Rig::new(Manner::Duplex, "Leave a message.", 180);
    rig.hear(GREETING_AND_TONE, false);
    let events = rig.hear(181_000, true);
    assert!(hangs_up(&events));
    assert!(events.iter().filter(|event| **event == EngineEvent::CallerSpeaks).count() >= 3);
    let kept = rig.kept();
    assert!(kept[0] <= 180_000 && kept[0] > 179_000, "{kept:?}");
}

#[test]
fn a_hash_ends_the_message_and_another_key_the_greeting() {
    let mut rig = Rig::new(Manner::Duplex, "Leave a message.", 180);
    rig.hear(400, false);
    rig.tell(EngineCommand::Key('1'));
    rig.hear(2_000, true);
    let events = rig.tell(EngineCommand::Key('#'));
    assert!(hangs_up(&events));
    let kept = rig.kept();
    assert!(kept.len() == 1 && kept[0].abs_diff(2_000) < 200, "{kept:?}");
}

#[test]
fn where_the_ends_take_turns_a_message_goes_on_with_the_next_recording_until_one_is_empty() {
    let mut rig = Rig::new(Manner::Turns, "Leave a message.", 180);
    for _ in 0..3 {
        rig.hear(28_000, true);
        let events = rig.tell(EngineCommand::Respond);
        assert!(!hangs_up(&events) && voiced(&events).is_zero() && !events.is_empty(), "{events:?}");
    }
    rig.hear(2_000, false);
    assert_eq!(rig.kept(), Vec::<usize>::new(), "they may go on");
    let events = rig.tell(EngineCommand::Respond);
    assert!(hangs_up(&events) && matches!(events.last(), Some(EngineEvent::Done(_))));
    let kept = rig.kept();
    assert!(kept.len() == 1 && kept[0].abs_diff(84_000) < 700, "{kept:?}");
}

#[test]
fn where_the_ends_take_turns_somebody_who_says_nothing_is_waited_for_but_not_for_ever() {
    let mut rig = Rig::new(Manner::Turns, "Leave a message.", 180);
    for _ in 0..3 {
        assert!(!hangs_up(&rig.tell(EngineCommand::Respond)));
    }
    assert!(hangs_up(&rig.tell(EngineCommand::Respond)));
    assert_eq!(rig.kept(), Vec::<usize>::new());
}

#[test]
fn what_the_carrier_understood_is_kept_in_words() {
    let mut rig = Rig::new(Manner::Turns, "Leave a message.", 180);
    for words in ["This is Ada.", "Please call me back."] {
        rig.tell(EngineCommand::Read(words.into()));
        assert!(!hangs_up(&rig.tell(EngineCommand::Respond)));
    }
    assert!(hangs_up(&rig.tell(EngineCommand::Respond)));
    let left = rig.kept.lock().expect("nobody panicked").clone();
    let words = "This is Ada. Please call me back.".to_owned();
    assert_eq!(left, [Left { ulaw: Vec::new(), words }]);
}

#[test]
fn whatever_the_call_asks_for_is_answered_and_a_voice_that_fails_leaves_the_tone() {
    let mut rig = Rig::new(Manner::Duplex, "unspeakable", 180);
    assert!(rig.events.iter().any(|event| matches!(event, EngineEvent::Trouble(_))));
    assert_eq!(voiced(&rig.events), Duration::from_millis(400));
    for command in [
        EngineCommand::Respond,
        EngineCommand::Prompt("Are you there?".into()),
        EngineCommand::Say("One moment.".into()),
        EngineCommand::Answer(ToolCallId("t".into()), Answer::failed("No.")),
    ] {
        let events = rig.tell(command);
        assert!(matches!(events.last(), Some(EngineEvent::Done(_))), "{events:?}");
    }
    // Once it records, being asked means that nothing is to be heard any more.
    rig.hear(1_600, false);
    assert!(hangs_up(&rig.tell(EngineCommand::Prompt("Are you there?".into()))));
}

#[test]
fn where_the_voice_fails_somebody_else_says_it_in_their_own_words() {
    let words = |greeting: &str| Words {
        greeting: greeting.into(),
        thanks: format!("{greeting} Thanks."),
        nothing: format!("{greeting} Nothing."),
    };
    let setup =
        VoicemailSetup { words: words("Hallo. Guten Tag."), longest: Duration::from_secs(60), first_item: 0 };
    let spare = Spare { words: words("Hello."), voice: "slt".into(), tts: Arc::new(Voice) };
    let (tts, ear) = (Arc::new(Hoarse), Box::new(Energy::default()));
    let voicemail = Voicemail::open(&brief(), setup, "de", tts, ear, Box::new(|_| {}));
    let mut rig =
        Rig { voicemail: Some(voicemail.with_spare(Some(spare))), kept: Arc::default(), events: vec![] };
    let events = rig.drain();
    let troubles = events.iter().filter(|event| matches!(event, EngineEvent::Trouble(_))).count();
    let said = events.iter().filter_map(|event| match event {
        EngineEvent::AssistantSaid(_, said) => Some(said.text.as_str()),
        _ => None,
    });
    assert_eq!((troubles, said.collect::<Vec<_>>()), (1, vec!["Hello."]), "{events:?}");
    assert_eq!(voiced(&events), Duration::from_millis(GREETING_AND_TONE));
}
