//! Texts from a company to the server: one that came in, and the report of one that went out.
//!
//! Sources: <https://www.twilio.com/docs/messaging/guides/webhook-request>,
//! <https://www.plivo.com/docs/messaging/concepts/message-statuses>,
//! <https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks>.

use super::{Account, Failed, unique, uuid};
use crate::{
    clock,
    http::{self, Request, Response},
    plivo, twilio,
};
use serde_json::json;
use std::{net::SocketAddr, time::Duration};

/// A text to be delivered to a webhook.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// The webhook's address, as it is set at the number and as it is signed.
    pub webhook: String,
    /// Where its host really is.
    pub connect_to: SocketAddr,
    /// The company's name of it. The same again is its retry.
    pub id: String,
    pub from: String,
    pub to: String,
    pub body: String,
}

impl Inbound {
    /// A text by this account's company to a server on this machine, at `/phone/{carrier}/sms`.
    pub fn local(account: &Account, address: SocketAddr, from: &str, body: &str) -> Self {
        let carrier = account.carrier();
        let id = match account {
            Account::Twilio(_) => format!("SM{:032x}", unique()),
            Account::Plivo(_) | Account::Telnyx(_) => uuid(unique(), 8),
        };
        Self {
            webhook: format!("http://{address}/phone/{carrier}/sms"),
            connect_to: address,
            id,
            from: from.to_owned(),
            to: "+14155550100".to_owned(),
            body: body.to_owned(),
        }
    }
}

/// How a text that went out fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Sent,
    Delivered,
    /// With the company's code: 30006, 200, 40001.
    Failed,
}

/// Delivers a text; the answer as it came, which for a text is 2xx or an error.
pub async fn deliver(account: &Account, text: &Inbound) -> Result<Response, Failed> {
    let (from, to) = (text.from.as_str(), text.to.as_str());
    match account {
        Account::Twilio(account) => {
            let inbound = twilio::messages::Inbound {
                webhook: text.webhook.clone(),
                connect_to: text.connect_to,
                sid: text.id.clone(),
                from: from.into(),
                to: to.into(),
                body: text.body.clone(),
                opt_out: None,
            };
            let answers = twilio::messages::deliver(account, &inbound).await?;
            Ok(Response { status: 200, headers: Vec::new(), body: answers.join("\n").into_bytes() })
        }
        Account::Plivo(_) => {
            let fields = [
                ("From", plivo::bare(from)),
                ("To", plivo::bare(to)),
                ("Type", "sms"),
                ("Text", &text.body),
                ("MessageUUID", &text.id),
                ("MessageIntent", ""),
                ("Units", "1"),
                ("TotalRate", "0.00"),
                ("TotalAmount", "0.00"),
            ];
            post(account, &text.webhook, text.connect_to, Body::form(&fields)).await
        }
        Account::Telnyx(_) => {
            let payload = json!({
                "id": text.id, "direction": "inbound", "type": "SMS",
                "from": {"phone_number": from, "carrier": "Sim", "line_type": "Wireless"},
                "to": [{"phone_number": to, "status": "webhook_delivered"}],
                "text": text.body, "media": [], "record_type": "message", "received_at": clock::timestamp(),
            });
            let event = event("message.received", &payload, &text.webhook);
            post(account, &text.webhook, text.connect_to, Body::Json(event)).await
        }
    }
}

