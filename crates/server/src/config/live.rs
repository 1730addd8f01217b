//! The settings that count now. What is set on a page counts from the next look on, without a restart.
//!
//! Each of our numbers may have an assistant of its own: then some settings are its own, and count for its calls over all
//! others.

use super::{Config, ConfigError, Sources, Warning, assistants, schema};
use crate::{current::Current, secret::Secret};
use std::{collections::BTreeMap, sync::Arc};

/// The settings, and what they were read from.
#[derive(Debug)]
pub struct Live {
    sources: Current<Sources>,
    now: Current<Config>,
    /// Those of the numbers that have an assistant of their own.
    numbers: Current<BTreeMap<String, Arc<Config>>>,
}

impl Live {
    /// The settings of these sources, with what the owner should be told of them.
    pub fn load(sources: Sources) -> Result<(Live, Vec<Warning>), ConfigError> {
        let (config, warnings) = Config::load(&sources)?;
        let numbers = Current::new(BTreeMap::new());
        Ok((Live { sources: Current::new(sources), now: Current::new(config), numbers }, warnings))
    }

    /// As they are at this moment. Whoever keeps them keeps them as they were.
    pub fn get(&self) -> Arc<Config> {
        self.now.get()
    }

    /// Likewise, of the assistant that answers at this number of ours.
    pub fn at(&self, number: &str) -> Arc<Config> {
        self.numbers.get().get(number).cloned().unwrap_or_else(|| self.get())
    }

    /// What they would be if these, by key, counted over all others. An empty one is the setting's default.
    pub fn with(&self, own: &BTreeMap<String, String>) -> Result<Config, ConfigError> {
        with(&self.sources.get(), own).map(|(config, _)| config)
    }

    /// Heeds what was set on a page, all of it, by key and with secrets opened. Where that cannot be, nothing changes.
    pub fn heed_page(&self, page: Vec<(String, Secret)>) -> Result<Vec<Warning>, ConfigError> {
        let (own, page) = assistants::apart(page);
        let sources = Sources { page, ..Sources::clone(&self.sources.get()) };
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
        self.sources.set(sources);
        self.now.set(config);
        self.numbers.set(numbers);
        Ok(warnings)
    }
}

fn with(sources: &Sources, own: &BTreeMap<String, String>) -> Result<(Config, Vec<Warning>), ConfigError> {
    let mut sources = sources.clone();
    let own = own.iter().filter_map(|(key, value)| Some((schema::by_key(key)?.key, value.clone())));
    sources.flags.extend(own);
    Config::load(&sources)
}
