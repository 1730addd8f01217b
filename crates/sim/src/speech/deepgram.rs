//! Deepgram's listen (v1, Nova, and v2, Flux) and speak.
//!
//! Sources: <https://developers.deepgram.com/reference>, the package `deepgram-sdk` 7.17.

mod turns;

use super::{Asked, Fault, Made, Script, Shared, has_key, locked, schema, tone};
use crate::http::{self, Request, Response};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request as Upgrade, Response as Upgraded},
        protocol::CloseFrame,
    },
};
use turns::{Told, Turns};

const LISTEN_V1: [&str; 30] = [
    "callback",
    "callback_method",
    "channels",
    "detect_entities",
    "diarize",
    "diarize_model",
    "dictation",
    "encoding",
    "endpointing",
    "extra",
    "interim_results",
    "keyterm",
    "keywords",
    "language",
    "language_hint",
    "mip_opt_out",
    "model",
    "multichannel",
    "numerals",
    "profanity_filter",
    "punctuate",
    "redact",
    "replace",
    "sample_rate",
    "search",
    "smart_format",
    "tag",
    "utterance_end_ms",
    "vad_events",
    "version",
];
const LISTEN_V2: [&str; 13] = [
    "model",
    "encoding",
    "sample_rate",
    "eot_threshold",
    "eager_eot_threshold",
    "eot_timeout_ms",
    "keyterm",
    "language_hint",
    "profanity_filter",
    "numerals",
    "redact",
    "mip_opt_out",
    "tag",
];
const SPEAK: [&str; 10] = [
    "model",
    "encoding",
    "sample_rate",
    "container",
    "bit_rate",
    "speed",
    "callback",
    "callback_method",
    "tag",
    "mip_opt_out",
];
const REQUEST_ID: &str = "fc553ec9-5874-49ca-a47c-b670d525a4b3";

pub(super) fn speak(request: &Request, script: &Script) -> Result<(Asked, Made), Response> {
    if let Some(Fault::Status(status)) = script.fault {
        return Err(refusal(status, "ORDERED", "It was ordered to refuse."));
    }
    if !has_key(request, "Token", &script.key) {
        return Err(refusal(401, "INVALID_AUTH", "Invalid credentials."));
    }
    let wrong = |why: &str| refusal(400, "INVALID_QUERY_PARAMETER", why);
    let fields = query(&request.target, &SPEAK).map_err(|why| wrong(&why))?;
    let mut asked = Asked { target: request.target.clone(), fields, ..Asked::default() };
    if !asked.field("model").is_some_and(|model| model.starts_with("aura-")) {
        return Err(wrong("No such model."));
    }
    let rate: u32 = asked.field("sample_rate").and_then(|rate| rate.parse().ok()).unwrap_or(24_000);
    let rates: &[u32] = match asked.field("encoding") {
        Some("linear16") => &[8_000, 16_000, 24_000, 32_000, 48_000],
        Some("mulaw" | "alaw") => &[8_000, 16_000],
        _ => return Err(wrong("This stand-in speaks linear16, mulaw and alaw.")),
    };
    if !rates.contains(&rate) {
        return Err(wrong("Unsupported sample rate."));
    }
    let body: Value =
        serde_json::from_slice(&request.body).map_err(|_| wrong("Failed to deserialize JSON payload."))?;
    let text = body["text"].as_str().filter(|_| body.as_object().is_some_and(|body| body.len() == 1));
    let text = text.ok_or_else(|| wrong("The body is an object with a text."))?;
    if text.is_empty() || text.chars().count() > 2_000 {
        return Err(refusal(413, "PAYLOAD_ERROR", "Input text has 1 to 2000 characters."));
    }
    asked.fields.push(("text".into(), text.into()));
    let samples = tone(script.seconds, rate);
    let mut sound = match asked.field("encoding") {
        Some("mulaw") => sound::g711::samples_to_ulaw(&samples),
        Some("alaw") => sound::g711::samples_to_alaw(&samples),
        _ => sound::samples_to_pcm(&samples),
    };
    if asked.field("container") != Some("none") {
        sound = sound::wav::Wav::mono(rate, samples).write();
    }
    let made = match script.fault {
        Some(Fault::WrongFormat) => {
            Made { kind: "audio/mpeg", body: b"\xff\xfb\x90\x00".repeat(900), is_sound: true }
        }
        Some(Fault::OtherJson) => {
            Made { kind: "application/json", body: b"{\"request_id\":\"x\"}".to_vec(), is_sound: false }
        }
        _ => Made { kind: "audio/l16", body: sound, is_sound: true },
    };
    Ok((asked, made))
}

