//! What a caller has heard: tones, each of which stands for one thing that was said, and voices.

use engine::local::{Workers, speakable::speakable};
use sim::twilio::Handset;
use sound::level;
use std::{f32::consts::TAU, ops::Range, time::Duration};

/// One stretch of sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// None: a voice.
    pub hertz: Option<u32>,
    /// Where it is in the call, in samples.
    pub at: Range<usize>,
    /// How long it sounded, without the gaps that a busy machine makes in it.
    pub sounded: Duration,
}

/// Judged in such pieces, in samples.
const BLOCK: usize = 160;
/// Quieter than this is silence, in dBFS.
const LOUD: f32 = -45.0;
/// Gaps in one and the same thing are no longer, in samples: a sentence may pause for breath.
const GAP: usize = 8 * 700;

/// What was heard in this stretch of the call, one after the other; these are the tones that there are.
pub fn stretches(call: &Handset, within: Range<usize>, tones: &[u32]) -> Vec<Stretch> {
    let samples = call.heard(within.clone());
    let mut heard: Vec<Stretch> = Vec::new();
    for (n, block) in samples.chunks_exact(BLOCK).enumerate() {
        if level::is_silent(block, LOUD) {
            continue;
        }
        let at = within.start + n * BLOCK;
        let hertz = tones.iter().copied().find(|hertz| is_tone(block, *hertz));
        let sounded = Duration::from_millis(20);
        match heard.last_mut() {
            Some(last) if last.hertz == hertz && at <= last.at.end + GAP => {
                last.at.end = at + BLOCK;
                last.sounded += sounded;
            }
            _ => heard.push(Stretch { hertz, at: at..at + BLOCK, sounded }),
        }
    }
    // Where a tone begins or ends within a block, the block is no tone.
    heard.retain(|stretch| stretch.sounded > Duration::from_millis(60));
    let mut joined: Vec<Stretch> = Vec::new();
    for stretch in heard {
        match joined.last_mut() {
            Some(last) if last.hertz == stretch.hertz && stretch.at.start <= last.at.end + GAP => {
                last.at.end = stretch.at.end;
                last.sounded += stretch.sounded;
            }
            _ => joined.push(stretch),
        }
    }
    joined
}

/// The tones in the order in which they were heard, each with how long it sounded in milliseconds; 0 hertz is a voice.
pub fn melody(stretches: &[Stretch]) -> Vec<(u32, u64)> {
    stretches
        .iter()
        .map(|stretch| {
            (stretch.hertz.unwrap_or(0), u64::try_from(stretch.sounded.as_millis()).unwrap_or(u64::MAX))
        })
        .collect()
}

/// Which of these texts a caller makes out in a voice, where they can make out any.
pub async fn made_out<'a>(
    workers: &Workers,
    call: &Handset,
    stretch: &Stretch,
    texts: &[&'a str],
) -> Option<&'a str> {
    let words: Vec<_> = texts.iter().map(|text| words(text)).collect();
    let grammar = format!("#JSGF V1.0;\ngrammar heard;\npublic <heard> = {};\n", words.join(" | "));
    let heard = workers.recognise(call.heard(stretch.at.clone()), &grammar, 1).await.expect("the ear works");
    let heard = &heard.first()?.text;
    words.iter().position(|words| words == heard).map(|which| texts[which])
}

/// A text as it sounds, word for word.
fn words(text: &str) -> String {
    let said = speakable(text, "en-US").to_lowercase();
    let letters: String =
        said.chars().map(|c| if c.is_alphanumeric() || c == '\'' { c } else { ' ' }).collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether nearly all of this is one tone: Goertzel's algorithm.
fn is_tone(block: &[i16], hertz: u32) -> bool {
    let step = TAU * hertz as f32 / 8_000.0;
    let (mut real, mut imaginary, mut energy) = (0.0f32, 0.0f32, 0.0f32);
    for (n, sample) in block.iter().enumerate() {
        let (sample, phase) = (f32::from(*sample), step * n as f32);
        real += sample * phase.cos();
        imaginary += sample * phase.sin();
        energy += sample * sample;
    }
    2.0 * (real * real + imaginary * imaginary) / block.len() as f32 > 0.8 * energy
}
