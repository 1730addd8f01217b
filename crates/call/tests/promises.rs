//! Goodbyes, silence and bounds.

mod sim;
use call::*;
use sim::*;

#[test]
fn a_goodbye_is_heard_before_the_line_drops() {
    let mut sim = Sim::new(Policy::default());
    sim.phone.out = ms(150);
    sim.phone.back = ms(150);
    sim.speak(1, ms(1_500));
    sim.wants("bye", "hang_up");
    sim.done();
    sim.pass(ms(1_700));
    assert_eq!(sim.call.ending(), None, "the last of it is still on its way");
    sim.pass(ms(200));
    assert_eq!(sim.call.ending(), Some(Ending::AssistantHungUp));
    assert_eq!(sim.heard(1), ms(1_500));
    assert_eq!(sim.said(|o| matches!(o, Output::Line(LineCommand::HangUp))).len(), 1);
}

#[test]
fn a_farewell_spoken_after_asking_to_hang_up_is_heard_too() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("bye", "hang_up");
    assert_eq!(sim.call.ending(), None);
    sim.speak(1, ms(1_500));
    sim.done();
    sim.pass(ms(1_499));
    assert_eq!(sim.call.ending(), None);
    sim.pass(ms(1));
    assert_eq!(sim.call.ending(), Some(Ending::AssistantHungUp));
}

#[test]
fn what_is_charged_for_meanwhile_is_noted_and_ends_nothing() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("bye", "hang_up");
    let usage = Usage { session: secs(15), ..Usage::default() };
    assert_eq!(sim.engine(EngineEvent::Charged(usage)), [Output::Note(Note::Used(usage))]);
    assert_eq!(sim.call.ending(), None, "the goodbye is still to come");
    sim.speak(1, ms(1_500));
    sim.done();
    sim.pass(ms(1_500));
    assert_eq!(sim.heard(1), ms(1_500));
    assert_eq!(sim.call.ending(), Some(Ending::AssistantHungUp));
}

#[test]
fn a_long_goodbye_is_not_cut_short() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("bye", "hang_up");
    sim.speak(1, secs(14));
    sim.done();
    sim.pass(secs(20));
    assert_eq!(sim.heard(1), secs(14));
    assert_eq!(sim.call.ending(), Some(Ending::AssistantHungUp));
}

#[test]
fn a_caller_who_speaks_during_the_goodbye_keeps_the_call() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, ms(2_000));
    sim.wants("bye", "hang_up");
    sim.done();
    sim.pass(ms(800));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.caller_says(1, "one more thing");
    sim.engine(EngineEvent::CallerPauses);
    sim.pass(secs(15));
    assert_eq!(sim.call.ending(), None);
    let told = sim.engine_was_told();
    assert!(
        matches!(told[..], [EngineCommand::Truncate(..), EngineCommand::Answer(..), EngineCommand::Respond]),
        "{told:?}"
    );
}

#[test]
fn a_cough_during_the_goodbye_does_not_keep_the_call() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, ms(2_000));
    sim.wants("bye", "hang_up");
    sim.done();
    sim.pass(ms(800));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.engine(EngineEvent::CallerPauses);
    sim.pass(ms(1_300));
    assert_eq!(sim.call.ending(), None);
    sim.pass(ms(1_200));
    assert_eq!(sim.call.ending(), Some(Ending::AssistantHungUp));
    assert_eq!(sim.heard(1), ms(2_000));
}

#[test]
fn a_goodbye_whose_marks_are_lost_ends_all_the_same() {
    let mut sim = Sim::new(Policy::default());
    sim.phone.back = secs(3_600);
    sim.speak(1, ms(1_500));
    sim.wants("bye", "hang_up");
    sim.done();
    sim.pass(secs(12));
    assert_eq!(sim.call.ending(), Some(Ending::AssistantHungUp));
}

