//! Speaking: from sentences to the voice of one reply after the other, and the tools between them.

use super::{
    Cascade, CascadeOutput, Whose,
    mouth::{Part, Reply},
};
use crate::local::desk::{self, DeskOutput};
use call::{Chunk, EngineEvent, ItemId, ToolCall, Transcript};
use std::{collections::VecDeque, time::Instant};

impl Cascade {
    /// What the desk wants said and done becomes a reply.
    pub(super) fn reply(&mut self, now: Instant) {
        let mut parts = VecDeque::new();
        while let Some(output) = self.desk.poll() {
            parts.push_back(match output {
                DeskOutput::Say(text) => self.sentence(text, true),
                DeskOutput::Wants(call) => Part::Wants(call),
            });
        }
        self.begin(now, parts, true);
    }

    /// Says what is not the assistant's own.
    pub(super) fn say(&mut self, now: Instant, text: &str) {
        let parts = desk::sentences(text).into_iter().map(|text| self.sentence(text, false)).collect();
        self.begin(now, parts, false);
    }

    /// A reply that is still being thought.
    pub(super) fn open_reply(&mut self) {
        self.replied += 1;
        self.replies.push_back(Reply {
            number: self.replied,
            own: true,
            open: true,
            item: None,
            turn: self.turn,
            parts: VecDeque::new(),
            said: Vec::new(),
        });
    }

    /// The reply that is being thought wants a tool.
    pub(super) fn wants(&mut self, call: ToolCall) {
        if let Some(reply) = self.replies.iter_mut().find(|reply| reply.open) {
            reply.parts.push_back(Part::Wants(call));
        }
    }

    /// The reply that is being thought has one more sentence.
    pub(super) fn goes_on(&mut self, now: Instant, text: String) {
        if !self.replies.iter().any(|reply| reply.open) {
            return;
        }
        let part = self.sentence(text, true);
        let Some(reply) = self.replies.iter_mut().find(|reply| reply.open) else { return };
        reply.parts.push_back(part);
        let item = *reply.item.get_or_insert_with(|| {
            self.items += 1;
            let item = ItemId(self.items);
            self.playing.begin(now, item, 0);
            item
        });
        self.playing.goes_on(item);
    }

    /// `own`: the assistant's, not the call's.
    pub(super) fn sentence(&mut self, text: String, own: bool) -> Part {
        self.sentences += 1;
        let number = self.sentences;
        let whose = if own { self.whose() } else { Whose::Callers };
        self.outputs.push_back(CascadeOutput::Speak { sentence: number, text: text.clone(), whose });
        Part::Sentence { number, text }
    }

    fn begin(&mut self, now: Instant, parts: VecDeque<Part>, own: bool) {
        if parts.is_empty() {
            return self.done_unless_busy();
        }
        let sentences = parts.iter().filter(|part| matches!(part, Part::Sentence { .. })).count();
        let item = (sentences > 0).then(|| {
            self.items += 1;
            ItemId(self.items)
        });
        if let Some(item) = item.filter(|_| own) {
            self.playing.begin(now, item, sentences);
        }
        self.replied += 1;
        let (number, turn) = (self.replied, self.turn);
        let reply = Reply { number, own, open: false, item, turn, parts, said: Vec::new() };
        // What is still being thought has time.
        let at = match self.replies.back() {
            Some(last) if last.open && last.is_silent() => self.replies.len() - 1,
            Some(_) | None => self.replies.len(),
        };
        self.replies.insert(at, reply);
        self.go_on(now);
    }

    /// Does what can be done without waiting for a voice.
    pub(super) fn go_on(&mut self, now: Instant) {
        while let Some(reply) = self.replies.front_mut() {
            let (number, open) = (reply.number, reply.open);
            match reply.parts.front() {
                Some(Part::Sentence { .. }) => return,
                Some(Part::Wants(_)) => {
                    if let Some(Part::Wants(call)) = reply.parts.pop_front() {
                        if let Some(mind) = &mut self.mind {
                            mind.history.wants(number, call.clone());
                        }
                        self.wanted.insert(call.id.clone());
                        self.event(EngineEvent::Wants(call));
                    }
                }
                None if open => return,
                None => {
                    if let Some(reply) = self.replies.pop_front() {
                        self.said(&reply);
                    }
                    self.settle(now);
                }
            }
        }
    }

    fn said(&mut self, reply: &Reply) {
        if let Some(item) = reply.item.filter(|_| !reply.said.is_empty()) {
            let transcript = Transcript { text: reply.said.join(" "), partial: false };
            self.event(EngineEvent::AssistantSaid(item, transcript));
        }
    }

    pub(super) fn spoken(
        &mut self,
        now: Instant,
        sentence: u32,
        chunk: Option<Chunk>,
        failed: Option<String>,
    ) {
        let Some(reply) = self.replies.front_mut().filter(|reply| reply.awaits(sentence)) else { return };
        let (Some(item), Some(Part::Sentence { text, .. })) = (reply.item, reply.parts.front()) else {
            return;
        };
        if let Some(chunk) = chunk {
            let (turn, own) = (reply.turn, reply.own);
            let Some(chunk) = self.mending.rest(&chunk) else { return };
            if reply.said.last() != Some(text) {
                reply.said.push(text.clone());
            }
            if let Some(mind) = &mut self.mind {
                mind.history.sounds(reply.number, item, reply.own, text, chunk.duration());
            }
            self.playing.sent(now, item, &chunk);
            if own {
                self.answers_meanwhile();
            }
            if let Some(stages) = self.stopwatch.sounds(now, turn) {
                self.event(EngineEvent::Took(stages));
            }
            return self.event(EngineEvent::Voice(item, chunk));
        }
        if let Some(why) = failed {
            return self.voice_breaks_off(now, why);
        }
        self.mending.complete();
        reply.parts.pop_front();
        self.playing.sentence_ends(item);
        self.go_on(now);
    }

    /// Drops the replies that `unwanted` names, given the caller's latest turn; what is left is asked for anew.
    pub(super) fn drop_replies(&mut self, now: Instant, unwanted: impl Fn(&Reply, u32) -> bool) {
        if !self.replies.iter().any(|reply| unwanted(reply, self.turn)) {
            return;
        }
        self.playing.stop(now);
        match self.replies.front() {
            Some(first) if !unwanted(first, self.turn) => self.mending.stays(),
            Some(_) | None => self.mending.forget(),
        }
        self.hush();
        for reply in std::mem::take(&mut self.replies) {
            if unwanted(&reply, self.turn) {
                if reply.open {
                    self.forget();
                }
                self.said(&reply);
                continue;
            }
            let reply = self.asked_anew(reply);
            self.replies.push_back(reply);
        }
    }

    /// Tells the call that nothing more comes, unless something does.
    pub(super) fn done_unless_busy(&mut self) {
        if self.replies.is_empty() && self.heard.is_empty() {
            let usage = std::mem::take(&mut self.usage);
            self.event(EngineEvent::Done(usage));
        }
    }
}
