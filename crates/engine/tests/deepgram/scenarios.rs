//! The service's scenarios, played: its side is read, ours is asked for by the command that leads to it, and compared
//! with what the scenario has there.

use crate::rig::{
    Sent, Session, assistant_said, brief, call_id, caller_said, config, dones, failure, fault, fixture,
    sounded, ulaw,
};
use call::{Answer, EngineCommand, EngineEvent};
use engine::Dialect;
use serde_json::Value;
use std::time::Duration;

struct Played {
    session: Session,
    events: Vec<EngineEvent>,
    /// The carrier was told to clear the line, and when it should be.
    cleared: bool,
}

fn play(name: &str) -> Played {
    let scenarios = fixture("scenarios");
    let steps = scenarios["scenarios"][name]["steps"].as_array().expect("steps");
    let begins = steps[0]["message"]["type"] == "Welcome";
    let mut session = if begins { Session::connected(config(), brief()) } else { Session::ready() };
    let (mut events, mut cleared, mut before) = (Vec::new(), false, 0);
    for step in steps {
        match step["dir"].as_str().expect("a direction") {
            "server" if step["close"].is_object() => {
                session.dialect.closed(
                    None,
                    step["close"]["reason"].as_str().unwrap_or(""),
                    &mut session.out,
                );
            }
            "server" if step["binary"].is_string() => session.sound(100),
            "server" => session.read(&step["message"]),
            "client" if step["binary"].is_string() => {
                session.tell(EngineCommand::Hear(ulaw(&[0x7E; 160])));
                assert_eq!(session.all_sent(), [Sent::Sound(vec![0x7E; 160])]);
            }
            "client" => lead_to(&mut session, &step["message"]),
            // The line is cleared when the call learns that the caller speaks.
            "to_carrier" => {
                assert!(events[before..].contains(&EngineEvent::CallerSpeaks));
                cleared = true;
            }
            other => panic!("{other}"),
        }
        before = events.len();
        for event in session.events() {
            if let EngineEvent::CallerSaid(..) = &event {
                // The call is certain now, and wants an answer.
                session.tell(EngineCommand::Cancel);
                session.tell(EngineCommand::Respond);
            }
            events.push(event);
        }
    }
    Played { session, events, cleared }
}

fn lead_to(session: &mut Session, expected: &Value) {
    match expected["type"].as_str().expect("a type") {
        "Settings" => {}
        "FunctionCallResponse" => {
            let answer =
                Answer { data: expected["content"].as_str().expect("text").into(), ..Answer::said("") };
            session.tell(EngineCommand::Answer(call_id(expected["id"].as_str().expect("a name")), answer));
        }
        "KeepAlive" => session.wait(Duration::from_secs(8)),
        other => panic!("nothing leads to {other}"),
    }
    let mut sent = session.sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    let sent = sent.remove(0);
    assert_eq!(fault(&sent), None, "{sent}");
    for fixed in ["type", "id", "name", "audio"] {
        assert_eq!(sent[fixed], expected[fixed], "{fixed}");
    }
    if expected["type"] == "Settings" {
        let (ours, theirs) = (&sent["agent"], &expected["agent"]);
        for fixed in ["type", "version", "model", "language"] {
            assert_eq!(ours["listen"]["provider"][fixed], theirs["listen"]["provider"][fixed], "{fixed}");
            assert_eq!(ours["speak"]["provider"][fixed], theirs["speak"]["provider"][fixed], "{fixed}");
        }
        assert_eq!(ours["think"]["provider"]["model"], theirs["think"]["provider"]["model"]);
        assert_eq!(ours["greeting"], theirs["greeting"]);
        assert!(ours["think"]["functions"][0].get("endpoint").is_none(), "it is ours to do");
    }
}

#[test]
fn the_start_and_the_greeting() {
    let mut played = play("start_and_greeting");
    assert!(played.session.all_sent().is_empty());
    assert_eq!(played.events[0], EngineEvent::Ready);
    assert_eq!(sounded(&played.events), [(1, 200)]);
    assert!(played.events.contains(&assistant_said(1, "Thanks for calling Acme.")));
    assert_eq!(dones(&played.events), 1);
}

#[test]
fn a_function_of_ours() {
    let mut played = play("function_call_client_side");
    assert!(played.session.all_sent().is_empty());
    assert!(played.events.contains(&caller_said(1, "Where is my order?")));
    let wanted = played.events.iter().filter(|event| matches!(event, EngineEvent::Wants(_))).count();
    assert_eq!(wanted, 1);
    assert!(played.events.contains(&assistant_said(2, "Your order ships today.")));
    assert_eq!(dones(&played.events), 1, "{:?}", played.events);
}

#[test]
fn a_barge_in() {
    let mut played = play("barge_in");
    assert!(played.cleared && played.session.all_sent().is_empty());
    // What is stale belongs to what the caller spoke over, which the call drops once it is certain of that.
    assert_eq!(sounded(&played.events), [(2, 300), (3, 100)]);
    let at = |event: &EngineEvent| played.events.iter().position(|e| e == event).expect("it is told");
    assert!(at(&assistant_said(2, "Your order ships today.")) < at(&caller_said(1, "No, the other order.")));
    assert!(played.events.contains(&assistant_said(3, "Which one?")));
    assert_eq!(dones(&played.events), 1, "{:?}", played.events);
}

#[test]
fn an_idle_session_is_kept_alive() {
    let mut played = play("idle_keepalive");
    assert!(played.session.all_sent().is_empty() && played.events.is_empty());
}

#[test]
fn settings_that_are_refused() {
    let mut played = play("settings_error");
    assert!(played.session.all_sent().is_empty());
    assert_eq!(played.events.len(), 1);
    let (why, lasting) = failure(&played.events).expect("it is over");
    assert!(lasting && why.contains("agent.think.provider.model is missing"), "{why}");
}

#[test]
fn every_scenario_is_played() {
    let scenarios = fixture("scenarios");
    let names: Vec<&String> = scenarios["scenarios"].as_object().expect("scenarios").keys().collect();
    assert_eq!(
        names,
        ["barge_in", "function_call_client_side", "idle_keepalive", "settings_error", "start_and_greeting"]
    );
}
