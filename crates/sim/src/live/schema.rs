//! What the service takes: its own schemas, and in which words it refuses what does not fit them.
//!
//! Source: the types of the package `openai` 3.52.0 (`fixtures/live`). They let unknown properties pass and read `null`
//! where a key may be missing; the service does neither, so both are refused here.

use jsonschema::Validator;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::LazyLock};

/// Why a client event is refused, in the fields of an `error` event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: &'static str,
    pub message: String,
    pub param: Option<String>,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), param: None }
    }

    fn at(code: &'static str, message: String, param: &str) -> Self {
        Self { code, message, param: Some(param.to_owned()) }
    }
}

/// How many tokens may be appended at once, instructions may have, and a history.
const APPENDED: usize = 500;
const INSTRUCTIONS: usize = 16_384;
const HISTORY: usize = 8_192;
const MESSAGES: usize = 128;

static SCHEMAS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../fixtures/live/schemas.json")).expect("the fixture is JSON")
});

static CLIENT: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| validators("client"));
static SERVER: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| validators("server"));

fn validators(side: &str) -> BTreeMap<String, Validator> {
    let events = SCHEMAS[side].as_object().expect("the fixture has both sides");
    let validator = |schema: &Value| {
        let whole = json!({"allOf": [schema], "$defs": SCHEMAS["$defs"]});
        jsonschema::draft202012::new(&whole).expect("the fixture has valid schemas")
    };
    events.iter().map(|(kind, schema)| (kind.clone(), validator(schema))).collect()
}

/// Judges an event of a client on a primary WebSocket.
pub fn judge_client(event: &Value) -> Result<(), Refusal> {
    let missing = |param: &str| {
        Refusal::at("missing_required_parameter", format!("Missing required parameter: '{param}'."), param)
    };
    let kind = event["type"].as_str().ok_or_else(|| missing("type"))?;
    let validator = CLIENT
        .get(kind)
        .ok_or_else(|| Refusal::at("invalid_value", format!("Invalid value: '{kind}'."), "type"))?;
    let required = SCHEMAS["required"][kind].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(name) = required.into_iter().find(|name| event.get(name).is_none()) {
        return Err(missing(name));
    }
    if let Err(why) = validator.validate(event) {
        let at = why.instance_path().to_string();
        return Err(Refusal::at("invalid_value", format!("Invalid value at '{at}': {why}."), &at));
    }
    if let Some(path) = stranger(&[&SCHEMAS["client"][kind]], event, "") {
        return Err(Refusal::at("unknown_parameter", format!("Unknown parameter: '{path}'."), &path));
    }
    bounds(kind, event)
}

/// Judges an event of the service: what a test holds this stand-in to.
pub fn judge_server(event: &Value) -> Result<(), String> {
    let kind = event["type"].as_str().ok_or("an event without a type")?;
    let validator = SERVER.get(kind).ok_or_else(|| format!("the service has no event {kind}"))?;
    validator.validate(event).map_err(|e| format!("{kind}: {e} at {}", e.instance_path()))
}

/// The path of the first property that none of these schemas lists, or of a `null` that the key's absence would say.
fn stranger(schemas: &[&'static Value], value: &Value, path: &str) -> Option<String> {
    let mut branches = Vec::new();
    for schema in schemas {
        flatten(schema, &mut branches);
    }
    if let Some(items) = value.as_array() {
        let of: Vec<&Value> =
            branches.iter().map(|schema| &schema["items"]).filter(|s| !s.is_null()).collect();
        let fault = |(n, item)| stranger(&of, item, &format!("{path}[{n}]"));
        return items.iter().enumerate().find_map(fault);
    }
    let fields = value.as_object()?;
    let meant: Vec<&Value> = branches
        .into_iter()
        .filter(|schema| {
            let only = &schema["properties"]["type"]["const"];
            only.is_null() || *only == value["type"]
        })
        .collect();
    // What no schema lists the fields of may have any.
    let listing: Vec<&Value> =
        meant.iter().map(|schema| &schema["properties"]).filter(|p| p.is_object()).collect();
    if listing.is_empty() {
        return None;
    }
    fields.iter().find_map(|(name, value)| {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let of: Vec<&Value> = listing.iter().filter_map(|properties| properties.get(name)).collect();
        let nothing = value.is_null() && name != "delegation_id";
        if of.is_empty() || nothing { Some(path) } else { stranger(&of, value, &path) }
    })
}

/// Every object that a schema allows, behind its references and choices.
fn flatten(schema: &'static Value, branches: &mut Vec<&'static Value>) {
    if let Some(target) = schema["$ref"].as_str() {
        let name = target.strip_prefix("#/$defs/").expect("the fixture refers to its own definitions");
        return flatten(&SCHEMAS["$defs"][name], branches);
    }
    match schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
        Some(choices) => choices.iter().for_each(|choice| flatten(choice, branches)),
        None => branches.push(schema),
    }
}

