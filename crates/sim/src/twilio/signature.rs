//! How Twilio signs a request: `X-Twilio-Signature`.
//!
//! Source: <https://www.twilio.com/docs/usage/security>. The text is the address as it is called, then, for a form,
//! every distinct field name in byte order with its distinct values in byte order, decoded; HMAC-SHA1, base64.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use std::collections::BTreeSet;

/// The signature of a request to `url` with these form fields; a GET and an upgrade have none.
pub fn sign(url: &str, fields: &[(String, String)], auth_token: &str) -> String {
    let distinct: BTreeSet<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let mut mac =
        Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()).expect("an HMAC takes a key of any length");
    mac.update(url.as_bytes());
    for (name, value) in distinct {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http;
    use serde_json::Value;

    /// The addresses that Twilio's own packages compare a signature with.
    fn candidates(url: &str) -> Vec<String> {
        let (scheme, rest) = url.split_once("://").expect("an absolute address");
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = authority.split(':').next().expect("a first part");
        let mut all = vec![url.to_owned(), format!("{scheme}://{host}{path}")];
        if host == authority {
            all.push(format!("{scheme}://{host}:{}{path}", if scheme == "https" { 443 } else { 80 }));
        }
        all
    }

    #[test]
    fn we_sign_as_twilios_own_packages_verify() {
        let file: Value =
            serde_json::from_str(include_str!("../../../../fixtures/sim/twilio.json")).expect("it is JSON");
        let mut judged = 0;
        for vector in file["vectors"].as_array().expect("a list") {
            let headers = vector["headers"].as_object().expect("an object");
            if headers.contains_key("X-Twilio-Webhooks-Signature-Settings") {
                continue;
            }
            let name = vector["name"].as_str().expect("a text");
            if name.starts_with("json_body") {
                // Whether the body has the hash that the address claims is the verifier's business.
                continue;
            }
            let body = vector["body"].as_str().unwrap_or_default();
            let form = vector["method"] == "POST" && !vector["form_params"].is_null();
            let fields = if form { http::read_form(body).expect("a form") } else { Vec::new() };
            let token = vector["auth_token"].as_str().expect("a text");
            let given = headers.get("X-Twilio-Signature").and_then(Value::as_str);
            let url = vector["public_url"].as_str().expect("a text");
            let ours = candidates(url).iter().any(|url| Some(sign(url, &fields, token).as_str()) == given);
            assert_eq!(ours, vector["expect_valid"], "{name}");
            judged += 1;
        }
        assert!(judged > 20, "only {judged} vectors were judged");
    }
}
