//! What of a tool's schema an engine is told: plain JSON schema, whole in itself, and bounded.

use call::visible;
use serde_json::{Map, Value, json};

/// How deep a schema may nest; what is deeper may be anything.
const DEEPEST: usize = 8;
/// How many schemas one may be made of; what is more may be anything.
const MOST_PARTS: usize = 400;
/// How many values may be chosen from.
const MOST_CHOICES: usize = 100;
/// How many properties an object may have.
const MOST_PROPERTIES: usize = 64;
/// The longest description of an argument, in bytes.
const LONGEST_DESCRIPTION: usize = 600;
/// The largest schema, in bytes of JSON. Larger ones lose their descriptions, or are refused.
const LARGEST: usize = 16 * 1024;
/// Words of JSON schema that say something by one plain value.
const PLAIN: [&str; 12] = [
    "const",
    "default",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "uniqueItems",
];

/// The schema of a tool's arguments as engines take it, or why there is none that could be. References within it are
/// put in their place; those that lead round in a circle or elsewhere mean anything, and nothing is ever fetched.
pub(super) fn trimmed(schema: &Value) -> Result<Value, String> {
    let object = schema.as_object().ok_or("its schema is no object")?;
    if object.get("type").is_some_and(|kind| kind != "object") {
        return Err("it does not take named arguments".into());
    }
    let mut trimming = Trimming { whole: schema, parts: 0, within: Vec::new(), bare: false };
    let mut trimmed = trimming.arguments(object)?;
    if trimmed.to_string().len() > LARGEST {
        trimming = Trimming { parts: 0, within: Vec::new(), bare: true, ..trimming };
        trimmed = trimming.arguments(object)?;
    }
    let size = trimmed.to_string().len();
    if size > LARGEST {
        return Err(format!("its schema is too large: {size} bytes"));
    }
    Ok(trimmed)
}

struct Trimming<'a> {
    whole: &'a Value,
    parts: usize,
    /// The references that are being put in their place.
    within: Vec<String>,
    /// Without descriptions.
    bare: bool,
}

impl Trimming<'_> {
    /// The outermost schema, of which engines take no more than an object's properties.
    fn arguments(&mut self, object: &Map<String, Value>) -> Result<Value, String> {
        let referred = object.get("$ref").and_then(Value::as_str).map(str::to_owned);
        let object = match referred.and_then(|to| found(self.whole, &to)).and_then(Value::as_object) {
            Some(referred) if !object.contains_key("properties") => referred,
            Some(_) | None => object,
        };
        let required = required(object);
        let properties = self.properties(object, &required);
        if let Some(missing) = required.iter().find(|name| !properties.contains_key(name.as_str())) {
            return Err(format!("it requires {:?}, which it does not describe", short(missing, 60)));
        }
        Ok(json!({"type": "object", "properties": properties, "required": required}))
    }

    fn properties(&mut self, object: &Map<String, Value>, required: &[String]) -> Map<String, Value> {
        let Some(Value::Object(properties)) = object.get("properties") else { return Map::new() };
        let fit = |name: &String| (1..=64).contains(&name.len()) && !name.chars().any(char::is_control);
        // Those that are required first, so that these are not the ones that are too many.
        let (first, rest): (Vec<_>, Vec<_>) =
            properties.iter().filter(|(name, _)| fit(name)).partition(|(name, _)| required.contains(name));
        let mut kept = Map::new();
        for (name, schema) in first.into_iter().chain(rest).take(MOST_PROPERTIES) {
            kept.insert(name.clone(), self.part(schema));
        }
        kept
    }

    fn part(&mut self, schema: &Value) -> Value {
        self.parts += 1;
        let Some(object) = schema.as_object() else { return json!({}) };
        if self.parts > MOST_PARTS || self.within.len() >= DEEPEST {
            return json!({});
        }
        let (name, object) = match object.get("$ref").and_then(Value::as_str) {
            Some(to) if self.within.iter().any(|other| other == to) => return json!({}),
            Some(to) => match found(self.whole, to).and_then(Value::as_object) {
                Some(object) => (to.to_owned(), object),
                None => return json!({}),
            },
            None => (String::new(), object),
        };
        self.within.push(name);
        let part = self.kept(object);
        self.within.pop();
        Value::Object(part)
    }

    fn kept(&mut self, object: &Map<String, Value>) -> Map<String, Value> {
        let mut kept = Map::new();
        for (word, value) in object {
            match (word.as_str(), value) {
                ("description", Value::String(text)) if !self.bare => {
                    kept.insert(word.clone(), tidy(text, LONGEST_DESCRIPTION).into());
                }
                ("type", Value::String(_)) if is_kind(value) => {
                    kept.insert(word.clone(), value.clone());
                }
                ("type", Value::Array(kinds)) if is_choice(kinds) => {
                    kept.insert(word.clone(), value.clone());
                }
                ("enum", Value::Array(choices)) if (1..=MOST_CHOICES).contains(&choices.len()) => {
                    let plain =
                        |choice: &Value| !choice.is_object() && !choice.is_array() && is_short(choice);
                    if choices.iter().all(plain) {
                        kept.insert(word.clone(), value.clone());
                    }
                }
                ("items", Value::Object(_)) => drop(kept.insert(word.clone(), self.part(value))),
                ("additionalProperties", Value::Object(_)) => {
                    kept.insert(word.clone(), self.part(value));
                }
                ("additionalProperties", Value::Bool(_)) => drop(kept.insert(word.clone(), value.clone())),
                ("anyOf" | "oneOf", Value::Array(ways)) if (1..=16).contains(&ways.len()) => {
                    // What one of several forbids, engines need not know: the server does.
                    let ways: Vec<_> = ways.iter().map(|way| self.part(way)).collect();
                    kept.insert("anyOf".into(), ways.into());
                }
                ("allOf", Value::Array(parts)) if (1..=16).contains(&parts.len()) => {
                    let parts: Vec<_> = parts.iter().map(|part| self.part(part)).collect();
                    kept.insert(word.clone(), parts.into());
                }
                ("properties", Value::Object(_)) => {
                    let required = required(object);
                    let properties = self.properties(object, &required);
                    let known = required.into_iter().filter(|name| properties.contains_key(name));
                    let known: Vec<_> = known.collect();
                    kept.insert(word.clone(), properties.into());
                    kept.insert("required".into(), known.into());
                }
                (word, value) if PLAIN.contains(&word) && is_right(word, value) && is_short(value) => {
                    kept.insert(word.into(), value.clone());
                }
                _ => {}
            }
        }
        kept
    }
}

