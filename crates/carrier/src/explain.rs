//! Why a signed request is refused, in words that tell its owner what to change.

mod plivo;
mod telnyx;
mod twilio;

use crate::{
    Carrier, Request,
    address::{self, Address},
    form,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// What a request is found to be, as `earpiece explain` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    pub accepted: bool,
    pub reason: String,
}

/// The input is not the JSON object that is asked for. The text says where, without quoting it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// Judges one request to Twilio's webhook or stream, given as the JSON object
/// `{"method", "url", "headers": {…}, "body", "auth_token"}`: `url` as Twilio called it (`wss:` or `ws:` for an
/// upgrade, which has no body), header names in any case, `auth_token` whatever secret signs. Exactly this address
/// counts; others are only tried to find out what went wrong.
pub fn twilio(input: &str) -> Result<Verdict, Unreadable> {
    Ok(twilio::judge(&read(input, AUTH_TOKEN)?))
}

/// The same for Plivo: by V3 where its header is there, else by V2, which leaves query and body out.
pub fn plivo(input: &str) -> Result<Verdict, Unreadable> {
    Ok(plivo::judge(&read(input, AUTH_TOKEN)?))
}

/// Judges one request to Telnyx' webhook, given as `{"headers": {…}, "body", "public_key", "now_unix"}`: the public key
/// in base64, and the time in seconds at which it came in. `method` and `url` may be there and make no difference, since
/// Telnyx does not sign them.
pub fn telnyx(input: &str) -> Result<Verdict, Unreadable> {
    Ok(telnyx::judge(&read(input, telnyx::SHAPE)?))
}

const AUTH_TOKEN: &str = r#"{"method", "url", "headers": {…}, "body", "auth_token"} with texts as values"#;

fn read<'a, T: Deserialize<'a>>(input: &'a str, shape: &str) -> Result<T, Unreadable> {
    serde_json::from_str(input).map_err(|error| {
        let what = if error.is_data() { "the object is not" } else { "the input is not JSON; wanted is" };
        Unreadable(format!("{what} {shape} (line {}, column {})", error.line(), error.column()))
    })
}

/// A request of a carrier that signs with the account's token.
#[derive(Deserialize)]
struct Case {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    auth_token: String,
}

impl Case {
    fn headers(&self) -> Vec<(String, String)> {
        self.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn judged<'a>(&'a self, carrier: &'a dyn Carrier, headers: &'a [(String, String)]) -> Judged<'a> {
        let target = Address::split(&self.url).map_or("/", |url| url.path_and_more());
        let body = self.body.as_deref().unwrap_or_default().as_bytes();
        let request = Request { method: &self.method, target, headers, body };
        Judged { carrier, request, url: &self.url, secret: &self.auth_token }
    }
}

fn accepted(reason: &str) -> Verdict {
    Verdict { accepted: true, reason: reason.to_owned() }
}

fn refused(reason: String) -> Verdict {
    Verdict { accepted: false, reason }
}

/// A request, to be compared with what might have been meant.
#[derive(Clone, Copy)]
struct Judged<'a> {
    carrier: &'a dyn Carrier,
    request: Request<'a>,
    url: &'a str,
    secret: &'a str,
}

