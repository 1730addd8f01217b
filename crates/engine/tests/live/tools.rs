//! Work that the voice hands over, and the tools that it takes.

use crate::rig::{
    LOUD, SILENCE, Session, brief, call_id, delegation, error, function_call, happened, response, told, work,
};
use call::{Answer, EngineCommand, EngineEvent};
use engine::Brief;
use serde_json::{Value, json};

/// A delegation that wants these tools, up to the end of its first response.
fn asking(calls: &[(&str, &str)]) -> Session {
    let mut session = Session::ready();
    session.read(&delegation("item_1", "resp_1"));
    session.read(&work("item_1", &response("created", "resp_1")));
    for (call, arguments) in calls {
        session.read(&work("item_1", &function_call(call, "find_slots", arguments)));
    }
    session.read(&work("item_1", &response("completed", "resp_1")));
    session
}

fn answer(session: &mut Session, call: &str, say: &str) {
    session.tell(EngineCommand::Answer(call_id(call), Answer::said(say)));
}

fn kinds(sent: &[Value]) -> Vec<&str> {
    sent.iter().map(|message| message["type"].as_str().expect("a type")).collect()
}

#[test]
fn a_tool_is_wanted_once_although_it_is_told_three_times() {
    let mut session = Session::ready();
    session.read(&delegation("item_1", "resp_1"));
    session.read(&work("item_1", &response("created", "resp_1")));
    session.read(&work(
        "item_1",
        &json!({"type": "response.output_item.done", "item": {"type": "reasoning", "id": "r"}}),
    ));
    session.read(&work("item_1", &json!({"type": "response.output_item.added", "item":
        {"type": "function_call", "call_id": "call_1", "name": "find_slots", "arguments": "", "status": "in_progress"}})));
    session.read(&work(
        "item_1",
        &json!({"type": "response.function_call_arguments.done", "item_id": "fc", "arguments": "{}"}),
    ));
    assert_eq!(session.events(), []);
    for _ in 0..2 {
        session.read(&work("item_1", &function_call("call_1", "find_slots", "{\"day\":\"2026-11-27\"}")));
    }
    assert_eq!(told(&session.events()), ["wants call_1 find_slots {\"day\":\"2026-11-27\"}"]);
}

#[test]
fn a_use_that_does_not_say_whether_it_is_complete_is_one_where_all_of_it_has_come() {
    let mut session = Session::ready();
    session.read(&delegation("item_1", "resp_1"));
    session.read(&work("item_1", &response("created", "resp_1")));
    for (arguments, wanted) in [("{\"day\":", 0), ("{}", 1)] {
        let mut call = function_call("call_1", "find_slots", arguments);
        call["item"].as_object_mut().expect("an item").remove("status");
        session.read(&work("item_1", &call));
        assert_eq!(told(&session.events()).len(), wanted, "{arguments}");
    }
}

#[test]
fn the_work_goes_on_once_when_every_tool_has_answered() {
    let mut session = asking(&[("call_1", "{}"), ("call_2", "{}")]);
    assert!(happened(&session.events()).contains(&"done".into()), "meanwhile a filler may be said");
    answer(&mut session, "call_2", "Four.");
    assert_eq!(kinds(&session.sent()), ["response.item.create"]);
    answer(&mut session, "call_1", "Ten.");
    let sent = session.sent();
    assert_eq!(kinds(&sent), ["response.item.create", "response.create"]);
    assert_eq!(sent[0]["item"]["call_id"], "call_1");
    let output: Value =
        serde_json::from_str(sent[0]["item"]["output"].as_str().expect("a text")).expect("JSON");
    assert_eq!(output, json!({"ok": true, "say": "Ten."}));
    answer(&mut session, "call_1", "Ten.");
    assert_eq!(session.sent(), Vec::<Value>::new(), "exactly one answer each");
    session.read(&work("item_1", &response("created", "resp_2")));
    session.read(&work("item_1", &response("completed", "resp_2")));
    session.says("Ten or four.", 500);
    session.quiet(2_500);
    assert_eq!(happened(&session.events()), ["voice 2", "done", "assistant 2 Ten or four."]);
    assert_eq!(session.sent(), Vec::<Value>::new());
}

#[test]
fn an_answer_that_comes_before_the_response_is_over_waits_for_that() {
    let mut session = Session::ready();
    session.read(&work("item_1", &response("created", "resp_1")));
    session.read(&work("item_1", &function_call("call_1", "find_slots", "{}")));
    answer(&mut session, "call_1", "Ten.");
    assert_eq!(kinds(&session.sent()), ["response.item.create"]);
    session.read(&work("item_1", &response("completed", "resp_1")));
    assert_eq!(kinds(&session.sent()), ["response.create"]);
}

