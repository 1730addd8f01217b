//! What the call wants, put to the service.

use super::{
    EARLY, KEYS, Live, Phase, RESPONDS, SAYS, clock, level,
    request::{self, Append},
};
use crate::{Outbox, dialect::message::send};
use call::{Answer, Chunk, EngineEvent, ItemId, Manner, ToolCallId, Transcript, TurnId};
use std::time::{Duration, Instant};

/// Louder than this is not left out when there is too much (RMS of 32,768).
const LOUD: u32 = 100;
/// Less than this unheard is not worth a word to the model.
const UNHEARD: Duration = Duration::from_millis(200);
/// How long the model behind the voice may take to make words of an answer.
const THINKS: Duration = Duration::from_secs(10);

/// What the caller says.
impl Live {
    pub(super) fn hear(&mut self, now: Instant, mut chunk: Chunk, out: &mut Outbox) {
        let agreed = (self.phase == Phase::Talking).then_some(self.format);
        if !self.troubles.can_send(&chunk, agreed, out) {
            return;
        }
        if self.manner == Manner::Turns {
            return self.record(now, chunk, out);
        }
        let loud = level::last_loud(self.format, &chunk.bytes, LOUD).is_some();
        if self.clock.is_behind(now) {
            let bytes = chunk.bytes.len() as u64;
            if !self.clock.wait(chunk, loud) {
                self.troubles.tally.cut += bytes;
            }
            return;
        }
        let room = self.format.bytes(self.clock.room(now, chunk.duration(), loud));
        self.troubles.tally.cut += chunk.bytes.len().saturating_sub(room) as u64;
        chunk.bytes.truncate(room);
        self.feed(now, &chunk, out);
    }

    /// A recording is played to the service as if it were being spoken.
    fn record(&mut self, now: Instant, chunk: Chunk, out: &mut Outbox) {
        self.speak_up(out);
        let bytes = chunk.bytes.len() as u64;
        if !self.clock.keep(chunk) {
            self.troubles.tally.cut += bytes;
        }
        self.keep_time(now, out);
    }

    fn feed(&mut self, now: Instant, chunk: &Chunk, out: &mut Outbox) {
        if chunk.bytes.is_empty() {
            return;
        }
        request::sound(&mut out.wire, &chunk.bytes);
        self.clock.sent(chunk.duration());
        if let Some(speaks) = self.ear.hear(self.format, &chunk.bytes) {
            self.on_ear(now, speaks, out);
        }
    }

    /// Sends what is due: the recording that waits or, where the line is still, silence.
    pub(super) fn keep_time(&mut self, now: Instant, out: &mut Outbox) {
        while self.clock.is_due(now) {
            let frame = self.clock.next(self.format).unwrap_or_else(|| Chunk {
                format: self.format,
                bytes: bytes::Bytes::from_static(level::silence(self.format, clock::FRAME)),
            });
            self.feed(now, &frame, out);
        }
    }

    pub(super) fn respond(&mut self, now: Instant, out: &mut Outbox) {
        let mut patience = RESPONDS;
        if self.manner == Manner::Turns {
            let waiting = self.clock.waiting();
            self.end_recording(now + waiting);
            patience = SAYS + waiting;
        }
        let answering = self.voice.open || self.work.is_busy();
        self.expect(now, (!answering || self.manner == Manner::Turns).then_some(patience), out);
    }
}

/// What is to be said.
impl Live {
    /// The call waits for a `Done`, and that for so long for something to be said. One that it has not been told yet is
    /// of what was before.
    fn expect(&mut self, now: Instant, patience: Option<Duration>, out: &mut Outbox) {
        self.replying = true;
        if let Some(patience) = patience {
            self.waits = self.waits.max(Some(now + patience));
        }
        self.usage += out.take_done().unwrap_or_default();
        self.go_on(now, out);
    }

    pub(super) fn greet_caller(&mut self, now: Instant, words: &str, out: &mut Outbox) {
        const NOW: &str = "The caller has just been connected. Do not wait for them to speak: greet them now";
        let greeting = match words {
            "" => format!("{NOW}, in one short sentence."),
            words => format!("{NOW}, with exactly these words: {words}"),
        };
        self.append(Append::Commentary, &greeting, out);
        self.expect(now, Some(SAYS), out);
    }

    pub(super) fn say(&mut self, now: Instant, words: &str, out: &mut Outbox) {
        self.ordered = true;
        // What is being said will go on as this.
        self.voice.ordered |= self.voice.open;
        let words = format!("Say exactly these words now, in their language, and nothing else: {words}");
        self.prompt(now, words, out);
    }

