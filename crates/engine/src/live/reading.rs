//! What the service says, put to the call.

use super::{
    Append, FOLLOWS, Live, Phase, SAYS,
    event::{About, Counted, Delegation, Event, Inner, Session, Snapshot},
    fault::{self, Verdict},
    request,
    work::Lacking,
};
use crate::{
    Outbox,
    dialect::{
        errands::{Begun, NAME},
        fault::plain,
        message::send,
    },
    openai::{
        event::{Fault, Item, StatusDetails, part, text},
        fault::words,
    },
};
use call::{Answer, EngineEvent, ToolCall, ToolCallId, Usage};
use std::time::{Duration, Instant};

/// Types that we know and that mean nothing to a call: what we did is confirmed, or the matter is one of WebRTC, SIP,
/// decisions or recordings.
const MEANT_FOR_OTHERS: &[&str] = &[
    "session.updated",
    "session.input_audio.append",
    "session.input_audio.muted",
    "session.input_audio.unmuted",
    "session.output_audio.fixture.playing",
    "session.output_audio.fixture.played",
    "session.instructions.appended",
    "session.thinking.appended",
    "session.commentary.appended",
    "decision.event",
    "decision.item.created",
    "decision.item.deleted",
    "info",
    "transport.dtmf.received",
    "transport.dtmf.send",
    "transport.dtmf.sent",
    "transport.ringing",
    "transport.answered",
    "transport.failed",
];

const MEANT_FOR_US: &[&str] = &[
    "session.started",
    "session.closed",
    "session.usage.updated",
    "session.output_audio.delta",
    "session.input_transcript.delta",
    "session.output_transcript.delta",
    "session.delegation.created",
    "response.event",
    "error",
];

/// How often in a row the model behind the voice may fail.
const FAULTS: u32 = 3;

/// Whether a type is one that the service is known to send.
pub(super) fn is_known(kind: &str) -> bool {
    MEANT_FOR_US.contains(&kind) || MEANT_FOR_OTHERS.contains(&kind)
}

impl Live {
    pub(super) fn on_event(&mut self, now: Instant, event: &Event, out: &mut Outbox) {
        if text(event.delegation_id.as_ref()).len() > NAME {
            return self.troubles.malformed("a name that is longer than any", out);
        }
        if self.phase == Phase::Starting {
            match &*event.kind {
                "session.started" => self.on_started(now, event, out),
                "error" => self.on_refusal(event, out),
                "session.closed" => self.on_closed(event, out),
                kind if is_known(kind) => {}
                _ => self.troubles.tally.unknown += 1,
            }
            return;
        }
        let times = (event.start_ms, event.end_ms);
        match &*event.kind {
            // Ten times a second; it says itself what changes with it.
            "session.output_audio.delta" => return self.on_voice(now, event.delta.as_ref(), out),
            "session.input_transcript.delta" => {
                self.words.caller_said(now, text(event.delta.as_ref()), times, &mut out.events);
            }
            "session.output_transcript.delta" => {
                self.words.assistant_said(now, text(event.delta.as_ref()), times, &mut out.events);
            }
            "session.delegation.created" => match part::<Delegation>(event.delegation) {
                Some(delegation) => self.on_delegation(now, &delegation, out),
                None => self.troubles.malformed("work that cannot be read", out),
            },
            "response.event" => match part::<Inner>(event.inner) {
                Some(inner) => self.on_work(now, &inner, event, out),
                None => self.troubles.malformed("work that cannot be read", out),
            },
            "session.usage.updated" => self.on_time_counted(event, out),
            "session.closed" => self.on_closed(event, out),
            "error" => self.on_error(now, event, out),
            kind if is_known(kind) => {}
            _ => self.troubles.tally.unknown += 1,
        }
        self.go_on(now, out);
    }
}

/// The session.
impl Live {
    /// A session in another format than the line's is noise at both ends.
    fn on_started(&mut self, now: Instant, event: &Event, out: &mut Outbox) {
        let Some(session) = part::<Session>(event.session) else {
            return self.fail("OpenAI confirmed the session in a way that cannot be read.", true, out);
        };
        if request::format(self.format).is_none_or(|(name, rate)| session.contradicts(name, rate)) {
            return self.fail("OpenAI did not take over the audio format of the line.", true, out);
        }
        if let Some(expires) = session.expires_at.filter(|at| *at > self.opened as f64) {
            self.longest =
                Duration::from_secs((expires as u64).saturating_sub(self.opened)).min(super::LONGEST);
        }
        self.phase = Phase::Talking;
        self.confirmed = None;
        self.clock.start(now);
        out.events.push_back(EngineEvent::Ready);
        if let Some(tools) = self.early_tools.take() {
            send(&mut out.wire, &request::tools_update(&tools));
        }
        if let Some(greeting) = self.greeting.take() {
            self.greet_caller(now, &greeting, out);
        }
        self.catch_up(now, out);
        self.go_on(now, out);
    }

