//! Documents, turns, callbacks and recordings.

use super::{
    request,
    sides::{self, FROM, Kind, Side, TO, URL},
    tree::Element,
};
use carrier::{
    AnsweredBy, Ask, Bounds, CallStatus, Delivered, Dial, GatherInput, Gathered, Next, Prompt, Recorded,
    Reply, Request, Texted, Turn,
};
use std::time::Duration;

pub const BASE: &str = "http://127.0.0.1:4010";

pub fn bounds(finish: &'static str) -> Bounds {
    Bounds { longest: Duration::from_secs(30), silence: Duration::from_secs(2), finish }
}

/// Every way to answer, with this text wherever one goes.
pub fn replies(text: &str) -> Vec<Reply> {
    let to = || text.to_owned();
    let prompts = || {
        vec![
            Prompt::Say { words: to(), language: to() },
            Prompt::Say { words: to(), language: String::new() },
            Prompt::Play(to()),
            Prompt::Wait(Duration::from_millis(1_200)),
        ]
    };
    let gather = |input| Next::Gather { to: to(), bounds: bounds(""), input, language: to() };
    let dial =
        |to: String| Next::Dial(Dial { to, caller_id: text.into(), then: text.into(), ..Dial::default() });
    let mut all = vec![
        Reply::Stream {
            url: to(),
            token: to(),
            first: vec![Prompt::Say { words: to(), language: to() }],
            after: Some(to()),
        },
        Reply::Say(to()),
        Reply::Reject,
        Reply::Nothing,
    ];
    let next = [
        Next::Record { to: to(), bounds: bounds("#"), beep: true },
        gather(GatherInput::Keys(4)),
        gather(GatherInput::Speech),
        gather(GatherInput::Both(1)),
        Next::Redirect(to()),
        dial(to()),
        dial(format!("sip:{text}")),
        dial(format!("client:{text}")),
        Next::HangUp,
        Next::Through,
    ];
    all.extend(next.map(|next| Reply::Turn(prompts(), next)));
    all
}

fn shape(element: &Element) -> Vec<(String, Vec<String>)> {
    let one = |element: &&Element| {
        (element.name.clone(), element.attributes.iter().map(|(name, _)| name.clone()).collect())
    };
    element.all().iter().map(one).collect()
}

#[test]
fn no_text_can_become_markup_or_be_lost() {
    let hostile = "\"'</Say></Speak></Response><Hangup/>&amp;<![CDATA[x]]>\t ü €";
    for side in sides::all() {
        for (plain, hostile_reply) in replies("x").iter().zip(replies(hostile)) {
            let document = Element::read(&side.carrier.answer(&hostile_reply).body);
            assert_eq!(document.name, "Response");
            assert_eq!(
                shape(&document),
                shape(&Element::read(&side.carrier.answer(plain).body)),
                "{}",
                side.name()
            );
            let controlled = side.carrier.answer(&Reply::Say("a\u{0}\u{b}b\u{ffff}".into()));
            assert_eq!(Element::read(&controlled.body).children[0].text, "ab");
            if let Reply::Say(_) | Reply::Turn(_, Next::Redirect(_)) = hostile_reply {
                assert!(document.all().iter().any(|element| element.text == hostile), "{}", side.name());
            }
        }
    }
}

#[test]
fn a_turn_prompts_records_and_comes_back_even_if_nobody_spoke() {
    let to = "https://voice.example.com/phone/process-voice/1?a=b&c=d";
    for side in sides::all() {
        let prompts = vec![
            Prompt::Play("https://voice.example.com/audio/1.wav".into()),
            Prompt::Say { words: "Go on.".into(), language: "de-DE".into() },
            Prompt::Wait(Duration::from_secs(2)),
        ];
        let next = Next::Record { to: to.into(), bounds: bounds("#"), beep: false };
        let document = Element::read(&side.carrier.answer(&Reply::Turn(prompts, next)).body);
        let (say, wait) = match side.kind {
            Kind::Twilio | Kind::Telnyx => ("Say", "Pause"),
            Kind::Plivo => ("Speak", "Wait"),
        };
        let names: Vec<_> = document.children.iter().map(|child| child.name.as_str()).collect();
        assert_eq!(names, ["Play", say, wait, "Record", "Redirect"], "{}", side.name());
        let [play, say, wait, record, redirect] = &document.children[..] else { panic!("five verbs") };
        assert_eq!(play.text, "https://voice.example.com/audio/1.wav");
        assert_eq!((say.text.as_str(), say.attribute("language")), ("Go on.", Some("de-DE")));
        assert_eq!(wait.attribute("length"), Some("2"));
        for (name, value) in [
            ("action", to),
            ("method", "POST"),
            ("timeout", "2"),
            ("maxLength", "30"),
            ("finishOnKey", "#"),
            ("playBeep", "false"),
        ] {
            assert_eq!(record.attribute(name), Some(value), "{} {name}", side.name());
        }
        match side.kind {
            Kind::Twilio => {}
            Kind::Plivo => {
                assert_eq!(record.attribute("fileFormat"), Some("wav"));
                assert_eq!(record.attribute("recordChannelType"), Some("mono"));
            }
            Kind::Telnyx => assert_eq!(record.attribute("channels"), Some("single")),
        }
        assert_eq!((redirect.text.as_str(), redirect.attribute("method")), (to, Some("POST")));
    }
}

