//! The messages of a media stream, written as Twilio writes them and read as strictly as Twilio reads them.
//!
//! Source: <https://www.twilio.com/docs/voice/media-streams/websocket-messages>. What the server may send is `media`,
//! `mark` and `clear`, with no other field than shown there; a binary message is error 31950, any other fault 31951.

use super::Sids;
pub use crate::phone::FromServer;
use crate::phone::{
    dialect::{Dialect, Wrong},
    playout::Cleared,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use serde::Deserialize;
use serde_json::json;
use std::borrow::Cow;
use std::fmt::Write as _;

/// Reads one text message; an error says what is wrong with it.
pub fn read(text: &str, stream_sid: &str) -> Result<FromServer, String> {
    let message: Message<'_> = serde_json::from_str(text).map_err(|e| e.to_string())?;
    if message.stream_sid != stream_sid {
        return Err(format!("streamSid {:?} is not this stream's", message.stream_sid));
    }
    match (message.event.as_ref(), message.media, message.mark) {
        ("media", Some(media), None) => BASE64_STANDARD
            .decode(media.payload.as_bytes())
            .map(|bytes| FromServer::Media(bytes.into()))
            .map_err(|e| format!("the payload is not base64: {e}")),
        ("mark", None, Some(mark)) => Ok(FromServer::Mark(mark.name.into_owned())),
        ("clear", None, None) => Ok(FromServer::Clear),
        (event @ ("media" | "mark" | "clear"), ..) => {
            Err(format!("{event} lacks a field or has one too many"))
        }
        (event, ..) => Err(format!("there is no event {event:?} towards Twilio")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow, rename = "streamSid")]
    stream_sid: Cow<'a, str>,
    #[serde(borrow)]
    media: Option<Media<'a>>,
    #[serde(borrow)]
    mark: Option<Mark<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Media<'a> {
    #[serde(borrow)]
    payload: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

/// Writes what Twilio sends, numbering as it goes.
#[derive(Debug)]
pub struct Writer {
    sids: Sids,
    parameters: Vec<(String, String)>,
    sequence: u64,
    chunk: u64,
}

impl Dialect for Writer {
    fn open(&mut self) -> Vec<String> {
        let parameters = std::mem::take(&mut self.parameters);
        vec![self.connected(), self.start(&parameters)]
    }

    fn media(&mut self, milliseconds: u128, ulaw: &[u8]) -> String {
        self.media(milliseconds, ulaw)
    }

    fn dtmf(&mut self, _: u128, digit: char) -> String {
        self.dtmf(digit)
    }

    fn mark(&mut self, name: &str) -> String {
        self.mark(name)
    }

    fn cleared(&mut self, cleared: &Cleared) -> Vec<String> {
        cleared.marks.iter().map(|name| self.mark(name)).collect()
    }

    fn stop(&mut self) -> Option<String> {
        Some(self.stop())
    }

    fn read(&mut self, text: &str) -> Result<FromServer, Wrong> {
        read(text, &self.sids.stream).map_err(|what| Wrong { code: 31_951, what, reply: None })
    }

    fn binary(&mut self) -> Wrong {
        Wrong { code: 31_950, what: "a binary message".into(), reply: None }
    }
}

impl Writer {
    pub fn new(sids: Sids) -> Self {
        Self { sids, parameters: Vec::new(), sequence: 0, chunk: 0 }
    }

    /// The same with what `<Parameter>`s said.
    #[must_use]
    pub fn with(self, parameters: Vec<(String, String)>) -> Self {
        Self { parameters, ..self }
    }

    pub fn connected(&self) -> String {
        json!({"event": "connected", "protocol": "Call", "version": "1.0.0"}).to_string()
    }

    pub fn start(&mut self, parameters: &[(String, String)]) -> String {
        let parameters: serde_json::Map<_, _> =
            parameters.iter().map(|(n, v)| (n.clone(), v.clone().into())).collect();
        json!({
            "event": "start",
            "sequenceNumber": self.next(),
            "start": {
                "accountSid": self.sids.account,
                "streamSid": self.sids.stream,
                "callSid": self.sids.call,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": parameters,
            },
            "streamSid": self.sids.stream,
        })
        .to_string()
    }

    /// `milliseconds` is how long after the stream's start this sound began.
    pub fn media(&mut self, milliseconds: u128, ulaw: &[u8]) -> String {
        self.chunk += 1;
        let mut text = String::with_capacity(200 + ulaw.len() * 4 / 3);
        // Written by hand: at a hundred calls this is most of what the simulator does.
        let _ = write!(
            text,
            "{{\"event\":\"media\",\"sequenceNumber\":\"{}\",\"media\":{{\"track\":\"inbound\",\"chunk\":\"{}\",\
             \"timestamp\":\"{milliseconds}\",\"payload\":\"",
            self.next(),
            self.chunk,
        );
        BASE64_STANDARD.encode_string(ulaw, &mut text);
        let _ = write!(text, "\"}},\"streamSid\":\"{}\"}}", self.sids.stream);
        text
    }

    pub fn dtmf(&mut self, digit: char) -> String {
        json!({
            "event": "dtmf",
            "streamSid": self.sids.stream,
            "sequenceNumber": self.next(),
            "dtmf": {"track": "inbound_track", "digit": digit},
        })
        .to_string()
    }

    pub fn mark(&mut self, name: &str) -> String {
        json!({
            "event": "mark",
            "sequenceNumber": self.next(),
            "streamSid": self.sids.stream,
            "mark": {"name": name},
        })
        .to_string()
    }

    pub fn stop(&mut self) -> String {
        json!({
            "event": "stop",
            "sequenceNumber": self.next(),
            "stop": {"accountSid": self.sids.account, "callSid": self.sids.call},
            "streamSid": self.sids.stream,
        })
        .to_string()
    }

    fn next(&mut self) -> String {
        self.sequence += 1;
        self.sequence.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn examples(direction: &str) -> Vec<(String, Value)> {
        let file: Value =
            serde_json::from_str(include_str!("../../../../fixtures/sim/carrier_ws_messages.json"))
                .expect("it is JSON");
        let all = file["messages"].as_array().expect("a list");
        all.iter()
            .filter(|m| m["carrier"] == "twilio" && m["direction"] == direction)
            .map(|m| (m["event"].as_str().expect("a text").to_owned(), m["message"].clone()))
            .collect()
    }

    fn shape(value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| match name.as_str() {
                    "customParameters" => (name.clone(), "any texts".into()),
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

    #[test]
    fn every_message_has_the_fields_and_types_of_the_documented_example() {
        let mut writer = Writer::new(Sids::invented(1));
        let written = [
            ("connected", writer.connected()),
            ("start", writer.start(&[("call".into(), "1".into())])),
            ("media", writer.media(5, &[0xff; 160])),
            ("dtmf", writer.dtmf('1')),
            ("mark", writer.mark("a \"name\"")),
            ("stop", writer.stop()),
        ];
        let examples = examples("from_carrier");
        assert_eq!(examples.len(), written.len());
        for (event, text) in written {
            let value: Value = serde_json::from_str(&text).expect("we write JSON");
            let (_, example) = examples.iter().find(|(e, _)| e == event).expect("an example of it");
            assert_eq!(shape(&value), shape(example), "{event}");
        }
    }

    #[test]
    fn what_the_documentation_shows_towards_twilio_is_read() {
        for (event, example) in examples("to_carrier") {
            let sid = example["streamSid"].as_str().expect("a text");
            assert!(read(&example.to_string(), sid).is_ok(), "{event}");
        }
    }

    #[test]
    fn superfluous_missing_and_unknown_things_are_refused() {
        for bad in [
            r#"{"event":"media","streamSid":"MZ1","media":{"payload":"//8=","track":"outbound"}}"#,
            r#"{"event":"media","streamSid":"MZ1","media":{"payload":"//8"}}"#,
            r#"{"event":"media","streamSid":"MZ1","media":{"payload":"!"}}"#,
            r#"{"event":"media","streamSid":"MZ1"}"#,
            r#"{"event":"media","media":{"payload":"//8="}}"#,
            r#"{"event":"media","streamSid":"MZ2","media":{"payload":"//8="}}"#,
            r#"{"event":"media","streamSid":"MZ1","media":{"payload":"//8="},"sequenceNumber":"1"}"#,
            r#"{"event":"media","streamSid":"MZ1","media":{"payload":"//8="},"mark":{"name":"a"}}"#,
            r#"{"event":"mark","streamSid":"MZ1","mark":{}}"#,
            r#"{"event":"mark","streamSid":"MZ1","mark":{"name":1}}"#,
            r#"{"event":"clear","streamSid":"MZ1","clear":{}}"#,
            r#"{"event":"stop","streamSid":"MZ1"}"#,
            r#"{"event":"playAudio","streamSid":"MZ1"}"#,
            "[]",
            "{",
        ] {
            assert!(read(bad, "MZ1").is_err(), "{bad} was taken");
        }
    }
}
