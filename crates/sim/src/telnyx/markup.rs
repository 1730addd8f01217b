//! TeXML as Telnyx takes it: known verbs with known attributes, everything else refused.
//!
//! Source: github.com/team-telnyx/telnyx-skills, `texml-verbs.md`.

use crate::phone::{
    twiml,
    verb::{
        Callback, GatherVerb, RecordVerb, StreamVerb, Verb, allow, callback, is_post, is_true,
        judge_stream_url, keys, no_children, number, one_of, parameters, response, spoken,
    },
    xml::Element,
};
use std::{ops::RangeInclusive, time::Duration};

/// Reads a document; an error says what Telnyx would object to.
pub fn read(document: &str) -> Result<Vec<Verb>, String> {
    let root = response(document)?;
    let mut verbs = Vec::new();
    for (at, element) in root.children.iter().enumerate() {
        if element.name == "Reject" && at > 0 {
            return Err("<Reject> has to come first".into());
        }
        verbs.push(verb(element)?);
    }
    Ok(verbs)
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
        "Dial" => dial(element),
        name @ ("Start" | "Stop" | "Refer" | "Enqueue" | "Leave" | "HttpRequest") => {
            Ok(Verb::Unplayed(name.into()))
        }
        other => Err(format!("<{other}> is no verb")),
    }
}

fn say(element: &Element) -> Result<Verb, String> {
    allow(element, &["voice", "language", "loop"], true)?;
    number(element, "loop", 1, 0..=10)?;
    let voice = element.attribute("voice").unwrap_or("man");
    let prefixed =
        ["Polly.", "ElevenLabs.", "Telnyx.", "Azure.", "AWS."].iter().any(|p| voice.starts_with(p));
    if !prefixed && !matches!(voice, "man" | "woman" | "alice") {
        return Err(format!("<Say> knows no voice {voice:?}"));
    }
    Ok(Verb::Say(spoken(element)?))
}

const PLAY: &[&str] = &["loop", "digits", "mediaStorage"];
const PAUSE: RangeInclusive<u32> = 1..=180;

const STREAM: &[&str] = &[
    "url",
    "name",
    "track",
    "codec",
    "bidirectionalMode",
    "bidirectionalCodec",
    "bidirectionalSamplingRate",
    "statusCallback",
    "statusCallbackMethod",
];

const CODECS: [&str; 5] = ["PCMU", "PCMA", "G722", "OPUS", "AMR-WB"];

fn connect(element: &Element) -> Result<Verb, String> {
    let stream = twiml::stream(element, STREAM)?;
    let url = stream.attribute("url").ok_or("<Stream> has no url")?;
    judge_stream_url(url, true)?;
    one_of(stream, "track", "inbound_track", &["inbound_track", "outbound_track", "both_tracks"])?;
    let codec = match stream.attribute("codec").unwrap_or("default") {
        "default" => "PCMU",
        _ => one_of(stream, "codec", "PCMU", &CODECS)?,
    };
    let back = one_of(stream, "bidirectionalCodec", "PCMU", &CODECS)?;
    let mode = one_of(stream, "bidirectionalMode", "mp3", &["mp3", "rtp"])?;
    let rate = number(stream, "bidirectionalSamplingRate", 8_000, 8_000..=24_000)?;
    if !matches!(rate, 8_000 | 16_000 | 24_000) {
        return Err(format!("bidirectionalSamplingRate {rate} is none"));
    }
    if !matches!(codec, "PCMU" | "PCMA") || mode == "rtp" && !matches!(back, "PCMU" | "PCMA") {
        return Ok(Verb::Unplayed(format!("Stream in {codec} and {back}")));
    }
    if mode == "rtp" && rate != 8_000 {
        return Err(format!("{back} has 8000 samples a second, not {rate}"));
    }
    Ok(Verb::Stream(StreamVerb {
        url: url.into(),
        parameters: parameters(stream)?,
        action: element.attribute("action").map(str::to_owned),
        name: stream.attribute("name").unwrap_or_default().into(),
        status_callback: callback(stream, "statusCallback", "statusCallbackMethod")?,
        codec: codec.into(),
        hertz: 8_000,
        codec_back: if mode == "rtp" { back } else { "mp3" }.into(),
        hertz_back: 8_000,
        abandoned: false,
    }))
}

const RECORD: &[&str] = &[
    "action",
    "method",
    "timeout",
    "finishOnKey",
    "maxLength",
    "playBeep",
    "trim",
    "channels",
    "format",
    "recordingStatusCallback",
    "recordingStatusCallbackMethod",
    "transcription",
    "transcriptionCallback",
    "transcriptionEngine",
];