    /// An error in the place of a session: nothing else follows.
    fn on_refusal(&mut self, event: &Event, out: &mut Outbox) {
        let fault = part::<Fault>(event.error).unwrap_or_default();
        let words = words(&fault);
        match fault::judge(&fault) {
            Verdict::Lasting(why) => self.fail(format!("{why}: {words}."), true, out),
            Verdict::Aged(why) => self.expire(format!("{why}: {words}."), out),
            _ if fault::passes(&fault) => self.fail(format!("OpenAI is in trouble: {words}."), false, out),
            Verdict::TooMuch | Verdict::Lacking | Verdict::NotSaid | Verdict::Trouble => {
                self.fail(format!("OpenAI refused the session as it is configured: {words}."), true, out);
            }
        }
    }

    /// The service says how much time the session has taken altogether; a message that is lost is made up for by the next.
    fn on_time_counted(&mut self, event: &Event, out: &mut Outbox) {
        let Some(time) = part::<Counted>(event.usage).and_then(|counted| counted.time(super::LONGEST)) else {
            return;
        };
        let session = time.saturating_sub(self.counted);
        self.counted += session;
        out.charge(Usage { session, ..Usage::default() });
    }

    fn on_closed(&mut self, event: &Event, out: &mut Outbox) {
        self.on_time_counted(event, out);
        match fault::ended(text(event.reason.as_ref())) {
            (why, true) => self.expire(why, out),
            (why, false) => self.fail(why, false, out),
        }
    }

    fn on_error(&mut self, now: Instant, event: &Event, out: &mut Outbox) {
        let fault = part::<Fault>(event.error).unwrap_or_default();
        let inner = part::<About>(event.error).unwrap_or_default();
        let about = text(inner.client_event_id.as_ref().or(event.client_event_id.as_ref()));
        let words = words(&fault);
        match fault::judge(&fault) {
            Verdict::Lasting(why) => self.fail(format!("{why}: {words}."), true, out),
            Verdict::Aged(why) => self.expire(format!("{why}: {words}."), out),
            Verdict::TooMuch => self.on_too_much(about, &words, out),
            Verdict::Lacking => self.on_lacking(&words, out),
            Verdict::NotSaid | Verdict::Trouble => {
                if about == request::GO_ON {
                    self.work.refused();
                }
                if about.starts_with(request::APPEND) {
                    self.waits = self.waits.map(|waits| waits.min(now + FOLLOWS));
                }
                self.troubles.tell(format!("OpenAI refused something: {words}."), out);
            }
        }
    }

    /// An answer was more than the service takes. Unanswered, its call would keep the model behind the voice from ever going on.
    fn on_too_much(&mut self, about: &str, words: &str, out: &mut Outbox) {
        let number = about.strip_prefix(request::ANSWER).and_then(|number| number.parse().ok());
        let call = number.and_then(|number| self.work.answered(number)).map(str::to_owned);
        self.troubles.tell(format!("OpenAI did not take what a tool answered: {words}."), out);
        if let Some(call) = call
            && !self.excuse(&call, out)
        {
            self.fail(format!("OpenAI takes no more of what tools answer: {words}."), false, out);
        }
    }

    fn on_lacking(&mut self, words: &str, out: &mut Outbox) {
        match self.work.lacks() {
            Lacking::Again => {}
            Lacking::Excuse(calls) => {
                self.troubles.tell(format!("OpenAI misses what a tool answered: {words}."), out);
                for call in calls {
                    self.excuse(&call, out);
                }
            }
            Lacking::Hopeless => {
                self.fail(format!("OpenAI misses what a tool answered: {words}."), false, out);
            }
        }
    }

    /// Tells that a call has no answer. Says whether that was news.
    fn excuse(&mut self, call: &str, out: &mut Outbox) -> bool {
        self.number += 1;
        let new = self.work.excuse(call, self.number);
        if new {
            let answer = Answer::failed("The answer was lost. Tell the caller, and ask again if need be.");
            send(&mut out.wire, &request::tool_output(call, self.number, &answer));
        }
        new
    }
}

/// Work that is handed over.
impl Live {
    fn on_delegation(&mut self, now: Instant, delegation: &Delegation, out: &mut Outbox) {
        const NOBODY: &str = "That cannot be done in this call. Say so, and offer to take a message.";
        let (id, response) = (text(delegation.id.as_ref()), text(delegation.response_id.as_ref()));
        if id.len() > NAME || response.len() > NAME {
            return self.troubles.malformed("a name that is longer than any", out);
        }
        match text(delegation.target.as_ref()) {
            // Somebody has to answer, or the voice waits for ever.
            "client" => {
                self.troubles.tell("OpenAI handed work over in a way that was not agreed.", out);
                request::append(&mut out.wire, Append::Commentary, Some(id), NOBODY, &mut self.number);
            }
            _ if response.is_empty() => {}
            _ => self.work.began(now, response, Some(id)),
        }
    }

