//! Twilio's REST API: calls are placed, ended and given other instructions; numbers are pointed elsewhere; texts are
//! taken in `messages.rs`, recordings served by [`Shelf`](crate::phone::Shelf).
//!
//! Sources: <https://www.twilio.com/docs/voice/api/call-resource>,
//! <https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource>,
//! <https://www.twilio.com/docs/iam/api/account>. As strict as the API: HTTP Basic, forms, nothing unknown; a call that
//! is over is 404.

use super::{
    Account, Order, markup,
    messages::{Mood, Sent},
};
use crate::{
    http::{self, Request, Response},
    phone::{
        self, Api, Shelf,
        api::{Machines, State, Thing, Wanted, is_address, settings},
        door::Done,
        verb::Callback,
    },
};
use serde_json::{Map, Value, json};
use std::{io, ops::Deref};
use tokio::sync::mpsc;

/// Twilio's API on a loopback port. Dropping it closes it.
#[derive(Debug)]
pub struct Rest(Api);

impl Rest {
    pub async fn listen(account: &Account) -> io::Result<Self> {
        Api::listen(account).await.map(Self)
    }

    /// What `TWILIO_API_URL` is set to: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// What the API is asked about this call from now on, for [`super::Dial::orders`].
    pub fn orders(&self, call_sid: &str) -> mpsc::Receiver<Order> {
        self.0.orders(call_sid)
    }

    /// How the next texts are treated, one after another; those after them are taken.
    pub fn feels(&self, moods: impl IntoIterator<Item = Mood>) {
        self.0.feels(moods);
    }

    /// This number has said STOP.
    pub fn stop(&self, number: &str) {
        self.0.stop(number);
    }

    /// Every text that was taken so far.
    pub fn texts(&self) -> Vec<Sent> {
        self.0.texts()
    }

    /// Every request so far, with the status that it was answered; 0 where there was no answer.
    pub fn log(&self) -> Vec<(Request, u16)> {
        self.0.log()
    }

    /// Where recordings are.
    pub fn shelf(&self) -> Shelf {
        self.0.shelf()
    }
}

impl Deref for Rest {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.0
    }
}

pub(crate) fn furnish(state: &mut State) {
    let set = settings(&[
        ("phone_number", "+14155550100".into()),
        ("friendly_name", "(415) 555-0100".into()),
        ("voice_url", "https://demo.twilio.com/welcome/voice/".into()),
        ("voice_method", "POST".into()),
        ("voice_fallback_url", "".into()),
        ("voice_application_sid", "".into()),
        ("status_callback", "".into()),
        ("status_callback_method", "POST".into()),
        ("sms_url", "".into()),
        ("sms_method", "POST".into()),
    ]);
    state.numbers.push(Thing { id: format!("PN{:032x}", 5), settings: set });
}

pub(crate) fn answer(account: &Account, state: &mut State, request: &Request) -> Done {
    if request.header("authorization") != Some(&account.basic()) {
        return Done::Answer(refuse(401, 20_003, "Authenticate"));
    }
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let prefix = format!("/2010-04-01/Accounts/{}", account.sid);
    let Some(rest) = path.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(".json")) else {
        return Done::Answer(lost());
    };
    let parts: Vec<&str> = rest.trim_start_matches('/').split('/').collect();
    let answered = match (request.method.as_str(), parts.as_slice()) {
        ("POST", ["Messages"]) => return state.texts.post(account, request),
        ("GET", ["Messages"]) => Ok(state.texts.get(account, query)),
        ("GET", [""]) => Ok(Response::json(200, &resource(account))),
        ("POST", ["Calls"]) => place(account, state, request),
        ("POST", ["Calls", sid]) => steer(account, state, request, sid),
        ("GET", ["Calls", sid]) if state.calls.contains_key(*sid) => {
            let status = if state.is_live(sid) { "in-progress" } else { "completed" };
            Ok(Response::json(200, &json!({"sid": sid, "account_sid": account.sid, "status": status})))
        }
        ("GET", ["IncomingPhoneNumbers"]) => list(account, state, query),
        ("GET", ["IncomingPhoneNumbers", sid]) => match state.numbers.iter().find(|n| n.id == *sid) {
            Some(number) => Ok(Response::json(200, &shown(account, number))),
            None => Err(lost()),
        },
        ("POST", ["IncomingPhoneNumbers", sid]) => number(account, state, request, sid),
        ("PUT" | "PATCH" | "DELETE", ["Messages" | "Calls" | "IncomingPhoneNumbers", ..]) => {
            Err(refuse(405, 20_004, "Method not allowed"))
        }
        _ => Err(lost()),
    };
    Done::Answer(answered.unwrap_or_else(|refused| refused))
}

