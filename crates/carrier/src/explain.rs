//! Why a signed request is refused, in words that tell its owner what to change.

use crate::{
    Carrier, Refusal, Request,
    address::{self, Address},
    form,
    twilio::{SIGNATURE, SIGNATURE_SETTINGS, Twilio},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
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
    let case: Case = serde_json::from_str(input).map_err(|error| unreadable(&error))?;
    let headers: Vec<_> = case.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let target = Address::split(&case.url).map_or("/", |url| url.path_and_more());
    let body = case.body.as_deref().unwrap_or_default().as_bytes();
    let request = Request { method: &case.method, target, headers: &headers, body };
    let judged = Judged { request, url: &case.url, secret: &case.auth_token };
    Ok(match Twilio.verify(&request, judged.url, judged.secret, 0) {
        Ok(()) => {
            Verdict { accepted: true, reason: "the signature is of this request, by this token".into() }
        }
        Err(refusal) => Verdict { accepted: false, reason: judged.why(&refusal) },
    })
}

#[derive(Deserialize)]
struct Case {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    auth_token: String,
}

fn unreadable(error: &serde_json::Error) -> Unreadable {
    let shape = r#"{"method", "url", "headers": {…}, "body", "auth_token"} with texts as values"#;
    let what = if error.is_data() { "the object is not" } else { "the input is not JSON; wanted is" };
    Unreadable(format!("{what} {shape} (line {}, column {})", error.line(), error.column()))
}

/// A refused request, to be compared with what might have been meant.
#[derive(Clone, Copy)]
struct Judged<'a> {
    request: Request<'a>,
    url: &'a str,
    secret: &'a str,
}

impl Judged<'_> {
    fn why(&self, refusal: &Refusal) -> String {
        match refusal {
            Refusal::Unsigned => format!(
                "there is no `{SIGNATURE}` header, or it is empty: this request is not Twilio's, or a proxy took the \
                 header away"
            ),
            Refusal::Malformed(why) => format!("refused whatever its signature: {why}"),
            Refusal::WrongSignature => self
                .another_address()
                .or_else(|| self.another_secret())
                .or_else(|| self.another_body())
                .or_else(|| self.another_algorithm())
                .unwrap_or_else(|| self.no_idea()),
        }
    }

    fn matches(&self) -> bool {
        Twilio.verify(&self.request, self.url, self.secret, 0).is_ok()
    }

    fn another_address(&self) -> Option<String> {
        let found =
            near(self.url, &self.request).into_iter().find(|url| Judged { url, ..*self }.matches())?;
        let (here, there) = (Address::split(self.url)?, Address::split(&found)?);
        let socket = |url: &str| url.starts_with("ws");
        let advice = if socket(self.url) != socket(&found) {
            "a stream is signed as wss:, a webhook as https:, and whoever signed this took one for the other"
                .to_owned()
        } else if address::origin(self.url) != address::origin(&found) {
            let origin = address::origin(&found).replacen("ws", "http", 1);
            format!("set PUBLIC_URL={origin}")
        } else if here.path_and_more().trim_end_matches('/') == there.path_and_more().trim_end_matches('/') {
            "something on the way adds or removes the slash at the end; put the very same address into Twilio's \
             settings and PUBLIC_URL"
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

    fn another_algorithm(&self) -> Option<String> {
        let mut headers: Vec<_> = self.request.headers.to_vec();
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case(SIGNATURE_SETTINGS));
        let bare = headers.len();
        ["HMAC_SHA1", "HMAC_SHA256"].into_iter().find_map(|algorithm| {
            headers.truncate(bare);
            headers.push((SIGNATURE_SETTINGS.to_owned(), format!("algorithm={algorithm}")));
            let found = Judged { request: Request { headers: &headers, ..self.request }, ..*self }.matches();
            found.then(|| {
                format!(
                    "the signature was made with {algorithm}, which `{SIGNATURE_SETTINGS}` does not say: a \
                     proxy changes the headers"
                )
            })
        })
    }

    fn no_idea(&self) -> String {
        let given = self.request.header(SIGNATURE).unwrap_or_default();
        let size = BASE64_STANDARD.decode(given).ok().map(|bytes| bytes.len());
        let settings = self.request.header(SIGNATURE_SETTINGS).unwrap_or_default();
        let due = if settings.to_ascii_uppercase().contains("SHA256") { 32 } else { 20 };
        if Address::split(self.url).is_none() {
            return "the address is not a whole one: it needs scheme, host and path, as in \
                    https://example.com/incoming-call"
                .into();
        }
        match size {
            None => format!("`{SIGNATURE}` is not base64, so nothing of Twilio's made it"),
            Some(size) if size != due => format!(
                "`{SIGNATURE}` holds {size} bytes where {due} are due: it was cut, or made with another algorithm or key"
            ),
            Some(_) => "the signature matches neither this address nor one close to it: either the token is not the one \
                 that signs (it was rotated, or the number belongs to a subaccount with its own), or the body was \
                 changed on the way, or Twilio called a wholly different address"
                .into(),
        }
    }
}

/// Ports at which such programs are often reached.
const PORTS: [&str; 8] = [":443", ":80", ":8443", ":8080", ":8000", ":5000", ":5050", ":3000"];

/// Addresses that are easily taken for `url`: with another scheme or port, with or without the slash at the end, with or
/// without the query, as the headers tell it.
fn near(url: &str, request: &Request<'_>) -> Vec<String> {
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
    near.extend(address::candidates(&Request { headers: &headers, ..*request }, None, true));
    near.extend(address::candidates(
        &Request { headers: &headers, ..*request },
        Some(address::origin(url)),
        true,
    ));
    near
}
