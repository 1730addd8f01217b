//! The telephone companies: what is set, whether we reach each other, and which numbers' calls come here.

use super::{Failure, Frame, shown, shown_again};
use crate::{
    app::App,
    audit::Deed,
    carriers,
    connect::{Desk, Line, NotConnected, Report},
    guard::session::User,
    reach,
};
use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    response::Response,
};
use carrier::{Carrier, Hooks};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "carriers.html")]
struct CarriersPage {
    frame: Frame,
    carriers: Vec<Part>,
    /// Without it nothing can be connected.
    public: bool,
    said: Said,
}

struct Part {
    name: &'static str,
    title: &'static str,
    number: Option<String>,
    missing: Vec<String>,
    account: bool,
    hooks: Option<Hooks>,
    /// What the account was just found to have.
    lines: Option<Vec<Line>>,
}

/// What is told at the top of the page.
#[derive(Default)]
struct Said {
    wrong: Option<String>,
    done: Option<String>,
    more: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Which {
    number: String,
}

/// `GET /carriers`
pub(super) async fn carriers(State(app): State<Arc<App>>, _: User) -> Response {
    shown(&page(&app, Said::default(), None))
}

/// `POST /carriers/{carrier}/test`: asks it something harmless, and says what came back.
pub(super) async fn test(
    State(app): State<Arc<App>>,
    _: User,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let carrier = carriers::named(&name).ok_or_else(Failure::not_found)?;
    let tested = reach::account(&app, carrier).await;
    let told = format!("{}: {}", tested.tried, tested.answer);
    let (wrong, done) = if tested.ok { (None, Some(told)) } else { (Some(told), None) };
    Ok(shown(&page(&app, Said { wrong, done, more: tested.to_do }, None)))
}

/// `POST /carriers/{carrier}/numbers`: lists the account's numbers.
pub(super) async fn numbers(
    State(app): State<Arc<App>>,
    _: User,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let carrier = carriers::named(&name).ok_or_else(Failure::not_found)?;
    with_numbers(&app, carrier, Said::default()).await
}

/// `POST /carriers/{carrier}/connect`: sends a number's calls here.
pub(super) async fn connect(
    State(app): State<Arc<App>>,
    by: User,
    Path(name): Path<String>,
    Form(which): Form<Which>,
) -> Result<Response, Failure> {
    change(&app, &by, &name, &which, Change::Connect).await
}

/// `POST /carriers/{carrier}/undo`: sends a number's calls where they went before.
pub(super) async fn undo(
    State(app): State<Arc<App>>,
    by: User,
    Path(name): Path<String>,
    Form(which): Form<Which>,
) -> Result<Response, Failure> {
    change(&app, &by, &name, &which, Change::Undo).await
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Connect,
    Undo,
}

async fn change(
    app: &Arc<App>,
    by: &User,
    name: &str,
    which: &Which,
    change: Change,
) -> Result<Response, Failure> {
    let carrier = carriers::named(name).ok_or_else(Failure::not_found)?;
    let config = app.config.get();
    let (desk, number) = (desk(app, &config, carrier), Some(which.number.as_str()));
    let report = match change {
        Change::Connect => desk.connect(number, false).await,
        Change::Undo => desk.undo(number, false).await,
    };
    let done = report.is_ok();
    tracing::info!(
        by = by.user.id,
        carrier = name,
        ?change,
        done,
        "a number was to be sent elsewhere on the page"
    );
    if done {
        app.audit(by, Deed::NumberSet, &format!("{name} {}", which.number)).await;
    }
    reported(app, carrier, report).await
}

fn desk<'a>(app: &'a App, config: &'a crate::config::Config, carrier: &'static dyn Carrier) -> Desk<'a> {
    Desk { config, http: &app.http, store: &app.store, carrier }
}

async fn reported(
    app: &Arc<App>,
    carrier: &'static dyn Carrier,
    report: Result<Report, NotConnected>,
) -> Result<Response, Failure> {
    match report {
        Ok(report) => {
            let address = |text: &str| if text.is_empty() { "nowhere".to_owned() } else { text.to_owned() };
            let done = format!(
                "Calls to {} went to {} and go to {} now.",
                report.number,
                address(&report.before.voice),
                address(&report.after.voice)
            );
            let more = report.notes.into_iter().map(|note| format!("{note}.")).collect();
            with_numbers(app, carrier, Said { done: Some(done), more, ..Said::default() }).await
        }
        Err(NotConnected::Store(error)) => Err(error.into()),
        Err(why) => Ok(refused(app, &why)),
    }
}

async fn with_numbers(
    app: &Arc<App>,
    carrier: &'static dyn Carrier,
    said: Said,
) -> Result<Response, Failure> {
    let config = app.config.get();
    match desk(app, &config, carrier).look().await {
        Ok(lines) => Ok(shown(&page(app, said, Some((carrier, lines))))),
        Err(NotConnected::Store(error)) => Err(error.into()),
        Err(why) => Ok(refused(app, &why)),
    }
}

fn refused(app: &App, why: &NotConnected) -> Response {
    let page = page(app, Said { wrong: Some(format!("{why}.")), ..Said::default() }, None);
    shown_again(&page)
}

fn page(app: &App, said: Said, mut found: Option<(&'static dyn Carrier, Vec<Line>)>) -> CarriersPage {
    let config = app.config.get();
    let part = |carrier: &'static dyn Carrier| {
        let account = carriers::Account::of(&config, carrier);
        Part {
            name: carrier.name(),
            title: carriers::title(carrier),
            number: account.and_then(|account| account.number).map(str::to_owned),
            missing: reach::missing(&config, carrier),
            account: account.is_some(),
            hooks: config.server.public_url.as_deref().map(|base| carriers::hooks(base, carrier)),
            lines: found.take_if(|(one, _)| one.name() == carrier.name()).map(|(_, lines)| lines),
        }
    };
    CarriersPage {
        frame: Frame::inside("carriers"),
        carriers: carriers::all().into_iter().map(part).collect(),
        public: config.server.public_url.is_some(),
        said,
    }
}
