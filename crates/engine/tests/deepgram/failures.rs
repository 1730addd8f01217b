//! Everything that can go wrong at the service, and hostile messages.

use crate::rig::{
    Session, assistant, audio_done, brief, config, dones, error, failure, sounded, troubles, user, warning,
};
use call::{EngineCommand, EngineEvent};
use engine::Dialect;
use serde_json::json;

const PASSING: [&str; 13] = [
    "INTERNAL_SERVER_ERROR",
    "CLIENT_MESSAGE_TIMEOUT",
    "UNPARSABLE_CLIENT_MESSAGE",
    "NON_SETTINGS_MESSAGE_BEFORE_SETTINGS",
    "SETTINGS_ALREADY_APPLIED",
    "FAILED_TO_START_LISTENING",
    "ASR_CONNECTION_CLOSED",
    "ASR_DRIVER_TIMEOUT",
    "FAILED_TO_THINK",
    "FAILED_TO_SPEAK",
    "SERVER_GOING_AWAY",
    "NON_EXISTENT_FUNCTION_CALLED",
    "MAXIMUM_SESSION_LENGTH_REACHED",
];
/// After these another session would go on.
const AGED: [&&str; 2] = [&"SERVER_GOING_AWAY", &"MAXIMUM_SESSION_LENGTH_REACHED"];
const LASTING: [&str; 4] =
    ["INVALID_SETTINGS", "USER_AUDIO_FORMAT", "AGENT_ID_NOT_SUPPORTED", "INVALID_AGENT_ID"];

#[test]
fn what_only_the_owner_can_mend_is_lasting_and_the_rest_is_not() {
    for (codes, expected) in [(&PASSING[..], false), (&LASTING[..], true)] {
        for code in codes {
            for mut session in [Session::configured(config(), brief()), Session::ready()] {
                session.read(&error(code));
                let events = session.events();
                let (why, lasting) = failure(&events).expect("an error ends the session");
                assert!(lasting == expected && why.contains("Example only") && why.contains(code), "{why}");
                assert!(session.out.close);
                assert_eq!(session.out.aged, AGED.contains(&code), "{code}");
                assert_eq!(session.dialect.deadline(), None);
            }
        }
    }
}

#[test]
fn an_error_that_nobody_knows_is_lasting_only_before_anything_worked() {
    for (mut session, expected) in [(Session::configured(config(), brief()), true), (Session::ready(), false)]
    {
        session.read(&error("SOMETHING_NEW"));
        assert!(failure(&session.events()).is_some_and(|(_, lasting)| lasting == expected));
    }
    let mut session = Session::ready();
    session.read(&json!({"type": "Error"}));
    assert!(failure(&session.events()).is_some_and(|(why, _)| why.contains("no reason given")));
}

#[test]
fn warnings_are_told_and_survived() {
    let mut session = Session::ready();
    for code in [
        "PROMPT_TOO_LONG",
        "THINK_REQUEST_FAILED",
        "SPEAK_REQUEST_FAILED",
        "FUNCTION_CALL_FAILED",
        "SLOW_THINK_REQUEST",
        "SLOW_SPEAK_REQUEST",
        "GPT_4O_STREAM_END_ERROR",
        "FORCE_END_TURN_UNSUPPORTED",
        "MAXIMUM_SESSION_LENGTH_APPROACHING",
        "SOMETHING_NEW",
    ] {
        session.read(&warning(code));
        assert!(matches!(&session.events()[..], [EngineEvent::Trouble(why)] if why.contains(code)), "{code}");
    }
    session.read(&warning("VOICE_PROMPT_ADDED"));
    assert!(session.events().is_empty());
}

#[test]
fn trouble_without_end_is_not_told_without_end() {
    let mut session = Session::ready();
    for _ in 0..1_000 {
        session.read(&warning("THINK_REQUEST_FAILED"));
    }
    assert_eq!(session.events().len(), 32);
    assert_eq!(session.dialect.tally().untold, 968);
}

#[test]
fn a_closed_connection_says_why() {
    for (code, reason, why, aged) in [
        (Some(1011), "CLIENT_MESSAGE_TIMEOUT", "CLIENT_MESSAGE_TIMEOUT", false),
        (Some(1011), "MAXIMUM_SESSION_LENGTH_REACHED", "MAXIMUM_SESSION_LENGTH_REACHED", true),
        (Some(1000), "", "1000", false),
        (None, "", "without a word", false),
    ] {
        let mut session = Session::ready();
        session.dialect.closed(code, reason, &mut session.out);
        session.dialect.closed(code, reason, &mut session.out);
        let events = session.events();
        assert_eq!(events.len(), 1);
        assert!(failure(&events).is_some_and(|(said, lasting)| said.contains(why) && !lasting));
        assert_eq!(session.out.aged, aged, "{reason}");
    }
    let mut session = Session::configured(config(), brief());
    session.dialect.closed(Some(1008), "INVALID_SETTINGS", &mut session.out);
    assert!(failure(&session.events()).is_some_and(|(_, lasting)| lasting));
}

