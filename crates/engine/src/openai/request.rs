//! What we send, field by field. Nothing that the service does not list is ever in it: one unknown field refuses all.

use super::config::{Config, Eagerness, NoiseReduction, TurnDetection, VOICE, has_voice};
use crate::{
    Brief, HostedServer, Said, ToolSpec,
    dialect::message::outcome,
    language::{Languages, service_code},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::BytesMut;
use call::{Answer, Format, Manner, Wire};
use serde_json::{Value, json};

/// The name of the message that configures the session, which an error about it comes back with.
pub(super) const CONFIGURE: &str = "session";
/// The same of the message that offers other tools.
pub(super) const OFFER: &str = "tools";
/// The same of the messages that nobody waits for: an error about one of them is about no response that was asked for.
const INSTRUCT: &str = "instructions";
const CANCEL: &str = "cancel";
const COMMIT: &str = "commit";
const ITEM: &str = "item";
const TRUNCATE: &str = "truncate";
const DELETE: &str = "delete";

/// What our names of answers to questions begin with.
const APPROVAL: &str = "mcp_approval_";

/// The service's name for a format, and its rate where it wants one; nothing for a format that it does not speak.
pub(super) fn format(format: Format) -> Option<(&'static str, Option<u32>)> {
    match format {
        Format::Ulaw => Some(("audio/pcmu", None)),
        Format::Alaw => Some(("audio/pcma", None)),
        Format::Pcm { hertz: 24_000 } => Some(("audio/pcm", Some(24_000))),
        Format::Pcm { .. } => None,
    }
}

pub(super) fn session_update(
    config: &Config,
    brief: &Brief,
    instructions: &str,
    languages: &Languages,
    tools: &[Value],
) -> Value {
    let format = match format(brief.format) {
        Some((name, Some(rate))) => json!({"type": name, "rate": rate}),
        Some((name, None)) => json!({"type": name}),
        None => Value::Null,
    };
    let mut input = json!({
        "format": format,
        "transcription": config.transcription.as_deref().map(|model| transcription(model, languages)),
        "turn_detection": match brief.manner {
            Manner::Duplex => turn_detection(config.turns),
            Manner::Turns => Value::Null,
        },
    });
    if let Some(noise) = config.noise_reduction {
        let place = match noise {
            NoiseReduction::Near => "near_field",
            NoiseReduction::Far => "far_field",
        };
        input["noise_reduction"] = json!({"type": place});
    }
    json!({
        "type": "session.update",
        "event_id": CONFIGURE,
        "session": {
            "type": "realtime",
            "output_modalities": ["audio"],
            "instructions": instructions,
            "audio": {"input": input, "output": {"format": format, "voice": voice(&brief.voice, has_voice, VOICE)}},
            "tools": tools,
            "tool_choice": "auto",
        },
    })
}

/// Replaces the tools of a session; what is not mentioned stays.
pub(super) fn tools_update(tools: &[Value]) -> Value {
    json!({"type": "session.update", "event_id": OFFER, "session": {"type": "realtime", "tools": tools}})
}

/// Replaces the instructions of a session; what is not mentioned stays.
pub(super) fn instructions_update(instructions: &str) -> Value {
    json!({
        "type": "session.update",
        "event_id": INSTRUCT,
        "session": {"type": "realtime", "instructions": instructions},
    })
}

pub(crate) fn tools(offered: &[ToolSpec]) -> Vec<Value> {
    offered.iter().map(function).collect()
}

pub(super) fn function(tool: &ToolSpec) -> Value {
    json!({"type": "function", "name": tool.name, "description": *tool.description, "parameters": *tool.parameters})
}

/// A server whose tools the service uses by itself: those of these names, of which it asks about the latter first.
pub(super) fn server(server: &HostedServer, free: &[&str], asked: &[&str]) -> Value {
    let allowed: Vec<&str> = free.iter().chain(asked).copied().collect();
    let approval = match (free, asked) {
        (_, []) => json!("never"),
        ([], _) => json!("always"),
        (free, asked) => json!({"never": {"tool_names": free}, "always": {"tool_names": asked}}),
    };
    let mut entry = json!({
        "type": "mcp",
        "server_label": server.label,
        "server_url": server.url.expose(),
        "allowed_tools": allowed,
        "require_approval": approval,
    });
    if let Some(token) = &server.token {
        entry["authorization"] = token.expose().into();
    }
    if !server.headers.is_empty() {
        let headers = server.headers.iter().map(|(name, value)| (name.clone(), value.expose().into()));
        entry["headers"] = Value::Object(headers.collect());
    }
    entry
}

/// Whether the service may use the tool that it has asked about.
pub(super) fn approval(question: &str, approve: bool, reason: Option<&str>) -> Value {
    json!({
        "type": "conversation.item.create",
        "event_id": ITEM,
        "item": {
            "type": "mcp_approval_response",
            "id": format!("{APPROVAL}{question}"),
            "approval_request_id": question,
            "approve": approve,
            "reason": reason,
        },
    })
}

/// The voice that will speak: `wish`, where there `is` such a voice, else `usual`. Own ones go by their ids.
pub(crate) fn voice(wish: &str, is: impl Fn(&str) -> bool, usual: &str) -> Value {
    match wish {
        custom if is(custom) && custom.starts_with("voice_") => json!({"id": custom}),
        known if is(known) => json!(known),
        _ => json!(usual),
    }
}

/// We decide ourselves when to answer and when an interruption is meant, so the service does neither.
fn turn_detection(turns: TurnDetection) -> Value {
    match turns {
        TurnDetection::Semantic(eagerness) => json!({
            "type": "semantic_vad",
            "eagerness": match eagerness {
                Eagerness::Low => "low",
                Eagerness::Medium => "medium",
                Eagerness::High => "high",
                Eagerness::Auto => "auto",
            },
            "create_response": false,
            "interrupt_response": false,
        }),
        TurnDetection::Server { threshold, prefix, silence } => json!({
            "type": "server_vad",
            "threshold": threshold.clamp(0.0, 1.0),
            "prefix_padding_ms": prefix.as_millis() as u64,
            "silence_duration_ms": silence.as_millis() as u64,
            "create_response": false,
            "interrupt_response": false,
        }),
    }
}

/// The newer models take a list of languages, the older ones a single one: where there are several, they find out.
fn transcription(model: &str, languages: &Languages) -> Value {
    let codes = languages.codes();
    let codes: Vec<&str> = codes.iter().map(service_code).filter(|code| code.len() == 2).collect();
    match (model, &codes[..]) {
        (_, []) => json!({"model": model}),
        ("gpt-transcribe" | "gpt-live-transcribe", codes) => json!({"model": model, "languages": codes}),
        (_, [language]) => json!({"model": model, "language": language}),
        (_, [..]) => json!({"model": model}),
    }
}

/// Asks for a response. The instructions take the place of the session's; only words that are to be said as they
/// stand come with any, and those keep the model from doing anything else.
pub(super) fn respond(event_id: &str, instructions: Option<&str>) -> Value {
    match instructions {
        Some(instructions) => json!({
            "type": "response.create",
            "event_id": event_id,
            "response": {"instructions": instructions, "tool_choice": "none"},
        }),
        None => json!({"type": "response.create", "event_id": event_id}),
    }
}

/// Cancels this response, or whichever runs.
pub(super) fn cancel(response: &str) -> Value {
    match response {
        "" => json!({"type": "response.cancel", "event_id": CANCEL}),
        id => json!({"type": "response.cancel", "event_id": CANCEL, "response_id": id}),
    }
}

pub(super) fn commit() -> Value {
    json!({"type": "input_audio_buffer.commit", "event_id": COMMIT})
}

pub(super) fn system_says(text: &str) -> Value {
    said("system", text)
}

pub(super) fn caller_types(text: &str) -> Value {
    said("user", text)
}

/// One thing that was said before this session.
pub(super) fn said_before(before: &Said) -> Value {
    match before {
        Said::Caller(text) => said("user", text),
        Said::Assistant(text) => said("assistant", text),
    }
}

fn said(role: &str, text: &str) -> Value {
    let kind = if role == "assistant" { "output_text" } else { "input_text" };
    json!({
        "type": "conversation.item.create",
        "event_id": ITEM,
        "item": {"type": "message", "role": role, "content": [{"type": kind, "text": text}]},
    })
}

pub(super) fn truncate(item: &str, audio_end_ms: u64) -> Value {
    json!({
        "type": "conversation.item.truncate",
        "event_id": TRUNCATE,
        "item_id": item,
        "content_index": 0,
        "audio_end_ms": audio_end_ms,
    })
}

pub(super) fn delete(item: &str) -> Value {
    json!({"type": "conversation.item.delete", "event_id": DELETE, "item_id": item})
}

/// What came of a tool: one JSON object in a string.
pub(super) fn tool_output(call: &str, answer: &Answer) -> Value {
    json!({
        "type": "conversation.item.create",
        "event_id": ITEM,
        "item": {"type": "function_call_output", "call_id": call, "output": outcome(answer)},
    })
}

/// Adds the caller's sound. Allocates nothing once the wire has grown.
pub(super) fn append(wire: &mut Wire, sound: &[u8]) {
    append_as(wire, br#"{"type":"input_audio_buffer.append","audio":""#, sound);
}

/// Adds the caller's sound behind these first bytes of its message.
pub(crate) fn append_as(wire: &mut Wire, before: &[u8], sound: &[u8]) {
    const AFTER: &[u8] = br#""}"#;
    let encoded = sound.len().div_ceil(3) * 4;
    wire.text(before.len() + encoded + AFTER.len(), |buffer: &mut BytesMut| {
        buffer.extend_from_slice(before);
        let at = buffer.len();
        buffer.resize(at + encoded, 0);
        STANDARD.encode_slice(sound, &mut buffer[at..]).expect("four characters for three bytes, rounded up");
        buffer.extend_from_slice(AFTER);
    });
}
