//! TwiML as Twilio takes it: known verbs with known attributes, everything else refused.
//!
//! Sources: <https://www.twilio.com/docs/voice/twiml> and its page for every verb.

pub use crate::phone::verb::{StreamVerb, Verb};
use crate::phone::{
    twiml,
    verb::{
        Callback, GatherVerb, RecordVerb, allow, callback, is_post, is_true, judge_stream_url, keys,
        no_children, number, one_of, parameters, response, spoken,
    },
    xml::Element,
};
use std::{ops::RangeInclusive, time::Duration};

/// Reads a document; an error says what Twilio would object to.
pub fn read(document: &str) -> Result<Vec<Verb>, String> {
    let root = response(document)?;
    root.children.iter().map(verb).collect()
}

fn verb(element: &Element) -> Result<Verb, String> {
    if let Some(verb) = twiml::plain(element)? {
        return Ok(verb);
    }
    match element.name.as_str() {
        "Say" => say(element),
        "Play" => twiml::play(element, PLAY),
        "Pause" => twiml::pause(element, PAUSE),
        "Connect" => connect(element),
        "Record" => record(element),
        "Gather" => gather(element),
        "Dial" => twiml::dial(element, DIAL, &["Number", "Client", "Sip"], 1..=600),
        name @ ("Start" | "Stop" | "Refer" | "Enqueue" | "Leave") => Ok(Verb::Unplayed(name.into())),
        other => Err(format!("<{other}> is no verb")),
    }
}

fn say(element: &Element) -> Result<Verb, String> {
    allow(element, &["voice", "language", "loop"], true)?;
    number(element, "loop", 1, 0..=1_000)?;
    Ok(Verb::Say(spoken(element)?))
}

const PLAY: &[&str] = &["loop", "digits"];
const PAUSE: RangeInclusive<u32> = 0..=14_400;

const RECORD: &[&str] = &[
    "action",
    "method",
    "timeout",
    "finishOnKey",
    "maxLength",
    "playBeep",
    "trim",
    "recordingStatusCallback",
    "recordingStatusCallbackMethod",
    "recordingStatusCallbackEvent",
    "transcribe",
    "transcribeCallback",
    "recordingConfigurationId",
];

fn record(element: &Element) -> Result<Verb, String> {
    allow(element, RECORD, false)?;
    no_children(element)?;
    let post = is_post(element, "method")?;
    let timeout = number(element, "timeout", 5, 1..=14_400)?;
    let trim = one_of(element, "trim", "trim-silence", &["trim-silence", "do-not-trim"])? == "trim-silence";
    let events = element.attribute("recordingStatusCallbackEvent").unwrap_or("completed");
    if let Some(other) = events.split(' ').find(|e| !matches!(*e, "in-progress" | "completed" | "absent")) {
        return Err(format!("<Record> knows no event {other:?}"));
    }
    let told = callback(element, "recordingStatusCallback", "recordingStatusCallbackMethod")?;
    Ok(Verb::Record(RecordVerb {
        action: element.attribute("action").map(|url| Callback { url: url.into(), post }),
        obeys: true,
        timeout: Some(Duration::from_secs(timeout.into())),
        max_length: Duration::from_secs(number(element, "maxLength", 3_600, 1..=86_400)?.into()),
        finish_on: keys(element, "1234567890*#")?,
        beep: is_true(element, "playBeep", true)?,
        channels: 1,
        format: "wav",
        trim,
        only_of_something: true,
        status_callback: told.filter(|_| events.split(' ').any(|event| event == "completed")),
    }))
}

const GATHER: &[&str] = &[
    "input",
    "action",
    "method",
    "timeout",
    "finishOnKey",
    "numDigits",
    "actionOnEmptyResult",
    "language",
    "hints",
    "speechTimeout",
    "speechModel",
    "profanityFilter",
    "partialResultCallback",
    "partialResultCallbackMethod",
    "enhanced",
    "maxSpeechTime",
    "bargeIn",
    "debug",
];

fn gather(element: &Element) -> Result<Verb, String> {
    allow(element, GATHER, false)?;
    let input = one_of(element, "input", "dtmf", &["dtmf", "speech", "dtmf speech", "speech dtmf"])?;
    let timeout = number(element, "timeout", 5, 0..=14_400)?;
    let speech_timeout = match element.attribute("speechTimeout") {
        Some("auto") => 1,
        _ => number(element, "speechTimeout", timeout, 1..=14_400)?,
    };
    let num_digits = match element.attribute("numDigits") {
        Some(_) => Some(number(element, "numDigits", 1, 1..=1_000)? as usize),
        None => None,
    };
    let prompt = |child: &Element| match child.name.as_str() {
        "Say" => say(child),
        "Play" => twiml::play(child, PLAY),
        "Pause" => twiml::pause(child, PAUSE),
        other => Err(format!("<{other}> may not stand in <Gather>")),
    };
    Ok(Verb::Gather(GatherVerb {
        action: callback(element, "action", "method")?,
        obeys: true,
        keys: input.contains("dtmf"),
        speech: input.contains("speech"),
        timeout: Duration::from_secs(timeout.into()),
        speech_timeout: Duration::from_secs(speech_timeout.into()),
        finish_on: keys(element, "#")?,
        num_digits,
        even_empty: is_true(element, "actionOnEmptyResult", false)?,
        prompts: element.children.iter().map(prompt).collect::<Result<_, _>>()?,
    }))
}

fn connect(element: &Element) -> Result<Verb, String> {
    let stream = twiml::stream(element, STREAM)?;
    let url = stream.attribute("url").ok_or("<Stream> has no url")?;
    judge_stream_url(url, false)?;
    if !matches!(stream.attribute("track").unwrap_or("inbound_track"), "inbound_track") {
        return Err("a stream in <Connect> carries the inbound_track only".into());
    }
    Ok(Verb::Stream(StreamVerb {
        url: url.into(),
        parameters: parameters(stream)?,
        action: element.attribute("action").map(str::to_owned),
        name: stream.attribute("name").unwrap_or_default().into(),
        status_callback: callback(stream, "statusCallback", "statusCallbackMethod")?,
        codec: "audio/x-mulaw".into(),
        hertz: 8_000,
        codec_back: "audio/x-mulaw".into(),
        hertz_back: 8_000,
        abandoned: false,
    }))
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
