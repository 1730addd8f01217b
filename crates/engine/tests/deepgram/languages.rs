//! The caller speaks another language: the agent hears, thinks and speaks in it.

use crate::rig::{Session, brief, config};
use call::{EngineCommand, EngineEvent, Language, TurnId};
use engine::{Brief, deepgram::Config};
use serde_json::{Value, json};

fn bilingual() -> Brief {
    Brief { others: vec!["de".into(), "no".into()], ..brief() }
}

fn agent(config: Config, brief: Brief) -> Value {
    Session::configured(config, brief).sent().remove(0)["agent"].take()
}

fn listen(model: &str, brief: Brief) -> Value {
    agent(Config { listen: model.into(), ..config() }, brief)["listen"]["provider"].take()
}

#[test]
fn a_model_that_hears_many_languages_is_asked_for_all_that_may_be_spoken() {
    let of_one = json!({"type": "deepgram", "version": "v1", "model": "nova-3", "language": "en"});
    assert_eq!(listen("nova-3", brief()), of_one);
    assert_eq!(listen("nova-3", bilingual())["language"], "multi");
    assert_eq!(
        listen("nova-2", bilingual())["language"],
        "en",
        "one that does not hears the one that is spoken"
    );
    assert_eq!(listen("flux-general-multi", bilingual())["language_hints"], json!(["de", "en", "no"]));
    assert_eq!(listen("flux-general-en", bilingual())["language_hints"], Value::Null);
    assert!(
        agent(config(), bilingual())["think"]["prompt"].as_str().expect("a text").contains("in it: German")
    );
}

#[test]
fn a_change_of_language_changes_prompt_voice_and_where_it_must_the_ear() {
    let mut session = Session::ready_as(config(), bilingual());
    session.tell(EngineCommand::Speak("de".into()));
    let sent = session.sent();
    let kinds: Vec<_> = sent.iter().map(|message| message["type"].as_str().expect("a type")).collect();
    assert_eq!(kinds, ["UpdatePrompt", "UpdateSpeak"], "nova-3 hears both");
    assert!(sent[0]["prompt"].as_str().expect("a text").contains("From now on speak German"));
    assert_eq!(sent[1]["speak"]["provider"]["model"], "aura-2-viktoria-de");
    session.tell(EngineCommand::Speak("en-US".into()));
    assert_eq!(
        session.sent()[1]["speak"]["provider"]["model"],
        "aura-2-thalia-en",
        "and back to the voice there was"
    );

    for (model, provider) in [
        ("nova-2", json!({"type": "deepgram", "version": "v1", "model": "nova-2", "language": "de"})),
        (
            "flux-general-en",
            json!({
                "type": "deepgram", "version": "v2", "model": "flux-general-multi", "language_hints": ["de", "en", "no"],
            }),
        ),
    ] {
        let mut session = Session::ready_as(Config { listen: model.into(), ..config() }, bilingual());
        session.tell(EngineCommand::Speak("de".into()));
        let sent = session.sent();
        assert_eq!((&sent[0]["type"], &sent[0]["listen"]["provider"]), (&json!("UpdateListen"), &provider));
    }
}

#[test]
fn a_voice_of_the_owners_choice_comes_back_with_its_language() {
    let own = Brief { voice: "aura-2-orion-en".into(), ..bilingual() };
    let mut session = Session::ready_as(config(), own);
    for (tag, voice) in
        [("de", "aura-2-viktoria-de"), ("en-US", "aura-2-orion-en"), ("no", "aura-2-orion-en")]
    {
        session.tell(EngineCommand::Speak(tag.into()));
        let sent = session.sent();
        assert_eq!(sent.last().expect("a voice")["speak"]["provider"]["model"], voice, "{tag}");
    }
    let german = agent(config(), Brief { language: "de-DE".into(), ..brief() });
    assert_eq!(
        german["speak"]["provider"]["model"], "aura-2-viktoria-de",
        "a German call is not spoken by Thalia"
    );
}

#[test]
fn a_change_before_the_session_stands_is_not_lost() {
    let mut session = Session::configured(config(), bilingual());
    session.sent();
    session.tell(EngineCommand::Speak("de".into()));
    assert!(session.all_sent().is_empty());
    session.read(&json!({"type": "SettingsApplied"}));
    assert!(session.sent_types().contains(&"UpdateSpeak".to_owned()));
}

#[test]
fn the_language_that_the_service_hears_is_told_before_the_words() {
    for (languages, told) in [
        (json!(["de"]), true),
        (json!(["de", "en"]), false),
        (json!([]), false),
        (json!(["multi"]), false),
        (Value::Null, false),
    ] {
        let mut session = Session::ready_as(config(), bilingual());
        let said = json!({"type": "ConversationText", "role": "user", "content": "Zahnreinigung", "languages": languages});
        session.read(&said);
        let events = session.events();
        let german = Language::of("de").expect("a language");
        let spoke = events.iter().position(|event| *event == EngineEvent::CallerSpoke(TurnId(1), german));
        let said = events.iter().position(|event| matches!(event, EngineEvent::CallerSaid(..)));
        assert!(said.is_some(), "{languages}");
        assert_eq!(spoke.is_some_and(|spoke| Some(spoke) < said), told, "{languages}");
    }
}
