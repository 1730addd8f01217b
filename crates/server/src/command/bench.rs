//! `earpiece bench`: what a call costs, beside a bare TCP splice in the same run.

use super::{
    demo::child::{self, Folder, Listening},
    output,
};
use crate::{files, stop::Stop};
use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sim::bench::{All, Measured, Plan, Report, World};
use std::{io::IsTerminal, net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};
use tokio::net::TcpListener;

/// Measure latency, CPU and memory a call, beside a bare TCP relay in the same run.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Everything runs on this machine's loopback; nothing is called, nothing is paid.\nThe exit code is 0 \
where every bound is kept, 1 where one is missed.\n\nExamples:\n  earpiece bench\n  earpiece bench --calls 20 \
--seconds 10\n  earpiece bench --json > bench.json"
)]
pub struct Args {
    /// Calls at once.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub calls: u32,
    /// How long the server is measured under load, and as long the splice.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub seconds: u32,
    /// Calls that are held to see what memory one takes.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub idle_calls: u32,
    /// Of the network's delays and the moments of interruption.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub json: bool,
    /// Write the table to this file, too, as Markdown.
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Be the splice, to this address.
    #[arg(long, hide = true, value_name = "ADDRESS")]
    pub splice_to: Option<SocketAddr>,
}

/// Runs the bench.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    if let Some(to) = args.splice_to {
        return splice(to).await;
    }
    let mut stop = Stop::by_signals()?;
    let folder = |what: &str| Folder::make(what).context("no temporary folder can be made");
    let folders = [folder("bench")?, folder("splice")?, folder("local")?];
    // A call's two ends are both ours.
    let calls = args.calls.max(args.idle_calls);
    if let Some(why) = files::enough_for(calls as usize, &format!("a bench of {calls} calls")) {
        eprintln!("{why}");
    }
    let secret = uuid::Uuid::new_v4().simple().to_string();
    let world = World::open(&secret).await.context("loopback cannot be listened on")?;
    let processes = tokio::select! {
        all = start(&world, &args, &secret, &folders) => all?,
        () = stop.told() => return Ok(ExitCode::FAILURE),
    };
    let report = tokio::select! {
        report = measure(&world, &args, &processes) => Some(report),
        () = stop.told() => None,
    };
    for process in processes {
        process.end().await;
    }
    match report {
        Some(report) => told(&args, &report?),
        None => Ok(ExitCode::FAILURE),
    }
}

/// Starts the server, the splice and the server with the local engine, each in a folder of its own.
async fn start(
    world: &World,
    args: &Args,
    secret: &str,
    folders: &[Folder; 3],
) -> anyhow::Result<[Listening; 3]> {
    let [folder, beside, apart] = folders;
    let (engine, most) = (world.engine_url(), args.calls.max(args.idle_calls).saturating_mul(2).to_string());
    let common = [
        ("HOST", "127.0.0.1"),
        ("PORT", "0"),
        ("TWILIO_AUTH_TOKEN", secret),
        ("MAX_CALLS", most.as_str()),
        ("LOG_LEVEL", "warn"),
    ];
    let openai =
        [("ENGINE", "openai"), ("OPENAI_API_KEY", "sk-bench"), ("OPENAI_REALTIME_URL", engine.as_str())];
    let server = serve(folder, [&common[..], &openai].concat()).await?;
    let far = world.far_end().to_string();
    let splice = Listening::start(beside.path(), &["bench", "--splice-to", &far], &[]).await?;
    let parts = world.parts();
    let parts: Vec<_> = parts.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let local = serve(apart, [&common[..], &parts].concat()).await?;
    Ok([server, splice, local])
}

async fn serve(folder: &Folder, mut variables: Vec<(&str, &str)>) -> anyhow::Result<Listening> {
    let data = folder.path().join("data");
    variables.push(("DATA_DIR", data.to_str().context("the temporary folder's name is not UTF-8")?));
    Listening::start(folder.path(), &child::SERVE, &variables).await
}

async fn measure(world: &World, args: &Args, processes: &[Listening; 3]) -> anyhow::Result<Report> {
    let bar = bar();
    let progress = |what: &str, share: f64| {
        bar.set_message(what.to_owned());
        bar.set_position((share * 1000.0) as u64);
    };
    let measured = |process: &Listening| Measured { address: process.address, pid: process.pid };
    let [server, splice, local] = processes;
    let all = All { server: measured(server), splice: measured(splice), local: measured(local) };
    let report = world.run(&plan(args), all, &progress).await;
    bar.finish_and_clear();
    report.map_err(|why| anyhow::anyhow!("{why}\n{}", server.log()))
}

fn told(args: &Args, report: &Report) -> anyhow::Result<ExitCode> {
    if args.json {
        output::line(serde_json::to_string_pretty(report)?);
    } else {
        output::line(format_args!("{}\n{} calls, {} s\n", report.machine, report.calls, report.seconds));
        output::text(report.table());
        for error in &report.errors {
            output::line(format_args!("on the wire: {error}"));
        }
    }
    if let Some(file) = &args.markdown {
        std::fs::write(file, report.markdown())
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(if report.passes() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn plan(args: &Args) -> Plan {
    let measured = Duration::from_secs(args.seconds.into());
    Plan {
        calls: args.calls,
        measured,
        // Fifteen seconds a turn: long enough to be even, short enough that both see the same machine.
        rounds: args.seconds.div_ceil(15),
        interrupted: measured.mul_f64(0.4).max(Duration::from_secs(8)),
        idle_calls: args.idle_calls,
        seed: args.seed,
    }
}

async fn splice(to: SocketAddr) -> anyhow::Result<ExitCode> {
    let mut stop = Stop::with_parent()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    output::line(format_args!("listening on http://{}", listener.local_addr()?));
    tokio::select! {
        ended = sim::splice::run(listener, to) => ended?,
        () = stop.told() => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn bar() -> ProgressBar {
    let shown = std::io::stderr().is_terminal();
    let bar = ProgressBar::with_draw_target(
        Some(1000),
        if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() },
    );
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {elapsed}  {msg}");
    bar.set_style(style.expect("the template is well formed"));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
