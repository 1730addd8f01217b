//! The XML of `WebDAV`: what we ask, and what is answered, by namespace, since every server has prefixes of its own.

use jiff::Timestamp;
use quick_xml::{
    XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
    name::ResolveResult,
    reader::NsReader,
};
use when::Span;

pub(super) const DAV: &str = "DAV:";
pub(super) const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
const DEEPEST: usize = 32;

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    namespace: String,
    name: String,
    /// All text directly within it.
    pub text: String,
    /// The attribute `name`, which CalDAV gives to components.
    pub label: String,
    pub children: Vec<Node>,
}

/// One resource of a `multistatus`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Response {
    pub href: String,
    /// Of the resource as a whole, where that is all there is to say.
    pub status: Option<u16>,
    /// Those that were found.
    pub props: Vec<Node>,
}

impl Node {
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        self.namespace == namespace && self.name == name
    }

    pub fn child(&self, namespace: &str, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.is(namespace, name))
    }

    pub fn all<'a>(&'a self, namespace: &'a str, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |child| child.is(namespace, name))
    }

    /// Whether an element of this name is anywhere within.
    pub fn holds(&self, namespace: &str, name: &str) -> bool {
        self.children.iter().any(|child| child.is(namespace, name) || child.holds(namespace, name))
    }

    pub fn title(&self) -> String {
        self.name.clone()
    }

    /// The whole document; a fragment of a sentence where it is none.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut reader = NsReader::from_str(text);
        let mut open: Vec<Node> = vec![Node::default()];
        loop {
            let (namespace, event) =
                reader.read_resolved_event().map_err(|_| "its XML is broken".to_owned())?;
            match event {
                Event::Start(start) => {
                    if open.len() > DEEPEST {
                        return Err("its XML is nested too deeply".to_owned());
                    }
                    open.push(Self::begin(&namespace, &start));
                }
                Event::Empty(start) => {
                    let node = Self::begin(&namespace, &start);
                    open.last_mut().expect("the document is never closed").children.push(node);
                }
                Event::End(_) => {
                    let node = open.pop().expect("the reader pairs the ends");
                    open.last_mut().ok_or("its XML is broken")?.children.push(node);
                }
                Event::Text(text) => Self::say(&mut open, &text.xml_content(XmlVersion::Implicit1_0)),
                Event::CData(text) => Self::say(&mut open, &text.xml_content(XmlVersion::Implicit1_0)),
                Event::GeneralRef(name) => {
                    if let Ok(Some(c)) = name.resolve_char_ref() {
                        Self::say(&mut open, c.encode_utf8(&mut [0; 4]));
                    } else {
                        let known = resolve_predefined_entity(&name);
                        Self::say(&mut open, known.ok_or("its XML uses entities of its own")?);
                    }
                }
                Event::DocType(_) => return Err("its XML has a document type".to_owned()),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Eof => break,
            }
        }
        match (open.len(), open.pop().and_then(|mut document| document.children.pop())) {
            (1, Some(root)) => Ok(root),
            (_, Some(_)) => Err("its XML is cut off".to_owned()),
            (_, None) => Err("there is no XML in it".to_owned()),
        }
    }

    fn begin(namespace: &ResolveResult<'_>, start: &BytesStart<'_>) -> Self {
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => namespace.0.to_owned(),
            ResolveResult::Unbound | ResolveResult::Unknown(_) => String::new(),
        };
        let label = start.try_get_attribute("name").ok().flatten();
        Self {
            namespace,
            name: start.local_name().into_inner().to_owned(),
            label: label.map(|label| label.value.to_string()).unwrap_or_default(),
            ..Self::default()
        }
    }

    fn say(open: &mut [Node], text: &str) {
        open.last_mut().expect("the document is never closed").text.push_str(text);
    }
}

/// The resources of a `multistatus`.
pub(super) fn multistatus(text: &str) -> Result<Vec<Response>, String> {
    let root = Node::read(text)?;
    if !root.is(DAV, "multistatus") {
        return Err("it is not about what was asked".to_owned());
    }
    root.all(DAV, "response")
        .map(|response| {
            let href =
                response.child(DAV, "href").ok_or("it leaves out what it is about")?.text.trim().to_owned();
            let status = response.child(DAV, "status").map(|status| status_of(&status.text)).transpose()?;
            let mut props = Vec::new();
            for propstat in response.all(DAV, "propstat") {
                let status =
                    propstat.child(DAV, "status").map(|status| status_of(&status.text)).transpose()?;
                if status.is_none_or(|status| (200..300).contains(&status)) {
                    props.extend(propstat.all(DAV, "prop").flat_map(|prop| prop.children.iter().cloned()));
                }
            }
            Ok(Response { href, status, props })
        })
        .collect()
}

impl Response {
    pub fn prop(&self, namespace: &str, name: &str) -> Option<&Node> {
        self.props.iter().find(|prop| prop.is(namespace, name))
    }

    pub fn text(&self, namespace: &str, name: &str) -> Option<&str> {
        self.prop(namespace, name).map(|prop| prop.text.trim()).filter(|text| !text.is_empty())
    }
}

/// `HTTP/1.1 404 Not Found`.
fn status_of(line: &str) -> Result<u16, String> {
    let number = line.split_whitespace().nth(1).and_then(|number| number.parse().ok());
    number.ok_or_else(|| "it gives a status that is none".to_owned())
}

/// Asks for these properties, such as `d:displayname` or `c:calendar-home-set`.
pub(super) fn propfind(props: &[&str]) -> String {
    let props = format!("<{}/>", props.join("/><"));
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="DAV:" xmlns:c="{CALDAV}"><d:prop>{props}</d:prop></d:propfind>"#
    )
}

/// Asks for the events that have something to do with this range.
pub(super) fn query(range: Span) -> String {
    filtered(&time_range(range))
}

/// Asks for the events with this UID.
pub(super) fn query_uid(uid: &str) -> String {
    let uid = quick_xml::escape::escape(uid);
    filtered(&format!(
        r#"<c:prop-filter name="UID"><c:text-match collation="i;octet">{uid}</c:text-match></c:prop-filter>"#
    ))
}

pub(super) fn free_busy(range: Span) -> String {
    let range = time_range(range);
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?><c:free-busy-query xmlns:c="{CALDAV}">{range}</c:free-busy-query>"#
    )
}

fn filtered(filter: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?><c:calendar-query xmlns:d="DAV:" xmlns:c="{CALDAV}"><d:prop><d:getetag/><c:calendar-data/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">{filter}</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"#
    )
}

fn time_range(range: Span) -> String {
    let utc = |at: Timestamp| crate::calendar::ics::utc(at);
    format!(r#"<c:time-range start="{}" end="{}"/>"#, utc(range.from), utc(range.to))
}
