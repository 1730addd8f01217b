//! What hearing and speaking promise, with the real libraries in real speech workers. This program is its own worker,
//! as the product is; that is why it brings its own `main`.
//!
//! `SPEECH=all cargo test -p engine --test speech rate` measures the table of `docs/speech.md`.

#![expect(clippy::disallowed_methods, reason = "real processes take real time")]

#[path = "speech/faults.rs"]
mod faults;
#[path = "speech/hearing.rs"]
mod hearing;
#[path = "speech/model.rs"]
mod model;
#[path = "shared/brief.rs"]
mod plain;
#[path = "speech/queueing.rs"]
mod queueing;
#[path = "speech/talk.rs"]
mod talk;
#[path = "speech/whispering.rs"]
mod whispering;

use engine::local::{Staff, Workers, worker};
use std::{
    panic::catch_unwind,
    process::ExitCode,
    time::{Duration, Instant},
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some(worker::ARGUMENT) => worker::run().expect("the parent reads to its end"),
        Some(faults::ARGUMENT) => faults::worker(&arguments[1..]),
        Some(queueing::ARGUMENT) => queueing::worker(&arguments[1..]),
        _ => return test(&arguments),
    }
    ExitCode::SUCCESS
}

/// As `cargo test` does: those whose name contains an argument, `--list` for its tools.
fn test(arguments: &[String]) -> ExitCode {
    let all = [faults::TESTS, hearing::TESTS, queueing::TESTS, talk::TESTS, whispering::TESTS].concat();
    if arguments.iter().any(|argument| argument == "--list") {
        for (name, _) in &all {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let wanted =
        all.iter().filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|part| name.contains(*part)));
    let (mut passed, mut failed) = (0, 0);
    for (name, test) in wanted {
        let begun = Instant::now();
        let good = catch_unwind(test).is_ok();
        println!("test {name} ... {} ({:.1?})", if good { "ok" } else { "FAILED" }, begun.elapsed());
        *if good { &mut passed } else { &mut failed } += 1;
    }
    println!("test result: {passed} passed; {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

type Test = (&'static str, fn());

/// Runs a test's future to its end.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

/// As the product has them, but for the patience: what is slow here is the machine.
fn workers() -> Workers {
    Workers::with(Staff { size: 2, patience: Duration::from_secs(180), ..staff(&[worker::ARGUMENT]) })
}

fn staff(arguments: &[&str]) -> Staff {
    let executable = std::env::current_exe().expect("this program");
    let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
    Staff {
        executable,
        arguments,
        size: 1,
        patience: Duration::from_secs(20),
        whisper_patience: Duration::from_secs(60),
        whisper_grace: Duration::from_secs(5),
    }
}

/// What a telephone makes of a voice: half a second of line before and after, 8 kHz, µ-law.
fn telephone(speech: &[i16]) -> Vec<i16> {
    let silence = [0; 4_000];
    let line = [&silence, speech, &silence].concat();
    sound::g711::ulaw_to_samples(&sound::g711::samples_to_ulaw(&line))
}
