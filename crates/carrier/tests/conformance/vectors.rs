//! What the carriers' own libraries sign and write, word for word.

use super::{sides, tree::Element};
use carrier::{Carrier, Dial, Next, Prompt, Refusal, Reply, Request, explain, plivo::Plivo, telnyx::Telnyx};
use serde_json::{Value, json};
use std::time::Duration;

const PLIVO: &str = include_str!("../../../../fixtures/plivo/signatures.json");
const TELNYX: &str = include_str!("../../../../fixtures/telnyx/signatures.json");

pub fn vectors(file: &str, list: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(file).expect("the fixture is JSON");
    file[list].as_array().expect("a list").clone()
}

fn text<'a>(vector: &'a Value, key: &str) -> &'a str {
    vector[key].as_str().unwrap_or_default()
}

fn verdict(vector: &Value) -> Result<(), Refusal> {
    let headers = vector["headers"].as_object().expect("headers").iter();
    let headers: Vec<_> =
        headers.map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned())).collect();
    let body = text(vector, "body").as_bytes();
    let request =
        Request { method: text(vector, "method"), target: "/made/by/a/proxy", headers: &headers, body };
    match vector["public_key"].as_str() {
        Some(key) => {
            Telnyx::default().verify(&request, "", key, vector["now_unix"].as_i64().expect("a time"))
        }
        None => Plivo::default().verify(&request, text(vector, "public_url"), text(vector, "auth_token"), 0),
    }
}

fn explained(vector: &Value) -> explain::Verdict {
    let mut case = vector.clone();
    let explained = if vector["public_key"].is_string() {
        explain::telnyx(&case.to_string())
    } else {
        case["url"] = case["public_url"].take();
        explain::plivo(&case.to_string())
    };
    explained.unwrap_or_else(|why| panic!("{why} {}", vector["name"]))
}

#[test]
fn every_signature_is_judged_as_the_carriers_libraries_judge_it() {
    for (file, least) in [(PLIVO, 18), (TELNYX, 6)] {
        let mut valid = 0;
        for vector in vectors(file, "vectors") {
            let expected = vector["expect_valid"].as_bool().expect("a verdict");
            let verdict = verdict(&vector);
            assert_eq!(verdict.is_ok(), expected, "{}: {verdict:?}", vector["name"]);
            let explained = explained(&vector);
            assert_eq!(explained.accepted, expected, "{}: {}", vector["name"], explained.reason);
            assert!(explained.reason.len() > 20);
            let token = text(&vector, "auth_token");
            assert!(token.is_empty() || !explained.reason.contains(token), "a reason never tells the token");
            valid += usize::from(expected);
        }
        assert!(valid >= least, "only {valid} valid vectors were read");
    }
}

#[test]
fn a_request_with_any_byte_changed_is_refused() {
    let plivo = vectors(PLIVO, "vectors")
        .into_iter()
        .find(|vector| vector["name"] == "documentation_text_form_with_query");
    let telnyx = vectors(TELNYX, "vectors").into_iter().find(|vector| vector["name"] == "texml_form_body");
    for vector in [plivo.expect("the vector is there"), telnyx.expect("the vector is there")] {
        assert_eq!(verdict(&vector), Ok(()));
        for key in ["public_url", "body", "auth_token"] {
            for at in 0..text(&vector, key).len() {
                let mut bytes = text(&vector, key).as_bytes().to_vec();
                bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
                let mut twisted = vector.clone();
                twisted[key] = String::from_utf8(bytes).expect("ASCII").into();
                assert_eq!(verdict(&twisted), Err(Refusal::WrongSignature), "{twisted}");
            }
        }
    }
}

#[test]
fn an_upgrade_to_plivos_stream_is_found_however_its_libraries_sign_it() {
    let upgrades =
        vectors(PLIVO, "vectors").into_iter().filter(|vector| vector["transport"] == "websocket-upgrade");
    let mut found = 0;
    for vector in upgrades {
        let mut headers = vec![("Upgrade".to_owned(), "websocket".to_owned())];
        headers.push(("Host".into(), "voice.example.com".into()));
        let signed = vector["headers"].as_object().expect("headers").iter();
        headers
            .extend(signed.map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned())));
        let request = Request { method: "GET", target: "/plivo/stream", headers: &headers, body: b"" };
        let plivo = Plivo::default();
        for public in [None, Some("https://voice.example.com")] {
            let addresses = plivo.addresses(&request, public, false);
            assert!(addresses.len() < 60, "{}", addresses.len());
            let judge = |url: &String| plivo.verify(&request, url, text(&vector, "auth_token"), 0).is_ok();
            assert!(addresses.iter().any(judge), "{}", vector["name"]);
        }
        found += 1;
    }
    assert!(found >= 3);
}

