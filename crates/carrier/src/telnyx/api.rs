//! What is asked of Telnyx' API, and its answers.
//!
//! Sources: <https://developers.telnyx.com/api-reference> (TeXML REST commands, call commands, messages, numbers).

use super::event::is_call;
use crate::{
    Application, Ask, ByGet, Garbled, Hooks, Number, Outgoing,
    account::method,
    fetch::{self, Place},
    form, frame,
    rest::{self, Body, segment},
};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

/// As many as Telnyx lists at once.
const PAGE: &str = "250";

pub(super) fn ask(ask: &Ask, base: &str, account: &str, key: &str) -> http::Request<Bytes> {
    let api = root(base);
    // Older addresses do without the account's own name.
    let (owner, application) = account.split_once('/').unwrap_or(("", account));
    let list = |what: &str, page: u32| {
        let page = page.saturating_add(1).to_string();
        let query = form::written(&[("page[number]", &page), ("page[size]", PAGE)]);
        (Method::GET, format!("{api}/{what}?{query}"), Body::Nothing)
    };
    let (method, uri, body) = match ask {
        Ask::Complete { call } => return action(call, "hangup", json!({}), (base, key)),
        Ask::Transfer { call, dial, via: _ } if dial.briefing.is_empty() => {
            return action(call, "transfer", json!({"to": dial.to}), (base, key));
        }
        Ask::Transfer { call, dial: _, via: url } | Ask::Redirect { call, url } => {
            let call = segment(call);
            let uri = if owner.is_empty() {
                format!("{api}/texml/calls/{call}/update")
            } else {
                format!("{api}/texml/Accounts/{}/Calls/{call}", segment(owner))
            };
            (Method::POST, uri, Body::Json(json!({"Url": url, "Method": "POST"})))
        }
        Ask::Call(outgoing) => {
            let mut call = call_body(outgoing);
            let uri = if owner.is_empty() {
                call["Method"] = call["UrlMethod"].take();
                call.as_object_mut().expect("it was made as one").remove("UrlMethod");
                format!("{api}/texml/calls/{}", segment(application))
            } else {
                call["ApplicationSid"] = application.into();
                format!("{api}/texml/Accounts/{}/Calls", segment(owner))
            };
            (Method::POST, uri, Body::Json(call))
        }
        Ask::Text { from, to, body, report } => {
            let mut text = json!({"from": from, "to": to, "text": body});
            if !report.is_empty() {
                text["webhook_url"] = report.as_str().into();
                text["use_profile_webhooks"] = false.into();
            }
            (Method::POST, format!("{api}/messages"), Body::Json(text))
        }
        Ask::Texts { from, to } => {
            let query = form::written(&[
                ("filter[record_type]", "messaging"),
                ("filter[direction]", "outbound"),
                ("filter[cli]", from),
                ("filter[cld]", to),
                ("page[size]", "50"),
            ]);
            (Method::GET, format!("{api}/detail_records?{query}"), Body::Nothing)
        }
        Ask::Test => {
            let query = form::written(&[("page[size]", "1")]);
            (Method::GET, format!("{api}/texml_applications?{query}"), Body::Nothing)
        }
        Ask::Numbers { page } => list("phone_numbers", *page),
        Ask::Applications { page } => list("texml_applications", *page),
        Ask::SetHooks { application, name, hooks } => {
            let body = json!({
                "friendly_name": name,
                "voice_url": hooks.voice, "voice_method": method(hooks.by_get.voice).to_lowercase(),
                "status_callback": hooks.status,
                "status_callback_method": method(hooks.by_get.status).to_lowercase(),
            });
            match application {
                Some(id) => {
                    (Method::PATCH, format!("{api}/texml_applications/{}", segment(id)), Body::Json(body))
                }
                None => (Method::POST, format!("{api}/texml_applications"), Body::Json(body)),
            }
        }
        Ask::Bind { number, application } => {
            let uri = format!("{api}/phone_numbers/{}", segment(number));
            (Method::PATCH, uri, Body::Json(json!({"connection_id": application})))
        }
    };
    rest::request(method, &uri, Some(rest::bearer(key)), body)
}

/// A command to one call.
pub(super) fn action(call: &str, name: &str, body: Value, (base, key): (&str, &str)) -> http::Request<Bytes> {
    let uri = format!("{}/calls/{}/actions/{name}", root(base), segment(call));
    rest::request(Method::POST, &uri, Some(rest::bearer(key)), Body::Json(body))
}

