//! Who has the floor: what the model decides, and what our ear hears.

use crate::rig::{
    LOUD, SILENCE, Session, brief, delegation, function_call, happened, response, said, told, voice, voiced,
    work,
};
use call::{EngineCommand, EngineEvent, ItemId};
use std::time::Duration;

#[test]
fn a_turn_is_heard_by_our_own_ear_and_answered_by_the_models_decision() {
    let mut session = Session::ready();
    session.caller_says("When do you open?", 1_000);
    assert_eq!(told(&session.events()), ["speaks", "caller 1… When do you open?", "pauses"]);
    session.tell(EngineCommand::Respond);
    assert_eq!(session.sent(), Vec::<serde_json::Value>::new(), "the model decides when to answer");
    session.says("At eight.", 600);
    session.quiet(2_000);
    assert_eq!(
        happened(&session.events()),
        ["voice 2", "caller 1 When do you open?", "done", "assistant 2 At eight."]
    );
}

#[test]
fn what_sounds_is_handed_on_as_it_is_and_silence_is_not() {
    let mut session = Session::ready();
    session.quiet(5_000);
    assert_eq!(session.events(), []);
    session.pass(1_000, SILENCE, LOUD);
    session.quiet(400);
    session.pass(1_000, SILENCE, LOUD);
    session.quiet(3_000);
    let events = session.events();
    // Two seconds, a tail behind each and a little silence before each.
    assert_eq!(voiced(&events), [(2, Duration::from_millis(2_280))].into());
    let loud = events.iter().filter_map(|event| match event {
        EngineEvent::Voice(_, chunk) => Some(&chunk.bytes),
        _ => None,
    });
    let loud = loud.flatten().map(|byte| usize::from(*byte == LOUD)).sum::<usize>();
    assert_eq!(loud, 16_000, "and nothing of it is missing or changed");
    assert_eq!(happened(&events), ["voice 2", "done"]);
}

#[test]
fn an_item_ends_when_it_has_been_quiet_and_not_in_a_breath() {
    let mut session = Session::ready();
    for _ in 0..4 {
        session.pass(500, SILENCE, LOUD);
        session.quiet(700);
    }
    assert_eq!(happened(&session.events()), ["voice 2"]);
    session.quiet(200);
    assert_eq!(happened(&session.events()), ["done"]);
    session.pass(500, SILENCE, LOUD);
    assert_eq!(happened(&session.events()), ["voice 3"]);
}

#[test]
fn an_item_ends_also_where_the_service_sends_no_silence_behind_it() {
    let mut session = Session::ready();
    session.pass(500, SILENCE, LOUD);
    session.wait(3_000);
    assert_eq!(happened(&session.events()), ["voice 2", "done"]);
}

#[test]
fn a_voice_that_comes_all_at_once_ends_when_it_has_sounded() {
    let mut session = Session::ready();
    for _ in 0..100 {
        session.read(&voice(&[LOUD; 800]));
    }
    session.wait(10_500);
    assert_eq!(happened(&session.events()), ["voice 2"], "ten seconds sound for ten seconds");
    session.wait(1_500);
    assert_eq!(happened(&session.events()), ["done"]);
}

#[test]
fn a_caller_who_speaks_over_the_model_is_told_of_when_it_has_yielded() {
    let mut session = Session::ready();
    session.says("We have ten, eleven, twelve", 1_000);
    session.caller_sounds(600, LOUD);
    session.read(&said("input", "wait", session.ms - 600));
    assert_eq!(
        happened(&session.events()),
        ["voice 2"],
        "nothing is cleared while the model has not decided"
    );
    session.caller_sounds(800, SILENCE);
    let events = session.events();
    assert_eq!(
        happened(&events),
        ["voice 2", "done", "speaks"],
        "the tail, and then the floor is the caller's"
    );
    assert!(told(&events).contains(&"caller 1… wait".to_owned()), "what they said meanwhile is known");
    session.quiet(800);
    let told = happened(&session.events());
    assert!(told.contains(&"pauses".to_owned()), "{told:?}");
}

