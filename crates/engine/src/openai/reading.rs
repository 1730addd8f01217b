//! What the service says, put to the call.

use super::{
    OpenAi, Phase, STALLS,
    event::{Event, Fault, Item, Response, Session, SpokenLanguage, part, text},
    fault::{self, Verdict},
    hearing::Caller,
    replies::{Refused, Wish},
    request, said,
    timers::Timer,
    transcripts::Speaker,
};
use crate::{
    Outbox,
    dialect::{errands::NAME, message::send},
};
use call::{EngineEvent, Language};
use std::time::Instant;

/// Types that we know and that mean nothing to a call: what we did is confirmed, what is told elsewhere is told in
/// pieces, or the matter is one of WebRTC or SIP.
const MEANT_FOR_OTHERS: &[&str] = &[
    "session.created",
    "conversation.created",
    "conversation.item.retrieved",
    "conversation.item.truncated",
    "conversation.item.deleted",
    "conversation.item.input_audio_transcription.segment",
    "input_audio_buffer.cleared",
    "input_audio_buffer.timeout_triggered",
    "input_audio_buffer.dtmf_event_received",
    "response.content_part.added",
    "response.content_part.done",
    "response.output_audio.done",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.mcp_call_arguments.delta",
    "mcp_list_tools.in_progress",
    "mcp_list_tools.completed",
    "rate_limits.updated",
    "output_audio_buffer.started",
    "output_audio_buffer.stopped",
    "output_audio_buffer.cleared",
];

const MEANT_FOR_US: &[&str] = &[
    "session.updated",
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.created",
    "conversation.item.done",
    "conversation.item.input_audio_transcription.delta",
    "conversation.item.input_audio_transcription.completed",
    "conversation.item.input_audio_transcription.failed",
    "response.created",
    "response.output_item.added",
    "response.output_item.done",
    "response.output_audio.delta",
    "response.output_audio_transcript.delta",
    "response.output_audio_transcript.done",
    "response.output_text.delta",
    "response.output_text.done",
    "response.mcp_call_arguments.done",
    "response.mcp_call.in_progress",
    "response.mcp_call.completed",
    "response.mcp_call.failed",
    "mcp_list_tools.failed",
    "response.done",
    "error",
];

/// Whether a type is one that the service is known to send.
pub(super) fn is_known(kind: &str) -> bool {
    MEANT_FOR_US.contains(&kind) || MEANT_FOR_OTHERS.contains(&kind)
}

impl OpenAi {
    pub(super) fn on_event(&mut self, now: Instant, event: &Event, out: &mut Outbox) {
        let item_id = text(event.item_id.as_ref());
        if item_id.len() > NAME || text(event.response_id.as_ref()).len() > NAME {
            return self.troubles.malformed("a name that is longer than any", out);
        }
        if self.phase == Phase::Configuring {
            match &*event.kind {
                "session.updated" => self.on_session_updated(now, event, out),
                "error" => self.on_refusal(event, out),
                "conversation.item.added" | "conversation.item.done" => {
                    if let Some(item) = part::<Item>(event.item) {
                        self.on_list(&item);
                    }
                }
                "mcp_list_tools.failed" => self.on_list_failed(item_id, out),
                kind if is_known(kind) => {}
                _ => self.troubles.tally.unknown += 1,
            }
            return;
        }
        match &*event.kind {
            // Fifty times a second; nothing else changes with it.
            "response.output_audio.delta" => return self.on_voice(now, event, out),
            "input_audio_buffer.speech_started" => self.on_speech_started(now, item_id, out),
            "input_audio_buffer.speech_stopped" => {
                if self.hearing.caller == Caller::Speaks {
                    self.stop_listening(now);
                }
            }
            "input_audio_buffer.committed" => self.on_committed(item_id, out),
            "conversation.item.input_audio_transcription.delta" => self.on_caller_words(event, out),
            "conversation.item.input_audio_transcription.completed" => self.on_caller_said(now, event, out),
            "conversation.item.input_audio_transcription.failed" => self.on_caller_not_understood(event, out),
            "conversation.item.added" | "conversation.item.created" | "conversation.item.done" => {
                match part::<Item>(event.item) {
                    Some(item) => {
                        self.on_item_exists(text(item.id.as_ref()), out);
                        self.on_hosted_item(now, &item, None, out);
                    }
                    None => self.troubles.malformed("an item that cannot be read", out),
                }
            }
            "response.created" => match part::<Response>(event.response) {
                Some(response) => self.on_created(now, text(response.id.as_ref()), out),
                None => self.troubles.malformed("a response that cannot be read", out),
            },
            "response.output_item.added" => match part::<Item>(event.item) {
                Some(item) => {
                    self.on_item_added(&item, text(event.response_id.as_ref()), out);
                    self.on_hosted_item(now, &item, event.response_id.as_deref(), out);
                }
                None => self.troubles.malformed("an item that cannot be read", out),
            },
            "response.output_item.done" => match part::<Item>(event.item) {
                Some(item) => {
                    self.on_item_done(now, &item, text(event.response_id.as_ref()), out);
                    self.on_hosted_item(now, &item, event.response_id.as_deref(), out);
                }
                None => self.troubles.malformed("an item that cannot be read", out),
            },
            "response.output_audio_transcript.delta" | "response.output_text.delta" => {
                self.on_assistant_words(now, event, text(event.delta.as_ref()), false, out);
            }
            "response.output_audio_transcript.done" => {
                self.on_assistant_words(now, event, text(event.transcript.as_ref()), true, out);
            }
            "response.output_text.done" => {
                self.on_assistant_words(now, event, text(event.text.as_ref()), true, out);
            }
            "response.done" => match part::<Response>(event.response) {
                Some(response) => self.on_done(now, &response, out),
                None => self.troubles.malformed("the end of a response that cannot be read", out),
            },
            "response.mcp_call_arguments.done" => {
                self.hosted.argues(item_id, text(event.arguments.as_ref()));
            }
            "response.mcp_call.in_progress" => self.on_hosted_begun(now, item_id, out),
            "response.mcp_call.completed" => self.on_hosted_over(now, item_id, true, out),
            "response.mcp_call.failed" => self.on_hosted_over(now, item_id, false, out),
            "mcp_list_tools.failed" => self.on_list_failed(item_id, out),
            "error" => self.on_error(now, event, out),
            kind if is_known(kind) => {}
            _ => self.troubles.tally.unknown += 1,
        }
        self.go_on(now, out);
    }
}

