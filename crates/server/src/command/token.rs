//! `earpiece token`: the keys of the owner's programs, for whoever can reach the database.

use crate::{
    api, clock,
    config::{Config, Flags},
};
use clap::Subcommand;
use serde_json::json;
use std::process::ExitCode;
use store::Store;

/// Make, list and revoke the tokens by which programs use /mcp and the API.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  earpiece token new laptop\n  earpiece token new dashboard --read-only\n  earpiece token list\n  \
earpiece token revoke 0199…"
)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make a token. It is printed once, and never again.
    New {
        /// What you call it.
        name: String,
        /// It may read and change nothing.
        #[arg(long)]
        read_only: bool,
        #[command(flatten)]
        flags: Flags,
    },
    /// List the tokens that are good.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        flags: Flags,
    },
    /// Make a token good no longer.
    Revoke {
        /// Its id, as `list` says it.
        id: String,
        #[command(flatten)]
        flags: Flags,
    },
}

/// Does it. The server may run meanwhile.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (What::New { flags, .. } | What::List { flags, .. } | What::Revoke { flags, .. }) = &args.what;
    let (config, _) = Config::load_from_process(flags)?;
    let store = Store::open(config.data.database_url.expose()).await?;
    let done = done(&store, &args.what).await;
    store.close().await;
    done
}

async fn done(store: &Store, what: &What) -> anyhow::Result<ExitCode> {
    match what {
        What::New { name, read_only, .. } => {
            let (token, _) = api::make_token(store, "", name, !read_only, clock::now_ms()).await?;
            println!("{}", token.expose());
            eprintln!("Keep it: it is not shown again. Programs send it as Authorization: Bearer.");
        }
        What::List { json, .. } => {
            for row in store.api_tokens().await? {
                let may = if row.acts { "reads and acts" } else { "reads" };
                if *json {
                    let told = json!({
                        "id": row.id, "name": row.name, "acts": row.acts, "made_ms": row.made_ms, "used_ms": row.used_ms,
                    });
                    println!("{told}");
                } else {
                    println!("{}  {}  {may}", row.id, row.name);
                }
            }
        }
        What::Revoke { id, .. } => {
            if !store.api_token_revoked(id).await? {
                eprintln!("There is no token {id}; earpiece token list names those there are.");
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
