//! What the answered documents of the three companies come down to, and the reading of attributes that they share.

use super::xml::{self, Element};
use std::time::Duration;

/// What to do next with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    Say(String),
    Play(PlayVerb),
    /// Keys towards the caller; nothing that a server on the other side could notice.
    Keys(String),
    Pause(Duration),
    Stream(StreamVerb),
    Record(RecordVerb),
    Gather(GatherVerb),
    Hangup,
    /// Refuses the call where it comes first.
    Reject(String),
    Redirect {
        url: String,
        method: String,
    },
    Dial(DialVerb),
    /// A verb that the company knows and this simulator does not play.
    Unplayed(String),
}

/// `<Play>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayVerb {
    pub url: String,
    /// 0 is for ever, as far as anybody listens.
    pub times: u32,
}

/// A bidirectional stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamVerb {
    pub url: String,
    /// In the order of the document.
    pub parameters: Vec<(String, String)>,
    /// Where to go on when the stream has ended, instead of the next verb.
    pub action: Option<String>,
    /// The stream's own name for status callbacks.
    pub name: String,
    pub status_callback: Option<Callback>,
    /// The encoding towards the server as the document asks for it; empty: the company's default.
    pub codec: String,
    /// Samples a second towards the server.
    pub hertz: u32,
    /// The encoding from the server, where the document says one.
    pub codec_back: String,
    /// Samples a second from the server.
    pub hertz_back: u32,
    /// Plivo's `keepCallAlive="false"`: what follows is done at once, and the call ends under the stream.
    pub abandoned: bool,
}

/// An address that is told something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    pub url: String,
    pub post: bool,
}

/// `<Record>`.
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute of its own")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordVerb {
    /// Asked what to do next; none: the current document is asked for again.
    pub action: Option<Callback>,
    /// The answer of the action is obeyed; else it is only told.
    pub obeys: bool,
    /// Of silence; none: silence never ends it.
    pub timeout: Option<Duration>,
    pub max_length: Duration,
    /// Any of these keys ends it.
    pub finish_on: String,
    pub beep: bool,
    pub channels: u16,
    /// `wav` or `mp3`.
    pub format: &'static str,
    pub trim: bool,
    /// A recording of nothing but silence is none: the next verb follows.
    pub only_of_something: bool,
    pub status_callback: Option<Callback>,
}

/// `<Gather>` and `<GetInput>`.
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute of its own")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatherVerb {
    pub action: Option<Callback>,
    pub obeys: bool,
    pub keys: bool,
    pub speech: bool,
    /// For the first input, and between keys.
    pub timeout: Duration,
    /// Of silence after words.
    pub speech_timeout: Duration,
    pub finish_on: String,
    pub num_digits: Option<usize>,
    /// The action is asked although nothing came.
    pub even_empty: bool,
    /// What is said and played meanwhile.
    pub prompts: Vec<Verb>,
}

/// `<Dial>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DialVerb {
    /// The numbers and addresses to ring.
    pub whom: Vec<String>,
    pub action: Option<Callback>,
    pub caller_id: Option<String>,
    pub timeout: Option<Duration>,
    /// Asked what whoever takes the call hears before they are connected.
    pub briefing: Option<Callback>,
}

/// The `url` by which one of a `<Dial>`'s children briefs whoever takes the call.
pub(crate) fn briefing(element: &Element) -> Result<Option<Callback>, String> {
    for child in &element.children {
        if let Some(told) = callback(child, "url", "method")? {
            return Ok(Some(told));
        }
    }
    Ok(None)
}

/// The root of a document, which is a `<Response>`.
pub(crate) fn response(document: &str) -> Result<Element, String> {
    let root = xml::read(document)?;
    if root.name != "Response" {
        return Err(format!("the root is <{}>, not <Response>", root.name));
    }
    allow(&root, &[], false)?;
    Ok(root)
}

pub(crate) fn allow(element: &Element, attributes: &[&str], text: bool) -> Result<(), String> {
    if let Some((name, _)) = element.attributes.iter().find(|(n, _)| !attributes.contains(&n.as_str())) {
        return Err(format!("<{}> has no attribute {name}", element.name));
    }
    if !text && !element.text.trim().is_empty() {
        return Err(format!("<{}> has text in it", element.name));
    }
    Ok(())
}

pub(crate) fn no_children(element: &Element) -> Result<(), String> {
    match element.children.first() {
        Some(child) => Err(format!("<{}> may not stand in <{}>", child.name, element.name)),
        None => Ok(()),
    }
}

