//! Tools that the service uses by itself, put to the call: whether it may, that it does, what came of it.
//!
//! ```text
//!   mcp_approval_request ─► MayUse ─► Answer ─► mcp_approval_response ─┐
//!                                                                      ▼
//!   mcp_call ─► response.mcp_call.in_progress ─► Uses ─► … .completed, .failed ─► its output or error ─► Used
//! ```
//!
//! What was done stands in the conversation, but nobody speaks of it by itself unless the response goes on: so a response
//! is asked for, as behind the answer of any other tool.

use super::{
    OpenAi, Phase,
    event::{Fault, Item, part, text},
    hosted::{Configured, State, Told},
    request,
    timers::Timer,
};
use crate::{
    Outbox,
    dialect::{
        errands::{Begun, NAME},
        fault::plain,
        message::send,
    },
};
use call::{Answer, EngineEvent, ToolCall, ToolCallId, visible};
use serde::Deserialize;
use std::time::{Duration, Instant};

/// How long a tool may take that the service uses within a response. The call gives up before that.
const TAKES: Duration = Duration::from_secs(90);
/// How long the service may take to say what came of a tool, once that is over.
const OUTCOME: Duration = Duration::from_secs(2);
/// What is kept of what a tool says, in bytes.
const SAYS: usize = 8 * 1024;

/// Why a tool did not do what it was to: `protocol_error`, `tool_execution_error` or `http_error`.
#[derive(Debug, Default, Deserialize)]
struct Wrong {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    code: Option<i64>,
    #[serde(default)]
    message: String,
}

impl OpenAi {
    /// Tells the service of the tools that there are.
    pub(super) fn tell_tools(&mut self, out: &mut Outbox) {
        match self.phase {
            Phase::Configuring => self.early_tools = true,
            Phase::Talking => send(&mut out.wire, &request::tools_update(&self.hosted.tools())),
            Phase::Over => {}
        }
    }

    /// A refusal that is about the tools is survived where the service was to use some by itself: it is not, any more.
    pub(super) fn host_nothing(&mut self, fault: &Fault, words: &str, out: &mut Outbox) -> bool {
        if !text(fault.param.as_ref()).starts_with("session.tools") || !self.hosted.give_all_up() {
            return false;
        }
        self.troubles
            .tell(format!("OpenAI will not use tools by itself, and they are used from here: {words}."), out);
        match self.asked.take() {
            Some(Configured(mut update)) => {
                update["session"]["tools"] = self.hosted.tools().into();
                send(&mut out.wire, &update);
            }
            None => self.tell_tools(out),
        }
        true
    }

    /// An item that is the list of a server.
    pub(super) fn on_list(&mut self, item: &Item) {
        let id = text(item.id.as_ref());
        if &*item.kind == "mcp_list_tools" && !id.is_empty() && id.len() <= NAME {
            self.hosted.lists(id, text(item.server_label.as_ref()));
        }
    }

    /// The service could not read what a server offers.
    pub(super) fn on_list_failed(&mut self, item: &str, out: &mut Outbox) {
        let gone = self.hosted.give_up(item);
        if gone.is_empty() {
            return;
        }
        let names = gone.join(", ");
        let why = format!("OpenAI could not read what {names} offers; its tools are used from here.");
        self.troubles.tell(why, out);
        self.tell_tools(out);
    }

    /// What is told of an item that may be one of such a tool, in this response where that is said.
    pub(super) fn on_hosted_item(
        &mut self,
        now: Instant,
        item: &Item,
        response: Option<&str>,
        out: &mut Outbox,
    ) {
        match &*item.kind {
            "mcp_list_tools" => self.on_list(item),
            "mcp_approval_request" => self.on_question(item, response, out),
            "mcp_call" => self.on_hosted_use(now, item, response, out),
            _ => {}
        }
    }

    /// Whether the service may use a tool.
    fn on_question(&mut self, item: &Item, response: Option<&str>, out: &mut Outbox) {
        let id = text(item.id.as_ref());
        let arguments = text(item.arguments.as_ref());
        if id.is_empty() || id.len() > NAME {
            return self.troubles.malformed("a question about a tool without a name", out);
        }
        // It may be told of before it is complete.
        if arguments.is_empty() {
            return;
        }
        let response = response.unwrap_or(self.replies.current());
        let begun = self.errands.host(id, response, !self.replies.runs(response));
        if begun == Begun::Again {
            return;
        }
        let (label, tool) = (text(item.server_label.as_ref()), text(item.name.as_ref()));
        let name = self.hosted.name(label, tool);
        if let Some(refusal) = begun.refusal(&name, arguments) {
            self.errands.answer(id);
            send(&mut out.wire, &request::approval(id, false, Some(refusal)));
            return self.troubles.tell(format!("The model asked too much of {}.", plain(&name)), out);
        }
        self.hosted.asks(id, Told { item: "", question: "", label, tool, arguments });
        let call = ToolCall { id: ToolCallId(id.to_owned()), name, arguments: arguments.to_owned() };
        out.events.push_back(EngineEvent::MayUse(call));
    }

