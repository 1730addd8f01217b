//! A new password in place of a forgotten one, by mail. Whether an address is anybody's is found out later, by the job that
//! writes the letter: so the answer and its time are the same.

use super::{Failure, Frame, LetterPage, field::Field, login, register, shown, shown_again};
use crate::{
    accounts::{self, NotPassword},
    app::App,
    audit::{By, Deed},
    clock,
    guard::{password, session::Visitor, token},
    jobs,
};
use askama::Template;
use axum::{
    extract::{Form, Path, State},
    response::Response,
};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "forgot.html")]
struct ForgotPage {
    frame: Frame,
    email: Field,
    /// Mail can be sent.
    mails: bool,
}

#[derive(Template)]
#[template(path = "reset.html")]
struct ResetPage {
    frame: Frame,
    password: Field,
    again: Field,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    email: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct New {
    password: String,
    again: String,
}

/// `GET /forgot`
pub(super) async fn show(State(app): State<Arc<App>>) -> Response {
    shown(&page(&app, "", None))
}

/// `POST /forgot`
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Form(asked): Form<Asked>,
) -> Result<Response, Failure> {
    let email = match accounts::address(&asked.email) {
        Ok(email) => email,
        Err(why) => {
            return Ok(shown_again(&page(&app, &asked.email, Some(why))));
        }
    };
    if let Err(wait) = app.throttle.tried("reset", &email, &visitor.from) {
        return Ok(login::too_many(wait, &page(&app, &email, Some(wait.sentence()))));
    }
    if !jobs::can_mail(&app.config.get()) {
        return Ok(shown_again(&page(&app, &email, None)));
    }
    jobs::account::forgot(&app, &email).await?;
    app.audit(&visitor, Deed::PasswordForgotten, &email).await;
    Ok(shown(&LetterPage {
        frame: Frame::outside(),
        title: "Look into your mail",
        text: format!(
            "If {email} is a user's address here, a letter is on its way. The link in it is good for an hour."
        ),
        link: Some(("/login", "Back to the login")),
    }))
}

/// `GET /reset/{token}`: asks, and uses up nothing.
pub(super) async fn choose(
    State(app): State<Arc<App>>,
    Path(secret): Path<String>,
) -> Result<Response, Failure> {
    if app.store.reset(&token::hash(&secret), clock::now_ms()).await?.is_none() {
        return Ok(used_up());
    }
    Ok(shown(&reset_page(None)))
}

/// `POST /reset/{token}`: sets the password and ends all sessions. A second factor is asked for at the login, as always.
pub(super) async fn reset(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(secret): Path<String>,
    Form(new): Form<New>,
) -> Result<Response, Failure> {
    let hash = token::hash(&secret);
    if let Err(wait) = app.throttle.tried("choose", &hash, &visitor.from) {
        return Ok(login::too_many(wait, &reset_page(Some(NotPassword::Weak(wait.sentence())))));
    }
    let now_ms = clock::now_ms();
    let user = match app.store.reset(&hash, now_ms).await? {
        Some(id) => app.store.user(&id).await?.filter(|user| user.disabled_ms.is_none()),
        None => None,
    };
    let Some(user) = user else { return Ok(used_up()) };
    let about = [user.email.as_deref().unwrap_or_default(), &user.name];
    if let Err(why) = accounts::new_password(&new.password, &new.again, &about) {
        return Ok(shown_again(&reset_page(Some(why))));
    }
    let kept = password::hashed(&new.password).await;
    if !app.store.reset_used(&hash, now_ms).await? {
        return Ok(used_up());
    }
    app.store.password_set(&user.id, &kept, now_ms).await?;
    app.store.sessions_ended(&user.id, "").await?;
    app.audit(By::user(&user, &visitor.from), Deed::PasswordSet, "by a link").await;
    Ok(shown(&LetterPage {
        frame: Frame::outside(),
        title: "The password is set",
        text: "You were logged out everywhere. Log in with the new password.".to_owned(),
        link: Some(("/login", "Log in")),
    }))
}

fn page(app: &App, email: &str, wrong: Option<String>) -> ForgotPage {
    let mails = jobs::can_mail(&app.config.get());
    ForgotPage { frame: Frame::outside(), email: Field::email(email).wrong(wrong), mails }
}

fn reset_page(wrong: Option<NotPassword>) -> ResetPage {
    let (password, again) = wrong.map(NotPassword::beside).unwrap_or_default();
    ResetPage {
        frame: Frame::outside(),
        password: Field::new_password().wrong(password),
        again: Field::again().wrong(again),
    }
}

fn used_up() -> Response {
    let why = "It was used already, or is older than an hour.";
    register::refused("This link is used up", why, ("/forgot", "Ask for a new one"))
}
