//! The caller speaks another language: the session is told, and says which it hears.

use crate::rig::{Session, brief, config};
use call::{EngineCommand, EngineEvent, Language, TurnId};
use engine::{Brief, openai::Config};
use serde_json::{Value, json};

fn bilingual() -> Brief {
    Brief { others: vec!["de".into(), "fr-CA".into()], ..brief() }
}

fn asked(config: Config, brief: Brief) -> Value {
    Session::greeted(config, brief).sent().remove(0)["session"].take()
}

#[test]
fn the_model_is_told_which_languages_the_caller_may_change_to() {
    let instructions = asked(config(), bilingual())["instructions"].take();
    let instructions = instructions.as_str().expect("a text");
    assert!(instructions.starts_with("You answer the phone for Acme."));
    assert!(
        instructions.contains("Speak English.") && instructions.contains("German, French"),
        "{instructions}"
    );
    assert_eq!(asked(config(), brief())["instructions"], "You answer the phone for Acme.");
}

#[test]
fn a_change_of_language_replaces_the_instructions_and_keeps_the_owners() {
    let mut session = Session::ready_as(config(), bilingual());
    session.tell(EngineCommand::Speak("de".into()));
    let update = session.sent().remove(0);
    assert_eq!(update["type"], "session.update");
    let told = update["session"]["instructions"].as_str().expect("a text");
    assert!(
        told.starts_with("You answer the phone for Acme.") && told.contains("speak German from now on"),
        "{told}"
    );
    session.tell(EngineCommand::Speak("en-US".into()));
    let told = session.sent()[0]["session"]["instructions"].take();
    let told = told.as_str().expect("a text");
    assert!(told.contains("speak English from now on") && !told.contains("speak German from"), "{told}");
    session.tell(EngineCommand::Speak("de".into()));
    session.sent();
    session.tell(EngineCommand::Say("Einen Moment, bitte.".into()));
    let asked = session.sent().remove(0)["response"]["instructions"].take();
    assert!(asked.as_str().expect("a text").contains("speak German from now on"), "{asked}");
}

#[test]
fn who_writes_down_what_is_said_expects_every_language_that_may_be_spoken() {
    let with = |model: &str, brief| {
        let config = Config { transcription: Some(model.into()), ..config() };
        asked(config, brief)["audio"]["input"]["transcription"].take()
    };
    let one = brief;
    assert_eq!(with("whisper-1", one()), json!({"model": "whisper-1", "language": "en"}));
    assert_eq!(with("whisper-1", bilingual()), json!({"model": "whisper-1"}), "it finds out");
    let all = json!({"model": "gpt-transcribe", "languages": ["de", "en", "fr"]});
    assert_eq!(with("gpt-transcribe", bilingual()), all);
}

#[test]
fn the_language_of_a_transcript_is_told_before_its_words() {
    let mut session = Session::ready_as(config(), bilingual());
    session.turn("item_7");
    session.events();
    let completed = |languages: Value| {
        json!({
            "type": "conversation.item.input_audio_transcription.completed", "event_id": "e", "item_id": "item_7",
            "content_index": 0, "transcript": "Zahnreinigung Dienstag", "languages": languages,
            "usage": {"type": "duration", "seconds": 1},
        })
    };
    session.read(&completed(json!([{"code": "de"}])));
    let events = session.events();
    let german = Language::of("de").expect("a language");
    let at = |wanted: &dyn Fn(&EngineEvent) -> bool| events.iter().position(wanted);
    let spoke = at(&|event| matches!(event, EngineEvent::CallerSpoke(TurnId(1), l) if *l == german));
    let said = at(&|event| matches!(event, EngineEvent::CallerSaid(TurnId(1), said) if !said.partial));
    assert!(spoke.is_some() && spoke < said, "{events:?}");
    for odd in
        [json!([]), json!([{"code": "de"}, {"code": "en"}]), json!("de"), json!([{"code": 7}]), json!(null)]
    {
        let mut session = Session::ready_as(config(), bilingual());
        session.turn("item_7");
        session.read(&completed(odd.clone()));
        let events = session.events();
        assert!(!events.iter().any(|event| matches!(event, EngineEvent::CallerSpoke(..))), "{odd}");
        assert!(events.iter().any(|event| matches!(event, EngineEvent::CallerSaid(..))), "{odd}");
    }
}