#[test]
fn ten_at_once_are_ten_tools_and_one_going_on() {
    let names: Vec<String> = (0..10).map(|n| format!("call_{n}")).collect();
    let calls: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "{}")).collect();
    let mut session = asking(&calls);
    let wants = session.events().iter().filter(|event| matches!(event, EngineEvent::Wants(_))).count();
    assert_eq!(wants, 10);
    for name in names.iter().rev() {
        answer(&mut session, name, "Yes.");
    }
    let sent = session.sent();
    let kinds = kinds(&sent);
    assert_eq!(kinds.iter().filter(|kind| **kind == "response.item.create").count(), 10);
    assert_eq!(kinds.iter().filter(|kind| **kind == "response.create").count(), 1);
    assert_eq!(kinds.last(), Some(&"response.create"));
}

#[test]
fn more_at_once_than_anybody_needs_are_refused_and_answered() {
    let names: Vec<String> = (0..70).map(|n| format!("call_{n}")).collect();
    let calls: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "{}")).collect();
    let mut session = asking(&calls);
    let wants = session.events().iter().filter(|event| matches!(event, EngineEvent::Wants(_))).count();
    assert_eq!(wants, 64);
    assert_eq!(session.sent().len(), 6, "the others know that they are refused");
}

#[test]
fn arguments_that_are_not_json_and_unknown_tools_are_the_tools_to_refuse() {
    let mut session = asking(&[("call_1", "{\"day\": ")]);
    assert_eq!(told(&session.events())[0], "wants call_1 find_slots {\"day\": ");
    session.read(&work("item_1", &function_call("call_2", "self_destruct", "[]")));
    assert!(told(&session.events()).contains(&"wants call_2 self_destruct []".into()));
    let long = format!("{{\"day\":\"{}\"}}", "x".repeat(1 << 20));
    session.read(&work("item_1", &function_call("call_3", "find_slots", &long)));
    assert!(!told(&session.events()).iter().any(|word| word.starts_with("wants")));
    assert_eq!(session.sent()[0]["item"]["call_id"], "call_3", "too much is refused here, and answered");
    session.read(&work("item_1", &function_call("", "find_slots", "{}")));
    assert_eq!(session.sent(), Vec::<Value>::new());
}

#[test]
fn a_large_answer_is_cut_to_what_the_service_takes() {
    let mut session = asking(&[("call_1", "{}")]);
    let data = json!({"rows": vec!["a row of it"; 4_000]}).to_string();
    let large = Answer { data, say: "Many. ".repeat(10_000), ..Answer::said("") };
    session.tell(EngineCommand::Answer(call_id("call_1"), large));
    let sent = session.sent();
    let output = sent[0]["item"]["output"].as_str().expect("a text");
    assert!(output.len() <= 2_600, "{} bytes", output.len());
    let output: Value = serde_json::from_str(output).expect("it is still JSON");
    assert!(output["more"].is_string());
}

#[test]
fn an_answer_that_was_too_much_all_the_same_is_excused_and_the_work_goes_on() {
    let mut session = asking(&[("call_1", "{}")]);
    answer(&mut session, "call_1", "Ten.");
    let name = session.sent()[0]["event_id"].as_str().expect("a name").to_owned();
    session.read(&error("invalid_request_error", "response_input_buffer_full", Some(&name)));
    session.read(&error("invalid_request_error", "function_call_outputs_required", Some("go-on")));
    let sent = session.sent();
    assert_eq!(kinds(&sent), ["response.item.create", "response.create"]);
    assert_eq!(sent[0]["item"]["call_id"], "call_1");
    assert!(sent[0]["item"]["output"].as_str().expect("a text").contains("\"ok\":false"));
    session.events();
    let again = sent[0]["event_id"].as_str().expect("a name").to_owned();
    session.read(&error("invalid_request_error", "response_input_buffer_full", Some(&again)));
    let events = told(&session.events());
    assert!(events.last().is_some_and(|last| last.starts_with("failed OpenAI takes no more")), "{events:?}");
}

#[test]
fn an_answer_that_the_service_misses_is_excused_once_and_then_the_session_is_given_up() {
    let mut session = asking(&[("call_1", "{}")]);
    answer(&mut session, "call_1", "Ten.");
    session.sent();
    session.read(&error("invalid_request_error", "function_call_outputs_required", Some("go-on")));
    assert_eq!(kinds(&session.sent()), ["response.item.create", "response.create"]);
    session.events();
    session.read(&error("invalid_request_error", "function_call_outputs_required", Some("go-on")));
    assert!(told(&session.events()).last().is_some_and(|last| last.starts_with("failed")));
}

