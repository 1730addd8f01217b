//! Servers of tools that were handed over: what is refused of them, what is listed, asked and used of them. Pure.
//!
//! Sources: <https://developers.openai.com/api/docs/guides/realtime-mcp>, the models of the package `openai`, and the example
//! of an approval in the package `openai` for Ruby: a use goes on beside the response that wanted it, and nobody speaks of
//! what came of it before another response is asked for.

use super::{response::Numbers, schema::Refusal, script::HostedUse};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Instant,
};

#[derive(Debug, Default)]
pub(super) struct Hosting {
    /// What was handed over last, by label.
    servers: BTreeMap<String, Value>,
    /// Those whose lists were read.
    listed: BTreeSet<String>,
    /// What was asked about, by the question.
    asked: BTreeMap<String, Asked>,
    /// What is at work, and the events of its end.
    at_work: VecDeque<(Instant, Vec<Value>)>,
}

#[derive(Debug)]
struct Asked {
    wanted: HostedUse,
    response: String,
    place: usize,
}

impl Hosting {
    /// What the service refuses before it connects to any server.
    pub(super) fn judge(tools: &Value) -> Result<(), Refusal> {
        let mut labels = BTreeSet::new();
        for (at, tool) in tools.as_array().into_iter().flatten().enumerate() {
            if tool["type"] != "mcp" {
                continue;
            }
            let refuse = |field: &str, message: &str| {
                let param = Some(format!("session.tools[{at}].{field}"));
                Err(Refusal { param, ..Refusal::new("invalid_value", message) })
            };
            let label = tool["server_label"].as_str().unwrap_or_default();
            if label.is_empty() || !labels.insert(label) {
                return refuse("server_label", "Server labels must be unique within the tools.");
            }
            let given = ["server_url", "connector_id", "tunnel_id"].map(|name| !tool[name].is_null());
            if given.iter().filter(|given| **given).count() != 1 {
                let message = "Exactly one of 'server_url', 'connector_id' and 'tunnel_id' must be given.";
                return refuse("server_url", message);
            }
            if let Some(url) = tool["server_url"].as_str()
                && !url.starts_with("https://")
            {
                return refuse("server_url", "The URL of an MCP server must begin with https://.");
            }
            let header = tool["headers"]
                .as_object()
                .is_some_and(|headers| headers.keys().any(|name| name.eq_ignore_ascii_case("authorization")));
            if header && !tool["authorization"].is_null() {
                return refuse("headers", "Give either 'authorization' or an Authorization header.");
            }
        }
        Ok(())
    }

    /// Other tools were set. Gives the events of reading the lists of servers that are new.
    pub(super) fn hand_over(
        &mut self,
        tools: &Value,
        unlistable: &BTreeSet<String>,
        numbers: &mut Numbers,
    ) -> Vec<Value> {
        let Some(tools) = tools.as_array() else { return Vec::new() };
        let label = |tool: &Value| tool["server_label"].as_str().unwrap_or_default().to_owned();
        let servers = tools.iter().filter(|tool| tool["type"] == "mcp");
        let servers: BTreeMap<String, Value> = servers.map(|tool| (label(tool), tool.clone())).collect();
        let mut events = Vec::new();
        for (label, tool) in &servers {
            if self.servers.contains_key(label) {
                continue;
            }
            let item = numbers.name("mcpl");
            let shown = |tools: Value| json!({"id": item, "type": "mcp_list_tools", "server_label": label, "tools": tools});
            let about = |kind: &str| json!({"type": format!("mcp_list_tools.{kind}"), "item_id": item});
            events.push(told("added", &shown(json!([]))));
            events.push(about("in_progress"));
            if unlistable.contains(label) {
                events.push(about("failed"));
                continue;
            }
            self.listed.insert(label.clone());
            let names = tool["allowed_tools"].as_array().cloned().unwrap_or_default();
            let tools = names.iter().map(|name| json!({"name": name, "input_schema": {"type": "object"}}));
            events.extend([about("completed"), told("done", &shown(tools.collect()))]);
        }
        self.servers = servers;
        events
    }

    /// The model wants to use a tool. Gives the events of that, or why no service would do it.
    pub(super) fn wanted(
        &mut self,
        now: Instant,
        wanted: HostedUse,
        response: &str,
        place: usize,
        numbers: &mut Numbers,
    ) -> Result<Vec<Value>, String> {
        let HostedUse { label, tool, .. } = &wanted;
        let server = self.servers.get(label).filter(|_| self.listed.contains(label));
        let Some(server) = server else {
            return Err(format!("{label} was not handed over, and {tool} of it is to be used"));
        };
        let allowed = server["allowed_tools"].as_array();
        if allowed.is_some_and(|allowed| !allowed.contains(&json!(tool))) {
            return Err(format!("{tool} of {label} may not be used"));
        }
        let asked = Asked { wanted, response: response.to_owned(), place };
        if !asks(&server["require_approval"], &asked.wanted.tool) {
            return Ok(self.begin(now, &asked, None, numbers));
        }
        let question = numbers.name("mcpr");
        let item = json!({
            "id": question, "type": "mcp_approval_request", "server_label": asked.wanted.label,
            "name": asked.wanted.tool, "arguments": asked.wanted.arguments.to_string(),
        });
        let events = vec![
            output("added", response, place, &item),
            told("added", &item),
            told("done", &item),
            output("done", response, place, &item),
        ];
        self.asked.insert(question, asked);
        Ok(events)
    }

