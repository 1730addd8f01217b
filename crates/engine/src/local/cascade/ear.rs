//! From the line's audio to utterances: decoding, 20 ms frames, where speech begins and where it has ended.

use super::super::Vad;
use call::{Chunk, Format, Manner};
use sound::{g711, resample::Resampler};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// What the ear noticed.
#[derive(Debug, PartialEq)]
pub(super) enum Noticed {
    /// The caller began to speak.
    Speech,
    /// The caller is quiet, and may have finished: the utterance so far.
    Lull(Vec<i16>),
    /// They had not.
    GoesOn,
    /// The caller has finished: the whole utterance, 8 kHz.
    Utterance(Finished),
}

/// An utterance that is over.
#[derive(Debug, PartialEq)]
pub(super) struct Finished {
    pub(super) samples: Vec<i16>,
    /// The silence behind it.
    pub(super) quiet: Duration,
}

const HERTZ: usize = 8_000;
const FRAME: usize = 160;
/// Kept from before speech is certain, so that its first sounds are not lost.
const BEFORE: usize = HERTZ * 3 / 10;
/// Kept of the silence behind it.
const BEHIND: usize = HERTZ * 3 / 10;
/// No utterance is longer; what follows is the next.
const LONGEST: usize = HERTZ * 30;

pub(super) struct Ear {
    vad: Box<dyn Vad>,
    manner: Manner,
    /// How long the caller is quiet before the utterance has ended.
    pub(super) endpoint: Duration,
    /// Says so when the caller may have finished.
    early: bool,
    resampler: Option<(u32, Resampler)>,
    /// Samples of a frame that is not yet whole.
    rest: Vec<i16>,
    before: VecDeque<i16>,
    utterance: Option<Utterance>,
}

struct Utterance {
    samples: Vec<i16>,
    /// Samples since the caller was last heard.
    quiet: usize,
    /// How long the caller is quiet before this one has ended.
    wait: Duration,
    /// It was said that the caller may have finished.
    lulled: bool,
    /// When audio last came: a line that goes silent altogether ends the utterance, too.
    fed: Instant,
}

impl Utterance {
    /// How much of it is worth hearing: little of the silence behind it.
    fn spoken(&self) -> usize {
        self.samples.len() - self.quiet.saturating_sub(BEHIND).min(self.samples.len())
    }

    /// How long the caller has been quiet.
    fn silence(&self) -> Duration {
        Duration::from_millis((self.quiet * 1_000 / HERTZ) as u64)
    }
}

/// After so much silence the words so far are looked for.
const LULL: Duration = Duration::from_millis(160);
/// The silence that ends a sentence which is plainly over, and one which plainly is not.
pub(super) const OVER: Duration = Duration::from_millis(300);
pub(super) const OPEN: Duration = Duration::from_millis(1_400);

impl Ear {
    pub(super) fn new(vad: Box<dyn Vad>, manner: Manner, endpoint: Duration) -> Self {
        Self {
            vad,
            manner,
            endpoint,
            early: false,
            resampler: None,
            rest: Vec::with_capacity(FRAME),
            before: VecDeque::with_capacity(BEFORE + FRAME),
            utterance: None,
        }
    }

    /// Whether it says from now on when the caller may have finished.
    pub(super) fn look_early(&mut self, early: bool) {
        self.early = early;
    }

    /// The utterance ends after this much silence, unless the caller goes on.
    pub(super) fn wait(&mut self, wait: Duration) {
        if let Some(utterance) = &mut self.utterance {
            utterance.wait = wait;
        }
    }

    /// Whether the caller has begun an utterance and not ended it.
    pub(super) fn is_busy(&self) -> bool {
        self.utterance.is_some()
    }

    pub(super) fn hear(&mut self, now: Instant, chunk: &Chunk, noticed: &mut Vec<Noticed>) {
        let samples = self.decode(chunk);
        if let Some(utterance) = &mut self.utterance {
            utterance.fed = now;
        }
        let mut rest = std::mem::take(&mut self.rest);
        rest.extend_from_slice(&samples);
        let mut frames = rest.chunks_exact(FRAME);
        for frame in &mut frames {
            self.frame(now, frame, noticed);
        }
        self.rest = frames.remainder().to_vec();
    }

    /// Ends the utterance now, if there is one.
    pub(super) fn finish(&mut self) -> Option<Finished> {
        let utterance = self.utterance.take()?;
        self.before.clear();
        let (length, quiet) = (utterance.spoken(), utterance.silence());
        let mut samples = utterance.samples;
        samples.truncate(length);
        Some(Finished { samples, quiet })
    }

    /// When an utterance ends for want of any audio.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.utterance.as_ref().map(|utterance| utterance.fed + utterance.wait + STALLED)
    }

    fn frame(&mut self, now: Instant, frame: &[i16], noticed: &mut Vec<Noticed>) {
        let speaks = self.vad.hear(frame);
        let Some(utterance) = &mut self.utterance else {
            let surplus = (self.before.len() + FRAME).saturating_sub(BEFORE + FRAME);
            self.before.drain(..surplus);
            self.before.extend(frame);
            if speaks {
                let samples = self.before.drain(..).collect();
                let wait = self.endpoint;
                self.utterance = Some(Utterance { samples, quiet: 0, wait, lulled: false, fed: now });
                noticed.push(Noticed::Speech);
            }
            return;
        };
        utterance.samples.extend_from_slice(frame);
        utterance.quiet = if speaks { 0 } else { utterance.quiet + FRAME };
        if speaks && std::mem::take(&mut utterance.lulled) {
            utterance.wait = self.endpoint;
            noticed.push(Noticed::GoesOn);
        }
        let quiet = utterance.silence();
        if self.early && quiet >= LULL && !utterance.lulled {
            utterance.lulled = true;
            noticed.push(Noticed::Lull(utterance.samples[..utterance.spoken()].to_vec()));
        }
        // A line that takes turns says itself when the caller has finished.
        let ended = self.manner == Manner::Duplex && quiet >= utterance.wait;
        if ended || utterance.samples.len() >= LONGEST {
            noticed.extend(self.finish().map(Noticed::Utterance));
        }
    }

    fn decode(&mut self, chunk: &Chunk) -> Vec<i16> {
        match chunk.format {
            Format::Ulaw => g711::ulaw_to_samples(&chunk.bytes),
            Format::Alaw => g711::alaw_to_samples(&chunk.bytes),
            Format::Pcm { hertz: 8_000 } => sound::pcm_to_samples(&chunk.bytes),
            Format::Pcm { hertz } => {
                let samples = sound::pcm_to_samples(&chunk.bytes);
                if self.resampler.as_ref().is_none_or(|(rate, _)| *rate != hertz) {
                    self.resampler = Some((hertz, Resampler::new(hertz.max(1), HERTZ as u32)));
                }
                let mut out = Vec::with_capacity(samples.len());
                if let Some((_, resampler)) = &mut self.resampler {
                    resampler.push(&samples, &mut out);
                }
                out
            }
        }
    }
}

/// A line without any audio for so long beyond the endpoint has stalled.
const STALLED: Duration = Duration::from_millis(400);
