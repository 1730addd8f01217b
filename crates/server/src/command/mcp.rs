//! `earpiece mcp`: lends the telephone to an assistant that starts this program.

use super::beside::{self, Whose};
use crate::{config::Config, log, programs::Phone};
use rmcp::ServiceExt;
use std::process::ExitCode;

/// Lend the telephone to another assistant of yours: an MCP server on standard input and output.
///
/// It reads calls, appointments and messages from the database, has the carrier place calls, and leaves texts for the server
/// to send; the server must be running for those. Over HTTP the server itself does the same at /mcp.
#[derive(clap::Args)]
#[command(after_help = "An assistant's settings name this program as a server, for example:\n  \
{\"mcpServers\": {\"phone\": {\"command\": \"earpiece\", \"args\": [\"mcp\"]}}}\n\nExamples:\n  earpiece mcp\n  \
earpiece mcp --read-only")]
pub struct Args {
    /// Read only: call and text nobody.
    #[arg(long)]
    read_only: bool,
    #[command(flatten)]
    whose: Whose,
}

/// Serves until standard input ends. Nothing but the protocol goes to standard output.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    log::start(&Config::load_from_process(&args.whose.flags)?.0.log);
    let phone = Phone::beside(beside::open(&args.whose).await?, !args.read_only)?;
    let store = phone.store().clone();
    let served = match phone.serve(rmcp::transport::stdio()).await {
        Ok(service) => service.waiting().await.map(drop).map_err(anyhow::Error::from),
        // Whoever started us went away before they said anything.
        Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => Ok(()),
        Err(error) => Err(error.into()),
    };
    store.close().await;
    served.map(|()| ExitCode::SUCCESS)
}