#[test]
fn work_that_fails_withdraws_what_it_wanted_and_the_caller_is_told() {
    for kind in ["failed", "incomplete", "cancelled"] {
        let mut session = Session::ready();
        session.read(&delegation("item_1", "resp_1"));
        session.read(&work("item_1", &function_call("call_1", "find_slots", "{}")));
        session.read(&work("item_1", &response(kind, "resp_1")));
        let events = told(&session.events());
        assert_eq!(events[1], "withdraws call_1", "{events:?}");
        assert_eq!(kinds(&session.sent()), ["session.commentary.append"]);
        answer(&mut session, "call_1", "Ten.");
        assert_eq!(session.sent(), Vec::<Value>::new(), "the service would refuse it");
    }
}

#[test]
fn work_that_keeps_failing_ends_the_session() {
    let mut session = Session::ready();
    for n in 0..3 {
        let id = format!("resp_{n}");
        session.read(&work("item_1", &response("created", &id)));
        session.read(&work("item_1", &response("failed", &id)));
    }
    assert!(told(&session.events()).last().is_some_and(|last| last.starts_with("failed The model behind")));
}

#[test]
fn work_that_stalls_is_given_up() {
    let mut session = Session::ready();
    session.read(&delegation("item_1", "resp_1"));
    session.read(&work("item_1", &function_call("call_1", "find_slots", "{}")));
    session.quiet(31_000);
    let events = happened(&session.events());
    assert!(events.contains(&"withdraws call_1".into()), "{events:?}");
    assert_eq!(kinds(&session.sent()), ["session.commentary.append"]);
}

#[test]
fn a_caller_who_speaks_while_a_tool_works_does_not_lose_what_it_finds() {
    let mut session = asking(&[("call_1", "{}")]);
    session.events();
    session.caller_says("Are you there?", 600);
    assert_eq!(happened(&session.events()), ["speaks", "pauses"]);
    session.tell(EngineCommand::Respond);
    answer(&mut session, "call_1", "Ten.");
    session.caller_sounds(400, SILENCE);
    session.read(&work("item_1", &response("created", "resp_2")));
    session.read(&work("item_1", &response("completed", "resp_2")));
    session.pass(500, SILENCE, LOUD);
    let events = happened(&session.events());
    let (done, speaks) = (events.iter().position(|e| e == "done"), events.iter().position(|e| e == "speaks"));
    assert!(done < speaks, "the call does not take the turn for an interruption of a reply: {events:?}");
    assert_eq!(events.last().map(String::as_str), Some("voice 2"));
    assert!(events.contains(&"pauses".into()), "the model's voice has the floor: {events:?}");
}

#[test]
fn names_out_of_order_cost_nothing() {
    let mut session = Session::ready();
    session.read(&work("item_1", &response("completed", "resp_9")));
    session.read(&work("item_9", &function_call("call_1", "find_slots", "{}")));
    answer(&mut session, "call_1", "Ten.");
    assert_eq!(
        kinds(&session.sent()),
        ["response.item.create", "response.create"],
        "it is answered all the same"
    );
    session.read(&work("item_9", &response("created", "resp_1")));
    session.read(&work("item_9", &response("created", "resp_1")));
    session.read(&work("item_9", &response("completed", "resp_1")));
    session.quiet(12_000);
    assert!(happened(&session.events()).contains(&"done".into()));
}

#[test]
fn work_that_nobody_agreed_to_do_is_answered() {
    let mut session = Session::ready();
    session.read(&json!({"type": "session.delegation.created", "offset_ms": 1, "delegation":
        {"id": "item_c", "type": "delegation", "target": "client"}}));
    let sent = session.sent();
    assert_eq!(kinds(&sent), ["session.commentary.append"]);
    assert_eq!(sent[0]["delegation_id"], "item_c");
}

#[test]
fn what_the_work_costs_is_reported() {
    let mut session = Session::ready_as(Brief { ..brief() });
    session.caller_says("When?", 600);
    session.tell(EngineCommand::Respond);
    session.read(&work("item_1", &response("created", "resp_1")));
    let mut completed = response("completed", "resp_1");
    completed["response"]["usage"] = json!({"input_tokens": 640, "input_tokens_details": {"cached_tokens": 512, "cache_write_tokens": 100},
        "output_tokens": 44, "output_tokens_details": {"reasoning_tokens": 16}, "total_tokens": 684});
    session.read(&work("item_1", &completed));
    session.pass(400, SILENCE, LOUD);
    session.quiet(1_000);
    let events = session.events();
    let Some(EngineEvent::Done(usage)) = events.iter().find(|event| matches!(event, EngineEvent::Done(_)))
    else {
        panic!("{events:?}")
    };
    assert_eq!((usage.text_tokens_in, usage.text_tokens_out), (640, 44));
    assert_eq!((usage.cached_tokens, usage.cache_write_tokens), (512, 100));
}