/// What the documents say and the schemas cannot.
fn bounds(kind: &str, event: &Value) -> Result<(), Refusal> {
    match kind {
        "session.instructions.append" | "session.thinking.append" | "session.commentary.append"
            if tokens(&event["content"]) > APPENDED =>
        {
            let message = "Context append text must not exceed 500 tokens";
            return Err(Refusal::at("invalid_value", message.into(), "content"));
        }
        "session.start" => {
            let session = &event["session"];
            let format = &session["audio"]["format"];
            let ours = format["type"] == "audio/pcmu" || format["type"] == "audio/pcma";
            if ours && format["rate"] != 8_000 {
                let message = "G.711 audio has a rate of 8000.";
                return Err(Refusal::at("invalid_value", message.into(), "session.audio.format.rate"));
            }
            if tokens(&session["instructions"]) > INSTRUCTIONS {
                return Err(Refusal::at(
                    "string_above_max_length",
                    "Instructions too long.".into(),
                    "session.instructions",
                ));
            }
            let history = session["input"].as_array().map(Vec::as_slice).unwrap_or_default();
            let said: usize = history.iter().map(|message| tokens(&message["content"][0]["text"])).sum();
            if history.len() > MESSAGES || said > HISTORY {
                return Err(Refusal::at("invalid_value", "Input too long.".into(), "session.input"));
            }
        }
        _ => {}
    }
    Ok(())
}

fn tokens(text: &Value) -> usize {
    let text = text.as_str().unwrap_or_default();
    let plain = text.chars().filter(char::is_ascii).count();
    plain / 4 + text.chars().count() - plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples() -> Value {
        serde_json::from_str(include_str!("../../../../fixtures/live/examples.json")).expect("it is JSON")
    }

    #[test]
    fn every_documented_event_passes_and_every_wrong_one_does_not() {
        let examples = examples();
        for set in ["client", "client_variants"] {
            for (name, event) in examples[set].as_object().expect("an object") {
                assert_eq!(judge_client(event), Ok(()), "{name}");
            }
        }
        for set in ["server", "server_variants"] {
            for (name, event) in examples[set].as_object().expect("an object") {
                assert_eq!(judge_server(event), Ok(()), "{name}");
            }
        }
        let wrong = examples["must_not_validate"].as_array().expect("a list");
        assert_eq!(wrong.len(), 7);
        for case in wrong {
            let event = &case["event"];
            assert!(judge_client(event).is_err() && judge_server(event).is_err(), "{}", case["why"]);
        }
    }

    #[test]
    fn what_the_schemas_let_pass_and_the_service_does_not_is_refused() {
        let start = |session: Value| judge_client(&json!({"type": "session.start", "session": session}));
        let code =
            |session| start(session).map_err(|refusal| (refusal.code, refusal.param.unwrap_or_default()));
        let unknown = |path: &str| Err(("unknown_parameter", path.to_owned()));
        assert_eq!(code(json!({"model": "gpt-live-1", "temperature": 0.8})), unknown("session.temperature"));
        assert_eq!(
            code(json!({"model": "gpt-live-1", "audio": {"input": {}}})),
            unknown("session.audio.input")
        );
        assert_eq!(code(json!({"model": "gpt-live-1", "store": null})), unknown("session.store"));
        let tool = |tool: Value| json!({"model": "gpt-live-1", "delegation": {"type": "responses", "responses": {"model": "m", "tools": [tool]}}});
        assert_eq!(
            code(tool(json!({"type": "function", "name": "x", "temper": 1}))),
            unknown("session.delegation.responses.tools[0].temper")
        );
        let free = json!({"type": "object", "properties": {"a": {"type": "string"}}, "whatever": null});
        assert_eq!(code(tool(json!({"type": "function", "name": "x", "parameters": free}))), Ok(()));
        assert!(
            start(json!({"model": "gpt-live-1", "audio": {"format": {"type": "audio/pcmu", "rate": 16000}}}))
                .is_err()
        );
        let append = |content: &str, delegation: bool| {
            let mut event = json!({"type": "session.commentary.append", "content": content});
            if delegation {
                event["delegation_id"] = Value::Null;
            }
            judge_client(&event)
        };
        assert_eq!(append("Hello.", true), Ok(()));
        assert_eq!(append("Hello.", false).expect_err("it is missing").code, "missing_required_parameter");
        assert!(append(&"word ".repeat(500), true).is_err());
        assert!(append(&"ü".repeat(501), true).is_err());
    }
}
