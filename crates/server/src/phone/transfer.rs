//! Connecting a caller to whom the owner named, by the carrier's API.

use super::{Refused, Signed, document};
use crate::{
    app::App,
    carriers, clock,
    config::Number,
    drive::{Connect, Transfer},
    guard::token,
};
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use carrier::{Ask, Carrier, Dial, Next, Prompt, Reply};
use futures_util::FutureExt;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tool::message::tame;

/// What those hear who take calls that were transferred, until they have heard it.
#[derive(Default)]
pub struct Briefings {
    kept: Mutex<BTreeMap<String, (Instant, String)>>,
}

/// How long somebody may take to take a call.
const KEPT: Duration = Duration::from_secs(10 * 60);
/// As many as are kept at once: more than are ever about to be taken.
const MOST: usize = 1_000;
/// What of the reason is said, in characters.
const LONGEST_REASON: usize = 300;

impl Briefings {
    fn keep(&self, proof: String, words: String, now: Instant) {
        let mut kept = self.lock();
        kept.retain(|_, (since, _)| now.saturating_duration_since(*since) < KEPT);
        if kept.len() < MOST {
            kept.insert(proof, (now, words));
        }
    }

    fn of(&self, proof: &str) -> Option<String> {
        self.lock().get(proof).map(|(_, words)| words.clone())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, (Instant, String)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connects a caller from this number to whom the owner named, by the carrier's API.
pub(super) fn connect(app: &Arc<App>, carrier: &'static dyn Carrier, call: &str, from: &str) -> Connect {
    let (app, call, from) = (app.clone(), call.to_owned(), from.to_owned());
    Box::new(move |transfer| {
        let (app, call, from) = (app.clone(), call.clone(), from.clone());
        async move {
            let Some(dial) = connection(&app, carrier, &call, &from, &transfer) else { return false };
            let via = transfer_address(&app, carrier, &call, &dial.to);
            ask_carrier(&app, carrier, &Ask::Transfer { call, dial, via }).await
        }
        .boxed()
    })
}

/// How a caller is connected to whom the assistant wants; none where the owner named nobody so. Where whoever takes the
/// call is to be briefed, what they hear is kept for them.
pub(super) fn connection(
    app: &App,
    carrier: &dyn Carrier,
    call: &str,
    from: &str,
    transfer: &Transfer,
) -> Option<Dial> {
    let to = app.tools.get().destination(&transfer.to)?.to_owned();
    let config = app.config.get();
    if config.answering.briefed {
        let proof = proof_of(app, carrier, call, &to);
        app.briefings.keep(proof, briefing_words(from, &transfer.reason), clock::now());
    }
    Some(dialled(app, carrier, call, to))
}

/// What whoever takes the call hears: who calls, and why.
fn briefing_words(from: &str, reason: &str) -> String {
    let caller = match Number::parse(from) {
        // So that it is read figure by figure.
        Ok(number) => {
            let figures: Vec<String> = number.as_str().chars().skip(1).map(String::from).collect();
            format!("the number {}", figures.join(" "))
        }
        Err(_) => "a withheld number".to_owned(),
    };
    let reason = tame(reason, LONGEST_REASON);
    let stop = if reason.is_empty() || reason.ends_with(['.', '!', '?']) { "" } else { "." };
    let said = if reason.is_empty() { String::new() } else { format!(" {reason}{stop}") };
    format!("A call from {caller}.{said}")
}

/// The same connection every time that it is asked for.
fn dialled(app: &App, carrier: &dyn Carrier, call: &str, to: String) -> Dial {
    let config = app.config.get();
    let base = config.server.public_url.as_deref().filter(|_| config.answering.briefed);
    let proof = proof_of(app, carrier, call, &to);
    let briefing = base.map(|base| format!("{base}/phone/{}/briefing/{proof}", carrier.name()));
    Dial { to, briefing: briefing.unwrap_or_default(), ..Dial::default() }
}

/// `POST /phone/{carrier}/briefing/{proof}`: what whoever takes a transferred call hears before they are connected. It is
/// their leg of the call that asks, so that only the proof says which call it is about.
pub async fn briefing(
    State(app): State<Arc<App>>,
    Path((_, proof)): Path<(String, String)>,
    signed: Signed,
) -> Response {
    let words = app.briefings.of(&proof).unwrap_or_else(|| "A call for you.".to_owned());
    let language = app.config.get().assistant.language.clone();
    document(signed.carrier, &Reply::Turn(vec![Prompt::Say { words, language }], Next::Through))
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
    let dial = dialled(&app, carrier, &ring.call, to.to);
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
