//! The settings that count now. What is set on a page counts from the next look on, without a restart.
//!
//! Each of our numbers may have an assistant of its own: then some settings are its own, and count for its calls over all
//! others.

use super::{
    Config, ConfigError, Place, Sources, Warning, Within, assistants, is_the_installations, mcp, members,
    schema::{self, Setting},
};
use crate::{current::Current, secret::Secret};
use std::{collections::BTreeMap, sync::Arc};

/// The settings, and what they were read from.
#[derive(Debug)]
pub struct Live {
    sources: Current<Sources>,
    now: Current<Config>,
    /// Those of the numbers that have an assistant of their own.
    numbers: Current<BTreeMap<String, Arc<Config>>>,
    /// None: they are those of the installation itself.
    around: Option<Surroundings>,
}

/// The installation that a house is in.
#[derive(Debug)]
struct Surroundings {
    installation: Arc<Live>,
    place: Place,
    /// Its settings, as they were last heeded.
    seen: Current<Arc<Config>>,
}

impl Live {
    /// The settings of these sources, with what the owner should be told of them.
    pub fn load(sources: Sources) -> Result<(Live, Vec<Warning>), ConfigError> {
        Self::of(sources, None)
    }

    /// The settings of a house at this place in an installation.
    pub fn within(installation: Arc<Live>, place: Place) -> Result<(Live, Vec<Warning>), ConfigError> {
        let seen = installation.get();
        let (zone, within) = (installation.sources.get().zone.clone(), Some(Within::of(&seen, &place)));
        let around = Surroundings { installation, place, seen: Current::new(seen) };
        Self::of(Sources { zone, within, ..Sources::default() }, Some(around))
    }

    fn of(sources: Sources, around: Option<Surroundings>) -> Result<(Live, Vec<Warning>), ConfigError> {
        let (config, warnings) = Config::load(&sources)?;
        let numbers = Current::new(BTreeMap::new());
        Ok((Live { sources: Current::new(sources), now: Current::new(config), numbers, around }, warnings))
    }

    /// As they are at this moment. Whoever keeps them keeps them as they were.
    pub fn get(&self) -> Arc<Config> {
        self.now.get()
    }

    /// Likewise, of the assistant that answers at this number of ours.
    pub fn at(&self, number: &str) -> Arc<Config> {
        self.numbers.get().get(number).cloned().unwrap_or_else(|| self.get())
    }

    /// The numbers that have an assistant of their own, each with its settings.
    pub fn numbers(&self) -> Arc<BTreeMap<String, Arc<Config>>> {
        self.numbers.get()
    }

    /// What they would be if these, by key, counted over all others. An empty one is the setting's default.
    pub fn with(&self, own: &BTreeMap<String, String>) -> Result<Config, ConfigError> {
        with(&self.sources.get(), own).map(|(config, _)| config)
    }

    /// Whether whoever lives here may decide this: what the installation decides is not offered to others.
    pub fn offers(&self, key: &str) -> bool {
        self.around.is_none() || !is_the_installations(key)
    }

    /// Whether this can be the value of this setting here, and if not what would be.
    pub fn check(&self, setting: &Setting, text: &str) -> Result<(), String> {
        schema::check(setting, text)?;
        if self.around.is_some() && setting.key == mcp::ZAPIERS { mcp::public(text) } else { Ok(()) }
    }

    /// Whether nothing has changed in what they were made of beside the page.
    pub fn is_current(&self) -> bool {
        self.around.as_ref().is_none_or(|around| Arc::ptr_eq(&*around.seen.get(), &around.installation.get()))
    }

    /// Heeds what was set on a page, all of it, by key and with secrets opened. Where that cannot be, nothing changes.
    pub fn heed_page(&self, page: Vec<(String, Secret)>) -> Result<Vec<Warning>, ConfigError> {
        let (own, page) = assistants::apart(page);
        let mut sources = Sources { page, ..Sources::clone(&self.sources.get()) };
        let around = self.around.as_ref().map(|around| (around, around.installation.get()));
        if let Some((around, seen)) = &around {
            sources.within = Some(Within::of(seen, &around.place));
        }
        let (config, mut warnings) = Config::load(&sources)?;
        let mut numbers = BTreeMap::new();
        for (number, own) in own {
            match with(&sources, &own) {
                Ok((config, _)) => drop(numbers.insert(number, Arc::new(config))),
                Err(error) => {
                    warnings.push(Warning(format!("the assistant of {number} is as all others: {error}")));
                }
            }
        }
        if let Some((around, seen)) = around {
            around.seen.set(seen);
        }
        self.sources.set(sources);
        self.now.set(config);
        self.numbers.set(numbers);
        Ok(warnings)
    }
}

fn with(sources: &Sources, own: &BTreeMap<String, String>) -> Result<(Config, Vec<Warning>), ConfigError> {
    let mut sources = sources.clone();
    let inside = sources.within.is_some();
    let may = |(key, value): &(&String, &String)| !inside || members::may_set(key, value);
    let own = own.iter().filter(may);
    let own = own.filter_map(|(key, value)| Some((schema::by_key(key)?.key, value.clone())));
    sources.flags.extend(own);
    Config::load(&sources)
}
