//! How one company speaks on a media stream.

use super::playout::Cleared;
use bytes::Bytes;

/// What the server asks of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromServer {
    /// Play this µ-law after what is queued.
    Media(Bytes),
    /// Say so when everything before this has been played.
    Mark(String),
    /// Throw away what has not been played.
    Clear,
    /// Press these keys towards the caller.
    Keys(String),
}

/// A message that the company objects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub code: u32,
    pub what: String,
    /// What the server is sent in answer, where the company says something.
    pub reply: Option<String>,
}

/// The messages of one stream, written and read as one company does. All sound here is µ-law at 8 kHz; whatever is on
/// the wire is made of it, and it of what is on the wire.
pub(crate) trait Dialect: Send {
    /// What is sent first.
    fn open(&mut self) -> Vec<String>;
    /// 20 ms of the caller, which began so many milliseconds after the stream did.
    fn media(&mut self, milliseconds: u128, ulaw: &[u8]) -> String;
    fn dtmf(&mut self, milliseconds: u128, digit: char) -> String;
    /// A mark was reached.
    fn mark(&mut self, name: &str) -> String;
    /// The line was cleared.
    fn cleared(&mut self, cleared: &Cleared) -> Vec<String>;
    /// What is sent last.
    fn stop(&mut self) -> Option<String>;
    fn read(&mut self, text: &str) -> Result<FromServer, Wrong>;
    /// A binary message came.
    fn binary(&mut self) -> Wrong;
}

/// The documented examples of the messages.
#[cfg(test)]
pub(crate) mod examples {
    use serde_json::Value;

    pub fn of(carrier: &str, direction: &str) -> Vec<(String, Value)> {
        let file: Value =
            serde_json::from_str(include_str!("../../../../fixtures/sim/carrier_ws_messages.json"))
                .expect("it is JSON");
        let all = file["messages"].as_array().expect("a list");
        all.iter()
            .filter(|m| m["carrier"] == carrier && m["direction"] == direction)
            .map(|m| (m["event"].as_str().expect("a text").to_owned(), m["message"].clone()))
            .collect()
    }

    /// Whether so many messages, all different ones, have the fields and types of the first example of each.
    pub fn hold(carrier: &str, written: &[String], count: usize) {
        let examples = of(carrier, "from_carrier");
        assert_eq!(written.len(), count);
        for text in written {
            let value: Value = serde_json::from_str(text).expect("we write JSON");
            let event = value["event"].as_str().expect("an event");
            let (_, example) = examples.iter().find(|(e, _)| e == event).expect("an example of it");
            assert_eq!(shape(&value), shape(example), "{event}");
        }
    }

    fn shape(value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| match name.as_str() {
                    "custom_parameters" => (name.clone(), "any texts".into()),
                    _ => (name.clone(), shape(value)),
                });
                Value::Object(fields.collect())
            }
            Value::Array(items) => Value::Array(items.iter().map(shape).collect()),
            Value::String(_) => "text".into(),
            Value::Number(_) => "number".into(),
            other => other.clone(),
        }
    }
}
