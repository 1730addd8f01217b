//! The vendors' own packages for Python, as the other side of a stand-in.

use super::program::start;
use tokio::io::AsyncWriteExt as _;

/// Runs a part of `crates/sim/tests/<of>/vendor.py` with this on its standard input, to its end: it has to say that all holds.
pub async fn finds_nothing_wrong(of: &str, part: &[&str], given: &str) {
    let file = format!("crates/sim/tests/{of}/vendor.py");
    let (child, mut input) = start("scripts/python", &[&[file.as_str()], part].concat());
    input.write_all(format!("{given}\n").as_bytes()).await.expect("Python reads");
    drop(input);
    let output = child.wait_with_output().await.expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout);
    let holds = said.lines().last() == Some("holds");
    assert!(output.status.success() && holds, "what the package found is above: {said}");
}
