//! Plivo's REST API: calls are placed, ended and transferred; applications are made and numbers bound to them; texts are
//! taken.
//!
//! Sources: <https://www.plivo.com/docs/voice/api/call/>, <https://www.plivo.com/docs/account/api/application/>,
//! <https://www.plivo.com/docs/numbers/api/account-phone-number/>, <https://www.plivo.com/docs/messaging/api/message/>.
//! HTTP Basic, JSON, a slash at the end of every path, nothing unknown; a call that is over is 404.

use super::{Account, bare};
use crate::{
    http::{self, Request, Response},
    phone::{
        self, Order,
        api::{Machines, State, Thing, Wanted, is_address, mooded, object, settings},
        door::Done,
        unique, uuid,
        verb::Callback,
    },
};
use serde_json::{Map, Value, json};

pub(crate) fn furnish(state: &mut State) {
    let set =
        settings(&[("number", "14155550100".into()), ("alias", "Sim".into()), ("application", Value::Null)]);
    state.numbers.push(Thing { id: "14155550100".into(), settings: set });
}

type Answer = Result<Response, Response>;

pub(crate) fn answer(account: &Account, state: &mut State, request: &Request) -> Done {
    if request.header("authorization") != Some(&account.basic()) {
        let text =
            "Could not verify your access level for that URL.\nYou have to login with proper credentials";
        let headers = vec![("Content-Type".to_owned(), "text/plain".to_owned())];
        return Done::Answer(Response { status: 401, headers, body: text.into() });
    }
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let prefix = format!("/v1/Account/{}/", account.auth_id);
    let Some(rest) = path.strip_prefix(&prefix).filter(|rest| rest.is_empty() || rest.ends_with('/')) else {
        return Done::Answer(lost());
    };
    let parts: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
    let answered = match (request.method.as_str(), parts.as_slice()) {
        ("GET", [""]) => Ok(Response::json(200, &resource(account))),
        ("POST", ["Call"]) => place(account, state, request),
        ("GET", ["Call", call]) => shown_call(state, call),
        ("POST", ["Call", call]) => transfer(state, request, call),
        ("DELETE", ["Call" | "Request", call]) => {
            if state.order(call, Order::Complete) {
                Ok(Response { status: 204, ..Response::default() })
            } else {
                Err(refuse(404, "call not found"))
            }
        }
        ("POST", ["Message"]) => return message(state, request),
        ("GET", ["Message"]) => messages(account, state, query),
        ("GET", ["Number"]) => {
            let all = state.numbers.iter().map(|number| shown_number(account, number)).collect();
            listed(query, &["alias", "number_startswith", "services", "subaccount", "type"], all)
        }
        ("GET", ["Number", number]) => match state.numbers.iter().find(|n| n.id == *number) {
            Some(number) => Ok(Response::json(200, &with_id(shown_number(account, number)))),
            None => Err(lost()),
        },
        ("POST", ["Number", number]) => bind(account, state, request, number),
        ("GET", ["Application"]) => {
            let all = state.applications.iter().map(|app| shown_application(account, app)).collect();
            listed(query, &["app_name", "subaccount"], all)
        }
        ("POST", ["Application"]) => application(state, request, None),
        ("POST", ["Application", id]) => application(state, request, Some(id)),
        ("GET", ["Application", id]) => match state.applications.iter().find(|app| app.id == *id) {
            Some(app) => Ok(Response::json(200, &with_id(shown_application(account, app)))),
            None => Err(lost()),
        },
        ("GET" | "POST" | "DELETE", _) => Err(lost()),
        _ => Err(refuse(405, "method not allowed")),
    };
    Done::Answer(answered.unwrap_or_else(|refused| refused))
}

fn resource(account: &Account) -> Value {
    with_id(json!({
        "account_type": "standard", "address": "", "auth_id": account.auth_id, "auto_recharge": false,
        "billing_mode": "prepaid", "cash_credits": "4.88860", "city": "", "name": "My company",
        "resource_uri": format!("/v1/Account/{}/", account.auth_id), "state": "", "timezone": "Europe/Berlin",
    }))
}

const CALL: &[&str] = &[
    "from",
    "to",
    "answer_url",
    "answer_method",
    "ring_url",
    "ring_method",
    "hangup_url",
    "hangup_method",
    "fallback_url",
    "fallback_method",
    "caller_name",
    "send_digits",
    "send_on_preanswer",
    "time_limit",
    "hangup_on_ring",
    "machine_detection",
    "machine_detection_time",
    "machine_detection_url",
    "machine_detection_method",
    "sip_headers",
    "ring_timeout",
    "parent_call_uuid",
    "error_if_parent_not_found",
    "callback_url",
    "callback_method",
];

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Response> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(refuse(400, &format!("{name} {other} is no text"))),
    }
}