/// With or without the version, as Telnyx' own libraries are told it.
fn root(base: &str) -> String {
    format!("{}/v2", base.strip_suffix("/v2").unwrap_or(base))
}

/// Machine detection asks for nothing that Telnyx does not have by default.
fn call_body(outgoing: &Outgoing) -> Value {
    let Outgoing { from, to, url, status, machines, rings } = outgoing;
    let mut call = json!({"To": to, "From": from, "Url": url, "UrlMethod": "POST"});
    if !status.is_empty() {
        call["StatusCallback"] = status.as_str().into();
        call["StatusCallbackEvent"] = "initiated ringing answered completed".into();
        call["StatusCallbackMethod"] = "POST".into();
    }
    if !machines.is_empty() {
        call["MachineDetection"] = "DetectMessageEnd".into();
        call["AsyncAmd"] = true.into();
        call["AsyncAmdStatusCallback"] = machines.as_str().into();
        call["AsyncAmdStatusCallbackMethod"] = "POST".into();
    }
    if !rings.is_zero() {
        call["Timeout"] = rings.as_secs().clamp(5, 120).into();
    }
    call
}

/// A call that is over is answered 422 with code 90018, which is no error to us.
pub(super) fn done(ask: &Ask, status: u16, body: &[u8]) -> Result<String, String> {
    let answer = rest::json(body);
    if (200..300).contains(&status) {
        let places = ["/data/call_control_id", "/call_sid", "/sid", "/data/sid", "/data/id"];
        let made = places.map(|place| rest::text(&answer, place)).into_iter().find(|id| is_call(id));
        return Ok(made.unwrap_or_default());
    }
    let code = rest::text(&answer, "/errors/0/code");
    if matches!(ask, Ask::Complete { .. }) && (status == 404 || status == 422 && code == "90018") {
        return Ok(String::new());
    }
    let code = if code.is_empty() { String::new() } else { format!(", code {code}") };
    let why = match status {
        401 | 403 => "TELNYX_API_KEY is not of this account, or may not do this",
        404 => "there is no such thing in this account; is TELNYX_CONNECTION_ID a TeXML application's?",
        429 => "it is asked for too much at once",
        500..=599 => "it failed itself; try again later",
        _ => "it does not take what it was asked for",
    };
    Err(format!("Telnyx refuses: {why} ({status}{code})"))
}

pub(super) fn numbers(status: u16, body: &[u8]) -> Result<Vec<Number>, Garbled> {
    let entry = |entry: &Value| Number {
        id: rest::text(entry, "/id"),
        number: rest::text(entry, "/phone_number"),
        application: rest::text(entry, "/connection_id"),
    };
    Ok(listed(status, body)?.iter().map(entry).filter(|number| is_id(&number.id)).collect())
}

pub(super) fn applications(status: u16, body: &[u8]) -> Result<Vec<Application>, Garbled> {
    let entry = |entry: &Value| Application {
        id: rest::text(entry, "/id"),
        name: rest::text(entry, "/friendly_name"),
        hooks: Hooks {
            voice: rest::text(entry, "/voice_url"),
            status: rest::text(entry, "/status_callback"),
            text: String::new(),
            by_get: ByGet::of(
                &rest::text(entry, "/voice_method"),
                &rest::text(entry, "/status_callback_method"),
                "",
            ),
        },
    };
    Ok(listed(status, body)?.iter().map(entry).filter(|application| is_id(&application.id)).collect())
}

pub(super) fn listed(status: u16, body: &[u8]) -> Result<Vec<Value>, Garbled> {
    if !(200..300).contains(&status) {
        return Err(Garbled(format!("Telnyx does not say what the account has ({status})")));
    }
    match rest::json(body).get_mut("data").map(Value::take) {
        Some(Value::Array(entries)) => Ok(entries),
        Some(_) | None => Err(Garbled("Telnyx' list cannot be read".into())),
    }
}

/// Recordings are at Amazon's, by links that carry their own permission: the key goes to nobody.
pub(super) fn fetch(recording: &str, base: &str) -> Result<http::Request<Bytes>, Garbled> {
    match fetch::place(recording, base)? {
        Place::Base => {}
        Place::Host(host) if fetch::within(&host, "telnyx.com") || fetch::is_s3(&host) => {}
        Place::Host(_) => return Err(fetch::elsewhere("Telnyx")),
    }
    Ok(fetch::get(recording, None))
}

pub(super) fn is_id(text: &str) -> bool {
    frame::is_name(text, 64, b"")
}
