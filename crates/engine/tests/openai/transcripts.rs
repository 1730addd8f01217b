//! Both sides' words, in the order in which they were said.

use crate::rig::{
    Session, assistant, caller, caller_said, caller_words, created, done, item_added, item_done, last_words,
    speech_started, troubles, voice, words, words_done,
};
use call::{EngineCommand, EngineEvent};
use serde_json::json;
use std::time::Duration;

fn answered() -> Session {
    let mut session = Session::ready();
    session.turn("item_U1");
    session.tell(EngineCommand::Respond);
    session.reply("resp_1", "item_A1", "Your order ships today.");
    session
}

#[test]
fn the_answer_waits_for_the_words_that_it_answers() {
    let mut session = answered();
    assert!(last_words(&session.events()).is_empty());
    session.read(&caller_words("item_U1", "Where is"));
    session.read(&caller_words("item_U1", " my order?"));
    assert_eq!(
        session.events(),
        [caller(1, "Where is", true), caller(1, "Where is my order?", true)],
        "words are evidence, and evidence does not wait"
    );
    session.read(&caller_said("item_U1", "Where is my order?"));
    assert_eq!(
        session.events(),
        [caller(1, "Where is my order?", false), assistant(2, "Your order ships today.", false)]
    );
}

#[test]
fn but_it_does_not_wait_for_ever() {
    let mut session = answered();
    session.events();
    session.wait(Duration::from_millis(3_999));
    assert!(session.events().is_empty());
    session.wait(Duration::from_millis(1));
    assert_eq!(session.events(), [assistant(2, "Your order ships today.", false)]);
    session.read(&caller_said("item_U1", "Where is my order?"));
    assert_eq!(session.events(), [caller(1, "Where is my order?", false)], "late is better than never");
}

#[test]
fn what_the_assistant_says_is_told_as_it_comes() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Respond);
    session.read(&created("resp_1"));
    session.read(&item_added("resp_1", "item_A1"));
    session.read(&words("resp_1", "item_A1", "Your"));
    session.read(&words("resp_1", "item_A1", " order"));
    assert_eq!(session.events(), [assistant(2, "Your", true), assistant(2, "Your order", true)]);
    session.read(&words_done("resp_1", "item_A1", "Your order ships."));
    assert_eq!(session.events(), [assistant(2, "Your order ships.", true)], "a piece was lost");
    session.read(&words_done("resp_1", "item_A1", "Your order ships."));
    assert!(session.events().is_empty());
}

#[test]
fn words_known_out_of_order_are_told_at_once_and_again_in_their_place() {
    let mut session = answered();
    session.turn("item_U2");
    session.events();
    session.read(&caller_said("item_U2", "Hello?"));
    assert_eq!(session.events(), [caller(2, "Hello?", true)]);
    session.read(&caller_said("item_U1", "Where is my order?"));
    assert_eq!(
        session.events(),
        [
            caller(1, "Where is my order?", false),
            assistant(2, "Your order ships today.", false),
            caller(2, "Hello?", false)
        ]
    );
}

#[test]
fn what_cannot_be_written_down_holds_nothing_up() {
    let mut session = answered();
    session.events();
    session.read(&json!({"type": "conversation.item.input_audio_transcription.failed", "item_id": "item_U1",
        "content_index": 0, "error": {"type": "transcription_error", "code": "audio_unintelligible", "message": "m"}}));
    let events = session.events();
    assert_eq!(troubles(&events), 1);
    assert_eq!(last_words(&events), [&assistant(2, "Your order ships today.", false)]);
}

#[test]
fn silence_is_told_as_no_words() {
    let mut session = Session::ready();
    session.turn("item_U1");
    session.events();
    session.read(&caller_said("item_U1", ""));
    assert_eq!(session.events(), [caller(1, "", false)]);
}

#[test]
fn an_interruption_stands_after_what_it_interrupted() {
    let mut session = Session::ready();
    session.turn("item_U1");
    session.read(&caller_said("item_U1", "Tell me everything."));
    session.tell(EngineCommand::Respond);
    session.read(&created("resp_1"));
    session.read(&item_added("resp_1", "item_A1"));
    session.read(&voice("resp_1", "item_A1", &[1; 800]));
    session.events();
    session.read(&speech_started("item_U2"));
    session.read(&caller_words("item_U2", "Stop."));
    session.tell(EngineCommand::Cancel);
    session.turn("item_U2");
    session.read(&caller_said("item_U2", "Stop."));
    session.read(&item_done("resp_1", "item_A1", "Once upon"));
    session.read(&done("resp_1", "cancelled"));
    assert_eq!(
        last_words(&session.events()),
        [&assistant(2, "Once upon", false), &caller(2, "Stop.", false)]
    );
}

#[test]
fn words_without_a_last_message_are_told_at_the_end_of_the_response() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Respond);
    session.read(&created("resp_1"));
    session.read(&voice("resp_1", "item_A1", &[1; 800]));
    session.read(&words("resp_1", "item_A1", " Hello."));
    session.read(&done("resp_1", "completed"));
    assert_eq!(last_words(&session.events()), [&assistant(2, "Hello.", false)]);
}

#[test]
fn words_of_several_parts_are_one_sentence() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Respond);
    session.read(&created("resp_1"));
    session.read(&json!({"type": "response.output_item.done", "response_id": "resp_1", "item": {"id": "item_A1",
        "type": "message", "role": "assistant", "status": "completed",
        "content": [{"type": "output_audio", "transcript": "Yes. "}, {"type": "output_text", "text": "Today."}]}}));
    assert_eq!(last_words(&session.events()), [&assistant(2, "Yes. Today.", false)]);
}

#[test]
fn nothing_that_waits_is_lost_with_the_connection() {
    use engine::Dialect;
    let mut session = answered();
    session.events();
    session.dialect.closed(Some(1001), "", &mut session.out);
    let events = session.events();
    assert_eq!(events[0], assistant(2, "Your order ships today.", false));
    assert!(matches!(&events[1..], [EngineEvent::Failed(_)]));
}

#[test]
fn where_nobody_writes_the_caller_down_nobody_is_waited_for() {
    let config = engine::openai::Config { transcription: None, ..crate::rig::config() };
    let mut session = Session::ready_as(config, crate::rig::brief());
    session.turn("item_U1");
    session.tell(EngineCommand::Respond);
    session.reply("resp_1", "item_A1", "Hello.");
    assert_eq!(last_words(&session.events()), [&assistant(2, "Hello.", false)]);
}
