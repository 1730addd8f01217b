//! Which address the carrier called, seen from behind proxies.
//!
//! Carriers sign the public address of a request. We see only what the last proxy made of it, so the public address
//! is either told ([`candidates`] with `PUBLIC_URL`) or guessed from the headers; a guess is harmless, since only one
//! that the carrier signed is ever believed.

use crate::{Request, form};

/// The addresses under which the carrier may have sent `request`, the likeliest first, at most a dozen or so. A
/// WebSocket upgrade gives `wss:` and `ws:` addresses, anything else `https:` and `http:`.
///
/// - `public`: what the owner says our address is (`PUBLIC_URL`), with or without scheme and path; then only this
///   one counts.
/// - `trusted`: a proxy that we know sent the request, so that `X-Forwarded-Proto`, `-Host` and `-Port` count, too.
///
/// Twilio's documentation asks for the trailing slash of a stream's address to be tried both ways; its Node library
/// tries the query in two more spellings.
pub fn candidates(request: &Request<'_>, public: Option<&str>, trusted: bool) -> Vec<String> {
    let socket = request.header("upgrade").is_some_and(|to| to.eq_ignore_ascii_case("websocket"));
    let mut found = Vec::new();
    for base in bases(request, public, trusted, socket) {
        let target = request.target;
        // A proxy may strip the path of the public address, or not.
        let stripped = Address::split(&base).and_then(|address| {
            let path = address.path_and_more();
            (!path.is_empty() && target.starts_with(path)).then(|| format!("{}{target}", origin(&base)))
        });
        for whole in stripped.into_iter().chain([format!("{base}{target}")]) {
            for spelling in spellings(&whole, socket) {
                if !found.contains(&spelling) {
                    found.push(spelling);
                }
            }
        }
    }
    found
}

/// Where our media stream is at: `path` (with its leading slash) as a `wss:` address (`ws:` for an `http:` base)
/// below `base`, which is `PUBLIC_URL` or the address that [verified](crate::Carrier::verify).
pub fn stream_address(base: &str, path: &str) -> String {
    format!("{}{path}", schemed(public_base(base), true))
}

/// Scheme, host and port of an address, without a trailing slash.
pub fn origin(address: &str) -> &str {
    match Address::split(address) {
        Some(parts) => &address[..address.len() - parts.path_and_more().len()],
        None => address,
    }
}

/// An address, taken apart without changing a letter of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address<'a> {
    /// With `://`.
    pub scheme: &'a str,
    /// With `@`, or empty.
    pub user: &'a str,
    pub host: &'a str,
    /// With `:`, or empty.
    pub port: &'a str,
    /// Path, query and fragment.
    rest: &'a str,
}

impl<'a> Address<'a> {
    pub fn split(address: &'a str) -> Option<Self> {
        let (scheme, after) = address.split_at(address.find("://")? + 3);
        let (authority, rest) = after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len()));
        let (user, place) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        // The colons of an IPv6 address stand in brackets.
        let bracket = place.rfind(']').map_or(0, |at| at + 1);
        let (host, port) = place.split_at(place[bracket..].find(':').map_or(place.len(), |at| bracket + at));
        Some(Self { scheme, user, host, port, rest })
    }

    pub fn path_and_more(&self) -> &'a str {
        self.rest
    }

    /// From the `?` to the fragment, neither included.
    pub fn query(&self) -> &'a str {
        let whole = self.rest.split('#').next().unwrap_or_default();
        whole.split_once('?').map_or("", |(_, query)| query)
    }
}

