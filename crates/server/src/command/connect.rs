//! `earpiece connect`: sends the calls of a number to this server by its carrier's API, and back.

use super::{
    beside::{self, Whose},
    explain::Carrier,
    output,
};
use crate::{
    audit::Deed,
    carriers,
    connect::{Desk, Line, Report, Sent},
};
use serde_json::json;
use std::process::ExitCode;

/// Send the calls of your number to this server, by the carrier's API.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(
    after_help = "What the number was sent to before is remembered in the database; --undo puts it back.\n\nExamples:\n  \
earpiece connect twilio --list\n  earpiece connect twilio --dry-run\n  earpiece connect telnyx --number +15550100197\n  \
earpiece connect plivo --undo"
)]
pub struct Args {
    /// Whose number it is.
    pub carrier: Carrier,
    /// Which number; the one in the settings, or the only one, where it is not said.
    #[arg(long, value_name = "NUMBER")]
    pub number: Option<String>,
    /// Only list the account's numbers and where their calls go.
    #[arg(long, conflicts_with_all = ["undo", "dry_run", "number"])]
    pub list: bool,
    /// Put back what was there before.
    #[arg(long)]
    pub undo: bool,
    /// Only say what would be changed.
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub whose: Whose,
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let house = beside::open(&args.whose).await?;
    let carrier = carriers::named(args.carrier.name()).expect("each is one of ours");
    let http = carriers::client()?;
    let desk = Desk { config: &house.config, http: &http, store: &house.store, carrier };
    if !args.json {
        eprintln!("Asking {} which numbers there are …", carriers::title(carrier));
    }
    let number = args.number.as_deref();
    let done = if args.list {
        desk.look().await.map(|lines| {
            list(&args, &lines);
            None
        })
    } else if args.undo {
        desk.undo(number, args.dry_run).await.map(Some)
    } else {
        desk.connect(number, args.dry_run).await.map(Some)
    };
    if let Ok(Some(report)) = &done {
        tell(&args, report);
        if report.changed && !args.dry_run {
            house.audit(Deed::NumberSet, &format!("{} {}", carrier.name(), report.number)).await;
        }
    }
    house.close().await;
    if let Err(why) = done {
        if args.json {
            output::line(json!({"ok": false, "message": why.to_string()}));
        } else {
            eprintln!("Nothing was finished: {why}.");
        }
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn list(args: &Args, lines: &[Line]) {
    if args.json {
        return output::line(json!({"ok": true, "carrier": args.carrier.name(), "numbers": lines}));
    }
    if lines.is_empty() {
        output::line("The account has no numbers.");
    }
    for line in lines {
        output::line(format_args!(
            "{}{}",
            line.number,
            if line.ours { ", whose calls come here" } else { "" }
        ));
        show(&line.now);
    }
}

fn tell(args: &Args, report: &Report) {
    if args.json {
        let mut told = serde_json::to_value(report).expect("texts can be written");
        told["ok"] = true.into();
        told["dry_run"] = args.dry_run.into();
        return output::line(&told);
    }
    let what = match (report.changed, args.dry_run) {
        (false, _) => "is as it should be: nothing was changed",
        (true, true) => "would be changed",
        (true, false) => "was changed",
    };
    output::line(format_args!("{} {what}.", report.number));
    output::line("before:");
    show(&report.before);
    output::line("after:");
    show(&report.after);
    for note in &report.notes {
        output::line(format_args!("Note: {note}."));
    }
}

fn show(sent: &Sent) {
    let shown = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
    output::line(format_args!("  application  {} {}", shown(&sent.application), sent.name));
    let called = |url: &str, by_get: bool| {
        if by_get && !url.is_empty() { format!("{url} by GET") } else { shown(url) }
    };
    output::line(format_args!("  calls        {}", called(&sent.voice, sent.by_get.voice)));
    output::line(format_args!("  their state  {}", called(&sent.status, sent.by_get.status)));
    output::line(format_args!("  texts        {}", called(&sent.text, sent.by_get.text)));
}
