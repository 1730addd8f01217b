//! TeXML: what a call is told to do. Close to TwiML, with other defaults, which are never relied on here.

use super::stream;
use crate::{Dial, Document, Next, Prompt, Reply, markup, markup::Markup, turn::seconds};
use call::Format;

pub(super) fn answer(reply: &Reply, format: Format) -> Document {
    let body = markup::document("Response", |response| match reply {
        Reply::Stream { url, token, first, after } => {
            say_all(response, first);
            let codec = match format {
                Format::Alaw => "PCMA",
                Format::Ulaw | Format::Pcm { .. } => "PCMU",
            };
            let attributes = [
                ("url", url.as_str()),
                ("bidirectionalMode", stream::MODE),
                ("bidirectionalCodec", codec),
                ("codec", codec),
                ("track", "inbound_track"),
            ];
            response.holding("Connect", &[], |connect| {
                connect.holding("Stream", &attributes, |stream| {
                    stream.empty("Parameter", &[("name", "token"), ("value", token)]);
                });
            });
            if let Some(after) = after {
                response.text("Redirect", &[("method", "POST")], after);
            }
        }
        Reply::Say(words) => {
            response.text("Say", &[], words);
            response.empty("Hangup", &[]);
        }
        Reply::Reject => response.empty("Reject", &[("reason", "rejected")]),
        Reply::Turn(prompts, then) => turn(response, prompts, then),
        Reply::Nothing => {}
    });
    Document { content_type: "application/xml; charset=utf-8", body }
}

fn turn(response: &mut Markup, prompts: &[Prompt], then: &Next) {
    if let Next::Gather { to, bounds, input, language } = then {
        let (input, keys) = input.words();
        let longest = bounds.longest.as_secs().clamp(1, 120).to_string();
        let keys = keys.map(|keys| keys.clamp(1, 128).to_string());
        let finish: String = bounds.finish.chars().take(1).collect();
        let mut attributes = vec![("input", input), ("action", to.as_str()), ("method", "POST")];
        attributes.push(("timeout", &longest));
        attributes.extend(keys.as_deref().map(|keys| ("numDigits", keys)));
        attributes.push(("finishOnKey", &finish));
        attributes.extend(Some(("language", language.as_str())).filter(|(_, tag)| !tag.is_empty()));
        if input != "dtmf" {
            attributes.push(("speechTimeout", "auto"));
        }
        response.holding("Gather", &attributes, |gather| say_all(gather, prompts));
        return response.text("Redirect", &[("method", "POST")], to);
    }
    say_all(response, prompts);
    match then {
        Next::Record { to, bounds, beep } => {
            let attributes = [
                ("action", to.as_str()),
                ("method", "POST"),
                ("timeout", &seconds(bounds.silence)),
                ("maxLength", &seconds(bounds.longest)),
                ("finishOnKey", bounds.finish),
                ("playBeep", if *beep { "true" } else { "false" }),
                ("channels", "single"),
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
            Prompt::Say { words, language } if language.is_empty() => markup.text("Say", &[], words),
            // The default voice speaks English only.
            Prompt::Say { words, language } => {
                markup.text("Say", &[("voice", "alice"), ("language", language)], words);
            }
            Prompt::Play(url) => markup.text("Play", &[], url),
            Prompt::Wait(time) => {
                let length = time.as_secs_f64().ceil().clamp(1.0, 180.0).to_string();
                markup.empty("Pause", &[("length", &length)]);
            }
        }
    }
}

fn write_dial(response: &mut Markup, dial: &Dial) {
    let rings = dial.rings.as_secs().clamp(5, 120).to_string();
    let mut attributes = vec![];
    if !dial.caller_id.is_empty() {
        attributes.push(("callerId", dial.caller_id.as_str()));
    }
    if !dial.rings.is_zero() {
        attributes.push(("timeout", &rings));
    }
    if !dial.then.is_empty() {
        attributes.extend([("action", dial.then.as_str()), ("method", "POST")]);
    }
    let sip = dial.to.starts_with("sip:") || dial.to.starts_with("sips:");
    response.holding("Dial", &attributes, |inner| match dial.briefing.as_str() {
        url if !sip && !url.is_empty() => inner.text("Number", &[("url", url)], &dial.to),
        _ => inner.text(if sip { "Sip" } else { "Number" }, &[], &dial.to),
    });
}
