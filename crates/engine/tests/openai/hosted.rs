//! Tools that the service uses by itself: handed over, asked about, noted and spoken of; and used from here where it cannot.

use crate::rig::{
    Session, brief, call_id, config, created, done, error, is_done, item_added, item_done, troubles, voice,
};
use call::{Answer, EngineCommand, EngineEvent, ToolCall};
use engine::{ApiKey, Brief, Dialect, Hosted, HostedServer, ToolSpec};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

const URL: &str = "https://tools.example.com/s/a-secret-in-the-path/mcp";
const TOKEN: &str = "a-token-of-the-owner";

fn server() -> Arc<HostedServer> {
    Arc::new(HostedServer {
        label: "todo".into(),
        url: ApiKey::new(URL),
        token: Some(ApiKey::new(TOKEN)),
        headers: vec![("X-Tenant".into(), ApiKey::new("acme"))],
    })
}

fn spec(name: &str, hosted: Option<(&str, bool)>) -> ToolSpec {
    let hosted = hosted.map(|(tool, asks)| Hosted { server: server(), tool: tool.to_owned(), asks });
    ToolSpec {
        name: name.into(),
        description: "It does.".into(),
        parameters: json!({"type": "object"}).into(),
        hosted,
    }
}

fn tools() -> Vec<ToolSpec> {
    vec![
        spec("lookup_order", None),
        spec("todo_list_tasks", Some(("list tasks", false))),
        spec("todo_delete_task", Some(("delete-task", true))),
    ]
}

fn hosting() -> Session {
    let mut session = Session::ready_as(config(), Brief { tools: tools(), ..brief() });
    // What was read lists what there is.
    for event in listed("completed") {
        session.read(&event);
    }
    session.read(&created("resp_1"));
    session.events();
    session.sent();
    session
}

fn listed(how: &str) -> Vec<Value> {
    let item = json!({"id": "mcpl_1", "type": "mcp_list_tools", "server_label": "todo", "tools": []});
    vec![
        json!({"type": "conversation.item.added", "item": item}),
        json!({"type": "mcp_list_tools.in_progress", "item_id": "mcpl_1"}),
        json!({"type": format!("mcp_list_tools.{how}"), "item_id": "mcpl_1"}),
    ]
}

/// All tools of this `session.update` are functions.
fn uses_them_all_from_here(update: &Value) {
    let tools = update["session"]["tools"].as_array().expect("tools");
    assert!(tools.iter().all(|tool| tool["type"] == "function"), "{update}");
}

fn question() -> Value {
    json!({"type": "conversation.item.done", "item": {"id": "mcpr_1", "type": "mcp_approval_request",
        "server_label": "todo", "name": "delete-task", "arguments": "{\"id\":\"7\"}"}})
}

fn used(kind: &str, tool: &str, more: &Value) -> Value {
    let mut item = json!({"id": "mcp_1", "type": "mcp_call", "server_label": "todo", "name": tool,
        "arguments": "{\"id\":\"7\"}", "approval_request_id": null, "output": null, "error": null});
    for (name, value) in more.as_object().into_iter().flatten() {
        item[name] = value.clone();
    }
    json!({"type": format!("response.output_item.{kind}"), "response_id": "resp_1", "output_index": 0, "item": item})
}

fn about(kind: &str) -> Value {
    json!({"type": format!("response.mcp_call.{kind}"), "item_id": "mcp_1", "output_index": 0})
}

fn call(id: &str, name: &str) -> ToolCall {
    ToolCall { id: call_id(id), name: name.into(), arguments: "{\"id\":\"7\"}".into() }
}

#[test]
fn a_server_is_handed_over_with_the_names_that_may_be_used_and_those_that_are_asked_about() {
    let mut session = Session::greeted(config(), Brief { tools: tools(), ..brief() });
    let sent = session.sent();
    let all = &sent[0]["session"]["tools"];
    assert_eq!((all.as_array().map(Vec::len), &all[0]["name"]), (Some(2), &json!("lookup_order")));
    let expected = json!({
        "type": "mcp", "server_label": "todo", "server_url": URL, "authorization": TOKEN,
        "headers": {"X-Tenant": "acme"}, "allowed_tools": ["list tasks", "delete-task"],
        "require_approval": {"never": {"tool_names": ["list tasks"]}, "always": {"tool_names": ["delete-task"]}},
    });
    assert_eq!(all[1], expected);
    for (asks, approval) in [(true, "always"), (false, "never")] {
        let tools = vec![spec("todo_a", Some(("a", asks)))];
        let mut session = Session::greeted(config(), Brief { tools, ..brief() });
        assert_eq!(session.sent()[0]["session"]["tools"][0]["require_approval"], approval);
    }
    assert!(!format!("{session:?}", session = session.dialect).contains(TOKEN), "it is never printed");
}

