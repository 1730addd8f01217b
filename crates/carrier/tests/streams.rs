//! A media stream's messages, good and bad.

use call::{Chunk, Format, LineCommand, LineEvent, Mark, Message, Wire};
use carrier::{Frame, Garbled, Started, Stream as _, twilio::TwilioStream};
use serde_json::{Value, json};
use std::collections::VecDeque;

fn fixture(direction: &str, event: &str) -> Value {
    let file: Value =
        serde_json::from_str(include_str!("../../../fixtures/twilio/messages.json")).expect("JSON");
    let messages = file["messages"].as_array().expect("a list of messages");
    let found =
        messages.iter().find(|message| message["direction"] == direction && message["event"] == event);
    found.expect("the message is there")["message"].clone()
}

fn from_twilio(event: &str) -> Value {
    fixture("from_carrier", event)
}

fn with(mut message: Value, pointer: &str, value: Value) -> Value {
    *message.pointer_mut(pointer).expect("the field is there") = value;
    message
}

fn without(mut message: Value, parent: &str, key: &str) -> Value {
    let parent = message.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
    parent.remove(key).expect("the field is there");
    message
}

fn read(stream: &mut TwilioStream, message: &Value) -> Result<Vec<LineEvent>, Garbled> {
    let mut events = VecDeque::new();
    let read = stream.read(Frame::Text(&message.to_string()), &mut events);
    assert!(read.is_ok() || events.is_empty(), "a garbled message tells nothing");
    read.map(|()| events.into())
}

fn written(stream: &mut TwilioStream, command: &LineCommand) -> Vec<Value> {
    let mut wire = Wire::default();
    stream.write(command, &mut wire);
    std::iter::from_fn(|| wire.pop())
        .map(|message| match message {
            Message::Text(text) => serde_json::from_slice(&text).expect("we write JSON"),
            Message::Binary(_) => panic!("Twilio takes no binary messages"),
        })
        .collect()
}

fn sound(bytes: &[u8]) -> Chunk {
    Chunk { format: Format::Ulaw, bytes: bytes.to_vec().into() }
}

/// A stream that has started and to which marks 0 to 17 were sent.
fn started() -> TwilioStream {
    let mut stream = TwilioStream::default();
    assert_eq!(read(&mut stream, &from_twilio("connected")), Ok(vec![]));
    assert_eq!(read(&mut stream, &from_twilio("start")), Ok(vec![]));
    for mark in 0..=17 {
        written(&mut stream, &LineCommand::Mark(Mark(mark)));
    }
    stream
}

#[test]
fn every_message_of_twilio_is_read() {
    let mut stream = started();
    let expected = Started {
        call: "CA00000000000000000000000000000002".into(),
        stream: "MZ00000000000000000000000000000003".into(),
        token: None,
        format: Format::Ulaw,
    };
    assert_eq!(stream.started(), Some(&expected));
    let heard = LineEvent::Audio(sound(&[0x7f, 0x7f, 0xfd, 0xfd, 0xff, 0x7f, 0x7f, 0xfd]));
    let media = with(from_twilio("media"), "/media/payload", base64_of(&heard).into());
    assert_eq!(read(&mut stream, &media), Ok(vec![heard]));
    assert_eq!(read(&mut stream, &from_twilio("media")).map(|events| events.len()), Ok(1));
    assert_eq!(read(&mut stream, &from_twilio("dtmf")), Ok(vec![LineEvent::Key('1')]));
    let mark = with(from_twilio("mark"), "/mark/name", "m17".into());
    assert_eq!(read(&mut stream, &mark), Ok(vec![LineEvent::Played(Mark(17))]));
    assert_eq!(read(&mut stream, &from_twilio("stop")), Ok(vec![LineEvent::Closed]));
}

fn base64_of(event: &LineEvent) -> String {
    let LineEvent::Audio(chunk) = event else { panic!("not a sound") };
    base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &chunk.bytes)
}

/// What 20 ms of the caller's bring that began then: how long each piece is, in milliseconds.
fn heard_at(stream: &mut TwilioStream, timestamp: impl Into<Value>) -> Vec<u128> {
    let frame = base64_of(&LineEvent::Audio(sound(&[0x7f; 160])));
    let media = with(from_twilio("media"), "/media/payload", frame.into());
    let events = read(stream, &with(media, "/media/timestamp", timestamp.into())).expect("sound");
    let Some((LineEvent::Audio(last), before)) = events.split_last() else { panic!("no sound") };
    assert_eq!(*last, sound(&[0x7f; 160]), "the caller's own comes last and as it was");
    for event in before {
        let LineEvent::Audio(silence) = event else { panic!("{event:?}") };
        assert!(silence.format == Format::Ulaw && silence.bytes.iter().all(|byte| *byte == 0xff));
    }
    let lasts = |event: &LineEvent| match event {
        LineEvent::Audio(chunk) => chunk.duration().as_millis(),
        other => panic!("{other:?}"),
    };
    events.iter().map(lasts).collect()
}

