//! Every example of what the service sends is read, and gives what the table says; every example of what a client
//! sends is one by the schema that we hold ourselves to.

use crate::rig::{Session, brief, config, fault, fixture, server_fault};
use call::EngineEvent;
use std::collections::{BTreeMap, BTreeSet};

/// An event in as few words as tell it from others.
fn told(event: &EngineEvent) -> String {
    match event {
        EngineEvent::Ready => "Ready".into(),
        EngineEvent::CallerSpeaks => "CallerSpeaks".into(),
        EngineEvent::CallerPauses => "CallerPauses".into(),
        EngineEvent::Voice(item, chunk) => format!("Voice {} {}", item.0, chunk.bytes.len()),
        EngineEvent::CallerSpoke(turn, language) => format!("CallerSpoke {} {}", turn.0, language.code()),
        EngineEvent::CallerSaid(turn, said) => format!("CallerSaid {} {}", turn.0, said.text),
        EngineEvent::AssistantSaid(item, said) => format!("AssistantSaid {} {}", item.0, said.text),
        EngineEvent::Wants(call) => format!("Wants {} {} {}", call.id.0, call.name, call.arguments),
        EngineEvent::Withdraws(id) => format!("Withdraws {}", id.0),
        EngineEvent::MayUse(_) | EngineEvent::Uses(_) | EngineEvent::Used(..) => "hosted".into(),
        EngineEvent::Took(_) => "Took".into(),
        EngineEvent::Done(_) => "Done".into(),
        EngineEvent::Charged(_) => "Charged".into(),
        EngineEvent::Trouble(_) => "Trouble".into(),
        EngineEvent::Failed(failure) => format!("Failed lasting {}", failure.lasting),
    }
}

/// What each example gives in a session that is ready and has said something (item 2) that sounds.
fn table() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut table: BTreeMap<_, Vec<_>> = [
        ("UserStartedSpeaking", vec!["AssistantSaid 2 Let me see.", "CallerSpeaks"]),
        (
            "ConversationText",
            vec![
                "CallerSpeaks",
                "AssistantSaid 2 Let me see.",
                "CallerSaid 1 Where is my order?",
                "CallerPauses",
            ],
        ),
        ("ConversationText/assistant", vec!["AssistantSaid 2 Let me see. Your order ships today."]),
        ("ConversationText/filler", vec!["AssistantSaid 2 Let me see. Let me check."]),
        ("FunctionCallRequest", vec!["Wants fc_1 lookup_order {\"order_number\":\"4411\"}"]),
        ("FunctionCallRequest/two_mixed", vec!["Wants fc_3 lookup_order {\"order_number\":\"9\"}"]),
        ("AgentAudioDone", vec!["AssistantSaid 2 Let me see.", "Done"]),
        ("Error", vec!["AssistantSaid 2 Let me see.", "Failed lasting false"]),
        ("Error/settings", vec!["AssistantSaid 2 Let me see.", "Failed lasting true"]),
        ("Warning", vec!["Trouble"]),
        ("Warning/slow_think", vec!["Trouble"]),
    ]
    .into();
    table.get_mut("UserStartedSpeaking").expect("it is there").reverse();
    let nothing = [
        "Welcome",
        "SettingsApplied",
        "AgentThinking",
        "AgentStartedSpeaking",
        "FunctionCallCancelled",
        "FunctionCallResponse",
        "LatencyReport",
        "History",
        "History/function_calls",
        "PromptUpdated",
        "SpeakUpdated",
        "ThinkUpdated",
        "ListenUpdated",
        "ThinkLiveUpdated",
        "FrustrationDetected",
        "InjectionRefused",
        "__customFromThinkProvider",
    ];
    table.extend(nothing.map(|name| (name, vec![])));
    table
}

#[test]
fn every_example_of_the_service_gives_what_the_table_says() {
    let (examples, table) = (fixture("examples"), table());
    let sections =
        ["server", "server_variants"].map(|section| examples[section].as_object().expect("examples"));
    let names: BTreeSet<&str> =
        sections.iter().flat_map(|section| section.keys()).map(String::as_str).collect();
    assert_eq!(names, table.keys().copied().collect(), "every example is in the table, and nothing else");
    for (name, example) in sections.into_iter().flatten() {
        assert_eq!(server_fault(example), None, "{name}");
        let mut session = Session::ready();
        session.read(&crate::rig::assistant("Let me see."));
        session.sound(100);
        session.events();
        session.read(example);
        let gives: Vec<String> = session.events().iter().map(told).collect();
        assert_eq!(gives, table[name.as_str()], "{name}");
        assert_eq!(session.sent_types(), Vec::<String>::new(), "{name}");
        assert_eq!(session.dialect.tally().unknown + session.dialect.tally().malformed, 0, "{name}");
    }
}

#[test]
fn no_example_before_the_session_is_ready_is_taken_for_a_conversation() {
    let examples = fixture("examples");
    for section in ["server", "server_variants"] {
        for (name, example) in examples[section].as_object().expect("examples") {
            let mut session = Session::configured(config(), brief());
            session.sent();
            session.read(example);
            let gives: Vec<String> = session.events().iter().map(told).collect();
            let expected: &[&str] = match name.split('/').next().expect("a type") {
                "SettingsApplied" => &["Ready"],
                "Error" if name.ends_with("settings") => &["Failed lasting true"],
                "Error" => &["Failed lasting false"],
                "Warning" => &["Trouble"],
                _ => &[],
            };
            assert_eq!(gives, expected, "{name}");
        }
    }
}

#[test]
fn every_example_of_a_client_fits_the_schema_that_we_hold_ourselves_to() {
    let examples = fixture("examples");
    for section in ["client", "client_variants"] {
        for (name, example) in examples[section].as_object().expect("examples") {
            assert_eq!(fault(example), None, "{name}");
        }
    }
    let mut wrong = examples["client"]["Settings"].clone();
    wrong["agent"]["listen"]["model"] = "nova-3".into();
    assert!(fault(&wrong).is_some(), "the old shape is refused");
    let mut wrong = examples["client"]["Settings"].clone();
    wrong["audio"]["input"]["encoding"] = "ulaw".into();
    assert!(fault(&wrong).is_some(), "an encoding of another name is refused");
}
