//! Everything that can go wrong at the service, and hostile messages.

use crate::rig::{Session, created, done, error, failed, is_done, troubles, voice};
use call::{EngineCommand, EngineEvent, Failure, ItemId};
use engine::Dialect;
use serde_json::json;
use std::time::Duration;

fn failure(events: &[EngineEvent]) -> Option<&Failure> {
    events.iter().find_map(|event| match event {
        EngineEvent::Failed(failure) => Some(failure),
        _ => None,
    })
}

fn asked() -> (Session, String) {
    let mut session = Session::ready();
    session.turn("item_U1");
    session.tell(EngineCommand::Respond);
    let event_id = session.sent()[0]["event_id"].as_str().expect("a name").to_owned();
    session.events();
    (session, event_id)
}

#[test]
fn what_only_the_owner_can_mend_is_lasting() {
    for code in [
        "model_not_found",
        "invalid_api_key",
        "account_deactivated",
        "insufficient_quota",
        "credit_balance_exhausted",
        "billing_hard_limit_reached",
        "beta_api_shape_disabled",
    ] {
        for (kind, code) in [("invalid_request_error", code), (code, "")] {
            let mut session = Session::ready();
            session.read(&error(kind, code, None));
            let events = session.events();
            let failure = failure(&events).unwrap_or_else(|| panic!("{code} is fatal"));
            assert!(failure.lasting && failure.why.contains("Example only"), "{failure:?}");
            assert!(session.out.close);
        }
        let (mut session, _) = asked();
        session.read(&created("resp_1"));
        session.read(&failed("resp_1", "invalid_request_error", code));
        assert!(failure(&session.events()).is_some_and(|failure| failure.lasting), "{code} in a response");
    }
}

#[test]
fn a_session_that_has_lasted_too_long_may_be_followed_by_another() {
    let mut session = Session::ready();
    session.read(&error("invalid_request_error", "session_expired", None));
    assert!(failure(&session.events()).is_some_and(|failure| !failure.lasting));
    assert!(session.out.aged);
}

#[test]
fn harmless_errors_are_not_mentioned() {
    let mut session = Session::ready();
    session.read(&error("invalid_request_error", "response_cancel_not_active", None));
    session.read(&error("invalid_request_error", "input_audio_buffer_commit_empty", None));
    assert!(session.events().is_empty());
}

#[test]
fn other_errors_are_told_and_survived() {
    let mut session = Session::ready();
    for code in
        ["item_truncate_invalid_item_id", "item_delete_invalid_item_id", "invalid_value", "something_new"]
    {
        session.read(&error("invalid_request_error", code, None));
        assert!(matches!(&session.events()[..], [EngineEvent::Trouble(why)] if why.contains(code)));
    }
}

#[test]
fn a_request_that_is_refused_ends_the_reply() {
    let (mut session, event_id) = asked();
    session.read(&error("invalid_request_error", "invalid_value", Some(&event_id)));
    let events = session.events();
    assert_eq!(troubles(&events), 1);
    assert!(is_done(&events));
    assert_eq!(session.dialect.deadline(), None);
}

#[test]
fn an_error_about_another_message_leaves_the_request_alone() {
    let shorter = "Audio content of 100ms is already shorter than 101ms";
    for (kind, code, message, param, named) in [
        ("invalid_request_error", "invalid_value", shorter, "", true),
        ("invalid_request_error", "invalid_value", shorter, "", false),
        ("invalid_request_error", "item_truncate_invalid_item_id", "Unknown.", "", false),
        ("invalid_request_error", "invalid_value", "Wrong.", "audio_end_ms", false),
        ("server_error", "", "The server had an error.", "", true),
        ("rate_limit_error", "rate_limit_exceeded", "Slowly.", "", true),
    ] {
        let (mut session, _) = asked();
        session.tell(EngineCommand::Truncate(ItemId(1), Duration::from_millis(40)));
        let truncate = session.sent().remove(0);
        let event_id = named.then(|| truncate["event_id"].as_str().expect("a name"));
        session.read(&json!({"type": "error", "event_id": "e", "error": {"type": kind, "code": code,
            "message": message, "param": param, "event_id": event_id}}));
        let events = session.events();
        assert!(
            matches!(&events[..], [EngineEvent::Trouble(_)]),
            "{code}: the answer is on its way: {events:?}"
        );
        session.wait(Duration::from_secs(5));
        assert!(session.sent().is_empty(), "{code}: nor is it asked for twice");
        session.reply("resp_1", "item_A1", "It ships today.");
        assert!(is_done(&session.events()), "{code}");
    }
}

