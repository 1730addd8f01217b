//! Calls that we place: whom we may call, and asking a carrier to ring them.
//!
//! ```text
//!   page, API, `earpiece dial` ─► place ─► a row in `calls` ─► the carrier's API
//!                                               ▲ named by its webhooks, phone/outgoing.rs
//! ```

use crate::{
    app::App,
    carriers::{self, Account},
    clock,
    config::{Callers, Config, Number, OnMachine},
    guard::standing,
};
use carrier::{Ask, Carrier, Outgoing};
use jiff::Timestamp;
use serde::Deserialize;
use std::time::Duration;
use store::{NewCall, Store, StoreError, Which};
use tool::message::{plainer, segments};
use utoipa::ToSchema;

/// How long it may ring.
pub const RINGS: Duration = Duration::from_secs(45);
/// The longest that is said of what a call is about, in characters.
pub const LONGEST_PURPOSE: usize = 1_000;
/// How many calls are placed in an hour where programs ask for them, and how many texts are sent.
const CALLS_AN_HOUR: usize = 60;
const TEXTS_AN_HOUR: u64 = 30;
const AN_HOUR_MS: i64 = 60 * 60 * 1_000;
/// What the keys of programs' texts begin with, before the number and a colon: by these they are forgotten with a caller.
pub const PROGRAMS_TEXTS: &str = "program:";
/// In how many parts a text may go out.
const MOST_SEGMENTS: usize = 3;
/// How a call ends that the carrier refused to place.
pub const FAILED: &str = "failed";

/// Whom to call, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCall)]
pub struct Wish {
    /// With the country code, as it was written: `+15550100100`.
    pub to: String,
    /// What it is about, in words that may be said aloud.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub purpose: String,
    /// By name; empty: the first with which calls can be placed.
    #[serde(default)]
    pub carrier: String,
}

/// A call that was placed: the carrier rings them now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Of the row in `calls`.
    pub id: String,
    pub carrier: &'static str,
    pub to: String,
}

/// Why nobody is called; a sentence for the owner.
#[derive(Debug, thiserror::Error)]
pub enum NotPlaced {
    #[error("Nobody is called: {0}.")]
    NotANumber(String),
    #[error(
        "{0} is not called: only numbers in CALL_NUMBERS are, or where that is not set those in OWNER_NUMBERS and \
         ALLOWED_NUMBERS."
    )]
    MayNot(Number),
    #[error("Nobody is called: there is no carrier {0:?}; twilio, plivo and telnyx are.")]
    NoSuchCarrier(String),
    #[error("Nobody is called: {0}.")]
    NotSetUp(String),
    #[error("Nobody is called: what the call is about is longer than {LONGEST_PURPOSE} characters.")]
    TooMuch,
    #[error(
        "Nobody is called: it is quiet hours until {0}, in which programs call nobody but the owner. Try again then."
    )]
    Quiet(String),
    #[error("{0}")]
    TooMany(String),
    #[error("Nobody is called: {0}.")]
    Carrier(String),
    #[error("Nobody is called: the database failed.")]
    Store(#[from] StoreError),
}

/// Why a program may have nobody called or texted just now.
#[derive(Debug)]
pub enum Unasked {
    TooMany(String),
    Store(StoreError),
}

/// Whether policy allows to call this number.
pub fn may_call(config: &Config, to: &Number) -> bool {
    let Callers { owners, allowed, .. } = &config.callers;
    match &config.calls.may_call[..] {
        [] => owners.contains(to) || allowed.contains(to),
        listed => listed.iter().any(|numbers| numbers.contains(to)),
    }
}

/// Whether calls can be placed at all.
pub fn can_call(config: &Config) -> bool {
    way(config, "").is_ok()
}

/// [`place`], from the server that will be told who answers.
pub async fn place_here(app: &App, wish: &Wish) -> Result<Placed, NotPlaced> {
    if app.draining.is_cancelled() {
        return Err(NotPlaced::NotSetUp("this server was told to stop".into()));
    }
    if app.calls.place().is_none() {
        return Err(NotPlaced::NotSetUp("as many calls go on as there may be".into()));
    }
    place(&app.config.get(), &app.store, &app.http, wish).await
}

/// [`place_here`], for a program: not without end, and in quiet hours nobody but the owner.
pub async fn place_for_program(app: &App, wish: &Wish) -> Result<Placed, NotPlaced> {
    may_program_call(&app.config.get(), &app.store, wish).await?;
    place_here(app, wish).await
}

