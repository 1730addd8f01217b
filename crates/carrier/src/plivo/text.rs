//! Texts: the webhook of one that came in, what became of one that went out, and what the API says to it.
//!
//! Sources: <https://www.plivo.com/docs/messaging/api/message>, <https://www.plivo.com/docs/messaging/concepts/callbacks>.

use super::webhook::{is_id, number};
use crate::{Delivered, Delivery, Garbled, Request, SentText, Text, Texted, form::Fields, moment, rest};
use serde_json::Value;

/// Longer than any text: ten segments, in bytes of UTF-8.
const LONGEST_BODY: usize = 16 * 1024;

pub(super) fn read(request: &Request<'_>) -> Result<Text, Garbled> {
    let fields = Fields::of(request);
    let from = number(&fields.get("From")?);
    if from.is_empty() {
        return Err(Garbled("there is no `From`".into()));
    }
    let body = fields.long("Text", LONGEST_BODY)?;
    if body.is_empty() && !fields.get("Status")?.is_empty() {
        return Err(Garbled("it tells what became of a text, and brings none".into()));
    }
    Ok(Text { id: message(fields)?, from, to: number(&fields.get("To")?), body, word: None })
}

pub(super) fn delivery(request: &Request<'_>) -> Result<Delivery, Garbled> {
    let fields = Fields::of(request);
    let state = match fields.get("Status")?.as_str() {
        "" => return Err(Garbled("there is no `Status`".into())),
        "delivered" | "read" => Delivered::Arrived,
        "undelivered" | "failed" | "rejected" => Delivered::Lost,
        _ => Delivered::OnItsWay,
    };
    // Each part of a long text has a name of its own; the API's answer had that of the first one.
    let whole = fields.get("ParentMessageUUID")?;
    let id = if is_id(&whole) { whole } else { message(fields)? };
    Ok(Delivery { id, state, code: code(fields.get("ErrorCode")?) })
}

/// Judges by the status: Plivo's reasons are sentences, not codes.
pub(super) fn sent(status: u16, body: &[u8]) -> Texted {
    let answer = rest::json(body);
    match status {
        200..=299 => match rest::text(&answer, "/message_uuid/0") {
            id if is_id(&id) => Texted::Taken { id },
            _ => Texted::Unknown("Plivo accepted the text, and its answer cannot be read".into()),
        },
        429 => Texted::Later("Plivo is asked for too much at once (429)".into()),
        500..=599 => Texted::Unknown(format!("Plivo failed ({status})")),
        401 | 403 => Texted::Never(format!(
            "Plivo refuses the text: PLIVO_AUTH_ID and PLIVO_AUTH_TOKEN do not fit together ({status})"
        )),
        402 => Texted::Never("Plivo refuses the text: the account has no money left (402)".into()),
        _ => Texted::Never(format!(
            "Plivo refuses the text: PLIVO_PHONE_NUMBER cannot text that number, or the text is none ({status})"
        )),
    }
}

pub(super) fn list(status: u16, body: &[u8]) -> Result<Vec<SentText>, Garbled> {
    if !(200..300).contains(&status) {
        return Err(Garbled(format!("Plivo does not say what was sent ({status})")));
    }
    let answer = rest::json(body);
    let Some(Value::Array(messages)) = answer.get("objects") else {
        return Err(Garbled("Plivo's list of messages cannot be read".into()));
    };
    let left =
        |message: &&Value| !["failed", "rejected"].contains(&rest::text(message, "/message_state").as_str());
    let sent = |message: &Value| {
        let taken_ms = moment::iso(&rest::text(message, "/message_time"))?;
        Some(SentText { id: rest::text(message, "/message_uuid"), body: None, taken_ms })
    };
    Ok(messages.iter().filter(left).filter_map(sent).collect())
}

/// `000` where nothing went wrong.
fn code(code: String) -> String {
    if code == "000" { String::new() } else { code }
}

fn message(fields: Fields<'_>) -> Result<String, Garbled> {
    let id = fields.get("MessageUUID")?;
    if is_id(&id) { Ok(id) } else { Err(Garbled("there is no `MessageUUID`, or it is none".into())) }
}