    pub(super) fn prompt(&mut self, now: Instant, instruction: String, out: &mut Outbox) {
        if self.phase == Phase::Talking {
            self.append(Append::Commentary, &instruction, out);
        } else if self.early.len() < EARLY {
            self.early.push((Append::Commentary, instruction));
        }
        self.expect(now, Some(SAYS), out);
    }

    pub(super) fn append(&mut self, how: Append, content: &str, out: &mut Outbox) {
        request::append(&mut out.wire, how, None, content, &mut self.number);
    }

    /// The service cannot be stopped, only asked to; what it says all the same is not wanted.
    pub(super) fn cancel(&mut self, now: Instant, out: &mut Outbox) {
        const STOP: &str = "The caller has interrupted you. Stop what you are saying, and attend to them.";
        self.ordered = false;
        self.waits = None;
        self.early.retain(|(how, _)| *how != Append::Commentary);
        if self.voice.open && self.voice.muted.is_none() {
            self.voice.muted = Some(now);
            self.append(Append::Instructions, STOP, out);
        }
        self.go_on(now, out);
    }

    /// The service cannot forget what was not heard, but it can be told.
    pub(super) fn forget(&mut self, item: ItemId, heard: Option<Duration>, out: &mut Outbox) {
        const WORDS: usize = 1_000;
        let Some(made) = self.voice.made(item) else { return };
        if made.saturating_sub(heard.unwrap_or_default()) < UNHEARD {
            return;
        }
        let words = self.words.of(item);
        let words = &words[words.ceil_char_boundary(words.len().saturating_sub(WORDS))..];
        let of_what = if words.is_empty() { String::new() } else { format!(", “{words}”") };
        let told = match heard {
            Some(heard) => {
                let seconds = heard.as_secs_f32();
                format!(
                    "Of what you said last{of_what}, the caller heard only the first {seconds:.1} seconds."
                )
            }
            None => format!("The caller heard nothing of what you said last{of_what}."),
        };
        self.append(Append::Thinking, &told, out);
    }

    pub(super) fn answer(&mut self, now: Instant, id: &ToolCallId, answer: &Answer, out: &mut Outbox) {
        self.floor.leaving.retain(|leaving| *leaving != id.0);
        self.number += 1;
        let awaited = self.work.answer(&id.0, self.number);
        if awaited {
            send(&mut out.wire, &request::tool_output(&id.0, self.number, answer));
        }
        self.expect(now, awaited.then_some(THINKS), out);
    }
}

/// Words and keys, which the service has no word for.
impl Live {
    /// A turn of the caller's that came in words.
    pub(super) fn read_words(&mut self, words: String, out: &mut Outbox) {
        let told = format!("The caller says: “{words}”. Answer them now.");
        if self.phase == Phase::Talking {
            self.append(Append::Commentary, &told, out);
        } else if self.early.len() < EARLY {
            self.early.push((Append::Commentary, told));
        }
        self.floor.turns += 1;
        let (turn, transcript) = (TurnId(self.floor.turns), Transcript { text: words, partial: false });
        out.events.extend([
            EngineEvent::CallerSpeaks,
            EngineEvent::CallerPauses,
            EngineEvent::CallerSaid(turn, transcript),
        ]);
    }

    /// The voice speaks every language.
    pub(super) fn change_language(&mut self, tag: &str, out: &mut Outbox) {
        self.languages.speak(tag);
        let order = self.languages.order();
        if self.phase == Phase::Talking {
            self.append(Append::Instructions, &order, out);
        } else if self.early.len() < EARLY {
            self.early.push((Append::Instructions, order));
        }
    }

    pub(super) fn key(&mut self, now: Instant, key: char, out: &mut Outbox) {
        if !key.is_ascii_alphanumeric() && key != '*' && key != '#' {
            return;
        }
        let told = format!("The caller pressed the key {key} on the telephone.");
        if self.phase == Phase::Talking {
            self.append(Append::Thinking, &told, out);
            self.keys = Some(now + KEYS);
        } else if self.early.len() < EARLY {
            self.early.push((Append::Thinking, told));
        }
    }

    /// No further key was pressed: what they mean is to be acted on.
    pub(super) fn act_on_keys(&mut self, now: Instant, out: &mut Outbox) {
        self.keys = None;
        self.append(Append::Commentary, "The caller has typed what they wanted to. Go on with that.", out);
        self.expect(now, Some(SAYS), out);
    }

    /// What was wanted before the session was ready.
    pub(super) fn catch_up(&mut self, now: Instant, out: &mut Outbox) {
        for (how, content) in std::mem::take(&mut self.early) {
            self.append(how, &content, out);
            if how == Append::Thinking {
                self.keys = Some(now + KEYS);
            }
        }
    }
}
