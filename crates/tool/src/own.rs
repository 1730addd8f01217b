//! Tools that the owner describes, without code: one HTTP request each, with places for the arguments, and what to take of
//! the answer.
//!
//! What a caller says can change no more than the places it is put into: the host stands in the description, a value
//! stays within its part of the path or query, its header, its JSON string ([`template`]). No redirect is followed, and
//! an address in a private network is only called where the owner says so ([`reach`]).

pub mod reach;
mod template;

use crate::{Class, Errand, Hints, Running, Spec, Tool, Trust, guessed};
use call::Answer;
use reach::Reply;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use serde_json_path::JsonPath;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use template::{Body, Text, Url};

pub use reach::Reach;

/// A tool as the owner describes it: `[[tool]]` in the settings file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// `snake_case`, unique among the tools.
    pub name: String,
    /// When and what for, for the model.
    pub description: String,
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    #[serde(default = "get")]
    pub method: String,
    /// `https://host/path?query`, with `{argument}` in the path and the query.
    pub url: String,
    /// Likewise. `{secret:NAME}` stands for a secret.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// JSON schema of the arguments, an object. None: there are none.
    #[serde(default)]
    pub parameters: Option<Value>,
    /// What is sent as JSON: a text that is nothing but `{argument}` becomes its value.
    #[serde(default)]
    pub body: Option<Value>,
    /// The path (RFC 9535) of what is told of the answer. None: all of it.
    #[serde(default)]
    pub answer: Option<String>,
    /// `reads`, `writes` or `final`. None: guessed from the method and the name.
    #[serde(default)]
    pub class: Option<String>,
    /// `known` or `owner`, which is what holds without it.
    #[serde(default)]
    pub trust: Option<String>,
    /// The host may be in a private network, and need not speak TLS.
    #[serde(default)]
    pub private: bool,
    /// How long it may take.
    #[serde(default = "ten")]
    pub timeout_seconds: u64,
}

fn get() -> String {
    "GET".into()
}

fn ten() -> u64 {
    10
}

impl Definition {
    /// The names of the secrets that it refers to.
    pub fn secrets(&self) -> Vec<String> {
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        let texts = [&self.url, &body].into_iter().chain(self.headers.values());
        let names = texts.flat_map(|text| text.split("{secret:").skip(1));
        names.filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect()
    }
}

/// Gives the secret of this name.
pub type Secrets = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Why a description is none, in a sentence for the owner.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(pub String);

/// A tool made of a description.
pub struct OwnTool {
    name: String,
    description: String,
    parameters: Value,
    class: Class,
    trust: Trust,
    method: reqwest::Method,
    url: Url,
    headers: Vec<(String, Text)>,
    body: Option<Body>,
    answer: Option<JsonPath>,
    reach: Reach,
    secrets: Secrets,
}

/// The longest that a tool may be given.
const LONGEST: u64 = 120;
/// More headers than any service needs.
const HEADERS: usize = 32;

