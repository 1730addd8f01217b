//! The messages of a media stream, written as Telnyx writes them and read strictly.
//!
//! Sources: <https://developers.telnyx.com/docs/voice/programmable-voice/media-streaming> and
//! <https://developers.telnyx.com/api-reference/websockets/stream-call-media-over-websocket>. What the server may send
//! is `media`, `mark` and `clear`, without a stream's name; a fault is answered with an `error`.

use super::Account;
use crate::{
    clock,
    phone::{
        Dial, FromServer,
        dialect::{Dialect, Wrong},
        playout::Cleared,
        verb::StreamVerb,
    },
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sound::g711;

/// Writes what Telnyx sends, numbering as it goes, and reads what it is sent.
pub struct Writer {
    user: String,
    call: String,
    stream: String,
    from: String,
    to: String,
    parameters: Map<String, Value>,
    codec: String,
    /// `PCMU`, `PCMA`, or `mp3`.
    back: String,
    sequence: u64,
    chunk: u64,
}

/// Of one message of RTP payload, in bytes at 8 kHz: 20 ms to 30 s.
const PAYLOAD: std::ops::RangeInclusive<usize> = 160..=240_000;

impl Writer {
    pub fn new(account: &Account, dial: &Dial, verb: &StreamVerb) -> Self {
        let parameters = verb.parameters.iter().map(|(name, value)| (name.clone(), value.clone().into()));
        Self {
            user: account.organisation.clone(),
            call: dial.sids.call.clone(),
            stream: dial.sids.stream.clone(),
            from: dial.from.clone(),
            to: dial.to.clone(),
            parameters: parameters.collect(),
            codec: verb.codec.clone(),
            back: verb.codec_back.clone(),
            sequence: 0,
            chunk: 0,
        }
    }

    fn next(&mut self) -> String {
        self.sequence += 1;
        self.sequence.to_string()
    }

    fn wrong(&self, code: u32, title: &str, what: String) -> Wrong {
        let reply = json!({
            "event": "error",
            "payload": {"code": code, "title": title, "detail": what},
            "stream_id": self.stream,
        });
        Wrong { code, what, reply: Some(reply.to_string()) }
    }

    fn played(&self, payload: &str) -> Result<FromServer, String> {
        let bytes =
            BASE64_STANDARD.decode(payload).map_err(|why| format!("the payload is not base64: {why}"))?;
        if self.back == "mp3" {
            return Err("this stream takes whole MP3 files, and none was sent that is played here".into());
        }
        if !PAYLOAD.contains(&bytes.len()) {
            return Err(format!("{} bytes are not 20 ms to 30 s", bytes.len()));
        }
        let ulaw = match self.back.as_str() {
            "PCMA" => g711::samples_to_ulaw(&g711::alaw_to_samples(&bytes)),
            _ => bytes,
        };
        Ok(FromServer::Media(ulaw.into()))
    }
}

impl Dialect for Writer {
    fn open(&mut self) -> Vec<String> {
        let start = json!({
            "event": "start",
            "sequence_number": self.next(),
            "start": {
                "user_id": self.user,
                "call_control_id": self.call,
                "call_session_id": "428c31b6-abf3-3bc1-b7f4-5013ef9657c1",
                "from": self.from,
                "to": self.to,
                "tags": [],
                "client_state": "",
                "custom_parameters": std::mem::take(&mut self.parameters),
                "media_format": {"encoding": self.codec, "sample_rate": 8_000, "channels": 1},
            },
            "stream_id": self.stream,
        });
        vec![json!({"event": "connected", "version": "1.0.0"}).to_string(), start.to_string()]
    }

    fn media(&mut self, milliseconds: u128, ulaw: &[u8]) -> String {
        self.chunk += 1;
        let payload = match self.codec.as_str() {
            "PCMA" => BASE64_STANDARD.encode(g711::samples_to_alaw(&g711::ulaw_to_samples(ulaw))),
            _ => BASE64_STANDARD.encode(ulaw),
        };
        json!({
            "event": "media",
            "sequence_number": self.next(),
            "media": {
                "track": "inbound",
                "chunk": self.chunk.to_string(),
                "timestamp": milliseconds.to_string(),
                "payload": payload,
            },
            "stream_id": self.stream,
        })
        .to_string()
    }

    fn dtmf(&mut self, _: u128, digit: char) -> String {
        json!({
            "event": "dtmf",
            "stream_id": self.stream,
            "occurred_at": clock::timestamp(),
            "sequence_number": self.next(),
            "dtmf": {"digit": digit},
        })
        .to_string()
    }

    fn mark(&mut self, name: &str) -> String {
        json!({
            "event": "mark",
            "sequence_number": self.next(),
            "stream_id": self.stream,
            "mark": {"name": name},
        })
        .to_string()
    }

    fn cleared(&mut self, cleared: &Cleared) -> Vec<String> {
        cleared.marks.iter().map(|name| self.mark(name)).collect()
    }

    fn stop(&mut self) -> Option<String> {
        let stop = json!({
            "event": "stop",
            "sequence_number": self.next(),
            "stop": {"user_id": self.user, "call_control_id": self.call},
            "stream_id": self.stream,
        });
        Some(stop.to_string())
    }

    fn read(&mut self, text: &str) -> Result<FromServer, Wrong> {
        let malformed = |what| self.wrong(100_003, "malformed_frame", what);
        let message: Message = serde_json::from_str(text).map_err(|why| malformed(why.to_string()))?;
        match (message.event.as_str(), message.media, message.mark) {
            ("media", Some(media), None) => {
                self.played(&media.payload).map_err(|what| self.wrong(100_004, "invalid_media", what))
            }
            ("mark", None, Some(mark)) => Ok(FromServer::Mark(mark.name)),
            ("clear", None, None) => Ok(FromServer::Clear),
            (event @ ("media" | "mark" | "clear"), ..) => {
                Err(malformed(format!("{event} lacks a field or has one too many")))
            }
            (event, ..) => Err(malformed(format!("there is no event {event:?} towards Telnyx"))),
        }
    }

    fn binary(&mut self) -> Wrong {
        self.wrong(100_003, "malformed_frame", "a binary message".into())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    event: String,
    media: Option<Media>,
    mark: Option<Mark>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Media {
    payload: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    name: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::{Carrier, dialect::examples};

    fn writer(codec: &str, back: &str) -> Writer {
        let verb = StreamVerb {
            codec: codec.into(),
            codec_back: back.into(),
            parameters: vec![("call".into(), "1".into())],
            ..StreamVerb::default()
        };
        Writer::new(&Account::new("secret"), &Dial::of(Carrier::Telnyx, "https://h/"), &verb)
    }

    #[test]
    fn every_message_has_the_fields_and_types_of_the_documented_example() {
        let mut writer = writer("PCMU", "PCMU");
        let mut written = writer.open();
        written.push(writer.media(5, &[0xff; 160]));
        written.push(writer.dtmf(5, '1'));
        written.push(writer.mark("a \"name\""));
        written.extend(writer.stop());
        written.extend(writer.binary().reply);
        examples::hold("telnyx", &written, 7);
    }

    #[test]
    fn what_the_documentation_shows_towards_telnyx_is_read_and_nothing_else() {
        let mut writer = writer("PCMU", "PCMU");
        for (event, mut example) in examples::of("telnyx", "to_carrier") {
            if event == "media" {
                // Shortened in the documentation.
                example["media"]["payload"] = BASE64_STANDARD.encode([0xff; 160]).into();
            }
            assert!(writer.read(&example.to_string()).is_ok(), "{event}");
            example["stream_id"] = writer.stream.clone().into();
            let wrong = writer.read(&example.to_string()).expect_err("it has a surplus field");
            assert_eq!(wrong.code, 100_003, "{event}");
        }
        for (bad, code) in [
            (r#"{"event":"media","media":{"payload":"!"}}"#, 100_004),
            (r#"{"event":"media","media":{"payload":"//8="}}"#, 100_004),
            (r#"{"event":"media","media":{}}"#, 100_003),
            (r#"{"event":"mark"}"#, 100_003),
            (r#"{"event":"clear","mark":{"name":"a"}}"#, 100_003),
            (r#"{"event":"playAudio"}"#, 100_003),
            ("[]", 100_003),
            ("{", 100_003),
        ] {
            assert_eq!(writer.read(bad).expect_err(bad).code, code, "{bad}");
        }
    }

    #[test]
    fn a_law_goes_both_ways_and_a_stream_of_files_plays_no_payload() {
        let ulaw = g711::samples_to_ulaw(&[1_000; 160]);
        let media: Value = serde_json::from_str(&writer("PCMA", "PCMA").media(0, &ulaw)).expect("JSON");
        let payload = media["media"]["payload"].as_str().expect("a text");
        let alaw = BASE64_STANDARD.decode(payload).expect("base64");
        assert!(g711::alaw_to_samples(&alaw).iter().all(|sample| sample.abs_diff(1_000) < 64));
        let text = json!({"event": "media", "media": {"payload": payload}}).to_string();
        let Ok(FromServer::Media(back)) = writer("PCMU", "PCMA").read(&text) else { panic!("it is played") };
        assert!(g711::ulaw_to_samples(&back).iter().all(|sample| sample.abs_diff(1_000) < 64));
        assert_eq!(writer("PCMU", "mp3").read(&text).expect_err("it is no file").code, 100_004);
    }
}
