//! The parts of a cascade under test: an ear that knows loud from quiet, and what a recogniser and a voice come with.

use bytes::Bytes;
use call::{Chunk, EngineCommand, Format};
use engine::local::{Hypothesis, Vad, cascade::CascadeInput};
use std::time::Duration;

pub const FRAME: Duration = Duration::from_millis(20);

pub struct Loud;

impl Vad for Loud {
    fn hear(&mut self, samples: &[i16]) -> bool {
        assert_eq!(samples.len(), 160);
        samples.iter().any(|sample| sample.abs() > 1_000)
    }
}

/// A frame of the line's, of this byte throughout.
pub fn frame(byte: u8) -> EngineCommand {
    EngineCommand::Hear(Chunk { format: Format::Ulaw, bytes: Bytes::from(vec![byte; 160]) })
}

/// A sentence that sounds so long, in two chunks, and its end.
pub fn spoken(sentence: u32, sounds: Duration) -> [CascadeInput; 3] {
    let half = Bytes::from(vec![0xff; Format::Ulaw.bytes(sounds / 2)]);
    [Some(half.clone()), Some(half), None].map(|bytes| {
        let chunk = bytes.map(|bytes| Chunk { format: Format::Ulaw, bytes });
        CascadeInput::Spoken { sentence, chunk, failed: None }
    })
}

/// What was made out of an utterance; nothing, where the words are empty.
pub fn recognised(utterance: u32, text: &str, confidence: f32) -> CascadeInput {
    let made_out = (!text.is_empty()).then(|| Hypothesis { text: text.into(), confidence, language: None });
    CascadeInput::Recognised { utterance, result: Ok(made_out.into_iter().collect()) }
}