fn to(fields: &Map<String, Value>, url: &str, method: &str) -> Result<Option<Callback>, Response> {
    let post = match text(fields, method)?.unwrap_or("POST") {
        "POST" => true,
        "GET" => false,
        other => return Err(refuse(400, &format!("{method} {other:?} is no method"))),
    };
    match text(fields, url)? {
        None => Ok(None),
        Some(url) if is_address(url) => Ok(Some(Callback { url: url.to_owned(), post })),
        Some(other) => Err(refuse(400, &format!("{url} parameter is not valid: {other:?}"))),
    }
}

fn whole(
    fields: &Map<String, Value>,
    name: &str,
    bounds: std::ops::RangeInclusive<u64>,
) -> Result<(), Response> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(()),
        Some(value) if value.as_u64().is_some_and(|n| bounds.contains(&n)) => Ok(()),
        Some(value) => Err(refuse(400, &format!("{name} {value} is out of its bounds"))),
    }
}

/// As it stands, or with a plus.
fn is_number(text: &str) -> bool {
    let digits = bare(text);
    (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

fn place(account: &Account, state: &mut State, request: &Request) -> Answer {
    let fields = object(request, CALL).map_err(|why| refuse(400, &why))?;
    let (Some(from), Some(whom)) = (text(&fields, "from")?, text(&fields, "to")?) else {
        return Err(refuse(400, "from and to parameters are required"));
    };
    if !is_number(whom) || !is_number(from) {
        return Err(refuse(400, "from or to is not a valid number"));
    }
    if !state.numbers.iter().any(|number| number.id == bare(from)) {
        return Err(refuse(400, "from is not a number of this account"));
    }
    let Some(answer) = to(&fields, "answer_url", "answer_method")? else {
        return Err(refuse(400, "answer_url parameter is required"));
    };
    whole(&fields, "ring_timeout", 1..=600)?;
    whole(&fields, "time_limit", 1..=86_400)?;
    whole(&fields, "machine_detection_time", 2_000..=10_000)?;
    let told = to(&fields, "machine_detection_url", "machine_detection_method")?;
    let machines = match fields.get("machine_detection") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if matches!(text.as_str(), "true" | "hangup") => Some(Machines { told }),
        Some(other) => return Err(refuse(400, &format!("machine_detection {other} is true or hangup"))),
    };
    let ring = to(&fields, "ring_url", "ring_method")?;
    let hangup = to(&fields, "hangup_url", "hangup_method")?;
    let mut events = Vec::new();
    events.extend(ring.as_ref().map(|_| "ringing".to_owned()));
    events.extend(hangup.as_ref().map(|_| "completed".to_owned()));
    if let (Some(ring), Some(hangup)) = (&ring, &hangup)
        && ring != hangup
    {
        return Err(refuse(400, "ring_url and hangup_url are one address in this simulator"));
    }
    let status = hangup.or(ring).map(|to| (to, events));
    let wanted = Wanted {
        from: format!("+{}", bare(from)),
        to: format!("+{}", bare(whom)),
        answer,
        status,
        machines,
        human: "human",
    };
    let (call, request) = state.place(&phone::Account::Plivo(account.clone()), wanted);
    // Whoever knows the request only ends the call by it.
    if let Some(orders) = state.calls.get(&call).cloned() {
        state.calls.insert(request.clone(), orders);
    }
    Ok(Response::json(201, &with_id(json!({"message": "call fired", "request_uuid": request}))))
}

fn shown_call(state: &State, call: &str) -> Answer {
    if !state.is_live(call) {
        return Err(refuse(404, "call not found"));
    }
    Ok(Response::json(
        200,
        &with_id(json!({
            "call_status": "in-progress", "call_uuid": call, "caller_name": "", "direction": "inbound",
            "from": "+14155550199", "request_uuid": call, "session_start": "2026-01-01 00:00:00.050872",
            "to": "14155550100",
        })),
    ))
}

fn transfer(state: &mut State, request: &Request, call: &str) -> Answer {
    // Its own packages repeat the call's name.
    let known = ["legs", "aleg_url", "aleg_method", "bleg_url", "bleg_method", "call_uuid"];
    let fields = object(request, &known).map_err(|why| refuse(400, &why))?;
    if text(&fields, "call_uuid")?.is_some_and(|named| named != call) {
        return Err(refuse(400, "call_uuid is another one"));
    }
    match text(&fields, "legs")?.unwrap_or("aleg") {
        "aleg" => {}
        "bleg" | "both" => return Err(refuse(400, "there is one leg only")),
        other => return Err(refuse(400, &format!("legs {other:?} is none"))),
    }
    let Some(to) = to(&fields, "aleg_url", "aleg_method")? else {
        return Err(refuse(400, "aleg_url parameter is required"));
    };
    if !state.order(call, Order::Fetch(to)) {
        return Err(refuse(404, "call not found"));
    }
    Ok(Response::json(202, &with_id(json!({"message": "call transfered"}))))
}

const MESSAGE: &[&str] = &["src", "dst", "text", "type", "url", "method", "log", "trackable"];

fn message(state: &mut State, request: &Request) -> Done {
    match judged(state, request) {
        Ok((mood, answer)) => mooded(mood, answer),
        Err(refused) => Done::Answer(refused),
    }
}

fn judged(
    state: &mut State,
    request: &Request,
) -> Result<(crate::twilio::messages::Mood, Response), Response> {
    let fields = object(request, MESSAGE).map_err(|why| refuse(400, &why))?;
    let (Some(from), Some(whom), Some(body)) =
        (text(&fields, "src")?, text(&fields, "dst")?, text(&fields, "text")?)
    else {
        return Err(refuse(400, "src, dst and text parameters are required"));
    };
    if !is_number(whom) || !is_number(from) || bare(whom) == bare(from) {
        return Err(refuse(400, "src or dst is not a valid number"));
    }
    if body.is_empty() || body.chars().count() > 1_600 {
        return Err(refuse(400, "text is empty or longer than 1600 characters"));
    }
    if !matches!(text(&fields, "type")?.unwrap_or("sms"), "sms") {
        return Err(refuse(400, "type is sms"));
    }
    let report = to(&fields, "url", "method")?.map(|to| to.url).unwrap_or_default();
    let (whom, from) = (format!("+{}", bare(whom)), format!("+{}", bare(from)));
    if state.texts.stopped.contains(&whom) {
        return Err(refuse(400, "the recipient has opted out"));
    }
    let id = uuid(unique(), 8);
    let answer = json!({"message": "message(s) queued", "message_uuid": [id]});
    let mood = state
        .text(id, from, whom, body.to_owned(), report)
        .map_err(|status| refuse(status, "the message was not taken"))?;
    Ok((mood, Response::json(202, &with_id(answer))))
}

fn messages(account: &Account, state: &State, query: &str) -> Answer {
    let fields = http::read_form(query).map_err(|why| refuse(400, &why))?;
    let wanted = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, value)| bare(value).to_owned());
    let (from, whom) = (wanted("from_number"), wanted("to_number"));
    let fits = |sent: &&crate::twilio::messages::Sent| {
        from.as_deref().is_none_or(|from| from == bare(&sent.from))
            && whom.as_deref().is_none_or(|whom| whom == bare(&sent.to))
    };
    let all = state.texts.sent.iter().rev().filter(fits).map(|sent| {
        json!({
            "message_uuid": sent.sid, "from_number": bare(&sent.from), "to_number": bare(&sent.to),
            "message_direction": "outbound", "message_state": "sent", "message_type": "sms", "units": 1,
            "message_time": sent.created, "total_amount": "0.00", "total_rate": "0.00",
            "resource_uri": format!("/v1/Account/{}/Message/{}/", account.auth_id, sent.sid),
        })
    });
    let known = ["message_direction", "from_number", "to_number", "message_state", "subaccount"];
    listed(query, &known, all.collect())
}

