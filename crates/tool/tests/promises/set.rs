//! The set of tools: what is offered to whom, and what becomes of nonsense.

use crate::office::{Office, anna, data, errand, nobody, owner, refused};
use call::{Answer, Effect, ToolCall, ToolCallId};
use serde_json::{Value, json};
use std::sync::Arc;
use tool::{Class, Errand, Ruling, Running, Shelf, Spec, Tool, Toolbox, Tools, Trust};

#[tokio::test]
async fn the_tools_have_the_names_and_arguments_that_were_promised() {
    let office = Office::open().await;
    let offered: Vec<(String, Vec<String>)> = office
        .tools
        .specs_for(Trust::Stranger)
        .into_iter()
        .map(|spec| {
            let properties = spec.parameters["properties"].as_object().cloned().unwrap_or_default();
            (spec.name, properties.into_iter().map(|(name, _)| name).collect())
        })
        .collect();
    let offered: Vec<(&str, Vec<&str>)> = offered
        .iter()
        .map(|(name, arguments)| (name.as_str(), arguments.iter().map(String::as_str).collect()))
        .collect();
    let expected: Vec<(&str, Vec<&str>)> = vec![
        ("hang_up", vec![]),
        ("transfer", vec!["reason", "to"]),
        ("check_calendar_availability", vec!["datetime_end", "datetime_start", "original_datetime"]),
        ("find_free_slots", vec!["datetime_end", "datetime_start"]),
        ("list_appointments", vec!["datetime_end", "datetime_start"]),
        (
            "create_calendar_event",
            vec!["attendees", "confirmation", "datetime_end", "datetime_start", "description", "summary"],
        ),
        (
            "reschedule_appointment",
            vec!["new_datetime_end", "new_datetime_start", "original_datetime", "reason"],
        ),
        ("cancel_appointment", vec!["datetime_start", "reason"]),
        ("take_message", vec!["message", "urgent"]),
    ];
    let sorted = |mut list: Vec<&'static str>| {
        list.sort_unstable();
        list
    };
    let expected: Vec<_> = expected.into_iter().map(|(name, list)| (name, sorted(list))).collect();
    let offered: Vec<_> = offered
        .into_iter()
        .map(|(name, mut list)| {
            list.sort_unstable();
            (name, list)
        })
        .collect();
    assert_eq!(offered, expected);
}

#[tokio::test]
async fn every_schema_is_an_object_that_says_what_its_arguments_are() {
    let office = Office::open().await;
    for spec in office.tools.specs_for(Trust::Owner) {
        assert!(!spec.description.is_empty(), "{}", spec.name);
        assert_eq!(spec.parameters["type"], "object", "{}", spec.name);
        for (name, property) in spec.parameters["properties"].as_object().expect("properties") {
            assert!(
                property["type"].is_string() && property["description"].is_string(),
                "{}.{name}",
                spec.name
            );
        }
    }
}

