//! Where an instance keeps what it remembers: a folder, a key for what is secret, and a database.

use crate::{
    config::Config,
    secret::{self, Secret},
};
use anyhow::Context;
use store::Store;

/// Opens both, and makes them where they are missing.
pub async fn open(config: &Config) -> anyhow::Result<(Secret, Store)> {
    std::fs::create_dir_all(&config.data.folder)
        .with_context(|| format!("the data folder {} cannot be made", config.data.folder.display()))?;
    let key = match &config.data.secret_key {
        Some(key) => key.clone(),
        None => secret::key_in(&config.data.folder)?,
    };
    Ok((key, Store::open(config.data.database_url.expose()).await?))
}