#[test]
fn a_murmur_under_the_models_voice_does_not_stop_it_and_is_written_down() {
    let mut session = Session::ready();
    session.pass(1_000, SILENCE, LOUD);
    session.caller_sounds(400, LOUD);
    session.read(&said("input", "mhm", session.ms - 400));
    session.pass(3_000, SILENCE, LOUD);
    assert_eq!(happened(&session.events()), ["voice 2"]);
    session.quiet(2_500);
    assert_eq!(happened(&session.events()), ["voice 2", "done", "speaks", "pauses", "caller 1 mhm"]);
}

#[test]
fn a_noise_under_the_models_voice_is_nothing() {
    let mut session = Session::ready();
    session.pass(1_000, SILENCE, LOUD);
    session.caller_sounds(400, LOUD);
    session.pass(2_000, SILENCE, LOUD);
    session.quiet(3_000);
    assert_eq!(happened(&session.events()), ["voice 2", "done"]);
}

#[test]
fn a_model_that_begins_to_speak_has_the_floor() {
    let mut session = Session::ready();
    session.caller_sounds(1_000, SILENCE);
    session.caller_sounds(600, LOUD);
    assert_eq!(happened(&session.events()), ["speaks", "pauses", "voice 2"]);
    session.caller_sounds(1_000, SILENCE);
    assert_eq!(
        happened(&session.events()),
        ["voice 2", "done", "speaks"],
        "and when it yields, the caller has"
    );
}

#[test]
fn a_caller_whom_our_ear_does_not_hear_is_believed_to_have_said_what_is_written() {
    let mut session = Session::ready();
    session.read(&said("input", " so faint", session.ms));
    session.quiet(2_500);
    assert_eq!(happened(&session.events()), ["speaks", "pauses", "caller 1 so faint"]);
}

#[test]
fn a_reply_that_does_not_come_is_not_waited_for_for_ever() {
    let mut session = Session::ready();
    session.caller_says("Hm.", 600);
    session.tell(EngineCommand::Respond);
    session.events();
    session.quiet(3_500);
    assert!(!happened(&session.events()).contains(&"done".into()));
    session.quiet(1_000);
    assert_eq!(happened(&session.events()), ["done"]);
}

#[test]
fn the_calls_own_words_are_said_and_a_caller_who_speaks_over_them_is_heard_at_once() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Say("I will hang up now. Goodbye.".into()));
    let sent = session.sent();
    assert_eq!(sent[0]["type"], "session.commentary.append");
    assert!(sent[0]["content"].as_str().expect("a text").contains("I will hang up now. Goodbye."));
    session.quiet(1_000);
    assert_eq!(session.events(), [], "they are still to come");
    session.pass(600, SILENCE, LOUD);
    session.caller_sounds(400, LOUD);
    assert_eq!(happened(&session.events()), ["voice 2", "speaks", "voice 2"]);
}

#[test]
fn a_goodbye_is_over_when_it_was_heard_and_not_before() {
    let mut session = Session::ready();
    session.caller_says("That is all, bye.", 1_000);
    session.tell(EngineCommand::Respond);
    session.read(&delegation("item_1", "resp_1"));
    session.read(&work("item_1", &response("created", "resp_1")));
    session.says("Goodbye, and thank you.", 600);
    session.read(&work("item_1", &function_call("call_1", "hang_up", "{}")));
    session.read(&work("item_1", &response("completed", "resp_1")));
    session.pass(800, SILENCE, LOUD);
    let events = happened(&session.events());
    assert!(events.contains(&"wants call_1 hang_up {}".into()), "{events:?}");
    assert!(!events.contains(&"done".into()), "{events:?}");
    session.quiet(700);
    assert!(!happened(&session.events()).contains(&"done".into()), "it may be a breath");
    session.quiet(300);
    assert!(happened(&session.events()).contains(&"done".into()));
    assert_eq!(session.sent(), Vec::<serde_json::Value>::new(), "a call that ends owes no answer");
}

