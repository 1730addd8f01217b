//! Texts: the webhook of one that came in, and what the API says to one that is to go out.
//!
//! Sources: <https://www.twilio.com/docs/messaging/guides/webhook-request>,
//! <https://www.twilio.com/docs/messaging/twiml>, <https://www.twilio.com/docs/messaging/api/message-resource>,
//! <https://www.twilio.com/docs/api/errors>.

use super::webhook::is_sid;
use crate::{
    Delivered, Delivery, Document, Garbled, Request, SentText, Text, Texted, Word, form::Fields, markup,
    moment,
};
use serde::Deserialize;

/// Longer than any text: ten segments, in bytes of UTF-8.
const LONGEST_BODY: usize = 16 * 1024;
/// What TwiML and the API take of one text, in characters.
const LONGEST_SENT: usize = 1_600;

pub(super) fn read(request: &Request<'_>) -> Result<Text, Garbled> {
    let fields = Fields::of(request);
    // `SmsSid` is the older name of the same.
    let id = match fields.get("MessageSid")? {
        id if id.is_empty() => fields.get("SmsSid")?,
        id => id,
    };
    if !is_sid(&id) {
        return Err(Garbled("there is no `MessageSid`, or it is no SID".into()));
    }
    let from = fields.get("From")?;
    if from.is_empty() {
        return Err(Garbled("there is no `From`".into()));
    }
    // Of a text that came in there is `SmsStatus` alone.
    if !fields.get("MessageStatus")?.is_empty() {
        return Err(Garbled("it tells what became of a text, and brings none".into()));
    }
    let word = match fields.get("OptOutType")?.as_str() {
        "STOP" => Some(Word::Stop),
        "START" => Some(Word::Start),
        "HELP" => Some(Word::Help),
        _ => None,
    };
    Ok(Text { id, from, to: fields.get("To")?, body: fields.long("Body", LONGEST_BODY)?, word })
}

/// <https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks>
pub(super) fn delivery(request: &Request<'_>) -> Result<Delivery, Garbled> {
    let fields = Fields::of(request);
    let id = fields.get("MessageSid")?;
    if !is_sid(&id) {
        return Err(Garbled("there is no `MessageSid`, or it is no SID".into()));
    }
    let state = match fields.get("MessageStatus")?.as_str() {
        "" => return Err(Garbled("there is no `MessageStatus`".into())),
        "delivered" | "read" => Delivered::Arrived,
        "undelivered" | "failed" | "canceled" => Delivered::Lost,
        _ => Delivered::OnItsWay,
    };
    Ok(Delivery { id, state, code: fields.get("ErrorCode")? })
}

pub(super) fn answer(words: Option<&str>) -> Document {
    let body = markup::document("Response", |response| {
        if let Some(words) = words {
            let words: String = words.chars().take(LONGEST_SENT).collect();
            response.text("Message", &[], &words);
        }
    });
    Document { content_type: "text/xml; charset=utf-8", body }
}

/// Judges by the status first; the code says which of the refusals it is.
pub(super) fn sent(status: u16, body: &[u8]) -> Texted {
    #[derive(Deserialize)]
    struct Taken {
        sid: String,
    }
    #[derive(Default, Deserialize)]
    struct Refused {
        #[serde(default)]
        code: u32,
    }
    match status {
        200..=299 => match serde_json::from_slice::<Taken>(body) {
            Ok(Taken { sid }) if is_sid(&sid) => Texted::Taken { id: sid },
            _ => Texted::Unknown("Twilio accepted the text, and its answer cannot be read".into()),
        },
        429 => Texted::Later("Twilio is asked for too much at once (429)".into()),
        // Twilio may have failed before or after it took the text.
        500..=599 => Texted::Unknown(format!("Twilio failed ({status})")),
        _ => {
            let Refused { code } = serde_json::from_slice(body).unwrap_or_default();
            let code_shown = if code == 0 { String::new() } else { format!(", code {code}") };
            let because =
                |why: &str| Texted::Never(format!("Twilio refuses the text: {why} ({status}{code_shown})"));
            match code {
                21_610 => Texted::OptedOut,
                // Too many at once, or the queue of our number is full.
                20_429 | 21_611 | 14_107 | 30_001 => {
                    Texted::Later(format!("Twilio asks to wait ({status}{code_shown})"))
                }
                21_211 | 21_614 => because("the number cannot get texts"),
                21_408 | 21_612 => because("the account may not send texts to that country or number"),
                21_606 | 21_603 | 21_659 | 21_660 => {
                    because("TWILIO_PHONE_NUMBER is not a number of the account that can send texts")
                }
                21_608 => because("a trial account sends only to numbers that were verified"),
                20_003 => because("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN do not fit together"),
                _ if status == 401 => because("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN do not fit together"),
                _ => because("it gives no reason that is known here"),
            }
        }
    }
}

pub(super) fn list(status: u16, body: &[u8]) -> Result<Vec<SentText>, Garbled> {
    #[derive(Deserialize)]
    struct List {
        messages: Vec<Message>,
    }
    #[derive(Deserialize)]
    struct Message {
        sid: String,
        body: Option<String>,
        date_created: Option<String>,
        #[serde(default)]
        status: String,
    }
    if !(200..300).contains(&status) {
        return Err(Garbled(format!("Twilio does not say what was sent ({status})")));
    }
    let list: List = serde_json::from_slice(body)
        .map_err(|_| Garbled("Twilio's list of messages cannot be read".into()))?;
    let sent = list.messages.into_iter().filter(|message| {
        // Those that Twilio gave up on before they left were not sent.
        !["failed", "canceled"].contains(&message.status.as_str())
    });
    Ok(sent
        .filter_map(|message| {
            let taken_ms = moment::rfc2822(message.date_created.as_deref()?)?;
            Some(SentText { id: message.sid, body: Some(message.body.unwrap_or_default()), taken_ms })
        })
        .collect())
}
