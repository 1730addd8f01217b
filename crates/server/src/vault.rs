//! What the owner entrusts to us: sealed before it reaches the database, with a key that is not in it.

use crate::secret::{self, Secret};
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// What a sealed text begins with: how it was sealed.
const SEALED: &str = "v1.";
/// The key is made for this alone, so that no other use of the installation's secret can betray it.
const PURPOSE: &[u8] = b"earpiece vault v1";
const NONCE: usize = 24;

/// Seals and opens.
#[derive(Clone)]
pub struct Vault(XChaCha20Poly1305);

/// Why a sealed text cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error(
    "it was sealed with another key; put back the SECRET_KEY or the secret.key that was in use then, or connect again"
)]
pub struct WrongKey;

impl Vault {
    pub fn new(key: &Secret) -> Self {
        let mut derived =
            Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).expect("any length will do");
        derived.update(PURPOSE);
        Self(XChaCha20Poly1305::new(&derived.finalize().into_bytes().0.into()))
    }

    /// Seals bytes so that they open only for the same `owner`.
    pub fn seal_bytes(&self, owner: &str, bytes: &[u8]) -> Vec<u8> {
        let nonce = secret::random::<NONCE>();
        let payload = Payload { msg: bytes, aad: owner.as_bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).expect("so much can be sealed");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what [`seal_bytes`](Self::seal_bytes) sealed for this `owner`.
    pub fn open_bytes(&self, owner: &str, sealed: &[u8]) -> Result<Vec<u8>, WrongKey> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(WrongKey)?;
        let payload = Payload { msg: sealed, aad: owner.as_bytes() };
        self.0.decrypt(&XNonce::from(*nonce), payload).map_err(|_| WrongKey)
    }

    /// Seals a text so that it opens only for the same `owner`: a sealed text that somebody moves to another row of the
    /// database is no use there.
    pub fn seal(&self, owner: &str, text: &str) -> String {
        format!("{SEALED}{}", BASE64_STANDARD_NO_PAD.encode(self.seal_bytes(owner, text.as_bytes())))
    }

    /// Opens what [`seal`](Self::seal) sealed for this `owner`.
    pub fn open(&self, owner: &str, sealed: &str) -> Result<Secret, WrongKey> {
        let bytes = sealed.strip_prefix(SEALED).and_then(|text| BASE64_STANDARD_NO_PAD.decode(text).ok());
        let text = self.open_bytes(owner, &bytes.ok_or(WrongKey)?)?;
        String::from_utf8(text).map(Secret::new).map_err(|_| WrongKey)
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Vault {
        Vault::new(&Secret::new("a key of an installation"))
    }

    #[test]
    fn what_is_sealed_opens_again_and_never_looks_the_same() {
        let (once, twice) = (vault().seal("google 1", "a grant"), vault().seal("google 1", "a grant"));
        assert_ne!(once, twice);
        assert!(!once.contains("grant"));
        assert_eq!(vault().open("google 1", &once).expect("ours").expose(), "a grant");
        assert_eq!(vault().open("google 1", &twice).expect("ours").expose(), "a grant");
    }

    #[test]
    fn another_key_another_owner_and_a_changed_text_open_nothing() {
        let sealed = vault().seal("google 1", "a grant");
        assert!(Vault::new(&Secret::new("another")).open("google 1", &sealed).is_err());
        assert!(vault().open("google 2", &sealed).is_err());
        for place in [0, 3, 10, sealed.len() - 1] {
            let mut changed = sealed.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            assert!(vault().open("google 1", &String::from_utf8(changed).expect("ASCII")).is_err());
        }
        for garbage in ["", "v1.", "v1.AAAA", "v2.AAAA", "v1.€"] {
            assert!(vault().open("google 1", garbage).is_err());
        }
    }
}