/// One conversation of `/v1/listen` or `/v2/listen`.
pub(super) async fn listen(mut stream: TcpStream, shared: &Shared, script: &Script) {
    if let Some(Fault::Status(status)) = script.fault {
        if http::read_request(&mut stream).await.is_ok() {
            let refusal = refusal(status, "ORDERED", "It was ordered to refuse.");
            let _ = http::write_response(&mut stream, &refusal).await;
        }
        return;
    }
    let mut admitted = Err("there was no request".to_owned());
    #[expect(clippy::result_large_err, reason = "the library's own type")]
    let callback = |request: &Upgrade, response: Upgraded| {
        admitted = admit(request, script);
        match &admitted {
            Ok(_) => Ok(response),
            Err(why) => {
                let mut refusal = ErrorResponse::new(Some(
                    json!({"err_code": "Bad Request", "err_msg": why, "request_id": REQUEST_ID}).to_string(),
                ));
                *refusal.status_mut() =
                    if why.contains("credentials") { http_status(401) } else { http_status(400) };
                Err(refusal)
            }
        }
    };
    let accepted = accept_hdr_async(stream, callback).await;
    match (accepted, admitted) {
        (Ok(socket), Ok((asked, endpoint))) => {
            let mut conversation = Conversation {
                socket,
                endpoint,
                script,
                shared,
                asked,
                bytes: Vec::new(),
                sequence: 0,
                turns: Turns::default(),
            };
            let over = conversation.hold().await;
            if let Err(why) = over {
                locked(&shared.mistakes).push(why);
            }
        }
        (_, Err(why)) => locked(&shared.mistakes).push(why),
        (Err(why), Ok(_)) => locked(&shared.mistakes).push(why.to_string()),
    }
}

fn http_status(status: u16) -> ::http::StatusCode {
    ::http::StatusCode::from_u16(status).expect("it is one")
}

fn admit(request: &Upgrade, script: &Script) -> Result<(Asked, &'static str), String> {
    let value =
        request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if value != format!("Token {}", script.key) {
        return Err("Invalid credentials.".into());
    }
    let target = request.uri().to_string();
    let (endpoint, known): (_, &[&str]) = match request.uri().path() {
        "/v1/listen" => ("listen_v1", &LISTEN_V1),
        "/v2/listen" => ("listen_v2", &LISTEN_V2),
        path => return Err(format!("There is nothing at {path}.")),
    };
    let fields = query(&target, known)?;
    let mut asked = Asked { target, fields, ..Asked::default() };
    let model = asked.field("model").unwrap_or_default();
    if model.starts_with("flux-") != (endpoint == "listen_v2") || model == "nova-3-phonecall" {
        return Err(format!("No such model/language/tier combination found: {model:?}."));
    }
    let followed = endpoint == "listen_v2";
    match asked.field("encoding") {
        Some("linear16") => {}
        Some("mulaw" | "alaw") if followed => {}
        _ => return Err("This stand-in hears linear16, and in turns mulaw and alaw.".into()),
    }
    for (name, range) in [("eager_eot_threshold", 0.3..=0.9), ("eot_threshold", 0.5..=1.0)] {
        let number = |value: &str| value.parse::<f64>().is_ok_and(|number| range.contains(&number));
        if !asked.field(name).is_none_or(number) {
            return Err(format!("{name} is out of its range"));
        }
    }
    asked.hertz = asked
        .field("sample_rate")
        .and_then(|rate| rate.parse().ok())
        .ok_or("encoding needs a sample_rate")?;
    for name in ["interim_results", "punctuate", "numerals", "smart_format", "vad_events"] {
        if asked.field(name).is_some_and(|value| !["true", "false"].contains(&value)) {
            return Err(format!("{name} is true or false"));
        }
    }
    Ok((asked, endpoint))
}

