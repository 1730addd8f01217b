//! The second factor: six digits that an app makes of a shared secret and the time (RFC 6238, with SHA-1, six digits and
//! steps of 30 s, which are what all apps understand), and the codes for whoever lost the app.

use crate::secret::{self, Secret};
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use std::fmt::Write;

const STEP_S: i64 = 30;
const DIGITS: usize = 6;
/// Steps that a clock may be off, either way.
const OFF: i64 = 1;
/// How many recovery codes there are,
const CODES: usize = 10;
/// and of how many letters each is.
const CODE_LETTERS: usize = 10;
/// RFC 4648.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A new secret: 160 bits in base 32, as apps take it by hand.
pub fn make() -> Secret {
    Secret::new(base32(&secret::random::<20>()))
}

/// What an app reads from the picture: Google's Key Uri Format. `account` is the user's address or name.
pub fn uri(secret: &Secret, account: &str) -> String {
    let account: String = reqwest::Url::parse_with_params("http://x/", [("a", account)])
        .ok()
        .and_then(|url| url.query().map(|query| query[2..].replace('+', "%20")))
        .unwrap_or_default();
    format!("otpauth://totp/Earpiece:{account}?secret={}&issuer=Earpiece", secret.expose())
}

/// The step of time of which this is the code, among those around now; none: it is not one. Spaces are no matter.
pub fn step_of(secret: &Secret, typed: &str, now_ms: i64) -> Option<i64> {
    let typed: String = typed.chars().filter(|letter| !letter.is_whitespace()).take(DIGITS + 1).collect();
    let key = bytes(secret.expose())?;
    let now = now_ms.div_euclid(1_000).div_euclid(STEP_S);
    let mut found = None;
    for step in now - OFF..=now + OFF {
        if same(code(&key, step).as_bytes(), typed.as_bytes()) {
            found = Some(step);
        }
    }
    found
}

/// New recovery codes: `k4zq7-2mvhd`.
pub fn recovery_codes() -> Vec<String> {
    let one = || {
        let letters = secret::random::<CODE_LETTERS>();
        let text: String = letters
            .iter()
            .map(|byte| char::from(BASE32[usize::from(byte % 32)].to_ascii_lowercase()))
            .collect();
        format!("{}-{}", &text[..CODE_LETTERS / 2], &text[CODE_LETTERS / 2..])
    };
    (0..CODES).map(|_| one()).collect()
}

/// What is kept of a recovery code. It has 50 bits, too few for a hash that needs no key; none where it cannot be one.
pub fn kept(key: &Secret, user_id: &str, typed: &str) -> Option<String> {
    let typed = typed.chars().filter(char::is_ascii_alphanumeric).take(CODE_LETTERS + 1);
    let typed: String = typed.map(|letter| letter.to_ascii_lowercase()).collect();
    if typed.len() != CODE_LETTERS {
        return None;
    }
    let mac = key.mac(&format!("earpiece recovery code v1\0{user_id}\0{typed}"));
    Some(BASE64_STANDARD_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// RFC 4226, section 5.3.
fn code(key: &[u8], step: i64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[hash.len() - 1] & 0x0f);
    let four = [hash[offset] & 0x7f, hash[offset + 1], hash[offset + 2], hash[offset + 3]];
    let mut text = String::new();
    write!(text, "{:0DIGITS$}", u32::from_be_bytes(four) % 10_u32.pow(DIGITS as u32))
        .expect("a String takes everything");
    text
}

/// Takes as long wherever they differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

fn base32(bytes: &[u8]) -> String {
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let five = |bits: &[u8]| bits.iter().fold(0, |number, bit| number << 1 | usize::from(*bit));
    bits.chunks(5).map(|bits| char::from(BASE32[five(bits) << (5 - bits.len())])).collect()
}

fn bytes(base32: &str) -> Option<Vec<u8>> {
    let mut bits = Vec::with_capacity(base32.len() * 5);
    for letter in base32.bytes() {
        let five = BASE32.iter().position(|one| *one == letter)?;
        bits.extend((0..5).rev().map(|bit| (five >> bit & 1) as u8));
    }
    Some(bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the secret "12345678901234567890" and its codes of eight digits, of which ours are the last six.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = Secret::new(base32(b"12345678901234567890"));
        for (seconds, code) in [
            (59_i64, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(step_of(&secret, &code[2..], seconds * 1_000), Some(seconds / 30), "{seconds}");
        }
    }

    /// RFC 4648, section 10.
    #[test]
    fn secrets_are_written_as_the_standard_writes_them() {
        for (plain, written) in
            [("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("fooba", "MZXW6YTB"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(plain.as_bytes()), written);
            assert_eq!(bytes(written).as_deref(), Some(plain.as_bytes()));
        }
        assert_eq!(bytes("m1"), None);
        assert_eq!(make().expose().len(), 32);
    }

    #[test]
    fn a_clock_may_be_half_a_minute_off_and_no_more() {
        let secret = Secret::new(base32(b"12345678901234567890"));
        let right = 1_111_111_111_000;
        for off in [-30_000, 0, 30_000] {
            assert_eq!(step_of(&secret, "050 471", right + off), Some(1_111_111_111 / 30));
        }
        for off in [-60_000, 60_000] {
            assert_eq!(step_of(&secret, "050471", right + off), None);
        }
        for bad in ["", "05047", "0504711", "abcdef", "０５０４７１"] {
            assert_eq!(step_of(&secret, bad, right), None, "{bad}");
        }
    }

    #[test]
    fn recovery_codes_are_kept_as_what_tells_nothing_and_read_as_people_type_them() {
        let (key, codes) = (Secret::new("a key"), recovery_codes());
        assert_eq!(codes.len(), 10);
        let kept_once = kept(&key, "u1", &codes[0]).expect("a code");
        assert_eq!(kept(&key, "u1", &codes[0].to_uppercase().replace('-', " ")), Some(kept_once.clone()));
        assert_ne!(kept(&key, "u2", &codes[0]), Some(kept_once.clone()), "it is one user's");
        assert_ne!(kept(&key, "u1", &codes[1]), Some(kept_once));
        assert_eq!(kept(&key, "u1", "123456"), None);
    }

    #[test]
    fn apps_are_told_whose_it_is() {
        let uri = uri(&Secret::new("MZXW6"), "anna+1@example.org & co");
        assert_eq!(
            uri,
            "otpauth://totp/Earpiece:anna%2B1%40example.org%20%26%20co?secret=MZXW6&issuer=Earpiece"
        );
    }
}
