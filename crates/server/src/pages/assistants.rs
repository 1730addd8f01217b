//! The assistants: the one that answers everywhere, and those that numbers of ours have of their own; each with a form,
//! and a conversation with what the form holds before it is saved.

mod form;

use super::{Failure, Frame, shown, shown_again};
use crate::{
    app::App,
    audit::Deed,
    clock,
    config::{Config, Number, assistants},
    drafts::{self, Draft},
    guard::session::User,
    saved,
    trying::{self, Told},
};
use askama::Template;
use axum::{
    extract::{Form, Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use form::{Field, Kind, Sent, ToolLine};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};
use tool::Trust;

/// The address of the assistant that answers at all numbers that have none of their own.
const DEFAULT: &str = "default";
/// The longest name of an assistant, in characters.
const LONGEST_NAME: usize = 60;
/// The longest that is said to a draft at once, for the page.
const LONGEST_WORDS: usize = trying::LONGEST;

#[derive(Template)]
#[template(path = "assistants.html")]
struct AssistantsPage {
    frame: Frame,
    default: Card,
    others: Vec<Card>,
    /// Numbers of ours that have none of their own.
    free: Vec<String>,
    number: String,
    name: String,
    wrong: Option<String>,
}

/// An assistant in a few words.
struct Card {
    which: String,
    name: String,
    number: String,
    greeting: String,
    engines: String,
    /// What it has of its own.
    own: usize,
}

#[derive(Template)]
#[template(path = "assistant.html")]
struct AssistantPage {
    frame: Frame,
    which: String,
    title: String,
    /// Empty: it answers everywhere.
    number: String,
    name: String,
    fields: Vec<Field>,
    hours: Vec<Field>,
    tools: Vec<ToolLine>,
    tools_fixed: Option<String>,
    voices: Vec<&'static str>,
    /// Who answers it on the telephone.
    engine: String,
    saved: bool,
    wrong: Option<String>,
    talk: Option<Talk>,
}

/// A conversation with a draft.
struct Talk {
    draft: String,
    trust: &'static str,
    told: Vec<Told>,
    over: bool,
    thinker: &'static str,
}

#[derive(Default, Deserialize)]
pub(super) struct Looked {
    /// The draft that is tried.
    draft: Option<String>,
    /// How far whoever tries it is trusted.
    #[serde(rename = "as")]
    trust: Option<String>,
    saved: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Added {
    number: String,
    #[serde(default)]
    name: String,
}

/// Something said to a draft.
#[derive(Deserialize)]
pub(super) struct Turn {
    draft: String,
    #[serde(default, rename = "as")]
    trust: String,
    #[serde(default)]
    words: String,
}

/// `GET /assistants`
pub(super) async fn assistants(State(app): State<Arc<App>>, _: User) -> Response {
    shown(&list(&app, String::new(), String::new(), None))
}

/// `POST /assistants`: a number of ours gets one of its own.
pub(super) async fn add(
    State(app): State<Arc<App>>,
    by: User,
    Form(Added { number, name }): Form<Added>,
) -> Result<Response, Failure> {
    let parsed = match Number::parse(&number) {
        Ok(parsed) => parsed,
        Err(why) => {
            let page = list(&app, number, name, Some(why));
            return Ok(shown_again(&page));
        }
    };
    let number = parsed.as_str();
    if own(&app, number).is_empty() {
        let name = named(&name, number);
        change(&app, &by, &[(assistants::key(number, assistants::NAME), Some(name))]).await?;
        app.audit(&by, Deed::AssistantChanged, &format!("{number} has an assistant of its own")).await;
    }
    Ok(Redirect::to(&format!("/assistants/{number}")).into_response())
}

/// `GET /assistants/{which}`: `default`, or a number that has one of its own.
pub(super) async fn assistant(
    State(app): State<Arc<App>>,
    _: User,
    Path(which): Path<String>,
    Query(looked): Query<Looked>,
) -> Result<Response, Failure> {
    let number = known(&app, &which)?;
    let Some(id) = &looked.draft else {
        let page = page(&app, &number, &stands(&app, &number), &BTreeMap::new());
        return Ok(shown(&AssistantPage { saved: looked.saved.is_some(), ..page }));
    };
    let draft = drafts::read(&app, id).await?.filter(|draft| draft.number == number);
    let Some(draft) = draft else {
        let page = page(&app, &number, &stands(&app, &number), &BTreeMap::new());
        let gone = "What you tried is not kept any more. Press “Try it” again.".to_owned();
        return Ok(shown(&AssistantPage { wrong: Some(gone), ..page }));
    };
    let trust = trusted(looked.trust.as_deref().unwrap_or_default());
    let talk = match app.tries.with(&app, id, trust).await? {
        Some(conversation) => {
            let conversation = conversation.lock().await;
            Some(Talk {
                draft: id.clone(),
                trust: trust.name(),
                told: conversation.told().to_vec(),
                over: conversation.is_over(),
                thinker: conversation.thinker(),
            })
        }
        None => None,
    };
    let page = page(&app, &number, &draft.settings, &BTreeMap::new());
    Ok(shown(&AssistantPage { talk, ..page }))
}

/// `POST /assistants/{which}`: saves the form.
pub(super) async fn save(
    State(app): State<Arc<App>>,
    by: User,
    Path(which): Path<String>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let number = known(&app, &which)?;
    let settings = match read(&app, &number, sent) {
        Ok(settings) => settings,
        Err(page) => return Ok(shown_again(&*page)),
    };
    let key = |setting: &str| match number.as_str() {
        "" => setting.to_owned(),
        number => assistants::key(number, setting),
    };
    let changes: Vec<_> = settings
        .iter()
        .map(|(setting, value)| (key(setting), Some(value.clone()).filter(|value| !value.is_empty())))
        .collect();
    change(&app, &by, &changes).await?;
    app.audit(&by, Deed::AssistantChanged, &which).await;
    Ok(Redirect::to(&format!("/assistants/{which}?saved=yes")).into_response())
}

/// `POST /assistants/{which}/try`: keeps the form as a draft, to talk to.
pub(super) async fn try_out(
    State(app): State<Arc<App>>,
    _: User,
    Path(which): Path<String>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let number = known(&app, &which)?;
    let trust = sent.iter().find(|(name, _)| name == "as").map(|(_, value)| trusted(value));
    let trust = trust.unwrap_or(Trust::Stranger).name();
    let mut settings = match read(&app, &number, sent) {
        Ok(settings) => settings,
        Err(page) => return Ok(shown_again(&*page)),
    };
    if !number.is_empty() {
        // What it has not of its own is as the others have it.
        settings.retain(|_, value| !value.is_empty());
    }
    let id = drafts::keep(&app, &Draft { number, settings }).await?;
    Ok(Redirect::to(&format!("/assistants/{which}?draft={id}&as={trust}#try")).into_response())
}

/// `POST /assistants/{which}/say`: says something to a draft.
pub(super) async fn say(
    State(app): State<Arc<App>>,
    _: User,
    Path(which): Path<String>,
    Form(Turn { draft, trust, words }): Form<Turn>,
) -> Result<Response, Failure> {
    known(&app, &which)?;
    let trust = trusted(&trust);
    if let Some(conversation) = app.tries.with(&app, &draft, trust).await? {
        conversation.lock().await.say(&app, &words).await;
    }
    let draft: String =
        draft.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter)).collect();
    Ok(Redirect::to(&format!("/assistants/{which}?draft={draft}&as={}#try", trust.name())).into_response())
}

