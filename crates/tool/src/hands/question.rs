//! What the caller is asked before something is done.

use super::known::{Known, plain};
use crate::{Class, tools::Offer, tools::spoken};
use call::Asked;
use jiff::civil::{Date, DateTime};
use serde_json::Value;

/// A question is no longer than what one can listen to and still answer, in bytes: a minute and a half.
pub(super) const LONGEST: usize = 1_500;
const DEPTH: usize = 8;

/// What is said around what is to be done: before it; that it cannot be undone; the question.
struct Frame {
    language: &'static str,
    about: &'static str,
    for_good: &'static str,
    shall: &'static str,
}

const FRAMES: [Frame; 4] = [
    Frame {
        language: "en",
        about: "I am about to do this:",
        for_good: "It cannot be undone.",
        shall: "Shall I do it?",
    },
    Frame {
        language: "de",
        about: "Ich würde jetzt Folgendes tun:",
        for_good: "Das lässt sich nicht rückgängig machen.",
        shall: "Soll ich das tun?",
    },
    Frame {
        language: "es",
        about: "Voy a hacer lo siguiente:",
        for_good: "No se puede deshacer.",
        shall: "¿Lo hago?",
    },
    Frame {
        language: "fr",
        about: "Je vais faire ceci :",
        for_good: "C'est irréversible.",
        shall: "Dois-je le faire ?",
    },
];

/// The question whether to use this tool with these arguments, in this language where we have it.
pub(super) fn asked(offer: &Offer, arguments: &Value, known: &Known, language: &str) -> Asked {
    let frame = FRAMES.iter().find(|frame| language.starts_with(frame.language)).unwrap_or(&FRAMES[0]);
    let (mut parts, mut telling) = (Vec::new(), Vec::new());
    leaves(arguments, "", 0, &mut |name, value| {
        let told = told(name, value, known);
        if told.exact {
            telling.push(told.words.clone());
        }
        parts.push(format!("{}: {}", spoken(name), told.words.trim_end_matches(['.', '!'])));
    });
    let what = std::iter::once(spoken(offer.name())).chain(parts).collect::<Vec<_>>().join(". ");
    let for_good = match offer.class() {
        Class::Reads | Class::Writes => String::new(),
        Class::Final => format!(" {}", frame.for_good),
    };
    let words = format!("{} {what}.{for_good} {}", frame.about, frame.shall);
    Asked { subject: subject(offer.name(), arguments), words, telling }
}

struct Told {
    words: String,
    /// They must be heard as they are; a date may be said in other words.
    exact: bool,
}

fn told(name: &str, value: &Value, known: &Known) -> Told {
    let text = plain(value);
    if let Some(known) = known.name(&text).filter(|_| super::spoken::is_id(name)) {
        return Told { words: known.to_owned(), exact: true };
    }
    match in_words(&text) {
        Some(words) => Told { words, exact: false },
        None => {
            Told { words: text.split_whitespace().collect::<Vec<_>>().join(" "), exact: !value.is_boolean() }
        }
    }
}

/// A date or datetime as one says it.
fn in_words(text: &str) -> Option<String> {
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    if text.contains('T') {
        let at: DateTime = text.parse().ok()?;
        return Some(at.strftime("%A, %B %-d, %Y, at %H:%M").to_string());
    }
    let day: Date = text.parse().ok()?;
    Some(day.strftime("%A, %B %-d, %Y").to_string())
}

/// Every value in the arguments that is no list or object, with the name it stands under.
pub(super) fn leaves<'a>(
    value: &'a Value,
    name: &'a str,
    depth: usize,
    each: &mut impl FnMut(&'a str, &'a Value),
) {
    match value {
        _ if depth > DEPTH => each(name, value),
        Value::Null => {}
        Value::Object(fields) => {
            for (field, value) in fields {
                leaves(value, field, depth + 1, each);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| leaves(item, name, depth + 1, each)),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => each(name, value),
    }
}

/// The tool and its arguments, in whatever order those are written.
fn subject(name: &str, arguments: &Value) -> String {
    let mut all = String::from(name);
    write(arguments, &mut all);
    all
}

fn write(value: &Value, all: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by_key(|(name, _)| name.as_str());
            all.push('{');
            for (name, value) in sorted {
                all.push_str(&Value::from(name.as_str()).to_string());
                all.push(':');
                write(value, all);
                all.push(',');
            }
            all.push('}');
        }
        Value::Array(items) => {
            all.push('[');
            for item in items {
                write(item, all);
                all.push(',');
            }
            all.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            all.push_str(&value.to_string());
        }
    }
}
