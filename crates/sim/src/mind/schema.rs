//! What may be asked. Unknown fields are forbidden, though the real services overlook them: who misspells one never learns
//! why it has no effect.

use jsonschema::Validator;
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::LazyLock};

pub(super) static OLLAMA: LazyLock<Validator> = LazyLock::new(|| {
    let call = json!({"type": "object", "additionalProperties": false, "required": ["function"], "properties": {
        "id": {"type": "string"}, "type": {"const": "function"},
        "function": {"type": "object", "additionalProperties": false, "required": ["name", "arguments"], "properties": {
            "index": {"type": "integer"}, "name": {"type": "string"}, "arguments": {"type": "object"}}}}});
    let message = json!({"type": "object", "additionalProperties": false, "required": ["role"], "properties": {
        "role": {"enum": ["system", "user", "assistant", "tool"]}, "content": {"type": "string"},
        "thinking": {"type": "string"}, "images": {"type": "array", "items": {"type": "string"}},
        "tool_calls": {"type": "array", "minItems": 1, "items": call},
        "tool_name": {"type": "string"}, "tool_call_id": {"type": "string"}}});
    let number = json!({"type": "number"});
    let options: Value = [
        "num_ctx",
        "num_predict",
        "temperature",
        "top_k",
        "top_p",
        "min_p",
        "typical_p",
        "repeat_penalty",
        "repeat_last_n",
        "presence_penalty",
        "frequency_penalty",
        "seed",
        "num_keep",
        "num_batch",
        "num_gpu",
        "main_gpu",
        "num_thread",
    ]
    .into_iter()
    .map(|name| (name.to_owned(), number.clone()))
    .collect::<serde_json::Map<_, _>>()
    .into();
    let schema = json!({"type": "object", "additionalProperties": false, "required": ["model"], "properties": {
        "model": {"type": "string", "minLength": 1}, "messages": {"type": "array", "items": message},
        "stream": {"type": "boolean"}, "tools": {"type": "array", "items": tool()},
        "format": {"type": ["string", "object"]},
        "options": {"type": "object", "additionalProperties": false, "properties": options},
        "keep_alive": {"type": ["string", "number"]},
        "think": {"enum": [true, false, "low", "medium", "high", "max"]}}});
    jsonschema::validator_for(&schema).expect("it is a schema")
});

pub(super) static CHAT: LazyLock<Validator> = LazyLock::new(|| {
    let call = json!({"type": "object", "additionalProperties": false, "required": ["id", "type", "function"],
        "properties": {"id": {"type": "string", "minLength": 1}, "type": {"const": "function"},
            "function": {"type": "object", "additionalProperties": false, "required": ["name", "arguments"],
                "properties": {"name": {"type": "string"}, "arguments": {"type": "string"}}}}});
    let said = |role: &str| {
        json!({"type": "object", "additionalProperties": false, "required": ["role", "content"],
            "properties": {"role": {"const": role}, "content": {"type": "string"}, "name": {"type": "string"}}})
    };
    let assistant = json!({"type": "object", "additionalProperties": false, "required": ["role"], "properties": {
        "role": {"const": "assistant"}, "content": {"type": ["string", "null"]}, "refusal": {"type": ["string", "null"]},
        "tool_calls": {"type": "array", "minItems": 1, "items": call}},
        "anyOf": [{"required": ["tool_calls"]}, {"properties": {"content": {"type": "string"}}, "required": ["content"]}]});
    let tool_message = json!({"type": "object", "additionalProperties": false,
        "required": ["role", "content", "tool_call_id"], "properties": {"role": {"const": "tool"},
            "content": {"type": "string"}, "tool_call_id": {"type": "string"}}});
    let schema = json!({"type": "object", "additionalProperties": false, "required": ["model", "messages"], "properties": {
        "model": {"type": "string", "minLength": 1},
        "messages": {"type": "array", "minItems": 1, "items":
            {"anyOf": [said("system"), said("developer"), said("user"), assistant, tool_message]}},
        "stream": {"type": "boolean"},
        "stream_options": {"type": "object", "additionalProperties": false, "properties": {
            "include_usage": {"type": "boolean"}, "include_obfuscation": {"type": "boolean"}}},
        "tools": {"type": "array", "minItems": 1, "maxItems": 128, "items": tool()},
        "tool_choice": {"enum": ["none", "auto", "required"]}, "parallel_tool_calls": {"type": "boolean"},
        "temperature": {"type": "number", "minimum": 0, "maximum": 2}, "top_p": {"type": "number"},
        "max_completion_tokens": {"type": "integer"}, "seed": {"type": "integer"}, "n": {"const": 1},
        "reasoning_effort": {"type": "string"}, "response_format": {"type": "object"}, "user": {"type": "string"}}});
    jsonschema::validator_for(&schema).expect("it is a schema")
});

fn tool() -> Value {
    json!({"type": "object", "additionalProperties": false, "required": ["type", "function"], "properties": {
        "type": {"const": "function"},
        "function": {"type": "object", "additionalProperties": false, "required": ["name"], "properties": {
            "name": {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,64}$"}, "description": {"type": "string"},
            "strict": {"type": "boolean"},
            "parameters": {"type": "object", "properties": {"type": {"const": "object"}}, "required": ["type"]}}}}})
}

/// What is wrong with the first thing that does not fit.
pub(super) fn judge(validator: &Validator, body: &Value) -> Result<(), String> {
    validator.validate(body).map_err(|error| format!("{error} at {}", error.instance_path()))
}

/// What is wrong with the order of a conversation, by what templates of models refuse: whose turn it is, and answers of
/// tools that nobody wanted, or wanted and never got.
pub(super) fn order(messages: &[Value]) -> Vec<String> {
    let mut wrong = Vec::new();
    let (mut open, mut named): (usize, BTreeSet<String>) = (0, BTreeSet::new());
    let mut before = "";
    for message in messages {
        let role = message["role"].as_str().unwrap_or_default();
        if role == "tool" {
            match message["tool_call_id"].as_str() {
                Some(id) if !named.remove(id) => wrong.push(format!("nobody wants the answer {id}")),
                _ if open == 0 => wrong.push("an answer that nobody wants".to_owned()),
                _ => {}
            }
            open = open.saturating_sub(1);
        } else if open > 0 {
            wrong.push(format!("{open} tools are never answered"));
            open = 0;
        }
        match (before, role) {
            ("user", "user") => wrong.push("the user speaks twice".into()),
            ("assistant", "assistant") => wrong.push("the assistant speaks twice".into()),
            ("system" | "", "assistant") => wrong.push("the assistant speaks first".into()),
            ("", _) | (_, "user" | "assistant" | "tool") => {}
            (_, "system") => wrong.push("instructions come first".into()),
            _ => {}
        }
        if let Some(calls) = message["tool_calls"].as_array() {
            open = calls.len();
            named = calls.iter().filter_map(|call| call["id"].as_str()).map(str::to_owned).collect();
        }
        before = role;
    }
    if before == "assistant" {
        wrong.push("the assistant is asked to go on with its own words".into());
    }
    if open > 0 {
        wrong.push(format!("{open} tools are never answered"));
    }
    wrong
}
