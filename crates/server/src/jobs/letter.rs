//! Letters: to those who have appointments, to the owner, and to users about their accounts.
//!
//! A letter whose server fell silent after it was handed over may have been taken. It is sent again, letter for letter the
//! same and under the same `Message-ID`, which mail programs show once. So at most one letter a try arrives.

use super::{
    Outcome,
    announce::{self, told},
};
use crate::{
    app::App,
    config::{Config, Email},
};
use jiff::Timestamp;
use store::JobRow;
use tool::{
    message::{
        invite,
        job::OwnerLetter,
        mail::{self, Mail, Postman, Security, Server, Undelivered},
        words::{self, Letter},
    },
    network::Network,
};

/// Who our letters are from, where there is a server to send them by.
pub(super) fn sender(config: &Config) -> Option<&str> {
    let Email { from, user, smtp_host, .. } = &config.email;
    smtp_host.as_ref()?;
    from.as_deref().or(user.as_deref()).filter(|from| mail::address(from).is_some())
}

/// Sends one letter about an appointment.
pub(super) async fn about(app: &App, job: &JobRow) -> Outcome {
    let told = match told(app, job).await {
        Ok(told) => told,
        Err(outcome) => return outcome,
    };
    let Some(to) = told.reach.mail.clone() else { return Outcome::Done };
    let config = app.config.get();
    let changes = match app.store.appointment_changes(&told.row.id).await {
        Ok(changes) => changes.len(),
        Err(error) => return error.into(),
    };
    // What is said of "this year" must not differ from try to try.
    let now = at(job.queued_ms).to_zoned(config.calendar.zone.clone());
    let about = announce::about(&told, &config, &now, u32::try_from(changes.saturating_sub(1)).unwrap_or(0));
    let letter = words::letter(told.occasion, &about);
    let organizer = sender(&config).and_then(mail::address).unwrap_or_default();
    let changed = at(told.announcement.at_ms);
    let invite = invite::invite(told.occasion, &about, &organizer, &to, changed);
    let mail = Mail {
        id: &job.id,
        to: &to,
        reply_to: None,
        letter: &letter,
        invite: invite.as_ref(),
        sound: None,
        written_ms: job.queued_ms,
    };
    let outcome = deliver(app, &mail).await;
    if matches!(outcome, Outcome::Done) {
        let occasion = told.occasion.name();
        tracing::info!(job = job.id, appointment = told.row.id, occasion, "a letter was sent");
    }
    outcome
}

/// Sends the owner one letter.
pub(super) async fn to_owner(app: &App, job: &JobRow) -> Outcome {
    let Ok(OwnerLetter { subject, text, html, at_ms, voicemail }) = serde_json::from_str(&job.payload) else {
        return Outcome::Never("what it was about cannot be read any more".into());
    };
    let config = app.config.get();
    let owner = match app.whose.user().await {
        Ok(owner) => owner.and_then(|owner| owner.email),
        Err(error) => return error.into(),
    };
    let to = owner.as_deref().or(config.email.user.as_deref()).and_then(mail::address);
    let Some(to) = to.or_else(|| sender(&config).and_then(mail::address)) else {
        return Outcome::Never("no address of yours is known: set EMAIL_USER".into());
    };
    let letter = Letter { subject, text, html };
    let sound = match &voicemail {
        None => None,
        Some(message) => match app.store.voicemail(message).await {
            Ok(ulaw) => ulaw.and_then(|ulaw| crate::voicemail::attachable(&ulaw)),
            Err(error) => return error.into(),
        },
    };
    let mail = Mail {
        id: &job.id,
        to: &to,
        reply_to: None,
        letter: &letter,
        invite: None,
        sound: sound.as_deref(),
        written_ms: at_ms,
    };
    let outcome = deliver(app, &mail).await;
    if matches!(outcome, Outcome::Done) {
        tracing::info!(job = job.id, "a letter to the owner was sent");
    }
    outcome
}

/// Sends a user, or somebody who may become one, a letter about their account.
pub(super) async fn about_account(app: &App, job: &JobRow, to: &str, letter: &Letter) -> Outcome {
    let mail = Mail {
        id: &job.id,
        to,
        reply_to: None,
        letter,
        invite: None,
        sound: None,
        written_ms: job.queued_ms,
    };
    let outcome = deliver(app, &mail).await;
    if matches!(outcome, Outcome::Done) {
        tracing::info!(job = job.id, "a letter about an account was sent");
    }
    outcome
}

async fn deliver(app: &App, mail: &Mail<'_>) -> Outcome {
    let postman = match postman(app).await {
        Ok(postman) => postman,
        Err(outcome) => return outcome,
    };
    match postman.deliver(mail).await {
        Ok(()) => Outcome::Done,
        Err(Undelivered::Never(why)) => Outcome::Never(why),
        Err(Undelivered::Later(why)) => Outcome::Later(why),
    }
}

/// Logs in and out again.
pub(super) async fn try_server(app: &App) -> Result<(), String> {
    let postman = postman(app).await.map_err(|outcome| match outcome {
        Outcome::Never(why) | Outcome::Later(why) | Outcome::Again(_, why) => why,
        Outcome::Done | Outcome::NotBefore(_) => String::new(),
    })?;
    postman.try_server().await.map_err(|undelivered| undelivered.to_string())
}

async fn postman(app: &App) -> Result<Postman, Outcome> {
    let config = app.config.get();
    let (Some(from), Some(host)) = (sender(&config), &config.email.smtp_host) else {
        return Err(Outcome::Never(
            "there is nothing to send mail by: set EMAIL_USER, EMAIL_PASSWORD and SMTP_HOST".into(),
        ));
    };
    let Email { user, password, smtp_port, .. } = &config.email;
    let account = user.clone().zip(password.as_ref().map(|password| password.expose().to_owned()));
    let (host, port) = (host.clone(), *smtp_port);
    let authority = match &config.email.smtp_ca {
        None => None,
        Some(path) => match tokio::fs::read(path).await {
            Ok(pem) => Some(pem),
            Err(error) => {
                return Err(Outcome::Later(format!("{} (SMTP_CA) cannot be read: {error}", path.display())));
            }
        },
    };
    let address = match app.whose.network() {
        Network::Any => None,
        Network::Public => {
            let found = Network::Public.addresses(&host, port).await.map_err(Outcome::Later)?;
            found.into_iter().next()
        }
    };
    let server = Server { security: Security::of(&host, port), host, address, port, account, authority };
    Postman::new(server, from).map_err(Outcome::Never)
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}
