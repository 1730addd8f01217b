//! What every carrier promises, told once and asked of all of them.

#[path = "conformance/api.rs"]
mod api;
#[path = "conformance/sides.rs"]
mod sides;
#[path = "conformance/tree.rs"]
mod tree;
#[path = "conformance/vectors.rs"]
mod vectors;
#[path = "conformance/vendor.rs"]
mod vendor;
#[path = "conformance/webhooks.rs"]
mod webhooks;

use call::{Chunk, Format, LineCommand, LineEvent, Mark, Message, Wire};
use carrier::{Frame, Garbled, Prompt, Refusal, Reply, Request, Stream, plivo::Plivo, telnyx::Telnyx};
use serde_json::Value;
use sides::{FROM, Kind, NOW, Side, TO, Told, URL};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};
use tree::Element;

fn request<'a>(headers: &'a [(String, String)], body: &'a str) -> Request<'a> {
    Request { method: "POST", target: "/phone/call", headers, body: body.as_bytes() }
}

fn read(stream: &mut dyn Stream, message: &Value) -> Result<Vec<LineEvent>, Garbled> {
    let mut events = VecDeque::new();
    let read = stream.read(Frame::Text(&message.to_string()), &mut events);
    assert!(read.is_ok() || events.is_empty(), "a garbled message tells nothing");
    read.map(|()| events.into())
}

fn told(side: &Side, stream: &mut dyn Stream, command: &LineCommand) -> Vec<Told> {
    let mut wire = Wire::default();
    stream.write(command, &mut wire);
    let messages = std::iter::from_fn(|| wire.pop()).map(|message| match message {
        Message::Text(text) => serde_json::from_slice(&text).expect("we write JSON"),
        Message::Binary(_) => panic!("no carrier takes binary messages"),
    });
    messages.map(|message| side.hears(&message)).collect()
}

fn opened(side: &Side, messages: &[Value]) -> Box<dyn Stream> {
    let mut stream = side.carrier.stream();
    for message in messages {
        assert_eq!(read(&mut *stream, message), Ok(vec![]), "{}", side.name());
    }
    stream
}

fn started(side: &Side) -> Box<dyn Stream> {
    opened(side, &side.opening(&BTreeMap::new()))
}

fn sound(bytes: impl Into<Vec<u8>>) -> Chunk {
    Chunk { format: Format::Ulaw, bytes: bytes.into().into() }
}

#[test]
fn a_ring_is_read_and_a_forged_one_refused() {
    for side in sides::all() {
        let body = side.form("&Direction=inbound");
        let headers = side.signed(URL, &body);
        let judge = |headers: &[(String, String)], body: &str, secret: &str| {
            side.carrier.verify(&request(headers, body), URL, secret, NOW)
        };
        assert_eq!(judge(&headers, &body, &side.secret()), Ok(()), "{}", side.name());
        assert_eq!(judge(&headers, &body.replace("99", "98"), &side.secret()), Err(Refusal::WrongSignature));
        assert_eq!(judge(&[], &body, &side.secret()), Err(Refusal::Unsigned));
        assert!(judge(&headers, &body, "another").is_err());
        assert!(judge(&headers, &body, "").is_err());
        let ring = side.carrier.read(&request(&headers, &body)).expect("a ring");
        assert_eq!((&*ring.call, &*ring.from, &*ring.to, ring.outbound), (side.call, FROM, TO, false));
        let ours = side.form("&Direction=outbound-api");
        let ours = if side.kind == Kind::Plivo { ours.replace("-api", "") } else { ours };
        assert!(side.carrier.read(&request(&headers, &ours)).expect("a ring").outbound, "{}", side.name());
        let long =
            side.form("").replace("Future", &"x".repeat(10)) + &format!("&Direction={}", "x".repeat(600));
        for bad in ["", "From=%2B1", "CallSid=..%2F&CallUUID=..%2F", "CallSid=%0A&CallUUID=%0A", &long] {
            assert!(side.carrier.read(&request(&headers, bad)).is_err(), "{} {bad}", side.name());
        }
    }
}

