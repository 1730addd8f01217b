//! What Telnyx has taken over from TwiML as it is: verbs that TwiML and TeXML read the same way.

use super::{
    verb::{
        DialVerb, PlayVerb, Verb, address, allow, briefing, callback, no_children, number, one_of, tones,
    },
    xml::Element,
};
use std::{ops::RangeInclusive, time::Duration};

/// `<Hangup>`, `<Reject>` and `<Redirect>`; none: it is another.
pub(crate) fn plain(element: &Element) -> Result<Option<Verb>, String> {
    Ok(Some(match element.name.as_str() {
        "Hangup" => {
            allow(element, &[], false)?;
            no_children(element)?;
            Verb::Hangup
        }
        "Reject" => {
            allow(element, &["reason"], false)?;
            no_children(element)?;
            Verb::Reject(one_of(element, "reason", "rejected", &["rejected", "busy"])?.into())
        }
        "Redirect" => super::verb::redirect(element, address(element)?)?,
        _ => return Ok(None),
    }))
}

/// `<Play>`; its address may be relative to the document.
pub(crate) fn play(element: &Element, attributes: &[&str]) -> Result<Verb, String> {
    allow(element, attributes, true)?;
    let times = number(element, "loop", 1, 0..=1_000)?;
    match element.attribute("digits") {
        Some(digits) => tones(element, digits),
        None => Ok(Verb::Play(PlayVerb { url: address(element)?, times })),
    }
}

/// `<Pause>` of so many seconds.
pub(crate) fn pause(element: &Element, bounds: RangeInclusive<u32>) -> Result<Verb, String> {
    allow(element, &["length"], false)?;
    no_children(element)?;
    Ok(Verb::Pause(Duration::from_secs(number(element, "length", 1, bounds)?.into())))
}

/// The one `<Stream>` in a `<Connect>`.
pub(crate) fn stream<'a>(connect: &'a Element, attributes: &[&str]) -> Result<&'a Element, String> {
    allow(connect, &["action", "method"], false)?;
    let [stream] = connect.children.as_slice() else {
        return Err(format!("<Connect> has {} children, not one <Stream>", connect.children.len()));
    };
    if stream.name != "Stream" {
        return Err(format!("<{}> in <Connect> is not played here", stream.name));
    }
    allow(stream, attributes, false)?;
    Ok(stream)
}

/// `<Dial>`, which rings its text, and these children.
pub(crate) fn dial(
    element: &Element,
    attributes: &[&str],
    children: &[&str],
    rings: RangeInclusive<u32>,
) -> Result<Verb, String> {
    allow(element, attributes, true)?;
    if let Some(other) = element.children.iter().find(|child| !children.contains(&child.name.as_str())) {
        return Err(format!("<{}> may not stand in <Dial>", other.name));
    }
    let mut whom: Vec<String> = element.children.iter().map(|child| child.text.trim().into()).collect();
    let itself = element.text.trim();
    if !itself.is_empty() {
        whom.push(itself.into());
    }
    if whom.is_empty() || whom.iter().any(String::is_empty) {
        return Err("<Dial> rings nobody".into());
    }
    Ok(Verb::Dial(DialVerb {
        whom,
        action: callback(element, "action", "method")?,
        caller_id: element.attribute("callerId").map(str::to_owned),
        timeout: Some(Duration::from_secs(number(element, "timeout", 30, rings)?.into())),
        briefing: briefing(element)?,
    }))
}
