//! TwiML as Twilio takes it: known verbs with known attributes, everything else refused.
//!
//! Sources: <https://www.twilio.com/docs/voice/twiml> and its page for every verb.

use super::xml::{self, Element};
use std::time::Duration;

/// What to do next with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    Say(String),
    Pause(Duration),
    Stream(StreamVerb),
    Hangup,
    /// Refuses the call where it comes first.
    Reject(String),
    Redirect {
        url: String,
        method: String,
    },
    /// The numbers and addresses to ring.
    Dial(Vec<String>),
    /// A verb that Twilio knows and this simulator does not play.
    Unplayed(String),
}

/// `<Connect><Stream>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamVerb {
    pub url: String,
    /// In the order of the document.
    pub parameters: Vec<(String, String)>,
    /// Where to go on when the stream has ended, instead of the next verb.
    pub action: Option<String>,
}

/// Reads a document; an error says what Twilio would object to.
pub fn read(document: &str) -> Result<Vec<Verb>, String> {
    let root = xml::read(document)?;
    if root.name != "Response" {
        return Err(format!("the root is <{}>, not <Response>", root.name));
    }
    allow(&root, &[], false)?;
    root.children.iter().map(verb).collect()
}

fn verb(element: &Element) -> Result<Verb, String> {
    match element.name.as_str() {
        "Say" => {
            allow(element, &["voice", "language", "loop"], true)?;
            let text = spoken(element);
            if text.trim().is_empty() {
                return Err("<Say> has nothing to say".into());
            }
            Ok(Verb::Say(text))
        }
        "Pause" => {
            allow(element, &["length"], false)?;
            let length = element.attribute("length").unwrap_or("1");
            let seconds = length.parse().map_err(|_| format!("length {length:?} is no number of seconds"))?;
            Ok(Verb::Pause(Duration::from_secs(seconds)))
        }
        "Connect" => connect(element),
        "Hangup" => {
            allow(element, &[], false)?;
            no_children(element)?;
            Ok(Verb::Hangup)
        }
        "Reject" => {
            allow(element, &["reason"], false)?;
            no_children(element)?;
            match element.attribute("reason").unwrap_or("rejected") {
                reason @ ("rejected" | "busy") => Ok(Verb::Reject(reason.into())),
                other => Err(format!("<Reject> knows no reason {other:?}")),
            }
        }
        "Redirect" => {
            allow(element, &["method"], true)?;
            no_children(element)?;
            let url = element.text.trim().to_owned();
            if url.is_empty() {
                return Err("<Redirect> names no address".into());
            }
            Ok(Verb::Redirect { url, method: method(element)? })
        }
        "Dial" => {
            allow(element, DIAL, true)?;
            let mut rung: Vec<String> =
                element.children.iter().map(|child| child.text.trim().into()).collect();
            if let Some(other) =
                element.children.iter().find(|c| !matches!(c.name.as_str(), "Number" | "Client" | "Sip"))
            {
                return Err(format!("<{}> may not stand in <Dial>", other.name));
            }
            let number = element.text.trim();
            if !number.is_empty() {
                rung.push(number.into());
            }
            if rung.is_empty() || rung.iter().any(String::is_empty) {
                return Err("<Dial> rings nobody".into());
            }
            Ok(Verb::Dial(rung))
        }
        name @ ("Play" | "Record" | "Gather" | "Start" | "Stop" | "Refer" | "Enqueue" | "Leave") => {
            Ok(Verb::Unplayed(name.into()))
        }
        other => Err(format!("<{other}> is no verb")),
    }
}

fn connect(element: &Element) -> Result<Verb, String> {
    allow(element, &["action", "method"], false)?;
    let [stream] = element.children.as_slice() else {
        return Err(format!("<Connect> has {} children, not one <Stream>", element.children.len()));
    };
    if stream.name != "Stream" {
        return Err(format!("<{}> in <Connect> is not played here", stream.name));
    }
    allow(stream, STREAM, false)?;
    let url = stream.attribute("url").ok_or("<Stream> has no url")?;
    judge_stream_url(url)?;
    if !matches!(stream.attribute("track").unwrap_or("inbound_track"), "inbound_track") {
        return Err("a stream in <Connect> carries the inbound_track only".into());
    }
    let mut parameters: Vec<(String, String)> = Vec::new();
    for child in &stream.children {
        if child.name != "Parameter" {
            return Err(format!("<{}> may not stand in <Stream>", child.name));
        }
        allow(child, &["name", "value"], false)?;
        no_children(child)?;
        let name = child.attribute("name").ok_or("a <Parameter> has no name")?;
        let value = child.attribute("value").ok_or("a <Parameter> has no value")?;
        if name.chars().count() + value.chars().count() >= 500 {
            return Err(format!(
                "the <Parameter> {name} is too long: name and value stay below 500 characters"
            ));
        }
        if parameters.iter().any(|(n, _)| n == name) {
            return Err(format!("the <Parameter> {name} is given twice"));
        }
        parameters.push((name.into(), value.into()));
    }
    let action = element.attribute("action").map(str::to_owned);
    Ok(Verb::Stream(StreamVerb { url: url.into(), parameters, action }))
}