#[test]
fn a_service_in_trouble_is_asked_once_more_and_then_given_up() {
    let (mut session, event_id) = asked();
    session.read(&error("server_error", "", Some(&event_id)));
    let events = session.events();
    assert!(!is_done(&events) && troubles(&events) == 1);
    assert_eq!(session.sent_types(), ["response.create"]);
    session.read(&created("resp_1"));
    session.read(&failed("resp_1", "server_error", ""));
    assert!(failure(&session.events()).is_some_and(|failure| !failure.lasting));

    let (mut session, _) = asked();
    for response in ["resp_1", "resp_3"] {
        session.read(&created(response));
        session.read(&failed(response, "server_error", "server_error"));
        assert_eq!(session.sent_types(), ["response.create"]);
        session.reply(&format!("{response}b"), &format!("item_{response}"), "Here I am.");
        session.turn(&format!("item_U_{response}"));
        session.tell(EngineCommand::Respond);
        assert_eq!(session.sent_types(), ["response.create"], "an answer in between makes good for it");
    }
    assert!(failure(&session.events()).is_none());
}

#[test]
fn words_that_failed_are_said_again_as_they_were() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Say("One moment.".into()));
    let first = session.sent().remove(0);
    session.read(&created("resp_1"));
    session.read(&failed("resp_1", "server_error", ""));
    assert_eq!(session.sent()[0]["response"], first["response"]);
}

#[test]
fn a_crowded_service_is_left_alone_for_longer_each_time() {
    let (mut session, _) = asked();
    for (turn, rest) in [1_000, 2_000, 4_000].into_iter().enumerate() {
        let response = format!("resp_{turn}");
        session.read(&created(&response));
        session.read(&failed(&response, "rate_limit_error", "rate_limit_exceeded"));
        let events = session.events();
        assert!(troubles(&events) == 1 && !is_done(&events), "{events:?}");
        session.wait(Duration::from_millis(rest - 1));
        assert!(session.sent().is_empty());
        session.wait(Duration::from_millis(1));
        assert_eq!(session.sent_types(), ["response.create"]);
    }
    session.read(&created("resp_9"));
    session.read(&failed("resp_9", "", "inference_rate_limit_exceeded"));
    assert!(failure(&session.events()).is_some_and(|failure| !failure.lasting));
}

#[test]
fn an_answer_that_is_cut_short_is_trouble_and_the_end_of_it() {
    for reason in ["max_output_tokens", "content_filter"] {
        let (mut session, _) = asked();
        session.read(&created("resp_1"));
        let mut end = done("resp_1", "incomplete");
        end["response"]["status_details"] = json!({"type": "incomplete", "reason": reason});
        session.read(&end);
        let events = session.events();
        assert!(
            matches!(&events[..], [EngineEvent::Trouble(why), EngineEvent::Done(_)] if why.contains(reason))
        );
    }
}

#[test]
fn a_service_that_does_not_begin_or_does_not_go_on_has_failed() {
    let (mut session, _) = asked();
    session.wait(Duration::from_millis(9_999));
    assert!(session.events().is_empty());
    session.wait(Duration::from_millis(1));
    assert!(failure(&session.events()).is_some_and(|failure| !failure.lasting));

    let (mut session, _) = asked();
    session.read(&created("resp_1"));
    session.wait(Duration::from_secs(29));
    session.read(&voice("resp_1", "item_A1", &[1; 80]));
    session.wait(Duration::from_secs(29));
    assert!(failure(&session.events()).is_none());
    session.wait(Duration::from_secs(1));
    assert!(failure(&session.events()).is_some_and(|failure| !failure.lasting));
}

