//! What a call promises about the PIN on the keypad, and about a transfer that does not come about.

mod sim;

use call::*;
use sim::{Sim, ms, secs};

fn with_pin() -> Sim {
    let mut sim = Sim::new(Policy { pin: true, ..Policy::default() });
    sim.engine(EngineEvent::Ready);
    sim.speak(1, ms(500));
    sim.done();
    sim.pass(secs(1));
    sim
}

fn press(sim: &mut Sim, keys: &str) {
    for key in keys.chars() {
        sim.give(Input::Line(LineEvent::Key(key)));
        sim.pass(ms(300));
    }
}

fn asked(sim: &Sim) -> Vec<String> {
    let pins = sim.log.iter().filter_map(|(_, output)| match output {
        Output::Pin(digits) => Some(digits.expose().to_owned()),
        Output::Line(_)
        | Output::Engine(_)
        | Output::Tool(..)
        | Output::May(..)
        | Output::Unwanted(_)
        | Output::Promised(_)
        | Output::Reopen(_)
        | Output::TakeMessage
        | Output::Renew(_)
        | Output::Swap { .. }
        | Output::Note(_) => None,
    });
    pins.collect()
}

fn keys_told(sim: &Sim) -> String {
    let told = sim.engine_was_told().into_iter().filter_map(|command| match command {
        EngineCommand::Key(key) => Some(*key),
        _ => None,
    });
    told.collect()
}

fn prompts(sim: &Sim) -> Vec<&str> {
    let told = sim.engine_was_told().into_iter().filter_map(|command| match command {
        EngineCommand::Prompt(words) => Some(words.as_str()),
        _ => None,
    });
    told.collect()
}

fn noted(sim: &Sim, wanted: &Note) -> usize {
    sim.said(|output| matches!(output, Output::Note(note) if note == wanted)).len()
}

#[test]
fn the_digits_of_a_pin_reach_nobody_but_whoever_compares_them() {
    let mut sim = with_pin();
    press(&mut sim, "5*1234#6");
    assert_eq!(asked(&sim), ["1234"]);
    assert_eq!(keys_told(&sim), "56", "keys outside of a PIN are the engine's");
    assert_eq!(noted(&sim, &Note::KeyPressed), 2, "not even how many digits it has is noted");
    assert!(!format!("{:?}", sim.log).contains("1234"));
    sim.give(Input::Pin(PinVerdict::Right));
    assert_eq!(noted(&sim, &Note::TrustRaised), 1);
    let told = prompts(&sim);
    assert!(told.len() == 1 && told[0].contains("your owner"), "{told:?}");
}

#[test]
fn a_pin_is_tried_three_times_and_then_not_again() {
    let mut sim = with_pin();
    for left in [2, 1, 0] {
        press(&mut sim, "*9999#");
        sim.give(Input::Pin(PinVerdict::Wrong));
        assert_eq!(noted(&sim, &Note::PinRefused { left }), 1);
    }
    press(&mut sim, "*1234#*1234#");
    assert_eq!(asked(&sim).len(), 3);
    assert_eq!(keys_told(&sim), "", "what may be the right one is still nobody's");
    assert_eq!(prompts(&sim).iter().filter(|words| words.contains("any more in this call")).count(), 1);
    // A verdict that nobody waits for raises nobody.
    sim.give(Input::Pin(PinVerdict::Right));
    assert_eq!(noted(&sim, &Note::TrustRaised), 0);
}

#[test]
fn what_cannot_be_a_pin_costs_a_try_and_is_not_compared() {
    let mut sim = with_pin();
    press(&mut sim, "*123#");
    press(&mut sim, "*1234567890123#");
    assert_eq!(asked(&sim), Vec::<String>::new());
    assert_eq!(noted(&sim, &Note::PinRefused { left: 1 }), 1);
    press(&mut sim, "*99*1234#");
    assert_eq!(asked(&sim), ["1234"], "a star begins it anew");
}

#[test]
fn whoever_tried_too_often_lately_is_not_compared_again_in_this_call() {
    let mut sim = with_pin();
    press(&mut sim, "*1234#");
    sim.give(Input::Pin(PinVerdict::TooSoon));
    press(&mut sim, "*1234#");
    assert_eq!(asked(&sim).len(), 1);
    // What could not be compared has cost nothing.
    let mut sim = with_pin();
    for _ in 0..5 {
        press(&mut sim, "*1234#");
        sim.give(Input::Pin(PinVerdict::Failed));
    }
    assert_eq!(asked(&sim).len(), 5);
}

