//! Google's noes: what each means for what was asked. The table is that of Google's guide "Handle API errors".

use crate::calendar::remote::Trouble;
use serde_json::Value;

/// Why something asked was not answered with yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// There is no answer that can be believed.
    Lost(String),
    /// Not now: too much was asked of late. Nothing was done.
    Busy(String),
    /// 401: the token is not accepted.
    Stale(String),
    /// No, and it will stay so.
    Refused(String),
    /// Not without another grant.
    Revoked(String),
    /// 404: there is no such thing, or it is not for us to see.
    Missing(String),
    /// 410: it was deleted.
    Deleted,
    /// 410: the sync token is too old.
    Resync,
    /// 409: the id is taken, perhaps by an event that was deleted.
    Duplicate,
    /// 412: it has changed since it was read.
    Changed,
}

/// A fault after all tries.
#[derive(Debug)]
pub(super) struct Failed {
    pub fault: Fault,
    /// A try of which no answer came may have done what was asked.
    pub doubt: bool,
}

impl Failed {
    /// What the one who asked is told.
    pub fn trouble(self) -> Trouble {
        let doubt = self.doubt;
        let trouble = match self.fault {
            Fault::Lost(why) | Fault::Busy(why) => Trouble::Unreachable(why),
            Fault::Refused(why) | Fault::Missing(why) => Trouble::Refused(why),
            Fault::Stale(why) | Fault::Revoked(why) => Trouble::Revoked(why),
            Fault::Deleted => Trouble::Refused("Google says that it was deleted.".into()),
            Fault::Resync => Trouble::Refused("Google asks for all events to be read anew.".into()),
            Fault::Duplicate => Trouble::Refused("Google says that the id is taken.".into()),
            Fault::Changed => Trouble::Unreachable("It keeps changing at Google.".into()),
        };
        if doubt { in_doubt(trouble) } else { trouble }
    }
}

/// The same where something may have been written: then nobody may say that nothing was.
pub(super) fn in_doubt(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Unreachable(why) | Trouble::Refused(why) | Trouble::Revoked(why) => {
            Trouble::Unreachable(why)
        }
    }
}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Unreachable(why) => Self::Lost(why),
            Trouble::Refused(why) => Self::Refused(why),
            Trouble::Revoked(why) => Self::Revoked(why),
        }
    }
}

/// What an answer that is no success means: by its reason first, then by its code.
pub(super) fn judge(status: u16, body: &[u8]) -> Fault {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = &answer["error"];
    let reason = reason(error);
    let said = said(status, reason, error);
    match (status, reason) {
        // In front of the API stand others, who answer in HTML.
        (400..500, _) if !error.is_object() && !matches!(status, 401 | 429) => Fault::Lost(said),
        (401, _) => Fault::Stale(said),
        (409, "duplicate") => Fault::Duplicate,
        (403, "userRateLimitExceeded" | "rateLimitExceeded") | (409 | 429, _) => Fault::Busy(said),
        (403, "quotaExceeded" | "dailyLimitExceeded") => Fault::Refused(format!(
            "{said} The quota of this program or calendar is used up; see “Quotas” in Google’s console."
        )),
        (403, "insufficientPermissions" | "ACCESS_TOKEN_SCOPE_INSUFFICIENT") => {
            Fault::Revoked(format!("{said} Connect the calendar again and tick every box."))
        }
        (403, "accessNotConfigured" | "SERVICE_DISABLED") => {
            Fault::Refused(format!("{said} Switch on the Google Calendar API in Google’s console."))
        }
        (403, "forbiddenForServiceAccounts") => Fault::Refused(format!(
            "{said} A service account invites people only where it acts for a person by domain-wide delegation."
        )),
        (403, "forbiddenForNonOrganizer") => {
            Fault::Refused(format!("{said} Only the organizer may change this event."))
        }
        (403, "requiredAccessLevel" | "forbidden") => {
            Fault::Refused(format!("{said} The account may not write to this calendar."))
        }
        (404, _) => Fault::Missing(said),
        (410, "fullSyncRequired" | "updatedMinTooLongAgo") => Fault::Resync,
        (410, _) => Fault::Deleted,
        (412, _) => Fault::Changed,
        (400..500, _) if status != 408 => Fault::Refused(said),
        _ => Fault::Lost(said),
    }
}