/// Whether a program may have this call placed now, as far as it is not for [`place`] to say.
pub async fn may_program_call(config: &Config, store: &Store, wish: &Wish) -> Result<(), NotPlaced> {
    let to = Number::parse(&wish.to).map_err(NotPlaced::NotANumber)?;
    if !may_call(config, &to) {
        return Err(NotPlaced::MayNot(to));
    }
    let now_ms = clock::now_ms();
    let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let now = now.to_zoned(config.calendar.zone.clone());
    let owners = config.callers.owners.contains(&to) || config.owners_number() == Some(&to);
    if let Some((_, until)) = config.messages.quiet.filter(|_| !owners).and_then(|quiet| quiet.around(&now)) {
        let until = until.to_zoned(config.calendar.zone.clone());
        return Err(NotPlaced::Quiet(until.strftime("%H:%M").to_string()));
    }
    let of_late = Which { from_ms: Some(now_ms - AN_HOUR_MS), ..Which::default() };
    let placed = store.calls_which(&of_late, 1_000).await?.iter().filter(|call| call.outbound).count();
    if placed >= CALLS_AN_HOUR {
        return Err(NotPlaced::TooMany(format!(
            "Nobody is called: {CALLS_AN_HOUR} calls were placed in the last hour, more than which no program may. Try \
             again later."
        )));
    }
    Ok(())
}

/// Whether a program may have another text sent now.
pub async fn may_program_text(store: &Store, now_ms: i64) -> Result<(), Unasked> {
    let sent = store.jobs_queued(PROGRAMS_TEXTS, now_ms - AN_HOUR_MS).await.map_err(Unasked::Store)?;
    if sent >= TEXTS_AN_HOUR {
        return Err(Unasked::TooMany(format!(
            "Nobody is texted: {TEXTS_AN_HOUR} texts were sent in the last hour, more than which no program may. Try again \
             later."
        )));
    }
    Ok(())
}

/// A text of a program's as it is sent, or why it is not.
pub fn text_body(text: &str) -> Result<String, String> {
    let body = plainer(text.trim());
    match segments(&body).count {
        _ if body.is_empty() => Err("The text is empty.".into()),
        ..=MOST_SEGMENTS => Ok(body),
        many => Err(format!(
            "The text is too long: it would be sent in {many} parts, and {MOST_SEGMENTS} may be. Put it in fewer words."
        )),
    }
}

/// Asks a carrier to call somebody. Whoever answers is put through to the server at `PUBLIC_URL`.
pub async fn place(
    config: &Config,
    store: &Store,
    http: &reqwest::Client,
    wish: &Wish,
) -> Result<Placed, NotPlaced> {
    let to = Number::parse(&wish.to).map_err(NotPlaced::NotANumber)?;
    if !may_call(config, &to) {
        return Err(NotPlaced::MayNot(to));
    }
    let purpose = wish.purpose.trim();
    if purpose.chars().count() > LONGEST_PURPOSE {
        return Err(NotPlaced::TooMuch);
    }
    let Way { carrier, from, base } = way(config, &wish.carrier)?;
    let now_ms = clock::now_ms();
    let id = NewCall::id(now_ms);
    let new = NewCall {
        id: &id,
        carrier: carrier.name(),
        carrier_call: &id,
        from,
        to: to.as_str(),
        outbound: true,
        engine: config.assistant.engine.name(),
        // Whoever answers there has that telephone in their hands: no number was told that could be forged.
        trust: standing::trust(config, store, to.as_str(), None).await?.name(),
        started_ms: now_ms,
    };
    store.call_placed(&new, purpose).await?;
    let at = |what: &str| format!("{base}/phone/{}/{what}/{id}", carrier.name());
    let machines = if config.calls.machine == OnMachine::Talk { String::new() } else { at("status") };
    let ask = Ask::Call(Outgoing {
        from: from.to_owned(),
        to: to.as_str().to_owned(),
        url: at("outgoing"),
        status: at("status"),
        machines,
        rings: RINGS,
    });
    if let Err(why) = carriers::done_by(config, http, carrier, &ask).await {
        // Should it ring after all, it is hung up on: the owner was told that it does not.
        store.call_ended(&id, clock::now_ms(), FAILED).await?;
        return Err(NotPlaced::Carrier(why));
    }
    tracing::info!(call = %id, carrier = carrier.name(), "a call was placed");
    Ok(Placed { id, carrier: carrier.name(), to: to.as_str().to_owned() })
}

