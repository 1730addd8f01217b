//! What a tool of a server answered, as the assistant is told.

use super::schema::short;
use call::{Answer, visible};
use serde_json::Value;

/// The longest answer in words, in bytes. What can be spoken is far less; this is what is kept of it.
const LONGEST_TEXT: usize = 16 * 1024;
/// The largest answer in data, in bytes of JSON.
const LARGEST_DATA: usize = 16 * 1024;
/// How many blocks of an answer are read.
const MOST_BLOCKS: usize = 200;

/// Reads a result of `tools/call`. Blocks of kinds that are not known are passed over.
pub(super) fn read(result: &Value) -> Answer {
    if result.get("resultType").is_some_and(|kind| kind != "complete") {
        return Answer::failed(
            "It asks for something that cannot be given on the telephone. That was not done.",
        );
    }
    let Some(result) = result.as_object() else {
        return Answer::failed("It answered something that makes no sense.");
    };
    let mut words = String::new();
    let mut json = None;
    let blocks = result.get("content").and_then(Value::as_array).into_iter().flatten();
    for text in blocks.take(MOST_BLOCKS).filter_map(block) {
        if is_json(&text) {
            json.get_or_insert(text);
        } else {
            add(&mut words, &text);
        }
    }
    let structured = result.get("structuredContent").filter(|value| !value.is_null()).map(Value::to_string);
    let data = structured.or(json).map(|json| bounded(visible(&json))).unwrap_or_default();
    let failed = result.get("isError").and_then(Value::as_bool) == Some(true);
    match (failed, words.is_empty() && data.is_empty()) {
        (true, true) => Answer::failed("It says that this did not work, and not why."),
        (true, false) => Answer { data, ..Answer::failed(or(words, "It says that this did not work.")) },
        (false, true) => Answer::said("That is done."),
        (false, false) => Answer { data, ..Answer::said(words) },
    }
}

fn block(block: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match block["type"].as_str()? {
        "text" => text(&block["text"]),
        "image" => Some("[an image]".into()),
        "audio" => Some("[a recording]".into()),
        "resource_link" => {
            let name = text(&block["title"]).or_else(|| text(&block["name"]))?;
            Some(format!("{name}: {}", text(&block["uri"])?))
        }
        "resource" => text(&block["resource"]["text"]).or_else(|| Some("[a file]".into())),
        _ => None,
    }
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
        && serde_json::from_str::<&serde_json::value::RawValue>(text.trim()).is_ok()
}

fn add(words: &mut String, text: &str) {
    let text = visible(text);
    let text = text.trim();
    if text.is_empty() || words.len() >= LONGEST_TEXT {
        return;
    }
    if !words.is_empty() {
        words.push('\n');
    }
    words.push_str(short(text, LONGEST_TEXT - words.len().min(LONGEST_TEXT)));
}

/// No larger than it may be: what is larger becomes a text that says so.
fn bounded(json: String) -> String {
    if json.len() <= LARGEST_DATA {
        return json;
    }
    // Quotation marks are written twice.
    let begins = short(&json, LARGEST_DATA / 2 - 64);
    serde_json::json!({"cut": true, "bytes": json.len(), "begins": begins}).to_string()
}

fn or(words: String, other: &str) -> String {
    if words.is_empty() { other.to_owned() } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(text: &str) -> Value {
        json!({"type": "text", "text": text})
    }

    #[test]
    fn words_are_said_and_data_is_kept() {
        let answer = read(&json!({
            "content": [text("{\"tasks\":[1]}"), text("You have one task: milk.")],
            "structuredContent": {"tasks": [{"content": "milk"}]},
        }));
        assert!(answer.ok);
        assert_eq!(answer.say, "You have one task: milk.");
        assert_eq!(answer.data, r#"{"tasks":[{"content":"milk"}]}"#);
        let only_json = read(&json!({"content": [text("[1,2]")]}));
        assert_eq!((only_json.say.as_str(), only_json.data.as_str()), ("", "[1,2]"));
    }

    #[test]
    fn a_failure_of_the_tool_is_told_in_its_words() {
        let answer = read(&json!({"content": [text("No such task.")], "isError": true}));
        assert_eq!((answer.ok, answer.say.as_str()), (false, "No such task."));
        assert!(!read(&json!({"isError": true})).ok);
    }

    #[test]
    fn blocks_of_other_kinds_are_named_and_unknown_ones_passed_over() {
        let answer = read(&json!({"content": [
            {"type": "hologram", "data": "AAAA"}, 7, null, {"text": "no type"},
            text("Here it is."), {"type": "image", "data": "AAAA", "mimeType": "image/png"},
            {"type": "resource_link", "uri": "file:///a", "name": "a"},
            {"type": "resource", "resource": {"uri": "file:///b", "text": "the text"}},
            {"type": "resource", "resource": {"uri": "file:///c", "blob": "AAAA"}},
        ]}));
        assert_eq!(answer.say, "Here it is.\n[an image]\na: file:///a\nthe text\n[a file]");
    }

    #[test]
    fn ten_megabytes_become_what_can_be_kept() {
        let much = "schön ".repeat(2_000_000);
        let answer = read(&json!({"content": [text(&much)], "structuredContent": {"text": much}}));
        assert!(answer.say.len() <= LONGEST_TEXT && answer.data.len() <= LARGEST_DATA);
        assert!(answer.data.contains("\"cut\":true"));
        let many = vec![text("x"); 100_000];
        assert!(read(&json!({"content": many})).say.len() < 1_000);
    }

    #[test]
    fn what_makes_no_sense_is_a_failure_and_no_panic() {
        for odd in [json!(null), json!([]), json!("x"), json!({"resultType": "input_required"})] {
            assert!(!read(&odd).ok, "{odd}");
        }
        for empty in [json!({}), json!({"content": {}}), json!({"content": []})] {
            assert_eq!(read(&empty).say, "That is done.");
        }
    }
}
