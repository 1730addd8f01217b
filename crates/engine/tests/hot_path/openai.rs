//! OpenAI Realtime.

use crate::{FRAMES, allocations, brief::brief, hear_for_nothing, now};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use call::{Chunk, EngineEvent, Format};
use engine::{
    ApiKey, Dialect, Outbox,
    openai::{Config, OpenAi},
};
use std::{collections::VecDeque, hint::black_box, time::Instant};

fn ready(now: Instant) -> (OpenAi, Outbox) {
    let mut dialect = OpenAi::new(Config::new(ApiKey::new("sk-a-key-of-no-account"))).expect("a session");
    let mut out = Outbox::default();
    dialect.greet(now, brief(), &mut out);
    let end = r#"{"format":{"type":"audio/pcmu"}}"#;
    let updated =
        format!(r#"{{"type":"session.updated","session":{{"audio":{{"input":{end},"output":{end}}}}}}}"#);
    dialect.read(now, &updated, &mut out);
    dialect.read(now, r#"{"type":"response.created","response":{"id":"resp_1"}}"#, &mut out);
    dialect.read(now, r#"{"type":"input_audio_buffer.speech_started","item_id":"item_U1"}"#, &mut out);
    while out.wire.pop().is_some() {}
    assert_eq!(out.events.drain(..).next(), Some(EngineEvent::Ready));
    (dialect, out)
}

#[test]
fn a_frame_of_the_callers_costs_no_allocation() {
    let (mut dialect, mut out) = ready(now());
    hear_for_nothing(&mut dialect, &mut out, (Format::Ulaw, vec![0x7E; 160]), 263);
}

fn delta(milliseconds: usize) -> String {
    let sound = STANDARD.encode(vec![0x55; milliseconds * 8]);
    format!(
        r#"{{"type":"response.output_audio.delta","event_id":"event_1","response_id":"resp_1","item_id":"item_A1","output_index":0,"content_index":0,"delta":"{sound}"}}"#
    )
}

#[test]
fn a_piece_of_voice_costs_no_allocation() {
    for milliseconds in [20, 100, 400] {
        let now = now();
        let (mut dialect, mut out) = ready(now);
        let message = delta(milliseconds);
        let mut came = 0;
        let mut speak = |pieces: u32| {
            for _ in 0..pieces {
                dialect.read(now, &message, &mut out);
                black_box(dialect.deadline());
                while let Some(event) = out.events.pop_front() {
                    let EngineEvent::Voice(_, chunk) = event else { panic!("{event:?}") };
                    came += chunk.bytes.len();
                }
            }
        };
        speak(100);
        let counted = allocations(|| speak(FRAMES));
        assert_eq!(counted, 0, "in {FRAMES} pieces of {milliseconds} ms");
        assert_eq!(came, (FRAMES as usize + 100) * milliseconds * 8);
    }
}

#[test]
fn voice_that_waits_to_be_heard_costs_one_block_a_second() {
    let now = now();
    let (mut dialect, mut out) = ready(now);
    let message = delta(100);
    let mut waiting: VecDeque<Chunk> = VecDeque::with_capacity(128);
    let mut speak = |pieces: usize| {
        for _ in 0..pieces {
            dialect.read(now, &message, &mut out);
            while let Some(EngineEvent::Voice(_, chunk)) = out.events.pop_front() {
                waiting.push_back(chunk);
                if waiting.len() > 100 {
                    waiting.pop_front();
                }
            }
        }
    };
    speak(200);
    let counted = allocations(|| speak(FRAMES as usize));
    let blocks = FRAMES as usize * 800 / (8 * 1024) + 1;
    assert!(counted <= blocks * 3, "{counted} allocations for {blocks} blocks");
}
