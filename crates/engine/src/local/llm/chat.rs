//! Any endpoint that speaks OpenAI's `POST /v1/chat/completions`: answered by server-sent events.
//!
//! Source: <https://platform.openai.com/docs/api-reference/chat-streaming>; the differences of Ollama, llama.cpp and vLLM
//! are provided for.

use super::{
    Ask, Delta, Llm, Message,
    stream::{self, Place},
};
use crate::{ApiKey, ToolSpec};
use call::{Failure, ToolCall, Usage};
use futures_util::stream::BoxStream;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

/// The model that thinks, where nothing else is said.
pub const MODEL: &str = "gpt-4.1-mini";
/// More tools than this in one answer, and it is no answer.
const MOST_WANTS: usize = 64;
/// No arguments are longer, in bytes.
const LONGEST_ARGUMENTS: usize = 64 * 1024;

/// How an endpoint is asked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What `/chat/completions` is added to, such as `https://api.openai.com/v1`.
    pub base: String,
    /// None: an endpoint that asks for none.
    pub key: Option<ApiKey>,
    pub model: String,
    /// 0 to 2; none: the model's own, as models that reason refuse to be told.
    pub temperature: Option<f64>,
}

/// A model behind such an endpoint.
#[derive(Debug)]
pub struct Chat {
    settings: Settings,
    place: Place,
}

impl Chat {
    /// Asks nobody yet.
    pub fn new(settings: Settings) -> Result<Self, Failure> {
        let url = format!("{}/chat/completions", settings.base.trim_end_matches('/'));
        let place = Place { client: stream::client()?, url, key: settings.key.clone() };
        Ok(Self { settings, place })
    }

    /// Whether the endpoint can be reached and takes the key; costs nothing. An error is for the owner. Endpoints that do not
    /// tell of their models are taken to have the right one.
    pub async fn check(&self) -> Result<(), Failure> {
        let url = format!("{}/models", self.settings.base.trim_end_matches('/'));
        match stream::get(&self.place, &url).await {
            Err(failure)
                if ["(401)", "(402)", "(403)", "cannot be reached", "cannot be trusted"]
                    .iter()
                    .any(|no| failure.why.contains(no)) =>
            {
                Err(failure)
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn request(&self, ask: &Ask) -> Value {
        let mut body = json!({
            "model": self.settings.model,
            "messages": ask.messages.iter().map(message).collect::<Vec<_>>(),
            "stream": true,
            "stream_options": {"include_usage": true},
        });
        if let Some(temperature) = self.settings.temperature {
            body["temperature"] = json!(temperature);
        }
        if !ask.tools.is_empty() {
            body["tools"] = tools(&ask.tools);
        }
        body
    }
}

impl Llm for Chat {
    fn think(&self, ask: Ask) -> BoxStream<'static, Result<Delta, Failure>> {
        stream::ask(self.place.clone(), self.request(&ask), stream::Reader::Chat(Reader::default()))
    }
}

/// Tools as both wires want them.
pub(super) fn tools(tools: &[ToolSpec]) -> Value {
    let tool = |tool: &ToolSpec| {
        json!({"type": "function", "function": {
            "name": tool.name, "description": *tool.description, "parameters": *tool.parameters,
        }})
    };
    tools.iter().map(tool).collect()
}

fn message(message: &Message) -> Value {
    let mut said = message.said();
    match message {
        Message::Assistant { text, wants } if !wants.is_empty() => {
            said["tool_calls"] = wants.iter().map(want).collect();
            if text.is_empty() {
                said["content"] = Value::Null;
            }
        }
        Message::Answer { id, .. } => said["tool_call_id"] = id.0.as_str().into(),
        Message::System(_) | Message::Caller(_) | Message::Assistant { .. } => {}
    }
    said
}

fn want(call: &ToolCall) -> Value {
    // Servers that fill in a template read them, and refuse the whole conversation where they cannot.
    let whole = serde_json::from_str::<Value>(&call.arguments).is_ok_and(|arguments| arguments.is_object());
    let arguments = if whole { call.arguments.as_str() } else { "{}" };
    json!({"id": call.id.0, "type": "function", "function": {"name": call.name, "arguments": arguments}})
}

/// Whether a model of this name begins within a thought where its server's template writes the beginning, so that it writes
/// only the end: those of `DeepSeek`'s R1, `QwQ`, and whatever is called thinking.
pub fn thinks_unopened(model: &str) -> bool {
    let model = model.to_ascii_lowercase();
    model.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| matches!(word, "r1" | "qwq" | "thinking"))
}

/// Reads the lines of an answer.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// The data of an event that has not ended.
    data: String,
    wants: BTreeMap<u64, Want>,
    /// Where what came last under an index is, if it is not there.
    places: BTreeMap<u64, u64>,
    usage: Usage,
    finished: bool,
    cut: bool,
    done: bool,
}

