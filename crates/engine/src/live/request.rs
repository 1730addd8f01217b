//! What we send, field by field. Nothing that the service does not list is ever in it, and no `null` where a key may be
//! left out: one wrong field refuses all.

use super::config::{Config, VOICE, has_voice};
use crate::{
    Brief, Said, ToolSpec,
    dialect::message::{data, send},
    openai::request::{append_as, tools, voice},
};
use call::{Answer, Format, Wire};
use serde_json::{Value, json};

/// The name of the message that opens the session.
pub(super) const START: &str = "start";
/// What the names of tools' answers begin with, and those of what is appended to the conversation.
pub(super) const ANSWER: &str = "answer-";
pub(super) const APPEND: &str = "append-";
/// The name of what asks the model behind the voice to go on.
pub(super) const GO_ON: &str = "go-on";

/// The service's tokens in what is sent at once, with some room, as it counts them by another rule than ours.
const APPENDED: usize = 450;
const INSTRUCTIONS: usize = 15_000;
const HISTORY: usize = 7_000;
const MESSAGES: usize = 127;
/// What comes of a tool, in bytes: the service takes 32 KiB and 128 of them a session.
const RESULT: usize = 2_500;
/// So long does the voice wait before it says by itself that something takes a moment, in milliseconds.
const ACKNOWLEDGES: u32 = 1_000;

/// The service's name for a format, and its rate; nothing for a format that it does not speak.
pub(super) fn format(format: Format) -> Option<(&'static str, u32)> {
    match format {
        Format::Ulaw => Some(("audio/pcmu", 8_000)),
        Format::Alaw => Some(("audio/pcma", 8_000)),
        Format::Pcm { hertz: hertz @ (16_000 | 24_000) } => Some(("audio/pcm", hertz)),
        Format::Pcm { .. } => None,
    }
}

/// How the voice is to behave, besides what the owner says.
const OF_THE_VOICE: &str = "\n\nYou are on the telephone. Whatever is to be looked up, changed or done, hand it over; \
     never say that something was done before you are told that it was. Before the call is to end, say goodbye, and \
     then hand over that the call is to be ended.";
const OF_THE_WORK: &str = "\n\nYou do the work behind a voice that speaks with the caller on the telephone. Use the \
     functions, one after the other. Answer in one or two plain sentences that can be spoken as they are, in the \
     caller's language: no markup, no lists, no addresses of web pages. Say only what a function has told you. Where \
     the call is to be ended or connected to somebody else, use the function for that and say nothing.";

pub(super) fn session_start(config: &Config, brief: &Brief) -> Option<Value> {
    let (name, rate) = format(brief.format)?;
    let mut session = json!({
        "model": config.model,
        "instructions": fitting(&brief.instructions, INSTRUCTIONS).to_owned() + OF_THE_VOICE,
        "audio": {"format": {"type": name, "rate": rate}, "output": {"voice": voice(&brief.voice, has_voice, VOICE)}},
        "delegation": {
            "type": "responses",
            "acknowledgement_delay_ms": ACKNOWLEDGES,
            "responses": {
                "model": config.backend,
                "instructions": fitting(&brief.instructions, INSTRUCTIONS).to_owned() + OF_THE_WORK,
                "tools": tools(&brief.tools),
                "tool_choice": "auto",
                "parallel_tool_calls": false,
                "reasoning": {"effort": "low"},
            },
        },
        "store": false,
    });
    if !brief.so_far.is_empty() {
        session["input"] = history(&brief.so_far);
    }
    Some(json!({"type": "session.start", "event_id": START, "session": session}))
}

/// The newest of what was said before, as much as the service takes.
fn history(so_far: &[Said]) -> Value {
    const NOTE: &str = "The line to the assistant was interrupted, and the same call goes on. This is what was said. \
         Do not greet again.";
    let mut room = HISTORY;
    let mut said = Vec::new();
    for one in so_far.iter().rev().take(MESSAGES) {
        let (role, kind, text) = match one {
            Said::Caller(text) => ("user", "input_text", text),
            Said::Assistant(text) => ("assistant", "output_text", text),
        };
        let text = text.trim();
        let cost = tokens(text) + 8;
        if text.is_empty() {
            continue;
        }
        if cost > room {
            break;
        }
        room -= cost;
        said.push(json!({"type": "message", "role": role, "content": [{"type": kind, "text": text}]}));
    }
    let note =
        json!({"type": "message", "role": "developer", "content": [{"type": "input_text", "text": NOTE}]});
    said.push(note);
    said.reverse();
    Value::Array(said)
}

