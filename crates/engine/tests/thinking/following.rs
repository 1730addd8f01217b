//! A service follows the call: it says where turns begin and end, and the model begins to think before it is certain.

use super::rig::*;
use call::{EngineEvent, Stages, Transcript, TurnId};
use engine::local::{Hypothesis, TurnEvent};

const WISH: &str = "I need an appointment.";

fn words(words: &str) -> TurnEvent {
    TurnEvent::Over(Hypothesis { text: words.into(), confidence: 0.95, language: None })
}

fn followed() -> Rig {
    let mut rig = Rig::greeted();
    rig.cascade.follow();
    rig
}

/// The caller says this; the service has not yet said that they have finished.
fn speaking(so_far: &str) -> Rig {
    let mut rig = followed();
    rig.loud(300);
    rig.turn(TurnEvent::Begins);
    rig.turn(TurnEvent::SoFar(so_far.into()));
    rig.loud(500);
    rig
}

#[test]
fn a_likely_end_begins_a_thought_and_the_end_has_it_spoken() {
    let mut rig = speaking("I need");
    rig.quiet(200);
    rig.turn(TurnEvent::Likely(WISH.into()));
    assert_eq!(rig.asks.len(), 1, "thinking has begun");
    rig.answers("Which day?");
    assert!(rig.asked.is_empty(), "and nothing is said of it");
    rig.quiet(400);
    rig.turn(words(WISH));
    assert_eq!(rig.asks.len(), 1, "nobody is asked again");
    assert_eq!(rig.speak(), "Which day?");
    assert_eq!(rig.kinds(), ["speaks", "caller", "pauses", "caller", "voice", "assistant", "done"]);
    assert!(rig.unknown.is_empty(), "nothing is recognised beside it");
    let took = rig.events.iter().find_map(|event| match event {
        EngineEvent::Took(stages) => Some(*stages),
        _ => None,
    });
    let took = took.expect("it is told");
    let none = Some(ms(0));
    assert_eq!(took, Stages { endpoint: took.endpoint, hear: none, think: none, tools: None, speak: none });
    // A frame is heard when it begins.
    assert_eq!(took.endpoint, Some(ms(620)));
}

#[test]
fn what_was_thought_is_thrown_away_where_the_caller_goes_on() {
    let mut rig = speaking("I need");
    rig.turn(TurnEvent::Likely("I need".into()));
    let thought = rig.thought();
    rig.answers("What do you need?");
    rig.turn(TurnEvent::GoesOn);
    rig.loud(400);
    rig.quiet(300);
    rig.turn(TurnEvent::Likely(WISH.into()));
    assert_ne!(rig.thought(), thought);
    rig.turn(words(WISH));
    rig.answers("Which day?");
    assert_eq!(rig.speak(), "Which day?", "and nothing of what was thought before");
    assert_eq!(rig.conversation().last().map(String::as_str), Some("C I need an appointment."));
}

#[test]
fn other_words_than_were_likely_are_thought_about_anew() {
    let mut rig = speaking("I need");
    rig.turn(TurnEvent::Likely("I need an ointment.".into()));
    rig.answers("What for?");
    rig.turn(words(WISH));
    assert_eq!(rig.asks.len(), 2);
    rig.answers("Which day?");
    assert_eq!(rig.speak(), "Which day?");
}

#[test]
fn words_so_far_tell_an_interruption_from_a_cough() {
    let mut rig = followed();
    rig.loud(300);
    rig.turn(TurnEvent::SoFar("no".into()));
    let partial = Transcript { text: "no".into(), partial: true };
    assert_eq!(rig.events.last(), Some(&EngineEvent::CallerSaid(TurnId(1), partial)));
}

#[test]
fn a_caller_whom_only_the_service_hears_is_heard() {
    let mut rig = followed();
    rig.turn(TurnEvent::SoFar("yes".into()));
    rig.turn(words("yes"));
    assert_eq!(rig.kinds(), ["speaks", "caller", "pauses", "caller"]);
    assert_eq!(rig.asks.len(), 1);
}

