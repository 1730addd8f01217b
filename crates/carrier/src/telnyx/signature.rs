//! `telnyx-signature-ed25519`: the time and the body as they came, by Telnyx' own key. The address is not covered.

use super::{SIGNATURE, TIMESTAMP, WINDOW};
use crate::{Refusal, Request};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};

/// Judges `request` by the rules of Telnyx' Node library, which are the stricter ones: the timestamp is digits and
/// nothing else, the signature padded base64 of 64 bytes.
pub(super) fn verify(request: &Request<'_>, public_key: &str, now_unix: i64) -> Result<(), Refusal> {
    let given = request.header(SIGNATURE).filter(|given| !given.is_empty()).ok_or(Refusal::Unsigned)?;
    let at = request.header(TIMESTAMP).unwrap_or_default();
    let digits = !at.is_empty() && at.bytes().all(|digit| digit.is_ascii_digit());
    let Some(signed_unix) = at.parse::<i64>().ok().filter(|_| digits) else {
        return Err(Refusal::Malformed(format!("`{TIMESTAMP}` is not a time in whole seconds since 1970")));
    };
    let key = BASE64_STANDARD.decode(public_key).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let Some(key) = key.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok()) else {
        return Err(Refusal::Malformed("the public key is not 32 bytes of Ed25519 in base64".into()));
    };
    let signature = BASE64_STANDARD.decode(given).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
    let signature = signature.ok_or(Refusal::WrongSignature)?;
    let signed = [at.as_bytes(), b"|", request.body].concat();
    key.verify_strict(&signed, &signature).map_err(|_| Refusal::WrongSignature)?;
    let age = now_unix.saturating_sub(signed_unix);
    if age.saturating_abs() > WINDOW {
        let when = if age > 0 { "old" } else { "ahead of this machine's clock" };
        let age = age.saturating_abs();
        return Err(Refusal::Malformed(format!(
            "the signature is right, but {age} s {when}: no more than {WINDOW} s are taken"
        )));
    }
    Ok(())
}
