//! Texts: the webhook of one that came in, and what the API says to one that is to go out.
//!
//! Sources: <https://www.twilio.com/docs/messaging/guides/webhook-request>,
//! <https://www.twilio.com/docs/messaging/twiml>, <https://www.twilio.com/docs/messaging/api/message-resource>,
//! <https://www.twilio.com/docs/api/errors>.

use super::webhook::{fields_of, is_sid};
use crate::{Document, Garbled, Request, SentText, Text, Texted, Word, form, markup};
use serde::Deserialize;

/// Longer than any number or SID,
const LONGEST: usize = 512;
/// and than any text: ten segments, in bytes of UTF-8.
const LONGEST_BODY: usize = 16 * 1024;
/// What TwiML and the API take of one text, in characters.
const LONGEST_SENT: usize = 1_600;

pub(super) fn read(request: &Request<'_>) -> Result<Text, Garbled> {
    let fields = fields_of(request);
    let field = |name: &str, longest: usize| match form::field(fields, name) {
        Some(value) if value.len() > longest => {
            Err(Garbled(format!("`{name}` is longer than {longest} bytes")))
        }
        value => Ok(value.unwrap_or_default().into_owned()),
    };
    // `SmsSid` is the older name of the same.
    let id = match field("MessageSid", LONGEST)? {
        id if id.is_empty() => field("SmsSid", LONGEST)?,
        id => id,
    };
    if !is_sid(&id) {
        return Err(Garbled("there is no `MessageSid`, or it is no SID".into()));
    }
    let from = field("From", LONGEST)?;
    if from.is_empty() {
        return Err(Garbled("there is no `From`".into()));
    }
    let word = match field("OptOutType", LONGEST)?.as_str() {
        "STOP" => Some(Word::Stop),
        "START" => Some(Word::Start),
        "HELP" => Some(Word::Help),
        _ => None,
    };
    Ok(Text { id, from, to: field("To", LONGEST)?, body: field("Body", LONGEST_BODY)?, word })
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
            let taken_ms = moment(message.date_created.as_deref()?)?;
            Some(SentText { id: message.sid, body: message.body.unwrap_or_default(), taken_ms })
        })
        .collect())
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Milliseconds since 1970 of `Thu, 01 Jan 2026 00:00:10 +0000`.
fn moment(text: &str) -> Option<i64> {
    let text = text.split_once(", ").map_or(text, |(_, rest)| rest);
    let mut words = text.split(' ');
    let day: i64 = words.next()?.parse().ok()?;
    let month = words.next()?;
    let (month, _) = (1..).zip(MONTHS).find(|(_, name)| *name == month)?;
    let year: i64 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if words.next()? != "+0000" || !(1..=31).contains(&day) || !(1970..=9999).contains(&year) {
        return None;
    }
    let of_day = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    of_day.then(|| ((days(year, month, day) * 24 + hour) * 60 + minute) * 60_000 + second * 1_000)
}

/// Days from 1970 to this date of the Gregorian calendar, counted in years that begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}
