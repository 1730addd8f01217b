//! Models whose vendors have said that they will be shut down, and when: whoever has set one is told before its calls fail.
//!
//! Source: OpenAI's list of deprecations, <https://developers.openai.com/api/docs/deprecations>, as of November 2026. A vendor's
//! new announcement is a line in [`ANNOUNCED`].

use crate::config::{Config, EngineKind, Hearing, Speaking, Thinker};
use jiff::civil::{Date, date};

/// A model that is set and will be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retiring {
    pub model: String,
    /// The setting that names it.
    pub key: &'static str,
    pub on: Date,
    /// What to set instead.
    pub instead: &'static str,
}

/// Models by their exact names, the day of their end, and what the vendor or we name in their place.
const ANNOUNCED: [(&[&str], Date, &str); 6] = [
    (&["gpt-realtime", "gpt-realtime-2025-08-28"], date(2027, 1, 20), "gpt-realtime-2.1"),
    (&["gpt-realtime-mini", "gpt-realtime-mini-2025-12-15"], date(2027, 1, 20), "gpt-realtime-2.1-mini"),
    (&["gpt-4o-realtime-preview", "gpt-4o-mini-realtime-preview"], date(2026, 5, 12), "gpt-realtime-2.1"),
    (
        &[
            "whisper-1",
            "gpt-4o-transcribe",
            "gpt-4o-mini-transcribe",
            "gpt-4o-mini-transcribe-2025-12-15",
            "gpt-4o-transcribe-diarize",
        ],
        date(2027, 2, 26),
        "gpt-transcribe",
    ),
    (&["tts-1", "tts-1-hd", "gpt-4o-mini-tts"], date(2027, 1, 6), "another model or voice (SPEAK)"),
    (&["gpt-audio-mini", "gpt-audio-mini-2025-12-15"], date(2027, 1, 20), "gpt-realtime-2.1-mini"),
];

/// Those of these settings' models that are used and will be gone, the first to go first.
pub fn models(config: &Config) -> Vec<Retiring> {
    let mut retiring: Vec<_> =
        used(config).into_iter().filter_map(|(key, model)| announced(key, model)).collect();
    retiring.sort_by_key(|one| one.on);
    retiring
}

fn announced(key: &'static str, model: &str) -> Option<Retiring> {
    let (_, on, instead) = ANNOUNCED.iter().find(|(models, ..)| models.contains(&model))?;
    Some(Retiring { model: model.to_owned(), key, on: *on, instead })
}

/// The models that calls use as things are set, by the setting that names them. Those of another's service, which may call its own
/// as it likes, are not told of.
fn used(config: &Config) -> Vec<(&'static str, &str)> {
    let engines = &config.assistant.engines;
    let mut used = Vec::new();
    if engines.contains(&EngineKind::OpenAi) {
        used.push(("openai.model", config.openai.model.as_str()));
        used.push(("openai.transcription_model", config.openai.transcription_model.as_str()));
    }
    if engines.contains(&EngineKind::Local) {
        if config.local.hear == Hearing::OpenAi && config.local.hear_url.is_none() {
            used.push(("local.hear_model", config.local.hear_model.as_str()));
        }
        if config.local.speak == Speaking::OpenAi && config.local.speak_url.is_none() {
            used.push(("local.speak_model", config.local.speak_model.as_str()));
        }
        if config.think.by == Thinker::OpenAi && config.think.url.is_none() {
            used.push(("think.model", config.think.model.as_str()));
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    fn told(variables: &[(&str, &str)]) -> Vec<(String, &'static str, String)> {
        let environment = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let (config, _) = Config::load(&Sources { environment, ..Sources::default() }).expect("settings");
        let told = |one: Retiring| (one.model, one.key, one.on.to_string());
        models(&config).into_iter().map(told).collect()
    }

    #[test]
    fn whoever_uses_a_model_that_will_be_gone_is_told_when() {
        let key = ("OPENAI_API_KEY", "sk-test");
        let own = ("openai.model", "2027-01-20".to_owned());
        assert_eq!(
            told(&[key, ("OPENAI_MODEL", "gpt-realtime"), ("OPENAI_TRANSCRIPTION_MODEL", "whisper-1")]),
            [
                ("gpt-realtime".to_owned(), own.0, own.1),
                ("whisper-1".to_owned(), "openai.transcription_model", "2027-02-26".to_owned())
            ]
        );
        assert_eq!(told(&[key]), [], "what is set by default stays");
        assert_eq!(told(&[("ENGINE", "local"), ("OPENAI_MODEL", "gpt-realtime")]), [], "nobody uses it");
        let speaks = [key, ("ENGINE", "local"), ("SPEAK", "openai"), ("SPEAK_MODEL", "tts-1")];
        assert_eq!(told(&speaks), [("tts-1".to_owned(), "local.speak_model", "2027-01-06".to_owned())]);
        let elsewhere = [speaks[1], speaks[2], speaks[3], ("SPEAK_URL", "http://localhost:8880/v1")];
        assert_eq!(told(&elsewhere), [], "another's service calls its own as it likes");
    }
}
