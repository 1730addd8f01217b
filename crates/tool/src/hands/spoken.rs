//! What is said of an answer: plain words for what is structured, and no more at once than one can listen to.

use serde_json::Value;

/// As much as one can listen to, in bytes: about half a minute.
const SAID: usize = 600;
/// A tool says no more than this altogether.
const MOST: usize = 64 * 1024;
/// Lists and objects are read no deeper than this,
const DEPTH: usize = 4;
/// and no longer.
const ITEMS: usize = 200;

/// An answer's sentence in plain words, and its data. A sentence that is JSON is data.
pub(super) fn plain(say: &str, data: &str) -> (String, String) {
    let said = clipped(say, MOST);
    let structured = |text: &str| {
        serde_json::from_str::<Value>(text).ok().filter(|value| value.is_object() || value.is_array())
    };
    if said.trim().is_empty() {
        let words = structured(data).map(|value| told(&value)).unwrap_or_default();
        return (words, data.to_owned());
    }
    match structured(say) {
        Some(value) => {
            let data = if data.is_empty() { say } else { data };
            (told(&value), data.to_owned())
        }
        None => (said, data.to_owned()),
    }
}

/// The first part of a text that can be said at once, and the rest. Cut behind a sentence or a line where there is one.
pub(super) fn cut(text: &str) -> (&str, &str) {
    let text = text.trim();
    if text.len() <= SAID {
        return (text, "");
    }
    let bound = text.floor_char_boundary(SAID);
    let head = &text[..bound];
    let ends = [". ", "! ", "? ", ".\n", "\n", "。"];
    let sentence = ends.iter().filter_map(|end| head.rfind(end).map(|at| at + end.len())).max();
    let word = || head.rfind(char::is_whitespace).map(|at| at + 1);
    let at = sentence.filter(|at| *at > SAID / 4).or_else(word).filter(|at| *at > 0).unwrap_or(bound);
    (text[..at].trim_end(), text[at..].trim_start())
}

/// At most so many bytes of a text.
pub(super) fn clipped(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(bytes)])
}

/// JSON in plain words: what has a name is named by it, and what only a machine reads is left out.
fn told(value: &Value) -> String {
    let mut words = String::new();
    tell(value, 0, &mut words);
    words.trim().to_owned()
}

fn tell(value: &Value, depth: usize, words: &mut String) {
    if words.len() > MOST || depth > DEPTH {
        return;
    }
    match value {
        Value::Null => {}
        Value::Bool(truth) => words.push_str(if *truth { "yes" } else { "no" }),
        Value::Number(number) => words.push_str(&number.to_string()),
        Value::String(text) => words.push_str(text.trim()),
        Value::Array(items) => {
            for item in items.iter().take(ITEMS) {
                tell(item, depth + 1, words);
                end(words);
            }
        }
        Value::Object(fields) => {
            let heard = fields.iter().filter(|(name, value)| is_heard(name, value)).take(ITEMS);
            let (names, others): (Vec<_>, Vec<_>) = heard.partition(|(name, _)| is_name(name));
            for (number, (name, value)) in names.into_iter().chain(others).enumerate() {
                let nested = value.is_object() || value.is_array();
                if number > 0 && !words.ends_with(['\n', ' ']) {
                    words.push_str(", ");
                }
                if !is_name(name) {
                    words.push_str(&crate::tools::spoken(name));
                    words.push_str(": ");
                }
                tell(value, depth + usize::from(nested), words);
            }
        }
    }
}

/// Ends a sentence.
fn end(words: &mut String) {
    let said = words.trim_end().len();
    words.truncate(said);
    if words.ends_with(|last: char| last.is_alphanumeric() || last == ')' || last == '"') {
        words.push('.');
    }
    if !words.is_empty() {
        words.push('\n');
    }
}

/// Whether this field is what its object is called.
pub(super) fn is_name(field: &str) -> bool {
    matches!(
        field.to_ascii_lowercase().as_str(),
        "name" | "title" | "subject" | "content" | "summary" | "label" | "text" | "result"
    )
}

/// Whether this field tells one object from another.
pub(super) fn is_id(field: &str) -> bool {
    let lower = field.to_ascii_lowercase();
    matches!(lower.as_str(), "id" | "uuid" | "guid" | "key" | "etag" | "number" | "_id" | "uri" | "path")
        || lower.ends_with("_id")
        || field.ends_with("Id")
        || lower.ends_with("_ids")
        || field.ends_with("Ids")
}

fn is_heard(field: &str, value: &Value) -> bool {
    let empty = match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty() || text.contains("://"),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    !empty && !field.starts_with('_') && (!is_id(field) || field == "number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_answer_is_cut_behind_a_sentence_and_nothing_is_lost() {
        let sentence = "This is a sentence of some words. ";
        let text = sentence.repeat(100);
        let (mut rest, mut all) = (text.as_str(), Vec::new());
        while !rest.is_empty() {
            let (said, left) = cut(rest);
            assert!(said.len() <= SAID && said.ends_with('.'), "{said}");
            all.push(said);
            rest = left;
        }
        assert_eq!(all.join(" "), text.trim());
    }

    #[test]
    fn what_has_no_sentence_is_cut_all_the_same() {
        for text in ["x".repeat(5_000), "é".repeat(5_000), "word ".repeat(1_000), "日本語".repeat(500)] {
            let (said, rest) = cut(&text);
            assert!(!said.is_empty() && said.len() <= SAID && !rest.is_empty());
        }
        assert_eq!(cut(" short \n"), ("short", ""));
        assert_eq!(cut(""), ("", ""));
    }

    #[test]
    fn json_is_said_in_plain_words() {
        let json = r#"[{"id":"7","content":"Buy milk","due":"tomorrow","url":"https://x.example/7","labels":[]},
                       {"id":"8","content":"Call Bob","due":null,"priority":4}]"#;
        let (said, data) = plain(json, "");
        assert_eq!(said, "Buy milk, due: tomorrow.\nCall Bob, priority: 4.");
        assert_eq!(data, json);
        assert_eq!(plain("", r#"{"count": 2, "done": true}"#).0, "count: 2, done: yes");
        assert_eq!(plain("It is 5.", "{}"), ("It is 5.".to_owned(), "{}".to_owned()));
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert_eq!(plain(&deep, "").0, "");
    }

    #[test]
    fn what_is_much_too_long_is_clipped() {
        let (said, _) = plain(&"a ".repeat(1_000_000), "");
        assert!(said.len() <= MOST + 4);
        assert_eq!(clipped("äöü", 3), "ä…");
    }
}
