//! `X-Plivo-Signature-V3` and its predecessor: what is signed, and how.

use super::{MAIN_SIGNATURE, NONCE, OLD_MAIN_SIGNATURE, OLD_NONCE, OLD_SIGNATURE, SIGNATURE};
use crate::{Refusal, Request, address::Address, form};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::borrow::Cow;

/// More fields than any webhook has; beyond, the request is not looked at.
const MOST_FIELDS: usize = 1_000;
/// More signatures than one header has.
const MOST_SIGNATURES: usize = 16;

/// Judges `request` as sent to exactly `url`, by the rules of Plivo's libraries: by V3 where its header is there, else
/// by V2, which leaves query and body out. What the account's own token did not sign the main account's may have.
pub(super) fn verify(request: &Request<'_>, url: &str, secret: &str) -> Result<(), Refusal> {
    let given = |name| request.header(name).filter(|given| !given.is_empty());
    let (own, main) = (given(SIGNATURE), given(MAIN_SIGNATURE));
    if own.is_some() || main.is_some() {
        let nonce = given(NONCE).ok_or_else(|| missing(NONCE))?;
        let text = third(request, url, nonce)?;
        let lists = own.into_iter().chain(main);
        let signatures = lists.flat_map(|list| list.split(',').take(MOST_SIGNATURES));
        return judged(secret, &text.signed, signatures).and(text.body);
    }
    let (own, main) = (given(OLD_SIGNATURE), given(OLD_MAIN_SIGNATURE));
    if own.is_none() && main.is_none() {
        return Err(Refusal::Unsigned);
    }
    let nonce = given(OLD_NONCE).ok_or_else(|| missing(OLD_NONCE))?;
    let address = Address::split(url).ok_or(Refusal::WrongSignature)?;
    judged(secret, &format!("{}{nonce}", base(url, address)), own.into_iter().chain(main))
}

struct Signing {
    signed: String,
    /// Whether the body is one that the signature is over.
    body: Result<(), Refusal>,
}

/// The text that V3 signs. The `?` before the fields of a body stands there without a query, too.
fn third(request: &Request<'_>, url: &str, nonce: &str) -> Result<Signing, Refusal> {
    let address = Address::split(url).ok_or(Refusal::WrongSignature)?;
    let mut signed = base(url, address);
    let query = sorted(address.query().as_bytes())?;
    if !query.is_empty() {
        let pairs: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        signed.push('?');
        signed.push_str(&pairs.join("&"));
    }
    let mut body = Ok(());
    if request.method != "GET" && !request.body.is_empty() {
        let kind = request.header("content-type").unwrap_or("application/x-www-form-urlencoded");
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let fields = sorted(request.body)?;
            if !fields.is_empty() {
                signed.push(if query.is_empty() { '?' } else { '.' });
                for (name, value) in &fields {
                    signed.push_str(name);
                    signed.push_str(value);
                }
            }
        } else {
            body = Err(Refusal::Malformed("the body is not a form, so no signature vouches for it".into()));
        }
    }
    signed.push('.');
    signed.push_str(nonce);
    Ok(Signing { signed, body })
}

/// The address without query and fragment. Only its scheme is put into lower case.
fn base(url: &str, address: Address<'_>) -> String {
    let more = address.path_and_more();
    let path = more.find(['?', '#']).unwrap_or(more.len());
    let (scheme, rest) = url[..url.len() - more.len() + path].split_at(address.scheme.len());
    scheme.to_ascii_lowercase() + rest
}

/// A name and its value.
type Field<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Decoded, by name and then by value; what is there twice stays so.
fn sorted(text: &[u8]) -> Result<Vec<Field<'_>>, Refusal> {
    let mut fields: Vec<_> = form::fields(text).take(MOST_FIELDS + 1).collect();
    if fields.len() > MOST_FIELDS {
        return Err(Refusal::Malformed(format!("there are more than {MOST_FIELDS} fields")));
    }
    fields.sort_unstable();
    Ok(fields)
}

fn judged<'a>(secret: &str, signed: &str, signatures: impl Iterator<Item = &'a str>) -> Result<(), Refusal> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(signed.as_bytes());
    let mut right = false;
    // All are compared, so that the time taken says nothing.
    for signature in signatures {
        let given = BASE64_STANDARD.decode(signature).unwrap_or_default();
        right |= mac.clone().verify_slice(&given).is_ok();
    }
    if right { Ok(()) } else { Err(Refusal::WrongSignature) }
}

fn missing(header: &str) -> Refusal {
    Refusal::Malformed(format!("there is a signature without its `{header}`"))
}
