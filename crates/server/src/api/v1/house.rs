//! How the assistant is set up, for programs: to read, and nothing of a secret.

use super::{
    door::Entered,
    problem::{Told, Usual},
};
use crate::{
    api::settings::{fixed, short},
    app::App,
    config::{Config, assistants, schema},
    hands,
    told::Page,
};
use axum::{Json, extract::State};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Who answers the telephone.
#[derive(Serialize, ToSchema)]
pub(super) struct Assistant {
    /// `default`, which answers wherever no other does, or the number that it is of.
    id: String,
    /// What the owner calls it; empty: nothing.
    name: String,
    /// What the assistant is told of who it is.
    instructions: String,
    voice: String,
    /// A language tag, such as `en`.
    language: String,
    /// Who answers, and who goes on should they fail, in this order.
    engines: Vec<&'static str>,
    tools: Vec<ToolTold>,
}

/// What it can do.
#[derive(Serialize, ToSchema)]
pub(super) struct ToolTold {
    name: String,
    description: String,
    /// `reads`, `writes`, or `final`: it cannot be undone, and callers are asked first.
    class: &'static str,
    /// Who may use it, at least.
    trust: &'static str,
}

/// Lists assistants
///
/// The default one first, then those that numbers have of their own.
#[utoipa::path(get, path = "/assistants", tag = "Settings",
    responses((status = 200, description = "All of them.", body = Page<Assistant>), Usual))]
pub(super) async fn assistants(State(app): State<Arc<App>>, _: Entered) -> Told<Json<Page<Assistant>>> {
    let saved = app.saved.get();
    let named = |number: &str| {
        let key = assistants::key(number, assistants::NAME);
        saved.iter().find(|row| row.key == key).map(|row| row.value.clone()).unwrap_or_default()
    };
    let default = assistant(&app, &app.config.get(), "default", String::new());
    let numbers = app.config.numbers();
    let others = numbers.iter().map(|(number, config)| assistant(&app, config, number, named(number)));
    Ok(Json(Page { items: std::iter::once(default).chain(others).collect(), next_cursor: None }))
}

fn assistant(app: &App, config: &Arc<Config>, id: &str, name: String) -> Assistant {
    let assistant = &config.assistant;
    let tools = hands::of(app, config).listed().into_iter().map(|listed| ToolTold {
        name: listed.spec.name,
        description: listed.spec.description.to_string(),
        class: listed.class.name(),
        trust: listed.trust.name(),
    });
    Assistant {
        id: id.to_owned(),
        name,
        instructions: assistant.instructions.clone(),
        voice: assistant.voice.clone(),
        language: assistant.language.clone(),
        engines: assistant.engines.iter().map(|engine| engine.name()).collect(),
        tools: tools.collect(),
    }
}

/// One thing that the owner may decide.
#[derive(Serialize, ToSchema)]
pub(super) struct SettingTold {
    /// `section.name`
    key: &'static str,
    section: &'static str,
    name: &'static str,
    help: &'static str,
    /// What counts; empty where it is a secret, or not set.
    value: String,
    secret: bool,
    /// It is not at its default.
    set: bool,
    /// Where it was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    from: Option<String>,
    /// It can be changed on the settings page: nothing that counts before it sets it.
    can_be_saved: bool,
}

/// Lists settings
///
/// Each with where it was set. Secrets are never told.
#[utoipa::path(get, path = "/settings", tag = "Settings",
    responses((status = 200, description = "All of them.", body = Page<SettingTold>), Usual))]
pub(super) async fn settings(State(app): State<Arc<App>>, _: Entered) -> Told<Json<Page<SettingTold>>> {
    let config = app.config.get();
    let items = schema::sections()
        .flat_map(|section| section.settings.iter().map(move |setting| (section.name, setting)))
        .map(|(section, setting)| told(&config, section, setting))
        .collect();
    Ok(Json(Page { items, next_cursor: None }))
}

fn told(config: &Config, section: &'static str, setting: &'static schema::Setting) -> SettingTold {
    let from = config.origins.get(setting.key);
    let written = || config.written.get(setting.key).cloned();
    let stands = || written().unwrap_or_else(|| setting.default.to_owned());
    SettingTold {
        key: setting.key,
        section,
        name: short(setting),
        help: setting.help,
        value: if setting.secret { String::new() } else { stands() },
        secret: setting.secret,
        set: from.is_some(),
        from: from.map(ToString::to_string),
        can_be_saved: fixed(config, setting).is_none(),
    }
}
