//! A reader of small XML documents that refuses whatever is not well formed, and all of XML that TwiML does not use.

/// One element. Text directly inside it is joined; where it stood between the children is not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    pub text: String,
}

impl Element {
    /// The value of this attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// Reads a document: an optional declaration, one element, comments and white space around it.
pub fn read(document: &str) -> Result<Element, String> {
    let mut reader = Reader { rest: document.strip_prefix('\u{feff}').unwrap_or(document), depth: 0 };
    if reader.rest.starts_with("<?xml") {
        let end = reader.rest.find("?>").ok_or("the XML declaration does not end")?;
        reader.rest = &reader.rest[end + 2..];
    }
    reader.skip_between()?;
    let root = reader.element()?;
    reader.skip_between()?;
    if reader.rest.is_empty() { Ok(root) } else { Err("something follows the root element".into()) }
}

const DEEPEST: usize = 16;

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn element(&mut self) -> Result<Element, String> {
        self.expect("<")?;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("elements are nested too deeply".into());
        }
        let mut element = Element { name: self.name()?.to_owned(), ..Element::default() };
        loop {
            let spaced = self.skip_space();
            if self.take("/>") {
                self.depth -= 1;
                return Ok(element);
            }
            if self.take(">") {
                break;
            }
            if !spaced {
                return Err(format!("<{}> has no space before an attribute", element.name));
            }
            let (name, value) = self.attribute()?;
            if element.attribute(&name).is_some() {
                return Err(format!("<{}> has the attribute {name} twice", element.name));
            }
            element.attributes.push((name, value));
        }
        self.content(&mut element)?;
        self.depth -= 1;
        Ok(element)
    }

    fn content(&mut self, element: &mut Element) -> Result<(), String> {
        loop {
            let next = self.rest.find('<').ok_or_else(|| format!("<{}> is never closed", element.name))?;
            element.text.push_str(&unescape(&self.rest[..next])?);
            self.rest = &self.rest[next..];
            if self.take("</") {
                let name = self.name()?;
                if name != element.name {
                    return Err(format!("<{}> is closed as </{name}>", element.name));
                }
                self.skip_space();
                return self.expect(">");
            } else if self.take("<!--") {
                self.comment()?;
            } else if self.take("<![CDATA[") {
                let end = self.rest.find("]]>").ok_or("a CDATA section does not end")?;
                element.text.push_str(&self.rest[..end]);
                self.rest = &self.rest[end + 3..];
            } else {
                element.children.push(self.element()?);
            }
        }
    }

    fn attribute(&mut self) -> Result<(String, String), String> {
        let name = self.name()?.to_owned();
        self.skip_space();
        self.expect("=")?;
        self.skip_space();
        let quote = if self.take("\"") {
            '"'
        } else if self.take("'") {
            '\''
        } else {
            return Err(format!("the value of {name} is not quoted"));
        };
        let end = self.rest.find(quote).ok_or_else(|| format!("the value of {name} does not end"))?;
        let value = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        if value.contains('<') {
            return Err(format!("the value of {name} has a bare <"));
        }
        Ok((name, unescape(value)?))
    }

    fn name(&mut self) -> Result<&'a str, String> {
        let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        let end = self.rest.find(|c| !part(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return Err(format!(
                "a name was expected at {:?}",
                self.rest.chars().take(12).collect::<String>()
            ));
        }
        self.rest = rest;
        Ok(name)
    }

    fn comment(&mut self) -> Result<(), String> {
        let end = self.rest.find("--").ok_or("a comment does not end")?;
        self.rest = &self.rest[end..];
        self.expect("-->")
    }

    fn skip_between(&mut self) -> Result<(), String> {
        loop {
            self.skip_space();
            if !self.take("<!--") {
                return Ok(());
            }
            self.comment()?;
        }
    }

    fn skip_space(&mut self) -> bool {
        let trimmed = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let skipped = trimmed.len() < self.rest.len();
        self.rest = trimmed;
        skipped
    }

    fn take(&mut self, what: &str) -> bool {
        match self.rest.strip_prefix(what) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, what: &str) -> Result<(), String> {
        if self.take(what) {
            return Ok(());
        }
        Err(format!("{what:?} was expected at {:?}", self.rest.chars().take(12).collect::<String>()))
    }
}

fn unescape(text: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        let end = rest[at..].find(';').ok_or("a bare & is not XML")? + at;
        let name = &rest[at + 1..end];
        plain.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = name.strip_prefix('#').ok_or_else(|| format!("&{name}; is not defined"))?;
                let code = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                };
                code.ok().and_then(char::from_u32).ok_or_else(|| format!("&{name}; is no character"))?
            }
        });
        rest = &rest[end + 1..];
    }
    plain.push_str(rest);
    match plain.chars().find(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
        Some(c) => Err(format!("the character U+{:04X} may not stand in XML", c as u32)),
        None => Ok(plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for bad in [
            "",
            "hello",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a>x & y</a>",
            "<a>&nbsp;</a>",
            "<a b=c/>",
            "<a b=\"1\" b=\"2\"/>",
            "<a b=\"<\"/>",
            "<a b=\"1\"c=\"2\"/>",
            "<!DOCTYPE a><a/>",
            "<a>\u{1}</a>",
            "<a>&#0;</a>",
            "<a/>x",
        ] {
            assert!(read(bad).is_err(), "{bad:?} was taken for XML");
        }
    }

    #[test]
    fn entities_and_cdata_are_read_as_what_they_stand_for() {
        let read = read("<a b='&quot;&#x41;&#66;'>x&amp;<![CDATA[<y>]]><!-- no --></a>").expect("it is XML");
        assert_eq!(read.attribute("b"), Some("\"AB"));
        assert_eq!(read.text, "x&<y>");
    }
}
