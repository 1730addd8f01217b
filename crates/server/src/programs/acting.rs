//! What other assistants may do: call and text whom the owner allows, not without end, and not in the middle of the night.

use super::{At, Phone, Refused, failed};
use crate::{
    audit::Deed,
    clock,
    config::{Config, Number},
    jobs,
    outgoing::{self, Unasked, Wish},
    told::time,
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{NewCall, Store, StoreError};
use tool::message::job::{self, Words};
use utoipa::ToSchema;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceCall {
    to: String,
    purpose: String,
}

/// A text to somebody.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendText {
    /// Whom to text, with the country code: `+15550100100`.
    pub to: String,
    /// The whole text, as they shall read it.
    #[schema(min_length = 1)]
    pub text: String,
}

impl Phone {
    pub(super) async fn place_call(&self, wanted: PlaceCall) -> Result<Value, Refused> {
        if wanted.purpose.trim().is_empty() {
            return Err("Say in purpose what the call is about: whoever answers is told.".into());
        }
        let wish = Wish { to: wanted.to, purpose: wanted.purpose, carrier: String::new() };
        let placed = match &self.at {
            At::Server(app) => outgoing::place_for_program(app, &wish).await,
            At::Beside(beside) => {
                let (config, store) = (&beside.house.config, &beside.house.store);
                match outgoing::may_program_call(config, store, &wish).await {
                    Ok(()) => outgoing::place(config, store, &beside.http, &wish).await,
                    Err(why) => Err(why),
                }
            }
        };
        let placed = placed.map_err(|why| why.to_string())?;
        self.audit(Deed::CallPlaced, &placed.to).await;
        Ok(json!({
            "call_id": placed.id, "to": placed.to, "carrier": placed.carrier,
            "said": format!("{} is called now. read_transcript tells later what came of it.", placed.to),
        }))
    }

    pub(super) async fn send_text(&self, wanted: SendText) -> Result<Value, Refused> {
        let config = self.config();
        let goes_ms = send_text(&config, self.store(), &wanted).await?;
        self.audit(Deed::TextSent, number(&wanted.to)?.as_str()).await;
        let when = if goes_ms > clock::now_ms() {
            "It is quiet hours: it goes out when they are over."
        } else {
            "It goes out now."
        };
        let who = match &self.at {
            At::Server(app) => {
                app.bell.ring();
                ""
            }
            At::Beside(_) => " The server sends it: it must be running.",
        };
        Ok(json!({
            "to": number(&wanted.to)?.as_str(), "goes_out": time(goes_ms, &config.calendar.zone),
            "said": format!("{when}{who}"),
        }))
    }
}

/// Queues a text of a program's; says when it goes out, in milliseconds since 1970.
pub(crate) async fn send_text(config: &Config, store: &Store, wanted: &SendText) -> Result<i64, Unsent> {
    let to = number(&wanted.to)?;
    let body = outgoing::text_body(&wanted.text)?;
    if !outgoing::may_call(config, &to) {
        return Err(Unsent::MayNot(outgoing::NotPlaced::MayNot(to).to_string()));
    }
    if !jobs::can_text(config) {
        return Err(Unsent::Wrong(
            "Nobody is texted: no carrier's account and number are set. The owner can set them under Phone."
                .into(),
        ));
    }
    let now_ms = clock::now_ms();
    if store.text_stopped(to.as_str()).await? {
        return Err(Unsent::MayNot(
            "They have answered STOP and are texted no more. Call them instead, or leave it.".into(),
        ));
    }
    outgoing::may_program_text(store, now_ms).await.map_err(|why| match why {
        Unasked::TooMany(why) => Unsent::TooMany(why),
        Unasked::Store(error) => Unsent::Store(error),
    })?;
    let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let quiet =
        config.messages.quiet.and_then(|quiet| quiet.around(&now.to_zoned(config.calendar.zone.clone())));
    let key = format!("{}{}:{}", outgoing::PROGRAMS_TEXTS, to.as_str(), NewCall::id(now_ms));
    let words = Words { to: to.as_str().to_owned(), body, at_ms: now_ms, at_any_hour: false };
    store.queue_job(&job::words(&key, &words).new_job(now_ms)).await?;
    Ok(quiet.map_or(now_ms, |(_, until)| until.as_millisecond()))
}

/// Why nobody is texted; a sentence each.
#[derive(Debug)]
pub(crate) enum Unsent {
    Wrong(String),
    MayNot(String),
    TooMany(String),
    Store(StoreError),
}

impl From<String> for Unsent {
    fn from(why: String) -> Self {
        Unsent::Wrong(why)
    }
}

impl From<StoreError> for Unsent {
    fn from(error: StoreError) -> Self {
        Unsent::Store(error)
    }
}

impl From<Unsent> for Refused {
    fn from(why: Unsent) -> Refused {
        match why {
            Unsent::Wrong(why) | Unsent::MayNot(why) | Unsent::TooMany(why) => why,
            Unsent::Store(error) => failed(&error),
        }
    }
}

/// A number as it was written.
pub(super) fn number(text: &str) -> Result<Number, Refused> {
    Number::parse(text).map_err(|why| format!("That is no number: {why}."))
}
