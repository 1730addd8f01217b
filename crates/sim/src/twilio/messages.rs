//! Texts at Twilio: the part of its REST API that sends and lists them, and the webhook of one that comes in.
//!
//! Sources: <https://www.twilio.com/docs/messaging/api/message-resource>,
//! <https://www.twilio.com/docs/messaging/guides/webhook-request>, <https://www.twilio.com/docs/messaging/twiml>,
//! <https://www.twilio.com/docs/api/errors>. As strict as the API: numbers in E.164, a body of 1,600 characters at most,
//! nothing unknown; a number that said STOP is 21610.

use super::{Account, Failed, rest::refuse, signature};
use crate::{
    http::{self, Request, Response},
    phone::{
        door::Done,
        xml::{self, Element},
    },
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeSet, VecDeque},
    net::SocketAddr,
    time::Duration,
};

/// What the API does with the next text, in place of taking it and saying so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Take,
    /// 429, code 20429.
    Busy,
    /// 500, and the text was not taken.
    Fail,
    /// 500, although the text was taken.
    FailAfterTaking,
    /// Takes the text and closes the connection without a word.
    Drop,
    /// Takes the text, and never answers.
    Hang,
    /// 400 with this code.
    Refuse(u32),
}

/// A text that the API took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub sid: String,
    pub from: String,
    pub to: String,
    pub body: String,
    /// RFC 2822, as in the API's own answers.
    pub created: String,
    /// Where its delivery is to be reported; empty: nowhere.
    pub report: String,
}

/// What the API is told to be like, and what it took.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    pub moods: VecDeque<Mood>,
    pub stopped: BTreeSet<String>,
    pub sent: Vec<Sent>,
    /// Seconds since 1970, for the next text's date.
    pub now: u64,
}

impl Texts {
    pub fn post(&mut self, account: &Account, request: &Request) -> Done {
        match self.judged(account, request) {
            Ok(done) => done,
            Err(refused) => Done::Answer(refused),
        }
    }

    fn judged(&mut self, account: &Account, request: &Request) -> Result<Done, Response> {
        let media_type = request.header("content-type").unwrap_or_default();
        if media_type.split(';').next().unwrap_or_default().trim() != "application/x-www-form-urlencoded" {
            return Err(refuse(415, 20_001, "Unsupported Media Type"));
        }
        let body = String::from_utf8_lossy(&request.body);
        let fields = http::read_form(&body).map_err(|why| refuse(400, 20_001, &why))?;
        let (mut to, mut from, mut body, mut report) = (None, None, None, None);
        for (name, value) in fields {
            let place = match name.as_str() {
                "To" => &mut to,
                "From" => &mut from,
                "Body" => &mut body,
                "StatusCallback" => &mut report,
                _ => return Err(refuse(400, 20_001, &format!("{name} is not used by this simulator"))),
            };
            if place.replace(value).is_some() {
                return Err(refuse(400, 20_001, &format!("{name} is given twice")));
            }
        }
        let to = to.ok_or_else(|| refuse(400, 21_604, "A 'To' phone number is required."))?;
        let from = from.ok_or_else(|| refuse(400, 21_603, "A 'From' phone number is required."))?;
        let body = body.filter(|body| !body.is_empty());
        let body = body.ok_or_else(|| refuse(400, 21_602, "Message body is required."))?;
        if !is_number(&to) {
            return Err(refuse(400, 21_211, "The 'To' number is not a valid phone number."));
        }
        if !is_number(&from) {
            return Err(refuse(400, 21_212, "The 'From' number is not a valid phone number."));
        }
        if body.chars().count() > 1_600 {
            return Err(refuse(
                400,
                21_617,
                "The concatenated message body exceeds the 1600 character limit.",
            ));
        }
        if self.stopped.contains(&to) {
            return Err(refuse(400, 21_610, "Attempt to send to unsubscribed recipient"));
        }
        let mood = self.moods.pop_front().unwrap_or(Mood::Take);
        match mood {
            Mood::Busy => return Err(refuse(429, 20_429, "Too Many Requests")),
            Mood::Fail => return Err(refuse(500, 20_500, "Internal Server Error")),
            Mood::Refuse(code) => return Err(refuse(400, code, "refused")),
            Mood::Take | Mood::FailAfterTaking | Mood::Drop | Mood::Hang => {}
        }
        let sent = Sent {
            // Unlike those of texts that come in, whose names tests choose.
            sid: format!("SM5e{:030x}", self.sent.len() + 1),
            from,
            to,
            body,
            created: rfc_2822(self.now),
            report: report.unwrap_or_default(),
        };
        let answer = Response::json(201, &resource(account, &sent));
        self.sent.push(sent);
        Ok(match mood {
            Mood::FailAfterTaking => Done::Answer(refuse(500, 20_500, "Internal Server Error")),
            Mood::Drop => Done::Drop,
            Mood::Hang => Done::Hang,
            Mood::Take | Mood::Busy | Mood::Fail | Mood::Refuse(_) => Done::Answer(answer),
        })
    }

