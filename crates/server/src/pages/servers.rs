//! The servers of tools: how each fares, what it offers, whether it answers, and the owner's consent where it wants one.

use super::{Failure, Frame, away, origin::Origin, shown, shown_again, times};
use crate::{
    added,
    app::App,
    audit::Deed,
    clock,
    config::{PRESETS, Written, on_page},
    guard::session::{User, Visitor},
    hands,
    mcp::Kept,
    secret,
};
use askama::Template;
use axum::{
    extract::{Form, Path, RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};
use store::StoreError;
use tool::mcp::{
    self, Approval, Way,
    oauth::{self, Asked, Client, Unusable},
};

/// What the form for another server is called; no server can be.
const NEW: &str = "-new";
const CALLBACK: &str = "/servers/callback";
/// What is sealed for the way back is bound to this.
const PURPOSE: &str = "mcp consent";

#[derive(Template)]
#[template(path = "servers.html")]
struct ServersPage {
    frame: Frame,
    servers: Vec<Part>,
    wrong: Option<String>,
    done: Option<String>,
    form: Fields,
}

/// What a form for a server holds.
#[derive(Default)]
struct Fields {
    /// Tells its controls from those of other forms.
    id: String,
    name: String,
    preset: String,
    url: String,
    transport: String,
    trust: String,
    /// The only tools that are wanted, with commas between them; empty: all.
    only: String,
    /// A token is known.
    token: bool,
    /// OpenAI may use it by itself.
    hosted: bool,
    require_approval: String,
    wrong: Option<String>,
    presets: Vec<&'static str>,
}

struct Part {
    name: String,
    state: &'static str,
    good: bool,
    why: String,
    since: Option<String>,
    title: String,
    /// Without anything of it that may be a secret.
    place: String,
    trust: &'static str,
    /// What the owner's calls with OpenAI do with it; empty where they do what all others do.
    hosted: &'static str,
    tools: Vec<(String, String)>,
    left_out: Vec<String>,
    /// The owner can be sent there to consent.
    consent: bool,
    /// It was added here, as this says; none: it is set in the settings file.
    added: Option<Fields>,
}

/// What is kept while the owner is away.
#[derive(Serialize, Deserialize)]
struct Away {
    name: String,
    asked: Asked,
}

/// `GET /servers`
pub(super) async fn servers(State(app): State<Arc<App>>, _: User) -> Result<Response, Failure> {
    Ok(shown(&page(&app, None, None, None).await?))
}

/// `POST /servers/{name}/test`: asks the server what it offers.
pub(super) async fn test(
    State(app): State<Arc<App>>,
    _: User,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let kept = app.mcp.named(&name).ok_or_else(Failure::not_found)?;
    Ok(match kept.server.test().await {
        Ok(tools) => {
            let done = format!("{name} answers, and offers {tools} tools.");
            shown(&page(&app, None, Some(done), None).await?)
        }
        Err(why) => shown(&page(&app, Some(format!("{name}: {why}.")), None, None).await?),
    })
}

/// `POST /servers/{name}/connect`: sends the owner to whoever signs people in for the server.
pub(super) async fn connect(
    State(app): State<Arc<App>>,
    by: User,
    visitor: Visitor,
    origin: Origin,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let kept = app.mcp.named(&name).ok_or_else(Failure::not_found)?;
    let started = match started(&app, &kept, &origin.back_to(CALLBACK)).await {
        Ok(started) => started,
        Err(why) => return refused(&app, &name, &why).await,
    };
    let (url, state) = (started.url, started.asked.state.clone());
    let away = Away { name, asked: started.asked };
    away::send(&app, &by, &visitor, PURPOSE, (&url, &state), &away).await
}

async fn started(app: &App, kept: &Kept, redirect: &str) -> Result<oauth::Started, Unusable> {
    let (Some(wallet), Way::Web(web)) = (kept.server.wallet(), &kept.set.settings.way) else {
        return Err(Unusable("It needs no consent.".into()));
    };
    let http = mcp::client(app.whose.network()).map_err(|error| Unusable(error.to_string()))?;
    let issuer = oauth::discover(&http, web.url.expose(), &wallet.challenge()).await?;
    let own = kept.set.client_id.as_ref().map(|id| Client {
        id: id.clone(),
        secret: kept.set.client_secret.as_ref().map(|secret| secret.expose().to_owned()),
    });
    oauth::start(&http, issuer, own, redirect, &secret::random()).await
}

/// `GET /servers/callback`: the owner is back.
pub(super) async fn back(
    State(app): State<Arc<App>>,
    by: User,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let query = query.unwrap_or_default();
    let Some(away) = away::back::<Away>(&app, &visitor, PURPOSE, &query).await? else {
        let why =
            "This answer belongs to no consent that was begun here, or to one of long ago. Begin again.";
        return refused(&app, "The server", &Unusable(why.into())).await;
    };
    let kept = app.mcp.named(&away.name).ok_or_else(Failure::not_found)?;
    match finished(&app, &kept, &away.asked, &query).await {
        Ok(()) => {
            app.audit(&by, Deed::CredentialsSet, &format!("the server {}", away.name)).await;
            Ok(Redirect::to("/servers").into_response())
        }
        Err(why) => refused(&app, &away.name, &why).await,
    }
}

async fn finished(app: &App, kept: &Kept, asked: &Asked, query: &str) -> Result<(), Unusable> {
    let wallet = kept.server.wallet().ok_or_else(|| Unusable("It needs no consent any more.".into()))?;
    let code = oauth::returned(asked, query)?;
    let http = mcp::client(app.whose.network()).map_err(|error| Unusable(error.to_string()))?;
    let grant = oauth::finish(&http, asked, &code, clock::now_ms()).await?;
    wallet.put(grant).await.map_err(Unusable)?;
    kept.server.connect_again();
    Ok(())
}

async fn refused(app: &App, name: &str, why: &Unusable) -> Result<Response, Failure> {
    let page = page(app, Some(format!("{name}: {why}")), None, None).await?;
    Ok(shown_again(&page))
}

/// `POST /servers`: adds one, or changes one that was added here.
pub(super) async fn save(
    State(app): State<Arc<App>>,
    by: User,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    let rows = app.store.added().await?;
    let known = added::all::<Written>(&rows, &app.vault, added::Kind::Server);
    let written = written(&form, &known);
    let name = written.name.clone();
    let config = app.config.get();
    let here = config.mcp.iter().any(|set| set.settings.name == name);
    let new = form.contains_key("new");
    let wrong = match on_page(written.clone(), &config) {
        Err(why) => Some(format!("That cannot be used: {why}.")),
        Ok(_) if here => Some("There is a server of this name in the settings file.".into()),
        Ok(_) if new && known.contains_key(&name) => Some("There is a server of this name.".into()),
        Ok(_) if !added::has_room(&app.store, added::Kind::Server, &name).await? => {
            Some(format!("There are {} already, and no more may be.", added::MOST))
        }
        Ok(_) => None,
    };
    if wrong.is_some() {
        let id = if new { NEW.to_owned() } else { name };
        let fields = Fields { id, wrong, ..Fields::of(&written) };
        let page = page(&app, None, None, Some(fields)).await?;
        return Ok(shown_again(&page));
    }
    added::add(&app, &by, added::Kind::Server, &name, &written).await?;
    heed(&app).await;
    Ok(Redirect::to(&format!("/servers#server-{name}")).into_response())
}

/// `POST /servers/{name}/remove`
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    by: User,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    if !added::take_away(&app, &by, added::Kind::Server, &name).await? {
        return Err(Failure::not_found());
    }
    heed(&app).await;
    Ok(Redirect::to("/servers").into_response())
}

