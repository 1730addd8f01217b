//! Deepgram Voice Agent.

use crate::{FRAMES, allocations, brief::brief, hear_for_nothing, now};
use bytes::Bytes;
use call::{EngineEvent, Format};
use engine::{
    ApiKey, Dialect, Outbox,
    deepgram::{Config, Deepgram},
};
use std::{hint::black_box, time::Instant};

fn ready(now: Instant) -> (Deepgram, Outbox) {
    let mut dialect = Deepgram::new(Config::new(ApiKey::new("a-key-of-no-account"))).expect("a session");
    let mut out = Outbox::default();
    dialect.greet(now, brief(), &mut out);
    for message in [
        r#"{"type":"Welcome","request_id":"r"}"#,
        r#"{"type":"SettingsApplied"}"#,
        r#"{"type":"ConversationText","role":"assistant","content":"Hello."}"#,
    ] {
        dialect.read(now, message, &mut out);
    }
    while out.wire.pop().is_some() {}
    assert_eq!(out.events.drain(..).next(), Some(EngineEvent::Ready));
    (dialect, out)
}

#[test]
fn a_frame_of_the_callers_costs_no_allocation() {
    let (mut dialect, mut out) = ready(now());
    // Somebody who speaks, so that our own ear has something to hear.
    let voice = (0..160).map(|n| if n / 20 % 2 == 0 { 0x10 } else { 0x90 }).collect::<Vec<u8>>();
    hear_for_nothing(&mut dialect, &mut out, (Format::Ulaw, voice), 160);
}

#[test]
fn a_piece_of_voice_costs_no_allocation_and_is_not_copied() {
    for milliseconds in [20, 100, 400] {
        let now = now();
        let (mut dialect, mut out) = ready(now);
        let sound = Bytes::from(vec![0x55; milliseconds * 8]);
        let mut came = 0;
        let mut speak = |pieces: u32| {
            for _ in 0..pieces {
                dialect.read_binary(now, sound.clone(), &mut out);
                black_box(dialect.deadline());
                while let Some(event) = out.events.pop_front() {
                    match event {
                        EngineEvent::Voice(_, chunk) => {
                            assert_eq!(chunk.bytes.as_ptr(), sound.as_ptr());
                            came += chunk.bytes.len();
                        }
                        // The words, with the first sound of them.
                        EngineEvent::AssistantSaid(..) => {}
                        event => panic!("{event:?}"),
                    }
                }
            }
        };
        speak(100);
        let counted = allocations(|| speak(FRAMES));
        assert_eq!(counted, 0, "in {FRAMES} pieces of {milliseconds} ms");
        assert_eq!(came, (FRAMES as usize + 100) * milliseconds * 8);
    }
}
