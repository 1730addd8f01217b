//! Tools that the owner describes on a page, without code: a request to some service each, and the secrets they name.

use super::{Failure, Frame, shown, tools};
use crate::{
    added::{self, Kind, MOST},
    app::App,
    guard::session::User,
    hands,
};
use askama::Template;
use axum::{
    extract::{Form, Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tool::own::{Definition, OwnTool};

/// Names that are addresses under `/tools`.
const TAKEN: [&str; 2] = ["new", "secrets"];
/// The longest text in any field, in bytes.
const LONGEST: usize = 20_000;

#[derive(Template)]
#[template(path = "own_tool.html")]
struct OwnToolPage {
    frame: Frame,
    /// It is there, under this name.
    there: Option<String>,
    fields: Fields,
    /// What is wrong with all of it.
    wrong: Option<String>,
}

/// A description as it is typed.
#[derive(Clone, Default)]
struct Fields {
    name: String,
    description: String,
    method: String,
    url: String,
    /// `Name: value`, a line each.
    headers: String,
    /// JSON.
    parameters: String,
    body: String,
    answer: String,
    class: String,
    trust: String,
    timeout: String,
    /// What is wrong with each, by name.
    wrong: BTreeMap<&'static str, String>,
}

/// `GET /tools/new`
pub(super) async fn new(_: User) -> Response {
    let parameters = "{\n  \"type\": \"object\",\n  \"properties\": {\n    \"city\": {\"type\": \"string\"}\n  },\n  \
                      \"required\": [\"city\"]\n}";
    let fields = Fields {
        method: "GET".into(),
        parameters: parameters.into(),
        timeout: "10".into(),
        ..Fields::default()
    };
    page(None, fields, None)
}

/// `GET /tools/{name}/edit`
pub(super) async fn edit(
    State(app): State<Arc<App>>,
    _: User,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let rows = app.store.added().await?;
    let mut all = added::all::<Definition>(&rows, &app.vault, Kind::Tool);
    let definition = all.remove(&name).ok_or_else(Failure::not_found)?;
    Ok(page(Some(name), Fields::of(&definition), None))
}

/// `POST /tools/new`: makes one, or changes one that was made here.
pub(super) async fn save(
    State(app): State<Arc<App>>,
    by: User,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    let there = form.get("there").cloned().filter(|name| !name.is_empty());
    let mut fields = Fields::typed(&form);
    if let Some(name) = &there {
        fields.name.clone_from(name);
    }
    let refuse = |fields: Fields, wrong: Option<String>| {
        (StatusCode::UNPROCESSABLE_ENTITY, page(there.clone(), fields, wrong)).into_response()
    };
    let Some(definition) = fields.read() else { return Ok(refuse(fields, None)) };
    let name = definition.name.clone();
    if let Err(wrong) = OwnTool::new(definition.clone(), Arc::new(|_| None)) {
        return Ok(refuse(fields, Some(format!("Nothing was saved: {wrong}."))));
    }
    let rows = app.store.added().await?;
    let known: BTreeSet<_> =
        rows.iter().filter(|row| row.kind == Kind::Tool.name()).map(|row| &row.name).collect();
    let taken = there.is_none()
        && (TAKEN.contains(&name.as_str())
            || known.contains(&name)
            || app.tools.get().listed().iter().any(|listed| listed.spec.name == name));
    if taken {
        fields.wrong.insert("name", "There is a tool of this name.".into());
        return Ok(refuse(fields, None));
    }
    if !added::has_room(&app.store, Kind::Tool, &name).await? {
        return Ok(refuse(fields, Some(format!("There are {MOST} already, and no more may be."))));
    }
    added::add(&app, &by, Kind::Tool, &name, &definition).await?;
    hands::heed_added(&app).await?;
    Ok(Redirect::to(&format!("/tools/{name}")).into_response())
}

/// `POST /tools/{name}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    by: User,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    gone(&app, &by, Kind::Tool, &name).await
}

/// `POST /tools/secrets`
pub(super) async fn keep_secret(
    State(app): State<Arc<App>>,
    by: User,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    let field = |name: &str| form.get(name).map(|text| text.trim()).unwrap_or_default();
    let (name, value) = (field("name"), field("value"));
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let named = !name.is_empty() && name.len() <= 60 && name.bytes().all(fits);
    let room = named && added::has_room(&app.store, Kind::Secret, name).await?;
    let wrong_name = match (named, room) {
        (false, _) => Some("Give the secret a name of capital letters, digits and _, such as WEATHER_KEY."),
        (true, false) => Some("There are as many secrets as there may be. Forget one that is not needed."),
        (true, true) => None,
    };
    let filled = !value.is_empty() && value.len() <= LONGEST;
    let wrong_value = (!filled).then_some("Give what the secret stands for.");
    if wrong_name.is_some() || wrong_value.is_some() {
        let typed = tools::Typed { name: name.to_owned(), wrong_name, wrong_value };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, tools::all(&app, typed).await?).into_response());
    }
    added::add(&app, &by, Kind::Secret, name, &value).await?;
    hands::heed_added(&app).await?;
    Ok(Redirect::to("/tools#secrets").into_response())
}

