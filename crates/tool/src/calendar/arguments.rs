//! What the calendar's tools are handed: the schema of their arguments, and text as it may be kept.

use call::is_hidden;
use serde_json::{Value, json};
use when::{Hours, Kind};

/// The schema of the arguments, with the kind of appointment where the office has kinds.
pub(super) fn with_kind(mut parameters: Value, hours: &Hours) -> Value {
    let name = |kind: &Kind| format!("{} ({} minutes)", kind.name, kind.length.as_secs() / 60);
    let names: Vec<String> = hours.kinds.iter().map(name).collect();
    if !names.is_empty() {
        let description = format!("What kind of appointment: {}. Ask the caller.", when::list(&names, "or"));
        parameters["properties"]["kind"] =
            json!({"type": "string", "maxLength": 100, "description": description});
    }
    parameters
}

/// The schema of a datetime.
pub(super) fn datetime(description: &str) -> Value {
    json!({"type": "string", "maxLength": 100, "description": description})
}

/// An argument that has something in it.
pub(super) fn text<'a>(arguments: &'a Value, name: &str) -> Option<&'a str> {
    arguments[name].as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// Text as it may be kept: no control characters but line breaks, nothing that turns the direction of writing around or
/// hides, no space around it.
pub fn tidy(text: &str) -> String {
    let kept = |&character: &char| character == '\n' || !(character.is_control() || is_hidden(character));
    text.chars().filter(kept).collect::<String>().trim().to_owned()
}

/// Likewise, in one line.
pub fn line(text: &str) -> String {
    tidy(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}