#[test]
fn a_caller_who_speaks_during_the_goodbye_is_heard_at_once() {
    let mut session = Session::ready();
    session.caller_says("Bye.", 600);
    session.read(&work("item_1", &response("created", "resp_1")));
    session.pass(400, SILENCE, LOUD);
    session.read(&work("item_1", &function_call("call_1", "hang_up", "{}")));
    session.read(&work("item_1", &response("completed", "resp_1")));
    session.events();
    session.caller_sounds(400, LOUD);
    let events = happened(&session.events());
    assert!(events.contains(&"speaks".into()) && !events.contains(&"done".into()), "{events:?}");
}

#[test]
fn a_call_that_is_to_end_without_a_word_ends_with_one() {
    let mut session = Session::ready();
    session.caller_says("Bye.", 600);
    session.events();
    session.read(&work("item_1", &response("created", "resp_1")));
    session.read(&work("item_1", &function_call("call_1", "hang_up", "{}")));
    session.read(&work("item_1", &response("completed", "resp_1")));
    let sent = session.sent();
    assert_eq!(sent[0]["type"], "session.commentary.append");
    assert!(sent[0]["content"].as_str().expect("a text").contains("goodbye"));
    session.quiet(1_000);
    assert!(!happened(&session.events()).contains(&"done".into()));
    session.says("Goodbye.", 500);
    session.quiet(1_000);
    assert!(happened(&session.events()).contains(&"done".into()));
}

#[test]
fn what_was_not_heard_is_told_to_the_model_in_words() {
    let mut session = Session::ready();
    session.says("Ten, eleven, or twelve.", 3_000);
    session.tell(EngineCommand::Truncate(ItemId(2), Duration::from_millis(1_000)));
    let sent = session.sent();
    assert_eq!(sent[0]["type"], "session.thinking.append");
    let told = sent[0]["content"].as_str().expect("a text");
    assert!(told.contains("“Ten, eleven, or twelve.”") && told.contains("1.0 seconds"), "{told}");
    session.tell(EngineCommand::Delete(ItemId(2)));
    assert!(session.sent()[0]["content"].as_str().expect("a text").contains("heard nothing"));
    session.tell(EngineCommand::Truncate(ItemId(2), Duration::from_millis(2_950)));
    session.tell(EngineCommand::Truncate(ItemId(77), Duration::ZERO));
    session.tell(EngineCommand::Delete(ItemId(77)));
    assert_eq!(session.sent(), Vec::<serde_json::Value>::new(), "what was heard needs no word");
}

#[test]
fn of_what_is_cancelled_no_more_voice_comes_and_the_model_is_asked_to_stop() {
    let mut session = Session::ready();
    session.pass(1_000, SILENCE, LOUD);
    session.events();
    session.tell(EngineCommand::Cancel);
    assert_eq!(session.sent()[0]["type"], "session.instructions.append", "which is what can interrupt it");
    session.pass(1_000, SILENCE, LOUD);
    session.quiet(400);
    assert_eq!(happened(&session.events()), ["done"]);
    session.pass(500, SILENCE, LOUD);
    assert_eq!(happened(&session.events()), ["voice 3"], "what comes then is something else");
    session.tell(EngineCommand::Cancel);
    session.sent();
    session.pass(4_000, SILENCE, LOUD);
    assert_eq!(happened(&session.events()), ["voice 4"], "a model that does not stop is heard again");
}

#[test]
fn a_done_of_what_was_before_is_not_taken_for_one_of_what_is_wanted_now() {
    let mut session = Session::ready();
    session.pass(500, SILENCE, LOUD);
    session.quiet(900);
    session.tell(EngineCommand::Say("Goodbye.".into()));
    let events = happened(&session.events());
    assert!(!events.contains(&"done".into()), "{events:?}");
    session.pass(500, SILENCE, LOUD);
    session.quiet(900);
    assert_eq!(happened(&session.events()), ["voice 3", "done"]);
}

#[test]
fn whoever_sits_on_a_noisy_line_is_not_heard_to_speak() {
    let mut session = Session::started(brief());
    let mut noise = fastrand::Rng::with_seed(7);
    for _ in 0..500 {
        let frame: Vec<u8> = (0..160).map(|_| if noise.bool() { 0xF0 } else { 0x70 }).collect();
        session.tell(EngineCommand::Hear(crate::rig::ulaw(&frame)));
        session.wait(20);
    }
    assert!(!told(&session.events()).contains(&"speaks".into()));
}
