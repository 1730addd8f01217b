//! TwiML: what a call is told to do. Attributes stand in the order in which Twilio's own libraries write them.

use crate::{Dial, Document, Next, Prompt, Reply, markup, markup::Markup, turn::seconds};

/// TwiML. Where nothing follows a stream, the call ends when our end of the stream closes.
pub(super) fn answer(reply: &Reply) -> Document {
    let body = markup::document("Response", |response| match reply {
        Reply::Stream { url, token, first, after } => {
            say_all(response, first);
            response.holding("Connect", &[], |connect| {
                connect.holding("Stream", &[("url", url)], |stream| {
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
        Reply::Reject => response.empty("Reject", &[]),
        Reply::Turn(prompts, then) => turn(response, prompts, then),
        Reply::Nothing => {}
    });
    Document { content_type: "text/xml; charset=utf-8", body }
}

/// What runs instead of the stream: the caller is connected, and nothing follows.
pub(super) fn transfer(dial: &Dial) -> String {
    markup::fragment("Response", |response| write_dial(response, dial))
}

fn turn(response: &mut Markup, prompts: &[Prompt], then: &Next) {
    if let Next::Gather { to, bounds, input, language } = then {
        let (input, keys) = input.words();
        let finish: String = bounds.finish.chars().take(1).collect();
        let keys = keys.map(|keys| keys.max(1).to_string());
        let longest = seconds(bounds.longest);
        let mut attributes = vec![("action", to.as_str()), ("finishOnKey", &finish), ("input", input)];
        attributes.extend(Some(("language", language.as_str())).filter(|(_, tag)| !tag.is_empty()));
        attributes.push(("method", "POST"));
        attributes.extend(keys.as_deref().map(|keys| ("numDigits", keys)));
        if input != "dtmf" {
            attributes.push(("speechTimeout", "auto"));
        }
        attributes.push(("timeout", &longest));
        response.holding("Gather", &attributes, |gather| say_all(gather, prompts));
        return response.text("Redirect", &[("method", "POST")], to);
    }
    say_all(response, prompts);
    match then {
        Next::Record { to, bounds, beep } => {
            let attributes = [
                ("action", to.as_str()),
                ("finishOnKey", bounds.finish),
                ("maxLength", &seconds(bounds.longest)),
                ("method", "POST"),
                ("playBeep", if *beep { "true" } else { "false" }),
                ("timeout", &seconds(bounds.silence)),
                ("trim", "do-not-trim"),
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
            Prompt::Say { words, language } => markup.text("Say", &[("language", language)], words),
            Prompt::Play(url) => markup.text("Play", &[], url),
            Prompt::Wait(time) => markup.empty("Pause", &[("length", &seconds(*time))]),
        }
    }
}

fn write_dial(response: &mut Markup, dial: &Dial) {
    let rings = seconds(dial.rings);
    let mut attributes = vec![];
    if !dial.then.is_empty() {
        attributes.push(("action", dial.then.as_str()));
    }
    if !dial.caller_id.is_empty() {
        attributes.push(("callerId", &dial.caller_id));
    }
    if !dial.then.is_empty() {
        attributes.push(("method", "POST"));
    }
    if !dial.rings.is_zero() {
        attributes.push(("timeout", &rings));
    }
    let briefing: &[(&str, &str)] = match dial.briefing.as_str() {
        "" => &[],
        url => &[("url", url)],
    };
    let to = dial.to.as_str();
    if to.starts_with("sip:") || to.starts_with("sips:") {
        response.holding("Dial", &attributes, |dial| dial.text("Sip", briefing, to));
    } else if let Some(name) = to.strip_prefix("client:") {
        response.holding("Dial", &attributes, |dial| dial.text("Client", briefing, name));
    } else if briefing.is_empty() {
        response.text("Dial", &attributes, to);
    } else {
        response.holding("Dial", &attributes, |dial| dial.text("Number", briefing, to));
    }
}
