//! `earpiece demo`, as somebody runs it who has just downloaded it.

use std::{
    fs,
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// Real time passes while two machines talk.
const LONGEST: Duration = Duration::from_secs(180);

async fn demo(folder: &TempDir, more: &[&str]) -> Output {
    let mut command = command(folder, more);
    tokio::time::timeout(LONGEST, command.output()).await.expect("it ends").expect("it runs")
}

fn command(folder: &TempDir, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_earpiece"));
    command.arg("demo").args(more).current_dir(folder.path()).env_clear().kill_on_drop(true);
    for name in ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
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

/// The processes that this one has started and that run.
fn children(of: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("there is /proc").filter_map(Result::ok);
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers.filter(|pid| state(*pid).is_some_and(|(_, parent)| parent == of)).collect()
}

/// What a process does, and who started it; none: it is gone.
fn state(pid: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the name, in brackets.
    let mut rest = stat.rsplit_once(") ")?.1.split(' ');
    Some((rest.next()?.chars().next()?, rest.next()?.parse().ok()?))
}

async fn are_gone(processes: &[u32]) {
    let runs = |pid: &u32| state(*pid).is_some_and(|(state, _)| state != 'Z');
    let gone = async {
        while processes.iter().any(runs) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LONGEST, gone).await.expect("what it started ends");
}

/// A demo whose server listens, what it has started, and where it keeps what is temporary.
async fn begun(more: &[&str]) -> (Child, Vec<u32>, [TempDir; 2], impl Sized) {
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let mut command = command(&folders[0], more);
    command.env("TMPDIR", folders[1].path()).stdout(Stdio::piped());
    let mut demo = command.spawn().expect("it runs");
    let mut lines = BufReader::new(demo.stdout.take().expect("it is piped")).lines();
    let first = tokio::time::timeout(LONGEST, lines.next_line()).await.expect("it begins");
    let first = first.expect("it can be read").expect("it says something");
    assert!(first.starts_with("The server listens on "), "{first}");
    let started = children(demo.id().expect("it runs"));
    assert!(!started.is_empty());
    // What it says has to be read, or it ends for that.
    (demo, started, folders, lines)
}

fn tell(process: &Child, signal: &str) {
    let pid = process.id().expect("it runs").to_string();
    let told = std::process::Command::new("kill").args([signal, &pid]).status().expect("there is kill");
    assert!(told.success());
}

#[tokio::test]
async fn a_demo_that_is_told_to_stop_leaves_nothing_behind() {
    let (mut demo, started, [here, temporary], _lines) = begun(&["--mute"]).await;
    tell(&demo, "-TERM");
    let ended = tokio::time::timeout(LONGEST, demo.wait()).await.expect("it ends").expect("it is waited for");
    assert_eq!(ended.code(), Some(1), "it has not seen to its end that all was good");
    are_gone(&started).await;
    let left = |folder: &TempDir| fs::read_dir(folder.path()).expect("it is there").count();
    assert_eq!((left(&here), left(&temporary)), (0, 0));
}

#[tokio::test]
async fn the_server_of_a_demo_that_is_killed_ends_by_itself() {
    let (mut demo, started, _folders, _lines) = begun(&["--mute"]).await;
    tell(&demo, "-KILL");
    let _killed = demo.wait().await.expect("it is waited for");
    are_gone(&started).await;
}

#[tokio::test]
async fn a_place_where_nothing_can_be_recorded_is_told_before_the_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = demo(&folder, &["--record", "nowhere/call.wav"]).await;
    let why = String::from_utf8_lossy(&told.stderr);
    assert!(!told.status.success() && told.stdout.is_empty(), "{told:?}");
    assert!(why.contains("nowhere/call.wav cannot be written"), "{why}");
}