#[test]
fn a_stream_opens_and_brings_back_the_token_that_the_document_gave_it() {
    let token = "dGhpcy1pc19h-dG9rZW4_0123456789";
    for side in sides::all() {
        let url = "wss://voice.example.com/phone/stream".to_owned();
        let reply = Reply::Stream {
            url: url.clone(),
            token: token.into(),
            first: vec![Prompt::Say { words: "Hi <you>".into(), language: String::new() }],
            after: None,
        };
        let document = Element::read(&side.carrier.answer(&reply).body);
        let stream = document.named("Stream").expect("a stream");
        let (at, parameters) = match side.kind {
            Kind::Twilio | Kind::Telnyx => {
                let parameter = stream.named("Parameter").expect("a parameter");
                let pair =
                    ["name", "value"].map(|name| parameter.attribute(name).expect("a text").to_owned());
                (stream.attribute("url"), vec![pair])
            }
            Kind::Plivo => {
                let headers = stream.attribute("extraHeaders").expect("headers").split(',');
                let pairs = headers.map(|pair| {
                    let (name, value) = pair.split_once('=').expect("a pair");
                    assert!([name, value].concat().bytes().all(|b| b.is_ascii_alphanumeric()), "{pair}");
                    [name.to_owned(), value.to_owned()]
                });
                (Some(stream.text.as_str()), pairs.collect())
            }
        };
        assert_eq!(at, Some(url.as_str()), "{}", side.name());
        assert_eq!(document.children[0].text, "Hi <you>");
        let parameters = parameters.into_iter().map(|[name, value]| (name, value)).collect();
        let stream = opened(&side, &side.opening(&parameters));
        let started = stream.started().expect("it started");
        assert_eq!(started.token.as_deref(), Some(token), "{}", side.name());
        assert_eq!(
            (&*started.call, &*started.stream, started.format),
            (side.call, side.stream, Format::Ulaw)
        );
    }
}

#[test]
fn every_documented_message_is_read_and_every_one_of_ours_is_documented() {
    for side in sides::all() {
        let mut stream = side.carrier.stream();
        let (mut heard, mut opening) = (0, vec!["connected", "start"]);
        for message in side.documented("from_carrier") {
            let event = message["event"].as_str().expect("an event").to_owned();
            // One with a token stands last, beside the one without.
            if opening.first() == Some(&"connected") && event != "connected" {
                opening.remove(0);
            }
            if stream.started().is_some() && event == "connected" {
                assert_eq!(read(&mut *side.carrier.stream(), &message), Ok(vec![]));
                continue;
            }
            if event == "clearedAudio" {
                told(&side, &mut *stream, &LineCommand::Clear);
            }
            let mut message = message;
            for name in ["/mark/name", "/name"] {
                if let Some(name) = message.pointer_mut(name) {
                    told(&side, &mut *stream, &LineCommand::Mark(Mark(17)));
                    *name = "m17".into();
                }
            }
            let events = read(&mut *stream, &message);
            match event.as_str() {
                // That we were not understood is worth a note, and tells the call nothing.
                "error" => assert!(events.is_err()),
                "connected" | "start" => assert_eq!(events, Ok(vec![])),
                "media" => assert!(matches!(events.as_deref(), Ok([LineEvent::Audio(_)]))),
                "dtmf" => assert_eq!(events, Ok(vec![LineEvent::Key('1')])),
                "mark" | "playedStream" | "clearedAudio" => {
                    assert_eq!(events, Ok(vec![LineEvent::Played(Mark(17))]), "{event}");
                }
                "stop" => {
                    // An error may stand behind it.
                    assert_eq!(events, Ok(vec![LineEvent::Closed]));
                    stream = started(&side);
                }
                other => panic!("{other}"),
            }
            heard += 1;
        }
        assert!(heard >= 6, "{}", side.name());
        let mut wire = Wire::default();
        stream.write(
            &LineCommand::Play(sound([0x7f, 0x7f, 0xfd, 0xfd, 0xff, 0x7f, 0x7f, 0xfd].repeat(20))),
            &mut wire,
        );
        stream.write(&LineCommand::Mark(Mark(18)), &mut wire);
        stream.write(&LineCommand::Clear, &mut wire);
        let documented = side.documented("to_carrier");
        for message in std::iter::from_fn(|| wire.pop()) {
            let mut ours: Value = serde_json::from_slice(message.bytes()).expect("JSON");
            for (place, theirs) in
                [("/media/payload", "f39/f39/f38="), ("/mark/name", "utt-17"), ("/name", "utt-17")]
            {
                if let Some(ours) = ours.pointer_mut(place) {
                    *ours = theirs.into();
                }
            }
            assert!(documented.contains(&ours), "{}: {ours}", side.name());
        }
    }
}

