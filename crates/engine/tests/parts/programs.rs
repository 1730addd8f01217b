//! espeak-ng itself, and a stand-in with Piper's command line.

use super::*;
use engine::local::{
    Tts,
    espeak::{self, Espeak},
    piper::{self, Piper},
};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;

/// Has Piper's options, writes raw samples, and does what its voice's name says.
const PIPER: &str = r#"#!/bin/sh
folder=$(dirname "$0")
model= raw=
while [ $# -gt 0 ]; do
    case $1 in
    --model | -m) model=$2; shift 2 ;;
    --output-raw | --output_raw) raw=yes; shift ;;
    *) echo "piper: error: unrecognized arguments: $1" >&2; exit 2 ;;
    esac
done
[ -n "$raw" ] || { echo "it would play" >&2; exit 2; }
[ -f "$model" ] && [ -f "$model.json" ] || { echo "Unable to find voice: $model" >&2; exit 1; }
env >"$folder/environment"
echo $$ >"$folder/pid"
case $model in
*hangs*) exec sleep 600 ;;
*endless*) exec cat /dev/zero ;;
*fails*) echo "onnxruntime: out of memory" >&2; exit 3 ;;
*loud*) head -c 1000000 /dev/zero >&2 ;;
*mute*) cat >/dev/null; exit ;;
esac
cat >"$folder/said"
head -c 44100 /dev/zero
"#;

struct Rig {
    folder: TempDir,
    piper: Piper,
}

fn rig(voices: &[&str]) -> Rig {
    let folder = TempDir::new().expect("a folder");
    let program = folder.path().join("piper");
    fs::write(&program, PIPER).expect("it is written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is ours");
    for voice in voices {
        let model = folder.path().join(format!("{voice}.onnx"));
        fs::write(&model, "weights").expect("it is written");
        let beside = r#"{"audio": {"sample_rate": 22050, "quality": "medium"}, "num_speakers": 1}"#;
        fs::write(folder.path().join(format!("{voice}.onnx.json")), beside).expect("it is written");
    }
    let piper = Piper::new(program, folder.path());
    Rig { folder, piper }
}