fn resource(account: &Account) -> Value {
    let date = "Thu, 01 Jan 2026 00:00:00 +0000";
    json!({
        "sid": account.sid, "friendly_name": "My account", "status": "active", "type": "Trial",
        "owner_account_sid": account.sid, "auth_token": account.auth_token, "date_created": date,
        "date_updated": date, "uri": format!("/2010-04-01/Accounts/{}.json", account.sid), "subresource_uris": {},
    })
}

fn form(request: &Request) -> Result<Vec<(String, String)>, Response> {
    let media_type = request.header("content-type").unwrap_or_default();
    if media_type.split(';').next().unwrap_or_default().trim() != "application/x-www-form-urlencoded" {
        return Err(refuse(415, 20_001, "Unsupported Media Type"));
    }
    let body = String::from_utf8_lossy(&request.body);
    http::read_form(&body).map_err(|why| refuse(400, 20_001, &why))
}

fn one<'a>(fields: &'a [(String, String)], name: &str) -> Result<Option<&'a str>, Response> {
    let mut all = fields.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str());
    match (all.next(), all.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(refuse(400, 20_001, &format!("{name} is given twice"))),
    }
}

fn to(fields: &[(String, String)], url: &str, method: &str) -> Result<Option<Callback>, Response> {
    let Some(url) = one(fields, url)? else { return Ok(None) };
    if !is_address(url) {
        return Err(refuse(400, 21_205, &format!("Url is not a valid URL: {url}")));
    }
    match one(fields, method)?.unwrap_or("POST") {
        method @ ("GET" | "POST") => Ok(Some(Callback { url: url.to_owned(), post: method == "POST" })),
        other => Err(refuse(400, 20_001, &format!("{other} is no method"))),
    }
}

const CALL: &[&str] = &[
    "To",
    "From",
    "Url",
    "Method",
    "FallbackUrl",
    "FallbackMethod",
    "StatusCallback",
    "StatusCallbackMethod",
    "StatusCallbackEvent",
    "SendDigits",
    "Timeout",
    "TimeLimit",
    "MachineDetection",
    "MachineDetectionTimeout",
    "MachineDetectionSpeechThreshold",
    "MachineDetectionSpeechEndThreshold",
    "MachineDetectionSilenceTimeout",
    "AsyncAmd",
    "AsyncAmdStatusCallback",
    "AsyncAmdStatusCallbackMethod",
    "CallReason",
];