#[test]
fn sound_that_was_lost_is_silence_as_long() {
    let mut stream = started();
    assert_eq!(heard_at(&mut stream, "5"), [20]);
    assert_eq!(heard_at(&mut stream, "25"), [20]);
    assert_eq!(heard_at(&mut stream, "125"), [80, 20]);
    assert_eq!(heard_at(&mut stream, "145"), [20]);
    assert_eq!(heard_at(&mut stream, "180"), [20], "a little late is not lost");
    assert_eq!(heard_at(&mut stream, 5_200), [5_000, 20], "as a number, too");
}

#[test]
fn no_more_silence_is_put_in_than_ten_seconds_or_what_the_caller_made_up_for() {
    let mut stream = started();
    heard_at(&mut stream, "0");
    assert_eq!(heard_at(&mut stream, "3600000"), [10_000, 20]);
    assert_eq!(heard_at(&mut stream, "7200000"), [20, 20]);
    assert_eq!(heard_at(&mut stream, u64::MAX), [20, 20]);
    assert_eq!(heard_at(&mut stream, u64::MAX), [20]);
}

#[test]
fn timestamps_that_go_back_stand_still_or_are_none_put_nothing_in() {
    let mut stream = started();
    for at in [100, 90, 110, 100, 120, 140, 160, 120, 140, 180] {
        assert_eq!(heard_at(&mut stream, at), [20], "{at}");
    }
    for at in [50_000, 0, 20, 40] {
        let pieces = heard_at(&mut stream, at);
        assert_eq!(pieces.len(), if at == 50_000 { 2 } else { 1 }, "a clock that began anew: {at}");
    }
    for at in [json!(null), json!(-5), json!(7.5), json!(""), json!("soon"), json!("-1"), json!(9_000)] {
        assert_eq!(heard_at(&mut stream, at.clone()), [20], "{at}");
    }
    assert_eq!(heard_at(&mut stream, 9_100), [80, 20]);
}

#[test]
fn timestamps_that_count_something_else_are_not_believed() {
    let mut stream = started();
    let put_in: u128 =
        (0..500_u64).map(|samples| heard_at(&mut stream, samples * 160).iter().sum::<u128>() - 20).sum();
    assert!(put_in <= 1_000, "{put_in} ms of silence in 10 s");
    assert_eq!(heard_at(&mut stream, 500 * 160), [20]);
    assert_eq!(heard_at(&mut stream, 499 * 160 + 40), [20]);
    assert_eq!(heard_at(&mut stream, 500 * 160 + 120), [100, 20], "until they do");
}

#[test]
fn what_is_written_is_what_twilio_documents() {
    let mut stream = started();
    let payload = fixture("to_carrier", "media")["media"]["payload"].as_str().expect("a text").to_owned();
    let bytes = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, payload).expect("base64");
    let mark = with(fixture("to_carrier", "mark"), "/mark/name", "m18".into());
    assert_eq!(written(&mut stream, &LineCommand::Play(sound(&bytes))), [fixture("to_carrier", "media")]);
    assert_eq!(written(&mut stream, &LineCommand::Mark(Mark(18))), [mark]);
    assert_eq!(written(&mut stream, &LineCommand::Clear), [fixture("to_carrier", "clear")]);
}

#[test]
fn what_twilio_has_no_words_for_is_not_written() {
    let mut stream = started();
    for command in [LineCommand::Listen, LineCommand::HangUp, LineCommand::Transfer("+1".into())] {
        assert_eq!(written(&mut stream, &command), [Value::Null; 0]);
    }
}

#[test]
fn nothing_is_written_before_the_stream_has_a_name_or_after_it_stopped() {
    let mut stream = TwilioStream::default();
    assert_eq!(written(&mut stream, &LineCommand::Clear), [Value::Null; 0]);
    let mut stream = started();
    read(&mut stream, &from_twilio("stop")).expect("a stop");
    assert_eq!(written(&mut stream, &LineCommand::Clear), [Value::Null; 0]);
}