fn record(element: &Element) -> Result<Verb, String> {
    allow(element, RECORD, false)?;
    no_children(element)?;
    let post = is_post(element, "method")?;
    let timeout = number(element, "timeout", 0, 0..=14_400)?;
    let trim = one_of(element, "trim", "do-not-trim", &["trim-silence", "do-not-trim"])? == "trim-silence";
    let channels = one_of(element, "channels", "dual", &["single", "dual"])?;
    Ok(Verb::Record(RecordVerb {
        action: element.attribute("action").map(|url| Callback { url: url.into(), post }),
        obeys: true,
        // The default is silence without end.
        timeout: (timeout > 0).then(|| Duration::from_secs(timeout.into())),
        max_length: Duration::from_secs(number(element, "maxLength", 3_600, 1..=14_400)?.into()),
        finish_on: keys(element, "1234567890*#")?,
        beep: is_true(element, "playBeep", true)?,
        channels: if channels == "dual" { 2 } else { 1 },
        format: if one_of(element, "format", "wav", &["mp3", "wav"])? == "mp3" { "mp3" } else { "wav" },
        trim,
        only_of_something: false,
        status_callback: callback(element, "recordingStatusCallback", "recordingStatusCallbackMethod")?,
    }))
}

const GATHER: &[&str] = &[
    "input",
    "action",
    "method",
    "timeout",
    "finishOnKey",
    "numDigits",
    "minDigits",
    "maxDigits",
    "validDigits",
    "invalidDigitsAction",
    "language",
    "hints",
    "speechTimeout",
    "partialResultCallback",
    "partialResultCallbackMethod",
    "transcriptionEngine",
    "useEnhanced",
    "profanityFilter",
];

fn gather(element: &Element) -> Result<Verb, String> {
    allow(element, GATHER, false)?;
    let input = one_of(element, "input", "dtmf", &["dtmf", "speech", "dtmf speech", "speech dtmf"])?;
    let timeout = number(element, "timeout", 5, 1..=120)?;
    let speech_timeout = match element.attribute("speechTimeout") {
        Some("auto") => 1,
        _ => number(element, "speechTimeout", timeout, 1..=120)?,
    };
    number(element, "minDigits", 1, 1..=128)?;
    let most = number(element, "maxDigits", 128, 1..=128)?;
    let prompt = |child: &Element| match child.name.as_str() {
        "Say" => say(child),
        "Play" => twiml::play(child, PLAY),
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
        num_digits: Some(number(element, "numDigits", most, 1..=128)? as usize),
        even_empty: false,
        prompts: element.children.iter().map(prompt).collect::<Result<_, _>>()?,
    }))
}

const DIAL: &[&str] = &[
    "action",
    "method",
    "timeout",
    "timeLimit",
    "callerId",
    "fromDisplayName",
    "hangupOnStar",
    "ringTone",
    "record",
    "recordingStatusCallback",
    "recordingStatusCallbackMethod",
    "recordingStatusCallbackEvent",
    "recordingChannels",
    "sendRecordingUrl",
];

fn dial(element: &Element) -> Result<Verb, String> {
    for child in &element.children {
        if child.name != "Number" && child.attribute("url").is_some() {
            return Err(format!("<{}> has no url", child.name));
        }
    }
    number(element, "timeLimit", 14_400, 60..=14_400)?;
    twiml::dial(element, DIAL, &["Number", "Sip", "Queue", "Conference"], 5..=120)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_of_the_references_is_read() {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("../../../../fixtures/telnyx/documents.json"))
                .expect("it is JSON");
        let documents = file["documents"].as_array().expect("a list");
        assert!(documents.len() > 10);
        for document in documents {
            let xml = document["xml"].as_str().expect("a text");
            if let Err(why) = read(xml) {
                panic!("{xml}\n{why}");
            }
        }
    }

    #[test]
    fn what_telnyx_would_refuse_is_refused() {
        let stream = |inner: &str| format!("<Response><Connect><Stream {inner}/></Connect></Response>");
        let verbs = read(&stream("url=\"wss://h/s?a=1\" bidirectionalMode=\"rtp\"")).expect("it is TeXML");
        assert!(matches!(&verbs[..], [Verb::Stream(verb)] if verb.codec_back == "PCMU"));
        let verbs = read(&stream("url=\"wss://h/s\"")).expect("it is TeXML");
        assert!(
            matches!(&verbs[..], [Verb::Stream(verb)] if verb.codec_back == "mp3"),
            "which is the default"
        );
        for bad in [
            "<Response><Speak>x</Speak></Response>".to_owned(),
            "<Response><Say voice=\"WOMAN\">x</Say></Response>".into(),
            "<Response><Say>x</Say><Reject/></Response>".into(),
            "<Response><Pause length=\"181\"/></Response>".into(),
            "<Response><Record channels=\"stereo\"/></Response>".into(),
            "<Response><Gather actionOnEmptyResult=\"true\"/></Response>".into(),
            "<Response><Gather><Pause/></Gather></Response>".into(),
            "<Response><Dial timeout=\"4\">+14155550123</Dial></Response>".into(),
            stream(""),
            stream("url=\"https://h/s\""),
            stream("url=\"wss://h/s\" bidirectionalMode=\"RTP\""),
            stream("url=\"wss://h/s\" bidirectionalMode=\"rtp\" bidirectionalCodec=\"pcmu\""),
            stream("url=\"wss://h/s\" bidirectionalMode=\"rtp\" bidirectionalSamplingRate=\"16000\""),
        ] {
            assert!(read(&bad).is_err(), "{bad} was taken");
        }
    }
}
