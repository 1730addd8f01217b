//! Plivo XML: what a call is told to do. Attributes stand in the order in which Plivo's own libraries write them.

use super::stream;
use crate::{Dial, Document, Next, Prompt, Reply, markup, markup::Markup, turn::seconds};
use call::Format;
use std::fmt::Write as _;

/// What Plivo says of one text, in characters.
const LONGEST_SPOKEN: usize = 3_000;

pub(super) fn answer(reply: &Reply, format: Format) -> Document {
    let body = markup::document("Response", |response| match reply {
        Reply::Stream { url, token, first, after } => {
            say_all(response, first);
            let kind = stream::content_type(format).expect("such a format is not taken in the first place");
            let attributes = [
                ("bidirectional", "true"),
                ("audioTrack", "inbound"),
                ("contentType", kind),
                ("extraHeaders", &format!("token={}", lettered(token))),
                // Without it what follows is done at once, and the call ends under the stream.
                ("keepCallAlive", "true"),
            ];
            response.text("Stream", &attributes, url);
            if let Some(after) = after {
                response.text("Redirect", &[("method", "POST")], after);
            }
        }
        Reply::Say(words) => {
            speak(response, words, "");
            response.empty("Hangup", &[]);
        }
        Reply::Reject => response.empty("Hangup", &[("reason", "rejected")]),
        Reply::Turn(prompts, then) => turn(response, prompts, then),
        Reply::Nothing => {}
    });
    Document { content_type: "application/xml; charset=utf-8", body }
}

pub(super) fn nothing() -> Document {
    Document { content_type: "application/xml; charset=utf-8", body: markup::document("Response", |_| {}) }
}

/// In letters and digits only, as `extraHeaders` takes them: hex.
fn lettered(token: &str) -> String {
    token.bytes().fold(String::with_capacity(token.len() * 2), |mut hex, byte| {
        let _infallible = write!(hex, "{byte:02x}");
        hex
    })
}

/// What [`lettered`] wrote; anything else is what it is.
pub(super) fn unlettered(value: &str) -> String {
    let pairs = value.as_bytes().chunks(2);
    let digit = |byte: u8| char::from(byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase());
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| match pair {
            [high, low] => Some((digit(*high)? << 4 | digit(*low)?) as u8),
            _ => None,
        })
        .collect();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| value.to_owned())
}

fn turn(response: &mut Markup, prompts: &[Prompt], then: &Next) {
    if let Next::Gather { to, bounds, input, language } = then {
        let (kind, keys) = input.words();
        let longest = bounds.longest.as_secs().clamp(5, 60).to_string();
        let silence = bounds.silence.as_secs().clamp(2, 10).to_string();
        let keys = keys.map(|keys| keys.clamp(1, 32).to_string());
        let first: String = bounds.finish.chars().take(1).collect();
        let finish = finish(&first);
        let mut attributes = vec![("action", to.as_str()), ("method", "POST"), ("inputType", kind)];
        attributes.push(("executionTimeout", &longest));
        if kind != "speech" {
            attributes.push(("digitEndTimeout", &silence));
        }
        if kind != "dtmf" {
            attributes.push(("speechEndTimeout", &silence));
        }
        attributes.push(("finishOnKey", finish));
        attributes.extend(keys.as_deref().map(|keys| ("numDigits", keys)));
        attributes.extend(Some(("language", language.as_str())).filter(|(_, tag)| !tag.is_empty()));
        // What was said stays out of Plivo's logs.
        attributes.extend([("log", "false"), ("redirect", "true")]);
        response.holding("GetInput", &attributes, |input| say_all(input, prompts));
        return response.text("Redirect", &[("method", "POST")], to);
    }
    say_all(response, prompts);
    match then {
        Next::Record { to, bounds, beep } => {
            let attributes = [
                ("action", to.as_str()),
                ("method", "POST"),
                ("fileFormat", "wav"),
                ("redirect", "true"),
                ("timeout", &seconds(bounds.silence)),
                ("maxLength", &seconds(bounds.longest)),
                ("playBeep", if *beep { "true" } else { "false" }),
                ("finishOnKey", finish(bounds.finish)),
                ("recordChannelType", "mono"),
            ];
            response.empty("Record", &attributes);
            response.text("Redirect", &[("method", "POST")], to);
        }
        Next::Gather { .. } | Next::Through => {}
        Next::Redirect(to) => response.text("Redirect", &[("method", "POST")], to),
        Next::Dial(dial) => write_dial(response, dial),
        Next::HangUp => response.empty("Hangup", &[]),
    }
}

fn say_all(markup: &mut Markup, prompts: &[Prompt]) {
    for prompt in prompts {
        match prompt {
            Prompt::Say { words, language } => speak(markup, words, language),
            Prompt::Play(url) => markup.text("Play", &[], url),
            Prompt::Wait(time) => markup.empty("Wait", &[("length", &seconds(*time))]),
        }
    }
}

fn speak(markup: &mut Markup, words: &str, language: &str) {
    let words: String = words.chars().take(LONGEST_SPOKEN).collect();
    if language.is_empty() {
        markup.text("Speak", &[], &words);
    } else {
        markup.text("Speak", &[("language", language)], &words);
    }
}

fn write_dial(response: &mut Markup, dial: &Dial) {
    let rings = seconds(dial.rings);
    let caller_id = bare(&dial.caller_id);
    let mut attributes = vec![];
    if !dial.then.is_empty() {
        attributes.extend([("action", dial.then.as_str()), ("method", "POST")]);
    }
    if !dial.rings.is_zero() {
        attributes.push(("timeout", &rings));
    }
    if !caller_id.is_empty() {
        attributes.push(("callerId", caller_id));
    }
    if !dial.briefing.is_empty() {
        attributes.push(("confirmSound", &dial.briefing));
    }
    response.holding("Dial", &attributes, |inner| {
        if dial.to.starts_with("sip:") || dial.to.starts_with("sips:") {
            inner.text("User", &[], &dial.to);
        } else {
            inner.text("Number", &[], bare(&dial.to));
        }
    });
}

/// A number as Plivo writes it, without the plus.
pub(super) fn bare(number: &str) -> &str {
    number.strip_prefix('+').unwrap_or(number)
}

fn finish(keys: &str) -> &str {
    if keys.is_empty() { "none" } else { keys }
}