fn reason(error: &Value) -> &str {
    let named = error["errors"][0]["reason"].as_str();
    let detailed = || error["details"].as_array()?.iter().find_map(|detail| detail["reason"].as_str());
    named.or_else(detailed).unwrap_or_default()
}

/// What Google said, in short, for the owner.
fn said(status: u16, reason: &str, error: &Value) -> String {
    let plain = |text: &str| -> String { text.chars().filter(|c| !c.is_control()).take(200).collect() };
    let message = plain(error["message"].as_str().unwrap_or_default());
    let message = message.trim().trim_end_matches('.');
    match (message, plain(reason).as_str()) {
        ("", "") => format!("Google answered {status}."),
        ("", reason) => format!("Google answered {status} ({reason})."),
        (message, "") => format!("Google says: {message} ({status})."),
        (message, reason) => format!("Google says: {message} ({status} {reason})."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(status: u16, reason: &str) -> Fault {
        let body = json!({ "error": { "code": status, "message": "So it is.",
            "errors": [{ "domain": "global", "reason": reason, "message": "So it is." }] } });
        judge(status, body.to_string().as_bytes())
    }

    fn name(fault: &Fault) -> &'static str {
        match fault {
            Fault::Lost(_) => "lost",
            Fault::Busy(_) => "busy",
            Fault::Stale(_) => "stale",
            Fault::Refused(_) => "refused",
            Fault::Revoked(_) => "revoked",
            Fault::Missing(_) => "missing",
            Fault::Deleted => "deleted",
            Fault::Resync => "resync",
            Fault::Duplicate => "duplicate",
            Fault::Changed => "changed",
        }
    }

    #[test]
    fn every_no_of_googles_guide_is_understood() {
        for (status, reason, means) in [
            (400, "timeRangeEmpty", "refused"),
            (400, "badRequest", "refused"),
            (400, "invalid", "refused"),
            (400, "required", "refused"),
            (400, "parseError", "refused"),
            (400, "timeRangeTooLong", "refused"),
            (401, "authError", "stale"),
            (403, "userRateLimitExceeded", "busy"),
            (403, "rateLimitExceeded", "busy"),
            (403, "quotaExceeded", "refused"),
            (403, "forbiddenForNonOrganizer", "refused"),
            (403, "forbiddenForServiceAccounts", "refused"),
            (403, "insufficientPermissions", "revoked"),
            (403, "accessNotConfigured", "refused"),
            (403, "somethingNew", "refused"),
            (404, "notFound", "missing"),
            (409, "duplicate", "duplicate"),
            (409, "conflict", "busy"),
            (410, "deleted", "deleted"),
            (410, "fullSyncRequired", "resync"),
            (410, "updatedMinTooLongAgo", "resync"),
            (412, "conditionNotMet", "changed"),
            (429, "rateLimitExceeded", "busy"),
            (500, "backendError", "lost"),
            (502, "backendError", "lost"),
            (503, "backendError", "lost"),
            (504, "backendError", "lost"),
            (408, "timeout", "lost"),
            (302, "", "lost"),
        ] {
            assert_eq!(name(&answer(status, reason)), means, "{status} {reason}");
        }
    }

    #[test]
    fn a_front_end_that_answers_in_html_decides_nothing() {
        for status in [400, 403, 404, 409, 410, 412, 500, 502, 503] {
            assert_eq!(name(&judge(status, b"<!DOCTYPE html><title>Error</title>")), "lost", "{status}");
            assert_eq!(name(&judge(status, b"")), "lost", "{status}");
            assert_eq!(name(&judge(status, b"\xff\xfe[1,2")), "lost", "{status}");
        }
    }

    #[test]
    fn newer_answers_say_their_reason_elsewhere() {
        let body = json!({ "error": { "code": 403, "status": "PERMISSION_DENIED", "message": "m",
            "details": [{ "@type": "x" }, { "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT" }] } });
        assert_eq!(name(&judge(403, body.to_string().as_bytes())), "revoked");
    }

    #[test]
    fn after_a_lost_try_nobody_says_that_nothing_was_written() {
        for fault in [Fault::Refused("r".into()), Fault::Revoked("r".into()), Fault::Stale("r".into())] {
            let sure = Failed { fault: fault.clone(), doubt: false }.trouble();
            assert!(!matches!(sure, Trouble::Unreachable(_)), "{sure:?}");
            let unsure = Failed { fault, doubt: true }.trouble();
            assert!(matches!(unsure, Trouble::Unreachable(_)), "{unsure:?}");
        }
    }
}