/// `POST /assistants/{which}/remove`: the number is answered by the default assistant again.
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    by: User,
    Path(which): Path<String>,
) -> Result<Response, Failure> {
    let number = known(&app, &which)?;
    if number.is_empty() {
        return Err(Failure::bad_request("The default assistant stays: somebody must answer."));
    }
    let own = own(&app, &number);
    let changes: Vec<_> = own.keys().map(|setting| (assistants::key(&number, setting), None)).collect();
    change(&app, &by, &changes).await?;
    app.audit(&by, Deed::AssistantChanged, &format!("{number} has none of its own any more")).await;
    Ok(Redirect::to("/assistants").into_response())
}

async fn change(app: &App, by: &User, changes: &[(String, Option<String>)]) -> Result<(), Failure> {
    let changes: Vec<_> = changes.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    Ok(saved::change(app, &changes, &by.user.id, clock::now_ms()).await?)
}

/// The number of the assistant at this address; empty: the default one.
fn known(app: &App, which: &str) -> Result<String, Failure> {
    match which {
        DEFAULT => Ok(String::new()),
        number if !own(app, number).is_empty() => Ok(number.to_owned()),
        _ => Err(Failure::not_found()),
    }
}

/// What is saved of this number's own, by setting.
fn own(app: &App, number: &str) -> BTreeMap<String, String> {
    let saved = app.saved.get();
    let of_it = saved.iter().filter_map(|row| {
        let (other, setting) = assistants::of(&row.key)?;
        (other == number).then(|| (setting.to_owned(), row.value.clone()))
    });
    of_it.collect()
}

