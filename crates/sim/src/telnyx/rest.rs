//! Telnyx' REST API, version 2: calls are placed by TeXML, ended and transferred by Call Control; TeXML applications are
//! made and numbers bound to them; texts are taken.
//!
//! Source: <https://developers.telnyx.com/api-reference>. A bearer's key, JSON, nothing unknown; a call that is over is
//! 422 with code 90018.

use super::Account;
use crate::{
    http::{self, Request, Response},
    phone::{
        self, Order,
        api::{Machines, State, Thing, Wanted, is_address, mooded, object, settings},
        door::Done,
        unique, uuid,
        verb::Callback,
    },
    twilio::messages::{Mood, Sent, is_number},
};
use serde_json::{Map, Value, json};

pub(crate) fn furnish(account: &Account, state: &mut State) {
    let application = settings(&[
        ("friendly_name", "Sim".into()),
        ("voice_url", "https://demo.example.com/texml".into()),
        ("voice_method", "get".into()),
        ("status_callback", "".into()),
        ("status_callback_method", "post".into()),
    ]);
    state.applications.push(Thing { id: account.application.clone(), settings: application });
    let set = settings(&[
        ("phone_number", "+14155550100".into()),
        ("connection_id", "".into()),
        ("status", "active".into()),
    ]);
    state.numbers.push(Thing { id: "1293384261075731499".into(), settings: set });
}

type Answer = Result<Response, Response>;

pub(crate) fn answer(account: &Account, state: &mut State, request: &Request) -> Done {
    let bearer = format!("Bearer {}", account.api_key);
    if request.header("authorization") != Some(bearer.as_str()) {
        return Done::Answer(refuse(401, "10009", "Authentication failed"));
    }
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let Some(rest) = path.strip_prefix("/v2/") else { return Done::Answer(lost()) };
    let Some(parts) = rest.split('/').map(unescaped).collect::<Option<Vec<String>>>() else {
        return Done::Answer(lost());
    };
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let answered = match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["balance"]) => Ok(data(&json!({
            "record_type": "balance", "balance": "300.00", "pending": "0.00", "credit_limit": "100.00",
            "available_credit": "400.00", "currency": "USD",
        }))),
        ("GET", ["whoami"]) => Ok(data(&json!({
            "record_type": "whoami", "organization_id": account.organisation, "user_id": account.organisation,
        }))),
        ("POST", ["texml", "Accounts", owner, "Calls"]) if *owner == account.organisation => {
            place(account, state, request, None)
        }
        ("POST", ["texml", "calls", application]) => place(account, state, request, Some(application)),
        ("POST", ["texml", "Accounts", owner, "Calls", call]) if *owner == account.organisation => {
            steer(state, request, call)
        }
        ("POST", ["texml", "calls", call, "update"]) => steer(state, request, call),
        ("GET", ["texml", "Accounts", owner, "Calls", call]) if *owner == account.organisation => {
            let status = if state.is_live(call) { "in-progress" } else { "completed" };
            Ok(Response::json(200, &json!({"sid": call, "account_sid": owner, "status": status})))
        }
        ("POST", ["calls", call, "actions", action]) => act(state, request, call, action),
        ("POST", ["messages"]) => return message(state, request),
        ("GET", ["detail_records"]) => details(state, query),
        ("GET", ["phone_numbers"]) => listed(query, &["phone_number"], shown(&state.numbers, "phone_number")),
        ("GET", ["phone_numbers", id]) => one(&state.numbers, id, "phone_number"),
        ("PATCH", ["phone_numbers", id]) => bind(state, request, id),
        ("GET", ["texml_applications"]) => {
            listed(query, &["friendly_name"], shown(&state.applications, "texml_application"))
        }
        ("GET", ["texml_applications", id]) => one(&state.applications, id, "texml_application"),
        ("POST", ["texml_applications"]) => application(state, request, None),
        ("PATCH", ["texml_applications", id]) => application(state, request, Some(id)),
        _ => Err(lost()),
    };
    Done::Answer(answered.unwrap_or_else(|refused| refused))
}

fn unescaped(part: &str) -> Option<String> {
    // A plus stands for itself in a path.
    let pair = format!("a={}", part.replace('+', "%2B"));
    http::read_form(&pair).ok()?.pop().map(|(_, value)| value)
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Response> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(invalid(&format!("{name} {other} is no text"))),
    }
}

