//! What is noted about the time that an answer took.

mod sim;
use call::*;
use sim::*;
use std::time::Duration;

/// Which turns were answered, after how long, and what the engine told of that.
fn answered(sim: &Sim) -> Vec<(u32, u32, Duration, Stages)> {
    let notes = sim.said(|output| matches!(output, Output::Note(Note::Answered { .. })));
    let told = notes.into_iter().filter_map(|output| match output {
        Output::Note(Note::Answered { turn, item, after, stages }) => Some((turn.0, item.0, *after, *stages)),
        _ => None,
    });
    told.collect()
}

fn stages() -> Stages {
    Stages {
        endpoint: Some(ms(500)),
        hear: Some(ms(120)),
        think: Some(ms(40)),
        tools: None,
        speak: Some(ms(80)),
    }
}

/// A turn of the caller's that has just ended.
fn asks(sim: &mut Sim, turn: u32) {
    sim.engine(EngineEvent::CallerSpeaks);
    sim.pass(ms(900));
    sim.caller_says(turn, "when are you open");
    sim.engine(EngineEvent::CallerPauses);
}

#[test]
fn each_turn_is_noted_once_with_what_its_answer_took() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, ms(400));
    sim.done();
    sim.pass(ms(600));
    assert_eq!(answered(&sim), [], "a greeting answers nobody");
    asks(&mut sim, 1);
    sim.pass(ms(243));
    sim.engine(EngineEvent::Took(stages()));
    sim.speak(2, ms(300));
    sim.speak(3, ms(300));
    sim.done();
    assert_eq!(answered(&sim), [(1, 2, ms(243), stages())]);
    assert_eq!(stages().own(ms(243)), Some(ms(3)));
    // A pause that is told again, late, begins nothing.
    sim.engine(EngineEvent::CallerPauses);
    sim.pass(ms(900));
    sim.speak(4, ms(300));
    sim.done();
    assert_eq!(answered(&sim).len(), 1);
    sim.pass(ms(400));
    asks(&mut sim, 2);
    sim.pass(ms(700));
    sim.speak(5, ms(300));
    assert_eq!(answered(&sim)[1..], [(2, 5, ms(700), Stages::default())], "what was told is not told twice");
}

#[test]
fn what_goes_on_after_a_cough_answers_nothing() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(4));
    sim.pass(ms(1_000));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.pass(ms(200));
    sim.engine(EngineEvent::CallerPauses);
    sim.pass(secs(3));
    sim.speak(2, ms(500));
    assert_eq!(sim.said(|output| matches!(output, Output::Note(Note::FalseInterruption))).len(), 1);
    assert_eq!(answered(&sim), []);
}

#[test]
fn a_caller_who_goes_on_is_answered_from_where_they_stopped() {
    let mut sim = Sim::new(Policy::default());
    asks(&mut sim, 1);
    sim.pass(ms(100));
    asks(&mut sim, 2);
    sim.pass(ms(300));
    sim.speak(1, ms(500));
    assert_eq!(answered(&sim), [(2, 1, ms(300), Stages::default())]);
}

#[test]
fn where_an_engine_does_not_tell_all_nothing_is_called_our_own() {
    let some = Stages { think: Some(ms(880)), speak: Some(ms(310)), ..Stages::default() };
    assert_eq!(some.own(ms(1_420)), None);
    assert_eq!(stages().own(ms(10)), Some(Duration::ZERO), "clocks may differ");
}
