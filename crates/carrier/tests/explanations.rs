//! What the owner of a refused request is told.

use carrier::explain;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha1::Sha1;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const FORM: &str = "CallSid=CA1&From=%2B14155550199";
const FIELDS: &str = "CallSidCA1From+14155550199";

fn signature(text: &str) -> String {
    let mut mac = <Hmac<Sha1>>::new_from_slice(TOKEN.as_bytes()).expect("any key");
    mac.update(text.as_bytes());
    base64::Engine::encode(&base64::prelude::BASE64_STANDARD, mac.finalize().into_bytes())
}

/// A form posted to `url`, signed over `signed`.
fn posted(url: &str, signed: &str) -> Value {
    json!({
        "method": "POST", "url": url, "body": FORM, "auth_token": TOKEN,
        "headers": {"x-twilio-signature": signature(signed), "content-type": "application/x-www-form-urlencoded"},
    })
}

#[track_caller]
fn assert_refused(case: &Value, with: &[&str]) {
    let verdict = explain::twilio(&case.to_string()).expect("readable");
    assert!(!verdict.accepted, "{case} was accepted");
    for words in with {
        assert!(verdict.reason.contains(words), "`{words}` is not in: {}", verdict.reason);
    }
}

#[test]
fn a_proxy_that_ends_tls_is_told_from_the_scheme() {
    let case = posted("http://voice.example.com/v?a=1", &format!("https://voice.example.com/v?a=1{FIELDS}"));
    assert_refused(&case, &["https://voice.example.com/v?a=1", "PUBLIC_URL=https://voice.example.com"]);
}

#[test]
fn a_public_address_is_found_in_the_proxys_headers() {
    let mut case = posted("http://127.0.0.1:5050/v", &format!("https://abc.ngrok.app/v{FIELDS}"));
    case["headers"]["X-Forwarded-Host"] = "abc.ngrok.app, inner".into();
    assert_refused(&case, &["PUBLIC_URL=https://abc.ngrok.app"]);
}

#[test]
fn a_port_that_the_proxy_hides_is_found() {
    let case = posted("https://voice.example.com/v", &format!("https://voice.example.com:8443/v{FIELDS}"));
    assert_refused(&case, &["PUBLIC_URL=https://voice.example.com:8443"]);
}

#[test]
fn a_slash_at_the_end_is_found() {
    let case = posted("https://voice.example.com/v/", &format!("https://voice.example.com/v{FIELDS}"));
    assert_refused(&case, &["https://voice.example.com/v ", "slash"]);
}

#[test]
fn a_stream_signed_with_another_scheme_is_found() {
    let case = json!({
        "method": "GET", "url": "wss://voice.example.com/s", "auth_token": TOKEN,
        "headers": {"X-Twilio-Signature": signature("https://voice.example.com/s")},
    });
    assert_refused(&case, &["https://voice.example.com/s", "a stream is signed as wss:"]);
}

#[test]
fn a_token_copied_with_its_quotes_is_found() {
    let mut case = posted("https://h/v", &format!("https://h/v{FIELDS}"));
    case["auth_token"] = format!("\"{TOKEN}\"\n").into();
    assert_refused(&case, &["quotes around it"]);
}

#[test]
fn an_added_field_is_named() {
    let mut case = posted("https://h/v", &format!("https://h/v{FIELDS}"));
    case["body"] = "CallSid=CA1&Digits=1&From=%2B14155550199".into();
    assert_refused(&case, &["`Digits` was added after signing"]);
}

#[test]
fn a_missing_settings_header_is_named() {
    let mut case = posted("https://h/v", &format!("https://h/v{FIELDS}"));
    case["headers"]["x-twilio-webhooks-signature-settings"] = "key=k,algorithm=HMAC_SHA256".into();
    assert_refused(&case, &["HMAC_SHA1"]);
}

#[test]
fn another_token_or_a_changed_body_is_suspected_last() {
    let mut case = posted("https://h/v", &format!("https://h/v{FIELDS}"));
    case["auth_token"] = "another".into();
    assert_refused(&case, &["the token", "body", "address"]);
}

#[test]
fn a_missing_header_is_named() {
    let mut case = posted("https://h/v", "");
    case["headers"] = json!({});
    assert_refused(&case, &["X-Twilio-Signature"]);
}

#[test]
fn what_is_not_a_case_is_unreadable() {
    let whole = posted("https://h/v", "");
    let mut unreadable = vec![String::new(), "[]".into(), "{".into(), "null".into(), "{}".into()];
    for key in ["method", "url", "headers", "auth_token"] {
        let mut case = whole.clone();
        case[key] = json!(5);
        unreadable.push(case.to_string());
        case.as_object_mut().expect("an object").remove(key);
        unreadable.push(case.to_string());
    }
    let mut case = whole.clone();
    case["headers"]["X-Number"] = json!(1);
    unreadable.push(case.to_string());
    for case in unreadable {
        let error = explain::twilio(&case).expect_err(&case);
        assert!(!error.0.contains(TOKEN), "{error}");
    }
    let mut bodiless = whole;
    bodiless["body"] = Value::Null;
    explain::twilio(&bodiless.to_string()).expect("a body may be missing");
}
