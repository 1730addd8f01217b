//! When the assistant answers: once a turn, one thing at a time.

use crate::rig::{
    Session, brief, committed, config, created, done, error, is_done, item_added, speech_started,
    speech_stopped, ulaw, voice,
};
use call::{EngineCommand, EngineEvent, Manner};
use engine::Brief;
use serde_json::json;
use std::time::Duration;

#[test]
fn a_turn_begins_ends_and_is_answered_when_the_call_says_so() {
    let mut session = Session::ready();
    session.read(&speech_started("item_U1"));
    assert_eq!(session.events(), [EngineEvent::CallerSpeaks]);
    session.turn("item_U1");
    assert_eq!(session.events(), [EngineEvent::CallerPauses], "speech that goes on is the same turn");
    assert!(session.sent().is_empty(), "the call decides");
    session.tell(EngineCommand::Respond);
    assert_eq!(session.sent_types(), ["response.create"]);
    session.reply("resp_1", "item_A1", "Hello.");
    assert!(is_done(&session.events()));
}

#[test]
fn a_pause_is_told_even_where_the_commit_does_not_come() {
    let mut session = Session::ready();
    session.read(&speech_started("item_U1"));
    session.read(&speech_stopped("item_U1"));
    session.wait(Duration::from_millis(499));
    assert_eq!(session.events(), [EngineEvent::CallerSpeaks]);
    session.wait(Duration::from_millis(1));
    assert_eq!(session.events(), [EngineEvent::CallerPauses]);
    session.tell(EngineCommand::Respond);
    assert_eq!(session.sent_types(), ["response.create"]);
    session.read(&committed("item_U1"));
    assert!(session.events().is_empty(), "that is known");
}

#[test]
fn a_turn_that_is_committed_after_its_answer_has_begun_is_answered_with_its_words() {
    let guessed = || {
        let mut session = Session::ready();
        session.read(&speech_started("item_U1"));
        session.read(&speech_stopped("item_U1"));
        session.wait(Duration::from_millis(500));
        session.tell(EngineCommand::Respond);
        assert_eq!(session.sent_types(), ["response.create"]);
        session
    };
    let mut session = guessed();
    session.read(&created("resp_1"));
    session.read(&committed("item_U1"));
    session.read(&committed("item_U1"));
    assert!(session.sent().is_empty(), "one at a time");
    session.read(&voice("resp_1", "item_A1", &[1; 80]));
    session.read(&done("resp_1", "completed"));
    assert!(!is_done(&session.events()), "the answer is still to come");
    assert_eq!(session.sent_types(), ["response.create"]);
    session.reply("resp_2", "item_A2", "It ships today.");
    assert!(is_done(&session.events()) && session.sent().is_empty());

    let mut session = guessed();
    session.reply("resp_1", "item_A1", "Pardon?");
    session.read(&committed("item_U1"));
    assert_eq!(session.sent_types(), ["response.create"], "nor is it too late when that is over");

    let mut session = guessed();
    session.read(&committed("item_U1"));
    session.reply("resp_1", "item_A1", "It ships today.");
    assert!(is_done(&session.events()) && session.sent().is_empty(), "this answer knew them");

    let mut session = guessed();
    session.read(&created("resp_1"));
    session.read(&speech_started("item_U2"));
    session.tell(EngineCommand::Cancel);
    session.read(&committed("item_U1"));
    session.read(&done("resp_1", "cancelled"));
    session.turn("item_U2");
    session.tell(EngineCommand::Respond);
    assert_eq!(
        session.sent_types(),
        ["response.cancel", "response.create"],
        "the answer to the next turn is one to both"
    );
}

#[test]
fn a_response_waits_for_the_one_before_it() {
    let mut session = Session::ready();
    session.turn("item_U1");
    session.tell(EngineCommand::Respond);
    assert_eq!(session.sent_types(), ["response.create"]);
    session.turn("item_U2");
    session.tell(EngineCommand::Respond);
    session.tell(EngineCommand::Respond);
    session.tell(EngineCommand::Say("One moment.".into()));
    assert!(session.sent().is_empty(), "asked, and not yet begun");
    session.read(&created("resp_1"));
    assert!(session.sent().is_empty(), "under way");
    session.events();
    session.read(&done("resp_1", "completed"));
    assert!(!is_done(&session.events()));
    assert_eq!(session.sent_types(), ["response.create"], "twice asked is once answered");
    session.reply("resp_2", "item_A2", "Yes.");
    assert!(!is_done(&session.events()), "something is to be said");
    let sent = session.sent();
    assert!(sent[0]["response"]["instructions"].as_str().expect("words").ends_with("One moment."));
    session.reply("resp_3", "item_A3", "One moment.");
    assert!(is_done(&session.events()));
    assert!(session.sent().is_empty());
}

