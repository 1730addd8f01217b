//! What a test wants to go wrong, and how the service behaves in what Google leaves open.

use super::{Method, answer::Answer};
use serde_json::json;
use std::{collections::BTreeSet, time::Duration};

/// What a request meets instead of its answer, or on the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 403 `userRateLimitExceeded`.
    UserRateLimit,
    /// 429 `rateLimitExceeded`, with this many seconds of `Retry-After` where there are any.
    RateLimit(Option<u32>),
    /// 403 `quotaExceeded`: not a matter of seconds.
    Quota,
    /// A JSON error of this status and reason in Google's envelope, such as (503, "backendError").
    Error(u16, String),
    /// An HTML page of this status, as a front end sends; nothing is done.
    Html(u16),
    /// Status 200 with this body, and nothing is done.
    Nonsense(String),
    /// This long before anything is done.
    Slow(Duration),
    /// Nothing is done till `release`.
    HoldBefore,
    /// It is done at once, and the answer waits for `release`.
    HoldAfter,
    /// The connection is dropped, and nothing is done.
    DropBefore,
    /// It is done, and the connection is dropped without an answer.
    DropAfter,
    /// It is done, and the connection is dropped in the middle of the answer's body.
    HalfBody,
    /// It is done, and the answer has this body in place of its own.
    Garbled(String),
}

/// How free/busy of one calendar fails inside an answer of status 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FreeBusyFault {
    /// `errors` with this reason, and an empty `busy`: `notFound`, `internalError`, `groupTooBig`.
    Error(String),
    /// `errors` with this reason, and no `busy`.
    ErrorAlone(String),
    /// The calendar is missing from the answer.
    Missing,
}

/// What the owner answers on the consent page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consent {
    Agree,
    /// Ticks only those scopes (whole addresses) of the ones asked for.
    Only(BTreeSet<String>),
    /// `access_denied`.
    Deny,
}

/// How the service behaves where Google may do this or that.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
pub struct Habits {
    /// How long an access token lives.
    pub lifetime: Duration,
    /// Most items of a page, whatever a client asks for.
    pub page: usize,
    /// The first page of a list of events is empty and has a next one.
    pub empty_first_page: bool,
    /// A refresh gives a new refresh token, and the old one is dead.
    pub new_refresh_tokens: bool,
    /// `expires_in` is a string.
    pub expiry_in_words: bool,
    /// A deleted event may be revived by `status: confirmed`; else that is refused with 403.
    pub revives: bool,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            lifetime: Duration::from_secs(3599),
            page: 250,
            empty_first_page: false,
            new_refresh_tokens: false,
            expiry_in_words: false,
            revives: false,
        }
    }
}

/// A fault, for whom and how often.
#[derive(Debug)]
pub(super) struct Plan {
    pub method: Option<Method>,
    pub times: usize,
    pub fault: Fault,
}

/// What the request of this method meets.
pub(super) fn next(plans: &mut Vec<Plan>, method: Option<Method>) -> Option<Fault> {
    let fits = |plan: &Plan| plan.times > 0 && (plan.method.is_none() || plan.method == method);
    let index = plans.iter().position(fits)?;
    let plan = &mut plans[index];
    plan.times -= 1;
    let fault = plan.fault.clone();
    if plan.times == 0 {
        plans.remove(index);
    }
    Some(fault)
}

impl Fault {
    /// The answer, where the request is not carried out at all.
    pub(super) fn instead(&self) -> Option<Answer> {
        let usage =
            |status, reason: &str, message: &str| Answer::error(status, "usageLimits", reason, message);
        Some(match self {
            Self::UserRateLimit => usage(403, "userRateLimitExceeded", "User Rate Limit Exceeded"),
            Self::RateLimit(seconds) => {
                let answer = usage(429, "rateLimitExceeded", "Rate Limit Exceeded");
                match seconds {
                    Some(seconds) => answer.with("Retry-After", &seconds.to_string()),
                    None => answer,
                }
            }
            Self::Quota => usage(403, "quotaExceeded", "Calendar usage limits exceeded."),
            Self::Error(status, reason) => Answer::error(*status, "global", reason, "Backend Error"),
            Self::Html(status) => Answer::page(*status, "Server Error"),
            Self::Nonsense(body) => Answer::json(200, &json!({})).garbled(body),
            Self::Slow(_)
            | Self::HoldBefore
            | Self::HoldAfter
            | Self::DropBefore
            | Self::DropAfter
            | Self::HalfBody
            | Self::Garbled(_) => return None,
        })
    }
}