impl Judged<'_> {
    fn matches(&self) -> bool {
        self.carrier.verify(&self.request, self.url, self.secret, 0).is_ok()
    }

    /// What went wrong, where it is something that can befall any carrier's request.
    fn usual(&self) -> Option<String> {
        self.another_address().or_else(|| self.another_secret()).or_else(|| self.another_body())
    }

    fn another_address(&self) -> Option<String> {
        let found = near(self).into_iter().find(|url| Judged { url, ..*self }.matches())?;
        let (here, there) = (Address::split(self.url)?, Address::split(&found)?);
        let socket = |url: &str| url.starts_with("ws");
        let advice = if socket(self.url) != socket(&found) {
            "a stream is signed as wss:, a webhook as https:, and whoever signed this took one for the other"
                .to_owned()
        } else if address::origin(self.url) != address::origin(&found) {
            let origin = address::origin(&found).replacen("ws", "http", 1);
            format!("set PUBLIC_URL={origin}")
        } else if here.path_and_more().trim_end_matches('/') == there.path_and_more().trim_end_matches('/') {
            "something on the way adds or removes the slash at the end; put the very same address into the \
             carrier's settings and PUBLIC_URL"
                .to_owned()
        } else {
            "something on the way changes the path or the query; let it pass the request's target unchanged"
                .to_owned()
        };
        Some(format!("the signature is of another address: it matches {found} — {advice}"))
    }

    fn another_secret(&self) -> Option<String> {
        let bare = self.secret.trim().trim_matches(['"', '\'']);
        let found = bare != self.secret && Judged { secret: bare, ..*self }.matches();
        found.then(|| {
            "the token has blanks or quotes around it; without them the signature is right".to_owned()
        })
    }

    fn another_body(&self) -> Option<String> {
        let query = Address::split(self.url)?.query();
        if self.request.body.is_empty() {
            let appended = Request { method: "POST", body: query.as_bytes(), ..self.request };
            let found = !query.is_empty() && Judged { request: appended, ..*self }.matches();
            return found.then(|| {
                "whoever signed this added the query's fields to the address again; for a GET only the address is \
                 signed"
                    .to_owned()
            });
        }
        if (Judged { request: Request { body: b"", ..self.request }, ..*self }).matches() {
            return Some(
                "the signature is of this address alone: the body was added after signing".to_owned(),
            );
        }
        // Bodies with more fields than this are no webhook's; trying to leave out each would be work for nothing.
        let fields: Vec<_> = self.request.body.split(|&byte| byte == b'&').take(100).collect();
        (0..fields.len()).find_map(|left_out| {
            let rest: Vec<_> =
                fields.iter().enumerate().filter(|(i, _)| *i != left_out).map(|(_, f)| *f).collect();
            let body = rest.join(&b'&');
            let found = Judged { request: Request { body: &body, ..self.request }, ..*self }.matches();
            let (name, _) = form::fields(fields[left_out]).next()?;
            found.then(|| format!("the field `{name}` was added after signing"))
        })
    }
}

/// Ports at which such programs are often reached.
const PORTS: [&str; 8] = [":443", ":80", ":8443", ":8080", ":8000", ":5000", ":5050", ":3000"];

/// Addresses that are easily taken for `url`: with another scheme or port, with or without the slash at the end, with or
/// without the query, as the headers tell it.
fn near(judged: &Judged<'_>) -> Vec<String> {
    let Judged { carrier, request, url, .. } = *judged;
    let mut near = Vec::new();
    let (path, query) =
        url.split_once('?').map_or((url, String::new()), |(path, query)| (path, format!("?{query}")));
    let other = path.strip_suffix('/').map_or_else(|| format!("{path}/"), str::to_owned);
    for whole in [url.to_owned(), format!("{other}{query}"), path.to_owned(), other.clone()] {
        let Some(Address { scheme, .. }) = Address::split(&whole) else { continue };
        for other_scheme in ["https://", "http://", "wss://", "ws://"] {
            near.push(format!("{other_scheme}{}", &whole[scheme.len()..]));
        }
    }
    if let Some(address @ Address { scheme, user, host, .. }) = Address::split(url) {
        let rest = address.path_and_more();
        near.extend(PORTS.map(|port| format!("{scheme}{user}{host}{port}{rest}")));
    }
    let socket = url.starts_with("ws");
    let upgrade = [("upgrade".to_owned(), "websocket".to_owned())];
    let headers: Vec<_> = request.headers.iter().chain(upgrade.iter().filter(|_| socket)).cloned().collect();
    let request = Request { headers: &headers, ..request };
    near.extend(carrier.addresses(&request, None, true));
    near.extend(carrier.addresses(&request, Some(address::origin(url)), true));
    near
}
