//! What we send, field by field. Everything that says what is to be used stands inside `provider`, and rates are whole
//! numbers: the service refuses other shapes.
//!
//! Source: <https://developers.deepgram.com/docs/configure-voice-agent>.

use super::config::{Config, SPEAK, has_voice, hears_many, speaks, takes_temperature, voice_of};
use crate::{
    Brief, Said, ToolSpec,
    dialect::message::outcome,
    language::{Languages, service_code},
};
use call::{Answer, Format, Language, Wire};
use serde_json::{Value, json};

/// The longest prompt that the service takes, in characters.
pub(super) const PROMPT: usize = 25_000;

/// The service's name for a format, and its rate.
fn audio(format: Format) -> (&'static str, u32) {
    let encoding = match format {
        Format::Ulaw => "mulaw",
        Format::Alaw => "alaw",
        Format::Pcm { .. } => "linear16",
    };
    (encoding, format.hertz())
}

/// The whole configuration; sent once, after `Welcome` and before anything else. `prompt` fits.
pub(super) fn settings(config: &Config, brief: &Brief, languages: &Languages, prompt: &str) -> Value {
    let (encoding, rate) = audio(brief.format);
    let mut agent = json!({
        "listen": {"provider": listen(&config.listen, languages)},
        "think": think(config, prompt, &brief.tools),
        "speak": {"provider": speak(voice(config, &brief.voice, &brief.language))},
    });
    if !brief.so_far.is_empty() {
        agent["context"] = json!({"messages": brief.so_far.iter().map(history).collect::<Vec<_>>()});
    } else if !brief.greeting.is_empty() {
        agent["greeting"] = brief.greeting.as_str().into();
    }
    json!({
        "type": "Settings",
        "audio": {
            "input": {"encoding": encoding, "sample_rate": rate},
            // A container would be heard as a click before everything that is said.
            "output": {"encoding": encoding, "sample_rate": rate, "container": "none"},
        },
        "agent": agent,
    })
}

/// Models of several languages are told all that may be spoken; the others the one that is.
fn listen(model: &str, languages: &Languages) -> Value {
    let codes = languages.codes();
    let codes: Vec<&str> = codes.iter().map(service_code).filter(|code| code.len() == 2).collect();
    let now = Language::of(languages.now()).filter(|now| now.code().len() == 2);
    if model.starts_with("flux") {
        let english = now == Language::of("en") || now.is_none();
        let model = if english || model.ends_with("-multi") { model } else { FLUX_OF_MANY };
        return match &codes[..] {
            [_, ..] if model.ends_with("-multi") => {
                json!({"type": "deepgram", "version": "v2", "model": model, "language_hints": codes})
            }
            _ => json!({"type": "deepgram", "version": "v2", "model": model}),
        };
    }
    match now {
        Some(_) if hears_many(model) && codes.len() > 1 => {
            json!({"type": "deepgram", "version": "v1", "model": model, "language": "multi"})
        }
        Some(now) => {
            json!({"type": "deepgram", "version": "v1", "model": model, "language": service_code(&now)})
        }
        None => json!({"type": "deepgram", "version": "v1", "model": model}),
    }
}

/// The one of Flux that hears other languages than English.
const FLUX_OF_MANY: &str = "flux-general-multi";

/// Has what is said expected in the language that is spoken now, where the model hears but one; nothing where it hears all.
pub(super) fn update_listen(config: &Config, languages: &Languages) -> Option<Value> {
    if hears_many(&config.listen) || config.listen.ends_with("-multi") {
        return None;
    }
    Some(json!({"type": "UpdateListen", "listen": {"provider": listen(&config.listen, languages)}}))
}

/// Has the agent speak with another voice.
pub(super) fn update_speak(voice: &str) -> Value {
    json!({"type": "UpdateSpeak", "speak": {"provider": speak(voice)}})
}

