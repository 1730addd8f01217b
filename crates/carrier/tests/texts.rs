//! Texts at Twilio: what is sent to its API, what its answers mean, what a text that came in says.

use carrier::{
    Ask, Carrier as _, Request, SentText, Text, Texted, Word,
    twilio::{API, Twilio},
};

fn text() -> Ask {
    Ask::Text {
        from: "+14155550100".into(),
        to: "+14155550199".into(),
        body: "Café & co: 10:00".into(),
        report: String::new(),
    }
}

#[test]
fn a_text_is_sent_as_a_form_to_the_accounts_messages() {
    let request = Twilio.ask(&text(), API, "AC1", "secret");
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json");
    assert_eq!(request.headers()["authorization"], "Basic QUMxOnNlY3JldA==");
    assert!(request.headers()["authorization"].is_sensitive());
    assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(
        request.body().as_ref(),
        b"To=%2B14155550199&From=%2B14155550100&Body=Caf%C3%A9%20%26%20co%3A%2010%3A00"
    );
}

#[test]
fn what_was_sent_lately_is_asked_for_by_both_numbers() {
    let ask = Ask::Texts { from: "+14155550100".into(), to: "+14155550199".into() };
    let request = Twilio.ask(&ask, API, "AC1", "secret");
    assert_eq!(request.method(), "GET");
    assert_eq!(
        request.uri(),
        "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json?To=%2B14155550199&From=%2B14155550100&PageSize=50"
    );
    assert!(request.body().is_empty());
}

#[test]
fn every_answer_to_a_text_is_one_of_five_things() {
    let sid = "SM00000000000000000000000000000001";
    let taken = format!(r#"{{"sid":"{sid}","status":"queued","error_code":null}}"#);
    assert_eq!(Twilio.texted(201, taken.as_bytes()), Texted::Taken { id: sid.into() });
    let refused = |status: u16, code: u32| {
        let body =
            format!(r#"{{"code":{code},"message":"To +14155550199","more_info":"","status":{status}}}"#);
        Twilio.texted(status, body.as_bytes())
    };
    assert_eq!(refused(400, 21_610), Texted::OptedOut);
    for (status, code) in
        [(400, 21_211), (400, 21_614), (400, 21_606), (401, 20_003), (403, 20_003), (404, 20_404)]
    {
        match refused(status, code) {
            Texted::Never(why) => {
                assert!(!why.contains("4155550199"), "{why}");
                assert!(why.contains(&code.to_string()), "{why}");
            }
            other => panic!("{code}: {other:?}"),
        }
    }
    for (status, code) in [(429, 20_429), (400, 20_429), (400, 21_611), (400, 14_107)] {
        assert!(matches!(refused(status, code), Texted::Later(_)), "{status} {code}");
    }
    // The text may have left in any of these cases.
    for (status, body) in [(500, "{}"), (503, ""), (201, "<html>"), (201, "{}"), (201, r#"{"sid":"a b"}"#)] {
        assert!(matches!(Twilio.texted(status, body.as_bytes()), Texted::Unknown(_)), "{status} {body}");
    }
    assert!(matches!(Twilio.texted(400, b"not JSON"), Texted::Never(_)));
}

#[test]
fn the_list_of_what_was_sent_is_read_with_its_times() {
    let body = r#"{"messages":[
        {"sid":"SM2","body":"two","date_created":"Thu, 01 Jan 2026 00:00:10 +0000","status":"delivered","price":null},
        {"sid":"SM1","body":"one","date_created":"Tue, 29 Feb 2028 23:59:59 +0000","status":"queued"},
        {"sid":"SM0","body":"never left","date_created":"Thu, 01 Jan 2026 00:00:00 +0000","status":"failed"},
        {"sid":"SM9","body":null,"date_created":null,"status":"accepted"}],"page":0}"#;
    let text = |id: &str, body: &str, taken_ms| SentText { id: id.into(), body: Some(body.into()), taken_ms };
    assert_eq!(
        Twilio.texts(200, body.as_bytes()),
        Ok(vec![text("SM2", "two", 1_767_225_610_000), text("SM1", "one", 1_835_481_599_000)])
    );
    assert!(Twilio.texts(500, body.as_bytes()).is_err());
    assert!(Twilio.texts(200, b"{}").is_err());
}

fn posted(body: &str) -> Result<Text, carrier::Garbled> {
    Twilio.read_text(&Request {
        method: "POST",
        target: "/phone/twilio/sms",
        headers: &[],
        body: body.as_bytes(),
    })
}

#[test]
fn a_text_that_came_in_is_read_and_a_garbled_one_is_not() {
    let body = "ToCountry=US&SmsMessageSid=SM1&NumMedia=0&SmsSid=SM1&Body=C+please%21&To=%2B14155550100&MessageSid=SM1\
                &AccountSid=AC1&From=%2B14155550199&ApiVersion=2010-04-01";
    let expected = Text {
        id: "SM1".into(),
        from: "+14155550199".into(),
        to: "+14155550100".into(),
        body: "C please!".into(),
        word: None,
    };
    assert_eq!(posted(body), Ok(expected.clone()));
    let older = body.replace("&MessageSid=SM1", "");
    assert_eq!(posted(&older), Ok(expected));
    let word = posted(&format!("{body}&OptOutType=STOP")).expect("it is read").word;
    assert_eq!(word, Some(Word::Stop));
    assert!(posted("Body=x&From=%2B1").is_err(), "no name");
    assert!(posted("MessageSid=..%2F..&From=%2B1&Body=x").is_err(), "a name that is none");
    assert!(posted("MessageSid=SM1&Body=x").is_err(), "from nobody");
    assert!(posted(&format!("MessageSid=SM1&From=%2B1&Body={}", "x".repeat(20_000))).is_err(), "too long");
}

#[test]
fn what_is_texted_back_cannot_become_markup() {
    let document = Twilio.answer_text(Some("a <b> & c"));
    assert_eq!(document.content_type, "text/xml; charset=utf-8");
    assert_eq!(
        document.body,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Message>a &lt;b&gt; &amp; c</Message></Response>"
    );
    assert_eq!(Twilio.answer_text(None).body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response />");
    assert!(Twilio.answer_text(Some(&"x".repeat(5_000))).body.len() < 1_800);
}
