//! What the owner decided about a caller, in the settings or on the caller's page: who is blocked, who is put through at
//! any hour, and when everybody is.

use super::trust;
use crate::{
    app::App,
    brief,
    config::{AnswerHours, Callers, Config, Number, OutOfHours, VoicemailUse},
};
use jiff::Zoned;
use store::{CallerRow, Store, StoreError};
use tool::Trust;

/// What becomes of a caller who is let in by the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Is rejected.
    Blocked,
    /// Hears that we are closed.
    Closed,
    /// Reaches the voicemail.
    Voicemail,
    /// Is put through.
    PutThrough,
}

/// What becomes of a caller from this number now, of whom this is remembered, where the assistant with these settings
/// answers.
pub fn of(config: &Config, caller: Option<&CallerRow>, from: &str, attestation: Option<char>) -> Standing {
    let (blocked, vip) = caller.map_or((false, false), |caller| (caller.blocked, caller.vip));
    if blocked || listed(&config.callers.blocked, from) {
        return Standing::Blocked;
    }
    let vip =
        vip || listed(&config.callers.vips, from) || trust::is_owners(&config.callers, from, attestation);
    at(config, vip, &brief::now_of(config))
}

/// How far a caller from this number is trusted: as the settings say, but for numbers that the owner has decided about on
/// their page. Those of the owner the settings alone decide.
pub async fn trust(
    config: &Config,
    store: &Store,
    from: &str,
    attestation: Option<char>,
) -> Result<Trust, StoreError> {
    Ok(trust_of(config, store.caller(from).await?.as_ref(), from, attestation))
}

/// The same where it is known what is remembered of the caller.
pub fn trust_of(config: &Config, caller: Option<&CallerRow>, from: &str, attestation: Option<char>) -> Trust {
    let said = trust::of(&config.callers, from, attestation);
    if trust::is_owners(&config.callers, from, None) {
        return said;
    }
    match caller.and_then(|caller| Trust::named(&caller.trust)) {
        Some(Trust::Known) => Trust::Known,
        Some(Trust::Stranger) => Trust::Stranger,
        Some(Trust::Owner) | None => said,
    }
}

/// Whether the owner has blocked this number.
pub async fn is_blocked(app: &App, from: &str) -> Result<bool, StoreError> {
    let marked = app.store.caller(from).await?;
    Ok(marked.is_some_and(|caller| caller.blocked) || listed(&app.config.get().callers.blocked, from))
}

/// Whether this number is on any list of the owner's.
pub fn is_listed(callers: &Callers, from: &str) -> bool {
    [&callers.owners, &callers.allowed, &callers.vips].into_iter().any(|numbers| listed(numbers, from))
}

fn at(config: &Config, vip: bool, now: &Zoned) -> Standing {
    let answering = &config.answering;
    if vip {
        return Standing::PutThrough;
    }
    if answering.voicemail == VoicemailUse::Always {
        return Standing::Voicemail;
    }
    let answered = match answering.hours {
        AnswerHours::Always => true,
        AnswerHours::Opening => config.calendar.hours.is_open(now.date(), now.time()),
        AnswerHours::Daily(hours) => hours.around(now).is_some(),
    };
    match (answered, answering.out_of_hours) {
        (true, _) => Standing::PutThrough,
        (false, OutOfHours::Say) => Standing::Closed,
        (false, OutOfHours::Voicemail) => Standing::Voicemail,
    }
}

fn listed(numbers: &[Number], from: &str) -> bool {
    numbers.iter().any(|number| number.as_str() == from)
}
