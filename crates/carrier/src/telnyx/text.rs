//! Texts: the event of one that came in, what became of one that went out, and what the API says to it.
//!
//! Source: <https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks>.

use super::{
    api::{is_id, listed},
    event::Event,
};
use crate::{Delivered, Delivery, Garbled, Request, SentText, Text, Texted, moment, rest};
use serde_json::Value;

/// Longer than any text: ten segments, in bytes of UTF-8.
const LONGEST_BODY: usize = 16 * 1024;

pub(super) fn read(request: &Request<'_>) -> Result<Text, Garbled> {
    let event = Event::of(request)?;
    if event.kind() != "message.received" {
        return Err(Garbled("an event other than a text that came in".into()));
    }
    let from = event.get("/from/phone_number")?;
    if from.is_empty() {
        return Err(Garbled("nobody sent it".into()));
    }
    let body = event.text("/text", LONGEST_BODY)?;
    Ok(Text { id: message(&event)?, from, to: event.get("/to/0/phone_number")?, body, word: None })
}

pub(super) fn delivery(request: &Request<'_>) -> Result<Delivery, Garbled> {
    let event = Event::of(request)?;
    if !["message.sent", "message.finalized"].contains(&event.kind()) {
        return Err(Garbled("an event other than a text's delivery".into()));
    }
    let state = match event.get("/to/0/status")?.as_str() {
        "delivered" => Delivered::Arrived,
        "sending_failed" | "delivery_failed" => Delivered::Lost,
        _ => Delivered::OnItsWay,
    };
    Ok(Delivery { id: message(&event)?, state, code: event.get("/errors/0/code")? })
}

/// Judges by the status first; the code says which of the refusals it is.
pub(super) fn sent(status: u16, body: &[u8]) -> Texted {
    let answer = rest::json(body);
    let code = rest::text(&answer, "/errors/0/code");
    match (status, code.as_str()) {
        (200..=299, _) => match rest::text(&answer, "/data/id") {
            id if is_id(&id) => Texted::Taken { id },
            _ => Texted::Unknown("Telnyx accepted the text, and its answer cannot be read".into()),
        },
        (_, "40300") => Texted::OptedOut,
        (429, _) => Texted::Later("Telnyx is asked for too much at once (429)".into()),
        (500..=599, _) => Texted::Unknown(format!("Telnyx failed ({status})")),
        (401 | 403, _) => {
            Texted::Never(format!("Telnyx refuses the text: TELNYX_API_KEY may not send it ({status})"))
        }
        _ => {
            let code = if is_id(&code) { format!(", code {code}") } else { String::new() };
            Texted::Never(format!(
                "Telnyx refuses the text: TELNYX_PHONE_NUMBER cannot text that number, or the text is none \
                 ({status}{code})"
            ))
        }
    }
}

pub(super) fn list(status: u16, body: &[u8]) -> Result<Vec<SentText>, Garbled> {
    let records = listed(status, body)?;
    let left = |record: &&Value| {
        let fate = ["/status", "/delivery_status"].map(|place| rest::text(record, place));
        !fate.iter().any(|fate| ["sending_failed", "gw_reject"].contains(&fate.as_str()))
    };
    let sent = |record: &Value| {
        let taken_ms = moment::iso(&rest::text(record, "/created_at"))?;
        Some(SentText { id: rest::text(record, "/uuid"), body: None, taken_ms })
    };
    Ok(records.iter().filter(left).filter_map(sent).collect())
}

fn message(event: &Event) -> Result<String, Garbled> {
    let id = event.get("/id")?;
    if is_id(&id) { Ok(id) } else { Err(Garbled("the text has no name".into())) }
}