/// Twilio takes `wss:` alone. A plain `ws:` passes for loopback, where Twilio could not reach anyway.
fn judge_stream_url(url: &str) -> Result<(), String> {
    let (scheme, rest) = url.split_once("://").ok_or_else(|| format!("the url {url:?} is not absolute"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let loopback = authority.starts_with("127.0.0.1:")
        || authority.starts_with("[::1]:")
        || authority.starts_with("localhost:");
    if !(scheme == "wss" || scheme == "ws" && loopback) {
        return Err(format!("the url of a <Stream> is wss://, not {scheme}://"));
    }
    if authority.is_empty() || authority.contains('@') {
        return Err(format!("the url {url:?} names no plain host"));
    }
    if rest.contains('?') || rest.contains('#') {
        return Err("the url of a <Stream> has no query; it would be cut off".into());
    }
    if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("the url of a <Stream> has white space in it".into());
    }
    Ok(())
}

const STREAM: &[&str] = &[
    "url",
    "name",
    "track",
    "statusCallback",
    "statusCallbackMethod",
    "audioFormat",
    "sampleRate",
    "connectorName",
];

const DIAL: &[&str] = &[
    "action",
    "method",
    "timeout",
    "timeLimit",
    "callerId",
    "answerOnBridge",
    "hangupOnStar",
    "record",
    "recordingStatusCallback",
    "recordingStatusCallbackMethod",
    "recordingStatusCallbackEvent",
    "recordingTrack",
    "recordingConfigurationId",
    "trim",
    "ringTone",
    "sequential",
    "referUrl",
    "referMethod",
    "callReason",
    "events",
];

fn allow(element: &Element, attributes: &[&str], text: bool) -> Result<(), String> {
    if let Some((name, _)) = element.attributes.iter().find(|(n, _)| !attributes.contains(&n.as_str())) {
        return Err(format!("<{}> has no attribute {name}", element.name));
    }
    if !text && !element.text.trim().is_empty() {
        return Err(format!("<{}> has text in it", element.name));
    }
    Ok(())
}

fn no_children(element: &Element) -> Result<(), String> {
    match element.children.first() {
        Some(child) => Err(format!("<{}> may not stand in <{}>", child.name, element.name)),
        None => Ok(()),
    }
}

fn method(element: &Element) -> Result<String, String> {
    match element.attribute("method").unwrap_or("POST") {
        method @ ("GET" | "POST") => Ok(method.into()),
        other => Err(format!("<{}> knows no method {other:?}", element.name)),
    }
}

fn spoken(element: &Element) -> String {
    let mut text = element.text.clone();
    for child in &element.children {
        text.push(' ');
        text.push_str(&spoken(child));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_of_twilios_own_package_is_read() {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("../../../../fixtures/sim/xml_twilio.json"))
                .expect("it is JSON");
        let documents = file["documents"].as_array().expect("a list");
        assert!(documents.len() > 20);
        for document in documents {
            let xml = document["xml"].as_str().expect("a text");
            if let Err(why) = read(xml) {
                panic!("{xml}\n{why}");
            }
        }
    }

    #[test]
    fn a_stream_and_its_parameters_are_read_unescaped() {
        let verbs = read(concat!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Say>Hi</Say><Connect>",
            "<Stream url=\"wss://voice.example.com/s\"><Parameter name=\"a\" value=\"b&amp;&quot;\"/></Stream>",
            "</Connect></Response>"
        ))
        .expect("it is TwiML");
        assert_eq!(verbs[0], Verb::Say("Hi".into()));
        let Verb::Stream(stream) = &verbs[1] else { panic!("{verbs:?}") };
        assert_eq!(stream.parameters, [("a".to_owned(), "b&\"".to_owned())]);
    }

    #[test]
    fn what_twilio_would_refuse_is_refused() {
        let stream = |inner: &str| format!("<Response><Connect>{inner}</Connect></Response>");
        for bad in [
            "<response/>".to_owned(),
            "<Response><say>x</say></Response>".into(),
            "<Response><Say voicee=\"a\">x</Say></Response>".into(),
            "<Response><Say> </Say></Response>".into(),
            "<Response>stray</Response>".into(),
            "<Response><Reject reason=\"no\"/></Response>".into(),
            "<Response><Redirect/></Response>".into(),
            "<Response><Dial/></Response>".into(),
            stream("<Stream/>"),
            stream("<Stream url=\"https://h/s\"/>"),
            stream("<Stream url=\"ws://voice.example.com/s\"/>"),
            stream("<Stream url=\"ws://127.0.0.1.example.com/s\"/>"),
            stream("<Stream url=\"wss://h/s?token=1\"/>"),
            stream("<Stream url=\"/s\"/>"),
            stream("<Stream url=\"wss://h/s\" track=\"both_tracks\"/>"),
            stream("<Stream url=\"wss://h/s\"/><Stream url=\"wss://h/s\"/>"),
            stream("<Stream url=\"wss://h/s\"><Parameter name=\"a\"/></Stream>"),
            stream(&format!(
                "<Stream url=\"wss://h/s\"><Parameter name=\"a\" value=\"{}\"/></Stream>",
                "x".repeat(499)
            )),
        ] {
            assert!(read(&bad).is_err(), "{bad} was taken");
        }
    }
}