    /// The list, newest first.
    pub fn get(&self, account: &Account, query: &str) -> Response {
        let fields = match http::read_form(query) {
            Ok(fields) => fields,
            Err(why) => return refuse(400, 20_001, &why),
        };
        let (mut to, mut from, mut size) = (None, None, 50);
        for (name, value) in fields {
            match name.as_str() {
                "To" => to = Some(value),
                "From" => from = Some(value),
                "PageSize" => match value.parse() {
                    Ok(given @ 1..=1_000) => size = given,
                    Ok(_) | Err(_) => return refuse(400, 20_001, "Invalid PageSize"),
                },
                _ => return refuse(400, 20_001, &format!("{name} is not used by this simulator")),
            }
        }
        let fits = |sent: &&Sent| {
            to.as_ref().is_none_or(|to| *to == sent.to) && from.as_ref().is_none_or(|from| *from == sent.from)
        };
        let messages: Vec<Value> =
            self.sent.iter().rev().filter(fits).take(size).map(|sent| resource(account, sent)).collect();
        let uri = format!("/2010-04-01/Accounts/{}/Messages.json", account.sid);
        Response::json(
            200,
            &json!({
                "messages": messages, "page": 0, "page_size": size, "start": 0, "end": 0, "uri": uri,
                "first_page_uri": uri, "next_page_uri": null, "previous_page_uri": null,
            }),
        )
    }
}

fn resource(account: &Account, sent: &Sent) -> Value {
    json!({
        "sid": sent.sid, "account_sid": account.sid, "messaging_service_sid": null, "api_version": "2010-04-01",
        "to": sent.to, "from": sent.from, "body": sent.body, "status": "queued", "direction": "outbound-api",
        "num_segments": "1", "num_media": "0", "error_code": null, "error_message": null, "price": null,
        "price_unit": "USD", "date_created": sent.created, "date_updated": sent.created, "date_sent": null,
        "uri": format!("/2010-04-01/Accounts/{}/Messages/{}.json", account.sid, sent.sid),
        "subresource_uris": {},
    })
}

pub(crate) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

/// `Thu, 01 Jan 2026 00:00:10 +0000`: civil-from-days, counting years from March.
pub(crate) fn rfc_2822(seconds: u64) -> String {
    let (day, second) = (seconds / 86_400, seconds % 86_400);
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(day % 7) as usize];
    let shifted = day + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let names = ["Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"];
    let year = year + era * 400 + u64::from(month >= 10);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!(
        "{weekday}, {of_month:02} {} {year} {hour:02}:{minute:02}:{second:02} +0000",
        names[month as usize]
    )
}

/// A text to be delivered to a webhook.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// The webhook's address, as it is set at the number and as it is signed.
    pub webhook: String,
    /// Where its host really is.
    pub connect_to: SocketAddr,
    /// `SM` and 32 hexadecimal digits. The same again is Twilio's retry.
    pub sid: String,
    pub from: String,
    pub to: String,
    pub body: String,
    /// `STOP`, `START` or `HELP` where Twilio itself has answered.
    pub opt_out: Option<&'static str>,
}

impl Inbound {
    /// A text to a server on this machine.
    pub fn local(address: SocketAddr, seed: u64, from: &str, body: &str) -> Self {
        Self {
            webhook: format!("http://{address}/phone/twilio/sms"),
            connect_to: address,
            sid: format!("SM{seed:032x}"),
            from: from.to_owned(),
            to: "+14155550100".to_owned(),
            body: body.to_owned(),
            opt_out: None,
        }
    }
}

