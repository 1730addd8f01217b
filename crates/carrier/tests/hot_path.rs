//! A frame of sound costs no allocation, in either direction.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use call::{
    Call, Chunk, EngineEvent, Format, Input, LineCommand, LineEvent, Manner, Mark, Output, Policy, Wire,
};
use carrier::{Frame, Stream, plivo::PlivoStream, telnyx::TelnyxStream, twilio::TwilioStream};
use engine::{
    ApiKey, Brief, Dialect as _, Outbox,
    openai::{Config, OpenAi},
};
use serde_json::{Value, json};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    collections::VecDeque,
    fmt::Write as _,
    time::{Duration, Instant},
};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

#[expect(unsafe_code, reason = "an allocator that counts can only be written as one")]
// SAFETY: everything is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const FRAME: Duration = Duration::from_millis(20);
const START: &str = r#"{"event":"start","sequenceNumber":"1","start":{"accountSid":"AC1","streamSid":"MZ1","callSid":"CA1","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"token":"t"}},"streamSid":"MZ1"}"#;

/// Everything between the two sockets of one call.
struct Path {
    now: Instant,
    stream: TwilioStream,
    events: VecDeque<LineEvent>,
    call: Call,
    dialect: OpenAi,
    engine: Outbox,
    to_carrier: Wire,
    heard: usize,
    played: usize,
}

impl Path {
    /// The stream has started, the engine is ready and has begun to speak.
    fn new(now: Instant) -> Self {
        let mut path = Self {
            now,
            stream: TwilioStream::default(),
            events: VecDeque::with_capacity(16),
            call: Call::new(now, Manner::Duplex, Policy::default()),
            dialect: OpenAi::new(Config::new(ApiKey::new("sk-a-key-of-no-account"))).expect("a session"),
            engine: Outbox::default(),
            to_carrier: Wire::default(),
            heard: 0,
            played: 0,
        };
        let brief = Brief {
            instructions: "You answer the phone.".into(),
            greeting: String::new(),
            voice: String::new(),
            language: "en-US".into(),
            others: Vec::new(),
            tools: vec![],
            manner: Manner::Duplex,
            format: Format::Ulaw,
            so_far: Vec::new(),
        };
        path.dialect.greet(now, brief, &mut path.engine);
        let asked = path.engine.wire.pop().expect("the session is configured");
        let asked: Value = serde_json::from_slice(asked.bytes()).expect("JSON");
        path.engine_sends(&json!({"type": "session.updated", "session": asked["session"]}).to_string());
        path.engine_sends(
            r#"{"type":"response.created","response":{"id":"resp_1","object":"realtime.response","status":"in_progress"}}"#,
        );
        path.engine_sends(
            r#"{"type":"response.output_item.added","response_id":"resp_1","output_index":0,"item":{"id":"item_1","type":"message","status":"in_progress","role":"assistant","content":[]}}"#,
        );
        path.carrier_sends(START);
        path
    }

    fn carrier_sends(&mut self, text: &str) {
        self.stream.read(Frame::Text(text), &mut self.events).expect("what Twilio would send");
        while let Some(event) = self.events.pop_front() {
            self.call.handle(self.now, Input::Line(event));
        }
        self.carry_out();
    }

