//! Telnyx' events: the same facts as its TeXML forms tell, and how a call is told what to do.

use carrier::{
    AnsweredBy, CallStatus, Carrier as _, Garbled, Request, Ring,
    telnyx::{API, Telnyx, command},
};
use serde_json::{Value, json};
use std::time::Duration;

const CALL: &str = "v3:example-call-control-id";

fn event(kind: &str, mut payload: Value) -> Vec<u8> {
    payload["call_control_id"] = CALL.into();
    json!({"data": {"event_type": kind, "id": "1", "payload": payload, "record_type": "event"}})
        .to_string()
        .into_bytes()
}

fn posted<T>(body: &[u8], read: impl Fn(&Request<'_>) -> Result<T, Garbled>) -> Result<T, Garbled> {
    let headers = [("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned())];
    read(&Request { method: "POST", target: "/", headers: &headers, body })
}

#[test]
fn a_ringing_call_is_read_from_its_event() {
    let telnyx = Telnyx::default();
    let payload = json!({
        "connection_id": "1234567890123456789", "direction": "incoming", "from": "+14155550199", "to": "+14155550100",
        "state": "parked", "client_state": null, "shaken_stir_attestation": "A", "shaken_stir_validated": true,
    });
    let expected = Ring {
        call: CALL.into(),
        account: "1234567890123456789".into(),
        from: "+14155550199".into(),
        to: "+14155550100".into(),
        outbound: false,
        attestation: Some('A'),
    };
    let ring = |payload: &Value| posted(&event("call.initiated", payload.clone()), |r| telnyx.read(r));
    assert_eq!(ring(&payload), Ok(expected));
    let mut ours = payload.clone();
    (ours["direction"], ours["shaken_stir_validated"]) = ("outgoing".into(), false.into());
    let ours = ring(&ours).expect("a ring");
    assert!(ours.outbound && ours.attestation.is_none());
    assert!(posted(&event("call.answered", payload), |r| telnyx.read(r)).is_err());
    for bad in ["", "{}", "[]", r#"{"data":{"event_type":"call.initiated"}}"#, r#"{"data":{"event_type":5}}"#]
    {
        assert!(posted(bad.as_bytes(), |r| telnyx.read(r)).is_err(), "{bad}");
    }
    let long = event("call.initiated", json!({"from": "x".repeat(10_000)}));
    assert!(posted(&long, |r| telnyx.read(r)).is_err());
}

#[test]
fn how_a_call_fares_is_read_from_its_events() {
    let telnyx = Telnyx::default();
    let status =
        |kind: &str, payload| posted(&event(kind, payload), |r| telnyx.read_status(r)).expect("a status");
    assert_eq!(status("call.answered", json!({})).state, Some(CallStatus::InProgress));
    for (cause, state) in [
        ("normal_clearing", CallStatus::Completed),
        ("user_busy", CallStatus::Busy),
        ("timeout", CallStatus::NoAnswer),
        ("originator_cancel", CallStatus::Canceled),
        ("call_rejected", CallStatus::Failed),
    ] {
        let times = json!({"start_time": "2026-01-01T00:00:00.5Z", "end_time": "2026-01-01T00:00:42.1Z", "hangup_cause": cause});
        let over = status("call.hangup", times);
        assert_eq!((over.state, over.duration), (Some(state), Some(Duration::from_secs(42))), "{cause}");
    }
    let heard = |kind: &str, result: &str| status(kind, json!({"result": result})).answered_by;
    assert_eq!(heard("call.machine.detection.ended", "human"), Some(AnsweredBy::Human));
    assert_eq!(heard("call.machine.detection.ended", "not_sure"), Some(AnsweredBy::Unsure));
    assert_eq!(heard("call.machine.premium.detection.ended", "human_business"), Some(AnsweredBy::Human));
    assert_eq!(heard("call.machine.greeting.ended", "beep_detected"), Some(AnsweredBy::MachineReady));
    assert_eq!(status("streaming.started", json!({})).state, None);
}

#[test]
fn a_recording_is_read_from_its_event() {
    let telnyx = Telnyx::default();
    let saved = json!({
        "recording_urls": {"wav": "https://s3.amazonaws.com/a.wav", "mp3": "https://s3.amazonaws.com/a.mp3"},
        "recording_started_at": "2026-01-01T00:00:10Z", "recording_ended_at": "2026-01-01T00:00:27Z",
    });
    let turn = posted(&event("call.recording.saved", saved), |r| telnyx.read_turn(r)).expect("a turn");
    let recorded = turn.recorded.expect("a recording");
    assert_eq!(
        (&*recorded.url, recorded.duration),
        ("https://s3.amazonaws.com/a.wav", Some(Duration::from_secs(17)))
    );
    let key =
        posted(&event("call.dtmf.received", json!({"digit": "5"})), |r| telnyx.read_turn(r)).expect("a turn");
    assert_eq!(key.gathered.digits, "5");
    let over = posted(&event("call.hangup", json!({})), |r| telnyx.read_turn(r)).expect("a turn");
    assert!(over.over && over.recorded.is_none());
}

#[test]
fn the_fields_of_a_get_are_not_believed() {
    let request = Request { method: "GET", target: "/?CallSid=v3%3Ax&From=%2B1", headers: &[], body: b"" };
    let why = Telnyx::default().read(&request).expect_err("refused");
    assert!(why.0.contains("POST"), "{}", why.0);
}

#[test]
fn a_call_is_told_by_requests_what_to_do() {
    let telnyx = Telnyx::default();
    let request = command::answer(&telnyx, CALL, "wss://h/s", "t0ken", "1", (API, "KEY"));
    assert_eq!(request.uri(), "https://api.telnyx.com/v2/calls/v3%3Aexample-call-control-id/actions/answer");
    assert_eq!(request.headers()["authorization"], "Bearer KEY");
    let body: Value = serde_json::from_slice(request.body()).expect("JSON");
    let expected = json!({
        "stream_url": "wss://h/s", "stream_track": "inbound_track", "stream_codec": "PCMU",
        "stream_bidirectional_mode": "rtp", "stream_bidirectional_codec": "PCMU",
        "custom_parameters": [{"name": "token", "value": "t0ken"}], "command_id": "1",
    });
    assert_eq!(body, expected);
    let request = command::reject(CALL, "2", ("https://api.telnyx.com/v2", "a key\nwith: more"));
    assert!(request.uri().path().starts_with("/v2/calls/"));
    assert_eq!(request.headers()["authorization"], "Bearer ", "a key that is none is sent to nobody");
}
