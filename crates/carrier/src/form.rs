//! Fields as `application/x-www-form-urlencoded` writes them, in bodies and in queries.

use crate::{Garbled, Request};
use std::borrow::Cow;

/// Longer than any number, SIP address or name of a call.
const LONGEST: usize = 512;

/// What a webhook's fields are read from: the query of a `GET`, the body of anything else.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub fn of(request: &Request<'a>) -> Self {
        Self(match request.target.split_once('?') {
            Some((_, query)) if request.method.eq_ignore_ascii_case("GET") => query.as_bytes(),
            _ => request.body,
        })
    }

    /// The first field of this name, or nothing; no longer than a number or a name is.
    pub fn get(&self, name: &str) -> Result<String, Garbled> {
        self.long(name, LONGEST)
    }

    /// The same, at most `longest` bytes.
    pub fn long(&self, name: &str, longest: usize) -> Result<String, Garbled> {
        match field(self.0, name) {
            Some(value) if value.len() > longest => {
                Err(Garbled(format!("`{name}` is longer than {longest} bytes")))
            }
            value => Ok(value.unwrap_or_default().into_owned()),
        }
    }

    /// The field as a number, where it is one.
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Garbled> {
        Ok(self.get(name)?.parse().ok())
    }
}

/// The fields in the order in which they stand, decoded as browsers and carriers do: `+` is a blank, a `%` without two
/// hex digits stands for itself, bytes that are not UTF-8 become U+FFFD, a field without `=` is an empty one.
pub fn fields(text: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    text.split(|&byte| byte == b'&').filter(|field| !field.is_empty()).map(|field| {
        let equals = field.iter().position(|&byte| byte == b'=').unwrap_or(field.len());
        (decoded(&field[..equals]), decoded(field.get(equals + 1..).unwrap_or_default()))
    })
}

/// The first field of this name, decoded.
pub fn field<'a>(text: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    fields(text).find_map(|(n, value)| (n == name).then_some(value))
}

/// These fields as a body or a query.
pub fn written(fields: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        escape(name, &mut text);
        text.push('=');
        escape(value, &mut text);
    }
    text
}

/// Adds `raw` to `text` so that it stands for itself anywhere in an address.
pub fn escape(raw: &str, text: &mut String) {
    for &byte in raw.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            percent(byte, text);
        }
    }
}

/// Adds `%` and two hex digits.
pub fn percent(byte: u8, text: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.push('%');
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

fn decoded(raw: &[u8]) -> Cow<'_, str> {
    if !raw.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return String::from_utf8_lossy(raw);
    }
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(nibble(*high) << 4 | nibble(*low));
                rest = after;
            }
            (other, _) => bytes.push(*other),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        other => (other | 32) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<(String, String)> {
        fields(text).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }

    #[test]
    fn fields_are_decoded_as_carriers_encode_them() {
        let expected = [("a b", "c+d"), ("", "e"), ("f", ""), ("g", ""), ("h", "=%zz%"), ("é", "\u{fffd}!")];
        let expected: Vec<_> = expected.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        assert_eq!(all(b"a+b=c%2Bd&&=e&f&g=&h==%zz%&%C3%a9=%ff!"), expected);
    }

    #[test]
    fn what_is_written_is_read() {
        let pairs = [("To", "+1 415"), ("Twiml", "<a b=\"c\">&é%</a>")];
        let text = written(&pairs);
        assert_eq!(text, "To=%2B1%20415&Twiml=%3Ca%20b%3D%22c%22%3E%26%C3%A9%25%3C%2Fa%3E");
        assert_eq!(all(text.as_bytes()), pairs.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }
}
