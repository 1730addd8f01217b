//! What Plivo's webhooks tell about a call: that it rings, what was said in a turn, how it fares.

use super::{MAIN_SIGNATURE, SIGNATURE};
use crate::{
    AnsweredBy, CallStatus, Garbled, Gathered, Recorded, Request, Ring, Status, Turn,
    form::Fields,
    frame,
    twilio::webhook::{confidence, is_keys},
};
use std::time::Duration;

/// Longer than what anybody says in one turn, in bytes of UTF-8.
const LONGEST_SPEECH: usize = 16 * 1024;
/// Longer than any address.
const LONGEST_ADDRESS: usize = 4 * 1024;

/// Reads the webhook of a ringing call, or of one that we placed and that was answered.
pub(super) fn read(request: &Request<'_>) -> Result<Ring, Garbled> {
    let fields = signed(request)?;
    let attested = fields.get("STIRVerification")?.eq_ignore_ascii_case("verified");
    let attestation = fields.get("STIRAttestation")?;
    Ok(Ring {
        call: call(fields)?,
        account: fields.get("ParentAuthID")?,
        from: number(&fields.get("From")?),
        to: number(&fields.get("To")?),
        outbound: fields.get("Direction")? == "outbound",
        attestation: attestation
            .chars()
            .next()
            .filter(|_| attested && ["A", "B", "C"].contains(&attestation.as_str())),
    })
}

/// Reads the `action` of `<Record>` and `<GetInput>`, and a recording's `callbackUrl`.
pub(super) fn turn(request: &Request<'_>) -> Result<Turn, Garbled> {
    let fields = signed(request)?;
    let call = call(fields)?;
    let url = match fields.long("RecordUrl", LONGEST_ADDRESS)? {
        url if url.is_empty() => fields.long("RecordFile", LONGEST_ADDRESS)?,
        url => url,
    };
    // The milliseconds are the ones that all sources agree on; −1 says that it is not known yet.
    let length = fields.get("RecordingDurationMs")?.parse::<f64>().ok();
    let length = length.filter(|ms| (0.0..1e9).contains(ms)).map(|ms| Duration::from_millis(ms as u64));
    let id = fields.get("RecordingID")?;
    let recorded = (!url.is_empty()).then_some(Recorded { id, url, duration: length });
    let digits = fields.get("Digits")?;
    let gathered = Gathered {
        digits: if is_keys(&digits) { digits } else { String::new() },
        speech: fields.long("Speech", LONGEST_SPEECH)?,
        confidence: confidence(&fields.get("SpeechConfidenceScore")?),
    };
    let over = fields.get("CallStatus")? == "completed" || fields.get("Event")? == "Hangup";
    Ok(Turn { call, recorded, gathered, over })
}

/// Reads the hang-up and ring callbacks, and what machine detection found.
pub(super) fn status(request: &Request<'_>) -> Result<Status, Garbled> {
    let fields = signed(request)?;
    let state = CallStatus::named(&fields.get("CallStatus")?);
    // A call that nobody took is over, too; why is in the cause.
    let state = match (state, fields.get("HangupCause")?.to_ascii_uppercase().as_str()) {
        (Some(CallStatus::Completed) | None, "USER_BUSY") => Some(CallStatus::Busy),
        (Some(CallStatus::Completed) | None, "NO_ANSWER" | "NO_USER_RESPONSE") => Some(CallStatus::NoAnswer),
        (Some(CallStatus::Completed) | None, "ORIGINATOR_CANCEL") => Some(CallStatus::Canceled),
        (state, _) => state,
    };
    let answered_by = match fields.get("Machine")?.to_ascii_lowercase().as_str() {
        "true" => Some(AnsweredBy::Machine),
        "false" => Some(AnsweredBy::Human),
        _ => None,
    };
    Ok(Status {
        call: call(fields)?,
        request: fields.get("RequestUUID")?,
        state,
        answered_by,
        duration: fields.number("Duration")?.map(Duration::from_secs),
        sequence: None,
    })
}

/// E.164: Plivo leaves the plus away. What is no number, or a short one, stays as it is.
pub(super) fn number(text: &str) -> String {
    let digits = text.bytes().all(|digit| digit.is_ascii_digit());
    if digits && (7..=15).contains(&text.len()) && !text.starts_with('0') {
        format!("+{text}")
    } else {
        text.to_owned()
    }
}

/// The fields of a request that is signed V3. V2 does not cover them, so it proves nothing about a call.
fn signed<'a>(request: &Request<'a>) -> Result<Fields<'a>, Garbled> {
    let there = |name| request.header(name).is_some_and(|given| !given.is_empty());
    if there(SIGNATURE) || there(MAIN_SIGNATURE) {
        return Ok(Fields::of(request));
    }
    Err(Garbled(format!("a call's webhook must be signed by `{SIGNATURE}`: V2 does not cover its fields")))
}

fn call(fields: Fields<'_>) -> Result<String, Garbled> {
    let call = fields.get("CallUUID")?;
    if is_id(&call) {
        return Ok(call);
    }
    let why = if call.is_empty() { "there is no `CallUUID`" } else { "`CallUUID` is none" };
    Err(Garbled(why.into()))
}

/// A UUID as documented; here: what can stand in a path, a log and a message as it is.
pub(super) fn is_id(text: &str) -> bool {
    frame::is_name(text, 64, b"")
}
