//! What Telnyx' webhooks tell about a call: that it rings, what was said in a turn, how it fares.

use super::event::{Event, is_call, is_event};
use crate::{
    AnsweredBy, CallStatus, Garbled, Gathered, Recorded, Request, Ring, Status, Turn,
    form::Fields,
    twilio::webhook::{answered_by, confidence, is_keys},
};
use std::time::Duration;

/// Longer than what anybody says in one turn, in bytes of UTF-8.
const LONGEST_SPEECH: usize = 16 * 1024;
/// Longer than any address, a presigned one included.
const LONGEST_ADDRESS: usize = 8 * 1024;

/// Reads the webhook of a ringing call, or of one that we placed and that was answered.
pub(super) fn read(request: &Request<'_>) -> Result<Ring, Garbled> {
    if is_event(request) {
        let event = Event::of(request)?;
        if event.kind() != "call.initiated" {
            return Err(Garbled("an event other than a ringing call's".into()));
        }
        let attestation = event.get("/shaken_stir_attestation")?;
        return Ok(Ring {
            call: event.call()?,
            account: event.get("/connection_id")?,
            from: event.get("/from")?,
            to: event.get("/to")?,
            outbound: event.get("/direction")? == "outgoing",
            attestation: passed(&attestation, event.is_true("/shaken_stir_validated")),
        });
    }
    let fields = signed(request)?;
    let validated = fields.get("ShakenStirValidated")?.eq_ignore_ascii_case("true");
    Ok(Ring {
        call: call(fields)?,
        account: fields.get("AccountSid")?,
        from: fields.get("From")?,
        to: fields.get("To")?,
        outbound: fields.get("Direction")?.starts_with("outbound"),
        attestation: passed(&fields.get("ShakenStirAttestation")?, validated),
    })
}

/// Reads the `action` of `<Record>` and `<Gather>`, a recording's status callback, or an event of the same sense.
pub(super) fn turn(request: &Request<'_>) -> Result<Turn, Garbled> {
    if is_event(request) {
        let event = Event::of(request)?;
        let url = match event.text("/recording_urls/wav", LONGEST_ADDRESS)? {
            url if url.is_empty() => event.text("/recording_urls/mp3", LONGEST_ADDRESS)?,
            url => url,
        };
        let duration = event.between("/recording_started_at", "/recording_ended_at")?;
        let recorded =
            (!url.is_empty()).then_some(Recorded { id: event.get("/recording_id")?, url, duration });
        let digits = match event.get("/digits")? {
            digits if digits.is_empty() => event.get("/digit")?,
            digits => digits,
        };
        let digits = if is_keys(&digits) { digits } else { String::new() };
        let gathered = Gathered { digits, ..Gathered::default() };
        return Ok(Turn { call: event.call()?, recorded, gathered, over: event.kind() == "call.hangup" });
    }
    let fields = signed(request)?;
    let url = fields.long("RecordingUrl", LONGEST_ADDRESS)?;
    let ready = ["", "completed"].contains(&fields.get("RecordingStatus")?.as_str());
    let recorded = (ready && !url.is_empty()).then_some(Recorded {
        id: fields.get("RecordingSid")?,
        url,
        duration: fields.number("RecordingDuration")?.map(Duration::from_secs),
    });
    let digits = fields.get("Digits")?;
    let over = digits == "hangup" || fields.get("CallStatus")? == "completed";
    let gathered = Gathered {
        digits: if is_keys(&digits) { digits } else { String::new() },
        speech: fields.long("SpeechResult", LONGEST_SPEECH)?,
        confidence: confidence(&fields.get("Confidence")?),
    };
    Ok(Turn { call: call(fields)?, recorded, gathered, over })
}

/// Reads a call progress callback, what machine detection found, or any event about a call.
pub(super) fn status(request: &Request<'_>) -> Result<Status, Garbled> {
    if is_event(request) {
        let event = Event::of(request)?;
        let state = match event.kind() {
            "call.initiated" => Some(CallStatus::Queued),
            "call.answered" | "call.bridged" => Some(CallStatus::InProgress),
            "call.hangup" => Some(ended(&event.get("/hangup_cause")?)),
            _ => None,
        };
        let result = event.get("/result")?;
        let answered_by = match event.kind() {
            "call.machine.detection.ended" | "call.machine.premium.detection.ended" => answered_by(&result),
            "call.machine.greeting.ended" | "call.machine.premium.greeting.ended" => match result.as_str() {
                "beep_detected" | "ended" => Some(AnsweredBy::MachineReady),
                _ => Some(AnsweredBy::Unsure),
            },
            _ => None,
        };
        let duration = event.between("/start_time", "/end_time")?;
        return Ok(Status { call: event.call()?, state, answered_by, duration, ..Status::default() });
    }
    let fields = signed(request)?;
    Ok(Status {
        call: call(fields)?,
        request: String::new(),
        state: CallStatus::named(&fields.get("CallStatus")?),
        answered_by: answered_by(&fields.get("AnsweredBy")?),
        duration: fields.number("CallDuration")?.map(Duration::from_secs),
        sequence: fields.number("SequenceNumber")?,
    })
}

fn ended(cause: &str) -> CallStatus {
    match cause {
        "user_busy" => CallStatus::Busy,
        "no_answer" | "timeout" => CallStatus::NoAnswer,
        "originator_cancel" => CallStatus::Canceled,
        "call_rejected" | "not_found" | "unspecified" => CallStatus::Failed,
        _ => CallStatus::Completed,
    }
}

/// The fields of a request whose signature covers them: that is the body's, and the query's never.
fn signed<'a>(request: &Request<'a>) -> Result<Fields<'a>, Garbled> {
    if request.method.eq_ignore_ascii_case("GET") {
        return Err(Garbled(
            "Telnyx does not sign the fields of a GET: set the TeXML application's method to POST".into(),
        ));
    }
    Ok(Fields::of(request))
}

fn passed(attestation: &str, validated: bool) -> Option<char> {
    let level = attestation.chars().next();
    level.filter(|_| validated && ["A", "B", "C"].contains(&attestation))
}

fn call(fields: Fields<'_>) -> Result<String, Garbled> {
    let call = fields.get("CallSid")?;
    if is_call(&call) {
        return Ok(call);
    }
    let why = if call.is_empty() { "there is no `CallSid`" } else { "`CallSid` is no call's name" };
    Err(Garbled(why.into()))
}
