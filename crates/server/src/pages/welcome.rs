//! The one-time link by which somebody becomes the owner, or by which a user who lost every other way comes back.

use super::{Failure, Frame, field::Field, login, register::Wrong, shown, shown_again};
use crate::{
    accounts,
    app::App,
    audit::{By, Deed},
    clock,
    guard::{
        password,
        session::{Visitor, random_token},
        token,
    },
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use std::{collections::BTreeMap, sync::Arc};
use store::{Role, Store, StoreError, UserRow};

/// How long a link can be used.
pub const GOOD_FOR_MS: i64 = 24 * 60 * 60 * 1000;

/// Makes a link that works once, for [`GOOD_FOR_MS`]: the token to put after `/welcome/`. Whoever has it becomes the
/// owner; where there is an owner, whoever has it is logged in as that owner.
pub async fn make_link(store: &Store, now_ms: i64) -> Result<String, StoreError> {
    link_for(store, None, now_ms).await
}

/// Likewise for this user, whose password and second factor are not asked for.
pub async fn link_for(store: &Store, user_id: Option<&str>, now_ms: i64) -> Result<String, StoreError> {
    let secret = random_token();
    store.login_link_made(&token::hash(&secret), user_id, now_ms + GOOD_FOR_MS).await?;
    Ok(secret)
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomePage {
    frame: Frame,
    /// There is no owner yet.
    new: bool,
    /// Who comes back.
    who: String,
    fields: Vec<Field>,
    /// Their second factor can be turned off on the way.
    factor: bool,
}

/// Everything may be left empty: then the link is the only way in, until that is made up for on the profile.
#[derive(Default)]
struct Given {
    email: String,
    name: String,
    password: String,
    again: String,
    no_factor: bool,
}

impl Given {
    /// A form, which may be none at all.
    fn read(body: &str) -> Self {
        let form: BTreeMap<String, String> = reqwest::Url::parse(&format!("http://x/?{body}"))
            .map(|url| url.query_pairs().into_owned().collect())
            .unwrap_or_default();
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        Self {
            email: field("email"),
            name: field("name"),
            password: field("password"),
            again: field("again"),
            no_factor: form.contains_key("no_factor"),
        }
    }
}

/// `GET /welcome/{token}`: asks, and uses up nothing, since whatever previews links opens them, too.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(secret): Path<String>,
) -> Result<Response, Failure> {
    let user = whose(&app, &token::hash(&secret)).await?;
    Ok(shown(&page(&app, user.as_ref(), &Given::default(), Wrong::default()).await?))
}

/// `POST /welcome/{token}`
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(secret): Path<String>,
    body: String,
) -> Result<Response, Failure> {
    let given = Given::read(&body);
    let (hash, now_ms) = (token::hash(&secret), clock::now_ms());
    let user = whose(&app, &hash).await?;
    let wrong = judged(&given, user.as_ref());
    if let Some(wrong) = wrong {
        let page = page(&app, user.as_ref(), &given, wrong).await?;
        return Ok(shown_again(&page));
    }
    let kept = if given.password.is_empty() { None } else { Some(password::hashed(&given.password).await) };
    if !app.store.login_link_used(&hash, now_ms).await? {
        return Err(used_up());
    }
    let user = match user {
        Some(user) => user,
        // Of two that become the first owner at once, the later one comes back as the earlier.
        None => match app.store.owner().await? {
            Some(owner) => owner,
            None => become_owner(&app, &visitor, &given, now_ms).await?,
        },
    };
    if let Some(kept) = kept {
        app.store.password_set(&user.id, &kept, now_ms).await?;
        app.store.sessions_ended(&user.id, "").await?;
        app.audit(By::user(&user, &visitor.from), Deed::PasswordSet, "by a link").await;
    }
    if given.no_factor && app.store.factor_removed(&user.id).await? {
        app.audit(By::user(&user, &visitor.from), Deed::FactorOff, "by a link").await;
    }
    tracing::info!(user = %user.id, "a user logged in by a link");
    login::entered(&app, &visitor, &user, "").await
}

async fn become_owner(app: &App, visitor: &Visitor, given: &Given, now_ms: i64) -> Result<UserRow, Failure> {
    let email = accounts::address(&given.email).ok();
    let name = accounts::name(&given.name).unwrap_or_else(|_| "Owner".to_owned());
    let user = app.store.create_user(email.as_deref(), &name, Role::Owner.name(), now_ms).await?;
    app.audit(By::user(&user, &visitor.from), Deed::UserAdded, "the first owner").await;
    Ok(user)
}

/// Who is let in by this link; none: whoever becomes the owner.
async fn whose(app: &App, hash: &str) -> Result<Option<UserRow>, Failure> {
    let Some(user_id) = app.store.login_link(hash, clock::now_ms()).await? else {
        tracing::warn!("a link that was used, too old or never made was tried");
        return Err(used_up());
    };
    let Some(id) = user_id else { return Ok(app.store.owner().await?) };
    let user = app.store.user(&id).await?.filter(|user| user.disabled_ms.is_none());
    user.map(Some).ok_or_else(used_up)
}

/// What is wrong, if anything is. An owner who is new gives address, name and password, or nothing at all; who comes back may
/// set a password.
fn judged(given: &Given, user: Option<&UserRow>) -> Option<Wrong> {
    let mut wrong = Wrong::default();
    let nothing =
        [&given.email, &given.name, &given.password, &given.again].iter().all(|text| text.is_empty());
    if nothing {
        return None;
    }
    let (email, name) = if let Some(user) = user {
        (user.email.as_deref().unwrap_or_default(), user.name.as_str())
    } else {
        wrong.email = accounts::address(&given.email).err();
        wrong.name = accounts::name(&given.name).err();
        (given.email.as_str(), given.name.as_str())
    };
    if let Err(why) = accounts::new_password(&given.password, &given.again, &[email, name]) {
        (wrong.password, wrong.again) = why.beside();
    }
    let fine = [&wrong.email, &wrong.name, &wrong.password, &wrong.again].iter().all(|wrong| wrong.is_none());
    (!fine).then_some(wrong)
}

async fn page(
    app: &App,
    user: Option<&UserRow>,
    given: &Given,
    wrong: Wrong,
) -> Result<WelcomePage, StoreError> {
    let password = Field::new_password().wrong(wrong.password);
    let again = Field::again().wrong(wrong.again);
    let factor = match user {
        Some(user) => app.store.has_factor(&user.id).await?,
        None => false,
    };
    let fields = match user {
        Some(_) => vec![password.optional(), again.optional()],
        None => vec![
            Field::name(&given.name).wrong(wrong.name),
            Field::email(&given.email).wrong(wrong.email),
            password,
            again,
        ],
    };
    let who = user.map(|user| user.name.clone()).unwrap_or_default();
    Ok(WelcomePage { frame: Frame::outside(), new: user.is_none(), who, fields, factor })
}

fn used_up() -> Failure {
    Failure::forbidden(
        "This link was used already, or is older than a day. Log in from the front page; or “earpiece link”, where the program \
         runs, prints a new one.",
    )
}
