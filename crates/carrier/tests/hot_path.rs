//! A frame of sound costs no allocation, in either direction.

use bytes::{BufMut as _, Bytes};
use call::{
    Call, Chunk, EngineCommand, EngineEvent, Format, Input, ItemId, LineEvent, Manner, Output, Policy, Wire,
};
use carrier::{Frame, Stream as _, twilio::TwilioStream};
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
    call: Call,
    stream: TwilioStream,
    events: VecDeque<LineEvent>,
    to_carrier: Wire,
    to_engine: Wire,
    heard: usize,
    played: usize,
}

impl Path {
    fn new(now: Instant) -> Self {
        let mut stream = TwilioStream::default();
        let mut events = VecDeque::with_capacity(16);
        stream.read(Frame::Text(START), &mut events).expect("a start");
        Self {
            now,
            call: Call::new(now, Manner::Duplex, Policy::default()),
            stream,
            events,
            to_carrier: Wire::default(),
            to_engine: Wire::default(),
            heard: 0,
            played: 0,
        }
    }

    fn carrier_sends(&mut self, text: &str) {
        self.stream.read(Frame::Text(text), &mut self.events).expect("what Twilio would send");
        while let Some(event) = self.events.pop_front() {
            self.call.handle(self.now, Input::Line(event));
        }
        self.carry_out();
    }

    fn engine_says(&mut self, item: ItemId, sound: Bytes) {
        let chunk = Chunk { format: Format::Ulaw, bytes: sound };
        self.call.handle(self.now, Input::Engine(EngineEvent::Voice(item, chunk)));
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.call.poll() {
            match output {
                Output::Line(command) => self.stream.write(&command, &mut self.to_carrier),
                Output::Engine(EngineCommand::Hear(chunk)) => append(&chunk.bytes, &mut self.to_engine),
                Output::Engine(_) | Output::Tool(_) | Output::Note(_) => {}
            }
        }
        while let Some(message) = self.to_engine.pop() {
            self.heard += message.bytes().len();
        }
        while let Some(message) = self.to_carrier.pop() {
            self.played += message.bytes().len();
        }
    }
}

/// The message by which a realtime engine is given sound.
fn append(sound: &[u8], wire: &mut Wire) {
    wire.text(sound.len() * 2 + 64, |text| {
        text.put_slice(br#"{"type":"input_audio_buffer.append","audio":""#);
        let from = text.len();
        text.resize(from + sound.len().div_ceil(3) * 4, b'=');
        base64::Engine::encode_slice(&base64::prelude::BASE64_STANDARD, sound, &mut text[from..])
            .expect("room");
        text.put_slice(br#""}"#);
    });
}

#[test]
#[expect(clippy::disallowed_methods, reason = "some instant must be the first; all others are simulated")]
fn a_frame_of_sound_allocates_nothing_in_either_direction() {
    const FRAMES: u32 = 10_000;
    const WARM: u32 = 500;
    let mut path = Path::new(Instant::now());
    let payload = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, [0x7f; 160]);
    let media = format!(
        r#"{{"event":"media","sequenceNumber":"3","media":{{"track":"inbound","chunk":"1","timestamp":"5","payload":"{payload}"}},"streamSid":"MZ1"}}"#
    );
    let voice = Bytes::from(vec![0x55; 160]);
    let mut mark = String::with_capacity(128);
    let mut before = 0;
    for frame in 0..WARM + FRAMES {
        if frame == WARM {
            before = ALLOCATIONS.get();
            (path.heard, path.played) = (0, 0);
        }
        path.now += FRAME;
        path.carrier_sends(&media);
        path.engine_says(ItemId(0), voice.clone());
        mark.clear();
        write!(mark, r#"{{"event":"mark","streamSid":"MZ1","mark":{{"name":"m{frame}"}}}}"#).expect("room");
        path.carrier_sends(&mark);
    }
    let allocations = ALLOCATIONS.get() - before;
    assert!(before > 0, "the counter counts");
    assert!(path.heard > 216 * FRAMES as usize, "the engine heard every frame");
    assert!(path.played > 216 * FRAMES as usize, "the caller heard every frame");
    assert_eq!(allocations, 0, "over {FRAMES} frames each way");
}
