//! `earpiece call`: a telephone in the terminal.

use std::process::ExitCode;

/// Talk to an assistant from this terminal.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The server that is called.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:5050")]
    pub to: String,
}

/// Makes a call.
pub async fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("the telephone is still being written")
}
