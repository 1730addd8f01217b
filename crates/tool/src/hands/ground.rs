//! Whether a change is what the caller has asked for themselves, in a call in which words of others were read.

use super::{
    known::{Known, plain},
    question::leaves,
    spoken::is_id,
};
use crate::tools::Offer;
use call::Standing;
use serde_json::Value;

/// Whether these arguments are the caller's own: what is said in them is what the caller has said since, or has said yes
/// to. A day or a choice from a list can be put in other words, and carries nothing out of the house; it is believed
/// beside something that is the caller's.
pub(super) fn is_meant(offer: &Offer, arguments: &Value, known: &Known, standing: &Standing) -> bool {
    if standing.said.is_empty() {
        return false;
    }
    let said = words(&format!("{} {}", standing.said, standing.yes_to));
    let (mut own, mut all) = (0, true);
    leaves(arguments, "", 0, &mut |name, value| match grounds(offer, name, value, known, &said) {
        Ground::Own => own += 1,
        Ground::Neutral => {}
        Ground::None => all = false,
    });
    // What is ours stays in the house and can be taken back: a yes to what the assistant asked is enough.
    all && own > 0 || offer.is_ours() && !standing.yes_to.is_empty()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ground {
    Own,
    Neutral,
    None,
}

fn grounds(offer: &Offer, name: &str, value: &Value, known: &Known, said: &[String]) -> Ground {
    let text = plain(value);
    if is_id(name) {
        return match known.name(&text) {
            Some(known) if is_said(known, said) => Ground::Own,
            Some(_) | None if is_said(&text, said) => Ground::Own,
            Some(_) | None => Ground::None,
        };
    }
    match value {
        Value::Number(_) if said.contains(&text) => Ground::Own,
        Value::Number(_) | Value::Bool(_) | Value::Null => Ground::Neutral,
        Value::String(_) if is_time(&text) || offer.is_choice(name, &text) => Ground::Neutral,
        Value::String(_) if is_said(&text, said) => Ground::Own,
        Value::String(_) | Value::Array(_) | Value::Object(_) => Ground::None,
    }
}

/// Whether most words of a text were said; all of it, where it is an address.
fn is_said(text: &str, said: &[String]) -> bool {
    let own = words(text);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let known = own.iter().filter(|word| said.contains(word)).count();
    if own.is_empty() {
        return false;
    }
    let run: String = said.concat();
    if text.contains(['@', '/', '\\', '<', '>']) || digits >= 5 {
        return run.contains(&own.concat());
    }
    known * 10 >= own.len() * 6
}

fn is_time(text: &str) -> bool {
    let shape = |char: char| char.is_ascii_digit() || matches!(char, '-' | ':' | 'T' | 'Z' | '+' | '.' | ' ');
    text.len() <= 40
        && text.contains(['-', ':'])
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(shape)
}

/// The words of a text that say something.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let split = lower.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
    split.filter(|word| !EMPTY.contains(word)).take(2_000).map(str::to_owned).collect()
}

/// Words that say nothing by themselves.
const EMPTY: [&str; 24] = [
    "a", "an", "the", "to", "of", "and", "or", "in", "on", "at", "for", "my", "your", "me", "it", "is",
    "der", "die", "das", "und", "zu", "el", "la", "le",
];
