//! Logging in by address and password, and by a second factor where the user has one.

use super::{Failure, Frame, field::Field, shown, shown_again};
use crate::{
    accounts,
    app::App,
    audit::{By, Deed},
    clock,
    config::Registration,
    guard::{
        password, remote,
        session::{Visitor, login_path},
        throttle::TooMany,
        totp,
    },
    jobs,
    secret::Secret,
};
use askama::Template;
use axum::{
    extract::{Form, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde::Deserialize;
use sha2::Sha256;
use std::sync::Arc;
use store::UserRow;

/// How long one may take from the password to the second factor.
const PROOF_MS: i64 = 5 * 60 * 1000;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    frame: Frame,
    email: Field,
    password: Field,
    /// Where to go on; may be empty.
    next: String,
    wrong: Option<String>,
    /// Anybody may register.
    open: bool,
    /// A forgotten password can be replaced by mail.
    mails: bool,
}

#[derive(Template)]
#[template(path = "login_code.html")]
struct CodePage {
    frame: Frame,
    code: Field,
    proof: String,
    next: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct On {
    next: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Login {
    email: String,
    password: String,
    next: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Second {
    proof: String,
    code: String,
    next: String,
}

/// `GET /login`
pub(super) async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(on): Query<On>) -> Response {
    if visitor.user.is_some() {
        return Redirect::to(there(&on.next)).into_response();
    }
    shown(&page(&app, &Login { next: on.next, ..Login::default() }, None))
}

/// `POST /login`
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Form(login): Form<Login>,
) -> Result<Response, Failure> {
    if let Err(wait) = app.throttle.tried("login", &login.email, &visitor.from) {
        return Ok(too_many(wait, &page(&app, &login, Some(wait.sentence()))));
    }
    let user = app.store.user_by_email(&login.email).await?.filter(|user| user.disabled_ms.is_none());
    let kept = match &user {
        Some(user) => app.store.password(&user.id).await?,
        None => None,
    };
    let right = password::is_right(&login.password, kept.as_ref().map(|kept| &*kept.hash)).await;
    let (Some(user), Some(kept), true) = (user, kept, right) else {
        // What is no address may be a password in the wrong field.
        let tried = accounts::address(&login.email).unwrap_or_default();
        app.audit(&visitor, Deed::LoginFailed, &tried).await;
        let why = "No user has this address and this password.".to_owned();
        return Ok(shown_again(&page(&app, &login, Some(why))));
    };
    if app.store.has_factor(&user.id).await? {
        let proof = proof(&app.key, &user.id, kept.changed_ms, clock::now_ms());
        return Ok(shown(&code_page(proof, login.next, None)));
    }
    entered(&app, &visitor, &user, &login.next).await
}

/// `POST /login/code`: the second factor, after the password.
pub(super) async fn code(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Form(second): Form<Second>,
) -> Result<Response, Failure> {
    let Some(user) = proven(&app, &second.proof).await? else {
        let login = Login { next: second.next, ..Login::default() };
        let why = "That took too long. Log in once more.".to_owned();
        return Ok(shown_again(&page(&app, &login, Some(why))));
    };
    if let Err(wait) = app.throttle.tried("code", &user.id, &visitor.from) {
        return Ok(too_many(wait, &code_page(second.proof, second.next, Some(wait.sentence()))));
    }
    if !factor_is_right(&app, &user, &visitor.from, &second.code).await? {
        app.audit(By::user(&user, &visitor.from), Deed::LoginFailed, "second factor").await;
        let why = "This code is not good, or was used already. Apps show a new one every 30 seconds.";
        let page = code_page(second.proof, second.next, Some(why.to_owned()));
        return Ok(shown_again(&page));
    }
    entered(&app, &visitor, &user, &second.next).await
}

/// Whether this is a code of the user's app, or a recovery code of theirs; either is used up.
async fn factor_is_right(app: &App, user: &UserRow, from: &str, typed: &str) -> Result<bool, Failure> {
    let now_ms = clock::now_ms();
    if let Some(hash) = totp::kept(&app.key, &user.id, typed) {
        let used = app.store.recovery_code_used(&user.id, &hash, now_ms).await?;
        if used {
            app.audit(By::user(user, from), Deed::RecoveryCodeUsed, "").await;
        }
        return Ok(used);
    }
    let Some(factor) = app.store.factor(&user.id).await? else { return Ok(false) };
    let Ok(secret) = app.vault.open(&super::profile::factor::sealed_for(&user.id), &factor.sealed) else {
        tracing::error!(
            user = user.id,
            "a second factor was sealed with another key; earpiece user link lets its user in"
        );
        return Ok(false);
    };
    let Some(step) = totp::step_of(&secret, typed, now_ms) else { return Ok(false) };
    Ok(app.store.factor_used(&user.id, step, now_ms).await?)
}

/// Logs in, and goes on.
pub(super) async fn entered(
    app: &App,
    visitor: &Visitor,
    user: &UserRow,
    next: &str,
) -> Result<Response, Failure> {
    let cookie = visitor.log_in(&app.store, user).await?;
    app.audit(By::user(user, &visitor.from), Deed::LoggedIn, "").await;
    Ok((cookie, Redirect::to(there(next))).into_response())
}

/// Where to go on: a page of this house, other than those by which one comes and goes.
fn there(next: &str) -> &str {
    let gone = ["/login", "/logout", "/register", "/forgot", "/reset", "/welcome"];
    remote::own_path(next).filter(|next| !gone.iter().any(|gone| next.starts_with(gone))).unwrap_or("/")
}

/// An answer that says how long to wait.
pub(super) fn too_many(wait: TooMany, page: &impl Template) -> Response {
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, wait.seconds().to_string())], shown(page))
        .into_response()
}

