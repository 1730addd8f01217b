//! The events that Telnyx posts as JSON, about calls of Call Control applications and about texts of any.

use crate::{Garbled, Request, frame, moment, rest};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// One event.
#[derive(Debug, Deserialize)]
pub struct Event {
    data: Data,
}

#[derive(Debug, Deserialize)]
struct Data {
    event_type: String,
    #[serde(default)]
    payload: Value,
}

/// Whether a webhook is an event, and not a TeXML application's form.
pub fn is_event(request: &Request<'_>) -> bool {
    let kind = request.header("content-type").unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

impl Event {
    pub fn of(request: &Request<'_>) -> Result<Self, Garbled> {
        serde_json::from_slice(request.body).map_err(|error| {
            Garbled(format!("the body is no event (line {}, column {})", error.line(), error.column()))
        })
    }

    pub fn kind(&self) -> &str {
        &self.data.event_type
    }

    /// The text or number at `pointer` of the payload, or nothing; refused beyond `longest` bytes.
    pub fn text(&self, pointer: &str, longest: usize) -> Result<String, Garbled> {
        let text = rest::text(&self.data.payload, pointer);
        if text.len() > longest {
            return Err(Garbled(format!("`{pointer}` is longer than {longest} bytes")));
        }
        Ok(text)
    }

    /// No longer than a number, an address or a name.
    pub fn get(&self, pointer: &str) -> Result<String, Garbled> {
        self.text(pointer, 4 * 1024)
    }

    pub fn is_true(&self, pointer: &str) -> bool {
        self.data.payload.pointer(pointer) == Some(&Value::Bool(true))
    }

    /// The name of the call: where there is none by which it can be told what to do, that of its leg.
    pub fn call(&self) -> Result<String, Garbled> {
        let call = match self.get("/call_control_id")? {
            call if call.is_empty() => self.get("/call_leg_id")?,
            call => call,
        };
        if is_call(&call) {
            Ok(call)
        } else {
            Err(Garbled("there is no `call_control_id`, or it is none".into()))
        }
    }

    /// The time between two moments, where both are told.
    pub fn between(&self, from: &str, to: &str) -> Result<Option<Duration>, Garbled> {
        let (from, to) = (moment::iso(&self.get(from)?), moment::iso(&self.get(to)?));
        let length = from.zip(to).and_then(|(from, to)| u64::try_from(to - from).ok());
        Ok(length.map(Duration::from_millis))
    }
}

/// `v3:` and more, as documented; here: what can stand in a log and a message as it is.
pub fn is_call(text: &str) -> bool {
    frame::is_name(text, 255, b":.=~+")
}