    fn on_work(&mut self, now: Instant, inner: &Inner, event: &Event, out: &mut Outbox) {
        let delegation = event.delegation_id.as_deref();
        match &*inner.kind {
            "response.created" => {
                let Some((id, _)) = self.snapshot(inner, out) else { return };
                self.work.began(now, &id, delegation);
                self.work.goes_on();
            }
            "response.output_item.done" => match part::<Item>(inner.item) {
                Some(item) if item.is_whole_call() => {
                    self.on_function_call(now, &item, delegation, out);
                }
                Some(_) => {}
                None => self.troubles.malformed("an item that cannot be read", out),
            },
            "response.completed" => {
                let Some((id, _)) = self.snapshot(inner, out) else { return };
                self.faults = 0;
                self.work.ended(&id);
                // What it has found out is to be said, unless it wants to know more first.
                if self.replying && !self.work.is_waiting() && !self.voice.open {
                    self.waits = self.waits.max(Some(now + FOLLOWS));
                } else if self.work.is_waiting() && !self.ordered {
                    self.waits = None;
                }
            }
            "response.failed" | "response.incomplete" | "response.cancelled" => {
                let Some((id, why)) = self.snapshot(inner, out) else { return };
                let calls = self.work.failed(&id);
                self.on_lost_work(now, calls, &why, out);
            }
            _ => {}
        }
    }

    /// The name of a response, and why it ended where that is told. What it cost is noted.
    fn snapshot(&mut self, inner: &Inner, out: &mut Outbox) -> Option<(String, String)> {
        let Some(snapshot) = part::<Snapshot>(inner.response) else {
            self.troubles.malformed("a response that cannot be read", out);
            return None;
        };
        let id = text(snapshot.id.as_ref());
        if id.is_empty() || id.len() > NAME {
            self.troubles.malformed("a response without a name", out);
            return None;
        }
        if let Some(tokens) = &snapshot.usage {
            tokens.add_to(&mut self.usage);
        }
        let details = part::<StatusDetails>(snapshot.incomplete_details).unwrap_or_default();
        let why = match part::<Fault>(snapshot.error) {
            Some(fault) => words(&fault),
            None if text(details.reason.as_ref()).is_empty() => "no reason given".to_owned(),
            None => plain(text(details.reason.as_ref())),
        };
        Some((id.to_owned(), why))
    }

    /// The same call is told three times; this is the time that has all of it.
    fn on_function_call(&mut self, now: Instant, item: &Item, delegation: Option<&str>, out: &mut Outbox) {
        let (id, name, arguments) =
            (text(item.call_id.as_ref()), text(item.name.as_ref()), text(item.arguments.as_ref()));
        if id.is_empty() || id.len() > NAME {
            return self.troubles.malformed("a use of a tool without a name", out);
        }
        let begun = self.work.wants(id, delegation);
        if begun == Begun::Again {
            return;
        }
        let Some(refusal) = begun.refusal(name, arguments) else {
            return self.want(now, id, name, arguments, out);
        };
        self.number += 1;
        self.work.answer(id, self.number);
        send(&mut out.wire, &request::tool_output(id, self.number, &Answer::failed(refusal)));
        self.troubles.tell(format!("The model asked too much of {}.", plain(name)), out);
    }

    fn want(&mut self, now: Instant, id: &str, name: &str, arguments: &str, out: &mut Outbox) {
        const GOODBYE: &str =
            "The call is about to end. Say goodbye to the caller in one short sentence, now.";
        self.replying = true;
        let call = ToolCall {
            id: ToolCallId(id.to_owned()),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        };
        out.events.push_back(EngineEvent::Wants(call));
        if name != "hang_up" && name != "transfer" {
            return;
        }
        self.floor.leaving.push(id.to_owned());
        if name == "hang_up" && !self.floor.answered {
            self.ordered = true;
            self.append(Append::Commentary, GOODBYE, out);
            self.waits = self.waits.max(Some(now + SAYS));
        }
    }

    /// What the model behind the voice was at comes to nothing.
    fn on_lost_work(&mut self, now: Instant, calls: Vec<String>, why: &str, out: &mut Outbox) {
        const LOST: &str =
            "What you handed over came to nothing just now. Say so in one sentence, and offer to try again.";
        self.floor.leaving.retain(|id| !calls.contains(id));
        out.events.extend(calls.into_iter().map(|id| EngineEvent::Withdraws(ToolCallId(id))));
        self.faults += 1;
        if self.faults == FAULTS {
            return self.fail(format!("The model behind the voice keeps failing: {why}."), false, out);
        }
        self.troubles.tell(format!("The model behind the voice failed: {why}."), out);
        self.append(Append::Commentary, LOST, out);
        self.replying = true;
        self.waits = self.waits.max(Some(now + SAYS));
    }

    pub(super) fn give_up_work(&mut self, now: Instant, out: &mut Outbox) {
        if self.work.due().is_some_and(|due| due <= now) {
            let calls = self.work.give_up(now);
            self.on_lost_work(now, calls, "it took too long", out);
        }
    }
}
