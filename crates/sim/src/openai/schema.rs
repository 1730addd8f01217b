//! What the service takes: its own schemas, and in which words it refuses what does not fit them.
//!
//! Source: the models of the package `openai` with unknown properties forbidden (`fixtures/sim`), because the live
//! service refuses unknown parameters of client events.

use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::LazyLock};

/// Why a client event is refused, in the fields of an `error` event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: String,
    pub message: String,
    pub param: Option<String>,
}

impl Refusal {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), param: None }
    }
}

static SCHEMAS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../fixtures/sim/openai_realtime_events_strict.json"))
        .expect("the fixture is JSON")
});

static CLIENT: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| validators("client_events"));
static SERVER: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| validators("server_events"));

/// The audio of an append that has nothing but what it may have; a hundred calls bring five thousand a second.
pub(super) fn plain_append(event: &Value) -> Option<&str> {
    let fields: &Map<String, Value> = event.as_object()?;
    let known = fields.iter().all(|(name, value)| match name.as_str() {
        "type" | "audio" => value.is_string(),
        "event_id" => value.is_string() || value.is_null(),
        _ => false,
    });
    if known { event["audio"].as_str() } else { None }
}

/// Judges an event of a client.
pub fn judge_client(event: &Value) -> Result<(), Refusal> {
    let Some(kind) = event["type"].as_str() else {
        return Err(missing("type"));
    };
    let Some(validator) = CLIENT.get(kind) else {
        let message = format!("Invalid value: '{kind}'.");
        return Err(Refusal { param: Some("type".into()), ..Refusal::new("invalid_value", message) });
    };
    if validator.is_valid(event) {
        return Ok(());
    }
    let why = explain(&SCHEMAS["client_events"][kind], event, "");
    Err(why.unwrap_or_else(|| Refusal::new("invalid_value", format!("Invalid event '{kind}'."))))
}

/// Judges an event of the service: what a test holds this stand-in to.
pub fn judge_server(event: &Value) -> Result<(), String> {
    let kind = event["type"].as_str().ok_or("an event without a type")?;
    let validator = SERVER.get(kind).ok_or_else(|| format!("the service has no event {kind}"))?;
    validator.validate(event).map_err(|e| format!("{kind}: {e} at {}", e.instance_path()))
}

fn validators(side: &str) -> BTreeMap<String, Validator> {
    let events = SCHEMAS[side].as_object().expect("the fixture has both sides");
    events
        .iter()
        .map(|(kind, schema)| {
            let whole = json!({"allOf": [schema], "$defs": SCHEMAS["$defs"]});
            (kind.clone(), jsonschema::draft202012::new(&whole).expect("the fixture has valid schemas"))
        })
        .collect()
}

/// Finds the first fault and says it as the service does. Knows the keywords that the fixture uses.
fn explain(schema: &Value, value: &Value, path: &str) -> Option<Refusal> {
    if let Some(target) = schema["$ref"].as_str() {
        let name = target.strip_prefix("#/$defs/").expect("the fixture refers to its own definitions");
        return explain(&SCHEMAS["$defs"][name], value, path);
    }
    if let Some(branches) = schema["anyOf"].as_array() {
        let faults: Vec<_> = branches.iter().map(|branch| explain(branch, value, path)).collect();
        if faults.iter().any(Option::is_none) {
            return None;
        }
        let meant = branches.iter().position(|branch| is_meant(branch, value));
        return faults.into_iter().nth(meant.unwrap_or(0)).flatten();
    }
    let at = |code: &str, message: String| {
        Some(Refusal { param: Some(path.into()), ..Refusal::new(code, message) })
    };
    if let Some(kind) = schema["type"].as_str()
        && !is_a(value, kind)
    {
        return at("invalid_type", format!("Invalid type for '{path}': expected {kind}."));
    }
    let expected =
        schema.get("const").map(|only| vec![only.clone()]).or_else(|| schema["enum"].as_array().cloned());
    if expected.is_some_and(|expected| !expected.contains(value)) {
        return at("invalid_value", format!("Invalid value: {value}."));
    }
    if let Some(number) = value.as_f64() {
        let below = schema["minimum"].as_f64().is_some_and(|least| number < least);
        let above = schema["maximum"].as_f64().is_some_and(|most| number > most);
        if below || above {
            return at("invalid_value", format!("Invalid value: {value}."));
        }
    }
    if let Some(items) = value.as_array() {
        let fault = |(i, item)| explain(&schema["items"], item, &format!("{path}[{i}]"));
        return if schema["items"].is_null() { None } else { items.iter().enumerate().find_map(fault) };
    }
    let fields = value.as_object()?;
    let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(name) = required.into_iter().find(|name| !fields.contains_key(*name)) {
        return Some(missing(&inside(name)));
    }
    for (name, value) in fields {
        let path = inside(name);
        match schema["properties"].get(name) {
            Some(schema) => {
                if let Some(fault) = explain(schema, value, &path) {
                    return Some(fault);
                }
            }
            None if schema["additionalProperties"] == false => {
                let refusal = Refusal::new("unknown_parameter", format!("Unknown parameter: '{path}'."));
                return Some(Refusal { param: Some(path), ..refusal });
            }
            None => {}
        }
    }
    None
}

