//! Why a request of Plivo's is refused.

use super::{Case, Judged, Verdict, accepted, refused};
use crate::{
    Carrier as _, Refusal, Request,
    address::Address,
    plivo::{MAIN_SIGNATURE, NONCE, OLD_MAIN_SIGNATURE, OLD_NONCE, OLD_SIGNATURE, Plivo, SIGNATURE},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

pub(super) fn judge(case: &Case) -> Verdict {
    let headers = case.headers();
    let plivo = Plivo::default();
    let judged = case.judged(&plivo, &headers);
    let third = judged.given(SIGNATURE).or(judged.given(MAIN_SIGNATURE)).is_some();
    match plivo.verify(&judged.request, judged.url, judged.secret, 0) {
        Ok(()) if third => accepted("the V3 signature is of this request, by this token"),
        Ok(()) => accepted(
            "the V2 signature is of this address, by this token; it does not cover the fields, so that it is believed \
             for texts only",
        ),
        Err(Refusal::Unsigned) => refused(format!(
            "there is neither a `{SIGNATURE}` nor a `{OLD_SIGNATURE}` header: this request is not Plivo's, or a proxy \
             took the header away"
        )),
        Err(Refusal::Malformed(why)) => refused(format!("refused whatever its signature: {why}")),
        Err(Refusal::WrongSignature) => refused(
            judged
                .usual()
                .or_else(|| judged.blanks())
                .or_else(|| judged.older(third))
                .unwrap_or_else(|| judged.nothing_near(third)),
        ),
    }
}

impl Judged<'_> {
    fn given(&self, header: &str) -> Option<&str> {
        self.request.header(header).filter(|given| !given.is_empty())
    }

    fn with(&self, change: impl FnMut(&(String, String)) -> Option<(String, String)>) -> bool {
        let headers: Vec<_> = self.request.headers.iter().filter_map(change).collect();
        Judged { request: Request { headers: &headers, ..self.request }, ..*self }.matches()
    }

    fn blanks(&self) -> Option<String> {
        let closed_up = self.with(|(name, value)| {
            Some((name.clone(), value.split(',').map(str::trim).collect::<Vec<_>>().join(",")))
        });
        closed_up.then(|| {
            "there are blanks around one of the signatures; Plivo writes its list without any".to_owned()
        })
    }

    fn older(&self, third: bool) -> Option<String> {
        let is_third =
            |name: &str| [SIGNATURE, MAIN_SIGNATURE].iter().any(|known| name.eq_ignore_ascii_case(known));
        let there = third && self.given(OLD_SIGNATURE).or(self.given(OLD_MAIN_SIGNATURE)).is_some();
        let right =
            there && self.with(|(name, value)| (!is_third(name)).then(|| (name.clone(), value.clone())));
        right.then(|| {
            "the V2 signature is right and the V3 signature is not, and where there is a V3 it decides: the query or the \
             body was changed on the way"
                .to_owned()
        })
    }

    fn nothing_near(&self, third: bool) -> String {
        if Address::split(self.url).is_none() {
            return "the address is not a whole one: it needs scheme, host and path, as in \
                    https://example.com/phone/plivo/incoming-call"
                .into();
        }
        let headers = if third { [SIGNATURE, MAIN_SIGNATURE] } else { [OLD_SIGNATURE, OLD_MAIN_SIGNATURE] };
        let lists = headers.iter().filter_map(|header| self.given(header));
        let whole = |one: &str| BASE64_STANDARD.decode(one).is_ok_and(|bytes| bytes.len() == 32);
        if !lists.flat_map(|list| list.split(',')).any(whole) {
            return "the signature is not base64 of 32 bytes: it was cut, or made with another algorithm"
                .into();
        }
        let nonce = if third { NONCE } else { OLD_NONCE };
        format!(
            "the signature matches neither this address nor one close to it with this `{nonce}`: either the token is not the \
             one that signs (it was rotated, or the call belongs to a subaccount with its own), or the nonce or the body \
             was changed on the way, or Plivo called a wholly different address"
        )
    }
}
