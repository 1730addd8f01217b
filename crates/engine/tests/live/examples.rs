//! Every example of what the service sends is read, and every flow that its documents show is followed.

use crate::rig::{Session, brief, fault, fixture, happened, told};
use call::{Answer, EngineCommand, EngineEvent, ToolCallId};
use serde_json::Value;

#[test]
fn every_example_of_the_services_is_read() {
    let examples = fixture("examples");
    for set in ["server", "server_variants"] {
        for (name, event) in examples[set].as_object().expect("examples") {
            let mut session = if name.starts_with("session.started") {
                let mut session = Session::greeted(brief());
                session.sent();
                session
            } else {
                Session::ready()
            };
            session.read(event);
            let tally = session.dialect.tally();
            assert_eq!((tally.malformed, tally.unknown), (0, 0), "{name}");
        }
    }
}

#[test]
fn every_example_of_a_clients_is_one_by_our_check_and_the_wrong_ones_are_not() {
    let examples = fixture("examples");
    for set in ["client", "client_variants"] {
        for (name, event) in examples[set].as_object().expect("examples") {
            assert_eq!(fault(event), None, "{name}");
        }
    }
    let wrong = examples["must_not_validate"].as_array().expect("a list");
    let clients: Vec<&Value> = wrong
        .iter()
        .filter(|case| {
            !case["why"]
                .as_str()
                .is_some_and(|why| why.starts_with("session.closed") || why.starts_with("transcript"))
        })
        .collect();
    assert!(clients.len() >= 4);
    for case in clients {
        assert!(fault(&case["event"]).is_some(), "{}", case["why"]);
    }
}

/// What the service sends in a flow.
fn service(flow: &str) -> Vec<Value> {
    let frames = fixture("examples")["flows"][flow].as_array().expect("a flow").clone();
    frames.into_iter().filter(|frame| frame["dir"] == "S").map(|mut frame| frame["frame"].take()).collect()
}

#[test]
fn a_call_begins_and_ends_as_documented() {
    let mut session = Session::greeted(brief());
    assert_eq!(session.sent()[0]["type"], "session.start");
    for event in service("startup_greeting_close") {
        session.read(&event);
    }
    let told = told(&session.events());
    assert_eq!(told[0], "ready");
    assert!(told.contains(&"charged 30000 ms".to_owned()), "{told:?}");
    assert!(
        told.last().is_some_and(|last| last.starts_with("failed OpenAI ended the session (close_requested)"))
    );
}

#[test]
fn a_tool_is_used_as_documented() {
    let mut session = Session::ready();
    let mut wanted = Vec::new();
    for event in service("responses_tool_call") {
        let second = event["event"]["type"] == "response.created" && !wanted.is_empty();
        if second {
            session.tell(EngineCommand::Answer(
                ToolCallId("call_1example".into()),
                Answer::said("Ten or half past three."),
            ));
            let sent: Vec<Value> = session.sent();
            let kinds: Vec<&str> = sent.iter().filter_map(|message| message["type"].as_str()).collect();
            assert_eq!(kinds, ["response.item.create", "response.create"]);
        }
        session.read(&event);
        wanted.extend(session.events().into_iter().filter(|event| matches!(event, EngineEvent::Wants(_))));
    }
    assert_eq!(told(&wanted), ["wants call_1example find_open_slots {\"day\":\"2026-11-21\"}"]);
}

#[test]
fn a_refusal_at_the_start_is_read_as_documented() {
    let mut session = Session::greeted(brief());
    for event in service("startup_refused") {
        session.read(&event);
    }
    assert_eq!(
        happened(&session.events()),
        ["failed lastingly The credit at OpenAI is used up: No credit (credit_balance_exhausted)."]
    );
}
