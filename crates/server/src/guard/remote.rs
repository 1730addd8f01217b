//! Whence a request comes, as far as that can be known behind proxies: only those that the owner trusts are believed.

use crate::config::Config;
use axum::http::{HeaderMap, HeaderName, header};
use std::net::IpAddr;

/// The visitor's address: that of the connection or, where a trusted proxy made it, the nearest one in
/// `X-Forwarded-For` that is not itself a trusted proxy's.
pub fn address(headers: &HeaderMap, peer: Option<IpAddr>, config: &Config) -> Option<IpAddr> {
    let peer = peer.map(|peer| peer.to_canonical())?;
    if !config.server.trusts(peer) {
        return Some(peer);
    }
    let lines: Vec<_> =
        headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok()).collect();
    let hops = lines.iter().flat_map(|line| line.split(',')).map(|hop| hop.trim().parse::<IpAddr>().ok());
    let hops: Vec<_> = hops.collect();
    let mut nearest = peer;
    for hop in hops.into_iter().rev() {
        // What stands before something that is no address was made up, or is no use.
        let Some(hop) = hop else { break };
        nearest = hop.to_canonical();
        if !config.server.trusts(nearest) {
            break;
        }
    }
    Some(nearest)
}

/// We speak TLS ourselves, a proxy we trust says so, or it came to our public address, which is an HTTPS one.
pub fn came_by_https(headers: &HeaderMap, peer: Option<IpAddr>, config: &Config) -> bool {
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let forwarded = || {
        let scheme = header(HeaderName::from_static("x-forwarded-proto"))?.rsplit(',').next()?.trim();
        peer.is_some_and(|peer| config.server.trusts(peer)).then_some(scheme.eq_ignore_ascii_case("https"))
    };
    let public = || {
        let authority = config.server.public_url.as_deref()?.strip_prefix("https://")?.split('/').next()?;
        Some(header(header::HOST)?.eq_ignore_ascii_case(authority))
    };
    config.server.tls.is_some() || forwarded().unwrap_or(false) || public().unwrap_or(false)
}

/// A path of this house, to go on to: nothing that a browser could take for another site's address.
pub fn own_path(next: &str) -> Option<&str> {
    let inside = next.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']));
    let plain =
        next.len() <= LONGEST_PATH && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (inside && plain).then_some(next)
}

const LONGEST_PATH: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Live, Sources};

    fn behind(proxies: &str, peer: &str, forwarded: &[&str]) -> String {
        let environment = [("TRUSTED_PROXIES".to_owned(), proxies.to_owned())].into();
        let (live, _) = Live::load(Sources { environment, ..Sources::default() }).expect("settings");
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().expect("a header"));
        }
        let peer = peer.parse().expect("an address");
        address(&headers, Some(peer), &live.get()).expect("an address").to_string()
    }

    #[test]
    fn only_proxies_that_are_trusted_say_who_is_behind_them() {
        let two = "10.0.0.0/8, 127.0.0.1";
        assert_eq!(behind("", "192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(behind(two, "192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(behind(two, "10.1.2.3", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(behind(two, "10.1.2.3", &["198.51.100.1, 203.0.113.9, 127.0.0.1"]), "203.0.113.9");
        assert_eq!(behind(two, "10.1.2.3", &["198.51.100.1", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(behind(two, "10.1.2.3", &["203.0.113.9, unknown"]), "10.1.2.3");
        assert_eq!(behind(two, "10.1.2.3", &[]), "10.1.2.3");
        assert_eq!(behind(two, "::ffff:10.1.2.3", &["::ffff:203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn one_goes_on_to_paths_of_this_house_alone() {
        for good in ["/", "/calls?before=1&q=%22", "/a//b"] {
            assert_eq!(own_path(good), Some(good));
        }
        let long = format!("/{}", "a".repeat(2_000));
        for bad in [
            "",
            "calls",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nb",
            "/\t/evil.example",
            "/a\\b",
            "/ü",
            &long,
        ] {
            assert_eq!(own_path(bad), None, "{bad:?}");
        }
    }
}
