//! `earpiece`: reads the command line and does what it says.

use clap::{Parser, Subcommand};
use server::{command, config::Flags, serve};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A phone assistant that its owner runs.
#[derive(Parser)]
#[command(
    version,
    about,
    after_help = "Examples:\n  earpiece demo          hear it take a call, offline\n  \
earpiece serve         answer the phone\n  earpiece call          talk to it from this terminal"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Args),
    Demo(command::demo::Args),
    Call(command::call::Args),
    Calls(command::calls::Args),
    Dial(command::dial::Args),
    Connect(command::connect::Args),
    Explain(command::explain::Args),
    Bench(command::bench::Args),
    Forget(command::forget::Args),
    Models(command::models::Args),
    Mcp(command::mcp::Args),
    Token(command::token::Args),
    User(command::user::Args),
    /// Print a link that logs the owner in.
    Link(Flags),
    /// Hear and speak for another earpiece process.
    #[command(hide = true)]
    SpeechWorker,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::SpeechWorker => {
            engine::local::worker::run().map(|()| ExitCode::SUCCESS).map_err(anyhow::Error::from)
        }
        Command::Explain(args) => command::explain::run(&args),
        Command::Serve(args) => asynchronous(serve::run(args)),
        Command::Demo(args) => asynchronous(command::demo::run(args)),
        Command::Call(args) => asynchronous(command::call::run(args)),
        Command::Calls(args) => asynchronous(command::calls::run(args)),
        Command::Dial(args) => asynchronous(command::dial::run(args)),
        Command::Connect(args) => asynchronous(command::connect::run(args)),
        Command::Bench(args) => asynchronous(command::bench::run(args)),
        Command::Forget(args) => asynchronous(command::forget::run(args)),
        Command::Models(args) => asynchronous(command::models::run(args)),
        Command::Mcp(args) => asynchronous(command::mcp::run(args)),
        Command::Token(args) => asynchronous(command::token::run(args)),
        Command::User(args) => asynchronous(command::user::run(args)),
        Command::Link(flags) => asynchronous(command::user::link_to_owner(flags)),
    };
    if let Err(error) = &done {
        eprintln!("earpiece: {error:#}");
    }
    if let Some(why) = command::output::failure() {
        eprintln!("earpiece: what it prints cannot be written: {why}");
        return ExitCode::FAILURE;
    }
    done.unwrap_or(ExitCode::FAILURE)
}

fn asynchronous(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let _first = rustls::crypto::aws_lc_rs::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}
