//! Tools: asked for once, answered once, spoken of once.

use crate::rig::{Session, call_id, created, done, is_done, speech_started, troubles, wants};
use call::{Agreed, Answer, Effect, EngineCommand, EngineEvent, ToolCall};
use serde_json::{Value, json};

fn asked() -> Session {
    let mut session = Session::ready();
    session.turn("item_U1");
    session.tell(EngineCommand::Respond);
    session.read(&created("resp_1"));
    session.events();
    session.sent();
    session
}

fn output(message: &Value) -> Value {
    assert_eq!(message["item"]["type"], "function_call_output");
    serde_json::from_str(message["item"]["output"].as_str().expect("a string")).expect("JSON in a string")
}

fn answer(session: &mut Session, call: &str) {
    session.tell(EngineCommand::Answer(call_id(call), Answer::said("It ships today.")));
}

#[test]
fn a_complete_call_is_wanted_once_wherever_it_is_told() {
    let mut session = asked();
    session.read(
        &json!({"type": "response.function_call_arguments.done", "call_id": "call_1", "name": "lookup_order",
        "arguments": "{}", "item_id": "item_call_1", "output_index": 0, "response_id": "resp_1"}),
    );
    assert!(session.events().is_empty());
    session.read(&wants("resp_1", "call_1", "completed"));
    session.read(&wants("resp_1", "call_1", "completed"));
    let call = ToolCall {
        id: call_id("call_1"),
        name: "lookup_order".into(),
        arguments: "{\"order_number\":\"4411\"}".into(),
    };
    assert_eq!(session.events(), [EngineEvent::Wants(call)]);
}

#[test]
fn a_call_that_was_cut_off_is_not_run() {
    let mut session = asked();
    for status in ["incomplete", "in_progress", ""] {
        session.read(&wants("resp_1", "call_1", status));
    }
    session.read(&done("resp_1", "cancelled"));
    assert!(!session.events().iter().any(|event| matches!(event, EngineEvent::Wants(_))));
}

#[test]
fn a_call_that_does_not_say_whether_it_is_complete_is_run_where_it_can_only_be() {
    let unsaid = || {
        let mut call = wants("resp_1", "call_1", "completed");
        call["item"].as_object_mut().expect("an item").remove("status");
        call
    };
    let runs = |mut session: Session, call: Value| {
        session.read(&call);
        session.events().iter().any(|event| matches!(event, EngineEvent::Wants(_)))
    };
    assert!(runs(asked(), unsaid()));
    let mut null = unsaid();
    null["item"]["status"] = Value::Null;
    assert!(runs(asked(), null));
    let mut cut = unsaid();
    cut["item"]["arguments"] = "{\"order_number\":\"44".into();
    assert!(!runs(asked(), cut), "it was cut off");
    let mut cancelled = asked();
    cancelled.tell(EngineCommand::Cancel);
    assert!(!runs(cancelled, unsaid()), "it may have been");
}

#[test]
fn the_answer_is_put_into_the_conversation_and_spoken_of_when_its_response_is_over() {
    let mut session = asked();
    session.read(&wants("resp_1", "call_1", "completed"));
    let booked = Effect::Booked(Agreed { id: "a1".into(), starts: "2026-11-24T10:30".into() });
    let found = Answer {
        data: "{\"at\":\"10:30\",\"free\":[1,2]}".into(),
        effect: booked,
        ..Answer::said("Booked.")
    };
    session.tell(EngineCommand::Answer(call_id("call_1"), found));
    let sent = session.sent();
    assert_eq!(sent.len(), 1, "one response at a time");
    assert_eq!(sent[0]["item"]["call_id"], "call_1");
    assert_eq!(
        output(&sent[0]),
        json!({"ok": true, "say": "Booked.", "data": {"at": "10:30", "free": [1, 2]}})
    );
    session.events();
    session.read(&done("resp_1", "completed"));
    assert_eq!(session.sent_types(), ["response.create"]);
    assert!(!is_done(&session.events()));
    answer(&mut session, "call_1");
    assert!(session.sent().is_empty(), "an answer is given once");
}

