//! The caller speaks over the assistant.

mod sim;
use call::*;
use sim::*;
use std::time::Duration;

fn truncate(item: u32, heard: Duration) -> EngineCommand {
    EngineCommand::Truncate(ItemId(item), heard)
}

#[test]
fn speech_over_the_assistant_silences_it_at_once() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, ms(2_000));
    sim.pass(ms(500));
    let outputs = sim.engine(EngineEvent::CallerSpeaks);
    assert!(outputs.iter().any(is_clear), "{outputs:?}");
}

#[test]
fn the_engine_forgets_what_was_not_heard_once_the_words_are_known() {
    let mut sim = Sim::new(Policy::default());
    for _ in 0..10 {
        sim.speak(1, ms(500));
    }
    sim.done();
    sim.pass(ms(1_300));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.pass(ms(400));
    assert!(sim.engine_was_told().is_empty(), "nothing is forgotten while the interruption is in doubt");
    sim.caller_says(1, "wait");
    assert_eq!(sim.engine_was_told(), [&truncate(1, ms(1_300))]);
}

#[test]
fn long_speech_is_an_interruption_before_its_words_are_known() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, ms(5_000));
    sim.pass(ms(700));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.pass(ms(1_001));
    assert_eq!(sim.engine_was_told(), [&EngineCommand::Cancel, &truncate(1, ms(700))]);
    sim.engine(EngineEvent::CallerPauses);
    assert_eq!(sim.engine_was_told().last(), Some(&&EngineCommand::Respond));
}

#[test]
fn items_queued_behind_the_audible_one_are_deleted() {
    let mut sim = Sim::new(Policy::default());
    for item in 1..=3 {
        sim.speak(item, ms(1_000));
    }
    sim.done();
    sim.pass(ms(1_250));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.caller_says(1, "stop");
    assert_eq!(sim.engine_was_told(), [&truncate(2, ms(250)), &EngineCommand::Delete(ItemId(3))]);
}

#[test]
fn marks_that_clear_hands_back_are_not_heard() {
    let mut sim = Sim::new(Policy::default());
    sim.phone.out = ms(120);
    sim.phone.back = ms(90);
    sim.speak(1, ms(3_000));
    sim.done();
    sim.pass(ms(500));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.caller_says(1, "hold on");
    sim.engine(EngineEvent::CallerPauses);
    // The voided mark arrives while the next item sounds, and must not pass for its own.
    sim.speak(2, ms(4_000));
    sim.done();
    sim.pass(ms(1_000));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.caller_says(2, "no");
    assert_eq!(sim.forgotten[0].believed, ms(500));
    assert_eq!(sim.forgotten[1].believed, ms(1_000));
    sim.pass(ms(500));
    assert_eq!(sim.worst_miss(), Duration::ZERO);
}

#[test]
fn late_audio_of_a_cut_item_is_kept_in_doubt_and_never_played_once_certain() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, ms(2_000));
    sim.pass(ms(100));
    sim.engine(EngineEvent::CallerSpeaks);
    assert!(!sim.speak(1, ms(2_000)).iter().any(is_play));
    sim.caller_says(1, "wait");
    assert!(!sim.speak(1, ms(2_000)).iter().any(is_play));
    sim.done();
    sim.engine(EngineEvent::CallerPauses);
    assert!(sim.speak(2, ms(200)).iter().any(is_play));
}

#[test]
fn a_cough_does_not_kill_a_sentence() {
    let mut sim = Sim::new(Policy::default());
    sim.phone.out = ms(60);
    sim.phone.back = ms(60);
    for _ in 0..4 {
        sim.speak(1, ms(500));
    }
    sim.pass(ms(700));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.speak(1, ms(1_000));
    sim.done();
    sim.pass(ms(400));
    sim.engine(EngineEvent::CallerPauses);
    sim.pass(ms(1_100));
    assert_eq!(sim.heard(1), ms(700), "silent while in doubt");
    sim.pass(ms(5_000));
    assert_eq!(sim.heard(1), ms(3_000), "all of it is heard, once");
    assert!(sim.engine_was_told().is_empty(), "{:?}", sim.engine_was_told());
}

#[test]
fn a_turn_that_is_known_to_have_no_words_is_waited_for_no_longer() {
    for text in ["", " ... ", "—"] {
        let mut sim = Sim::new(Policy::default());
        sim.speak(1, ms(3_000));
        sim.done();
        sim.pass(ms(700));
        sim.engine(EngineEvent::CallerSpeaks);
        sim.pass(ms(300));
        sim.engine(EngineEvent::CallerPauses);
        assert!(sim.caller_says(1, text).iter().any(is_play), "{text:?} is nothing said");
        sim.pass(ms(3_000));
        assert_eq!(sim.heard(1), ms(3_000));
    }
}

#[test]
fn words_that_come_after_the_verdict_interrupt_after_all() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, ms(9_000));
    sim.done();
    sim.pass(ms(1_000));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.engine(EngineEvent::CallerPauses);
    sim.pass(ms(1_700));
    let outputs = sim.caller_says(1, "stop please");
    assert!(outputs.iter().any(is_clear));
    assert_eq!(sim.engine_was_told(), [&truncate(1, ms(1_500)), &EngineCommand::Respond]);
}

#[test]
fn a_transcript_of_the_turn_before_does_not_interrupt_the_answer_to_it() {
    let mut sim = Sim::new(Policy::default());
    sim.engine(EngineEvent::CallerSpeaks);
    sim.engine(EngineEvent::CallerPauses);
    sim.speak(1, ms(2_000));
    let outputs = sim.caller_says(1, "what is free tomorrow");
    assert!(!outputs.iter().any(is_clear));
}

#[test]
fn a_reply_that_comes_while_the_caller_speaks_on_waits_for_the_verdict() {
    let mut sim = Sim::new(Policy::default());
    sim.engine(EngineEvent::CallerSpeaks);
    sim.engine(EngineEvent::CallerPauses);
    sim.engine(EngineEvent::CallerSpeaks);
    assert!(!sim.speak(1, ms(800)).iter().any(is_play));
    sim.caller_says(2, "and at ten");
    sim.engine(EngineEvent::CallerPauses);
    let told = sim.engine_was_told();
    let wanted = [
        EngineCommand::Respond,
        EngineCommand::Cancel,
        EngineCommand::Delete(ItemId(1)),
        EngineCommand::Respond,
    ];
    assert_eq!(told, wanted.iter().collect::<Vec<_>>());
}

#[test]
fn a_line_that_fell_behind_is_believed() {
    let mut sim = Sim::new(Policy::default());
    sim.phone.out = ms(50);
    sim.phone.back = ms(50);
    for _ in 0..10 {
        sim.speak(1, ms(200));
    }
    sim.pass(ms(450));
    // The network holds everything up by 300 ms from here on.
    sim.phone.stall(sim.now, ms(300));
    sim.pass(ms(1_000));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.caller_says(1, "wait");
    sim.pass(ms(500));
    assert!(sim.worst_miss() <= ms(20), "{:?}", sim.worst_miss());
}
