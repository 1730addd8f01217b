//! What the voice hands over: one delegation at a time, the tools that it wants, and what the client must answer first.

use super::{
    schema::Refusal,
    script::{Speech, Tool},
};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// More is not taken in one session.
const ITEMS: usize = 128;
const BYTES: usize = 32_768;

#[derive(Debug, Default)]
pub(super) struct Work {
    current: Option<Delegation>,
    /// Items of the client, and their bytes, in the whole session.
    items: usize,
    bytes: usize,
    numbers: u32,
}

#[derive(Debug)]
struct Delegation {
    id: String,
    rounds: VecDeque<Vec<Tool>>,
    /// The calls without an answer, and those that have one.
    open: Vec<String>,
    answered: Vec<String>,
    then: Speech,
}

impl Work {
    /// Begins to work, and says what the client is to be told. Nothing where it is at work already.
    pub(super) fn begin(&mut self, rounds: Vec<Vec<Tool>>, then: Speech, at: u64) -> Vec<Value> {
        if self.current.is_some() {
            return Vec::new();
        }
        self.numbers += 1;
        let id = format!("item_d{}", self.numbers);
        let created = json!({"type": "session.delegation.created", "offset_ms": at, "delegation":
            {"id": id, "type": "delegation", "target": "responses", "response_id": format!("resp_{}", self.numbers + 1)}});
        let (open, answered) = (Vec::new(), Vec::new());
        self.current = Some(Delegation { id, rounds: rounds.into(), open, answered, then });
        let mut events = vec![created];
        events.extend(self.round());
        events
    }

    /// A response that fails before it wants anything.
    pub(super) fn fail(&mut self, at: u64) -> Vec<Value> {
        let nothing = Speech { words: String::new(), samples: [].into() };
        let mut events = self.begin(Vec::new(), nothing, at);
        events.truncate(2);
        self.current = None;
        if let Some(created) = events.last().cloned() {
            let mut failed = created;
            failed["event"]["type"] = json!("response.failed");
            failed["event"]["response"]["status"] = json!("failed");
            failed["event"]["response"]["error"] =
                json!({"code": "server_error", "message": "The backend failed."});
            events.push(failed);
        }
        events
    }

    /// One response: its tools, each told three times as the service does, and its end.
    fn round(&mut self) -> Vec<Value> {
        let Some(work) = &mut self.current else { return Vec::new() };
        self.numbers += 1;
        let response = format!("resp_{}", self.numbers);
        let snapshot = |status: &str| {
            json!({"id": response, "object": "response", "created_at": 1_792_990_000, "status": status,
                "model": "gpt-5.6-terra", "output": [], "tools": [], "instructions": null, "parallel_tool_calls": false,
                "tool_choice": "auto"})
        };
        let delegation = work.id.clone();
        let mut number = 0;
        let mut event = |mut event: Value| {
            event["sequence_number"] = json!(number);
            number += 1;
            json!({"type": "response.event", "delegation_id": delegation, "event": event})
        };
        let mut events =
            vec![event(json!({"type": "response.created", "response": snapshot("in_progress")}))];
        let reasoning = json!({"type": "reasoning", "id": format!("rs_{}", self.numbers), "summary": []});
        events
            .push(event(json!({"type": "response.output_item.done", "output_index": 0, "item": reasoning})));
        let tools = work.rounds.pop_front().unwrap_or_default();
        for (index, Tool { name, arguments }) in (1..).zip(&tools) {
            self.numbers += 1;
            let (item, call) = (format!("fc_{}", self.numbers), format!("call_{}", self.numbers));
            let shown = |arguments: &str, status: &str| {
                json!({"type": "function_call", "id": item, "call_id": call, "name": name, "arguments": arguments,
                    "status": status})
            };
            events.push(event(json!({"type": "response.output_item.added", "output_index": index,
                "item": shown("", "in_progress")})));
            events.push(event(json!({"type": "response.function_call_arguments.done", "item_id": item,
                "output_index": index, "arguments": arguments})));
            events.push(event(json!({"type": "response.output_item.done", "output_index": index,
                "item": shown(arguments, "completed")})));
            work.open.push(call);
        }
        if tools.is_empty() {
            events.push(event(
                json!({"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 1,
                "content_index": 0, "delta": work.then.words, "logprobs": []}),
            ));
        }
        let mut completed = snapshot("completed");
        completed["usage"] = json!({"input_tokens": 640, "input_tokens_details": {"cached_tokens": 512,
            "cache_write_tokens": 96}, "output_tokens": 44, "output_tokens_details": {"reasoning_tokens": 16},
            "total_tokens": 684});
        events.push(event(json!({"type": "response.completed", "response": completed})));
        events
    }

    /// What is said when it is done, if it is.
    pub(super) fn done(&mut self) -> Option<Speech> {
        let done = |work: &mut Delegation| {
            work.rounds.is_empty() && work.open.is_empty() && work.answered.is_empty()
        };
        self.current.take_if(done).map(|work| work.then).filter(|speech| !speech.samples.is_empty())
    }

    /// `response.item.create`
    pub(super) fn take(&mut self, item: &Value) -> Result<(), Refusal> {
        let output = item["output"].as_str().unwrap_or_default();
        if self.items + 1 > ITEMS || self.bytes + output.len() > BYTES {
            let message = "Appended input is limited to 128 items and 32768 UTF-8 bytes per session.";
            return Err(Refusal::new("response_input_buffer_full", message));
        }
        if item["type"] == "function_call_output" {
            let call = item["call_id"].as_str().unwrap_or_default();
            let work = self.current.as_mut();
            let open = work.and_then(|work| {
                let at = work.open.iter().position(|open| open == call)?;
                Some((&mut work.open, &mut work.answered, at))
            });
            let Some((open, answered, at)) = open else {
                let message = format!("No tool call found for function call output with call_id {call}.");
                return Err(Refusal::new("invalid_value", message));
            };
            answered.push(open.remove(at));
        }
        self.items += 1;
        self.bytes += output.len();
        Ok(())
    }

    /// `response.create`
    pub(super) fn go_on(&mut self) -> Result<Vec<Value>, Refusal> {
        match &mut self.current {
            Some(work) if !work.open.is_empty() => {
                let message = "Function call outputs are required before continuing.";
                Err(Refusal::new("function_call_outputs_required", message))
            }
            Some(work) => {
                work.answered.clear();
                Ok(self.round())
            }
            None => Err(Refusal::new("invalid_value", "There is nothing to respond to.")),
        }
    }
}
