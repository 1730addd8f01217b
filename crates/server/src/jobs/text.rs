//! Texts, by the carrier's API.
//!
//! The API takes no key that would make a second request harmless. So a text is written down before it is sent; a try that
//! finds it written down without the carrier's name for it does not know whether it was sent, and looks in the carrier's
//! list for the same words to the same number since then. Only where that list does not have it is it sent again. Tries are
//! half a minute apart, and so a text is sent twice only if the carrier lists it later than that.

use super::{
    Outcome,
    announce::{self, told},
};
use crate::{
    app::App,
    carriers::{self, Account},
    clock,
    config::Config,
};
use carrier::{Ask, Carrier, Texted};
use jiff::Timestamp;
use store::{Direction, JobRow, NewText, StoreError};
use tool::message::{
    job::{self, Author, Words},
    words,
};

/// How far the carrier's clock may be behind ours.
const CLOCKS_MS: i64 = 2 * 60 * 1_000;
/// A text that answers a caller finds them awake for as long as this.
const AWAKE_MS: i64 = 15 * 60 * 1_000;

/// A text of given words that could not be sent for so long is of no use.
const STALE_MS: i64 = 24 * 60 * 60 * 1_000;
const A_DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// How many urgent messages are texted in a day.
const MOST_URGENT: u64 = 10;

/// Where a text is in the store before the carrier knows of it.
const SENDING: &str = "sending";
/// What a number is in the store once it said STOP, and once it said START.
pub const STOP: &str = "stop";
pub const START: &str = "start";

/// The carrier that texts are sent by, and our number with it: the first for which everything is set.
pub(super) fn sender(config: &Config) -> Option<(&'static dyn Carrier, &str)> {
    carriers::all().into_iter().find_map(|carrier| Some((carrier, Account::of(config, carrier)?.number?)))
}

/// Sends one text about an appointment.
pub(super) async fn send(app: &App, job: &JobRow) -> Outcome {
    let told = match told(app, job).await {
        Ok(told) => told,
        Err(outcome) => return outcome,
    };
    let Some(to) = told.reach.text.clone() else { return Outcome::Done };
    let config = app.config.get();
    let now = announce::now(app);
    let now_ms = clock::now_ms();
    let awake = told.announcement.by == Author::Caller && now_ms - told.announcement.at_ms < AWAKE_MS;
    if let Some(quiet) = config.messages.quiet.filter(|_| !awake) {
        let starts = Timestamp::from_millisecond(told.row.starts_ms).unwrap_or(now.timestamp());
        let due_ms = quiet.put_off(&now, starts).as_millisecond();
        if due_ms > now.timestamp().as_millisecond() {
            return Outcome::NotBefore(due_ms);
        }
    }
    let words = words::text(told.occasion, &announce::about(&told, &config, &now, 0));
    hand_over(app, job, &Outgoing { to: &to, body: &words, about: Some(&told.row.id) }).await
}

/// Sends one text as it stands.
pub(super) async fn send_words(app: &App, job: &JobRow) -> Outcome {
    let Ok(Words { to, body, at_ms, at_any_hour }) = serde_json::from_str(&job.payload) else {
        return Outcome::Never("what it was about cannot be read any more".into());
    };
    let (now, now_ms) = (announce::now(app), clock::now_ms());
    if now_ms - at_ms > STALE_MS {
        return Outcome::Never("it is too old to be of use".into());
    }
    let quiet = app.config.get().messages.quiet.filter(|_| !at_any_hour);
    if let Some((_, until)) = quiet.and_then(|quiet| quiet.around(&now)) {
        return Outcome::NotBefore(until.as_millisecond());
    }
    if job.key.starts_with(job::URGENT) {
        match too_many_urgent(app, job).await {
            Ok(false) => {}
            Ok(true) => {
                tracing::warn!(job = job.id, "an urgent message was not texted: there were too many of late");
                return Outcome::Done;
            }
            Err(error) => return error.into(),
        }
    }
    hand_over(app, job, &Outgoing { to: &to, body: &body, about: None }).await
}

/// Anybody can say that something is urgent: the owner is not texted without end. Several may be at work at once, so what
/// counts is how many were wanted before this one.
async fn too_many_urgent(app: &App, job: &JobRow) -> Result<bool, StoreError> {
    let ahead = app.store.jobs_ahead(job, job::URGENT, job.queued_ms - A_DAY_MS).await?;
    Ok(ahead >= MOST_URGENT)
}