#[derive(Debug, Default)]
struct Want {
    id: String,
    name: String,
    arguments: String,
}

impl Reader {
    pub(super) fn line(&mut self, line: &str, out: &mut VecDeque<Delta>) -> Result<(), String> {
        if line.is_empty() {
            return self.event(out);
        }
        if let Some(data) = line.strip_prefix("data:") {
            let data = data.strip_prefix(' ').unwrap_or(data);
            if self.data.len() + data.len() > LONGEST_ARGUMENTS * 4 {
                return Err("sent an event that is too long".into());
            }
            if !self.data.is_empty() {
                self.data.push('\n');
            }
            self.data.push_str(data);
            // Some end their events with a single line end.
            if self.data == "[DONE]" {
                return self.event(out);
            }
            return Ok(());
        }
        let known = ["event", "id", "retry"].iter().any(|name| line.starts_with(name));
        match line.chars().next() {
            Some(':') => Ok(()),
            _ if known => Ok(()),
            Some('{') => {
                line.clone_into(&mut self.data);
                self.event(out)
            }
            _ => Err("sent what is no event".into()),
        }
    }

    /// The connection is closed. Some say nothing more once they have said why they finished.
    pub(super) fn end(&mut self, out: &mut VecDeque<Delta>) -> Result<(), String> {
        self.event(out)?;
        if !self.finished && !self.done {
            return Err("ended its answer in the middle".into());
        }
        self.finish(out)
    }

    fn event(&mut self, out: &mut VecDeque<Delta>) -> Result<(), String> {
        let data = std::mem::take(&mut self.data);
        if data.is_empty() || self.done {
            return Ok(());
        }
        if data.trim() == "[DONE]" {
            return self.finish(out);
        }
        let Ok(Value::Object(chunk)) = serde_json::from_str(&data) else {
            return Err("sent an event that is no JSON object".into());
        };
        if let Some(error) = chunk.get("error").filter(|error| !error.is_null()) {
            let said = error.get("message").unwrap_or(error).as_str().unwrap_or("no reason");
            return Err(format!("gave up: {}", said.chars().take(300).collect::<String>()));
        }
        if let Some(usage) = chunk.get("usage").filter(|usage| usage.is_object()) {
            let count = |value: Option<&Value>| value.and_then(Value::as_u64).unwrap_or_default();
            let cached = usage.get("prompt_tokens_details").and_then(|details| details.get("cached_tokens"));
            self.usage = Usage {
                text_tokens_in: count(usage.get("prompt_tokens")),
                text_tokens_out: count(usage.get("completion_tokens")),
                cached_tokens: count(cached),
                ..Usage::default()
            };
        }
        // The last chunk, with the usage, has no choice.
        let choices = chunk.get("choices").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        match choices.first() {
            Some(choice) => self.choice(choice, out),
            None => Ok(()),
        }
    }