    /// The call's answer, where it is one to the service's question. Says whether it is.
    pub(super) fn answer_hosted(&mut self, id: &ToolCallId, answer: &Answer, out: &mut Outbox) -> bool {
        let Some(one) = self.hosted.named(&id.0) else { return false };
        if one.state != State::Asked {
            // The call does not wait any longer for what the service is at.
            send(&mut out.wire, &request::system_says(&answer.say));
            self.replies.owe();
            return true;
        }
        if answer.ok {
            one.state = State::May;
            send(&mut out.wire, &request::approval(&id.0, true, None));
            return true;
        }
        let (label, tool) = one.whose();
        let told = format!("The tool {tool} of {label} was not used. {}", answer.say);
        send(&mut out.wire, &request::approval(&id.0, false, Some(&answer.say)));
        // Not every model sees the reason.
        send(&mut out.wire, &request::system_says(&told));
        self.hosted.close(&id.0);
        self.errands.answer(&id.0);
        self.settle_errands();
        true
    }

    /// A use, as far as it is: begun, or over.
    fn on_hosted_use(&mut self, now: Instant, item: &Item, response: Option<&str>, out: &mut Outbox) {
        let id = text(item.id.as_ref());
        if id.is_empty() || id.len() > NAME {
            return self.troubles.malformed("a use of a tool without a name", out);
        }
        if self.hosted.is_over(id) {
            return;
        }
        let told = Told {
            item: id,
            question: text(item.approval_request_id.as_ref()),
            label: text(item.server_label.as_ref()),
            tool: text(item.name.as_ref()),
            arguments: text(item.arguments.as_ref()),
        };
        let within = response.unwrap_or(self.replies.current());
        let ended = !self.replies.runs(within);
        match (self.hosted.find(told).map(|one| one.id.clone()), response) {
            (Some(known), Some(response)) => self.errands.moves(&known, response, ended),
            (Some(_), None) => {}
            (None, _) if self.errands.host(id, within, ended) == Begun::Do => self.hosted.appear(told),
            (None, _) => return,
        }
        let well = item.error.is_none();
        if let Some(output) = item.output.as_deref().filter(|output| well && !output.is_empty()) {
            self.outcome(now, id, &Answer::said(bounded(output)), out);
        } else if !well {
            let wrong = part::<Wrong>(item.error).unwrap_or_default();
            let words = self.hosted.without_secrets(&wrong.words());
            self.outcome(now, id, &Answer::failed(words), out);
        }
    }

    /// The service is at it.
    pub(super) fn on_hosted_begun(&mut self, now: Instant, item: &str, out: &mut Outbox) {
        if self.replies.is_running() {
            self.timers.set(Timer::Finished, now + TAKES);
        }
        let Some(one) = self.hosted.of_item(item) else { return };
        if !matches!(one.state, State::Asked | State::May) {
            return;
        }
        one.state = State::Begun;
        let (id, arguments) = (ToolCallId(one.id.clone()), one.arguments.clone());
        let (label, tool) = one.whose();
        let (label, tool) = (label.to_owned(), tool.to_owned());
        let name = self.hosted.name(&label, &tool);
        out.events.push_back(EngineEvent::Uses(ToolCall { id, name, arguments }));
    }

    /// It is over; what came of it is in its item, which follows.
    pub(super) fn on_hosted_over(&mut self, now: Instant, item: &str, well: bool, out: &mut Outbox) {
        self.on_hosted_begun(now, item, out);
        if let Some(one) = self.hosted.of_item(item) {
            one.state = State::Over { well, due: now + OUTCOME };
            self.timers.put(Timer::Outcome, self.hosted.deadline());
        }
    }

    /// Some item did not follow.
    pub(super) fn on_outcome_due(&mut self, now: Instant, out: &mut Outbox) {
        for (id, well) in self.hosted.due(now) {
            let answer = if well { Answer::said("That is done.") } else { Answer::failed(UNSAID) };
            self.finish_hosted(&id, &answer, out);
        }
        self.timers.put(Timer::Outcome, self.hosted.deadline());
    }

    fn outcome(&mut self, now: Instant, item: &str, answer: &Answer, out: &mut Outbox) {
        self.on_hosted_begun(now, item, out);
        if let Some(id) = self.hosted.of_item(item).map(|one| one.id.clone()) {
            self.finish_hosted(&id, answer, out);
        }
        self.timers.put(Timer::Outcome, self.hosted.deadline());
    }

    fn finish_hosted(&mut self, id: &str, answer: &Answer, out: &mut Outbox) {
        self.hosted.close(id);
        out.events.push_back(EngineEvent::Used(ToolCallId(id.to_owned()), answer.clone()));
        self.errands.answer(id);
        self.settle_errands();
    }

    fn settle_errands(&mut self) {
        if self.errands.settle() {
            self.replies.owe();
        }
    }
}

/// What is said of a tool that did not do what it was to, where nobody says why.
const UNSAID: &str = "It says that this did not work, and not why.";

impl Wrong {
    fn words(&self) -> String {
        let message = plain(self.message.trim());
        let of = match (self.kind.as_str(), self.code) {
            ("tool_execution_error" | "", _) => String::new(),
            (kind, Some(code)) => format!(" ({} {code})", plain(kind)),
            (kind, None) => format!(" ({})", plain(kind)),
        };
        if message.is_empty() { format!("{UNSAID}{of}") } else { format!("{message}{of}") }
    }
}

/// As much of it as is kept, without what could do something to whoever reads it.
fn bounded(output: &str) -> String {
    let mut kept = visible(output);
    kept.truncate(kept.floor_char_boundary(SAYS));
    kept
}
