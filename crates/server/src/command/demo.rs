//! `earpiece demo`: a machine takes a phone call and books an appointment, offline, over the real path.

pub(super) mod child;

use std::process::ExitCode;

/// Hear a machine take a phone call and book an appointment: no account, no key, no network.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What the caller says, one line after the other, instead of the usual words.
    #[arg(long, value_name = "WORDS")]
    pub say: Vec<String>,
    /// The caller says nothing, so nothing is booked and the demo fails.
    #[arg(long)]
    pub mute: bool,
    /// Keep the server up afterwards, to look at its pages.
    #[arg(long)]
    pub stay: bool,
}

/// Runs the demo.
pub async fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("the demo is still being written")
}