/// The session.
impl OpenAi {
    /// Only formats that were really taken over make a session: the wrong ones are noise at both ends.
    fn on_session_updated(&mut self, now: Instant, event: &Event, out: &mut Outbox) {
        let Some(session) = part::<Session>(event.session) else {
            return self.fail("OpenAI confirmed the session in a way that cannot be read.", true, out);
        };
        let format = request::format(self.format);
        if !format.is_some_and(|(name, rate)| session.has_formats(name, rate)) {
            return self.fail("OpenAI did not take over the audio format of the line.", true, out);
        }
        self.phase = Phase::Talking;
        self.timers.stop(Timer::Confirmed);
        out.events.push_back(EngineEvent::Ready);
        self.asked = None;
        if std::mem::take(&mut self.early_tools) {
            self.tell_tools(out);
        }
        let so_far = std::mem::take(&mut self.so_far);
        for said in &so_far {
            send(&mut out.wire, &request::said_before(said));
        }
        if so_far.is_empty() {
            self.replies.wish_again(Wish::Greet);
        }
        self.catch_up_on_words(now, out);
        self.catch_up_on_keys(now, out);
        self.go_on(now, out);
    }

    /// An error before the session is confirmed: nothing of what we asked for was taken over.
    fn on_refusal(&mut self, event: &Event, out: &mut Outbox) {
        let fault = part::<Fault>(event.error).unwrap_or_default();
        let words = self.hosted.without_secrets(&fault::words(&fault));
        if self.host_nothing(&fault, &words, out) {
            return;
        }
        match fault::judge(&fault) {
            Verdict::Lasting(why) => self.fail(format!("{why}: {words}."), true, out),
            Verdict::Aged(why) => self.expire(format!("{why}: {words}."), out),
            Verdict::Retry | Verdict::Rest => {
                self.fail(format!("OpenAI is in trouble: {words}."), false, out);
            }
            Verdict::Collision | Verdict::Harmless | Verdict::Trouble => {
                self.fail(format!("OpenAI refused the session as it is configured: {words}."), true, out);
            }
        }
    }

