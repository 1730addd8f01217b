//! Sounds without words, while an answer is on its way.

use crate::rig::Rig;
use call::EngineCommand;

const CHECK: &str = "check_calendar_availability";
const QUESTION: &str = "what do you have next week then";

fn coughs(rig: &mut Rig) {
    rig.loud(200);
    rig.quiet(700);
    rig.recognise("");
}

#[test]
fn a_cough_while_the_model_thinks_changes_nothing() {
    let mut rig = Rig::asked_about(QUESTION);
    for _ in 0..3 {
        coughs(&mut rig);
    }
    assert_eq!((rig.asks.len(), rig.forgotten.len()), (1, 0), "it thinks on");
    rig.answers("Monday.");
    assert_eq!(rig.speak(), "Monday.");
    assert_eq!(rig.asks.len(), 1, "and is asked nothing else");
    assert_eq!(rig.kinds()[6..], ["voice", "assistant", "done"]);
}

#[test]
fn a_cough_while_a_tool_works_changes_nothing() {
    let mut rig = Rig::asked_about(QUESTION);
    rig.wants(CHECK, "{}");
    rig.done();
    let wanted = rig.wanted();
    coughs(&mut rig);
    assert_eq!((rig.asks.len(), rig.kinds().last()), (1, Some(&"done")), "the call may fill the silence");
    rig.answer(&wanted[0], "Monday is free.");
    assert_eq!(rig.asks.len(), 2);
    rig.answers("Monday.");
    assert_eq!(rig.speak(), "Monday.");
    assert_eq!(rig.asks.len(), 2);
}

#[test]
fn what_a_tool_answers_during_a_cough_is_thought_about_after_it() {
    for over_the_filler in [true, false] {
        let mut rig = Rig::asked_about(QUESTION);
        rig.wants(CHECK, "{}");
        rig.done();
        let wanted = rig.wanted();
        if over_the_filler {
            rig.tell(EngineCommand::Say("One moment, please.".into()));
            rig.speak();
        }
        rig.loud(200);
        rig.answer(&wanted[0], "Monday is free.");
        rig.quiet(700);
        assert_eq!(rig.asks.len(), 1, "the caller may be speaking");
        rig.recognise("");
        assert_eq!(rig.asks.len(), 2);
        assert!(rig.conversation().last().expect("an answer").contains("Monday is free."));
    }
}

#[test]
fn a_cough_that_is_still_looked_into_when_the_answer_sounds_is_not_answered() {
    let mut rig = Rig::asked_about(QUESTION);
    rig.loud(200);
    rig.quiet(200);
    rig.answers("Monday.");
    assert_eq!(rig.speak(), "Monday.");
    rig.quiet(500);
    rig.recognise("");
    assert_eq!(rig.asks.len(), 1);
    assert_eq!(rig.kinds().last(), Some(&"done"));
}

#[test]
fn a_sound_that_the_call_took_for_speech_is_asked_about() {
    let mut rig = Rig::asked_about(QUESTION);
    rig.loud(1_200);
    rig.tell(EngineCommand::Cancel);
    rig.quiet(700);
    rig.recognise("");
    assert_eq!(rig.forgotten.len(), 1);
    assert!(rig.conversation().last().expect("a note").contains("could not be understood"));
}

#[test]
fn who_was_told_to_wait_for_their_words_is_asked_about_them() {
    let mut rig = Rig::greeted();
    rig.loud(800);
    rig.quiet(700);
    rig.wait(crate::rig::ms(3_000));
    rig.recognise("");
    assert!(rig.conversation().last().expect("a note").contains("could not be understood"));
    rig.answers("Pardon?");
    assert_eq!(rig.speak(), "One moment, please. Pardon?");
}
