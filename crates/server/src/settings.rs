//! What the owner's settings mean to the engines and tools, in their words.

use crate::config::{Deepgram, OpenAi, TurnBy};
use engine::{
    ApiKey, deepgram, live,
    openai::{self, Eagerness, NoiseReduction, TurnDetection},
};
use std::time::Duration;

/// OpenAI Live as it was chosen.
pub fn openai_live(settings: &OpenAi) -> live::Config {
    let key = settings.api_key.as_ref().map_or("", |key| key.expose());
    live::Config {
        url: settings.live_url.clone(),
        key: ApiKey::new(key),
        model: settings.live_model.clone(),
        backend: settings.live_backend_model.clone(),
    }
}

/// OpenAI Realtime as it was chosen.
pub fn openai(settings: &OpenAi) -> openai::Config {
    let key = settings.api_key.as_ref().map_or("", |key| key.expose());
    let turns = match settings.turn.by {
        TurnBy::Meaning => TurnDetection::Semantic(match settings.turn.eagerness {
            "low" => Eagerness::Low,
            "medium" => Eagerness::Medium,
            "high" => Eagerness::High,
            _ => Eagerness::Auto,
        }),
        TurnBy::Silence => TurnDetection::Server {
            threshold: settings.turn.threshold,
            prefix: Duration::from_millis(u64::from(settings.turn.prefix_ms)),
            silence: Duration::from_millis(u64::from(settings.turn.silence_ms)),
        },
    };
    let transcription = Some(settings.transcription_model.clone()).filter(|model| !model.is_empty());
    let noise_reduction = settings.noise_reduction.map(|place| match place {
        "far_field" => NoiseReduction::Far,
        _ => NoiseReduction::Near,
    });
    openai::Config {
        url: settings.realtime_url.clone(),
        key: ApiKey::new(key),
        model: settings.model.clone(),
        turns,
        transcription,
        noise_reduction,
    }
}

/// Deepgram Voice Agent as it was chosen; `temperature` is the assistant's.
pub fn deepgram(settings: &Deepgram, temperature: f64) -> deepgram::Config {
    let key = settings.api_key.as_ref().map_or("", |key| key.expose());
    deepgram::Config {
        url: settings.agent_url.clone(),
        key: ApiKey::new(key),
        listen: settings.listen_model.clone(),
        provider: settings.think_provider.into(),
        think: settings.think_model.clone(),
        temperature: Some(temperature),
        speak: settings.speak_model.clone(),
    }
}
