//! `earpiece dial`: has the assistant call somebody.

use super::{
    beside::{self, Whose},
    output,
};
use crate::{
    audit::Deed,
    carriers,
    outgoing::{self, Wish},
};
use serde_json::json;
use std::process::ExitCode;

/// Have the assistant call somebody.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The carrier rings them, and asks the server at PUBLIC_URL what to do once they answer: it must be running, \
with the same database. Only numbers in CALL_NUMBERS are called, or where that is not set those in OWNER_NUMBERS and \
ALLOWED_NUMBERS.\n\nExamples:\n  earpiece dial +15550100100\n  \
earpiece dial +15550100100 --purpose \"Your appointment tomorrow at ten.\""
)]
pub struct Args {
    /// Whom to call.
    #[arg(value_name = "NUMBER")]
    pub to: String,
    /// What the call is about, in words that may be said aloud.
    #[arg(long, value_name = "WORDS", default_value = "")]
    pub purpose: String,
    /// By which carrier; the first that is set up where it is not said.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub carrier: String,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub whose: Whose,
}

impl Args {
    /// Nothing but whom to call.
    pub fn to(number: String) -> Self {
        let nothing = String::new;
        Self { to: number, purpose: nothing(), carrier: nothing(), json: false, whose: Whose::default() }
    }
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let house = beside::open(&args.whose).await?;
    let wish = Wish { to: args.to, purpose: args.purpose, carrier: args.carrier };
    let placed = outgoing::place(&house.config, &house.store, &carriers::client()?, &wish).await;
    if let Ok(placed) = &placed {
        house.audit(Deed::CallPlaced, &placed.to).await;
    }
    house.close().await;
    match placed {
        Ok(placed) if args.json => {
            let told = json!({"ok": true, "id": placed.id, "carrier": placed.carrier, "to": placed.to});
            output::line(&told);
        }
        Ok(placed) => output::line(format_args!("{} is called now: {}", placed.to, placed.id)),
        Err(why) => {
            if args.json {
                output::line(json!({"ok": false, "message": why.to_string()}));
            } else {
                eprintln!("{why}");
            }
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}
