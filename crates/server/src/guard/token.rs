//! The token by which a media stream proves that it belongs to a call that was let in.
//!
//! It is made from what is remembered about it and a key, so that a carrier that asks again gets the same one from
//! any instance, while the database knows only its hash.

use crate::secret::Secret;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::Mac;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// How long a stream may take to open after its call was answered.
pub const GOOD_FOR_MS: i64 = 60_000;

/// The token of the call that we call `call_id`, issued then: 256 bits, URL-safe.
pub fn of(key: &Secret, carrier: &str, call_id: &str, issued_ms: i64) -> String {
    let mac = key.mac(&format!("stream token\0{carrier}\0{call_id}\0{issued_ms}"));
    BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// What the database knows of a token: SHA-256 in hex.
pub fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _infallible = write!(hex, "{byte:02x}");
        hex
    })
}
