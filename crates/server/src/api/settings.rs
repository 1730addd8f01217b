//! Accounts elsewhere for programs: `/api/settings/{twilio,plivo,telnyx,deepgram}-config`.
//!
//! GET says which settings of the section are set and by whom; a secret is only dots. POST saves those that its JSON
//! object names (`account_sid`, or as the variable: `twilio_account_sid`), as the settings page does; an empty text or
//! null forgets what was saved, and dots leave a secret as it is.

use super::{Program, refused};
use crate::{
    app::App,
    audit::Deed,
    clock,
    config::{
        Config, Source,
        schema::{self, Section, Setting},
    },
    saved::{self, NotSaved},
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Map, Value, json};
use std::sync::Arc;

const DOTS: &str = "••••";

pub fn router() -> Router<Arc<App>> {
    let of = |name: &'static str| {
        get(move |state, program| told(name, state, program))
            .post(move |state, program, body| save(name, state, program, body))
    };
    Router::new()
        .route("/api/settings/twilio-config", of("twilio"))
        .route("/api/settings/plivo-config", of("plivo"))
        .route("/api/settings/telnyx-config", of("telnyx"))
        .route("/api/settings/deepgram-config", of("deepgram"))
}

#[expect(clippy::unused_async, reason = "axum calls what is asynchronous")]
async fn told(name: &'static str, State(app): State<Arc<App>>, _: Program) -> Response {
    Json(json!({"ok": true, "settings": settings(&app.config.get(), section(name))})).into_response()
}

async fn save(name: &'static str, State(app): State<Arc<App>>, program: Program, body: Bytes) -> Response {
    let section = section(name);
    let Ok(given) = serde_json::from_slice::<Map<String, Value>>(&body) else {
        return refused(StatusCode::BAD_REQUEST, "The body must be one JSON object.");
    };
    let config = app.config.get();
    let changes: Result<Vec<_>, String> = given
        .iter()
        .map(|(name, value)| change(&config, section, name, value))
        .filter_map(Result::transpose)
        .collect();
    let changes = match changes {
        Ok(changes) => changes,
        Err(why) => return refused(StatusCode::UNPROCESSABLE_ENTITY, &format!("Nothing was saved: {why}.")),
    };
    match saved::change(&app, &changes, &program.key, clock::now_ms()).await {
        Ok(()) => {}
        Err(error @ (NotSaved::Config(_) | NotSaved::NotOffered(_))) => {
            return refused(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string());
        }
        Err(NotSaved::Store(error)) => {
            tracing::error!(%error, "settings were not saved");
            return refused(StatusCode::INTERNAL_SERVER_ERROR, "The database did not answer.");
        }
    }
    let keys: Vec<_> = changes.iter().map(|(key, _)| *key).collect();
    app.audit(&program, Deed::SettingsSaved, &keys.join(", ")).await;
    let told = json!({
        "ok": true, "message": "What was given is saved.", "settings": settings(&app.config.get(), section),
    });
    Json(told).into_response()
}

/// What is to be saved, if anything.
fn change(
    config: &Config,
    section: &'static Section,
    name: &str,
    value: &Value,
) -> Result<Option<(&'static str, Option<String>)>, String> {
    let setting = named(section, name).ok_or_else(|| {
        let names: Vec<_> = section.settings.iter().map(|setting| short(setting)).collect();
        format!("there is no {:?} here; {} are", name.chars().take(40).collect::<String>(), names.join(", "))
    })?;
    let text = match value {
        Value::Null => "",
        Value::String(text) => text.trim(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            return Err(format!("{} must be a text", short(setting)));
        }
    };
    if setting.secret && text == DOTS {
        return Ok(None);
    }
    if let Some(over) = fixed(config, setting) {
        return Err(format!("{} is set by {over}, which counts before what is saved", short(setting)));
    }
    if text.is_empty() {
        return Ok(Some((setting.key, None)));
    }
    schema::check(setting, text).map_err(|why| format!("{}: {why}", short(setting)))?;
    Ok(Some((setting.key, Some(text.to_owned()))))
}

fn named(section: &'static Section, name: &str) -> Option<&'static Setting> {
    let variable = name.to_uppercase();
    section.settings.iter().find(|setting| short(setting) == name || setting.env.contains(&variable.as_str()))
}

fn settings(config: &Config, section: &'static Section) -> Map<String, Value> {
    let one = |setting: &'static Setting| {
        let set = config.origins.get(setting.key);
        let value = match set {
            Some(_) if setting.secret => DOTS.to_owned(),
            Some(_) => config.written.get(setting.key).cloned().unwrap_or_default(),
            None => String::new(),
        };
        let told = json!({
            "set": set.is_some(), "value": value, "from": set.map(ToString::to_string),
            "can_be_saved": fixed(config, setting).is_none(),
        });
        (short(setting).to_owned(), told)
    };
    section.settings.iter().map(one).collect()
}

/// What sets this setting over the head of what is saved.
pub fn fixed<'a>(config: &'a Config, setting: &Setting) -> Option<&'a Source> {
    config.origins.get(setting.key).filter(|source| source.counts_over_pages())
}

/// A setting's name within its section.
pub fn short(setting: &Setting) -> &'static str {
    setting.key.split_once('.').map_or(setting.key, |(_, name)| name)
}

fn section(name: &str) -> &'static Section {
    schema::sections().find(|section| section.name == name).expect("it is in the table")
}
