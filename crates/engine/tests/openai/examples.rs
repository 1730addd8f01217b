//! Every example of what the service sends is read, and gives what the checked-in table says.
//!
//! `expected_events.json`: for each example what is read before it (`given`: other examples by name, or messages) and
//! what it `gives` to the call and `sends` to the service. Types in `gives_nothing`, and the single examples in
//! `gives_nothing_because`, are the only ones that may do neither.

use crate::rig::{Session, brief, config, fixture};
use call::EngineEvent;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// An event in as few words as tell it from others.
fn told(event: &EngineEvent) -> String {
    match event {
        EngineEvent::Ready => "Ready".into(),
        EngineEvent::CallerSpeaks => "CallerSpeaks".into(),
        EngineEvent::CallerPauses => "CallerPauses".into(),
        EngineEvent::Voice(item, chunk) => format!("Voice {} {} ms", item.0, chunk.duration().as_millis()),
        EngineEvent::CallerSpoke(turn, language) => format!("CallerSpoke {} {}", turn.0, language.code()),
        EngineEvent::CallerSaid(turn, said) => {
            format!("CallerSaid {}{} {}", turn.0, if said.partial { " so far" } else { "" }, said.text)
        }
        EngineEvent::AssistantSaid(item, said) => {
            format!("AssistantSaid {}{} {}", item.0, if said.partial { " so far" } else { "" }, said.text)
        }
        EngineEvent::Wants(call) => format!("Wants {} {} {}", call.id.0, call.name, call.arguments),
        EngineEvent::Withdraws(id) => format!("Withdraws {}", id.0),
        EngineEvent::MayUse(call) => format!("MayUse {} {} {}", call.id.0, call.name, call.arguments),
        EngineEvent::Uses(call) => format!("Uses {} {} {}", call.id.0, call.name, call.arguments),
        EngineEvent::Used(id, answer) => format!("Used {} {} {}", id.0, answer.ok, answer.say),
        EngineEvent::Took(_) => "Took".into(),
        EngineEvent::Done(usage) => format!(
            "Done in {}+{} out {}+{} cached {}",
            usage.audio_tokens_in,
            usage.text_tokens_in,
            usage.audio_tokens_out,
            usage.text_tokens_out,
            usage.cached_tokens
        ),
        EngineEvent::Charged(usage) => format!("Charged {usage:?}"),
        EngineEvent::Trouble(why) => format!("Trouble {why}"),
        EngineEvent::Failed(failure) => {
            format!("Failed{} {}", if failure.lasting { " lastingly" } else { "" }, failure.why)
        }
    }
}

/// An example by its name: a type, or a type and a variant.
fn example<'a>(examples: &'a Value, name: &str) -> &'a Value {
    let section = if name.contains('/') { "server_variants" } else { "server" };
    let example = &examples[section][name];
    assert!(example.is_object(), "no example {name}");
    example
}

fn play(examples: &Value, row: &Value, name: &str) -> (Vec<String>, Vec<String>) {
    let mut session =
        if row["fresh"] == true { Session::greeted(config(), brief()) } else { Session::ready() };
    session.sent();
    for given in row["given"].as_array().into_iter().flatten() {
        match given.as_str() {
            Some("Respond") => session.tell(call::EngineCommand::Respond),
            Some(name) => session.read(example(examples, name)),
            None => session.read(given),
        }
    }
    session.events();
    session.sent();
    session.read(example(examples, name));
    (session.events().iter().map(told).collect(), session.sent_types())
}

#[test]
fn every_example_gives_what_the_table_says() {
    let (examples, table) = (fixture("examples"), fixture("expected_events"));
    let rows = table["examples"].as_object().expect("rows");
    let names: BTreeSet<&String> = ["server", "server_variants"]
        .iter()
        .flat_map(|section| examples[section].as_object().expect("examples").keys())
        .collect();
    assert_eq!(
        rows.keys().collect::<BTreeSet<_>>(),
        names,
        "every example is in the table, and nothing else"
    );
    let mut wrong = Vec::new();
    for (name, row) in rows {
        let (gives, sends) = play(&examples, row, name);
        if json!(gives) != row["gives"] || json!(sends) != row["sends"] {
            wrong.push(format!("{name}: gives {} sends {}", json!(gives), json!(sends)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_listed_types_give_nothing() {
    let table = fixture("expected_events");
    let nothing: BTreeSet<&str> =
        table["gives_nothing"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let because = table["gives_nothing_because"].as_object().expect("cases");
    for (name, row) in table["examples"].as_object().expect("rows") {
        let kind = name.split('/').next().expect("a type");
        let listed = nothing.contains(kind) || because.contains_key(name);
        let gives = row["gives"] != json!([]) || row["sends"] != json!([]);
        assert_eq!(gives, !listed, "{name}");
    }
}
