//! Why a service cannot be reached, or let go of us, in words for its owner.

use call::Failure;
use http::{HeaderMap, StatusCode, Uri};
use std::{error::Error, io, net::IpAddr};
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};

/// The host of an address that we may call: with TLS, or on this machine.
pub(crate) fn check_address(uri: &Uri) -> Result<String, Failure> {
    let lasting = |why: String| Failure { why, lasting: true };
    let Some(host) = uri.host() else {
        return Err(lasting(format!(
            "{uri} is no address of a WebSocket; it should look like wss://host/path."
        )));
    };
    match uri.scheme_str() {
        Some("wss") => Ok(host.to_owned()),
        Some("ws") if is_loopback(host) => Ok(host.to_owned()),
        Some("ws") => Err(lasting(format!(
            "{host} would be called without TLS, and the key and the caller's voice with it; use wss:// (ws:// is only \
             for this machine)."
        ))),
        _ => Err(lasting(format!("The address of {host} has to begin with wss://."))),
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Why the connection did not come about.
pub(crate) fn describe(peer: &str, why: tungstenite::Error, headers: &HeaderMap) -> Failure {
    match why {
        tungstenite::Error::Http(answer) => {
            let named = || Some(plain(answer.headers().get("dg-error")?.to_str().ok()?));
            let said =
                answer.body().as_deref().and_then(reason).or_else(named).filter(|said| !said.is_empty());
            let said = said.map(|said| scrub(said, headers));
            refused(peer, answer.status(), said)
        }
        tungstenite::Error::Io(why) if is_untrusted(&why) => untrusted(peer, &why),
        tungstenite::Error::Io(why) => out_of_reach(peer, &why),
        tungstenite::Error::Tls(why) => {
            Failure { why: format!("The connection to {peer} cannot be secured: {why}."), lasting: true }
        }
        tungstenite::Error::Url(why) => {
            Failure { why: format!("The address of {peer} cannot be used: {why}."), lasting: true }
        }
        why => Failure { why: format!("{peer} does not answer as a WebSocket does: {why}."), lasting: false },
    }
}

/// Why a request was not answered at all.
pub(crate) fn unanswered(peer: &str, why: &reqwest::Error) -> Failure {
    // The last cause says it; those around it repeat the address.
    let mut cause: &dyn Error = why;
    while let Some(source) = cause.source() {
        if source.downcast_ref().is_some_and(is_untrusted) {
            return untrusted(peer, source);
        }
        cause = source;
    }
    out_of_reach(peer, cause)
}

fn untrusted(peer: &str, why: &dyn Error) -> Failure {
    Failure { why: format!("{peer} shows a certificate that cannot be trusted: {why}."), lasting: true }
}

fn out_of_reach(peer: &str, why: &dyn Error) -> Failure {
    Failure { why: format!("{peer} cannot be reached: {why}."), lasting: false }
}

/// Whether it is not the one it should be at the other end, or cannot show that it is. Some wrap the reason twice.
fn is_untrusted(why: &io::Error) -> bool {
    let Some(inner) = why.get_ref() else { return false };
    match inner.downcast_ref::<rustls::Error>() {
        Some(tls) => matches!(tls, rustls::Error::InvalidCertificate(_)),
        None => inner.downcast_ref::<io::Error>().is_some_and(is_untrusted),
    }
}

pub(crate) fn refused(peer: &str, status: StatusCode, said: Option<String>) -> Failure {
    let (what, lasting) = match status.as_u16() {
        401 => ("does not accept the key", true),
        402 => ("has no credit left for this key", true),
        403 => ("forbids this key to connect", true),
        404 => ("does not know this address or model", true),
        429 => ("takes no more sessions of this account just now", false),
        500..=599 => ("is in trouble", false),
        300..=399 => ("sends us to another address; set that one", true),
        _ => ("refused the connection", true),
    };
    // A quota that is used up is told with the same status as a short crowd.
    let spent = said.as_deref().is_some_and(|said| said.contains("quota") || said.contains("billing"));
    let said = said.map(|said| format!(": {said}")).unwrap_or_default();
    Failure { why: format!("{peer} {what} ({}){said}", status.as_u16()), lasting: lasting || spent }
}

/// The sentence in the body of a refusal, where there is one: OpenAI's `error.message`, Deepgram's `err_msg`.
pub(crate) fn reason(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let said = match body.get("error") {
        Some(error) => error.get("message").unwrap_or(error),
        None => body.get("err_msg")?,
    };
    Some(plain(said.as_str()?)).filter(|said| !said.is_empty())
}

/// At most 300 characters, none of them able to do anything.
fn plain(said: &str) -> String {
    said.chars().filter(|c| !c.is_control()).take(300).collect()
}

/// Takes out what must not be shown, should the service repeat it to us.
fn scrub(mut said: String, headers: &HeaderMap) -> String {
    for value in headers.values().filter(|value| value.is_sensitive()) {
        for word in value.to_str().unwrap_or_default().split(' ').filter(|word| word.len() >= 8) {
            said = said.replace(word, "••••");
        }
    }
    said
}

/// Why a standing connection broke; nothing, where it was only closed.
pub(crate) fn broken(peer: &str, why: &tungstenite::Error) -> Option<String> {
    match why {
        tungstenite::Error::ConnectionClosed
        | tungstenite::Error::AlreadyClosed
        | tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        tungstenite::Error::Io(why) => Some(format!("The connection to {peer} broke: {why}.")),
        tungstenite::Error::Capacity(why) => Some(format!("{peer} sent a message that is too large: {why}.")),
        why => Some(format!("{peer} sent what is no WebSocket message: {why}.")),
    }
}