fn to(fields: &Map<String, Value>, url: &str, method: &str) -> Result<Option<Callback>, Response> {
    let post = match text(fields, method)?.unwrap_or("POST") {
        "POST" | "post" => true,
        "GET" | "get" => false,
        other => return Err(invalid(&format!("{method} {other:?} is no method"))),
    };
    match text(fields, url)? {
        None | Some("") => Ok(None),
        Some(url) if is_address(url) => Ok(Some(Callback { url: url.to_owned(), post })),
        Some(other) => Err(invalid(&format!("{url} {other:?} is no address"))),
    }
}

const CALL: &[&str] = &[
    "To",
    "From",
    "Url",
    "UrlMethod",
    "FallbackUrl",
    "ApplicationSid",
    "StatusCallback",
    "StatusCallbackEvent",
    "StatusCallbackMethod",
    "Timeout",
    "TimeLimit",
    "MachineDetection",
    "DetectionMode",
    "MachineDetectionTimeout",
    "MachineDetectionSilenceTimeout",
    "AsyncAmd",
    "AsyncAmdStatusCallback",
    "AsyncAmdStatusCallbackMethod",
    "CallerId",
];

fn place(account: &Account, state: &mut State, request: &Request, application: Option<&str>) -> Answer {
    // The older address names the application itself, and calls the method otherwise.
    let known: Vec<&str> = match application {
        None => CALL.to_vec(),
        Some(_) => CALL
            .iter()
            .filter(|name| **name != "ApplicationSid")
            .map(|name| if *name == "UrlMethod" { "Method" } else { name })
            .collect(),
    };
    let fields = object(request, &known).map_err(|why| invalid(&why))?;
    let application = match application {
        Some(application) => application,
        None => text(&fields, "ApplicationSid")?.ok_or_else(|| invalid("ApplicationSid is required"))?,
    };
    if !state.applications.iter().any(|app| app.id == application) {
        return Err(refuse(404, "10005", "Resource not found"));
    }
    let (Some(from), Some(whom)) = (text(&fields, "From")?, text(&fields, "To")?) else {
        return Err(invalid("From and To are required"));
    };
    if !is_number(whom) {
        return Err(invalid("To is no number in E.164"));
    }
    if !state.numbers.iter().any(|number| number.get("phone_number") == from) {
        return Err(refuse(403, "10010", "From is no number of this account"));
    }
    let method = if fields.contains_key("Method") { "Method" } else { "UrlMethod" };
    let Some(answer) = to(&fields, "Url", method)? else { return Err(invalid("Url is required")) };
    let events = text(&fields, "StatusCallbackEvent")?.unwrap_or("completed");
    let events: Vec<String> = events.split(' ').map(str::to_owned).collect();
    if let Some(other) =
        events.iter().find(|e| !matches!(e.as_str(), "initiated" | "ringing" | "answered" | "completed"))
    {
        return Err(invalid(&format!("{other} is no event of a call")));
    }
    let status = to(&fields, "StatusCallback", "StatusCallbackMethod")?.map(|to| (to, events));
    for (name, bounds) in
        [("Timeout", 5..=120), ("TimeLimit", 30..=14_400), ("MachineDetectionTimeout", 500..=60_000)]
    {
        if fields.get(name).is_some_and(|n| !n.as_u64().is_some_and(|n| bounds.contains(&n))) {
            return Err(invalid(&format!("{name} is out of its bounds")));
        }
    }
    let asynchronous = match fields.get("AsyncAmd") {
        None | Some(Value::Bool(false)) => false,
        Some(Value::Bool(true)) => true,
        Some(_) => return Err(invalid("AsyncAmd is true or false")),
    };
    let told = to(&fields, "AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod")?;
    let machines = match text(&fields, "MachineDetection")? {
        None | Some("Disable") => None,
        Some("Enable" | "DetectMessageEnd") => Some(Machines { told: told.filter(|_| asynchronous) }),
        Some(other) => return Err(invalid(&format!("MachineDetection {other:?} is none"))),
    };
    let (from, whom) = (from.to_owned(), whom.to_owned());
    let answered = json!({"from": from, "to": whom, "status": "queued"});
    let wanted = Wanted { from, to: whom, answer, status, machines, human: "human" };
    state.place(&phone::Account::Telnyx(account.clone()), wanted);
    Ok(Response::json(200, &answered))
}

fn steer(state: &mut State, request: &Request, call: &str) -> Answer {
    let known = ["Status", "Url", "Method", "Texml", "FallbackUrl", "StatusCallback"];
    let fields = object(request, &known).map_err(|why| invalid(&why))?;
    let order = match (text(&fields, "Status")?, text(&fields, "Texml")?, to(&fields, "Url", "Method")?) {
        (Some("completed"), None, None) => Order::Complete,
        (None, Some(document), None) => {
            super::markup::read(document).map_err(|why| invalid(&why))?;
            Order::Redirect(document.to_owned())
        }
        (None, None, Some(to)) => Order::Fetch(to),
        _ => return Err(invalid("one of Status, Texml and Url is wanted")),
    };
    if !state.order(call, order) {
        return Err(over());
    }
    Ok(Response::json(200, &json!({"sid": call, "status": "in-progress"})))
}

