//! Ollama's own API: `POST /api/chat`, answered by one JSON object a line.
//!
//! Source: <https://github.com/ollama/ollama/blob/main/docs/api.md>.

use super::{
    Ask, Delta, Llm, Message,
    stream::{self, Place},
    structured::{self, Object},
};
use call::{Failure, ToolCall, Usage};
use futures_util::{StreamExt as _, stream::BoxStream};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Where Ollama is, where nothing else is said.
pub const HOST: &str = "http://127.0.0.1:11434";
/// The model that thinks, where nothing else is said.
pub const MODEL: &str = "gpt-oss:20b";
/// How many tokens of conversation a model is given room for, where nothing else is said: instructions, tools and a long
/// call. Ollama's own default is less on most machines, and what does not fit is cut off without a word.
pub const CONTEXT: u32 = 16_384;
/// So long a model stays loaded after it was asked.
const KEPT: &str = "30m";

/// How long a model thinks before it speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effort {
    /// Not at all, or as little as the model can.
    #[default]
    Least,
    Low,
    Medium,
    High,
}

/// How Ollama is asked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Scheme, host and port.
    pub host: String,
    pub model: String,
    pub effort: Effort,
    /// In tokens.
    pub context: u32,
    /// 0 to 2; none: the model's own.
    pub temperature: Option<f64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host: HOST.into(),
            model: MODEL.into(),
            effort: Effort::default(),
            context: CONTEXT,
            temperature: None,
        }
    }
}

/// A model that Ollama runs. Clones are the same.
#[derive(Clone, Debug)]
pub struct Ollama {
    settings: Settings,
    place: Place,
    lacks: Arc<Lacks>,
}

impl Ollama {
    /// Asks nobody yet.
    pub fn new(settings: Settings) -> Result<Self, Failure> {
        let url = format!("{}/api/chat", settings.host.trim_end_matches('/'));
        Ok(Self {
            settings,
            place: Place { client: stream::client()?, url, key: None },
            lacks: Arc::default(),
        })
    }

    /// Has the model loaded, which may take minutes, so that the first caller need not wait for it. An error is for the
    /// owner: Ollama is not there, or does not have the model.
    pub async fn load(&self) -> Result<(), Failure> {
        let body = json!({"model": self.settings.model, "messages": [], "keep_alive": KEPT,
            "options": {"num_ctx": self.settings.context}, "stream": false});
        stream::post(&self.place, &body).await.map(drop)
    }

    /// Whether Ollama is there and has the model, which is not loaded for it. An error is for the owner.
    pub async fn check(&self) -> Result<(), Failure> {
        let Settings { host, model, .. } = &self.settings;
        let there = stream::get(&self.place, &format!("{}/api/tags", host.trim_end_matches('/'))).await?;
        let names =
            there["models"].as_array().into_iter().flatten().filter_map(|model| model["name"].as_str());
        let latest = format!("{model}:latest");
        if names.into_iter().any(|name| name == model || name == latest) {
            return Ok(());
        }
        let why = format!("Ollama at {host} does not have the model {model}: run `ollama pull {model}`");
        Err(Failure { why, lasting: true })
    }

    /// Asks as the model can be asked, as far as that is known.
    fn begin(&self, ask: &Ask) -> BoxStream<'static, Result<Delta, Failure>> {
        let by_object = !ask.tools.is_empty() && self.lacks.tools.load(Ordering::Relaxed);
        let object = by_object.then(Object::default);
        let body = if by_object { self.structured(ask) } else { self.request(ask) };
        stream::ask(self.place.clone(), body, stream::Reader::Ollama(Reader { object }))
    }

    /// As one JSON object of a schema, where the model cannot use tools by itself.
    fn structured(&self, ask: &Ask) -> Value {
        let mut body = self.request(&Ask { messages: Vec::new(), tools: [].into() });
        body["messages"] = structured::messages(ask).into();
        body["format"] = structured::schema(&ask.tools);
        body
    }

    fn request(&self, ask: &Ask) -> Value {
        let Settings { model, context, temperature, .. } = &self.settings;
        let thinks = !self.lacks.thinking.load(Ordering::Relaxed);
        let effort = Some(self.settings.effort).filter(|_| thinks);
        let mut body = json!({
            "model": model,
            "messages": ask.messages.iter().map(message).collect::<Vec<_>>(),
            "stream": true,
            "think": think(model, effort),
            "keep_alive": KEPT,
            "options": {"num_ctx": context},
        });
        if let Some(temperature) = temperature {
            body["options"]["temperature"] = json!(temperature);
        }
        if !ask.tools.is_empty() {
            body["tools"] = super::chat::tools(&ask.tools);
        }
        body
    }
}

