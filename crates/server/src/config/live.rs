//! The settings that count now. What is set on a page counts from the next look on, without a restart.

use super::{Config, ConfigError, Sources, Warning};
use crate::{current::Current, secret::Secret};
use std::sync::Arc;

/// The settings, and what they were read from.
#[derive(Debug)]
pub struct Live {
    sources: Sources,
    now: Current<Config>,
}

impl Live {
    /// The settings of these sources, with what the owner should be told of them.
    pub fn load(sources: Sources) -> Result<(Live, Vec<Warning>), ConfigError> {
        let (config, warnings) = Config::load(&sources)?;
        Ok((Live { sources, now: Current::new(config) }, warnings))
    }

    /// As they are at this moment. Whoever keeps them keeps them as they were.
    pub fn get(&self) -> Arc<Config> {
        self.now.get()
    }

    /// Heeds what was set on a page, all of it, by key and with secrets opened. Where that cannot be, nothing changes.
    pub fn heed_page(&self, page: Vec<(String, Secret)>) -> Result<Vec<Warning>, ConfigError> {
        let sources = Sources { page, ..self.sources.clone() };
        let (config, warnings) = Config::load(&sources)?;
        self.now.set(config);
        Ok(warnings)
    }
}