fn bases(request: &Request<'_>, public: Option<&str>, trusted: bool, socket: bool) -> Vec<String> {
    if let Some(public) = public.map(str::trim).filter(|public| !public.is_empty()) {
        let base = public_base(public);
        let mut bases = vec![schemed(base.clone(), socket)];
        // Twilio signs without the user's name and password; its libraries keep what they are given.
        if let Some(Address { scheme, user, .. }) = Address::split(&base)
            && !user.is_empty()
        {
            let nobody = format!("{scheme}{}", &base[scheme.len() + user.len()..]);
            bases.insert(0, schemed(nobody, socket));
        }
        return bases;
    }
    let first = |name: &str| {
        request
            .header(name)
            .and_then(|list| list.split(',').next())
            .map(str::trim)
            .filter(|entry| plausible(entry))
    };
    let forwarded = |name: &str| if trusted { first(name) } else { None };
    let mut hosts: Vec<String> = Vec::new();
    let mut add = |host: String| {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    };
    for host in [forwarded("x-forwarded-host"), first("host")].into_iter().flatten() {
        if let Some(port) = forwarded("x-forwarded-port") {
            let bare = Address::split(&format!("x://{host}")).map(|address| address.host.to_owned());
            if let Some(bare) = bare
                && !["80", "443"].contains(&port)
            {
                add(format!("{bare}:{port}"));
            }
        }
        add(host.to_owned());
    }
    // Carriers call `https:`; whatever ends the TLS before us need not say so.
    let plain_first = forwarded("x-forwarded-proto").is_some_and(|proto| ["http", "ws"].contains(&proto));
    let schemes = if plain_first { ["http", "https"] } else { ["https", "http"] };
    let mut bases = Vec::new();
    for host in hosts {
        bases.extend(schemes.map(|scheme| schemed(format!("{scheme}://{host}"), socket)));
    }
    bases
}

/// Something that can be a host and a port, or a scheme: nothing that would reach into the path.
fn plausible(entry: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    (1..=255).contains(&entry.len()) && entry.bytes().all(fits)
}

/// What the owner wrote, with a scheme and without query, fragment and trailing slash.
fn public_base(public: &str) -> String {
    let public = public.trim();
    let whole = if public.contains("://") { public.to_owned() } else { format!("https://{public}") };
    whole.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/').to_owned()
}

fn schemed(base: String, socket: bool) -> String {
    let Some(Address { scheme, .. }) = Address::split(&base) else { return base };
    let secure = !["http://", "ws://"].contains(&scheme.to_ascii_lowercase().as_str());
    let scheme_due = match (socket, secure) {
        (true, true) => "wss://",
        (true, false) => "ws://",
        (false, true) => "https://",
        (false, false) => "http://",
    };
    format!("{scheme_due}{}", &base[scheme.len()..])
}

/// The address itself, then as a carrier may have spelled it before it went through other hands.
fn spellings(whole: &str, socket: bool) -> Vec<String> {
    let mut all = vec![whole.to_owned()];
    let (path, query) = whole.split_once('?').unwrap_or((whole, ""));
    if socket {
        let other = path.strip_suffix('/').map_or_else(|| format!("{path}/"), str::to_owned);
        // The query of a stream's address is taken off before it is signed.
        all.extend([path.to_owned(), other]);
    } else if !query.is_empty() {
        all.push(format!("{path}?{}", normalised(query)));
        let again: Vec<_> = form::fields(query.as_bytes()).collect();
        all.push(format!("{path}?{}", as_node_writes(&again)));
    }
    all
}

/// A query as the URL standard spells it: what it does not allow is escaped, what is escaped stays.
fn normalised(query: &str) -> String {
    let mut text = String::with_capacity(query.len());
    for byte in query.bytes() {
        match byte {
            b'"' | b'<' | b'>' | b'\'' | b'#' | 0..=b' ' | 0x7f.. => form::percent(byte, &mut text),
            other => text.push(char::from(other)),
        }
    }
    text
}

/// A query as Node's `querystring` writes it, which leaves `!'()*` alone.
fn as_node_writes(fields: &[(impl AsRef<str>, impl AsRef<str>)]) -> String {
    let pairs: Vec<_> = fields.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
    let mut text = form::written(&pairs);
    for (escaped, bare) in [("%21", "!"), ("%27", "'"), ("%28", "("), ("%29", ")"), ("%2A", "*")] {
        text = text.replace(escaped, bare);
    }
    text
}