fn page(app: &App, login: &Login, wrong: Option<String>) -> LoginPage {
    let config = app.config.get();
    LoginPage {
        frame: Frame::outside(),
        email: Field::email(&login.email),
        password: Field::new("password", "Password", "password").complete("current-password"),
        next: login.next.clone(),
        wrong,
        open: config.server.registration == Registration::Open,
        mails: jobs::can_mail(&config),
    }
}

fn code_page(proof: String, next: String, wrong: Option<String>) -> CodePage {
    let code = Field::new("code", "Code", "text").complete("one-time-code").digits();
    CodePage { frame: Frame::outside(), code: code.wrong(wrong), proof, next }
}

/// That somebody knew the password just now, for the page that asks for the second factor.
fn proof(key: &Secret, user_id: &str, changed_ms: i64, now_ms: i64) -> String {
    format!(
        "{user_id}.{now_ms}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(mac(key, user_id, changed_ms, now_ms).finalize().into_bytes())
    )
}

/// Who knew the password, not long ago, and it is still the same.
async fn proven(app: &App, proof: &str) -> Result<Option<UserRow>, Failure> {
    let mut parts = proof.splitn(3, '.');
    let (Some(user_id), Some(then), Some(given)) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(None);
    };
    let (Ok(then_ms), Ok(given)) = (then.parse::<i64>(), BASE64_URL_SAFE_NO_PAD.decode(given)) else {
        return Ok(None);
    };
    let age_ms = clock::now_ms().saturating_sub(then_ms);
    let Some(kept) = app.store.password(user_id).await? else { return Ok(None) };
    let right = mac(&app.key, user_id, kept.changed_ms, then_ms).verify_slice(&given).is_ok();
    if !right || !(0..PROOF_MS).contains(&age_ms) {
        return Ok(None);
    }
    Ok(app.store.user(user_id).await?.filter(|user| user.disabled_ms.is_none()))
}

fn mac(key: &Secret, user_id: &str, changed_ms: i64, then_ms: i64) -> Hmac<Sha256> {
    key.mac(&format!("earpiece login proof v1\0{user_id}\0{changed_ms}\0{then_ms}"))
}

/// `POST /logout`
pub(super) async fn log_out(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, Failure> {
    let cookie = visitor.log_out(&app.store).await?;
    if visitor.user.is_some() {
        app.audit(&visitor, Deed::LoggedOut, "").await;
    }
    Ok((cookie, Redirect::to(&login_path("/"))).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_on_to_a_page_of_this_house_and_not_to_its_doors() {
        assert_eq!(there("/calls?q=x"), "/calls?q=x");
        for other in
            ["", "//evil.example", "https://evil.example/", "/login?next=/login", "/logout", "/\\evil"]
        {
            assert_eq!(there(other), "/", "{other}");
        }
    }
}
