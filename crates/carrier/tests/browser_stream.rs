//! The stream of a call from a page, good and bad.

use call::{Chunk, Format, LineCommand, LineEvent, Mark, Message, Wire};
use carrier::{
    Frame, Garbled, Started, Stream as _,
    browser::{BrowserStream, FORMAT},
};
use std::collections::VecDeque;

const START: &str = r#"{"event":"start","call":"u-1-ab","token":"t0ken_-"}"#;

fn read(stream: &mut BrowserStream, frame: Frame<'_>) -> Result<Vec<LineEvent>, Garbled> {
    let mut events = VecDeque::new();
    let read = stream.read(frame, &mut events);
    assert!(read.is_ok() || events.is_empty(), "a garbled message tells nothing");
    read.map(|()| events.into())
}

fn written(stream: &mut BrowserStream, command: &LineCommand) -> Vec<Message> {
    let mut wire = Wire::default();
    stream.write(command, &mut wire);
    std::iter::from_fn(|| wire.pop()).collect()
}

fn text(message: &str) -> Message {
    Message::Text(message.as_bytes().to_vec().into())
}

fn started() -> BrowserStream {
    let mut stream = BrowserStream::default();
    assert_eq!(read(&mut stream, Frame::Text(START)), Ok(vec![]));
    written(&mut stream, &LineCommand::Mark(Mark(7)));
    stream
}

#[test]
fn a_page_says_which_call_it_carries_and_everything_it_says_then_is_understood() {
    let mut stream = started();
    let expected = Started {
        call: "u-1-ab".into(),
        stream: "u-1-ab".into(),
        token: Some("t0ken_-".into()),
        format: Format::Pcm { hertz: 16_000 },
    };
    assert_eq!(stream.started(), Some(&expected));
    let sound = Chunk { format: FORMAT, bytes: vec![1, 2, 3, 4].into() };
    assert_eq!(read(&mut stream, Frame::Binary(&[1, 2, 3, 4])), Ok(vec![LineEvent::Audio(sound)]));
    assert_eq!(read(&mut stream, Frame::Binary(&[])), Ok(vec![]));
    for (said, event) in [
        (r#"{"event":"mark","name":"m7"}"#, LineEvent::Played(Mark(7))),
        (r##"{"event":"key","digit":"#"}"##, LineEvent::Key('#')),
        (r#"{"event":"stop"}"#, LineEvent::Closed),
    ] {
        assert_eq!(read(&mut stream, Frame::Text(said)), Ok(vec![event]), "{said}");
    }
    assert!(read(&mut stream, Frame::Text(r#"{"event":"stop"}"#)).is_err(), "it was over");
}

#[test]
fn a_page_is_told_everything_in_its_words() {
    let mut stream = started();
    let sound = Chunk { format: FORMAT, bytes: vec![9, 8].into() };
    assert_eq!(written(&mut stream, &LineCommand::Play(sound)), [Message::Binary(vec![9, 8].into())]);
    assert_eq!(written(&mut stream, &LineCommand::Mark(Mark(8))), [text(r#"{"event":"mark","name":"m8"}"#)]);
    assert_eq!(written(&mut stream, &LineCommand::Clear), [text(r#"{"event":"clear"}"#)]);
    assert_eq!(written(&mut stream, &LineCommand::HangUp), []);
    let mut wire = Wire::default();
    stream.write_note(r#"{"kind":"ended"}"#, &mut wire);
    assert_eq!(wire.pop(), Some(text(r#"{"event":"note","note":{"kind":"ended"}}"#)));
}

#[test]
fn a_page_that_says_what_it_should_not_is_not_believed() {
    let half_open = [
        r#"{"event":"start","call":"u-1"}"#,
        r#"{"event":"start","call":"a b","token":"t"}"#,
        r#"{"event":"start","call":"","token":"t"}"#,
        r#"{"event":"key","digit":"1"}"#,
        "{}",
        "no",
    ];
    for said in half_open {
        let mut stream = BrowserStream::default();
        assert!(read(&mut stream, Frame::Text(said)).is_err(), "{said}");
        assert_eq!(stream.started(), None);
        assert_eq!(written(&mut stream, &LineCommand::Clear), [], "nobody is there yet");
    }
    assert!(read(&mut BrowserStream::default(), Frame::Binary(&[0, 0])).is_err(), "sound before the start");
    let mut stream = started();
    let long = format!(r#"{{"event":"key","digit":"1","more":"{}"}}"#, "x".repeat(2_000));
    for said in [
        START,
        r#"{"event":"mark","name":"m8"}"#,
        r#"{"event":"mark","name":"seven"}"#,
        r#"{"event":"mark"}"#,
        r#"{"event":"key","digit":"12"}"#,
        r#"{"event":"key"}"#,
        r#"{"event":"clear"}"#,
        long.as_str(),
    ] {
        assert!(read(&mut stream, Frame::Text(said)).is_err(), "{said}");
    }
    assert!(read(&mut stream, Frame::Binary(&[0, 0, 0])).is_err(), "half a sample");
    assert!(read(&mut stream, Frame::Binary(&vec![0; 32_002])).is_err(), "more than a second");
    assert_eq!(
        read(&mut stream, Frame::Text(r#"{"event":"key","digit":"1"}"#)),
        Ok(vec![LineEvent::Key('1')])
    );
}
