//! Tools: wanted once, answered once, however they are asked for.

use crate::rig::{Session, call_id, dones, sounded, speaks, troubles, wants};
use call::{Answer, EngineCommand, EngineEvent};
use serde_json::{Value, json};
use std::time::Duration;

fn wanted(events: &[EngineEvent]) -> Vec<&str> {
    let wanted = events.iter().filter_map(|event| match event {
        EngineEvent::Wants(call) => Some(call.id.0.as_str()),
        _ => None,
    });
    wanted.collect()
}

fn answer(session: &mut Session, id: &str, answer: Answer) {
    session.tell(EngineCommand::Answer(call_id(id), answer));
}

#[test]
fn a_tool_is_asked_for_once_and_its_answer_is_one_object_in_a_text() {
    let mut session = Session::ready();
    session.turn("Where is my order?");
    session.read(&wants(&["fc_1"]));
    session.read(&wants(&["fc_1"]));
    assert_eq!(wanted(&session.events()), ["fc_1"]);
    let found = Answer { data: "{\"status\":\"ships today\"}".into(), ..Answer::said("It ships today.") };
    answer(&mut session, "fc_1", found.clone());
    let sent = session.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(
        (&sent[0]["id"], &sent[0]["name"], &sent[0]["type"]),
        (&json!("fc_1"), &json!("lookup_order"), &json!("FunctionCallResponse"))
    );
    let content: Value = serde_json::from_str(sent[0]["content"].as_str().expect("a text")).expect("JSON");
    assert_eq!(content, json!({"ok": true, "say": "It ships today.", "data": {"status": "ships today"}}));
    answer(&mut session, "fc_1", found);
    assert!(session.sent().is_empty(), "answered once");
    session.reply("It ships today.");
    let events = session.events();
    assert_eq!((sounded(&events), dones(&events)), (vec![(2, 100)], 1));
}

#[test]
fn what_the_service_does_itself_is_left_to_it() {
    let mut session = Session::ready();
    session.turn("How is the weather?");
    session.events();
    session.read(&json!({"type": "FunctionCallRequest", "functions": [
        {"id": "fc_2", "name": "weather", "arguments": "{}", "client_side": false}]}));
    session.read(&json!({"type": "FunctionCallResponse", "id": "fc_2", "name": "weather", "content": "12"}));
    session.wait(Duration::from_secs(10));
    assert!(session.events().is_empty(), "the answer is still to come");
    session.reply("It is twelve degrees.");
    assert_eq!(dones(&session.events()), 1);
}

#[test]
fn ten_at_once_are_ten_and_answered_one_by_one() {
    let mut session = Session::ready();
    session.turn("Everything, please.");
    session.events();
    let ids: Vec<String> = (0..10).map(|n| format!("fc_{n}")).collect();
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    session.read(&wants(&names));
    assert_eq!(wanted(&session.events()), names);
    for id in names.iter().rev() {
        answer(&mut session, id, Answer::said("Done."));
    }
    let sent = session.sent();
    assert_eq!(sent.len(), 10);
    assert_eq!(sent[0]["id"], "fc_9");
    session.events();
    session.reply("All is done.");
    assert_eq!(dones(&session.events()), 1);
}

#[test]
fn the_agent_may_speak_beside_a_tool_and_has_a_moment_to_begin() {
    // As it says goodbye and wants to hang up, in whichever order that is told.
    let mut session = Session::ready();
    session.turn("Bye.");
    session.events();
    session.read(&wants(&["fc_1"]));
    session.wait(Duration::from_millis(500));
    assert_eq!(dones(&session.events()), 0);
    session.read(&crate::rig::assistant("Goodbye."));
    session.wait(Duration::from_secs(2));
    session.sound(100);
    assert_eq!(dones(&session.events()), 0);
    session.read(&crate::rig::audio_done());
    assert_eq!(dones(&session.events()), 1);

    let mut session = Session::ready();
    session.turn("Bye.");
    session.events();
    session.read(&wants(&["fc_1"]));
    session.wait(Duration::from_millis(700));
    let events = session.events();
    assert_eq!((dones(&events), troubles(&events)), (1, 0), "it says nothing more");
}

#[test]
fn what_is_no_longer_wanted_is_withdrawn_and_not_answered() {
    let mut session = Session::ready();
    session.turn("Where is my order?");
    session.read(&wants(&["fc_1", "fc_2"]));
    session.read(&speaks());
    session.events();
    session.read(&json!({"type": "FunctionCallCancelled", "functions": [
        {"id": "fc_1", "name": "lookup_order"}, {"id": "fc_9", "name": "nobody"}]}));
    assert_eq!(session.events(), [EngineEvent::Withdraws(call_id("fc_1"))]);
    session.read(
        &json!({"type": "FunctionCallCancelled", "functions": [{"id": "fc_1", "name": "lookup_order"}]}),
    );
    assert!(session.events().is_empty());
    answer(&mut session, "fc_1", Answer::said("It ships today."));
    assert!(session.sent().is_empty());
    assert_eq!(dones(&session.events()), 1, "the call is not left waiting");
    answer(&mut session, "fc_2", Answer::said("It ships today."));
    assert_eq!(session.sent_types(), ["FunctionCallResponse"]);
}

#[test]
fn arguments_are_handed_on_as_they_are() {
    let mut session = Session::ready();
    for (id, arguments) in [("a", "not JSON"), ("b", ""), ("c", "{\"order_number\":")] {
        session.read(&json!({"type": "FunctionCallRequest", "functions": [
            {"id": id, "name": "nobody_knows_me", "arguments": arguments, "client_side": true}]}));
        let events = session.events();
        let [EngineEvent::Wants(call)] = &events[..] else { panic!("{events:?}") };
        assert_eq!((call.name.as_str(), call.arguments.as_str()), ("nobody_knows_me", arguments));
        answer(&mut session, id, Answer::failed("There is no such tool."));
        let sent = session.sent();
        assert!(sent[0]["content"].as_str().expect("text").contains("\"ok\":false"));
        session.events();
    }
}

#[test]
fn what_is_more_than_anybody_needs_is_refused_at_once() {
    let mut session = Session::ready();
    let long = |id: &str, name: String, arguments: String| {
        json!({"type": "FunctionCallRequest", "functions": [
            {"id": id, "name": name, "arguments": arguments, "client_side": true}]})
    };
    session.read(&long("a", "tool".into(), "x".repeat(70_000)));
    session.read(&long("b", "é".repeat(200_000), "{}".into()));
    let events = session.events();
    assert_eq!((wanted(&events).len(), troubles(&events)), (0, 2));
    let sent = session.sent();
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|message| message.to_string().len() < 1_000));

    let mut session = Session::ready();
    let ids: Vec<String> = (0..70).map(|n| format!("fc_{n}")).collect();
    session.read(&wants(&ids.iter().map(String::as_str).collect::<Vec<_>>()));
    assert_eq!((wanted(&session.events()).len(), session.sent().len()), (64, 6));
}

#[test]
fn a_use_without_a_name_is_none() {
    let mut session = Session::ready();
    session.read(&wants(&["", "fc_1"]));
    session.read(&wants(&[&"x".repeat(300)]));
    let events = session.events();
    assert_eq!(wanted(&events), ["fc_1"]);
    assert_eq!(session.dialect.tally().malformed, 2);
}
