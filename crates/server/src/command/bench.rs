//! `earpiece bench`: what a call costs, beside a bare TCP splice in the same run.

use std::process::ExitCode;

/// Measure latency, CPU and memory a call, beside a bare TCP relay in the same run.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Calls at once.
    #[arg(long, default_value_t = 100)]
    pub calls: u32,
    /// How long is measured.
    #[arg(long, default_value_t = 60)]
    pub seconds: u32,
}

/// Runs the bench.
pub async fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("the bench is still being written")
}
