//! Asking within bounds, and reading what came.

use super::{Unusable, unusable};
use crate::mcp::schema::tidy;
use reqwest::Url;
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// The largest document.
const LARGEST: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);

/// The status and the document that this request brings; null where it is no JSON.
pub(super) async fn asked(request: reqwest::RequestBuilder) -> Result<(u16, Value), Unusable> {
    timeout(PATIENCE, bounded(request))
        .await
        .unwrap_or_else(|_| Err(unusable("It takes too long to answer.")))
}

async fn bounded(request: reqwest::RequestBuilder) -> Result<(u16, Value), Unusable> {
    let failed = |error: reqwest::Error| unusable(format!("It cannot be reached: {}", error.without_url()));
    let mut response = request.header("accept", "application/json").send().await.map_err(failed)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(unusable("It answers with more than any such document holds."));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

/// An address that may be told secrets: https, or this machine where `here` says that the server is on it.
pub(super) fn safe_url(text: &str, here: bool) -> Result<Url, Unusable> {
    let wrong = || unusable(format!("{:?} is no address that a secret may be told.", tidy(text, 120)));
    let url = Url::parse(text).map_err(|_| wrong())?;
    let fit = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let safe = url.scheme() == "https" || url.scheme() == "http" && here && is_here(&url);
    if fit && safe { Ok(url) } else { Err(wrong()) }
}

/// Whether an address is this machine's own.
pub(super) fn is_here(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// What an error document says.
pub(super) fn complaint(document: &Value) -> String {
    let text = |name: &str| document[name].as_str().map(|text| tidy(text, 200)).unwrap_or_default();
    let (error, description) = (text("error"), text("error_description"));
    match (error.is_empty(), description.is_empty()) {
        (true, _) => "it does not say why".into(),
        (false, true) => error,
        (false, false) => format!("{error}: {description}"),
    }
}

/// The value of a parameter of a challenge, `Bearer resource_metadata="https://…", scope="…"`.
pub(super) fn parameter(challenge: &str, name: &str) -> Option<String> {
    let mut rest = challenge;
    while let Some(at) = rest.find(name) {
        let before = rest[..at].chars().next_back();
        rest = &rest[at + name.len()..];
        let begins = before.is_none_or(|letter| letter == ' ' || letter == ',');
        if let Some(value) = rest.trim_start().strip_prefix('=').filter(|_| begins) {
            let value = value.trim_start();
            return match value.strip_prefix('"') {
                Some(quoted) => quoted.split('"').next().map(str::to_owned),
                None => value.split([',', ' ']).next().map(str::to_owned),
            };
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read() {
        let challenge = "Bearer error=\"invalid_token\", error_description=\"scope=none\", \
                         resource_metadata=\"https://example.com/.well-known/x\", scope=\"a b\"";
        assert_eq!(
            parameter(challenge, "resource_metadata").as_deref(),
            Some("https://example.com/.well-known/x")
        );
        assert_eq!(parameter(challenge, "scope").as_deref(), Some("a b"));
        assert_eq!(parameter("Bearer scope=a, x=b", "scope").as_deref(), Some("a"));
        assert_eq!(parameter("Bearer", "scope"), None);
        assert_eq!(parameter("", "scope"), None);
    }

    #[test]
    fn secrets_are_told_to_safe_addresses_only() {
        for (text, here, safe) in [
            ("https://as.example/token", false, true),
            ("http://as.example/token", false, false),
            ("http://as.example/token", true, false),
            ("http://127.0.0.1:9/token", true, true),
            ("http://127.0.0.1:9/token", false, false),
            ("https://user:secret@as.example/token", false, false),
            ("file:///etc/passwd", true, false),
            ("javascript:alert(1)", true, false),
            ("nonsense", true, false),
        ] {
            assert_eq!(safe_url(text, here).is_ok(), safe, "{text}");
        }
    }
}
