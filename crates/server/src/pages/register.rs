//! Becoming a user: by an invitation or, where the owner lets anybody, by asking for one.

use super::{Failure, Frame, LetterPage, field::Field, login, shown, shown_again};
use crate::{
    accounts,
    app::App,
    audit::{By, Deed},
    clock,
    config::Registration,
    guard::{password, session::Visitor, token},
    jobs,
};
use askama::Template;
use axum::{
    extract::{Form, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use std::sync::Arc;
use store::{InviteRow, Joined, Role, UserRow};

const TO_LOGIN: (&str, &str) = ("/login", "To the login");

#[derive(Template)]
#[template(path = "register.html")]
struct RegisterPage {
    frame: Frame,
    title: &'static str,
    intro: String,
    fields: Vec<Field>,
    button: &'static str,
    wrong: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    email: String,
    name: String,
    password: String,
    again: String,
}

/// What is wrong with each field.
#[derive(Default)]
pub(super) struct Wrong {
    pub(super) email: Option<String>,
    pub(super) name: Option<String>,
    pub(super) password: Option<String>,
    pub(super) again: Option<String>,
    /// What is wrong with none of them.
    all: Option<String>,
}

/// `GET /register`
pub(super) async fn show(State(app): State<Arc<App>>) -> Response {
    match open(&app) {
        Open::Not(closed) => closed,
        Open::By(way) => shown(&page(&Asked::default(), &Wrong::default(), way)),
    }
}

/// `POST /register`: sends a link to the address or, where no mail can be sent, makes a user at once.
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Form(asked): Form<Asked>,
) -> Result<Response, Failure> {
    let way = match open(&app) {
        Open::Not(closed) => return Ok(closed),
        Open::By(way) => way,
    };
    if let Err(wait) = app.throttle.tried("register", &asked.email, &visitor.from) {
        let wrong = Wrong { all: Some(wait.sentence()), ..Wrong::default() };
        return Ok(login::too_many(wait, &page(&asked, &wrong, way)));
    }
    if matches!(way, Way::Mail) {
        let email = match accounts::address(&asked.email) {
            Ok(email) => email,
            Err(why) => return Ok(again(&asked, &Wrong { email: Some(why), ..Wrong::default() }, way)),
        };
        jobs::account::register(&app, &email).await?;
        return Ok(shown(&LetterPage {
            frame: Frame::outside(),
            title: "Look into your mail",
            text: format!("A letter is on its way to {email}. The link in it is good for a day."),
            link: None,
        }));
    }
    let (email, name) = match understood(&asked, None) {
        Ok(understood) => understood,
        Err(wrong) => return Ok(again(&asked, &wrong, way)),
    };
    match accounts::add(&app.store, (&email, &name, Role::Member), &asked.password, clock::now_ms()).await? {
        Some(user) => joined(&app, &visitor, &user).await,
        None => Ok(again(&asked, &taken(), way)),
    }
}

/// `GET /register/{token}`: asks, and uses up nothing.
pub(super) async fn invited(
    State(app): State<Arc<App>>,
    Path(secret): Path<String>,
) -> Result<Response, Failure> {
    if let Some(closed) = closed(&app) {
        return Ok(closed);
    }
    let Some(invite) = app.store.invite(&token::hash(&secret), clock::now_ms()).await? else {
        return Ok(used_up());
    };
    let asked = Asked { email: invite.email.clone(), ..Asked::default() };
    Ok(shown(&page(&asked, &Wrong::default(), Way::Invited(&invite))))
}

/// `POST /register/{token}`
pub(super) async fn join(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(secret): Path<String>,
    Form(mut asked): Form<Asked>,
) -> Result<Response, Failure> {
    if let Some(closed) = closed(&app) {
        return Ok(closed);
    }
    let hash = token::hash(&secret);
    if let Err(wait) = app.throttle.tried("join", &hash, &visitor.from) {
        let wrong = Wrong { all: Some(wait.sentence()), ..Wrong::default() };
        return Ok(login::too_many(wait, &page(&asked, &wrong, Way::AtOnce)));
    }
    let now_ms = clock::now_ms();
    let Some(invite) = app.store.invite(&hash, now_ms).await? else { return Ok(used_up()) };
    let way = Way::Invited(&invite);
    if !invite.email.is_empty() {
        asked.email.clone_from(&invite.email);
    }
    let (email, name) = match understood(&asked, Some(&invite)) {
        Ok(understood) => understood,
        Err(wrong) => return Ok(again(&asked, &wrong, way)),
    };
    let kept = password::hashed(&asked.password).await;
    match app.store.joined(&hash, &email, &name, &kept, now_ms).await? {
        Joined::User(user) => joined(&app, &visitor, &user).await,
        Joined::AddressTaken => Ok(again(&asked, &taken(), way)),
        Joined::NotInvited => Ok(used_up()),
    }
}

async fn joined(app: &App, visitor: &Visitor, user: &UserRow) -> Result<Response, Failure> {
    app.audit(By::user(user, &visitor.from), Deed::UserAdded, user.email.as_deref().unwrap_or_default())
        .await;
    login::entered(app, visitor, user, "").await
}

/// How anybody may register, or what they are told who may not.
fn open(app: &App) -> Open {
    let config = app.config.get();
    match config.server.registration {
        Registration::Open => Open::By(if jobs::can_mail(&config) { Way::Mail } else { Way::AtOnce }),
        Registration::Invited => Open::Not(refused(
            "By invitation",
            "Here one becomes a user by an invitation. Ask an owner for one: they make it on their users page.",
            TO_LOGIN,
        )),
        Registration::Closed => Open::Not(shut()),
    }
}

enum Open {
    By(Way<'static>),
    Not(Response),
}

fn shut() -> Response {
    refused("Closed", "Nobody can become a user here by themselves.", TO_LOGIN)
}

/// The answer where nobody may become a user, whoever invited them.
fn closed(app: &App) -> Option<Response> {
    let closed = app.config.get().server.registration == Registration::Closed;
    closed.then(shut)
}

/// The answer to whoever may not do this, with where they can go on: an address, and what is said of it.
pub(super) fn refused(title: &'static str, text: &str, to: (&'static str, &'static str)) -> Response {
    let letter = LetterPage { frame: Frame::outside(), title, text: text.to_owned(), link: Some(to) };
    (StatusCode::FORBIDDEN, shown(&letter)).into_response()
}

fn understood(asked: &Asked, invite: Option<&InviteRow>) -> Result<(String, String), Wrong> {
    let mut wrong = Wrong::default();
    let email = match invite.filter(|invite| !invite.email.is_empty()) {
        Some(invite) => Ok(invite.email.clone()),
        None => accounts::address(&asked.email),
    };
    let name = accounts::name(&asked.name);
    if let Err(why) = accounts::new_password(&asked.password, &asked.again, &[&asked.email, &asked.name]) {
        (wrong.password, wrong.again) = why.beside();
    }
    wrong.email = email.as_ref().err().cloned();
    wrong.name = name.as_ref().err().cloned();
    match (email, name, &wrong.password, &wrong.again) {
        (Ok(email), Ok(name), None, None) => Ok((email, name)),
        _ => Err(wrong),
    }
}

/// What the page is for.
#[derive(Clone, Copy)]
enum Way<'a> {
    /// Asking for a link by mail.
    Mail,
    /// All at once.
    AtOnce,
    Invited(&'a InviteRow),
}

fn page(asked: &Asked, wrong: &Wrong, way: Way<'_>) -> RegisterPage {
    let email = Field::email(&asked.email).wrong(wrong.email.clone());
    let rest = [
        Field::name(&asked.name).wrong(wrong.name.clone()),
        Field::new_password().wrong(wrong.password.clone()),
        Field::again().wrong(wrong.again.clone()),
    ];
    let (intro, fields) = match way {
        Way::Mail => ("A link to go on with is sent to your address.".to_owned(), vec![email]),
        Way::AtOnce => (
            "An assistant of your own, on this installation.".to_owned(),
            [vec![email], rest.to_vec()].concat(),
        ),
        Way::Invited(invite) => {
            let who = if invite.by_whom.is_empty() {
                String::new()
            } else {
                format!("{} invites you. ", invite.by_whom)
            };
            if invite.email.is_empty() {
                (format!("{who}You get an assistant of your own."), [vec![email], rest.to_vec()].concat())
            } else {
                (format!("{who}You get an assistant of your own, as {}.", invite.email), rest.to_vec())
            }
        }
    };
    RegisterPage {
        frame: Frame::outside(),
        title: if matches!(way, Way::Invited(_)) { "Welcome" } else { "Register" },
        intro,
        fields,
        button: if matches!(way, Way::Mail) { "Send the link" } else { "Become a user" },
        wrong: wrong.all.clone(),
    }
}

fn again(asked: &Asked, wrong: &Wrong, way: Way<'_>) -> Response {
    shown_again(&page(asked, wrong, way))
}

fn taken() -> Wrong {
    let why =
        "This address cannot be taken. If it is yours, log in with it, or ask for a new password.".to_owned();
    Wrong { email: Some(why), ..Wrong::default() }
}

fn used_up() -> Response {
    let why = "It was used already, is too old, or was withdrawn. Ask for a new one.";
    refused("This link is used up", why, TO_LOGIN)
}
