//! Plivo's XML as Plivo takes it: known elements with known attributes, everything else refused.
//!
//! Sources: <https://www.plivo.com/docs/voice/xml/> and its page for every element.

use crate::phone::{
    verb::{
        Callback, DialVerb, GatherVerb, PlayVerb, RecordVerb, StreamVerb, Verb, absolute, address, allow,
        callback, is_true, judge_stream_url, no_children, number, one_of, redirect, response, spoken, tones,
    },
    xml::Element,
};
use std::time::Duration;

/// Reads a document; an error says what Plivo would object to.
pub fn read(document: &str) -> Result<Vec<Verb>, String> {
    let root = response(document)?;
    let mut verbs = Vec::new();
    for (at, element) in root.children.iter().enumerate() {
        verbs.push(verb(element, at == 0)?);
    }
    Ok(verbs)
}

fn verb(element: &Element, first: bool) -> Result<Verb, String> {
    match element.name.as_str() {
        "Speak" => speak(element),
        "Play" => play(element),
        "Wait" => wait(element),
        "Stream" => stream(element),
        "Record" => record(element),
        "GetInput" => get_input(element),
        "GetDigits" => get_digits(element),
        "Hangup" => {
            allow(element, &["reason", "schedule"], false)?;
            no_children(element)?;
            let reason = one_of(element, "reason", "rejected", &["rejected", "busy"])?;
            if element.attribute("schedule").is_some() {
                number(element, "schedule", 0, 0..=86_400)?;
                return Ok(Verb::Unplayed("Hangup schedule".into()));
            }
            // As the first element it refuses the call, with a reason or without one.
            Ok(if first { Verb::Reject(reason.into()) } else { Verb::Hangup })
        }
        "Redirect" => redirect(element, absolute(element)?),
        "Dial" => dial(element),
        "DTMF" => {
            allow(element, &["async"], true)?;
            tones(element, &address(element)?)
        }
        name @ ("PreAnswer" | "Message" | "Conference" | "MultiPartyCall") => Ok(Verb::Unplayed(name.into())),
        other => Err(format!("<{other}> is no element")),
    }
}

fn speak(element: &Element) -> Result<Verb, String> {
    allow(element, &["voice", "language", "loop"], true)?;
    number(element, "loop", 1, 0..=1_000)?;
    let text = spoken(element)?;
    if text.chars().count() > 3_000 {
        return Err("<Speak> says more than 3000 characters".into());
    }
    let voice = element.attribute("voice").unwrap_or("WOMAN");
    if !(matches!(voice, "WOMAN" | "MAN") || voice.starts_with("Polly.")) {
        return Err(format!("<Speak> knows no voice {voice:?}"));
    }
    if !element.children.is_empty() && !voice.starts_with("Polly.") {
        return Err("SSML works with Polly's voices only".into());
    }
    Ok(Verb::Say(text))
}

fn play(element: &Element) -> Result<Verb, String> {
    allow(element, &["loop"], true)?;
    let times = number(element, "loop", 1, 0..=1_000)?;
    Ok(Verb::Play(PlayVerb { url: absolute(element)?, times }))
}

fn wait(element: &Element) -> Result<Verb, String> {
    allow(element, &["length", "silence", "minSilence", "beep"], false)?;
    no_children(element)?;
    is_true(element, "silence", false)?;
    is_true(element, "beep", false)?;
    number(element, "minSilence", 2_000, 1..=600_000)?;
    Ok(Verb::Pause(Duration::from_secs(number(element, "length", 1, 1..=14_400)?.into())))
}

const STREAM: &[&str] = &[
    "bidirectional",
    "audioTrack",
    "streamTimeout",
    "statusCallbackUrl",
    "statusCallbackMethod",
    "contentType",
    "extraHeaders",
    "keepCallAlive",
    "noiseCancellation",
];

fn stream(element: &Element) -> Result<Verb, String> {
    allow(element, STREAM, true)?;
    let url = address(element)?;
    judge_stream_url(&url, true)?;
    number(element, "streamTimeout", 86_400, 1..=86_400)?;
    let track = one_of(element, "audioTrack", "inbound", &["inbound", "outbound", "both"])?;
    if !is_true(element, "bidirectional", false)? {
        return Ok(Verb::Unplayed("Stream, one way".into()));
    }
    if track != "inbound" {
        return Err("a bidirectional stream carries the inbound track only".into());
    }
    let types = ["audio/x-l16;rate=8000", "audio/x-l16;rate=16000", "audio/x-mulaw;rate=8000"];
    let content = one_of(element, "contentType", types[0], &types)?;
    let (codec, rate) = content.split_once(";rate=").expect("all of them have one");
    let hertz = rate.parse().expect("all of them are numbers");
    let given = element.attribute("extraHeaders").unwrap_or_default();
    if given.len() > 512 {
        return Err("extraHeaders are longer than 512 bytes".into());
    }
    let mut parameters = Vec::new();
    for pair in given.split(',').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(|| format!("extraHeaders: {pair:?} has no ="))?;
        let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric());
        if !plain(name) || !plain(value) {
            return Err(format!("extraHeaders: {pair:?} has more than letters and digits"));
        }
        parameters.push((name.to_owned(), value.to_owned()));
    }
    Ok(Verb::Stream(StreamVerb {
        url,
        parameters,
        action: None,
        name: String::new(),
        status_callback: callback(element, "statusCallbackUrl", "statusCallbackMethod")?,
        codec: codec.into(),
        hertz,
        codec_back: String::new(),
        hertz_back: 0,
        abandoned: !is_true(element, "keepCallAlive", false)?,
    }))
}