/// What its form holds before anything is written in it.
fn stands(app: &App, number: &str) -> BTreeMap<String, String> {
    match number {
        "" => {
            let config = app.config.get();
            assistants::OWN
                .iter()
                .filter_map(|key| Some(((*key).to_owned(), config.written.get(key)?.clone())))
                .collect()
        }
        number => own(app, number),
    }
}

/// The settings that a form asks for, or the page that says what is wrong with them. Those that are set elsewhere are left
/// out.
fn read(
    app: &App,
    number: &str,
    sent: Vec<(String, String)>,
) -> Result<BTreeMap<String, String>, Box<AssistantPage>> {
    let config = app.config.get();
    let mut settings = Sent::from(sent).settings(&config, number);
    if !number.is_empty() {
        let name = settings.get(assistants::NAME).map_or("", String::as_str);
        let name = named(name, number);
        settings.insert(assistants::NAME.to_owned(), name);
    }
    let wrong = form::check(&settings);
    if !wrong.is_empty() {
        return Err(Box::new(page(app, number, &settings, &wrong)));
    }
    if let Err(error) = app.config.with(&settings) {
        let page = page(app, number, &settings, &wrong);
        return Err(Box::new(AssistantPage { wrong: Some(error.to_string()), ..page }));
    }
    Ok(settings)
}

fn page(
    app: &App,
    number: &str,
    settings: &BTreeMap<String, String>,
    wrong: &BTreeMap<&'static str, String>,
) -> AssistantPage {
    let config = app.config.get();
    let name = settings.get(assistants::NAME).cloned().unwrap_or_default();
    let (fields, hours) = form::fields(&config, number, settings, wrong);
    AssistantPage {
        frame: Frame::inside("assistants"),
        which: if number.is_empty() { DEFAULT.to_owned() } else { number.to_owned() },
        title: if number.is_empty() { "The default assistant".to_owned() } else { named(&name, number) },
        number: number.to_owned(),
        name,
        fields,
        hours,
        tools: form::tools(&app.tools.get(), &config, number, settings),
        tools_fixed: form::fixed(&config, number, form::WITHOUT),
        voices: form::voices(),
        engine: app.config.at(number).assistant.engine.name().to_owned(),
        saved: false,
        wrong: (!wrong.is_empty()).then(|| "Nothing was saved: something below is not right yet.".to_owned()),
        talk: None,
    }
}

fn list(app: &App, number: String, name: String, wrong: Option<String>) -> AssistantsPage {
    let config = app.config.get();
    let saved = app.saved.get();
    let mut numbers: Vec<&str> =
        saved.iter().filter_map(|row| assistants::of(&row.key)).map(|(number, _)| number).collect();
    numbers.dedup();
    let ours = [&config.twilio.phone_number, &config.plivo.phone_number, &config.telnyx.phone_number];
    let ours = ours.into_iter().flatten().map(|number| number.as_str().to_owned());
    AssistantsPage {
        frame: Frame::inside("assistants"),
        default: card(&config, "", &BTreeMap::new()),
        others: numbers
            .iter()
            .map(|number| card(&app.config.at(number), number, &own(app, number)))
            .collect(),
        free: ours.filter(|number| !numbers.contains(&number.as_str())).collect(),
        number,
        name,
        wrong,
    }
}

fn card(config: &Config, number: &str, own: &BTreeMap<String, String>) -> Card {
    let engines: Vec<_> = config.assistant.engines.iter().map(|engine| engine.name()).collect();
    let name = own.get(assistants::NAME).map_or("", String::as_str);
    Card {
        which: if number.is_empty() { DEFAULT.to_owned() } else { number.to_owned() },
        name: if number.is_empty() { "The default assistant".to_owned() } else { named(name, number) },
        number: number.to_owned(),
        greeting: config.assistant.greeting.clone(),
        engines: engines.join(", then "),
        own: own.len().saturating_sub(1),
    }
}

fn named(name: &str, number: &str) -> String {
    let name: String = tool::calendar::line(name).chars().take(LONGEST_NAME).collect();
    if name.is_empty() { format!("The assistant of {number}") } else { name }
}

fn trusted(name: &str) -> Trust {
    Trust::named(name).unwrap_or(Trust::Stranger)
}