/// Replaces the tools; what is not mentioned stays.
pub(super) fn tools_update(offered: &[ToolSpec]) -> Value {
    let delegation = json!({"type": "responses", "responses": {"tools": tools(offered)}});
    json!({"type": "session.update", "session": {"delegation": delegation}})
}

/// How something is put into the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Append {
    /// To be obeyed from now on; interrupts.
    Instructions,
    /// To be known.
    Thinking,
    /// To be said.
    Commentary,
}

impl Append {
    fn kind(self) -> &'static str {
        match self {
            Append::Instructions => "session.instructions.append",
            Append::Thinking => "session.thinking.append",
            Append::Commentary => "session.commentary.append",
        }
    }
}

/// Puts this into the conversation, in as many pieces as it takes. `number` counts them.
pub(super) fn append(
    wire: &mut Wire,
    how: Append,
    delegation: Option<&str>,
    content: &str,
    number: &mut u32,
) {
    for content in pieces(content) {
        *number += 1;
        let event_id = format!("{APPEND}{number}");
        let message = json!({"type": how.kind(), "event_id": event_id, "delegation_id": delegation, "content": content});
        send(wire, &message);
    }
}

/// What came of a tool: one JSON object in a string, no longer than the service takes.
pub(super) fn tool_output(call: &str, number: u32, answer: &Answer) -> Value {
    let mut output = json!({"ok": answer.ok, "say": fitting(&answer.say, RESULT / 8)});
    if !answer.data.is_empty() {
        let data = data(answer);
        if output.to_string().len() + data.to_string().len() <= RESULT {
            output["data"] = data;
        } else {
            output["more"] = json!("There is more than can be told here; ask for less at once.");
        }
    }
    json!({
        "type": "response.item.create",
        "event_id": format!("{ANSWER}{number}"),
        "item": {"type": "function_call_output", "call_id": call, "output": output.to_string()},
    })
}

pub(super) fn go_on() -> Value {
    json!({"type": "response.create", "event_id": GO_ON})
}

pub(super) fn close() -> Value {
    json!({"type": "session.close"})
}

/// Adds the caller's sound. Allocates nothing once the wire has grown.
pub(super) fn sound(wire: &mut Wire, sound: &[u8]) {
    append_as(wire, br#"{"type":"session.input_audio.append","audio":""#, sound);
}

/// How many tokens a text is at most, as clients of the service reckon it: four plain characters are one, every other is
/// one by itself.
fn tokens(text: &str) -> usize {
    let plain = text.bytes().filter(u8::is_ascii).count();
    plain.div_ceil(4) + (text.chars().count() - plain)
}

/// As much from the beginning as is so many tokens.
fn fitting(text: &str, most: usize) -> &str {
    let (mut quarters, most) = (0, most * 4);
    let over = text.char_indices().find(|(_, c)| {
        quarters += if c.is_ascii() { 1 } else { 4 };
        quarters > most
    });
    &text[..over.map_or(text.len(), |(at, _)| at)]
}

/// A text in pieces that each may be appended, cut behind sentences or words where there are any.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        let most = fitting(rest, APPENDED);
        if most.is_empty() {
            return None;
        }
        let at = if most.len() == rest.len() {
            most.len()
        } else {
            let sentence = [". ", "! ", "? "].into_iter().filter_map(|end| most.rfind(end)).max();
            sentence.map(|at| at + 1).or_else(|| most.rfind(' ')).filter(|at| *at > 0).unwrap_or(most.len())
        };
        let piece = rest[..at].trim();
        rest = rest[at..].trim_start();
        Some(piece)
    })
}