struct Conversation<'a> {
    socket: WebSocketStream<TcpStream>,
    endpoint: &'static str,
    script: &'a Script,
    shared: &'a Shared,
    asked: Asked,
    bytes: Vec<u8>,
    sequence: u32,
    turns: Turns,
}

impl Conversation<'_> {
    async fn hold(&mut self) -> Result<(), String> {
        if self.endpoint == "listen_v2" {
            self.say(json!({"type": "Connected", "request_id": REQUEST_ID})).await;
        }
        while let Some(Ok(message)) = self.socket.next().await {
            match message {
                Message::Binary(bytes) => {
                    if self.bytes.is_empty() {
                        self.begins().await;
                    }
                    self.bytes.extend_from_slice(&bytes);
                    if self.endpoint == "listen_v2" && !self.follow(&bytes).await? {
                        return Ok(());
                    }
                }
                Message::Text(text) => {
                    let message: Value =
                        serde_json::from_str(&text).map_err(|_| "a text message is no JSON")?;
                    if let Err(why) = schema::judge(self.endpoint, true, &message) {
                        self.say(json!({"type": "Error", "variant": "BadRequest", "code": "BAD", "description": why})).await;
                        return Err(why);
                    }
                    if !self.told(message["type"].as_str().unwrap_or_default()).await {
                        return Ok(());
                    }
                }
                Message::Close(_) => return Ok(()),
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
        Ok(())
    }

    async fn begins(&mut self) {
        match self.endpoint {
            "listen_v1" if self.asked.field("vad_events") == Some("true") => {
                self.say(json!({"type": "SpeechStarted", "channel": [0], "timestamp": 0.1})).await;
            }
            _ => {}
        }
    }

    /// Hears the caller's turns. False: it is over.
    async fn follow(&mut self, bytes: &[u8]) -> Result<bool, String> {
        let encoding = self.asked.field("encoding").unwrap_or_default().to_owned();
        if encoding == "linear16" && !bytes.len().is_multiple_of(2) {
            return Err("a message of sound ends within a sample".into());
        }
        let now = locked(&self.shared.script).clone();
        if now.fault != self.script.fault {
            match now.fault {
                Some(Fault::Silence) => std::future::pending::<()>().await,
                Some(Fault::CutWithin) => return Ok(false),
                Some(Fault::OtherJson) => {
                    self.say(json!({"type": "Error", "code": "TROUBLE", "description": "It was ordered to give up."})).await;
                    return Ok(false);
                }
                Some(Fault::Status(_) | Fault::Endless | Fault::WrongFormat | Fault::Cut) | None => {}
            }
        }
        let samples = decoded(&encoding, bytes);
        let early = self.asked.field("eager_eot_threshold").is_some();
        for told in self.turns.hear(&samples, self.asked.hertz, &now.words, early) {
            self.turn(&told).await;
        }
        Ok(true)
    }

    /// False: it is over.
    async fn told(&mut self, kind: &str) -> bool {
        let words = self.script.words.clone();
        if kind != "KeepAlive" {
            match self.script.fault {
                Some(Fault::Silence) => std::future::pending::<()>().await,
                Some(Fault::CutWithin) => return false,
                Some(Fault::WrongFormat) => {
                    let _ = self.socket.send(Message::text("<html>")).await;
                }
                Some(Fault::OtherJson) => {
                    self.say(json!({"type": "Error", "variant": "Trouble", "code": "TROUBLE", "description": "It was ordered to give up.", "sequence_id": 9})).await;
                    return false;
                }
                Some(Fault::Endless) => loop {
                    let endless = results(&"endless ".repeat(100), false);
                    if self.socket.send(Message::text(endless.to_string())).await.is_err() {
                        return false;
                    }
                },
                Some(Fault::Status(_) | Fault::Cut) | None => {}
            }
        }
        match kind {
            "Finalize" if !self.bytes.is_empty() && !words.is_empty() => {
                let (first, second) = halves(&words);
                let results = [results("", false), results(&first, false), results(&second, true)];
                for results in results {
                    self.say(results).await;
                }
            }
            "ForceEndTurn" => {
                for told in self.turns.force(&words) {
                    self.turn(&told).await;
                }
            }
            "CloseStream" => {
                let sound = decoded(self.asked.field("encoding").unwrap_or_default(), &self.bytes);
                locked(&self.shared.asked).push(Asked { sound, ..self.asked.clone() });
                if self.endpoint == "listen_v1" {
                    let seconds = self.bytes.len() as f64 / 2.0 / f64::from(self.asked.hertz);
                    self.say(json!({
                        "type": "Metadata", "transaction_key": "deprecated", "request_id": REQUEST_ID, "sha256": "0".repeat(64),
                        "created": "2026-11-20T10:00:00.000Z", "duration": seconds, "channels": 1
                    }))
                    .await;
                }
                let frame = CloseFrame { code: 1000.into(), reason: "".into() };
                let _ = self.socket.close(Some(frame)).await;
                // The closing is answered, so that nothing on the way is lost.
                while let Some(Ok(_)) = self.socket.next().await {}
                return false;
            }
            _ => {}
        }
        true
    }

    async fn turn(&mut self, told: &Told) {
        let words = &told.words;
        let said: Vec<Value> =
            words.split_whitespace().map(|word| json!({"word": word, "confidence": 0.97})).collect();
        self.say(json!({
            "type": "TurnInfo", "request_id": REQUEST_ID, "event": told.event, "turn_index": told.turn, "audio_window_start": 0.0,
            "audio_window_end": 1.0, "transcript": words, "words": said, "end_of_turn_confidence": 0.8
        }))
        .await;
    }

    async fn say(&mut self, mut message: Value) {
        if self.endpoint == "listen_v2" {
            message["sequence_id"] = self.sequence.into();
            self.sequence += 1;
        }
        schema::judge(self.endpoint, false, &message).expect("this stand-in says what the vendor says");
        let _ = self.socket.send(Message::text(message.to_string())).await;
    }
}

fn decoded(encoding: &str, bytes: &[u8]) -> Vec<i16> {
    match encoding {
        "mulaw" => sound::g711::ulaw_to_samples(bytes),
        "alaw" => sound::g711::alaw_to_samples(bytes),
        _ => sound::pcm_to_samples(bytes),
    }
}

fn results(words: &str, finalized: bool) -> Value {
    let words: Vec<Value> = words
        .split_whitespace()
        .map(|word| json!({"word": word.to_lowercase(), "start": 0.0, "end": 0.1, "confidence": 0.98, "punctuated_word": word}))
        .collect();
    let transcript =
        words.iter().filter_map(|word| word["punctuated_word"].as_str()).collect::<Vec<_>>().join(" ");
    let confidence = if words.is_empty() { 0.0 } else { 0.98 };
    json!({
        "type": "Results", "channel_index": [0, 1], "duration": 1.0, "start": 0.0, "is_final": true,
        "speech_final": false, "from_finalize": finalized,
        "channel": {"alternatives": [{"transcript": transcript, "confidence": confidence, "words": words}]},
        "metadata": {
            "request_id": REQUEST_ID, "model_uuid": REQUEST_ID,
            "model_info": {"name": "general-nova-3", "version": "2025-07-01.0", "arch": "nova-3"}
        }
    })
}

fn halves(words: &str) -> (String, String) {
    let all: Vec<&str> = words.split(' ').collect();
    let (first, second) = all.split_at(all.len() / 2);
    (first.join(" "), second.join(" "))
}

fn query(target: &str, known: &[&str]) -> Result<Vec<(String, String)>, String> {
    let fields = http::read_form(target.split_once('?').map_or("", |(_, query)| query))?;
    match fields.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((unknown, _)) => Err(format!("Unknown query parameter {unknown}.")),
        None => Ok(fields),
    }
}

fn refusal(status: u16, code: &str, message: &str) -> Response {
    Response::json(status, &json!({"err_code": code, "err_msg": message, "request_id": REQUEST_ID}))
}
