//! What is asked of Plivo's API, and its answers.
//!
//! Sources: <https://www.plivo.com/docs/voice/api/call>, <https://www.plivo.com/docs/messaging/api/message>,
//! <https://www.plivo.com/docs/account/api/application>, <https://www.plivo.com/docs/numbers/api/account-phone-number>.

use super::{
    document::bare,
    webhook::{is_id, number},
};
use crate::{
    Application, Ask, ByGet, Garbled, Hooks, Number, Outgoing,
    account::method,
    fetch::{self, Place},
    form,
    rest::{self, Body, segment},
};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

/// As many as Plivo lists at once.
const PAGE: u32 = 20;

pub(super) fn ask(ask: &Ask, base: &str, account: &str, secret: &str) -> http::Request<Bytes> {
    let ours = format!("{base}/v1/Account/{}/", segment(account));
    let call_at = |call: &str| format!("{ours}Call/{}/", segment(call));
    let elsewhere = |call: &str, url: &str| {
        let body = json!({"legs": "aleg", "aleg_url": url, "aleg_method": "POST"});
        (Method::POST, call_at(call), Body::Json(body))
    };
    let list = |what: &str, page: u32| {
        let (limit, offset) = (PAGE.to_string(), page.saturating_mul(PAGE).to_string());
        let query = form::written(&[("limit", &limit), ("offset", &offset)]);
        (Method::GET, format!("{ours}{what}/?{query}"), Body::Nothing)
    };
    let (method, uri, body) = match ask {
        Ask::Complete { call } => (Method::DELETE, call_at(call), Body::Nothing),
        Ask::Transfer { call, dial: _, via } => elsewhere(call, via),
        Ask::Redirect { call, url } => elsewhere(call, url),
        Ask::Call(outgoing) => (Method::POST, format!("{ours}Call/"), Body::Json(call_body(outgoing))),
        Ask::Text { from, to, body, report } => {
            let mut text = json!({"src": bare(from), "dst": bare(to), "text": body, "type": "sms"});
            if !report.is_empty() {
                text["url"] = report.as_str().into();
                text["method"] = "POST".into();
            }
            (Method::POST, format!("{ours}Message/"), Body::Json(text))
        }
        Ask::Texts { from, to } => {
            let query = form::written(&[
                ("message_direction", "outbound"),
                ("from_number", bare(from)),
                ("to_number", bare(to)),
                ("limit", "20"),
            ]);
            (Method::GET, format!("{ours}Message/?{query}"), Body::Nothing)
        }
        Ask::Test => (Method::GET, ours, Body::Nothing),
        Ask::Numbers { page } => list("Number", *page),
        Ask::Applications { page } => list("Application", *page),
        Ask::SetHooks { application, name, hooks } => {
            let mut body = json!({});
            for (url, (name, method_name), by_get) in [
                (&hooks.voice, ("answer_url", "answer_method"), hooks.by_get.voice),
                (&hooks.status, ("hangup_url", "hangup_method"), hooks.by_get.status),
                (&hooks.text, ("message_url", "message_method"), hooks.by_get.text),
            ] {
                // Plivo takes no empty address: what stands there stays.
                if !url.is_empty() {
                    body[name] = url.as_str().into();
                    body[method_name] = method(by_get).into();
                }
            }
            let uri = if let Some(application) = application {
                format!("{ours}Application/{}/", segment(application))
            } else {
                body["app_name"] = name.as_str().into();
                format!("{ours}Application/")
            };
            (Method::POST, uri, Body::Json(body))
        }
        Ask::Bind { number, application } => {
            let uri = format!("{ours}Number/{}/", segment(bare(number)));
            (Method::POST, uri, Body::Json(json!({"app_id": application})))
        }
    };
    rest::request(method, &uri, Some(rest::basic(account, secret)), body)
}