#[test]
fn a_question_of_the_service_is_the_calls_to_answer() {
    let mut session = hosting();
    session.read(&question());
    session.read(&question());
    assert_eq!(session.events(), [EngineEvent::MayUse(call("mcpr_1", "todo_delete_task"))]);
    session.tell(EngineCommand::Answer(call_id("mcpr_1"), Answer::said("It may be used.")));
    let sent = session.sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0]["item"]["approval_request_id"], "mcpr_1");
    assert_eq!(sent[0]["item"]["approve"], true);
    // Its response ends before the tool does; what came of it is spoken of in another.
    session.read(&used("added", "delete-task", &json!({"approval_request_id": "mcpr_1"})));
    session.read(&about("in_progress"));
    session.read(&done("resp_1", "completed"));
    assert!(session.sent().is_empty(), "there is nothing to speak of yet");
    let events = session.events();
    assert!(events.contains(&EngineEvent::Uses(call("mcpr_1", "todo_delete_task"))), "{events:?}");
    assert!(is_done(&events));
    session.read(&about("completed"));
    session.read(&used(
        "done",
        "delete-task",
        &json!({"output": "Deleted.", "approval_request_id": "mcpr_1"}),
    ));
    session.read(&used(
        "done",
        "delete-task",
        &json!({"output": "Deleted.", "approval_request_id": "mcpr_1"}),
    ));
    assert_eq!(session.events(), [EngineEvent::Used(call_id("mcpr_1"), Answer::said("Deleted."))]);
    assert_eq!(session.sent_types(), ["response.create"]);
}

#[test]
fn what_is_not_allowed_is_refused_with_the_reason_and_spoken_of() {
    let mut session = hosting();
    session.read(&question());
    session.read(&done("resp_1", "completed"));
    session.events();
    session.tell(EngineCommand::Answer(call_id("mcpr_1"), Answer::failed("First read this back.")));
    let sent = session.sent();
    assert_eq!(
        (&sent[0]["item"]["approve"], &sent[0]["item"]["reason"]),
        (&json!(false), &json!("First read this back."))
    );
    assert_eq!(sent[1]["item"]["role"], "system");
    assert_eq!(sent[2]["type"], "response.create");
    assert_eq!(sent.len(), 3, "{sent:?}");
}

#[test]
fn what_the_service_speaks_of_by_itself_is_not_asked_for_again() {
    let mut session = hosting();
    session.read(&used("added", "list tasks", &Value::Null));
    session.read(&about("in_progress"));
    session.read(&about("completed"));
    session.read(&used("done", "list tasks", &json!({"output": "Buy milk."})));
    session.read(&item_added("resp_1", "item_9"));
    session.read(&voice("resp_1", "item_9", &[0x55; 800]));
    session.read(&item_done("resp_1", "item_9", "You have to buy milk."));
    session.read(&done("resp_1", "completed"));
    assert!(session.sent().is_empty());
    let events = session.events();
    assert_eq!(events[0], EngineEvent::Uses(call("mcp_1", "todo_list_tasks")));
    assert_eq!(events[1], EngineEvent::Used(call_id("mcp_1"), Answer::said("Buy milk.")));
    assert!(is_done(&events));
}

#[test]
fn what_fails_is_told_as_it_is_said_without_what_the_service_was_entrusted_with() {
    let leak = format!("GET {URL} with {TOKEN}\u{7}: 401");
    for (wrong, told) in [
        (json!({"type": "tool_execution_error", "message": "No such task"}), "No such task"),
        (
            json!({"type": "http_error", "code": 401, "message": leak}),
            "GET •••• with ••••: 401 (http_error 401)",
        ),
        (
            json!({"type": "protocol_error", "code": -32_601, "message": ""}),
            "It says that this did not work, and not why. (protocol_error -32601)",
        ),
    ] {
        let mut session = hosting();
        session.read(&used("added", "list tasks", &Value::Null));
        session.read(&about("failed"));
        session.read(&used("done", "list tasks", &json!({"error": wrong})));
        let events = session.events();
        assert_eq!(events.last(), Some(&EngineEvent::Used(call_id("mcp_1"), Answer::failed(told))));
    }
}

