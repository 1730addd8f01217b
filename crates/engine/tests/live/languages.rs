//! The caller speaks another language: the voice is told to.

use crate::rig::{Session, brief};
use call::EngineCommand;
use engine::Brief;
use serde_json::json;

fn bilingual() -> Brief {
    Brief { others: vec!["de".into()], ..brief() }
}

#[test]
fn the_voice_and_the_work_are_told_which_languages_may_be_spoken() {
    let asked = Session::greeted(bilingual()).sent().remove(0)["session"].take();
    for told in [&asked["instructions"], &asked["delegation"]["responses"]["instructions"]] {
        assert!(told.as_str().expect("a text").contains("in it: German"), "{told}");
    }
}

#[test]
fn a_change_of_language_is_to_be_obeyed_from_then_on() {
    let mut session = Session::ready_as(bilingual());
    session.tell(EngineCommand::Speak("de".into()));
    let sent = session.sent();
    assert_eq!(sent[0]["type"], "session.instructions.append");
    assert!(sent[0]["content"].as_str().expect("a text").contains("From now on speak German"), "{sent:?}");
}

#[test]
fn a_change_before_the_session_stands_is_not_lost() {
    let mut session = Session::greeted(bilingual());
    session.sent();
    session.tell(EngineCommand::Speak("de".into()));
    assert!(session.sent().is_empty());
    session.read(&json!({"type": "session.started", "session": {"id": "live_1", "expires_at": 0}}));
    assert!(session.sent().iter().any(|sent| sent["type"] == "session.instructions.append"));
}
