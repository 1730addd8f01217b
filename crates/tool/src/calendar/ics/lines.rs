//! Content lines: how iCalendar text is cut, nested, escaped and folded (RFC 5545 §3.1, §3.3.11).
//!
//! What is read is kept whole and in order, so that an object that somebody else has made can be changed in one place
//! and written back as it was.

use super::Unreadable;
use std::fmt::Write;

/// Deeper than any real object (calendar, event, alarm), shallow enough for any stack.
const DEEPEST: usize = 8;
/// Longer than a description with an article in it.
const LONGEST: usize = 1 << 20;
const FOLD: usize = 75;

/// One line: `NAME;PARAM=value;…:value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// In capitals.
    pub name: String,
    /// With names in capitals, and values as they stand there, quotes and all.
    pub params: Vec<(String, String)>,
    /// As it stands there: escaped where it is text.
    pub value: String,
}

/// What stands between `BEGIN` and `END`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Component {
    /// In capitals.
    pub name: String,
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Line(Line),
    Component(Component),
}

impl Line {
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), params: Vec::new(), value: clean(&value.into()) }
    }

    /// A line whose value is words, escaped.
    pub fn text(name: &str, words: &str) -> Self {
        Self::new(name, escape(words))
    }

    /// With a parameter; what may not stand in one is left out.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let value: String = value.chars().filter(|c| *c != '"' && !c.is_control()).collect();
        let quote = if value.contains([';', ':', ',']) { "\"" } else { "" };
        self.params.push((name.to_owned(), format!("{quote}{value}{quote}")));
        self
    }

    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim_matches('"'))
    }

    /// The words that the value stands for.
    pub fn words(&self) -> String {
        unescape(&self.value)
    }

    fn read(text: &str) -> Result<Self, Unreadable> {
        let broken = || Unreadable(format!("a line that is none: {}", excerpt(text)));
        let name_end = text.find([';', ':']).ok_or_else(broken)?;
        let name = &text[..name_end];
        if name.is_empty()
            || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte))
        {
            return Err(broken());
        }
        let mut params = Vec::new();
        let mut rest = &text[name_end..];
        while let Some(after) = rest.strip_prefix(';') {
            let equals = after.find(['=', ';', ':']).ok_or_else(broken)?;
            let key = after[..equals].to_ascii_uppercase();
            if !after[equals..].starts_with('=') {
                params.push((key, String::new()));
                rest = &after[equals..];
                continue;
            }
            let from = &after[equals + 1..];
            let mut quoted = false;
            let end = from
                .find(|c| {
                    quoted ^= c == '"';
                    !quoted && (c == ';' || c == ':')
                })
                .ok_or_else(broken)?;
            params.push((key, from[..end].to_owned()));
            rest = &from[end..];
        }
        let value = rest.strip_prefix(':').ok_or_else(broken)?.to_owned();
        Ok(Self { name: name.to_ascii_uppercase(), params, value })
    }

    fn write(&self, out: &mut String) {
        let mut line = self.name.clone();
        for (name, value) in &self.params {
            let _ = write!(line, ";{name}={value}");
        }
        line.push(':');
        line.push_str(&self.value);
        fold(&line, out);
    }
}

impl Component {
    pub fn new(name: &str, lines: Vec<Line>) -> Self {
        Self { name: name.to_owned(), parts: lines.into_iter().map(Part::Line).collect() }
    }

    pub fn push(&mut self, line: Line) {
        self.parts.push(Part::Line(line));
    }

    pub fn lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Line> {
        self.parts.iter().filter_map(move |part| match part {
            Part::Line(line) if line.name == name => Some(line),
            Part::Line(_) | Part::Component(_) => None,
        })
    }

    pub fn line(&self, name: &str) -> Option<&Line> {
        self.parts.iter().find_map(|part| match part {
            Part::Line(line) if line.name == name => Some(line),
            Part::Line(_) | Part::Component(_) => None,
        })
    }

