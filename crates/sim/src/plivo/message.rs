//! The messages of an audio stream, written as Plivo writes them and read strictly.
//!
//! Source: <https://www.plivo.com/docs/voice-agents/audio-streaming/concepts/audio-streaming-reference>. `start` comes
//! first; a checkpoint comes back only when all before it was truly played, and one that was thrown away never does.

use super::Account;
use crate::phone::{
    FromServer, Sids,
    dialect::{Dialect, Wrong},
    playout::Cleared,
    verb::StreamVerb,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use sound::{g711, pcm_to_samples, resample::Resampler, samples_to_pcm};

/// Writes what Plivo sends, numbering as it goes, and reads what it is sent.
pub struct Writer {
    account: String,
    sids: Sids,
    codec: String,
    hertz: u32,
    /// `k=v;k=v`, in every message of the caller's.
    extra: String,
    /// When the stream began, in milliseconds since 1970.
    epoch: u64,
    sequence: u64,
    chunk: u64,
    up: Resampler,
    down: Resampler,
}

impl Writer {
    pub fn new(account: &Account, sids: &Sids, verb: &StreamVerb, epoch: u64) -> Self {
        let pairs: Vec<String> =
            verb.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Self {
            account: account.auth_id.clone(),
            sids: sids.clone(),
            codec: verb.codec.clone(),
            hertz: verb.hertz,
            extra: pairs.join(";"),
            epoch,
            sequence: 0,
            chunk: 0,
            up: Resampler::new(8_000, verb.hertz.max(8_000)),
            down: Resampler::new(16_000, 8_000),
        }
    }

    fn next(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    fn encoded(&mut self, ulaw: &[u8]) -> Vec<u8> {
        if self.codec == "audio/x-mulaw" {
            return ulaw.to_vec();
        }
        let samples = g711::ulaw_to_samples(ulaw);
        if self.hertz == 8_000 {
            return samples_to_pcm(&samples);
        }
        let mut out = Vec::new();
        self.up.push(&samples, &mut out);
        samples_to_pcm(&out)
    }

    fn decoded(&mut self, media: &Media) -> Result<Vec<u8>, String> {
        let bytes = BASE64_STANDARD.decode(&media.payload);
        let bytes = bytes.map_err(|why| format!("the payload is not base64: {why}"))?;
        match (media.content_type.as_str(), media.sample_rate) {
            ("audio/x-mulaw", 8_000) => Ok(bytes),
            ("audio/x-l16", 8_000 | 16_000) if !bytes.len().is_multiple_of(2) => {
                Err("the payload ends within a sample".into())
            }
            ("audio/x-l16", 8_000) => Ok(g711::samples_to_ulaw(&pcm_to_samples(&bytes))),
            ("audio/x-l16", 16_000) => {
                let mut out = Vec::new();
                self.down.push(&pcm_to_samples(&bytes), &mut out);
                Ok(g711::samples_to_ulaw(&out))
            }
            (kind, rate) => Err(format!("contentType {kind:?} at {rate} is not played")),
        }
    }

    fn judged(&mut self, text: &str) -> Result<FromServer, String> {
        let value: Value = serde_json::from_str(text).map_err(|why| why.to_string())?;
        let event = value["event"].as_str().unwrap_or_default().to_owned();
        let wrong = |why: serde_json::Error| format!("{event}: {why}");
        let ours = |id: Option<&str>| match id {
            Some(id) if id == self.sids.stream => Ok(()),
            Some(id) => Err(format!("streamId {id:?} is not this stream's")),
            None => Err(format!("{event} has no streamId")),
        };
        match event.as_str() {
            "playAudio" => {
                let message: PlayAudio = serde_json::from_value(value).map_err(wrong)?;
                if message.stream_id.is_some() {
                    ours(message.stream_id.as_deref())?;
                }
                Ok(FromServer::Media(self.decoded(&message.media)?.into()))
            }
            "checkpoint" => {
                let message: Checkpoint = serde_json::from_value(value).map_err(wrong)?;
                ours(Some(&message.stream_id))?;
                Ok(FromServer::Mark(message.name))
            }
            "clearAudio" => {
                let message: ClearAudio = serde_json::from_value(value).map_err(wrong)?;
                ours(Some(&message.stream_id))?;
                Ok(FromServer::Clear)
            }
            "sendDTMF" => {
                let message: SendDtmf = serde_json::from_value(value).map_err(wrong)?;
                let key = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#' | 'w' | 'W');
                if message.dtmf.is_empty() || !message.dtmf.chars().all(key) {
                    return Err(format!("{:?} are no keys", message.dtmf));
                }
                Ok(FromServer::Keys(message.dtmf))
            }
            other => Err(format!("there is no event {other:?} towards Plivo")),
        }
    }

    fn stamped(&self, milliseconds: u128) -> String {
        (u128::from(self.epoch) + milliseconds).to_string()
    }
}

impl Dialect for Writer {
    fn open(&mut self) -> Vec<String> {
        let start = json!({
            "sequenceNumber": self.next(),
            "event": "start",
            "start": {
                "callId": self.sids.call,
                "streamId": self.sids.stream,
                "accountId": self.account,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": self.codec, "sampleRate": self.hertz},
            },
            "extra_headers": self.extra,
        });
        vec![start.to_string()]
    }

    fn media(&mut self, milliseconds: u128, ulaw: &[u8]) -> String {
        self.chunk += 1;
        let payload = BASE64_STANDARD.encode(self.encoded(ulaw));
        json!({
            "sequenceNumber": self.next(),
            "streamId": self.sids.stream,
            "event": "media",
            "media": {
                "track": "inbound",
                "timestamp": self.stamped(milliseconds),
                "chunk": self.chunk,
                "payload": payload,
            },
            "extra_headers": self.extra,
        })
        .to_string()
    }

    fn dtmf(&mut self, milliseconds: u128, digit: char) -> String {
        json!({
            "event": "dtmf",
            "sequenceNumber": self.next(),
            "streamId": self.sids.stream,
            "dtmf": {"track": "inbound", "digit": digit, "timestamp": self.stamped(milliseconds)},
            "extra_headers": self.extra,
        })
        .to_string()
    }

    fn mark(&mut self, name: &str) -> String {
        json!({
            "event": "playedStream",
            "sequenceNumber": self.next(),
            "streamId": self.sids.stream,
            "name": name,
        })
        .to_string()
    }

    fn cleared(&mut self, _: &Cleared) -> Vec<String> {
        let cleared = json!({
            "sequenceNumber": self.next(),
            "event": "clearedAudio",
            "streamId": self.sids.stream,
        });
        vec![cleared.to_string()]
    }

    fn stop(&mut self) -> Option<String> {
        let stop = json!({
            "event": "stop",
            "sequenceNumber": self.next(),
            "streamId": self.sids.stream,
            "stop": {"callId": self.sids.call, "streamId": self.sids.stream, "tracks": ["inbound"]},
        });
        Some(stop.to_string())
    }

    fn read(&mut self, text: &str) -> Result<FromServer, Wrong> {
        self.judged(text).map_err(|what| Wrong { code: 0, what, reply: None })
    }

    fn binary(&mut self) -> Wrong {
        Wrong { code: 0, what: "a binary message".into(), reply: None }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlayAudio {
    #[serde(rename = "event")]
    _event: String,
    #[serde(rename = "streamId")]
    stream_id: Option<String>,
    media: Media,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Media {
    content_type: String,
    sample_rate: u32,
    payload: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Checkpoint {
    #[serde(rename = "event")]
    _event: String,
    #[serde(rename = "streamId")]
    stream_id: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClearAudio {
    #[serde(rename = "event")]
    _event: String,
    #[serde(rename = "streamId")]
    stream_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SendDtmf {
    #[serde(rename = "event")]
    _event: String,
    dtmf: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::{Carrier, dialect::examples};

    fn writer(codec: &str, hertz: u32) -> Writer {
        let verb = StreamVerb {
            codec: codec.into(),
            hertz,
            parameters: vec![("call".into(), "1".into()), ("tenant".into(), "7".into())],
            ..StreamVerb::default()
        };
        Writer::new(&Account::new("secret"), &Sids::of(Carrier::Plivo, 1), &verb, 1_767_225_600_000)
    }

    #[test]
    fn every_message_has_the_fields_and_types_of_the_documented_example() {
        let mut writer = writer("audio/x-mulaw", 8_000);
        let mut written = writer.open();
        written.push(writer.media(20, &[0xff; 160]));
        written.push(writer.dtmf(20, '1'));
        written.push(writer.mark("a \"name\""));
        written.extend(writer.cleared(&Cleared::default()));
        written.extend(writer.stop());
        examples::hold("plivo", &written, 6);
        let start: Value = serde_json::from_str(&written[0]).expect("JSON");
        assert_eq!(start["extra_headers"], "call=1;tenant=7");
    }

    #[test]
    fn what_the_documentation_shows_towards_plivo_is_read_and_nothing_else() {
        let mut writer = writer("audio/x-mulaw", 8_000);
        for (event, mut example) in examples::of("plivo", "to_carrier") {
            if example["streamId"].is_string() {
                example["streamId"] = writer.sids.stream.clone().into();
            }
            assert!(writer.read(&example.to_string()).is_ok(), "{event}");
            example["surplus"] = true.into();
            assert!(writer.read(&example.to_string()).is_err(), "{event}");
        }
        for bad in [
            r#"{"event":"playAudio","media":{"payload":"//8="}}"#,
            r#"{"event":"playAudio","media":{"contentType":"audio/x-mulaw;rate=8000","sampleRate":8000,"payload":"//8="}}"#,
            r#"{"event":"playAudio","media":{"contentType":"audio/x-mulaw","sampleRate":16000,"payload":"//8="}}"#,
            r#"{"event":"playAudio","media":{"contentType":"audio/x-mulaw","sampleRate":"8000","payload":"//8="}}"#,
            r#"{"event":"playAudio","media":{"contentType":"audio/x-l16","sampleRate":8000,"payload":"/w=="}}"#,
            r#"{"event":"checkpoint","name":"a"}"#,
            r#"{"event":"checkpoint","streamId":"other","name":"a"}"#,
            r#"{"event":"clearAudio"}"#,
            r#"{"event":"media","media":{"payload":"//8="}}"#,
            r#"{"event":"sendDTMF","dtmf":"x"}"#,
            "[]",
            "{",
        ] {
            assert!(writer.read(bad).is_err(), "{bad} was taken");
        }
    }

    #[test]
    fn linear_sound_is_as_long_as_it_was_said() {
        for (hertz, bytes) in [(8_000, 320), (16_000, 640)] {
            let mut writer = writer("audio/x-l16", hertz);
            let mut length = 0;
            for n in 0..50 {
                let media: Value = serde_json::from_str(&writer.media(n * 20, &[0x10; 160])).expect("JSON");
                let payload = media["media"]["payload"].as_str().expect("a text");
                length += BASE64_STANDARD.decode(payload).expect("base64").len();
            }
            assert!(length.abs_diff(50 * bytes) < 200, "{length} bytes at {hertz}");
        }
    }
}