#[test]
fn a_transfer_goes_where_it_was_asked_to() {
    let refusal = "Nobody is connected from here.";
    let destinations = vec!["reception".into()];
    let mut sim = Sim::new(Policy { destinations, transfer_refusal: refusal.into(), ..Policy::default() });
    let wants = |id: &str, to: &str| {
        let arguments = format!(r#"{{"reason": "wants a person", "to": "{to}"}}"#);
        EngineEvent::Wants(ToolCall { id: ToolCallId(id.into()), name: "transfer".into(), arguments })
    };
    sim.engine(wants("t1", "+19005550123"));
    sim.done();
    assert_eq!(sim.call.ending(), None, "nobody is dialled whom the owner did not name");
    let told = sim.engine_was_told();
    assert!(
        matches!(&told[..], [EngineCommand::Answer(_, answer)] if answer.say == refusal),
        "and the caller is told why: {told:?}"
    );
    sim.engine(wants("t2", "reception"));
    sim.done();
    assert_eq!(sim.call.ending(), None, "the carrier has not said yet that it does it");
    sim.give(Input::Connected(true));
    assert_eq!(sim.call.ending(), Some(Ending::Transferred));
    assert_eq!(sim.said(|o| *o == Output::Line(LineCommand::Transfer("reception".into()))).len(), 1);
}

#[test]
fn silence_is_asked_about_once_then_ended_politely() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(5));
    sim.done();
    sim.pass(secs(24));
    assert!(sim.engine_was_told().is_empty(), "the assistant's own words are not silence");
    sim.pass(secs(2));
    assert!(matches!(sim.engine_was_told()[..], [EngineCommand::Prompt(_)]));
    sim.speak(2, secs(2));
    sim.done();
    sim.pass(secs(23));
    assert!(matches!(sim.engine_was_told()[..], [_, EngineCommand::Say(_)]), "the caller hears why");
    assert_eq!(sim.call.ending(), None);
    sim.speak(3, secs(2));
    sim.done();
    sim.pass(secs(3));
    assert_eq!(sim.call.ending(), Some(Ending::Silent));
    assert_eq!(sim.heard(3), secs(2));
}

#[test]
fn a_caller_who_answers_is_asked_again_later() {
    let mut sim = Sim::new(Policy::default());
    sim.pass(secs(21));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.caller_says(1, "yes I am here");
    sim.engine(EngineEvent::CallerPauses);
    sim.done();
    sim.pass(secs(21));
    let prompts = sim.said(|o| matches!(o, Output::Engine(EngineCommand::Prompt(_))));
    assert_eq!(prompts.len(), 2);
    assert_eq!(sim.call.ending(), None);
}

#[test]
fn the_longest_call_is_bounded_whatever_is_said() {
    let mut sim = Sim::new(Policy { longest_call: secs(60), ..Policy::default() });
    for item in 1..200 {
        sim.speak(item, ms(900));
        sim.pass(ms(500));
    }
    assert_eq!(sim.call.ending(), Some(Ending::TooLong));
    let (at, _) = sim.log.last().expect("the call said something");
    assert_eq!(*at, secs(60));
}

#[test]
fn an_engine_that_fails_ends_the_call_after_an_apology() {
    let mut sim = Sim::new(Policy { apology: Some(sound(ms(2_000))), ..Policy::default() });
    sim.expect_own(255, u32::MAX);
    sim.speak(1, ms(1_000));
    sim.engine(EngineEvent::Failed(Failure { why: "gone".into(), lasting: false }));
    sim.pass(ms(2_999));
    assert_eq!(sim.call.ending(), None);
    sim.pass(ms(1));
    assert_eq!(sim.call.ending(), Some(Ending::EngineFailed));
}

#[test]
fn a_caller_who_hangs_up_ends_the_call() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, ms(1_000));
    sim.give(Input::Line(LineEvent::Closed));
    assert_eq!(sim.call.ending(), Some(Ending::CallerHungUp));
    assert_eq!(sim.call.deadline(), None);
    assert!(sim.speak(1, ms(1_000)).is_empty());
}

#[test]
fn a_line_that_takes_turns_listens_when_all_is_said_and_done() {
    let mut sim = Sim::of(Manner::Turns, Policy::default());
    let listens = |sim: &Sim| sim.said(|o| *o == Output::Line(LineCommand::Listen)).len();
    sim.give(Input::Line(LineEvent::Audio(sound(ms(900)))));
    sim.give(Input::Line(LineEvent::TurnOver));
    sim.wants("t", "calendar");
    sim.done();
    assert_eq!(listens(&sim), 0, "the tool's answer is still to be told");
    sim.give(Input::Tool(id("t"), answer("free")));
    sim.speak(1, ms(700));
    sim.done();
    assert_eq!(listens(&sim), 1);
    sim.give(Input::Line(LineEvent::TurnOver));
    sim.speak(2, ms(700));
    sim.wants("bye", "hang_up");
    sim.done();
    assert_eq!(sim.call.ending(), Some(Ending::AssistantHungUp));
    assert_eq!(listens(&sim), 1);
}

#[test]
fn words_under_way_when_the_caller_hangs_up_are_noted() {
    let mut sim = Sim::new(Policy::default());
    for text in ["Your appoint", "Your appointment is on"] {
        let transcript = Transcript { text: text.into(), partial: true };
        sim.engine(EngineEvent::AssistantSaid(ItemId(1), transcript));
    }
    sim.give(Input::Line(LineEvent::Closed));
    let said = sim.said(|o| matches!(o, Output::Note(Note::AssistantSaid(..))));
    assert_eq!(said, [&Output::Note(Note::AssistantSaid(ItemId(1), "Your appointment is on".into()))]);
}

