//! What is asked of Twilio's API, and its answers.
//!
//! Sources: <https://www.twilio.com/docs/voice/api/call-resource>,
//! <https://www.twilio.com/docs/messaging/api/message-resource>,
//! <https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource>.

use super::{document, webhook::is_sid};
use crate::{
    Application, Ask, ByGet, Garbled, Hooks, Number, Outgoing,
    account::method,
    fetch::{self, Place},
    form,
    rest::{self, Body, segment},
};
use bytes::Bytes;
use http::Method;
use serde_json::Value;

/// As many as Twilio lists at once.
const PAGE: &str = "1000";

pub(super) fn ask(ask: &Ask, base: &str, account: &str, secret: &str) -> http::Request<Bytes> {
    let ours = format!("{base}/2010-04-01/Accounts/{}", segment(account));
    let call_at = |call: &str| format!("{ours}/Calls/{}.json", segment(call));
    let number_at = |number: &str| format!("{ours}/IncomingPhoneNumbers/{}.json", segment(number));
    let post = |uri: String, fields: &[(&str, &str)]| (Method::POST, uri, Body::Form(form::written(fields)));
    let get = |uri: String| (Method::GET, uri, Body::Nothing);
    let (method, uri, body) = match ask {
        Ask::Complete { call } => post(call_at(call), &[("Status", "completed")]),
        Ask::Transfer { call, dial, via: _ } => post(call_at(call), &[("Twiml", &document::transfer(dial))]),
        Ask::Redirect { call, url } => post(call_at(call), &[("Url", url), ("Method", "POST")]),
        Ask::Call(outgoing) => {
            let form = call_form(outgoing);
            (Method::POST, format!("{ours}/Calls.json"), Body::Form(form))
        }
        Ask::Text { from, to, body, report } => {
            let mut fields = vec![("To", to.as_str()), ("From", from), ("Body", body)];
            fields.extend(Some(("StatusCallback", report.as_str())).filter(|(_, to)| !to.is_empty()));
            post(format!("{ours}/Messages.json"), &fields)
        }
        Ask::Texts { from, to } => {
            let query = form::written(&[("To", to), ("From", from), ("PageSize", "50")]);
            get(format!("{ours}/Messages.json?{query}"))
        }
        Ask::Test => get(format!("{ours}.json")),
        Ask::Numbers { page } | Ask::Applications { page } => {
            let page = page.to_string();
            let query = form::written(&[("PageSize", PAGE), ("Page", &page)]);
            get(format!("{ours}/IncomingPhoneNumbers.json?{query}"))
        }
        Ask::SetHooks { application, name, hooks } => {
            let Hooks { voice, status, text, by_get } = hooks;
            let mut fields = vec![
                ("VoiceUrl", voice.as_str()),
                ("VoiceMethod", method(by_get.voice)),
                ("StatusCallback", status),
                ("StatusCallbackMethod", method(by_get.status)),
                ("SmsUrl", text),
                ("SmsMethod", method(by_get.text)),
            ];
            if let Some(number) = application {
                post(number_at(number), &fields)
            } else {
                fields.insert(0, ("FriendlyName", name));
                post(format!("{ours}/Applications.json"), &fields)
            }
        }
        // A number with an application of its own forgets its addresses as long as it has one.
        Ask::Bind { number, application } => {
            let application = if application == number { "" } else { application };
            post(number_at(number), &[("VoiceApplicationSid", application)])
        }
    };
    rest::request(method, &uri, Some(rest::basic(account, secret)), body)
}

/// Twilio counts the seconds of ringing, and of waiting for a machine's greeting.
fn call_form(outgoing: &Outgoing) -> String {
    let Outgoing { from, to, url, status, machines, rings } = outgoing;
    let mut fields = vec![("To", to.as_str()), ("From", from), ("Url", url), ("Method", "POST")];
    if !status.is_empty() {
        fields.push(("StatusCallback", status));
        let events = ["initiated", "ringing", "answered", "completed"];
        fields.extend(events.map(|event| ("StatusCallbackEvent", event)));
        fields.push(("StatusCallbackMethod", "POST"));
    }
    if !machines.is_empty() {
        fields.extend([("MachineDetection", "DetectMessageEnd"), ("AsyncAmd", "true")]);
        fields.extend([
            ("AsyncAmdStatusCallback", machines.as_str()),
            ("AsyncAmdStatusCallbackMethod", "POST"),
        ]);
    }
    let rings_for = rings.as_secs().clamp(5, 600).to_string();
    if !rings.is_zero() {
        fields.push(("Timeout", &rings_for));
    }
    form::written(&fields)
}

