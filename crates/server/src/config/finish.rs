//! What follows from settings taken together: the engine, the database, and what the owner should be told.

use super::{
    Config, EngineKind, Hear, Hearing, Mode, Speaking, Thinker, load::Problem, load::Warning, schema,
};
use crate::{cost, secret::Secret};
use engine::local::flite;

pub(super) fn finish(config: &mut Config, warnings: &mut Vec<Warning>, problems: &mut Vec<Problem>) {
    choose_engines(config, warnings);
    choose_voice(config, warnings);
    check_parts(config, warnings);
    check_thinker(config, warnings, problems);
    warnings.extend(cost::unpriced(config).map(Warning));
    if let Some(source) = config.origins.get("assistant.temperature")
        && !takes_temperature(config)
    {
        let engine = config.assistant.engine.name();
        warnings.push(Warning(format!("{source}: the engine {engine} takes no temperature")));
    }
    let example = schema::by_key("data.secret_key").expect("it is in the table").example;
    if let Some(key) = &config.data.secret_key
        && (key.expose().len() < 32 || key.expose() == example)
    {
        let why = "can be guessed; make another with: openssl rand -hex 32";
        warnings.push(Warning(format!("{}: this key {why}", config.origins["data.secret_key"])));
    }
    if let Some(tls) = &config.server.tls
        && (tls.certificate.as_os_str().is_empty() || tls.key.as_os_str().is_empty())
    {
        problems.push(Problem("TLS needs both a certificate (TLS_CERT) and its key (TLS_KEY)".into()));
    }
    config.data.models.clone_from(&config.data.folder);
    if config.data.database_url.expose().is_empty() {
        let file = config.data.folder.join("earpiece.db");
        config.data.database_url = Secret::new(format!("sqlite:///{}", file.display()));
    }
    if let Some(user) = &config.email.user
        && user.to_ascii_lowercase().ends_with("@gmail.com")
    {
        config.email.smtp_host.get_or_insert_with(|| "smtp.gmail.com".into());
    }
    if let Some(source) = config.origins.get("email.user").filter(|_| config.email.smtp_host.is_none()) {
        warnings.push(Warning(format!("{source}: no mail can be sent without its server (SMTP_HOST)")));
    }
}

fn choose_engines(config: &mut Config, warnings: &mut Vec<Warning>) {
    let (engines, why) = wanted_engines(config);
    for engine in &engines {
        let (service, key, known) = match engine {
            EngineKind::OpenAi | EngineKind::OpenAiLive => {
                ("OpenAI", "OPENAI_API_KEY", config.openai.api_key.is_some())
            }
            EngineKind::Deepgram => ("Deepgram", "DEEPGRAM_API_KEY", config.deepgram.api_key.is_some()),
            EngineKind::Local => continue,
        };
        if !known {
            let engine = engine.name();
            warnings.push(Warning(format!(
                "the engine is {engine}, and {key} is not set: {service} refuses that"
            )));
        }
    }
    config.assistant.engine = engines[0];
    config.assistant.engine_why = why;
    config.assistant.engines = engines;
}

/// Which engines the owner wants, at least one, and why.
fn wanted_engines(config: &Config) -> (Vec<EngineKind>, String) {
    let said = |key: &str| config.origins.get(key).map(|source| format!("because {source} says so"));
    let assistant = &config.assistant;
    if let Some(why) = said("assistant.engines").filter(|_| !assistant.engines.is_empty()) {
        return (assistant.engines.clone(), why);
    }
    if let Some(why) = said("assistant.engine") {
        return (vec![assistant.engine], why);
    }
    let (engine, why) = if config.openai.api_key.is_some() {
        (EngineKind::OpenAi, "because OPENAI_API_KEY is set")
    } else if config.deepgram.api_key.is_some() {
        (EngineKind::Deepgram, "because DEEPGRAM_API_KEY is set")
    } else {
        (EngineKind::Local, "because no engine's key is set")
    };
    (vec![engine], why.into())
}

/// A model needs an ear that takes down whatever is said.
fn check_thinker(config: &Config, warnings: &mut Vec<Warning>, problems: &mut Vec<Problem>) {
    let thinker = match config.think.by {
        Thinker::Ollama => "ollama",
        Thinker::OpenAi => "openai",
        Thinker::Desk => return,
    };
    if !config.assistant.engines.contains(&EngineKind::Local) {
        return;
    }
    let in_words = config.calls.mode == Mode::Turns && config.calls.hear == Hear::Gather;
    if config.local.hear == Hearing::PocketSphinx && !in_words {
        problems.push(Problem(format!(
            "{}: THINK={thinker} cannot work with PocketSphinx as the ear, which hears only what a grammar names: set \
             HEAR=whisper, HEAR=openai or HEAR=deepgram (or CALL_MODE=turns with CALL_HEAR=gather), or THINK=desk",
            config.origins["think.by"]
        )));
    }
    if thinker == "openai" && config.think.url.is_none() && config.openai.api_key.is_none() {
        warnings.push(Warning(
            "THINK=openai, and OPENAI_API_KEY is not set: OpenAI refuses that; THINK_URL names another endpoint".into(),
        ));
    }
}

fn takes_temperature(config: &Config) -> bool {
    match config.assistant.engine {
        EngineKind::Deepgram => engine::deepgram::takes_temperature(&config.deepgram.think_model),
        EngineKind::Local => config.think.by != Thinker::Desk,
        EngineKind::OpenAi | EngineKind::OpenAiLive => false,
    }
}

/// Who hears and speaks for the engine `local`, and what they lack.
fn check_parts(config: &Config, warnings: &mut Vec<Warning>) {
    if config.assistant.engine != EngineKind::Local {
        return;
    }
    let local = &config.local;
    let (openai, deepgram) = (config.openai.api_key.is_some(), config.deepgram.api_key.is_some());
    let mut lacks = |part: &str, key: &str, who: &str| {
        warnings.push(Warning(format!("{part}, and {key} is not set: {who} refuses that")));
    };
    if config.hears_at_openai() && !openai {
        lacks("HEAR=openai", "OPENAI_API_KEY", "OpenAI");
    }
    if local.hear == Hearing::Deepgram && !deepgram {
        lacks("HEAR=deepgram", "DEEPGRAM_API_KEY", "Deepgram");
    }
    if config.speaks_at_openai() && !openai {
        lacks("SPEAK=openai", "OPENAI_API_KEY", "OpenAI");
    }
    if local.speak == Speaking::Deepgram && !deepgram {
        lacks("SPEAK=deepgram", "DEEPGRAM_API_KEY", "Deepgram");
    }
}

fn choose_voice(config: &mut Config, warnings: &mut Vec<Warning>) {
    let voice = config.assistant.voice.to_lowercase();
    let has = match config.assistant.engine {
        EngineKind::OpenAi => engine::openai::has_voice(&voice),
        EngineKind::OpenAiLive => engine::live::has_voice(&voice),
        EngineKind::Local if config.local.speak == Speaking::Flite => flite::VOICES.contains(&voice.as_str()),
        // Names of files and of other people's voices, which keep their case.
        EngineKind::Local => return,
        EngineKind::Deepgram => engine::deepgram::has_voice(&voice),
    };
    if voice.is_empty() || has {
        // An own voice's name is a key, and keeps its case.
        if !voice.starts_with("voice_") {
            config.assistant.voice = voice;
        }
        return;
    }
    let engine = config.assistant.engine.name();
    let shown: String = voice.chars().take(40).collect();
    warnings.push(Warning(format!("the engine {engine} has no voice {shown:?}: its default speaks")));
    config.assistant.voice.clear();
}