impl Rig {
    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).expect("the program was there")
    }

    /// Waits until the program has told its process and that is gone.
    async fn is_gone(&self) {
        let path: PathBuf = self.folder.path().join("pid");
        loop {
            let pid = fs::read_to_string(&path).ok().and_then(|pid| pid.trim().parse::<u32>().ok());
            if pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn piper_reads_one_line_and_is_heard_at_the_telephones_rate() {
    let rig = rig(&["en_US-test-medium"]);
    let heard = samples(rig.piper.stream("Hello\nthere; $(touch /tmp/x) `id`.", "en_US-test-medium")).await;
    assert_eq!(heard, 8_000, "a second");
    assert_eq!(rig.read("said"), "Hello there; $(touch /tmp/x) `id`.\n", "no shell has seen it");
    let environment = rig.read("environment");
    let kept = ["PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_"];
    for line in environment.lines() {
        let name = line.split('=').next().unwrap_or_default();
        assert!(kept.contains(&name), "{name} is none of its business");
    }
}

#[tokio::test]
async fn a_program_that_complains_at_length_is_still_heard() {
    let rig = rig(&["loud"]);
    let loud = rig.folder.path().join("loud.onnx").display().to_string();
    assert_eq!(samples(rig.piper.stream("Hello.", &loud)).await, 8_000, "a voice may be a path");
}

#[tokio::test]
async fn whatever_a_program_does_is_a_sentence() {
    let mut rig = rig(&["hangs", "endless", "fails", "odd", "text"]);
    rig.piper.program.patience = Duration::from_millis(1_500);
    let why = failure(rig.piper.stream("Hello.", "hangs")).await;
    assert!(why.contains("took longer"), "{why}");
    rig.is_gone().await;
    rig.piper.program.patience = Duration::from_secs(60);
    let why = failure(rig.piper.stream("Hello.", "endless")).await;
    assert!(why.contains("does not stop speaking"), "{why}");
    let why = failure(rig.piper.stream("Hello.", "fails")).await;
    assert!(why.contains("onnxruntime: out of memory"), "{why}");
    let why = failure(rig.piper.stream("Hello.", "en_US-nobody-medium")).await;
    assert!(why.contains("earpiece models pull en_US-nobody-medium"), "{why}");
    fs::write(rig.folder.path().join("odd.onnx.json"), r#"{"audio": {"sample_rate": 0}}"#)
        .expect("it is written");
    assert!(failure(rig.piper.stream("Hello.", "odd")).await.contains("0 Hz"));
    fs::write(rig.folder.path().join("text.onnx.json"), "<html>").expect("it is written");
    assert!(failure(rig.piper.stream("Hello.", "text")).await.contains("not the file"));
    assert!(piper::rate(Path::new("/nowhere/voice.onnx")).is_err());
}

#[tokio::test]
async fn a_program_that_has_nothing_to_say_has_failed() {
    let rig = rig(&["mute"]);
    let why = failure(rig.piper.stream("Hello.", "mute")).await;
    assert_eq!(why, "Piper wrote no sound at all.");
    assert_eq!(samples(rig.piper.stream("?!", "mute")).await, 0, "of that there is none to be made");
    let mut espeak = Espeak::default();
    espeak.program.path = "true".into();
    let why = espeak.speak("Hello.", "en-us").await.expect_err("nothing comes");
    assert_eq!(why, "espeak-ng wrote no sound at all.");
    assert_eq!(espeak.speak("…", "en-us").await.map(|speech| speech.len()), Ok(0));
}

#[tokio::test]
async fn a_program_dies_with_whoever_wanted_to_hear_it() {
    let rig = rig(&["hangs"]);
    let mut speech = rig.piper.stream("Hello.", "hangs");
    let pid = rig.folder.path().join("pid");
    tokio::select! {
        piece = speech.next() => panic!("it hangs, and does not say {piece:?}"),
        () = async { while !fs::read_to_string(&pid).is_ok_and(|pid| pid.ends_with('\n')) { tokio::time::sleep(Duration::from_millis(10)).await } } => {}
    }
    drop(speech);
    rig.is_gone().await;
}

#[tokio::test]
async fn a_program_that_is_missing_is_named_with_what_to_install() {
    let mut rig = rig(&["v"]);
    rig.piper.program.path = "/nowhere/piper".into();
    let why = failure(rig.piper.stream("Hello.", "v")).await;
    assert!(why.contains("is missing") && why.contains("pip install piper-tts"), "{why}");
    let mut espeak = Espeak::default();
    espeak.program.path = "a-program-that-nobody-has".into();
    let why = espeak.speak("Hello.", "en-us").await.expect_err("it is missing");
    assert!(why.contains("apt-get install espeak-ng"), "{why}");
}

#[tokio::test]
async fn espeak_speaks_in_many_languages() {
    let espeak = Espeak::default();
    for (language, text) in [
        ("en-US", "Good morning, how can I help?"),
        ("de-DE", "Guten Morgen."),
        ("fr-CA", "Bonjour."),
        ("pt-BR", "Bom dia."),
    ] {
        let speech =
            espeak.speak(text, &espeak::voice(language)).await.expect("scripts/install test installs it");
        assert!((4_000..40_000).contains(&speech.len()), "{language}: {} samples", speech.len());
        assert!(sound::level::peak(&speech) > 3_000, "{language}");
    }
    let option = espeak.speak("--version", "en-us").await.expect("a text is no option");
    assert!(option.len() > 4_000);
    let why = espeak.speak("Hello.", "xx").await.expect_err("there is no such voice");
    assert!(why.contains("espeak-ng failed"), "{why}");
}

#[test]
fn a_language_has_its_voice() {
    for (language, voice) in [
        ("en-US", "en-us"),
        ("", "en-us"),
        ("en-AU", "en-gb"),
        ("de-AT", "de"),
        ("pt-BR", "pt-br"),
        ("es-MX", "es-419"),
        ("zh-CN", "cmn"),
    ] {
        assert_eq!(espeak::voice(language), voice);
    }
    assert!(espeak::is_voice("de+f3") && espeak::is_voice("en-us"));
    assert!(
        !espeak::is_voice("slt")
            && !espeak::is_voice("alloy")
            && !espeak::is_voice("-v")
            && !espeak::is_voice("")
    );
}