/// Reports how a text that the API took fared, to the address that it was taken with.
pub async fn report(
    account: &Account,
    sent: &twilio::messages::Sent,
    fate: Fate,
    connect_to: SocketAddr,
) -> Result<Response, Failed> {
    let body = match account {
        Account::Twilio(account) => {
            let status = match fate {
                Fate::Sent => "sent",
                Fate::Delivered => "delivered",
                Fate::Failed => "undelivered",
            };
            let mut fields = vec![
                ("AccountSid", account.sid.as_str()),
                ("ApiVersion", "2010-04-01"),
                ("From", &sent.from),
                ("MessageSid", &sent.sid),
                ("MessageStatus", status),
                ("SmsSid", &sent.sid),
                ("SmsStatus", status),
                ("To", &sent.to),
            ];
            fields.extend((fate == Fate::Failed).then_some(("ErrorCode", "30006")));
            Body::form(&fields)
        }
        Account::Plivo(_) => {
            let status = match fate {
                Fate::Sent => "sent",
                Fate::Delivered => "delivered",
                Fate::Failed => "undelivered",
            };
            let mut fields = vec![
                ("From", plivo::bare(&sent.from)),
                ("To", plivo::bare(&sent.to)),
                ("MessageUUID", sent.sid.as_str()),
                ("ParentMessageUUID", &sent.sid),
                ("PartInfo", "1 of 1"),
                ("Status", status),
                ("Units", "1"),
            ];
            fields.extend((fate == Fate::Failed).then_some(("ErrorCode", "200")));
            Body::form(&fields)
        }
        Account::Telnyx(_) => {
            let (name, status) = match fate {
                Fate::Sent => ("message.sent", "sent"),
                Fate::Delivered => ("message.finalized", "delivered"),
                Fate::Failed => ("message.finalized", "delivery_failed"),
            };
            let errors = if fate == Fate::Failed {
                json!([{"code": "40001", "title": "Not routable", "detail": "The number cannot be reached."}])
            } else {
                json!([])
            };
            let payload = json!({
                "id": sent.sid, "direction": "outbound", "type": "SMS", "record_type": "message",
                "from": {"phone_number": sent.from, "carrier": "Telnyx", "line_type": "VoIP"},
                "to": [{"phone_number": sent.to, "status": status, "carrier": "Sim", "line_type": "Wireless"}],
                "text": sent.body, "media": [], "parts": 1, "encoding": "GSM-7", "errors": errors,
                "completed_at": clock::timestamp(),
            });
            Body::Json(event(name, &payload, &sent.report))
        }
    };
    post(account, &sent.report, connect_to, body).await
}

enum Body {
    Form(Vec<(String, String)>),
    Json(String),
}

impl Body {
    fn form(fields: &[(&str, &str)]) -> Self {
        Self::Form(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }
}

fn event(name: &str, payload: &serde_json::Value, to: &str) -> String {
    json!({
        "data": {
            "event_type": name, "id": uuid(unique(), 9), "occurred_at": clock::timestamp(), "payload": payload,
            "record_type": "event",
        },
        "meta": {"attempt": 1, "delivered_to": to},
    })
    .to_string()
}

async fn post(account: &Account, url: &str, address: SocketAddr, body: Body) -> Result<Response, Failed> {
    let company = account.company();
    let (kind, fields, body) = match body {
        Body::Form(fields) => {
            let body = http::write_form(&fields);
            ("application/x-www-form-urlencoded", fields, body)
        }
        Body::Json(body) => ("application/json", Vec::new(), body),
    };
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let (host, target) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let mut headers = vec![
        ("Host".to_owned(), host.to_owned()),
        ("User-Agent".into(), company.agent().to_owned()),
        ("X-Forwarded-Proto".into(), scheme.to_owned()),
        ("Content-Type".into(), kind.to_owned()),
    ];
    match account {
        // Messages are signed as they always were.
        Account::Plivo(account) => headers.extend(account.sign_message(url)),
        Account::Twilio(_) | Account::Telnyx(_) => headers.extend(company.sign(url, true, &fields, &body)),
    }
    let request =
        Request { method: "POST".into(), target: target.to_owned(), headers, body: body.into_bytes() };
    let failed = |what, status| Failed { code: company.codes().unreachable, what, status };
    let response = http::ask(address, &request, Duration::from_secs(15))
        .await
        .map_err(|why| failed(format!("the webhook does not answer: {why}"), None))?;
    if (200..300).contains(&response.status) {
        return Ok(response);
    }
    Err(failed(format!("the webhook answered {}", response.status), Some(response.status)))
}