#[test]
fn what_was_being_said_is_written_down_before_the_end() {
    let mut session = Session::ready();
    session.read(&assistant("Your order"));
    session.sound(100);
    session.events();
    session.dialect.closed(None, "", &mut session.out);
    let events = session.events();
    assert!(
        matches!(&events[..], [EngineEvent::AssistantSaid(_, said), EngineEvent::Failed(_)] if said.text == "Your order")
    );
    session.sound(100);
    session.read(&user("Hello?"));
    session.tell(EngineCommand::Respond);
    assert!(session.events().is_empty() && session.all_sent().is_empty(), "nothing follows");
}

#[test]
fn files_of_sound_are_not_played_as_noise() {
    for begin in [&b"RIFF\x24\0\0\0WAVE"[..], b"OggS\0\x02", b"ID3\x04", b"fLaC\0"] {
        let mut session = Session::ready();
        session.read(&assistant("Hello."));
        session.dialect.read_binary(session.now, begin.to_vec().into(), &mut session.out);
        let events = session.events();
        assert!(failure(&events).is_some_and(|(why, _)| why.contains("files of sound")), "{events:?}");
        assert!(sounded(&events).is_empty());
    }
}

#[test]
fn what_the_service_says_cannot_break_a_log() {
    let long = format!("\u{1b}[2J\n{}", "é".repeat(10_000));
    let mut session = Session::ready();
    session.read(&json!({"type": "Warning", "code": long, "description": long}));
    session.read(&json!({"type": "Error", "code": long, "description": long}));
    for event in session.events() {
        let (EngineEvent::Trouble(why) | EngineEvent::Failed(call::Failure { why, .. })) = event else {
            panic!("{event:?}")
        };
        assert!(why.len() < 1_000 && !why.contains(['\n', '\u{1b}']), "{why}");
    }
}

#[test]
fn what_cannot_be_read_is_mentioned_once() {
    let mut session = Session::ready();
    for message in [
        "",
        "null",
        "{",
        "[1,2,3]",
        "{}",
        "{\"type\":7}",
        "{\"type\":\"ConversationText\"}",
        "{\"type\":\"ConversationText\",\"role\":\"nobody\",\"content\":\"x\"}",
        "{\"type\":\"ConversationText\",\"role\":\"user\",\"content\":7}",
        "{\"type\":\"FunctionCallRequest\",\"functions\":7}",
        "{\"type\":\"FunctionCallRequest\",\"functions\":[{\"id\":7}]}",
        "{\"type\":\"Error\",\"code\":[]}",
        "{\"type\":\"Welcome\"} trailing",
        "\u{0}\u{ffff}",
    ] {
        session.read_text(message);
    }
    let events = session.events();
    assert_eq!(troubles(&events), 1, "{events:?}");
    assert_eq!((events.len(), session.dialect.tally().malformed), (1, 14));
}

#[test]
fn what_nobody_knows_is_passed_over() {
    let mut session = Session::ready();
    session.read(&json!({"type": "SettingsConfiguration", "content": {"nested": true}}));
    session.read(&json!({"type": "BrandNew"}));
    let with_more =
        json!({"type": "ConversationText", "role": "assistant", "content": "Hello.", "tomorrow": [1]});
    session.read(&with_more);
    session.sound(20);
    session.read(&audio_done());
    let events = session.events();
    assert_eq!((sounded(&events), dones(&events)), (vec![(2, 20)], 1));
    assert_eq!(session.dialect.tally().unknown, 2);
}

#[test]
fn a_transcript_of_a_megabyte_is_cut() {
    let mut session = Session::ready();
    let long = "é ".repeat(400_000);
    session.read(&user(&long));
    session.read(&assistant(&long));
    session.sound(20);
    session.read(&assistant(&long));
    session.read(&audio_done());
    for event in session.events() {
        if let EngineEvent::CallerSaid(_, said) | EngineEvent::AssistantSaid(_, said) = event {
            assert!(!said.text.is_empty() && said.text.len() <= 64 * 1024);
        }
    }
}

#[test]
fn sound_after_the_end_begins_something_new_and_is_not_waited_for_for_ever() {
    let mut session = Session::ready();
    session.sound(100);
    session.sound(0);
    session.wait(std::time::Duration::from_secs(4));
    let events = session.events();
    assert_eq!((sounded(&events), dones(&events)), (vec![(2, 100)], 1));
}
