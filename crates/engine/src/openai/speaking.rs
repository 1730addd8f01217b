//! What the assistant says and wants done, and the responses in which it does.

use super::{
    ENDS, OpenAi, RESTS, STALLS,
    event::{Event, Item, Response, StatusDetails, UsageBody, part, text},
    fault::{self, Verdict},
    items::{Forget, Sound},
    replies::{Running, Wish},
    request, said,
    telling::cut_message,
    timers::Timer,
    transcripts::Speaker,
};
use crate::{
    Outbox,
    dialect::{
        errands::{Begun, NAME},
        fault::plain,
        message::send,
    },
};
use base64::{DecodeSliceError, Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use call::{Answer, Chunk, EngineEvent, ToolCall, ToolCallId};
use std::time::Instant;

/// A block of sound: a second of µ-law.
const BLOCK: usize = 8 * 1024;
/// How often in a row a crowded service is asked again.
const ASKED_AGAIN: u32 = 3;

/// What the assistant says.
impl OpenAi {
    pub(super) fn on_voice(&mut self, now: Instant, event: &Event, out: &mut Outbox) {
        let (Some(name), Some(delta)) = (&event.item_id, &event.delta) else {
            return self.troubles.malformed("sound of no item", out);
        };
        let response = text(event.response_id.as_ref());
        let unwanted = self.replies.is_unwanted(response);
        let Ok(mut bytes) = decode(&mut self.voice, delta) else {
            return self.troubles.malformed("sound that cannot be decoded", out);
        };
        bytes.truncate(bytes.len() - bytes.len() % self.format.sample_size());
        if bytes.is_empty() {
            return;
        }
        let number = match self.items.sound(name, response, unwanted, bytes.len()) {
            Sound::Unwanted => {
                self.troubles.tally.late_voice += bytes.len() as u64;
                return;
            }
            // With its first sound or word an item has its place in the conversation.
            Sound::First(number) => {
                self.transcripts.begin(Speaker::Assistant(number));
                number
            }
            Sound::More(number) => number,
        };
        if self.replies.is_running() {
            self.timers.set(Timer::Finished, now + STALLS);
        }
        out.events.push_back(EngineEvent::Voice(number, Chunk { format: self.format, bytes }));
    }

    pub(super) fn on_item_added(&mut self, item: &Item, response: &str, out: &mut Outbox) {
        if item.is_speech() && text(item.id.as_ref()).len() <= NAME {
            let unwanted = self.replies.is_unwanted(response);
            self.items.appear(text(item.id.as_ref()), response, unwanted);
            self.errands.spoken(response);
        }
        self.on_item_exists(text(item.id.as_ref()), out);
    }

    pub(super) fn on_item_exists(&mut self, name: &str, out: &mut Outbox) {
        if let Some(item) = self.items.named(name)
            && let Some(cut) = item.exists(self.format)
        {
            send(&mut out.wire, &cut_message(name, cut));
        }
    }

    pub(super) fn on_assistant_words(
        &mut self,
        now: Instant,
        event: &Event,
        words: &str,
        all: bool,
        out: &mut Outbox,
    ) {
        let (name, response) = (text(event.item_id.as_ref()), text(event.response_id.as_ref()));
        if self.replies.is_running() {
            self.timers.set(Timer::Finished, now + STALLS);
        }
        let unwanted = self.replies.is_unwanted(response);
        let item = self.items.appear(name, response, unwanted);
        if item.said || (item.unwanted && !item.sounded) {
            return;
        }
        // The whole of it comes once more at the end; it is news only where a piece was lost.
        if all {
            if item.words.trim() == words.trim() {
                return;
            }
            item.words.clear();
        }
        item.say(words);
        let (number, words) = (item.number, item.words.clone());
        self.transcripts.begin(Speaker::Assistant(number));
        out.events.push_back(said(Speaker::Assistant(number), words, true));
    }

    pub(super) fn on_item_done(&mut self, now: Instant, item: &Item, response: &str, out: &mut Outbox) {
        self.on_item_added(item, response, out);
        let cut_off = item.status.is_none() && self.replies.is_unwanted(response);
        if item.is_speech() {
            self.finish_item(now, text(item.id.as_ref()), &item.words(), out);
        } else if item.is_whole_call() && !cut_off {
            self.on_function_call(item, response, out);
        }
    }

    /// Nothing more comes of an item. What was made after nobody wanted it, and was never heard, is forgotten.
    fn finish_item(&mut self, now: Instant, name: &str, words: &str, out: &mut Outbox) {
        let Some(item) = self.items.named(name) else { return };
        item.done = true;
        if item.unwanted && !item.sounded {
            self.transcripts.drop(Speaker::Assistant(item.number));
            if let Some(cut) = item.forget(Forget::All, self.format) {
                send(&mut out.wire, &cut_message(name, cut));
            }
            return;
        }
        if std::mem::replace(&mut item.said, true) {
            return;
        }
        let spoken = std::mem::take(&mut item.words);
        let words = if words.is_empty() { spoken.trim().to_owned() } else { words.to_owned() };
        if words.is_empty() {
            self.transcripts.drop(Speaker::Assistant(item.number));
        } else {
            self.transcripts.begin(Speaker::Assistant(item.number));
            self.transcripts.say(now, Speaker::Assistant(item.number), words);
        }
    }

    /// The same call is told in five places; this one says whether it is complete.
    fn on_function_call(&mut self, item: &Item, response: &str, out: &mut Outbox) {
        let (id, name, arguments) =
            (text(item.call_id.as_ref()), text(item.name.as_ref()), text(item.arguments.as_ref()));
        if id.is_empty() || id.len() > NAME {
            return self.troubles.malformed("a use of a tool without a name", out);
        }
        let begun = self.errands.begin(id, response);
        if begun == Begun::Again {
            return;
        }
        let Some(refusal) = begun.refusal(name, arguments) else {
            let (id, name, arguments) = (ToolCallId(id.to_owned()), name.to_owned(), arguments.to_owned());
            return out.events.push_back(EngineEvent::Wants(ToolCall { id, name, arguments }));
        };
        self.errands.answer(id);
        send(&mut out.wire, &request::tool_output(id, &Answer::failed(refusal)));
        self.troubles.tell(format!("The model asked too much of {}.", plain(name)), out);
    }
}

/// Responses, from begin to end.
impl OpenAi {
    pub(super) fn on_created(&mut self, now: Instant, id: &str, out: &mut Outbox) {
        if id.is_empty() || id.len() > NAME {
            return self.troubles.malformed("a response without a name", out);
        }
        self.replying = true;
        let cancel = self.replies.created(id);
        self.timers.set(Timer::Finished, now + if cancel { ENDS } else { STALLS });
        if cancel {
            send(&mut out.wire, &request::cancel(id));
        }
    }

    pub(super) fn on_done(&mut self, now: Instant, response: &Response, out: &mut Outbox) {
        let id = text(response.id.as_ref());
        self.bill(response.usage);
        self.end_response(now, id, out);
        let Some(running) = self.replies.done(id) else { return };
        let details = part::<StatusDetails>(response.status_details).unwrap_or_default();
        match text(response.status.as_ref()) {
            "failed" => self.on_failed(now, running, &details, out),
            "cancelled" => self.replies.unanswer(&running),
            "incomplete" => {
                self.troubles
                    .tell(format!("An answer was cut short: {}.", plain(text(details.reason.as_ref()))), out);
            }
            _ => (self.faults, self.crowded) = (0, 0),
        }
    }

    fn end_response(&mut self, now: Instant, id: &str, out: &mut Outbox) {
        let unfinished: Vec<String> =
            self.items.of(id).filter(|item| !item.done).map(|item| item.name.clone()).collect();
        for name in unfinished {
            self.on_item_exists(&name, out);
            self.finish_item(now, &name, "", out);
        }
        self.errands.end(id);
        if self.errands.settle() {
            self.replies.owe();
        }
    }

    fn on_failed(&mut self, now: Instant, running: Running, details: &StatusDetails, out: &mut Outbox) {
        self.replies.unanswer(&running);
        let fault = details.error.as_ref();
        let words = fault.map_or_else(|| "no reason given".to_owned(), fault::words);
        // A response that the service began by itself was an answer to the caller, so one is still wanted.
        let wish = (!running.cancelled).then(|| running.wish.unwrap_or(Wish::Respond));
        match fault.map_or(Verdict::Trouble, fault::judge) {
            Verdict::Lasting(why) => self.fail(format!("{why}: {words}."), true, out),
            Verdict::Aged(why) => self.expire(format!("{why}: {words}."), out),
            Verdict::Retry => self.once_more(wish, &words, out),
            Verdict::Rest => self.rest(now, wish, &words, out),
            Verdict::Collision | Verdict::Harmless | Verdict::Trouble => {
                self.troubles.tell(format!("An answer failed: {words}."), out);
            }
        }
    }

    /// The service is in trouble: what was wanted is asked for once more, and then of somebody else.
    pub(super) fn once_more(&mut self, wish: Option<Wish>, words: &str, out: &mut Outbox) {
        self.faults += 1;
        if self.faults > 1 {
            return self.fail(format!("OpenAI is in trouble: {words}."), false, out);
        }
        self.troubles.tell(format!("OpenAI is in trouble, and is asked again: {words}."), out);
        if let Some(wish) = wish {
            self.replies.wish_again(wish);
        }
    }

    /// The service is crowded: it is left alone for a while, each time for longer.
    pub(super) fn rest(&mut self, now: Instant, wish: Option<Wish>, words: &str, out: &mut Outbox) {
        if self.crowded == ASKED_AGAIN {
            return self.fail(format!("OpenAI is crowded, and was asked too often: {words}."), false, out);
        }
        let rest = RESTS * 2_u32.pow(self.crowded);
        self.crowded += 1;
        self.troubles
            .tell(format!("OpenAI is crowded, and is asked again in {} s: {words}.", rest.as_secs()), out);
        self.replies.resting = true;
        self.timers.set(Timer::Rested, now + rest);
        if let Some(wish) = wish {
            self.replies.wish_again(wish);
        }
    }

    pub(super) fn bill(&mut self, usage: Option<&serde_json::value::RawValue>) {
        if let Some(body) = part::<UsageBody>(usage) {
            body.add_to(&mut self.usage);
        }
    }
}

/// Two blocks of memory that take turns: while pieces of one are still held, the other is cut up.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    current: BytesMut,
    other: BytesMut,
}

impl Blocks {
    /// Somewhere with this much room. Allocates only where pieces of both blocks are held.
    fn with_room(&mut self, room: usize) -> &mut BytesMut {
        if self.current.capacity() < room && !self.current.try_reclaim(room) {
            std::mem::swap(&mut self.current, &mut self.other);
            if !self.current.try_reclaim(room) {
                self.current.reserve(room.max(BLOCK));
            }
        }
        &mut self.current
    }
}

/// Decodes base64 into memory that is used again once nobody holds a piece of it.
pub(crate) fn decode(blocks: &mut Blocks, encoded: &str) -> Result<Bytes, DecodeSliceError> {
    let room = encoded.len().div_ceil(4) * 3;
    let block = blocks.with_room(room);
    block.resize(room, 0);
    let decoded = STANDARD.decode_slice(encoded, &mut block[..]);
    block.truncate(*decoded.as_ref().unwrap_or(&0));
    let bytes = block.split().freeze();
    decoded.map(|_| bytes)
}
