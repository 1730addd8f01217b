//! The ringing of a call: the signed request to the webhook, and the reading of its answer.
//!
//! Source: <https://www.twilio.com/docs/voice/twiml>.

use super::{
    Account, Dial, Failed,
    markup::{self, Verb},
    signature,
};
use crate::http::{self, Request};
use std::time::Duration;

/// What a webhook answered.
#[derive(Clone, Debug)]
pub struct Answered {
    pub verbs: Vec<Verb>,
    /// As it came.
    pub document: String,
}

/// Rings: asks the webhook what to do with the call. Asking again with the same [`Dial`] is Twilio's retry.
pub async fn ring(account: &Account, dial: &Dial) -> Result<Answered, Failed> {
    fetch(account, dial, &dial.webhook, dial.post).await
}

/// Asks another address what to do next.
pub(super) async fn follow(
    account: &Account,
    dial: &Dial,
    url: &str,
    method: &str,
) -> Result<Vec<Verb>, Failed> {
    let url = if url.contains("://") {
        url.to_owned()
    } else {
        let origin = dial.webhook.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        format!("{origin}/{}", url.trim_start_matches('/'))
    };
    Ok(fetch(account, dial, &url, method == "POST").await?.verbs)
}

/// Reads TwiML.
pub(super) fn parse(document: &str) -> Result<Vec<Verb>, Failed> {
    let refused = |what| Failed { code: 12_100, what: format!("the TwiML is refused: {what}"), status: None };
    markup::read(document).map_err(refused)
}

/// What Twilio gives a webhook altogether.
const PATIENCE: Duration = Duration::from_secs(15);

async fn fetch(account: &Account, dial: &Dial, url: &str, post: bool) -> Result<Answered, Failed> {
    let fields = fields(account, dial);
    let url = if post {
        url.to_owned()
    } else {
        format!("{url}{}{}", if url.contains('?') { '&' } else { '?' }, http::write_form(&fields))
    };
    let signed = if post { fields.as_slice() } else { &[] };
    let signature = signature::sign(&url, signed, &account.auth_token);
    let body = if post { http::write_form(&fields) } else { String::new() };
    let (status, content_type, document) = match dial.connect_to {
        Some(address) => {
            let (scheme, rest) = url.split_once("://").unwrap_or(("http", &url));
            let (host, target) = match rest.find('/') {
                Some(at) => rest.split_at(at),
                None => (rest, "/"),
            };
            let mut headers = vec![
                ("Host".to_owned(), host.to_owned()),
                ("User-Agent".into(), "TwilioProxy/1.1".into()),
                ("Accept".into(), "*/*".into()),
                ("X-Forwarded-Proto".into(), scheme.to_owned()),
                ("X-Twilio-Signature".into(), signature),
            ];
            if post {
                headers.push(("Content-Type".into(), FORM.into()));
            }
            let method = if post { "POST" } else { "GET" }.to_owned();
            let request = Request { method, target: target.to_owned(), headers, body: body.into_bytes() };
            let response = http::ask(address, &request, PATIENCE).await.map_err(|e| unreachable(&e))?;
            let content_type = response.header("content-type").unwrap_or_default().to_owned();
            (response.status, content_type, response.body)
        }
        None => remote(&url, post, signature, body).await.map_err(|e| unreachable(&e))?,
    };
    let document = String::from_utf8_lossy(&document).into_owned();
    if !(200..300).contains(&status) {
        let what =
            format!("the webhook answered {status}: {}", document.chars().take(200).collect::<String>());
        return Err(Failed { code: 11_200, what, status: Some(status) });
    }
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !matches!(media_type, "text/xml" | "application/xml" | "text/html") {
        let what = format!("the webhook answered with the content type {content_type:?}");
        return Err(Failed { code: 12_300, what, status: Some(status) });
    }
    Ok(Answered { verbs: parse(&document)?, document })
}

const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";

async fn remote(
    url: &str,
    post: bool,
    signature: String,
    body: String,
) -> Result<(u16, String, Vec<u8>), reqwest::Error> {
    let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
    let request =
        if post { client.post(url).header("Content-Type", FORM).body(body) } else { client.get(url) };
    let response = request.header("X-Twilio-Signature", signature).send().await?;
    let content_type = response.headers().get("content-type");
    let content_type = content_type.and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    Ok((response.status().as_u16(), content_type, response.bytes().await?.to_vec()))
}

fn unreachable(why: &dyn std::fmt::Display) -> Failed {
    Failed { code: 11_200, what: format!("the webhook does not answer: {why}"), status: None }
}

fn fields(account: &Account, dial: &Dial) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = [
        ("AccountSid", account.sid.as_str()),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", &dial.sids.call),
        ("CallStatus", "ringing"),
        ("Called", &dial.to),
        ("Caller", &dial.from),
        ("Direction", "inbound"),
        ("From", &dial.from),
        ("FromCity", ""),
        ("FromCountry", "US"),
        ("FromState", "CA"),
        ("FromZip", ""),
        ("To", &dial.to),
        ("ToCity", "SAN FRANCISCO"),
        ("ToCountry", "US"),
        ("ToState", "CA"),
        ("ToZip", "94105"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    if let Some(level) = dial.attestation {
        fields.push(("StirVerstat".into(), format!("TN-Validation-Passed-{level}")));
    }
    fields
}
