//! What the ids in earlier answers of this call belong to, so that "complete task 7" can be said as "buy milk".

use super::spoken::{is_id, is_name};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// More than can be spoken of in a call.
const MOST: usize = 2_000;
/// A name is no longer, in bytes.
const LONGEST: usize = 200;
const DEPTH: usize = 8;

/// Names by ids.
#[derive(Default)]
pub(super) struct Known(BTreeMap<String, String>);

impl Known {
    /// Learns from what a tool has answered, JSON or lines of text. What was known first stays: a later answer cannot make
    /// an id be read back as something else.
    pub(super) fn learn(&mut self, text: &str) {
        match serde_json::from_str::<Value>(text) {
            Ok(value) => self.learn_value(&value, 0),
            Err(_) => text.lines().take(MOST).for_each(|line| self.learn_line(line)),
        }
    }

    /// What this id belongs to.
    pub(super) fn name(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }

    fn learn_value(&mut self, value: &Value, depth: usize) {
        match value {
            _ if depth > DEPTH => {}
            Value::Array(items) => items.iter().for_each(|item| self.learn_value(item, depth + 1)),
            Value::Object(fields) => {
                let text =
                    |value: &Value| value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
                let name =
                    fields.iter().filter(|(field, _)| is_name(field)).find_map(|(_, value)| text(value));
                if let (Some(name), Some(id)) = (name, own_id(fields)) {
                    self.keep(&plain(id), &name);
                }
                fields.values().for_each(|value| self.learn_value(value, depth + 1));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// A line that holds an id is what it belongs to.
    fn learn_line(&mut self, line: &str) {
        let is_id =
            |token: &&str| (1..=64).contains(&token.len()) && token.bytes().any(|byte| byte.is_ascii_digit());
        let letters = |char: char| char.is_alphanumeric() || matches!(char, '-' | '_');
        let words = line.split(|char| !letters(char)).filter(|token| !token.is_empty());
        let name: Vec<&str> = words.clone().filter(|token| !is_id(token)).collect();
        if name.is_empty() {
            return;
        }
        for id in words.filter(is_id) {
            self.keep(id, &name.join(" "));
        }
    }

    fn keep(&mut self, id: &str, name: &str) {
        if !id.is_empty() && self.0.len() < MOST {
            let name = &name[..name.floor_char_boundary(LONGEST)];
            self.0.entry(id.to_owned()).or_insert_with(|| name.trim().to_owned());
        }
    }
}

/// What tells this object from others of its kind; not what tells those that it belongs to.
fn own_id(fields: &Map<String, Value>) -> Option<&Value> {
    let named = ["id", "_id", "uuid", "guid", "uri", "key"].iter().find_map(|name| fields.get(*name));
    let mut like = fields.iter().filter(|(field, _)| is_id(field)).map(|(_, value)| value);
    let only = like.next().filter(|_| like.next().is_none());
    named.or(only)
}

/// A value as one text.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_known_by_what_they_belong_to() {
        let mut known = Known::default();
        known.learn(r#"{"tasks": [{"id": 7, "content": "Buy milk", "project_id": "p1"}, {"id": "x8", "title": "Call Bob"}]}"#);
        assert_eq!(known.name("7"), Some("Buy milk"));
        assert_eq!(known.name("p1"), None, "that is its project");
        known.learn(r#"{"task_id": 9, "content": "Pay rent"}"#);
        assert_eq!(known.name("9"), Some("Pay rent"));
        assert_eq!(known.name("x8"), Some("Call Bob"));
        known.learn(r#"{"id": 7, "content": "Something else"}"#);
        assert_eq!(known.name("7"), Some("Buy milk"));
        known.learn("1. [ab12] buy bread\n2. call Ann");
        assert_eq!(known.name("ab12"), Some("buy bread"));
        assert_eq!(known.name("2"), Some("call Ann"));
        assert_eq!(known.name("3"), None);
    }
}