fn required(object: &Map<String, Value>) -> Vec<String> {
    let names = object.get("required").and_then(Value::as_array).into_iter().flatten();
    let mut names: Vec<_> = names.filter_map(Value::as_str).map(str::to_owned).collect();
    names.dedup();
    names
}

/// What a reference within the same document leads to. What leads out of it leads nowhere.
fn found<'a>(whole: &'a Value, to: &str) -> Option<&'a Value> {
    whole.pointer(to.strip_prefix('#')?).filter(|_| to.len() <= 200)
}

/// Whether these kinds can be chosen from.
fn is_choice(kinds: &[Value]) -> bool {
    (1..=7).contains(&kinds.len()) && kinds.iter().all(is_kind)
}

fn is_kind(value: &Value) -> bool {
    let kinds = ["string", "number", "integer", "boolean", "object", "array", "null"];
    value.as_str().is_some_and(|kind| kinds.contains(&kind))
}

/// Whether the word can have this value, so that what is kept is a schema.
fn is_right(word: &str, value: &Value) -> bool {
    match word {
        "const" | "default" => !value.is_object() && !value.is_array(),
        "format" => value.is_string(),
        "uniqueItems" => value.is_boolean(),
        "maxItems" | "maxLength" | "minItems" | "minLength" => value.is_u64(),
        _ => value.is_number(),
    }
}

fn is_short(value: &Value) -> bool {
    value.as_str().is_none_or(|text| text.len() <= 200)
}

/// The text on one line without what cannot be seen, and no longer than this, in bytes.
pub(super) fn tidy(text: &str, longest: usize) -> String {
    // A character that ends no line may have stood between words.
    let apart: String = text.chars().map(|letter| if is_blank(letter) { ' ' } else { letter }).collect();
    let seen = visible(&apart);
    let words: Vec<_> = seen.split_whitespace().collect();
    short(&words.join(" "), longest).to_owned()
}

fn is_blank(letter: char) -> bool {
    letter.is_control() && !matches!(letter, '\u{1b}' | '\u{7}')
}

