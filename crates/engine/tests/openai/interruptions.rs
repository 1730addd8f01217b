//! What is cut off, and what the service is told to forget.

use crate::rig::{
    Session, created, done, error, is_done, item_added, item_done, last_words, speech_started, troubles,
    voice, words, words_done,
};
use call::{EngineCommand, EngineEvent, ItemId};
use serde_json::json;
use std::time::Duration;

fn talking() -> Session {
    let mut session = Session::ready();
    session.turn("item_U1");
    session.tell(EngineCommand::Respond);
    session.read(&created("resp_1"));
    session.read(&item_added("resp_1", "item_A"));
    session.read(&voice("resp_1", "item_A", &[1; 8_000]));
    session.events();
    session.sent();
    session
}

fn truncated(item: &str, ms: u64) -> serde_json::Value {
    json!({"type": "conversation.item.truncate", "event_id": "truncate", "item_id": item, "content_index": 0,
        "audio_end_ms": ms})
}

fn deleted(item: &str) -> serde_json::Value {
    json!({"type": "conversation.item.delete", "event_id": "delete", "item_id": item})
}

fn cancelled(response: &str) -> serde_json::Value {
    json!({"type": "response.cancel", "event_id": "cancel", "response_id": response})
}

const A: ItemId = ItemId(2);

#[test]
fn a_cancelled_response_is_cancelled_by_its_name_once() {
    let mut session = talking();
    session.tell(EngineCommand::Cancel);
    session.tell(EngineCommand::Cancel);
    assert_eq!(session.sent(), [cancelled("resp_1")]);
    session.read(&done("resp_1", "cancelled"));
    assert!(is_done(&session.events()), "a cancelled reply ends, too");
    session.tell(EngineCommand::Cancel);
    assert!(session.sent().is_empty(), "nothing is under way");
}

#[test]
fn voice_of_a_cancelled_response_is_dropped() {
    let mut session = talking();
    session.tell(EngineCommand::Cancel);
    session.read(&voice("resp_1", "item_A", &[1; 800]));
    session.read(&voice("resp_1", "item_B", &[1; 800]));
    assert!(session.events().is_empty());
    assert_eq!(session.dialect.tally().late_voice, 1_600);
}

#[test]
fn a_response_that_has_not_begun_is_cancelled_when_it_does() {
    let mut session = Session::ready();
    session.turn("item_U1");
    session.tell(EngineCommand::Respond);
    session.sent();
    session.tell(EngineCommand::Cancel);
    assert!(session.sent().is_empty(), "the service would not know what is meant");
    session.tell(EngineCommand::Respond);
    assert!(session.sent().is_empty());
    session.read(&created("resp_1"));
    assert_eq!(session.sent(), [cancelled("resp_1")]);
    session.read(&done("resp_1", "cancelled"));
    assert_eq!(session.sent_types(), ["response.create"], "what is wanted since is asked for afterwards");
}

#[test]
fn what_nobody_heard_of_a_cancelled_response_is_forgotten() {
    let mut session = talking();
    session.tell(EngineCommand::Cancel);
    session.sent();
    session.events();
    session.read(&item_added("resp_1", "item_B"));
    session.read(&words("resp_1", "item_B", "Never"));
    session.read(&voice("resp_1", "item_B", &[1; 800]));
    session.read(&item_done("resp_1", "item_B", "Never heard."));
    assert_eq!(session.sent(), [deleted("item_B")]);
    session.read(&done("resp_1", "cancelled"));
    assert!(session.sent().is_empty(), "the one that sounded is the call's to judge");
    assert!(
        !session.events().iter().any(|event| matches!(event, EngineEvent::AssistantSaid(..))),
        "nor is it written down"
    );
}

#[test]
fn an_item_is_truncated_to_what_was_heard_and_never_beyond_what_came() {
    let mut session = talking();
    session.tell(EngineCommand::Truncate(A, Duration::from_micros(250_900)));
    assert_eq!(session.sent(), [truncated("item_A", 250)]);
    session.tell(EngineCommand::Truncate(A, Duration::from_millis(400)));
    assert!(session.sent().is_empty(), "there is no more than 250 ms of it");
    session.tell(EngineCommand::Truncate(A, Duration::from_millis(100)));
    assert_eq!(session.sent(), [truncated("item_A", 100)]);

    let mut session = talking();
    session.tell(EngineCommand::Truncate(A, Duration::from_secs(60)));
    assert_eq!(session.sent(), [truncated("item_A", 1_000)]);
    let mut session = talking();
    session.tell(EngineCommand::Truncate(A, Duration::ZERO));
    assert_eq!(session.sent(), [truncated("item_A", 1)]);
}