impl OwnTool {
    /// Reads a description. Secrets are asked for when the tool is used, so that they can change.
    pub fn new(definition: Definition, secrets: Secrets) -> Result<Self, Wrong> {
        let Definition { name, description, method, url, headers, parameters, body, answer, .. } =
            &definition;
        let wrong = |why: String| Wrong(format!("the tool {name}: {why}"));
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if name.is_empty() || name.len() > 64 || !name.bytes().all(fits) {
            return Err(wrong("a name is made of at most 64 letters, digits, _ and -".into()));
        }
        if description.trim().is_empty() {
            return Err(wrong("say in its description what it does, for the model".into()));
        }
        let method = match method.to_ascii_uppercase().as_str() {
            "GET" => reqwest::Method::GET,
            "POST" => reqwest::Method::POST,
            "PUT" => reqwest::Method::PUT,
            "PATCH" => reqwest::Method::PATCH,
            "DELETE" => reqwest::Method::DELETE,
            _ => return Err(wrong("its method must be GET, POST, PUT, PATCH or DELETE".into())),
        };
        let parameters = parameters.clone().unwrap_or_else(|| json!({"type": "object", "properties": {}}));
        if parameters["type"] != "object" {
            return Err(wrong("its parameters must be a JSON schema with type = \"object\"".into()));
        }
        let url = Url::new(url, definition.private).map_err(wrong)?;
        if headers.len() > HEADERS {
            return Err(wrong(format!("it has more than {HEADERS} headers")));
        }
        let header = |(name, value): (&String, &String)| {
            reqwest::header::HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| format!("{name} is no name of a header"))?;
            Ok::<_, String>((name.clone(), Text::new(value)?))
        };
        let headers: Vec<_> = headers.iter().map(header).collect::<Result<_, String>>().map_err(wrong)?;
        let body = body.clone().map(Body::new).transpose().map_err(wrong)?;
        let known = |place: &str| parameters["properties"].get(place).is_some();
        let mut places: Vec<&str> =
            url.places().chain(headers.iter().flat_map(|(_, text)| text.places())).collect();
        places.extend(body.iter().flat_map(Body::places));
        if let Some(unknown) = places.into_iter().find(|place| !known(place)) {
            return Err(wrong(format!("{{{unknown}}} stands in it, and is none of its parameters")));
        }
        let path =
            |path: &String| JsonPath::parse(path).map_err(|error| format!("{path} is no JSONPath: {error}"));
        let answer = answer.as_ref().map(path).transpose().map_err(wrong)?;
        let class = match definition.class.as_deref() {
            None => class(name, &method),
            Some(class) => Class::named(class)
                .ok_or_else(|| wrong(format!("{class} is no class: reads, writes or final")))?,
        };
        let trust = match definition.trust.as_deref() {
            None => Trust::Owner,
            Some(trust) => Trust::named(trust)
                .filter(|trust| *trust > Trust::Stranger)
                .ok_or_else(|| wrong(format!("{trust} is nobody it can be for: known or owner")))?,
        };
        if !(1..=LONGEST).contains(&definition.timeout_seconds) {
            return Err(wrong(format!("it may take from 1 to {LONGEST} seconds")));
        }
        let reach = Reach {
            host: url.host().to_owned(),
            port: url.port(),
            private: definition.private,
            patience: Duration::from_secs(definition.timeout_seconds),
        };
        let Definition { name, description, .. } = definition;
        Ok(Self {
            name,
            description,
            parameters,
            class,
            trust,
            method,
            url,
            headers,
            body,
            answer,
            reach,
            secrets,
        })
    }

    async fn call(&self, arguments: &Value) -> Result<Answer, Answer> {
        let secrets = |name: &str| (self.secrets)(name).filter(|secret| !secret.is_empty());
        let values = template::Values { arguments, secrets: &secrets };
        let url = self.url.filled(&values).map_err(Answer::failed)?;
        let mut request =
            self.reach.client().await.map_err(Answer::failed)?.request(self.method.clone(), url);
        for (name, text) in &self.headers {
            if let Some(value) = text.header(&values).map_err(Answer::failed)? {
                request = request.header(name, value);
            }
        }
        if let Some(body) = &self.body {
            request = request.json(&body.filled(&values).map_err(Answer::failed)?);
        }
        let reply = reach::ask(request, self.reach.patience).await.map_err(|why| {
            tracing::warn!(tool = self.name, why, "a tool of the owner's failed");
            Answer::failed(format!("That did not work: {why}."))
        })?;
        Ok(self.told(&reply))
    }

    fn told(&self, reply: &Reply) -> Answer {
        let text = String::from_utf8_lossy(&reply.body);
        let value: Option<Value> = serde_json::from_str(&text).ok();
        match (&self.answer, value) {
            (Some(path), Some(value)) => {
                let picked: Vec<&Value> = path.query(&value).all();
                match picked.as_slice() {
                    [] => Answer::said("There is nothing of that."),
                    [Value::String(text)] => Answer::said(text),
                    [one] => data(one),
                    many => data(&Value::from(many.iter().map(|value| (*value).clone()).collect::<Vec<_>>())),
                }
            }
            (Some(_), None) => Answer::failed("The answer was not as it should be: no JSON."),
            (None, Some(value)) if value.is_object() || value.is_array() => data(&value),
            (None, _) if text.trim().is_empty() => Answer::said("Done."),
            (None, _) => Answer::said(text.trim()),
        }
    }
}

/// An answer that is nothing but JSON; it is put in plain words where it is said.
fn data(value: &Value) -> Answer {
    Answer::said(value.to_string())
}

/// What a request of this kind probably does.
fn class(name: &str, method: &reqwest::Method) -> Class {
    let looks = *method == reqwest::Method::GET;
    let hints =
        Hints { read_only: Some(looks), destructive: (*method == reqwest::Method::DELETE).then_some(true) };
    guessed(name, hints)
}

impl Tool for OwnTool {
    fn spec(&self) -> Spec {
        Spec {
            name: self.name.clone(),
            description: self.description.as_str().into(),
            parameters: self.parameters.clone().into(),
        }
    }

    fn trust(&self) -> Trust {
        self.trust
    }

    fn class(&self) -> Class {
        self.class
    }

    fn is_foreign(&self) -> bool {
        true
    }

    fn run<'a>(&'a self, arguments: Value, _: &'a Errand) -> Running<'a> {
        Box::pin(async move { self.call(&arguments).await.unwrap_or_else(|answer| answer) })
    }
}