#[test]
fn an_outcome_that_nobody_tells_is_waited_for_in_vain_once() {
    for (end, ok) in [("completed", true), ("failed", false)] {
        let mut session = hosting();
        session.read(&used("added", "list tasks", &Value::Null));
        session.read(&about("in_progress"));
        session.read(&about(end));
        session.read(&done("resp_1", "completed"));
        session.events();
        session.wait(Duration::from_secs(3));
        let events = session.events();
        assert!(matches!(&events[..], [EngineEvent::Used(_, answer)] if answer.ok == ok), "{events:?}");
        assert_eq!(session.sent_types(), ["response.create"]);
    }
}

#[test]
fn a_list_that_cannot_be_read_is_no_end_its_tools_are_used_from_here() {
    let mut session = Session::ready_as(config(), Brief { tools: tools(), ..brief() });
    for event in listed("failed") {
        session.read(&event);
    }
    let events = session.events();
    assert_eq!(troubles(&events), 1, "{events:?}");
    let sent = session.sent();
    let names: Vec<_> = sent[0]["session"]["tools"]
        .as_array()
        .expect("tools")
        .iter()
        .map(|tool| tool["name"].clone())
        .collect();
    assert_eq!(names, ["lookup_order", "todo_list_tasks", "todo_delete_task"]);
    session.read(&listed("failed")[2]);
    assert!(session.sent().is_empty() && session.events().is_empty(), "it is told once");
    // Whatever is offered later, that server's are used from here.
    session.dialect.offer(&tools(), &mut session.out);
    uses_them_all_from_here(&session.sent()[0]);
}

#[test]
fn a_list_that_fails_before_the_session_is_ready_is_made_up_for_then() {
    let mut session = Session::greeted(config(), Brief { tools: tools(), ..brief() });
    let asked = session.sent().remove(0);
    for event in listed("failed") {
        session.read(&event);
    }
    session.read(&json!({"type": "session.updated", "session": asked["session"]}));
    let sent = session.sent();
    uses_them_all_from_here(&sent[0]);
}

#[test]
fn a_service_that_will_not_have_the_server_gets_the_session_without() {
    let refusal = |id: &str| {
        let mut refusal = error("invalid_request_error", "invalid_value", Some(id));
        refusal["error"]["param"] = "session.tools[1].server_url".into();
        refusal["error"]["message"] = format!("Invalid URL {URL}.").into();
        refusal
    };
    let mut session = Session::greeted(config(), Brief { tools: tools(), ..brief() });
    session.sent();
    session.read(&refusal("session"));
    let sent = session.sent();
    assert_eq!(sent[0]["session"]["audio"]["input"]["format"]["type"], "audio/pcmu", "all of it once more");
    uses_them_all_from_here(&sent[0]);
    let events = session.events();
    assert!(matches!(&events[..], [EngineEvent::Trouble(why)] if !why.contains("secret")), "{events:?}");
    session.read(&refusal("session"));
    assert!(matches!(&session.events()[..], [EngineEvent::Failed(_)]), "there is nothing left to do without");

    let mut session = Session::ready();
    session.dialect.offer(&tools(), &mut session.out);
    assert_eq!(session.sent()[0]["session"]["tools"][1]["type"], "mcp", "as after a PIN");
    session.read(&refusal("tools"));
    uses_them_all_from_here(&session.sent()[0]);
}

#[test]
fn questions_beyond_all_bounds_are_refused_at_once() {
    let mut session = hosting();
    let mut long = question();
    long["item"]["arguments"] = "x".repeat(64 * 1024 + 1).into();
    session.read(&long);
    let sent = session.sent();
    assert_eq!(sent[0]["item"]["approve"], false);
    assert!(!session.events().iter().any(|event| matches!(event, EngineEvent::MayUse(_))));
    for number in 0..200 {
        let mut more = question();
        more["item"]["id"] = format!("mcpr_more_{number}").into();
        session.read(&more);
    }
    let asked = session.events().iter().filter(|event| matches!(event, EngineEvent::MayUse(_))).count();
    assert!(asked <= 64, "{asked}");
    for odd in ["\"\"", "null", "7", "{}"] {
        session.read_text(&format!("{{\"type\":\"response.mcp_call.completed\",\"item_id\":{odd}}}"));
        session.read_text(&format!(
            "{{\"type\":\"conversation.item.done\",\"item\":{{\"type\":\"mcp_call\",\"id\":{odd}}}}}"
        ));
    }
}
