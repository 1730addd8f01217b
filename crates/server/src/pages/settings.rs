//! What the owner may decide in a browser, each setting with where its value comes from.

use super::{Failure, Frame, shown, shown_again, times};
use crate::{
    app::App,
    audit::Deed,
    call_briefs::capitalised,
    clock,
    config::{
        Config, EngineKind, Source,
        schema::{self, Section, Setting},
    },
    engines,
    guard::session::User,
    providers::{self, Provider, Standing, State as Stand},
    reach::Tested,
    saved,
};
use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};
use store::StoreError;

/// The sections of the settings that a page may change. The rest is decided by whoever runs the program.
const SECTIONS: [&str; 22] = [
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
    "owner",
    "google",
];
/// A value or a default of more characters is given several lines.
const LINE: usize = 48;
/// What the names of boxes begin with by which a secret is forgotten; a space and its key follow.
const FORGET: &str = "forget";

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    engines: Vec<EngineState>,
    cards: Vec<Card>,
    /// The other sections.
    sections: Vec<Line>,
}

/// A service, at a glance.
struct Card {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    at: &'static str,
    state: &'static str,
    tag: &'static str,
    line: String,
    to_do: Vec<String>,
    /// What its test came to just now.
    tested: Option<Tested>,
}

/// A section that is on a page of its own.
struct Line {
    name: &'static str,
    title: String,
    about: &'static str,
    /// How many of its settings are not at their default.
    set: usize,
}

#[derive(Template)]
#[template(path = "section.html")]
struct SectionPage {
    frame: Frame,
    part: Part,
    card: Option<Card>,
    saved: bool,
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

#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own in the form")]
struct Field {
    key: &'static str,
    label: String,
    help: &'static str,
    /// As it stands, or as it was just written; nothing of a secret.
    value: String,
    /// What it is where nothing is written.
    default: &'static str,
    /// The words of which it is one, each with whether it is that; none: it may be anything.
    words: Vec<(String, bool)>,
    /// It may take more than a line.
    long: bool,
    secret: bool,
    /// A secret is known.
    known: bool,
    /// Where its value comes from; empty: it is at its default.
    from: String,
    /// That counts before this page: nothing can be set here.
    fixed: bool,
    wrong: Option<String>,
}

/// `GET /settings`
pub(super) async fn settings(State(app): State<Arc<App>>, _: User) -> Result<Response, Failure> {
    Ok(shown(&overview(&app, None).await?))
}

#[derive(Deserialize)]
pub(super) struct Came {
    saved: Option<String>,
}

/// `GET /settings/{section}`
pub(super) async fn section(
    State(app): State<Arc<App>>,
    _: User,
    Path(name): Path<String>,
    Query(came): Query<Came>,
) -> Result<Response, Failure> {
    let section = named(&name)?;
    let page = page(&app, section, &BTreeMap::new(), &BTreeMap::new(), None).await?;
    Ok(shown(&SectionPage { saved: came.saved.is_some(), ..page }))
}

#[derive(Deserialize)]
pub(super) struct From {
    /// Where the button stood.
    from: Option<String>,
}

/// `POST /settings/{provider}/test`: asks the service something that costs nothing, and says what came back.
pub(super) async fn test(
    State(app): State<Arc<App>>,
    _: User,
    Path(name): Path<String>,
    Form(from): Form<From>,
) -> Result<Response, Failure> {
    let provider = providers::named(&name).ok_or_else(Failure::not_found)?;
    let tested = providers::test(&app, provider).await?;
    tracing::info!(provider = provider.name, ok = tested.ok, "a connection was tested on the page");
    if from.from.is_some()
        && let Ok(section) = named(provider.name)
    {
        return Ok(shown(&page(&app, section, &BTreeMap::new(), &BTreeMap::new(), Some(tested)).await?));
    }
    Ok(shown(&overview(&app, Some((provider.name, tested))).await?))
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
    let section = named(&name)?;
    let config = app.config.get();
    let changes: Vec<_> = section
        .settings
        .iter()
        .filter(|setting| app.config.offers(setting.key) && !is_fixed(&config, setting))
        .filter_map(|setting| Some((setting, asked(setting, form.get(setting.key)?, &form)?.value())))
        .collect();
    let wrong: BTreeMap<_, _> = changes
        .iter()
        .filter_map(|(setting, value)| Some((setting.key, app.config.check(setting, value.as_ref()?).err()?)))
        .collect();
    if !wrong.is_empty() {
        let page = page(&app, section, &form, &wrong, None).await?;
        return Ok(shown_again(&page));
    }
    let changes: Vec<_> = changes.into_iter().map(|(setting, value)| (setting.key, value)).collect();
    saved::change(&app, &changes, &by.user.id, clock::now_ms()).await?;
    let keys: Vec<_> = changes.iter().map(|(key, _)| *key).collect();
    app.audit(&by, Deed::SettingsSaved, &keys.join(", ")).await;
    Ok(Redirect::to(&format!("/settings/{}?saved", section.name)).into_response())
}

fn named(name: &str) -> Result<&'static Section, Failure> {
    sections().find(|section| section.name == name).ok_or_else(Failure::not_found)
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

/// Whether something else sets this setting over the page's head.
fn is_fixed(config: &Config, setting: &Setting) -> bool {
    config.origins.get(setting.key).is_some_and(Source::counts_over_pages)
}

async fn overview(app: &App, tested: Option<(&str, Tested)>) -> Result<SettingsPage, StoreError> {
    let config = &*app.config.get();
    let mut tested = tested;
    let mut cards = Vec::new();
    for provider in &providers::ALL {
        let just = tested.take_if(|(name, _)| *name == provider.name).map(|(_, tested)| tested);
        cards.push(card(app, provider, just).await?);
    }
    let others = sections().filter(|section| providers::named(section.name).is_none());
    let line = |section: &'static Section| Line {
        name: section.name,
        title: heading(section.name),
        about: section.about,
        set: section.settings.iter().filter(|setting| config.origins.contains_key(setting.key)).count(),
    };
    let troubles = app.engines.troubles();
    let state = |kind: &EngineKind| {
        let trouble = troubles.iter().find(|(troubled, ..)| troubled == kind);
        EngineState {
            name: kind.name(),
            trouble: trouble.map(|(_, why, _)| why.clone()),
            lasting: trouble.is_some_and(|(.., lasting)| *lasting),
        }
    };
    Ok(SettingsPage {
        frame: Frame::inside("settings"),
        engines: config.assistant.engines.iter().map(state).collect(),
        cards,
        sections: others.map(line).collect(),
    })
}

