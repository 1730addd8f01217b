//! What Twilio is answered and asked, letter for letter as its own libraries write it.

use carrier::{
    Ask, Carrier as _, Dial, Document, Prompt, Reply,
    twilio::{API, Twilio},
};
use serde_json::Value;

/// The library's document for this piece of its own code.
fn document(code: &str) -> String {
    let file = include_str!("../../../fixtures/twilio/documents.json");
    let file: Value = serde_json::from_str(file).expect("the fixture is JSON");
    let documents = file["documents"].as_array().expect("a list of documents");
    let found = documents.iter().find(|document| document["call"] == code).expect("the document is there");
    found["xml"].as_str().expect("a text").to_owned()
}

#[track_caller]
fn assert_answers(reply: &Reply, code: &str) {
    let Document { content_type, body } = Twilio.answer(reply);
    assert_eq!(body, document(code));
    assert_eq!(content_type, "text/xml; charset=utf-8");
}

#[test]
fn what_we_answer_is_what_twilios_library_would_write() {
    assert_answers(&Reply::Nothing, "r = VoiceResponse()");
    assert_answers(&Reply::Reject, "r = VoiceResponse()\nr.reject()");
}

#[test]
fn a_stream_is_the_last_verb_and_carries_the_token() {
    let url = "wss://voice.example.com/media-stream".to_owned();
    let reply = Reply::Stream {
        url: url.clone(),
        token: "t<0>".into(),
        first: vec![Prompt::Say { words: "Hi \"you\" & all".into(), language: String::new() }],
        after: None,
    };
    let start = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>";
    let connect = "<Connect><Stream url=\"wss://voice.example.com/media-stream\">\
        <Parameter name=\"token\" value=\"t&lt;0&gt;\" /></Stream></Connect></Response>";
    assert_eq!(Twilio.answer(&reply).body, format!("{start}<Say>Hi \"you\" &amp; all</Say>{connect}"));
    let reply = Reply::Stream { url, token: "t<0>".into(), first: Vec::new(), after: None };
    assert_eq!(Twilio.answer(&reply).body, format!("{start}{connect}"));

    // The library's own document of the same shape, with other names.
    let theirs = document(
        "r = VoiceResponse()\nc = Connect()\nst = c.stream(url='wss://voice.example.com/twilio/stream')\n\
         st.parameter(name='call', value='0198c1f2')\nst.parameter(name='tenant', value='a&b \"c\"')\nr.append(c)",
    );
    let ours = carrier::markup::document("Response", |response| {
        response.holding("Connect", &[], |connect| {
            connect.holding("Stream", &[("url", "wss://voice.example.com/twilio/stream")], |stream| {
                stream.empty("Parameter", &[("name", "call"), ("value", "0198c1f2")]);
                stream.empty("Parameter", &[("name", "tenant"), ("value", "a&b \"c\"")]);
            });
        });
    });
    assert_eq!(ours, theirs);
}

#[test]
fn what_is_said_is_escaped_and_the_line_drops_after_it() {
    let words = "Guten Tag, hier ist <Anna> & Co. „Büro“";
    let theirs = document(
        "r = VoiceResponse()\nr.say('Guten Tag, hier ist <Anna> & Co. „Büro“', voice='Polly.Vicki-Neural', \
         language='de-DE', loop=1)",
    );
    let theirs = theirs
        .replace(" language=\"de-DE\" loop=\"1\" voice=\"Polly.Vicki-Neural\"", "")
        .replace("</Response>", "<Hangup /></Response>");
    assert_eq!(Twilio.answer(&Reply::Say(words.into())).body, theirs);
}

fn transferred(to: &str) -> String {
    let ask = Ask::Transfer {
        call: "CA1".into(),
        dial: Dial { to: to.into(), ..Dial::default() },
        via: String::new(),
    };
    let request = Twilio.ask(&ask, API, "AC1", "secret");
    let body = String::from_utf8(request.into_body().to_vec()).expect("a form is ASCII");
    let field = body.strip_prefix("Twiml=").expect("one field");
    let bytes: Vec<u8> = unescaped(field);
    String::from_utf8(bytes).expect("UTF-8")
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("two hex digits"));
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}

#[test]
fn a_transfer_dials_numbers_and_addresses_and_nothing_else() {
    let bare = |code: &str| document(code).replace("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "");
    assert_eq!(transferred("+14155550123"), bare("r = VoiceResponse()\nr.dial('+14155550123')"));
    assert_eq!(
        transferred("client:alice"),
        bare("r = VoiceResponse()\nd = Dial()\nd.client('alice')\nr.append(d)")
    );
    assert_eq!(
        transferred("sip:bob@example.com"),
        "<Response><Dial><Sip>sip:bob@example.com</Sip></Dial></Response>"
    );
    assert_eq!(
        transferred("</Dial><Say>x</Say>"),
        "<Response><Dial>&lt;/Dial&gt;&lt;Say&gt;x&lt;/Say&gt;</Dial></Response>"
    );
}

#[test]
fn the_api_is_asked_as_its_reference_says() {
    let ask = Ask::Complete { call: "CA/../1".into() };
    let request = Twilio.ask(&ask, "http://127.0.0.1:9", "AC1", "s3cret:ü");
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), "http://127.0.0.1:9/2010-04-01/Accounts/AC1/Calls/CA%2F..%2F1.json");
    assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(request.headers()["authorization"], "Basic QUMxOnMzY3JldDrDvA==");
    assert!(!format!("{request:?}").contains("QUMx"), "the secret is not shown in logs");
    assert_eq!(request.body(), "Status=completed");
}