#[test]
fn a_reply_that_only_wants_something_is_done_while_the_tool_runs() {
    let mut session = asked();
    session.read(&wants("resp_1", "call_1", "completed"));
    session.read(&done("resp_1", "completed"));
    assert!(is_done(&session.events()), "so that the caller can be told to wait");
    answer(&mut session, "call_1");
    assert_eq!(session.sent_types(), ["conversation.item.create", "response.create"]);
}

#[test]
fn several_answers_are_spoken_of_in_one_response() {
    let mut session = asked();
    session.read(&wants("resp_1", "call_1", "completed"));
    session.read(&wants("resp_1", "call_2", "completed"));
    session.read(&done("resp_1", "completed"));
    answer(&mut session, "call_2");
    assert_eq!(session.sent_types(), ["conversation.item.create"]);
    answer(&mut session, "call_1");
    assert_eq!(session.sent_types(), ["conversation.item.create", "response.create"]);
}

#[test]
fn an_answer_that_is_ready_while_the_caller_speaks_is_spoken_of_with_their_turn() {
    let mut session = asked();
    session.read(&wants("resp_1", "call_1", "completed"));
    session.read(&done("resp_1", "completed"));
    session.read(&speech_started("item_U2"));
    answer(&mut session, "call_1");
    assert_eq!(session.sent_types(), ["conversation.item.create"]);
    session.turn("item_U2");
    assert_eq!(session.sent_types(), ["response.create"]);
    session.tell(EngineCommand::Respond);
    assert!(session.sent().is_empty());
}

#[test]
fn a_finished_tool_is_never_lost_to_a_barge_in() {
    let mut session = asked();
    session.read(&wants("resp_1", "call_1", "completed"));
    session.read(&speech_started("item_U2"));
    session.tell(EngineCommand::Cancel);
    session.sent();
    session.read(&done("resp_1", "cancelled"));
    session.turn("item_U2");
    session.tell(EngineCommand::Respond);
    session.reply("resp_2", "item_A2", "Yes?");
    let events = session.events();
    assert!(!events.iter().any(|event| matches!(event, EngineEvent::Withdraws(_))), "{events:?}");
    session.sent();
    answer(&mut session, "call_1");
    assert_eq!(session.sent_types(), ["conversation.item.create", "response.create"]);
}

#[test]
fn hanging_up_is_wanted_like_anything_else() {
    let mut session = asked();
    let mut call = wants("resp_1", "call_1", "completed");
    call["item"]["name"] = "hang_up".into();
    call["item"]["arguments"] = "{}".into();
    session.read(&call);
    session.read(&done("resp_1", "completed"));
    let events = session.events();
    assert!(matches!(&events[0], EngineEvent::Wants(call) if call.name == "hang_up"));
    assert!(is_done(&events), "the goodbye is over, though nobody will answer");
}

#[test]
fn a_call_beyond_all_bounds_is_answered_and_not_run() {
    let mut session = asked();
    let mut call = wants("resp_1", "call_1", "completed");
    call["item"]["arguments"] = "x".repeat(64 * 1024 + 1).into();
    session.read(&call);
    let sent = session.sent();
    assert_eq!(output(&sent[0])["ok"], false);
    session.read(&done("resp_1", "completed"));
    assert_eq!(session.sent_types(), ["response.create"]);
    let events = session.events();
    assert!(!events.iter().any(|event| matches!(event, EngineEvent::Wants(_))));
    assert_eq!(troubles(&events), 1);

    let mut session = asked();
    for number in 0..100 {
        session.read(&wants("resp_1", &format!("call_{number}"), "completed"));
    }
    let wanted = session.events().iter().filter(|event| matches!(event, EngineEvent::Wants(_))).count();
    assert_eq!((wanted, session.sent().len()), (64, 36));
}

#[test]
fn data_that_is_no_json_is_still_told() {
    let mut session = asked();
    session.read(&wants("resp_1", "call_1", "completed"));
    let odd = Answer { data: "free: \"10:30\"".into(), ..Answer::failed("No.") };
    session.tell(EngineCommand::Answer(call_id("call_1"), odd));
    assert_eq!(output(&session.sent()[0]), json!({"ok": false, "say": "No.", "data": "free: \"10:30\""}));
}
