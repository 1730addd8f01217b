//! What Deepgram's live endpoints take and send, by the vendor's own schemas.
//!
//! Source: the models of the package `deepgram-sdk` 7.17 (`fixtures/sim`). They allow properties that nobody knows; here a client
//! may send none.

use jsonschema::Validator;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::LazyLock};

/// An endpoint, by its name in the fixture.
pub const ENDPOINTS: [&str; 2] = ["listen_v1", "listen_v2"];

static SCHEMAS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../fixtures/sim/deepgram_listen_speak_schemas.json"))
        .expect("the fixture is JSON")
});

static MESSAGES: LazyLock<BTreeMap<(String, bool, String), Validator>> = LazyLock::new(|| {
    let mut validators = BTreeMap::new();
    for endpoint in ENDPOINTS {
        for (side, from_client) in [("client_messages", true), ("server_messages", false)] {
            for (kind, schema) in SCHEMAS[endpoint][side].as_object().expect("the fixture has both sides") {
                let whole = json!({"allOf": [schema], "$defs": SCHEMAS["$defs"]});
                let validator = jsonschema::draft202012::new(&whole).expect("the fixture has valid schemas");
                validators.insert((endpoint.to_owned(), from_client, kind.clone()), validator);
            }
        }
    }
    validators
});

/// Judges a message of either side.
pub fn judge(endpoint: &str, from_client: bool, message: &Value) -> Result<(), String> {
    let kind = message["type"].as_str().ok_or("a message without a type")?;
    let key = (endpoint.to_owned(), from_client, kind.to_owned());
    let validator = MESSAGES.get(&key).ok_or_else(|| format!("{endpoint} has no message {kind}"))?;
    validator.validate(message).map_err(|why| format!("{kind}: {why} at {}", why.instance_path()))?;
    let name = SCHEMAS[endpoint]["client_messages"][kind]["$ref"]
        .as_str()
        .and_then(|at| at.strip_prefix("#/$defs/"));
    if let (true, Some(name)) = (from_client, name) {
        let known = SCHEMAS["$defs"][name]["properties"].as_object().expect("a message is an object");
        let sent = message.as_object().expect("it has a type");
        if let Some(unknown) = sent.keys().find(|field| !known.contains_key(*field)) {
            return Err(format!("{kind} has no field {unknown}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_message_passes() {
        let examples: Value = serde_json::from_str(include_str!(
            "../../../../fixtures/sim/deepgram_listen_speak_examples.json"
        ))
        .expect("it is JSON");
        let mut judged = 0;
        for endpoint in ENDPOINTS {
            for (set, from_client) in [("client", true), ("server", false), ("server_variants", false)] {
                for (name, message) in examples[endpoint][set].as_object().expect("an object") {
                    assert_eq!(judge(endpoint, from_client, message), Ok(()), "{endpoint} {name}");
                    judged += 1;
                }
            }
        }
        assert!(judged >= 28, "{judged}");
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for message in [json!({}), json!({"type": "Speak"}), json!({"type": "Finalize", "now": true})] {
            assert!(judge("listen_v1", true, &message).is_err(), "{message}");
        }
        assert!(judge("listen_v2", true, &json!({"type": "Finalize"})).is_err());
    }
}
