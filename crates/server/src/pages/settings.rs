//! What the owner may decide in a browser, each setting with where its value comes from.

use super::{Failure, Frame, shown};
use crate::{
    app::App,
    clock,
    config::{
        Config, EngineKind, Source,
        schema::{self, Section, Setting},
    },
    engines,
    guard::session::User,
    saved::{self, NotSaved},
};
use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The sections of the settings that a page may change. The rest is decided by whoever runs the program.
const SECTIONS: [&str; 21] = [
    "callers",
    "answering",
    "assistant",
    "call",
    "recording",
    "retention",
    "cost",
    "openai",
    "deepgram",
    "local",
    "think",
    "ollama",
    "calendar",
    "hours",
    "calls",
    "twilio",
    "plivo",
    "telnyx",
    "messages",
    "email",
    "google",
];
/// What a form writes in place of a secret that is to be forgotten.
const FORGET: &str = "forget";

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    engines: Vec<EngineState>,
    sections: Vec<Part>,
}

/// How an engine is that calls are answered by.
struct EngineState {
    name: &'static str,
    /// Why it does not work; none: it does, as far as is known.
    trouble: Option<String>,
    /// It will not before something is changed here.
    lasting: bool,
}

/// One section, as a form.
struct Part {
    name: &'static str,
    title: String,
    about: &'static str,
    fields: Vec<Field>,
    wrong: bool,
}

struct Field {
    key: &'static str,
    label: String,
    help: &'static str,
    /// As it stands, or as it was just written; nothing of a secret.
    value: String,
    /// What it is where nothing is written.
    default: &'static str,
    secret: bool,
    /// A secret is known.
    known: bool,
    /// What sets it over our head, in whose place nothing can be set here.
    fixed: Option<String>,
    wrong: Option<String>,
}

/// `GET /settings`
pub(super) async fn settings(State(app): State<Arc<App>>, _: User) -> Response {
    shown(&page(&app, "", &BTreeMap::new(), &BTreeMap::new()))
}

/// `POST /settings/engines/test`: opens a session with every engine of the list, and closes it.
pub(super) async fn try_engines(State(app): State<Arc<App>>, _: User) -> Response {
    for kind in app.config.get().assistant.engines.clone() {
        let _shown = engines::attempt(&app, kind).await;
    }
    Redirect::to("/settings#engines").into_response()
}

/// `POST /settings/{section}`: saves what is written in that section's form. An empty field goes back to its default.
pub(super) async fn save(
    State(app): State<Arc<App>>,
    by: User,
    Path(name): Path<String>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    let section = sections().find(|section| section.name == name).ok_or_else(Failure::not_found)?;
    let config = app.config.get();
    let changes: Vec<_> = section
        .settings
        .iter()
        .filter(|setting| fixed(&config, setting).is_none())
        .filter_map(|setting| Some((setting, asked(setting, form.get(setting.key)?, &form)?.value())))
        .collect();
    let wrong: BTreeMap<_, _> = changes
        .iter()
        .filter_map(|(setting, value)| Some((setting.key, schema::check(setting, value.as_ref()?).err()?)))
        .collect();
    if !wrong.is_empty() {
        let page = page(&app, section.name, &form, &wrong);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown(&page)).into_response());
    }
    let changes: Vec<_> = changes.into_iter().map(|(setting, value)| (setting.key, value)).collect();
    let (by, now_ms) = (&by.user.id, clock::now_ms());
    match saved::change(&app, &changes, by, now_ms).await {
        Ok(()) => {}
        Err(NotSaved::Store(error)) => return Err(error.into()),
        Err(NotSaved::Config(error)) => return Err(Failure::bad_request(&error.to_string())),
    }
    let keys: Vec<_> = changes.iter().map(|(key, _)| *key).collect();
    tracing::info!(by, ?keys, "settings were saved on the page");
    Ok(Redirect::to(&format!("/settings#{}", section.name)).into_response())
}

fn sections() -> impl Iterator<Item = &'static Section> {
    schema::sections().filter(|section| SECTIONS.contains(&section.name))
}

/// What a form asks for a setting.
enum Asked {
    Value(String),
    Default,
}

impl Asked {
    fn value(self) -> Option<String> {
        match self {
            Asked::Value(text) => Some(text),
            Asked::Default => None,
        }
    }
}

/// What a form asks for this setting, if anything. A secret that is left empty stays as it is.
fn asked(setting: &Setting, text: &str, form: &BTreeMap<String, String>) -> Option<Asked> {
    let text = text.trim();
    let forget = form.contains_key(&format!("{FORGET} {}", setting.key));
    match (text.is_empty(), setting.secret) {
        (false, _) => Some(Asked::Value(text.to_owned())),
        (true, true) if !forget => None,
        (true, _) => Some(Asked::Default),
    }
}

/// What sets this setting over the page's head.
fn fixed(config: &Config, setting: &Setting) -> Option<String> {
    match config.origins.get(setting.key)? {
        Source::File { .. } | Source::Page => None,
        over @ (Source::DotEnv { .. } | Source::Environment { .. } | Source::Flag { .. }) => {
            Some(over.to_string())
        }
    }
}

fn page(
    app: &App,
    written_in: &str,
    written: &BTreeMap<String, String>,
    wrong: &BTreeMap<&'static str, String>,
) -> SettingsPage {
    let config = &*app.config.get();
    let part = |section: &'static Section| Part {
        name: section.name,
        title: titled(section.name),
        about: section.about,
        wrong: section.name == written_in && !wrong.is_empty(),
        fields: section.settings.iter().map(|setting| field(config, setting, written, wrong)).collect(),
    };
    let parts = sections().map(part).filter(|part| !part.fields.is_empty());
    let troubles = app.engines.troubles();
    let state = |kind: &EngineKind| {
        let trouble = troubles.iter().find(|(troubled, ..)| troubled == kind);
        EngineState {
            name: kind.name(),
            trouble: trouble.map(|(_, why, _)| why.clone()),
            lasting: trouble.is_some_and(|(.., lasting)| *lasting),
        }
    };
    SettingsPage {
        frame: Frame::inside("settings"),
        engines: config.assistant.engines.iter().map(state).collect(),
        sections: parts.collect(),
    }
}

fn field(
    config: &Config,
    setting: &'static Setting,
    written: &BTreeMap<String, String>,
    wrong: &BTreeMap<&'static str, String>,
) -> Field {
    let stands = || config.written.get(setting.key).cloned().unwrap_or_default();
    let value = written.get(setting.key).cloned().unwrap_or_else(stands);
    let name = setting.key.split_once('.').map_or(setting.key, |(_, name)| name);
    Field {
        key: setting.key,
        label: titled(name),
        help: setting.help,
        value: if setting.secret { String::new() } else { value },
        default: if setting.secret { "" } else { setting.shown() },
        secret: setting.secret,
        known: config.origins.contains_key(setting.key),
        fixed: fixed(config, setting),
        wrong: wrong.get(setting.key).cloned(),
    }
}

/// `smtp_host` → `Smtp host`
fn titled(name: &str) -> String {
    let text = name.replace('_', " ");
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
