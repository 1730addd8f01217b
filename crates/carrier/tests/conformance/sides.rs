//! The carriers' sides of the wire, by their documentation and not by ours: what each signs, posts and streams.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use carrier::{Carrier, plivo::Plivo, telnyx::Telnyx, twilio::Twilio};
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Sha256;
use std::collections::BTreeMap;

pub const NOW: i64 = 1_767_225_600;
pub const URL: &str = "https://voice.example.com/phone/call";
pub const FROM: &str = "+14155550199";
pub const TO: &str = "+14155550100";

/// One carrier, as it is from the other side.
pub struct Side {
    pub carrier: Box<dyn Carrier>,
    pub kind: Kind,
    pub call: &'static str,
    pub stream: &'static str,
    messages: Vec<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Twilio,
    Plivo,
    Telnyx,
}

/// What we told a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    Sound(Vec<u8>),
    Mark(String),
    Clear,
}

pub fn all() -> [Side; 3] {
    let side = |carrier: Box<dyn Carrier>, kind, call, stream, file: &str| {
        let file: Value = serde_json::from_str(file).expect("the fixture is JSON");
        Side { carrier, kind, call, stream, messages: file["messages"].as_array().expect("messages").clone() }
    };
    [
        side(
            Box::new(Twilio),
            Kind::Twilio,
            "CA00000000000000000000000000000002",
            "MZ00000000000000000000000000000003",
            include_str!("../../../../fixtures/twilio/messages.json"),
        ),
        side(
            Box::<Plivo>::default(),
            Kind::Plivo,
            "24b28e6c-cdbf-4bb8-9e3d-1f9a1f9a1f9a",
            "30852c23-ee79-4eb4-b7b9-cd360545965b",
            include_str!("../../../../fixtures/plivo/messages.json"),
        ),
        side(
            Box::<Telnyx>::default(),
            Kind::Telnyx,
            "v3:example-call-control-id",
            "32DE0DEA-53CB-4B21-89A4-9E1819C043BC",
            include_str!("../../../../fixtures/telnyx/messages.json"),
        ),
    ]
}

