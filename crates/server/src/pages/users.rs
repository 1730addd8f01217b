//! The installation's users, for its owners: who there is, who is invited, and what each may do.

use super::{Failure, Frame, field::Field, shown, times};
use crate::{accounts, app::App, audit::Deed, clock, config::Registration, guard::session::Owner, jobs};
use askama::Template;
use axum::{
    extract::{Form, Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::sync::Arc;
use store::{Changed, Role, UserRow};

#[derive(Template)]
#[template(path = "users.html")]
struct UsersPage {
    frame: Frame,
    done: Option<String>,
    wrong: Option<String>,
    /// A link to hand over, which is shown this once.
    link: Option<String>,
    users: Vec<Line>,
    invites: Vec<Invited>,
    email: Field,
    owner: bool,
    /// Invitations are heeded.
    inviting: bool,
    mails: bool,
    registration: &'static str,
    /// Why one of them stays.
    lives_here: &'static str,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own on the page")]
struct Line {
    id: String,
    name: String,
    email: String,
    owner: bool,
    disabled: bool,
    me: bool,
    /// The installation's own house is theirs: they stay.
    stays: bool,
    since: String,
    /// What changes with the picture, so that browsers may keep it; none: there is no picture.
    picture: Option<i64>,
}

struct Invited {
    id: String,
    email: String,
    role: String,
    by: String,
    until: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Invitation {
    email: String,
    role: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct As {
    role: String,
}

#[derive(Default)]
struct Said {
    done: Option<String>,
    wrong: Option<String>,
    link: Option<String>,
    email: (String, Option<String>),
    owner: bool,
}

/// `GET /users`
pub(super) async fn users(State(app): State<Arc<App>>, by: Owner) -> Result<Response, Failure> {
    page(&app, &by, Said::default()).await
}

/// `POST /users/invite`: makes a link, and sends it where there is an address to send it to.
pub(super) async fn invite(
    State(app): State<Arc<App>>,
    by: Owner,
    Form(invitation): Form<Invitation>,
) -> Result<Response, Failure> {
    let role = Role::named(&invitation.role).unwrap_or(Role::Member);
    let typed = invitation.email.trim();
    let refused = |why: String| Said {
        email: (typed.to_owned(), Some(why)),
        owner: role == Role::Owner,
        ..Said::default()
    };
    let config = app.config.get();
    if config.server.registration == Registration::Closed {
        return again(&app, &by, refused("REGISTRATION is closed: nobody could use the link.".into())).await;
    }
    let email = match typed {
        "" => String::new(),
        typed => match accounts::address(typed) {
            Ok(email) => email,
            Err(why) => return again(&app, &by, refused(why)).await,
        },
    };
    if !email.is_empty() && app.store.user_by_email(&email).await?.is_some() {
        return again(&app, &by, refused("This is a user's address already.".into())).await;
    }
    let now_ms = clock::now_ms();
    let (id, secret) = accounts::invite(&app.store, &app.key, (&email, role), &by.user.name, now_ms).await?;
    app.audit(&by, Deed::UserInvited, &format!("{email} {}", role.name())).await;
    let mailed = !email.is_empty() && jobs::can_mail(&config);
    if mailed {
        jobs::account::invite(&app, &email, &id).await?;
    }
    let done = if mailed {
        format!("An invitation is on its way to {email}. You can hand over the link yourself, too.")
    } else {
        "Hand over this link. Whoever opens it first becomes the user.".to_owned()
    };
    let link = format!("{}/register/{secret}", accounts::base(&config));
    page(&app, &by, Said { done: Some(done), link: Some(link), ..Said::default() }).await
}

/// `POST /users/invitations/{id}/withdraw`
pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    by: Owner,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let email = app.store.invite_withdrawn(&id).await?.ok_or_else(Failure::not_found)?;
    app.audit(&by, Deed::InvitationWithdrawn, &email).await;
    Ok(Redirect::to("/users").into_response())
}

/// `POST /users/{id}/role`
pub(super) async fn role(
    State(app): State<Arc<App>>,
    by: Owner,
    Path(id): Path<String>,
    Form(wanted): Form<As>,
) -> Result<Response, Failure> {
    let role = Role::named(&wanted.role).ok_or_else(|| Failure::bad_request("There is no such role."))?;
    let changed = app.store.user_role_set(&id, role).await?;
    told(&app, &by, &id, changed, (Deed::RoleChanged, role.name())).await
}

/// `POST /users/{id}/disable`
pub(super) async fn disable(
    State(app): State<Arc<App>>,
    by: Owner,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let changed = app.store.user_disabled(&id, Some(clock::now_ms())).await?;
    told(&app, &by, &id, changed, (Deed::UserDisabled, "")).await
}

/// `POST /users/{id}/enable`
pub(super) async fn enable(
    State(app): State<Arc<App>>,
    by: Owner,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let changed = app.store.user_disabled(&id, None).await?;
    told(&app, &by, &id, changed, (Deed::UserEnabled, "")).await
}

/// `POST /users/{id}/remove`
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    by: Owner,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let user = app.store.user(&id).await?.ok_or_else(Failure::not_found)?;
    let changed = app.store.user_removed(&id).await?;
    told(&app, &by, &id, changed, (Deed::UserRemoved, &named(&user))).await
}

/// `POST /users/{id}/link`: a link that lets a user in who lost every other way.
pub(super) async fn link(
    State(app): State<Arc<App>>,
    by: Owner,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let user = app.store.user(&id).await?.filter(|user| user.disabled_ms.is_none());
    let user = user.ok_or_else(Failure::not_found)?;
    let secret = super::welcome::link_for(&app.store, Some(&user.id), clock::now_ms()).await?;
    app.audit(&by, Deed::LinkMade, &named(&user)).await;
    let done = format!(
        "Hand over this link to {}. It works once, within a day, and lets in whoever opens it.",
        user.name
    );
    let link = format!("{}/welcome/{secret}", accounts::base(&app.config.get()));
    page(&app, &by, Said { done: Some(done), link: Some(link), ..Said::default() }).await
}

async fn told(
    app: &App,
    by: &Owner,
    id: &str,
    changed: Changed,
    (deed, about): (Deed, &str),
) -> Result<Response, Failure> {
    match changed {
        Changed::Done => {
            let user = app.store.user(id).await?.map(|user| named(&user)).unwrap_or_default();
            app.audit(by, deed, format!("{user} {about}").trim()).await;
            Ok(Redirect::to("/users").into_response())
        }
        Changed::Nobody => Err(Failure::not_found()),
        Changed::LastOwner => {
            let why = "This is the last owner who can log in: make another user an owner first.".to_owned();
            again(app, by, Said { wrong: Some(why), ..Said::default() }).await
        }
        Changed::LivesHere => {
            again(app, by, Said { wrong: Some(accounts::LIVES_HERE.to_owned()), ..Said::default() }).await
        }
    }
}

async fn again(app: &App, by: &Owner, said: Said) -> Result<Response, Failure> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(app, by, said).await?).into_response())
}

