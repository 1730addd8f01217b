//! `X-Twilio-Signature`: what is signed, how, and in which spellings of the address.

use super::{SIGNATURE, SIGNATURE_SETTINGS};
use crate::{Refusal, Request, address::Address, form};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use std::{borrow::Cow, collections::BTreeSet};

/// More fields than any webhook has; beyond, the request is not looked at.
const MOST_FIELDS: usize = 1_000;

/// Judges `request` as sent to exactly `url`, by the rules of Twilio's libraries: the port may be missing or be there
/// (the standard one where none is given), fields are signed sorted and each once, a body that is not a form must
/// match the hash in the signed address.
pub(super) fn verify(request: &Request<'_>, url: &str, secret: &str) -> Result<(), Refusal> {
    let given = request.header(SIGNATURE).filter(|given| !given.is_empty()).ok_or(Refusal::Unsigned)?;
    let algorithm = Algorithm::of(request)?;
    let address = Address::split(url).ok_or(Refusal::WrongSignature)?;
    let signed = signed(request, address)?;
    let given = BASE64_STANDARD.decode(given).map_err(|_| Refusal::WrongSignature)?;

    let scheme = address.scheme.to_ascii_lowercase();
    let Address { user, host, port, .. } = address;
    let rest = address.path_and_more();
    // That `wss:` counts as port 80 here is what Twilio's libraries do, too.
    let standard = if scheme == "https://" { ":443" } else { ":80" };
    let with_port = if port.len() > 1 { port } else { standard };
    let matches = |port: &str| {
        let parts = [&scheme, user, host, port, rest];
        match algorithm {
            Algorithm::Sha1 => is_signed::<Hmac<Sha1>>(secret, &parts, &signed.fields, &given),
            Algorithm::Sha256 => is_signed::<Hmac<Sha256>>(secret, &parts, &signed.fields, &given),
        }
    };
    // Both are always computed, so that the time taken says nothing.
    if !(matches("") | matches(with_port)) {
        return Err(Refusal::WrongSignature);
    }
    signed.body
}

/// What of a request, apart from its address, the signature is over.
struct Signed<'a> {
    /// In the order in which they are signed, each once.
    fields: BTreeSet<(Cow<'a, str>, Cow<'a, str>)>,
    /// Whether the rest of the body is what the address says it is.
    body: Result<(), Refusal>,
}

fn signed<'a>(request: &Request<'a>, address: Address<'_>) -> Result<Signed<'a>, Refusal> {
    let alone = |body| Signed { fields: BTreeSet::new(), body };
    let socket = ["ws://", "wss://"].contains(&address.scheme.to_ascii_lowercase().as_str());
    let bodiless = ["GET", "HEAD"].iter().any(|method| request.method.eq_ignore_ascii_case(method));
    if socket || bodiless {
        return Ok(alone(Ok(())));
    }
    let hash = form::field(address.query().as_bytes(), "bodySHA256").unwrap_or_default();
    let kind = request.header("content-type").map(|kind| kind.split(';').next().unwrap_or_default().trim());
    let form =
        kind.map_or(hash.is_empty(), |kind| kind.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    if form {
        let fields: BTreeSet<_> = form::fields(request.body).take(MOST_FIELDS + 1).collect();
        if fields.len() > MOST_FIELDS {
            return Err(Refusal::Malformed(format!("the form has more than {MOST_FIELDS} fields")));
        }
        return Ok(Signed { fields, body: Ok(()) });
    }
    let body = if hash.is_empty() && request.body.is_empty() {
        Ok(())
    } else if hash.is_empty() {
        let why = "the body is not a form, and the address has no `bodySHA256` that vouches for it";
        Err(Refusal::Malformed(why.into()))
    } else if hash == format!("{:x}", Bytes::from_owner(Sha256::digest(request.body))) {
        Ok(())
    } else {
        Err(Refusal::Malformed("the body is not the one whose hash is in `bodySHA256`".into()))
    };
    Ok(alone(body))
}

/// How the signature was made: by the account's token unless the settings header says otherwise.
#[derive(Clone, Copy)]
enum Algorithm {
    Sha1,
    Sha256,
}

impl Algorithm {
    fn of(request: &Request<'_>) -> Result<Self, Refusal> {
        let settings = request.header(SIGNATURE_SETTINGS).unwrap_or_default();
        let named = settings
            .split(',')
            .filter_map(|setting| setting.split_once('='))
            .map(|(name, value)| (name.trim(), value.trim()))
            .find(|(name, value)| *name == "algorithm" && !value.is_empty());
        match named {
            None => Ok(Self::Sha1),
            Some((_, name)) if name.eq_ignore_ascii_case("HMAC_SHA1") => Ok(Self::Sha1),
            Some((_, name)) if name.eq_ignore_ascii_case("HMAC_SHA256") => Ok(Self::Sha256),
            Some(_) => {
                let why =
                    format!("`{SIGNATURE_SETTINGS}` names an algorithm other than HMAC_SHA1 and HMAC_SHA256");
                Err(Refusal::Malformed(why))
            }
        }
    }
}

fn is_signed<M: Mac + KeyInit>(
    secret: &str,
    address: &[&str],
    fields: &BTreeSet<(Cow<'_, str>, Cow<'_, str>)>,
    given: &[u8],
) -> bool {
    let mut mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    for part in address {
        mac.update(part.as_bytes());
    }
    for (name, value) in fields {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    mac.verify_slice(given).is_ok()
}