#[tokio::test]
async fn nonsense_is_answered_with_a_sentence_and_changes_nothing() {
    let office = Office::open().await;
    let long = format!("{{\"summary\": \"{}\"}}", "x".repeat(64 * 1024));
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let many =
        json!({"summary": "x", "datetime_start": "2026-11-24T10:00", "attendees": vec!["x"; 21]}).to_string();
    let wordy = json!({"summary": "x".repeat(201), "datetime_start": "2026-11-24T10:00"}).to_string();
    for (tool, arguments, word) in [
        ("no_such_tool", "{}", "no such tool"),
        ("", "{}", "no such tool"),
        ("create_calendar_event", "", "missing for that: summary"),
        ("create_calendar_event", "{}", "missing for that: summary"),
        ("create_calendar_event", "{", "JSON object"),
        ("create_calendar_event", "[]", "JSON object"),
        ("create_calendar_event", "\"2026-11-24T10:00\"", "JSON object"),
        ("create_calendar_event", &deep, "JSON object"),
        ("create_calendar_event", &long, "too much"),
        ("create_calendar_event", &many, "too much for the attendees: I can take twenty at most"),
        ("create_calendar_event", &wordy, "too many words for the summary"),
        (
            "create_calendar_event",
            r#"{"summary":"x","datetime_start":5}"#,
            "I need a string for the datetime start",
        ),
        (
            "create_calendar_event",
            r#"{"summary":"x","datetime_start":""}"#,
            "missing for that: datetime start",
        ),
        (
            "create_calendar_event",
            r#"{"summary":"x","datetime_start":null}"#,
            "missing for that: datetime start",
        ),
        (
            "create_calendar_event",
            r#"{"summary":"x","datetime_start":"   "}"#,
            "missing for that: datetime start",
        ),
        ("cancel_appointment", r#"{"datetime_start":{"at":1}}"#, "I need a string for the datetime start"),
        ("take_message", r#"{"message":""}"#, "nothing for the message"),
        ("take_message", r#"{"message":"x","urgent":"very"}"#, "I need a boolean for the urgent"),
        ("transfer", r#"{"to":"+900123456"}"#, "for the to must be one of"),
        ("hang_up", "{}", "decided in the call"),
    ] {
        refused(&office.run_text(&owner(), tool, arguments).await, &[word]);
    }
    assert_eq!(office.booked().await, []);
}

#[tokio::test]
async fn arguments_that_nobody_asked_for_do_no_harm() {
    let office = Office::open().await;
    let wish = json!({"summary": "x", "datetime_start": "2026-11-24T10:00", "calendar": "other", "__proto__": {"a": 1}});
    assert!(office.run(&anna(), "create_calendar_event", wish).await.ok);
}

#[tokio::test]
async fn only_a_named_destination_can_be_dialled() {
    let office = Office::open().await;
    assert_eq!(office.tools.destination("reception"), Some("+4930999"));
    assert_eq!(office.tools.destination("+900123456"), None);
    let specs = office.tools.specs_for(Trust::Owner);
    assert!(!format!("{specs:?}").contains("+4930999"), "an engine learns the number");
    let none = Tools::new(Vec::new());
    assert!(none.specs_for(Trust::Owner).iter().all(|spec| spec.name != "transfer"));
}

struct Bomb;

impl Tool for Bomb {
    fn spec(&self) -> Spec {
        Spec {
            name: "bomb".into(),
            description: "Panics.".into(),
            parameters: json!({"type": "object"}).into(),
        }
    }

    fn trust(&self) -> Trust {
        Trust::Known
    }

    fn class(&self) -> Class {
        Class::Reads
    }

    fn run<'a>(&'a self, arguments: Value, _: &'a Errand) -> Running<'a> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            assert!(arguments["quiet"] == true, "boom");
            Answer::said("Quiet.")
        })
    }
}

fn wanted(arguments: &str) -> ToolCall {
    ToolCall { id: ToolCallId("t1".into()), name: "bomb".into(), arguments: arguments.into() }
}

#[tokio::test]
async fn a_tool_that_panics_is_an_answer_and_can_be_used_again() {
    let tools = Tools::new(Vec::new()).with(Box::new(Bomb));
    refused(&tools.run(&wanted("{}"), &owner()).await, &["Something went wrong", "not done"]);
    assert_eq!(tools.run(&wanted("{\"quiet\":true}"), &owner()).await, Answer::said("Quiet."));
}

#[tokio::test]
async fn a_tool_is_neither_offered_to_nor_run_for_those_it_is_not_for() {
    let tools = Tools::new(Vec::new()).with(Box::new(Bomb));
    for (trust, allowed) in [(Trust::Stranger, false), (Trust::Known, true), (Trust::Owner, true)] {
        assert_eq!(tools.specs_for(trust).iter().any(|spec| spec.name == "bomb"), allowed);
        let answer = tools.run(&wanted("{\"quiet\":true}"), &errand(trust, "", "")).await;
        assert_eq!(answer.ok, allowed, "{answer:?}");
    }
}

/// A tool of a server's.
struct Far(&'static str, Trust);

impl Tool for Far {
    fn spec(&self) -> Spec {
        Spec {
            name: self.0.into(),
            description: "Far away.".into(),
            parameters: json!({"type": "object"}).into(),
        }
    }

    fn trust(&self) -> Trust {
        self.1
    }

    fn class(&self) -> Class {
        Class::Writes
    }

    fn run<'a>(&'a self, _: Value, _: &'a Errand) -> Running<'a> {
        Box::pin(async { Answer::said("Done.") })
    }
}

fn shelf(tools: &[(&'static str, Trust)]) -> Shelf {
    let far = |(name, trust): &(&'static str, Trust)| -> Arc<dyn Tool> { Arc::new(Far(name, *trust)) };
    let (shelf, unfit) = Shelf::of(tools.iter().map(far));
    assert_eq!(unfit, []);
    shelf
}

fn names(tools: &Tools, trust: Trust) -> Vec<String> {
    tools.specs_for(trust).into_iter().map(|spec| spec.name).collect()
}

#[tokio::test]
async fn a_call_keeps_the_tools_it_began_with() {
    let toolbox = Toolbox::new(Tools::new(Vec::new()));
    toolbox.put("tasks", shelf(&[("add_task", Trust::Owner)]));
    let begun = toolbox.get();
    toolbox.put("tasks", shelf(&[("list_tasks", Trust::Owner)]));
    assert_eq!(names(&begun, Trust::Owner), ["hang_up", "add_task"]);
    let call = ToolCall { name: "add_task".into(), ..wanted("{}") };
    assert!(begun.run(&call, &owner()).await.ok);
    assert_eq!(names(&toolbox.get(), Trust::Owner), ["hang_up", "list_tasks"]);
    toolbox.remove("tasks");
    assert_eq!(names(&toolbox.get(), Trust::Owner), ["hang_up"]);
}

#[test]
fn a_shelf_is_never_offered_to_strangers_whatever_it_or_the_owner_says() {
    let toolbox = Toolbox::new(Tools::new(Vec::new()));
    toolbox.put("a", shelf(&[("easy", Trust::Stranger), ("mine", Trust::Owner)]));
    assert_eq!(names(&toolbox.get(), Trust::Stranger), ["hang_up"]);
    assert_eq!(names(&toolbox.get(), Trust::Known), ["hang_up", "easy"]);
    let to_all = Ruling { trust: Some(Trust::Stranger), ..Ruling::default() };
    toolbox.rule([("mine".to_owned(), to_all)].into());
    assert_eq!(names(&toolbox.get(), Trust::Stranger), ["hang_up"]);
    assert_eq!(names(&toolbox.get(), Trust::Known), ["hang_up", "easy", "mine"]);
    let off = Ruling { off: true, ..Ruling::default() };
    toolbox.rule([("mine".to_owned(), off), ("hang_up".to_owned(), off)].into());
    assert_eq!(names(&toolbox.get(), Trust::Owner), ["hang_up", "easy"]);
}

#[test]
fn no_shelf_takes_the_place_of_a_tool_that_is_there() {
    let toolbox = Toolbox::new(Tools::new(Vec::new()).with(Box::new(Bomb)));
    toolbox.put("b", shelf(&[("hang_up", Trust::Known), ("bomb", Trust::Known), ("x", Trust::Known)]));
    toolbox.put("a", shelf(&[("x", Trust::Owner)]));
    let specs = toolbox.get().specs_for(Trust::Owner);
    let descriptions: Vec<_> = specs.iter().map(|spec| (spec.name.as_str(), &*spec.description)).collect();
    assert_eq!(descriptions[1..], [("bomb", "Panics."), ("x", "Far away.")]);
    assert_eq!(names(&toolbox.get(), Trust::Known), ["hang_up", "bomb"]);
}

#[test]
fn a_tool_without_a_schema_or_a_name_of_its_own_is_left_out_and_said() {
    struct Shapeless;
    impl Tool for Shapeless {
        fn spec(&self) -> Spec {
            Spec {
                name: "odd".into(),
                description: "".into(),
                parameters: json!({"type": "no such type"}).into(),
            }
        }
        fn trust(&self) -> Trust {
            Trust::Owner
        }
        fn class(&self) -> Class {
            Class::Reads
        }
        fn run<'a>(&'a self, _: Value, _: &'a Errand) -> Running<'a> {
            Box::pin(async { Answer::said("") })
        }
    }
    let tools: [Arc<dyn Tool>; 3] =
        [Arc::new(Shapeless), Arc::new(Far("x", Trust::Known)), Arc::new(Far("x", Trust::Known))];
    let (shelf, unfit) = Shelf::of(tools);
    assert_eq!(shelf.len(), 1);
    assert_eq!(unfit.iter().map(|unfit| unfit.name.as_str()).collect::<Vec<_>>(), ["odd", "x"]);
}

#[tokio::test]
async fn a_message_is_written_down_once_with_who_left_it() {
    let office = Office::open().await;
    let message = json!({"message": " Call me back, it's Anna.\u{0} ", "urgent": true});
    let answer = office.run(&anna(), "take_message", message.clone()).await;
    assert_eq!(
        (answer.ok, answer.say.as_str(), &answer.effect),
        (true, "I have written that down.", &Effect::None)
    );
    assert_eq!(data(&office.run(&anna(), "take_message", message).await), data(&answer));
    office.run(&nobody(), "take_message", json!({"message": "Hello"})).await;
    let mut left = office.store.messages(10).await.expect("listed");
    left.sort_by(|a, b| a.body.cmp(&b.body));
    let left: Vec<_> = left.iter().map(|row| (row.body.as_str(), row.caller.as_str(), row.urgent)).collect();
    assert_eq!(left, [("Call me back, it's Anna.", "+4930111111", true), ("Hello", "", false)]);
    refused(&office.run(&anna(), "take_message", json!({"message": "  "})).await, &["empty"]);
}

#[tokio::test]
async fn a_database_that_is_gone_is_said_and_nothing_is_claimed() {
    let office = Office::open().await;
    office.store.close().await;
    for (tool, arguments) in [
        ("check_calendar_availability", json!({"datetime_start": "2026-11-24T10:00"})),
        ("find_free_slots", json!({})),
        ("list_appointments", json!({})),
        ("create_calendar_event", json!({"summary": "x", "datetime_start": "2026-11-24T10:00"})),
        ("cancel_appointment", json!({"datetime_start": "2026-11-24T10:00"})),
        (
            "reschedule_appointment",
            json!({"original_datetime": "2026-11-24T10:00", "new_datetime_start": "2026-11-24T11:00"}),
        ),
    ] {
        refused(
            &office.run(&owner(), tool, arguments).await,
            &["cannot use the calendar", "nothing was changed"],
        );
    }
    refused(
        &office.run(&owner(), "take_message", json!({"message": "x"})).await,
        &["could not write that down"],
    );
}

#[test]
fn trust_is_ordered_and_named() {
    assert!(Trust::Stranger < Trust::Known && Trust::Known < Trust::Owner);
    for trust in [Trust::Stranger, Trust::Known, Trust::Owner] {
        assert_eq!(Trust::named(trust.name()), Some(trust));
    }
    assert_eq!(Trust::named("Owner"), None);
}

#[test]
fn a_caller_is_told_by_a_number_and_by_nothing_else() {
    let number = |caller: &str| errand(Trust::Stranger, caller, "c").number().is_some();
    assert!(number("+4930111111") && number("+15551234567"));
    for caller in
        ["", "+", "anonymous", "client:anna", "+49x0111111", "4930111111", "+1234567890123456", "+7378742833"]
    {
        assert!(!number(caller), "{caller}");
    }
}