impl Side {
    pub fn name(&self) -> &'static str {
        self.carrier.name()
    }

    /// What [`Carrier::verify`] takes as secret.
    pub fn secret(&self) -> String {
        match self.kind {
            Kind::Twilio | Kind::Plivo => "0123456789abcdef0123456789abcdef".into(),
            Kind::Telnyx => BASE64_STANDARD.encode(key().verifying_key().as_bytes()),
        }
    }

    /// The headers of a form that is posted to `url`.
    pub fn signed(&self, url: &str, body: &str) -> Vec<(String, String)> {
        let mut fields: Vec<(String, String)> = body
            .split('&')
            .filter_map(|field| field.split_once('='))
            .map(|(name, value)| (name.to_owned(), decoded(value)))
            .collect();
        fields.sort();
        let fields: String = fields.into_iter().map(|(name, value)| name + &value).collect();
        let form = ("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned());
        let headers: Vec<(&str, String)> = match self.kind {
            Kind::Twilio => {
                let mut mac = <Hmac<Sha1>>::new_from_slice(self.secret().as_bytes()).expect("any key");
                mac.update(format!("{url}{fields}").as_bytes());
                vec![("X-Twilio-Signature", BASE64_STANDARD.encode(mac.finalize().into_bytes()))]
            }
            Kind::Plivo => {
                let mut mac = <Hmac<Sha256>>::new_from_slice(self.secret().as_bytes()).expect("any key");
                let mark = if fields.is_empty() { "" } else { "?" };
                mac.update(format!("{url}{mark}{fields}.12345").as_bytes());
                let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
                vec![("X-Plivo-Signature-V3", signature), ("X-Plivo-Signature-V3-Nonce", "12345".into())]
            }
            Kind::Telnyx => {
                let signature = key().sign(format!("{NOW}|{body}").as_bytes()).to_bytes();
                let signature = BASE64_STANDARD.encode(signature);
                vec![("Telnyx-Signature-Ed25519", signature), ("Telnyx-Timestamp", NOW.to_string())]
            }
        };
        headers.into_iter().map(|(name, value)| (name.to_owned(), value)).chain([form]).collect()
    }

    /// The form of a call that rings, with these fields besides.
    pub fn form(&self, more: &str) -> String {
        let call = self.call.replace(':', "%3A");
        let number = |number: &str| match self.kind {
            Kind::Plivo => number.trim_start_matches('+').to_owned(),
            Kind::Twilio | Kind::Telnyx => number.replace('+', "%2B"),
        };
        let name = if self.kind == Kind::Plivo { "CallUUID" } else { "CallSid" };
        format!("{name}={call}&From={}&To={}&Future=1{more}", number(FROM), number(TO))
    }

    /// The messages of the documentation, with what the other side may answer to.
    pub fn documented(&self, direction: &str) -> Vec<Value> {
        let of = |message: &&Value| message["direction"] == direction;
        self.messages.iter().filter(of).map(|message| message["message"].clone()).collect()
    }

    fn message(&self, event: &str) -> Value {
        let mut all = self.documented("from_carrier").into_iter();
        all.find(|message| message["event"] == event).unwrap_or_else(|| panic!("{}: {event}", self.name()))
    }

    /// What comes before a stream's first sound; with the parameters that our document asked to be handed back.
    pub fn opening(&self, parameters: &BTreeMap<String, String>) -> Vec<Value> {
        let mut start = self.message("start");
        match self.kind {
            Kind::Twilio => start["start"]["customParameters"] = json!(parameters),
            Kind::Telnyx => start["start"]["custom_parameters"] = json!(parameters),
            Kind::Plivo => {
                let pairs: Vec<_> =
                    parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
                start["extra_headers"] = pairs.join(";").into();
            }
        }
        match self.kind {
            Kind::Plivo => vec![start],
            Kind::Twilio | Kind::Telnyx => vec![self.message("connected"), start],
        }
    }

    /// The opening in this codec, by the carrier's own word.
    pub fn opening_in(&self, encoding: &str, hertz: u32) -> Vec<Value> {
        let mut opening = self.opening(&BTreeMap::new());
        let start = opening.last_mut().expect("a start");
        let (format, rate) = match self.kind {
            Kind::Twilio | Kind::Plivo => ("mediaFormat", "sampleRate"),
            Kind::Telnyx => ("media_format", "sample_rate"),
        };
        start["start"][format]["encoding"] = encoding.into();
        start["start"][format][rate] = hertz.into();
        opening
    }

    /// Sound of the caller, in its place.
    pub fn media(&self, chunk: u64, sound: &[u8]) -> Value {
        let mut media = self.message("media");
        media["media"]["payload"] = BASE64_STANDARD.encode(sound).into();
        media["media"]["chunk"] = match self.kind {
            Kind::Twilio | Kind::Telnyx => chunk.to_string().into(),
            Kind::Plivo => chunk.into(),
        };
        media
    }

    pub fn key(&self, key: &str) -> Value {
        let mut dtmf = self.message("dtmf");
        dtmf["dtmf"]["digit"] = key.into();
        dtmf
    }

    /// All before this mark was played.
    pub fn reached(&self, mark: &str) -> Value {
        match self.kind {
            Kind::Twilio | Kind::Telnyx => {
                let mut reached = self.message("mark");
                reached["mark"]["name"] = mark.into();
                reached
            }
            Kind::Plivo => {
                let mut reached = self.message("playedStream");
                reached["name"] = mark.into();
                reached
            }
        }
    }

    /// What the carrier says to a clear while these marks are pending.
    pub fn cleared(&self, pending: &[String]) -> Vec<Value> {
        match self.kind {
            Kind::Twilio | Kind::Telnyx => pending.iter().map(|mark| self.reached(mark)).collect(),
            Kind::Plivo => vec![self.message("clearedAudio")],
        }
    }

    pub fn stop(&self) -> Value {
        self.message("stop")
    }

    /// A message of another call's stream.
    pub fn strange(&self) -> Value {
        let mut media = self.media(1, &[0x7f; 160]);
        let name = match self.kind {
            Kind::Twilio => "streamSid",
            Kind::Plivo => "streamId",
            Kind::Telnyx => "stream_id",
        };
        assert_eq!(media[name], self.stream);
        media[name] = "another".into();
        media
    }

    /// Reads what we told the stream, strictly: nothing missing and nothing more than is documented.
    pub fn hears(&self, message: &Value) -> Told {
        let keys = |value: &Value| -> Vec<String> {
            value.as_object().expect("an object").keys().cloned().collect()
        };
        let stream = match self.kind {
            Kind::Twilio => "streamSid",
            Kind::Plivo => "streamId",
            Kind::Telnyx => "",
        };
        if !stream.is_empty() && message["event"] != "playAudio" {
            assert_eq!(message[stream], self.stream);
        }
        let sound =
            || BASE64_STANDARD.decode(message["media"]["payload"].as_str().expect("sound")).expect("base64");
        let with = |more: &[&str]| {
            let mut all: Vec<String> =
                more.iter().chain(&["event", stream]).map(|key| (*key).to_owned()).collect();
            all.retain(|key| !key.is_empty());
            all.sort();
            all
        };
        match (self.kind, message["event"].as_str().expect("an event")) {
            (Kind::Twilio | Kind::Telnyx, "media") => {
                assert_eq!(
                    (keys(message), keys(&message["media"])),
                    (with(&["media"]), vec!["payload".into()])
                );
                Told::Sound(sound())
            }
            (Kind::Plivo, "playAudio") => {
                assert_eq!(keys(message), ["event", "media"]);
                assert_eq!(keys(&message["media"]), ["contentType", "payload", "sampleRate"]);
                assert!(
                    ["audio/x-mulaw", "audio/x-l16"]
                        .contains(&message["media"]["contentType"].as_str().expect("a text"))
                );
                Told::Sound(sound())
            }
            (Kind::Twilio | Kind::Telnyx, "mark") => {
                assert_eq!((keys(message), keys(&message["mark"])), (with(&["mark"]), vec!["name".into()]));
                Told::Mark(message["mark"]["name"].as_str().expect("a name").into())
            }
            (Kind::Plivo, "checkpoint") => {
                assert_eq!(keys(message), with(&["name"]));
                Told::Mark(message["name"].as_str().expect("a name").into())
            }
            (Kind::Twilio | Kind::Telnyx, "clear") | (Kind::Plivo, "clearAudio") => {
                assert_eq!(keys(message), with(&[]));
                Told::Clear
            }
            (kind, event) => panic!("{kind:?} knows no {event}"),
        }
    }
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&std::array::from_fn(|byte| byte as u8))
}

fn decoded(value: &str) -> String {
    let mut parts = value.split('%');
    let mut bytes = parts.next().unwrap_or_default().replace('+', " ").into_bytes();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("two hex digits"));
        bytes.extend_from_slice(part[2..].replace('+', " ").as_bytes());
    }
    String::from_utf8(bytes).expect("UTF-8")
}