#[test]
fn a_service_that_answers_by_itself_is_not_asked_again() {
    let mut session = Session::ready();
    session.turn("item_U1");
    session.read(&created("resp_auto"));
    session.tell(EngineCommand::Respond);
    session.read(&item_added("resp_auto", "item_A1"));
    session.read(&voice("resp_auto", "item_A1", &[1; 80]));
    session.read(&done("resp_auto", "completed"));
    assert!(session.sent().is_empty());
    assert!(is_done(&session.events()));

    session.turn("item_U2");
    session.reply("resp_auto_2", "item_A2", "Quick.");
    session.events();
    session.tell(EngineCommand::Respond);
    assert!(session.sent().is_empty(), "that turn has been answered");
    assert!(is_done(&session.events()), "and the call, which waits for an answer, learns that it is over");
}

#[test]
fn a_collision_with_the_services_own_answer_is_no_second_answer() {
    let mut session = Session::ready();
    session.turn("item_U1");
    session.tell(EngineCommand::Respond);
    let asked = session.sent().remove(0);
    session.read(&created("resp_auto"));
    let collision = "conversation_already_has_active_response";
    session.read(&error("invalid_request_error", collision, asked["event_id"].as_str()));
    session.read(&done("resp_auto", "completed"));
    assert!(session.sent().is_empty());
    let events = session.events();
    assert!(
        is_done(&events) && !events.iter().any(|event| matches!(event, EngineEvent::Trouble(_))),
        "{events:?}"
    );
}

#[test]
fn words_that_collide_are_said_afterwards() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Say("One moment.".into()));
    let asked = session.sent().remove(0);
    session.read(&created("resp_auto"));
    session.read(&error(
        "invalid_request_error",
        "conversation_already_has_active_response",
        asked["event_id"].as_str(),
    ));
    assert!(session.sent().is_empty());
    session.read(&done("resp_auto", "completed"));
    let again = session.sent().remove(0);
    assert_eq!(again["response"], asked["response"]);
    assert_ne!(again["event_id"], asked["event_id"]);
}

#[test]
fn a_collision_with_a_response_that_nobody_has_seen_is_waited_out() {
    let mut session = Session::ready();
    session.turn("item_U1");
    session.tell(EngineCommand::Respond);
    let asked = session.sent().remove(0);
    session.read(&error(
        "invalid_request_error",
        "conversation_already_has_active_response",
        asked["event_id"].as_str(),
    ));
    assert!(session.sent().is_empty());
    session.read(&done("resp_of_old", "completed"));
    assert_eq!(session.sent_types(), ["response.create"]);
}

#[test]
fn an_instruction_is_put_into_the_conversation_and_acted_on() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Prompt("Ask whether the caller is still there.".into()));
    let sent = session.sent();
    assert_eq!(sent[0]["item"]["role"], "system");
    assert_eq!(sent[0]["item"]["content"][0]["text"], "Ask whether the caller is still there.");
    assert_eq!(sent[1]["type"], "response.create");
    assert!(sent[1].get("response").is_none(), "the session's own instructions hold");
}

#[test]
fn keys_are_shown_at_once_and_acted_on_together() {
    let mut session = Session::ready();
    for key in ['4', '2', '#'] {
        session.tell(EngineCommand::Key(key));
        assert_eq!(session.sent_types(), ["conversation.item.create"]);
        session.wait(Duration::from_secs(1));
        assert!(session.sent().is_empty());
    }
    session.wait(Duration::from_millis(500));
    assert_eq!(session.sent_types(), ["response.create"]);
    session.reply("resp_1", "item_A1", "Thank you.");
    session.wait(Duration::from_secs(10));
    assert!(session.sent().is_empty());
    session.tell(EngineCommand::Key('\u{7}'));
    assert!(session.sent().is_empty(), "that is no key");
}

#[test]
fn keys_in_the_middle_of_a_turn_are_answered_with_it() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Key('1'));
    session.sent();
    session.read(&speech_started("item_U1"));
    session.tell(EngineCommand::Hear(ulaw(&[0; 160])));
    session.sent();
    session.wait(Duration::from_millis(700));
    session.tell(EngineCommand::Hear(ulaw(&[0; 160])));
    session.wait(Duration::from_millis(700));
    session.tell(EngineCommand::Hear(ulaw(&[0; 160])));
    session.wait(Duration::from_millis(700));
    assert!(!session.sent_types().contains(&"response.create".to_owned()), "the caller is speaking");
    session.turn("item_U1");
    assert_eq!(session.sent_types(), ["response.create"]);
    session.tell(EngineCommand::Respond);
    assert!(session.sent().is_empty(), "the response that is asked for answers the turn as well");
}