    /// The client has answered a question.
    pub(super) fn answered(
        &mut self,
        now: Instant,
        item: &Value,
        numbers: &mut Numbers,
    ) -> Result<Vec<Value>, Refusal> {
        let question = item["approval_request_id"].as_str().unwrap_or_default();
        let Some(asked) = self.asked.remove(question) else {
            let message = format!("Approval request with ID '{question}' not found in conversation.");
            return Err(Refusal {
                param: Some("item.approval_request_id".into()),
                ..Refusal::new("invalid_value", message)
            });
        };
        let mut events = vec![told("added", item), told("done", item)];
        if item["approve"] == true {
            events.extend(self.begin(now, &asked, Some(question), numbers));
        }
        Ok(events)
    }

    /// When the next use ends.
    pub(super) fn due(&self) -> Option<Instant> {
        self.at_work.iter().map(|(at, _)| *at).min()
    }

    /// The events of what has ended.
    pub(super) fn over(&mut self, now: Instant) -> Vec<Value> {
        let mut over = Vec::new();
        self.at_work.retain_mut(|(at, events)| {
            let is_over = *at <= now;
            if is_over {
                over.append(events);
            }
            !is_over
        });
        over
    }

    fn begin(
        &mut self,
        now: Instant,
        asked: &Asked,
        question: Option<&str>,
        numbers: &mut Numbers,
    ) -> Vec<Value> {
        let Asked { wanted, response, place } = asked;
        let item = numbers.name("mcp");
        let arguments = wanted.arguments.to_string();
        let shown = |output: Value, error: Value| {
            json!({
                "id": item, "type": "mcp_call", "server_label": wanted.label, "name": wanted.tool,
                "arguments": arguments, "approval_request_id": question, "output": output, "error": error,
            })
        };
        let about = |kind: &str| json!({"type": format!("response.mcp_call.{kind}"), "item_id": item, "output_index": place});
        let open = shown(Value::Null, Value::Null);
        let (end, done) = match &wanted.comes {
            Ok(says) => ("completed", shown(json!(says), Value::Null)),
            Err(error) => ("failed", shown(Value::Null, error.clone())),
        };
        let events = vec![about(end), told("done", &done), output("done", response, *place, &done)];
        self.at_work.push_back((now + wanted.takes, events));
        vec![
            output("added", response, *place, &open),
            told("added", &open),
            json!({
                "type": "response.mcp_call_arguments.done", "response_id": response, "item_id": item,
                "output_index": place, "arguments": arguments,
            }),
            about("in_progress"),
        ]
    }
}

/// Whether a tool is asked about, as `require_approval` has it; all are where it says nothing.
fn asks(approval: &Value, tool: &str) -> bool {
    let named = |which: &str| {
        approval[which]["tool_names"].as_array().is_some_and(|names| names.contains(&json!(tool)))
    };
    match approval.as_str() {
        Some("never") => false,
        Some(_) => true,
        None => named("always") || !named("never"),
    }
}

fn told(kind: &str, item: &Value) -> Value {
    json!({"type": format!("conversation.item.{kind}"), "previous_item_id": null, "item": item})
}

fn output(kind: &str, response: &str, place: usize, item: &Value) -> Value {
    json!({
        "type": format!("response.output_item.{kind}"), "response_id": response, "output_index": place,
        "item": item,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openai::schema::judge_server;

    fn server(more: &Value) -> Value {
        let mut server = json!({
            "type": "mcp", "server_label": "todo", "server_url": "https://tools.example.com/mcp",
            "allowed_tools": ["list", "delete"],
            "require_approval": {"never": {"tool_names": ["list"]}, "always": {"tool_names": ["delete"]}},
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            server[name] = value.clone();
        }
        server
    }

    fn refused(tools: &Value) -> String {
        Hosting::judge(tools).expect_err("it is refused").param.expect("it names the field")
    }

    #[test]
    fn what_the_guide_says_is_refused_is_refused() {
        let plain = server(&Value::Null);
        assert_eq!(Hosting::judge(&json!([plain])), Ok(()));
        assert_eq!(refused(&json!([plain, plain])), "session.tools[1].server_label");
        let both = server(&json!({"connector_id": "connector_gmail"}));
        assert_eq!(refused(&json!([both])), "session.tools[0].server_url");
        assert_eq!(refused(&json!([server(&json!({"server_url": null}))])), "session.tools[0].server_url");
        assert_eq!(
            refused(&json!([server(&json!({"server_url": "http://tools.example.com"}))])),
            "session.tools[0].server_url"
        );
        let twice = server(&json!({"authorization": "t", "headers": {"authorization": "Bearer t"}}));
        assert_eq!(refused(&json!([twice])), "session.tools[0].headers");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any moment will do to begin with")]
    fn what_it_says_of_tools_is_what_the_service_says() {
        let now = Instant::now();
        let (mut hosting, mut numbers) = (Hosting::default(), Numbers::new(1));
        let mut said = hosting.hand_over(&json!([server(&Value::Null)]), &BTreeSet::new(), &mut numbers);
        let wants = |tool: &str| HostedUse::new("todo", tool, json!({}), "Done.");
        said.extend(hosting.wanted(now, wants("list"), "resp_1", 0, &mut numbers).expect("it may"));
        said.extend(hosting.wanted(now, wants("delete"), "resp_1", 1, &mut numbers).expect("it asks"));
        let question = said.last().expect("a question")["item"]["id"].clone();
        let answer = json!({"type": "mcp_approval_response", "id": "a", "approval_request_id": question,
            "approve": true, "reason": null});
        said.extend(hosting.answered(now, &answer, &mut numbers).expect("it is known"));
        assert!(hosting.answered(now, &answer, &mut numbers).is_err(), "it is answered once");
        said.extend(hosting.over(now));
        for mut event in said {
            event["event_id"] = "event_1".into();
            assert_eq!(judge_server(&event), Ok(()), "{event}");
        }
        assert!(
            hosting.wanted(now, wants("drop"), "resp_1", 2, &mut numbers).is_err(),
            "it was not handed over"
        );
    }
}