#[test]
fn the_token_comes_back_with_the_start() {
    let mut stream = TwilioStream::default();
    let start = with(from_twilio("start"), "/start/customParameters", json!({"token": "s3cret", "x": "y"}));
    read(&mut stream, &start).expect("a start");
    assert_eq!(stream.started().and_then(|started| started.token.as_deref()), Some("s3cret"));
}

#[test]
fn a_start_without_parameters_has_no_token() {
    let mut stream = TwilioStream::default();
    read(&mut stream, &without(from_twilio("start"), "/start", "customParameters")).expect("a start");
    assert_eq!(stream.started().map(|started| &started.token), Some(&None));
}

#[test]
fn every_key_of_a_telephone_is_read_and_no_other() {
    let mut stream = started();
    for key in "0123456789*#ABCD".chars() {
        let message = with(from_twilio("dtmf"), "/dtmf/digit", key.to_string().into());
        assert_eq!(read(&mut stream, &message), Ok(vec![LineEvent::Key(key)]));
    }
    for digit in ["", "12", "a", "E", "w", " ", "١", "+"] {
        let message = with(from_twilio("dtmf"), "/dtmf/digit", digit.into());
        assert!(read(&mut stream, &message).is_err(), "{digit}");
    }
}

#[test]
fn only_marks_that_we_set_come_back() {
    let mut stream = started();
    for name in ["utt-17", "m18", "m", "m-1", "m+1", "m01", "m4294967296", "1", "M1", "m1 ", ""] {
        let message = with(from_twilio("mark"), "/mark/name", name.into());
        assert!(read(&mut stream, &message).is_err(), "{name}");
    }
    for (name, mark) in [("m0", 0), ("m17", 17), ("m3", 3)] {
        let message = with(from_twilio("mark"), "/mark/name", name.into());
        assert_eq!(read(&mut stream, &message), Ok(vec![LineEvent::Played(Mark(mark))]));
    }
}

/// Messages that are bad whenever they come.
fn bad() -> Vec<Value> {
    let (media, start) = (from_twilio("media"), from_twilio("start"));
    let loud = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, vec![0_u8; 40_000]);
    let mut bad = vec![
        json!(null),
        json!([]),
        json!("media"),
        json!({}),
        json!({"event": 5}),
        json!({"event": "", "streamSid": media["streamSid"]}),
        json!({"event": "playedStream", "streamSid": media["streamSid"]}),
        with(media.clone(), "/streamSid", "MZ00000000000000000000000000000004".into()),
        with(media.clone(), "/streamSid", 3.into()),
        without(media.clone(), "", "streamSid"),
        without(media.clone(), "", "media"),
        without(media.clone(), "/media", "payload"),
        with(media.clone(), "/media", "f39/".into()),
        with(media.clone(), "/media/payload", 5.into()),
        with(media.clone(), "/media/payload", "f39".into()),
        with(media.clone(), "/media/payload", "f39/=".into()),
        with(media.clone(), "/media/payload", "f-9_".into()),
        with(media.clone(), "/media/payload", "f39\u{0}".into()),
        with(media.clone(), "/media/payload", loud.into()),
        with(media.clone(), "/media/track", "outbound".into()),
        without(from_twilio("mark"), "", "mark"),
        without(from_twilio("mark"), "/mark", "name"),
        with(from_twilio("mark"), "/mark/name", 17.into()),
        without(from_twilio("dtmf"), "", "dtmf"),
        with(from_twilio("dtmf"), "/dtmf/digit", 1.into()),
        with(from_twilio("stop"), "/stop/callSid", "CA9".into()),
    ];
    bad.extend(bad_starts());
    bad.push(with(start, "/event", "Start".into()));
    bad
}

fn bad_starts() -> Vec<Value> {
    let start = from_twilio("start");
    vec![
        without(start.clone(), "", "start"),
        without(start.clone(), "", "streamSid"),
        without(start.clone(), "/start", "streamSid"),
        without(start.clone(), "/start", "callSid"),
        without(start.clone(), "/start", "mediaFormat"),
        with(start.clone(), "/start/mediaFormat/encoding", "audio/x-alaw".into()),
        with(start.clone(), "/start/mediaFormat/sampleRate", 16_000.into()),
        with(start.clone(), "/start/mediaFormat/sampleRate", "8000".into()),
        with(start.clone(), "/start/mediaFormat/channels", 2.into()),
        with(start.clone(), "/start/customParameters", "token".into()),
        with(start.clone(), "/start/customParameters", json!({"token": 5})),
        with(start.clone(), "/start/streamSid", "MZ9".into()),
        with(start.clone(), "/start/callSid", "CA\"}".into()),
        with(with(start.clone(), "/start/streamSid", "M\"".into()), "/streamSid", "M\"".into()),
        with(with(start, "/start/streamSid", "".into()), "/streamSid", "".into()),
    ]
}

