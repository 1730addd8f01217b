//! The caller speaks another language: model, voice and what is said by itself follow.

use crate::rig::{Rig, brief, ms};
use call::{EngineCommand, EngineEvent};
use engine::{
    Brief,
    local::{
        cascade::{Phrases, Thinking, Whose},
        llm::Message,
    },
};

fn german() -> Phrases {
    Phrases {
        language: "de".into(),
        filler: "Einen Moment, bitte.".into(),
        bridge: "Es geht nur noch auf Englisch weiter.".into(),
        no_end: "Das geht gerade nicht.".into(),
    }
}

fn rig(language: &str, last: bool) -> Rig {
    let brief = Brief { language: language.into(), others: vec!["en-US".into(), "de".into()], ..brief() };
    let (phrases, others) = match language {
        "de" => (german(), vec![Phrases::default()]),
        _ => (Phrases::default(), vec![german()]),
    };
    let mut rig = Rig::thinking(brief, Thinking { phrases, others, last, ..Thinking::default() });
    rig.speak();
    rig.quiet(2_500);
    rig.events.clear();
    rig.whose.clear();
    rig
}

/// What the model that was asked last is told before all else.
fn told(rig: &Rig) -> &str {
    let Message::System(told) = &rig.asks.last().expect("it was asked").1.messages[0] else {
        panic!("instructions come first")
    };
    told
}

fn speak(tag: &str) -> EngineCommand {
    EngineCommand::Speak(tag.into())
}

#[test]
fn the_model_knows_which_languages_may_be_spoken_and_which_is() {
    let mut rig = rig("en-US", false);
    rig.says("what can you do for me");
    assert!(told(&rig).contains("Speak English.") && told(&rig).contains("in it: German"), "{}", told(&rig));
    let mut alone = Rig::asked_about("what can you do for me");
    assert!(told(&alone).contains("Speak English (en-US) and no other language."), "{}", told(&alone));
    alone.done();
}

#[test]
fn an_answer_in_the_language_of_before_is_thought_anew_unheard() {
    let mut rig = rig("en-US", false);
    rig.says("können wir deutsch sprechen");
    rig.text("No problem. ");
    let before = rig.asks.len();
    rig.tell(speak("de"));
    assert_eq!(rig.languages, ["de"], "ear and voice are changed");
    assert_eq!(rig.asked, [], "nothing of it is spoken");
    assert_eq!(rig.asks.len(), before + 1);
    assert!(told(&rig).contains("speak German from now on"), "{}", told(&rig));
    rig.answers("Gerne.");
    assert_eq!(rig.speak(), "Gerne.");
    let conversation = rig.conversation();
    assert_eq!(conversation.iter().filter(|line| line.contains("deutsch")).count(), 1, "{conversation:?}");
}

#[test]
fn what_sounds_already_is_let_be() {
    let mut rig = rig("en-US", false);
    rig.says("what do you have next week");
    rig.answers("On Monday there is ten.");
    rig.speak();
    let asks = rig.asks.len();
    rig.tell(speak("de"));
    assert_eq!(rig.asks.len(), asks);
    rig.quiet(1_500);
    rig.says("das ist gut");
    assert!(told(&rig).contains("speak German from now on"));
}

#[test]
fn a_tool_that_is_wanted_is_not_wanted_twice() {
    let mut rig = rig("en-US", false);
    rig.says("habt ihr am montag etwas frei");
    rig.wants("check_calendar_availability", "{}");
    rig.done();
    let wanted = rig.wanted();
    assert_eq!(wanted.len(), 1);
    let asks = rig.asks.len();
    rig.tell(speak("de"));
    assert_eq!(rig.asks.len(), asks, "it is under way");
    rig.answer(&wanted[0], "Ten is free.");
    assert!(told(&rig).contains("speak German from now on"), "what comes of it is said in German");
}

#[test]
fn who_waits_for_a_slow_model_is_told_so_in_the_language_now_spoken() {
    let mut rig = rig("en-US", false);
    rig.tell(speak("de"));
    rig.says("habt ihr am montag etwas frei");
    rig.wait(ms(3_000));
    assert_eq!(rig.speak(), "Einen Moment, bitte.");
    rig.answers("Ja.");
    rig.speak();
    rig.tell(speak("en-US"));
    rig.quiet(2_500);
    rig.says("do you have anything on monday");
    rig.wait(ms(3_000));
    assert_eq!(rig.speak(), "One moment, please.", "and back");
}

#[test]
fn the_desk_says_in_the_callers_language_that_it_goes_on_in_english() {
    let mut rig = rig("de", true);
    rig.says("guten tag");
    rig.fails("no", true);
    assert!(!rig.events.iter().any(|event| matches!(event, EngineEvent::Failed(_))));
    let asked: Vec<&str> = rig.asked.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(asked[0], "Es geht nur noch auf Englisch weiter.");
    assert!(asked.len() > 1, "{asked:?}");
    let (bridge, desk) = (rig.whose.len() - asked.len(), rig.whose.len());
    assert_eq!(rig.whose[bridge], Whose::Callers, "a German voice says it");
    assert!(rig.whose[bridge + 1..desk].iter().all(|whose| *whose == Whose::Desks), "an English one goes on");
    rig.speak();
    rig.quiet(2_500);
    rig.whose.clear();
    rig.loud(800);
    rig.quiet(1_000);
    assert_eq!(rig.whose.first(), Some(&Whose::Desks), "and is heard by an English ear");
    rig.recognise("help");
    rig.speak();
    rig.whose.clear();
    rig.tell(EngineCommand::Say("Einen Moment, bitte.".into()));
    assert_eq!(rig.whose, [Whose::Callers], "what the call says is in the language of the call");
    rig.speak();
    rig.tell(speak("en-US"));
    rig.whose.clear();
    rig.quiet(2_500);
    rig.says("help");
    assert!(
        !rig.whose.is_empty() && rig.whose.iter().all(|whose| *whose == Whose::Callers),
        "now it is the same"
    );
}

#[test]
fn where_another_engine_is_left_that_one_is_called_instead() {
    let mut rig = rig("de", false);
    rig.says("guten tag");
    rig.fails("no", true);
    assert!(matches!(rig.events.last(), Some(EngineEvent::Failed(failure)) if failure.lasting));
}