/// Whether this branch of a union is the one that the value was meant for: the same `type` and `role`, or the same
/// kind of value.
fn is_meant(branch: &Value, value: &Value) -> bool {
    let branch = match branch["$ref"].as_str().and_then(|target| target.strip_prefix("#/$defs/")) {
        Some(name) => &SCHEMAS["$defs"][name],
        None => branch,
    };
    let says = |name: &str| {
        let only = &branch["properties"][name]["const"];
        only.is_null() || value[name].is_null() || *only == value[name]
    };
    branch["type"].as_str().is_some_and(|kind| is_a(value, kind)) && says("type") && says("role")
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0),
        "null" => value.is_null(),
        _ => true,
    }
}

fn missing(param: &str) -> Refusal {
    let message = format!("Missing required parameter: '{param}'.");
    Refusal { param: Some(param.into()), ..Refusal::new("missing_required_parameter", message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples() -> Value {
        serde_json::from_str(include_str!("../../../../fixtures/sim/openai_realtime_examples.json"))
            .expect("it is JSON")
    }

    #[test]
    fn every_documented_client_event_is_taken() {
        let examples = examples();
        for set in ["client", "client_variants"] {
            for (name, event) in examples[set].as_object().expect("an object") {
                assert_eq!(judge_client(event), Ok(()), "{name}");
            }
        }
    }

    #[test]
    fn what_the_service_refuses_is_refused_in_its_words() {
        let refused = |session: Value| {
            judge_client(&json!({"type": "session.update", "session": session})).expect_err("it is wrong")
        };
        let temperature = refused(json!({"type": "realtime", "temperature": 0.8}));
        assert_eq!(temperature.code, "unknown_parameter");
        assert_eq!(temperature.message, "Unknown parameter: 'session.temperature'.");
        let untyped = refused(json!({"instructions": "x"}));
        assert_eq!(untyped.message, "Missing required parameter: 'session.type'.");
        assert_eq!(untyped.code, "missing_required_parameter");
        let rate = refused(
            json!({"type": "realtime", "audio": {"input": {"format": {"type": "audio/pcmu", "rate": 8000}}}}),
        );
        assert_eq!(rate.param.as_deref(), Some("session.audio.input.format.rate"));
        let examples = examples();
        let invalid = examples["client_invalid"].as_array().expect("a list");
        assert!(invalid.len() >= 16);
        for case in invalid {
            let why = judge_client(&case["event"]).expect_err("it is wrong");
            assert!(why.param.is_some(), "{case}: {why:?}");
        }
    }

    #[test]
    fn every_documented_server_event_passes() {
        for (name, event) in examples()["server"].as_object().expect("an object") {
            assert_eq!(judge_server(event), Ok(()), "{name}");
        }
    }
}