async fn card(app: &App, provider: &'static Provider, tested: Option<Tested>) -> Result<Card, StoreError> {
    let Standing { state, line, to_do } = providers::standing(app, provider).await?;
    let (state, tag) = match state {
        Stand::Off => ("not set up", ""),
        Stand::Ready => ("set up", "good"),
        Stand::Missing => ("incomplete", "warn"),
        Stand::Trouble => ("in trouble", "bad"),
    };
    let Provider { name, title, about, at } = *provider;
    Ok(Card { name, title, about, at, state, tag, line, to_do, tested })
}

async fn page(
    app: &App,
    section: &'static Section,
    written: &BTreeMap<String, String>,
    wrong: &BTreeMap<&'static str, String>,
    tested: Option<Tested>,
) -> Result<SectionPage, StoreError> {
    let provider = providers::named(section.name);
    let title = provider.map_or_else(|| heading(section.name), |provider| provider.title.to_owned());
    let part = Part {
        name: section.name,
        title,
        about: section.about,
        wrong: !wrong.is_empty(),
        fields: section
            .settings
            .iter()
            .filter(|setting| app.config.offers(setting.key))
            .map(|setting| field(app, setting, written, wrong))
            .collect(),
    };
    let card = match provider {
        Some(provider) => Some(card(app, provider, tested).await?),
        None => None,
    };
    Ok(SectionPage { frame: Frame::inside("settings"), part, card, saved: false })
}

fn field(
    app: &App,
    setting: &'static Setting,
    written: &BTreeMap<String, String>,
    wrong: &BTreeMap<&'static str, String>,
) -> Field {
    let config = &*app.config.get();
    let stands = || config.written.get(setting.key).cloned().unwrap_or_default();
    let value = written.get(setting.key).cloned().unwrap_or_else(stands);
    let name = setting.key.split_once('.').map_or(setting.key, |(_, name)| name);
    let words: Vec<_> = schema::words(setting)
        .into_iter()
        .map(|word| {
            let here = word.eq_ignore_ascii_case(value.trim());
            (word, here)
        })
        .collect();
    Field {
        key: setting.key,
        label: titled(name),
        help: setting.help,
        long: !setting.secret && value.len().max(setting.default.len()) > LINE,
        value: if setting.secret { String::new() } else { value },
        default: match (setting.secret, words.is_empty()) {
            (true, _) => "",
            (false, true) => setting.shown(),
            (false, false) => setting.default,
        },
        words,
        secret: setting.secret,
        known: config.origins.contains_key(setting.key),
        from: from(app, config, setting),
        fixed: is_fixed(config, setting),
        wrong: wrong.get(setting.key).cloned(),
    }
}

/// Where a setting's value comes from, in a sentence; empty: it is at its default.
fn from(app: &App, config: &Config, setting: &Setting) -> String {
    match config.origins.get(setting.key) {
        None => String::new(),
        Some(Source::Page) => {
            let saved = app.saved.get();
            let row = saved.iter().find(|row| row.key == setting.key);
            let day =
                |row: &store::SettingRow| times::day(&times::zoned(row.changed_ms, &config.calendar.zone));
            row.map_or_else(|| "Saved here.".to_owned(), |row| format!("Saved here on {}.", day(row)))
        }
        Some(file @ Source::File { .. }) => format!("Set in {file}; what is saved here counts before it."),
        Some(lent @ Source::Lent) => format!("Lent by {lent}; what is saved here counts before it."),
        Some(over) => format!("Set by {over}, which counts before this page."),
    }
}

/// What a section is called that is none of a service.
fn heading(section: &str) -> String {
    let known = match section {
        "answering" => "When it answers",
        "call" => "During a call",
        "recording" => "Recording",
        "retention" => "How long things are kept",
        "local" => "The local engine",
        "think" => "Who thinks in it",
        "calendar" => "Appointments",
        "hours" => "Opening hours",
        "calls" => "Streams, turns and calling out",
        "messages" => "Confirmations and texts",
        "owner" => "What you are told",
        other => return titled(other),
    };
    known.to_owned()
}

/// `smtp_host` → `SMTP host`
fn titled(name: &str) -> String {
    let spelt = |word: &str| match word {
        "api" | "ca" | "id" | "pin" | "sid" | "smtp" | "url" | "vad" | "vip" => word.to_uppercase(),
        "oauth" => "OAuth".to_owned(),
        "mon" => "Monday".to_owned(),
        "tue" => "Tuesday".to_owned(),
        "wed" => "Wednesday".to_owned(),
        "thu" => "Thursday".to_owned(),
        "fri" => "Friday".to_owned(),
        "sat" => "Saturday".to_owned(),
        "sun" => "Sunday".to_owned(),
        other => other.to_owned(),
    };
    let text = name.split('_').map(spelt).collect::<Vec<_>>().join(" ");
    capitalised(&text)
}
