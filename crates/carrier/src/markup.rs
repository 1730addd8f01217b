//! Documents that carriers read: TwiML and its relatives.

use quick_xml::{
    Writer,
    escape::partial_escape,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event, attributes::Attribute},
    name::QName,
};
use std::borrow::Cow;

/// Writes a document element by element. Text and attributes are escaped, and what XML cannot carry at all (control
/// characters) is left out.
pub struct Markup {
    writer: Writer<Vec<u8>>,
}

/// `<name attribute="value">` … as a list.
pub type Attributes<'a> = &'a [(&'a str, &'a str)];

/// The document whose root is `<root>` and holds what `write` writes.
pub fn document(root: &str, write: impl FnOnce(&mut Markup)) -> String {
    let mut markup = Markup::new();
    markup.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    markup.holding(root, &[], write);
    markup.finish()
}

/// The same without the line that says that it is XML.
pub fn fragment(root: &str, write: impl FnOnce(&mut Markup)) -> String {
    let mut markup = Markup::new();
    markup.holding(root, &[], write);
    markup.finish()
}

impl Markup {
    /// `<name … />`
    pub fn empty(&mut self, name: &str, attributes: Attributes<'_>) {
        self.event(Event::Empty(start(name, attributes)));
    }

    /// `<name …>text</name>`
    pub fn text(&mut self, name: &str, attributes: Attributes<'_>, text: &str) {
        if text.is_empty() {
            return self.empty(name, attributes);
        }
        self.event(Event::Start(start(name, attributes)));
        self.event(Event::Text(BytesText::from_escaped(partial_escape(possible(text)))));
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// `<name …>` what `write` writes `</name>`
    pub fn holding(&mut self, name: &str, attributes: Attributes<'_>, write: impl FnOnce(&mut Markup)) {
        let mut inner = Markup::new();
        write(&mut inner);
        let inner = inner.writer.into_inner();
        if inner.is_empty() {
            return self.empty(name, attributes);
        }
        self.event(Event::Start(start(name, attributes)));
        self.writer.get_mut().extend_from_slice(&inner);
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn new() -> Self {
        let mut writer = Writer::new(Vec::new());
        writer.config_mut().add_space_before_slash_in_empty_elements = true;
        Self { writer }
    }

    fn event(&mut self, event: Event<'_>) {
        self.writer.write_event(event).expect("a Vec takes every byte");
    }

    fn finish(self) -> String {
        String::from_utf8(self.writer.into_inner()).expect("only text was written")
    }
}

fn start<'a>(name: &'a str, attributes: Attributes<'_>) -> BytesStart<'a> {
    let mut start = BytesStart::new(name);
    for (name, value) in attributes {
        start.push_attribute(Attribute { key: QName(name), value: quoted(value).into() });
    }
    start
}

/// An attribute's value: a parser would turn a line's end into a blank, and `"` ends the value.
fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for letter in possible(value).chars() {
        match letter {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\t' => text.push_str("&#09;"),
            '\n' => text.push_str("&#10;"),
            '\r' => text.push_str("&#13;"),
            other => text.push(other),
        }
    }
    text
}

/// The characters that XML 1.0 has.
fn possible(text: &str) -> Cow<'_, str> {
    let has = |letter: char| matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if text.chars().all(has) { text.into() } else { text.chars().filter(|&letter| has(letter)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_said_can_become_markup() {
        let said = "\"Tom\" & 'Jerry' </Say><Hangup/>\u{0}\u{b}\u{ffff} ü";
        let written = document("Response", |m| m.text("Say", &[("voice", said)], said));
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>\
            <Say voice=\"&quot;Tom&quot; &amp; 'Jerry' &lt;/Say&gt;&lt;Hangup/&gt; ü\">\
            \"Tom\" &amp; 'Jerry' &lt;/Say&gt;&lt;Hangup/&gt; ü</Say></Response>";
        assert_eq!(written, expected);
    }

    #[test]
    fn an_element_that_holds_nothing_closes_itself() {
        assert_eq!(fragment("Response", |_| {}), "<Response />");
        assert_eq!(fragment("Response", |m| m.text("Say", &[], "")), "<Response><Say /></Response>");
    }
}