/// What a call is placed with.
struct Way<'a> {
    carrier: &'static dyn Carrier,
    /// Our number.
    from: &'a str,
    base: &'a str,
}

fn way<'a>(config: &'a Config, named: &str) -> Result<Way<'a>, NotPlaced> {
    let missing = |what: String| NotPlaced::NotSetUp(what);
    let Some(base) = config.server.public_url.as_deref() else {
        return Err(missing(
            "PUBLIC_URL is not set, so no carrier could ask what to do when they answer".into(),
        ));
    };
    let from = |carrier: &'static dyn Carrier| {
        carriers::signing(config, carrier).map_err(|setting| format!("{setting} is not set"))?;
        let account = Account::of(config, carrier)
            .ok_or_else(|| format!("{} must be set", carriers::account_settings(carrier)))?;
        if carrier.name() == "telnyx" && account.user.is_empty() {
            return Err("TELNYX_CONNECTION_ID, the TeXML application, is not set".to_owned());
        }
        account.number.ok_or_else(|| format!("{}_PHONE_NUMBER is not set", carrier.name().to_uppercase()))
    };
    if named.is_empty() {
        let ready = |carrier| Some(Way { carrier, from: from(carrier).ok()?, base });
        let none =
            "no carrier's account, number and key are all set; see Phone, or the reference of settings";
        return carriers::all().into_iter().find_map(ready).ok_or_else(|| missing(none.into()));
    }
    let carrier =
        carriers::named(named).ok_or_else(|| NotPlaced::NoSuchCarrier(named.chars().take(20).collect()))?;
    Ok(Way { carrier, from: from(carrier).map_err(missing)?, base })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    fn config(variables: &[(&str, &str)]) -> Config {
        let environment = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Config::load(&Sources { environment, ..Sources::default() }).expect("settings").0
    }

    fn number(text: &str) -> Number {
        Number::parse(text).expect("a number")
    }

    #[test]
    fn without_a_list_only_those_may_be_called_who_may_call_themselves() {
        let nobody = config(&[]);
        assert!(!may_call(&nobody, &number("+15550100100")));
        let ours = config(&[("OWNER_NUMBERS", "+15550100100"), ("ALLOWED_NUMBERS", "+15550100101")]);
        assert!(may_call(&ours, &number("+15550100100")) && may_call(&ours, &number("+15550100101")));
        assert!(!may_call(&ours, &number("+15550100102")));
    }

    #[test]
    fn a_list_stands_in_the_place_of_those() {
        let listed = config(&[("OWNER_NUMBERS", "+15550100100"), ("CALL_NUMBERS", "+4930*, +15550100105")]);
        assert!(may_call(&listed, &number("+493012345")) && may_call(&listed, &number("+15550100105")));
        assert!(!may_call(&listed, &number("+15550100100")));
    }

    #[test]
    fn what_is_missing_to_call_is_named() {
        let why = |variables: &[(&str, &str)], named: &str| match way(&config(variables), named) {
            Ok(way) => way.from.to_owned(),
            Err(why) => why.to_string(),
        };
        assert!(why(&[], "").contains("PUBLIC_URL"));
        let url = ("PUBLIC_URL", "https://voice.example.com");
        let telnyx = [url, ("TELNYX_API_KEY", "KEY1"), ("TELNYX_PHONE_NUMBER", "+15550100197")];
        assert!(why(&telnyx, "telnyx").contains("TELNYX_PUBLIC_KEY"));
        assert!(why(&telnyx, "").contains("no carrier's account"));
        assert!(why(&telnyx, "bell").contains("there is no carrier \"bell\""));
        let plivo = [
            url,
            ("PLIVO_AUTH_ID", "MA1"),
            ("PLIVO_AUTH_TOKEN", "secret"),
            ("PLIVO_PHONE_NUMBER", "+15550100198"),
        ];
        assert_eq!(why(&plivo, ""), "+15550100198");
        assert_eq!(why(&plivo, "plivo"), "+15550100198");
        assert!(why(&plivo, "twilio").contains("TWILIO_AUTH_TOKEN"));
    }
}
