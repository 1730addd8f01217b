//! Turning the second factor on, which a first code proves, and off; and its recovery codes, which are shown once.

use super::{NotKnown, Said, again, fresh, known, waiting};
use crate::{
    app::App,
    audit::Deed,
    clock,
    guard::{session::User, totp},
    pages::{Failure, Frame, field::Field, login, shown, shown_again},
    secret::Secret,
};
use askama::Template;
use axum::{
    extract::{Form, State},
    response::{IntoResponse, Redirect, Response},
};
use qrcode::{Color, QrCode};
use serde::Deserialize;
use std::{fmt::Write, sync::Arc};

/// Light around the picture, in modules, as readers need it (ISO/IEC 18004).
const QUIET: usize = 4;

#[derive(Template)]
#[template(path = "factor.html")]
struct FactorPage {
    frame: Frame,
    /// The picture: its size in modules, and its dark ones as the path of an SVG.
    size: usize,
    dark: String,
    /// For typing by hand, in groups of four.
    secret: String,
    uri: String,
    code: Field,
}

#[derive(Template)]
#[template(path = "recovery.html")]
struct RecoveryPage {
    frame: Frame,
    /// The factor was turned on just now.
    new: bool,
    codes: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::pages) struct Proof {
    proof: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::pages) struct Code {
    code: String,
}

/// What a user's secret is sealed for.
pub(in crate::pages) fn sealed_for(user_id: &str) -> String {
    format!("second factor {user_id}")
}

/// `POST /profile/factor`: makes a secret, and shows it.
pub(in crate::pages) async fn begin(
    State(app): State<Arc<App>>,
    by: User,
    Form(proof): Form<Proof>,
) -> Result<Response, Failure> {
    if let Some(answer) = refused(&app, &by, &proof).await? {
        return Ok(answer);
    }
    let secret = totp::make();
    let sealed = app.vault.seal(&sealed_for(&by.user.id), secret.expose());
    if !app.store.factor_begun(&by.user.id, &sealed).await? {
        return Ok(Redirect::to("/profile").into_response());
    }
    Ok(shown(&page(&by, &secret, None)))
}

/// `POST /profile/factor/prove`: a first code turns it on.
pub(in crate::pages) async fn prove(
    State(app): State<Arc<App>>,
    by: User,
    Form(code): Form<Code>,
) -> Result<Response, Failure> {
    let factor = app.store.factor(&by.user.id).await?.filter(|factor| factor.proven_ms.is_none());
    let secret = factor.and_then(|factor| app.vault.open(&sealed_for(&by.user.id), &factor.sealed).ok());
    let Some(secret) = secret else { return Ok(Redirect::to("/profile").into_response()) };
    if let Err(wait) = app.throttle.tried("prove", &by.user.id, &by.from) {
        return Ok(login::too_many(wait, &page(&by, &secret, Some(wait.sentence()))));
    }
    let now_ms = clock::now_ms();
    let right = match totp::step_of(&secret, &code.code, now_ms) {
        Some(step) => app.store.factor_used(&by.user.id, step, now_ms).await?,
        None => false,
    };
    if !right {
        let why = "This is not the code that an app would show now. Is the clock of the telephone right?";
        return Ok(shown_again(&page(&by, &secret, Some(why.to_owned()))));
    }
    app.store.sessions_ended(&by.user.id, &by.session).await?;
    app.audit(&by, Deed::FactorOn, "").await;
    codes(&app, &by, true).await
}

/// `POST /profile/factor/codes`: new recovery codes in place of all others.
pub(in crate::pages) async fn renew(
    State(app): State<Arc<App>>,
    by: User,
    Form(proof): Form<Proof>,
) -> Result<Response, Failure> {
    if let Some(answer) = refused(&app, &by, &proof).await? {
        return Ok(answer);
    }
    if !app.store.has_factor(&by.user.id).await? {
        return Ok(Redirect::to("/profile").into_response());
    }
    codes(&app, &by, false).await
}

/// `POST /profile/factor/off`
pub(in crate::pages) async fn off(
    State(app): State<Arc<App>>,
    by: User,
    Form(proof): Form<Proof>,
) -> Result<Response, Failure> {
    if let Some(answer) = refused(&app, &by, &proof).await? {
        return Ok(answer);
    }
    if app.store.factor_removed(&by.user.id).await? {
        app.audit(&by, Deed::FactorOff, "").await;
    }
    fresh(&app, by, "The second factor is off: the password is enough.").await
}

/// The answer to somebody who does not know the password of whoever is logged in.
async fn refused(app: &App, by: &User, proof: &Proof) -> Result<Option<Response>, Failure> {
    Ok(match known(app, by, &proof.proof).await? {
        Ok(()) => None,
        Err(NotKnown::TooMany(wait)) => Some(waiting(app, by, wait).await?),
        Err(NotKnown::Wrong(why)) => {
            Some(again(app, by, Said { factor: Some(why), ..Said::default() }).await?)
        }
    })
}

async fn codes(app: &App, by: &User, new: bool) -> Result<Response, Failure> {
    let codes = totp::recovery_codes();
    let kept: Vec<_> = codes.iter().filter_map(|code| totp::kept(&app.key, &by.user.id, code)).collect();
    app.store.recovery_codes_made(&by.user.id, &kept).await?;
    app.audit(by, Deed::RecoveryCodesMade, "").await;
    Ok(shown(&RecoveryPage { frame: Frame::inside("profile"), new, codes }))
}

fn page(by: &User, secret: &Secret, wrong: Option<String>) -> FactorPage {
    let account = by.user.email.as_deref().unwrap_or(&by.user.name);
    let uri = totp::uri(secret, account);
    let (size, dark) = picture(&uri);
    let groups: Vec<_> = secret.expose().as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    FactorPage {
        frame: Frame::inside("profile"),
        size,
        dark,
        secret: groups.join(" "),
        uri,
        code: Field::new("code", "Code", "text").complete("one-time-code").digits().wrong(wrong),
    }
}

/// A text as a QR code.
fn picture(text: &str) -> (usize, String) {
    let code = QrCode::new(text).expect("a bounded name and a secret fit into a QR code");
    let width = code.width();
    let mut dark = String::new();
    for (n, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            write!(dark, "M{} {}h1v1h-1z", n % width + QUIET, n / width + QUIET)
                .expect("a String takes everything");
        }
    }
    (width + 2 * QUIET, dark)
}