    fn choice(&mut self, choice: &Value, out: &mut VecDeque<Delta>) -> Result<(), String> {
        // `message`: all at once, by whoever does not stream.
        let delta = choice.get("delta").or_else(|| choice.get("message")).unwrap_or(&Value::Null);
        let text = |name: &str| delta.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        if text("reasoning").or(text("reasoning_content")).is_some() {
            out.push_back(Delta::Busy);
        }
        if let Some(text) = text("content").or(text("refusal")) {
            out.push_back(Delta::Text(text.to_owned()));
        }
        let wants = delta.get("tool_calls").and_then(Value::as_array);
        for want in wants.into_iter().flatten() {
            self.want(want)?;
            out.push_back(Delta::Busy);
        }
        if let Some(why) = choice.get("finish_reason").and_then(Value::as_str) {
            self.finished = true;
            self.cut = why == "length";
        }
        Ok(())
    }

    /// A piece of what a tool is wanted for: its name and id come first, then the arguments.
    fn want(&mut self, piece: &Value) -> Result<(), String> {
        let id = piece.get("id").and_then(Value::as_str).unwrap_or_default();
        let place = self.place(id, piece.get("index").and_then(Value::as_u64));
        let want = self.wants.entry(place).or_default();
        if want.id.is_empty() {
            id.clone_into(&mut want.id);
        }
        let function = piece.get("function").unwrap_or(&Value::Null);
        if let Some(name) = function.get("name").and_then(Value::as_str).filter(|_| want.name.is_empty()) {
            name.clone_into(&mut want.name);
        }
        match function.get("arguments") {
            Some(Value::String(more)) => want.arguments.push_str(more),
            Some(whole @ Value::Object(_)) => want.arguments = whole.to_string(),
            Some(_) | None => {}
        }
        if want.arguments.len() > LONGEST_ARGUMENTS || self.wants.len() > MOST_WANTS {
            return Err("wants more of tools than anybody needs".into());
        }
        Ok(())
    }

    /// Which of the tools wanted a piece belongs to. Some servers give none an index, and some give all the same one.
    fn place(&mut self, id: &str, index: Option<u64>) -> u64 {
        let last = self.wants.keys().next_back().copied();
        let place = match index {
            Some(index) => self.places.get(&index).copied().unwrap_or(index),
            None => last.unwrap_or_default(),
        };
        let is_other = |want: &Want| !want.id.is_empty() && want.id != id;
        if id.is_empty() || !self.wants.get(&place).is_some_and(is_other) {
            return place;
        }
        let known = self.wants.iter().find(|(_, want)| want.id == id).map(|(place, _)| *place);
        let place = known.or(last.and_then(|last| last.checked_add(1))).unwrap_or_default();
        self.places.extend(index.map(|index| (index, place)));
        place
    }

