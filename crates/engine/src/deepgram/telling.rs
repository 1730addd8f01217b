//! What the call wants, put to the service.

use super::{
    ANSWERS, Deepgram, Expected, KEEP_ALIVE, KEYS, PERHAPS, Phase, STALE,
    hearing::{Caller, Change},
    request,
    timers::Timer,
};
use crate::{
    Outbox,
    dialect::{
        message::send,
        stillness::{SILENCE, Still},
    },
};
use call::{Answer, Chunk, EngineEvent, ItemId, Manner, ToolCallId, Transcript};
use std::time::{Duration, Instant};

/// Keys that are pressed one after the other.
const PRESSED: usize = 32;
/// How often the agent is told what was not heard: the prompt grows by it.
const ACCOUNTS: u32 = 24;
/// How much of the words is repeated, in characters.
const REPEATED: usize = 160;

impl Deepgram {
    pub(super) fn hear(&mut self, now: Instant, chunk: &Chunk, out: &mut Outbox) {
        let agreed = (self.phase == Phase::Talking).then_some(self.format);
        if !self.troubles.can_send(chunk, agreed, out) {
            return;
        }
        let chunk = self.hearing.line.hear(now, chunk);
        // An empty message may mean the end of all sound.
        if chunk.bytes.is_empty() {
            return;
        }
        request::append(&mut out.wire, &chunk.bytes);
        match self.hearing.hear(now, &chunk) {
            Change::None => {}
            Change::Paused => self.pause(now, out),
            Change::SpeaksAgain => self.begin_turn(now, out),
        }
    }

    /// The caller makes no sound any more.
    pub(super) fn pause(&mut self, now: Instant, out: &mut Outbox) {
        self.hearing.pause(now);
        out.events.push_back(EngineEvent::CallerPauses);
    }

    /// The service decides by itself when to answer; what it may need for that is the silence behind a recording.
    pub(super) fn respond(&mut self, now: Instant, out: &mut Outbox) {
        let turns = self.manner == Manner::Turns;
        if turns && self.phase == Phase::Talking && self.hearing.line.heard_at().is_some() {
            request::append(&mut out.wire, &self.format.silence(SILENCE));
        }
        let speaks = self.speech.current().is_some_and(|item| !item.unwanted);
        if self.replies.expected == Expected::Nothing && !speaks {
            self.expect(Expected::Perhaps, now + if turns { ANSWERS } else { PERHAPS });
        }
        self.owe(now, out);
    }

    /// The call waits for a `Done`. One that it has not been told yet is of what was before.
    pub(super) fn owe(&mut self, now: Instant, out: &mut Outbox) {
        self.replying = true;
        out.take_done();
        self.go_on(now, out);
    }

    /// The service cannot be told: what still comes of this is dropped.
    pub(super) fn cancel(&mut self, now: Instant, out: &mut Outbox) {
        self.replying = false;
        self.replies.forget();
        if let Some(item) = self.speech.current() {
            item.unwanted = true;
            self.timers.set(Timer::Quiet, now + STALE);
        }
        self.go_on(now, out);
    }

    /// The service remembers all that it has said, so the agent is told what of it the caller did not hear.
    pub(super) fn account(&mut self, now: Instant, number: ItemId, heard: Duration, out: &mut Outbox) {
        let (format, told) = (self.format, self.accounts);
        let Some(item) = self.speech.numbered(number) else { return };
        item.unwanted = true;
        item.said |= heard.is_zero();
        if std::mem::replace(&mut item.accounted, true) || self.phase != Phase::Talking || told == ACCOUNTS {
            return;
        }
        let (heard, unheard) = item.parted(heard, format);
        if unheard.is_empty() {
            return;
        }
        let begin: String = unheard.chars().take(REPEATED).collect();
        let more = match heard.char_indices().rev().nth(REPEATED - 1) {
            _ if heard.is_empty() => {
                format!("[The caller spoke up before they heard any of this, which you said: \"{begin}\"]")
            }
            Some((at, _)) => spoke_over(&heard[at..], &begin),
            None => spoke_over(heard, &begin),
        };
        if self.prompt.chars().count() + more.chars().count() >= request::PROMPT {
            return;
        }
        self.accounts += 1;
        self.prompt.push('\n');
        self.prompt.push_str(&more);
        self.unheard.push_back(more);
        self.go_on(now, out);
    }

    /// The service takes a new prompt for the end of what it is hearing, so the caller is let finish.
    pub(super) fn tell_unheard(&mut self, out: &mut Outbox) {
        if self.hearing.caller == Caller::Quiet {
            for more in self.unheard.drain(..) {
                send(&mut out.wire, &request::update_prompt(&more));
            }
        }
    }

    pub(super) fn change_language(&mut self, tag: &str, out: &mut Outbox) {
        self.languages.speak(tag);
        let order = self.languages.order();
        if self.prompt.chars().count() + order.chars().count() < request::PROMPT {
            self.prompt.push('\n');
            self.prompt.push_str(&order);
        }
        match self.phase {
            Phase::Connecting | Phase::Configuring => self.language_changed = true,
            Phase::Talking => self.tell_language(out),
            Phase::Over => {}
        }
    }