const TRANSFER: &[&str] = &[
    "to",
    "from",
    "from_display_name",
    "timeout_secs",
    "time_limit_secs",
    "audio_url",
    "webhook_url",
    "client_state",
    "command_id",
];

fn act(state: &mut State, request: &Request, call: &str, action: &str) -> Answer {
    let order = match action {
        "hangup" => {
            object(request, &["client_state", "command_id", "custom_headers", "reason"])
                .map_err(|why| invalid(&why))?;
            Order::Complete
        }
        "transfer" => {
            let fields = object(request, TRANSFER).map_err(|why| invalid(&why))?;
            let Some(to) = text(&fields, "to")?.filter(|to| is_number(to) || to.starts_with("sip:")) else {
                return Err(invalid("to is a number in E.164 or a SIP address"));
            };
            Order::Redirect(format!("<Response><Dial>{to}</Dial></Response>"))
        }
        "reject" | "answer" | "speak" | "streaming_start" | "streaming_stop" | "send_dtmf" => {
            return Err(invalid(&format!("{action} is not used by this simulator")));
        }
        _ => return Err(lost()),
    };
    if !state.order(call, order) {
        return Err(over());
    }
    Ok(data(&json!({"result": "ok"})))
}

const MESSAGE: &[&str] = &[
    "from",
    "to",
    "text",
    "messaging_profile_id",
    "webhook_url",
    "webhook_failover_url",
    "use_profile_webhooks",
    "type",
    "auto_detect",
    "subject",
    "media_urls",
    "encoding",
];

fn message(state: &mut State, request: &Request) -> Done {
    match judged(state, request) {
        Ok((mood, answer)) => mooded(mood, answer),
        Err(refused) => Done::Answer(refused),
    }
}

fn judged(state: &mut State, request: &Request) -> Result<(Mood, Response), Response> {
    let fields = object(request, MESSAGE).map_err(|why| invalid(&why))?;
    let (Some(from), Some(whom), Some(body)) =
        (text(&fields, "from")?, text(&fields, "to")?, text(&fields, "text")?)
    else {
        return Err(invalid("from, to and text are required"));
    };
    if !is_number(whom) {
        return Err(refuse(400, "40310", "Invalid 'to' address"));
    }
    if !state.numbers.iter().any(|number| number.get("phone_number") == from) {
        return Err(refuse(400, "40305", "Invalid 'from' address"));
    }
    if body.is_empty() || body.chars().count() > 1_600 {
        return Err(refuse(400, "40302", "Message too large"));
    }
    if state.texts.stopped.contains(whom) {
        return Err(refuse(400, "40300", "Blocked due to STOP message"));
    }
    let report = to(&fields, "webhook_url", "webhook_method")?.map(|to| to.url).unwrap_or_default();
    let id = uuid(unique(), 8);
    let answer = json!({
        "id": id, "record_type": "message", "direction": "outbound", "type": "SMS",
        "messaging_profile_id": uuid(1, 1),
        "from": {"phone_number": from, "carrier": "Telnyx", "line_type": "VoIP"},
        "to": [{"phone_number": whom, "status": "queued", "carrier": "Sim", "line_type": "Wireless"}],
        "text": body, "media": [], "parts": 1, "encoding": "GSM-7", "errors": [],
    });
    let mood = state
        .text(id, from.to_owned(), whom.to_owned(), body.to_owned(), report)
        .map_err(|status| refuse(status, "10011", "The message was not taken"))?;
    Ok((mood, data(&answer)))
}

fn details(state: &State, query: &str) -> Answer {
    let fields = http::read_form(query).map_err(|why| invalid(&why))?;
    let wanted = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    if wanted("filter[record_type]").as_deref() != Some("messaging") {
        return Err(invalid("filter[record_type] is required, and messaging alone is kept here"));
    }
    let (from, whom) = (wanted("filter[cli]"), wanted("filter[cld]"));
    let fits = |sent: &&Sent| {
        from.as_ref().is_none_or(|from| *from == sent.from)
            && whom.as_ref().is_none_or(|whom| *whom == sent.to)
    };
    let all = state.texts.sent.iter().rev().filter(fits).map(|sent| {
        json!({
            "record_type": "messaging", "uuid": sent.sid, "id": sent.sid, "cli": sent.from, "cld": sent.to,
            "direction": "outbound", "status": "delivered", "created_at": sent.created, "sent_at": sent.created,
        })
    });
    listed(query, &["record_type", "direction", "cli", "cld", "date_range"], all.collect())
}

