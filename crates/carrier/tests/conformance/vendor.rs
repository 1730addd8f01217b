//! The carriers' own XML classes judge our documents. Telnyx publishes none: there it is the verbs and attributes of its
//! reference.

use super::{
    sides::{self, Kind, Side},
    tree::Element,
    vectors::vectors,
    webhooks::{BASE, bounds, replies},
};
use carrier::{Ask, Dial, Next, Reply};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io::Write as _,
    process::{Command, Stdio},
    time::Duration,
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const HOSTILE: &str = "\"Tom\" & 'Jerry' </Say></Speak><Hangup/>&amp; ü €";

/// Every document that this carrier is answered with, and what kind of one it is.
fn documents(side: &Side) -> Vec<(&'static str, String)> {
    let mut all: Vec<Reply> = ["https://h/next?a=b&c=d", HOSTILE].into_iter().flat_map(replies).collect();
    let url = || "wss://voice.example.com/media".to_owned();
    all.push(Reply::Stream {
        url: url(),
        token: "t0ken".into(),
        first: Vec::new(),
        after: Some("https://h/after".into()),
    });
    for finish in ["", "*", "0123456789*#"] {
        let to = || "https://h/next".to_owned();
        all.push(Reply::Turn(vec![], Next::Record { to: to(), bounds: bounds(finish), beep: false }));
    }
    for (to, then, rings) in [("+4930123", "", 0), ("sip:a@example.com", "https://h/then", 20)] {
        let dial =
            Dial { to: to.into(), then: then.into(), rings: Duration::from_secs(rings), ..Dial::default() };
        all.push(Reply::Turn(
            vec![],
            Next::Dial(Dial { briefing: "https://h/b?a=b&c=d".into(), ..dial.clone() }),
        ));
        all.push(Reply::Turn(vec![], Next::Dial(dial)));
    }
    let mut written: Vec<_> = all.iter().map(|reply| ("voice", side.carrier.answer(reply).body)).collect();
    match side.kind {
        Kind::Twilio => {
            for words in [None, Some(HOSTILE)] {
                written.push(("messaging", side.carrier.answer_text(words).body));
            }
            for to in ["+4930123", "sip:a@example.com", "client:anna"] {
                written.extend(["", "https://h/briefing"].map(|url| ("fragment", transfer(side, to, url))));
            }
        }
        Kind::Plivo => written.push(("voice", side.carrier.answer_text(None).body)),
        // Telnyx' events are answered with JSON.
        Kind::Telnyx => {}
    }
    written
}

/// The document that goes to Twilio's API with a transfer.
fn transfer(side: &Side, to: &str, briefing: &str) -> String {
    let dial = Dial { to: to.into(), briefing: briefing.into(), ..Dial::default() };
    let ask = Ask::Transfer { call: "CA1".into(), dial, via: String::new() };
    let body = side.carrier.ask(&ask, BASE, "AC1", "s3cret").into_body();
    let field = body.strip_prefix(b"Twiml=").expect("one field");
    let mut bytes = field.iter().copied();
    let mut plain = Vec::new();
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'%' => {
                let digits = [bytes.next().expect("a digit"), bytes.next().expect("a digit")];
                u8::from_str_radix(std::str::from_utf8(&digits).expect("ASCII"), 16).expect("hex")
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(plain).expect("UTF-8")
}

#[test]
fn the_carriers_own_classes_write_our_documents_as_we_do() {
    let mut given: Vec<Value> = Vec::new();
    for side in sides::all() {
        if side.kind != Kind::Telnyx {
            given.extend(
                documents(&side)
                    .into_iter()
                    .map(|(kind, xml)| json!({"carrier": side.name(), "kind": kind, "xml": xml})),
            );
        }
    }
    assert!(given.len() > 60, "{}", given.len());
    let mut child = Command::new("scripts/python")
        .arg("crates/carrier/tests/conformance/vendor.py")
        .current_dir(ROOT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("scripts/python runs");
    let mut input = child.stdin.take().expect("it is piped");
    input.write_all(Value::from(given.clone()).to_string().as_bytes()).expect("Python reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "what the packages found is above");
    assert_eq!(said.trim(), format!("{} hold", given.len()));
}

#[test]
fn texml_is_made_of_the_verbs_and_attributes_that_telnyx_documents() {
    let reference = vectors(include_str!("../../../../fixtures/telnyx/documents.json"), "documents");
    let mut nested = BTreeSet::new();
    let mut named = BTreeSet::new();
    for document in &reference {
        learn(&Element::read(document["xml"].as_str().expect("a document")), &mut nested, &mut named);
    }
    let [_, _, telnyx] = sides::all();
    let mut used = (BTreeSet::new(), BTreeSet::new());
    for (_, xml) in documents(&telnyx) {
        let document = Element::read(&xml);
        learn(&document, &mut used.0, &mut used.1);
        values_are_in_range(&document);
    }
    // A prompt within a question may be played as well as said.
    let more =
        [("Gather", "Play"), ("Gather", "Pause")].map(|(outer, inner)| (outer.to_owned(), inner.to_owned()));
    nested.extend(more);
    // As may a number have an address that says what its owner hears first; the reference's documents do without.
    named.insert(("Number".into(), "url".into()));
    assert_eq!(used.0.difference(&nested).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
    assert_eq!(used.1.difference(&named).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
}

/// Which element stands in which, and which attributes each has.
fn learn(element: &Element, nested: &mut BTreeSet<(String, String)>, named: &mut BTreeSet<(String, String)>) {
    for (name, _) in &element.attributes {
        named.insert((element.name.clone(), name.clone()));
    }
    for child in &element.children {
        nested.insert((element.name.clone(), child.name.clone()));
        learn(child, nested, named);
    }
}

/// What the reference's notes say of values.
fn values_are_in_range(document: &Element) {
    for element in document.all() {
        let seconds = |name: &str| {
            element
                .attribute(name)
                .map(|value| value.parse::<u32>().unwrap_or_else(|_| panic!("{name}={value}")))
        };
        match element.name.as_str() {
            "Pause" => assert!(seconds("length").is_some_and(|length| (1..=180).contains(&length))),
            // 0, which is the default, allows endless silence.
            "Record" => {
                assert!(seconds("timeout").is_some_and(|timeout| timeout >= 1));
                // Else there are two channels, and the assistant's own is one of them.
                assert_eq!(element.attribute("channels"), Some("single"));
            }
            // Else it is MP3.
            "Stream" => assert_eq!(element.attribute("bidirectionalMode"), Some("rtp")),
            _ => {}
        }
    }
}