fn think(config: &Config, prompt: &str, tools: &[ToolSpec]) -> Value {
    let mut provider = json!({"type": config.provider, "model": config.think});
    if let Some(temperature) = config.temperature.filter(|_| takes_temperature(&config.think)) {
        provider["temperature"] = temperature.into();
    }
    // Without an endpoint a function is ours to do.
    let function = |tool: &ToolSpec| json!({"name": tool.name, "description": *tool.description, "parameters": *tool.parameters});
    let functions: Vec<Value> = tools.iter().map(function).collect();
    json!({"provider": provider, "prompt": prompt, "functions": functions})
}

fn speak(voice: &str) -> Value {
    if voice.starts_with("flux-") {
        json!({"type": "deepgram", "version": "v2", "model": voice})
    } else {
        json!({"type": "deepgram", "model": voice})
    }
}

/// The voice that speaks first: the owner's choice, where they made one, whatever it speaks.
pub(super) fn voice<'a>(config: &'a Config, wish: &'a str, language: &str) -> &'a str {
    match Language::of(language).and_then(voice_of) {
        _ if has_voice(wish) => wish,
        Some(voice) if config.speak == SPEAK => voice,
        Some(_) | None => &config.speak,
    }
}

/// The voice that speaks now: the first one, unless it speaks another language.
pub(super) fn voice_now<'a>(config: &'a Config, wish: &'a str, languages: &Languages) -> &'a str {
    let first = voice(config, wish, languages.first());
    match Language::of(languages.now()) {
        Some(now) if Language::of(languages.first()) != Some(now) && !speaks(first, now) => {
            voice_of(now).unwrap_or(first)
        }
        Some(_) | None => first,
    }
}

fn history(said: &Said) -> Value {
    let (role, content) = match said {
        Said::Caller(words) => ("user", words),
        Said::Assistant(words) => ("assistant", words),
    };
    json!({"type": "History", "role": role, "content": content})
}

/// A prompt that the service takes whole. Of one that is too long the middle is left out: who the assistant is stands
/// at its beginning, and what day it is at its end.
pub(super) fn fitting(prompt: &str) -> Option<String> {
    const CUT: &str = "\n[…]\n";
    const END: usize = 8_000;
    let length = prompt.chars().count();
    if length <= PROMPT {
        return None;
    }
    let begin = PROMPT - END - CUT.chars().count();
    let (begin, end): (String, String) =
        (prompt.chars().take(begin).collect(), prompt.chars().skip(length - END).collect());
    Some(begin + CUT + &end)
}

/// Replaces all that there is to thinking, so that the tools are others.
pub(super) fn update_think(config: &Config, prompt: &str, tools: &[ToolSpec]) -> Value {
    json!({"type": "UpdateThink", "think": think(config, prompt, tools)})
}

/// Adds to the prompt.
pub(super) fn update_prompt(more: &str) -> Value {
    json!({"type": "UpdatePrompt", "prompt": more})
}

/// Has the agent say these words: after what it or the caller is saying, or in place of it.
pub(super) fn inject_agent(words: &str, interrupt: bool) -> Value {
    let behavior = if interrupt { "interrupt" } else { "queue" };
    json!({"type": "InjectAgentMessage", "message": words, "behavior": behavior})
}

/// Has the agent answer this as if the caller had said it.
pub(super) fn inject_user(words: &str) -> Value {
    json!({"type": "InjectUserMessage", "content": words})
}

/// What came of a tool: one JSON object in a string.
pub(super) fn tool_output(id: &str, tool: &str, answer: &Answer) -> Value {
    json!({"type": "FunctionCallResponse", "id": id, "name": tool, "content": outcome(answer)})
}

pub(super) fn keep_alive() -> Value {
    json!({"type": "KeepAlive"})
}

/// Adds the caller's sound. Allocates nothing once the wire has grown.
pub(super) fn append(wire: &mut Wire, sound: &[u8]) {
    wire.binary(sound.len(), |buffer| buffer.extend_from_slice(sound));
}
