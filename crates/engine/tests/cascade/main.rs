//! The cascade in simulated time: an ear that knows loud from quiet, a recogniser and a voice that do as they are told.

mod bench;
#[path = "../shared/parts.rs"]
mod parts;
#[path = "../shared/brief.rs"]
mod plain;

use bench::Bench;
use bytes::Bytes;
use call::{Answer, Chunk, EngineCommand, EngineEvent, Format, ItemId, Manner, Stages};
use engine::local::{Hypothesis, cascade::CascadeInput};
use parts::FRAME;
use std::time::Duration;

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
fn an_answer_says_what_its_time_was_spent_on() {
    let took = |bench: &Bench| {
        let took = bench.events.iter().enumerate().filter_map(|(at, event)| match event {
            EngineEvent::Took(stages) => Some((at, *stages)),
            _ => None,
        });
        took.collect::<Vec<_>>()
    };
    let ms = |ms| Some(Duration::from_millis(ms));
    let mut bench = Bench::greeted();
    // The frame that ends the turn is the twenty-fifth of silence; ten more come before the words do.
    bench.utter();
    bench.recognise("book an appointment", 0.9);
    bench.now += Duration::from_millis(30);
    bench.speak();
    let all = Stages { endpoint: ms(500), hear: ms(220), think: ms(0), tools: None, speak: ms(30) };
    let [(at, stages)] = took(&bench)[..] else { panic!("once: {:?}", bench.events) };
    assert_eq!(stages, all);
    assert!(matches!(bench.events[at + 1], EngineEvent::Voice(..)), "before the first sound");
    bench.quiet(10_000);
    bench.events.clear();
    bench.utter();
    bench.recognise("tuesday at ten", 0.9);
    bench.now += Duration::from_millis(900);
    bench.is_free();
    bench.now += Duration::from_millis(50);
    bench.speak();
    let [(_, stages)] = took(&bench)[..] else { panic!("once: {:?}", bench.events) };
    assert_eq!(stages, Stages { tools: ms(900), speak: ms(50), ..all });
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
    bench.recognise("book an appointment", 0.9);
    assert_eq!(bench.cascade.deadline(), None);
}

#[test]
fn words_that_are_long_in_coming_are_excused_once_in_a_turn() {
    let mut bench = Bench::greeted();
    for words in ["book an appointment", "tuesday"] {
        bench.utter();
        bench.now = bench.cascade.deadline().expect("the caller waits");
        bench.cascade.wake(bench.now);
        bench.drain();
        assert_eq!(bench.speak(), "One moment, please.");
        assert_eq!(bench.cascade.deadline(), None, "once is enough");
        bench.recognise(words, 0.9);
        assert!(bench.speak().ends_with('?'), "the desk goes on");
        bench.quiet(10_000);
    }
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
fn a_cough_while_the_calendar_answers_is_not_answered() {
    let mut bench = Bench::greeted();
    bench.utter();
    bench.recognise("book tuesday at ten", 0.9);
    bench.loud(200);
    bench.is_free();
    bench.speak();
    bench.quiet(700);
    bench.recognise("", 0.0);
    assert!(bench.asked.is_empty(), "{:?}", bench.asked);
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
fn whoever_takes_turns_has_heard_all_that_was_said_however_soon_they_answer() {
    let mut bench = Bench::with(Manner::Turns);
    bench.speak();
    let says = |bench: &mut Bench, words: &str| {
        bench.loud(500);
        bench.tell(EngineCommand::Respond);
        bench.recognise(words, 0.9);
    };
    says(&mut bench, "book tuesday at ten");
    bench.is_free();
    bench.speak();
    says(&mut bench, "yes");
    assert_eq!(bench.wants().map(|call| call.name).as_deref(), Some("create_calendar_event"));
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
fn a_voice_that_breaks_off_goes_on_where_it_broke() {
    let mut bench = Bench::new();
    let whole = bench.asked.clone();
    let chunk = Chunk { format: Format::Ulaw, bytes: Bytes::from(vec![0xff; 2_400]) };
    let sentence = whole[0].0;
    bench.cascade.handle(bench.now, CascadeInput::Spoken { sentence, chunk: Some(chunk), failed: None });
    bench.voice_fails();
    let texts = |asked: &[(u32, String)]| asked.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>();
    assert_eq!((texts(&bench.asked), bench.hushes), (texts(&whole), 1), "all of it is asked for again");
    bench.speak();
    let sounded = bench.events.iter().map(|event| match event {
        EngineEvent::Voice(_, chunk) => chunk.duration(),
        _ => Duration::ZERO,
    });
    assert_eq!(
        sounded.sum::<Duration>(),
        bench.sentence * u32::try_from(whole.len()).expect("few"),
        "and heard once"
    );
    assert!(bench.kinds().contains(&"trouble") && !bench.kinds().contains(&"failed"));
}

#[test]
fn a_broken_voice_is_given_up_and_what_it_said_is_told() {
    let mut bench = Bench::new();
    let chunk = Chunk { format: Format::Ulaw, bytes: Bytes::from(vec![0xff; 2_400]) };
    let (sentence, text) = bench.asked[0].clone();
    bench.cascade.handle(bench.now, CascadeInput::Spoken { sentence, chunk: Some(chunk), failed: None });
    bench.voice_fails();
    bench.voice_fails();
    assert!(bench.asked.is_empty(), "it is left alone for a moment");
    bench.now = bench.cascade.deadline().expect("and then asked once more");
    bench.cascade.wake(bench.now);
    bench.drain();
    bench.voice_fails();
    let [.., EngineEvent::AssistantSaid(_, said), EngineEvent::Failed(_)] = &bench.events[..] else {
        panic!("{:?}", bench.events)
    };
    assert_eq!((said.text.as_str(), said.partial), (text.as_str(), true));
}

#[test]
fn what_is_unknown_or_late_is_ignored() {
    let mut bench = Bench::greeted();
    let heard = vec![Hypothesis { text: "yes".into(), confidence: 1.0, language: None }];
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
