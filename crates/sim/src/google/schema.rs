//! Google's own schemas and methods, as its discovery document has them.

use super::{Method, answer::Answer};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::LazyLock};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../fixtures/google/calendar_schemas.json"))
        .expect("the fixture is JSON")
});

/// With formats: every time that is sent has an offset.
static ANSWERS: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| validators(true));
/// Without: an event's time may lack its offset where it names its zone.
static REQUESTS: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| validators(false));

/// Judges an answer by the schema of this name, such as `Event` or `ErrorEnvelope`.
pub fn judge(name: &str, value: &Value) -> Result<(), String> {
    judge_by(&ANSWERS, name, value)
}

/// Judges the body of a request, which may have no member that Google does not know.
pub(super) fn judge_request(name: &str, value: &Value) -> Result<(), String> {
    judge_by(&REQUESTS, name, value)?;
    match stray(definition(name), value, "") {
        Some(path) => {
            Err(format!("Invalid JSON payload received. Unknown name \"{path}\": Cannot find field."))
        }
        None => Ok(()),
    }
}

/// The name of the schema of a method's answer; none where the answer has no body.
pub fn answer_of(method: Method) -> Option<&'static str> {
    of(method)["response"].as_str()
}

/// What the discovery document says of a method: `scopes`, `parameters`, `request`, `response`.
pub(super) fn of(method: Method) -> &'static Value {
    static SETTING: LazyLock<Value> = LazyLock::new(|| {
        let address = |name: &str| format!("https://www.googleapis.com/auth/calendar{name}");
        let scopes = ["", ".readonly", ".settings", ".settings.readonly"].map(address);
        json!({"scopes": scopes, "parameters": {"setting": {"location": "path", "required": true}}})
    });
    match method {
        // The fixture leaves it out; the scopes are those of the discovery document.
        Method::SettingsGet => &SETTING,
        Method::FreeBusyQuery
        | Method::EventsInsert
        | Method::EventsGet
        | Method::EventsPatch
        | Method::EventsUpdate
        | Method::EventsDelete
        | Method::EventsList
        | Method::EventsInstances
        | Method::CalendarListList
        | Method::CalendarListGet
        | Method::CalendarsGet
        | Method::Authorize
        | Method::Token
        | Method::Revoke => &DOCUMENT["x-methods"][format!("calendar.{}", method.id())],
    }
}

/// The schema of a member of what this schema describes, or of its items.
pub(super) fn member<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    let schema = resolve(schema);
    let schema = if schema["type"] == "array" { resolve(&schema["items"]) } else { schema };
    match schema["properties"].get(name) {
        Some(member) => Some(member),
        None => schema.get("additionalProperties"),
    }
}

/// The definition of this name.
pub(super) fn definition(name: &str) -> &'static Value {
    &DOCUMENT["$defs"][name]
}

/// Holds an answer to the schema: one that does not fit is a bug of this stand-in.
pub(super) fn hold(method: Method, answer: &Answer) {
    if answer.body.is_empty() {
        return;
    }
    let body: Value = serde_json::from_slice(&answer.body).expect("the calendar answers JSON");
    let name = if answer.status < 300 { answer_of(method) } else { Some("ErrorEnvelope") };
    if let Some(name) = name {
        judge(name, &body)
            .unwrap_or_else(|why| panic!("this stand-in answers what Google would not: {why}: {body}"));
    }
}

fn validators(formats: bool) -> BTreeMap<String, Validator> {
    let names = DOCUMENT["$defs"].as_object().expect("the fixture has definitions");
    let validator = |name: &String| {
        let whole = json!({"$ref": format!("#/$defs/{name}"), "$defs": DOCUMENT["$defs"]});
        let options = jsonschema::options().should_validate_formats(formats);
        options.build(&whole).expect("the fixture has valid schemas")
    };
    names.keys().map(|name| (name.clone(), validator(name))).collect()
}

fn judge_by(validators: &BTreeMap<String, Validator>, name: &str, value: &Value) -> Result<(), String> {
    let validator = validators.get(name).ok_or_else(|| format!("Google has no schema {name}"))?;
    validator.validate(value).map_err(|e| format!("{name}: {e} at {}", e.instance_path()))
}

fn stray(schema: &Value, value: &Value, path: &str) -> Option<String> {
    let schema = resolve(schema);
    if let Some(items) = value.as_array() {
        let inside = |(i, item)| stray(&schema["items"], item, &format!("{path}[{i}]"));
        return items.iter().enumerate().find_map(inside);
    }
    let fields = value.as_object()?;
    let properties = schema["properties"].as_object();
    fields.iter().find_map(|(name, value)| {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match (properties.and_then(|p| p.get(name)), schema.get("additionalProperties")) {
            (Some(inner), _) | (None, Some(inner)) => stray(inner, value, &path),
            // A schema without properties says nothing of what is inside.
            (None, None) => properties.is_some().then_some(path),
        }
    })
}

fn resolve(schema: &Value) -> &Value {
    let parts = schema["allOf"].as_array().and_then(|parts| parts.first());
    match parts.unwrap_or(schema)["$ref"].as_str().and_then(|target| target.strip_prefix("#/$defs/")) {
        Some(name) => resolve(&DOCUMENT["$defs"][name]),
        None => schema,
    }
}