#[test]
fn the_older_signature_of_plivo_proves_nothing_about_a_call() {
    let old = [("X-Plivo-Signature-V2".to_owned(), "x".to_owned())];
    let body = b"CallUUID=1&From=14155550199&To=14155550100&MessageUUID=1";
    let request = Request { method: "POST", target: "/", headers: &old, body };
    let plivo = Plivo::default();
    assert!(plivo.read(&request).is_err() && plivo.read_turn(&request).is_err());
    assert!(plivo.read_status(&request).is_err() && plivo.read_text(&request).is_ok());
    let new = [("X-Plivo-Signature-Ma-V3".to_owned(), "x".to_owned())];
    assert!(plivo.read(&Request { headers: &new, ..request }).is_ok());
}

#[test]
fn the_main_accounts_signature_counts_as_well() {
    for mut vector in vectors(PLIVO, "vectors").into_iter().filter(|vector| vector["expect_valid"] == true) {
        let headers = vector["headers"].as_object_mut().expect("headers");
        for version in ["V3", "V2"] {
            if let Some(signature) = headers.remove(&format!("X-Plivo-Signature-{version}")) {
                headers.insert(format!("x-plivo-signature-ma-{}", version.to_lowercase()), signature);
            }
        }
        assert_eq!(verdict(&vector), Ok(()), "{}", vector["name"]);
    }
}

#[test]
fn a_refusal_names_its_reason() {
    let named = |file: &str, name: &str| {
        vectors(file, "vectors")
            .into_iter()
            .find(|vector| vector["name"] == name)
            .expect("the vector is there")
    };
    let with = |mut vector: Value, key: &str, value: Value| {
        vector[key] = value;
        vector
    };
    let plain = named(PLIVO, "post_no_query");
    let fresh = named(TELNYX, "json_event_fresh");
    let mut bare = plain.clone();
    bare["headers"] = json!({});
    let mut nonceless = plain.clone();
    nonceless["headers"].as_object_mut().expect("headers").remove("X-Plivo-Signature-V3-Nonce");
    let added = format!("{}&Digits=1", text(&plain, "body"));
    let proxied = with(plain.clone(), "public_url", "http://voice.example.com/plivo/answer".into());
    let quoted = with(plain.clone(), "auth_token", format!("\"{}\"", text(&plain, "auth_token")).into());
    let mut spaced = fresh.clone();
    spaced["public_key"] = format!("{}\n", text(&fresh, "public_key")).into();
    for (vector, reason) in [
        (bare, "neither"),
        (nonceless, "Nonce"),
        (with(plain, "body", added.into()), "`Digits` was added"),
        (proxied, "PUBLIC_URL=https://voice.example.com"),
        (quoted, "quotes"),
        (named(PLIVO, "post_443_not_normalised"), "https://voice.example.com:443"),
        (named(PLIVO, "multi_signature_space_after_comma"), "blanks"),
        (named(PLIVO, "garbage_signature"), "not base64 of 32 bytes"),
        (named(PLIVO, "wrong_nonce"), "nonce"),
        (named(TELNYX, "age_301s_stale"), "301 s old"),
        (named(TELNYX, "missing_timestamp_header"), "no `telnyx-timestamp`"),
        (named(TELNYX, "empty_signature"), "no `telnyx-signature-ed25519`"),
        (named(TELNYX, "signature_63_bytes"), "63 bytes"),
        (named(TELNYX, "signature_garbage"), "not padded base64"),
        (named(TELNYX, "body_trailing_newline"), "line ends"),
        (named(TELNYX, "timestamp_not_numeric"), "whole seconds"),
        (named(TELNYX, "wrong_public_key"), "another account's"),
        (with(fresh.clone(), "public_key", "AAAA".into()), "32 bytes"),
        (with(fresh, "public_key", spaced["public_key"].clone()), "blanks or quotes"),
    ] {
        let explained = explained(&vector);
        assert!(!explained.accepted && explained.reason.contains(reason), "{reason}: {}", explained.reason);
    }
}

#[test]
fn what_is_no_case_is_unreadable() {
    let plivo = json!({"method": "GET", "url": "https://h/", "headers": {}, "auth_token": "t0ken"});
    let telnyx = json!({"headers": {}, "body": "", "public_key": "k", "now_unix": 1});
    explain::plivo(&plivo.to_string()).expect("readable");
    explain::telnyx(&telnyx.to_string()).expect("the address may be missing");
    for (whole, judge) in [(plivo, explain::plivo as fn(&str) -> _), (telnyx, explain::telnyx)] {
        let mut bad = vec![String::new(), "[]".into(), "{".into(), "null".into(), "{}".into()];
        for key in whole.as_object().expect("an object").keys().filter(|key| *key != "body") {
            let mut case = whole.clone();
            case[key] = json!([5]);
            bad.push(case.to_string());
            case.as_object_mut().expect("an object").remove(key);
            bad.push(case.to_string());
        }
        for case in bad {
            let why: explain::Unreadable = judge(&case).expect_err(&case);
            assert!(!why.0.contains("t0ken"), "{why}");
        }
    }
}

