//! In which languages a call may be held: what the owner allows, and whoever answers can hear and speak.

use crate::{
    app::App,
    config::{Config, EngineKind, Thinker},
    sentences, settings,
};
use call::Language;
use engine::deepgram;

/// The languages in which this engine may hold a call, as BCP 47, the owner's first.
pub fn of(config: &Config, kind: EngineKind, http: &reqwest::Client) -> Vec<String> {
    let own = Language::of(&config.assistant.language);
    let can = ability(config, kind, http);
    let wished: Vec<String> = match &config.assistant.languages {
        Some(tags) => tags.clone(),
        None => sentences::languages().map(|language| language.code().to_owned()).collect(),
    };
    let mut languages = vec![config.assistant.language.clone()];
    for tag in wished {
        let language = Language::of(&tag);
        let new = language != own && languages.iter().all(|known| Language::of(known) != language);
        if new && language.is_some_and(&can) {
            languages.push(tag);
        }
    }
    // A conversation that cannot come back to the language it began in does not leave it.
    if own.is_none_or(|own| !can(own)) {
        languages.truncate(1);
    }
    languages
}

/// Those that the owner allows and this engine cannot hear or speak.
pub fn unable(app: &App, kind: EngineKind) -> Vec<String> {
    let config = app.config.get();
    let can = ability(&config, kind, &app.http);
    let wished = config.assistant.languages.iter().flatten();
    wished.filter(|tag| !Language::of(tag).is_some_and(&can)).cloned().collect()
}

/// Whether this engine hears and speaks a language.
fn ability(config: &Config, kind: EngineKind, http: &reqwest::Client) -> impl Fn(Language) -> bool + use<> {
    let (hear, speak) = (settings::hear(config, http), settings::speak(config, http));
    let desk = config.think.by == Thinker::Desk;
    move |language| match kind {
        EngineKind::OpenAi | EngineKind::OpenAiLive => true,
        EngineKind::Deepgram => deepgram::voice_of(language).is_some(),
        EngineKind::Local if desk => Language::of("en") == Some(language),
        EngineKind::Local => hear.hears(language) && speak.speaks(language),
    }
}
