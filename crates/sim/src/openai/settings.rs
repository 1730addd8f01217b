//! The settings of a session: what they are at first, and what `session.update` makes of them.

use super::schema::Refusal;
use serde_json::{Value, json};

/// As `session.created` shows them.
pub(super) fn initial(number: u32, model: &str) -> Value {
    json!({
        "id": format!("sess_{number:06}"), "object": "realtime.session", "type": "realtime", "model": model,
        "output_modalities": ["audio"], "instructions": "You are a helpful assistant.", "tools": [],
        "tool_choice": "auto", "max_output_tokens": "inf", "tracing": null, "truncation": "auto",
        "prompt": null, "expires_at": 1_795_200_000, "include": null,
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000}, "transcription": null,
                "noise_reduction": null, "turn_detection": server_vad(),
            },
            "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "alloy", "speed": 1.0},
        },
    })
}

/// Applies a `session.update` that fits the schema, whole or not at all. The voice cannot change once it was heard.
pub(super) fn update(settings: &mut Value, wanted: &Value, spoke_audio: bool) -> Result<(), Refusal> {
    let refuse = |code, message: &str, param: &str| {
        Err(Refusal { param: Some(param.into()), ..Refusal::new(code, message) })
    };
    if wanted["type"] != "realtime" {
        return refuse("invalid_value", "This is a realtime session.", "session.type");
    }
    if !wanted["model"].is_null() && wanted["model"] != settings["model"] {
        return refuse("invalid_value", "The model of a session cannot be changed.", "session.model");
    }
    let model = settings["model"].as_str().unwrap_or_default();
    if !wanted["reasoning"].is_null() && !model.starts_with("gpt-realtime-2") {
        return refuse("invalid_value", "This model does not reason.", "session.reasoning");
    }
    if wanted["tools"].as_array().is_some_and(|tools| tools.len() > 128) {
        return refuse("invalid_value", "At most 128 tools are allowed.", "session.tools");
    }
    let voice = &wanted["audio"]["output"]["voice"];
    if spoke_audio && !voice.is_null() && *voice != settings["audio"]["output"]["voice"] {
        let message = "Cannot update a conversation's voice if assistant audio is present.";
        return refuse("cannot_update_voice", message, "session.audio.output.voice");
    }
    merge(settings, wanted);
    for tool in settings["tools"].as_array_mut().into_iter().flatten() {
        // What it was entrusted with is not shown.
        if let Some(fields) = tool.as_object_mut() {
            fields.remove("authorization");
        }
    }
    let detection = &mut settings["audio"]["input"]["turn_detection"];
    let defaults = match detection["type"].as_str() {
        Some("server_vad") => server_vad(),
        Some("semantic_vad") => json!({
            "type": "semantic_vad", "eagerness": "auto", "create_response": true, "interrupt_response": true,
        }),
        _ => Value::Null,
    };
    if let (Some(fields), Some(defaults)) = (detection.as_object_mut(), defaults.as_object()) {
        for (name, value) in defaults {
            fields.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    Ok(())
}

/// `session.update` is sparse: what is absent stays. Settings that are one thing are replaced whole.
fn merge(settings: &mut Value, wanted: &Value) {
    let Some(wanted) = wanted.as_object() else { return };
    for (name, value) in wanted {
        match name.as_str() {
            "audio" | "input" | "output" => merge(&mut settings[name], value),
            _ => {
                if let Some(fields) = settings.as_object_mut() {
                    fields.insert(name.clone(), value.clone());
                }
            }
        }
    }
}

fn server_vad() -> Value {
    json!({
        "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 200,
        "idle_timeout_ms": null, "create_response": true, "interrupt_response": true,
    })
}
