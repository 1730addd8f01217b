//! What the carriers' APIs are asked, and what their answers are taken for.

use super::{
    sides::{self, FROM, Kind, TO},
    webhooks::BASE,
};
use carrier::{Ask, ByGet, Dial, Hooks, Outgoing};
use serde_json::Value;
use std::time::Duration;

fn asks() -> Vec<Ask> {
    let call = || "a/../b?c".to_owned();
    let text = |text: &str| text.to_owned();
    let hooks = Hooks {
        voice: text("https://h/v"),
        status: text("https://h/s"),
        text: text("https://h/t"),
        by_get: ByGet::default(),
    };
    let outgoing = Outgoing {
        from: text(TO),
        to: text(FROM),
        url: text("https://h/v"),
        status: text("https://h/s"),
        machines: text("https://h/m"),
        rings: Duration::from_secs(30),
    };
    vec![
        Ask::Complete { call: call() },
        Ask::Transfer {
            call: call(),
            dial: Dial { to: text(FROM), ..Dial::default() },
            via: text("https://h/dial"),
        },
        Ask::Redirect { call: call(), url: text("https://h/v") },
        Ask::Call(outgoing),
        Ask::Text { from: text(TO), to: text(FROM), body: text("Hi & bye"), report: text("https://h/d") },
        Ask::Texts { from: text(TO), to: text(FROM) },
        Ask::Test,
        Ask::Numbers { page: 0 },
        Ask::Applications { page: 1 },
        Ask::SetHooks { application: None, name: text("Earpiece"), hooks: hooks.clone() },
        Ask::SetHooks { application: Some(text("12/3")), name: text("Earpiece"), hooks },
        Ask::Bind { number: text("14155550100"), application: text("123") },
    ]
}

#[test]
fn the_api_is_asked_at_its_base_with_a_secret_that_is_not_shown() {
    for side in sides::all() {
        for ask in asks() {
            for account in ["AC1", "org/123"] {
                let request = side.carrier.ask(&ask, BASE, account, "s3cret");
                let uri = request.uri().to_string();
                assert!(uri.starts_with(BASE) && !uri.contains("/../") && !uri.contains("b?c"), "{uri}");
                assert!(request.headers()["authorization"].is_sensitive());
                assert!(!format!("{request:?}").contains("s3cret"));
                let changes = !matches!(
                    ask,
                    Ask::Test | Ask::Texts { .. } | Ask::Numbers { .. } | Ask::Applications { .. }
                );
                assert_eq!(request.method() != "GET", changes, "{} {ask:?}", side.name());
                let kind = request.headers().get("content-type").map(|kind| kind.to_str().expect("ASCII"));
                match kind {
                    Some("application/json") => {
                        drop(serde_json::from_slice::<Value>(request.body()).expect("JSON"));
                    }
                    Some("application/x-www-form-urlencoded") => assert!(!request.body().is_empty()),
                    Some(other) => panic!("{other}"),
                    None => assert!(request.body().is_empty()),
                }
                assert!(side.kind != Kind::Plivo || request.uri().path().ends_with('/'), "{uri}");
            }
        }
    }
}

#[test]
fn a_call_that_is_over_already_was_ended() {
    for side in sides::all() {
        let done = |ask: &Ask, status: u16, body: &str| side.carrier.done(ask, status, body.as_bytes());
        let complete = Ask::Complete { call: side.call.into() };
        let (status, gone) = match side.kind {
            Kind::Twilio => (404, r#"{"code":20404,"status":404}"#),
            Kind::Plivo => (404, r#"{"api_id":"1","error":"not found"}"#),
            Kind::Telnyx => (422, r#"{"errors":[{"code":"90018","title":"Call has already ended"}]}"#),
        };
        assert_eq!(done(&complete, status, gone), Ok(String::new()), "{}", side.name());
        assert!(done(&Ask::Test, status, gone).is_err());
        for (status, body) in [(401, ""), (403, "{}"), (429, "x"), (500, "<html>"), (400, "[1]")] {
            let why = done(&complete, status, body).expect_err("refused");
            assert!(why.contains(&status.to_string()), "{why}");
        }
        let call = Ask::Call(Outgoing::default());
        let (body, name) = match side.kind {
            Kind::Twilio => (r#"{"sid":"CA1","auth_token":"x"}"#, "CA1"),
            Kind::Plivo => (r#"{"message":"call fired","request_uuid":"98-1"}"#, "98-1"),
            Kind::Telnyx => (r#"{"from":"+1","call_sid":"v3:1","status":"queued"}"#, "v3:1"),
        };
        assert_eq!(done(&call, 201, body), Ok(name.to_owned()), "{}", side.name());
        assert_eq!(done(&call, 201, "not JSON"), Ok(String::new()));
    }
}

#[test]
fn numbers_and_what_their_calls_go_to_are_listed() {
    for side in sides::all() {
        let (numbers, applications) = match side.kind {
            Kind::Twilio => {
                let number = r#"{"incoming_phone_numbers":[{"sid":"PN1","phone_number":"+14155550100","friendly_name":"n",
                    "voice_url":"https://h/v","status_callback":"https://h/s","sms_url":"https://h/t"}]}"#;
                (number, number)
            }
            Kind::Plivo => (
                r#"{"objects":[{"number":"14155550100","application":"/v1/Account/MA1/Application/204/"}]}"#,
                r#"{"objects":[{"app_id":"204","app_name":"n","answer_url":"https://h/v","hangup_url":"https://h/s",
                    "message_url":"https://h/t"}]}"#,
            ),
            Kind::Telnyx => (
                r#"{"data":[{"id":"12","phone_number":"+14155550100","connection_id":"204"}]}"#,
                r#"{"data":[{"id":"204","friendly_name":"n","voice_url":"https://h/v","status_callback":"https://h/s"}]}"#,
            ),
        };
        let [number] = &side.carrier.numbers(200, numbers.as_bytes()).expect("numbers")[..] else {
            panic!("one")
        };
        let [application] =
            &side.carrier.applications(200, applications.as_bytes()).expect("applications")[..]
        else {
            panic!("one")
        };
        assert_eq!((&*number.number, &number.application), (TO, &application.id), "{}", side.name());
        assert_eq!((&*application.name, &*application.hooks.voice), ("n", "https://h/v"));
        assert_eq!(application.hooks.status, "https://h/s");
        for (status, body) in [(401, numbers), (200, "{}"), (200, "x"), (200, r#"{"data":5,"objects":5}"#)] {
            assert!(side.carrier.numbers(status, body.as_bytes()).is_err(), "{} {body}", side.name());
        }
    }
}