#[test]
fn a_pin_that_is_not_finished_is_forgotten_and_a_star_alone_is_the_engines() {
    let mut sim = with_pin();
    press(&mut sim, "*12");
    sim.pass(secs(9));
    assert!(prompts(&sim)[0].contains("was not finished"));
    press(&mut sim, "34#");
    assert_eq!(asked(&sim), Vec::<String>::new());
    assert_eq!(keys_told(&sim), "34#");
    press(&mut sim, "*");
    sim.pass(secs(9));
    press(&mut sim, "*#");
    assert_eq!(keys_told(&sim), "34#**#");
}

#[test]
fn without_a_pin_every_key_is_the_engines() {
    let mut sim = Sim::new(Policy::default());
    press(&mut sim, "*1234#");
    assert_eq!(keys_told(&sim), "*1234#");
    assert_eq!(asked(&sim), Vec::<String>::new());
}

#[test]
fn a_verdict_waits_until_the_caller_has_finished_speaking() {
    let mut sim = with_pin();
    press(&mut sim, "*1234#");
    sim.engine(EngineEvent::CallerSpeaks);
    sim.give(Input::Pin(PinVerdict::Right));
    assert_eq!(noted(&sim, &Note::TrustRaised), 1);
    assert_eq!(prompts(&sim), Vec::<&str>::new());
    sim.engine(EngineEvent::CallerPauses);
    assert_eq!(prompts(&sim).len(), 1);
}

fn transferring() -> Sim {
    let policy = Policy {
        destinations: vec!["reception".into()],
        transfer_words: "Please hold.".into(),
        ..Policy::default()
    };
    let mut sim = Sim::new(policy);
    sim.engine(EngineEvent::Wants(ToolCall {
        id: ToolCallId("t1".into()),
        name: "transfer".into(),
        arguments: r#"{"to": "reception"}"#.into(),
    }));
    assert!(sim.engine_was_told().contains(&&EngineCommand::Say("Please hold.".into())));
    sim.speak(1, ms(800));
    sim.done();
    assert!(
        sim.said(|o| matches!(o, Output::Line(LineCommand::Transfer(_)))).is_empty(),
        "first it is heard"
    );
    sim.pass(secs(1));
    assert_eq!(sim.said(|o| matches!(o, Output::Line(LineCommand::Transfer(_)))).len(), 1);
    assert_eq!(sim.call.ending(), None);
    sim
}

#[test]
fn a_transfer_that_is_refused_leaves_the_caller_with_the_assistant() {
    let mut sim = transferring();
    sim.give(Input::Connected(false));
    let told = sim.engine_was_told();
    assert!(told.iter().any(|command| matches!(command, EngineCommand::Answer(_, answer) if !answer.ok)));
    assert_eq!(noted(&sim, &Note::TransferRefused), 1);
    assert_eq!(sim.call.ending(), None);
    sim.speak(2, secs(1));
    sim.done();
    sim.wants("bye", "hang_up");
    sim.speak(3, ms(500));
    sim.done();
    sim.pass(secs(3));
    assert_eq!(sim.call.ending(), Some(Ending::AssistantHungUp));
}

#[test]
fn a_transfer_of_which_nothing_is_heard_is_refused() {
    let mut sim = transferring();
    sim.pass(secs(16));
    assert_eq!(noted(&sim, &Note::TransferRefused), 1);
    assert_eq!(sim.call.ending(), None);
}

#[test]
fn a_caller_who_leaves_for_somebody_else_was_transferred() {
    let mut sim = transferring();
    sim.give(Input::Line(LineEvent::Closed));
    assert_eq!(sim.call.ending(), Some(Ending::Transferred));
}

#[test]
fn without_an_engine_a_refused_transfer_ends_the_call() {
    let mut sim = transferring();
    sim.engine(EngineEvent::Failed(Failure { why: "gone".into(), lasting: false }));
    sim.give(Input::Connected(false));
    assert_eq!(sim.call.ending(), Some(Ending::EngineFailed));
}