fn call_body(outgoing: &Outgoing) -> Value {
    let Outgoing { from, to, url, status, machines, rings } = outgoing;
    let mut call = json!({"from": bare(from), "to": bare(to), "answer_url": url, "answer_method": "POST"});
    if !status.is_empty() {
        for (address, method) in [("ring_url", "ring_method"), ("hangup_url", "hangup_method")] {
            call[address] = status.as_str().into();
            call[method] = "POST".into();
        }
    }
    if !machines.is_empty() {
        call["machine_detection"] = "true".into();
        call["machine_detection_url"] = machines.as_str().into();
        call["machine_detection_method"] = "POST".into();
    }
    if !rings.is_zero() {
        call["ring_timeout"] = rings.as_secs().clamp(5, 600).into();
    }
    call
}

/// A call that is over is answered 404, which is no error to us.
pub(super) fn done(ask: &Ask, status: u16, body: &[u8]) -> Result<String, String> {
    if (200..300).contains(&status) {
        let answer = rest::json(body);
        let made = ["/request_uuid", "/app_id", "/auth_id"].map(|place| rest::text(&answer, place));
        return Ok(made.into_iter().find(|id| is_id(id)).unwrap_or_default());
    }
    if status == 404 && matches!(ask, Ask::Complete { .. }) {
        return Ok(String::new());
    }
    let why = match status {
        401 | 403 => "PLIVO_AUTH_ID and PLIVO_AUTH_TOKEN do not fit together, or may not do this",
        402 => "the account has no money left",
        404 => "there is no such thing in this account",
        429 => "it is asked for too much at once",
        500..=599 => "it failed itself; try again later",
        _ => "it does not take what it was asked for",
    };
    Err(format!("Plivo refuses: {why} ({status})"))
}

pub(super) fn numbers(status: u16, body: &[u8]) -> Result<Vec<Number>, Garbled> {
    let entry = |entry: &Value| {
        let id = rest::text(entry, "/number");
        // `/v1/Account/MA…/Application/20468599130939380/`
        let application = rest::text(entry, "/application");
        let application = application.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        Number { number: number(&id), id, application }
    };
    Ok(listed(status, body)?.iter().map(entry).filter(|number| is_id(&number.id)).collect())
}

pub(super) fn applications(status: u16, body: &[u8]) -> Result<Vec<Application>, Garbled> {
    let entry = |entry: &Value| Application {
        id: rest::text(entry, "/app_id"),
        name: rest::text(entry, "/app_name"),
        hooks: Hooks {
            voice: rest::text(entry, "/answer_url"),
            status: rest::text(entry, "/hangup_url"),
            text: rest::text(entry, "/message_url"),
            by_get: ByGet::of(
                &rest::text(entry, "/answer_method"),
                &rest::text(entry, "/hangup_method"),
                &rest::text(entry, "/message_method"),
            ),
        },
    };
    Ok(listed(status, body)?.iter().map(entry).filter(|application| is_id(&application.id)).collect())
}

fn listed(status: u16, body: &[u8]) -> Result<Vec<Value>, Garbled> {
    if !(200..300).contains(&status) {
        return Err(Garbled(format!("Plivo does not say what the account has ({status})")));
    }
    match rest::json(body).get_mut("objects").map(Value::take) {
        Some(Value::Array(entries)) => Ok(entries),
        Some(_) | None => Err(Garbled("Plivo's list cannot be read".into())),
    }
}

/// The account's name goes to Plivo's own hosts alone; older recordings are at Amazon's.
pub(super) fn fetch(
    recording: &str,
    base: &str,
    account: &str,
    secret: &str,
) -> Result<http::Request<Bytes>, Garbled> {
    let login = match fetch::place(recording, base)? {
        Place::Base => Some(rest::basic(account, secret)),
        Place::Host(host) if fetch::within(&host, "plivo.com") => Some(rest::basic(account, secret)),
        Place::Host(host) if fetch::is_s3(&host) => None,
        Place::Host(_) => return Err(fetch::elsewhere("Plivo")),
    };
    Ok(fetch::get(recording, login))
}
