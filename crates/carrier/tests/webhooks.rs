//! What a ringing call's webhook tells.

use carrier::{Carrier as _, Garbled, Request, Ring, twilio::Twilio};

const FIELDS: &str = "AccountSid=AC01&ApiVersion=2010-04-01&CallSid=CA02&CallStatus=ringing&Direction=inbound\
    &From=%2B14155550199&FromCity=&To=%2B14155550100&StirVerstat=TN-Validation-Passed-A&Future=%00";

fn posted(body: &str) -> Result<Ring, Garbled> {
    Twilio.read(&Request {
        method: "POST",
        target: "/incoming-call?CallSid=CAquery",
        headers: &[],
        body: body.as_bytes(),
    })
}

#[test]
fn a_ring_is_read_from_a_form_and_from_a_query() {
    let ring = Ring {
        call: "CA02".into(),
        account: "AC01".into(),
        from: "+14155550199".into(),
        to: "+14155550100".into(),
        outbound: false,
        attestation: Some('A'),
    };
    assert_eq!(posted(FIELDS), Ok(ring.clone()));
    let target = format!("/incoming-call?{FIELDS}");
    let got = Request { method: "GET", target: &target, headers: &[], body: b"CallSid=CAbody" };
    assert_eq!(Twilio.read(&got), Ok(ring));
}

#[test]
fn a_withheld_number_is_what_twilio_says_it_is() {
    assert_eq!(posted("CallSid=CA1&From=anonymous").expect("a ring").from, "anonymous");
    assert_eq!(posted("CallSid=CA1&From=client%3Aanna").expect("a ring").from, "client:anna");
    assert_eq!(posted("CallSid=CA1").expect("a ring").from, "");
}

#[test]
fn a_call_that_we_placed_is_told_apart() {
    assert!(posted("CallSid=CA1&Direction=outbound-api").expect("a ring").outbound);
    assert!(!posted("CallSid=CA1&Direction=inbound").expect("a ring").outbound);
}

#[test]
fn only_an_attestation_that_passed_counts() {
    let attested =
        |verdict: &str| posted(&format!("CallSid=CA1&StirVerstat={verdict}")).expect("a ring").attestation;
    assert_eq!(attested("TN-Validation-Passed-B"), Some('B'));
    assert_eq!(attested("TN-Validation-Passed-C"), Some('C'));
    for other in [
        "",
        "TN-Validation-Failed-A",
        "No-TN-Validation",
        "TN-Validation-Passed-D",
        "TN-Validation-Passed-A-Diverted",
    ] {
        assert_eq!(attested(other), None, "{other}");
    }
}

#[test]
fn a_ring_without_a_call_or_beyond_all_bounds_is_garbled() {
    let long = "x".repeat(600);
    let garbled = [
        String::new(),
        "From=%2B1".into(),
        "CallSid=".into(),
        "CallSid=..%2F..".into(),
        "CallSid=CA%0A".into(),
        format!("CallSid=CA{long}"),
        format!("CallSid=CA1&From={long}"),
    ];
    for body in garbled {
        assert!(posted(&body).is_err(), "{body}");
    }
}

#[test]
fn of_two_fields_by_one_name_the_first_counts() {
    assert_eq!(posted("CallSid=CA1&CallSid=CA2").expect("a ring").call, "CA1");
}
