//! What goes wrong, and what the owner is told of it.

use crate::rig::{Session, brief, error, happened, told, voice, work};
use call::{EngineCommand, EngineEvent, Failure};
use engine::Dialect;
use serde_json::{Value, json};

fn failure(session: &mut Session) -> Failure {
    match session.events().pop() {
        Some(EngineEvent::Failed(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_session_that_is_refused_says_why_and_whether_that_lasts() {
    for (kind, code, lasting, words) in [
        ("insufficient_quota", "credit_balance_exhausted", true, "credit at OpenAI is used up"),
        ("invalid_request_error", "invalid_api_key", true, "does not accept the key"),
        ("invalid_request_error", "invalid_model", true, "does not have this model"),
        ("forbidden", "", true, "does not allow this key"),
        ("invalid_request_error", "unknown_parameter", true, "refused the session as it is configured"),
        ("server_error", "", false, "in trouble"),
        ("rate_limit_error", "rate_limit_exceeded", false, "in trouble"),
    ] {
        let mut session = Session::greeted(brief());
        session.read(&error(kind, code, None));
        let failure = failure(&mut session);
        assert_eq!(failure.lasting, lasting, "{code}: {}", failure.why);
        assert!(failure.why.contains(words), "{}", failure.why);
        assert!(session.out.close);
    }
}

#[test]
fn a_session_that_nobody_confirms_is_given_up() {
    let mut session = Session::greeted(brief());
    session.wait(11_000);
    assert_eq!(failure(&mut session).why, "OpenAI did not confirm the session.");
}

#[test]
fn a_session_in_another_format_is_no_session() {
    for format in [
        json!({"type": "audio/pcm", "rate": 24000}),
        json!({"type": "audio/pcma", "rate": 8000}),
        json!({"type": "audio/pcmu", "rate": 16000}),
    ] {
        let mut session = Session::greeted(brief());
        session.read(
            &json!({"type": "session.started", "session": {"id": "live_1", "audio": {"format": format}}}),
        );
        assert!(failure(&mut session).lasting);
    }
}

#[test]
fn a_model_that_never_makes_a_sound_is_given_up() {
    let mut session = Session::started(brief());
    session.wait(9_000);
    let failure = failure(&mut session);
    assert!(failure.why.contains("makes no sound at all") && !failure.lasting, "{}", failure.why);
}

#[test]
fn a_service_that_freezes_is_given_up_when_it_is_wanted() {
    let mut session = Session::ready();
    session.quiet(1_000);
    session.tell(EngineCommand::Prompt("Ask whether the caller is still there.".into()));
    session.wait(9_000);
    assert!(failure(&mut session).why.contains("makes no sound at all"));
}

#[test]
fn a_model_that_does_not_say_what_it_is_asked_to_is_not_waited_for_for_ever() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Say("Goodbye.".into()));
    session.quiet(8_500);
    assert_eq!(happened(&session.events()), ["done"]);
}

#[test]
fn an_end_is_told_in_words() {
    for (reason, words) in [
        ("expired", "as long as any may"),
        ("content", "because of what was said"),
        ("connection_lost", "lost the connection"),
        ("timeout\u{7}", "(timeout)"),
    ] {
        let mut session = Session::ready();
        session.read(&json!({"type": "session.closed", "event_id": "e", "reason": reason, "session": {}, "usage": {"seconds": 3}}));
        let failure = failure(&mut session);
        assert!(failure.why.contains(words) && !failure.lasting, "{}", failure.why);
        assert_eq!(session.out.aged, reason == "expired", "{reason}");
    }
    let mut session = Session::ready();
    session.offline.dialect.closed(None, "", &mut session.offline.out);
    assert_eq!(failure(&mut session).why, "OpenAI closed the connection without a word.");
}

#[test]
fn after_the_end_nothing_is_said_any_more() {
    let mut session = Session::ready();
    session.read(&error("insufficient_quota", "credit_balance_exhausted", None));
    assert!(failure(&mut session).lasting);
    session.read(&voice(&[0x10; 800]));
    session.tell(EngineCommand::Say("Hello?".into()));
    session.offline.dialect.closed(None, "", &mut session.offline.out);
    session.wait(60_000);
    assert_eq!(session.events(), []);
    assert_eq!(session.sent(), Vec::<Value>::new());
    assert_eq!(session.dialect.deadline(), None);
}

#[test]
fn a_refusal_in_mid_call_is_survived_and_told() {
    let mut session = Session::ready();
    let mut coded = error("invalid_request_error", "x", None);
    coded["error"]["code"] = Value::Null;
    session.read(&coded);
    session.read(&error("invalid_request_error", "context_injection_incomplete", Some("append-1")));
    let events = told(&session.events());
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| event.starts_with("trouble OpenAI refused something")), "{events:?}");
}

