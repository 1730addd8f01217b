//! `earpiece models`: what hears and what speaks, listed, fetched and verified.

use super::output;
use crate::{
    config::{Config, Flags},
    models::{self, ADDRESS, CATALOGUE, File, Kept, Kind, Model},
};
use anyhow::bail;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use std::{io::IsTerminal, path::Path, process::ExitCode};

/// Models that hear (Whisper) and voices that speak (Piper).
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  earpiece models list\n  earpiece models pull whisper-base.en en_US-lessac-medium\n  \
earpiece models pull whisper-small --from https://mirror.example\n  earpiece models verify"
)]
pub struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    flags: Flags,
}

#[derive(clap::Subcommand)]
enum What {
    /// Show every model: size, what it is for, and whether it is here.
    List {
        /// One JSON array, with every file's address and checksum.
        #[arg(long)]
        json: bool,
    },
    /// Fetch models into the data folder. What broke off before is gone on with.
    Pull {
        #[arg(required = true)]
        names: Vec<String>,
        /// A mirror: an address below which the same paths stand, or the bare files.
        #[arg(long, default_value = ADDRESS)]
        from: String,
    },
    /// Compare what is here, or these models, with their checksums. Fails where one differs.
    Verify { names: Vec<String> },
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (config, _) = Config::load_from_process(&args.flags)?;
    let folder = models::folder(&config.data);
    match args.what {
        What::List { json } => {
            if json {
                list_json(&folder);
            } else {
                list(&folder);
            }
            Ok(ExitCode::SUCCESS)
        }
        What::Pull { names, from } => pull(&folder, &named(&names)?, &from).await,
        What::Verify { names } => Ok(verify(&folder, &named(&names)?, !names.is_empty())),
    }
}

/// The models of these names; all where there are none.
fn named(names: &[String]) -> anyhow::Result<Vec<&'static Model>> {
    if names.is_empty() {
        return Ok(CATALOGUE.iter().collect());
    }
    names.iter().map(|name| models::by_name(name).ok_or_else(|| unknown(name))).collect()
}

fn unknown(name: &str) -> anyhow::Error {
    let near = |model: &&Model| (strsim::jaro_winkler(name, model.name) * 1_000.0) as u32;
    match CATALOGUE.iter().max_by_key(near).filter(|model| near(model) > 850) {
        Some(near) => anyhow::anyhow!("there is no model {name}; is {} meant?", near.name),
        None => anyhow::anyhow!("there is no model {name}; earpiece models list shows those that there are"),
    }
}

fn list(folder: &Path) {
    output::line(format_args!("{:<28} {:>9}  {:<12} what it is", "name", "size", "here"));
    for model in CATALOGUE {
        let here = match models::kept(folder, model) {
            Kept::Nothing => "-".to_owned(),
            Kept::Part(bytes) => size(bytes),
            Kept::Other => "wrong size".to_owned(),
            Kept::Whole => "yes".to_owned(),
        };
        let size = size(model.bytes());
        output::line(format_args!(
            "{:<28} {size:>9}  {here:<12} {}: {}",
            model.name,
            verb(model.kind),
            model.about
        ));
    }
    output::line(format_args!(
        "\nThey are kept in {}, and come from {ADDRESS} or a mirror (--from).",
        folder.display()
    ));
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

fn verb(kind: Kind) -> &'static str {
    match kind {
        Kind::Whisper => "hears",
        Kind::Piper => "speaks",
    }
}

fn list_json(folder: &Path) {
    let file = |file: &File| json!({"address": format!("{ADDRESS}/{}", file.path), "bytes": file.bytes, "sha256": file.sha256});
    let all: Vec<_> = CATALOGUE
        .iter()
        .map(|model| {
            json!({
                "name": model.name, "does": verb(model.kind), "about": model.about,
                "here": models::kept(folder, model) == Kept::Whole,
                "files": model.files.iter().map(file).collect::<Vec<_>>()
            })
        })
        .collect();
    output::line(serde_json::Value::from(all));
}

async fn pull(folder: &Path, wanted: &[&Model], from: &str) -> anyhow::Result<ExitCode> {
    let http = models::client()?;
    for model in wanted {
        let bar = bar();
        bar.set_message(model.name);
        let progress = |file: &File, at: u64, total: Option<u64>| {
            bar.set_length(total.unwrap_or(at));
            bar.set_position(at);
            bar.set_message(file.name());
        };
        let pulled = models::pull(&http, model, folder, from, &progress).await;
        bar.finish_and_clear();
        if let Err(why) = pulled {
            bail!("{why}");
        }
        output::line(format_args!(
            "{} is here: {}",
            model.name,
            folder.join(model.files[0].name()).display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn bar() -> ProgressBar {
    let shown = std::io::stderr().is_terminal();
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target);
    let style = ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {eta}");
    bar.set_style(style.expect("the template is well formed"));
    bar
}

/// `asked`: what is missing is a fault, too.
fn verify(folder: &Path, wanted: &[&Model], asked: bool) -> ExitCode {
    let mut fine = true;
    let here = |model: &&&Model| asked || models::kept(folder, model) != Kept::Nothing;
    let here: Vec<_> = wanted.iter().filter(here).collect();
    if here.is_empty() {
        output::line(format_args!(
            "No models are in {}; earpiece models pull fetches those that earpiece models list shows.",
            folder.display()
        ));
    }
    for model in here {
        match models::verify(folder, model) {
            Ok(()) => output::line(format_args!("{}: right", model.name)),
            Err(why) => {
                fine = false;
                output::line(format_args!("{}: {why}", model.name));
            }
        }
    }
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