impl Llm for Ollama {
    fn think(&self, ask: Ask) -> BoxStream<'static, Result<Delta, Failure>> {
        let answer = self.begin(&ask);
        let state = (self.clone(), ask, answer, ABILITIES);
        futures_util::stream::unfold(state, |(model, ask, mut answer, mut again)| async move {
            let mut next = answer.next().await?;
            while again > 0
                && let Err(failure) = &next
                && model.lacks.learns(&failure.why)
            {
                again -= 1;
                answer = model.begin(&ask);
                next = answer.next().await?;
            }
            Some((next, (model, ask, answer, 0)))
        })
        .boxed()
    }
}

/// What a model has shown that it cannot do: it is not asked for it again.
#[derive(Debug, Default)]
struct Lacks {
    tools: AtomicBool,
    thinking: AtomicBool,
}

/// How many of them there are.
const ABILITIES: u32 = 2;

impl Lacks {
    /// Whether it was refused for one of them.
    fn learns(&self, why: &str) -> bool {
        let lack = match why {
            _ if why.contains("does not support tools") => &self.tools,
            _ if why.contains("does not support thinking") => &self.thinking,
            _ => return false,
        };
        lack.store(true, Ordering::Relaxed);
        true
    }
}

/// Some models can think less, but not nothing at all, and take only words; some cannot think.
fn think(model: &str, effort: Option<Effort>) -> Value {
    let levels = model.rsplit('/').next().unwrap_or_default().starts_with("gpt-oss");
    match effort {
        Some(Effort::Least) if levels => "low".into(),
        Some(Effort::Least) | None => false.into(),
        Some(Effort::Low) => "low".into(),
        Some(Effort::Medium) => "medium".into(),
        Some(Effort::High) => "high".into(),
    }
}

fn message(message: &Message) -> Value {
    let mut said = message.said();
    match message {
        Message::Assistant { wants, .. } if !wants.is_empty() => {
            said["tool_calls"] = wants.iter().map(want).collect();
        }
        Message::Answer { name, .. } => said["tool_name"] = name.as_str().into(),
        Message::System(_) | Message::Caller(_) | Message::Assistant { .. } => {}
    }
    said
}

fn want(call: &ToolCall) -> Value {
    let arguments = serde_json::from_str(&call.arguments).ok().filter(Value::is_object);
    json!({"function": {"name": call.name, "arguments": arguments.unwrap_or_else(|| json!({}))}})
}

/// Reads the lines of an answer.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// The answer is such an object.
    object: Option<Object>,
}

