//! Asking Calendar v3: one request, tried until it is answered, refused, or given up.

use super::{
    Account, Reach, Secret,
    fault::{Failed, Fault, judge},
    send::{Answer, send},
};
use reqwest::{Method, header};
use serde_json::Value;
use std::time::Duration;

/// What is asked.
pub(super) struct Call {
    method: Method,
    /// Under the API's address, encoded.
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
    if_match: Option<String>,
    /// A member that the answer must have, with its value; an answer without it is none.
    expected: Option<(&'static str, String)>,
    /// It changes something there.
    writes: bool,
}

impl Call {
    pub fn get(path: String) -> Self {
        Self {
            method: Method::GET,
            path,
            query: Vec::new(),
            body: None,
            if_match: None,
            expected: None,
            writes: false,
        }
    }

    /// A question too long for an address.
    pub fn query_by(path: String, body: Value) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::get(path) }
    }

    pub fn post(path: String, body: Value) -> Self {
        Self { writes: true, ..Self::query_by(path, body) }
    }

    pub fn patch(path: String, body: Value) -> Self {
        Self { method: Method::PATCH, ..Self::post(path, body) }
    }

    pub fn delete(path: String) -> Self {
        Self { method: Method::DELETE, writes: true, ..Self::get(path) }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Only where it still is this version. A tag is sent as it came, with its quotes.
    pub fn if_match(mut self, etag: Option<&str>) -> Self {
        self.if_match = etag.map(str::to_owned);
        self
    }

    pub fn expecting(mut self, name: &'static str, value: &str) -> Self {
        self.expected = Some((name, value.to_owned()));
        self
    }

    fn request(&self, reach: &Reach, token: &Secret) -> Result<reqwest::Request, Fault> {
        let wrong = || Fault::Refused("The request cannot be written.".into());
        let mut url =
            reqwest::Url::parse(&format!("{}/{}", reach.addresses.api, self.path)).map_err(|_| wrong())?;
        url.query_pairs_mut().extend_pairs(&self.query).append_pair("prettyPrint", "false");
        let mut bearer = header::HeaderValue::from_str(&format!("Bearer {}", token.expose()))
            .map_err(|_| Fault::Revoked("The token cannot be one. Connect the calendar again.".into()))?;
        bearer.set_sensitive(true);
        let mut request = reach.http.request(self.method.clone(), url).header(header::AUTHORIZATION, bearer);
        if let Some(etag) = &self.if_match {
            request = request.header(header::IF_MATCH, etag);
        }
        if let Some(body) = &self.body {
            request = request.json(body);
        }
        request.build().map_err(|_| wrong())
    }
}

/// A text as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.extend(
                [byte >> 4, byte & 15].map(|half| char::from(b"0123456789ABCDEF"[usize::from(half)])),
            );
        }
        encoded
    })
}

impl Account {
    /// The answer, null where it is empty. What was lost or is too much for now is tried again at the pace of the reach; a
    /// token that is not accepted is renewed once.
    pub(super) async fn ask(&self, call: &Call) -> Result<Value, Failed> {
        let mut doubt = false;
        let mut failed = 0;
        let mut refused: Option<Secret> = None;
        loop {
            let token = self
                .token(refused.as_ref())
                .await
                .map_err(|trouble| Failed { fault: trouble.into(), doubt })?;
            let request = call.request(&self.reach, &token).map_err(|fault| Failed { fault, doubt })?;
            let (fault, asked) = match send(&self.reach, request).await {
                Ok(answer) => match read(call, answer) {
                    Ok(value) => return Ok(value),
                    Err((fault, asked)) => {
                        doubt |= call.writes && matches!(fault, Fault::Lost(_));
                        (fault, asked)
                    }
                },
                Err(lost) => {
                    doubt |= call.writes && lost.sent;
                    (Fault::Lost(format!("{lost}.")), None)
                }
            };
            match fault {
                Fault::Stale(_) if refused.is_none() => refused = Some(token),
                Fault::Stale(said) => {
                    let fault = Fault::Revoked(format!("{said} Connect the calendar again."));
                    return Err(Failed { fault, doubt });
                }
                Fault::Lost(_) | Fault::Busy(_) => {
                    failed += 1;
                    let Some(wait) = self.reach.pace.wait(failed, asked, self.jitter()) else {
                        return Err(Failed { fault, doubt });
                    };
                    tokio::time::sleep(wait).await;
                }
                Fault::Refused(_)
                | Fault::Revoked(_)
                | Fault::Missing(_)
                | Fault::Deleted
                | Fault::Resync
                | Fault::Duplicate
                | Fault::Changed => return Err(Failed { fault, doubt }),
            }
        }
    }
}

fn read(call: &Call, answer: Answer) -> Result<Value, (Fault, Option<Duration>)> {
    let Answer { status, retry_after, body } = answer;
    if !(200..300).contains(&status) {
        return Err((judge(status, &body), retry_after));
    }
    if call.method == Method::DELETE {
        return Ok(Value::Null);
    }
    let is_expected = |answer: &Value| {
        let same = |(name, value): &(&str, String)| answer[*name] == value.as_str();
        answer.is_object() && call.expected.as_ref().is_none_or(same)
    };
    match serde_json::from_slice(&body).ok().filter(is_expected) {
        Some(answer) => Ok(answer),
        None => Err((Fault::Lost("Google answered nonsense.".into()), retry_after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_segment_whatever_is_in_it() {
        assert_eq!(segment("primary"), "primary");
        assert_eq!(segment("a@b.example"), "a%40b.example");
        assert_eq!(
            segment("de.german#holiday@group.v.calendar.google.com"),
            "de.german%23holiday%40group.v.calendar.google.com"
        );
        assert_eq!(segment("../a?b/c%d é"), "..%2Fa%3Fb%2Fc%25d%20%C3%A9");
    }
}
