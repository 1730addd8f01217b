//! The parts that hear and speak, against strict stand-ins of their services and real programs.

mod deepgram;
mod openai;
mod programs;
mod words;

use engine::{
    ApiKey,
    local::{
        Hypothesis, Speech, SpeechStream, Workers,
        parts::{self, Hear, Speak},
        piper::Piper,
        web::{PATIENCE, Place},
        whisper::Ear,
    },
};
use futures_util::StreamExt as _;
use sim::speech::{Fault, Script, Speech as Service};
use std::{sync::Arc, time::Duration};

pub const FAULTS: [Fault; 9] = [
    Fault::Status(401),
    Fault::Status(429),
    Fault::Status(503),
    Fault::Endless,
    Fault::WrongFormat,
    Fault::OtherJson,
    Fault::Cut,
    Fault::CutWithin,
    Fault::Silence,
];

pub async fn service(script: Script) -> Service {
    Service::listen(script).await.expect("a port is free")
}

pub fn with(fault: Fault) -> Script {
    Script { fault: Some(fault), ..Script::default() }
}

pub fn place(url: String, scheme: &str) -> Place {
    Place { url, authorization: Some(ApiKey::new(format!("{scheme} a-key-of-the-test"))), patience: PATIENCE }
}

/// As loud as a voice, for so long, at 8 kHz.
pub fn voice(seconds: f32) -> Vec<i16> {
    let at = |n: usize| (n as f32 / 8_000.0 * 300.0 * std::f32::consts::TAU).sin();
    (0..(seconds * 8_000.0) as usize).map(|n| (at(n) * 6_000.0) as i16).collect()
}

pub fn texts(heard: Result<Vec<Hypothesis>, String>) -> Vec<String> {
    heard.expect("it hears").into_iter().map(|h| h.text).collect()
}

/// Nothing comes at all: that need not be waited for at length.
pub fn patience(fault: &Fault) -> Duration {
    if *fault == Fault::Silence { Duration::from_secs(1) } else { PATIENCE }
}

pub async fn all(speech: SpeechStream) -> Vec<Speech> {
    speech.collect().await
}

/// What went wrong, and nothing after it.
pub async fn failure(speech: SpeechStream) -> String {
    let pieces = all(speech).await;
    let (last, before) = pieces.split_last().expect("it says why");
    assert!(before.iter().all(Result::is_ok));
    last.clone().expect_err("it goes wrong")
}

pub async fn samples(speech: SpeechStream) -> usize {
    all(speech).await.into_iter().map(|piece| piece.expect("it speaks").len()).sum()
}

/// A sentence for the owner: it names the service, and not the key.
pub fn is_sentence(why: &str, peer: &str) {
    assert!(why.contains(peer) && why.len() < 400 && !why.contains("a-key-of-the-test"), "{why}");
}

#[tokio::test]
async fn what_a_part_lacks_is_named_and_a_voice_it_lacks_replaced() {
    let workers = Arc::new(Workers::new("/nowhere/earpiece"));
    let model = "/nowhere/ggml-base.en.bin".into();
    let hear =
        Hear::Whisper(Ear { model, language: "en-US".into(), others: Vec::new(), prompt: String::new() });
    let speak = Speak::Piper(Piper::new("/nowhere/piper", "/nowhere"));
    let missing = parts::missing(&hear, &speak, "", "en-US", &workers).await.join("\n");
    for named in
        ["earpiece models pull whisper-base.en", "pip install piper-tts", "models pull en_US-lessac-medium"]
    {
        assert!(missing.contains(named), "{named}: {missing}");
    }
    let voices = [
        (Speak::Flite, "rms", "rms"),
        (Speak::Flite, "marin", "slt"),
        (Speak::Espeak, "", "de"),
        (Speak::Espeak, "slt", "de"),
        (Speak::Espeak, "en-gb", "en-gb"),
        (speak, "marin", "en_US-lessac-medium"),
    ];
    for (speak, wished, voice) in voices {
        assert_eq!(speak.tts(&workers, wished, "de-DE").1, voice, "{speak:?} {wished}");
    }
    assert_eq!(
        parts::missing(&Hear::PocketSphinx, &Speak::Espeak, "", "de", &workers).await.len(),
        1,
        "no worker starts"
    );
}
