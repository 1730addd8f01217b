//! What the assistant can do, for whom, and after which question; and a form to try it.

use super::{Failure, Frame, shown};
use crate::{added, api::calendar::owners, app::App, audit::Deed, clock, guard::session::User, hands};
use askama::Template;
use axum::{
    extract::{Form, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use call::{ToolCall, ToolCallId};
use serde::Deserialize;
use std::sync::Arc;
use store::{RulingRow, StoreError};
use tool::{Class, Listed, Trust};

#[derive(Template)]
#[template(path = "tools.html")]
struct ToolsPage {
    frame: Frame,
    ours: Vec<Line>,
    others: Vec<Line>,
    withheld: Vec<RulingRow>,
    /// Those of the owner's that were described on a page.
    described: Vec<String>,
    secrets: Vec<String>,
    /// The secret that could not be kept.
    typed: Typed,
}

/// The name of a secret as it was typed, and what is wrong with it or with what it stands for.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) name: String,
    pub(super) wrong_name: Option<&'static str>,
    pub(super) wrong_value: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "tool.html")]
struct ToolPage {
    frame: Frame,
    line: Line,
    /// What the owner has decided; empty: nothing.
    class: String,
    trust: String,
    parameters: String,
    arguments: String,
    answer: Option<Tried>,
}

struct Line {
    name: String,
    description: String,
    class: &'static str,
    trust: &'static str,
    ours: bool,
}

/// What came of trying it.
struct Tried {
    ok: bool,
    say: String,
    data: String,
}

#[derive(Deserialize)]
pub(super) struct Ruled {
    class: String,
    trust: String,
}

#[derive(Deserialize)]
pub(super) struct Arguments {
    arguments: String,
}

/// `GET /tools`
pub(super) async fn tools(State(app): State<Arc<App>>, _: User) -> Result<Response, Failure> {
    all(&app, Typed::default()).await
}

/// The page of all tools.
pub(super) async fn all(app: &App, typed: Typed) -> Result<Response, Failure> {
    let (ours, others) = app.tools.get().listed().iter().map(line).partition(|line| line.ours);
    let withheld = app.store.rulings().await?.into_iter().filter(|row| row.withheld != 0);
    let rows = app.store.added().await?;
    let names = |kind: added::Kind| {
        rows.iter().filter(|row| row.kind == kind.name()).map(|row| row.name.clone()).collect()
    };
    Ok(shown(&ToolsPage {
        frame: Frame::inside("tools"),
        ours,
        others,
        withheld: withheld.collect(),
        described: names(added::Kind::Tool),
        secrets: names(added::Kind::Secret),
        typed,
    }))
}

/// `GET /tools/{name}`
pub(super) async fn tool(
    State(app): State<Arc<App>>,
    _: User,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    Ok(page(&app, &find(&app, &name)?, "{}".into(), None).await?)
}

/// `POST /tools/{name}`: what the owner says of it.
pub(super) async fn rule(
    State(app): State<Arc<App>>,
    by: User,
    Path(name): Path<String>,
    Form(Ruled { class, trust }): Form<Ruled>,
) -> Result<Response, Failure> {
    let known = |name: &str| name.is_empty() || Class::named(name).is_some();
    let for_whom = ["", "known", "owner", "nobody"].contains(&trust.as_str());
    if !known(&class) || !for_whom || name.is_empty() || name.len() > 64 {
        return Err(Failure::bad_request("That is no class, or nobody a tool can be for."));
    }
    let withheld = i64::from(trust == "nobody");
    let trust = if withheld == 1 { String::new() } else { trust };
    app.store.rule(&RulingRow { name: name.clone(), class, trust, withheld }, clock::now_ms()).await?;
    hands::heed_rulings(&app).await?;
    app.audit(&by, Deed::ToolChanged, &name).await;
    Ok(Redirect::to("/tools").into_response())
}

/// `POST /tools/{name}/try`: runs it, as the owner.
pub(super) async fn try_out(
    State(app): State<Arc<App>>,
    by: User,
    Path(name): Path<String>,
    Form(Arguments { arguments }): Form<Arguments>,
) -> Result<Response, Failure> {
    let listed = find(&app, &name)?;
    let call = ToolCall { id: ToolCallId(String::new()), name, arguments: arguments.clone() };
    app.audit(&by, Deed::ToolUsed, &call.name).await;
    let answer = app.tools.get().run(&call, &owners(clock::now_ms())).await;
    let tried = Tried { ok: answer.ok, say: answer.say, data: answer.data };
    Ok(page(&app, &listed, arguments, Some(tried)).await?)
}

fn find(app: &App, name: &str) -> Result<Listed, Failure> {
    app.tools
        .get()
        .listed()
        .into_iter()
        .find(|listed| listed.spec.name == name)
        .ok_or_else(Failure::not_found)
}

async fn page(
    app: &App,
    listed: &Listed,
    arguments: String,
    answer: Option<Tried>,
) -> Result<Response, StoreError> {
    let parameters = serde_json::to_string_pretty(&listed.spec.parameters).unwrap_or_default();
    let ruling = app.store.rulings().await?.into_iter().find(|row| row.name == listed.spec.name);
    let (class, trust) = ruling.map(|row| (row.class, row.trust)).unwrap_or_default();
    let (frame, line) = (Frame::inside("tools"), line(listed));
    Ok(shown(&ToolPage { frame, line, class, trust, parameters, arguments, answer }))
}

fn line(listed: &Listed) -> Line {
    Line {
        name: listed.spec.name.clone(),
        description: listed.spec.description.to_string(),
        class: match listed.class {
            Class::Reads => "looks something up",
            Class::Writes => "changes something",
            Class::Final => "cannot be undone: callers are asked first",
        },
        trust: match listed.trust {
            Trust::Stranger => "everybody",
            Trust::Known => "known callers and you",
            Trust::Owner => "only you",
        },
        ours: listed.ours,
    }
}
