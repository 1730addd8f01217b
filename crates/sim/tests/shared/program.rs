//! Programs that play the other side of a stand-in.

use std::process::Stdio;
use tokio::process::{Child, ChildStdin, Command};

pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Starts a program of `scripts/` with these arguments. It ends with what is given; its standard input and output are ours.
pub fn start(program: &str, arguments: &[&str]) -> (Child, ChildStdin) {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(ROOT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|why| panic!("{program} does not run: {why}"));
    let input = child.stdin.take().expect("it is piped");
    (child, input)
}