#[test]
fn sound_goes_both_ways_as_it_is() {
    let mut random = fastrand::Rng::with_seed(5);
    for side in sides::all() {
        let mut stream = started(&side);
        let (mut sent, mut arrived) = (vec![], vec![]);
        for chunk in 1..=60 {
            let size = random.usize(1..900);
            let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(size).collect();
            let events = read(&mut *stream, &side.media(chunk, &bytes)).expect("sound");
            assert_eq!(events, [LineEvent::Audio(sound(bytes.clone()))], "{}", side.name());
            sent.extend_from_slice(&bytes);
            for told in told(&side, &mut *stream, &LineCommand::Play(sound(bytes))) {
                let Told::Sound(piece) = told else { panic!("{told:?}") };
                // Telnyx takes no less than 20 ms at once.
                assert!(side.kind != Kind::Telnyx || piece.len() >= 160, "{}", piece.len());
                arrived.extend(piece);
            }
        }
        // What was too short to go alone goes before the mark, made longer by silence.
        for told in told(&side, &mut *stream, &LineCommand::Mark(Mark(0))) {
            if let Told::Sound(piece) = told {
                arrived.extend(piece);
            }
        }
        assert_eq!(arrived[..sent.len()], sent, "{}", side.name());
        assert!(arrived[sent.len()..].iter().all(|&byte| byte == 0xff), "{}", side.name());
        assert!(arrived.len() < sent.len() + 160);
    }
}

#[test]
fn a_codec_that_the_start_announces_is_spoken_and_another_refused() {
    let pcm = |hertz| Format::Pcm { hertz };
    for side in sides::all() {
        let (good, bad): (&[_], &[_]) = match side.kind {
            Kind::Twilio => (
                &[("audio/x-mulaw", 8_000, Format::Ulaw)],
                &[("audio/x-alaw", 8_000), ("audio/x-mulaw", 16_000)],
            ),
            Kind::Plivo => (
                &[
                    ("audio/x-mulaw", 8_000, Format::Ulaw),
                    ("audio/x-l16", 8_000, pcm(8_000)),
                    ("audio/x-l16", 16_000, pcm(16_000)),
                ],
                &[("audio/x-l16", 44_100), ("audio/x-alaw", 8_000)],
            ),
            Kind::Telnyx => (
                &[("PCMU", 8_000, Format::Ulaw), ("PCMA", 8_000, Format::Alaw), ("L16", 16_000, pcm(16_000))],
                &[("OPUS", 16_000), ("pcmu", 8_000), ("PCMU", 16_000), ("L16", 0)],
            ),
        };
        for &(encoding, hertz, format) in good {
            let mut stream = opened(&side, &side.opening_in(encoding, hertz));
            assert_eq!(stream.started().expect("a start").format, format);
            let bytes = vec![1; format.bytes(Duration::from_millis(20))];
            let chunk = Chunk { format, bytes: bytes.clone().into() };
            assert_eq!(read(&mut *stream, &side.media(1, &bytes)), Ok(vec![LineEvent::Audio(chunk.clone())]));
            assert_eq!(told(&side, &mut *stream, &LineCommand::Play(chunk)), [Told::Sound(bytes)]);
            let half = read(&mut *stream, &side.media(2, &[1; 3]));
            assert_eq!(half.is_err(), format.sample_size() == 2, "{encoding}: half a sample");
        }
        for &(encoding, hertz) in bad {
            let mut stream = side.carrier.stream();
            let read: Vec<_> =
                side.opening_in(encoding, hertz).iter().map(|m| read(&mut *stream, m)).collect();
            assert!(read.last().expect("a start").is_err(), "{} {encoding} {hertz}", side.name());
            assert_eq!(stream.started(), None);
        }
    }
    assert!(Plivo::streaming(Format::Alaw).is_none() && Telnyx::streaming(pcm(8_000)).is_none());
    assert!(Plivo::streaming(pcm(16_000)).is_some() && Telnyx::streaming(Format::Alaw).is_some());
}

#[test]
fn a_mark_is_confirmed_when_it_was_reached_and_only_if_we_set_it() {
    for side in sides::all() {
        let mut stream = started(&side);
        let mut names = vec![];
        for mark in 0..12 {
            let [Told::Mark(name)] = &told(&side, &mut *stream, &LineCommand::Mark(Mark(mark)))[..] else {
                panic!("one mark")
            };
            names.push(name.clone());
        }
        for (mark, name) in (0..).zip(&names) {
            assert_eq!(read(&mut *stream, &side.reached(name)), Ok(vec![LineEvent::Played(Mark(mark))]));
        }
        for name in ["m12", "m", "m-1", "m01", "m4294967296", "utt-17", "", "m1 "] {
            assert!(read(&mut *stream, &side.reached(name)).is_err(), "{} {name}", side.name());
        }
    }
}

