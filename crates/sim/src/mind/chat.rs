//! OpenAI's chat completions.

use super::{Answer, Fault, State, ollama::spoilt, schema};
use crate::{
    clock,
    http::{Request, Response},
};
use serde_json::{Value, json};

/// `POST /v1/chat/completions`.
pub(super) fn completions(state: &mut State, request: &Request) -> Answer {
    if let Some(refusal) = locked_out(state, request) {
        return refusal;
    }
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        state.mistake("the body is no JSON");
        return refuse(400, "We could not parse the JSON body of your request.", "invalid_json");
    };
    if let Err(why) = schema::judge(&schema::CHAT, &body) {
        state.mistake(why.clone());
        return refuse(400, &why, "invalid_request_error");
    }
    if body["model"] != state.script.model.as_str() {
        let why = format!("The model `{}` does not exist", body["model"].as_str().unwrap_or_default());
        return refuse(404, &why, "model_not_found");
    }
    let messages = body["messages"].as_array().cloned().unwrap_or_default();
    for wrong in schema::order(&messages) {
        state.mistake(wrong);
    }
    state.asked.push(body.clone());
    let thought = state.script.thought(messages.last().unwrap_or(&Value::Null));
    let fault = state.script.faults.pop_front();
    let id = format!("chatcmpl-{}", state.asked.len());
    let chunk = |choices: Value, usage: Value| {
        let chunk = json!({"id": id, "object": "chat.completion.chunk", "created": clock::unix_seconds(),
            "model": body["model"], "system_fingerprint": null, "choices": choices, "usage": usage});
        format!("data: {chunk}\n\n")
    };
    let delta = |delta: Value, finish: Value| {
        chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]), Value::Null)
    };
    let mut events = vec![delta(json!({"role": "assistant", "content": ""}), Value::Null)];
    // As servers of one's own tell of it.
    events.extend(
        thought
            .thinking
            .split_inclusive(' ')
            .map(|word| delta(json!({"reasoning_content": word}), Value::Null)),
    );
    events.extend(thought.pieces.iter().map(|piece| delta(json!({"content": piece}), Value::Null)));
    for (index, (name, arguments)) in thought.wants.iter().enumerate() {
        let written = match &fault {
            Some(Fault::Arguments(text)) => text.clone(),
            _ => arguments.to_string(),
        };
        let call = json!({"index": index, "id": format!("call_{}_{index}", state.asked.len()), "type": "function",
            "function": {"name": name, "arguments": ""}});
        events.push(delta(json!({"tool_calls": [call]}), Value::Null));
        let half = written.floor_char_boundary(written.len() / 2);
        for part in [&written[..half], &written[half..]] {
            let call = json!({"index": index, "function": {"arguments": part}});
            events.push(delta(json!({"tool_calls": [call]}), Value::Null));
        }
    }
    let finish = if thought.wants.is_empty() { "stop" } else { "tool_calls" };
    events.push(delta(json!({}), finish.into()));
    if body["stream_options"]["include_usage"] == true {
        let usage = json!({"prompt_tokens": 26, "completion_tokens": events.len(), "total_tokens": 26 + events.len()});
        events.push(chunk(json!([]), usage));
    }
    events.push("data: [DONE]\n\n".into());
    if body["stream"] != true {
        state.mistake("it is not streamed: the caller waits for all of it");
    }
    let error =
        |why: &str| format!("data: {}\n\n", json!({"error": {"message": why, "type": "server_error"}}));
    spoilt(events, fault, state.script.pause, "text/event-stream", error)
        .unwrap_or_else(|(status, why)| refuse(status, &why, "error"))
}

/// `GET /v1/models`.
pub(super) fn models(state: &State, request: &Request) -> Answer {
    if let Some(refusal) = locked_out(state, request) {
        return refusal;
    }
    let model = json!({"id": state.script.model, "object": "model", "created": 1, "owned_by": "test"});
    Answer::Whole(Response::json(200, &json!({"object": "list", "data": [model]})))
}

fn locked_out(state: &State, request: &Request) -> Option<Answer> {
    let key = format!("Bearer {}", state.script.key);
    let known = request.header("authorization") == Some(key.as_str());
    (!known).then(|| refuse(401, "Incorrect API key provided.", "invalid_api_key"))
}

fn refuse(status: u16, why: &str, code: &str) -> Answer {
    let error = json!({"message": why, "type": "invalid_request_error", "param": null, "code": code});
    Answer::Whole(Response::json(status, &json!({"error": error})))
}
