//! What the owner's settings mean to the engines and tools, in their words.

use crate::{
    config::{Config, Deepgram, Ear, Hearing, OpenAi, Speaking, Thinker, TurnBy},
    models,
    secret::Secret,
    sentences,
};
use call::Failure;
use engine::{
    ApiKey, deepgram, live,
    local::{
        self, Model, Vad,
        cascade::Thinking,
        llm::{Llm, chat, ollama},
        parts::{Hear, Speak},
        piper::Piper,
        vad::{Energy, Neural},
        web::{self, Place},
        whisper,
    },
    openai::{self, Eagerness, NoiseReduction, TurnDetection},
};
use std::{sync::Arc, time::Duration};

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
        longest: settings.session,
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

/// Who hears in the engine `local`, as it was chosen.
pub fn hear(config: &Config, http: &reqwest::Client) -> Hear {
    let local = &config.local;
    let language = config.assistant.language.clone();
    let or =
        |model: &str| if local.hear_model.is_empty() { model.to_owned() } else { local.hear_model.clone() };
    match local.hear {
        Hearing::PocketSphinx => Hear::PocketSphinx,
        Hearing::Whisper => {
            let english = language.to_ascii_lowercase().starts_with("en");
            let model =
                models::whisper(&models::folder(&config.data), &or(if english { "base.en" } else { "base" }));
            let prompt = local.hear_words.clone();
            Hear::Whisper(whisper::Ear { model, language, others: Vec::new(), prompt })
        }
        Hearing::OpenAi => Hear::OpenAi(local::openai::Transcriber {
            http: http.clone(),
            place: openai_place(config, local.hear_url.as_ref(), local.hear_api_key.as_ref()),
            model: or("gpt-transcribe"),
            language,
            others: Vec::new(),
            prompt: local.hear_words.clone(),
        }),
        Hearing::Deepgram => Hear::Deepgram(local::deepgram::Listener {
            place: deepgram_place(&config.deepgram),
            model: or(local::deepgram::LISTEN),
            language,
            others: Vec::new(),
            keyterms: terms(&local.hear_words),
            early: config.think.early && config.think.by != Thinker::Desk,
        }),
    }
}

/// Who speaks in the engine `local`, as it was chosen.
pub fn speak(config: &Config, http: &reqwest::Client) -> Speak {
    let local = &config.local;
    match local.speak {
        Speaking::Flite => Speak::Flite,
        Speaking::Espeak => Speak::Espeak,
        Speaking::Piper => Speak::Piper(Piper::new(&local.piper, models::folder(&config.data))),
        Speaking::OpenAi => Speak::OpenAi(local::openai::Speaker {
            http: http.clone(),
            place: openai_place(config, local.speak_url.as_ref(), local.speak_api_key.as_ref()),
            model: local.speak_model.clone(),
            instructions: local.speak_manner.clone(),
        }),
        Speaking::Deepgram => Speak::Deepgram(local::deepgram::Speaker {
            http: http.clone(),
            place: deepgram_place(&config.deepgram),
        }),
    }
}

/// Who tells speech from other sounds in the engine `local`.
pub fn vad(config: &Config) -> Box<dyn Vad> {
    match config.local.vad {
        Ear::Energy => Box::new(Energy::default()),
        Ear::Neural => Box::new(Neural::default()),
    }
}

/// The voice that is wished for in the engine `local`.
pub fn local_voice(config: &Config) -> &str {
    let own = &config.local.speak_voice;
    if own.is_empty() { &config.assistant.voice } else { own }
}

/// A service that speaks as OpenAI does. OpenAI's key goes to OpenAI's address and nowhere else.
fn openai_place(config: &Config, url: Option<&String>, key: Option<&Secret>) -> Place {
    let (url, key) = match url {
        Some(url) => (url, key),
        None => (&config.openai.base_url, config.openai.api_key.as_ref()),
    };
    let authorization = key.map(|key| ApiKey::new(format!("Bearer {}", key.expose())));
    Place { url: url.clone(), authorization, patience: web::PATIENCE }
}

fn deepgram_place(settings: &Deepgram) -> Place {
    let authorization = settings.api_key.as_ref().map(|key| ApiKey::new(format!("Token {}", key.expose())));
    Place { url: settings.base_url.clone(), authorization, patience: web::PATIENCE }
}

/// Words with commas between them.
fn terms(words: &str) -> Vec<String> {
    words.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).take(100).collect()
}

/// Who thinks in the engine `local`, as it was chosen; nobody: the desk does. It begins in the first of these languages and
/// may go on in the others. `last`: no other engine goes on where it fails.
pub fn think(config: &Config, languages: &[String], last: bool) -> Result<Option<Model>, Failure> {
    let llm: Arc<dyn Llm> = match config.think.by {
        Thinker::Desk => return Ok(None),
        Thinker::Ollama => Arc::new(ollama(config)?),
        Thinker::OpenAi => Arc::new(chat(config)?),
    };
    let mut phrases = languages.iter().map(|tag| sentences::phrases(config, tag));
    let first = phrases.next().unwrap_or_default();
    // Ollama parts thoughts from answers by itself.
    let unopened = config.think.by == Thinker::OpenAi && chat::thinks_unopened(&config.think.model);
    let how =
        Thinking { phrases: first, others: phrases.collect(), early: config.think.early, last, unopened };
    Ok(Some((llm, how)))
}

/// Whether who thinks in the engine `local` is there, as far as that costs nothing; an error is for the owner.
pub async fn try_thinker(config: &Config) -> Result<(), Failure> {
    match config.think.by {
        Thinker::Desk => Ok(()),
        Thinker::Ollama => ollama(config)?.check().await,
        Thinker::OpenAi => chat(config)?.check().await,
    }
}

/// The endpoint of chat completions, as it was chosen.
fn chat(config: &Config) -> Result<chat::Chat, Failure> {
    // OpenAI's key goes to OpenAI's address and nowhere else.
    let (base, key) = match &config.think.url {
        Some(url) => (url.clone(), config.think.api_key.as_ref()),
        None => (config.openai.base_url.clone(), config.openai.api_key.as_ref()),
    };
    chat::Chat::new(chat::Settings {
        base,
        key: key.map(|key| ApiKey::new(key.expose())),
        model: config.think.model.clone(),
        temperature: temperature(config),
    })
}

/// The model that Ollama runs, as it was chosen.
pub fn ollama(config: &Config) -> Result<ollama::Ollama, Failure> {
    ollama::Ollama::new(ollama::Settings {
        host: config.ollama.host.clone(),
        model: config.ollama.model.clone(),
        effort: config.ollama.effort,
        context: config.ollama.context,
        temperature: temperature(config),
    })
}

/// What the owner wishes for; models that reason take no other than their own.
fn temperature(config: &Config) -> Option<f64> {
    config.origins.contains_key("assistant.temperature").then_some(config.assistant.temperature)
}
