//! A service account: it signs for itself.

use super::{
    Secret, Unusable,
    grant::{ROBOT_SCOPE, Robot},
};
use aws_lc_rs::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use jiff::Timestamp;
use serde_json::json;

/// Whom an assertion is for. Google's own library says this whatever address it is sent to.
const AUDIENCE: &str = "https://oauth2.googleapis.com/token";

/// The assertion that is exchanged for a token: a JWT signed by RS256, good for an hour from `now`.
pub(super) fn assertion(robot: &Robot, now: Timestamp) -> Result<String, Unusable> {
    let key = key(&robot.key)?;
    let header = json!({ "typ": "JWT", "alg": "RS256", "kid": robot.key_id });
    let mut claims = json!({
        "iss": robot.email, "aud": AUDIENCE, "scope": ROBOT_SCOPE,
        "iat": now.as_second(), "exp": now.as_second() + 3_600,
    });
    if let Some(subject) = &robot.subject {
        claims["sub"] = subject.as_str().into();
    }
    let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| Unusable("The service account’s key does not sign.".into()))?;
    Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
}

/// The key of a PEM text.
pub(super) fn key(pem: &Secret) -> Result<KeyPair, Unusable> {
    let wrong =
        || Unusable("The private key in the service account’s file is damaged: download a new key.".into());
    let pem = pem.expose();
    let (begin, end) = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----");
    let from = pem.find(begin).ok_or_else(wrong)? + begin.len();
    let to = pem[from..].find(end).ok_or_else(wrong)? + from;
    let body: String = pem[from..to].chars().filter(|c| !c.is_whitespace()).collect();
    let der = BASE64_STANDARD.decode(body).map_err(|_| wrong())?;
    KeyPair::from_pkcs8(&der).map_err(|_| wrong())
}