#[test]
fn a_closed_connection_says_why() {
    for (code, reason, lasting, why) in [
        (Some(4000), "invalid_request_error.beta_api_shape_disabled", true, "beta_api_shape_disabled"),
        (Some(1001), "Your session hit the maximum duration of 60 minutes.", false, "60 minutes"),
        (Some(1011), "", false, "1011"),
        (None, "", false, "without a word"),
    ] {
        let mut session = Session::ready();
        session.dialect.closed(code, reason, &mut session.out);
        session.dialect.closed(code, reason, &mut session.out);
        let events = session.events();
        assert_eq!(events.len(), 1);
        let failure = failure(&events).expect("a failure");
        assert!(failure.lasting == lasting && failure.why.contains(why), "{failure:?}");
        assert_eq!(session.out.aged, code == Some(1001), "{failure:?}");
    }
}

#[test]
fn what_was_charged_for_is_reported_although_the_session_ends() {
    let (mut session, _) = asked();
    session.read(&created("resp_1"));
    let mut end = failed("resp_1", "insufficient_quota", "");
    end["response"]["usage"] = json!({"input_token_details": {"text_tokens": 7}});
    session.read(&end);
    let events = session.events();
    assert!(
        matches!(&events[..], [EngineEvent::Charged(usage), EngineEvent::Failed(_)] if usage.text_tokens_in == 7),
        "{events:?}"
    );
}

#[test]
fn what_the_service_says_cannot_break_a_log() {
    let mut session = Session::ready();
    let long = format!("\u{1b}[2J\n{}", "é".repeat(10_000));
    session.read(&json!({"type": "error", "error": {"type": "x", "code": "y", "message": long}}));
    let [EngineEvent::Trouble(why)] = &session.events()[..] else { panic!("trouble") };
    assert!(why.len() < 600 && !why.contains(['\n', '\u{1b}']));
}

#[test]
fn what_cannot_be_read_is_mentioned_once() {
    let mut session = Session::ready();
    for message in [
        "",
        "null",
        "{",
        "[1,2,3]",
        "{\"type\":7}",
        "{\"type\":\"response.created\"}",
        "{\"type\":\"response.created\",\"response\":{\"id\":7}}",
        "{\"type\":\"response.created\",\"response\":{\"id\":\"\"}}",
        "{\"type\":\"response.done\",\"response\":[]}",
        "{\"type\":\"response.output_audio.delta\",\"delta\":\"AAAA\"}",
        "{\"type\":\"response.output_audio.delta\",\"item_id\":\"a\",\"delta\":\"not base64!\"}",
        "{\"type\":\"response.output_audio.delta\",\"item_id\":{},\"delta\":\"AAAA\"}",
        "{\"type\":\"response.output_item.done\",\"item\":\"a\"}",
        "{\"type\":\"conversation.item.added\"}",
        "{\"type\":\"error\",\"error\":7} trailing",
        "\u{0}\u{ffff}",
    ] {
        session.read_text(message);
    }
    let events = session.events();
    assert_eq!(troubles(&events), 1, "{events:?}");
    assert_eq!(session.dialect.tally().malformed, 16);
    session
        .read(&json!({"type": "response.output_audio.delta", "item_id": "x".repeat(300), "delta": "AAAA"}));
    assert_eq!(session.dialect.tally().malformed, 17);
}

#[test]
fn what_nobody_knows_is_passed_over() {
    let mut session = Session::ready();
    session.read(&json!({"type": "response.audio.delta", "item_id": "item_A1", "delta": "AAAA"}));
    session.read(&json!({"type": "brand.new", "item_id": {"nested": true}, "delta": 5}));
    assert!(session.events().is_empty() && session.sent().is_empty());
    assert_eq!(session.dialect.tally().unknown, 2);
    let with_padding = json!({"type": "response.output_audio.delta", "response_id": "r", "item_id": "a",
        "delta": "AAAA", "obfuscation": "xYz", "tomorrow": {"more": [1]}});
    session.read(&with_padding);
    assert!(matches!(&session.events()[..], [EngineEvent::Voice(_, chunk)] if chunk.bytes.len() == 3));
}

#[test]
fn trouble_without_end_is_not_told_without_end() {
    let mut session = Session::ready();
    for _ in 0..1_000 {
        session.read(&error("invalid_request_error", "invalid_value", None));
    }
    assert_eq!(session.events().len(), 32);
    assert_eq!(session.dialect.tally().untold, 968);
}

#[test]
fn an_error_without_details_is_still_an_error() {
    let mut session = Session::ready();
    session.read(&json!({"type": "error"}));
    assert!(matches!(&session.events()[..], [EngineEvent::Trouble(why)] if why.contains("no reason given")));
}
