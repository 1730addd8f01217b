//! A voice that breaks off: what is left to be said is asked for again, and goes on where the caller heard it break.

use super::{
    Cascade, CascadeOutput, FAILURES,
    mouth::{Part, Reply},
};
use call::{Chunk, EngineEvent};
use std::time::{Duration, Instant};

/// How long a voice that broke off twice is left alone.
const AGAIN: Duration = Duration::from_secs(1);

/// The sentence that sounds.
#[derive(Debug, Default)]
pub(super) struct Mending {
    /// Its sound that was sent.
    sent: Duration,
    /// Of what is made of it now, so much was sent before.
    skip: Duration,
    /// How often in a row a sentence did not come to its end.
    failures: u32,
    /// When what is left is asked for again.
    again: Option<Instant>,
}

impl Mending {
    /// What of this was not sent before.
    pub(super) fn rest(&mut self, chunk: &Chunk) -> Option<Chunk> {
        let known = self.skip.min(chunk.duration());
        self.skip -= known;
        let rest = chunk.after(known);
        self.sent += rest.duration();
        Some(rest).filter(|rest| !rest.bytes.is_empty())
    }

    /// The sentence has come to its end.
    pub(super) fn complete(&mut self) {
        *self = Self::default();
    }

    /// Nothing of what was asked for is wanted any more.
    pub(super) fn forget(&mut self) {
        *self = Self { failures: self.failures, ..Self::default() };
    }

    /// The sentence that sounds is asked for anew with all others, and goes on where it is.
    pub(super) fn stays(&mut self) {
        *self = Self { skip: self.sent, again: None, ..*self };
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.again
    }

    /// The sentence breaks off. Says whether that is the last time.
    fn breaks_off(&mut self, now: Instant) -> bool {
        self.failures += 1;
        self.skip = self.sent;
        self.again = Some(if self.failures == 1 { now } else { now + AGAIN });
        self.failures >= FAILURES
    }
}

impl Cascade {
    pub(super) fn voice_breaks_off(&mut self, now: Instant, why: String) {
        if self.mending.breaks_off(now) {
            return self.fail(why);
        }
        self.event(EngineEvent::Trouble(why));
        self.mend(now);
    }

    /// Asks again for what is left to be said, if it is time to.
    pub(super) fn mend(&mut self, now: Instant) {
        if self.mending.again.take_if(|again| *again <= now).is_some() {
            self.hush();
            let replies = std::mem::take(&mut self.replies);
            self.replies = replies.into_iter().map(|reply| self.asked_anew(reply)).collect();
        }
    }

    /// Nothing more comes of what voices were asked for.
    pub(super) fn hush(&mut self) {
        self.outputs.retain(|output| !matches!(output, CascadeOutput::Speak { .. }));
        self.outputs.push_back(CascadeOutput::Hush);
    }

    pub(super) fn asked_anew(&mut self, mut reply: Reply) -> Reply {
        for part in &mut reply.parts {
            if let Part::Sentence { text, .. } = part {
                let text = std::mem::take(text);
                *part = self.sentence(text, reply.own);
            }
        }
        reply
    }
}
