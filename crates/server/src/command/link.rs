//! `earpiece link`: a link that makes whoever opens it the owner, for whoever can reach the database.

use crate::{
    accounts, clock,
    config::{Config, Flags},
    pages::welcome,
};
use std::process::ExitCode;
use store::Store;

/// Prints the link. The server may run meanwhile.
pub async fn run(flags: Flags) -> anyhow::Result<ExitCode> {
    let (config, _) = Config::load_from_process(&flags)?;
    let store = Store::open(config.data.database_url.expose()).await?;
    let link = welcome::make_link(&store, clock::now_ms()).await?;
    store.close().await;
    println!("{}/welcome/{link}", accounts::base(&config));
    eprintln!("It works once, within the next day. Whoever opens it is the owner.");
    Ok(ExitCode::SUCCESS)
}