#[test]
fn a_gather_holds_its_prompts_and_never_ends_at_a_key_by_accident() {
    for side in sides::all() {
        let answer = |input, finish| {
            let say = Prompt::Say { words: "Your PIN?".into(), language: String::new() };
            let next = Next::Gather {
                to: "https://h/g".into(),
                bounds: bounds(finish),
                input,
                language: "en-GB".into(),
            };
            Element::read(&side.carrier.answer(&Reply::Turn(vec![say], next)).body)
        };
        let (name, kind, none) = match side.kind {
            Kind::Twilio | Kind::Telnyx => ("Gather", "input", ""),
            Kind::Plivo => ("GetInput", "inputType", "none"),
        };
        for (input, word, keys) in [
            (GatherInput::Keys(4), "dtmf", Some("4")),
            (GatherInput::Speech, "speech", None),
            (GatherInput::Both(1), "dtmf speech", Some("1")),
        ] {
            let document = answer(input, "*");
            let gather = document.named(name).expect("a gather");
            assert_eq!(gather.attribute(kind), Some(word), "{}", side.name());
            assert_eq!(gather.attribute("numDigits"), keys);
            assert_eq!(
                (gather.attribute("action"), gather.attribute("finishOnKey")),
                (Some("https://h/g"), Some("*"))
            );
            assert_eq!(gather.attribute("language"), Some("en-GB"));
            assert_eq!(gather.children[0].text, "Your PIN?");
            assert_eq!(document.children.last().expect("a verb").text, "https://h/g");
        }
        let open = answer(GatherInput::Both(1), "");
        assert_eq!(open.named(name).expect("a gather").attribute("finishOnKey"), Some(none));
    }
}

#[test]
fn the_caller_is_connected_to_a_number_or_a_sip_address() {
    for side in sides::all() {
        let dial = |to: &str| {
            let rings = Duration::from_secs(20);
            let next = Next::Dial(Dial {
                to: to.into(),
                caller_id: TO.into(),
                rings,
                then: "https://h/t".into(),
                ..Dial::default()
            });
            Element::read(&side.carrier.answer(&Reply::Turn(vec![], next)).body)
        };
        let bare = |number: &str| match side.kind {
            Kind::Plivo => number.trim_start_matches('+').to_owned(),
            Kind::Twilio | Kind::Telnyx => number.to_owned(),
        };
        let document = dial(FROM);
        let to = document.named("Dial").expect("a dial");
        assert_eq!(to.attribute("callerId"), Some(bare(TO).as_str()), "{}", side.name());
        assert_eq!((to.attribute("timeout"), to.attribute("action")), (Some("20"), Some("https://h/t")));
        assert!(document.all().iter().any(|element| element.text == bare(FROM)));
        let child = if side.kind == Kind::Plivo { "User" } else { "Sip" };
        assert_eq!(dial("sip:a@h").named(child).expect("a SIP address").text, "sip:a@h");
    }
}

