//! `earpiece demo`, as somebody runs it who has just downloaded it.

use std::{path::Path, process::Output, time::Duration};
use tempfile::TempDir;
use tokio::process::Command;

/// Real time passes while two machines talk.
const LONGEST: Duration = Duration::from_secs(180);

async fn demo(folder: &TempDir, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_earpiece"));
    command.arg("demo").args(more).current_dir(folder.path()).env_clear().kill_on_drop(true);
    for name in ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    tokio::time::timeout(LONGEST, command.output()).await.expect("it ends").expect("it runs")
}

/// How loud the two sides of a recording are at their loudest.
fn loudest(path: &Path) -> [i16; 2] {
    let wav = std::fs::read(path).expect("a recording");
    assert_eq!((&wav[..4], &wav[8..16]), (&b"RIFF"[..], &b"WAVEfmt "[..]));
    assert_eq!(u16::from_le_bytes([wav[22], wav[23]]), 2, "it is stereo");
    assert_eq!(u16::from_le_bytes([wav[34], wav[35]]), 16);
    let mut loudest = [0; 2];
    for frame in wav[44..].chunks_exact(4) {
        let sides = [i16::from_le_bytes([frame[0], frame[1]]), i16::from_le_bytes([frame[2], frame[3]])];
        for (loudest, side) in loudest.iter_mut().zip(sides) {
            *loudest = side.saturating_abs().max(*loudest);
        }
    }
    loudest
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_books_what_is_spoken_for_and_a_mute_caller_gets_nothing() {
    let folder = || tempfile::tempdir().expect("a folder");
    let (here, there) = (folder(), folder());
    let (spoken, mute) = tokio::join!(demo(&here, &[]), demo(&there, &["--mute"]));

    let told = String::from_utf8_lossy(&spoken.stdout);
    assert_eq!(spoken.status.code(), Some(0), "{told}\n{}", String::from_utf8_lossy(&spoken.stderr));
    let stands = told.lines().find_map(|line| line.strip_prefix("In the calendar: "));
    let stands = stands.unwrap_or_else(|| panic!("it says what stands: {told}"));
    assert!(stands.starts_with("Tuesday, ") && stands.contains(" at 10:00 ("), "{stands}");
    assert!(told.contains("The caller heard: \"it is booked"), "{told}");
    let [caller, assistant] = loudest(&here.path().join("demo-call.wav"));
    assert!(caller > 1_000 && assistant > 1_000, "both are heard: {caller}, {assistant}");

    let told = String::from_utf8_lossy(&mute.stdout);
    assert!(!mute.status.success(), "{told}");
    assert!(!told.contains("In the calendar: "), "{told}");
    let why = String::from_utf8_lossy(&mute.stderr);
    assert!(why.contains("No appointment stands"), "{why}");
    let [caller, assistant] = loudest(&there.path().join("demo-call.wav"));
    assert!(caller == 0 && assistant > 1_000, "only the assistant is heard: {caller}, {assistant}");
}