#[test]
fn a_bad_message_is_refused_and_changes_nothing() {
    let mut stream = started();
    for message in bad() {
        let before = format!("{stream:?}");
        assert!(read(&mut stream, &message).is_err(), "{message}");
        assert_eq!(without_block(&format!("{stream:?}")), without_block(&before), "{message}");
    }
    assert_eq!(read(&mut stream, &from_twilio("media")).map(|events| events.len()), Ok(1));
}

/// The block that sound is cut from may have grown; it holds nothing in either case.
fn without_block(debug: &str) -> &str {
    debug.split(", block").next().unwrap_or_default()
}

#[test]
fn a_bad_start_starts_nothing_and_a_good_one_may_follow() {
    let mut stream = TwilioStream::default();
    for start in bad_starts() {
        assert!(read(&mut stream, &start).is_err(), "{start}");
        assert_eq!(stream.started(), None);
    }
    read(&mut stream, &from_twilio("start")).expect("a start");
    assert!(stream.started().is_some());
}

#[test]
fn what_is_no_text_or_no_json_is_refused() {
    let mut stream = started();
    let media = from_twilio("media").to_string();
    let mut events = VecDeque::new();
    assert!(stream.read(Frame::Binary(media.as_bytes()), &mut events).is_err());
    let nested = "[".repeat(10_000);
    for text in ["", "{", "{}x", &media[1..], &media[..media.len() - 1], &nested, &format!("{media}{media}")]
    {
        let garbled = stream.read(Frame::Text(text), &mut events).expect_err(text);
        assert!(!garbled.0.contains("f39"), "{}", garbled.0);
    }
    let twice = media.replacen('{', r#"{"event":"stop","#, 1);
    assert!(stream.read(Frame::Text(&twice), &mut events).is_err());
    let long = media.replacen('{', &format!("{{{}", " ".repeat(40_000)), 1);
    assert!(stream.read(Frame::Text(&long), &mut events).is_err());
    assert!(events.is_empty());
}

#[test]
fn messages_out_of_order_are_refused() {
    let mut stream = TwilioStream::default();
    for event in ["media", "dtmf", "mark", "stop"] {
        assert!(read(&mut stream, &from_twilio(event)).is_err(), "{event} before the start");
    }
    read(&mut stream, &from_twilio("connected")).expect("a connected");
    assert!(read(&mut stream, &from_twilio("connected")).is_err(), "connected twice");
    read(&mut stream, &from_twilio("start")).expect("a start");
    assert!(read(&mut stream, &from_twilio("start")).is_err(), "started twice");
    assert!(read(&mut stream, &from_twilio("connected")).is_err(), "connected after the start");
    read(&mut stream, &from_twilio("stop")).expect("a stop");
    for event in ["connected", "start", "media", "dtmf", "mark", "stop"] {
        assert!(read(&mut stream, &from_twilio(event)).is_err(), "{event} after the stop");
    }
}

#[test]
fn escapes_and_unknown_fields_make_no_difference() {
    let mut stream = started();
    let text = r#" {"extra":[{"event":"stop"}],"\u0065vent":"med\u0069a","sequenceNumber":"3",
        "media":{"payload":"f39\/f39\/f38=","chunk":"1","new":{}},"streamSid":"MZ00000000000000000000000000000003"} "#;
    let mut events = VecDeque::new();
    stream.read(Frame::Text(text), &mut events).expect("a frame");
    assert_eq!(events.len(), 1);
}

#[test]
fn rubbish_never_panics() {
    let mut random = fastrand::Rng::with_seed(11);
    let seeds: Vec<String> =
        ["connected", "start", "media", "dtmf", "mark", "stop"].map(|e| from_twilio(e).to_string()).into();
    let mut accepted = 0_u32;
    for _ in 0..3_000 {
        let mut stream = if random.bool() { started() } else { TwilioStream::default() };
        for _ in 0..4 {
            let mut text: Vec<char> = random.choice(&seeds).expect("a message").chars().collect();
            for _ in 0..random.usize(..4) {
                let at = random.usize(..text.len());
                match random.u8(..4) {
                    0 => text[at] = random.char(..),
                    1 => text
                        .insert(at, random.choice(['"', '{', '}', ',', ':', '\\', '0', '-']).expect("one")),
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
        }
    }
    assert!(accepted > 1_000, "only {accepted} messages were still good: the seeds are too far off");
}