#[test]
fn what_was_recorded_or_gathered_is_read() {
    for side in sides::all() {
        let headers = side.signed(URL, "");
        let turn = |more: &str| side.carrier.read_turn(&request(&headers, &side.form(more))).expect("a turn");
        let silent = Turn { call: side.call.into(), ..Turn::default() };
        assert_eq!(turn(""), silent, "{}", side.name());
        let recorded = match side.kind {
            Kind::Twilio | Kind::Telnyx => {
                "&RecordingSid=RE4&RecordingUrl=https%3A%2F%2Fh%2Fr&RecordingDuration=17&Digits=%23"
            }
            Kind::Plivo => {
                "&RecordingID=RE4&RecordUrl=https%3A%2F%2Fh%2Fr&RecordingDuration=17&RecordingDurationMs=17000&Digits=%23"
            }
        };
        let duration = Some(Duration::from_secs(17));
        let expected = Recorded { id: "RE4".into(), url: "https://h/r".into(), duration };
        assert_eq!(turn(recorded).recorded, Some(expected), "{}", side.name());
        assert_eq!(turn(recorded).gathered.digits, "#");
        let unknown = recorded.replace("17000", "-1").replace("=17", "=");
        assert_eq!(turn(&unknown).recorded.expect("a recording").duration, None, "{}", side.name());
        let (speech, sure) = match side.kind {
            Kind::Twilio | Kind::Telnyx => ("SpeechResult", "Confidence"),
            Kind::Plivo => ("Speech", "SpeechConfidenceScore"),
        };
        let gathered = turn(&format!("&Digits=12%2A&{speech}=Gr%C3%BC%C3%9Fe&{sure}=0.5")).gathered;
        assert_eq!(
            gathered,
            Gathered { digits: "12*".into(), speech: "Grüße".into(), confidence: Some(0.5) }
        );
        assert_eq!(turn(&format!("&{sure}=NaN&Digits=1x")).gathered, Gathered::default());
        assert!(turn("&CallStatus=completed").over && !turn("&CallStatus=in-progress").over);
        let long = side.form(&format!("&{speech}={}", "x".repeat(20_000)));
        assert!(side.carrier.read_turn(&request(&headers, &long)).is_err());
    }
    for side in sides::all().into_iter().filter(|side| side.kind != Kind::Plivo) {
        let headers = side.signed(URL, "");
        let turn = |more: &str| side.carrier.read_turn(&request(&headers, &side.form(more))).expect("a turn");
        assert!(turn("&Digits=hangup").over && turn("&Digits=hangup").gathered.digits.is_empty());
        assert_eq!(turn("&RecordingUrl=https%3A%2F%2Fh%2Fr&RecordingStatus=failed").recorded, None);
    }
}

#[test]
fn how_a_call_fares_is_read() {
    for side in sides::all() {
        let headers = side.signed(URL, "");
        let status =
            |more: &str| side.carrier.read_status(&request(&headers, &side.form(more))).expect("a status");
        for (word, state) in [
            ("ringing", CallStatus::Ringing),
            ("in-progress", CallStatus::InProgress),
            ("completed", CallStatus::Completed),
            ("busy", CallStatus::Busy),
            ("failed", CallStatus::Failed),
            ("no-answer", CallStatus::NoAnswer),
        ] {
            assert_eq!(status(&format!("&CallStatus={word}")).state, Some(state), "{}", side.name());
        }
        assert_eq!(status("&CallStatus=new-in-2030").state, None);
        let (length, human, machine) = match side.kind {
            Kind::Twilio | Kind::Telnyx => ("CallDuration", "AnsweredBy=human", "AnsweredBy=machine_start"),
            Kind::Plivo => ("Duration", "Machine=false", "Machine=true"),
        };
        let over = status(&format!("&CallStatus=completed&{length}=42&SequenceNumber=3"));
        assert_eq!(
            (&*over.call, over.duration),
            (side.call, Some(Duration::from_secs(42))),
            "{}",
            side.name()
        );
        assert_eq!(over.sequence, (side.kind != Kind::Plivo).then_some(3));
        assert_eq!(status(&format!("&{human}")).answered_by, Some(AnsweredBy::Human));
        assert_eq!(status(&format!("&{machine}")).answered_by, Some(AnsweredBy::Machine));
        assert_eq!(status("").answered_by, None);
    }
}

