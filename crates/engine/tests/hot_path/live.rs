//! OpenAI Live, and a line that is still.

use crate::{FRAMES, allocations, brief::brief, hear_for_nothing, now};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use call::{EngineEvent, Format};
use engine::{
    ApiKey, Brief, Dialect, Outbox,
    live::{Config, Live},
};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

fn ready(now: Instant, format: Format) -> (Live, Outbox) {
    let config = Config::new(ApiKey::new("sk-a-key-of-no-account"));
    let mut dialect = Live::new(config, 0).expect("a session");
    let mut out = Outbox::default();
    dialect.greet(now, Brief { format, ..brief() }, &mut out);
    dialect.read(now, r#"{"type":"session.started","session":{"id":"live_1","expires_at":7200}}"#, &mut out);
    while out.wire.pop().is_some() {}
    assert_eq!(out.events.drain(..).next(), Some(EngineEvent::Ready));
    (dialect, out)
}

#[test]
fn a_frame_of_the_callers_costs_no_allocation() {
    for (format, bytes) in
        [(Format::Ulaw, 160_usize), (Format::Alaw, 160), (Format::Pcm { hertz: 24_000 }, 960)]
    {
        let (mut dialect, mut out) = ready(now(), format);
        let message = r#"{"type":"session.input_audio.append","audio":""}"#.len() + bytes.div_ceil(3) * 4;
        hear_for_nothing(&mut dialect, &mut out, (format, vec![0x7E; bytes]), message);
    }
}

fn delta(milliseconds: usize, byte: u8) -> String {
    let sound = STANDARD.encode(vec![byte; milliseconds * 8]);
    format!(r#"{{"type":"session.output_audio.delta","delta":"{sound}"}}"#)
}

#[test]
fn a_piece_of_voice_costs_no_allocation_and_neither_does_silence() {
    for milliseconds in [20, 100, 400] {
        let mut at = now();
        let (mut dialect, mut out) = ready(at, Format::Ulaw);
        let (voice, silence) = (delta(milliseconds, 0x10), delta(milliseconds, 0xFF));
        let mut came = 0;
        let mut speak = |pieces: u32, message: &str| {
            for _ in 0..pieces {
                at += Duration::from_millis(milliseconds as u64);
                dialect.read(at, message, &mut out);
                black_box(dialect.deadline());
                while let Some(event) = out.events.pop_front() {
                    if let EngineEvent::Voice(_, chunk) = event {
                        came += chunk.bytes.len();
                    }
                }
                while out.wire.pop().is_some() {}
            }
        };
        speak(100, &voice);
        let counted = allocations(|| speak(FRAMES, &voice));
        assert_eq!(counted, 0, "in {FRAMES} pieces of {milliseconds} ms");
        speak(100, &silence);
        let counted = allocations(|| speak(FRAMES, &silence));
        assert_eq!(counted, 0, "in {FRAMES} pieces of silence");
        let loud = (FRAMES as usize + 100) * milliseconds * 8;
        assert!(came >= loud && came <= loud + 8_000, "{came} bytes of {loud}");
    }
}

#[test]
fn a_still_line_costs_no_allocation() {
    let mut at = now();
    let (mut dialect, mut out) = ready(at, Format::Ulaw);
    let mut wait = |frames: u32| {
        for _ in 0..frames {
            at += Duration::from_millis(20);
            dialect.wake(at, &mut out);
            while out.wire.pop().is_some() {}
            out.events.clear();
        }
    };
    wait(100);
    // For longer nobody would wait for the greeting.
    let counted = allocations(|| wait(250));
    assert_eq!(counted, 0);
}