#[test]
fn the_longest_call_is_bounded_even_if_the_goodbye_is_long() {
    let mut sim = Sim::new(Policy { longest_call: secs(60), silence: secs(300), ..Policy::default() });
    sim.pass(secs(45));
    sim.speak(1, secs(40));
    sim.wants("bye", "hang_up");
    sim.done();
    sim.pass(secs(60));
    assert!(sim.call.ending().is_some());
    let (at, _) = sim.log.last().expect("the call said something");
    assert!(*at <= secs(60), "{at:?}");
}

#[test]
fn a_cough_does_not_lengthen_the_longest_call() {
    let mut sim = Sim::new(Policy { longest_call: secs(60), silence: secs(300), ..Policy::default() });
    sim.pass(secs(49));
    sim.speak(1, secs(40));
    sim.wants("bye", "hang_up");
    sim.done();
    sim.pass(ms(400));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.pass(ms(400));
    sim.engine(EngineEvent::CallerPauses);
    // The call's time is up while the interruption is in doubt.
    sim.pass(secs(3));
    // And the caller speaks up again.
    sim.engine(EngineEvent::CallerSpeaks);
    sim.caller_says(2, "wait");
    sim.engine(EngineEvent::CallerPauses);
    for item in 2..200 {
        sim.speak(item, ms(900));
        sim.pass(ms(800));
    }
    assert_eq!(sim.call.ending(), Some(Ending::TooLong));
    let (at, _) = sim.log.last().expect("the call said something");
    assert!(*at <= secs(60), "{at:?}");
}

#[test]
fn a_finished_tool_is_not_lost_to_an_engine_that_takes_the_floor_by_itself() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("t", "create_calendar_event");
    sim.done();
    sim.engine(EngineEvent::CallerSpeaks);
    sim.give(Input::Tool(id("t"), booked("Booked.")));
    sim.caller_says(1, "are you still there");
    sim.speak(1, ms(900));
    sim.engine(EngineEvent::CallerPauses);
    sim.done();
    sim.pass(secs(10));
    assert_eq!(sim.said(is_answer).len(), 1);
}

#[test]
fn what_a_tool_did_is_told_even_if_its_answer_was_withdrawn_while_the_caller_spoke() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("t", "create_calendar_event");
    sim.done();
    sim.engine(EngineEvent::CallerSpeaks);
    sim.give(Input::Tool(id("t"), booked("Booked.")));
    sim.engine(EngineEvent::Withdraws(id("t")));
    sim.caller_says(1, "hello");
    sim.engine(EngineEvent::CallerPauses);
    let told = sim.engine_was_told();
    assert!(
        told.iter().any(|told| matches!(told, EngineCommand::Prompt(news) if news.contains("Booked."))),
        "{told:?}"
    );
}

#[test]
fn what_a_late_tool_did_is_not_told_over_the_caller() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("t", "create_calendar_event");
    sim.done();
    sim.pass(secs(16));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.caller_says(1, "and another thing");
    let told = sim.engine_was_told().len();
    sim.give(Input::Tool(id("t"), booked("Booked.")));
    assert_eq!(sim.engine_was_told().len(), told, "the caller is speaking");
    sim.engine(EngineEvent::CallerPauses);
    let told = sim.engine_was_told();
    assert!(
        told.iter().any(|told| matches!(told, EngineCommand::Prompt(news) if news.contains("Booked."))),
        "{told:?}"
    );
}

#[test]
fn a_wish_to_hang_up_on_a_caller_who_speaks_is_answered() {
    let mut sim = Sim::new(Policy::default());
    sim.engine(EngineEvent::CallerSpeaks);
    sim.caller_says(1, "one more thing");
    sim.wants("bye", "hang_up");
    sim.engine(EngineEvent::CallerPauses);
    assert_eq!(sim.said(is_answer).len(), 1);
    sim.pass(secs(15));
    assert_eq!(sim.call.ending(), None);
}

#[test]
fn every_wish_to_hang_up_is_answered_if_the_caller_keeps_the_call() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, ms(2_000));
    sim.wants("bye", "hang_up");
    sim.wants("bye again", "hang_up");
    sim.done();
    sim.pass(ms(800));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.wants("bye once more", "hang_up");
    sim.caller_says(1, "one more thing");
    sim.engine(EngineEvent::CallerPauses);
    assert_eq!(sim.said(is_answer).len(), 3);
}

#[test]
fn a_tool_that_finishes_during_the_apology_does_not_hold_the_line() {
    let mut sim = Sim::new(Policy { apology: Some(sound(ms(2_000))), ..Policy::default() });
    sim.expect_own(255, u32::MAX);
    sim.wants("t", "calendar");
    sim.done();
    sim.engine(EngineEvent::Failed(Failure { why: "gone".into(), lasting: false }));
    sim.pass(ms(500));
    sim.give(Input::Tool(id("t"), answer("free")));
    sim.pass(ms(1_500));
    assert_eq!(sim.call.ending(), Some(Ending::EngineFailed));
}

