//! `earpiece link`: a link that makes whoever opens it the owner, for whoever can reach the database.

use crate::{
    clock,
    config::{Config, Flags},
    pages::welcome,
};
use std::{net::SocketAddr, process::ExitCode};
use store::Store;

/// Prints the link. The server may run meanwhile.
pub async fn run(flags: Flags) -> anyhow::Result<ExitCode> {
    let (config, _) = Config::load_from_process(&flags)?;
    let store = Store::open(config.data.database_url.expose()).await?;
    let link = welcome::make_link(&store, clock::now_ms()).await?;
    store.close().await;
    println!("{}/welcome/{link}", pages(&config));
    eprintln!("It works once, within the next day. Whoever opens it is the owner.");
    Ok(ExitCode::SUCCESS)
}

/// Where the pages are, as far as the settings tell.
fn pages(config: &Config) -> String {
    let scheme = if config.server.tls.is_some() { "https" } else { "http" };
    let here = || format!("{scheme}://{}", SocketAddr::new(config.server.host, config.server.port));
    config.server.public_url.clone().unwrap_or_else(here)
}