/// `POST /tools/secrets/{name}/forget`
pub(super) async fn forget_secret(
    State(app): State<Arc<App>>,
    by: User,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    gone(&app, &by, Kind::Secret, &name).await
}

async fn gone(app: &App, by: &User, kind: Kind, name: &str) -> Result<Response, Failure> {
    if !added::take_away(app, by, kind, name).await? {
        return Err(Failure::not_found());
    }
    hands::heed_added(app).await?;
    Ok(Redirect::to("/tools").into_response())
}

fn page(there: Option<String>, fields: Fields, wrong: Option<String>) -> Response {
    shown(&OwnToolPage { frame: Frame::inside("tools"), there, fields, wrong })
}

impl Fields {
    fn typed(form: &BTreeMap<String, String>) -> Self {
        let field = |name: &str| {
            let text = form.get(name).map(|text| text.trim().replace("\r\n", "\n")).unwrap_or_default();
            text.chars().take(LONGEST).collect::<String>()
        };
        Self {
            name: field("name"),
            description: field("description"),
            method: field("method"),
            url: field("url"),
            headers: field("headers"),
            parameters: field("parameters"),
            body: field("body"),
            answer: field("answer"),
            class: field("class"),
            trust: field("trust"),
            timeout: field("timeout"),
            wrong: BTreeMap::new(),
        }
    }

    fn of(definition: &Definition) -> Self {
        let json = |value: &Option<Value>| {
            value.as_ref().and_then(|value| serde_json::to_string_pretty(value).ok()).unwrap_or_default()
        };
        let headers = definition.headers.iter().map(|(name, value)| format!("{name}: {value}"));
        Self {
            name: definition.name.clone(),
            description: definition.description.clone(),
            method: definition.method.clone(),
            url: definition.url.clone(),
            headers: headers.collect::<Vec<_>>().join("\n"),
            parameters: json(&definition.parameters),
            body: json(&definition.body),
            answer: definition.answer.clone().unwrap_or_default(),
            class: definition.class.clone().unwrap_or_default(),
            trust: definition.trust.clone().unwrap_or_default(),
            timeout: definition.timeout_seconds.to_string(),
            wrong: BTreeMap::new(),
        }
    }

    /// The description, as far as each field can be read; else what is wrong is noted beside the fields.
    fn read(&mut self) -> Option<Definition> {
        let parameters = self.json("parameters", &self.parameters.clone());
        let body = self.json("body", &self.body.clone());
        let mut headers = BTreeMap::new();
        for line in self.headers.lines().filter(|line| !line.trim().is_empty()) {
            match line.split_once(':') {
                Some((name, value)) => {
                    headers.insert(name.trim().to_owned(), value.trim().to_owned());
                }
                None => {
                    self.wrong.insert("headers", "Write each as Name: value, in a line of its own.".into());
                }
            }
        }
        let timeout = self.timeout.parse();
        if timeout.is_err() {
            self.wrong.insert("timeout", "Give a number of seconds.".into());
        }
        for (name, text) in [("name", &self.name), ("description", &self.description), ("url", &self.url)] {
            if text.is_empty() {
                self.wrong.insert(name, "This is needed.".into());
            }
        }
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        self.wrong.is_empty().then(|| Definition {
            name: self.name.clone(),
            description: self.description.clone(),
            method: self.method.clone(),
            url: self.url.clone(),
            headers,
            parameters,
            body,
            answer: some(&self.answer),
            class: some(&self.class),
            trust: some(&self.trust),
            private: false,
            timeout_seconds: timeout.unwrap_or(10),
        })
    }

    fn json(&mut self, field: &'static str, text: &str) -> Option<Value> {
        if text.is_empty() {
            return None;
        }
        let read = serde_json::from_str(text);
        if let Err(error) = &read {
            self.wrong.insert(field, format!("This is no JSON: {error}."));
        }
        read.ok()
    }

    fn wrong(&self, field: &str) -> Option<&String> {
        self.wrong.get(field)
    }
}
