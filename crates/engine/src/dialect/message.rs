//! What we send, as far as services want the same.

use bytes::BufMut;
use call::{Answer, Wire};
use serde_json::{Value, json};

/// Adds a message that is not sent fifty times a second.
pub(crate) fn send(wire: &mut Wire, message: &Value) {
    wire.text(256, |buffer| {
        serde_json::to_writer(buffer.writer(), message)
            .expect("a Value is JSON, and a buffer grows as it must");
    });
}

/// What came of a tool: one JSON object in a string.
pub(crate) fn outcome(answer: &Answer) -> String {
    let mut output = json!({"ok": answer.ok, "say": answer.say});
    if !answer.data.is_empty() {
        output["data"] = data(answer);
    }
    output.to_string()
}

/// What a tool found out: as JSON where it is, else as text.
pub(crate) fn data(answer: &Answer) -> Value {
    serde_json::from_str(&answer.data).unwrap_or_else(|_| Value::from(answer.data.as_str()))
}