#[test]
fn a_line_that_takes_turns_commits_and_asks_itself() {
    let mut session = Session::ready_as(config(), Brief { manner: Manner::Turns, ..brief() });
    session.tell(EngineCommand::Hear(ulaw(&[0x11; 8_000])));
    session.tell(EngineCommand::Respond);
    assert_eq!(
        session.sent_types(),
        ["input_audio_buffer.append", "input_audio_buffer.commit", "response.create"]
    );
    session.read(&crate::rig::committed("item_U1"));
    assert_eq!(session.events(), [EngineEvent::CallerSpeaks, EngineEvent::CallerPauses]);
    session.read(&crate::rig::caller_said("item_U1", "Where is my order?"));
    assert_eq!(session.events(), [crate::rig::caller(1, "Where is my order?", false)]);
    session.reply("resp_1", "item_A1", "On its way.");
    assert!(is_done(&session.events()));

    session.tell(EngineCommand::Hear(ulaw(&[0x11; 799])));
    session.tell(EngineCommand::Respond);
    assert_eq!(
        session.sent_types(),
        ["input_audio_buffer.append", "response.create"],
        "less than 100 ms would be refused, and the caller waits all the same"
    );
}

#[test]
fn a_line_that_falls_still_while_the_caller_speaks_is_filled_with_silence() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Hear(ulaw(&[0; 160])));
    session.read(&speech_started("item_U1"));
    session.sent();
    session.wait(Duration::from_millis(749));
    assert!(session.sent().is_empty());
    session.wait(Duration::from_millis(1));
    let silence = session.sent();
    assert_eq!(silence[0]["audio"].as_str().map(str::len), Some(8_000_usize.div_ceil(3) * 4));
    assert!(silence[0]["audio"].as_str().is_some_and(|audio| audio.starts_with("////")));
    // The line was still for two seconds: the second is what it puts in for them beyond the one that was made up.
    session.tell(EngineCommand::Hear(ulaw(&[0xff; 16_000])));
    session.tell(EngineCommand::Hear(ulaw(&[0; 160])));
    let sent: Vec<_> = session.sent().iter().map(|sent| sent["audio"].as_str().map(str::len)).collect();
    assert_eq!(sent, [Some(8_000_usize.div_ceil(3) * 4), Some(160_usize.div_ceil(3) * 4)]);
    session.wait(Duration::from_secs(60));
    assert_eq!(session.sent().len(), 10, "the line may be dead, and silence is not free");
    session.read(&speech_stopped("item_U1"));
    session.wait(Duration::from_secs(60));
    assert!(session.sent().is_empty());
}

#[test]
fn a_done_that_was_not_told_yet_is_taken_back_when_more_is_to_be_said() {
    let mut session = Session::ready();
    session.turn("item_U1");
    session.tell(EngineCommand::Respond);
    session.read(&created("resp_1"));
    let mut end = done("resp_1", "completed");
    end["response"]["usage"] = serde_json::json!({"input_token_details": {"text_tokens": 7}});
    session.read(&end);
    session.tell(EngineCommand::Say("One moment.".into()));
    assert!(!is_done(&session.events()));
    session.reply("resp_2", "item_A2", "One moment.");
    let events = session.events();
    let Some(EngineEvent::Done(usage)) = events.last() else { panic!("{events:?}") };
    assert_eq!(usage.text_tokens_in, 7, "and what it told is told later");
}

#[test]
fn what_the_carrier_understood_is_put_into_the_conversation_as_the_callers_words() {
    let mut session = Session::ready_as(config(), Brief { manner: Manner::Turns, ..brief() });
    session.tell(EngineCommand::Read("Where is my order?".into()));
    session.tell(EngineCommand::Respond);
    let sent = session.sent();
    assert_eq!(sent.len(), 2, "no sound is committed: {sent:?}");
    assert_eq!(sent[0]["item"]["role"], "user");
    assert_eq!(sent[0]["item"]["content"], json!([{"type": "input_text", "text": "Where is my order?"}]));
    assert_eq!(sent[1]["type"], "response.create");
    let said = crate::rig::caller(1, "Where is my order?", false);
    assert_eq!(session.events(), [EngineEvent::CallerSpeaks, EngineEvent::CallerPauses, said]);
}