#[test]
fn what_was_heard_to_the_end_is_left_as_it_is() {
    let mut session = talking();
    session.read(&item_done("resp_1", "item_A", "All of it."));
    session.read(&done("resp_1", "completed"));
    session.tell(EngineCommand::Truncate(A, Duration::from_secs(1)));
    assert!(session.sent().is_empty());
    session.tell(EngineCommand::Truncate(A, Duration::from_millis(999)));
    assert_eq!(session.sent(), [truncated("item_A", 999)]);
}

#[test]
fn late_voice_counts_as_received_because_the_service_has_it() {
    let mut session = talking();
    session.tell(EngineCommand::Cancel);
    session.sent();
    session.read(&voice("resp_1", "item_A", &[1; 800]));
    session.tell(EngineCommand::Truncate(A, Duration::from_secs(9)));
    assert_eq!(session.sent(), [truncated("item_A", 1_100)]);
}

#[test]
fn every_item_of_a_response_can_be_cut() {
    let mut session = talking();
    session.read(&item_added("resp_1", "item_B"));
    session.read(&voice("resp_1", "item_B", &[1; 800]));
    session.tell(EngineCommand::Cancel);
    session.tell(EngineCommand::Truncate(A, Duration::from_millis(700)));
    session.tell(EngineCommand::Delete(ItemId(3)));
    let sent = session.sent();
    assert_eq!(sent[1..], [truncated("item_A", 700), deleted("item_B")]);
}

#[test]
fn a_deleted_item_is_deleted_once_and_not_written_down() {
    let mut session = talking();
    session.read(&words("resp_1", "item_A", "Hello"));
    session.events();
    session.tell(EngineCommand::Delete(A));
    session.tell(EngineCommand::Delete(A));
    session.tell(EngineCommand::Truncate(A, Duration::from_millis(5)));
    assert_eq!(session.sent(), [deleted("item_A")]);
    session.read(&words_done("resp_1", "item_A", "Hello there."));
    session.read(&item_done("resp_1", "item_A", "Hello there."));
    session.read(&done("resp_1", "completed"));
    assert!(last_words(&session.events()).is_empty());
}

#[test]
fn an_item_that_the_service_does_not_have_yet_is_cut_once_it_does() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Respond);
    session.read(&created("resp_1"));
    session.read(&voice("resp_1", "item_A", &[1; 8_000]));
    session.sent();
    session.tell(EngineCommand::Truncate(A, Duration::from_millis(300)));
    session.tell(EngineCommand::Truncate(A, Duration::from_millis(200)));
    assert!(session.sent().is_empty());
    session.read(&item_added("resp_1", "item_A"));
    assert_eq!(session.sent(), [truncated("item_A", 200)]);

    session.read(&voice("resp_1", "item_B", &[1; 8_000]));
    session.tell(EngineCommand::Truncate(ItemId(3), Duration::from_millis(300)));
    session.tell(EngineCommand::Delete(ItemId(3)));
    session.read(&done("resp_1", "cancelled"));
    assert_eq!(session.sent(), [deleted("item_B")], "at the latest when its response is over");
}

#[test]
fn an_item_that_nobody_knows_is_not_mentioned() {
    let mut session = talking();
    session.tell(EngineCommand::Truncate(ItemId(99), Duration::from_secs(1)));
    session.tell(EngineCommand::Delete(ItemId(0)));
    assert!(session.sent().is_empty());
}

#[test]
fn a_cancel_that_came_too_late_is_no_trouble() {
    let mut session = talking();
    session.tell(EngineCommand::Cancel);
    session.read(&error("invalid_request_error", "response_cancel_not_active", None));
    assert_eq!(troubles(&session.events()), 0);
}

#[test]
fn a_cancelled_response_that_never_ends_holds_nothing_up() {
    let mut session = talking();
    session.tell(EngineCommand::Cancel);
    session.read(&speech_started("item_U2"));
    session.turn("item_U2");
    session.tell(EngineCommand::Respond);
    session.sent();
    session.wait(Duration::from_millis(4_999));
    assert!(!session.sent_types().contains(&"response.create".to_owned()));
    session.wait(Duration::from_millis(1));
    assert_eq!(session.sent_types(), ["response.create"]);
    assert_eq!(troubles(&session.events()), 1);
}

#[test]
fn what_was_still_to_be_said_is_not_said_after_a_cancel() {
    let mut session = talking();
    session.tell(EngineCommand::Say("One moment.".into()));
    session.tell(EngineCommand::Prompt("Be brief.".into()));
    session.tell(EngineCommand::Cancel);
    session.sent();
    session.read(&done("resp_1", "cancelled"));
    assert!(session.sent().is_empty());
    assert!(is_done(&session.events()));
}
