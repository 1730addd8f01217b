//! The servers of tools: how each fares, what it offers, whether it answers, and the owner's consent where it wants one.

use super::{Failure, Frame, away, calendars::Origin, shown, times};
use crate::{
    app::App,
    clock,
    guard::session::{User, Visitor},
    mcp::Kept,
    secret,
};
use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tool::mcp::{
    self, Way,
    oauth::{self, Asked, Client, Unusable},
};

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
    tools: Vec<(String, String)>,
    left_out: Vec<String>,
    /// The owner can be sent there to consent.
    consent: bool,
}

/// What is kept while the owner is away.
#[derive(Serialize, Deserialize)]
struct Away {
    name: String,
    asked: Asked,
}

/// `GET /servers`
pub(super) async fn servers(State(app): State<Arc<App>>, _: User) -> Response {
    shown(&page(&app, None, None))
}

/// `POST /servers/{name}/test`: asks the server what it offers.
pub(super) async fn test(
    State(app): State<Arc<App>>,
    _: User,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let kept = app.mcp.named(&name).ok_or_else(Failure::not_found)?;
    Ok(match kept.server.test().await {
        Ok(tools) => shown(&page(&app, None, Some(format!("{name} answers, and offers {tools} tools.")))),
        Err(why) => shown(&page(&app, Some(format!("{name}: {why}.")), None)),
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
    let started = match started(kept, &format!("{}{CALLBACK}", origin.base())).await {
        Ok(started) => started,
        Err(why) => return Ok(refused(&app, &name, &why)),
    };
    let (url, state) = (started.url, started.asked.state.clone());
    let away = Away { name, asked: started.asked };
    away::send(&app, &by, &visitor, PURPOSE, (&url, &state), &away).await
}

async fn started(kept: &Kept, redirect: &str) -> Result<oauth::Started, Unusable> {
    let (Some(wallet), Way::Web(web)) = (kept.server.wallet(), &kept.set.settings.way) else {
        return Err(Unusable("It needs no consent.".into()));
    };
    let http = mcp::client().map_err(|error| Unusable(error.to_string()))?;
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
        return Ok(refused(&app, "The server", &Unusable(why.into())));
    };
    let kept = app.mcp.named(&away.name).ok_or_else(Failure::not_found)?;
    match finished(kept, &away.asked, &query).await {
        Ok(()) => {
            tracing::info!(
                by = by.user.id,
                server = away.name,
                "a server of tools was connected on the page"
            );
            Ok(Redirect::to("/servers").into_response())
        }
        Err(why) => Ok(refused(&app, &away.name, &why)),
    }
}

async fn finished(kept: &Kept, asked: &Asked, query: &str) -> Result<(), Unusable> {
    let wallet = kept.server.wallet().ok_or_else(|| Unusable("It needs no consent any more.".into()))?;
    let code = oauth::returned(asked, query)?;
    let http = mcp::client().map_err(|error| Unusable(error.to_string()))?;
    let grant = oauth::finish(&http, asked, &code, clock::now_ms()).await?;
    wallet.put(grant).await.map_err(Unusable)?;
    kept.server.connect_again();
    Ok(())
}

fn refused(app: &App, name: &str, why: &Unusable) -> Response {
    let page = page(app, Some(format!("{name}: {why}")), None);
    (StatusCode::UNPROCESSABLE_ENTITY, shown(&page)).into_response()
}

fn page(app: &App, wrong: Option<String>, done: Option<String>) -> ServersPage {
    let servers = app.mcp.all().iter().map(|kept| part(app, kept)).collect();
    ServersPage { frame: Frame::inside("servers"), servers, wrong, done }
}

fn part(app: &App, kept: &Kept) -> Part {
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
        tools: known.listing.tools.into_iter().map(|tool| (tool.name, tool.description)).collect(),
        left_out: known.listing.left_out,
        consent: kept.server.wallet().is_some(),
    }
}