    /// The words of the first line of this name; empty where there is none.
    pub fn words(&self, name: &str) -> String {
        self.line(name).map(Line::words).unwrap_or_default()
    }

    pub fn components<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Component> {
        self.parts.iter().filter_map(move |part| match part {
            Part::Component(inner) if inner.name == name => Some(inner),
            Part::Line(_) | Part::Component(_) => None,
        })
    }

    /// Puts this line where the first of its name stands, else before everything that is nested.
    pub fn set(&mut self, line: Line) {
        let named = |part: &Part| matches!(part, Part::Line(old) if old.name == line.name);
        let place = self.parts.iter().position(named);
        self.parts.retain(|part| !named(part));
        let nested = self.parts.iter().position(|part| matches!(part, Part::Component(_)));
        let place = place.or(nested).unwrap_or(self.parts.len()).min(self.parts.len());
        self.parts.insert(place, Part::Line(line));
    }

    pub fn drop_lines(&mut self, name: &str) {
        self.parts.retain(|part| !matches!(part, Part::Line(line) if line.name == name));
    }

    /// Reads every component that stands at the top, which should be one `VCALENDAR`.
    pub fn read(text: &str) -> Result<Vec<Self>, Unreadable> {
        let mut done = Vec::new();
        let mut open: Vec<Component> = Vec::new();
        for line in unfold(text)? {
            if line.trim().is_empty() {
                continue;
            }
            let line = Line::read(&line)?;
            match line.name.as_str() {
                "BEGIN" if open.len() == DEEPEST => {
                    return Err(Unreadable("it is nested too deeply".to_owned()));
                }
                "BEGIN" => open.push(Self::new(&line.value.trim().to_ascii_uppercase(), Vec::new())),
                "END" => {
                    let inner = open.pop().filter(|inner| inner.name.eq_ignore_ascii_case(line.value.trim()));
                    let inner =
                        inner.ok_or_else(|| Unreadable(format!("a stray END:{}", excerpt(&line.value))))?;
                    match open.last_mut() {
                        Some(outer) => outer.parts.push(Part::Component(inner)),
                        None => done.push(inner),
                    }
                }
                _ => match open.last_mut() {
                    Some(inner) => inner.push(line),
                    None => return Err(Unreadable(format!("a line outside of everything: {}", line.name))),
                },
            }
        }
        match open.last() {
            Some(cut) => Err(Unreadable(format!("it is cut off within {}", excerpt(&cut.name)))),
            None if done.is_empty() => Err(Unreadable("there is no calendar in it".to_owned())),
            None => Ok(done),
        }
    }

    pub fn write(&self, out: &mut String) {
        fold(&format!("BEGIN:{}", self.name), out);
        for part in &self.parts {
            match part {
                Part::Line(line) => line.write(out),
                Part::Component(inner) => inner.write(out),
            }
        }
        fold(&format!("END:{}", self.name), out);
    }
}

/// A line break is `\n`, and what else controls a terminal or a parser is left out.
pub(super) fn escape(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    let mut chars = words.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                out.push_str("\\n");
            }
            '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push_str("\\n"),
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\t' => out.push('\t'),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

fn unescape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}

fn clean(value: &str) -> String {
    value.chars().filter(|c| *c == '\t' || !c.is_control()).collect()
}

/// The first of a text from outside, fit for an error.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

fn fold(line: &str, out: &mut String) {
    let mut width = 0;
    for c in line.chars() {
        if width + c.len_utf8() > FOLD {
            out.push_str("\r\n ");
            width = 1;
        }
        out.push(c);
        width += c.len_utf8();
    }
    out.push_str("\r\n");
}

fn unfold(text: &str) -> Result<Vec<String>, Unreadable> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some(last)) if last.len() + more.len() > LONGEST => {
                return Err(Unreadable(format!("a line that is too long: {}", excerpt(last))));
            }
            (Some(more), Some(last)) => last.push_str(more),
            (None, _) | (_, None) => lines.push(line.to_owned()),
        }
    }
    Ok(lines)
}
