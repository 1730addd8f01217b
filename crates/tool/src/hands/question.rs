//! What the caller is asked before something is done.

use super::known::{Known, plain};
use crate::{Class, tools::Offer, tools::spoken};
use call::{Asked, Language};
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

const FRAMES: [Frame; 11] = [
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
        language: "fr",
        about: "Je vais faire ceci :",
        for_good: "C'est irréversible.",
        shall: "Dois-je le faire ?",
    },
    Frame {
        language: "es",
        about: "Voy a hacer lo siguiente:",
        for_good: "No se puede deshacer.",
        shall: "¿Lo hago?",
    },
    Frame {
        language: "it",
        about: "Sto per fare quanto segue:",
        for_good: "Non si può annullare.",
        shall: "Devo farlo?",
    },
    Frame {
        language: "pt",
        about: "Vou fazer o seguinte:",
        for_good: "Não pode ser desfeito.",
        shall: "Devo fazê-lo?",
    },
    Frame {
        language: "nl",
        about: "Ik ga nu het volgende doen:",
        for_good: "Dat kan niet ongedaan worden gemaakt.",
        shall: "Zal ik dat doen?",
    },
    Frame {
        language: "pl",
        about: "Zamierzam zrobić to:",
        for_good: "Tego nie można cofnąć.",
        shall: "Czy mam to zrobić?",
    },
    Frame {
        language: "sv",
        about: "Jag tänker nu göra detta:",
        for_good: "Det går inte att ångra.",
        shall: "Ska jag göra det?",
    },
    Frame {
        language: "da",
        about: "Jeg vil nu gøre følgende:",
        for_good: "Det kan ikke fortrydes.",
        shall: "Skal jeg gøre det?",
    },
    Frame {
        language: "nb",
        about: "Jeg skal nå gjøre følgende:",
        for_good: "Det kan ikke angres.",
        shall: "Skal jeg gjøre det?",
    },
];

/// Whether there is a question in this language (`de`, `en-US`).
pub(super) fn is_in(language: &str) -> bool {
    frame(language).is_some()
}

fn frame(language: &str) -> Option<&'static Frame> {
    let language = Language::of(language)?;
    FRAMES.iter().find(|frame| Language::of(frame.language) == Some(language))
}

/// The question whether to use this tool with these arguments, in this language where we have it.
pub(super) fn asked(offer: &Offer, arguments: &Value, known: &Known, language: &str) -> Asked {
    let frame = frame(language).unwrap_or(&FRAMES[0]);
    let (mut parts, mut telling) = (Vec::new(), Vec::new());
    leaves(arguments, "", 0, &mut |name, value| {
        let told = told(name, value, known, frame.language);
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

fn told(name: &str, value: &Value, known: &Known, language: &str) -> Told {
    let text = plain(value);
    if let Some(known) = known.name(&text).filter(|_| super::spoken::is_id(name)) {
        return Told { words: known.to_owned(), exact: true };
    }
    match in_words(&text, language) {
        Some(words) => Told { words, exact: false },
        None => {
            Told { words: text.split_whitespace().collect::<Vec<_>>().join(" "), exact: !value.is_boolean() }
        }
    }
}

/// A date or datetime as one says it: in words in English, elsewhere in figures, which are said in any language.
fn in_words(text: &str, language: &str) -> Option<String> {
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let english = language == "en";
    if text.contains('T') {
        let at: DateTime = text.parse().ok()?;
        let as_said = if english { "%A, %B %-d, %Y, at %H:%M" } else { "%-d.%-m.%Y, %H:%M" };
        return Some(at.strftime(as_said).to_string());
    }
    let day: Date = text.parse().ok()?;
    Some(day.strftime(if english { "%A, %B %-d, %Y" } else { "%-d.%-m.%Y" }).to_string())
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