    fn engine_sends(&mut self, text: &str) {
        self.dialect.read(self.now, text, &mut self.engine);
        while let Some(event) = self.engine.events.pop_front() {
            assert!(!matches!(event, EngineEvent::Trouble(_) | EngineEvent::Failed(_)), "{event:?}");
            self.call.handle(self.now, Input::Engine(event));
        }
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.call.poll() {
            match output {
                Output::Line(command) => self.stream.write(&command, &mut self.to_carrier),
                Output::Engine(command) => self.dialect.write(self.now, command, &mut self.engine),
                Output::Tool(..)
                | Output::May(..)
                | Output::Unwanted(_)
                | Output::Promised(_)
                | Output::Pin(_)
                | Output::Reopen(_)
                | Output::TakeMessage
                | Output::Renew(_)
                | Output::Swap { .. }
                | Output::Note(_) => {}
            }
        }
        while let Some(message) = self.engine.wire.pop() {
            self.heard += message.bytes().len();
        }
        while let Some(message) = self.to_carrier.pop() {
            self.played += message.bytes().len();
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "some instant must be the first; all others are simulated")]
fn a_frame_of_sound_allocates_nothing_in_either_direction() {
    const FRAMES: u32 = 10_000;
    const WARM: u32 = 500;
    let mut path = Path::new(Instant::now());
    let payload = BASE64_STANDARD.encode([0x7f; 160]);
    let media = format!(
        r#"{{"event":"media","sequenceNumber":"3","media":{{"track":"inbound","chunk":"1","timestamp":"5","payload":"{payload}"}},"streamSid":"MZ1"}}"#
    );
    let voice = format!(
        r#"{{"type":"response.output_audio.delta","event_id":"e","response_id":"resp_1","item_id":"item_1","output_index":0,"content_index":0,"delta":"{payload}"}}"#
    );
    let mut mark = String::with_capacity(128);
    let mut before = 0;
    for frame in 0..WARM + FRAMES {
        if frame == WARM {
            before = ALLOCATIONS.get();
            (path.heard, path.played) = (0, 0);
        }
        path.now += FRAME;
        path.carrier_sends(&media);
        path.engine_sends(&voice);
        // A mark is asked for behind every 100 ms.
        if frame % 5 == 4 {
            mark.clear();
            write!(mark, r#"{{"event":"mark","streamSid":"MZ1","mark":{{"name":"m{frame}"}}}}"#)
                .expect("room");
            path.carrier_sends(&mark);
        }
    }
    let allocations = ALLOCATIONS.get() - before;
    assert!(before > 0, "the counter counts");
    assert!(path.heard > 216 * FRAMES as usize, "the engine heard every frame");
    assert!(path.played > 216 * FRAMES as usize, "the caller heard every frame");
    assert_eq!(allocations, 0, "over {FRAMES} frames each way");
}

/// A stream's start, what it sends of a frame before and after the frame's number, and what it says to a mark.
type Side = (Box<dyn Stream>, &'static str, [&'static str; 2], [&'static str; 2]);

fn sides() -> [Side; 3] {
    let plivo_start = r#"{"event":"start","start":{"callId":"1","streamId":"2","mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000}},"extra_headers":"token=74"}"#;
    let telnyx_start = r#"{"event":"start","start":{"call_control_id":"v3:1","custom_parameters":{"token":"t"},"media_format":{"encoding":"PCMU","sample_rate":8000,"channels":1}},"stream_id":"2"}"#;
    [
        (
            Box::new(TwilioStream::default()),
            START,
            [
                r#"{"event":"media","streamSid":"MZ1","media":{"track":"inbound","chunk":""#,
                r#"","payload":""#,
            ],
            [r#"{"event":"mark","streamSid":"MZ1","mark":{"name":"m"#, r#""}}"#],
        ),
        (
            Box::new(PlivoStream::default()),
            plivo_start,
            [
                r#"{"event":"media","streamId":"2","extra_headers":"token=74","media":{"track":"inbound","chunk":""#,
                r#"","payload":""#,
            ],
            [r#"{"event":"playedStream","streamId":"2","name":"m"#, r#""}"#],
        ),
        (
            Box::new(TelnyxStream::default()),
            telnyx_start,
            [r#"{"event":"media","stream_id":"2","media":{"track":"inbound","chunk":""#, r#"","payload":""#],
            [r#"{"event":"mark","stream_id":"2","mark":{"name":"m"#, r#""}}"#],
        ),
    ]
}

#[test]
fn no_carriers_stream_allocates_for_a_frame() {
    const FRAMES: u64 = 4_000;
    const WARM: u64 = 500;
    let payload = BASE64_STANDARD.encode([0x7f; 160]);
    // Not a whole number of 20 ms, so that a rest is kept where the carrier wants no less.
    let sound = Chunk { format: Format::Ulaw, bytes: Bytes::from_static(&[0x55; 170]) };
    for (mut stream, start, [before_count, after_count], [before_mark, after_mark]) in sides() {
        let (mut events, mut wire) = (VecDeque::with_capacity(16), Wire::default());
        let mut text = String::with_capacity(1_024);
        stream.read(Frame::Text(start), &mut events).expect("a start");
        let (mut heard, mut played, mut before) = (0_u64, 0, 0);
        for frame in 1..=WARM + FRAMES {
            if frame == WARM {
                before = ALLOCATIONS.get();
            }
            // Every tenth frame comes before its predecessor, where that can be told.
            let count = match frame % 10 {
                4 => frame + 1,
                5 => frame - 1,
                _ => frame,
            };
            text.clear();
            write!(text, "{before_count}{count}{after_count}{payload}\"}}}}").expect("room");
            stream.read(Frame::Text(&text), &mut events).expect("sound");
            stream.write(&LineCommand::Play(sound.clone()), &mut wire);
            if frame % 5 == 0 {
                let mark = Mark(u32::try_from(frame).expect("few"));
                stream.write(&LineCommand::Mark(mark), &mut wire);
                text.clear();
                write!(text, "{before_mark}{frame}{after_mark}").expect("room");
                stream.read(Frame::Text(&text), &mut events).expect("a mark");
            }
            while let Some(event) = events.pop_front() {
                heard += u64::from(matches!(event, LineEvent::Audio(_)));
            }
            while let Some(message) = wire.pop() {
                played += message.bytes().len();
            }
        }
        let allocations = ALLOCATIONS.get() - before;
        assert_eq!(heard, WARM + FRAMES, "every frame was heard: {start}");
        assert!(played > 216 * FRAMES as usize);
        assert_eq!(allocations, 0, "over {FRAMES} frames each way: {start}");
    }
}
