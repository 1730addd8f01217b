//! `earpiece token`: the keys of the owner's programs, for whoever can reach the database.

use super::{
    beside::{self, House, Whose},
    output,
};
use crate::{api, audit::Deed, clock};
use clap::Subcommand;
use serde_json::json;
use std::process::ExitCode;

/// Make, list and revoke the tokens by which programs use /mcp and the API.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  earpiece token new laptop\n  earpiece token new dashboard --read-only\n  earpiece token list\n  \
earpiece token revoke 0199…\n  earpiece token new laptop --user anna@example.org"
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
        whose: Whose,
    },
    /// List the tokens that are good.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        whose: Whose,
    },
    /// Make a token good no longer.
    Revoke {
        /// Its id, as `list` says it.
        id: String,
        #[command(flatten)]
        whose: Whose,
    },
}

/// Does it. The server may run meanwhile.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (What::New { whose, .. } | What::List { whose, .. } | What::Revoke { whose, .. }) = &args.what;
    let house = beside::open(whose).await?;
    let done = done(&house, &args.what).await;
    house.close().await;
    done
}

async fn done(house: &House, what: &What) -> anyhow::Result<ExitCode> {
    match what {
        What::New { name, read_only, .. } => {
            let made = api::make_token(&house.store, &house.name, name, !read_only, clock::now_ms()).await;
            let (token, row) = made?;
            house.audit(Deed::TokenMade, &row.name).await;
            output::line(token.expose());
            eprintln!("Keep it: it is not shown again. Programs send it as Authorization: Bearer.");
        }
        What::List { json, .. } => {
            for row in house.store.api_tokens().await? {
                let may = if row.acts { "reads and acts" } else { "reads" };
                if *json {
                    let told = json!({
                        "id": row.id, "name": row.name, "acts": row.acts, "made_ms": row.made_ms, "used_ms": row.used_ms,
                    });
                    output::line(&told);
                } else {
                    output::line(format_args!("{}  {}  {may}", row.id, row.name));
                }
            }
        }
        What::Revoke { id, .. } => {
            if !house.store.api_token_revoked(id).await? {
                eprintln!("There is no token {id}; earpiece token list names those there are.");
                return Ok(ExitCode::FAILURE);
            }
            house.audit(Deed::TokenRevoked, id).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}