#[test]
fn recordings_are_fetched_from_the_carriers_servers_alone_and_secrets_go_nowhere_else() {
    for side in sides::all() {
        let fetch = |url: &str, base: &str| side.carrier.fetch(url, base, "AC1", "s3cret");
        let (good, known): (&[_], &[_]) = match side.kind {
            Kind::Twilio => (
                &[
                    "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE4",
                    "https://api.dublin.ie1.twilio.com/r.wav",
                ],
                &[],
            ),
            Kind::Plivo => (
                &["https://media.plivo.com/v1/Account/MA1/Recording/1.wav"],
                &["https://s3.amazonaws.com/recordings_2013/1.mp3"],
            ),
            Kind::Telnyx => {
                (&[], &["https://s3.amazonaws.com/telephony-recorder-prod/1.wav?X-Amz-Expires=600"])
            }
        };
        for url in good {
            let request = fetch(url, "https://base.example").unwrap_or_else(|why| panic!("{url}: {why:?}"));
            assert_eq!(request.method(), "GET");
            assert_eq!(request.headers()["authorization"], "Basic QUMxOnMzY3JldA==", "{url}");
            assert!(request.headers()["authorization"].is_sensitive());
        }
        for url in known {
            let request = fetch(url, "https://base.example").unwrap_or_else(|why| panic!("{url}: {why:?}"));
            assert!(!request.headers().contains_key("authorization"), "{url}");
        }
        for bad in [
            "https://evil.example/r.wav",
            "https://api.twilio.com.evil.example/r",
            "https://evil.example/api.twilio.com",
            "https://evilplivo.com/r",
            "https://api.twilio.com@evil.example/",
            "http://api.twilio.com/r",
            "http://media.plivo.com/r",
            "http://s3.amazonaws.com/r",
            "https://127.0.0.1/r",
            "http://169.254.169.254/latest/meta-data",
            "http://127.0.0.1:4011/r.wav",
            "file:///etc/passwd",
            "",
        ] {
            assert!(fetch(bad, BASE).is_err(), "{} {bad}", side.name());
        }
        assert!(fetch("http://127.0.0.1:4010/r.wav", BASE).is_ok(), "{}", side.name());
        assert!(fetch("http://127.0.0.1:4010/r.wav", "https://base.example").is_err());
    }
    let [twilio, ..] = sides::all();
    let request =
        twilio.carrier.fetch("https://api.twilio.com/Recordings/RE4", BASE, "a", "b").expect("Twilio's");
    assert_eq!(request.uri().path(), "/Recordings/RE4.wav");
}

#[test]
fn texts_come_in_and_their_delivery_is_told() {
    for side in sides::all() {
        let (text, delivered, lost) = texts(&side);
        let event = vec![("content-type".to_owned(), "application/json".to_owned())];
        let headers = if side.kind == Kind::Telnyx { event } else { vec![] };
        let text =
            side.carrier.read_text(&Request { headers: &headers, ..request(&[], &text) }).expect("a text");
        assert_eq!((&*text.id, &*text.from, &*text.to, &*text.body), ("84c-1", FROM, TO, "Hello & bye"));
        for (body, state) in [(delivered, Delivered::Arrived), (lost, Delivered::Lost)] {
            let told = side.carrier.read_delivery(&Request { headers: &headers, ..request(&[], &body) });
            let told = told.unwrap_or_else(|why| panic!("{why:?} {body}"));
            assert_eq!((&*told.id, told.state), ("84c-1", state), "{}", side.name());
            let read = side.carrier.read_text(&Request { headers: &headers, ..request(&[], &body) });
            assert!(read.is_err(), "{}: it is no text that came in", side.name());
        }
        for bad in
            ["", "{}", r#"{"data":{"event_type":"call.hangup"}}"#, "From=1", "MessageSid=1&MessageUUID=1"]
        {
            let request = Request { headers: &headers, ..request(&[], bad) };
            assert!(side.carrier.read_text(&request).is_err(), "{} {bad}", side.name());
            assert!(side.carrier.read_delivery(&request).is_err(), "{} {bad}", side.name());
        }
        let taken = match side.kind {
            Kind::Twilio => r#"{"sid":"84c-1"}"#,
            Kind::Plivo => r#"{"message":"message(s) queued","message_uuid":["84c-1"]}"#,
            Kind::Telnyx => r#"{"data":{"id":"84c-1"}}"#,
        };
        assert_eq!(side.carrier.texted(200, taken.as_bytes()), Texted::Taken { id: "84c-1".into() });
        for (status, body) in [(500, ""), (503, "{}"), (200, "{}"), (202, "<html>")] {
            assert!(
                matches!(side.carrier.texted(status, body.as_bytes()), Texted::Unknown(_)),
                "{}",
                side.name()
            );
        }
        assert!(matches!(side.carrier.texted(429, b""), Texted::Later(_)));
        assert!(matches!(side.carrier.texted(401, b""), Texted::Never(_)));
        let words = side.carrier.answer_text(Some("Hi")).body;
        assert_eq!(words.contains("Hi"), side.carrier.texts_back());
    }
}

/// A text that came in, and what became of two that went out.
fn texts(side: &Side) -> (String, String, String) {
    let event = |kind: &str, status: &str| {
        format!(
            r#"{{"data":{{"event_type":"{kind}","payload":{{"id":"84c-1","from":{{"phone_number":"{FROM}"}},
            "to":[{{"phone_number":"{TO}","status":"{status}"}}],"text":"Hello & bye"}}}}}}"#
        )
    };
    match side.kind {
        Kind::Twilio => (
            "MessageSid=84c-1&From=%2B14155550199&To=%2B14155550100&Body=Hello+%26+bye".into(),
            "MessageSid=84c-1&From=%2B14155550100&MessageStatus=delivered".into(),
            "MessageSid=84c-1&MessageStatus=undelivered&ErrorCode=30005".into(),
        ),
        Kind::Plivo => (
            "MessageUUID=84c-1&From=14155550199&To=14155550100&Text=Hello+%26+bye&Type=sms".into(),
            "MessageUUID=84c-1&From=14155550100&To=14155550199&Status=delivered&ErrorCode=000".into(),
            "MessageUUID=84c-2&ParentMessageUUID=84c-1&From=14155550100&Status=failed&ErrorCode=200".into(),
        ),
        Kind::Telnyx => (
            event("message.received", "webhook_delivered"),
            event("message.finalized", "delivered"),
            event("message.finalized", "delivery_failed"),
        ),
    }
}