    /// Has the agent hear, think and speak in the language that is spoken now.
    pub(super) fn tell_language(&mut self, out: &mut Outbox) {
        if let Some(update) = request::update_listen(&self.config, &self.languages) {
            send(&mut out.wire, &update);
        }
        send(&mut out.wire, &request::update_prompt(&self.languages.order()));
        let voice = request::voice_now(&self.config, &self.wish, &self.languages);
        send(&mut out.wire, &request::update_speak(voice));
    }

    pub(super) fn answer(&mut self, now: Instant, id: &ToolCallId, answer: &Answer, out: &mut Outbox) {
        if let Some(tool) = self.errands.end(&id.0) {
            send(&mut out.wire, &request::tool_output(&id.0, &tool, answer));
            if !self.errands.is_any_open() {
                self.expect(Expected::Answer, now + ANSWERS);
            }
        }
        self.owe(now, out);
    }

    pub(super) fn say(&mut self, now: Instant, words: String, out: &mut Outbox) {
        if !words.trim().is_empty() && !self.replies.say(words) {
            self.troubles.tell("More is to be said than can be remembered.", out);
        }
        self.owe(now, out);
    }

    pub(super) fn instruct(&mut self, now: Instant, instruction: String, out: &mut Outbox) {
        if !self.replies.instruct(instruction) {
            self.troubles.tell("More is to be said than can be remembered.", out);
        }
        self.owe(now, out);
    }

    /// There is no other way to make the agent act on something than in the caller's name.
    pub(super) fn tell_agent(&mut self, now: Instant, words: &str, out: &mut Outbox) {
        self.replies.expect_echo(now, words);
        send(&mut out.wire, &request::inject_user(words));
    }

    /// A turn of the caller's that came in words.
    pub(super) fn read_words(&mut self, now: Instant, words: String, out: &mut Outbox) {
        if self.phase != Phase::Talking {
            return self.instruct(now, format!("The caller said: {words}"), out);
        }
        self.tell_agent(now, &words, out);
        self.expect(Expected::Answer, now + ANSWERS);
        self.speak_over(now, out);
        self.hearing.begin(now);
        let (turn, transcript) = (self.hearing.turn(), Transcript { text: words, partial: false });
        out.events.extend([
            EngineEvent::CallerSpeaks,
            EngineEvent::CallerPauses,
            EngineEvent::CallerSaid(turn, transcript),
        ]);
        self.hearing.end();
    }

    pub(super) fn key(&mut self, now: Instant, key: char) {
        let known = key.is_ascii_alphanumeric() || key == '*' || key == '#';
        if known && self.keys.len() < PRESSED {
            self.keys.push(key);
            self.timers.set(Timer::Keys, now + KEYS);
        }
    }

    /// The keys as words, once no other follows and somebody can read them.
    pub(super) fn pass_keys(&mut self, now: Instant, out: &mut Outbox) {
        if self.phase != Phase::Talking || self.keys.is_empty() {
            return;
        }
        let keys = std::mem::take(&mut self.keys);
        let each: Vec<String> = keys.chars().map(String::from).collect();
        let which = if each.len() == 1 { "key" } else { "keys" };
        let words = format!("[The caller pressed the {which} {}.]", each.join(" "));
        self.tell_agent(now, &words, out);
        if self.replies.expected == Expected::Nothing {
            self.expect(Expected::Perhaps, now + ANSWERS);
        }
    }

    /// Says that we are there, unless sound has said so.
    pub(super) fn keep_alive(&mut self, now: Instant, out: &mut Outbox) {
        if self.phase != Phase::Talking {
            return;
        }
        let silent = self.hearing.line.heard_at().map_or(KEEP_ALIVE, |at| now.saturating_duration_since(at));
        if silent >= KEEP_ALIVE {
            send(&mut out.wire, &request::keep_alive());
            self.timers.set(Timer::KeepAlive, now + KEEP_ALIVE);
        } else {
            self.timers.set(Timer::KeepAlive, now + KEEP_ALIVE.saturating_sub(silent));
        }
    }

    /// Sends silence in the place of the line's sound.
    pub(super) fn make_up_silence(&mut self, now: Instant, out: &mut Outbox) {
        if self.hearing.caller == Caller::Quiet {
            return;
        }
        match self.hearing.line.look(now) {
            Still::TooLong => {}
            Still::Not(again) => self.timers.set(Timer::Silence, again),
            Still::For(length) => {
                request::append(&mut out.wire, &self.format.silence(length));
                self.timers.set(Timer::Silence, now + length);
                if self.hearing.caller == Caller::Speaks {
                    self.pause(now, out);
                }
            }
        }
    }
}

fn spoke_over(heard: &str, unheard: &str) -> String {
    format!(
        "[The caller spoke over you. The last they heard was \"{heard}\"; they did not hear \"{unheard}\"]"
    )
}
