//! What the service takes: the models of its own package, closed.
//!
//! Source: the models of the package `deepgram-sdk` (`fixtures/deepgram`). The package leaves them open to values and
//! fields that are yet to come; here they are closed, so that a field of the wrong name or in the wrong place is found.

use jsonschema::Validator;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::LazyLock};

static SCHEMAS: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../../../fixtures/deepgram/agent_schemas.json");
    let mut schemas: Value = serde_json::from_str(text).expect("the fixture is JSON");
    close(&mut schemas["$defs"]);
    schemas
});

static CLIENT: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| validators("client_messages"));
static SERVER: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| validators("server_messages"));

/// Why a message of a client is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No JSON object with a type that the service knows.
    Unparsable(String),
    /// Known, and not as it has to be.
    Invalid(String),
}

/// Judges a message of a client.
pub fn judge_client(message: &Value) -> Result<(), Refusal> {
    let Some(kind) = message["type"].as_str() else {
        return Err(Refusal::Unparsable("A message has no type.".into()));
    };
    let Some(validator) = CLIENT.get(kind) else {
        return Err(Refusal::Unparsable(format!("There is no message {kind}.")));
    };
    let wrong = validator.validate(message).err();
    wrong.map_or(Ok(()), |why| Err(Refusal::Invalid(format!("{why} at {}", why.instance_path()))))
}

/// Judges a message of the service: what a test holds this stand-in to.
pub fn judge_server(message: &Value) -> Result<(), String> {
    let kind = message["type"].as_str().ok_or("a message without a type")?;
    let validator = SERVER.get(kind).ok_or_else(|| format!("the service has no message {kind}"))?;
    validator.validate(message).map_err(|why| format!("{kind}: {why} at {}", why.instance_path()))
}

fn validators(side: &str) -> BTreeMap<String, Validator> {
    let messages = SCHEMAS["agent_v1"][side].as_object().expect("the fixture has both sides");
    messages
        .iter()
        .map(|(kind, schema)| {
            let whole = json!({"allOf": [schema], "$defs": SCHEMAS["$defs"]});
            (kind.clone(), jsonschema::draft202012::new(&whole).expect("the fixture has valid schemas"))
        })
        .collect()
}

/// Voices that the service's pages name and its package does not list, one for each language.
const UNLISTED: [&str; 5] =
    ["aura-2-viktoria-de", "aura-2-agathe-fr", "aura-2-livia-it", "aura-2-rhea-nl", "aura-2-izanami-ja"];

fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("properties").is_some_and(Value::is_object) {
                fields.insert("additionalProperties".into(), Value::Bool(false));
            }
            if let Some(Value::Array(branches)) = fields.get_mut("anyOf")
                && branches.iter().any(|branch| branch.get("enum").is_some())
            {
                branches.retain(|branch| *branch != json!({}));
                let voices = branches.iter_mut().filter_map(|branch| branch.get_mut("enum")?.as_array_mut());
                let spoken = |voices: &&mut Vec<Value>| voices.contains(&json!("aura-2-thalia-en"));
                voices.filter(spoken).for_each(|voices| voices.extend(UNLISTED.map(Value::from)));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(values) => values.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples() -> Value {
        serde_json::from_str(include_str!("../../../../fixtures/deepgram/agent_examples.json"))
            .expect("it is JSON")
    }

    #[test]
    fn every_example_passes() {
        let examples = examples();
        for section in ["client", "client_variants"] {
            for (name, message) in examples[section].as_object().expect("an object") {
                assert_eq!(judge_client(message), Ok(()), "{name}");
            }
        }
        for section in ["server", "server_variants"] {
            for (name, message) in examples[section].as_object().expect("an object") {
                assert_eq!(judge_server(message), Ok(()), "{name}");
            }
        }
    }

    #[test]
    fn what_stands_in_the_wrong_place_or_has_an_old_name_is_refused() {
        let wrong = |change: fn(&mut Value)| {
            let mut settings = examples()["client"]["Settings"].clone();
            change(&mut settings);
            judge_client(&settings).expect_err("it is wrong")
        };
        for change in [
            (|s| s["agent"]["listen"]["model"] = "nova-3".into()) as fn(&mut Value),
            |s| s["agent"]["speak"] = json!({"model": "aura-2-thalia-en"}),
            |s| s["audio"]["output"]["encoding"] = "ulaw".into(),
            |s| s["audio"]["input"]["sample_rate"] = 8000.5.into(),
            |s| s["agent"]["think"]["functions"][0]["client_side"] = true.into(),
            |s| s["temperature"] = 1.into(),
        ] {
            assert!(matches!(wrong(change), Refusal::Invalid(_)));
        }
        for old in ["SettingsConfiguration", "UpdateInstructions", "settings"] {
            assert!(matches!(judge_client(&json!({"type": old})), Err(Refusal::Unparsable(_))));
        }
    }
}