/// No more of the text than this, in bytes.
pub(super) fn short(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_engines_need_is_kept() {
        let schema = json!({
            "$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "title": "Add",
            "properties": {
                "content": {"type": "string", "description": "What to\n do.", "minLength": 1},
                "priority": {"enum": ["p1", "p2"], "type": "string", "default": "p2"},
                "labels": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
                "due": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
            },
            "required": ["content"], "additionalProperties": false,
        });
        assert_eq!(
            trimmed(&schema).expect("it is plain"),
            json!({
                "type": "object",
                "properties": {
                    "content": {"type": "string", "description": "What to do.", "minLength": 1},
                    "priority": {"enum": ["p1", "p2"], "type": "string", "default": "p2"},
                    "labels": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
                    "due": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
                },
                "required": ["content"],
            })
        );
    }

    #[test]
    fn references_within_are_put_in_their_place_and_those_elsewhere_mean_anything() {
        let schema = json!({
            "type": "object",
            "properties": {
                "task": {"$ref": "#/$defs/Task"},
                "far": {"$ref": "https://example.com/schema.json"},
                "file": {"$ref": "file:///etc/passwd"},
                "lost": {"$ref": "#/$defs/Nothing"},
            },
            "$defs": {"Task": {"type": "object", "properties": {"title": {"type": "string"}}}},
        });
        let trimmed = trimmed(&schema).expect("it can be told");
        assert_eq!(trimmed["properties"]["task"]["properties"]["title"], json!({"type": "string"}));
        for name in ["far", "file", "lost"] {
            assert_eq!(trimmed["properties"][name], json!({}), "{name}");
        }
        assert!(!trimmed.to_string().contains("$ref"));
    }

    #[test]
    fn a_circle_is_cut() {
        let schema = json!({
            "type": "object",
            "properties": {"node": {"$ref": "#/$defs/Node"}, "self": {"$ref": "#"}},
            "$defs": {"Node": {"type": "object", "properties": {
                "name": {"type": "string"}, "next": {"$ref": "#/$defs/Node"},
                "all": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
            }}},
        });
        let trimmed = trimmed(&schema).expect("it can be told");
        assert_eq!(trimmed["properties"]["node"]["properties"]["next"], json!({}));
        assert!(jsonschema::validator_for(&trimmed).is_ok());
    }

    #[test]
    fn what_doubles_with_every_step_and_what_is_deep_stay_small() {
        let mut definitions = Map::new();
        for step in 0..30 {
            let next = json!({"$ref": format!("#/$defs/n{}", step + 1)});
            definitions.insert(
                format!("n{step}"),
                json!({"type": "object", "properties": {"left": next, "right": next}}),
            );
        }
        let doubling =
            json!({"type": "object", "properties": {"root": {"$ref": "#/$defs/n0"}}, "$defs": definitions});
        let mut deep = json!({"type": "string"});
        for _ in 0..100 {
            deep = json!({"type": "array", "items": deep});
        }
        let deep = json!({"type": "object", "properties": {"deep": deep}});
        for schema in [doubling, deep] {
            match trimmed(&schema) {
                Ok(trimmed) => assert!(trimmed.to_string().len() <= LARGEST),
                Err(why) => assert!(why.contains("too large"), "{why}"),
            }
        }
    }

    #[test]
    fn what_is_too_large_loses_its_descriptions_first() {
        let long = "word ".repeat(200);
        let properties: Map<_, _> = (0..60)
            .map(|number| (format!("field{number}"), json!({"type": "string", "description": long})))
            .collect();
        let trimmed = trimmed(&json!({"type": "object", "properties": properties})).expect("it fits so");
        assert_eq!(trimmed["properties"]["field0"], json!({"type": "string"}));
    }

    #[test]
    fn what_is_no_schema_is_refused_or_made_one() {
        for refused in [
            json!(null),
            json!([]),
            json!({"type": "string"}),
            json!({"type": "object", "required": ["ghost"]}),
        ] {
            assert!(trimmed(&refused).is_err(), "{refused}");
        }
        for odd in [
            json!({}),
            json!({"type": "object", "properties": []}),
            json!({"properties": {"a": true, "b": {"type": "text", "minimum": "x", "enum": [], "items": 3}}}),
            json!({"properties": {"a": {"type": "string", "pattern": "(a+)+$", "minLength": -1}}}),
            json!({"properties": {"a": {"type": ["string", 7]}, "": {}, "b\u{7}": {}}, "required": "a"}),
        ] {
            let trimmed = trimmed(&odd).expect("it can be told");
            assert!(jsonschema::validator_for(&trimmed).is_ok(), "{odd} became {trimmed}");
        }
    }

    #[test]
    fn a_reference_at_the_top_is_followed() {
        let schema = json!({"$ref": "#/definitions/Args", "definitions": {"Args": {
            "type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"],
        }}});
        assert_eq!(trimmed(&schema).expect("it is one")["required"], json!(["a"]));
    }
}
