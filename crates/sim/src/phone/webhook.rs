//! The requests of a company to the server: signed as it signs them, and their answers read as it reads them.

use super::{
    Account, Dial, Failed,
    company::{About, Company},
    verb::{Callback, Verb},
};
use crate::http::{self, Request, Response};
use std::time::Duration;

/// What a webhook answered.
#[derive(Clone, Debug)]
pub struct Answered {
    pub verbs: Vec<Verb>,
    /// As it came.
    pub document: String,
}

/// Rings: asks the webhook what to do with the call. Asking again with the same [`Dial`] is a company's retry.
pub async fn ring(account: impl Into<Account>, dial: &Dial) -> Result<Answered, Failed> {
    let company = account.into().company();
    let webhook = Callback { url: dial.webhook.clone(), post: dial.post };
    ask(&*company, dial, &webhook, &About::Ringing).await
}

/// Asks what to do next.
pub(super) async fn ask(
    company: &dyn Company,
    dial: &Dial,
    to: &Callback,
    about: &About<'_>,
) -> Result<Answered, Failed> {
    let codes = company.codes();
    let response = send(company, dial, to, about).await?;
    let document = String::from_utf8_lossy(&response.body).into_owned();
    let media_type = response.header("content-type").unwrap_or_default();
    if !company.takes(media_type.split(';').next().unwrap_or_default().trim()) {
        let what = format!("the webhook answered with the content type {media_type:?}");
        return Err(Failed { code: codes.media_type, what, status: Some(response.status) });
    }
    Ok(Answered { verbs: read(company, &document)?, document })
}

/// Tells something; the answer has to be a good one, and what is in it is of no interest.
pub(super) async fn tell(
    company: &dyn Company,
    dial: &Dial,
    to: &Callback,
    about: &About<'_>,
) -> Result<(), Failed> {
    send(company, dial, to, about).await.map(drop)
}

/// Reads a document.
pub(super) fn read(company: &dyn Company, document: &str) -> Result<Vec<Verb>, Failed> {
    company.read(document).map_err(|what| Failed {
        code: company.codes().document,
        what: format!("the document is refused: {what}"),
        status: None,
    })
}

/// An address in a document, which may be relative to the one that answered it.
pub(super) fn absolute(from: &str, url: &str) -> String {
    if url.contains("://") {
        return url.to_owned();
    }
    let origin = from.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    format!("{origin}/{}", url.trim_start_matches('/'))
}

async fn send(
    company: &dyn Company,
    dial: &Dial,
    to: &Callback,
    about: &About<'_>,
) -> Result<Response, Failed> {
    let url = absolute(&dial.webhook, &to.url);
    let fields = company.fields(dial, about);
    let (url, signed, body) = if to.post {
        let body = http::write_form(&fields);
        (url, fields, body)
    } else {
        let query = http::write_form(&fields);
        (format!("{url}{}{query}", if url.contains('?') { '&' } else { '?' }), Vec::new(), String::new())
    };
    let mut headers =
        vec![("User-Agent".to_owned(), company.agent().to_owned()), ("Accept".into(), "*/*".into())];
    headers.extend(company.sign(&url, to.post, &signed, &body));
    if to.post {
        headers.push(("Content-Type".into(), "application/x-www-form-urlencoded; charset=UTF-8".into()));
    }
    let what = |what| Failed { code: company.codes().unreachable, what, status: None };
    let response = exchange(dial, &url, to.post, headers, body.into_bytes(), company.patience())
        .await
        .map_err(|why| what(format!("the webhook does not answer: {why}")))?;
    if !(200..300).contains(&response.status) {
        let begin = String::from_utf8_lossy(&response.body).chars().take(200).collect::<String>();
        let what = format!("the webhook answered {}: {begin}", response.status);
        return Err(Failed { code: company.codes().unreachable, what, status: Some(response.status) });
    }
    Ok(response)
}

/// Fetches what a document says to play, without a signature.
pub(super) async fn fetch(dial: &Dial, url: &str, patience: Duration) -> Result<Response, String> {
    exchange(dial, url, false, Vec::new(), Vec::new(), patience).await
}

/// One request to wherever the host of `url` really is.
async fn exchange(
    dial: &Dial,
    url: &str,
    post: bool,
    mut headers: Vec<(String, String)>,
    body: Vec<u8>,
    patience: Duration,
) -> Result<Response, String> {
    let Some(address) = dial.connect_to else {
        return remote(url, post, headers, body, patience).await.map_err(|why| why.to_string());
    };
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
    headers.insert(0, ("Host".to_owned(), host.to_owned()));
    headers.push(("X-Forwarded-Proto".into(), scheme.to_owned()));
    let method = if post { "POST" } else { "GET" }.to_owned();
    let request = Request { method, target, headers, body };
    http::ask(address, &request, patience).await.map_err(|why| why.to_string())
}

async fn remote(
    url: &str,
    post: bool,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    patience: Duration,
) -> Result<Response, reqwest::Error> {
    let client = reqwest::Client::builder().timeout(patience).build()?;
    let mut request = if post { client.post(url).body(body) } else { client.get(url) };
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let response = request.send().await?;
    let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    Ok(Response { status: response.status().as_u16(), headers, body: response.bytes().await?.to_vec() })
}
