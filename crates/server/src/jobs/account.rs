//! Letters about accounts: a link to choose a new password, to register, or to join by invitation.
//!
//! What was asked for at a page is looked into here, so that the page's answer tells nobody whose addresses are known. The
//! link's secret is made from the job, and so the same at every try; it is nowhere written down.

use super::{Outcome, letter};
use crate::{
    accounts::{self, Purpose},
    app::App,
    clock,
    guard::{session::random_token, token},
};
use serde::{Deserialize, Serialize};
use store::{JobRow, NewInvite, Role, StoreError};
use tool::message::{
    job::Planned,
    words::{Letter, escaped},
};

/// Somebody asks for a new password.
pub(super) const FORGOT: &str = "account_forgot";
/// Somebody asks to become a user.
pub(super) const REGISTER: &str = "account_register";
/// An owner invites somebody.
pub(super) const INVITE: &str = "account_invite";

#[derive(Serialize, Deserialize)]
struct To {
    email: String,
    /// The invitation's id.
    #[serde(default)]
    invite: String,
}

/// Sends whoever has this address, if anybody, a link to choose a new password.
pub(crate) async fn forgot(app: &App, email: &str) -> Result<(), StoreError> {
    queue(app, FORGOT, email, "").await
}

/// Sends this address a link to become a user or, where it is one's, says so.
pub(crate) async fn register(app: &App, email: &str) -> Result<(), StoreError> {
    queue(app, REGISTER, email, "").await
}

/// Sends this address the link of an invitation.
pub(crate) async fn invite(app: &App, email: &str, invite: &str) -> Result<(), StoreError> {
    queue(app, INVITE, email, invite).await
}

async fn queue(app: &App, kind: &'static str, email: &str, invite: &str) -> Result<(), StoreError> {
    let to = To { email: email.to_owned(), invite: invite.to_owned() };
    let payload = serde_json::to_string(&to).expect("texts are JSON");
    let key = format!("{kind}:{}", random_token());
    super::queue(app, &Planned { kind, key, payload, due_ms: clock::now_ms() }).await
}

pub(super) async fn send(app: &App, job: &JobRow) -> Outcome {
    let Ok(to) = serde_json::from_str::<To>(&job.payload) else {
        return Outcome::Never("whom it was for cannot be read any more".into());
    };
    let letter = match job.kind.as_str() {
        FORGOT => reset_letter(app, job, &to).await,
        REGISTER => register_letter(app, job, &to).await,
        _ => invite_letter(app, &to).await,
    };
    match letter {
        Ok(Some(words)) => letter::about_account(app, job, &to.email, &words).await,
        Ok(None) => Outcome::Done,
        Err(error) => error.into(),
    }
}

/// None: nobody has the address, or too much time went by.
async fn reset_letter(app: &App, job: &JobRow, to: &To) -> Result<Option<Letter>, StoreError> {
    let user = app.store.user_by_email(&to.email).await?.filter(|user| user.disabled_ms.is_none());
    let Some(user) = user else { return Ok(None) };
    let (now_ms, expires_ms) = (clock::now_ms(), job.queued_ms + accounts::RESET_MS);
    if now_ms >= expires_ms {
        return Ok(None);
    }
    let secret = accounts::link(&app.key, Purpose::Reset, &job.id);
    app.store.reset_made(&token::hash(&secret), &user.id, now_ms, expires_ms).await?;
    let link = format!("{}/reset/{secret}", accounts::base(&app.config.get()));
    Ok(Some(written(
        "A new password for Earpiece",
        "somebody asked for a new password for this address at Earpiece. If it was you, choose one here, within the hour:",
        &link,
        "If it was not you, nothing changes, and there is nothing to do.",
    )))
}

async fn register_letter(app: &App, job: &JobRow, to: &To) -> Result<Option<Letter>, StoreError> {
    let base = accounts::base(&app.config.get());
    if app.store.user_by_email(&to.email).await?.is_some() {
        return Ok(Some(written(
            "You have an account at Earpiece",
            "somebody asked to register with this address at Earpiece, where it is a user's already. If it was you, log in here:",
            &format!("{base}/login"),
            "If it was not you, nothing changes, and there is nothing to do.",
        )));
    }
    let expires_ms = job.queued_ms + accounts::REGISTER_MS;
    if clock::now_ms() >= expires_ms {
        return Ok(None);
    }
    let secret = accounts::link(&app.key, Purpose::Join, &job.id);
    let new = NewInvite {
        id: &job.id,
        hash: &token::hash(&secret),
        email: &to.email,
        role: Role::Member,
        by_whom: "",
        now_ms: job.queued_ms,
        expires_ms,
    };
    app.store.invited(&new).await?;
    Ok(Some(written(
        "Your account at Earpiece",
        "somebody, probably you, wants to register with this address at Earpiece. Go on here, within a day:",
        &format!("{base}/register/{secret}"),
        "If it was not you, nothing happens, and there is nothing to do.",
    )))
}

async fn invite_letter(app: &App, to: &To) -> Result<Option<Letter>, StoreError> {
    let secret = accounts::link(&app.key, Purpose::Join, &to.invite);
    let Some(invite) = app.store.invite(&token::hash(&secret), clock::now_ms()).await? else {
        return Ok(None);
    };
    let who = if invite.by_whom.is_empty() { "Somebody" } else { &invite.by_whom };
    Ok(Some(written(
        "An invitation to Earpiece",
        &format!(
            "{who} invites you to Earpiece, an assistant that answers the telephone. Join here, within a week:"
        ),
        &format!("{}/register/{secret}", accounts::base(&app.config.get())),
        "If you do not want that, there is nothing to do.",
    )))
}

fn written(subject: &str, opening: &str, link: &str, closing: &str) -> Letter {
    let text = format!("Hello,\n\n{opening}\n\n{link}\n\n{closing}\n");
    let html = format!(
        "<p>Hello,</p><p>{}</p><p><a href=\"{link}\">{link}</a></p><p>{}</p>",
        escaped(opening),
        escaped(closing),
        link = escaped(link),
    );
    Letter { subject: subject.to_owned(), text, html }
}
