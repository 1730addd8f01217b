//! Service accounts: their keys, and whether what they sign is good.

use super::grant::Who;
use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Every service account, by its e-mail address.
#[derive(Debug, Default)]
pub(super) struct Accounts(BTreeMap<String, Account>);

#[derive(Debug)]
struct Account {
    key_id: String,
    public_key: Vec<u8>,
    token_address: String,
    /// With which scopes it may speak for the users of its domain.
    delegated: BTreeSet<String>,
}

/// Google's token address: what the claim `aud` says wherever the request is sent.
const AUDIENCE: &str = "https://oauth2.googleapis.com/token";
/// How wrong the clock of who signs may be.
const SKEW: i64 = 300;

impl Accounts {
    /// Makes an account; gives its key file.
    pub fn add(&mut self, email: &str, token_address: &str) -> Value {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).expect("the machine has randomness");
        let private: Pkcs8V1Der<'_> = key.as_der().expect("a key can be written");
        let body = BASE64_STANDARD.encode(private.as_ref());
        let lines: Vec<_> =
            body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("it is ASCII")).collect();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
        let number = self.0.len() + 1;
        let key_id = format!("{number:040x}");
        let account = Account {
            key_id: key_id.clone(),
            public_key: key.public_key().as_ref().to_vec(),
            token_address: token_address.to_owned(),
            delegated: BTreeSet::new(),
        };
        self.0.insert(email.to_owned(), account);
        json!({
            "type": "service_account", "project_id": "sim", "private_key_id": key_id, "private_key": pem,
            "client_email": email, "client_id": format!("{number:021}"),
            "auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": token_address,
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "client_x509_cert_url": format!("https://www.googleapis.com/robot/v1/metadata/x509/{email}"),
            "universe_domain": "googleapis.com",
        })
    }

    pub fn delegate(&mut self, email: &str, scopes: BTreeSet<String>) {
        self.0
            .get_mut(email)
            .unwrap_or_else(|| panic!("the test made no service account {email}"))
            .delegated = scopes;
    }

    /// Who signed this, and for which scopes; or the error and its description. `users` has everybody who can be
    /// spoken for.
    pub fn judge(
        &self,
        assertion: &str,
        now: Timestamp,
        users: impl Fn(&str) -> bool,
    ) -> Result<(Who, BTreeSet<String>), (&'static str, &'static str)> {
        let grant = |why| ("invalid_grant", why);
        let parts: Vec<&str> = assertion.split('.').collect();
        let &[head, claims, signature] = parts.as_slice() else {
            return Err(grant("Bad Request"));
        };
        let json = |part: &str| -> Option<Value> {
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
        };
        let (Some(header), Some(claims_read)) = (json(head), json(claims)) else {
            return Err(grant("Invalid JWT: not base64url of JSON."));
        };
        let account = claims_read["iss"].as_str().and_then(|email| self.0.get_key_value(email));
        let Some((email, account)) = account else {
            return Err(grant("Invalid grant: account not found"));
        };
        let key_named = header["kid"].is_null() || header["kid"] == *account.key_id;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &account.public_key);
        let signed = &assertion.as_bytes()[..head.len() + 1 + claims.len()];
        if header["alg"] != "RS256" || !key_named || key.verify(signed, &signature).is_err() {
            return Err(grant("Invalid JWT Signature."));
        }
        if claims_read["aud"] != AUDIENCE && claims_read["aud"] != *account.token_address {
            return Err(grant("Invalid JWT: Failed audience check."));
        }
        let now = now.as_second();
        let (Some(issued), Some(expires)) = (claims_read["iat"].as_i64(), claims_read["exp"].as_i64()) else {
            return Err(grant("Invalid JWT: iat and exp are required."));
        };
        if issued > now + SKEW || expires <= now - SKEW || expires > issued + 3600 || expires <= issued {
            let why = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. \
                       Check your iat and exp values in the JWT claim.";
            return Err(grant(why));
        }
        let scopes: BTreeSet<String> =
            claims_read["scope"].as_str().unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        if scopes.is_empty() {
            return Err(("invalid_scope", "Empty or missing scope not allowed."));
        }
        match claims_read["sub"].as_str() {
            None => Ok((Who { account: email.clone(), is_service_account: true }, scopes)),
            Some(user) if user == email => {
                Ok((Who { account: email.clone(), is_service_account: true }, scopes))
            }
            Some(user) if !users(user) => Err(grant("Invalid email or User ID")),
            Some(user) if scopes.is_subset(&account.delegated) => {
                Ok((Who { account: user.to_owned(), is_service_account: false }, scopes))
            }
            Some(_) => Err((
                "unauthorized_client",
                "Client is unauthorized to retrieve access tokens using this method, or client not authorized for \
                 any of the scopes requested.",
            )),
        }
    }
}