/// Without the line that says that it is XML, and with one way to close an empty element.
fn plain(document: &str) -> String {
    let bare = document.trim_start_matches("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    bare.replace(" />", "/>").replace("\"></Stream>", "\"/>")
}

#[test]
fn every_document_of_the_carriers_libraries_is_written_as_they_write_it() {
    for file in [
        include_str!("../../../../fixtures/twilio/documents.json"),
        include_str!("../../../../fixtures/plivo/documents.json"),
        include_str!("../../../../fixtures/telnyx/documents.json"),
    ] {
        let mut mixed = 0;
        for document in vectors(file, "documents") {
            let theirs = text(&document, "xml");
            let read = Element::read(theirs);
            // Words with markup among them are nothing that is said here.
            if read.all().iter().any(|element| !element.text.is_empty() && !element.children.is_empty()) {
                mixed += 1;
                continue;
            }
            assert_eq!(plain(&read.written()), plain(theirs), "{}", document["call"]);
        }
        assert!(mixed <= 1, "{mixed}");
    }
}

#[test]
fn our_documents_are_those_of_the_carriers_where_they_say_the_same() {
    let [twilio, plivo, telnyx] = sides::all();
    let to = |url: &str| url.to_owned();
    let turn = |next| Reply::Turn(vec![], next);
    let redirect = |url: &str| turn(Next::Redirect(to(url)));
    let say = |words: &str, language: &str| {
        let say = Prompt::Say { words: to(words), language: to(language) };
        Reply::Turn(vec![say], Next::HangUp)
    };
    let wait = Reply::Turn(vec![Prompt::Wait(Duration::from_secs(2))], Next::HangUp);
    let dial = turn(Next::Dial(Dial { to: to("sip:alice@sip.telnyx.com"), ..Dial::default() }));
    let twilio_answers = [
        (redirect("https://voice.example.com/twilio/voice?step=2&k=v"), "redirect"),
        (turn(Next::HangUp), "hangup"),
        (Reply::Reject, "reject()"),
        (Reply::Nothing, "r = VoiceResponse()"),
    ];
    let plivo_answers = [
        (Reply::Nothing, "<Response/>"),
        (Reply::Reject, "<Response><Hangup reason=\"rejected\"/></Response>"),
        (turn(Next::HangUp), "<Response><Hangup/></Response>"),
        (
            redirect("https://voice.example.com/plivo/answer?step=2&k=v"),
            "<Response><Redirect method=\"POST\">https://voice.example.com/plivo/answer?step=2&amp;k=v</Redirect></Response>",
        ),
        (say("Hello & welcome", ""), "<Response><Speak>Hello &amp; welcome</Speak><Hangup/></Response>"),
        (wait.clone(), "<Response><Wait length=\"2\"/><Hangup/></Response>"),
    ];
    let telnyx_answers = [
        (Reply::Reject, "reject"),
        (turn(Next::HangUp), "hangup"),
        (redirect("https://voice.example.com/telnyx/voice?step=2&k=v"), "redirect"),
        (dial, "dial_sip"),
    ];
    let known = |file: &str| -> Vec<(String, String)> {
        let documents = vectors(file, "documents").into_iter();
        documents.map(|document| (to(text(&document, "call")), plain(text(&document, "xml")))).collect()
    };
    let theirs = known(include_str!("../../../../fixtures/twilio/documents.json"));
    for (reply, call) in twilio_answers {
        let ours = plain(&twilio.carrier.answer(&reply).body);
        assert!(theirs.iter().any(|(by, xml)| by.contains(call) && *xml == ours), "{call}: {ours}");
    }
    let theirs = known(include_str!("../../../../fixtures/plivo/documents.json"));
    for (reply, expected) in plivo_answers {
        let ours = plain(&plivo.carrier.answer(&reply).body);
        assert_eq!(ours, expected);
        let there = theirs.iter().any(|(_, xml)| *xml == expected);
        assert!(there || expected.ends_with("<Hangup/></Response>"), "{expected} is Plivo's own");
    }
    let theirs = known(include_str!("../../../../fixtures/telnyx/documents.json"));
    for (reply, call) in telnyx_answers {
        let ours = plain(&telnyx.carrier.answer(&reply).body);
        assert!(theirs.iter().any(|(by, xml)| by == call && *xml == ours), "{call}: {ours}");
    }
    // The stream, by the attributes that the documentation gives it and in its order.
    let stream = Reply::Stream {
        url: to("wss://voice.example.com/telnyx/stream"),
        token: to("0198c1f2"),
        first: Vec::new(),
        after: None,
    };
    let ours = plain(&telnyx.carrier.answer(&stream).body).replace("\"token\"", "\"call\"");
    let given = theirs.iter().find(|(by, _)| by == "connect_stream_bidirectional_rtp").expect("it is there");
    assert_eq!(ours, given.1.replace("<Parameter name=\"tenant\" value=\"7\"/>", ""));
}