/// A text, and the appointment that it is about.
struct Outgoing<'a> {
    to: &'a str,
    body: &'a str,
    about: Option<&'a str>,
}

/// Has the carrier take a text, unless the number wants none or it has it already.
async fn hand_over(app: &App, job: &JobRow, text: &Outgoing<'_>) -> Outcome {
    let Outgoing { to, body, about } = *text;
    let config = app.config.get();
    let Some((carrier, from)) = sender(&config) else {
        return Outcome::Never(
            "there is nothing to text by: set a carrier's account and number, such as TWILIO_ACCOUNT_SID, \
             TWILIO_AUTH_TOKEN and TWILIO_PHONE_NUMBER"
                .into(),
        );
    };
    let now_ms = clock::now_ms();
    match app.store.text_stopped(to).await {
        Ok(false) => {}
        Ok(true) => {
            tracing::info!(job = job.id, "a text was not sent: the number has said STOP");
            return Outcome::Done;
        }
        Err(error) => return error.into(),
    }
    let new = NewText {
        key: &job.key,
        direction: Direction::Out,
        number: to,
        body,
        carrier_id: None,
        status: SENDING,
        at_ms: now_ms,
        appointment_id: about,
    };
    let text = match app.store.text(&new).await {
        Ok(store::Texted::New(row)) => row,
        Ok(store::Texted::Again(row)) if row.carrier_id.is_some() => return Outcome::Done,
        // An earlier try ended without an answer.
        Ok(store::Texted::Again(row)) => match find(app, carrier, from, &row).await {
            Ok(Some(id)) => return taken(app, job, &id).await,
            Ok(None) => row,
            Err(why) => return Outcome::Later(why),
        },
        Err(error) => return error.into(),
    };
    // Without an address of ours nobody can tell what becomes of it.
    let base = config.server.public_url.as_deref();
    let report = base.map(|base| carriers::report(base, carrier, &text.id)).unwrap_or_default();
    let ask = Ask::Text { from: from.to_owned(), to: to.to_owned(), body: text.body, report };
    let texted = match carriers::asked(app, carrier, &ask).await {
        Ok((status, body)) => carrier.texted(status, &body),
        Err(why) => Texted::Unknown(why),
    };
    match texted {
        Texted::Taken { id } => taken(app, job, &id).await,
        Texted::OptedOut => {
            tracing::info!(job = job.id, "a text was not sent: the number has said STOP");
            match heard(app, to, STOP, &format!("{}:stopped", job.key), now_ms).await {
                Ok(()) => Outcome::Done,
                Err(error) => error.into(),
            }
        }
        Texted::Never(why) => Outcome::Never(why),
        Texted::Later(why) | Texted::Unknown(why) => Outcome::Later(why),
    }
}

/// Writes down that a number said STOP or START, once a `key`.
pub async fn heard(app: &App, number: &str, word: &str, key: &str, at_ms: i64) -> Result<(), StoreError> {
    let new = NewText {
        key,
        direction: Direction::In,
        number,
        body: "",
        carrier_id: None,
        status: word,
        at_ms,
        appointment_id: None,
    };
    app.store.text(&new).await.map(|_| ())
}

async fn taken(app: &App, job: &JobRow, id: &str) -> Outcome {
    match app.store.text_sent(&job.key, id, "accepted").await {
        Ok(_) => {
            tracing::info!(job = job.id, text = id, "a text was sent");
            Outcome::Done
        }
        Err(error) => error.into(),
    }
}

/// The carrier's name for this text, if it has it.
async fn find(
    app: &App,
    carrier: &dyn Carrier,
    from: &str,
    text: &store::TextRow,
) -> Result<Option<String>, String> {
    let ask = Ask::Texts { from: from.to_owned(), to: text.number.clone() };
    let (status, body) = carriers::asked(app, carrier, &ask).await?;
    let sent = carrier.texts(status, &body).map_err(|garbled| garbled.0)?;
    let known = app.store.texts_with(&text.number, 200).await.map_err(|error| error.to_string())?;
    let is_known = |id: &str| known.iter().any(|row| row.carrier_id.as_deref() == Some(id));
    // A trial account puts words of its own before ours.
    let found = sent.into_iter().find(|sent| {
        sent.body.as_ref().is_none_or(|body| body.ends_with(&text.body))
            && sent.taken_ms >= text.at_ms - CLOCKS_MS
            && !is_known(&sent.id)
    });
    Ok(found.map(|sent| sent.id))
}
