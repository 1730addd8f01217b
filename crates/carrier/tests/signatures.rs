//! Every signed request that Twilio's own libraries were asked about, and what the answer to the others is.

use carrier::{Carrier as _, Refusal, Request, explain, twilio::Twilio};
use serde_json::{Value, json};

const FILES: [&str; 2] = [
    include_str!("../../../fixtures/twilio/signatures.json"),
    include_str!("../../../fixtures/twilio/more_signatures.json"),
];

fn vectors() -> impl Iterator<Item = Value> {
    FILES.into_iter().flat_map(|file| {
        let file: Value = serde_json::from_str(file).expect("the fixture is JSON");
        file["vectors"].as_array().expect("a list of vectors").clone()
    })
}

fn text<'a>(vector: &'a Value, key: &str) -> &'a str {
    vector[key].as_str().unwrap_or_else(|| panic!("{key} is no text in {vector}"))
}

fn headers(vector: &Value) -> Vec<(String, String)> {
    let headers = vector["headers"].as_object().expect("headers");
    headers.iter().map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned())).collect()
}

fn verdict(vector: &Value) -> Result<(), Refusal> {
    let headers = headers(vector);
    let request = Request {
        method: text(vector, "method"),
        target: "/whatever/the/proxy/made/of/it",
        headers: &headers,
        body: text(vector, "body").as_bytes(),
    };
    Twilio.verify(&request, text(vector, "public_url"), text(vector, "auth_token"), 0)
}

#[test]
fn every_signature_is_judged_as_twilio_judges_it() {
    let mut valid = 0;
    for vector in vectors() {
        let verdict = verdict(&vector);
        let expected = vector["expect_valid"].as_bool().expect("a verdict");
        assert_eq!(verdict.is_ok(), expected, "{}: {verdict:?}", vector["name"]);
        valid += usize::from(expected);
    }
    assert!(valid > 40, "only {valid} valid vectors were read");
}

#[test]
fn explain_judges_as_verify_does_and_gives_a_reason() {
    for vector in vectors() {
        let case = json!({
            "method": vector["method"], "url": vector["public_url"], "headers": vector["headers"],
            "body": vector["body"], "auth_token": vector["auth_token"],
        });
        let verdict = explain::twilio(&case.to_string()).expect("the case is readable");
        assert_eq!(
            Some(verdict.accepted),
            vector["expect_valid"].as_bool(),
            "{}: {}",
            vector["name"],
            verdict.reason
        );
        assert!(verdict.reason.len() > 20, "{}: {}", vector["name"], verdict.reason);
        let token = text(&vector, "auth_token");
        assert!(token.is_empty() || !verdict.reason.contains(token), "a reason never tells the token");
    }
}

#[test]
fn a_request_with_any_bit_changed_is_refused() {
    let vector = vectors().find(|vector| vector["name"] == "post_with_query").expect("the vector is there");
    let (url, body) = (text(&vector, "public_url"), text(&vector, "body"));
    let (token, headers) = (text(&vector, "auth_token"), headers(&vector));
    let judge = |url: &str, body: &str, token: &str| {
        Twilio.verify(
            &Request { method: "POST", target: "/", headers: &headers, body: body.as_bytes() },
            url,
            token,
            0,
        )
    };
    assert_eq!(judge(url, body, token), Ok(()));
    let twisted = |text: &str| {
        let text = text.to_owned();
        (0..text.len()).map(move |at| {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            String::from_utf8(bytes).expect("ASCII")
        })
    };
    for url in twisted(url) {
        assert_eq!(judge(&url, body, token), Err(Refusal::WrongSignature), "{url}");
    }
    for body in twisted(body) {
        assert_eq!(judge(url, &body, token), Err(Refusal::WrongSignature), "{body}");
    }
    for token in twisted(token) {
        assert_eq!(judge(url, body, &token), Err(Refusal::WrongSignature), "{token}");
    }
}

#[test]
fn a_form_of_endless_fields_is_not_looked_at() {
    let body = (0..2_000).map(|n| n.to_string()).collect::<Vec<_>>().join("&");
    let headers = [("x-twilio-signature".to_owned(), "AAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned())];
    let request = Request { method: "POST", target: "/", headers: &headers, body: body.as_bytes() };
    assert!(matches!(Twilio.verify(&request, "https://h/", "t", 0), Err(Refusal::Malformed(_))));
}

#[test]
fn rubbish_is_refused_and_never_panics() {
    let mut random = fastrand::Rng::with_seed(7);
    for vector in vectors() {
        for _ in 0..20 {
            let mut case = vector.clone();
            for key in ["public_url", "body"] {
                let mut letters: Vec<char> = text(&case, key).chars().collect();
                for _ in 0..random.usize(1..4) {
                    let letters_to_add =
                        ['%', '+', '&', '=', '?', '#', '/', ':', '@', '[', ']', '\0', 'ü', '\u{10ffff}'];
                    let letter = random.choice(letters_to_add).expect("a letter");
                    letters.insert(random.usize(..=letters.len()), letter);
                }
                case[key] = letters.into_iter().collect::<String>().into();
            }
            let case = json!({
                "method": case["method"], "url": case["public_url"], "headers": case["headers"],
                "body": case["body"], "auth_token": case["auth_token"],
            });
            explain::twilio(&case.to_string()).expect("the case is readable");
        }
    }
}
