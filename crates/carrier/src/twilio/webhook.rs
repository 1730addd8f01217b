//! What Twilio's webhooks tell about a call: that it rings, what was said in a turn, how it fares.

use crate::{
    AnsweredBy, CallStatus, Garbled, Gathered, Recorded, Request, Ring, Status, Turn, form::Fields, frame,
};
use std::time::Duration;

/// Longer than what anybody says in one turn, in bytes of UTF-8.
const LONGEST_SPEECH: usize = 16 * 1024;
/// Longer than any address.
const LONGEST_ADDRESS: usize = 4 * 1024;

/// Reads the webhook of a ringing call.
pub(super) fn read(request: &Request<'_>) -> Result<Ring, Garbled> {
    let fields = Fields::of(request);
    Ok(Ring {
        call: call(fields)?,
        account: fields.get("AccountSid")?,
        from: fields.get("From")?,
        to: fields.get("To")?,
        outbound: fields.get("Direction")?.starts_with("outbound"),
        attestation: attestation(&fields.get("StirVerstat")?),
    })
}

/// Reads the `action` of `<Record>` and `<Gather>`, and a recording's status callback.
pub(super) fn turn(request: &Request<'_>) -> Result<Turn, Garbled> {
    let fields = Fields::of(request);
    let call = call(fields)?;
    let url = fields.long("RecordingUrl", LONGEST_ADDRESS)?;
    let ready = ["", "completed"].contains(&fields.get("RecordingStatus")?.as_str());
    let recorded = (ready && !url.is_empty()).then_some(Recorded {
        id: fields.get("RecordingSid")?,
        url,
        duration: fields.number("RecordingDuration")?.map(Duration::from_secs),
    });
    // After a recording this says how it ended, and is a key only where it is one.
    let digits = fields.get("Digits")?;
    let over = digits == "hangup" || fields.get("CallStatus")? == "completed";
    let gathered = Gathered {
        digits: if is_keys(&digits) { digits } else { String::new() },
        speech: fields.long("SpeechResult", LONGEST_SPEECH)?,
        confidence: confidence(&fields.get("Confidence")?),
    };
    Ok(Turn { call, recorded, gathered, over })
}

/// Reads a call progress callback, or what answering machine detection found.
pub(super) fn status(request: &Request<'_>) -> Result<Status, Garbled> {
    let fields = Fields::of(request);
    Ok(Status {
        call: call(fields)?,
        request: String::new(),
        state: CallStatus::named(&fields.get("CallStatus")?),
        answered_by: answered_by(&fields.get("AnsweredBy")?),
        duration: fields.number("CallDuration")?.map(Duration::from_secs),
        sequence: fields.number("SequenceNumber")?,
    })
}

/// <https://www.twilio.com/docs/voice/answering-machine-detection>, and what TeXML makes of it.
pub(crate) fn answered_by(word: &str) -> Option<AnsweredBy> {
    match word {
        "" => None,
        "human" | "human_residence" | "human_business" => Some(AnsweredBy::Human),
        "machine" | "machine_start" => Some(AnsweredBy::Machine),
        "machine_end_beep" | "machine_end_silence" | "machine_end_other" => Some(AnsweredBy::MachineReady),
        "fax" | "fax_detected" => Some(AnsweredBy::Fax),
        _ => Some(AnsweredBy::Unsure),
    }
}

pub(crate) fn is_keys(digits: &str) -> bool {
    digits.bytes().all(|digit| digit.is_ascii_digit() || b"*#ABCD".contains(&digit))
}

pub(crate) fn confidence(text: &str) -> Option<f32> {
    text.parse().ok().filter(|sure: &f32| (0.0..=1.0).contains(sure))
}

fn call(fields: Fields<'_>) -> Result<String, Garbled> {
    let call = fields.get("CallSid")?;
    if is_sid(&call) {
        return Ok(call);
    }
    let why = if call.is_empty() { "there is no `CallSid`" } else { "`CallSid` is no SID" };
    Err(Garbled(why.into()))
}

/// `TN-Validation-Passed-A` and its like. Where the number was diverted on its way, the word is longer, and says
/// nothing about who is calling now.
fn attestation(verdict: &str) -> Option<char> {
    match verdict {
        "TN-Validation-Passed-A" => Some('A'),
        "TN-Validation-Passed-B" => Some('B'),
        "TN-Validation-Passed-C" => Some('C'),
        _ => None,
    }
}

/// Two letters and 32 hex digits as documented; here: what can stand in a path, a log and a message as it is.
pub(super) fn is_sid(text: &str) -> bool {
    frame::is_name(text, 64, b"")
}