    fn on_error(&mut self, now: Instant, event: &Event, out: &mut Outbox) {
        let fault = part::<Fault>(event.error).unwrap_or_default();
        let number =
            text(fault.event_id.as_ref()).strip_prefix(super::REPLY).and_then(|number| number.parse().ok());
        // A service that does not say which message it means most likely means the request that is unanswered.
        let unnamed = fault.event_id.is_none() && fault::may_refuse_a_response(&fault);
        let number = number.or_else(|| unnamed.then(|| self.replies.asked()).flatten());
        let words = self.hosted.without_secrets(&fault::words(&fault));
        if self.host_nothing(&fault, &words, out) {
            return;
        }
        match fault::judge(&fault) {
            Verdict::Lasting(why) => self.fail(format!("{why}: {words}."), true, out),
            Verdict::Aged(why) => self.expire(format!("{why}: {words}."), out),
            Verdict::Harmless => {}
            Verdict::Collision => {
                if let Some(number) = number {
                    self.replies.collided(number);
                    self.timers.set(Timer::Finished, now + STALLS);
                }
            }
            Verdict::Retry => match number.map_or(Refused::NotOurs, |number| self.replies.refused(number)) {
                Refused::Was(wish) => self.once_more(wish, &words, out),
                Refused::NotOurs => self.troubles.tell(format!("OpenAI is in trouble: {words}."), out),
            },
            Verdict::Rest => match number.map_or(Refused::NotOurs, |number| self.replies.refused(number)) {
                Refused::Was(wish) => self.rest(now, wish, &words, out),
                Refused::NotOurs => self.troubles.tell(format!("OpenAI is crowded: {words}."), out),
            },
            Verdict::Trouble => {
                if let Some(number) = number {
                    self.replies.refused(number);
                }
                self.troubles.tell(format!("OpenAI refused something: {words}."), out);
            }
        }
    }
}

/// The caller.
impl OpenAi {
    fn on_speech_started(&mut self, now: Instant, item: &str, out: &mut Outbox) {
        self.hearing.caller = Caller::Speaks;
        self.timers.stop(Timer::Committed);
        self.timers.set(Timer::Silence, self.hearing.line.begin(now));
        // Speech that goes on before it was committed is the same turn.
        if self.hearing.turn(item).is_none_or(|turn| turn.over) {
            self.begin_turn(item, out);
        }
    }

    fn begin_turn(&mut self, item: &str, out: &mut Outbox) {
        let turn = self.hearing.begin(item);
        if self.config.transcription.is_some() {
            self.transcripts.begin(Speaker::Caller(turn));
        }
        out.events.push_back(EngineEvent::CallerSpeaks);
    }

    /// Where the ends take turns, this is how a turn begins, too.
    fn on_committed(&mut self, item: &str, out: &mut Outbox) {
        if self.hearing.turn(item).is_none() {
            self.begin_turn(item, out);
        }
        let Some(turn) = self.hearing.turn(item) else { return };
        let (known, guessed) = (turn.over, turn.guessed);
        (turn.over, turn.guessed) = (true, false);
        // They may have begun another turn by then.
        if self.hearing.open().is_none() {
            self.timers.stop(Timer::Committed);
            self.timers.stop(Timer::Silence);
            self.hearing.caller = Caller::Quiet;
        }
        if !known {
            self.replies.turn_over();
            out.events.push_back(EngineEvent::CallerPauses);
        } else if guessed {
            self.replies.words_come_late();
        }
    }

    fn on_caller_words(&mut self, event: &Event, out: &mut Outbox) {
        let Some(turn) = self.hearing.turn(text(event.item_id.as_ref())) else { return };
        turn.say(text(event.delta.as_ref()));
        out.events.push_back(said(Speaker::Caller(turn.id), turn.words.clone(), true));
    }

    fn on_caller_said(&mut self, now: Instant, event: &Event, out: &mut Outbox) {
        self.bill(event.usage);
        let Some(turn) = self.hearing.turn(text(event.item_id.as_ref())) else { return };
        let speaker = Speaker::Caller(turn.id);
        if let Some(language) = only_language(event) {
            out.events.push_back(EngineEvent::CallerSpoke(turn.id, language));
        }
        let words = text(event.transcript.as_ref()).to_owned();
        // That there were words is known at once, whatever order they are told in.
        if self.transcripts.must_wait(speaker) {
            out.events.push_back(said(speaker, words.clone(), true));
        }
        self.transcripts.say(now, speaker, words);
    }

    fn on_caller_not_understood(&mut self, event: &Event, out: &mut Outbox) {
        if let Some(turn) = self.hearing.turn(text(event.item_id.as_ref())) {
            self.transcripts.drop(Speaker::Caller(turn.id));
        }
        let fault = part::<Fault>(event.error).unwrap_or_default();
        self.troubles
            .tell(format!("What the caller said could not be written down: {}.", fault::words(&fault)), out);
    }
}

/// The language of what was said, where the model that wrote it down names one and no other.
fn only_language(event: &Event) -> Option<Language> {
    let [SpokenLanguage { code }] = &part::<Vec<SpokenLanguage>>(event.languages)?[..] else { return None };
    Language::of(code)
}
