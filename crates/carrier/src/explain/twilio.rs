//! Why a request of Twilio's is refused.

use super::{Case, Judged, Verdict, accepted, refused};
use crate::{
    Carrier as _, Refusal, Request,
    address::Address,
    twilio::{SIGNATURE, SIGNATURE_SETTINGS, Twilio},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

pub(super) fn judge(case: &Case) -> Verdict {
    let headers = case.headers();
    let judged = case.judged(&Twilio, &headers);
    match Twilio.verify(&judged.request, judged.url, judged.secret, 0) {
        Ok(()) => accepted("the signature is of this request, by this token"),
        Err(Refusal::Unsigned) => refused(format!(
            "there is no `{SIGNATURE}` header, or it is empty: this request is not Twilio's, or a proxy took the \
             header away"
        )),
        Err(Refusal::Malformed(why)) => refused(format!("refused whatever its signature: {why}")),
        Err(Refusal::WrongSignature) => {
            refused(judged.usual().or_else(|| judged.another_algorithm()).unwrap_or_else(|| judged.no_idea()))
        }
    }
}

impl Judged<'_> {
    fn another_algorithm(&self) -> Option<String> {
        let mut headers: Vec<_> = self.request.headers.to_vec();
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case(SIGNATURE_SETTINGS));
        let bare = headers.len();
        ["HMAC_SHA1", "HMAC_SHA256"].into_iter().find_map(|algorithm| {
            headers.truncate(bare);
            headers.push((SIGNATURE_SETTINGS.to_owned(), format!("algorithm={algorithm}")));
            let found = Judged { request: Request { headers: &headers, ..self.request }, ..*self }.matches();
            found.then(|| {
                format!(
                    "the signature was made with {algorithm}, which `{SIGNATURE_SETTINGS}` does not say: a \
                     proxy changes the headers"
                )
            })
        })
    }

    fn no_idea(&self) -> String {
        let given = self.request.header(SIGNATURE).unwrap_or_default();
        let size = BASE64_STANDARD.decode(given).ok().map(|bytes| bytes.len());
        let settings = self.request.header(SIGNATURE_SETTINGS).unwrap_or_default();
        let due = if settings.to_ascii_uppercase().contains("SHA256") { 32 } else { 20 };
        if Address::split(self.url).is_none() {
            return "the address is not a whole one: it needs scheme, host and path, as in \
                    https://example.com/incoming-call"
                .into();
        }
        match size {
            None => format!("`{SIGNATURE}` is not base64, so nothing of Twilio's made it"),
            Some(size) if size != due => format!(
                "`{SIGNATURE}` holds {size} bytes where {due} are due: it was cut, or made with another algorithm or key"
            ),
            Some(_) => "the signature matches neither this address nor one close to it: either the token is not the one \
                 that signs (it was rotated, or the number belongs to a subaccount with its own), or the body was \
                 changed on the way, or Twilio called a wholly different address"
                .into(),
        }
    }
}
