//! Where a recording may be fetched from, whatever a webhook says.

use crate::{Garbled, address::Address};
use bytes::Bytes;
use http::{HeaderValue, Method, Uri, header};

/// Longer than any address, a presigned one included.
const LONGEST: usize = 8 * 1024;

/// Whose server an address is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The one that the carrier's API was pointed at.
    Base,
    /// This host, in lower case, by `https:` at its usual port.
    Host(String),
}

/// Judges the address of a recording. On `base` it may be by `http:` only where that is this very machine.
pub fn place(recording: &str, base: &str) -> Result<Place, Garbled> {
    let bad = |why: &str| Err(Garbled(format!("the recording's address {why}")));
    let visible = recording.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\#".contains(&byte));
    if !(1..=LONGEST).contains(&recording.len()) || !visible {
        return bad("is none");
    }
    let (Some(parts), Ok(uri)) = (Address::split(recording), recording.parse::<Uri>()) else {
        return bad("is none");
    };
    if !parts.user.is_empty() {
        return bad("has a user's name in it");
    }
    // Both readers must mean the same host.
    if uri.host() != Some(parts.host) {
        return bad("is ambiguous");
    }
    if let Some(base) = Address::split(base) {
        let same = [(parts.scheme, base.scheme), (parts.host, base.host), (parts.port, base.port)];
        let secure = base.scheme.eq_ignore_ascii_case("https://") || is_loopback(base.host);
        if secure && same.iter().all(|(here, there)| here.eq_ignore_ascii_case(there)) {
            return Ok(Place::Base);
        }
    }
    if !parts.scheme.eq_ignore_ascii_case("https://") {
        return bad("is not by https:");
    }
    if !["", ":443"].contains(&parts.port) {
        return bad("is at an unusual port");
    }
    Ok(Place::Host(parts.host.to_ascii_lowercase()))
}

/// Refuses an address on a host that is not the carrier's.
pub fn elsewhere(carrier: &str) -> Garbled {
    Garbled(format!("the recording's address is not on a server of {carrier}'s"))
}

/// Asks for what is at `address`, which [`place`] has judged.
pub fn get(address: &str, login: Option<HeaderValue>) -> http::Request<Bytes> {
    let mut request = http::Request::builder().method(Method::GET).uri(address);
    if let Some(login) = login {
        request = request.header(header::AUTHORIZATION, login);
    }
    request
        .header(header::ACCEPT, "audio/wav, audio/x-wav, audio/mpeg;q=0.5")
        .body(Bytes::new())
        .expect("the address was read before")
}

/// Whether `host` is `domain` or below it.
pub fn within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Amazon's S3, where Plivo's older recordings and Telnyx' are: `s3.amazonaws.com`, `bucket.s3.region.amazonaws.com` and
/// the like.
pub fn is_s3(host: &str) -> bool {
    let Some(rest) = host.strip_suffix(".amazonaws.com") else { return false };
    let mut labels = rest.rsplit('.');
    let last = labels.next().unwrap_or_default();
    let s3 = |label: &str| label == "s3" || label.starts_with("s3-");
    s3(last) || labels.next().is_some_and(|before| before == "s3")
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_and_plain_addresses_have_a_place() {
        let api = "https://api.twilio.com";
        assert_eq!(place("https://api.twilio.com/a", api), Ok(Place::Base));
        assert_eq!(place("https://API.plivo.com:443/a?b=c", api), Ok(Place::Host("api.plivo.com".into())));
        for bad in [
            "",
            "api.twilio.com/a",
            "/a",
            "http://api.twilio.com/a",
            "ftp://api.twilio.com/a",
            "file:///etc/passwd",
            "https://user@api.twilio.com/a",
            "https://api.twilio.com@evil.example/a",
            "https://api.twilio.com:8443/a",
            "https://evil.example\\@api.twilio.com/a",
            "https://evil.example#@api.twilio.com/a",
            "https://api.twilio.com/a b",
            "https://api.twilio.com/ü",
            "http://127.0.0.1/a",
            "http://[::1]/a",
        ] {
            assert!(place(bad, api).is_err(), "{bad}");
        }
        assert!(place(&format!("https://h/{}", "x".repeat(9_000)), api).is_err());
    }

    #[test]
    fn a_base_without_tls_counts_only_on_this_machine() {
        for base in ["http://127.0.0.1:4010", "http://localhost:4010/v1", "http://[::1]:4010"] {
            let origin = crate::address::origin(base);
            assert_eq!(place(&format!("{origin}/r.wav"), base), Ok(Place::Base), "{base}");
            assert!(place("http://127.0.0.1:4011/r.wav", base).is_err(), "{base}");
        }
        assert!(place("http://api.example.com/r.wav", "http://api.example.com").is_err());
    }

    #[test]
    fn hosts_are_compared_by_their_labels() {
        assert!(within("media.plivo.com", "plivo.com") && within("plivo.com", "plivo.com"));
        assert!(!within("evilplivo.com", "plivo.com") && !within("plivo.com.evil.example", "plivo.com"));
        for host in [
            "s3.amazonaws.com",
            "b.s3.amazonaws.com",
            "b.c.s3.eu-west-1.amazonaws.com",
            "s3-eu.amazonaws.com",
        ] {
            assert!(is_s3(host), "{host}");
        }
        for host in
            ["ec2.amazonaws.com", "s3.amazonaws.com.evil.example", "s3amazonaws.com", "a.b.amazonaws.com"]
        {
            assert!(!is_s3(host), "{host}");
        }
    }
}
