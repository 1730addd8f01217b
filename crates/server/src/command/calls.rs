//! `earpiece calls`: the calls there were, and one of them as a file that can be shown to others.

use super::{
    beside::{self, Whose},
    output,
};
use crate::{audit::Deed, exports, vault::Vault};
use anyhow::Context;
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};
use store::{CallRow, Which};

/// The calls there were, and one of them as a file.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  earpiece calls list --words \"haircut tuesday\"\n  earpiece calls export 0198c1f2-…\n  \
                        earpiece calls export 0198c1f2-… --audio --output call.json"
)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// List calls, the latest first.
    List {
        /// Only those in which these words were said, by either side; beginnings of words count.
        #[arg(long, default_value = "")]
        words: String,
        /// Only those with whose number has this in it.
        #[arg(long)]
        number: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// For programs.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        whose: Whose,
    },
    /// Write one call as JSON, in which numbers, names, addresses and secrets are masked.
    Export {
        /// The call's id, as the list and the page's address have it.
        id: String,
        /// With what was recorded. A voice cannot be masked.
        #[arg(long)]
        audio: bool,
        /// A file instead of standard output.
        #[arg(long)]
        output: Option<PathBuf>,
        #[command(flatten)]
        whose: Whose,
    },
}

/// The server may run meanwhile.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (What::List { whose, .. } | What::Export { whose, .. }) = &args.what;
    let house = beside::open(whose).await?;
    let store = &house.store;
    let done = match args.what {
        What::List { words, number, limit, json, .. } => {
            let words: Vec<String> = store::words(&words).collect();
            anyhow::ensure!(words.len() <= Which::MOST_WORDS, "at most {} words", Which::MOST_WORDS);
            let number = number.map(|number| number.replace(['%', '_'], ""));
            let which = Which { words: &words, like: number.as_deref(), ..Which::default() };
            store.calls_which(&which, limit).await?.iter().for_each(|call| output::line(line(call, json)));
            Ok(ExitCode::SUCCESS)
        }
        What::Export { id, audio, output, .. } => match store.call(&id).await? {
            Some(call) => {
                let currency = &house.config.cost.currency;
                let bundle = exports::bundle(store, &Vault::new(&house.key), &call, currency, audio).await?;
                house.audit(Deed::Exported, &format!("the call {}", call.id)).await;
                match output {
                    Some(path) => std::fs::write(&path, bundle)
                        .with_context(|| format!("{} cannot be written", path.display()))?,
                    None => output::text(&bundle),
                }
                Ok(ExitCode::SUCCESS)
            }
            None => {
                Err(anyhow::anyhow!("there is no call {id}; `earpiece calls list` shows those there are"))
            }
        },
    };
    house.close().await;
    done
}

fn line(call: &CallRow, json: bool) -> String {
    let other = call.other();
    let started =
        jiff::Timestamp::from_millisecond(call.started_ms).map(|at| at.to_string()).unwrap_or_default();
    let seconds = call.answered_ms.zip(call.ended_ms).map(|(from, until)| (until - from) / 1_000);
    if json {
        let told = json!({
            "id": call.id, "started": started, "number": other, "outbound": call.outbound, "carrier": call.carrier,
            "engine": call.engine, "trust": call.trust, "ending": call.ending, "seconds": seconds,
        });
        return told.to_string();
    }
    let seconds = seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds} s"));
    let ending = call.ending.as_deref().unwrap_or("in progress");
    format!("{}  {started}  {other:<16} {seconds:>7}  {ending}", call.id)
}
