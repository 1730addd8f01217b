//! Who said what: fragments without beginning or end, made lines.

use crate::rig::{LOUD, SILENCE, Session, happened, said, told};
use call::EngineEvent;

#[test]
fn fragments_are_joined_as_they_come() {
    let mut session = Session::ready();
    session.caller_sounds(400, SILENCE);
    for (n, delta) in ["I", " wo", "uld like", " Friday"].into_iter().enumerate() {
        session.read(&said("input", delta, session.ms + 200 * n as u64));
    }
    session.quiet(3_000);
    assert_eq!(happened(&session.events()), ["speaks", "pauses", "caller 1 I would like Friday"]);
}

#[test]
fn words_that_come_late_belong_to_what_was_said_then() {
    let mut session = Session::ready();
    session.pass(600, SILENCE, LOUD);
    session.quiet(900);
    session.read(&said("output", "At", session.ms - 1_400));
    session.read(&said("output", " eight.", session.ms - 1_200));
    session.quiet(1_500);
    let events = happened(&session.events());
    assert_eq!(events, ["voice 2", "done", "assistant 2 At eight."]);
}

#[test]
fn words_that_come_early_belong_to_what_is_said_next() {
    let mut session = Session::ready();
    session.quiet(3_000);
    session.read(&said("output", "At eight.", session.ms));
    session.quiet(200);
    assert_eq!(session.events(), []);
    session.pass(600, SILENCE, LOUD);
    session.quiet(2_500);
    assert_eq!(happened(&session.events()), ["voice 2", "done", "assistant 2 At eight."]);
}

#[test]
fn words_that_came_early_are_told_with_their_sound() {
    let mut session = Session::ready();
    session.quiet(3_000);
    session.read(&said("output", "Goodbye.", session.ms));
    session.pass(400, SILENCE, LOUD);
    let told = told(&session.events());
    assert_eq!(told.iter().filter(|told| *told == "assistant 2… Goodbye.").count(), 1, "{told:?}");
}

#[test]
fn what_was_said_is_told_also_where_the_engine_goes_away() {
    let mut session = Session::ready();
    session.says("We open at", 400);
    engine::Dialect::closed(&mut session.offline.dialect, Some(1011), "", &mut session.offline.out);
    let told = told(&session.events());
    let [.., said, failed] = &told[..] else { panic!("{told:?}") };
    assert_eq!(
        (said.as_str(), failed.as_str()),
        ("assistant 2… We open at", "failed OpenAI closed the connection (1011).")
    );
}

#[test]
fn a_megabyte_of_words_is_bounded() {
    let mut session = Session::ready();
    session.pass(200, SILENCE, LOUD);
    session.caller_sounds(400, LOUD);
    let long = "ä".repeat(500_000);
    for direction in ["output", "input"] {
        for n in 0..20 {
            session.read(&said(direction, &long, session.ms + n));
        }
    }
    session.quiet(4_000);
    let events = session.events();
    let mut kept = 0;
    for event in &events {
        if let EngineEvent::CallerSaid(_, said) | EngineEvent::AssistantSaid(_, said) = event {
            assert!(said.text.len() <= 64 * 1024);
            kept += said.text.len();
        }
    }
    assert!(kept > 64 * 1024, "and it is told: {kept}");
    assert!(events.len() < 40, "without telling it again and again");
}

#[test]
fn words_while_the_caller_still_speaks_are_told_as_they_come() {
    let mut session = Session::ready();
    session.caller_sounds(400, SILENCE);
    session.read(&said("input", "I would", session.ms));
    session.read(&said("input", " like", session.ms + 200));
    assert_eq!(told(&session.events()), ["speaks", "caller 1… I would", "caller 1… I would like"]);
}
