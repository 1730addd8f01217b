//! The PIN that makes a caller the owner: how it is kept, how it is compared, and how often it may be tried.
//!
//! What is saved on the page is kept as an HMAC under the installation's key. A PIN has so few digits that any hash which
//! needs no key, however slow, is undone by trying them all; without the key, which is not in the database, this one tells
//! nothing.

use crate::{app::App, clock, secret::Secret};
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use call::{Digits, PIN_LENGTH, PinVerdict};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// What a kept PIN begins with: how it was made.
const HASHED: &str = "hmac1.";
/// Tries that a number has before it has to wait,
const NUMBER_TRIES: i64 = 3;
/// and those that all numbers have together that are nobody's we know: they may be one caller with many faces.
const STRANGERS_TRIES: i64 = 30;
const STRANGERS: &str = "strangers";

/// Whether this can be a PIN, as the owner writes it or as it is kept.
pub fn is_one(text: &str) -> bool {
    let digits = PIN_LENGTH.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits || text.strip_prefix(HASHED).is_some_and(|hash| BASE64_STANDARD_NO_PAD.decode(hash).is_ok())
}

/// A PIN as it is kept.
pub fn hashed(key: &Secret, pin: &str) -> String {
    if pin.starts_with(HASHED) {
        return pin.to_owned();
    }
    format!("{HASHED}{}", BASE64_STANDARD_NO_PAD.encode(mac(key, pin).finalize().into_bytes()))
}

/// Whether these digits are the PIN. Takes as long whichever digits are wrong.
pub fn is_right(key: &Secret, pin: &Secret, typed: &Digits) -> bool {
    let kept = hashed(key, pin.expose());
    let hash = kept.strip_prefix(HASHED).and_then(|hash| BASE64_STANDARD_NO_PAD.decode(hash).ok());
    hash.is_some_and(|hash| mac(key, typed.expose()).verify_slice(&hash).is_ok())
}

fn mac(key: &Secret, pin: &str) -> Hmac<Sha256> {
    key.mac(&format!("earpiece owner pin v1\0{pin}"))
}

/// Judges what a caller from this number typed, if they have not typed too many wrong ones lately: the try is counted
/// before it is judged, on all instances.
pub async fn judged(app: &App, from: &str, listed: bool, typed: &Digits) -> PinVerdict {
    let config = app.config.get();
    let Some(pin) = &config.callers.pin else { return PinVerdict::Wrong };
    // Those who withhold their number are one caller.
    let who = [(from, NUMBER_TRIES), (STRANGERS, STRANGERS_TRIES)];
    let who = if listed { &who[..1] } else { &who[..] };
    match app.store.pin_tried(who, clock::now_ms()).await {
        Ok(true) => {}
        Ok(false) => return PinVerdict::TooSoon,
        Err(error) => {
            tracing::error!(%error, "a PIN could not be looked at");
            return PinVerdict::Failed;
        }
    }
    if !is_right(&app.key, pin, typed) {
        return PinVerdict::Wrong;
    }
    if let Err(error) = app.store.pin_was_right(from).await {
        tracing::warn!(%error, "the tries of a PIN that was right are still counted");
    }
    PinVerdict::Right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_four_to_twelve_digits_and_is_kept_as_what_tells_nothing_without_the_key() {
        let (key, other) = (Secret::new("a key"), Secret::new("another key"));
        assert!(is_one("1234") && is_one("123456789012") && is_one(&hashed(&key, "1234")));
        for bad in ["", "123", "1234567890123", "12a4", "１２３４", "hmac1.!", "*1234#"] {
            assert!(!is_one(bad), "{bad}");
        }
        let kept = hashed(&key, "1234");
        assert!(!kept.contains("1234"));
        assert_eq!(hashed(&key, &kept), kept, "what is kept is not hashed again");
        assert_ne!(hashed(&other, "1234"), kept);
    }
}
