//! Why a request of Telnyx' is refused.

use super::{Verdict, accepted, refused};
use crate::{
    Carrier as _, Refusal, Request,
    telnyx::{SIGNATURE, TIMESTAMP, Telnyx},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const SHAPE: &str = r#"{"headers": {…}, "body", "public_key", "now_unix"} with texts as values and `now_unix` a whole number"#;

/// A request, and when it came.
#[derive(Deserialize)]
pub(super) struct Case {
    headers: BTreeMap<String, String>,
    body: Option<String>,
    public_key: String,
    now_unix: i64,
    method: Option<String>,
}

pub(super) fn judge(case: &Case) -> Verdict {
    let headers: Vec<_> = case.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let body = case.body.as_deref().unwrap_or_default();
    let method = case.method.as_deref().unwrap_or("POST");
    let request = Request { method, target: "/", headers: &headers, body: body.as_bytes() };
    let judged = Judged { request, body, key: &case.public_key, now_unix: case.now_unix };
    match judged.verdict() {
        Ok(()) => accepted("the signature is of this body at this time, by Telnyx' key"),
        Err(Refusal::Unsigned) => refused(format!(
            "there is no `{SIGNATURE}` header, or it is empty: this request is not Telnyx', or a proxy took the header \
             away"
        )),
        Err(Refusal::Malformed(why)) => refused(judged.malformed(&why)),
        Err(Refusal::WrongSignature) => refused(judged.why()),
    }
}

#[derive(Clone, Copy)]
struct Judged<'a> {
    request: Request<'a>,
    body: &'a str,
    key: &'a str,
    now_unix: i64,
}

impl Judged<'_> {
    fn verdict(&self) -> Result<(), Refusal> {
        Telnyx::default().verify(&self.request, "", self.key, self.now_unix)
    }

    /// Whether the signature would be right, at whatever time.
    fn matches(&self, body: &str, key: &str) -> bool {
        let at = self.request.header(TIMESTAMP).and_then(|at| at.parse().ok());
        let request = Request { body: body.as_bytes(), ..self.request };
        at.is_some_and(|now_unix| Telnyx::default().verify(&request, "", key, now_unix).is_ok())
    }

    fn malformed(&self, why: &str) -> String {
        let at = self.request.header(TIMESTAMP).unwrap_or_default();
        let key = self.key.trim().trim_matches(['"', '\'']);
        if at.is_empty() {
            format!("there is no `{TIMESTAMP}` header, or it is empty, and the signature is over it")
        } else if key != self.key && self.matches(self.body, key) {
            "the public key has blanks or quotes around it; without them the signature is right".into()
        } else {
            format!("refused whatever its signature: {why}")
        }
    }

    fn why(&self) -> String {
        let given = self.request.header(SIGNATURE).unwrap_or_default();
        match BASE64_STANDARD.decode(given).map(|bytes| bytes.len()) {
            Err(_) => return format!("`{SIGNATURE}` is not padded base64, so nothing of Telnyx' made it"),
            Ok(64) => {}
            Ok(size) => {
                return format!(
                    "`{SIGNATURE}` holds {size} bytes where 64 are due: it was cut or lengthened"
                );
            }
        }
        let trimmed = self.body.trim_end_matches(['\r', '\n', ' ']);
        let spellings = [trimmed.to_owned(), format!("{trimmed}\n"), format!("{trimmed}\r\n")];
        if spellings.iter().any(|body| body != self.body && self.matches(body, self.key)) {
            return "the signature is of this body with other line ends at its end: something on the way adds or takes \
                    them"
                .into();
        }
        let again = serde_json::from_str::<Value>(self.body).ok().map(|value| value.to_string());
        if again.is_some_and(|body| body != self.body && self.matches(&body, self.key)) {
            return "the signature is of the same JSON written closer together: something on the way reads the body and \
                    writes it anew; it must pass as it came"
                .into();
        }
        "the signature is not of this body at this time by this key: either the public key is another account's (see the \
         portal under Keys & Credentials, Public Key), or something on the way changes the body or the timestamp"
            .into()
    }
}