const RECORD: &[&str] = &[
    "action",
    "method",
    "redirect",
    "fileFormat",
    "timeout",
    "maxLength",
    "playBeep",
    "finishOnKey",
    "recordSession",
    "startOnDialAnswer",
    "callbackUrl",
    "callbackMethod",
    "recordChannelType",
    "transcriptionType",
    "transcriptionUrl",
    "transcriptionMethod",
    "transcriptionReportType",
];

fn record(element: &Element) -> Result<Verb, String> {
    allow(element, RECORD, false)?;
    no_children(element)?;
    let channels = one_of(element, "recordChannelType", "stereo", &["stereo", "mono"])?;
    let format = one_of(element, "fileFormat", "mp3", &["mp3", "wav"])?;
    let told = callback(element, "callbackUrl", "callbackMethod")?;
    let action = callback(element, "action", "method")?;
    if is_true(element, "recordSession", false)? || is_true(element, "startOnDialAnswer", false)? {
        return Ok(Verb::Unplayed("Record of the session".into()));
    }
    let obeys = is_true(element, "redirect", true)? && action.is_some();
    if action.is_none() && told.is_none() {
        return Err("<Record> tells nobody of the recording".into());
    }
    Ok(Verb::Record(RecordVerb {
        action: action.or_else(|| told.clone()),
        obeys,
        timeout: Some(Duration::from_secs(number(element, "timeout", 15, 1..=3_600)?.into())),
        max_length: Duration::from_secs(number(element, "maxLength", 60, 1..=86_400)?.into()),
        finish_on: finish_on(element)?,
        beep: is_true(element, "playBeep", true)?,
        channels: if channels == "stereo" { 2 } else { 1 },
        format: if format == "mp3" { "mp3" } else { "wav" },
        trim: false,
        only_of_something: false,
        status_callback: told,
    }))
}

fn finish_on(element: &Element) -> Result<String, String> {
    match element.attribute("finishOnKey").unwrap_or("#") {
        "none" | "" => Ok(String::new()),
        "any" => Ok("0123456789*#".into()),
        _ => crate::phone::verb::keys(element, "#"),
    }
}

const GET_INPUT: &[&str] = &[
    "action",
    "method",
    "inputType",
    "executionTimeout",
    "digitEndTimeout",
    "speechEndTimeout",
    "finishOnKey",
    "numDigits",
    "speechModel",
    "hints",
    "language",
    "interimSpeechResultsCallback",
    "interimSpeechResultsCallbackMethod",
    "log",
    "redirect",
    "profanityFilter",
];

fn get_input(element: &Element) -> Result<Verb, String> {
    allow(element, GET_INPUT, false)?;
    let input = one_of(element, "inputType", "dtmf", &["dtmf", "speech", "dtmf speech", "speech dtmf"])?;
    let action = callback(element, "action", "method")?.ok_or("<GetInput> has no action")?;
    one_of(element, "speechModel", "default", &["default", "command_and_search", "phone_call"])?;
    is_true(element, "log", true)?;
    is_true(element, "profanityFilter", false)?;
    let end = |attribute| match element.attribute(attribute) {
        None | Some("auto") => Ok(2),
        Some(_) => number(element, attribute, 2, 2..=10),
    };
    end("digitEndTimeout")?;
    let speech_end = end("speechEndTimeout")?;
    Ok(Verb::Gather(GatherVerb {
        action: Some(action),
        obeys: is_true(element, "redirect", true)?,
        keys: input.contains("dtmf"),
        speech: input.contains("speech"),
        timeout: Duration::from_secs(number(element, "executionTimeout", 15, 5..=60)?.into()),
        speech_timeout: Duration::from_secs(speech_end.into()),
        finish_on: finish_on(element)?,
        num_digits: Some(number(element, "numDigits", 32, 1..=32)? as usize),
        even_empty: false,
        prompts: prompts(element)?,
    }))
}

const GET_DIGITS: &[&str] = &[
    "action",
    "method",
    "numDigits",
    "timeout",
    "digitTimeout",
    "finishOnKey",
    "retries",
    "redirect",
    "playBeep",
    "validDigits",
    "invalidDigitsSound",
    "log",
];

