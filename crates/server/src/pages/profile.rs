//! What a user says of themselves, by what they prove who they are, and where they are logged in.

pub(super) mod factor;
pub(super) mod picture;

use super::{Failure, Frame, field::Field, login, shown, shown_again, times};
use crate::{
    accounts,
    app::App,
    audit::Deed,
    clock,
    guard::{
        password,
        session::{User, Visitor},
        throttle::TooMany,
    },
};
use askama::Template;
use axum::{
    extract::{Form, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::sync::Arc;
use store::{SessionRow, UserRow};

#[derive(Template)]
#[template(path = "profile.html")]
struct ProfilePage {
    frame: Frame,
    done: Option<String>,
    /// Something that belongs to no field.
    wrong: Option<String>,
    name: String,
    owner: bool,
    /// What changes with the picture, so that browsers may keep it; none: there is no picture.
    picture: Option<i64>,
    picture_wrong: Option<String>,
    about: Vec<Field>,
    password: Vec<Field>,
    /// There is one already.
    has_password: bool,
    /// A second factor is asked for at the login.
    factor: bool,
    codes_left: i64,
    factor_field: Field,
    sessions: Vec<Session>,
}

struct Session {
    hash: String,
    /// This very browser.
    here: bool,
    what: String,
    from: String,
    since: String,
    used: String,
}

/// What a page of this says beside what is known: what was typed, and what is wrong with it.
#[derive(Default)]
pub(super) struct Said {
    done: Option<String>,
    wrong: Option<String>,
    name: Option<(String, Option<String>)>,
    email: Option<(String, Option<String>)>,
    current_for_email: Option<String>,
    current: Option<String>,
    password: Option<String>,
    again: Option<String>,
    picture: Option<String>,
    factor: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct About {
    name: String,
    email: String,
    current_for_email: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct New {
    current: String,
    password: String,
    again: String,
}

/// `GET /profile`
pub(super) async fn show(State(app): State<Arc<App>>, by: User) -> Result<Response, Failure> {
    page(&app, &by, Said::default()).await
}

/// `POST /profile`: name and address. Whoever changes the address, to which links for a new password go, gives the password.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    by: User,
    Form(about): Form<About>,
) -> Result<Response, Failure> {
    let old = by.user.email.clone().unwrap_or_default();
    let name = accounts::name(&about.name);
    let email = if about.email.trim().is_empty() && old.is_empty() {
        Ok(None)
    } else {
        accounts::address(&about.email).map(Some)
    };
    let typed = |said: Said| Said {
        name: Some((about.name.clone(), name.as_ref().err().cloned())),
        email: said.email.or_else(|| Some((about.email.clone(), email.as_ref().err().cloned()))),
        current_for_email: said.current_for_email,
        ..Said::default()
    };
    let (Ok(new_name), Ok(new_email)) = (&name, &email) else {
        return again(&app, &by, typed(Said::default())).await;
    };
    if new_email.as_deref().unwrap_or_default() != old
        && let Err(why) = known(&app, &by, &about.current_for_email).await?
    {
        return match why {
            NotKnown::TooMany(wait) => waiting(&app, &by, wait).await,
            NotKnown::Wrong(why) => {
                again(&app, &by, typed(Said { current_for_email: Some(why), ..Said::default() })).await
            }
        };
    }
    if !app.store.user_described(&by.user.id, new_email.as_deref(), new_name).await? {
        let why = "This address cannot be taken: another user has it.".to_owned();
        return again(
            &app,
            &by,
            typed(Said { email: Some((about.email.clone(), Some(why))), ..Said::default() }),
        )
        .await;
    }
    app.audit(&by, Deed::ProfileChanged, new_email.as_deref().unwrap_or_default()).await;
    fresh(&app, by, "Your name and address are saved.").await
}

/// `POST /profile/password`: sets it, and ends all other sessions.
pub(super) async fn change_password(
    State(app): State<Arc<App>>,
    by: User,
    Form(new): Form<New>,
) -> Result<Response, Failure> {
    if let Err(why) = known(&app, &by, &new.current).await? {
        return match why {
            NotKnown::TooMany(wait) => waiting(&app, &by, wait).await,
            NotKnown::Wrong(why) => again(&app, &by, Said { current: Some(why), ..Said::default() }).await,
        };
    }
    let about = [by.user.email.as_deref().unwrap_or_default(), &by.user.name];
    if let Err(why) = accounts::new_password(&new.password, &new.again, &about) {
        let (password, repeated) = why.beside();
        return again(&app, &by, Said { password, again: repeated, ..Said::default() }).await;
    }
    let kept = password::hashed(&new.password).await;
    app.store.password_set(&by.user.id, &kept, clock::now_ms()).await?;
    let ended = app.store.sessions_ended(&by.user.id, &by.session).await?;
    app.audit(&by, Deed::PasswordSet, "").await;
    let others = if ended > 0 { " You were logged out everywhere else." } else { "" };
    fresh(&app, by, &format!("The new password is set.{others}")).await
}

/// `POST /profile/sessions/{hash}/end`
pub(super) async fn end_session(
    State(app): State<Arc<App>>,
    by: User,
    Path(hash): Path<String>,
) -> Result<Response, Failure> {
    if !app.store.session_of_ended(&by.user.id, &hash).await? {
        return Err(Failure::not_found());
    }
    app.audit(&by, Deed::SessionsEnded, "one").await;
    Ok(Redirect::to("/profile#sessions").into_response())
}

/// `POST /profile/sessions/end`: logs out everywhere, here too.
pub(super) async fn end_sessions(
    State(app): State<Arc<App>>,
    by: User,
    visitor: Visitor,
) -> Result<Response, Failure> {
    let cookie = visitor.log_out(&app.store).await?;
    app.store.sessions_ended(&by.user.id, "").await?;
    app.audit(&by, Deed::SessionsEnded, "all").await;
    Ok((cookie, Redirect::to("/login")).into_response())
}

/// Why somebody has not proven to be who is logged in.
pub(super) enum NotKnown {
    Wrong(String),
    TooMany(TooMany),
}

/// Whether this is the user's password: asked for before what would lock them out. Who has none needs none.
pub(super) async fn known(app: &App, by: &User, typed: &str) -> Result<Result<(), NotKnown>, Failure> {
    let Some(kept) = app.store.password(&by.user.id).await? else { return Ok(Ok(())) };
    if let Err(wait) = app.throttle.tried("password", &by.user.id, &by.from) {
        return Ok(Err(NotKnown::TooMany(wait)));
    }
    if password::is_right(typed, Some(&kept.hash)).await {
        return Ok(Ok(()));
    }
    app.audit(by, Deed::LoginFailed, "the password, on the profile").await;
    Ok(Err(NotKnown::Wrong("This is not your password.".to_owned())))
}

pub(super) async fn waiting(app: &App, by: &User, wait: TooMany) -> Result<Response, Failure> {
    let said = Said { wrong: Some(wait.sentence()), ..Said::default() };
    Ok(login::too_many(wait, &made(app, by, said).await?))
}

pub(super) async fn again(app: &App, by: &User, said: Said) -> Result<Response, Failure> {
    Ok(shown_again(&made(app, by, said).await?))
}

/// The page with what has just changed.
pub(super) async fn fresh(app: &App, by: User, done: &str) -> Result<Response, Failure> {
    let user = app.store.user(&by.user.id).await?.ok_or_else(Failure::not_found)?;
    page(app, &User { user, ..by }, Said { done: Some(done.to_owned()), ..Said::default() }).await
}

async fn page(app: &App, by: &User, said: Said) -> Result<Response, Failure> {
    Ok(shown(&made(app, by, said).await?))
}

async fn made(app: &App, by: &User, said: Said) -> Result<ProfilePage, Failure> {
    let user = &by.user;
    let now_ms = clock::now_ms();
    let zone = app.config.get().calendar.zone.clone();
    let has_password = app.store.password(&user.id).await?.is_some();
    let sessions = app.store.sessions_of(&user.id, now_ms).await?.into_iter();
    Ok(ProfilePage {
        frame: Frame::inside("profile"),
        done: said.done,
        wrong: said.wrong,
        name: user.name.clone(),
        owner: user.is_owner(),
        picture: app.store.picture_changed_ms(&user.id).await?,
        picture_wrong: said.picture,
        about: about(user, has_password, said.name, said.email, said.current_for_email),
        password: passwords(has_password, said.current, said.password, said.again),
        has_password,
        factor: app.store.has_factor(&user.id).await?,
        codes_left: app.store.recovery_codes_left(&user.id).await?,
        factor_field: Field::new("proof", "Your password", "password")
            .complete("current-password")
            .wrong(said.factor),
        sessions: sessions.map(|row| session(row, &by.session, &zone)).collect(),
    })
}

fn about(
    user: &UserRow,
    has_password: bool,
    name: Option<(String, Option<String>)>,
    email: Option<(String, Option<String>)>,
    current: Option<String>,
) -> Vec<Field> {
    let (name, name_wrong) = name.unwrap_or_else(|| (user.name.clone(), None));
    let (email, email_wrong) = email.unwrap_or_else(|| (user.email.clone().unwrap_or_default(), None));
    let mut fields =
        vec![Field::name(&name).wrong(name_wrong), Field::email(&email).complete("email").wrong(email_wrong)];
    if user.email.is_none() {
        fields[1] = fields[1].clone().optional();
    }
    if has_password {
        let help = "Only for another address.";
        let field = Field::new("current_for_email", "Your password", "password").complete("current-password");
        fields.push(field.help(help).wrong(current).optional());
    }
    fields
}

fn passwords(
    has_password: bool,
    current: Option<String>,
    password: Option<String>,
    again: Option<String>,
) -> Vec<Field> {
    let mut fields = Vec::new();
    if has_password {
        let field = Field::new("current", "Password now", "password").complete("current-password");
        fields.push(field.wrong(current));
    }
    fields.push(Field::new_password().label("New password").wrong(password));
    fields.push(Field::again().wrong(again));
    fields
}

fn session(row: SessionRow, here: &str, zone: &TimeZone) -> Session {
    let at = |ms| {
        let time = times::zoned(ms, zone);
        format!("{}, {}", time.strftime("%-d %B"), times::clock(&time))
    };
    Session {
        here: row.hash == here,
        what: browser(&row.agent),
        from: row.from,
        since: at(row.made_ms),
        used: at(row.used_ms),
        hash: row.hash,
    }
}

/// What a browser says it is, in two words: `Firefox on Linux`.
fn browser(agent: &str) -> String {
    let first = |table: &[(&str, &'static str)]| {
        table.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    // Each names those that it wants to be taken for, so the order counts.
    let browsers = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    let systems = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "a Mac"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    match (first(&browsers), first(&systems)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "A browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart_by_what_they_say() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36";
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Safari/604.1";
        let edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0";
        assert_eq!(
            [chrome, safari, edge, "", "<script>"].map(browser),
            ["Chrome on Linux", "Safari on iPhone", "Edge on Windows", "A browser", "A browser"]
        );
    }
}
