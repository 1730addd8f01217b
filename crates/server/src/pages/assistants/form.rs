//! The form of an assistant: which fields it has, what stands in them, and what is wrong with it.

use crate::config::{
    Config, EngineKind,
    assistants::{NAME, OWN},
    schema::{self, Setting},
};
use std::collections::BTreeMap;
use tool::{Class, Tools, Trust};

pub(super) const WITHOUT: &str = "assistant.without_tools";
const ENGINES: &str = "assistant.engines";
const ENGINES_HELP: &str = "Who answers, and who goes on with the conversation should that fail.";
/// The longest text of a setting, in characters.
const LONGEST: usize = 8_000;

/// One setting.
pub(super) struct Field {
    pub(super) key: &'static str,
    pub(super) id: String,
    pub(super) label: &'static str,
    pub(super) help: &'static str,
    pub(super) kind: Kind,
    pub(super) value: String,
    /// What it is where nothing is written.
    pub(super) otherwise: String,
    /// What sets it over our head.
    pub(super) fixed: Option<String>,
    pub(super) wrong: Option<String>,
}

/// How it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Line,
    Text,
    Voice,
    /// The engines, in their order: for each place those there are and which it is.
    Engines(Vec<Vec<(&'static str, bool)>>),
}

/// A tool that an assistant may have or not.
pub(super) struct ToolLine {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) class: &'static str,
    pub(super) trust: &'static str,
    pub(super) has: bool,
}

/// The form as it was sent.
pub(super) struct Sent(BTreeMap<String, Vec<String>>);

impl From<Vec<(String, String)>> for Sent {
    fn from(pairs: Vec<(String, String)>) -> Self {
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in pairs {
            let value = value.replace("\r\n", "\n").trim().chars().take(LONGEST).collect();
            fields.entry(name).or_default().push(value);
        }
        Self(fields)
    }
}

impl Sent {
    /// What it asks for, by setting; nothing of what is set over the page's head.
    pub(super) fn settings(mut self, config: &Config, number: &str) -> BTreeMap<String, String> {
        let mut settings = BTreeMap::new();
        for key in OWN {
            if fixed(config, number, key).is_some() {
                continue;
            }
            let value = match key {
                WITHOUT => self.without(),
                ENGINES => self.0.remove(key).map(|engines| joined(engines.iter().map(String::as_str))),
                key => self.0.remove(key).and_then(|mut values| values.pop()),
            };
            if let Some(value) = value {
                settings.insert(key.to_owned(), value);
            }
        }
        if let (false, Some(name)) = (number.is_empty(), self.0.remove(NAME).and_then(|mut all| all.pop())) {
            settings.insert(NAME.to_owned(), name);
        }
        settings
    }

    /// The tools that were shown, and not ticked; those that are gone meanwhile stay as they are.
    fn without(&mut self) -> Option<String> {
        let shown = self.0.remove("shown")?;
        let has = self.0.remove("tool").unwrap_or_default();
        Some(joined(shown.iter().filter(|name| !has.contains(name)).map(String::as_str)))
    }
}

/// Each once, in their order.
fn joined<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut all: Vec<&str> = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all.join(", ")
}

/// What is wrong with these, by setting.
pub(super) fn check(settings: &BTreeMap<String, String>) -> BTreeMap<&'static str, String> {
    let wrong = settings.iter().filter(|(_, value)| !value.is_empty()).filter_map(|(key, value)| {
        let setting = schema::by_key(key)?;
        Some((setting.key, schema::check(setting, value).err()?))
    });
    wrong.collect()
}

/// What sets this setting over the page's head. What a number has of its own counts over everything.
pub(super) fn fixed(config: &Config, number: &str, key: &str) -> Option<String> {
    if !number.is_empty() {
        return None;
    }
    config.origins.get(key).filter(|source| source.counts_over_pages()).map(ToString::to_string)
}