#[test]
fn what_a_tool_did_after_the_call_is_noted() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("t", "create_calendar_event");
    sim.give(Input::Line(LineEvent::Closed));
    assert_eq!(sim.call.ending(), Some(Ending::CallerHungUp));
    let outputs = sim.give(Input::Tool(id("t"), booked("Booked.")));
    assert!(matches!(outputs[..], [Output::Note(Note::ToolAnswered { ok: true, .. })]), "{outputs:?}");
}

#[test]
fn the_last_goodbye_does_not_queue_behind_a_long_answer() {
    let mut sim = Sim::new(Policy { longest_call: secs(60), ..Policy::default() });
    sim.pass(secs(45));
    sim.speak(1, secs(30));
    sim.pass(secs(6));
    let told = sim.engine_was_told();
    let [.., EngineCommand::Cancel, EngineCommand::Truncate(ItemId(1), _), EngineCommand::Say(_)] = told[..]
    else {
        panic!("{told:?}")
    };
    sim.speak(2, secs(3));
    sim.done();
    sim.pass(secs(4));
    assert_eq!(sim.heard(2), secs(3));
    assert_eq!(sim.call.ending(), Some(Ending::TooLong));
}

#[test]
fn a_key_silences_the_assistant() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(9));
    sim.pass(secs(2));
    sim.give(Input::Line(LineEvent::Key('2')));
    let told = sim.engine_was_told();
    let wanted =
        [EngineCommand::Cancel, EngineCommand::Truncate(ItemId(1), secs(2)), EngineCommand::Key('2')];
    assert_eq!(told, wanted.iter().collect::<Vec<_>>());
    assert!(sim.speak(2, secs(1)).iter().any(is_play), "and the answer to the key is heard");
}

#[test]
fn noise_that_comes_and_goes_is_decided_about() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(9));
    sim.done();
    sim.pass(secs(1));
    for _ in 0..20 {
        sim.engine(EngineEvent::CallerSpeaks);
        sim.pass(ms(150));
        sim.engine(EngineEvent::CallerPauses);
        sim.pass(ms(150));
    }
    let decided = sim.said(|o| matches!(o, Output::Note(Note::FalseInterruption | Note::Interrupted { .. })));
    assert!(!decided.is_empty());
}

#[test]
fn speech_that_never_pauses_ends_the_call_before_its_longest() {
    let mut sim = Sim::new(Policy::default());
    sim.engine(EngineEvent::CallerSpeaks);
    sim.pass(secs(121));
    assert!(matches!(sim.engine_was_told()[..], [EngineCommand::Prompt(_)]));
    sim.done();
    sim.pass(secs(21));
    sim.done();
    assert_eq!(sim.call.ending(), Some(Ending::Silent));
}

#[test]
fn a_cough_while_the_assistant_thinks_does_not_make_it_answer_twice() {
    let mut sim = Sim::new(Policy::default());
    sim.engine(EngineEvent::CallerSpeaks);
    sim.engine(EngineEvent::CallerPauses);
    sim.engine(EngineEvent::CallerSpeaks);
    sim.engine(EngineEvent::CallerPauses);
    sim.pass(secs(2));
    assert_eq!(sim.engine_was_told(), [&EngineCommand::Respond]);
    assert!(sim.speak(1, secs(1)).iter().any(is_play));
}

#[test]
fn an_engine_that_does_not_speak_when_asked_to_is_apologised_for() {
    let mut sim = Sim::new(Policy { apology: Some(sound(ms(2_000))), silence: secs(4), ..Policy::default() });
    sim.expect_own(255, u32::MAX);
    sim.engine(EngineEvent::CallerSpeaks);
    sim.engine(EngineEvent::CallerPauses);
    sim.pass(secs(9));
    assert_eq!(sim.call.ending(), None);
    sim.pass(secs(1));
    assert_eq!(sim.heard(u32::MAX), secs(2), "the caller is not left in silence");
    assert_eq!(sim.call.ending(), Some(Ending::EngineFailed));
}

#[test]
fn an_engine_that_fails_before_its_goodbye_is_apologised_for() {
    let mut sim = Sim::new(Policy { apology: Some(sound(ms(2_000))), ..Policy::default() });
    sim.expect_own(255, u32::MAX);
    sim.wants("bye", "hang_up");
    sim.engine(EngineEvent::Failed(Failure { why: "gone".into(), lasting: false }));
    sim.pass(secs(3));
    assert_eq!(sim.heard(u32::MAX), secs(2));
    assert_eq!(sim.call.ending(), Some(Ending::AssistantHungUp));
}