fn get_digits(element: &Element) -> Result<Verb, String> {
    allow(element, GET_DIGITS, false)?;
    Ok(Verb::Gather(GatherVerb {
        action: Some(callback(element, "action", "method")?.ok_or("<GetDigits> has no action")?),
        obeys: is_true(element, "redirect", true)?,
        keys: true,
        speech: false,
        timeout: Duration::from_secs(number(element, "timeout", 5, 1..=60)?.into()),
        speech_timeout: Duration::ZERO,
        finish_on: finish_on(element)?,
        num_digits: Some(number(element, "numDigits", 99, 1..=99)? as usize),
        even_empty: false,
        prompts: prompts(element)?,
    }))
}

fn prompts(element: &Element) -> Result<Vec<Verb>, String> {
    let prompt = |child: &Element| match child.name.as_str() {
        "Speak" => speak(child),
        "Play" => play(child),
        "Wait" => wait(child),
        other => Err(format!("<{other}> may not stand in <{}>", element.name)),
    };
    element.children.iter().map(prompt).collect()
}

const DIAL: &[&str] = &[
    "action",
    "method",
    "redirect",
    "timeout",
    "timeLimit",
    "callerId",
    "callerName",
    "hangupOnStar",
    "confirmSound",
    "confirmTimeout",
    "confirmKey",
    "dialMusic",
    "callbackUrl",
    "callbackMethod",
    "digitsMatch",
    "digitsMatchBLeg",
    "sipHeaders",
];

fn dial(element: &Element) -> Result<Verb, String> {
    allow(element, DIAL, false)?;
    let mut whom = Vec::new();
    for child in &element.children {
        match child.name.as_str() {
            "Number" => {
                allow(child, &["sendDigits", "sendOnPreanswer", "sendDigitsMode"], true)?;
                let number = address(child)?;
                if !super::bare(&number).chars().all(|c| c.is_ascii_digit()) {
                    return Err(format!("<Number> {number:?} is no number"));
                }
                whom.push(number);
            }
            "User" => {
                allow(child, &["sendDigits", "sendOnPreanswer", "sipHeaders"], true)?;
                whom.push(address(child)?);
            }
            other => return Err(format!("<{other}> may not stand in <Dial>")),
        }
    }
    if whom.is_empty() {
        return Err("<Dial> rings nobody".into());
    }
    if element.attribute("callerName").is_some_and(|name| name.chars().count() > 50) {
        return Err("callerName is longer than 50 characters".into());
    }
    is_true(element, "redirect", true)?;
    callback(element, "callbackUrl", "callbackMethod")?;
    number(element, "timeLimit", 14_400, 1..=86_400)?;
    Ok(Verb::Dial(DialVerb {
        whom,
        action: callback(element, "action", "method")?,
        caller_id: element.attribute("callerId").map(str::to_owned),
        timeout: Some(Duration::from_secs(number(element, "timeout", 120, 1..=600)?.into())),
        briefing: element.attribute("confirmSound").map(|url| Callback { url: url.into(), post: true }),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_of_plivos_own_packages_is_read() {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("../../../../fixtures/plivo/documents.json"))
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
    fn what_plivo_would_refuse_is_refused() {
        let stream = |attributes: &str, url: &str| {
            format!("<Response><Stream bidirectional=\"true\" {attributes}>{url}</Stream></Response>")
        };
        assert!(read(&stream("extraHeaders=\"a=b\"", "wss://h/s?a=1")).is_ok());
        for bad in [
            "<response/>".to_owned(),
            "<Response><Say>x</Say></Response>".into(),
            "<Response><Connect/></Response>".into(),
            "<Response><Reject/></Response>".into(),
            "<Response><Gather/></Response>".into(),
            "<Response><Pause/></Response>".into(),
            "<Response><Speak/></Response>".into(),
            "<Response><Speak voice=\"alice\">x</Speak></Response>".into(),
            "<Response><Play>/a.wav</Play></Response>".into(),
            "<Response><Redirect>/a</Redirect></Response>".into(),
            "<Response><GetInput inputType=\"dtmf\"/></Response>".into(),
            "<Response><GetInput action=\"https://h/\" executionTimeout=\"4\"/></Response>".into(),
            "<Response><Record/></Response>".into(),
            "<Response><Record action=\"https://h/\" fileFormat=\"ogg\"/></Response>".into(),
            "<Response><Dial>14155550123</Dial></Response>".into(),
            stream("url=\"wss://h/s\"", "wss://h/s"),
            stream("", "https://h/s"),
            stream("", "ws://voice.example.com/s"),
            stream("audioTrack=\"both\"", "wss://h/s"),
            stream("contentType=\"audio/x-mulaw\"", "wss://h/s"),
            stream("extraHeaders=\"token=a-b\"", "wss://h/s"),
            stream("extraHeaders=\"token\"", "wss://h/s"),
        ] {
            assert!(read(&bad).is_err(), "{bad} was taken");
        }
    }
}
