//! `earpiece explain`: whether a carrier's request would be accepted, and why not.

use super::output;
use clap::{Args as Arguments, ValueEnum};
use std::{io::Read, process::ExitCode};

/// More than any request that we would accept.
const LONGEST_INPUT: u64 = 4 * 1024 * 1024;

/// Judge a carrier's request: reads it as JSON on standard input, prints whether it would be accepted and why.
#[derive(Debug, Arguments)]
#[command(
    after_help = "The input is one object: {\"method\": \"POST\", \"url\": \"https://…\", \"headers\": {…}, \"body\": \"…\", \
\"auth_token\": \"…\"}\n`url` is the address as the carrier called it. Telnyx: \"public_key\" and \"now_unix\" instead of \
\"auth_token\". Exit code: 0 accepted, 1 refused, 2 unreadable.\n\nExample:\n  \
earpiece explain twilio < request.json"
)]
pub struct Args {
    /// Whose request it is.
    pub carrier: Carrier,
}

/// The carriers that there are.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Carrier {
    Twilio,
    Plivo,
    Telnyx,
}

impl Carrier {
    /// As addresses spell it.
    pub fn name(self) -> &'static str {
        match self {
            Carrier::Twilio => "twilio",
            Carrier::Plivo => "plivo",
            Carrier::Telnyx => "telnyx",
        }
    }
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut input = String::new();
    let read = std::io::stdin().take(LONGEST_INPUT).read_to_string(&mut input);
    let explain = match args.carrier {
        Carrier::Twilio => carrier::explain::twilio,
        Carrier::Plivo => carrier::explain::plivo,
        Carrier::Telnyx => carrier::explain::telnyx,
    };
    let judged = read
        .map_err(|error| error.to_string())
        .and_then(|_| explain(&input).map_err(|error| error.to_string()));
    match judged {
        Ok(verdict) => {
            let json = serde_json::json!({ "accepted": verdict.accepted, "reason": verdict.reason });
            output::line(json);
            Ok(if verdict.accepted { ExitCode::SUCCESS } else { ExitCode::from(1) })
        }
        Err(why) => {
            eprintln!("The request could not be read: {why}");
            Ok(ExitCode::from(2))
        }
    }
}
