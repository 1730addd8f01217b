//! What the call wants, put to the service.

use super::{
    COMMITS, ENDS, KEYS, OpenAi, Phase,
    hearing::Caller,
    items::{Cut, Forget},
    replies::Wish,
    request,
    timers::Timer,
    transcripts::Speaker,
};
use crate::{
    Outbox,
    dialect::{message::send, stillness::Still},
};
use call::{Answer, Chunk, EngineEvent, ItemId, Manner, ToolCallId};
use std::time::{Duration, Instant};

/// Less than this, and the service refuses to take it for something said.
const SHORTEST: Duration = Duration::from_millis(100);

impl OpenAi {
    pub(super) fn hear(&mut self, now: Instant, chunk: &Chunk, out: &mut Outbox) {
        let agreed = (self.phase == Phase::Talking).then_some(self.format);
        if !self.troubles.can_send(chunk, agreed, out) {
            return;
        }
        let chunk = self.hearing.line.hear(now, chunk);
        self.hearing.uncommitted += chunk.duration();
        if !chunk.bytes.is_empty() {
            request::append(&mut out.wire, &chunk.bytes);
        }
    }

    /// A turn of the caller's that came in words.
    pub(super) fn read_words(&mut self, now: Instant, words: String, out: &mut Outbox) {
        const EARLY: usize = 16 * 1024;
        if self.phase != Phase::Talking {
            if self.early_words.len() + words.len() < EARLY {
                self.early_words.push_str(if self.early_words.is_empty() { "" } else { " " });
                self.early_words.push_str(&words);
            }
            return;
        }
        send(&mut out.wire, &request::caller_types(&words));
        let turn = self.hearing.read();
        out.events.extend([EngineEvent::CallerSpeaks, EngineEvent::CallerPauses]);
        self.transcripts.begin(Speaker::Caller(turn));
        self.transcripts.say(now, Speaker::Caller(turn), words);
    }

    /// What was said in words before anybody could read it.
    pub(super) fn catch_up_on_words(&mut self, now: Instant, out: &mut Outbox) {
        let words = std::mem::take(&mut self.early_words);
        if !words.is_empty() {
            self.read_words(now, words, out);
        }
    }

    pub(super) fn respond(&mut self, now: Instant, out: &mut Outbox) {
        let said = self.hearing.uncommitted >= SHORTEST;
        if self.manner == Manner::Turns && self.phase == Phase::Talking && said {
            self.hearing.uncommitted = Duration::ZERO;
            send(&mut out.wire, &request::commit());
        }
        self.want(now, Wish::Respond, out);
    }

    pub(super) fn want(&mut self, now: Instant, wish: Wish, out: &mut Outbox) {
        if !self.replies.wish(wish) {
            self.troubles.tell("More is to be said than can be remembered.", out);
        }
        self.expect(now, out);
    }

    /// The call waits for a `Done`. One that it has not been told yet is of what was before.
    fn expect(&mut self, now: Instant, out: &mut Outbox) {
        self.replying = true;
        self.go_on(now, out);
        if self.replying {
            self.usage += out.take_done().unwrap_or_default();
        }
    }

    pub(super) fn cancel(&mut self, now: Instant, out: &mut Outbox) {
        for response in self.replies.cancel() {
            send(&mut out.wire, &request::cancel(&response));
            self.items.of(&response).for_each(|item| item.unwanted = true);
            self.timers.set(Timer::Finished, now + ENDS);
        }
        self.go_on(now, out);
    }

    pub(super) fn forget(&mut self, number: ItemId, forget: Forget, out: &mut Outbox) {
        let Some(item) = self.items.numbered(number) else { return };
        let cut = item.forget(forget, self.format);
        if forget == Forget::All {
            item.said = true;
            self.transcripts.drop(Speaker::Assistant(number));
        }
        if let Some(cut) = cut {
            let cut = cut_message(&item.name, cut);
            send(&mut out.wire, &cut);
        }
    }

    pub(super) fn answer(&mut self, now: Instant, id: &ToolCallId, answer: &Answer, out: &mut Outbox) {
        if self.answer_hosted(id, answer, out) {
            return self.expect(now, out);
        }
        if self.errands.answer(&id.0) {
            send(&mut out.wire, &request::tool_output(&id.0, answer));
            if self.errands.settle() {
                self.replies.owe();
            }
        }
        self.expect(now, out);
    }

    pub(super) fn key(&mut self, now: Instant, key: char, out: &mut Outbox) {
        const EARLY: usize = 32;
        if !key.is_ascii_alphanumeric() && key != '*' && key != '#' {
            return;
        }
        if self.phase == Phase::Talking {
            send(&mut out.wire, &request::caller_types(&format!("[The caller pressed the key {key}.]")));
            self.timers.set(Timer::Keys, now + KEYS);
        } else if self.early_keys.len() < EARLY {
            self.early_keys.push(key);
        }
    }

    /// The voice speaks every language, and the model that writes down what is said finds out which it is.
    pub(super) fn change_language(&mut self, tag: &str, out: &mut Outbox) {
        self.languages.speak(tag);
        self.instructions = self.languages.instruct(&self.owners);
        if self.phase == Phase::Talking {
            send(&mut out.wire, &request::instructions_update(&self.instructions));
        }
    }

    /// The keys that came before anybody could read them.
    pub(super) fn catch_up_on_keys(&mut self, now: Instant, out: &mut Outbox) {
        for key in std::mem::take(&mut self.early_keys).chars() {
            self.key(now, key, out);
        }
    }

    /// The caller has stopped, as far as the service tells: at the commit or, where none comes, a moment after the
    /// end of speech.
    pub(super) fn pause(&mut self, out: &mut Outbox) {
        self.hearing.caller = Caller::Quiet;
        if let Some(turn) = self.hearing.open() {
            (turn.over, turn.guessed) = (true, true);
            self.replies.turn_over();
            out.events.push_back(EngineEvent::CallerPauses);
        }
    }

    /// Sends silence in the place of the line's sound.
    pub(super) fn make_up_silence(&mut self, now: Instant, out: &mut Outbox) {
        if self.hearing.caller != Caller::Speaks {
            return;
        }
        match self.hearing.line.look(now) {
            Still::TooLong => {}
            Still::Not(again) => self.timers.set(Timer::Silence, again),
            Still::For(length) => {
                request::append(&mut out.wire, &self.format.silence(length));
                self.timers.set(Timer::Silence, now + length);
            }
        }
    }

    /// The caller's speech has ended; what was said should be committed any moment.
    pub(super) fn stop_listening(&mut self, now: Instant) {
        self.hearing.caller = Caller::Stopped;
        self.timers.stop(Timer::Silence);
        self.timers.set(Timer::Committed, now + COMMITS);
    }
}

pub(super) fn cut_message(item: &str, cut: Cut) -> serde_json::Value {
    match cut {
        Cut::Truncate(keep) => request::truncate(item, keep),
        Cut::Delete => request::delete(item),
    }
}