#[test]
fn after_a_clear_the_line_is_done_with_all_that_was_sent_before_it() {
    for side in sides::all() {
        let mut stream = started(&side);
        for round in 0..3 {
            let pending: Vec<String> = (0..5)
                .flat_map(|mark| told(&side, &mut *stream, &LineCommand::Mark(Mark(round * 10 + mark))))
                .map(|told| match told {
                    Told::Mark(name) => name,
                    other => panic!("{other:?}"),
                })
                .collect();
            // The first two are reached before the clear is.
            for name in &pending[..2] {
                read(&mut *stream, &side.reached(name)).expect("a mark");
            }
            assert_eq!(told(&side, &mut *stream, &LineCommand::Clear), [Told::Clear]);
            let later = told(&side, &mut *stream, &LineCommand::Mark(Mark(round * 10 + 9)));
            let answers = side.cleared(&pending[2..]);
            let events: Vec<_> =
                answers.iter().flat_map(|m| read(&mut *stream, m).expect("an answer")).collect();
            let newest = Mark(round * 10 + 4);
            assert_eq!(events.last(), Some(&LineEvent::Played(newest)), "{}", side.name());
            assert!(events.iter().all(|event| matches!(event, LineEvent::Played(mark) if *mark <= newest)));
            let [Told::Mark(later)] = &later[..] else { panic!("one mark") };
            assert_eq!(
                read(&mut *stream, &side.reached(later)),
                Ok(vec![LineEvent::Played(Mark(round * 10 + 9))]),
                "what was sent after the clear is not done by it"
            );
        }
    }
}

#[test]
fn keys_are_those_of_a_telephone() {
    for side in sides::all() {
        let mut stream = started(&side);
        for key in "0123456789*#ABCD".chars() {
            assert_eq!(read(&mut *stream, &side.key(&key.to_string())), Ok(vec![LineEvent::Key(key)]));
        }
        for key in ["", "12", "a", "E", "w", " ", "١", "+"] {
            assert!(read(&mut *stream, &side.key(key)).is_err(), "{} {key}", side.name());
        }
    }
}

#[test]
fn frames_that_are_numbered_and_mixed_up_are_put_back_in_order() {
    for side in sides::all().into_iter().filter(|side| side.kind != Kind::Twilio) {
        let mut stream = started(&side);
        let order = [1, 2, 4, 3, 5, 8, 7, 6, 9];
        let heard =
            order.iter().flat_map(|&n| read(&mut *stream, &side.media(n, &[n as u8; 160])).expect("sound"));
        let heard: Vec<_> = heard.collect();
        let expected: Vec<_> = (1..=9).map(|n| LineEvent::Audio(sound(vec![n; 160]))).collect();
        assert_eq!(heard, expected, "{}", side.name());
        // What waits for a lost frame is heard before the call ends.
        assert_eq!(read(&mut *stream, &side.media(11, &[11; 160])), Ok(vec![]));
        let last = vec![LineEvent::Audio(sound(vec![11; 160])), LineEvent::Closed];
        assert_eq!(read(&mut *stream, &side.stop()), Ok(last));
    }
}

#[test]
fn nothing_is_said_before_a_start_or_after_a_stop() {
    for side in sides::all() {
        let mut stream = side.carrier.stream();
        for message in [side.media(1, &[1; 160]), side.key("1"), side.stop(), side.reached("m0")] {
            assert!(read(&mut *stream, &message).is_err(), "{} {message}", side.name());
        }
        assert_eq!(told(&side, &mut *stream, &LineCommand::Clear), []);
        let mut stream = started(&side);
        for command in [LineCommand::Listen, LineCommand::HangUp, LineCommand::Transfer("+1".into())] {
            assert_eq!(told(&side, &mut *stream, &command), [], "{}", side.name());
        }
        let opening = side.opening(&BTreeMap::new());
        assert!(
            opening.iter().all(|again| read(&mut *stream, again).is_err()),
            "{}: started twice",
            side.name()
        );
        assert_eq!(read(&mut *stream, &side.stop()), Ok(vec![LineEvent::Closed]));
        assert_eq!(told(&side, &mut *stream, &LineCommand::Clear), []);
        for message in opening.into_iter().chain([side.media(2, &[1; 160]), side.stop()]) {
            assert!(read(&mut *stream, &message).is_err(), "{} {message}", side.name());
        }
    }
}