/// Makes it count here at once; other instances notice within seconds, and so does this one where it fails now.
async fn heed(app: &Arc<App>) {
    let heeded = async {
        hands::heed_added(app).await?;
        crate::mcp::refresh(app).await
    };
    if let Err(error) = heeded.await {
        tracing::warn!(%error, "a server of tools is not heeded yet");
    }
}

/// What the form says; a token that is left empty stays as it was, unless another address is given: it is that one's.
fn written(form: &BTreeMap<String, String>, known: &BTreeMap<String, Written>) -> Written {
    let field = |name: &str| form.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    let (name, preset, url) = (field("name"), field("preset"), field("url"));
    let before = known.get(&name).filter(|before| before.url == url && before.preset == preset);
    let given = field("token");
    let token = match before {
        Some(before) if given.is_empty() && !form.contains_key("forget") => before.token.clone(),
        Some(_) | None => given,
    };
    let tools =
        field("only").split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    Written {
        name,
        preset,
        url,
        token,
        tools,
        transport: field("transport"),
        trust: field("trust"),
        hosted: form.contains_key("hosted"),
        // What it asks about means nothing where it may not.
        require_approval: if form.contains_key("hosted") { field("require_approval") } else { String::new() },
        ..Written::default()
    }
}

impl Fields {
    fn of(written: &Written) -> Self {
        Self {
            id: written.name.clone(),
            name: written.name.clone(),
            preset: written.preset.clone(),
            url: written.url.clone(),
            transport: written.transport.clone(),
            trust: written.trust.clone(),
            only: written.tools.join(", "),
            token: !written.token.is_empty(),
            hosted: written.hosted,
            require_approval: written.require_approval.clone(),
            wrong: None,
            presets: PRESETS.iter().map(|(name, _)| *name).collect(),
        }
    }
}

