//! Where an instance keeps what it remembers: a folder, a key for what is secret, and a database.

use crate::{
    config::Config,
    secret::{self, Secret},
};
use anyhow::Context;
use std::path::PathBuf;
use store::{HouseRow, Store};

/// Opens a house's own within an installation: its folder, its key, which is made from the installation's, and its
/// database, beside the installation's.
pub async fn open_beside(
    installation: &Config,
    key: &Secret,
    house: &HouseRow,
    config: &Config,
) -> anyhow::Result<(Secret, Store)> {
    let folder = &config.data.folder;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    let address = &installation.data.database_url;
    let store = Store::open_beside(address.expose(), &house.name, &folder.join("earpiece.db")).await?;
    Ok((key.derived(&format!("earpiece house v1 {}", house.user_id)), store))
}

/// Where the files of a user's house are.
pub fn folder_of(config: &Config, user: &str) -> PathBuf {
    config.data.folder.join("houses").join(user)
}

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
