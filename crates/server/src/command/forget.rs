//! `earpiece forget`: what is known of a caller is known no longer, for whoever can reach the database.

use super::{
    beside::{self, Whose},
    output,
};
use crate::{audit::Deed, clock, config::Number};
use std::process::ExitCode;

/// Forget a caller: calls, texts, messages, what the assistant remembers, and what was decided about the number.
///
/// Appointments that are over stay without a word of whose they were, so that the calendar's past keeps its times; those to
/// come stay as they are, for somebody will be there: cancel them first. That a number wants no texts is remembered.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  earpiece forget +15550100100")]
pub struct Args {
    /// The number, with its country code.
    number: String,
    #[command(flatten)]
    whose: Whose,
}

/// Forgets, and says what. The server may run meanwhile; a call that goes on is not touched.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let number = Number::parse(&args.number).map_err(anyhow::Error::msg)?;
    let house = beside::open(&args.whose).await?;
    let forgotten = house.store.forget_caller(number.as_str(), clock::now_ms()).await?;
    house.audit(Deed::Forgotten, "a caller").await;
    house.close().await;
    let store::Forgotten { calls, texts, messages, memories, appointments, to_come } = forgotten;
    output::line(format_args!(
        "Forgotten: {calls} calls, {texts} texts, {messages} messages, {memories} things remembered; {appointments} \
         appointments lost their words."
    ));
    if to_come > 0 {
        output::line(format_args!(
            "{to_come} appointments to come stay as they are; cancel them first if nobody will come."
        ));
    }
    Ok(ExitCode::SUCCESS)
}