fn place(account: &Account, state: &mut State, request: &Request) -> Result<Response, Response> {
    let fields = form(request)?;
    if let Some((name, _)) = fields.iter().find(|(name, _)| !CALL.contains(&name.as_str())) {
        return Err(refuse(400, 20_001, &format!("{name} is not used by this simulator")));
    }
    let (Some(whom), Some(from)) = (one(&fields, "To")?, one(&fields, "From")?) else {
        return Err(refuse(400, 21_201, "No 'To' or no 'From' number is specified"));
    };
    if !super::messages::is_number(whom) {
        return Err(refuse(400, 21_211, "The 'To' number is not a valid phone number."));
    }
    if !state.numbers.iter().any(|number| number.get("phone_number") == from) {
        return Err(refuse(400, 21_210, "'From' phone number not verified"));
    }
    let Some(answer) = to(&fields, "Url", "Method")? else {
        return Err(refuse(400, 21_205, "Url parameter is required."));
    };
    let mut events: Vec<String> =
        fields.iter().filter(|(n, _)| n == "StatusCallbackEvent").map(|(_, v)| v.clone()).collect();
    if let Some(other) =
        events.iter().find(|e| !matches!(e.as_str(), "initiated" | "ringing" | "answered" | "completed"))
    {
        return Err(refuse(400, 21_626, &format!("{other} is no event of a call")));
    }
    if events.is_empty() {
        events.push("completed".into());
    }
    let status = to(&fields, "StatusCallback", "StatusCallbackMethod")?.map(|to| (to, events));
    for (name, bounds) in
        [("Timeout", 1..=600), ("TimeLimit", 1..=86_400), ("MachineDetectionTimeout", 3..=59)]
    {
        let good = |text: &str| text.parse().is_ok_and(|n: u32| bounds.contains(&n));
        if one(&fields, name)?.is_some_and(|text| !good(text)) {
            return Err(refuse(400, 20_001, &format!("{name} is out of its bounds")));
        }
    }
    let asynchronous = match one(&fields, "AsyncAmd")?.unwrap_or("false") {
        "true" => true,
        "false" => false,
        _ => return Err(refuse(400, 20_001, "AsyncAmd is true or false")),
    };
    let told = to(&fields, "AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod")?;
    let machines = match one(&fields, "MachineDetection")? {
        None => None,
        Some("Enable" | "DetectMessageEnd") => Some(Machines { told: told.filter(|_| asynchronous) }),
        Some(_) => return Err(refuse(400, 20_001, "MachineDetection is Enable or DetectMessageEnd")),
    };
    let (from, whom) = (from.to_owned(), whom.to_owned());
    let body = json!({"to": whom, "from": from});
    let wanted = Wanted { from, to: whom, answer, status, machines, human: "human" };
    let (sid, _) = state.place(&phone::Account::Twilio(account.clone()), wanted);
    let mut call = json!({
        "sid": sid, "account_sid": account.sid, "status": "queued", "direction": "outbound-api",
        "phone_number_sid": state.numbers[0].id, "start_time": null, "end_time": null, "duration": null,
        "price": null, "price_unit": "USD", "answered_by": null, "api_version": "2010-04-01",
        "forwarded_from": null, "group_sid": null, "caller_name": null, "parent_call_sid": null,
        "queue_time": "0", "trunk_sid": null, "date_created": null, "date_updated": null,
        "uri": format!("/2010-04-01/Accounts/{}/Calls/{sid}.json", account.sid), "subresource_uris": {},
    });
    call.as_object_mut().expect("it was made as one").extend(body.as_object().expect("so was it").clone());
    Ok(Response::json(201, &call))
}

fn steer(account: &Account, state: &mut State, request: &Request, sid: &str) -> Result<Response, Response> {
    if !(sid.starts_with("CA") && sid.len() == 34) {
        return Err(lost());
    }
    let fields = form(request)?;
    let wanted = "Status=completed, Twiml or Url is wanted, and nothing else";
    let order = match fields.as_slice() {
        [(name, value)] if name == "Status" && value == "completed" => Order::Complete,
        [(name, value)] if name == "Twiml" && value.len() <= 4000 => {
            markup::read(value).map_err(|why| refuse(400, 12_100, &why))?;
            Order::Redirect(value.clone())
        }
        _ if fields.iter().all(|(name, _)| matches!(name.as_str(), "Url" | "Method")) => {
            match to(&fields, "Url", "Method")? {
                Some(to) => Order::Fetch(to),
                None => return Err(refuse(400, 20_001, wanted)),
            }
        }
        _ => return Err(refuse(400, 20_001, wanted)),
    };
    let status = if order == Order::Complete { "completed" } else { "in-progress" };
    if !state.order(sid, order) {
        return Err(lost());
    }
    Ok(Response::json(200, &json!({"sid": sid, "account_sid": account.sid, "status": status})))
}

fn list(account: &Account, state: &State, query: &str) -> Result<Response, Response> {
    let fields = http::read_form(query).map_err(|why| refuse(400, 20_001, &why))?;
    let known = ["PageSize", "Page", "PhoneNumber", "FriendlyName", "Beta", "Origin"];
    if let Some((name, _)) = fields.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(refuse(400, 20_001, &format!("{name} is not used by this simulator")));
    }
    let count = |name, default: usize| -> Result<usize, Response> {
        let Some(text) = one(&fields, name)? else { return Ok(default) };
        text.parse().map_err(|_| refuse(400, 20_001, &format!("Invalid {name}")))
    };
    let (size, page) = (count("PageSize", 50)?.clamp(1, 1_000), count("Page", 0)?);
    let wanted = one(&fields, "PhoneNumber")?;
    let fits = |number: &&Thing| wanted.is_none_or(|wanted| number.get("phone_number") == wanted);
    let all: Vec<Value> = state.numbers.iter().filter(fits).map(|number| shown(account, number)).collect();
    let uri = |page: usize| {
        format!("/2010-04-01/Accounts/{}/IncomingPhoneNumbers.json?PageSize={size}&Page={page}", account.sid)
    };
    let next = (all.len() > (page + 1) * size).then(|| uri(page + 1));
    let here: Vec<Value> = all.into_iter().skip(page * size).take(size).collect();
    Ok(Response::json(
        200,
        &json!({
            "incoming_phone_numbers": here, "page": page, "page_size": size, "start": page * size,
            "end": page * size, "uri": uri(page), "first_page_uri": uri(0), "next_page_uri": next,
            "previous_page_uri": null,
        }),
    ))
}