/// Whether the attribute says POST, which is the default of all but one page.
pub(crate) fn is_post(element: &Element, attribute: &str) -> Result<bool, String> {
    match element.attribute(attribute).unwrap_or("POST") {
        "POST" => Ok(true),
        "GET" => Ok(false),
        other => Err(format!("<{}> knows no {attribute} {other:?}", element.name)),
    }
}

pub(crate) fn is_true(element: &Element, attribute: &str, default: bool) -> Result<bool, String> {
    match element.attribute(attribute) {
        None => Ok(default),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(other) => Err(format!("<{}> {attribute} is true or false, not {other:?}", element.name)),
    }
}

/// A whole number within the bounds.
pub(crate) fn number(
    element: &Element,
    attribute: &str,
    default: u32,
    bounds: std::ops::RangeInclusive<u32>,
) -> Result<u32, String> {
    let Some(text) = element.attribute(attribute) else { return Ok(default) };
    text.parse().ok().filter(|number| bounds.contains(number)).ok_or_else(|| {
        format!("<{}> {attribute} is {}..={}, not {text:?}", element.name, bounds.start(), bounds.end())
    })
}

pub(crate) fn one_of<'a>(
    element: &'a Element,
    attribute: &str,
    default: &'a str,
    allowed: &[&str],
) -> Result<&'a str, String> {
    let value = element.attribute(attribute).unwrap_or(default);
    if allowed.contains(&value) {
        return Ok(value);
    }
    Err(format!("<{}> knows no {attribute} {value:?}", element.name))
}

pub(crate) fn callback(element: &Element, url: &str, method: &str) -> Result<Option<Callback>, String> {
    let post = is_post(element, method)?;
    Ok(element.attribute(url).map(|url| Callback { url: url.to_owned(), post }))
}

pub(crate) fn keys(element: &Element, default: &str) -> Result<String, String> {
    let keys = element.attribute("finishOnKey").unwrap_or(default);
    if keys.chars().all(|key| key.is_ascii_digit() || matches!(key, '*' | '#')) {
        return Ok(keys.to_owned());
    }
    Err(format!("<{}> finishOnKey {keys:?} are no keys", element.name))
}

/// The text of an element and all in it.
pub(crate) fn spoken(element: &Element) -> Result<String, String> {
    let mut text = element.text.clone();
    for child in &element.children {
        text.push(' ');
        text.push_str(&words(child));
    }
    if text.trim().is_empty() {
        return Err(format!("<{}> has nothing to say", element.name));
    }
    Ok(text)
}

fn words(element: &Element) -> String {
    let mut text = element.text.clone();
    for child in &element.children {
        text.push(' ');
        text.push_str(&words(child));
    }
    text
}

pub(crate) fn address(element: &Element) -> Result<String, String> {
    no_children(element)?;
    let url = element.text.trim().to_owned();
    if url.is_empty() { Err(format!("<{}> names no address", element.name)) } else { Ok(url) }
}

/// An absolute `http:` or `https:` address, as what is fetched to be played has to be.
pub(crate) fn absolute(element: &Element) -> Result<String, String> {
    let url = address(element)?;
    if url.starts_with("https://") || url.starts_with("http://") {
        return Ok(url);
    }
    Err(format!("<{}> {url:?} is not absolute", element.name))
}

/// Companies take `wss:` alone. A plain `ws:` passes for loopback, where they could not reach anyway.
pub(crate) fn judge_stream_url(url: &str, query: bool) -> Result<(), String> {
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
    if !query && rest.contains('?') || rest.contains('#') {
        return Err("the url of a <Stream> has no query; it would be cut off".into());
    }
    if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("the url of a <Stream> has white space in it".into());
    }
    Ok(())
}

/// The `<Parameter>`s in a `<Stream>`.
pub(crate) fn parameters(stream: &Element) -> Result<Vec<(String, String)>, String> {
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
    Ok(parameters)
}

/// `<Redirect>` to this address.
pub(crate) fn redirect(element: &Element, url: String) -> Result<Verb, String> {
    allow(element, &["method"], true)?;
    let method = if is_post(element, "method")? { "POST" } else { "GET" };
    Ok(Verb::Redirect { url, method: method.into() })
}

/// Keys towards the caller, and the pauses between them.
pub(crate) fn tones(element: &Element, tones: &str) -> Result<Verb, String> {
    if tones.chars().all(|key| key.is_ascii_digit() || matches!(key, '*' | '#' | 'w' | 'W')) {
        return Ok(Verb::Keys(tones.into()));
    }
    Err(format!("<{}> {tones:?} are no keys", element.name))
}