#[test]
fn bad_messages_are_refused_and_change_nothing() {
    for side in sides::all() {
        let mut stream = started(&side);
        let media = side.media(1, &[0x7f; 160]);
        let text = media.to_string();
        let mut events = VecDeque::new();
        assert!(stream.read(Frame::Binary(text.as_bytes()), &mut events).is_err());
        let long = text.replacen('{', &format!("{{{}", " ".repeat(40_000)), 1);
        let nested = "[".repeat(10_000);
        for bad in [
            "",
            "{",
            "null",
            "[]",
            "{}",
            r#"{"event":5}"#,
            &text[1..],
            &long,
            &nested,
            &format!("{text}{text}"),
        ] {
            let garbled = stream.read(Frame::Text(bad), &mut events).expect_err(bad);
            assert!(!garbled.0.contains("f39"), "{}", garbled.0);
        }
        let with = |place: &str, value: Value| {
            let mut message = media.clone();
            *message.pointer_mut(place).expect("it is there") = value;
            message
        };
        for bad in [
            side.strange(),
            with("/event", "nothing".into()),
            with("/media", Value::Null),
            with("/media/payload", 5.into()),
            with("/media/payload", "f39".into()),
            with("/media/payload", "f-9_".into()),
            with("/media/payload", "f39\u{0}".into()),
            with("/media/track", "outbound".into()),
        ] {
            assert!(read(&mut *stream, &bad).is_err(), "{} {bad}", side.name());
        }
        assert!(events.is_empty());
        assert_eq!(read(&mut *stream, &media).map(|events| events.len()), Ok(1), "{}", side.name());
    }
}

#[test]
fn rubbish_never_panics() {
    let mut random = fastrand::Rng::with_seed(17);
    for side in sides::all() {
        let seeds: Vec<String> = side.documented("from_carrier").iter().map(Value::to_string).collect();
        let mut accepted = 0_u32;
        for _ in 0..1_500 {
            let mut stream = if random.bool() { started(&side) } else { side.carrier.stream() };
            for _ in 0..4 {
                let mut text: Vec<char> = random.choice(&seeds).expect("a message").chars().collect();
                for _ in 0..random.usize(..4) {
                    let at = random.usize(..text.len());
                    match random.u8(..4) {
                        0 => text[at] = random.char(..),
                        1 => text.insert(
                            at,
                            random.choice(['"', '{', '}', ',', ':', '\\', '0', '-']).expect("one"),
                        ),
                        2 => drop(text.drain(at..(at + random.usize(..20)).min(text.len() - 1).max(at))),
                        _ => text.truncate(at.max(1)),
                    }
                }
                let text: String = text.into_iter().collect();
                let mut events = VecDeque::new();
                match stream.read(Frame::Text(&text), &mut events) {
                    Ok(()) => accepted += 1,
                    Err(_) => assert!(events.is_empty()),
                }
                let mut wire = Wire::default();
                stream.write(&LineCommand::Clear, &mut wire);
                let ours = wire.pop().map(|message| serde_json::from_slice::<Value>(message.bytes()));
                assert!(ours.is_none_or(|ours| ours.is_ok()), "what a stream calls itself breaks nothing");
            }
            let headers = side.signed(URL, "");
            let size = random.usize(..60);
            let letters = ['C', 'a', 'U', '%', '2', '&', '=', '+', '\0', 'ü'];
            let form = std::iter::repeat_with(|| random.choice(letters).expect("one")).take(size);
            let form: String = form.collect();
            let form = side.form(&format!("&{form}"));
            let request = request(&headers, &form);
            let read = [
                side.carrier.read(&request).is_ok(),
                side.carrier.read_turn(&request).is_ok(),
                side.carrier.read_status(&request).is_ok(),
                side.carrier.read_text(&request).is_err(),
                side.carrier.read_delivery(&request).is_err(),
                side.carrier.verify(&request, URL, &side.secret(), NOW).is_err(),
            ];
            assert_eq!(read, [true; 6], "{} {form}", side.name());
        }
        assert!(
            accepted > 300,
            "{}: only {accepted} were still good: the seeds are too far off",
            side.name()
        );
    }
}