#[test]
fn an_attestation_counts_where_it_passed() {
    for side in sides::all() {
        let headers = side.signed(URL, "");
        let attested =
            |more: &str| side.carrier.read(&request(&headers, &side.form(more))).expect("a ring").attestation;
        let (passed, failed) = match side.kind {
            Kind::Twilio => ("&StirVerstat=TN-Validation-Passed-A", "&StirVerstat=TN-Validation-Failed-A"),
            Kind::Plivo => (
                "&STIRVerification=Verified&STIRAttestation=A",
                "&STIRVerification=Not+Verified&STIRAttestation=A",
            ),
            Kind::Telnyx => (
                "&ShakenStirValidated=true&ShakenStirAttestation=A",
                "&ShakenStirValidated=false&ShakenStirAttestation=A",
            ),
        };
        assert_eq!(
            (attested(passed), attested(failed), attested("")),
            (Some('A'), None, None),
            "{}",
            side.name()
        );
    }
}

#[test]
fn what_comes_after_a_stream_is_asked_where_somebody_is_to_be_asked() {
    for side in sides::all() {
        let stream = |after: Option<&str>| {
            let (url, token) = ("wss://voice.example.com/media".to_owned(), "t".to_owned());
            let reply = Reply::Stream { url, token, first: Vec::new(), after: after.map(str::to_owned) };
            Element::read(&side.carrier.answer(&reply).body)
        };
        let last = stream(Some("https://h/after?a=b&c=d")).children.pop().expect("a verb");
        assert_eq!((last.name.as_str(), last.text.as_str()), ("Redirect", "https://h/after?a=b&c=d"));
        assert_eq!(last.attribute("method"), Some("POST"), "{}", side.name());
        assert_eq!(stream(None).children.len(), 1, "the call ends with it");
    }
}

#[test]
fn whoever_takes_a_transferred_call_is_briefed_first() {
    for side in sides::all() {
        let dial =
            |to: &str| Dial { to: to.into(), briefing: "https://h/b?a=b&c=d".into(), ..Dial::default() };
        let document =
            |to: &str| Element::read(&side.carrier.answer(&Reply::Turn(vec![], Next::Dial(dial(to)))).body);
        let (number, sip, attribute) = match side.kind {
            Kind::Twilio | Kind::Telnyx => ("Number", "Sip", "url"),
            Kind::Plivo => ("Dial", "Dial", "confirmSound"),
        };
        let briefed = |to: &str, element: &str| {
            document(to).named(element).expect("it is there").attribute(attribute).map(str::to_owned)
        };
        assert_eq!(briefed(FROM, number).as_deref(), Some("https://h/b?a=b&c=d"), "{}", side.name());
        let of_sip = briefed("sip:a@h", sip);
        assert_eq!(of_sip.is_some(), side.kind != Kind::Telnyx, "{}", side.name());
        let heard = Reply::Turn(
            vec![Prompt::Say { words: "Ada calls.".into(), language: String::new() }],
            Next::Through,
        );
        let heard = Element::read(&side.carrier.answer(&heard).body);
        assert_eq!(heard.children.len(), 1, "then they are connected");
        // A request that carries no document sends the carrier to where there is one.
        let (dial, via) = (dial(FROM), "https://h/via".to_owned());
        let request =
            side.carrier.ask(&Ask::Transfer { call: side.call.into(), dial, via }, BASE, "AC1", "s");
        let body = String::from_utf8(request.into_body().to_vec()).expect("text");
        let there = if side.kind == Kind::Twilio { "url%3D%22https" } else { "https://h/via" };
        assert!(body.contains(there), "{body}");
    }
}
