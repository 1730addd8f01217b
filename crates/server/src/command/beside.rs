//! What a command needs that works beside a server: its settings, with what was saved on the page, and its database.

use crate::{
    config::{Config, Flags, Live, Sources},
    saved, secret,
    vault::Vault,
};
use anyhow::Context;
use std::sync::Arc;
use store::Store;

/// Opens both. The server may run meanwhile, and nothing of its calls is touched.
pub async fn open(flags: &Flags) -> anyhow::Result<(Arc<Config>, Store)> {
    let (live, _) = Live::load(Sources::of_process(flags)?)?;
    let config = live.get();
    std::fs::create_dir_all(&config.data.folder)
        .with_context(|| format!("the data folder {} cannot be made", config.data.folder.display()))?;
    let key = match &config.data.secret_key {
        Some(key) => key.clone(),
        None => secret::key_in(&config.data.folder)?,
    };
    let store = Store::open(config.data.database_url.expose()).await?;
    saved::heed(&live, &store, &Vault::new(&key)).await?;
    Ok((live.get(), store))
}