#[test]
fn a_pause_within_a_turn_ends_nothing() {
    let mut rig = speaking("my number is");
    rig.quiet(900);
    rig.loud(600);
    rig.quiet(900);
    assert_eq!(rig.kinds(), ["speaks", "caller"], "it is the service's to decide");
    rig.turn(words("my number is five five five"));
    assert_eq!(rig.kinds(), ["speaks", "caller", "pauses", "caller"]);
    assert_eq!(rig.asks.len(), 1);
}

#[test]
fn a_sound_that_the_service_hears_nothing_in_has_no_words() {
    let mut rig = followed();
    rig.loud(300);
    rig.quiet(600);
    assert_eq!(rig.kinds(), ["speaks", "pauses"]);
    rig.wait(ms(1_100));
    assert!(rig.conversation().last().expect("the model is told").contains("could not be understood"));
}

#[test]
fn words_that_come_behind_the_pause_belong_to_the_same_turn() {
    let mut rig = followed();
    rig.loud(300);
    rig.quiet(600);
    rig.turn(TurnEvent::SoFar("yes".into()));
    rig.turn(words("yes"));
    assert_eq!(rig.kinds(), ["speaks", "pauses", "caller"]);
    assert_eq!(rig.conversation().last().map(String::as_str), Some("C yes"));
    rig.wait(ms(2_000));
    assert_eq!(rig.asks.len(), 1, "and nothing is waited for any more");
}

#[test]
fn a_service_that_fails_in_mid_turn_is_replaced_by_our_own_ear() {
    let mut rig = speaking("I need");
    rig.broken("it is gone.");
    assert_eq!(rig.troubles(), ["it is gone."]);
    rig.quiet(700);
    rig.recognise(WISH);
    rig.quiet(800);
    assert_eq!(rig.conversation().last().map(String::as_str), Some("C I need an appointment."));
    rig.answers("Which day?");
    assert_eq!(rig.speak(), "Which day?");
    rig.turn(words("from beyond"));
    assert_eq!(rig.asks.len(), 1, "nobody listens to it any more");
    rig.quiet(3_000);
    rig.says("That's all, thanks.");
    assert_eq!(rig.asks.len(), 2);
}

#[test]
fn a_service_that_never_ends_a_turn_is_not_waited_for_for_ever() {
    for begun in [true, false] {
        let mut rig = if begun { speaking("I need") } else { followed() };
        if !begun {
            rig.loud(600);
        }
        rig.quiet(700);
        if begun {
            rig.wait(ms(7_000));
            assert_eq!(rig.troubles().len(), 1);
        } else {
            rig.broken("it is gone.");
        }
        rig.recognise(WISH);
        assert_eq!(
            rig.conversation().last().map(String::as_str),
            Some("C I need an appointment."),
            "{begun}"
        );
    }
}

#[test]
fn whatever_a_service_says_in_whatever_order_every_turn_ends() {
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut rig = followed();
        for _ in 0..random.usize(1..40) {
            let text = ["", "yes", "I need", WISH][random.usize(0..4)];
            match random.u32(0..10) {
                0 => rig.turn(TurnEvent::Begins),
                1 => rig.turn(TurnEvent::SoFar(text.into())),
                2 => rig.turn(TurnEvent::Likely(text.into())),
                3 => rig.turn(TurnEvent::GoesOn),
                4 => rig.turn(words(text)),
                5 | 6 => rig.loud(random.u64(1..30) * 20),
                7 | 8 => rig.quiet(random.u64(1..60) * 20),
                _ if random.u32(0..8) == 0 => rig.broken("gone."),
                _ => rig.wait(ms(random.u64(0..3_000))),
            }
        }
        rig.quiet(1_600);
        rig.wait(ms(10_000));
        while let Some(utterance) = rig.unknown.first().copied() {
            rig.recognised(utterance, "yes");
        }
        rig.wait(ms(10_000));
        let speaks = rig.events.iter().filter(|event| matches!(event, EngineEvent::CallerSpeaks)).count();
        let pauses = rig.events.iter().filter(|event| matches!(event, EngineEvent::CallerPauses)).count();
        assert_eq!(speaks, pauses, "seed {seed}: {:?}", rig.kinds());
    }
}
