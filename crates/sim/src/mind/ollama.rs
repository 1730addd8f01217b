//! Ollama's own API.

use super::{After, Answer, Fault, Script, State, Thought, schema};
use crate::{
    clock,
    http::{Request, Response},
};
use serde_json::{Value, json};
use std::time::Duration;

/// `POST /api/chat`.
pub(super) fn chat(state: &mut State, request: &Request) -> Answer {
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        state.mistake("the body is no JSON");
        return refuse(400, "invalid character looking for beginning of value");
    };
    if let Err(why) = schema::judge(&schema::OLLAMA, &body) {
        state.mistake(why.clone());
        return refuse(400, &why);
    }
    let model = state.script.model.clone();
    if body["model"] != model.as_str() {
        return refuse(404, &format!("model '{}' not found", body["model"].as_str().unwrap_or_default()));
    }
    if let Some(refusal) = thinks(state, &body).or_else(|| uses_tools(state, &body)) {
        return refusal;
    }
    let messages = body["messages"].as_array().cloned().unwrap_or_default();
    if body["options"]["num_ctx"].is_null() {
        state.mistake("no num_ctx: what does not fit is cut off without a word");
    }
    let Some(latest) = messages.last() else {
        let loaded = json!({"model": model, "created_at": clock::timestamp(),
            "message": {"role": "assistant", "content": ""}, "done": true, "done_reason": "load"});
        return Answer::Whole(Response::json(200, &loaded));
    };
    for wrong in schema::order(&messages) {
        state.mistake(wrong);
    }
    state.asked.push(body.clone());
    let mut thought = state.script.thought(latest);
    if !body["format"].is_null() {
        thought = match structured(thought, &body) {
            Ok(thought) => thought,
            Err(why) => {
                state.mistake(why.clone());
                return refuse(400, &why);
            }
        };
    }
    let fault = state.script.faults.pop_front();
    let line = |message: Value| {
        let line =
            json!({"model": model, "created_at": clock::timestamp(), "message": message, "done": false});
        format!("{line}\n")
    };
    let mut lines = Vec::new();
    for word in thought.thinking.split_inclusive(' ') {
        lines.push(line(json!({"role": "assistant", "content": "", "thinking": word})));
    }
    lines.extend(thought.pieces.iter().map(|piece| line(json!({"role": "assistant", "content": piece}))));
    let calls: Vec<Value> = thought
        .wants
        .iter()
        .enumerate()
        .map(|(index, (name, arguments))| json!({"function": {"index": index, "name": name, "arguments": arguments}}))
        .collect();
    let mut last = json!({"model": model, "created_at": clock::timestamp(),
        "message": {"role": "assistant", "content": ""}, "done": true, "done_reason": "stop",
        "total_duration": 174_560_334_u64, "load_duration": 101_397_084, "prompt_eval_count": 26,
        "prompt_eval_duration": 13_074_791, "eval_count": lines.len(), "eval_duration": 52_479_709});
    // Some models' parsers only finish with the last line.
    match (calls.is_empty(), thought.pieces.is_empty()) {
        (true, _) => {}
        (false, true) => last["message"]["tool_calls"] = calls.into(),
        (false, false) => lines.push(line(json!({"role": "assistant", "content": "", "tool_calls": calls}))),
    }
    lines.push(format!("{last}\n"));
    spoilt(lines, fault, state.script.pause, "application/x-ndjson", |why| {
        format!("{}\n", json!({"error": why}))
    })
    .map_or_else(
        |(status, why)| refuse(status, &why),
        |answer| if body["stream"] == false { whole(answer) } else { answer },
    )
}

