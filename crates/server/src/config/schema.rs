//! The table of every setting. What is not in it cannot be set.

mod assistant;
mod carriers;
mod engines;
mod house;
mod local;
mod members;
mod records;
mod think;
mod tools;

use super::{
    Config,
    parse::{self, Value},
};

/// A heading of the settings file and what stands under it.
pub struct Section {
    /// `[name]` in `earpiece.toml`.
    pub name: &'static str,
    /// What the section is about, in a sentence or two.
    pub about: &'static str,
    pub settings: &'static [Setting],
}

/// One thing that the owner may decide.
pub struct Setting {
    /// `section.name` in `earpiece.toml`.
    pub key: &'static str,
    /// Environment variables, ours first, then those of the systems that this one replaces.
    pub env: &'static [&'static str],
    /// `--flag` of the command, without the dashes.
    pub flag: Option<&'static str>,
    /// What it is when nobody sets it, as it would be written; empty: it is not set.
    pub default: &'static str,
    /// Something one might write, where the default says little.
    pub example: &'static str,
    /// Never printed.
    pub secret: bool,
    pub help: &'static str,
    pub(super) set: fn(&mut Config, &Value) -> Result<(), String>,
}

/// All of them, in the order in which the documentation tells them.
pub const SECTIONS: &[&[Section]] = &[
    house::SECTIONS,
    members::SECTIONS,
    assistant::SECTIONS,
    records::SECTIONS,
    engines::SECTIONS,
    local::SECTIONS,
    think::SECTIONS,
    carriers::SECTIONS,
    tools::SECTIONS,
];

/// Variables that say where the settings are, and so stand in no settings file.
pub const LOCATORS: &[(&str, &str)] = &[
    ("EARPIECE_CONFIG", "The settings file; `./earpiece.toml` where it is not set. Also `--config`."),
    (
        "EARPIECE_ENV",
        "`local`, `development` or `production`: puts `.env.<it>` over `.env`. Also `FLASK_ENV`.",
    ),
];

/// Variables that mean nothing here, and are no mistake: of the systems that this one replaces, and one of Ollama's that is
/// nearly one of ours.
pub const OTHERS: &[&str] =
    &["FLASK_APP", "FLASK_DEBUG", "FLASK_ENV", "FLASK_TESTING", "FLASK_RUN_PORT", "OLLAMA_MODELS"];

pub fn sections() -> impl Iterator<Item = &'static Section> {
    SECTIONS.iter().copied().flatten()
}

pub fn settings() -> impl Iterator<Item = &'static Setting> {
    sections().flat_map(|section| section.settings)
}

/// The setting with this key.
pub fn by_key(key: &str) -> Option<&'static Setting> {
    settings().find(|setting| setting.key == key)
}

/// Whether this text can be the value of this setting, and if not what would be.
pub fn check(setting: &Setting, text: &str) -> Result<(), String> {
    judged(setting, &Value::Text(text.to_owned()))
}

/// The words of which one is the value of this setting; none: it is no such setting.
pub fn words(setting: &Setting) -> Vec<String> {
    let nonsense = || "?".to_owned();
    let accepted = |value| {
        let refusal = judged(setting, &value).err().unwrap_or_default();
        parse::accepted(&refusal).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    // Where several may be given, each of a list is judged by itself; else a list is refused as one.
    if accepted(Value::List(vec![nonsense()])).is_empty() {
        accepted(Value::Text(nonsense()))
    } else {
        Vec::new()
    }
}

fn judged(setting: &Setting, value: &Value) -> Result<(), String> {
    let mut nobodys = super::load::defaults(jiff::tz::TimeZone::UTC);
    (setting.set)(&mut nobodys, value)
}

impl Setting {
    /// How a person would write it: the default, or else the example.
    pub fn shown(&self) -> &'static str {
        if self.default.is_empty() { self.example } else { self.default }
    }

    pub(super) const fn new(
        key: &'static str,
        env: &'static [&'static str],
        default: &'static str,
        help: &'static str,
        set: fn(&mut Config, &Value) -> Result<(), String>,
    ) -> Self {
        Self { key, env, flag: None, default, example: "", secret: false, help, set }
    }

    pub(super) const fn flag(mut self, flag: &'static str) -> Self {
        self.flag = Some(flag);
        self
    }

    pub(super) const fn example(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }

    pub(super) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_one_of_a_few_words_says_which() {
        let of = |key| words(by_key(key).expect("there is such a setting"));
        assert_eq!(of("calendar.read_back"), ["yes", "no"]);
        assert_eq!(of("calls.hear"), ["record", "gather"]);
        for free in ["assistant.engines", "calls.modes", "assistant.business", "hours.mon", "server.port"] {
            assert!(of(free).is_empty(), "{free}");
        }
    }

    #[test]
    fn the_usual_word_is_one_of_the_few() {
        for setting in settings().filter(|setting| !setting.default.is_empty()) {
            let words = words(setting);
            assert!(
                words.is_empty() || words.iter().any(|word| word == setting.default),
                "{}: {} is none of {words:?}",
                setting.key,
                setting.default
            );
        }
    }
}
