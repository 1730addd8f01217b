//! How Plivo signs a request: V3 for voice, V2 for messages.
//!
//! Source: <https://www.plivo.com/docs/voice/concepts/signature-validation> and the packages `plivo` of Python and Node,
//! which differ from the page where there is no query and which Plivo's customers run.

use crate::http;
use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_STANDARD};

/// `X-Plivo-Signature-V3`: of a POST with these fields, or of a GET, whose fields stand in the address.
pub fn v3(url: &str, post: bool, fields: &[(String, String)], nonce: &str, token: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut query = http::read_form(query).unwrap_or_default();
    query.sort();
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut text = base.to_owned();
    let body = post && !fields.is_empty();
    if !query.is_empty() || body {
        text.push('?');
    }
    text.push_str(&query.join("&"));
    if body {
        if !query.is_empty() {
            text.push('.');
        }
        let mut fields = fields.to_vec();
        fields.sort();
        for (name, value) in fields {
            text.push_str(&name);
            text.push_str(&value);
        }
    }
    text.push('.');
    text.push_str(nonce);
    mac(&text, token)
}

/// `X-Plivo-Signature-V2`: the address without its query, and the nonce; the body is not covered.
pub fn v2(url: &str, nonce: &str, token: &str) -> String {
    let base = url.split(['?', '#']).next().unwrap_or_default();
    mac(&format!("{base}{nonce}"), token)
}

fn mac(text: &str, token: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes());
    BASE64_STANDARD.encode(hmac::sign(&key, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn we_sign_as_plivos_own_packages_verify() {
        let file: Value = serde_json::from_str(include_str!("../../../../fixtures/plivo/signatures.json"))
            .expect("it is JSON");
        let mut judged = 0;
        for vector in file["vectors"].as_array().expect("a list") {
            let text = |field: &str| vector[field].as_str().unwrap_or_default();
            let (name, scheme) = (text("name"), text("scheme"));
            let header = |name: &str| {
                let headers = vector["headers"].as_object().expect("an object");
                let found = headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
                found.and_then(|(_, value)| value.as_str())
            };
            let fields: Vec<(String, String)> =
                serde_json::from_value(vector["form_params"].clone()).unwrap_or_default();
            let nonce = header(&format!("X-Plivo-Signature-{scheme}-Nonce")).unwrap_or_default();
            let url = text("public_url");
            // What a verifier tries for an upgrade is its own business.
            if text("transport") != "http" {
                continue;
            }
            let ours = if scheme == "V3" {
                v3(url, text("method") == "POST", &fields, nonce, text("auth_token"))
            } else {
                v2(url, nonce, text("auth_token"))
            };
            let given = [format!("X-Plivo-Signature-{scheme}"), format!("X-Plivo-Signature-Ma-{scheme}")];
            let given = given.iter().filter_map(|name| header(name));
            let separator = if scheme == "V3" { ',' } else { '\n' };
            let valid = given.flat_map(|all| all.split(separator)).any(|one| one == ours);
            assert_eq!(valid, vector["expect_valid"], "{name}");
            judged += 1;
        }
        assert!(judged > 20, "only {judged} vectors were judged");
    }
}