/// An answer, as far as the fault lets it come; or the status and message of a refusal.
pub(super) fn spoilt(
    mut lines: Vec<String>,
    fault: Option<Fault>,
    pause: Duration,
    kind: &'static str,
    error: impl Fn(&str) -> String,
) -> Result<Answer, (u16, String)> {
    let after = match fault {
        None | Some(Fault::Arguments(_)) => After::Ends,
        Some(Fault::Status(status, why)) => return Err((status, why)),
        Some(Fault::Closes) => {
            lines.clear();
            After::Breaks
        }
        Some(Fault::Breaks) => {
            lines.truncate(1);
            After::Breaks
        }
        Some(Fault::Stalls) => {
            lines.truncate(1);
            After::Stalls
        }
        Some(Fault::GivesUp(why)) => {
            lines.truncate(1);
            lines.push(error(&why));
            After::Ends
        }
        Some(Fault::Garbage(text)) => {
            lines = vec![text];
            After::Ends
        }
    };
    Ok(Answer::Lines { kind, lines, pause, after })
}

/// `GET /api/tags`.
pub(super) fn tags(script: &Script) -> Response {
    let model = json!({"name": script.model, "model": script.model, "modified_at": clock::timestamp(), "size": 1_000_000,
        "digest": "0".repeat(64), "details": {"parent_model": "", "format": "gguf", "family": "llama",
        "families": ["llama"], "parameter_size": "1B", "quantization_level": "Q4_0"}});
    Response::json(200, &json!({"models": [model]}))
}

/// What the answer is to who does not want it in pieces.
fn whole(answer: Answer) -> Answer {
    let Answer::Lines { lines, .. } = answer else { return answer };
    let (mut content, mut calls, mut last) = (String::new(), Vec::new(), Value::Null);
    for line in &lines {
        last = serde_json::from_str(line).unwrap_or_default();
        content.push_str(last["message"]["content"].as_str().unwrap_or_default());
        calls.extend(last["message"]["tool_calls"].as_array().cloned().unwrap_or_default());
    }
    last["message"]["content"] = content.into();
    if !calls.is_empty() {
        last["message"]["tool_calls"] = calls.into();
    }
    Answer::Whole(Response::json(200, &last))
}

/// The answer as the one object that `format` allows: its words in `say`, the tool that it wants in `use`.
fn structured(thought: Thought, body: &Value) -> Result<Thought, String> {
    let format = &body["format"];
    let told = body["messages"].as_array().into_iter().flatten();
    if !told.into_iter().any(|message| message["content"].as_str().is_some_and(|text| text.contains("JSON")))
    {
        return Err("a format, and no word of JSON: models write blanks without end then".into());
    }
    if body["tools"].as_array().is_some_and(|tools| !tools.is_empty()) {
        return Err("a format and tools: no tool can be wanted within a format".into());
    }
    if format == "json" {
        return Ok(Thought {
            pieces: vec![json!({"say": thought.pieces.concat()}).to_string()],
            ..Thought::default()
        });
    }
    let format =
        jsonschema::validator_for(format).map_err(|why| format!("the format is no schema: {why}"))?;
    let wants = thought.wants.first().map(|(name, arguments)| json!({"name": name, "arguments": arguments}));
    // In the order of a schema, which keeps its own.
    let object = json!({"say": thought.pieces.concat(), "use": wants});
    format
        .validate(&object)
        .map_err(|why| format!("what is to be answered does not fit the format: {why}"))?;
    let text: Vec<char> = object.to_string().chars().collect();
    let pieces = text.chunks(5).map(|piece| piece.iter().collect()).collect();
    Ok(Thought { pieces, wants: Vec::new(), ..thought })
}

fn thinks(state: &mut State, body: &Value) -> Option<Answer> {
    let asked = &body["think"];
    let wants = asked == true || asked.is_string();
    if state.script.levels {
        if asked.is_boolean() {
            state.mistake("this model knows only levels of thinking");
        }
        return None;
    }
    let model = &state.script.model;
    wants.then(|| refuse(400, &format!("\"{model}\" does not support thinking")))
}

fn uses_tools(state: &State, body: &Value) -> Option<Answer> {
    let wants = body["tools"].as_array().is_some_and(|tools| !tools.is_empty());
    let refused = wants && !state.script.tools;
    let why = format!("registry.ollama.ai/library/{} does not support tools", state.script.model);
    refused.then(|| refuse(400, &why))
}

fn refuse(status: u16, why: &str) -> Answer {
    Answer::Whole(Response::json(status, &json!({"error": why})))
}
