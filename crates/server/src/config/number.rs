//! Telephone numbers and networks, as lists of them are written.

use std::{fmt, net::IpAddr};

/// A telephone number: `+` and 3 to 15 digits, so that two ways of writing it compare as one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(String);

impl Number {
    /// Reads `+1 (555) 010-0100`, `15550100100` (carriers leave out the `+`) and the like. The error says what is
    /// accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let refusal = || "a number looks like +15550100100: a country code and at most 15 digits".to_owned();
        let text = text.trim();
        let rest = text.strip_prefix('+').unwrap_or(text);
        let mut number = String::from("+");
        for c in rest.chars() {
            match c {
                '0'..='9' => number.push(c),
                ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' => {}
                _ => return Err(refusal()),
            }
        }
        if (4..=16).contains(&number.len()) { Ok(Self(number)) } else { Err(refusal()) }
    }

    /// `+15550100100`
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number, or all that begin alike: `+15550100100`, `+4930*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers {
    begins: String,
    whole: bool,
}

impl Numbers {
    /// The error says what is accepted. A country code is the least that a beginning names.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(beginning) = text.trim().strip_suffix('*') else {
            return Number::parse(text).map(|number| Self { begins: number.0, whole: true });
        };
        let mut begins = String::from("+");
        begins.extend(beginning.chars().filter(|c| !" -.()/+\u{a0}".contains(*c)));
        let digits = begins[1..].bytes().all(|digit| digit.is_ascii_digit());
        if digits && (2..=16).contains(&begins.len()) {
            Ok(Self { begins, whole: false })
        } else {
            Err("numbers that begin alike look like +4930*: a country code or more, then a star".into())
        }
    }

    pub fn contains(&self, number: &Number) -> bool {
        if self.whole { number.0 == self.begins } else { number.0.starts_with(&self.begins) }
    }
}

/// An address, or all that begin alike: `10.0.0.0/8`, `::1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many leading bits count.
    bits: u8,
}

impl Network {
    /// The error says what is accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let refusal = || "an address looks like 10.0.0.1, a network like 10.0.0.0/8 or fd00::/8".to_owned();
        let (address, bits) = text.trim().split_once('/').map_or((text.trim(), None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| refusal())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| refusal())?;
        if bits > most {
            return Err(refusal());
        }
        match address.to_canonical() {
            canonical if canonical.is_ipv4() && address.is_ipv6() && bits >= 96 => {
                Ok(Self { address: canonical, bits: bits - 96 })
            }
            _ => Ok(Self { address, bits }),
        }
    }

    /// Whether this address is in it. An IPv4 address that came as IPv6 (`::ffff:10.0.0.1`) is an IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                same_bits(net.to_bits().into(), ip.to_bits().into(), 32, self.bits)
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => same_bits(net.to_bits(), ip.to_bits(), 128, self.bits),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

fn same_bits(a: u128, b: u128, width: u8, bits: u8) -> bool {
    bits == 0 || (a ^ b) >> (width - bits) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ways_of_writing_a_number_are_one_number() {
        let one = Number::parse("+1 (555) 010-0100").expect("a number");
        assert_eq!(one, Number::parse("15550100100").expect("a number"));
        assert_eq!(one.as_str(), "+15550100100");
        for bad in ["", "+", "anonymous", "+1555x", "12", "+1234567890123456", "client:anna", "1+2345"] {
            assert!(Number::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_that_begin_alike_are_told_from_others() {
        let inside = |numbers: &str, number: &str| {
            Numbers::parse(numbers).expect("numbers").contains(&Number::parse(number).expect("a number"))
        };
        assert!(inside("+4930*", "+493012345") && inside("+1 555*", "15550100100"));
        assert!(inside("+15550100100", "+1 555 010 0100"));
        assert!(!inside("+4930*", "+4940123") && !inside("+15550100100", "+155501001001"));
        for bad in ["", "*", "+*", "+49*30", "+49**", "anna*", "+12345678901234567*"] {
            assert!(Numbers::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_network_contains_what_begins_like_it() {
        let inside = |net: &str, ip: &str| {
            Network::parse(net).expect("a network").contains(ip.parse().expect("an address"))
        };
        assert!(inside("10.0.0.0/8", "10.200.3.4"));
        assert!(inside("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(inside("::ffff:10.0.0.0/104", "10.1.2.3") && !inside("::ffff:10.0.0.0/104", "11.1.2.3"));
        assert!(inside("::1", "::1") && inside("fd00::/8", "fd12::9") && inside("0.0.0.0/0", "8.8.8.8"));
        assert!(
            !inside("10.0.0.0/8", "11.0.0.1")
                && !inside("0.0.0.0/0", "::1")
                && !inside("127.0.0.1", "127.0.0.2")
        );
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "host", "10.0.0.0/x"] {
            assert!(Network::parse(bad).is_err(), "{bad}");
        }
    }
}