/// A call that is over is answered 404 with code 20404, which is no error to us.
pub(super) fn done(ask: &Ask, status: u16, body: &[u8]) -> Result<String, String> {
    let answer = rest::json(body);
    if (200..300).contains(&status) {
        let sid = rest::text(&answer, "/sid");
        return Ok(if is_sid(&sid) { sid } else { String::new() });
    }
    if status == 404 && matches!(ask, Ask::Complete { .. }) {
        return Ok(String::new());
    }
    let code = rest::text(&answer, "/code");
    let code = if code.is_empty() { String::new() } else { format!(", code {code}") };
    let why = match status {
        401 | 403 => "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN do not fit together, or may not do this",
        404 => "there is no such thing in this account",
        429 => "it is asked for too much at once",
        500..=599 => "it failed itself; try again later",
        _ => "it does not take what it was asked for",
    };
    Err(format!("Twilio refuses: {why} ({status}{code})"))
}

pub(super) fn numbers(status: u16, body: &[u8]) -> Result<Vec<Number>, Garbled> {
    let numbers = listed(status, body)?;
    let number = |entry: &Value| {
        let id = rest::text(entry, "/sid");
        let bound = rest::text(entry, "/voice_application_sid");
        let application = if bound.is_empty() { id.clone() } else { bound };
        Number { id, number: rest::text(entry, "/phone_number"), application }
    };
    Ok(numbers.iter().map(number).filter(|number| is_sid(&number.id)).collect())
}

/// Each number is an application of its own.
pub(super) fn applications(status: u16, body: &[u8]) -> Result<Vec<Application>, Garbled> {
    let numbers = listed(status, body)?;
    let application = |entry: &Value| Application {
        id: rest::text(entry, "/sid"),
        name: rest::text(entry, "/friendly_name"),
        hooks: Hooks {
            voice: rest::text(entry, "/voice_url"),
            status: rest::text(entry, "/status_callback"),
            text: rest::text(entry, "/sms_url"),
            by_get: ByGet::of(
                &rest::text(entry, "/voice_method"),
                &rest::text(entry, "/status_callback_method"),
                &rest::text(entry, "/sms_method"),
            ),
        },
    };
    Ok(numbers.iter().map(application).filter(|application| is_sid(&application.id)).collect())
}

fn listed(status: u16, body: &[u8]) -> Result<Vec<Value>, Garbled> {
    if !(200..300).contains(&status) {
        return Err(Garbled(format!("Twilio does not say which numbers there are ({status})")));
    }
    match rest::json(body).get_mut("incoming_phone_numbers").map(Value::take) {
        Some(Value::Array(numbers)) => Ok(numbers),
        Some(_) | None => Err(Garbled("Twilio's list of numbers cannot be read".into())),
    }
}

/// The account's name goes to Twilio's API alone. A WAV is asked for where the address leaves that open.
pub(super) fn fetch(
    recording: &str,
    base: &str,
    account: &str,
    secret: &str,
) -> Result<http::Request<Bytes>, Garbled> {
    match fetch::place(recording, base)? {
        Place::Base => {}
        Place::Host(host) if host == "api.twilio.com" || is_regional(&host) => {}
        Place::Host(_) => return Err(fetch::elsewhere("Twilio")),
    }
    let last = recording.rsplit('/').next().unwrap_or_default();
    let open = is_sid(last);
    let address = if open { format!("{recording}.wav") } else { recording.to_owned() };
    Ok(fetch::get(&address, Some(rest::basic(account, secret))))
}

/// `api.{edge}.{region}.twilio.com`
fn is_regional(host: &str) -> bool {
    fetch::within(host, "twilio.com") && host.starts_with("api.")
}