async fn page(app: &App, by: &Owner, said: Said) -> Result<Response, Failure> {
    let config = app.config.get();
    let zone = &config.calendar.zone;
    let (pictured, first) = (app.store.pictured().await?, app.store.house_here().await?);
    let users = app.store.users().await?.into_iter().map(|user| {
        let picture = pictured.get(&user.id).copied();
        let stays = first.as_ref().is_some_and(|house| house.user_id == user.id);
        Line { stays, picture, ..line(user, &by.user.id, zone) }
    });
    let invites = app.store.invites(clock::now_ms()).await?.into_iter().map(|invite| Invited {
        id: invite.id,
        email: invite.email,
        role: invite.role,
        by: invite.by_whom,
        until: day(invite.expires_ms, zone),
    });
    let email = Field::new("email", "E-mail address", "email").value(&said.email.0).wrong(said.email.1);
    Ok(shown(&UsersPage {
        frame: Frame::inside("profile"),
        done: said.done,
        wrong: said.wrong,
        link: said.link,
        users: users.collect(),
        invites: invites.collect(),
        email: email.help("Without one, whoever opens the link says theirs.").optional(),
        owner: said.owner,
        inviting: config.server.registration != Registration::Closed,
        mails: jobs::can_mail(&config),
        lives_here: accounts::LIVES_HERE,
        registration: match config.server.registration {
            Registration::Closed => "Nobody can become a user by themselves (REGISTRATION=closed).",
            Registration::Invited => "Whoever has an invitation can become a user (REGISTRATION=invited).",
            Registration::Open => "Anybody can become a user (REGISTRATION=open).",
        },
    }))
}

fn line(user: UserRow, me: &str, zone: &TimeZone) -> Line {
    Line {
        owner: user.is_owner(),
        disabled: user.disabled_ms.is_some(),
        me: user.id == me,
        since: day(user.created_ms, zone),
        email: user.email.unwrap_or_default(),
        name: user.name,
        id: user.id,
        picture: None,
        stays: false,
    }
}

fn day(ms: i64, zone: &TimeZone) -> String {
    times::zoned(ms, zone).strftime("%-d %B %Y").to_string()
}

fn named(user: &UserRow) -> String {
    user.email.clone().unwrap_or_else(|| user.name.clone())
}