impl Reader {
    pub(super) fn line(&mut self, line: &str, out: &mut VecDeque<Delta>) -> Result<(), String> {
        if line.trim().is_empty() {
            return Ok(());
        }
        let Ok(Value::Object(line)) = serde_json::from_str(line) else {
            return Err("sent what is no JSON object".into());
        };
        if let Some(error) = line.get("error").filter(|error| !error.is_null()) {
            let said: String = error.as_str().unwrap_or("no reason").chars().take(300).collect();
            return Err(format!("gave up: {said}"));
        }
        let text = |name: &str| line.get("message")?.get(name)?.as_str().filter(|text| !text.is_empty());
        if text("thinking").is_some() {
            out.push_back(Delta::Busy);
        }
        match (text("content"), &mut self.object) {
            (Some(text), Some(object)) => out.push_back(object.push(text)?.unwrap_or(Delta::Busy)),
            (Some(text), None) => out.push_back(Delta::Text(text.to_owned())),
            (None, _) => {}
        }
        let wants =
            line.get("message").and_then(|message| message.get("tool_calls")).and_then(Value::as_array);
        for want in wants.into_iter().flatten() {
            let Some(function) = want.get("function") else {
                return Err("wants a tool without a name".into());
            };
            let Some(name) = function.get("name").and_then(Value::as_str) else {
                return Err("wants a tool without a name".into());
            };
            let arguments = match function.get("arguments") {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Null) | None => "{}".into(),
                Some(value) => value.to_string(),
            };
            out.push_back(Delta::Wants { name: name.to_owned(), arguments });
        }
        if line.get("done").and_then(Value::as_bool) == Some(true) {
            let count = |name: &str| line.get(name).and_then(Value::as_u64).unwrap_or_default();
            let usage = Usage {
                text_tokens_in: count("prompt_eval_count"),
                text_tokens_out: count("eval_count"),
                ..Usage::default()
            };
            let cut = line.get("done_reason").and_then(Value::as_str) == Some("length");
            if let Some(object) = &mut self.object {
                match object.finish() {
                    Err(_) if cut => {}
                    rest => out.extend(rest?),
                }
            }
            out.push_back(Delta::Done { usage, cut });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<Vec<Delta>, String> {
        let mut out = VecDeque::new();
        for line in lines {
            Reader::default().line(line, &mut out)?;
        }
        Ok(out.into())
    }

    #[test]
    fn an_answer_is_read_piece_by_piece_and_thoughts_are_none_of_it() {
        let deltas = read(&[
            r#"{"model":"m","message":{"role":"assistant","content":"","thinking":"Hm."},"done":false}"#,
            r#"{"model":"m","message":{"role":"assistant","content":"Hel"},"done":false}"#,
            "",
            r#"{"model":"m","message":{"role":"assistant","content":"lo","tool_calls":[{"function":{"index":0,"name":"look","arguments":{"day":"monday"}}}]},"done":true,"done_reason":"stop","prompt_eval_count":26,"eval_count":7}"#,
        ]);
        let usage = Usage { text_tokens_in: 26, text_tokens_out: 7, ..Usage::default() };
        assert_eq!(
            deltas,
            Ok(vec![
                Delta::Busy,
                Delta::Text("Hel".into()),
                Delta::Text("lo".into()),
                Delta::Wants { name: "look".into(), arguments: r#"{"day":"monday"}"#.into() },
                Delta::Done { usage, cut: false },
            ])
        );
    }

    #[test]
    fn what_is_no_answer_is_refused_with_a_reason() {
        for (line, why) in [
            ("<html>", "sent what is no JSON object"),
            ("[1]", "sent what is no JSON object"),
            (r#"{"error":"an error was encountered"}"#, "gave up: an error was encountered"),
            (r#"{"message":{"tool_calls":[{"function":{}}]}}"#, "wants a tool without a name"),
            (r#"{"message":{"tool_calls":[7]}}"#, "wants a tool without a name"),
        ] {
            assert_eq!(read(&[line]), Err(why.to_owned()), "{line}");
        }
        assert_eq!(read(&[r#"{"message":7,"done":"yes"}"#]), Ok(vec![]));
        assert_eq!(read(&[r#"{"error":null,"done":false}"#]), Ok(vec![]), "nothing is wrong");
    }

    #[test]
    fn models_that_know_only_levels_think_as_little_as_they_can() {
        assert_eq!(think("gpt-oss:20b", Some(Effort::Least)), json!("low"));
        assert_eq!(think("hf.co/openai/gpt-oss:120b", Some(Effort::Least)), json!("low"));
        assert_eq!(think("qwen3:8b", Some(Effort::Least)), json!(false));
        assert_eq!(think("qwen3:8b", Some(Effort::High)), json!("high"));
        assert_eq!(think("gpt-oss-mine:8b", None), json!(false), "it has refused to");
    }
}
