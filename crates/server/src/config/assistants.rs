//! Which settings make an assistant, and where those are saved that a number of ours has of its own.

use super::Number;
use crate::secret::Secret;
use std::collections::BTreeMap;

/// What makes an assistant: the keys of the settings that one of a number may have of its own.
pub const OWN: [&str; 18] = [
    "assistant.business",
    "assistant.instructions",
    "assistant.greeting",
    "assistant.welcome",
    "assistant.engines",
    "assistant.voice",
    "assistant.temperature",
    "assistant.language",
    "assistant.languages",
    "assistant.without_tools",
    "answering.hours",
    "hours.mon",
    "hours.tue",
    "hours.wed",
    "hours.thu",
    "hours.fri",
    "hours.sat",
    "hours.sun",
];

/// What an assistant of a number is called, among its settings. It has one, so there is always something saved of it.
pub const NAME: &str = "name";

/// Under which key a setting of this number's own is saved.
pub fn key(number: &str, setting: &str) -> String {
    format!("{number} {setting}")
}

/// The number and the setting that this key is of, if it is one of a number.
pub fn of(key: &str) -> Option<(&str, &str)> {
    let (number, setting) = key.split_once(' ')?;
    let own = setting == NAME || OWN.contains(&setting);
    (own && Number::parse(number).is_ok_and(|parsed| parsed.as_str() == number)).then_some((number, setting))
}

/// What a number has of its own, by the number and the setting's key.
type ByNumber = BTreeMap<String, BTreeMap<String, String>>;

/// The settings of each number that has an assistant of its own, and those of all.
pub(super) fn apart(page: Vec<(String, Secret)>) -> (ByNumber, Vec<(String, Secret)>) {
    let mut numbers = ByNumber::new();
    let mut rest = Vec::new();
    for (saved, value) in page {
        match of(&saved) {
            Some((number, setting)) => {
                let own = numbers.entry(number.to_owned()).or_default();
                own.insert(setting.to_owned(), value.expose().to_owned());
            }
            None => rest.push((saved, value)),
        }
    }
    (numbers, rest)
}
