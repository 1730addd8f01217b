//! Connecting a caller to whom the owner named, by the carrier's API.

use super::{Refused, Signed, document};
use crate::{app::App, carriers, drive::Connect, guard::token};
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use carrier::{Ask, Carrier, Dial, Next, Reply};
use futures_util::FutureExt;
use serde::Deserialize;
use std::{fmt::Write as _, sync::Arc};

/// Connects a caller to whom the owner named, by the carrier's API.
pub(super) fn connect(app: &Arc<App>, carrier: &'static dyn Carrier, call: &str) -> Connect {
    let (app, call) = (app.clone(), call.to_owned());
    Box::new(move |name| {
        let (app, call) = (app.clone(), call.clone());
        async move {
            let Some(to) = app.tools.get().destination(&name).map(str::to_owned) else { return false };
            let via = transfer_address(&app, carrier, &call, &to);
            ask_carrier(&app, carrier, &Ask::Transfer { call, to, via }).await
        }
        .boxed()
    })
}

/// Asks the carrier's API, where the account is known; says whether it did as it was asked.
pub(super) async fn ask_carrier(app: &App, carrier: &'static dyn Carrier, ask: &Ask) -> bool {
    if carriers::Account::of(&app.config.get(), carrier).is_none() {
        return false;
    }
    let done = carriers::done(app, carrier, ask).await;
    if let Err(why) = &done {
        tracing::warn!(why, "the carrier did not end or transfer a call");
    }
    done.is_ok()
}

/// Where a carrier that takes no document with a transfer is told whom to connect: an address that only this call's
/// carrier can use, and for this destination alone.
fn transfer_address(app: &App, carrier: &dyn Carrier, call: &str, to: &str) -> String {
    let config = app.config.get();
    let Some(base) = config.server.public_url.as_deref() else { return String::new() };
    let proof = proof_of(app, carrier, call, to);
    format!("{base}/phone/{}/transfer/{proof}?to={}", carrier.name(), percent(to))
}

/// `GET|POST /phone/{carrier}/transfer/{proof}?to=…`: whom to connect a call to that is transferred.
pub async fn transfer(
    State(app): State<Arc<App>>,
    Path((_, proof)): Path<(String, String)>,
    Query(to): Query<TransferTo>,
    signed: Signed,
) -> Result<Response, Refused> {
    let carrier = signed.carrier;
    let ring = carrier.read(&signed.as_request())?;
    if proof != proof_of(&app, carrier, &ring.call, &to.to) {
        return Err(Refused::Malformed("nobody was to be connected there".into()));
    }
    let dial = Dial { to: to.to, ..Dial::default() };
    Ok(document(carrier, &Reply::Turn(Vec::new(), Next::Dial(dial))))
}

#[derive(Deserialize)]
pub struct TransferTo {
    to: String,
}

fn proof_of(app: &App, carrier: &dyn Carrier, call: &str, to: &str) -> String {
    token::hash(&token::of(&app.key, carrier.name(), &format!("{call} {to}"), 0))
}

/// As a query's value.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}