/// Delivers a text as Twilio does; the answer is what is texted back.
pub async fn deliver(account: &Account, inbound: &Inbound) -> Result<Vec<String>, Failed> {
    let mut fields: Vec<(String, String)> = [
        ("ToCountry", "US"),
        ("SmsMessageSid", inbound.sid.as_str()),
        ("NumMedia", "0"),
        ("SmsSid", &inbound.sid),
        ("SmsStatus", "received"),
        ("Body", &inbound.body),
        ("FromCountry", "US"),
        ("To", &inbound.to),
        ("NumSegments", "1"),
        ("MessageSid", &inbound.sid),
        ("AccountSid", &account.sid),
        ("From", &inbound.from),
        ("ApiVersion", "2010-04-01"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    if let Some(word) = inbound.opt_out {
        fields.push(("OptOutType".into(), word.into()));
    }
    let (_, rest) = inbound.webhook.split_once("://").unwrap_or(("http", &inbound.webhook));
    let (host, target) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let signature = signature::sign(&inbound.webhook, &fields, &account.auth_token);
    let request = Request {
        method: "POST".into(),
        target: target.to_owned(),
        headers: vec![
            ("Host".into(), host.to_owned()),
            ("User-Agent".into(), "TwilioProxy/1.1".into()),
            ("X-Twilio-Signature".into(), signature),
            ("Content-Type".into(), "application/x-www-form-urlencoded; charset=UTF-8".into()),
        ],
        body: http::write_form(&fields).into_bytes(),
    };
    let failed = |code, what: String, status| Failed { code, what, status };
    let response = http::ask(inbound.connect_to, &request, Duration::from_secs(15))
        .await
        .map_err(|error| failed(11_200, format!("the webhook does not answer: {error}"), None))?;
    let document = String::from_utf8_lossy(&response.body).into_owned();
    if !(200..300).contains(&response.status) {
        return Err(failed(
            11_200,
            format!("the webhook answered {}", response.status),
            Some(response.status),
        ));
    }
    let content_type = response.header("content-type").unwrap_or_default();
    if !matches!(content_type.split(';').next().unwrap_or_default().trim(), "text/xml" | "application/xml") {
        let what = format!("the webhook answered with the content type {content_type:?}");
        return Err(failed(12_300, what, Some(response.status)));
    }
    answers(&document).map_err(|why| failed(12_100, why, Some(response.status)))
}

/// The `<Message>`s of a document that has nothing else.
fn answers(document: &str) -> Result<Vec<String>, String> {
    let root = xml::read(document)?;
    if root.name != "Response" || !root.attributes.is_empty() || !root.text.trim().is_empty() {
        return Err("the root is not a bare <Response>".into());
    }
    let message = |element: &Element| {
        let whole = element.children.is_empty() && element.attributes.is_empty();
        match element.name.as_str() {
            "Message" if whole && !element.text.is_empty() && element.text.chars().count() <= 1_600 => {
                Ok(element.text.clone())
            }
            name => Err(format!("<{name}> is not a <Message> of words")),
        }
    };
    root.children.iter().map(message).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(texts: &mut Texts, form: &str) -> u16 {
        let request = Request {
            method: "POST".into(),
            headers: vec![("Content-Type".into(), "application/x-www-form-urlencoded".into())],
            body: form.into(),
            ..Request::default()
        };
        match texts.post(&Account::new("secret"), &request) {
            Done::Answer(response) => response.status,
            Done::Drop | Done::Hang => 0,
        }
    }

    #[test]
    fn what_twilio_would_refuse_is_refused() {
        let mut texts = Texts { stopped: ["+14155550111".to_owned()].into(), ..Texts::default() };
        let good = "To=%2B14155550199&From=%2B14155550100&Body=Hello";
        assert_eq!(post(&mut texts, good), 201);
        for bad in [
            "From=%2B14155550100&Body=Hello",
            "To=%2B14155550199&Body=Hello",
            "To=%2B14155550199&From=%2B14155550100&Body=",
            "To=4155550199&From=%2B14155550100&Body=Hello",
            "To=%2B14155550111&From=%2B14155550100&Body=Hello",
            &format!("{good}{}", "x".repeat(1_600)),
            &format!("{good}&Urgent=1"),
            &format!("{good}&Body=again"),
        ] {
            assert_eq!(post(&mut texts, bad), 400, "{bad}");
        }
        texts.moods.extend([Mood::Busy, Mood::Drop]);
        assert_eq!((post(&mut texts, good), post(&mut texts, good)), (429, 0));
        assert_eq!(texts.sent.len(), 2, "what was dropped was taken");
        let list = texts.get(&Account::new("secret"), "To=%2B14155550199&From=%2B14155550100&PageSize=1");
        let list: Value = serde_json::from_slice(&list.body).expect("JSON");
        assert_eq!(list["messages"].as_array().map(Vec::len), Some(1));
        assert_eq!(list["messages"][0]["sid"], texts.sent[1].sid);
    }

    #[test]
    fn dates_are_written_as_mails_write_them() {
        assert_eq!(rfc_2822(10), "Thu, 01 Jan 1970 00:00:10 +0000");
        assert_eq!(rfc_2822(1_767_225_610), "Thu, 01 Jan 2026 00:00:10 +0000");
        assert_eq!(rfc_2822(1_835_481_599), "Tue, 29 Feb 2028 23:59:59 +0000");
    }

    #[test]
    fn only_messages_may_be_answered() {
        let document = |inner: &str| format!("<?xml version=\"1.0\"?><Response>{inner}</Response>");
        assert_eq!(answers(&document("")), Ok(vec![]));
        assert_eq!(answers(&document("<Message>a &amp; b</Message>")), Ok(vec!["a & b".to_owned()]));
        assert!(answers(&document("<Say>a</Say>")).is_err());
        assert!(answers(&document("<Message></Message>")).is_err());
    }
}