/// A page of 20 at most.
fn listed(query: &str, known: &[&str], all: Vec<Value>) -> Answer {
    let fields = http::read_form(query).map_err(|why| refuse(400, &why))?;
    let (mut limit, mut offset) = (20, 0);
    for (name, value) in &fields {
        let number = || value.parse::<usize>().map_err(|_| refuse(400, &format!("{name} is no number")));
        match name.as_str() {
            "limit" => limit = number()?,
            "offset" => offset = number()?,
            other if known.contains(&other) => {}
            other => return Err(refuse(400, &format!("{other} is not a parameter"))),
        }
    }
    if !(1..=20).contains(&limit) {
        return Err(refuse(400, "limit is 1 to 20"));
    }
    let total = all.len();
    let objects: Vec<Value> = all.into_iter().skip(offset).take(limit).collect();
    let meta = json!({
        "limit": limit, "offset": offset, "total_count": total, "previous": null,
        "next": (offset + limit < total).then(|| format!("?limit={limit}&offset={}", offset + limit)),
    });
    Ok(Response::json(200, &with_id(json!({"meta": meta, "objects": objects}))))
}

fn shown_number(account: &Account, number: &Thing) -> Value {
    json!({
        "number": number.id, "alias": number.get("alias"), "application": number.settings.get("application"),
        "carrier": "Plivo", "number_type": "local", "region": "California, UNITED STATES", "sms_enabled": true,
        "sms_rate": "0.00", "sub_account": null, "voice_enabled": true, "voice_rate": "0.00850",
        "added_on": "2026-01-01", "monthly_rental_rate": "0.80000",
        "resource_uri": format!("/v1/Account/{}/Number/{}/", account.auth_id, number.id),
    })
}

