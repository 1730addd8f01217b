//! When a turn ends, and what is thought before it has.

use crate::rig::{Rig, ms};

/// How long the caller was quiet before the turn ended, words known 200 ms into the silence.
fn wait_after(words: &str) -> u64 {
    let mut rig = Rig::greeted();
    rig.loud(800);
    rig.quiet(200);
    rig.recognise(words);
    (0..200)
        .map(|frame| 200 + frame * 20)
        .find(|_| {
            let ended = rig.kinds().contains(&"pauses");
            rig.quiet(20);
            ended
        })
        .expect("every turn ends")
}

#[test]
fn the_words_shorten_and_extend_the_wait_within_bounds() {
    assert_eq!(wait_after("that's all thanks"), 300);
    assert_eq!(wait_after("next tuesday at ten"), 500);
    assert_eq!(wait_after("my number is four one five"), 1_400);
    assert_eq!(wait_after(""), 500);
}

#[test]
fn who_goes_on_in_the_longer_wait_is_heard_whole() {
    let mut rig = Rig::greeted();
    rig.loud(800);
    rig.quiet(200);
    rig.recognise("my number is four one five");
    rig.quiet(800);
    assert_eq!(rig.kinds(), ["speaks"]);
    rig.loud(800);
    rig.quiet(200);
    rig.recognise("my number is four one five five five five zero one nine nine");
    rig.quiet(600);
    assert_eq!(rig.kinds(), ["speaks", "pauses", "caller"], "one turn");
    assert_eq!(rig.asks.len(), 1);
}

#[test]
fn a_caller_who_pauses_often_is_looked_at_once_at_a_time() {
    let mut rig = Rig::greeted();
    for _ in 0..4 {
        rig.loud(400);
        rig.quiet(200);
        assert_eq!(rig.unknown.len(), 1, "what was looked for before is of no interest any more");
    }
    rig.quiet(500);
    assert_eq!(rig.unknown.len(), 1, "the last look was at all of it");
    rig.recognise("what do you have on monday");
    assert_eq!(rig.conversation().last().map(String::as_str), Some("C what do you have on monday"));
}

#[test]
fn what_is_likely_all_is_thought_about_before_it_is_certain_and_spoken_after() {
    let mut rig = Rig::greeted();
    rig.loud(800);
    rig.quiet(200);
    rig.recognise("what do you have on monday");
    assert_eq!(rig.asks.len(), 1, "the model thinks already");
    assert_eq!(rig.conversation().last().map(String::as_str), Some("C what do you have on monday"));
    rig.text("Ten is free. ");
    assert!(rig.asked.is_empty(), "but nothing is spoken");
    assert_eq!(rig.kinds(), ["speaks"]);
    rig.quiet(200);
    assert_eq!(rig.kinds(), ["speaks", "pauses", "caller"]);
    assert_eq!(rig.asked.len(), 1, "the moment it is certain");
    rig.text("Or eleven.");
    rig.done();
    assert_eq!(rig.asks.len(), 1, "it was asked once");
    assert_eq!(rig.speak(), "Ten is free. Or eleven.");
    rig.quiet(2_000);
    rig.says("ten please");
    assert_eq!(rig.conversation()[2..4], ["C what do you have on monday", "A Ten is free. Or eleven."]);
}

#[test]
fn what_was_thought_too_early_is_never_spoken_and_runs_no_tool() {
    let mut rig = Rig::greeted();
    rig.loud(800);
    rig.quiet(200);
    rig.recognise("cancel it please");
    rig.text("I cancel everything. ");
    rig.wants("create_calendar_event", "{}");
    rig.done();
    assert!(rig.asked.is_empty() && rig.wanted().is_empty());
    rig.loud(600);
    assert_eq!(rig.forgotten, [1]);
    rig.quiet(200);
    rig.recognise("cancel it please if it rains");
    rig.quiet(500);
    assert_eq!(rig.asks.len(), 2);
    rig.answers("I see.");
    assert_eq!(rig.speak(), "I see.");
    assert_eq!(rig.wanted(), []);
    rig.quiet(2_000);
    rig.says("good");
    assert_eq!(rig.conversation()[2], "C cancel it please if it rains");
}

#[test]
fn a_thought_that_is_complete_before_the_turn_is_spoken_when_it_ends() {
    let mut rig = Rig::greeted();
    rig.loud(800);
    rig.quiet(200);
    rig.recognise("can i book tuesday please");
    rig.text("Sure.");
    rig.wants("check_calendar_availability", "{}");
    rig.done();
    assert!(rig.wanted().is_empty());
    rig.quiet(200);
    assert_eq!(rig.speak(), "Sure.");
    assert_eq!(rig.wanted().len(), 1);
    assert_eq!(rig.kinds().last(), Some(&"done"));
}

#[test]
fn an_early_thought_that_fails_is_thought_again_in_earnest() {
    let mut rig = Rig::greeted();
    rig.loud(800);
    rig.quiet(200);
    rig.recognise("what do you have on monday");
    rig.fails("gone", false);
    rig.quiet(200);
    assert_eq!(rig.asks.len(), 2);
    rig.answers("Ten.");
    assert_eq!(rig.speak(), "Ten.");
    assert_eq!(rig.troubles(), Vec::<&str>::new());
}

#[test]
fn words_that_come_after_the_end_are_answered_then() {
    let mut rig = Rig::greeted();
    rig.loud(800);
    rig.quiet(700);
    assert_eq!(rig.kinds(), ["speaks", "pauses"]);
    assert!(rig.asks.is_empty());
    rig.recognise("what do you have on monday");
    assert_eq!(rig.asks.len(), 1);
}

#[test]
fn from_the_end_of_a_turn_to_the_first_sound_nothing_of_ours_takes_time() {
    for words in ["what do you have on monday", "next tuesday at ten"] {
        let mut rig = Rig::greeted();
        rig.loud(800);
        rig.quiet(160);
        while !rig.kinds().contains(&"pauses") {
            rig.quiet(20);
            if !rig.unknown.is_empty() {
                rig.recognise(words);
            }
        }
        let decided = rig.now;
        rig.text("Ten is free. ");
        rig.speak();
        assert!(rig.kinds().contains(&"voice"));
        assert_eq!(rig.now - decided, ms(0), "{words}");
    }
}