async fn page(
    app: &App,
    wrong: Option<String>,
    done: Option<String>,
    form: Option<Fields>,
) -> Result<ServersPage, StoreError> {
    let rows = app.store.added().await?;
    let known = added::all::<Written>(&rows, &app.vault, added::Kind::Server);
    let mut servers: Vec<_> = app.mcp.all().iter().map(|kept| part(app, kept, &known)).collect();
    let blank = || Fields { id: NEW.to_owned(), ..Fields::of(&Written::default()) };
    let form = match form {
        Some(form) if form.id != NEW => {
            if let Some(part) = servers.iter_mut().find(|part| part.name == form.id) {
                part.added = Some(form);
            }
            blank()
        }
        form => form.unwrap_or_else(blank),
    };
    Ok(ServersPage { frame: Frame::inside("servers"), servers, wrong, done, form })
}

fn part(app: &App, kept: &Kept, entrusted: &BTreeMap<String, Written>) -> Part {
    let known = kept.server.known().borrow().clone();
    let zone = app.config.get().calendar.zone.clone();
    let since = known.status.since_ms;
    let settings = &kept.set.settings;
    Part {
        name: settings.name.clone(),
        state: match known.status.state {
            mcp::State::New => "being asked",
            mcp::State::Good => "connected",
            mcp::State::Trouble => "in trouble",
            mcp::State::SignIn => "waits for you",
        },
        good: matches!(known.status.state, mcp::State::New | mcp::State::Good),
        why: known.status.why,
        since: (since > 0).then(|| times::day(&times::zoned(since, &zone))),
        title: known.status.title,
        place: match &settings.way {
            Way::Program(program) => program.command.clone(),
            Way::Web(web) => {
                let url = reqwest::Url::parse(web.url.expose()).ok();
                url.map(|url| url.origin().ascii_serialization()).unwrap_or_default()
            }
        },
        trust: settings.trust.name(),
        hosted: settings.hosted.as_ref().map_or("", |hosting| match hosting.approval {
            Approval::Changes => "OpenAI uses it by itself, and asks before it changes anything",
            Approval::Always => "OpenAI uses it by itself, and asks before it does anything",
            Approval::Never => "OpenAI uses it by itself, and asks nobody",
        }),
        tools: known.listing.tools.into_iter().map(|tool| (tool.name, tool.description)).collect(),
        left_out: known.listing.left_out,
        consent: kept.server.wallet().is_some(),
        added: entrusted.get(&settings.name).filter(|_| kept.added).map(Fields::of),
    }
}