#[test]
fn what_cannot_be_read_is_passed_over_and_told_of_once() {
    let mut session = Session::ready();
    for text in [
        "",
        "{",
        "null",
        "[]",
        "\"x\"",
        "{}",
        r#"{"type":7}"#,
        r#"{"type":"session.output_audio.delta"}"#,
        r#"{"type":"session.output_audio.delta","delta":"!!"}"#,
        r#"{"type":"session.output_audio.delta","delta":7}"#,
        r#"{"type":"response.event"}"#,
        r#"{"type":"response.event","event":{}}"#,
        r#"{"type":"response.event","event":7}"#,
        r#"{"type":"response.event","event":{"type":"response.completed"}}"#,
        r#"{"type":"response.event","event":{"type":"response.completed","response":{"id":""}}}"#,
        r#"{"type":"response.event","event":{"type":"response.output_item.done","item":7}}"#,
        r#"{"type":"session.delegation.created"}"#,
        r#"{"type":"session.delegation.created","delegation":[]}"#,
        r#"{"type":"session.input_transcript.delta","delta":"x","start_ms":"soon"}"#,
    ] {
        session.read_text(text);
    }
    let long = "x".repeat(300);
    session.read(&work(&long, &json!({"type": "response.created", "response": {"id": "r"}})));
    session.read(&work("item", &json!({"type": "response.created", "response": {"id": long}})));
    let events = told(&session.events());
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(session.dialect.tally().malformed >= 18, "{:?}", session.dialect.tally());
    for kind in ["session.thinking.faded", "x"] {
        session.read(&json!({"type": kind, "delta": 7}));
    }
    assert_eq!(session.dialect.tally().unknown, 2, "what is new is no mistake");
    assert_eq!(session.events(), []);
}

#[test]
fn fields_that_are_new_or_null_or_missing_are_no_mistake() {
    let mut session = Session::ready();
    session.read(
        &json!({"type": "session.input_transcript.delta", "event_id": "e", "delta": "hi", "start_ms": 1.0,
        "end_ms": 200.0, "speaker": {"sure": true}}),
    );
    session.read(&json!({"type": "session.usage.updated", "usage": {"seconds": 15}}));
    session.read(&json!({"type": "response.event", "delegation_id": null, "event":
        {"type": "response.created", "response": {"id": "resp_1", "usage": null}}}));
    session.read(&json!({"type": "response.event", "event": {"type": "response.completed", "response": {"id": "resp_1"}}}));
    assert_eq!(session.dialect.tally().malformed, 0);
}

#[test]
fn half_a_sample_is_left_out() {
    let mut session =
        Session::greeted(engine::Brief { format: call::Format::Pcm { hertz: 24_000 }, ..brief() });
    session.sent();
    session.read(&json!({"type": "session.started", "session": {"id": "live_1"}}));
    session.events();
    session.read(&voice(&[0x40; 4_801]));
    let events = session.events();
    let bytes: Vec<usize> = events
        .iter()
        .filter_map(|e| if let EngineEvent::Voice(_, c) = e { Some(c.bytes.len()) } else { None })
        .collect();
    assert_eq!(bytes, [1_920, 4_800], "40 ms of silence, then what came");
    assert_eq!(session.dialect.tally().malformed, 1);
}

#[test]
fn a_service_that_complains_for_ever_fills_no_call() {
    let mut session = Session::ready();
    for _ in 0..10_000 {
        session.read(&error("invalid_request_error", "unknown_parameter", None));
    }
    assert_eq!(session.events().len(), 32);
    assert_eq!(session.dialect.tally().untold, 10_000 - 32);
}
