//! How Telnyx signs a request: Ed25519 over the time, `|` and the body as it is sent; not over the address.
//!
//! Source: the packages `telnyx` of Python and Node, `webhook_verification`.

use aws_lc_rs::{
    digest,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{fmt, sync::Arc};

/// A key pair of an account.
#[derive(Clone)]
pub struct Key(Arc<Ed25519KeyPair>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.public())
    }
}

impl Key {
    /// The pair of this seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self(Arc::new(Ed25519KeyPair::from_seed_unchecked(&seed).expect("every seed of 32 bytes is one")))
    }

    /// The pair whose seed is the SHA-256 of these words.
    pub fn of_secret(secret: &str) -> Self {
        let digest = digest::digest(&digest::SHA256, secret.as_bytes());
        Self::new(digest.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }

    /// The public key in base64, as the portal shows it.
    pub fn public(&self) -> String {
        BASE64_STANDARD.encode(self.0.public_key().as_ref())
    }

    /// `telnyx-signature-ed25519` of a body sent at this `telnyx-timestamp`.
    pub fn sign(&self, timestamp: u64, body: &[u8]) -> String {
        let mut text = format!("{timestamp}|").into_bytes();
        text.extend_from_slice(body);
        BASE64_STANDARD.encode(self.0.sign(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn we_sign_as_telnyxs_own_packages_verify() {
        let file: Value = serde_json::from_str(include_str!("../../../../fixtures/telnyx/signatures.json"))
            .expect("it is JSON");
        let seed = |name: &str| {
            let seed = file["_about"][name].as_str().expect("a text");
            Key::new(BASE64_STANDARD.decode(seed).expect("base64").try_into().expect("32 bytes"))
        };
        let key = seed("seed_base64");
        assert_eq!(key.public(), file["_about"]["public_key_of_seed"]);
        assert_eq!(seed("seed2_base64").public(), file["_about"]["public_key_of_seed2"]);
        let mut judged = 0;
        for vector in file["vectors"].as_array().expect("a list") {
            let headers = &vector["headers"];
            let (Some(given), Some(Ok(time))) = (
                headers["telnyx-signature-ed25519"].as_str(),
                headers["telnyx-timestamp"].as_str().map(str::parse::<u64>),
            ) else {
                continue;
            };
            let Some(body) = vector["body"].as_str() else { continue };
            if vector["expect_valid"] == true && vector["public_key"] == key.public() {
                assert_eq!(key.sign(time, body.as_bytes()), given, "{}", vector["name"]);
                judged += 1;
            }
        }
        assert!(judged >= 5, "only {judged} vectors were judged");
    }
}
