//! The service's scenarios, played: its side is read, ours is asked for by the command that leads to it, and compared
//! with what the scenario has there.

use crate::rig::{Session, brief, call_id, config, fixture, is_done};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use call::{Answer, EngineCommand, EngineEvent, ItemId};
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};

struct Played {
    session: Session,
    events: Vec<EngineEvent>,
}

fn steps(name: &str) -> Vec<Value> {
    let scenarios = fixture("scenarios");
    let scenario = &scenarios["scenarios"][name];
    let steps = scenario.as_object().expect("a scenario").values().find_map(Value::as_array);
    steps.expect("steps").clone()
}

/// Plays a scenario to its end, and fails unless each message that it has from us was sent where it stands, and
/// nothing else was.
fn play(name: &str) -> Played {
    let steps = steps(name);
    let begins = steps[0]["event"]["type"] == "session.created";
    let mut session = if begins { Session::greeted(config(), brief()) } else { Session::ready() };
    let mut items: BTreeMap<String, ItemId> = BTreeMap::new();
    let mut events = Vec::new();
    for step in &steps {
        match step["dir"].as_str().expect("a direction") {
            "server" if step["close"].is_object() => {
                use engine::Dialect;
                let (code, reason) = (step["close"]["code"].as_u64(), step["close"]["reason"].as_str());
                session.dialect.closed(
                    code.map(|code| code as u16),
                    reason.unwrap_or_default(),
                    &mut session.out,
                );
            }
            "server" => {
                let sounds = step["event"]["type"] == "response.output_audio.delta";
                session.read(&step["event"]);
                if let (true, Some(EngineEvent::Voice(item, _))) = (sounds, session.out.events.back()) {
                    items.insert(step["event"]["item_id"].as_str().expect("a name").to_owned(), *item);
                }
            }
            "client" => lead_to(&mut session, &step["event"], &items),
            // What passes between us and the carrier is not the engine's.
            _ => {}
        }
        events.extend(session.events());
    }
    Played { session, events }
}

fn lead_to(session: &mut Session, expected: &Value, items: &BTreeMap<String, ItemId>) {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    match expected["type"].as_str().expect("a type") {
        "input_audio_buffer.append" => {
            let sound = STANDARD.decode(text(&expected["audio"])).expect("base64");
            session.tell(EngineCommand::Hear(crate::rig::ulaw(&sound)));
        }
        "conversation.item.truncate" => {
            let heard = Duration::from_millis(expected["audio_end_ms"].as_u64().expect("milliseconds"));
            session.tell(EngineCommand::Truncate(items[&text(&expected["item_id"])], heard));
        }
        "conversation.item.create" if expected["item"]["type"] == "function_call_output" => {
            let id = call_id(&text(&expected["item"]["call_id"]));
            session.tell(EngineCommand::Answer(id, Answer::said("It ships today.")));
        }
        "conversation.item.create" => {
            let id = call_id(&text(&expected["item"]["approval_request_id"]));
            session.tell(EngineCommand::Answer(id, Answer::said("It may be used.")));
        }
        // These follow by themselves.
        "session.update" | "response.create" => {}
        other => panic!("nothing leads to {other}"),
    }
    let sent = session.out.wire.pop().unwrap_or_else(|| panic!("{expected} is due"));
    let sent: Value = serde_json::from_slice(sent.bytes()).expect("JSON");
    assert_eq!(crate::rig::fault(&sent), None, "{sent}");
    for fixed in ["type", "audio", "item_id", "content_index", "audio_end_ms"] {
        assert_eq!(sent[fixed], expected[fixed], "{fixed}");
    }
    for fixed in ["type", "call_id", "approval_request_id", "approve"] {
        assert_eq!(sent["item"][fixed], expected["item"][fixed], "{fixed}");
    }
    assert_eq!(sent.get("response").is_some(), expected.get("response").is_some());
}

#[test]
fn the_start_and_the_greeting() {
    let mut played = play("start_and_greeting");
    assert!(played.session.sent().is_empty());
    assert_eq!(played.events[0], EngineEvent::Ready);
    assert!(is_done(&played.events));
    let said = crate::rig::last_words(&played.events);
    assert_eq!(said, [&crate::rig::assistant(1, "Thanks for calling Acme.", false)]);
}

#[test]
fn a_refused_configuration() {
    let mut played = play("configuration_refused");
    assert!(played.session.sent().is_empty());
    assert!(matches!(&played.events[..], [EngineEvent::Failed(failure)] if failure.lasting));
}

#[test]
fn a_refused_beta() {
    let mut session = Session::greeted(config(), brief());
    for step in steps("beta_header_refused") {
        session.read(&step["event"]);
    }
    assert!(matches!(&session.events()[..], [EngineEvent::Failed(failure)] if failure.lasting));
}

#[test]
fn a_callers_turn() {
    let mut played = play("caller_turn_vad");
    assert!(played.session.sent().is_empty(), "the service has answered by itself");
    played.session.tell(EngineCommand::Respond);
    assert!(played.session.sent().is_empty());
    let said = crate::rig::last_words(&played.events);
    assert_eq!(
        said,
        [
            &crate::rig::caller(1, "Where is my order?", false),
            &crate::rig::assistant(2, "Your order ships today.", false)
        ]
    );
}

#[test]
fn a_barge_in_after_everything_was_made() {
    let mut played = play("barge_in_after_generation_finished");
    assert!(played.session.sent().is_empty());
    assert_eq!(played.events.last(), Some(&EngineEvent::CallerPauses));
}

#[test]
fn a_barge_in_while_it_is_made() {
    let mut played = play("barge_in_during_generation");
    assert!(played.session.sent().is_empty());
    let heard: usize = played
        .events
        .iter()
        .map(|event| match event {
            EngineEvent::Voice(_, chunk) => chunk.bytes.len(),
            _ => 0,
        })
        .sum();
    assert_eq!(heard, 1_600, "the late piece is dropped");
    assert_eq!(played.session.dialect.tally().late_voice, 800);
    assert!(is_done(&played.events));
}

#[test]
fn a_tool() {
    let mut played = play("function_call");
    assert!(played.session.sent().is_empty());
    let wanted = played.events.iter().filter(|event| matches!(event, EngineEvent::Wants(_))).count();
    assert_eq!(wanted, 1);
    assert!(is_done(&played.events));
}

#[test]
fn tools_that_the_service_runs_itself() {
    let mut played = play("mcp_import_and_approval");
    let told: Vec<_> = played.events.iter().filter(|event| !is_done(std::slice::from_ref(event))).collect();
    assert!(
        matches!(&told[..], [EngineEvent::MayUse(asked), EngineEvent::Uses(used), EngineEvent::Used(_, answer)]
            if asked.name == "crm_delete_customer" && used.name == "crm_find_customer" && answer.ok),
        "{told:?}"
    );
    assert_eq!(played.session.sent_types(), ["response.create"], "what came of it is to be spoken of");
}

#[test]
fn cancelling_when_nothing_is_under_way() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Cancel);
    assert!(session.sent().is_empty(), "there is nothing to cancel, so the error does not come");
    for step in steps("cancel_when_idle") {
        if step["dir"] == "server" {
            session.read(&step["event"]);
        }
    }
    assert!(session.events().is_empty());
}
