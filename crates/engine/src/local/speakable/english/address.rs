//! Web and mail addresses: `example dot com slash help`, `ada at example dot org`.

use super::Said;
use crate::local::speakable::number;

/// Domains under which a word with a dot in it is an address even without `https://` before it.
const TOP: [&str; 22] = [
    "com", "org", "net", "io", "dev", "app", "ai", "co", "edu", "gov", "info", "biz", "eu", "uk", "us", "de",
    "fr", "es", "it", "nl", "ch", "at",
];
/// One that does not say that it is one is no longer, in bytes.
const LONGEST_BARE: usize = 512;
/// Of a longer address only the host is said.
const LONGEST: usize = 50;

/// Whether a text begins with one.
pub(in crate::local::speakable) fn is_address(text: &str) -> bool {
    address(text).is_some()
}

pub(super) fn address(text: &str) -> Said {
    let begins = &text[..text.floor_char_boundary(LONGEST_BARE)];
    let bound = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | ',' | '(' | ')');
    let end = match begins.find(bound) {
        Some(end) => end,
        None if begins.len() == text.len() || begins.contains("://") => {
            text.find(bound).unwrap_or(text.len())
        }
        None => return None,
    };
    let token = text[..end].trim_end_matches(['.', ';', ':', '!', '?', '\'']);
    let (bare, marked) = match token.split_once("://") {
        Some((scheme, rest)) if scheme.chars().all(|c| c.is_ascii_alphabetic()) => (rest, true),
        Some(_) => return None,
        None => match token.strip_prefix("mailto:") {
            Some(rest) => (rest, true),
            None => (token, false),
        },
    };
    let bare = bare.strip_prefix("www.").map_or((bare, marked), |rest| (rest, true));
    let (bare, marked) = bare;
    if bare.is_empty() || !bare.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    if let Some((local, host)) = bare.split_once('@') {
        let fine = !local.is_empty() && host.contains('.') && is_host(host);
        return fine.then(|| (format!("{} at {}", spelled(local), spelled(host)), token.len()));
    }
    let bare = bare.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let (host, path) = bare.split_once('/').map_or((bare, ""), |(host, path)| (host, path));
    let name = host.split(':').next().unwrap_or_default();
    let known = name.rsplit_once('.').is_some_and(|(before, top)| {
        is_host(name) && TOP.contains(&top) && before.starts_with(|c: char| c.is_ascii_alphabetic())
    });
    if !(marked || known) {
        return None;
    }
    let said = if path.is_empty() || bare.len() > LONGEST {
        spelled(host)
    } else {
        format!("{} slash {}", spelled(host), spelled(path))
    };
    Some((said, token.len()))
}

fn is_host(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        && text.split('.').all(|part| !part.is_empty())
}

fn spelled(text: &str) -> String {
    let mut said = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let digits = super::digits(rest);
        if !digits.is_empty() {
            said.push(' ');
            said.push_str(&number::digits(digits));
            said.push(' ');
            rest = &rest[digits.len()..];
            continue;
        }
        match c {
            '.' => said.push_str(" dot "),
            '-' => said.push_str(" dash "),
            '_' => said.push_str(" underscore "),
            '~' => said.push_str(" tilde "),
            '/' => said.push_str(" slash "),
            ':' => said.push_str(" colon "),
            '+' => said.push_str(" plus "),
            '@' => said.push_str(" at "),
            '%' => said.push_str(" percent "),
            c if c.is_alphabetic() => said.push(c),
            _ => said.push(' '),
        }
        rest = &rest[c.len_utf8()..];
    }
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}