/// The fields of its manner, and those of its hours.
pub(super) fn fields(
    config: &Config,
    number: &str,
    settings: &BTreeMap<String, String>,
    wrong: &BTreeMap<&'static str, String>,
) -> (Vec<Field>, Vec<Field>) {
    let settings_of = OWN.iter().filter(|key| **key != WITHOUT).filter_map(|key| schema::by_key(key));
    let fields = settings_of.map(|setting| field(setting, config, number, settings, wrong));
    fields.partition(|field| field.key.starts_with("assistant."))
}

fn field(
    setting: &'static Setting,
    config: &Config,
    number: &str,
    settings: &BTreeMap<String, String>,
    wrong: &BTreeMap<&'static str, String>,
) -> Field {
    let fixed = fixed(config, number, setting.key);
    let house = config.written.get(setting.key).map_or(setting.default, String::as_str);
    let value = match fixed {
        Some(_) => house.to_owned(),
        None => settings.get(setting.key).cloned().unwrap_or_default(),
    };
    // What all others have, for one of a number; what it is by itself, for theirs.
    let otherwise = match (setting.key, number) {
        (ENGINES, _) => joined(config.assistant.engines.iter().map(|engine| engine.name())),
        (_, "") => setting.shown().to_owned(),
        (_, _) => house.to_owned(),
    };
    Field {
        key: setting.key,
        id: setting.key.replace(['.', '_'], "-"),
        label: label(setting.key),
        help: if setting.key == ENGINES { ENGINES_HELP } else { setting.help },
        kind: kind(setting.key, &value),
        otherwise,
        value,
        fixed,
        wrong: wrong.get(setting.key).cloned(),
    }
}

fn label(key: &str) -> &'static str {
    match key {
        "assistant.business" => "Whose telephone it is",
        "assistant.instructions" => "Instructions",
        "assistant.greeting" => "Greeting",
        "assistant.welcome" => "Announcement before it",
        ENGINES => "Engines",
        "assistant.voice" => "Voice",
        "assistant.temperature" => "Temperature",
        "assistant.language" => "Language",
        "assistant.languages" => "Other languages",
        "answering.hours" => "Answers",
        "hours.mon" => "Monday",
        "hours.tue" => "Tuesday",
        "hours.wed" => "Wednesday",
        "hours.thu" => "Thursday",
        "hours.fri" => "Friday",
        "hours.sat" => "Saturday",
        "hours.sun" => "Sunday",
        _ => "Setting",
    }
}

fn kind(key: &str, value: &str) -> Kind {
    match key {
        "assistant.instructions" | "assistant.greeting" => Kind::Text,
        "assistant.voice" => Kind::Voice,
        ENGINES => {
            let chosen: Vec<&str> = value.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
            let place = |at: usize| {
                let here = chosen.get(at).copied().unwrap_or_default();
                EngineKind::ALL.map(|kind| (kind.name(), kind.name() == here)).to_vec()
            };
            Kind::Engines((0..EngineKind::ALL.len()).map(place).collect())
        }
        _ => Kind::Line,
    }
}

/// The tools there are, and whether it has them.
pub(super) fn tools(
    tools: &Tools,
    config: &Config,
    number: &str,
    settings: &BTreeMap<String, String>,
) -> Vec<ToolLine> {
    let own = settings.get(WITHOUT).filter(|_| fixed(config, number, WITHOUT).is_none());
    let own = own.map(|text| text.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>());
    let without = own.unwrap_or_else(|| config.assistant.without_tools.clone());
    let line = |listed: tool::Listed| ToolLine {
        has: !without.contains(&listed.spec.name),
        description: listed
            .spec
            .description
            .split_inclusive(". ")
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned(),
        class: match listed.class {
            Class::Reads => "looks something up",
            Class::Writes => "changes something",
            Class::Final => "asked first",
        },
        trust: match listed.trust {
            Trust::Stranger => "everybody",
            Trust::Known => "known callers",
            Trust::Owner => "only you",
        },
        name: listed.spec.name,
    };
    tools.listed().into_iter().map(line).collect()
}

/// The voices that are known by name, of all engines.
pub(super) fn voices() -> Vec<&'static str> {
    let mut all: Vec<&'static str> = engine::openai::voices().to_vec();
    all.extend(engine::local::flite::VOICES);
    all
}
