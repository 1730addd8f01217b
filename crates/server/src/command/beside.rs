//! What a command needs that works beside a server: its settings, with what was saved on the page, and its database.

use crate::{
    config::{Config, Flags, Live, Sources},
    data, saved,
    vault::Vault,
};
use std::sync::Arc;
use store::Store;

/// Opens both. The server may run meanwhile, and nothing of its calls is touched.
pub async fn open(flags: &Flags) -> anyhow::Result<(Arc<Config>, Store)> {
    let (live, _) = Live::load(Sources::of_process(flags)?)?;
    let config = live.get();
    let (key, store) = data::open(&config).await?;
    saved::heed(&live, &store, &Vault::new(&key)).await?;
    Ok((live.get(), store))
}