fn shown(things: &[Thing], kind: &str) -> Vec<Value> {
    things.iter().map(|thing| displayed(thing, kind)).collect()
}

fn displayed(thing: &Thing, kind: &str) -> Value {
    let mut shown = Value::Object(thing.settings.clone());
    shown["id"] = thing.id.clone().into();
    shown["record_type"] = kind.into();
    shown
}

fn one(things: &[Thing], id: &str, kind: &str) -> Answer {
    things.iter().find(|thing| thing.id == id).map(|thing| data(&displayed(thing, kind))).ok_or_else(lost)
}

/// A page; filters of these names are known, and those that look like a setting are heeded.
fn listed(query: &str, filters: &[&str], mut all: Vec<Value>) -> Answer {
    let fields = http::read_form(query).map_err(|why| invalid(&why))?;
    let (mut number, mut size) = (1, 20);
    for (name, value) in &fields {
        let whole = || value.parse::<usize>().ok().filter(|n| *n > 0).ok_or_else(|| invalid(name));
        match name.as_str() {
            "page[number]" => number = whole()?,
            "page[size]" => size = whole()?,
            "sort" => {}
            other => {
                let inner = other.strip_prefix("filter[").and_then(|rest| rest.strip_suffix(']'));
                let Some(inner) = inner.filter(|inner| filters.contains(inner)) else {
                    return Err(invalid(&format!("{other} is not a parameter")));
                };
                all.retain(|one| one.get(inner).and_then(Value::as_str).is_none_or(|is| is == value));
            }
        }
    }
    if size > 250 {
        return Err(invalid("page[size] is 250 at most"));
    }
    let total = all.len();
    let here: Vec<Value> = all.into_iter().skip((number - 1) * size).take(size).collect();
    let meta = json!({
        "total_pages": total.div_ceil(size), "total_results": total, "page_number": number, "page_size": size,
    });
    Ok(Response::json(200, &json!({"data": here, "meta": meta})))
}

fn bind(state: &mut State, request: &Request, id: &str) -> Answer {
    let known = ["connection_id", "tags", "external_pin", "billing_group_id", "customer_reference"];
    let fields = object(request, &known).map_err(|why| invalid(&why))?;
    if let Some(application) = text(&fields, "connection_id")?
        && !application.is_empty()
        && !state.applications.iter().any(|app| app.id == application)
    {
        return Err(invalid("connection_id is no application of this account"));
    }
    let changed = State::set(&mut state.numbers, &mut state.changes, id, fields).ok_or_else(lost)?;
    Ok(data(&displayed(&changed, "phone_number")))
}

const APPLICATION: &[&str] = &[
    "friendly_name",
    "voice_url",
    "voice_fallback_url",
    "voice_method",
    "status_callback",
    "status_callback_method",
    "active",
    "anchorsite_override",
    "dtmf_type",
    "first_command_timeout",
    "first_command_timeout_secs",
    "tags",
    "inbound",
    "outbound",
    "call_cost_in_webhooks",
];

fn application(state: &mut State, request: &Request, id: Option<&str>) -> Answer {
    let fields = object(request, APPLICATION).map_err(|why| invalid(&why))?;
    let (name, voice) = (text(&fields, "friendly_name")?, to(&fields, "voice_url", "voice_method")?);
    to(&fields, "status_callback", "status_callback_method")?;
    for method in ["voice_method", "status_callback_method"] {
        if !matches!(text(&fields, method)?, None | Some("get" | "post")) {
            return Err(invalid(&format!("{method} is get or post")));
        }
    }
    if name.is_none_or(str::is_empty) || voice.is_none() {
        return Err(invalid("friendly_name and voice_url are required"));
    }
    let thing = match id {
        Some(id) => State::set(&mut state.applications, &mut state.changes, id, fields).ok_or_else(lost)?,
        None => state.make(fields),
    };
    let shown = json!({"data": displayed(&thing, "texml_application")});
    Ok(Response::json(if id.is_none() { 201 } else { 200 }, &shown))
}

fn data(value: &Value) -> Response {
    Response::json(200, &json!({"data": value}))
}

fn over() -> Response {
    refuse(422, "90018", "Call has already ended")
}

fn lost() -> Response {
    refuse(404, "10005", "Resource not found")
}

fn invalid(why: &str) -> Response {
    refuse(422, "10015", why)
}

fn refuse(status: u16, code: &str, why: &str) -> Response {
    Response::json(status, &json!({"errors": [{"code": code, "title": why, "detail": why}]}))
}