fn bind(account: &Account, state: &mut State, request: &Request, number: &str) -> Answer {
    // Its own packages repeat the number.
    let fields =
        object(request, &["app_id", "alias", "subaccount", "number"]).map_err(|why| refuse(400, &why))?;
    if text(&fields, "number")?.is_some_and(|named| named != number) {
        return Err(refuse(400, "number is another one"));
    }
    let mut set = Map::new();
    if let Some(alias) = text(&fields, "alias")? {
        set.insert("alias".into(), alias.into());
    }
    if let Some(id) = text(&fields, "app_id")? {
        // An empty one unbinds it.
        if !id.is_empty() && !state.applications.iter().any(|app| app.id == id) {
            return Err(refuse(400, "app_id is no application of this account"));
        }
        let uri = format!("/v1/Account/{}/Application/{id}/", account.auth_id);
        set.insert("application".into(), if id.is_empty() { Value::Null } else { uri.into() });
    }
    State::set(&mut state.numbers, &mut state.changes, number, set).ok_or_else(lost)?;
    Ok(Response::json(202, &with_id(json!({"message": "changed"}))))
}

const APPLICATION: &[&str] = &[
    "app_name",
    "answer_url",
    "answer_method",
    "hangup_url",
    "hangup_method",
    "fallback_answer_url",
    "fallback_method",
    "message_url",
    "message_method",
    "default_number_app",
    "default_endpoint_app",
    "subaccount",
    "log_incoming_messages",
    "public_uri",
];

fn application(state: &mut State, request: &Request, id: Option<&str>) -> Answer {
    let fields = object(request, APPLICATION).map_err(|why| refuse(400, &why))?;
    for (url, method) in [
        ("answer_url", "answer_method"),
        ("hangup_url", "hangup_method"),
        ("fallback_answer_url", "fallback_method"),
        ("message_url", "message_method"),
    ] {
        to(&fields, url, method)?;
    }
    if let Some(id) = id {
        if fields.contains_key("app_name") {
            return Err(refuse(400, "app_name is set when an application is made"));
        }
        State::set(&mut state.applications, &mut state.changes, id, fields).ok_or_else(lost)?;
        return Ok(Response::json(202, &with_id(json!({"message": "changed"}))));
    }
    let Some(name) = text(&fields, "app_name")?.filter(|name| !name.is_empty()) else {
        return Err(refuse(400, "app_name parameter is required"));
    };
    if state.applications.iter().any(|app| app.get("app_name") == name) {
        return Err(refuse(400, "an application of this name exists"));
    }
    let made = state.make(fields);
    Ok(Response::json(201, &with_id(json!({"message": "created", "app_id": made.id}))))
}

fn shown_application(account: &Account, app: &Thing) -> Value {
    let mut shown = Value::Object(app.settings.clone());
    shown["app_id"] = app.id.clone().into();
    shown["enabled"] = true.into();
    shown["resource_uri"] = format!("/v1/Account/{}/Application/{}/", account.auth_id, app.id).into();
    shown
}

fn with_id(mut value: Value) -> Value {
    value["api_id"] = uuid(unique(), 9).into();
    value
}

fn lost() -> Response {
    refuse(404, "not found")
}

fn refuse(status: u16, why: &str) -> Response {
    Response::json(status, &with_id(json!({"error": why})))
}
