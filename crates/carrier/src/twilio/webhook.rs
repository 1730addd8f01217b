//! A ringing call, what it is answered, and what is asked of Twilio's API about it.

use crate::{Ask, Document, Garbled, Reply, Request, Ring, form, markup};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderValue, header};

/// Longer than any number, SIP address or SID.
const LONGEST: usize = 512;

/// The fields of the query (`GET`) or of the body (anything else).
pub(super) fn fields_of<'a>(request: &Request<'a>) -> &'a [u8] {
    match request.target.split_once('?') {
        Some((_, query)) if request.method.eq_ignore_ascii_case("GET") => query.as_bytes(),
        _ => request.body,
    }
}

/// Reads the webhook of a ringing call.
pub(super) fn read(request: &Request<'_>) -> Result<Ring, Garbled> {
    let fields = fields_of(request);
    let field = |name: &str| match form::field(fields, name) {
        Some(value) if value.len() > LONGEST => {
            Err(Garbled(format!("`{name}` is longer than {LONGEST} bytes")))
        }
        value => Ok(value.unwrap_or_default().into_owned()),
    };
    let call = field("CallSid")?;
    if !is_sid(&call) {
        let why = if call.is_empty() { "there is no `CallSid`" } else { "`CallSid` is no SID" };
        return Err(Garbled(why.into()));
    }
    Ok(Ring {
        call,
        account: field("AccountSid")?,
        from: field("From")?,
        to: field("To")?,
        outbound: field("Direction")?.starts_with("outbound"),
        attestation: attestation(&field("StirVerstat")?),
    })
}

/// TwiML. A stream is the last verb, so that the call ends when our end of the stream closes.
pub(super) fn answer(reply: &Reply) -> Document {
    let body = markup::document("Response", |response| match reply {
        Reply::Stream { url, token, welcome } => {
            if let Some(welcome) = welcome {
                response.text("Say", &[], welcome);
            }
            response.holding("Connect", &[], |connect| {
                connect.holding("Stream", &[("url", url)], |stream| {
                    stream.empty("Parameter", &[("name", "token"), ("value", token)]);
                });
            });
        }
        Reply::Say(words) => {
            response.text("Say", &[], words);
            response.empty("Hangup", &[]);
        }
        Reply::Reject => response.empty("Reject", &[]),
        Reply::Nothing => {}
    });
    Document { content_type: "text/xml; charset=utf-8", body }
}

/// A request to <https://www.twilio.com/docs/voice/api/call-resource> or
/// <https://www.twilio.com/docs/messaging/api/message-resource>. One that asks about a call that is over is answered
/// 404 with code 20404, which is no error to us.
pub(super) fn ask(ask: &Ask, base: &str, account: &str, secret: &str) -> http::Request<Bytes> {
    let mut uri = format!("{base}/2010-04-01/Accounts/");
    form::escape(account, &mut uri);
    let call_at = |mut uri: String, call: &str| {
        uri.push_str("/Calls/");
        form::escape(call, &mut uri);
        uri + ".json"
    };
    let messages = "/Messages.json";
    let (uri, body) = match ask {
        Ask::Complete { call } => (call_at(uri, call), Some(form::written(&[("Status", "completed")]))),
        Ask::Transfer { call, to } => (call_at(uri, call), Some(form::written(&[("Twiml", &dial(to))]))),
        Ask::Text { from, to, body } => {
            (uri + messages, Some(form::written(&[("To", to), ("From", from), ("Body", body)])))
        }
        Ask::Texts { from, to } => {
            let query = form::written(&[("To", to), ("From", from), ("PageSize", "50")]);
            (format!("{uri}{messages}?{query}"), None)
        }
    };
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{account}:{secret}")));
    let mut basic = HeaderValue::try_from(basic).expect("base64 fits into a header");
    basic.set_sensitive(true);
    let request = match body {
        Some(_) => http::Request::post(uri).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
        None => http::Request::get(uri),
    };
    request
        .header(header::AUTHORIZATION, basic)
        .header(header::ACCEPT, "application/json")
        .body(Bytes::from(body.unwrap_or_default()))
        .expect("the API's address was checked when the configuration was read")
}

/// What runs instead of the stream: the caller is connected, and nothing follows.
fn dial(to: &str) -> String {
    markup::fragment("Response", |response| {
        if to.starts_with("sip:") || to.starts_with("sips:") {
            response.holding("Dial", &[], |dial| dial.text("Sip", &[], to));
        } else if let Some(name) = to.strip_prefix("client:") {
            response.holding("Dial", &[], |dial| dial.text("Client", &[], name));
        } else {
            response.text("Dial", &[], to);
        }
    })
}

/// `TN-Validation-Passed-A` and its like. Where the number was diverted on its way, the word is longer, and says
/// nothing about who is calling now.
fn attestation(verdict: &str) -> Option<char> {
    match verdict {
        "TN-Validation-Passed-A" => Some('A'),
        "TN-Validation-Passed-B" => Some('B'),
        "TN-Validation-Passed-C" => Some('C'),
        _ => None,
    }
}

/// Two letters and 32 hex digits as documented; here: what can stand in a path, a log and a message as it is.
pub(super) fn is_sid(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}