    fn finish(&mut self, out: &mut VecDeque<Delta>) -> Result<(), String> {
        self.done = true;
        for (_, Want { name, mut arguments, .. }) in std::mem::take(&mut self.wants) {
            if name.is_empty() {
                return Err("wants a tool without a name".into());
            }
            if arguments.trim().is_empty() {
                arguments = "{}".into();
            }
            out.push_back(Delta::Wants { name, arguments });
        }
        out.push_back(Delta::Done { usage: self.usage, cut: self.cut });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Delta>, String> {
        let (mut reader, mut out) = (Reader::default(), VecDeque::new());
        for line in text.lines() {
            reader.line(line, &mut out)?;
        }
        if !reader.done {
            reader.end(&mut out)?;
        }
        Ok(out.into())
    }

    fn text(text: &str) -> Delta {
        Delta::Text(text.into())
    }

    fn done(text_tokens_in: u64, text_tokens_out: u64) -> Delta {
        let usage = Usage { text_tokens_in, text_tokens_out, ..Usage::default() };
        Delta::Done { usage, cut: false }
    }

    #[test]
    fn pieces_of_a_tool_are_put_together_and_the_usage_comes_without_a_choice() {
        let deltas = read(
            r#"data: {"choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"look","arguments":""}}]},"finish_reason":null}]}

: ping

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_2","function":{"name":"see","arguments":"{}"}}]}}]}

data:{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"day\":"}}]}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: {"choices":[],"usage":{"prompt_tokens":30,"completion_tokens":12,"total_tokens":42}}

data: [DONE]

"#,
        )
        .expect("it is an answer");
        let wants: Vec<_> = deltas.iter().filter(|delta| **delta != Delta::Busy).cloned().collect();
        let want =
            |name: &str, arguments: &str| Delta::Wants { name: name.into(), arguments: arguments.into() };
        assert_eq!(wants, [want("look", "{\"day\":1}"), want("see", "{}"), done(30, 12)]);
    }

    #[test]
    fn servers_with_habits_of_their_own_are_understood() {
        let said = read(
            "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"Hm\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"Hi.\"},\"finish_reason\":\"stop\"}],\"timings\":{}}\n\n",
        );
        assert_eq!(said, Ok(vec![Delta::Busy, text("Hi."), done(0, 0)]), "closed without [DONE]");
        let said = read("{\"choices\":[{\"message\":{\"content\":\"Hi.\"},\"finish_reason\":\"stop\"}]}");
        assert_eq!(said, Ok(vec![text("Hi."), done(0, 0)]), "all at once");
        let said = read(
            "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"x\",\"arguments\":{}}},{\"id\":\"b\",\"function\":{\"name\":\"y\"}}]}}]}\n\ndata: [DONE]\n",
        );
        let wants = said.expect("an answer").into_iter().filter(|delta| matches!(delta, Delta::Wants { .. }));
        assert_eq!(wants.count(), 2, "no index, arguments as an object, a single line end");
        let piece =
            |call: &str| format!(r#"data: {{"choices":[{{"delta":{{"tool_calls":[{call}]}}}}]}}"#) + "\n\n";
        let said = read(
            &[
                piece(r#"{"index":0,"id":"a","function":{"name":"x","arguments":"{\"n\":"}}"#),
                piece(r#"{"index":0,"function":{"arguments":"1}"}}"#),
                piece(r#"{"index":0,"id":"b","function":{"name":"y","arguments":"{\"n\""}}"#),
                piece(r#"{"index":0,"function":{"arguments":":2}"}}"#),
                "data: [DONE]\n\n".to_owned(),
            ]
            .concat(),
        );
        let wants =
            |name: &str, arguments: &str| Delta::Wants { name: name.into(), arguments: arguments.into() };
        let wanted =
            said.expect("an answer").into_iter().filter(|delta| matches!(delta, Delta::Wants { .. }));
        let wanted: Vec<_> = wanted.collect();
        assert_eq!(wanted, [wants("x", "{\"n\":1}"), wants("y", "{\"n\":2}")], "one index for all");
    }

    #[test]
    fn a_model_whose_thoughts_begin_before_its_words_is_known_by_its_name() {
        for name in
            ["deepseek-r1:14b", "DeepSeek-R1-Distill-Llama-70B", "qwq-32b", "qwen3-235b-a22b-thinking-2507"]
        {
            assert!(thinks_unopened(name), "{name}");
        }
        for name in ["gpt-4.1-mini", "llama-3.3-70b", "command-r12", "qwen3:8b", ""] {
            assert!(!thinks_unopened(name), "{name}");
        }
    }

    #[test]
    fn what_is_no_answer_is_refused_with_a_reason() {
        for (body, why) in [
            ("", "ended its answer in the middle"),
            ("<html>", "sent what is no event"),
            ("data: {\"choices\"\n\n", "sent an event that is no JSON object"),
            ("data: {\"error\":{\"message\":\"overloaded\"}}\n\n", "gave up: overloaded"),
            ("data: {\"choices\":[{\"delta\":{\"content\":\"Hal\"}}]}\n\n", "ended its answer in the middle"),
            (
                "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{}}]}}]}\n\ndata: [DONE]\n\n",
                "wants a tool without a name",
            ),
        ] {
            assert_eq!(read(body), Err(why.to_owned()), "{body}");
        }
        let many = |index| {
            format!("data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{{\"index\":{index}}}]}}}}]}}\n\n")
        };
        let body: String = (0..200).map(many).collect();
        assert_eq!(read(&body), Err("wants more of tools than anybody needs".into()));
    }
}