const NUMBER: &[(&str, &str)] = &[
    ("VoiceUrl", "voice_url"),
    ("VoiceMethod", "voice_method"),
    ("VoiceFallbackUrl", "voice_fallback_url"),
    ("VoiceApplicationSid", "voice_application_sid"),
    ("StatusCallback", "status_callback"),
    ("StatusCallbackMethod", "status_callback_method"),
    ("SmsUrl", "sms_url"),
    ("SmsMethod", "sms_method"),
    ("FriendlyName", "friendly_name"),
];

fn number(account: &Account, state: &mut State, request: &Request, sid: &str) -> Result<Response, Response> {
    let mut set = Map::new();
    for (name, value) in form(request)? {
        let Some((_, setting)) = NUMBER.iter().find(|(field, _)| *field == name) else {
            return Err(refuse(400, 20_001, &format!("{name} is not used by this simulator")));
        };
        let good = match name.as_str() {
            "VoiceMethod" | "StatusCallbackMethod" | "SmsMethod" => matches!(value.as_str(), "GET" | "POST"),
            "VoiceUrl" | "VoiceFallbackUrl" | "StatusCallback" | "SmsUrl" => {
                value.is_empty() || is_address(&value)
            }
            _ => true,
        };
        if !good {
            return Err(refuse(400, 21_502, &format!("{name} {value:?} is invalid")));
        }
        set.insert((*setting).to_owned(), value.into());
    }
    let changed = State::set(&mut state.numbers, &mut state.changes, sid, set).ok_or_else(lost)?;
    Ok(Response::json(200, &shown(account, &changed)))
}

fn shown(account: &Account, number: &Thing) -> Value {
    let mut value = Value::Object(number.settings.clone());
    value["sid"] = number.id.clone().into();
    value["account_sid"] = account.sid.clone().into();
    value["capabilities"] = json!({"voice": true, "sms": true, "mms": true, "fax": false});
    value["uri"] =
        format!("/2010-04-01/Accounts/{}/IncomingPhoneNumbers/{}.json", account.sid, number.id).into();
    value
}

fn lost() -> Response {
    refuse(404, 20_404, "The requested resource was not found")
}

pub(super) fn refuse(status: u16, code: u32, message: &str) -> Response {
    let more = format!("https://www.twilio.com/docs/errors/{code}");
    Response::json(status, &json!({"code": code, "message": message, "more_info": more, "status": status}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    async fn post(rest: &Rest, account: &Account, sid: &str, form: &str) -> u16 {
        let request = Request {
            method: "POST".into(),
            target: format!("/2010-04-01/Accounts/{}/Calls/{sid}.json", account.sid),
            headers: vec![
                ("Authorization".into(), account.basic()),
                ("Content-Type".into(), "application/x-www-form-urlencoded".into()),
            ],
            body: form.into(),
        };
        let address = rest.url().trim_start_matches("http://").parse().expect("an address");
        http::ask(address, &request, Duration::from_secs(5)).await.expect("it answers").status
    }

    #[tokio::test]
    async fn a_call_is_ended_once_and_only_by_its_account() {
        let account = Account::new("secret");
        let rest = Rest::listen(&account).await.expect("loopback");
        let sid = super::super::Sids::invented(7).call;
        let mut orders = rest.orders(&sid);
        assert_eq!(post(&rest, &Account::new("wrong"), &sid, "Status=completed").await, 401);
        assert_eq!(post(&rest, &account, &sid, "Status=finished").await, 400);
        assert_eq!(post(&rest, &account, &sid, "Status=completed&Extra=1").await, 400);
        assert_eq!(post(&rest, &account, &sid, "Status=completed").await, 200);
        assert_eq!(orders.recv().await, Some(Order::Complete));
        drop(orders);
        assert_eq!(post(&rest, &account, &sid, "Status=completed").await, 404);
        assert_eq!(rest.log().len(), 5);
    }
}
