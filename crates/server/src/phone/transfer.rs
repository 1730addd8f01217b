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
    kept: Mutex<BTreeMap<String, (Instant, Briefing)>>,
}

/// What is said, and in which language, as a BCP 47 tag.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Briefing {
    words: String,
    language: String,
}

/// A call that may be transferred.
#[derive(Clone)]
pub(super) struct Leg {
    /// The carrier's name for it.
    pub call: String,
    /// The caller's number.
    pub from: String,
    /// What the assistant speaks that took it.
    pub language: String,
}

/// How long somebody may take to take a call.
const KEPT: Duration = Duration::from_secs(10 * 60);
/// As many as are kept at once: more than are ever about to be taken.
const MOST: usize = 1_000;
/// What of the reason is said, in characters.
const LONGEST_REASON: usize = 300;

impl Briefings {
    fn keep(&self, proof: String, briefing: Briefing, now: Instant) {
        let mut kept = self.lock();
        kept.retain(|_, (since, _)| now.saturating_duration_since(*since) < KEPT);
        if kept.len() < MOST {
            kept.insert(proof, (now, briefing));
        }
    }

    fn of(&self, proof: &str) -> Option<Briefing> {
        self.lock().get(proof).map(|(_, briefing)| briefing.clone())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, (Instant, Briefing)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connects a caller to whom the owner named, by the carrier's API.
pub(super) fn connect(app: &Arc<App>, carrier: &'static dyn Carrier, leg: &Leg) -> Connect {
    let (app, leg) = (app.clone(), leg.clone());
    Box::new(move |transfer| {
        let (app, leg) = (app.clone(), leg.clone());
        async move {
            let Some(dial) = connection(&app, carrier, &leg, &transfer) else { return false };
            let via = transfer_address(&app, carrier, &leg.call, &dial.to);
            ask_carrier(&app, carrier, &Ask::Transfer { call: leg.call, dial, via }).await
        }
        .boxed()
    })
}

/// How a caller is connected to whom the assistant wants; none where the owner named nobody so. Where whoever takes the
/// call is to be briefed, what they hear is kept for them.
pub(super) fn connection(app: &App, carrier: &dyn Carrier, leg: &Leg, transfer: &Transfer) -> Option<Dial> {
    let to = app.tools.get().destination(&transfer.to)?.to_owned();
    let config = app.config.get();
    if config.answering.briefed {
        let proof = proof_of(app, carrier, &leg.call, &to);
        let words = briefing_words(&leg.from, &transfer.reason);
        app.briefings.keep(proof, Briefing { words, language: leg.language.clone() }, clock::now());
    }
    Some(dialled(app, carrier, &leg.call, to))
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
    let Briefing { words, language } = app.briefings.of(&proof).unwrap_or_else(|| Briefing {
        words: "A call for you.".to_owned(),
        language: app.config.get().assistant.language.clone(),
    });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_a_call_hears_of_it_in_the_language_of_the_assistant_that_took_it() {
        let briefings = Briefings::default();
        let now = clock::now();
        let briefing =
            |language: &str| Briefing { words: "A call.".to_owned(), language: language.to_owned() };
        briefings.keep("one".into(), briefing("de"), now);
        briefings.keep("other".into(), briefing("fr"), now + KEPT);
        assert_eq!(briefings.of("other"), Some(briefing("fr")));
        assert_eq!(briefings.of("one"), None, "it was kept for long enough");
    }
}
