//! A document as its reader sees it: elements, attributes and text, unescaped.

use carrier::markup::{self, Markup};
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// The root of a document, which is well-formed to its end.
    pub fn read(document: &str) -> Self {
        let mut reader = Reader::from_str(document);
        reader.config_mut().check_end_names = true;
        let mut open: Vec<Element> = vec![Element::default()];
        loop {
            match reader.read_event().unwrap_or_else(|error| panic!("{error} in {document}")) {
                Event::Start(start) => open.push(Element::of(&start)),
                Event::Empty(start) => {
                    let element = Element::of(&start);
                    open.last_mut().expect("a parent").children.push(element);
                }
                Event::End(_) => {
                    let element = open.pop().expect("an open element");
                    open.last_mut().expect("a parent").children.push(element);
                }
                Event::Text(text) => {
                    open.last_mut().expect("a parent").text.push_str(&text);
                }
                Event::GeneralRef(reference) => {
                    let letter = match reference.resolve_char_ref().expect("a character") {
                        Some(letter) => letter,
                        None => match &*reference {
                            "amp" => '&',
                            "lt" => '<',
                            "gt" => '>',
                            "quot" => '"',
                            "apos" => '\'',
                            other => panic!("&{other}; in {document}"),
                        },
                    };
                    open.last_mut().expect("a parent").text.push(letter);
                }
                Event::Eof => break,
                Event::Decl(_) => {}
                other => panic!("{other:?} in {document}"),
            }
        }
        let [whole] = open.try_into().expect("everything is closed");
        let [root] = <[Element; 1]>::try_from(whole.children).expect("one root");
        root
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// This element and all within it.
    pub fn all(&self) -> Vec<&Element> {
        let mut all = vec![self];
        all.extend(self.children.iter().flat_map(Element::all));
        all
    }

    pub fn named(&self, name: &str) -> Option<&Element> {
        self.all().into_iter().find(|element| element.name == name)
    }

    /// The same as we write it.
    pub fn written(&self) -> String {
        markup::fragment(&self.name, |root| self.children.iter().for_each(|child| child.write(root)))
    }

    fn write(&self, markup: &mut Markup) {
        let attributes: Vec<_> =
            self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if self.children.is_empty() {
            markup.text(&self.name, &attributes, &self.text);
        } else {
            markup.holding(&self.name, &attributes, |inner| {
                self.children.iter().for_each(|child| child.write(inner));
            });
        }
    }

    fn of(start: &BytesStart<'_>) -> Self {
        let name = start.name().0.to_owned();
        let attributes = start.attributes().map(|attribute| {
            let attribute = attribute.expect("an attribute");
            let value = quick_xml::escape::unescape(&attribute.value).expect("escaped").into_owned();
            (attribute.key.0.to_owned(), value)
        });
        Self { name, attributes: attributes.collect(), ..Self::default() }
    }
}
